import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from core.importing import import_file
from core.label_audit import audit_labels, audited_copy, save_verdict
from core.labels import load_labels
from core.models.training import train
from core.predictions import saved_training_labels
from core.processes import mark_process
from core.storage import Workspace, write_json


@pytest.fixture
def page(demo_copy: Workspace, open_page: Callable[[Workspace, str], AppTest]) -> AppTest:
    return open_page(demo_copy, "models.py")


def _chosen(page: AppTest, label: str) -> Any:
    return next(
        item for kind in ("selectbox", "multiselect", "text_input") for item in page.get(kind) if item.label == label
    )


def _train(page: AppTest) -> None:
    next(item for item in page.button if item.label == "Train").click().run()
    assert not page.exception


def test_the_plainest_training(page: AppTest, started: list[dict[str, Any]]) -> None:
    page.run()
    _chosen(page, "Learn from these labels").select("demo-annotated")
    _train(page)
    # What predictions are checked against is left out unless somebody wants it.
    plain = {"job": "core.models.training", "labels": "demo-annotated", "kind": "tfidf", "seed": 0}
    assert started == [{**plain, "exclude": ["demo-test"]}]


def test_a_blend_of_three_from_another_language_model(
    page: AppTest, started: list[dict[str, Any]], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    from core.models import language_models

    fetched = language_models.LanguageModel(name="somebody/encoder", folder=tmp_path, bytes=1, licence="")
    monkeypatch.setattr(language_models, "_of_the_hub", lambda: iter([fetched]))
    monkeypatch.setattr(language_models, "is_fetched", lambda base: base == "somebody/encoder")
    page.run()
    _chosen(page, "Learn from these labels").select("demo-annotated")
    _chosen(page, "Kind of model").select("blend")
    _chosen(page, "Members of a blend").select("transformer")
    field = _chosen(page, "Language model to start from")
    assert field.options == ["MiniLM, which comes with Colophon", "multilingual-e5-small", "somebody/encoder"]
    field.select("somebody/encoder")
    _train(page)
    assert started[0]["options"] == {"base": "somebody/encoder", "members": ["tfidf", "embedding", "transformer"]}


def test_a_column_beside_the_title_is_chosen_and_asked_for(page: AppTest, started: list[dict[str, Any]]) -> None:
    page.run()
    _chosen(page, "Learn from these labels").select("demo-annotated").run()
    column = _chosen(page, "Columns to read beside the title")
    assert "BL shelfmark" in column.options
    assert "annotator_genre" not in column.options
    column.select("BL shelfmark")
    _train(page)
    assert started[0]["reads"] == ["BL shelfmark"]


@pytest.mark.slow
def test_after_an_audit_that_points_at_somebody_the_labels_without_them_are_offered(
    page: AppTest, demo_copy: Workspace, started: list[dict[str, Any]]
) -> None:
    """The demonstration's annotator 7 is careless; the copy is made once, and chosen when it is there."""
    page.run()
    _chosen(page, "Learn from these labels").select("demo-annotated").run()
    offer = "Learn without annotator 7"
    assert offer not in [item.label for item in page.button]

    labels = demo_copy.find("labels", "demo-annotated")
    save_verdict(demo_copy, labels, audit_labels(load_labels(demo_copy, "demo-annotated")))
    page.run()
    wanted = audited_copy(demo_copy, labels)
    assert wanted is not None
    sentence = f"points at annotator 7: {wanted.n_left_out:,} of these {wanted.n_labels:,} labels are theirs alone"
    assert sum(sentence in item.value.replace("\\", "") for item in page.markdown) == 1
    for _ in range(2):
        next(item for item in page.button if item.label == offer).click().run()
        assert not page.exception
        assert _chosen(page, "Learn from these labels").value == "demo-annotated-audited"
        assert offer not in [item.label for item in page.button]
        _chosen(page, "Learn from these labels").select("demo-annotated").run()
    assert demo_copy.find("labels", "demo-annotated-audited").manifest.left_out["labels"] == wanted.n_left_out
    _chosen(page, "Learn from these labels").select("demo-annotated-audited").run()
    _train(page)
    assert started[0]["labels"] == "demo-annotated-audited"


@pytest.mark.slow
def test_a_title_is_tried_with_its_shelfmark_and_without(
    demo_copy: Workspace, open_page: Callable[[Workspace, str], AppTest]
) -> None:
    train(demo_copy, "demo-annotated", reads=("BL shelfmark",), name="shelves")
    page = open_page(demo_copy, "models.py")
    page.query_params["view"] = "Try a title"
    page.query_params["try_model"] = "shelves"
    page.run()
    _chosen(page, "Type a title").input("The old mill").run()
    assert not page.exception
    assert any("also reads BL shelfmark; here it has the title alone" in item.value for item in page.caption)
    _chosen(page, "BL shelfmark, if it is known").input("Digital Store 012641.e.55").run()
    assert not page.exception
    assert not any("here it has the title alone" in item.value for item in page.caption)


def test_kinds_that_cannot_be_trained_here_are_not_offered_and_it_is_said_why(
    page: AppTest, monkeypatch: pytest.MonkeyPatch
) -> None:
    from core.models import language_models

    monkeypatch.setattr(language_models, "PACKAGE", "no_such_package")
    monkeypatch.setattr(language_models, "_of_the_hub", lambda: iter(()))
    page.run()
    _chosen(page, "Learn from these labels").select("demo-annotated").run()
    assert _chosen(page, "Kind of model").options == [
        "Words and letters (TF-IDF)",
        "Meanings in many languages (frozen language model)",
    ]
    [reason] = [item.value for item in page.caption if "cannot be trained on this computer" in item.value]
    assert reason.startswith("4 more kinds of model cannot be trained on this computer. The language model MiniLM is")
    assert sys.executable not in reason


def _labels_of(place: Workspace, tmp_path: Path, name: str) -> None:
    path = tmp_path / f"{name}.csv"
    rows = [
        f"x{i},An invented {'tale' if i % 2 else 'survey'} {i},{'Fiction' if i % 2 else 'Survey'}" for i in range(80)
    ]
    path.write_text("record_id,title,label\n" + "\n".join(rows) + "\n", encoding="utf-8")
    import_file(place, path, "labels", name=name)


@pytest.mark.slow
def test_human_labels_come_first_and_rules_are_named(
    demo_copy: Workspace, tmp_path: Path, open_page: Callable[[Workspace, str], AppTest], given_by_rules: Any
) -> None:
    """The newest label set, made by three word rules, was preselected."""
    _labels_of(demo_copy, tmp_path, "three-rules")
    given_by_rules(demo_copy, "three-rules")
    page = open_page(demo_copy, "models.py").run()
    chosen = _chosen(page, "Learn from these labels")
    assert chosen.value == "demo-annotated"
    assert "three-rules (given by rules)" in chosen.options


@pytest.mark.slow
def test_labels_named_twice_are_refused_in_words(
    demo_copy: Workspace,
    tmp_path: Path,
    open_page: Callable[[Workspace, str], AppTest],
    started: list[dict[str, Any]],
    given_by_rules: Any,
) -> None:
    """Labels by rules chosen a second time, as weak labels, were dropped without a word."""
    _labels_of(demo_copy, tmp_path, "three-rules")
    given_by_rules(demo_copy, "three-rules")
    page = open_page(demo_copy, "models.py").run()
    _chosen(page, "Learn from these labels").select("three-rules").run()
    _chosen(page, "Learn from labels by functions too").select("three-rules")
    _train(page)
    assert started == []
    assert any("is named a second time" in error.value for error in page.error)


@pytest.mark.slow
def test_what_a_model_made_elsewhere_learned_from_can_be_said(
    workspace: Workspace, tmp_path: Path, open_page: Callable[[Workspace, str], AppTest]
) -> None:
    path = tmp_path / "tool.csv"
    rows = [f"b{i},A title {i},Map,0.{60 + i % 30},Map" for i in range(40)]
    path.write_text("record_id,title,predicted,confidence,truth\n" + "\n".join(rows) + "\n", encoding="utf-8")
    import_file(workspace, path, "predictions", name="tool")
    _labels_of(workspace, tmp_path, "people")
    page = open_page(workspace, "models.py")
    page.query_params["view"] = "Leak check"
    page.run()
    assert not page.exception
    assert any(
        "It is not known which books the model learned from" in item.value.replace("\\", "") for item in page.markdown
    )
    _chosen(page, "The model learned from these labels").select("people")
    next(item for item in page.button if item.label == "Keep").click().run()
    assert not page.exception
    assert saved_training_labels(workspace, workspace.find("predictions", "tool").fingerprint) is not None
    assert not any("It is not known which" in item.value for item in page.markdown)


@pytest.mark.slow
def test_a_training_that_was_asked_to_stop_shows_it_at_once(
    workspace: Workspace, open_page: Callable[[Workspace, str], AppTest], request: pytest.FixtureRequest
) -> None:
    sleeper = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"], start_new_session=True)
    request.addfinalizer(lambda: (sleeper.kill(), sleeper.wait()))
    folder = workspace.folder("jobs") / "20260101-000000-abcdef"
    folder.mkdir()
    now = time.time()
    write_json(folder / "status.json", {"state": "running", "started": now, "updated": now, "message": "Fold 1"})
    write_json(folder / "process.json", mark_process(sleeper.pid).as_dict())
    facts = {"module": "core.models.training", "title": "Training on books", "created_at": "2026-01-01T00:00:00Z"}
    write_json(folder / "config.json", {**facts, "config": {}})
    page = open_page(workspace, "models.py").run()
    [button] = [item for item in page.button if item.label == "Cancel"]
    assert not button.disabled
    button.click().run()
    assert not page.exception
    [button] = [item for item in page.button if item.label == "Stopping …"]
    assert button.disabled
