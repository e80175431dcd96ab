"""A hand-made catalogue of ten books that meets every decision once or more."""

import shutil
import zipfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from core.export import FORMATS, ExportReport, ExportSettings, InputFile, ModelSource, QualityReport, write_export
from core.export.table import ExportTable, prepare, together
from core.schema import RECORDS_COLUMNS
from core.thresholds import GuaranteeRecord
from tests.exporting import export

PROMISE = GuaranteeRecord(
    promised=True, headline="At most 5 % wrong.", sentence="At most 5 % of the accepted labels are wrong."
)
TRAVEL_QUALITY = QualityReport.parse(
    {"policy": {"accuracy": {"value": 0.75, "low": 0.4, "high": 0.93, "n": 8}}, "checked_by": "hand-checked records"}
)
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


# A second question about the same books. Its cut is for Travel alone, above .8.
TRAVEL = (
    ("014602826", "not Travel", 0.9),
    ("014602830", "Travel", 0.85),
    ("014602831", "Travel", 0.95),
    ("014602832", "not Travel", 0.7),
    ("014602833", "Travel", 0.81),
    ("014602834", "Travel", 0.5),
    ("014602835", "not Travel", 0.99),
    ("014602836", "Travel", 0.9),  # a person says otherwise
    ("014602838", "Travel", 0.7),  # a curator agrees
    ("999999999", "Travel", 0.9),  # no book of the file
)


def two_sets(example: Example, travel: Sequence[tuple[str, str, float]] = TRAVEL, **chosen: Any) -> ExportTable:
    """The example with the labels of a second set, 'towns and travel', beside its own."""
    settings = {
        **chosen,
        "cuts": {"Travel": 0.8},
        "model": ModelSource(name="learned facet Travel", version="77aa77aa", input_columns=("title",)),
        "run_id": "travel-1",
        "predicted_at": "2026-11-24T08:00:00Z",
        "promise": None,
    }
    second = prepare(
        example.records,
        example.originals,
        pd.DataFrame(travel, columns=["record_id", "predicted", "confidence"]),
        example.settings(**settings),
        human=pd.DataFrame({"record_id": ["014602836"], "label": ["not Travel"], "source": ["person"]}),
        reviews=pd.DataFrame({"record_id": ["014602838"], "label": ["Travel"], "at": ["2026-11-25T09:00:00Z"]}),
        classes=("Travel", "not Travel"),
    )
    return together([replace(example.table(**chosen), name="genre"), replace(second, name="towns and travel")])


@pytest.fixture(scope="session")
def two_sets_folder(example: Example, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two sets of labels in every format, unpacked; read it, do not change it."""
    where = tmp_path_factory.mktemp("two-sets")
    table = two_sets(example, formats=tuple(FORMATS), marc_kinds=("stub", "delta"), promise=PROMISE)
    report = write_export(table, QualityReport(), where / "export.zip", also=[TRAVEL_QUALITY])
    with zipfile.ZipFile(report.path) as archive:
        archive.extractall(where)
    return where / report.folder


@pytest.fixture
def copy_of(folder: Path, tmp_path: Path) -> Callable[[], Path]:
    """Return a function that gives a fresh copy of the unpacked export, to be damaged."""

    def copy() -> Path:
        return Path(shutil.copytree(folder, tmp_path / f"copy-{len(list(tmp_path.iterdir()))}"))

    return copy
