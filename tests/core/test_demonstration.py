"""The demonstration's workspace: two models, of which the quick one and all books are what a page shows first."""

import pytest

from core.cli import main
from core.comparison import compare_models
from core.demonstration import MODEL, PREDICTIONS, SECOND_MODEL, SECOND_PREDICTIONS, build
from core.errors import NameTakenError
from core.importing import import_file
from core.models import language_models
from core.predictions import load_scored
from core.schema import DRAWN, PREDICTED, RECORD_ID, TRUTH
from core.thresholds import apply_policy, find_whole_guarantee
from data.demonstration import generate


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
    assert all(thing.manifest.invented for kind in kinds for thing in workspace.list(kind))
    first, second = (load_scored(workspace, name) for name in (PREDICTIONS, SECOND_PREDICTIONS))
    assert (len(first.table), len(second.table)) == (6000, 800)
    assert len(first.labelled) == len(second.labelled) == 792
    assert compare_models(first.table, second.table, first.classes).n == 792


@pytest.mark.parametrize("limit", [0.01, 0.02, 0.05])
def test_the_first_promise_is_given_and_is_true(demo_workspace, limit):
    truth = generate().truth
    scored = load_scored(demo_workspace, PREDICTIONS)
    assert set(scored.table.loc[scored.table[TRUTH] != "", DRAWN]) == {"random"}
    result = find_whole_guarantee(scored.table, scored.classes, limit)
    assert result.guaranteed
    assert result.known_chances
    table = scored.table[apply_policy(scored.table, result.policy()) & (scored.table[TRUTH] == "")]
    wrong = int((table[PREDICTED].to_numpy() != truth[table[RECORD_ID]].to_numpy()).sum())
    # 1 %: 49 of the 60 that may be; with 100 other sets of checked books some would be above.
    assert 0 < wrong <= result.most_wrong <= limit * 6_000
    assert result.coverage > 0.25


@pytest.mark.slow
def test_without_the_language_model_the_demonstration_has_one_model(workspace, monkeypatch):
    monkeypatch.setattr(language_models, "PACKAGE", "no_such_package")
    built = build(workspace)
    assert (built["models"], built["predictions"]) == ([MODEL], [PREDICTIONS])


def test_another_demonstration_over_the_first_is_refused_before_anything_is_written(demo_copy, capsys):
    table = demo_copy.root / "demonstration" / "demo-catalogue.csv"
    before = (table.read_bytes(), demo_copy.find("corpora", "demo-catalogue").fingerprint)
    assert main(["--workspace", str(demo_copy.root), "--quiet", "demo", "--seed", "7"]) == 2
    output = capsys.readouterr().err
    assert "Nothing was made: this workspace holds another demonstration." in output
    assert "Name an empty folder with --workspace to have both; or remove what is called demo-… with" in output
    assert (table.read_bytes(), demo_copy.find("corpora", "demo-catalogue").fingerprint) == before


@pytest.mark.slow
def test_a_newer_version_takes_the_demonstration_of_an_older_one_as_it_is(demo_copy, monkeypatch):
    kinds = ("corpora", "labels", "models", "predictions")
    before = {(kind, thing.name): thing.fingerprint for kind in kinds for thing in demo_copy.list(kind)}
    monkeypatch.setattr("core.importing._VERSION", 99)
    build(demo_copy, two_models=False)
    assert {(kind, thing.name): thing.fingerprint for kind in kinds for thing in demo_copy.list(kind)} == before


def test_something_else_under_a_name_of_the_demonstration_stays(workspace, tmp_path):
    (tmp_path / "mine.csv").write_text("id,title\n1,Emma\n", encoding="utf-8")
    import_file(workspace, tmp_path / "mine.csv", "corpus", name="demo-catalogue")
    with pytest.raises(NameTakenError, match="this workspace holds something else called 'demo-catalogue'"):
        build(workspace, two_models=False)
    assert len(workspace.find("corpora", "demo-catalogue").manifest.mapping) == 2
    assert workspace.list("labels") == []
