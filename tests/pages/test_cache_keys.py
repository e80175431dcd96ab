"""What a page shows is never what another table, another name or another decision gave."""

from collections.abc import Iterator
from dataclasses import replace

import pandas as pd
import pytest
import streamlit as st

from core.guarantees import SavedPolicy
from core.predictions import Scored, load_scored
from core.review import record_decision, undo_decision
from core.storage import Workspace
from core.thresholds import Policy
from dashboard import cache


@pytest.fixture(autouse=True)
def _empty_caches(demo_copy: Workspace, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("COLOPHON_HOME", str(demo_copy.root))
    for saved in (st.cache_resource, st.cache_data):
        saved.clear()
    yield
    for saved in (st.cache_resource, st.cache_data):
        saved.clear()


def books(leaked: list[bool]) -> Scored:
    """Return 40 checked books, the last 10 of them wrong, with these leaks."""
    table = pd.DataFrame(
        {"record_id": [f"b{i}" for i in range(40)], "predicted": "Map", "truth": ["Map"] * 30 + [""] * 10}
    )
    table.loc[30:, "truth"] = "Play"
    table = table.assign(
        title="A title", title_key=table["record_id"], confidence=0.9, truth_given="", split="", leak=leaked
    )
    table["correct"] = table["predicted"] == table["truth"]
    return Scored(name="same", fingerprint="same-labels", classes=("Map", "Play"), table=table, calibrated=False)


def test_as_many_other_leaks_are_another_result() -> None:
    wrong_ones_leaked = books([False] * 30 + [True] * 10)
    right_ones_leaked = books([True] * 10 + [False] * 30)
    assert cache.evaluation(wrong_ones_leaked).without_leaks.accuracy.value == 1.0
    assert cache.evaluation(right_ones_leaked).without_leaks.accuracy.value == pytest.approx(20 / 30)


@pytest.mark.parametrize(
    "change",
    [
        {"name": "renamed"},
        {"labels": "others"},
        {"fingerprint": "same-other"},
        {"calibrated": True},
        {"learned_known": True},
        {"classes": ("Map", "Play", "Song")},
    ],
)
def test_everything_a_result_depends_on_is_in_the_key(change: dict[str, object]) -> None:
    first = books([False] * 40)
    assert replace(first, **change).key != first.key  # type: ignore[arg-type]
    assert replace(first).key == first.key


def test_two_names_of_the_same_predictions_are_called_by_their_own(demo_copy: Workspace) -> None:
    name = "demo-predictions"
    demo_copy.database.assign_name("predictions", "the-same", demo_copy.find("predictions", name).fingerprint)
    assert cache.scored(name, None).name == name
    assert cache.scored("the-same", None).name == "the-same"
    other = cache.scored(name, None)
    assert cache.comparison(cache.scored(name, None), other).names[0] == name
    assert cache.comparison(cache.scored("the-same", None), other).names[0] == "the-same"


def test_an_export_follows_decisions_and_reasons_not_their_number(demo_copy: Workspace) -> None:
    scored = load_scored(demo_copy, "demo-predictions")
    chosen = SavedPolicy(policy=Policy(dict.fromkeys(scored.classes, 0.9)))
    first = cache._cache_key(scored, chosen, {})
    assert cache._cache_key(scored, replace(chosen, because="the board said so"), {}) != first
    number = record_decision(demo_copy.database, scored.predictions, "r1", scored.classes[0])
    decided = cache._cache_key(scored, chosen, {})
    undo_decision(demo_copy.database, scored.predictions, number)
    assert len({first, decided, cache._cache_key(scored, chosen, {})}) == 3
