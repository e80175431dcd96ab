"""Pieces of the Export page: policy, settings, counts that add up, preview, differences, download, history."""

import html
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd
import streamlit as st

from core.export import FORMATS, PROFILES, TERM_QUESTION
from core.export.comparison import DIFFERENCES, breakdown, genre_difference
from core.export.preview import PREVIEW_FORMATS, preview
from core.export.quality import quality_sentences as sentences_of
from core.export.table import ExportTable
from core.export.validation import validate
from core.facets import facet_title
from core.policies import KeptPolicy, keep_policy, kept_policies
from core.predictions import Scored
from core.release import Release, kept_exports, precision_by, release
from dashboard import cache, feedback, widgets
from dashboard.text import escape

__all__ = [
    "HOW",
    "chosen_policy",
    "counts_sentence",
    "download",
    "quality_sentences",
    "settings",
    "show_breakdown",
    "show_difference",
    "show_history",
    "show_preview",
]

HOW = (
    "Every record is decided once: a curator who looked at it, else a person's label (which stands, and blocks the"
    " machine's), else the cut-off. The zip holds the accepted records, those for review, all records with"
    " their decision,"
    " a manifest with model, cut-offs, accuracy and dates, a README in library language, and the checksums of"
    " all files."
    " The same choices give the same bytes but for the moment of the export."
)
_YES_NO = {"": "not answered yet", "yes": "yes: verse and drama count as fiction", "no": "no: prose fiction only"}


def chosen_policy(predictions: str) -> KeptPolicy:
    """Return the policy that was kept last, or say where to choose one and stop the page."""
    kept = kept_policies(cache.workspace(), predictions)
    if not kept:
        feedback.empty(
            "No cut-offs have been kept for these predictions yet. Choose them on the Thresholds page and press"
            " “Keep”.",
            "Thresholds",
            "Choose cut-offs",
        )
    chosen = kept[0]
    cuts = ", ".join(f"{escape(name)} above {cut:.3f}" for name, cut in sorted(chosen.policy.cuts.items()))
    promise = f" {escape(str(chosen.promise.get('sentence', '')))}" if chosen.promise else " Set by hand."
    st.markdown(f"Accepted: {cuts}, kept on {chosen.chosen_at[:10]}.{promise}")
    return chosen


def settings(scored: Scored) -> dict[str, Any]:
    """Draw the settings and return them as fields of the export's settings."""
    with st.container(border=True):
        formats = st.multiselect(
            "Formats",
            list(FORMATS),
            default=["csv"],
            format_func=FORMATS.__getitem__,
            key="formats",
            bind="query-params",
        )
        left, right = st.columns(2)
        profile = left.selectbox(
            "Terms from", list(PROFILES), format_func=PROFILES.__getitem__, key="profile", bind="query-params"
        )
        answer = right.selectbox(
            TERM_QUESTION,
            list(_YES_NO),
            format_func=_YES_NO.__getitem__,
            key="verse",
            bind="query-params",
            help="It decides which catalogue term is true: a book of poems is Literature, not Fiction. The answer is"
            " kept in the manifest.",
        )
        said: dict[str, Any] = {"formats": tuple(formats or ["csv"]), "profile": profile, "answer": answer}
        if not scored.labels and (scored.table["truth"] != "").any():
            keep = st.toggle(
                "Labels that came with the predictions stand in the catalogue",
                key="truth_stands",
                bind="query-params",
                help="Off: they were used to measure and block nothing. On: no machine label is added to those books.",
            )
            said["human_labels"] = "keep" if keep else "measure-only"
        with st.expander("Library and MARC"):
            said["source_code"] = st.text_input(
                "Whose record numbers these are (003)",
                key="source_code",
                bind="query-params",
                help="MARC organisation code, such as Uk for the British Library. Without it new records carry no 003.",
            )
            said["write_literary_form"] = st.toggle(
                "Also code the literary form (008/33) where nobody has",
                key="literary_form",
                bind="query-params",
                help="That byte cannot carry its own provenance, so it is off unless you ask for it.",
            )
            said["organisation"] = st.text_input("MARC organisation code", key="organisation", bind="query-params")
            said["publisher"] = st.text_input("Library", key="library", bind="query-params")
            said["contact"] = st.text_input("Whom to ask", key="contact", bind="query-params")
    return said


def counts_sentence(table: ExportTable) -> str:
    """Show that the counts add up."""
    return table.counts.sentence


def quality_sentences(prepared: Release) -> list[str]:
    """Say how good the accepted labels are."""
    return list(sentences_of(prepared.quality))


def download(prepared: Release, chosen: KeptPolicy) -> None:
    """Draw the button that makes the zip; it is written once when clicked, kept in the workspace, and validated."""
    place = cache.workspace()
    name = f"{prepared.settings.folder}.zip"

    def make() -> bytes:
        out = place.folder("exports") / name
        release(place, prepared, out)
        return out.read_bytes()

    st.download_button(
        "Download the zip", make, file_name=name, mime="application/zip", type="primary", icon=":material/download:"
    )
    made = place.folder("exports") / name
    if made.exists() and st.button("Check the last zip", icon=":material/fact_check:"):
        _show_checks(made)


def _show_checks(path: Path) -> None:
    with st.spinner("Checking …"):
        checks = validate(path)
    table = pd.DataFrame(
        [{"check": one.name, "result": one.outcome, "detail": one.detail, "by": one.by} for one in checks]
    )
    failed = int((table["result"] == "failed").sum())
    feedback.conclusion(f"{len(table) - failed} of {len(table)} checks did not fail; {failed} failed.")
    st.dataframe(table, hide_index=True, alt="Result of each check: passed, failed or not run")


def show_preview(table: ExportTable) -> None:
    """Show ten records as they will stand in a format, what is new marked."""
    format_ = st.selectbox("As", PREVIEW_FORMATS, format_func=FORMATS.__getitem__, key="preview", bind="query-params")
    seed = st.number_input("Another ten", min_value=0, value=0, step=1, help="Another number draws other records.")
    records = preview(table, str(format_), seed=int(seed))
    if not records:
        st.markdown("No record would carry a label in this format.")
        return
    for record in records:
        faults = f" · {len(record.faults)} faults" if record.faults else ""
        with st.expander(f"{escape(record.title[:90])}{faults}"):
            for fault in record.faults:
                st.error(escape(fault))
            # st.html cannot run scripts, and every sign of the record is escaped: bold marks what the export adds.
            rows = "".join(
                f"<div>{'<b>+ ' if line.new else '&nbsp; '}{html.escape(line.text)}{'</b>' if line.new else ''}</div>"
                for line in record.lines
            )
            st.html(f'<div style="font-family:monospace;font-size:0.85rem;overflow-wrap:anywhere">{rows}</div>')
    st.caption("Lines with + are added by the export; everything else stands as the library wrote it.")


def show_breakdown(table: ExportTable, scored: Scored, chosen: KeptPolicy) -> None:
    """Show accepted and abstained by language and by decade, and how often the checked accepted ones are right."""
    for facet in ("language", "decade"):
        counted = breakdown(table, facet, precision_by(scored.table, chosen.policy, facet))
        st.markdown(f"**{facet_title(facet)}**")
        st.dataframe(counted, hide_index=True, alt=f"Decisions by {facet_title(facet)}")
        widgets.download_table(counted, f"export-by-{facet}")


def show_difference(table: ExportTable) -> None:
    """Show what the export changes against the catalogue's genre field."""
    found = genre_difference(table)
    for kind, meaning in DIFFERENCES.items():
        st.markdown(f"**{found.counts[kind]:,}** {kind}: {meaning}.")
    shown = st.selectbox("Show the records", list(DIFFERENCES))
    st.dataframe(found.of(str(shown)).head(1000), hide_index=True, alt="Records by difference from the genre field")
    widgets.download_table(found.of(str(shown)), f"genre-{shown}".replace(" ", "-"))


def show_history(predictions: str) -> None:
    """List earlier exports with their settings; their cut-offs can be restored."""
    made = kept_exports(cache.workspace(), predictions)
    if not made:
        st.markdown("Nothing has been exported from these predictions yet.")
    for number, one in enumerate(made):
        with st.container(border=True):
            st.markdown(
                f"**{escape(one['name'])}** · {one['at'][:16].replace('T', ' ')} · {one['accepted']:,} accepted,"
                f" {one['review']:,} for review"
            )
            st.caption(_cuts_of(one["settings"]))
            if st.button("Use these cut-offs again", key=f"restore-{number}", icon=":material/undo:"):
                _restore(predictions, one["settings"])
                st.rerun()


def _cuts_of(said: Mapping[str, Any]) -> str:
    return ", ".join(f"{escape(name)} above {cut:.3f}" for name, cut in sorted(said["cuts"].items()))


def _restore(predictions: str, said: Mapping[str, Any]) -> None:
    from core.thresholds import Policy

    keep_policy(
        cache.workspace(),
        predictions,
        KeptPolicy(Policy(dict(said["cuts"])), said.get("promise", {}), because="restored from an earlier export"),
    )
