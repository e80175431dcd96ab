"""Try a title: what a model says of any title a person types, and which words speak for and against it."""

from collections.abc import Sequence

import pandas as pd
import streamlit as st

from core.normalise.titles import title_key
from core.reading import join_fields
from core.schema import TITLE_KEY
from dashboard import cache, why_view, widgets
from dashboard.tables import show_table
from dashboard.text import escape

__all__ = ["show"]


def show(models: Sequence[str], *, model: str | None = None) -> None:
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
    why_view.show_explanation(model_name, text)
    chances = pd.DataFrame({"class": loaded.classes, "probability": loaded.probabilities([text])[0]})
    with st.expander("The probability of each class", icon=":material/table:"):
        show_table(
            chances.sort_values("probability", ascending=False),
            shares=["probability"],
            alt="Probability of each class for the title that was typed",
        )
    if title_key(title) in set(loaded.training[TITLE_KEY]):
        st.caption(f"“{escape(model_name)}” learned from a book with this title, so that it knows the answer by heart.")
