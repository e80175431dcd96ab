"""The settings of an export, drawn: formats, terms, the library, MARC."""

from typing import Any

import streamlit as st

from core.export import CARRIERS, FORMATS, MARC_KINDS, PROFILES, TERM_QUESTION, parse_formats, parse_marc_kinds
from core.export.identifiers import check_base_uri
from core.predictions import Scored
from dashboard import feedback
from dashboard.text import JOINER

__all__ = ["KIND_NAMES", "settings"]

_YES_NO = {"": "not answered yet", "yes": "yes: verse and drama count as fiction", "no": "no: prose fiction only"}
KIND_NAMES = {"enriched": "Enriched records", "stub": "New records (stubs)", "delta": "Delta records"}
_CARRIER_NAMES = {"online": "The digitised book", "volume": "The book on the shelf"}


def settings(scored: Scored, *, has_marc: bool) -> dict[str, Any]:
    """Draw the settings and return them as fields of the export's settings; stop the page where one cannot be kept.

    Parameters
    ----------
    has_marc : bool
        Whether the catalogue was loaded as MARC, so that its own records can be enriched.
    """
    with st.container(border=True):
        formats = st.multiselect(
            "Formats",
            list(FORMATS),
            default=["csv"],
            format_func=FORMATS.__getitem__,
            key="formats",
            bind="query-params",
        )
        profile = st.selectbox(
            "Terms from", list(PROFILES), format_func=PROFILES.__getitem__, key="profile", bind="query-params"
        )
        answer = st.selectbox(
            TERM_QUESTION,
            list(_YES_NO),
            format_func=_YES_NO.__getitem__,
            key="verse",
            bind="query-params",
            help="It decides which catalogue term is true: a book of poems is Literature, not Fiction. The answer is"
            " kept in the manifest.",
        )
        fields: dict[str, Any] = {"formats": parse_formats(formats or ["csv"]), "profile": profile, "answer": answer}
        if not scored.labels and (scored.table["truth"] != "").any():
            keep = st.toggle(
                "Labels that came with the predictions stand in the catalogue",
                key="truth_stands",
                bind="query-params",
                help="Off: they were used to measure and block nothing. On: no machine label is added to those books.",
            )
            fields["human_labels"] = "keep" if keep else "measure-only"
        with st.expander("Library", icon=":material/account_balance:"):
            left, right = st.columns(2)
            fields["publisher"] = left.text_input("Library", key="library", bind="query-params")
            fields["contact"] = right.text_input("Whom to ask", key="contact", bind="query-params")
        with st.expander("MARC settings", icon=":material/tune:"):
            fields |= _marc(has_marc, written=bool({"marc", "marcxml"} & set(fields["formats"])))
    valid = False
    with feedback.show_errors():
        check_base_uri(fields["base_uri"])
        valid = True
    if not valid:
        st.stop()
    return fields


def _marc(has_marc: bool, *, written: bool) -> dict[str, Any]:
    """Draw what a metadata librarian decides about the MARC records."""
    if not written:
        st.caption("No MARC file is among the formats yet: add MARC 21 or MARCXML above.")
    kinds = [kind for kind in KIND_NAMES if has_marc or kind != "enriched"]
    usual = "enriched and delta records" if has_marc else "new and delta records"
    chosen = st.multiselect(
        "Kinds of MARC files",
        kinds,
        format_func=KIND_NAMES.__getitem__,
        placeholder=f"The usual: {usual}",
        key="marc_kinds",
        bind="query-params",
    )
    lines = [f"{KIND_NAMES[kind]}: {MARC_KINDS[kind]}." for kind in parse_marc_kinds(kinds)]
    if not has_marc:
        lines.append("Enriched records need a catalogue that was loaded as MARC; this one was not.")
    st.caption("  \n".join(lines))
    left, right = st.columns(2)
    with left:
        source_code = st.text_input(
            "Whose record numbers these are (003)", key="source_code", placeholder="Uk", bind="query-params"
        )
        st.caption(
            "MARC organisation code, such as Uk for the British Library. Without it, new and delta records carry"
            " neither 003 nor 035 and match on 001 alone."
        )
    with right:
        organisation = st.text_input("Your library's MARC organisation code", key="organisation", bind="query-params")
        st.caption("It marks what this export adds: 040 $d, 588 and 655 $5, 883 $q. Without it these are left out.")
    left, right = st.columns(2)
    with left:
        carrier = st.selectbox(
            "New records describe",
            list(CARRIERS),
            format_func=_CARRIER_NAMES.__getitem__,
            key="carrier",
            bind="query-params",
        )
        st.caption(f"{CARRIERS[carrier][0].upper()}{CARRIERS[carrier][1:]}; 007 and 008/23 say the same.")
    with right:
        base_uri = st.text_input(
            "Address of your runs (883 $u)",
            key="base_uri",
            placeholder="https://data.example.org/runs/",
            bind="query-params",
        )
        st.caption(
            "The name of the run is put behind it, in all formats, so it ends in / or #. Without one, the run is named"
            " by a urn:uuid."
        )
    literary_form = st.toggle(
        "Also code the literary form (008/33) where nobody has", key="literary_form", bind="query-params"
    )
    st.caption("That byte cannot carry its own provenance, so it is off unless you ask for it.")
    return {
        "marc_kinds": parse_marc_kinds(chosen),
        "carrier": carrier,
        "source_code": source_code.strip(),
        "organisation": organisation.strip(),
        "base_uri": base_uri.strip().replace(JOINER, ""),  # an address that was copied from a page has it
        "write_literary_form": literary_form,
    }
