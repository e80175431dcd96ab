"""The demonstration's workspace; its two models are looked at where both are made, in tests/pages/test_home.py."""

import pytest

from core.cli import main
from core.demonstration import MODEL, PREDICTIONS, build
from core.errors import NameTakenError
from core.importing import import_file
from core.models import language_models
from core.predictions import load_scored
from core.schema import DRAWN, PREDICTED, RECORD_ID, TRUTH
from core.thresholds import apply_policy, find_whole_guarantee
from data.demonstration import generate


@pytest.fixture(scope="module")
def truth():
    return generate().truth


@pytest.mark.slow
@pytest.mark.parametrize("limit", [0.01, 0.02, 0.05])
def test_the_first_promise_is_given_and_is_true(demo_workspace, truth, limit):
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
def test_another_demonstration_over_the_first_is_refused_before_anything_is_written(demo_copy, capsys):
    table = demo_copy.root / "demonstration" / "demo-catalogue.csv"
    before = (table.read_bytes(), demo_copy.find("corpora", "demo-catalogue").fingerprint)
    assert main(["--workspace", str(demo_copy.root), "--quiet", "demo", "--seed", "7"]) == 2
    output = capsys.readouterr().err
    assert "Nothing was made: this workspace holds another demonstration." in output
    assert "Name an empty folder with --workspace to have both; or remove what is called demo-… with" in output
    assert (table.read_bytes(), demo_copy.find("corpora", "demo-catalogue").fingerprint) == before


@pytest.mark.slow
def test_a_newer_version_takes_an_older_one_s_as_it_is_and_has_one_model_without_the_language_model(
    demo_copy, monkeypatch
):
    kinds = ("corpora", "labels", "models", "predictions")
    before = {(kind, thing.name): thing.fingerprint for kind in kinds for thing in demo_copy.list(kind)}
    monkeypatch.setattr("core.importing._VERSION", 99)
    monkeypatch.setattr(language_models, "PACKAGE", "no_such_package")
    built = build(demo_copy)
    assert (built["models"], built["predictions"]) == ([MODEL], [PREDICTIONS])
    after = {(kind, thing.name): thing.fingerprint for kind in kinds for thing in demo_copy.list(kind)}
    assert {key: after[key] for key in before} == before
    assert set(after) - set(before) == {("corpora", "demo-checked")}


@pytest.mark.slow
def test_something_else_under_a_name_of_the_demonstration_stays(workspace, tmp_path):
    (tmp_path / "mine.csv").write_text("id,title\n1,Emma\n", encoding="utf-8")
    import_file(workspace, tmp_path / "mine.csv", "corpus", name="demo-catalogue")
    with pytest.raises(NameTakenError, match="this workspace holds something else called 'demo-catalogue'"):
        build(workspace, two_models=False)
    assert len(workspace.find("corpora", "demo-catalogue").manifest.mapping) == 2
    assert workspace.list("labels") == []


def test_judged_by_the_labels_it_learned_from_a_model_is_shown_out_of_fold_and_that_is_said(demo_workspace):
    scored = load_scored(demo_workspace, PREDICTIONS, "demo-annotated")
    [sentence] = [sentence for sentence in scored.sentences if "out of fold" in sentence]
    assert "1,242 of these books" in sentence
    assert "Books drawn at random from the collection would be better judges." in sentence
