"""Manifests of every version are read, what is not known is kept, and damage is named by file and key."""

import json
from pathlib import Path
from typing import Any

import pytest

from core.errors import DamagedError, InputError
from core.export.manifest import BundleManifest
from core.manifests import (
    SCHEMA_VERSION,
    LabelManifest,
    Manifest,
    ModelManifest,
    ModelMetrics,
    PredictionManifest,
    matches_seal,
    sealed,
)
from core.sharing.bundle import prepare_model
from core.storage import Workspace, read_json, write_json
from core.upkeep import rename

# As they were written before there was a schema version.
MODEL: dict[str, Any] = {
    "kind": "tfidf",
    "fingerprint": "ab12",
    "created_at": "2026-11-28T07:06:22Z",
    "device": "cpu",
    "seconds": 21.75,
    "n_train": 1460,
    "n_weak": 0,
    "classes": ["Fiction", "Non-fiction"],
    "seed": 0,
    "refit": True,
    "calibration": "temperature",
    "leak": {"apart": [], "excluded": 0, "sentences": ["None of 218 is among the others."]},
    "sentences": ["It was tested."],
    "plan": {"kind": "tfidf", "shares": {"train": 0.7, "test": 0.3}, "options": {"base": "a/b"}},
    "temperature": 1.64,
    "labels": "demo-annotated",
    "labels_fingerprint": "fb6e",
    "excluded": [],
    "reads": ["Topics"],
    "model_kind": "tfidf",
    "files": {"metrics.json": "9516"},
}
PREDICTIONS: dict[str, Any] = {
    "kind": "predictions",
    "fingerprint": "cd34",
    "created_at": "2026-11-28T10:53:04Z",
    "model": "demo-tfidf",
    "model_fingerprint": "ab12",
    "trained_on": "fb6e",
    "corpus": "13ab",
    "corpus_name": "demo-digitised",
    "labels": "demo-test",
    "classes": ["Fiction", "Non-fiction"],
    "calibrated": True,
    "rows": 4000,
    "reads": [],
    "seconds": 2,
    "invented": True,
    "summary": {"predicted": {"Fiction": 1000, "Non-fiction": 3000}},
}
BUNDLE: dict[str, Any] = {
    "export": {"id": "urn:uuid:1", "name": "genre", "created": "2026-11-24T09:00:00Z", "licence": "", "settings": {}},
    "input": [{"name": "books.csv", "sha256": "ab", "rows": 10}],
    "model": {"id": "demo", "version": "ab12", "calibrated": True, "run": "run-1"},
    "labels": {"question": "One term?", "answer": "no", "terms": {"Fiction": {"term": "Novels", "uri": "u"}}},
    "policy": {"cuts": {"Fiction": 0.9}, "order": "curator, then model", "accepted_when": "the cut is reached"},
    "quality": {},
    "counts": {"loaded": 10, "accepted": 4, "exported": 4, "by_label_and_language": {"Fiction": {"en": 4}}},
    "decisions": {},
    "files": [{"name": "data/accepted.csv", "records": 4, "about": "the labels"}],
    "columns": [{"name": "record_id", "type": "string", "origin": "file", "meaning": "the identifier"}],
    "limits": ["Not for training."],
}


def test_a_model_of_the_schema_before_versions() -> None:
    manifest = ModelManifest.parse(MODEL)
    assert (manifest.schema_version, manifest.weights_sha256, manifest.labels_source) == (1, "", None)
    assert manifest.input_columns == ("title", "Topics")
    assert manifest.plan is not None
    assert manifest.plan.shares == {"train": 0.7, "test": 0.3}
    assert manifest.leak is not None
    assert manifest.leak.sentences == ("None of 218 is among the others.",)
    # 'temperature' has no field; plan.kind and leak.apart have none either.
    expected = MODEL | {"input_columns": ["title", "Topics"], "schema_version": SCHEMA_VERSION}
    assert manifest.as_dict() == expected


def test_predictions_of_the_schema_before_versions() -> None:
    manifest = PredictionManifest.parse(PREDICTIONS)
    assert manifest.input_columns == ("title",)
    assert (manifest.model_sha256, manifest.held_out, manifest.seal, manifest.contents) == ("", None, "", None)
    assert manifest.as_dict() == PREDICTIONS | {"input_columns": ["title"], "schema_version": SCHEMA_VERSION}
    # A whole number stays one, or a seal would break.
    assert json.dumps(manifest.as_dict()["seconds"]) == "2"


def test_titles_that_are_too_long_have_a_name_of_their_own_beside_cut_offs() -> None:
    earlier = PredictionManifest.parse(PREDICTIONS | {"cut": 3})
    assert earlier.too_long == 3
    assert PredictionManifest.parse(earlier.as_dict()).too_long == 3
    assert "cut" not in earlier.as_dict()


def test_of_predictions_made_elsewhere_nobody_knows_what_the_model_read() -> None:
    content = {key: value for key, value in PREDICTIONS.items() if not key.startswith("model")}
    assert PredictionManifest.parse(content).input_columns == ()


def test_a_bundle_of_the_schema_before_versions() -> None:
    manifest = BundleManifest.parse(BUNDLE)
    assert (manifest.schema_version, manifest.assigned, manifest.policy.applies_to) == (1, None, None)
    assert (manifest.counts.exported, manifest.counts.curator) == (4, None)
    assert (manifest.labels.terms["Fiction"].term, manifest.labels.terms["Fiction"].source) == ("Novels", None)
    assert [(file.name, file.records) for file in manifest.files] == [("data/accepted.csv", 4)]
    assert manifest.as_dict() == BUNDLE


def test_an_import_that_does_not_say_its_version_is_of_the_third() -> None:
    assert Manifest.parse({"fingerprint": "1"}).import_version == 3
    assert not LabelManifest.parse({"fingerprint": "1"}).by_rules


def test_what_is_undefined_in_metrics_has_no_rate() -> None:
    accuracy = {"value": 0.9, "low": 0.8, "high": None, "n": 20}
    metrics = ModelMetrics.parse({"test": {"n": 20, "accuracy": accuracy, "macro_f1": None}, "out_of_fold": None})
    assert not metrics.test.accuracy.defined
    assert not metrics.test.macro_f1.defined
    assert (metrics.test.n, metrics.out_of_fold.n) == (20, 0)


@pytest.mark.parametrize(
    ("record", "content", "sentence"),
    [
        (ModelManifest, MODEL | {"n_train": "many"}, "in its manifest.json, 'n_train' is not what it should be"),
        (ModelManifest, MODEL | {"classes": "ab"}, "'classes' is not what it should be (a list was expected)"),
        (ModelManifest, MODEL | {"classes": ["a", 1]}, "'classes.1' is not what it should be (text was expected)"),
        (ModelManifest, MODEL | {"plan": []}, "'plan' is not what it should be (an object was expected)"),
        (ModelManifest, MODEL | {"reads": 1}, "'reads' is not what it should be (a list was expected)"),
        (PredictionManifest, {"classes": []}, "'fingerprint' is missing"),
        (PredictionManifest, PREDICTIONS | {"calibrated": 1}, "'calibrated' is not what it should be (true or false"),
        (BundleManifest, {**BUNDLE, "counts": {"exported": 1.5}}, "'counts.exported' is not what it should be"),
        (BundleManifest, {key: BUNDLE[key] for key in BUNDLE if key != "policy"}, "'policy' is missing"),
        (ModelManifest, MODEL | {"schema_version": 99}, "was written by a newer Colophon (schema 99"),
        (ModelManifest, MODEL | {"schema_version": "2"}, "'schema_version' is not what it should be (a whole number"),
    ],
)
def test_a_damaged_value_is_named_by_file_and_key(record: Any, content: dict[str, Any], sentence: str) -> None:
    with pytest.raises(InputError) as caught:
        record.parse(content)
    assert sentence in str(caught.value)
    assert "manifest.json" in str(caught.value)


def test_what_is_damaged_in_a_workspace_says_what_to_do(demo_copy: Workspace) -> None:
    path = demo_copy.find("models", "demo-tfidf").path / "manifest.json"
    write_json(path, read_json(path) | {"n_train": "many"})
    with pytest.raises(DamagedError) as caught:
        demo_copy.find("models", "demo-tfidf")
    assert caught.value.on_page == (
        "“demo-tfidf” cannot be read: in its manifest.json, 'n_train' is not what it should be (a whole number was"
        " expected). Train or fetch it again, or remove it."
    )


def test_an_unknown_key_survives_a_rename_and_another_export(demo_copy: Workspace, tmp_path: Path) -> None:
    for kind, name in (("models", "demo-tfidf"), ("predictions", "demo-predictions")):
        path = demo_copy.find(kind, name).path / "manifest.json"
        content = {key: value for key, value in read_json(path).items() if key != "schema_version"}
        write_json(path, sealed(content | {"shelf": {"floor": 2, "note": None}}))
    rename(demo_copy, "models", "demo-tfidf", "words")
    rename(demo_copy, "corpora", "demo-digitised", "digitised")
    predictions = read_json(demo_copy.find("predictions", "demo-predictions").path / "manifest.json")
    assert (predictions["model"], predictions["corpus_name"]) == ("words", "digitised")
    (tmp_path / "shared").mkdir()
    prepare_model(demo_copy, "words", tmp_path / "shared")
    model = read_json(tmp_path / "shared" / "manifest.json")
    for content in (predictions, model):
        assert content["shelf"] == {"floor": 2, "note": None}
        assert content["schema_version"] == SCHEMA_VERSION
        assert matches_seal(content)
