"""What people and the catalogue said, in the identifiers of the records that are exported."""

import pandas as pd
import pytest

from core.export.decisions import genre_labels, human_from_labels

RECORDS = pd.DataFrame({"record_id": ["014", "015"], "alternate_id": ["003", ""]}, dtype="str")


def said_of(ids, alternates, labels, source="person"):
    books = pd.DataFrame({"record_id": ids, "alternate_id": alternates}, dtype="str")
    table = pd.DataFrame({"record_id": ids, "label": labels, "label_given": labels, "source": source}, dtype="str")
    return human_from_labels(RECORDS, books, table)


@pytest.mark.parametrize(
    ("ids", "alternates", "expected"),
    [
        (["015", "014"], ["", ""], ["015", "014"]),
        (["003"], [""], ["014"]),
        (["999"], ["014"], ["014"]),
        (["14"], [""], ["014"]),
        (["999"], [""], []),
    ],
)
def test_labels_find_their_records_by_either_identifier(ids, alternates, expected):
    result = said_of(ids, alternates, ["Fiction"] * len(ids))
    assert result["record_id"].tolist() == expected
    assert set(result.columns) == {"record_id", "label", "label_given", "source"}


@pytest.mark.parametrize(
    ("genre", "label"),
    [
        ("Fiction", "Fiction"),
        ("NON FICTION.", "Non-fiction"),
        ("Fiction ; Drama ; Non-fiction", "Fiction | Non-fiction"),
        ("Drama", ""),
        ("", ""),
        ("Science fiction", ""),
        ("Roman", "Fiction"),
    ],
)
def test_only_a_genre_that_names_a_label_says_something(genre, label):
    labels = genre_labels(pd.Series([genre]), ["Fiction", "Non-fiction"], {"Roman": "Fiction"})
    assert labels.tolist() == [label]
