"""Models: train one, score a catalogue, import predictions, compare on the same books, check for leaks."""

import streamlit as st

from core.translation import _, noop
from core.wording.evaluation import best_model
from dashboard import cache, feedback, jobs, language, models_view, navigation, people, record_view, widgets
from dashboard.feedback import escape

st.title(_("Models"))
jobs.announce_result()
models = cache.models()
if models:
    feedback.conclusion(escape(best_model(models)))
    models_view.show_newest_model(models)
    models_view.show_unknown_languages(models)
else:
    st.markdown(_("No model has been trained yet. A model learns from books that people have labelled."))

view = language.choose(
    st.segmented_control,
    _("Show"),
    [
        noop("Train a model"),
        noop("Score a catalogue"),
        noop("All models"),
        noop("Try a title"),
        noop("Leak check"),
        noop("Compare two"),
    ],
    default="Train a model",
    required=True,
    key="view",
    format_func=_,
    label_visibility="collapsed",
)
labels = [artifact.name for artifact in widgets.label_sets()]
names = [model.name for model in models]
if view == "Train a model":
    if not people.allowed(_("train models")):
        pass
    elif labels:
        config = models_view.training_form(labels)
        if config and models_view.can_start(config):
            jobs.start_job("core.models.training", config, f"Training on {config['labels']}")
    else:
        st.markdown(_("Training needs labels: what people said of some books."))
        navigation.links_to("Catalogue", _("Import labels"))
    jobs.show_jobs("core.models.training")
elif view == "Score a catalogue":
    corpora = [artifact.name for artifact in cache.workspace().list("corpora")]
    if not people.allowed(_("score catalogues")):
        pass
    elif models and corpora:
        config = models_view.scoring_form(names, corpora, labels)
        if config:
            jobs.start_job("core.models.scoring", config, f"Scoring {config['corpus']} with {config['model']}")
    else:
        st.markdown(_("Scoring needs a model and a catalogue."))
    st.markdown(_("Predictions made by another tool are enough for every page that follows."))
    navigation.links_to("Catalogue", _("Import predictions"))
    jobs.show_jobs("core.models.scoring")
elif view in ("All models", "Try a title") and models:
    if view == "All models":
        models_view.list_of_models(models)
    else:
        record_view.show_title_to_try(names)
elif view in ("Leak check", "Compare two") and (name := widgets.chosen_predictions()):
    if view == "Leak check":
        scored = widgets.require_scored(with_truth=False)
        if people.may():
            models_view.learned_from_form(scored.name)
        models_view.leak_check(scored, cache.evaluation(scored))
    else:
        models_view.compare(str(name))
else:
    st.markdown(_("Nothing can be shown here yet."))
feedback.next_step("Errors")
