"""Catalogue: load a file, see how it was read, correct it, and know the quality of its fields."""

import streamlit as st

from core.collection import field_quality
from core.wording import evaluation as wording
from dashboard import cache, feedback, loading, navigation, people, upkeep_view, widgets
from dashboard import loading as catalogue_choice
from dashboard.feedback import escape
from dashboard.record_view import records_table
from dashboard.tables import header, show_table

st.title("Catalogue")
if people.allowed("load files"):
    loading.load_a_file()

st.header("What is loaded")
thing = widgets.choose_artifact("Look at", ("corpora", "labels", "predictions"), "corpus")
if thing is None:
    st.markdown("Nothing yet. Load a file above, or look around in an invented library first.")
    navigation.links_to("Home", "Load the demonstration on the Home page")
    st.stop()
widgets.mark_invented(thing)
catalogue_choice.choose_catalogue(thing)
records = cache.records(thing.kind, thing.fingerprint)
feedback.conclusion(
    f"“{escape(thing.name)}” holds {len(records):,} records; {thing.manifest.rejected or 0:,} rows were rejected."
)
if thing.manifest.created_by:
    st.caption(f"By {escape(thing.manifest.created_by)}, {thing.manifest.created_at[:10]}")
feedback.show_sentences(*thing.manifest.warnings)
feedback.more(
    "Titles, dates and languages", wording.titles(records), wording.dates(records), wording.languages(records)
)

upkeep_view.manage(thing.kind, thing.name)

view = st.segmented_control(
    "Show",
    ["Fields", "Records", "How it was read", "Rejected rows"],
    default="Fields",
    key="view",
    bind="query-params",
    required=True,
)
if view == "Fields":
    table = field_quality(records)
    show_table(
        table.assign(field=table["field"].map(header)).drop(columns="n"),
        shares=["share"],
        lines=3,
        height="content",
        columns={
            "field": st.column_config.TextColumn(width=170),
            "share": st.column_config.NumberColumn("filled", width=80),
            "filled": st.column_config.NumberColumn("with a value", format="localized", width=100),
            "distinct": st.column_config.NumberColumn(format="localized", width=125),
            "commonest": st.column_config.TextColumn(width=410),
        },
        alt="How many records have a value in each field",
    )
    widgets.download_table(table, f"{thing.name}-fields")
elif view == "Records":
    records_table(records, name=f"{thing.name}-records", alt="The records as they were normalised")
elif view == "How it was read":
    loading.show_reading(thing.manifest)
else:
    loading.show_rejected(thing)
feedback.next_step("Representativeness")
