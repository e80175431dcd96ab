"""Labelling functions on the British Library's files: the published table, and functions for the digitised books."""

from pathlib import Path

import pandas as pd
import pytest

from core.importing import import_file
from core.joins import find_leaks
from core.label_audit import audit_labels, exclude_labels
from core.labels import load_labels
from core.normalise import title_keys
from core.predicates import Books, LengthPredicate, TextPredicate
from core.predictions import load_predictions
from core.statistics import wilson
from core.storage import Workspace
from core.weak_supervision import FUNCTION_SETS, LabellingFunction, cast_votes, describe, read_functions
from core.weak_supervision.build import build_labels

pytestmark = pytest.mark.real

PUBLISHED = [
    (LabellingFunction("novel", "Fiction", TextPredicate("title", "contains", ("novel",))), 0.058553, 1.0),
    (LabellingFunction("tale", "Fiction", TextPredicate("title", "contains", ("tale",))), 0.043532, 0.971831),
    (LabellingFunction("poem", "Fiction", TextPredicate("title", "contains", ("poem",))), 0.042918, 1.0),
    (LabellingFunction("long", "Non-fiction", LengthPredicate("title", 212)), 0.023299, 0.947368),
]


@pytest.fixture(scope="module")
def rows(real_data: Path) -> pd.DataFrame:
    table = pd.read_csv(real_data / "annotated.csv", dtype="str", keep_default_na=False)
    table = table[table["is_valid"] == "False"].reset_index(drop=True)
    return pd.DataFrame(
        {"title": table["Title"], "label": table["annotator_genre"], "title_key": title_keys(table["Title"])}
    )


@pytest.mark.parametrize(("function", "coverage", "accuracy"), PUBLISHED, ids=[f.name for f, _, _ in PUBLISHED])
def test_the_published_table_is_reproduced_row_by_row(rows, function, coverage, accuracy):
    assert len(rows) == 3262
    votes = cast_votes([function], Books(rows), ["Fiction", "Non-fiction"])
    # As published every row counts, so that each is given a key of its own.
    row = describe(votes, rows["label"], votes, pd.Series(range(len(rows))).astype("str")).iloc[0]
    assert round(row["coverage"], 6) == coverage
    assert round(row["accuracy"], 6) == accuracy
    assert (row["low"], row["high"]) == wilson(row["right"], row["n"])


def test_per_title_the_same_functions_rest_on_fewer_titles_and_have_wider_intervals(rows):
    votes = cast_votes([function for function, _, _ in PUBLISHED], Books(rows), ["Fiction", "Non-fiction"])
    per_row = describe(votes, rows["label"], votes, pd.Series(range(len(rows))).astype("str"))
    per_title = describe(votes, rows["label"], votes, rows["title_key"])
    assert (per_title["n"] < per_row["n"]).all()
    assert (per_title["high"] - per_title["low"] > per_row["high"] - per_row["low"]).all()


@pytest.fixture(scope="module")
def digitised(real_data, tmp_path_factory):
    place = Workspace(tmp_path_factory.mktemp("weak") / "workspace")
    import_file(place, real_data / "annotated.csv", "labels", name="annotated")
    import_file(place, real_data / "digitised.csv.gz", "corpus", name="digitised")
    import_file(place, real_data / "test_predictions.csv", "predictions", name="test")
    return place


@pytest.mark.slow
def test_the_functions_for_the_digitised_books_label_many_of_them_well(digitised):
    functions = read_functions(Path(__file__).with_name("functions_bl.toml"))
    report = build_labels(digitised, functions, "digitised", labels="annotated", without=("test",), name="weak")
    assert report.labelled > 20_000
    assert report.accuracy["low"] > 0.9
    assert report.accuracy["n"] > 400
    weak = load_labels(digitised, "weak").records()
    assert find_leaks(weak, load_predictions(digitised, "test").records(digitised)).n_leaked == 0
    assert find_leaks(weak, load_labels(digitised, "annotated").records()).n_leaked == 0


@pytest.mark.slow
def test_functions_on_shelfmarks_meet_hardly_ever_and_keep_their_word(digitised):
    labels = load_labels(digitised, "annotated")
    exclude_labels(digitised, labels, audit_labels(labels), groups=[("annotator", "2.0")], name="audited")
    functions = FUNCTION_SETS["british-library-shelves"].functions()
    report = build_labels(digitised, functions, "digitised", labels="audited", without=("test",), name="shelves")
    assert report.labelled == 7135
    assert report.accuracy["low"] > 0.97
    # 174 books stand with the sciences, on hardly one of which another function votes.
    created = load_labels(digitised, "shelves").table()
    books = load_labels(digitised, "shelves").records()
    assert not books["record_id"].str.endswith("7").any()  # kept for judging
    sciences = created["note"] == "shelved with sciences, law and theology"
    assert sciences.sum() > 80
    assert (created.loc[sciences, "label"] == "Non-fiction").all()
    assert any("Hardly any book has a vote of another function" in item for item in report.sentences)


def test_functions_on_foreign_shelves_find_many_books_and_never_contradict_the_others(real_data: Path) -> None:
    catalogue = pd.read_csv(real_data / "reference_catalogue.csv.gz", dtype="str", keep_default_na=False)
    functions = FUNCTION_SETS["british-library-foreign-shelves"].functions()
    # The functions for the digitised books look at the number of the paper record, of which some are kept for judging.
    columns = ["Title", "BL shelfmark", "BL record ID for physical resource"]
    books = catalogue[columns].rename(columns={"Title": "title"})
    votes = cast_votes(functions, Books(books), ["Fiction", "Non-fiction"]).matrix
    fiction, other = (votes == 0).any(axis=1), (votes == 1).any(axis=1)
    assert not (fiction & other).any()
    assert (fiction.sum(), other.sum()) == (1156, 4111)
    assert ((votes[:, 4:] >= 0).sum(axis=0) > 100).all()
    # Titles that call themselves a novel, verse or a play in words that are English nowhere.
    named = books["title"].str.contains(r"\b(?:novela|powieść|regény|poésies|gedichte|comédie|racconto)\b", case=False)
    assert (named & fiction).sum() > 10 * (named & other).sum()
