"""Pieces of the Export page: settings, policy, counts that add up, preview, differences, download, history."""

import html
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd
import streamlit as st

from core.export import CARRIERS, FORMATS, MARC_KINDS, PROFILES, TERM_QUESTION, parse_formats, parse_marc_kinds
from core.export.decisions import count_flows
from core.export.formats import RecordFormat, record_formats
from core.export.release import (
    DIFFERENCES,
    Release,
    accepted_file,
    breakdown,
    decide_all,
    further_candidates,
    genre_difference,
    precision_by,
    preview,
    release,
    saved_exports,
    unused_path,
)
from core.export.sentences import coded_by_default
from core.export.sentences import quality_sentences as sentences_of
from core.export.settings import ExportSettings, check_base_uri
from core.export.table import ExportTable
from core.export.tabular import accepted_csv
from core.export.validation import validate
from core.facets import facet_title, shown_value
from core.formatting import capitalised, listed
from core.guarantees import SavedPolicy, save_policy, saved_policies
from core.predictions import Scored
from core.thresholds import GuaranteeRecord, Policy
from core.translation import _, noop, translate
from core.wording.review import WAYS, decided
from dashboard import cache, feedback, language, people, widgets
from dashboard.charts.flows import flow_chart
from dashboard.feedback import JOINER, escape
from dashboard.tables import chart_theme, show_table

__all__ = [
    "METHOD_NOTE",
    "accepted_button",
    "chosen_policy",
    "counts_sentence",
    "download",
    "quality_sentences",
    "settings",
    "show_breakdown",
    "show_difference",
    "show_flow",
    "show_further",
    "show_history",
    "show_preview",
]

# --- The settings of an export, drawn: formats, terms, the library, MARC ----------------------------------------------


_YES_NO = {
    "": noop("not answered yet"),
    "yes": noop("yes: verse and drama count as fiction"),
    "no": noop("no: prose fiction only"),
}
KIND_NAMES = {"enriched": noop("Enriched records"), "stub": noop("New records (stubs)"), "delta": noop("Delta records")}
_CARRIER_NAMES = {"online": noop("The digitised book"), "volume": noop("The book on the shelf")}


def settings(scored: Scored, *, has_marc: bool) -> dict[str, Any]:
    """Draw the settings and return them as fields of the export's settings; stop the page where one cannot be kept.

    Parameters
    ----------
    has_marc : bool
        Whether the catalogue was loaded as MARC, so that its own records can be enriched.
    """
    with st.expander(_("Other formats, terms and library"), icon=":material/tune:"):
        formats = language.choose(
            st.multiselect, _("Formats"), list(FORMATS), default=["csv"], format_func=_format_words, key="formats"
        )
        profile = language.choose(
            st.selectbox, _("Terms from"), list(PROFILES), format_func=lambda name: _(PROFILES[name]), key="profile"
        )
        answer = language.choose(
            st.selectbox,
            _(TERM_QUESTION),
            list(_YES_NO),
            format_func=lambda name: _(_YES_NO[name]),
            key="verse",
            help=_(
                "It decides which catalogue term is true: a book of poems is Literature, not Fiction. The answer is"
                " kept in the manifest."
            ),
        )
        fields: dict[str, Any] = {"formats": parse_formats(formats or ["csv"]), "profile": profile, "answer": answer}
        fields["exported_by"] = people.current_person().name
        if not scored.labels and (scored.table["truth"] != "").any():
            keep = st.toggle(
                _("Labels that came with the predictions stand in the catalogue"),
                key="truth_stands",
                bind="query-params",
                help=_(
                    "Off: they were used to measure and block nothing. On: no machine label is added to those books."
                ),
            )
            fields["human_labels"] = "keep" if keep else "measure-only"
        with st.expander(_("Library"), icon=":material/account_balance:"):
            left, right = st.columns(2)
            fields["publisher"] = left.text_input(_("Library"), key="library", bind="query-params")
            fields["contact"] = right.text_input(_("Whom to ask"), key="contact", bind="query-params")
        with st.expander(_("MARC settings"), icon=":material/tune:"):
            fields |= _marc(has_marc, written=any(FORMATS[name].takes_marc for name in fields["formats"]))
    fields["also"] = _also(scored)
    valid = False
    with feedback.show_errors():
        check_base_uri(fields["base_uri"])
        valid = True
    if not valid:
        st.stop()
    return fields


def _also(scored: Scored) -> dict[str, SavedPolicy]:
    """Ask which further labels of the same books leave with these; nothing is drawn where there are none."""
    candidates = further_candidates(cache.workspace(), scored)
    ready = {name: policy for name, policy in candidates.items() if policy is not None}
    chosen: list[str] = []
    if ready:
        chosen = st.multiselect(
            _("Also write"),
            list(ready),
            key="also",
            bind="query-params",
            help=_(
                "Further labels of the same books, by the cut-offs kept for them. Each has columns, fields, counts and"
                " a promise of its own; a promise of one says nothing of another."
            ),
        )
    waiting = [name for name in candidates if name not in ready]
    if waiting:
        st.caption(
            _(
                "{names} can be written beside these once cut-offs have been kept for them on the Thresholds page.",
                names=listed([escape(name) for name in waiting], 3),
            )
        )
    return {name: ready[name] for name in chosen}


def show_further(prepared: Release) -> None:
    """Say of each further set of labels how many leave, and how right they are."""
    for each in prepared.also:
        counts, promise = each.decided.counts, each.settings.promise
        promised = promise.sentence if promise else _("Its cut-offs were set by hand; nothing is promised of it.")
        feedback.show_sentences(
            f"{each.scored.name}: {decided(counts.by_decision, counts.loaded)}", promised, *sentences_of(each.quality)
        )


def _format_words(name: str) -> str:
    return _(FORMATS[name].description)


def _marc(has_marc: bool, *, written: bool) -> dict[str, Any]:
    """Draw what a metadata librarian decides about the MARC records."""
    if not written:
        st.caption(_("No MARC file is among the formats yet: add MARC 21 or MARCXML above."))
    kinds = [kind for kind in KIND_NAMES if has_marc or kind != "enriched"]
    usual = _("enriched and delta records") if has_marc else _("new and delta records")
    chosen = language.choose(
        st.multiselect,
        _("Kinds of MARC files"),
        kinds,
        format_func=lambda name: _(KIND_NAMES[name]),
        placeholder=_("The usual: {usual}", usual=usual),
        key="marc_kinds",
        default=[],
    )
    lines = [f"{_(KIND_NAMES[kind])}: {_(MARC_KINDS[kind])}." for kind in parse_marc_kinds(kinds)]
    if not has_marc:
        lines.append(_("Enriched records need a catalogue that was loaded as MARC; this one was not."))
    st.caption("  \n".join(lines))
    left, right = st.columns(2)
    with left:
        source_code = st.text_input(
            _("Whose record numbers these are (003)"), key="source_code", placeholder=_("Uk"), bind="query-params"
        )
        st.caption(
            _(
                "MARC organisation code, such as Uk for the British Library. Without it, new and delta records carry"
                " neither 003 nor 035 and match on 001 alone."
            )
        )
    with right:
        organisation = st.text_input(
            _("Your library's MARC organisation code"), key="organisation", bind="query-params"
        )
        st.caption(_("It marks what this export adds: 040 $d, 588 and 655 $5, 883 $q. Without it these are left out."))
    left, right = st.columns(2)
    with left:
        carrier = language.choose(
            st.selectbox,
            _("New records describe"),
            list(CARRIERS),
            format_func=lambda name: _(_CARRIER_NAMES[name]),
            key="carrier",
        )
        st.caption(_("{carrier}; 007 and 008/23 say the same.", carrier=capitalised(_(CARRIERS[carrier]))))
    with right:
        base_uri = st.text_input(
            _("Address of your runs (883 $u)"),
            key="base_uri",
            placeholder="https://data.example.org/runs/",
            bind="query-params",
        )
        st.caption(
            _(
                "The name of the run is put behind it, in all formats, so it ends in / or #. Without one, the run is"
                " named by a urn:uuid."
            )
        )
    literary_form = st.toggle(
        _("Also code the literary form (008/33) where nobody has"), key="literary_form", bind="query-params"
    )
    st.caption(_("That byte cannot carry its own provenance, so it is off unless you ask for it."))
    return {
        "marc_kinds": parse_marc_kinds(chosen),
        "carrier": carrier,
        "source_code": source_code.strip(),
        "organisation": organisation.strip(),
        "base_uri": base_uri.strip().replace(JOINER, ""),  # an address that was copied from a page has it
        "write_literary_form": literary_form,
    }


# --- Pieces of the Export page: policy, counts that add up, preview, differences, download, history -------------------


METHOD_NOTE = noop(
    "Every record is decided once: a curator who looked at it, else a person's label (which stands, and blocks the"
    " machine's), else the cut-off. The zip holds the accepted records, those for review, all records with their"
    " decision, a manifest with model, cut-offs, accuracy and dates, a README in library language, and the checksums of"
    " all files. The same choices give the same bytes but for the moment of the export."
)
# Blanks are kept: an empty indicator is a blank, and the bytes of 008 are counted.
_TYPED = "font-family:monospace;font-size:0.85rem;white-space:pre-wrap;overflow-wrap:anywhere"


def chosen_policy(predictions: str) -> SavedPolicy:
    """Return the policy that was kept last, or say where to choose one and stop the page."""
    policies = saved_policies(cache.workspace(), predictions)
    if not policies:
        feedback.empty(
            _(
                "No cut-offs have been kept for these predictions yet. Choose them on the Thresholds page and press"
                " “Keep”."
            ),
            "Thresholds",
            _("Choose cut-offs"),
        )
    chosen = policies[0]
    cuts = escape(_cuts_in_words(chosen.policy))
    promise = f" {feedback.from_core(_promise_in_short(chosen.promise))}" if chosen.promise else _(" Set by hand.")
    by = _(" by {created_by}", created_by=escape(chosen.created_by)) if chosen.created_by else ""
    st.markdown(
        _(
            "Accepted: {cuts}, kept on {chosen_at}{by}.{promise}",
            cuts=cuts,
            chosen_at=chosen.chosen_at[:10],
            by=by,
            promise=promise,
        )
    )
    if chosen.policy.where is not None:
        st.info(
            _(
                "These cut-offs were kept for {description}. No other book is accepted by the machine,"
                " and the promise and the figures speak of these books alone.",
                description=escape(chosen.policy.where.in_words),
            ),
            icon=":material/filter_alt:",
        )
    return chosen


def _promise_in_short(promise: GuaranteeRecord) -> str:
    """Return what is promised, with the warnings; on what it rests stands in :func:`quality_sentences`."""
    return " ".join([promise.headline, *promise.warnings]) if promise.headline else promise.sentence


_ZEROS = noop(
    " Spreadsheet programs drop leading zeros of identifiers when a CSV file is opened by a double click; the Excel"
    " workbook on the Export page keeps them."
)


def accepted_button(
    scored: Scored, chosen: SavedPolicy, settings: Mapping[str, Any] | None = None, *, primary: bool = False
) -> None:
    """Draw the button that downloads the accepted predictions as CSV for people, by the decisions of an export."""
    if not people.allowed(_("export")):
        return
    place = cache.workspace()
    st.download_button(
        _("Download the accepted predictions (CSV)"),
        data=lambda: accepted_csv(decide_all(place, scored, chosen, **(settings or {}))),
        file_name=accepted_file(scored, chosen.policy),
        mime="text/csv",
        on_click="ignore",
        icon=":material/download:",
        type="primary" if primary else "secondary",
        key="download-accepted",
        help=(
            _(
                "Identifier, title, label and confidence of each accepted book, for a spreadsheet program. Books that"
                " people have labelled already are left to them."
            )
            + (_(_ZEROS) if scored.table["record_id"].str.match("0[0-9]").any() else "")
        ),
    )


def counts_sentence(table: ExportTable) -> str:
    """Show that the counts add up, and what stands for a code of the catalogue alone."""
    return " ".join(filter(None, [decided(table.counts.by_decision, table.counts.loaded), coded_by_default(table)]))


def quality_sentences(prepared: Release, chosen: SavedPolicy) -> list[str]:
    """Say on what the promise rests, and how good the accepted labels are."""
    promise = [chosen.promise.sentence] if chosen.promise and chosen.promise.headline else []
    return [*promise, *sentences_of(prepared.quality)]


def download(prepared: Release) -> None:
    """Draw the button that makes the zip; it is written once when clicked, kept in the workspace, and validated."""
    if not people.may():
        return
    place = cache.workspace()
    folder, name = place.folder("exports"), f"{prepared.settings.folder}.zip"

    def make() -> bytes:
        out = unused_path(folder, name)  # an earlier zip is never written over
        release(place, prepared, out)
        return out.read_bytes()

    st.download_button(
        _("Download the zip"),
        make,
        file_name=unused_path(folder, name).name,
        mime="application/zip",
        icon=":material/download:",
    )
    zip_paths = [Path(export.path) for export in saved_exports(place, prepared.scored.predictions)]
    last = next((path for path in zip_paths if path.exists()), None)
    if last is not None and st.button(_("Check the last zip"), icon=":material/fact_check:"):
        _show_checks(last)


def _show_checks(path: Path) -> None:
    with st.spinner(_("Checking …")):
        checks = validate(path)
    table = pd.DataFrame(
        [{"check": check.name, "result": check.outcome, "detail": check.detail, "by": check.by} for check in checks]
    )
    failed = int((table["result"] == "failed").sum())
    feedback.conclusion(
        _(
            "{table} of {table_2} checks did not fail; {failed} failed.",
            table=len(table) - failed,
            table_2=len(table),
            failed=failed,
        )
    )
    show_table(table, alt=_("Result of each check: passed, failed or not run"))


def show_preview(table: ExportTable) -> None:
    """Show ten records as they will stand in a format, what is new marked."""
    writers = record_formats()
    format_ = str(language.choose(st.selectbox, _("As"), list(writers), format_func=_format_words, key="preview"))
    kind = _kind(writers[format_], table)
    seed = st.number_input(
        _("Another ten"), min_value=0, value=0, step=1, help=_("Another number draws other records.")
    )
    records = preview(table, format_, seed=int(seed), kind=kind)
    if not records:
        st.markdown(_("No record would carry a label in this format."))
        return
    for record in records:
        faults = _(" · {n} faults", n=len(record.faults)) if record.faults else ""
        with st.expander(f"{escape(record.title[:90])}{faults}"):
            for fault in record.faults:
                st.error(escape(fault))
            # st.html cannot run scripts, and every sign of the record is escaped: bold marks what the export adds.
            rows = "".join(
                f"<div>{'<b>+ ' if line.new else '  '}{html.escape(line.text)}{'</b>' if line.new else ''}</div>"
                for line in record.lines
            )
            st.html(f'<div style="{_TYPED}">{rows}</div>')
    st.caption(_("Lines with + are added by the export; everything else stands as the library wrote it."))


def _kind(writer: RecordFormat, table: ExportTable) -> str | None:
    """Return which kind of record to show, asked where several will be written."""
    kinds = writer.kinds(table)
    if len(kinds) < 2:
        return None
    return st.segmented_control(
        _("Kind"),
        kinds,
        format_func=lambda name: _(KIND_NAMES[name]),
        default=kinds[0],
        required=True,
        key="preview_kind",
    )


def show_flow(table: ExportTable) -> None:
    """Show how many records the machine, people and the catalogue decide, and which labels they then carry."""
    flows = count_flows(table.decisions)
    st.plotly_chart(flow_chart(flows, chart_theme()), alt=counts_sentence(table), key="flow")
    widgets.download_table(flows.assign(decision=flows["decision"].map(WAYS)), "export-ways")


def show_breakdown(table: ExportTable, scored: Scored, chosen: SavedPolicy) -> None:
    """Show accepted and abstained by language and by decade, and how often the checked accepted ones are right."""
    for facet in ("language", "decade"):
        counted = breakdown(table, facet, precision_by(scored.table, chosen.policy, facet))
        st.markdown(f"**{facet_title(facet)}**")
        shown = counted.assign(
            value=[shown_value(facet, value) for value in counted["value"]], reason=counted["reason"].map(translate)
        )
        show_table(shown, shares=["precision", "low", "high"], alt=_("Decisions by {facet}", facet=facet_title(facet)))
        widgets.download_table(counted, f"export-by-{facet}")


def show_difference(table: ExportTable) -> None:
    """Show what the export changes against the catalogue's genre field."""
    difference = genre_difference(table)
    for kind, meaning in DIFFERENCES.items():
        st.markdown(
            _("**{counts:,}** {kind}: {meaning}.", counts=difference.counts[kind], kind=_(kind), meaning=_(meaning))
        )
    shown = st.selectbox(_("Show the records"), list(DIFFERENCES), format_func=_)
    books = difference.of(str(shown)).head(1000)
    show_table(books.assign(difference=books["difference"].map(_)), alt=_("Records by difference from the genre field"))
    widgets.download_table(difference.of(str(shown)), f"genre-{shown}".replace(" ", "-"))


def show_history(predictions: str) -> None:
    """List earlier exports with their settings; their cut-offs can be restored."""
    exports = saved_exports(cache.workspace(), predictions)
    if not exports:
        st.markdown(_("Nothing has been exported from these predictions yet."))
    for export in exports:
        with st.container(border=True), feedback.show_errors():
            by = _(" · by {created_by}", created_by=escape(export.created_by)) if export.created_by else ""
            st.markdown(
                _(
                    "**{export}** · {replace} · {accepted:,} accepted, {review:,} for review{by}",
                    export=escape(export.name),
                    replace=export.exported_at[:16].replace("T", " "),
                    accepted=export.accepted,
                    review=export.review,
                    by=by,
                )
            )
            choices = export.choices
            st.caption(_choices_in_words(choices))
            # Bound to the export, not to its place in the list, which changes when somebody exports or keeps others.
            st.button(
                _("Use these cut-offs again"),
                key=f"restore-{export.id}",
                icon=":material/undo:",
                on_click=_restore,
                disabled=not people.may(),
                args=(predictions, choices),
            )


def _choices_in_words(choices: ExportSettings) -> str:
    """Return the settings of an earlier export in a line: cut-offs, formats, and what was chosen about MARC."""
    parts = [_cuts_in_words(choices.policy), ", ".join(choices.formats), ", ".join(choices.marc_kinds)]
    parts += [choices.organisation, choices.source_code, choices.base_uri]
    return " · ".join(escape(part) for part in parts if part)


def _cuts_in_words(policy: Policy) -> str:
    groups = policy.by_stratum if policy.stratum else {"": policy.cuts}
    words = "; ".join(
        (f"{value}: " if value else "")
        + ", ".join(_("{name} above {cut:.3f}", name=name, cut=cut) for name, cut in sorted(cuts.items()))
        for value, cuts in sorted(groups.items())
    )
    return (
        words
        if policy.where is None
        else _("{words}; only {description}", words=words, description=policy.where.in_words)
    )


def _restore(predictions: str, choices: ExportSettings) -> None:
    chosen = SavedPolicy(
        policy=choices.policy,
        promise=choices.promise,
        labels=choices.chosen_on,
        because=_("restored from an earlier export"),
    )
    with feedback.show_errors():
        save_policy(cache.workspace(), predictions, chosen)
