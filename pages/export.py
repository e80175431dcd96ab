"""Export: the accepted metadata with its provenance, previewed, counted and downloaded as one zip."""

import streamlit as st

from core.export.table import holds_marc
from core.predictions import load_predictions
from core.translation import _, noop
from dashboard import cache, export_view, feedback, language, widgets
from dashboard import export_view as export_settings
from dashboard.feedback import escape

st.title(_("Export"))
scored = widgets.require_scored(with_truth=False, sliced=False)
source = load_predictions(cache.workspace(), scored.name)
chosen = export_view.chosen_policy(source.fingerprint)
joined = scored.catalogue.fingerprint  # of predictions made elsewhere: the catalogue whose records they are of
has_marc = holds_marc(cache.originals(*(("corpora", joined) if joined else ("predictions", source.fingerprint))))
first = st.container()
settings = export_settings.settings(scored, has_marc=has_marc)
prepared = cache.release(scored, chosen, settings)
table = cache.export_table(scored, chosen, settings)
with first:
    feedback.conclusion(
        escape(
            _(
                "{accepted:,} of {loaded:,} records leave with a machine label.",
                accepted=table.counts.by_decision["accepted"],
                loaded=table.counts.loaded,
            )
        )
    )
    export_view.accepted_button(scored, chosen, settings, primary=True)
feedback.show_sentences(export_view.counts_sentence(table), *scored.catalogue.sentences)
feedback.more(_("How right these labels are"), *export_view.quality_sentences(prepared, chosen))
export_view.show_further(prepared)
export_view.download(prepared)

view = language.choose(
    st.segmented_control,
    _("Look before you download"),
    [
        noop("Preview"),
        noop("Where each book goes"),
        noop("By language and decade"),
        noop("Against the catalogue's genre"),
        noop("Earlier exports"),
    ],
    default="Preview",
    required=True,
    key="look",
    format_func=_,
)
if view == "Preview":
    export_view.show_preview(table)
elif view == "Where each book goes":
    export_view.show_flow(table)
elif view == "By language and decade":
    export_view.show_breakdown(table, scored, chosen)
elif view == "Against the catalogue's genre":
    export_view.show_difference(table)
else:
    export_view.show_history(source.fingerprint)
feedback.how_computed(_(export_view.METHOD_NOTE))
