"""Second opinions: how many books two people answer, how far they agree, and what that says of a promise."""

from typing import Final

import pandas as pd
import streamlit as st

from core.formatting import in_percent, upper_percent
from core.predictions import Scored
from core.review import DecisionLog, OpinionPair
from core.schema import RECORD_ID, TITLE
from core.second_opinions import SecondOpinions, measure_opinions, save_second_share, second_share
from core.translation import _
from core.translation.sentences import translate
from core.wording.review import opinion_sentences
from dashboard import cache, feedback, navigation, people, widgets
from dashboard.feedback import escape
from dashboard.guarantee_view import HUMAN_ERRORS, PEOPLE_ERR
from dashboard.review_state import answer_words, reviewer_label
from dashboard.tables import show_table

__all__ = ["show_opinions"]

_SHARES: Final = (0.0, 0.05, 0.1, 0.2, 0.5, 1.0)


def show_opinions(scored: Scored, log: DecisionLog) -> None:
    """Show the share of second opinions, the agreement, and each book on which people disagree."""
    database = cache.workspace().database
    known = second_share(database, scored.predictions)
    share = st.select_slider(
        _("Books that a second person answers too"),
        sorted({*_SHARES, known}),
        known,
        format_func=lambda value: _("none") if not value else in_percent(value),
        key="second_share",
        disabled=not people.may(),
        help=_(
            "Chosen by lot among the decided books. The second person is not told what the first said; both give a"
            " name, so that they can be told apart."
        ),
    )
    if share != known and people.may():
        save_second_share(database, scored.predictions, float(share))
    opinions = measure_opinions(log)
    first, *others = opinion_sentences(opinions)
    feedback.conclusion(escape(first))
    feedback.show_sentences(*others)
    _offer_to_promise(opinions)
    if log.disputes:
        waits = (
            _("1 book waits") if len(log.disputes) == 1 else _("{disputes:,} books wait", disputes=len(log.disputes))
        )
        st.markdown(
            _(
                "**{waits} for a third person.** Until then nothing is exported for what two disagree about.",
                waits=waits,
            )
        )
    pairs = [pair for pair in log.pairs if not pair.agrees]
    if pairs:
        table = _disagreements(scored, pairs)
        show_table(
            table, columns={"title": st.column_config.TextColumn(width=300)}, alt=_("Books on which two disagree")
        )
        widgets.download_table(table, "disagreements")
    alpha = opinions.alpha
    known_alpha = (
        _(
            "{alpha:.2f} (95 % interval {low:.2f} to {high:.2f}, {alpha_n:,} books)",
            alpha=alpha.value,
            low=alpha.low,
            high=alpha.high,
            alpha_n=alpha.n,
        )
        if alpha.defined
        else _("not known, since {reason}", reason=translate(alpha.reason))
    )
    feedback.how_computed(
        _(
            "Krippendorff's alpha, which is 1 for full agreement and 0 for what chance gives: {known_alpha}. The"
            " interval is a bootstrap over books; where nobody disagreed it has no width and says little. How often a"
            " person errs is reckoned from how often two disagree, as if both erred alike and independently; where both"
            " err for the same reason nobody sees it.",
            known_alpha=known_alpha,
        )
    )


def _offer_to_promise(opinions: SecondOpinions) -> None:
    """Offer how often people err to the promise of the whole, on the careful side."""
    error = opinions.human_error
    if not error.defined:
        return
    enough = [choice for choice in HUMAN_ERRORS if choice >= error.high]
    if not enough:
        st.caption(
            _(
                "A promise of the whole can allow for at most {human_errors} errors of people; too few"
                " books have two answers to say that they err less often.",
                human_errors=upper_percent(HUMAN_ERRORS[-1]),
            )
        )
        return
    if st.button(
        _("Ask for the promise as if people erred in {enough}", enough=upper_percent(enough[0])),
        icon=":material/verified:",
        help=_("The upper limit of what was found, rounded up."),
    ):
        st.session_state[PEOPLE_ERR] = enough[0]
        navigation.links_to("Thresholds", _("Go to the promise of the whole"))


def _disagreements(scored: Scored, pairs: list[OpinionPair]) -> pd.DataFrame:
    titles = scored.table.set_index(RECORD_ID)[TITLE]
    return pd.DataFrame(
        [
            {
                "title": titles.get(pair.first.record_id, ""),
                "first answer": answer_words(pair.first.label),
                "by": reviewer_label(pair.first),
                "second answer": answer_words(pair.second.label),
                "and by": reviewer_label(pair.second),
                "settled": f"{answer_words(pair.settled.label)}, {reviewer_label(pair.settled, by=True)}"
                if pair.settled
                else _("waits"),
                "record": pair.first.record_id,
            }
            for pair in pairs
        ]
    )
