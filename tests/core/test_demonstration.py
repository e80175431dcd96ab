"""The demonstration's workspace: two models, of which the quick one and all books are what a page shows first."""

import pytest

from core.comparison import compare_models
from core.demonstration import MODEL, PREDICTIONS, SECOND_MODEL, SECOND_PREDICTIONS, build
from core.models import language_models
from core.predictions import load_scored


@pytest.mark.slow
@pytest.mark.timeout(900)  # 25 seconds on two idle cores
def test_two_models_can_be_compared_on_the_books_that_people_checked(workspace):
    built = build(workspace)
    assert built["models"] == [SECOND_MODEL, MODEL]
    # the newest is what the pages show first
    assert [thing.name for thing in workspace.list("models")] == [MODEL, SECOND_MODEL]
    assert [thing.name for thing in workspace.list("predictions")] == [PREDICTIONS, SECOND_PREDICTIONS]
    assert [thing.name for thing in workspace.list("corpora")] == ["demo-digitised", "demo-catalogue", "demo-checked"]
    kinds = ("corpora", "labels", "models", "predictions")
    assert all(thing.manifest["invented"] for kind in kinds for thing in workspace.list(kind))
    first, second = (load_scored(workspace, name) for name in (PREDICTIONS, SECOND_PREDICTIONS))
    assert (len(first.table), len(second.table)) == (6000, 800)
    assert len(first.labelled) == len(second.labelled) == 792
    assert compare_models(first.table, second.table, first.classes).n == 792


def test_without_the_language_model_the_demonstration_has_one_model(workspace, monkeypatch):
    monkeypatch.setattr(language_models, "PACKAGE", "no_such_package")
    built = build(workspace)
    assert (built["models"], built["predictions"]) == ([MODEL], [PREDICTIONS])
