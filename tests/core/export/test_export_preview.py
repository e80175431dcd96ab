"""What a curator sees before anything is written: the records of the files, what is new, and what it changes."""

import numpy as np
import pytest

from core.errors import InputError
from core.export.formats import record_formats
from core.export.release import breakdown, genre_difference, preview
from core.export.table import prepare
from core.readers.marc_decode import MarcRecord, control, data


def new(record):
    return [line.text for line in record.lines if line.new]


@pytest.mark.parametrize("name", list(record_formats()))
def test_every_format_shows_its_records_with_old_and_new(example, name):
    shown = preview(example.table(), name)
    assert len(shown) == 5
    for record in shown:
        assert new(record)
        assert len(new(record)) < len(record.lines)
        assert record.faults == ()


def test_chosen_records_are_shown_and_those_without_a_label_left_out(example):
    shown = preview(example.table(), "csv", ids=["014602832", "014602833"])
    assert [(record.record_id, record.title) for record in shown] == [("014602832", "=cmd|' /C calc'!A0")]


def test_a_draw_is_the_same_each_time_and_no_larger_than_asked(example):
    first, second = (preview(example.table(), "csv", n=2, seed=3) for _ in range(2))
    assert first == second
    assert len(first) == 2
    assert preview(example.table(), "csv", n=0) == ()


def test_new_columns_are_ours(example):
    (record,) = preview(example.table(), "csv", ids=["014602826"])
    assert [line.text for line in record.lines if not line.new] == [
        "BL record ID: 014602826",
        "Title: Poems on several occasions.",
        "Date of publication: 1786",
    ]
    assert "pred_label: Fiction" in new(record)


def test_new_fields_of_a_marc_record_are_marked(example):
    (record,) = preview(example.table(), "marc", ids=["014602826"], kind="stub")
    assert [line[:3] for line in new(record)] == ["588", "655", "883"]


def test_in_an_enriched_record_changed_fields_are_marked_too(example):
    own = MarcRecord(
        "00376cam a22001453  4500",
        [
            control("001", "014602826"),
            control("003", "Uk"),
            control("005", "2011"),
            data("040", "  ", ("a", "Uk")),
            data("245", "10", ("a", "x")),
        ],
    )
    originals = example.originals.assign(marc=[own.to_json(), *[""] * 9])
    table = prepare(example.records, originals, example.scored, example.settings())
    (record,) = preview(table, "marc", kind="enriched")
    assert [line[:3] for line in new(record)] == ["005", "040", "588", "655", "883"]
    (record,) = preview(table, "marcxml", kind="enriched")
    assert '      <subfield code="d">XX-XxEXM</subfield>'[2:] in new(record)
    assert '    <subfield code="a">x</subfield>' not in new(record)


def test_the_annotation_is_new_and_the_book_is_not(example):
    (record,) = preview(example.table(), "jsonld", ids=["014602826"])
    assert any('"confidence": "0.9731"' in line for line in new(record))
    assert not any('"name"' in line for line in new(record))


@pytest.mark.parametrize(("name", "message"), [("csvw", "describes files and has no records"), ("pdf", "is no format")])
def test_what_has_no_records_is_refused(example, name, message):
    with pytest.raises(InputError, match=message):
        preview(example.table(), name)


def test_the_profile_without_a_term_shows_no_marc(example):
    assert preview(example.table(profile="none"), "marc") == ()


def test_a_record_that_will_be_left_out_shows_why(example):
    records = example.records.assign(title="x" * 12_000)
    table = prepare(records, example.originals, example.scored, example.settings())
    shown = preview(table, "marc", kind="stub", n=1)
    assert "no field longer than 9,999 bytes" in shown[0].faults[0]


def test_the_difference_from_the_catalogues_genre(example):
    genre = ["", "Catalogues.", "Fiction", "", "", "Non-fiction", "", "", "", "Fiction"]
    records = example.records.assign(genre_given=genre)
    table = prepare(records, example.originals, example.scored, example.settings())
    difference = genre_difference(table)
    assert difference.counts == {
        "added": 4,
        "added beside another genre": 1,
        "same": 1,
        "conflicting": 1,
        "unclear": 0,
    }
    conflict = difference.of("conflicting").iloc[0]
    assert (conflict["record_id"], conflict["genre_given"], conflict["label"]) == (
        "014602834",
        "Non-fiction",
        "Fiction",
    )
    added = difference.of("added")
    assert added["confidence"].is_monotonic_decreasing
    assert added.index.tolist() == [0, 1, 2, 3]
    assert list(added.columns) == ["record_id", "title", "genre_given", "label", "confidence", "difference"]


def test_a_genre_that_names_two_labels_is_unclear(example):
    records = example.records.assign(genre_given="Fiction ; Non-fiction")
    table = prepare(records, example.originals, example.scored, example.settings())
    assert genre_difference(table).counts["unclear"] == 9


def test_decisions_by_language_add_up_and_take_their_precision_from_elsewhere(example):
    measured = {
        "English": {"value": 0.9, "low": 0.8, "high": 0.95, "n": 40},
        "German": {"value": None, "n": 3, "reason": "too few"},
    }
    table = breakdown(example.table(), "language", measured).set_index("value")
    assert table["loaded"].sum() == 10
    assert table.loc["English", ["loaded", "accepted", "curator", "human-label-kept"]].tolist() == [7, 1, 2, 2]
    assert (table.loc["English", "precision"], table.loc["English", "checked"]) == (0.9, 40)
    assert np.isnan(table.loc["German", "precision"])
    assert (table.loc["German", "checked"], table.loc["German", "reason"]) == (3, "too few")
    assert table.loc["Russian", "reason"] == "not measured"
    assert table.index[-1] == "no language"


def test_decades_stand_in_the_order_of_time(example):
    assert breakdown(example.table(), "decade")["value"].tolist() == ["1780s", "1850s", "no date"]
