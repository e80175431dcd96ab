"""Where the records stand in a JSON document."""

import json
from pathlib import Path

import pytest

from core.errors import UnreadableFileError
from core.readers import read_table

ROWS = [["b1", "Emma", "Fiction"], ["b2", "Faust", "Drama"]]


@pytest.mark.parametrize(
    ("document", "columns"),
    [
        (
            {"b1": {"title": "Emma", "label": "Fiction"}, "b2": {"title": "Faust", "label": "Drama"}},
            ["id", "title", "label"],
        ),
        ({"b1": {"id": "Emma", "label": "Fiction"}, "b2": {"id": "Faust", "label": "Drama"}}, ["key", "id", "label"]),
        (
            {
                "id": {"0": "b1", "1": "b2"},
                "title": {"0": "Emma", "1": "Faust"},
                "label": {"0": "Fiction", "1": "Drama"},
            },
            None,
        ),
        ({"id": ["b1", "b2"], "title": ["Emma", "Faust"], "label": ["Fiction", "Drama"]}, None),
        ({"columns": ["id", "title", "label"], "index": [0, 1], "data": ROWS}, None),
        ({"response": {"docs": [dict(zip(("id", "title", "label"), row, strict=True)) for row in ROWS]}}, None),
    ],
)
def test_records_are_found_wherever_they_stand(tmp_path: Path, document: object, columns: list[str] | None):
    (tmp_path / "x.json").write_text(json.dumps(document))
    table = read_table(tmp_path / "x.json")
    assert table.frame.columns.tolist() == (columns or ["id", "title", "label"])
    assert table.frame.to_numpy().tolist() == ROWS
    assert len(table.reasons) == 3


def test_settings_beside_each_other_are_no_records(tmp_path: Path):
    (tmp_path / "x.json").write_text('{"model": {"name": "m"}, "books": {"b1": "Emma"}}')
    table = read_table(tmp_path / "x.json")
    assert table.frame.columns.tolist() == ["model", "books"]


def test_several_lists_are_refused_with_their_places(tmp_path: Path):
    (tmp_path / "x.json").write_text('{"a": {"x": [{"t": 1}], "y": [{"t": 1}]}}')
    with pytest.raises(UnreadableFileError, match=r"several lists of records \(a\.x, a\.y\)"):
        read_table(tmp_path / "x.json")


def test_the_preview_of_a_large_document_reads_its_beginning(tmp_path: Path):
    rows = ",".join(f'{{"id": "{number}", "note": "{"n" * 900}"}}' for number in range(10_000))
    (tmp_path / "x.json").write_text('{"meta": {"n": 1}, "records": [' + rows + "]}")
    first = read_table(tmp_path / "x.json", rows=5)
    assert first.frame["id"].tolist() == ["0", "1", "2", "3", "4"] and not first.complete
