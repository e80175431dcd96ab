"""Planted faults: every rule of ours catches the fault it names, and good records break none."""

from collections.abc import Callable

import numpy as np
import pytest

from core.export.marc import BUILDERS
from core.export.marc_build import RULES, Cleaner, Fault, assignments, check_file, check_record, is_generated_note
from core.readers.marc_decode import MarcRecord, control, data

Damage = Callable[[MarcRecord], object]


@pytest.fixture
def good(example) -> MarcRecord:
    table = example.table()
    return BUILDERS["stub"](table).build(next(assignments(table))).record


def change(tag: str, code: str, value: str) -> Damage:
    def damage(record: MarcRecord) -> None:
        item = record.first(tag)
        item.subfields = [(name, value if name == code else text) for name, text in item.subfields]

    return damage


def add(tag: str, code: str, value: str) -> Damage:
    return lambda record: record.first(tag).subfields.append((code, value))


def indicators(tag: str, marks: str) -> Damage:
    return lambda record: setattr(record.first(tag), "indicators", marks)


def without(tag: str) -> Damage:
    return lambda record: setattr(record, "fields", [item for item in record.fields if item.tag != tag])


def text(tag: str, value: str) -> Damage:
    return lambda record: setattr(record.first(tag), "text", value)


def byte_33(value: str) -> Damage:
    def damage(record: MarcRecord) -> None:
        fixed = record.first("008")
        fixed.text = fixed.text[:33] + value + fixed.text[34:]

    return damage


def leader(place: int, value: str) -> Damage:
    return lambda record: setattr(record, "leader", record.leader[:place] + value + record.leader[place + 1 :])


def more(*fields) -> Damage:
    return lambda record: record.fields.extend(fields)


PLANTED: dict[str, tuple[Damage, str]] = {
    "883 first indicator 9": (indicators("883", "9 "), "provenance"),
    "883 second indicator": (indicators("883", "01"), "provenance"),
    "883 unknown subfield": (add("883", "z", "x"), "provenance"),
    "883 $c twice": (add("883", "c", "0.5"), "provenance"),
    "883 $d no date": (change("883", "d", "20261341"), "provenance"),
    "883 $d with hyphens": (change("883", "d", "2026-11-23"), "provenance"),
    "883 $c in per cent": (change("883", "c", "97.31"), "confidence"),
    "883 $c negative": (change("883", "c", "-0.1"), "confidence"),
    "883 $c above 1": (change("883", "c", "1.01"), "confidence"),
    "883 without a linked 655": (without("655"), "link"),
    "883 without $8": (change("883", "8", ""), "link"),
    "655 whose 883 is gone": (without("883"), "link"),
    "link numbers differ": (change("655", "8", "2\\p"), "link"),
    "second 245": (more(data("245", "00", ("a", "again"))), "title"),
    "no 245": (without("245"), "title"),
    "245 without text": (change("245", "a", " "), "title"),
    "no 001": (without("001"), "identifier"),
    "blank 001": (text("001", " "), "identifier"),
    "008/33 = 9": (byte_33("9"), "fixed-field"),
    "008 of 39 characters": (text("008", "x" * 39), "fixed-field"),
    "two 008": (more(control("008", " " * 40)), "fixed-field"),
    "$2 bogus": (change("655", "2", "bogus"), "genre"),
    "655 _7 without $2": (change("655", "2", ""), "genre"),
    "655 _4 with $2": (indicators("655", " 4"), "genre"),
    "655 without a term": (change("655", "a", ""), "genre"),
    "leader/09 blank": (leader(9, " "), "leader"),
    "leader/05 unknown": (leader(5, "x"), "leader"),
    "short leader": (lambda record: setattr(record, "leader", "00000"), "leader"),
    "0x1E in a title": (change("245", "a", "one\x1etwo"), "control-characters"),
    "0x1D in a title": (change("245", "a", "one\x1dtwo"), "control-characters"),
    "0x1F in a title": (change("245", "a", "one\x1ftwo"), "control-characters"),
    "newline in a title": (change("245", "a", "one\ntwo"), "control-characters"),
    "NUL in a title": (change("245", "a", "one\x00two"), "control-characters"),
    "vertical tab in a title": (change("245", "a", "one\x0btwo"), "control-characters"),
    "U+FFFE in a title": (change("245", "a", "one\ufffetwo"), "control-characters"),
    "control character in 001": (text("001", "0146\x1e"), "control-characters"),
    "field of 10,400 bytes": (change("245", "a", "x" * 10_400), "field-length"),
    "field too long in bytes only": (change("245", "a", "ü" * 5_000), "field-length"),
    "record of more than 99,999 bytes": (
        more(*(data("500", "  ", ("a", "x" * 9_000)) for _ in range(12))),
        "record-length",
    ),
    "field without subfields": (more(data("500", "  ")), "subfields"),
    "one indicator": (indicators("245", "1"), "subfields"),
    "an indicator that is none": (indicators("245", "1é"), "subfields"),
    "two terms by machine": (
        more(data("655", " 4", ("8", "3\\p"), ("a", "Non-fiction")), data("883", "0 ", ("8", "3\\p"), ("a", "other"))),
        "human-first",
    ),
    "a machine's term beside a person's": (more(data("655", " 4", ("a", "Non-fiction"))), "human-first"),
}


@pytest.mark.parametrize("name", PLANTED)
def test_a_planted_fault_is_caught_by_the_rule_it_breaks(good, name):
    damage, rule = PLANTED[name]
    damage(good)
    assert rule in {fault.rule for fault in check_record(good, "stub", speaking=[{"fiction", "nonfiction"}])}


def test_every_rule_has_a_planted_fault():
    assert {rule for _, rule in PLANTED.values()} == set(RULES)


def test_a_title_in_a_delta_is_caught(example):
    table = example.table()
    record = BUILDERS["delta"](table).build(next(assignments(table))).record
    assert check_record(record, "delta") == []
    record.fields.append(data("245", "00", ("a", "x")))
    assert [fault.rule for fault in check_record(record, "delta")] == ["title"]


@pytest.mark.parametrize("kind", ["stub", "delta"])
def test_what_we_build_breaks_no_rule(example, kind):
    for settings in ({}, {"answer": "yes"}, {"profile": "fast"}, {"organisation": ""}, {"write_literary_form": True}):
        table = example.table(**settings)
        for given in assignments(table):
            record = BUILDERS[kind](table).build(given).record
            assert check_record(Cleaner().record(record), kind, speaking=[{"fiction", "nonfiction"}]) == []


def test_lengths_do_not_matter_in_xml(good):
    change("245", "a", "x" * 10_400)(good)
    assert check_record(good, "stub", lengths=False) == []


def test_a_library_may_use_lists_of_its_own(good):
    good.fields.append(data("655", " 7", ("a", "Roman"), ("2", "localist")))
    assert check_record(good, "stub") == []


@pytest.mark.parametrize("value", ["0", "1", "0.9731", "0,23683", "1.0", "1,000"])
def test_confidences_with_point_or_comma_are_good(good, value):
    change("883", "c", value)(good)
    assert check_record(good, "stub") == []


def test_a_fault_says_what_was_found_and_what_is_asked(good):
    change("883", "c", "97.31")(good)
    assert str(check_record(good, "stub")[0]) == "883: $c '97.31' (883 $c is a number from 0 to 1)"


def test_faults_in_the_bytes_of_a_file(good):
    content = good.to_iso2709()
    assert check_file(content) == []
    assert [fault.rule for fault in check_file(content[:9] + b" " + content[10:])] == ["leader"]
    assert [fault.rule for fault in check_file(b"00001" + content[5:])] == ["record-length"]
    assert [fault.rule for fault in check_file(content[:12] + b"00099" + content[17:])] == ["field-length"]
    assert Fault("leader", "record 2", "coding scheme b' '") in check_file(content + content[:9] + b" " + content[10:])


@pytest.mark.parametrize(
    ("given", "expected", "count"),
    [
        ("plain", "plain", 0),
        ("Köln – Москва", "Köln – Москва", 0),
        ("one\x1etwo", "onetwo", 1),
        ("one\r\ntwo\tthree", "one  two three", 3),
        ("\x00\x1d\x1f\ufffe\uffff", "", 5),
        ("soft\u00adhyphen", "soft\u00adhyphen", 0),
        ("line\u2028break", "line break", 1),
    ],
)
def test_control_characters_are_taken_out_and_counted(given, expected, count):
    cleaner = Cleaner()
    assert (cleaner.text(given), cleaner.characters) == (expected, count)
    assert Cleaner().text(given) == expected


def test_every_control_character_is_taken_out():
    for code in [*range(0x20), 0x7F]:
        assert Cleaner().text(f"a{chr(code)}b") in ("ab", "a b")


def test_our_own_sentences_are_known_again(example):
    table = example.table()
    for given in assignments(table):
        assert is_generated_note(BUILDERS["delta"](table).build(given).record.first("588").get("a"))
    assert not is_generated_note("Description based on print version record.")


def test_a_record_that_was_not_cleaned_is_found_though_it_could_be_written(good):
    change("245", "a", "one\x1etwo")(good)
    assert check_file(good.to_iso2709()) == []
    assert np.all([fault.rule == "control-characters" for fault in check_record(good, "stub")])
