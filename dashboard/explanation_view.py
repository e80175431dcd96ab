"""Why did it say so: the words for and against, beside similar titles, for a book or for a typed title."""

from collections.abc import Sequence

import pandas as pd
import streamlit as st

from core.evaluation import most_confident_wrong
from core.explain import Explanation
from core.model_input import has_columns, join_fields, title_part
from core.normalise.records import title_key
from core.predictions import Scored, load_predictions
from core.schema import PREDICTED, RECORD_ID, TITLE, TITLE_KEY, TRUTH
from dashboard import cache, feedback, navigation, widgets
from dashboard import tables as theme
from dashboard.charts.errors import words_chart
from dashboard.feedback import escape, percent
from dashboard.tables import show_table

__all__ = [
    "show",
    "show_explanation",
    "show_title_to_try",
]

# --- Why did it say so: the words for and against, beside similar labelled titles -------------------------------------


def show(scored: Scored) -> None:
    """Explain a wrong title, or one that is typed."""
    models = [model.name for model in cache.models()]
    if not models:
        st.markdown("Explanations ask a model. These predictions were made elsewhere; train a model to see its words.")
        navigation.links_to("Models", "Train a model")
        return
    own = load_predictions(cache.workspace(), scored.name).manifest.model
    model = st.selectbox("Model", models, index=models.index(own) if own in models else 0, key="why_model")
    if own != model:
        st.caption("These predictions were made by another model; what follows is how the chosen one reads the title.")
    wrong = most_confident_wrong(scored.labelled).head(200)
    titles = dict(zip(wrong[RECORD_ID], wrong[TITLE], strict=True))
    left, right = st.columns(2)
    picked = left.selectbox(
        "A title that was read wrong (the surest first)", list(titles), format_func=titles.__getitem__, key="why_title"
    )
    typed = right.text_input("or type your own and watch it change", key="why_typed", max_chars=1000)
    title = typed or titles.get(picked, "")
    if not title:
        st.markdown("Type a title to see which words speak for which class.")
        return
    if not typed:
        row = wrong[wrong[RECORD_ID] == picked].iloc[0]
        title = cache.text_of(str(model), scored.name, str(row[RECORD_ID]), str(row[TITLE]))
        feedback.show_sentences(f"The predictions say {row[PREDICTED]}; people say {row[TRUTH]}.")
    show_explanation(str(model), title)


def show_explanation(model: str, title: str) -> None:
    """Say what a model makes of a title (or a text with further columns), why, and show similar labelled titles."""
    explanation = cache.explanation(model, title)
    feedback.conclusion(escape(f"“{model}” says {explanation.class_name}, {percent(explanation.probability)} sure."))
    _say_words(explanation)
    reads = cache.model(model).reads
    if reads and not has_columns([title])[0]:
        st.caption(escape(f"“{model}” also reads {', '.join(reads)}; here it has the title alone."))
    table = explanation.table[["word", "contribution"]]
    left, right = st.columns(2)
    with left:
        st.altair_chart(
            words_chart(table, explanation.class_name, chart_theme=theme.chart_theme()),
            alt=f"What each word contributes for and against {explanation.class_name}",
        )
        st.caption(escape(explanation.note))
        widgets.download_table(table, "words")
        if st.toggle("Ask SHAP too (some seconds)", key="why_shap"):
            shap = cache.shap_explanation(model, title)
            st.altair_chart(
                words_chart(shap.table[["word", "contribution"]], shap.class_name, chart_theme=theme.chart_theme()),
                alt="SHAP values by word",
            )
            st.caption(escape(shap.note))
    with right:
        st.markdown("**Similar titles that people labelled**")
        similar = cache.similar_titles(model, title_part(title))
        if similar.empty:
            st.caption("The labels this model learned from are not in this workspace.")
        else:
            show_table(
                similar[["title", "label", "similarity"]],
                shares=["similarity"],
                columns={"title": st.column_config.TextColumn(width=230)},
                alt="Labelled titles most like this one",
            )


def _say_words(explanation: Explanation) -> None:
    table = explanation.table
    words = table.groupby("word", sort=False)["contribution"].sum()
    speaking = words[words.abs() > 0.05 * max(words.abs().max(), 1e-9)]
    for_it = speaking[speaking > 0].sort_values(ascending=False).head(4).index.tolist()
    against = speaking[speaking < 0].sort_values().head(4).index.tolist()
    sentences = [f"For it speak: {', '.join(for_it)}." if for_it else "No word speaks for it."]
    if against:
        sentences.append(f"Against it: {', '.join(against)}.")
    feedback.show_sentences(" ".join(sentences))


# --- Try a title: what a model says of any title a person types -------------------------------------------------------
# Try a title: what a model says of any title a person types, and which words speak for and against it.


def show_title_to_try(models: Sequence[str], *, model: str | None = None) -> None:
    """Draw the box and the answer.

    Parameters
    ----------
    models : sequence of str
        Names to choose from.
    model : str, optional
        The one to ask, when the page has chosen it already.
    """
    model_name = model or str(widgets.pick("Ask this model", models, "try_model"))
    if model is None:
        widgets.require_known("try_model", "model")
    title = st.text_input(
        "Type a title",
        key="try_title",
        max_chars=1000,
        placeholder="The mystery of the old mill",
        help="It is read as it stands here and is not kept.",
    )
    loaded = cache.model(model_name)
    fields = {name: st.text_input(f"{name}, if it is known", key=f"try_{name}", max_chars=200) for name in loaded.reads}
    if not title.strip():
        st.caption("The answer, how sure the model is, and the words that decided appear here.")
        return
    text = join_fields(pd.Series([title]), {name: pd.Series([value]) for name, value in fields.items()}).iloc[0]
    show_explanation(model_name, text)
    chances = pd.DataFrame({"class": loaded.classes, "probability": loaded.probabilities([text])[0]})
    with st.expander("The probability of each class", icon=":material/table:"):
        show_table(
            chances.sort_values("probability", ascending=False),
            shares=["probability"],
            alt="Probability of each class for the title that was typed",
        )
    if title_key(title) in set(loaded.training[TITLE_KEY]):
        st.caption(f"“{escape(model_name)}” learned from a book with this title, so that it knows the answer by heart.")
