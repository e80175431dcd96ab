"""Functions tried on a few books: what is measured, on which titles, and what is written."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from core.errors import InputError
from core.predicates import Books, TextPredicate
from core.schema import RECORDS_COLUMNS
from core.weak_supervision import LabellingFunction, holdout_mask, try_functions
from core.weak_supervision.tryout import write_label_tables


def function(word: str, label: str, name: str = "") -> LabellingFunction:
    return LabellingFunction(name or word, label, TextPredicate("title", "word", (word,)))


FUNCTIONS = [function("novel", "Fiction"), function("history", "Essay"), function("tale", "Fiction")]
COLLECTION = ["A novel", "A history", "A history of the novel", "A tale, a novel", "Sermons"]


def books(titles: list[str]) -> Books:
    frame = pd.DataFrame({name: pd.Series([""] * len(titles), dtype="str") for name in RECORDS_COLUMNS})
    frame["title"] = frame["title_key"] = pd.Series(titles, dtype="str")
    frame["record_id"] = pd.Series([f"b{i}" for i in range(len(titles))], dtype="str")
    return Books(frame)


def test_without_labels_the_functions_are_described_and_put_together_by_majority() -> None:
    tried = try_functions(FUNCTIONS, books(COLLECTION), method="majority")
    assert tried.answers.tolist() == ["Fiction", "Essay", "", "Fiction", ""]
    assert tried.votes.classes == ("Essay", "Fiction")
    np.testing.assert_array_equal(tried.probabilities[:4], [[0, 1], [1, 0], [0.5, 0.5], [0, 1]])
    assert np.isnan(tried.probabilities[4]).all()
    assert tried.table["books"].tolist() == [3, 2, 1]
    assert (tried.checked, tried.accuracy.reason) == (None, "no labels to check against")


@pytest.mark.parametrize("method", ["majority", "label model"])
def test_accuracy_is_that_of_the_titles_kept_back(method: str) -> None:
    titles = [f"A novel, {i}" for i in range(40)] + [f"A history, {i}" for i in range(40)] + ["Sermons"] * 5
    truth = pd.Series(["Fiction"] * 40 + ["Essay"] * 40 + ["Essay"] * 5)
    truth[3] = ""  # a book without an answer counts for nothing
    back = holdout_mask(pd.Series(titles)) & (truth != "").to_numpy()
    wrong = np.flatnonzero(back)[0]
    truth[wrong] = "Essay"
    tried = try_functions(FUNCTIONS[:2], books(COLLECTION), books(titles), truth, method=method)
    n = int(back[:80].sum())
    assert (tried.accuracy.n, tried.accuracy.value) == (n, pytest.approx((n - 1) / n))
    novels = int(back[:40].sum())
    assert tried.table["right"].tolist() == [novels - 1, n - novels]
    assert tried.table["n"].tolist() == [novels, n - novels]
    assert len(tried.checked) == 85


def test_classes_are_spelt_as_people_spell_them_and_copies_are_left_out() -> None:
    functions = [function("novel", "fiction"), function("novel", "fiction", "again"), function("history", "essay")]
    people, truth = books(["A novel", "A history"]), pd.Series(["Fiction", "Essay"])
    collection = ["A novel"] * 12 + ["A history"] * 12
    tried = try_functions(functions, books(collection), people, truth, method="majority")
    assert tried.votes.classes == ("Essay", "Fiction")
    assert tried.used == (0, 2)
    assert tried.table["copies"].tolist() == ["", "novel", ""]
    assert any("again" in sentence for sentence in tried.sentences)


def test_an_unknown_way_is_refused() -> None:
    with pytest.raises(InputError, match="'vote' is no way to put votes together. There are: label model, majority"):
        try_functions(FUNCTIONS, books(COLLECTION), method="vote")  # type: ignore[arg-type]


def test_the_tables_name_who_voted_and_who_was_contradicted(tmp_path: Path) -> None:
    """The third book, on which two functions are level, has no label and is left out; the fourth has two votes."""
    collection = books([*COLLECTION, "A history, a tale, a novel"])
    tried = try_functions(FUNCTIONS, collection, method="majority")
    keep = tried.answers != ""
    write_label_tables(tmp_path, collection.records, pd.DataFrame({"Title": collection.records["title"]}), keep, tried)
    labels = pd.read_parquet(tmp_path / "labels.parquet")
    assert labels["record_id"].tolist() == ["b0", "b1", "b3", "b5"]
    assert labels["label"].tolist() == ["Fiction", "Essay", "Fiction", "Fiction"]
    assert labels["annotator"].tolist() == ["novel", "history", "novel", "novel"]
    assert labels["note"].tolist() == ["novel", "history", "novel; tale", "novel; history; tale"]
    assert labels["rows"].tolist() == [1, 1, 2, 3]
    assert labels["disagreeing"].tolist() == [False, False, False, True]
    assert labels["p_Fiction"].tolist() == [1, 0, 1, 1]
    votes = pd.read_parquet(tmp_path / "annotations.parquet")
    assert votes["record_id"].tolist() == ["b0", "b1", "b3", "b3", "b5", "b5", "b5"]
    assert votes["label_given"].tolist() == ["Fiction", "Essay", "Fiction", "Fiction", "Fiction", "Essay", "Fiction"]
    assert votes["annotator"].tolist() == ["novel", "history", "novel", "tale", "novel", "history", "tale"]
    assert (votes["line"] == 0).all()
    assert pd.read_parquet(tmp_path / "records.parquet")["title"].tolist()[0] == "A novel"
