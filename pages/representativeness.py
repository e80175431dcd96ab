"""Representativeness: is the sample like the collection it should speak for?"""

import streamlit as st

from core.facets import FACETS, facet_title, shown_value
from core.translation import _, noop
from core.wording import representativeness as wording
from dashboard import cache, collection_view, feedback, language, navigation, tables, widgets
from dashboard.charts.curves import keyword_chart, ratio_chart, share_chart
from dashboard.feedback import escape

st.title(_("Representativeness"))
left, right = st.columns(2)
with left:
    sample = widgets.choose_artifact(_("Sample"), ("labels", "corpora", "predictions"), navigation.SAMPLE)
with right:
    population = widgets.choose_artifact(
        _("Collection it should speak for"), ("corpora", "predictions"), navigation.POPULATION
    )
if sample is None or population is None:
    feedback.empty(
        _("Two things are compared here: a sample and a collection. Load both."), "Catalogue", _("Load a file")
    )
widgets.mark_invented(sample, population)
if sample.fingerprint == population.fingerprint:
    st.info(_("Choose two different things to compare."), icon=":material/help:")
    st.stop()

result = cache.representativeness(sample, population)
conclusion, *further = wording.sentences(result)
feedback.conclusion(escape(conclusion))
first = wording.lead(result)
facet = widgets.choose_facet(_("Look at"), navigation.FACET, tuple(FACETS), first.facet if first else "language")
comparison = next(item for item in result.facets if item.facet == facet)
if comparison is not first:
    feedback.show_sentences(wording.headline(comparison))
kind = language.choose(
    st.segmented_control,
    _("Show"),
    [noop("Shares"), noop("Times as frequent")],
    default="Shares",
    required=True,
    key="show",
    format_func=_,
)
draw = share_chart if kind == "Shares" else ratio_chart
drawn = comparison.chart_table()
drawn = drawn.assign(value=[shown_value(facet, str(value)) for value in drawn["value"]])
tables.show_chart(
    draw(drawn, sample.name, population.name, chart_theme=tables.chart_theme()),
    alt=f"{facet_title(facet)}: {_(str(kind))}. {wording.headline(comparison)}",
)
feedback.show_sentences(*wording.caveats(comparison))
if facet == "language":
    feedback.show_sentences(*wording.evidence_sentences(cache.language_evidence(sample, population)))
collection_view.facet_table(comparison, sample.name, population.name)

st.header(_("All facets"))
feedback.show_sentences(*further)
summary = collection_view.summary(result)
collection_view.summary_table(summary)
widgets.download_table(summary, f"{sample.name}-against-{population.name}")

st.header(_("Words in titles over time"))
words = st.text_input(
    _("Words, separated by commas"), "novel, poem, history", key=navigation.WORDS, bind="query-params"
)
over_time = cache.keywords(sample, population, words)
feedback.show_sentences(collection_view.keyword_sentence(over_time))
columns = st.columns(2)
for place, (word, rows) in enumerate(over_time.dropna(subset=["year"]).groupby("word", sort=False)):
    with columns[place % 2]:
        tables.show_chart(
            keyword_chart(rows, chart_theme=tables.chart_theme()),
            alt=_("Share of titles with “{word}”, year by year", word=word),
        )
widgets.download_table(over_time, f"{sample.name}-{population.name}-words")
feedback.how_computed(_(collection_view.METHOD_NOTE))
feedback.next_step("Models")
