"""A hand-made catalogue of ten books that meets every decision once or more."""

import shutil
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from core.export import FORMATS, ExportReport, ExportSettings, InputFile, ModelSource, QualityReport, export
from core.export.table import ExportTable, prepare
from core.schema import RECORDS_COLUMNS

BOOKS = (
    # id, title, language, year, predicted, confidence, p_Fiction
    ("014602826", "Poems on several occasions.", "English", 1786, "Fiction", 0.97316, 0.97316),
    ("014602830", "Geschichte der Stadt Köln", "German", 1850, "Non-fiction", 0.99996, 0.00004),
    ("014602831", "A novel", "English", 1851, "Fiction", 0.95, 0.95),
    ("014602832", "=cmd|' /C calc'!A0", "", None, "Fiction", 0.92, 0.92),
    ("014602833", "Стихотворения", "Russian", 1853, "Fiction", 0.6, 0.6),
    ("014602834", "The history of the world", "English", 1854, "Fiction", 0.91, 0.91),
    ("014602835", "A tale", "English", 1855, "Fiction", 0.8, 0.8),
    ("014602836", "Letters", "English", 1856, "Non-fiction", 0.98, 0.02),
    ("014602837", "Nothing to tell by", "English", 1857, "Fiction", 0.99, 0.99),
    ("014602838", "Without a prediction", "English", 1858, "", float("nan"), float("nan")),
)


@dataclass(frozen=True)
class Example:
    records: pd.DataFrame
    originals: pd.DataFrame
    scored: pd.DataFrame
    human: pd.DataFrame
    reviews: pd.DataFrame

    def settings(self, **chosen: Any) -> ExportSettings:
        given: dict[str, Any] = {
            "cuts": {"Fiction": 0.9, "Non-fiction": 0.97},
            "model": ModelSource(
                name="bl-genre-title-classifier",
                version="1.2.0",
                sha256="ab" * 32,
                calibrated=True,
                input_columns=("title",),
            ),
            "run_id": "run-20261123-01",
            "predicted_at": "2026-11-23T10:20:00Z",
            "dataset": "example.csv",
            "formats": ("csv",),
            "answer": "no",
            "organisation": "XX-XxEXM",
            "source_code": "Uk",
            "base_uri": "https://example.org/runs/",
            "publisher": "Example Library",
            "contact": "cataloguing@example.org",
            "inputs": (InputFile(name="example.csv", sha256="cd" * 32, rows=10),),
        }
        return ExportSettings(**{**given, **chosen})

    def table(self, **chosen: Any) -> ExportTable:
        settings = self.settings(**chosen)
        return prepare(self.records, self.originals, self.scored, settings, human=self.human, reviews=self.reviews)

    def export(self, out: Path, quality: dict[str, Any] | None = None, **chosen: Any) -> ExportReport:
        return export(
            self.records,
            self.originals,
            self.scored,
            self.settings(**chosen),
            QualityReport.parse(quality or {}),
            out,
            human=self.human,
            reviews=self.reviews,
        )


def normalised(books: pd.DataFrame) -> pd.DataFrame:
    """Fill what a records table has beside the columns given."""
    frame = pd.DataFrame("", index=books.index, columns=list(RECORDS_COLUMNS)).astype("str")
    frame["year"] = pd.array([pd.NA] * len(books), dtype="Int64")
    frame["language_confidence"] = float("nan")
    for name in books:
        frame[name] = books[name]
    return frame


def make_example() -> Example:
    names = ["record_id", "title", "language", "year", "predicted", "confidence", "p"]
    books = pd.DataFrame(BOOKS, columns=names)
    records = normalised(
        books[["record_id", "title", "language"]].assign(
            year=books["year"].astype("Int64"),
            author="Yearsley, Ann, 1753-1806",
            place="London",
            publisher="",
            country="England",
            date=books["year"].map(lambda year: "" if year != year else f"{year:.0f}"),
            date_certainty=books["year"].map(lambda year: "none" if year != year else "certain"),
            language_source=books["language"].map(lambda name: "catalogue" if name else ""),
            alternate_id=["003996603", *[""] * 9],
        )
    )
    originals = pd.DataFrame(
        {
            "BL record ID": books["record_id"],
            "Title": books["title"],
            "Date of publication": records["date"],
            "Genre": ["", "Catalogues.", *[""] * 8],
        },
        dtype="str",
    )
    records["genre_given"] = originals["Genre"]
    scored = books[["record_id", "predicted", "confidence"]].assign(
        **{"p_Fiction": books["p"], "p_Non-fiction": 1 - books["p"]}, truth="", truth_given=""
    )
    human = pd.DataFrame(
        {"record_id": ["014602831", "014602834"], "label": ["fiction", "Non-fiction"], "source": "person"}, dtype="str"
    )
    reviews = pd.DataFrame(
        {
            "record_id": ["014602835", "014602836", "014602837"],
            "label": ["Fiction", "Fiction", ""],
            "note": ["", "an epistolary novel", "no title page"],
            "role": "cataloguer",
            "at": "2026-11-24T09:00:00Z",
        },
        dtype="str",
    )
    return Example(records, originals, scored, human, reviews)


@pytest.fixture(scope="session")
def example() -> Example:
    return make_example()


@pytest.fixture(scope="session")
def exported(example: Example, tmp_path_factory: pytest.TempPathFactory) -> ExportReport:
    """The example in every format and kind, once a session: read it, do not change it."""
    out = tmp_path_factory.mktemp("export") / "export.zip"
    return example.export(out, formats=tuple(FORMATS), marc_kinds=("stub", "delta"))


@pytest.fixture(scope="session")
def folder(exported: ExportReport, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The unpacked export; read it, do not change it."""
    where = tmp_path_factory.mktemp("unpacked")
    with zipfile.ZipFile(exported.path) as archive:
        archive.extractall(where)
    return where / exported.folder


@pytest.fixture
def copy_of(folder: Path, tmp_path: Path) -> Callable[[], Path]:
    """Return a function that gives a fresh copy of the unpacked export, to be damaged."""

    def copy() -> Path:
        return Path(shutil.copytree(folder, tmp_path / f"copy-{len(list(tmp_path.iterdir()))}"))

    return copy
