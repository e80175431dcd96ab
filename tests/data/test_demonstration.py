"""The demonstration corpus: its tables, its messiness and its hidden biases."""

import dataclasses

import numpy as np
import pandas as pd
import pytest

from data.demonstration import ANNOTATION_COLUMNS, COLUMNS, NOTE, Demonstration, generate
from data.demonstration.catalogue import title_group

ID, PAPER = "BL record ID", "BL record ID for physical resource"


@pytest.fixture(scope="module")
def demo() -> Demonstration:
    return generate()


@pytest.fixture(scope="module")
def books(demo: Demonstration) -> pd.DataFrame:
    """One row an annotated book."""
    return demo.annotated.drop_duplicates(ID)


def share(ids: pd.Series, part: tuple[str, ...]) -> float:
    return float(ids.isin(part).mean())


def test_counts(demo, books):
    assert (len(demo.catalogue), len(demo.digitised), len(books), len(demo.test)) == (20_000, 6_000, 1_500, 800)
    assert set(demo.planted) == {
        "verse", "decade", "class mix", "over-confident language", "careless annotator", "leak",
    }  # fmt: skip


def test_columns_are_the_24_of_the_published_files(demo):
    assert len(COLUMNS) == 24
    assert (COLUMNS[0], COLUMNS[7], COLUMNS[14], COLUMNS[23]) == (ID, "Title", "Date of publication", PAPER)
    assert tuple(demo.catalogue.columns) == tuple(demo.digitised.columns) == COLUMNS
    assert tuple(demo.annotated.columns) == COLUMNS + ANNOTATION_COLUMNS
    assert list(demo.test.columns) == [ID, PAPER, "Title", "Date of publication", "true_label"]


def test_every_cell_is_text_and_none_is_missing(demo):
    for table in (demo.catalogue, demo.digitised, demo.annotated, demo.test):
        assert set(table.dtypes.astype(str)) == {"str"}
        assert not table.isna().to_numpy().any()
    assert (demo.catalogue["Title"] != "").all()


def test_equal_seeds_give_equal_tables_and_others_do_not():
    first, again, other = generate(5, 0.05), generate(5, 0.05), generate(6, 0.05)
    for field in ("catalogue", "digitised", "annotated", "test"):
        pd.testing.assert_frame_equal(getattr(first, field), getattr(again, field))
    pd.testing.assert_series_equal(first.truth, again.truth)
    assert first.planted == again.planted
    assert not first.catalogue["Title"].equals(other.catalogue["Title"])


@pytest.mark.parametrize(("scale", "expected"), [(0.01, (200, 60, 15, 8)), (0.1, (2_000, 600, 150, 80))])
def test_scale(scale, expected):
    small = generate(2, scale)
    annotated = small.annotated[ID].nunique()
    assert (len(small.catalogue), len(small.digitised), annotated, len(small.test)) == expected


@pytest.mark.parametrize(("seed", "scale"), [(-1, 1.0), (1, 0.0)])
def test_impossible_seed_and_scale_are_refused(seed, scale):
    with pytest.raises(ValueError, match=f"seed is {seed} and scale {scale}"):
        generate(seed, scale)


def test_it_cannot_be_changed(demo):
    with pytest.raises(dataclasses.FrozenInstanceError):
        demo.test = demo.digitised


def test_every_record_says_it_is_invented(demo):
    assert NOTE == "Invented record for demonstration."
    for table in (demo.catalogue, demo.digitised, demo.annotated):
        assert set(table["Notes"]) == {NOTE}


def test_identifiers_have_nine_digits_and_zeros_to_lose(demo):
    for table in (demo.catalogue, demo.digitised):
        assert table[ID].str.fullmatch(r"0\d{8}").all()
        assert table[ID].is_unique
    assert (demo.catalogue[PAPER] == "").all()
    assert not set(demo.catalogue[ID]) & set(demo.digitised[ID])


def test_digital_records_describe_their_paper_book(demo):
    paper = demo.catalogue.set_index(ID).loc[demo.digitised[PAPER]]
    for column in ("Title", "Name", "Date of publication", "Place of publication"):
        assert (paper[column].to_numpy() == demo.digitised[column].to_numpy()).all()
    assert (demo.truth[demo.digitised[PAPER]].to_numpy() == demo.truth[demo.digitised[ID]].to_numpy()).all()


def test_truth_knows_every_record_once(demo):
    assert demo.truth.index.is_unique
    assert set(demo.truth.index) == set(demo.catalogue[ID]) | set(demo.digitised[ID])
    assert set(demo.truth) == {"Fiction", "Non-fiction"}


def test_languages_are_known_for_a_part_and_for_every_annotated_book(demo, books):
    known = demo.digitised["Languages"] != ""
    assert 0.4 < known.mean() < 0.6
    assert 0.2 < (demo.catalogue["Languages"] != "").mean() < 0.3
    assert (books["Languages"] != "").all()
    assert set(demo.digitised["Languages"]) == {"", "Danish", "Dutch", "English", "French", "German", "Swedish"}


@pytest.mark.parametrize(
    ("column", "pattern"),
    [
        ("Date of publication", r"\d{4} \[\d{4}\]"),
        ("Date of publication", r"\[\d{4}\?\]"),
        ("Date of publication", r"\d{4}-\d\d"),
        ("Date of publication", r"\d{4}, \d\d"),
        ("Date of publication", r"\d{4}-"),
        ("Date of publication", r""),
        ("Place of publication", r"\[London\]"),
        ("Place of publication", r"london"),
        ("Title", r".* \[A novel\.\]"),
        ("Title", r".* \[With illustrations\.\]"),
        ("Title", r".*, etc"),
        ("Name", r"[A-Z]+, \w+\."),
        ("Name", r"[A-Z][a-z]+, \w+"),
        ("Name", r""),
        ("BL shelfmark", r"Demo Store 99\d{3}\.[a-h]+\.\d+"),
        ("Genre", r"Poetry or verse"),
    ],
)
def test_records_are_as_messy_as_real_ones(demo, column, pattern):
    assert demo.digitised[column].str.fullmatch(pattern).sum() >= 5


def test_books_stand_in_rooms_of_their_own(demo):
    rooms = demo.annotated.drop_duplicates(ID)
    rooms = rooms.assign(novels=rooms["BL shelfmark"].str.extract(r"99(\d)\d\d\.")[0].isin(["1", "2"]))
    share = rooms.groupby("annotator_genre")["novels"].mean()
    assert share["Fiction"] > 0.8
    # Misplaced ones, and what annotators mistook.
    assert 0.0 < share["Non-fiction"] < 0.1


def test_titles_repeat_as_editions_with_other_dates(demo):
    repeated = demo.digitised[demo.digitised["Title"].duplicated(keep=False)]
    dates = repeated.groupby("Title")["Date of publication"].nunique()
    assert len(repeated) > 200
    assert (dates > 1).mean() > 0.7


def test_rows_repeat_one_annotation(demo):
    rows = demo.annotated.groupby(ID).size()
    assert set(rows) == {1, 2, 3, 4, 5}
    assert 0.4 < (rows == 1).mean() < 0.5
    assert len(demo.annotated.drop_duplicates([ID, "annotator_genre", "annotator_comments"])) == len(rows)
    assert len(demo.annotated.drop_duplicates([ID, "user_id"])) > len(rows) + 100
    assert demo.annotated["classification_id"].is_unique
    assert demo.annotated["created_at"].is_monotonic_increasing
    assert demo.annotated["created_at"].str.fullmatch(r"202[01]-\d\d-\d\d \d\d:\d\d:\d\d UTC").all()


def test_some_answers_are_no_class(demo, books):
    answers = books["annotator_genre"].value_counts()
    assert set(answers.index) == {"Fiction", "Non-fiction", "both", "can't tell", ""}
    assert 25 <= answers[["both", "can't tell", ""]].sum() <= 70
    usable = demo.test["true_label"].isin(["Fiction", "Non-fiction"])
    assert 5 <= (~usable).sum() <= 35


def test_the_truth_of_the_test_is_right_wherever_it_is_given(demo):
    given = demo.test[demo.test["true_label"].isin(["Fiction", "Non-fiction"])]
    assert (given["true_label"].to_numpy() == demo.truth[given[ID]].to_numpy()).all()


def test_languages_and_decades_were_annotated_unevenly(demo, books):
    shares = books["Languages"].value_counts(normalize=True)
    # True language of the digitised books: the six grammars' shares, of which French is planted.
    french = share(demo.digitised[ID], demo.planted["over-confident language"].record_ids)
    assert 0.07 < french < 0.13
    assert shares["French"] < french / 3
    # Among the books whose language was noted at random, not for being annotated.
    rest = demo.digitised[~demo.digitised[ID].isin(books[ID]) & (demo.digitised["Languages"] != "")]
    others = rest["Languages"].value_counts(normalize=True)
    assert shares["Dutch"] > 0.15 > 3 * others.get("Dutch", 0.0)
    assert min(shares["Swedish"], shares["Danish"]) > 0.09

    def nineties(table):
        return table["Date of publication"].str.contains(r"189\d").mean()

    assert nineties(books) > 1.15 * nineties(demo.digitised) > 1.15 * 1.2 * nineties(demo.catalogue)


def test_digitised_books_are_no_fair_sample(demo):
    def of_place(table, place):
        return table["Place of publication"].str.contains(place).mean()

    assert of_place(demo.digitised, "Bristol") > 1.3 * of_place(demo.catalogue, "Bristol")
    assert of_place(demo.digitised, "London") > 1.1 * of_place(demo.catalogue, "London")
    assert of_place(demo.digitised, "Lyon") < 0.6 * of_place(demo.catalogue, "Lyon")
    before_1790 = r"\b1(?:6\d\d|7[0-8]\d)"
    early = [
        table["Date of publication"].str.contains(before_1790).mean() for table in (demo.digitised, demo.catalogue)
    ]
    assert early[0] < 0.6 * early[1]


def test_the_test_is_a_fair_sample_of_the_digitised_books(demo):
    assert set(demo.test[ID]) <= set(demo.digitised[ID])
    for name in ("verse", "decade", "class mix", "over-confident language"):
        part = demo.planted[name].record_ids
        expected = share(demo.digitised[ID], part)
        # Three standard errors of a share among 800 of 6,000.
        margin = 3 * np.sqrt(expected * (1 - expected) / 800 * (1 - 800 / 6000))
        assert share(demo.test[ID], part) == pytest.approx(expected, abs=margin)


def test_verse_was_hardly_annotated(demo, books):
    part = demo.planted["verse"]
    assert share(demo.digitised[ID], part.record_ids) > 0.08
    assert share(books[ID], part.record_ids) < 0.012
    assert set(demo.truth[list(part.record_ids)]) == {"Fiction"}
    titles = demo.digitised.set_index(ID)["Title"].str.casefold()
    marked = titles.str.contains(rf"\b(?:{'|'.join(part.words)})\b")
    verse = titles.index.isin(part.record_ids)
    assert marked[verse].mean() > 0.9
    assert marked[~verse].mean() < 0.02


def test_fiction_of_the_planted_decade_is_mostly_verse(demo):
    verse, decade = (set(demo.planted[name].record_ids) for name in ("verse", "decade"))
    fiction = set(demo.truth.index[demo.truth == "Fiction"])
    assert len(decade & fiction & verse) / len(decade & fiction) > 0.75
    others = set(demo.digitised[ID]) - decade
    assert len(others & fiction & verse) / len(others & fiction) < 0.3
    assert demo.planted["decade"].value == "1810s"
    dates = demo.digitised.set_index(ID).loc[list(decade), "Date of publication"]
    assert dates[dates.str.contains(r"\d")].str.contains(r"181\d").all()


def test_the_decoy_place_holds_almost_only_fiction(demo):
    part = demo.planted["class mix"]
    assert (demo.truth[list(part.record_ids)] == "Fiction").mean() > 0.93
    assert (demo.truth[demo.digitised[ID]] == "Fiction").mean() < 0.5
    places = demo.digitised.set_index(ID).loc[list(part.record_ids), "Place of publication"]
    assert (places == part.value).mean() > 0.8


def test_one_annotator_was_careless(demo, books):
    part = demo.planted["careless annotator"]
    answers = books[books["annotator_genre"].isin(["Fiction", "Non-fiction"])]
    wrong = answers["annotator_genre"].to_numpy() != demo.truth[answers[ID]].to_numpy()
    careless = (answers["user_id"] == part.value).to_numpy()
    assert set(answers[ID][wrong & careless]) == set(part.further_ids)
    assert 0.18 < wrong[careless].mean() < 0.34
    assert wrong[~careless].mean() < 0.04
    languages = books.set_index(ID).loc[list(part.further_ids), "Languages"]
    assert (languages == "Dutch").mean() > 0.7
    # All rows of the books, and no row of another's, carry the id.
    assert set(demo.annotated[ID][demo.annotated["user_id"] == part.value]) == set(part.record_ids)
    assert set(demo.annotated["user_id"][demo.annotated[ID].isin(part.record_ids)]) == {part.value}


def test_the_leak_is_what_was_planted_and_no_more(demo, books):
    part = demo.planted["leak"]
    learned = books["Title"].map(title_group)
    leaked = demo.test[demo.test["Title"].map(title_group).isin(learned)]
    assert set(leaked[ID]) == set(part.record_ids)
    assert len(part.record_ids) == 20
    assert set(leaked[ID]) - set(books[ID]) == set(part.further_ids)
    assert 1 <= len(part.further_ids) <= 6
    # The editions can be found by whoever compares titles letter by letter.
    assert set(demo.test.set_index(ID).loc[list(part.further_ids), "Title"]) <= set(books["Title"])
