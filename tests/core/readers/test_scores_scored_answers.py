import json
from pathlib import Path

import pytest

from core.errors import MappingError
from core.importing import import_file
from core.predictions import load_predictions
from core.readers import read_table
from core.readers.scores import unfold
from core.storage import Workspace


def _write(path: Path, content: object) -> Path:
    path.write_text(json.dumps(content), encoding="utf-8")
    return path


def test_a_pipeline_with_all_scores_gives_one_column_a_class(tmp_path: Path, workspace: Workspace) -> None:
    answers = [
        [{"label": "Fiction", "score": 0.9}, {"label": "Non-fiction", "score": 0.1}],
        [{"label": "Non-fiction", "score": 0.75}, {"label": "Fiction", "score": 0.25}],
    ]
    path = _write(tmp_path / "pipeline.json", answers)
    assert read_table(path).frame.to_dict("list") == {"p_Fiction": ["0.9", "0.25"], "p_Non-fiction": ["0.1", "0.75"]}
    with pytest.raises(MappingError, match="a record id or a title"):
        import_file(workspace, path, "predictions", name="pipeline")
    named = [{"id": f"00{place}", "scores": scores} for place, scores in enumerate(answers)]
    import_file(workspace, _write(tmp_path / "named.json", named), "predictions", name="pipeline")
    table = load_predictions(workspace, "pipeline").table()
    assert table["record_id"].tolist() == ["000", "001"]
    assert table["predicted"].tolist() == ["Fiction", "Non-fiction"]
    assert table["confidence"].tolist() == [0.9, 0.75]


def test_annif_gives_its_best_suggestion_and_keeps_the_others(tmp_path: Path, workspace: Workspace) -> None:
    lines = [
        {
            "document_id": "0012",
            "results": [
                {"uri": "http://x/1", "label": "Map", "notation": "1", "score": 0.2},
                {"uri": "http://x/2", "label": "Play", "score": 0.8},
            ],
        },
        {"document_id": "0013", "results": [{"uri": "http://x/1", "label": "Map", "score": 0.6}]},
    ]
    path = tmp_path / "books.annif.jsonl"
    path.write_text("\n".join(json.dumps(line) for line in lines), encoding="utf-8")
    import_file(workspace, path, "predictions", name="annif")
    table = load_predictions(workspace, "annif").table()
    assert table["record_id"].tolist() == ["0012", "0013"]
    assert table["predicted"].tolist() == ["Play", "Map"]
    assert table["confidence"].tolist() == [0.8, 0.6]
    assert "http://x/1" in read_table(path).frame["results"][0]


@pytest.mark.parametrize(
    "record",
    [{"a": 1}, {"results": []}, {"results": [{"label": "Map"}]}, [{"label": "Map", "score": "high"}], [1], "x"],
)
def test_what_is_no_answer_stays_as_it_came(record: object) -> None:
    assert unfold(record) == record
