"""Pieces of the Models page: the list, the forms for training and scoring, and two sets of predictions compared."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd
import streamlit as st

from core.evaluation import Evaluation
from core.label_audit import AuditedCopy, audited_copy, choose_audited_copy, shown_value
from core.models import KINDS, ModelOption, offered_options
from core.models.fitting import FEWEST_TITLES
from core.models.language_models import bases_to_choose, check_bases, untrainable_kinds
from core.models.preparation import readable_columns
from core.models.registry import ModelDescription
from core.predictions import NO_LABELS, Scored, load_predictions, save_training_labels, saved_training_labels
from core.schema import ANNOTATOR, TITLE, TRUTH
from core.statistics import MINIMUM_RECORDS
from core.storage import slug
from core.translation import _, noop, plural, translate
from core.wording import evaluation as wording
from core.wording.evaluation import unknown_sentences
from dashboard import cache, feedback, loading, widgets
from dashboard.feedback import escape, figure, percent, rate
from dashboard.language import only
from dashboard.tables import classes_alike, show_sentences_table, show_table

__all__ = [
    "can_start",
    "compare",
    "leak_check",
    "learned_from_form",
    "list_of_models",
    "scoring_form",
    "show",
    "show_newest_model",
    "training_form",
]

# --- Two sets of predictions on the same books ------------------------------------------------------------------------
# Which is right more often, where they disagree, where each is better.


# The answers are what is compared: they stand beside the title, not behind everything that is known of the book.
_FIRST = (TITLE, TRUTH, "first", "second", "first_confidence", "second_confidence")
_MOST_SENTENCES = 5


def show(first: Scored, second: Scored) -> None:
    """Compare two sets of predictions on the books both speak of and a person has checked."""
    comparison = cache.comparison(first, second)
    feedback.conclusion(escape(wording.comparison_headline(comparison)))
    groups = wording.comparison_groups(comparison)
    few = len(groups) <= _MOST_SENTENCES + 1
    feedback.show_sentences(*(groups if few else groups[:_MOST_SENTENCES]))
    if not few:
        feedback.show_sentences(
            _(
                "{groups:,} more groups differ: “Where one is better” below lists all.",
                groups=len(groups) - _MOST_SENTENCES,
            )
        )
    feedback.show_sentences(*wording.comparison_notes(comparison))
    if comparison.n < MINIMUM_RECORDS:
        return
    table = pd.DataFrame(
        [
            {
                "predictions": name,
                "right": rate(comparison.accuracy[place]),
                "macro-F1": figure(comparison.macro_f1[place]),
                "right where the other is wrong": alone,
            }
            for place, (name, alone) in enumerate(
                zip(comparison.names, (comparison.only_first, comparison.only_second), strict=True)
            )
        ]
    )
    show_table(table, columns={"macro-F1": classes_alike()}, alt=_("Both sets of predictions on the same books"))
    widgets.download_table(table, "two-models")
    view = st.segmented_control(
        _("Show"),
        [noop("Where they disagree"), noop("Where one is better")],
        default="Where they disagree",
        required=True,
        key="differ",
        format_func=_,
    )
    shown = comparison.disagreements if view == "Where they disagree" else comparison.by_value
    first_of_all = [column for column in _FIRST if column in shown]
    shown = shown[[*first_of_all, *(column for column in shown if column not in first_of_all)]]
    # Who is right is seen of the three answers; the download says it in words.
    visible = shown.drop(columns="outcome", errors="ignore")
    shares = [column for column in map(str, shown.columns) if column.endswith(("confidence", "rate"))]
    st.caption(_("First: {first}. Second: {second}.", first=escape(first.name), second=escape(second.name)))
    show_table(
        visible.head(1000),
        shares=shares,
        columns={
            TITLE: st.column_config.TextColumn(width=330),
            TRUTH: st.column_config.TextColumn(width=120),
            "first": st.column_config.TextColumn(_("first says"), width=98),
            "second": st.column_config.TextColumn(_("second says"), width=102),
            "first_confidence": st.column_config.Column(width=118),
            "second_confidence": st.column_config.Column(width=128),
        },
        alt=_(str(view)),
    )
    widgets.download_table(shown, "disagreements" if view == "Where they disagree" else "better-and-worse")


# --- Pieces of the Models page ----------------------------------------------------------------------------------------
# The list, the forms for training and scoring, the leak check, two models side by side.


_NOTHING = noop("(none)")
_LABELS = "labels_to_learn"


def show_newest_model(models: Sequence[ModelDescription]) -> None:
    """Say which model was made last and how it did on its own test part, where there are several to confuse."""
    if len(models) < 2:
        return
    model = models[0]
    test = model.metrics.test
    if test.n and test.accuracy.defined:
        how = _(
            "{accuracy} right on the {test_n:,} books of its own test part",
            accuracy=percent(test.accuracy.value),
            test_n=test.n,
        )
    else:
        how = _("it has no test part of its own")
    feedback.show_sentences(_("The newest model is “{model}”: {how}.", model=model.name, how=how))


def show_unknown_languages(models: Sequence[ModelDescription]) -> None:
    """Say of which languages nothing is known, going by the labelled books of the newest model."""
    if models:
        feedback.show_sentences(*unknown_sentences(cache.languages_of_model(models[0].name, models[0].fingerprint)))


def list_of_models(models: Sequence[ModelDescription]) -> None:
    """Show every model and how it did on its test part; of the one that is chosen, what it is and learned from."""
    rows = []
    for model in models:
        test, by_rules = model.metrics.test, model.tested_on.by_rules
        rows.append(
            {
                "model": model.name,
                # How often a model repeats its own rules is no measure of how often it is right.
                "right": "–" if by_rules else percent(test.accuracy.value),
                noop("tested on"): translate(model.tested_on.words),
                noop("kind"): _(model.title),
                "learned from": model.manifest.labels,
                "reads": ", ".join(model.manifest.input_columns),
                "macro-F1": None if by_rules else test.macro_f1.value,
                "off by (calibration)": percent(test.calibration.ece),
                "made": model.manifest.created_at[:10],
                "MB": model.n_bytes / 1e6,
            }
        )
    table = pd.DataFrame(rows)
    show_sentences_table(
        table[["model", "right", "tested on", "kind"]], alt=_("All models with their figures on their own test part")
    )
    left, right = st.columns([2, 3], vertical_alignment="bottom")
    which = str(left.selectbox(_("One model"), [model.name for model in models], key="model_kept"))
    with right:
        loading.manage("models", which)
    chosen = next(row for row in rows if row["model"] == which)
    st.caption(
        escape(
            _(
                "Learned from {labels}; reads {columns}; made {date}; {megabytes:.1f} MB.",
                labels=chosen["learned from"],
                columns=chosen["reads"],
                date=chosen["made"],
                megabytes=chosen["MB"],
            )
        )
    )
    feedback.more(
        _("Which models can be compared"),
        _(
            "Compare only models that were tested on the same books. The test part is cut from the labels a model"
            " learned from, which may be another population than the collection: what counts is a test on books drawn"
            " at random from the collection. Where rules gave the labels, nothing is known of how often the model is"
            " right."
        ),
    )
    widgets.download_table(table, "models")


def training_form(labels: Sequence[str]) -> dict[str, Any] | None:
    """Draw the form and return what to train, once it is sent."""
    place = cache.workspace()
    others = [a.name for kind in ("labels", "predictions") for a in place.list(kind)]
    rules = {a.name for a in place.list("labels") if a.manifest.by_rules}
    people = [name for name in labels if name not in rules]
    left, right = st.columns(2, gap="medium")
    chosen = left.selectbox(
        _("Learn from these labels"),
        [*people, *(name for name in labels if name in rules)],
        index=0 if people else None,
        format_func=lambda name: _("{name} (given by rules)", name=name) if name in rules else name,
        placeholder=_("choose"),
        key=_LABELS,
    )
    if chosen is None:
        left.markdown(
            _("Only rules have given labels so far. What is learned from them can be tested on nothing but them.")
        )
        return None
    with left:
        _offer_audited_copy(str(chosen))
    readable = readable_columns(place, str(chosen))
    missing = untrainable_kinds()
    with right, st.form("train", border=False):
        offered_kinds = [name for name in KINDS if name not in missing]
        kind = st.selectbox(_("Kind of model"), offered_kinds, format_func=lambda name: _(KINDS[name].title))
        left_out = st.multiselect(
            _("Leave these books out (test sets)"),
            others,
            default=[item for item in widgets.test_sets() if item != chosen],
            help=_("Books that are in these sets, by identifier or by title, are not learned from."),
        )
        with st.expander(_("More settings")):
            name = st.text_input(_("Name"), placeholder=_("from the labels and the kind"))
            calibrate = st.selectbox(
                _("Calibrate on"),
                [_NOTHING, *labels],
                format_func=only(_NOTHING),
                help=_("Labelled books drawn from the collection that is to be labelled make the best calibration."),
            )
            weak = st.selectbox(
                _("Learn from labels by functions too"),
                [_NOTHING, *(name for name in labels if name in rules)],
                format_func=only(_NOTHING),
                help=_(
                    "Labels that rules gave, from the Labelling functions page. A person's label wins, and nothing is"
                    " tested on them."
                ),
            )
            reads = st.multiselect(
                _("Columns to read beside the title"),
                readable,
                help=_(
                    "A shelfmark or a class number often says more than a title. Offered are the columns that the"
                    " labelled books and a catalogue here have in common. Records without them are judged by their"
                    " titles alone, with confidences of their own."
                ),
                placeholder=(
                    _("titles alone") if readable else _("no column is in both the labels' file and a catalogue")
                ),
                disabled=not readable,
            )
            # What a model is made of stands before what it starts from.
            offered = sorted(offered_options(), key=lambda option: option.values != "kinds")
            chosen_options = {option.name: _option_field(option) for option in offered}
            small = st.checkbox(
                _("Leave out classes with fewer than {fewest_titles} titles", fewest_titles=FEWEST_TITLES),
                help=_(
                    "Such as typing errors in the labels. Each class that is left out is named; to put it together"
                    " with another class, import the labels again and give its name the class it means."
                ),
            )
            seed = st.number_input(_("Seed"), value=0, step=1, help=_("Decides the split: same seed, same model."))
        sent = st.form_submit_button(_("Train"), type="primary", icon=":material/model_training:")
    for reason, count in Counter(missing.values()).items():
        right.caption(
            plural(
                "{n:,} more kind of model cannot be trained on this computer. {reason}",
                "{n:,} more kinds of model cannot be trained on this computer. {reason}",
                count,
                reason=reason,
            )
        )
    if not sent:
        return None
    if chosen in (*left_out, calibrate, weak):
        st.error(
            _(
                "“{chosen}” is what the model learns from, and is named a second time below: as a test set, to"
                " calibrate on, or as labels by functions. Take it out there, or learn from other labels.",
                chosen=escape(str(chosen)),
            )
        )
        return None
    config: dict[str, Any] = {"labels": chosen, "kind": kind, "seed": int(seed)}
    config["exclude"] = list(left_out)
    if name:
        config["name"] = slug(name)
    if calibrate != _NOTHING:
        config["calibrate_on"] = calibrate
    if small:
        config["least"] = FEWEST_TITLES
    if reads:
        config["reads"] = reads
    if weak != _NOTHING:
        config["weak"] = weak
    names = [option.name for option in KINDS[kind].options]
    # A text that was left empty is no option; a choice of no kind is one, which the training refuses.
    options = {name: chosen_options[name] for name in names if chosen_options[name] != ""}
    return {**config, "options": options} if options else config


def _offer_audited_copy(labels: str) -> None:
    """Offer the labels without the one annotator at whom their audit points."""
    copy = audited_copy(cache.workspace(), cache.workspace().find("labels", labels))
    if copy is None:
        return
    with st.container(border=True):
        st.markdown(escape(wording.audited_copy(copy)))
        st.button(
            _("Learn without annotator {shown_value}", shown_value=escape(shown_value((ANNOTATOR, copy.annotator)))),
            on_click=_choose_audited_copy,
            args=(copy,),
            icon=":material/person_off:",
            help=_("The labels stay as they are: a copy without these is made, or chosen where it is there already."),
        )


def _choose_audited_copy(copy: AuditedCopy) -> None:
    with feedback.show_errors():
        st.session_state[_LABELS] = choose_audited_copy(cache.workspace(), copy, cache.label_audit)


def _option_field(option: ModelOption) -> str | list[str]:
    """Draw the field of an option of some kind of model and return what stands in it."""
    if option.values == "kinds":
        single = [name for name, kind in KINDS.items() if kind.may_be_member and not kind.members]
        return st.multiselect(
            _(option.label),
            single,
            default=option.default,
            format_func=lambda name: _(KINDS[name].title),
            help=_(option.page_help),
        )
    if option.values == "corpus":
        corpora = [artifact.name for artifact in cache.workspace().list("corpora")]
        return st.selectbox(
            _(option.label), ["", *corpora], format_func=lambda name: name or _(_NOTHING), help=_(option.page_help)
        )
    if option.values == "base":
        base = st.selectbox(
            _(option.label),
            ["", *bases_to_choose()],
            format_func=lambda name: name or _(option.placeholder),
            accept_new_options=True,
            help=_(option.page_help),
        )
        return (base or "").strip()
    return st.text_input(_(option.label), placeholder=_(option.placeholder), help=_(option.page_help)).strip()


def can_start(config: Mapping[str, Any]) -> bool:
    """Say what is missing when the language model that this training starts from is not here; True when it is."""
    with feedback.show_errors():
        check_bases(str(config["kind"]), config.get("options"))
        return True
    return False


def scoring_form(models: Sequence[str], corpora: Sequence[str], labels: Sequence[str]) -> dict[str, Any] | None:
    """Draw the form and return what to score, once it is sent."""
    with st.form("score", border=False):
        model = st.selectbox(_("Model"), models)
        corpus = st.selectbox(_("Catalogue"), corpora)
        truth = st.selectbox(
            _("Check against"),
            [_NOTHING, *labels],
            format_func=only(_NOTHING),
            help=_("What people said of some of these books."),
        )
        name = st.text_input(_("Name of the predictions"), placeholder=_("from the catalogue and the model"))
        if not st.form_submit_button(_("Score"), type="primary", icon=":material/play_arrow:"):
            return None
    config: dict[str, Any] = {"model": model, "corpus": corpus}
    if truth != _NOTHING:
        config["labels"] = truth
    if name:
        config["name"] = slug(name)
    return config


def learned_from_form(name: str) -> None:
    """Let a person say what a model made elsewhere learned from; of models made here it is known."""
    place = cache.workspace()
    predictions = load_predictions(place, name)
    labels = [artifact.name for artifact in widgets.label_sets()]
    if predictions.manifest.model_fingerprint or not labels:
        return
    learned_from = saved_training_labels(place, predictions.fingerprint)
    with st.form("learned_from", border=False):
        chosen = st.multiselect(
            _("The model learned from these labels"),
            [NO_LABELS, *labels],
            default=(
                None
                if learned_from is None
                else [label_set for label_set in learned_from if label_set in labels] or [NO_LABELS]
            ),
            format_func=lambda label_set: _("none of these") if label_set == NO_LABELS else label_set,
            placeholder=_("not known"),
            help=_("Books that a model learned from cannot test it. Whoever made the predictions can say."),
        )
        if st.form_submit_button(_("Keep")):
            save_training_labels(place, predictions.fingerprint, chosen)
            st.rerun()


def leak_check(scored: Scored, evaluation: Evaluation) -> None:
    """Say how many checked books are also among those learned from, with the figures with and without them."""
    if not evaluation.metrics.n:
        st.markdown(_("No book has been checked by a person, so there is nothing to leak."))
        return
    feedback.show_sentences(*scored.sentences)
    table = pd.DataFrame(
        [
            {"books": books, "checked": m.n, "right": rate(m.accuracy), "macro-F1": figure(m.macro_f1)}
            for books, m in (
                (_("all checked"), evaluation.metrics),
                (_("without leaked ones"), evaluation.without_leaks),
            )
        ]
    )
    show_table(
        table, columns={"macro-F1": classes_alike()}, alt=_("How often it is right, with and without leaked books")
    )
    leaked = scored.labelled[scored.labelled["leak"].astype(bool)]
    if len(leaked):
        from dashboard.record_view import records_table

        with st.expander(_("The {leaked:,} leaked books", leaked=len(leaked))):
            records_table(leaked, name="leaked", alt=_("Checked books that are also among those learned from"))


def compare(name: str) -> None:
    """Compare the chosen predictions with others on the books both speak of."""
    others = [a.name for a in cache.workspace().list("predictions") if a.name != name]
    if not others:
        st.markdown(_("There is only one set of predictions. Train another model or import another set to compare."))
        return
    other = widgets.pick(_("Compare “{name}” with", name=escape(name)), others, "other", of=name)
    widgets.require_known("other", _("set of predictions"))
    show(cache.scored(name, widgets.chosen_labels()), cache.scored(str(other), widgets.chosen_labels()))
