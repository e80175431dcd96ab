"""Choosing cut-offs by a promise."""

from collections.abc import Sequence
from typing import Final, Literal

import pandas as pd
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from core.alpha_budget import weight_of_question
from core.combined_predictions import LEAST_SHARE, check_pair, save_combined
from core.draws import register_draw
from core.errors import InputError
from core.facets import FACETS, facet_title
from core.formatting import in_percent, lower_percent, upper_percent
from core.guarantees import (
    AcceptedRequest,
    SavedPolicy,
    TwoModelRequest,
    WholeRequest,
    budget_sentence,
    promise_of,
    seconds_a_title,
)
from core.predictions import Scored
from core.retraining import send_draw_to_review
from core.schema import DRAW_ID, DRAWN_CHANCE, LABEL, PREDICTED, TRUTH
from core.statistics import labels_needed
from core.thresholds import (
    Guarantee,
    GuaranteeRecord,
    Policy,
    PolicyReport,
    PopulationCheck,
    WholeGuarantee,
    draw_review_sample,
)
from core.thresholds.two_models import TwoModelGuarantee
from core.translation import _, inside, noop, number_text
from core.wording import thresholds as wording
from core.wording import whole as two_models_wording
from core.wording import whole as whole_wording
from core.wording.thresholds import hours_in_words, population_warnings
from dashboard import cache, feedback, language, navigation, people, widgets
from dashboard.feedback import escape

__all__ = [
    "HUMAN_ERRORS",
    "PEOPLE_ERR",
    "choose",
    "choose_confidence",
    "choose_human_error",
    "choose_second",
    "choose_share",
    "show",
    "show_bound",
    "show_combined",
    "warn_of_population",
]


# --- Choosing cut-offs by a promise -----------------------------------------------------------------------------------
# What shall hold, the answer in words, and what to do when nothing can be promised.


HUMAN_ERRORS: Final = (0.0, 0.005, 0.01, 0.02, 0.05)
PEOPLE_ERR: Final = "people_err"
_SHARES = (0.01, 0.02, 0.03, 0.05, 0.10)
_NO_STRATUM = noop("(the whole collection)")
_FACETS = ("language", "decade")


# What is promised → its words. The first is what a library asks: how right its catalogue will be.
_KINDS = {
    "whole": noop("the whole catalogue"),
    "whole_class": noop("the whole catalogue, class by class"),
    "class": noop("the accepted of each class"),
    "together": noop("all accepted together"),
}


def choose(scored: Scored, head: DeltaGenerator, details: DeltaGenerator) -> tuple[Policy, GuaranteeRecord | None]:
    """Draw the choice here, what comes of it in the container `head`, and what it rests on in `details`.

    Returns
    -------
    policy : Policy
    promise : GuaranteeRecord or None
        None when nothing is promised.
    """
    kind = language.choose(
        st.selectbox, _("Promised of"), list(_KINDS), format_func=lambda name: _(_KINDS[name]), key="per"
    )
    is_whole = kind.startswith("whole")
    share = choose_share(is_whole=is_whole)
    with st.expander(_("How sure, in which groups")):
        confidence = choose_confidence()
        stratum = language.choose(
            st.selectbox,
            _("Kept in each"),
            [_NO_STRATUM, *_FACETS],
            format_func=lambda name: _(name) if name == _NO_STRATUM else facet_title(name),
            key="each",
            help=_("Keep the promise in every language, say; languages with too few checked books go to review."),
        )
        human_error, anytime, surest = 0.0, False, 1.0
        if is_whole:
            human_error = choose_human_error()
            anytime = st.toggle(
                _("May be asked again after each label"),
                key="anytime",
                bind="query-params",
                help=_(
                    "Label books in random order, look here as often as you like, and stop as soon as it holds. Decide"
                    " this before you look: with the same labels the machine decides a little less."
                ),
            )
            surest = language.choose(
                st.select_slider,
                _("The machine may decide among the surest"),
                (0.25, 0.4, 0.55, 0.75, 1.0),
                format_func=lambda share: _("all of them") if share == 1 else in_percent(share),
                key="surest",
                help=_(
                    "Of each class. Fewer labels are needed if all of them are drawn among books the machine may"
                    " decide; people do the others. Decide this before you look at labels."
                ),
                default=1.0,
            )
    facet = "" if stratum == _NO_STRATUM else str(stratum)
    if is_whole:
        request = WholeRequest(
            max_error=share,
            confidence=confidence,
            per="class" if kind == "whole_class" else "together",
            stratum=facet,
            human_error=human_error,
            anytime=bool(anytime),
            surest=float(surest),
        )
        return _whole(scored, request, head, details)
    per: Literal["class", "together"] = "together" if kind == "together" else "class"
    accepted = AcceptedRequest(max_error=share, confidence=confidence, per=per, stratum=facet)
    return _accepted(scored, accepted, head, details)


def choose_share(*, is_whole: bool) -> float:
    """Draw the slider of the share that may be wrong, of all books or of the accepted, and return it, 0 to 1."""
    share = language.choose(
        st.select_slider,
        _("At most this share wrong"),
        _SHARES,
        default=0.02 if is_whole else 0.05,
        format_func=upper_percent,
        key="of_whole" if is_whole else "at_most",
    )
    return float(share)


def choose_confidence() -> float:
    """Draw the slider of the confidence, and return it, 0 to 1."""
    confidence = language.choose(
        st.select_slider,
        _("With this confidence"),
        (0.80, 0.90, 0.95, 0.99),
        default=0.95,
        format_func=lower_percent,
        key="confidence",
        help=_("If books were drawn and checked again many times, it would hold in this share of the draws."),
    )
    return float(confidence)


def choose_human_error() -> float:
    """Draw the slider of how often people err, and return it, 0 to 1."""
    human_error = language.choose(
        st.select_slider,
        _("People err in"),
        HUMAN_ERRORS,
        format_func=upper_percent,
        key=PEOPLE_ERR,
        help=_("How often a person gives the wrong label: it is added for every book that people do."),
    )
    return float(human_error)


def _accepted(
    scored: Scored, request: AcceptedRequest, head: DeltaGenerator, details: DeltaGenerator
) -> tuple[Policy, GuaranteeRecord | None]:
    """Show what holds of the accepted; return the policy, and the promise where there is one."""
    promise = cache.promise(scored, request)
    first, *others = wording.promise(promise)
    with head:
        feedback.conclusion(escape(first))
        warn_of_population(scored)
    with details:
        feedback.show_sentences(*others)
        if not promise.guaranteed:
            _offer_sample(scored, promise)
        _show_budget(scored)
    promise_record = wording.guarantee_record(promise) if any(group.guaranteed for group in promise.groups) else None
    return promise.policy(), promise_record


def _whole(
    scored: Scored, request: WholeRequest, head: DeltaGenerator, details: DeltaGenerator
) -> tuple[Policy, GuaranteeRecord | None]:
    """Show what holds of the whole; return the policy, and the promise where there is one."""
    result = cache.whole_guarantee(scored, request)
    first, *others = whole_wording.sentences(result)
    with head:
        feedback.conclusion(escape(first))
        _warn(result.population)
    with details:
        feedback.show_sentences(*others)
        if not result.guaranteed or result.forecast:
            _offer_random_books(scored, result)
        _show_budget(scored)
    return result.policy(), promise_of(result)


def _show_budget(scored: Scored) -> None:
    st.caption(escape(budget_sentence(cache.alpha_budget(scored))))


def _offer_random_books(scored: Scored, result: WholeGuarantee) -> None:
    """Offer books drawn at random: checked, they are a sample on which a promise can rest."""
    if result.forecast and result.forecast.is_hopeless:
        return
    wanted = result.forecast.total if result.forecast else None
    if wanted is None:
        weight = weight_of_question(len(cache.alpha_budget(scored).questions()) + 1)
        # What may be wrong of all may be a larger share of the surest, which alone the machine decides.
        least = labels_needed(min(result.max_error / result.surest, 0.5), 1 - weight * (1 - result.confidence))
        wanted = max(2 * least, 200)
    among = "all" if result.surest == 1 else _("the surest {surest} of each class", surest=in_percent(result.surest))
    whole = _("checked ones too: label them, import the answers as labels, and check against these.")
    further = result.anytime and result.labelled > 0 and not result.known_chances
    if further:
        wanted = max(wanted - result.labelled, 1)
        whole = _(
            "in random order: label them from the top, import the answers, check against them and those you have"
            " together, and look again whenever you like."
        )
    books = cache.random_books(scored, wanted, result.surest, unchecked=further)
    unlike = tuple(aspect.name for aspect in result.population.differing if aspect.name in (PREDICTED, *FACETS))[:1]
    # What is added to books of which nobody knows how they were drawn is no draw from all.
    of_all = result.surest == 1 and not further
    with st.container(border=True):
        _offer(
            scored,
            books,
            _("{books:,} books drawn at random from {among}, {whole}", books=len(books), among=among, whole=whole),
            "books-drawn-at-random",
            of_all=of_all,
        )
        if unlike and of_all and not result.anytime:
            title = _("what the model calls them") if unlike[0] == PREDICTED else inside(facet_title(unlike[0]))
            _offer(
                scored,
                cache.books_with_chances(scored, len(books), unlike),
                _(
                    "Or about as many with more of the rare ones by {title}: the chance of each is written"
                    " beside it, so that a promise can rest on them just as well.",
                    title=title,
                ),
                "books-drawn-from-each-part",
                of_all=True,
            )
        if of_all:
            st.caption(
                _("In a file leave the last two columns and all rows as they are: they tell how books were drawn.")
            )


def _offer(scored: Scored, sample: pd.DataFrame, sentence: str, name: str, *, of_all: bool) -> None:
    """Offer drawn books as a file to be labelled, those of a draw from all on the review list too.

    Of a draw from all books what comes back is recognised.
    """
    st.markdown(sentence)
    if not people.allowed(_("draw books")):
        return
    database = cache.workspace().database  # here: the file is made outside the page, where nobody is signed in

    def drawn() -> pd.DataFrame:
        columns = ["record_id", "title", "author", "date", "language", LABEL]
        blank = sample.assign(**{LABEL: ""})
        # A draw from a part of the collection says nothing of the others: it is not taken for one from all.
        if not of_all:
            return blank[columns]
        return register_draw(database, blank)[[*columns, DRAW_ID, DRAWN_CHANCE]]

    if not of_all:
        widgets.download_table(drawn, name, _("Download {sample:,} books to label (CSV)", sample=len(sample)))
        return
    left, right = st.columns(2)
    with left:
        widgets.download_table(drawn, name, _("Download {sample:,} books to label (CSV)", sample=len(sample)))
    if right.button(_("Put them on the review list"), key=f"review_{name}", icon=":material/rate_review:"):
        new = send_draw_to_review(database, scored, sample)
        st.success(
            _(
                "{new:,} books were put on the review list. Label them in its order, as many as you like,"
                " and make a label set of the decisions: it knows how they were drawn.",
                new=new,
            ),
            icon=":material/check_circle:",
        )


def show_bound(scored: Scored, report: PolicyReport) -> None:
    """Say what holds at the cut-offs that are set, and at all others, if the checked books can stand for the others."""
    if report.bound is not None:
        feedback.show_sentences(whole_wording.bound_sentence(report.bound, report.accepted))
        _show_budget(scored)


def warn_of_population(scored: Scored) -> None:
    """Say where the checked books are not like the others: whatever is said of the accepted books rests on them."""
    _warn(cache.population(scored))


def _warn(population: PopulationCheck) -> None:
    for warning in wording.population_warnings(population):
        st.warning(escape(warning), icon=":material/warning:")


def _offer_sample(scored: Scored, promise: Guarantee) -> None:
    """Offer the books that should be labelled so that the promise can be given."""
    more = promise.forecast.more if promise.forecast else None
    if more is None or more > int((scored.table[TRUTH] == "").sum()):
        return
    sample = draw_review_sample(scored.table, more, (PREDICTED,), seed=0)
    with st.container(border=True):
        _offer(
            scored,
            sample,
            _("{n:,} more books, drawn at random, ready to be labelled; import the answers as labels.", n=len(sample)),
            "books-to-label",
            of_all=False,
        )


# --- Two models and people under one promise, on the Thresholds page --------------------------------------------------
#
# Two models and people under one promise, on the Thresholds page: a second one decides what the first leaves.

_ALONE: Final = noop("(this model alone)")
_KEY: Final = "also"


def choose_second(scored: Scored) -> str | None:
    """Draw, where there are other predictions, the choice of a second model, and return its name; None for none.

    Raises
    ------
    NotFoundError
        The address names predictions that are not here.
    """
    named = st.session_state.get(_KEY), st.query_params.get(_KEY)
    # What speaks of few of these books cannot be put together with them, and is refused where an address names it.
    fewest = LEAST_SHARE * len(scored.table)
    others = [
        other.name
        for other in cache.workspace().list("predictions")
        if other.fingerprint != scored.predictions
        and not other.manifest.parts
        and (other.name in named or (other.manifest.rows or fewest) >= fewest)
    ]
    if not others:
        return None
    chosen = widgets.pick(
        _("Also use"),
        others,
        _KEY,
        fixed=_ALONE,
        of=scored.predictions,
        help=_("A second, slower model: it decides some of the books that the chosen one leaves, and people the rest."),
    )
    widgets.require_known(_KEY, _("set of predictions"))
    return None if chosen in (None, _ALONE) else chosen


def show(scored: Scored, name: str, head: DeltaGenerator, effect: DeltaGenerator, details: DeltaGenerator) -> None:
    """Draw what is asked here, what comes of it in `head` and `effect`, and on what it rests in `details`.

    Predictions that cannot stand under one promise with the chosen ones are refused in a sentence, before anything is
    asked of the checked books.
    """
    second = cache.scored(name, widgets.chosen_labels())
    try:
        check_pair(scored, second)
    except InputError as error:
        with head:
            st.warning(feedback.from_core(error.on_page), icon=":material/info:")
            navigation.links_to("Models", _("Score a catalogue"), view="Score a catalogue")
        return
    measured = seconds_a_title(cache.workspace(), second.name)
    share = choose_share(is_whole=True)
    with st.expander(_("How sure, how quick")):
        request = TwoModelRequest(
            max_error=share,
            confidence=choose_confidence(),
            human_error=choose_human_error(),
            seconds_a_title=float(
                st.number_input(
                    _("Seconds the second model takes for a title"),
                    0.0,
                    3600.0,
                    measured or 1.0,
                    format="%.3g",
                    key=f"seconds_{second.predictions}",
                    help=_("Its time is weighed against that of people: a slow machine is asked less often."),
                )
            ),
        )
    result = cache.two_models(scored, second, request)
    first, *others = two_models_wording.two_models_sentences(result, scored.name, second.name)
    warnings, order = population_warnings(result.population), two_models_wording.asked_later(result)
    with head:
        feedback.conclusion(escape(first))
        if order:
            st.caption(order)
        for warning in warnings:
            st.warning(escape(warning), icon=":material/warning:")
    _keep(scored, second, result)
    with effect:
        _figures(result, (scored.name, second.name))
    with details, st.expander(_("On what it rests")):
        feedback.show_sentences(*(sentence for sentence in others if sentence not in (*warnings, order)))
        st.caption(escape(budget_sentence(cache.alpha_budget(scored))))


def show_combined(scored: Scored, policies: Sequence[SavedPolicy]) -> None:
    """Show what is kept with predictions that were put together from two models: no other cut-offs are theirs."""
    promise = policies[0].promise if policies else None
    feedback.conclusion(_("Two models and people decide here, under one promise."))
    feedback.show_sentences(
        *([promise.sentence] if promise else []),
        _(
            "These predictions were put together by cut-offs that were chosen on checked books. To ask for another"
            " promise, choose the predictions of one model in the sidebar, and the other under “Also use”."
        ),
    )


def _keep(scored: Scored, second: Scored, result: TwoModelGuarantee) -> None:
    """Draw the button that puts the predictions of both together and keeps the promise with them."""
    if not result.accepted or not people.allowed(_("keep cut-offs")):
        return
    if st.button(_("Keep this for the export"), type="primary", icon=":material/check:"):
        combined = save_combined(cache.workspace(), scored, second, result)
        widgets.pick_next(navigation.PREDICTIONS, combined.name)
        st.success(
            _(
                "Kept as the predictions “{combined}”, which are chosen now: each book names the model"
                " that decided it.",
                combined=escape(combined.name),
            ),
            icon=":material/check_circle:",
        )
        navigation.links_to("Export")


def _figures(result: TwoModelGuarantee, names: tuple[str, str]) -> None:
    """Show how many books each decides, and how many are left to people."""
    read = _(
        "of the {read:,} it reads: {machine_hours}",
        read=result.read,
        machine_hours=hours_in_words(result.machine_hours),
    )
    shown = [
        (
            _("{names} decides", names=names[0]),
            number_text(f"{result.by_quick:,}"),
            _("of {records:,} books", records=result.records),
        ),
        (
            _("{names} decides", names=names[1]),
            number_text(f"{result.by_slow:,}"),
            read if result.read else _("it reads none"),
        ),
        (
            _("People look at"),
            number_text(f"{result.review:,}"),
            _("{hours} at {pace:,.0f} an hour", hours=hours_in_words(result.hours), pace=result.pace),
        ),
    ]
    for column, (label, value, note) in zip(st.columns(len(shown)), shown, strict=True):
        with column.container(border=True, height="stretch"):
            st.metric(feedback.plain_label(label), value)
            st.caption(escape(note))
