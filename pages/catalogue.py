"""Catalogue: load a file, see how it was read, correct it, and know the quality of its fields."""

import pandas as pd
import streamlit as st

from core.representativeness import field_quality
from core.translation import _, noop, number_text, translate
from core.wording import evaluation as wording
from dashboard import cache, feedback, language, loading, navigation, people, widgets
from dashboard import loading as catalogue_choice
from dashboard.feedback import escape, percent
from dashboard.record_view import records_table
from dashboard.tables import header, show_sentences_table

st.title(_("Catalogue"))
if people.allowed(_("load files")):
    loading.load_a_file()

st.header(_("What is loaded"))
thing = widgets.choose_artifact(_("Look at"), ("corpora", "labels", "predictions"), "corpus")
if thing is None:
    st.markdown(_("Nothing yet. Load a file above, or look around in an invented library first."))
    navigation.links_to("Home", _("Load the demonstration on the Home page"))
    st.stop()
widgets.mark_invented(thing)
catalogue_choice.choose_catalogue(thing)
records = cache.records(thing.kind, thing.fingerprint)
feedback.conclusion(
    _(
        "“{thing}” holds {records:,} records; {rejected:,} rows were rejected.",
        thing=escape(thing.name),
        records=len(records),
        rejected=thing.manifest.rejected or 0,
    )
)
if thing.manifest.created_by:
    st.caption(
        _(
            "By {created_by}, {created_at}",
            created_by=escape(thing.manifest.created_by),
            created_at=thing.manifest.created_at[:10],
        )
    )
feedback.show_sentences(*thing.manifest.warnings)
feedback.more(
    _("Titles, dates and languages"), wording.titles(records), wording.dates(records), wording.languages(records)
)

loading.manage(thing.kind, thing.name)

view = language.choose(
    st.segmented_control,
    _("Show"),
    [noop("Fields"), noop("Records"), noop("How it was read"), noop("Rejected rows")],
    default="Fields",
    key="view",
    required=True,
    format_func=_,
)
if view == "Fields":
    table = field_quality(records)
    show_sentences_table(
        pd.DataFrame(
            {
                noop("field"): [translate(header(name)) for name in table["field"]],
                noop("with a value"): table["share"].map(percent),
                "commonest values": table["commonest"].map(number_text),
                "different values": [_("{n:,}", n=n) for n in table["distinct"]],
            }
        ),
        alt=_("How many records have a value in each field"),
    )
    widgets.download_table(table, f"{thing.name}-fields")
elif view == "Records":
    records_table(records, name=f"{thing.name}-records", alt=_("The records as they were normalised"))
elif view == "How it was read":
    loading.show_reading(thing.manifest)
else:
    loading.show_rejected(thing)
feedback.next_step("Representativeness")
