"""Pieces of the Label audit page: what is out of line, rates by group, the list to look at again."""

from collections import Counter
from collections.abc import Mapping

import pandas as pd
import streamlit as st

from core import label_audit
from core.formatting import capitalised
from core.label_audit import GROUPINGS, LabelAudit, group_phrase, shown_value
from core.labels import LabelSet
from core.schema import ANNOTATOR, LANGUAGE
from core.translation import _, language_name, noop
from core.wording import evaluation as wording
from dashboard import cache, feedback, language, widgets
from dashboard import tables as theme
from dashboard.charts.errors import rates_chart
from dashboard.feedback import escape, interval, percent
from dashboard.tables import show_chart, show_table

__all__ = ["METHOD_NOTE", "choose_group", "exclude_labels", "findings", "groups", "suspects", "verdict"]

METHOD_NOTE = noop(
    "Five times a model learned from four fifths of the labelled titles and read the fifth that it had not seen,"
    " editions of one title kept together. Its probabilities were calibrated on the others. A label is **suspect** when"
    " the title speaks so clearly against it that at most the stated share of right labels would look the same. Groups"
    " are compared with all other books **with the same label** by an exact test (Birch 1964), all p values adjusted"
    " together (Holm): where nothing is wrong, some group is pointed at in at most 5 of 100 label sets. A group is"
    " **told apart** from another by its books outside the other. Rates have 95 % Wilson intervals; groups of fewer"
    " than ten books have counts only. A clear contradiction is not yet an error: some titles mislead, and a language"
    " that the model reads badly looks like one that people labelled badly. Nothing is corrected here."
)
_NOBODY = noop("everybody")


def verdict(audit: LabelAudit) -> None:
    """Say first whose labels are out of line, or that nobody's are, and then how many labels are suspect."""
    first, *others = wording.audit_sentences(audit)
    if audit.flagged:
        leading = audit.flagged[0]
        feedback.conclusion(escape(wording.group_headline(leading)))
        others = [*filter(None, [wording.group_detail(leading)]), *others]
    else:
        feedback.conclusion(escape(first))
    feedback.show_sentences(*others[:1])
    feedback.more(_("What else was seen"), *others[1:])


def findings(audit: LabelAudit) -> None:
    """Show how the groups that are out of line overlap: which of them it is."""
    for finding in audit.findings:
        if not finding.cells or wording.group_headline(finding) in wording.audit_sentences(audit):
            continue
        table = pd.DataFrame(
            [
                {"books": words, "labels": cell["n"], "suspect": cell["suspects"], "share": _share(cell)}
                for words, cell in zip(wording.cell_words(finding), finding.cells, strict=True)
            ]
        )
        which = _(" and ").join([group_phrase((finding.by, finding.value)), *map(group_phrase, finding.partners)])
        with st.expander(_("{which}: which of them is it?", which=escape(capitalised(which)))):
            show_table(
                table, alt=_("Suspect labels of {finding} within and outside other groups", finding=finding.value)
            )


def _names(audit: LabelAudit) -> Mapping[tuple[str, str], str]:
    """Return what each group is called on the page; groups that would be called alike keep the file's own names."""
    groups = list(zip(audit.groups["by"].astype(str), audit.groups["value"].astype(str), strict=True))
    shown = {group: shown_value(group) if group[0] == ANNOTATOR else group_phrase(group) for group in groups}
    used = Counter((group[0], name) for group, name in shown.items())
    return {group: name if used[group[0], name] == 1 else group[1] for group, name in shown.items()}


def _choices(audit: LabelAudit) -> dict[str, tuple[str, str]]:
    """Return what can be chosen, in words, those pointed at first."""
    names = _names(audit)
    order = [*((suspect_group.by, suspect_group.value) for suspect_group in audit.flagged), *names]
    return {f"{GROUPINGS[group[0]]}: {names[group]}": group for group in order}


def _share(cell: object) -> str:
    n, suspects = cell["n"], cell["suspects"]  # type: ignore[index]
    return percent(suspects / n) if n >= 10 else "–"


def groups(audit: LabelAudit, by: str) -> None:
    """Draw the rate of suspect labels of each group, and list the numbers."""
    table = audit.groups[audit.groups["by"] == by]
    names = _names(audit)
    table = table.assign(value=[names[by, value] for value in table["value"].astype(str)])
    known = table[table["suspect_rate"].notna()].sort_values("suspect_rate", ascending=False).head(25)
    chart, numbers = st.columns([4, 7])  # so that no column of the table is cut in a window of 1,280
    with chart:
        if known.empty:
            st.markdown(_("No {groupings} has ten labelled books.", groupings=_(GROUPINGS[by])))
        else:
            show_chart(
                rates_chart(
                    known,
                    value="value",
                    rate="suspect_rate",
                    title=_("labels that look wrong, 95 % interval"),
                    overall=float(audit.books["suspect"].mean()),
                    chart_theme=theme.chart_theme(),
                ),
                alt=_("Share of suspect labels by {groupings}, with intervals", groupings=_(GROUPINGS[by])),
            )
    shown = pd.DataFrame(
        {
            GROUPINGS[by]: table["value"],
            "labels": table["n"],
            "suspect": table["suspects"],
            "share": table["suspect_rate"],
            "between": [interval(low, high) for low, high in zip(table["low"], table["high"], strict=True)],
            "times the rest": table["ratio"],
            "like for like": table["adjusted_ratio"],
        }
    )
    with numbers:
        show_table(
            shown,
            shares=["share"],
            columns={
                GROUPINGS[by]: st.column_config.TextColumn(_(GROUPINGS[by]).split(maxsplit=1)[0], width=84),
                "labels": st.column_config.NumberColumn(_("in all"), width=60),
                "suspect": st.column_config.NumberColumn(width=86),
                "share": st.column_config.NumberColumn(width=62),
                "between": st.column_config.TextColumn(width=114),
                "times the rest": st.column_config.NumberColumn(
                    _("times rest"), format="%.1f", width=76, help=_("The share divided by that of all other labels")
                ),
                "like for like": st.column_config.NumberColumn(
                    format="%.1f", width=80, help=_("Suspects divided by those that the same labels have elsewhere")
                ),
            },
            alt=_("Suspect labels by {groupings}", groupings=_(GROUPINGS[by])),
        )
        widgets.download_table(table, f"suspects-by-{by}")


def choose_group(audit: LabelAudit) -> tuple[str, str] | None:
    """Draw a picker of one annotator, language or month, those pointed at first."""
    named = _choices(audit)
    shown = _names(audit)
    chosen = language.choose(
        st.selectbox,
        _("Labels of"),
        [_NOBODY, *named],
        format_func=lambda name: (
            f"{_(GROUPINGS[named[name][0]])}: {shown[named[name]]}" if name in named else _(_NOBODY)
        ),
        key="of",
    )
    return named.get(str(chosen))


def suspects(audit: LabelAudit, group: tuple[str, str] | None) -> None:
    """List the labels to look at again, the clearest first, with the words, and offer all as a download."""
    table = audit.suspects(group)
    if table.empty:
        st.markdown(_("None of these labels looks wrong."))
        return
    if ANNOTATOR in table:
        table = table.assign(annotator=table[ANNOTATOR].map(_annotators))
    if LANGUAGE in table:
        table = table.assign(language=table[LANGUAGE].map(language_name))
    order = ["title", "given", "suggested", "score", "words_against", "words_for", "annotator", "language", "record_id"]
    show_table(
        table.head(20)[[column for column in order if column in table]],
        shares=["score"],
        lines=3,
        columns={
            "title": st.column_config.TextColumn(width=210),
            "given": st.column_config.TextColumn(width=95),
            "suggested": st.column_config.TextColumn(width=118),
            "score": st.column_config.NumberColumn(_("how sure"), width=80),
            "words_against": st.column_config.TextColumn(_("words against the label"), width=182),
            "words_for": st.column_config.TextColumn(_("words for it"), width=115),
            "annotator": st.column_config.TextColumn(width=88),
        },
        alt=_("Labels to look at again, the clearest contradiction first"),
    )
    if len(table) > 20:
        st.caption(_("The first 20 of {table:,} are shown; the download has all.", table=len(table)))
    widgets.download_table(
        table, "labels-to-look-at-again", _("Download these {table:,} labels (CSV)", table=len(table))
    )


def _annotators(names: str) -> str:
    return "; ".join(shown_value((ANNOTATOR, name)) for name in names.split("; "))


def exclude_labels(labels: LabelSet, audit: LabelAudit) -> None:
    """Offer a copy of the label set without some groups' labels, or without the suspects, to train on."""
    named = _choices(audit)
    with st.form("leave-out"):
        groups = st.multiselect(
            _("Leave out the labels of"),
            list(named),
            default=list(named)[: min(1, len(audit.flagged))],
            format_func=lambda name: f"{_(GROUPINGS[named[name][0]])}: {_names(audit)[named[name]]}",
            help=_(
                "For a group whose labels are no better than a guess. Look at its labels above first. A label that"
                " another annotator gave too stays."
            ),
        )
        suspects = st.checkbox(
            _("Leave out the {suspect:,} suspect labels, whoever gave them", suspect=int(audit.books["suspect"].sum())),
            help=_(
                "A model can learn better without them. Accuracy measured on what is left is flattering: a model"
                " chose it."
            ),
        )
        name = st.text_input(_("Name of the copy"), f"{labels.name}-audited", max_chars=60)
        if not st.form_submit_button(_("Keep a copy without them")):
            return
    with feedback.show_errors():
        chosen = [named[group] for group in groups]
        copy = label_audit.exclude_labels(cache.workspace(), labels, audit, groups=chosen, suspects=suspects, name=name)
        st.success(
            _(
                "{warnings} Kept as **{copy}**: train on it on the Models page. The old label set is as it was.",
                warnings=feedback.from_core(copy.manifest.warnings[-1]),
                copy=escape(copy.name),
            )
        )
