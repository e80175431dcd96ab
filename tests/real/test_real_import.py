"""The British Library files: every row, every identifier, and what the file says of itself."""

import csv
import gzip
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from core.normalise import detect_languages, language_names, normalise_records, parse_dates
from core.readers import SourceTable, read_table, suggest_mapping

pytestmark = pytest.mark.real

CORPORA = {
    "digitised.csv.gz": (34_690, "BL record ID for physical resource", "BL record ID"),
    "reference_catalogue.csv.gz": (8_999, "BL record ID", None),
    "reference_fennica.csv.gz": (65_870, "BL record ID", None),
}


def rows_by_the_csv_module(path: Path) -> list[list[str]]:
    opener = gzip.open if path.suffix == ".gz" else open
    with opener(path, "rt", encoding="utf-8", newline="") as stream:
        csv.field_size_limit(10**7)
        return list(csv.reader(stream))


@pytest.fixture(scope="module")
def read(real_data: Path):
    saved: dict[str, SourceTable] = {}

    def read(name: str) -> SourceTable:
        if name not in saved:
            saved[name] = read_table(real_data / name)
        return saved[name]

    return read


@pytest.mark.parametrize("name", [*CORPORA, "annotated.csv", "test_predictions.csv"])
def test_every_cell_is_read_as_it_stands(read, real_data: Path, name: str):
    header, *rows = rows_by_the_csv_module(real_data / name)
    table = read(name)
    assert list(table.frame.columns) == header
    assert table.frame.to_numpy().tolist() == rows
    assert len(table.rejected) == 0
    assert table.warnings == ()
    assert (table.format, table.encoding, table.delimiter) == ("csv", "utf-8", ",")


@pytest.mark.slow
@pytest.mark.parametrize("name", CORPORA)
def test_a_corpus(read, name: str):
    rows, record_id, alternate_id = CORPORA[name]
    table = read(name)
    mapping = suggest_mapping(table.frame, "corpus")
    assert mapping.columns["record_id"] == record_id
    assert mapping.columns.get("alternate_id") == alternate_id
    records = normalise_records(table, mapping)
    assert len(records.records) == rows
    assert len(records.rejected) == 0
    assert records.records["record_id"].tolist() == table.frame[record_id].tolist()
    if alternate_id:
        assert records.records["alternate_id"].tolist() == table.frame[alternate_id].tolist()
    assert set(records.records["language_source"]) == {"catalogue", "detected", ""}


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "least"),
    # Fennica has Russian titles in Latin letters, which are taken for Czech; the catalogue's slice has many editions of
    # Aeschylus and Aesop, whose books are in Ancient Greek and whose titles are in Latin, English or German.
    [("digitised.csv.gz", 0.97), ("reference_catalogue.csv.gz", 0.97), ("reference_fennica.csv.gz", 0.93)],
)
def test_the_detector_is_right_where_the_catalogue_knows_the_language(read, name: str, least: float):
    table = read(name)
    named = table.frame[~table.frame["Languages"].str.contains(r"^$|;|Ancient", regex=True)]
    hidden = named.index[::2][:8_000]
    expected = language_names(named["Languages"].drop(hidden)).value_counts()
    result = detect_languages(named.loc[hidden, "Title"], expected.index[expected >= 3])
    sure = result[result["language"] != ""]
    assert len(sure) / len(result) > 0.8
    assert (sure["language"] == language_names(named.loc[sure.index, "Languages"])).mean() > least


def test_years_agree_with_the_coded_ones(read):
    frame = read("reference_catalogue.csv.gz").frame
    parsed = parse_dates(frame["Date of publication"])
    dated = (frame["Date of publication"] != "").to_numpy()
    coded = pd.to_numeric(frame["marc_008_date"], errors="coerce").astype("Int64")
    agree = (parsed["year"] == coded).fillna(value=False).to_numpy()
    assert dated.sum() == 8_047
    assert agree[dated].mean() >= 0.999


def test_years_in_the_place_agree_with_the_coded_ones(read):
    table = read("reference_catalogue.csv.gz")
    records = normalise_records(table, suggest_mapping(table.frame, "corpus"), detect_languages=False).records
    coded = pd.to_numeric(table.frame["marc_008_date"], errors="coerce").astype("Int64")
    result = ((records["date"] == "") & records["year"].notna()).to_numpy()
    assert result.sum() == 619
    assert (records["year"] == coded)[result].all()


def test_languages_of_the_digitised_books(read):
    table = read("digitised.csv.gz")
    records = normalise_records(table, suggest_mapping(table.frame, "corpus"), detect_languages=False).records
    counts = records["language"].value_counts()
    assert (records["language_source"] == "catalogue").sum() == 1_811
    assert {name: int(counts[name]) for name in ("English", "Dutch", "Swedish", "Danish", "German")} == {
        "English": 911,
        "Dutch": 375,
        "Swedish": 188,
        "Danish": 177,
        "German": 105,
    }


def test_annotations_are_4374_rows_about_1744_books(read):
    table = read("annotated.csv")
    mapping = suggest_mapping(table.frame, "labels")
    expected = {
        "record_id": "BL record ID",
        "alternate_id": "BL record ID for physical resource",
        "label": "annotator_genre",
        "annotator": "user_id",
        "created_at": "created_at",
        "note": "annotator_comments",
        "title": "Title",
        "genre_given": "Genre",
    }
    assert expected.items() <= mapping.columns.items()
    records = normalise_records(table, mapping, repeats=True, detect_languages=False)
    assert len(table.frame) == 4_374
    assert len(records.records) == 1_744
    assert len(records.rejected) == 0
    assert np.bincount(np.bincount(records.inverse)).tolist() == [0, 795, 108, 353, 136, 352]
    labels = table.frame["annotator_genre"].iloc[records.rows]
    assert labels.value_counts().to_dict() == {"Non-fiction": 1_305, "Fiction": 439}


def test_predictions_map_without_help(read):
    table = read("test_predictions.csv")
    mapping = suggest_mapping(table.frame, "predictions")
    assert mapping.columns == {
        "record_id": "identifier",
        "title": "title",
        "author": "authors",
        "date": "datefield",
        "place": "place",
        "publisher": "publisher",
        "predicted": "predicted_label",
        "truth": "true_label",
    }
    assert mapping.probabilities == {"fiction": "fiction_probs", "non_fiction": "non_fiction_probs"}
    questions = " ".join(mapping.questions)
    assert "'ID' could be it too" in questions
    assert "'date' was not taken for the date: its years were read as seconds since 1970" in questions
    assert "zeros may have been lost" in questions
    records = normalise_records(table, mapping, detect_languages=False)
    assert len(records.records) == 999
    assert records.records["title"].str.startswith("[").mean() < 0.1
    assert records.records["year"].isna().sum() == 2
    assert any("'title' are lists written as text" in warning for warning in records.warnings)
