"""A file that was written for a spreadsheet program comes back with the very text it was made from."""

from pathlib import Path

import pandas as pd

from core.formatting import csv_for_people
from core.readers import read_table

TITLES = ["-and other tales", "=Sum of all things", "'tis true", "'Twas the night", "@ the mill", "-1", "A novel"]


def test_titles_come_back_as_they_left(tmp_path: Path) -> None:
    table = pd.DataFrame({"id": [f"b{i}" for i in range(7)], "title": TITLES, "label": "Fiction"}, dtype="str")
    path = tmp_path / "for-people.csv"
    path.write_bytes(csv_for_people(table))
    assert "'-and other tales" in path.read_text("utf-8-sig")
    back = read_table(path)
    assert back.frame["title"].tolist() == TITLES
    assert back.warnings == (
        "In 3 cells an apostrophe before =, +, - or @ was taken off: files for spreadsheet programs have it, so that no"
        " cell runs as a formula.",
    )
