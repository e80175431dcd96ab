"""Titles that break programs, through every format and back: the same books, labels and confidences everywhere."""

import csv
import json
import zipfile
from xml.etree import ElementTree as ET

import numpy as np
import openpyxl
import pandas as pd
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from core.export import FORMATS, ExportSettings, ModelSource, QualityReport
from core.export.marc_build import Cleaner
from core.export.validation import builtin_checks, unescape_cell
from core.readers.marc_decode import decode_iso2709, split_iso2709, stream_marcxml
from tests.exporting import export

SETTINGS = ExportSettings(
    cuts={"Fiction": 0.4, "Non-fiction": 0.4},
    model=ModelSource(name="m", version="1", calibrated=True),
    run_id="run-1",
    predicted_at="2026-11-23T10:20:00Z",
    formats=tuple(FORMATS),
    marc_kinds=("stub", "delta"),
    source_code="Uk",
    answer="no",
)
NASTY = (
    "=cmd|' /C calc'!A0",
    "+1",
    "-1",
    "@SUM(A1)",
    "\t=1",
    "one\ntwo",
    "one\r\ntwo",
    "lone\rreturn",
    'say "no"',
    ",;|\t",
    "None",
    "NA",
    "nan",
    "014602826",
    "1e5",
    "שירים ומעשיות",
    "\u202eright to left\u202c",
    "NUL\x00here",
    "0x1E\x1ehere 0x1D\x1dhere 0x1F\x1fhere",
    "vertical\x0btab",
    "\ufeffmark",
    "e\u0301 combining",
    "😀 astral",
    "<tag> & 'quotes' ]]>",
    "_x000D_",
    "x" * 12_000,
    "ü" * 6_000,
    "${jndi}",
    "\u2028line\u2029paragraph\x85next",
    " blanks at both ends ",
)
# Lone surrogates are no text: no file can hold them, so no reader gives them.
_titles = st.text(st.characters(exclude_categories=("Cs",)), min_size=1, max_size=60)


def run(titles, folder):
    """Export books with these titles and return the unpacked folder."""
    ids = [f"{place:09d}" for place in range(len(titles))]
    originals = pd.DataFrame({"id": ids, "Title": titles}, dtype="str")
    records = originals.rename(columns={"id": "record_id", "Title": "title"})
    for name in ("alternate_id", "author", "date", "date_certainty", "place", "country", "language", "language_source",
                 "publisher", "genre_given", "title_key"):  # fmt: skip
        records[name] = ""
    records["year"] = pd.array([pd.NA] * len(ids), dtype="Int64")
    fiction = np.linspace(0, 1, len(ids))
    scored = pd.DataFrame({"record_id": ids, "predicted": np.where(fiction > 0.5, "Fiction", "Non-fiction")})
    scored = scored.assign(confidence=np.maximum(fiction, 1 - fiction))
    report = export(records, originals, scored, SETTINGS, QualityReport(), folder / "export.zip")
    with zipfile.ZipFile(report.path) as archive:
        archive.extractall(folder / "out")
    return folder / "out" / report.folder


def titles_of(folder):
    """Return file → titles in the order of the identifiers, for the formats that keep every character."""
    with (folder / "data/accepted.csv").open(encoding="utf-8", newline="") as stream:
        content = {"csv": [row["Title"] for row in csv.DictReader(stream)]}
    content["parquet"] = [
        title or "" for title in pq.read_table(folder / "data/accepted.parquet").column("Title").to_pylist()
    ]
    lines = (folder / "data/accepted.jsonl").read_bytes().decode("utf-8").split("\n")[:-1]
    content["jsonl"] = [json.loads(line)["Title"] or "" for line in lines]
    sheet = openpyxl.load_workbook(folder / "people/accepted_for-excel.xlsx")["Accepted"]
    content["xlsx"] = [unescape_cell(row[1] or "") for row in sheet.iter_rows(min_row=2, values_only=True)]
    nodes = json.loads((folder / "other/books.jsonld").read_text(encoding="utf-8"))["@graph"]
    content["jsonld"] = [node.get("name", "") for node in nodes if node["@type"] == "Book"]
    return content


def clean_titles_of(folder):
    """Return file → titles, for the formats that cannot hold control characters."""
    with (folder / "marc/stub.xml").open("rb") as stream:
        content = {"marcxml": [record.first("245").get("a") for record in stream_marcxml(stream)]}
    mods = ET.parse(folder / "other/mods-3.7.xml").getroot()
    content["mods"] = [item.text or "" for item in mods.iter("{http://www.loc.gov/mods/v3}title")]
    return content


def check(titles, folder):
    out = run(titles, folder)
    assert [result for result in builtin_checks(out) if result.outcome != "passed"] == []
    for name, outcome in titles_of(out).items():
        assert outcome == titles, name
    # A title that is nothing but control characters makes no MARC record; such books are listed as left out.
    items = [Cleaner().text(title) for title in titles]
    outcome = clean_titles_of(out)
    assert outcome["mods"] == items
    assert outcome["marcxml"] == [title for title in items if title.strip()]
    with (out / "marc/stub.mrc").open("rb") as stream:
        iso = {record.text("001"): record.first("245").get("a") for record in map(_decode, split_iso2709(stream))}
    for place, title in enumerate(items):
        if title.strip() and len(title.encode()) < 9_000:
            assert iso[f"{place:09d}"] == title
        elif not title.strip():
            assert f"{place:09d}" not in iso


def _decode(chunk):
    return decode_iso2709(chunk).record


def test_every_nasty_title_goes_through_every_format(tmp_path):
    check(list(NASTY), tmp_path)


@pytest.mark.slow
@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(_titles, min_size=1, max_size=6))
@example(["\x00"])
@example(["\x85"])
@example(["_x000D__x0041_"])
def test_any_title_goes_through_every_format(tmp_path_factory, titles):
    check(titles, tmp_path_factory.mktemp("export"))
