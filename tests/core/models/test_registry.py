import json
import shutil

import numpy as np
import pandas as pd
import pytest

from core.errors import ModelError, NotFoundError
from core.models import registry
from core.models.fitting import Plan, fit
from core.models.registry import Model, describe, list_models, load, load_folder, save
from core.storage import Workspace, file_sha256


@pytest.fixture(scope="module")
def fitted(make_books):
    return fit(make_books(120), Plan())


@pytest.fixture
def workspace(tmp_path):
    return Workspace(tmp_path / "workspace")


@pytest.fixture
def keep(workspace, fitted, tmp_path):
    def keep(name="genres", **change):
        content = {
            "training": fitted.training,
            "metrics": {"test": {"n": 120, "accuracy": {"value": float("nan")}}},
            "facts": {"seed": 0},
        }
        return save(workspace, name, fitted.classifier, fitted.calibration, scratch=tmp_path, **(content | change))

    return keep


def test_saved_and_loaded_it_is_the_same_model(keep, workspace, fitted):
    saved = keep()
    loaded = load(workspace, "genres")
    titles = fitted.training["title"].tolist()
    assert np.array_equal(loaded.probabilities(titles), saved.probabilities(titles))
    assert (loaded.kind, loaded.classes, loaded.name) == ("tfidf", ("Fiction", "Poetry", "Travel"), "genres")
    assert loaded.fingerprint == saved.fingerprint
    assert loaded.calibration == saved.calibration
    assert (loaded.metrics.test.n, loaded.metrics.test.accuracy.defined) == (120, False)
    assert loaded.manifest.seed == 0
    pd.testing.assert_frame_equal(loaded.training, fitted.training)


def test_it_is_found_by_fingerprint_too(keep, workspace):
    assert load(workspace, keep().fingerprint).classes == ("Fiction", "Poetry", "Travel")


def test_probabilities_are_calibrated(keep, fitted):
    model = keep()
    titles = fitted.training["title"].tolist()[:20]
    raw = fitted.classifier.predict_probabilities(titles)
    assert np.array_equal(model.probabilities(titles), fitted.calibration.apply(raw))
    assert model.calibration.method == "temperature"


def test_predictions_are_a_table(keep):
    table = keep().predict(["A tale", "", "  "])
    assert list(table.columns) == ["p_Fiction", "p_Poetry", "p_Travel"]
    assert table.iloc[0].sum() == pytest.approx(1)
    assert table.iloc[1:].isna().all(axis=None)


def test_nothing_but_numbers_and_json_is_saved(keep):
    model = keep()
    assert sorted(path.name for path in model.path.iterdir()) == [
        *["calibration.json", "manifest.json", "metrics.json", "model.safetensors", "training.parquet"],
        "vocabulary.json",
    ]
    assert model.manifest.files == {
        path.name: file_sha256(path) for path in model.path.iterdir() if path.name != "manifest.json"
    }


def test_the_same_model_is_kept_once(keep, workspace):
    assert keep().fingerprint == keep(name="again").fingerprint
    assert len(list(workspace.folder("models").iterdir())) == 1
    assert {row.name for row in list_models(workspace)} == {"genres", "again"}


def test_a_failure_leaves_nothing(keep, workspace, fitted, monkeypatch, tmp_path):
    def fail(self, folder):
        (folder / "half").write_text("made")
        raise OSError("disk full")

    monkeypatch.setattr(type(fitted.classifier), "save", fail)
    with pytest.raises(OSError, match="disk full"):
        keep()
    assert list(workspace.folder("models").iterdir()) == []
    assert not (tmp_path / "model").exists()
    with pytest.raises(NotFoundError, match="There is no model called 'genres'"):
        load(workspace, "genres")


@pytest.mark.parametrize(
    "file", ["calibration.json", "metrics.json", "model.safetensors", "training.parquet", "vocabulary.json"]
)
class TestAltered:
    def test_one_byte(self, keep, workspace, file):
        path = keep().path / file
        content = bytearray(path.read_bytes())
        content[len(content) // 2] ^= 1
        path.write_bytes(bytes(content))
        with pytest.raises(ModelError, match=rf"The file {file} of the model 'genres' was altered after it was saved"):
            load(workspace, "genres")

    def test_missing(self, keep, workspace, file):
        (keep().path / file).unlink()
        with pytest.raises(ModelError, match=rf"'genres' is incomplete: {file} is missing"):
            load(workspace, "genres")

    def test_altered_together_with_its_entry(self, keep, workspace, file):
        folder = keep().path
        (folder / file).write_bytes(b"{}")
        manifest = json.loads((folder / "manifest.json").read_text())
        manifest["files"][file] = file_sha256(folder / file)
        (folder / "manifest.json").write_text(json.dumps(manifest))
        with pytest.raises(ModelError, match="The manifest of the model 'genres' was altered"):
            load(workspace, "genres")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"model_kind": "magic"}, "is of the kind 'magic'; this version knows: tfidf"),
        ({"files": None}, "has no complete manifest"),
        ({"files": {}}, "does not name calibration.json"),
        ({"classes": ["a", "b"]}, "was altered after it was saved"),
        ({"fingerprint": "0" * 16}, "was altered after it was saved"),
    ],
)
def test_a_manifest_that_does_not_fit(keep, workspace, change, message):
    path = keep().path / "manifest.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | change))
    with pytest.raises(ModelError, match=message):
        load(workspace, "genres")


@pytest.mark.parametrize("file", ["../outside.json", "a/../../outside.json", "/etc/passwd", "a b", ""])
def test_a_manifest_cannot_point_outside_its_folder(keep, workspace, file):
    path = keep().path / "manifest.json"
    manifest = json.loads(path.read_text())
    manifest["files"][file] = "0" * 64
    path.write_text(json.dumps(manifest))
    with pytest.raises(ModelError, match="names a file it may not have"):
        load(workspace, "genres")


def test_a_model_from_elsewhere_is_loaded_from_its_folder(keep, tmp_path):
    saved = keep()
    shutil.copytree(saved.path, tmp_path / "pulled")
    model = load_folder(tmp_path / "pulled")
    assert isinstance(model, Model)
    assert model.name == "pulled"
    assert np.array_equal(model.probabilities(["A tale"]), saved.probabilities(["A tale"]))


def test_a_folder_that_is_no_model(tmp_path):
    with pytest.raises(ModelError, match="has no complete manifest"):
        load_folder(tmp_path)


def test_what_is_known_without_loading(keep, workspace, monkeypatch):
    saved = keep()
    monkeypatch.setattr(registry, "classifier_class", None)
    description = describe(workspace, "genres")
    assert description.fingerprint == saved.fingerprint
    assert description.title == "Words and letters (TF-IDF)"
    assert description.manifest.classes == ("Fiction", "Poetry", "Travel")
    assert description.metrics.test.n == 120
    assert description.n_bytes == sum(path.stat().st_size for path in saved.path.iterdir())
    assert description.manifest.created_at.endswith("Z")


@pytest.mark.parametrize(
    "change", [{"reads": ["BL shelfmark"]}, {"labels": "another"}, {"sentences": ["It is perfect."]}]
)
def test_what_a_manifest_says_beside_its_files_is_under_its_seal(keep, workspace, change):
    path = keep().path / "manifest.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | change))
    with pytest.raises(ModelError, match="The manifest of the model 'genres' was altered after it was saved"):
        load(workspace, "genres")


def test_a_model_of_before_there_were_seals_is_loaded(keep, workspace):
    path = keep().path / "manifest.json"
    manifest = {key: value for key, value in json.loads(path.read_text()).items() if key not in ("seal", "contents")}
    path.write_text(json.dumps(manifest))
    assert load(workspace, "genres").name == "genres"
    assert describe(workspace, "genres").name == "genres"


@pytest.mark.parametrize(
    ("file", "content", "said"),
    [
        ("metrics.json", {"test": {"n": "many"}}, "in its metrics.json, 'test.n' is not what it should be"),
        ("metrics.json", {"test": {"accuracy": 0.9}}, "in its metrics.json, 'test.accuracy' is not"),
        ("metrics.json", {"test": {"per_class": ["Fiction"]}}, "in its metrics.json, 'test.per_class' is not"),
        ("manifest.json", {"reads": "title"}, "in its manifest.json, 'reads' is not"),
        ("manifest.json", {"sentences": {"a": 1}}, "in its manifest.json, 'sentences' is not"),
        ("manifest.json", {"created_at": 5}, "in its manifest.json, 'created_at' is not"),
    ],
)
def test_an_odd_model_is_named_and_the_others_are_listed(keep, workspace, file, content, said):
    home = keep().path
    odd = home.with_name("0123456789abcdef")
    shutil.copytree(home, odd)
    workspace.database.assign_name("models", "odd", odd.name)
    before = json.loads((odd / file).read_text()) if file == "manifest.json" else {}
    (odd / file).write_text(json.dumps(before | content))
    assert [item.name for item in registry.list_models(workspace)] == ["genres"]
    [fault] = workspace.unreadable("models")
    assert fault.name == "odd"
    assert said in fault.reason
    assert "remove it" in fault.on_page
    assert str(fault).endswith("To remove it: colophon remove model odd")
