"""Exports of Label Studio, Argilla and doccano: one row an answer, several labels in an answer refused in words."""

import json
from pathlib import Path
from typing import Any

import pytest

from core.errors import InputError
from core.importing import import_file
from core.labels import load_labels
from core.predictions import load_predictions
from core.readers import read_table
from core.storage import Workspace


def _choice(*names: str, question: str = "genre") -> dict[str, Any]:
    return {"from_name": question, "to_name": "text", "type": "choices", "value": {"choices": list(names)}}


def _task(number: int, title: str, *annotations: Any, predictions: Any = ()) -> dict[str, Any]:
    """Return one task of Label Studio's full export, with what stands in it beside the answers."""
    return {
        "id": number,
        "annotations": [
            {
                "id": 10 * number + who,
                "completed_by": who,
                "result": results,
                "was_cancelled": not results,
                "ground_truth": False,
                "created_at": "2026-01-02T10:00:00Z",
                "lead_time": 3.2,
            }
            for who, results in annotations
        ],
        "drafts": [],
        "predictions": list(predictions),
        "data": {"record_id": f"00{number}", "title": title},
        "meta": {},
        "project": 4,
    }


def _write(folder: Path, content: object, name: str = "export.json") -> Path:
    path = folder / name
    path.write_text(json.dumps(content), encoding="utf-8")
    return path


def test_label_studio_gives_a_row_for_each_answer(tmp_path: Path, workspace: Workspace) -> None:
    tasks = [
        _task(1, "Tales of Pell", (7, [_choice("Fiction")]), (8, [_choice("Fiction")])),
        _task(2, "A plan of Pell", (7, [_choice("Map")]), (8, [])),
        _task(3, "Odes"),
    ]
    path = _write(tmp_path, tasks)
    frame = read_table(path).frame
    assert frame["genre"].tolist() == ["Fiction", "Fiction", "Map", "", ""]
    assert frame["annotator"].tolist() == ["7", "8", "7", "8", ""]
    assert frame["task_id"].tolist() == ["1", "1", "2", "2", "3"]
    report = import_file(workspace, path, "labels", name="people")
    assert report.mapping == {
        "record_id": "record_id",
        "title": "title",
        "genre": "label",
        "annotator": "annotator",
        "created_at": "created_at",
    }
    assert report.summary["classes"] == {"Fiction": 1, "Map": 1}
    table = load_labels(workspace, "people").table()
    assert table[["record_id", "label"]].to_numpy().tolist() == [["001", "Fiction"], ["002", "Map"], ["003", ""]]


def test_several_choices_of_label_studio_are_refused_in_words(tmp_path: Path, workspace: Workspace) -> None:
    tasks = [
        _task(1, "Tales of Pell", (7, [_choice("Fiction")])),
        _task(2, "Songs", (7, [_choice("Fiction", "Verse")])),
    ]
    with pytest.raises(InputError, match=r"Column 'genre', line 2: '\[\"Fiction\",\"Verse\"\]' holds several labels"):
        import_file(workspace, _write(tmp_path, tasks), "labels")
    assert workspace.list("labels") == []


def test_predictions_in_label_studio_are_read_beside_what_people_said(tmp_path: Path, workspace: Workspace) -> None:
    tasks = [
        _task(
            number,
            title,
            (7, [_choice(truth)]),
            predictions=[{"model_version": "m", "score": score, "result": [_choice(answer)]}],
        )
        for number, title, truth, answer, score in (
            (1, "Tales", "Fiction", "Fiction", 0.9),
            (2, "Plans", "Map", "Map", 0.7),
            (3, "Charts", "Map", "Fiction", 0.6),
        )
    ]
    report = import_file(workspace, _write(tmp_path, tasks), "predictions", name="p")
    table = load_predictions(workspace, "p").table()
    assert table["predicted"].tolist() == ["Fiction", "Map", "Fiction"]
    assert table["truth"].tolist() == ["Fiction", "Map", "Map"]
    assert table["confidence"].tolist() == [0.9, 0.7, 0.6]
    assert report.mapping["genre"] == "truth"


def test_a_question_called_like_a_column_of_the_task_does_not_take_its_place(tmp_path: Path) -> None:
    task = _task(1, "Tales", (7, [_choice("Fiction", question="title")]))
    frame = read_table(_write(tmp_path, [task])).frame
    assert (frame["title"][0], frame["title (answer)"][0]) == ("Tales", "Fiction")


def _argilla(number: int, title: str, answers: dict[str, Any]) -> dict[str, Any]:
    """Return a record as Argilla 2 exports it."""
    return {
        "id": f"b{number}",
        "status": "completed",
        "fields": {"title": title},
        "metadata": {"shelfmark": f"12.b.{number}"},
        "suggestions": {"genre": {"value": "Fiction", "score": 0.8, "agent": "m"}},
        "responses": {"genre": [{"value": value, "user_id": user} for user, value in answers.items()]},
        "vectors": {},
    }


def test_argilla_gives_a_row_for_each_answer(tmp_path: Path, workspace: Workspace) -> None:
    records = [_argilla(1, "Tales", {"ann": "Fiction", "ben": "Fiction"}), _argilla(2, "Plans", {"ann": "Map"})]
    path = _write(tmp_path, records)
    report = import_file(workspace, path, "labels", name="people")
    assert report.mapping == {"id": "record_id", "title": "title", "genre": "label", "annotator": "annotator"}
    table = load_labels(workspace, "people").table()
    assert table[["record_id", "label", "rows"]].to_numpy().tolist() == [["b1", "Fiction", 2], ["b2", "Map", 1]]
    with pytest.raises(InputError, match="Column 'genre', line 1: .* holds several labels"):
        several = [_argilla(1, "Tales", {"ann": ["Fiction", "Verse"]}), records[1]]
        import_file(workspace, _write(tmp_path, several), "labels")


@pytest.mark.parametrize(
    ("first", "label"),
    [
        ({"id": 1, "text": "Tales", "label": ["Fiction"], "Comments": []}, "Fiction"),
        ({"id": 1, "text": "Tales", "annotations": [{"label": 5, "user": 1}], "meta": {}}, "5"),
        # the older Argilla, as a data set of Hugging Face
        (
            {"id": "b1", "text": "Tales", "label": [{"user_id": "a", "value": "Fiction", "status": "submitted"}]},
            "Fiction",
        ),
    ],
)
def test_one_label_in_a_list_is_that_label(
    tmp_path: Path, workspace: Workspace, first: dict[str, Any], label: str
) -> None:
    path = tmp_path / "x.jsonl"
    path.write_text(json.dumps(first) + "\n", encoding="utf-8")
    assert import_file(workspace, path, "labels").summary["classes"] == {label: 1}


@pytest.mark.parametrize(
    "record",
    [
        {"id": 1, "text": "Tales", "label": ["Fiction", "Verse"]},
        {"id": 1, "text": "Tales", "label": [[0, 4, "Fiction"], [5, 9, "Place"]]},  # spans
        {"id": 1, "text": "Tales", "annotations": [{"label": 5, "user": 1}, {"label": 6, "user": 1}]},
    ],
)
def test_several_labels_of_doccano_are_refused_in_words(
    tmp_path: Path, workspace: Workspace, record: dict[str, Any]
) -> None:
    path = tmp_path / "x.jsonl"
    path.write_text(json.dumps(record) + "\n", encoding="utf-8")
    with pytest.raises(InputError, match="holds several labels"):
        import_file(workspace, path, "labels")
