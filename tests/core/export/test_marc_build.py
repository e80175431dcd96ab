"""MARC records as they are built: every field by hand, and an independent reader for the bytes."""

import io

import numpy as np
import pandas as pd
import pymarc
import pytest

from core.export.marc import BUILDERS, undo_record
from core.export.marc_build import assignments, check_record
from core.export.table import prepare
from core.readers.marc_decode import MarcRecord, TooLongError, control, data

FIXED = "870813|1894||||enk    ||    |||| |||||  "


def own_record(*fields, fixed=FIXED, leader="00376cam a22001453  4500", record_id="014602826") -> MarcRecord:
    """A record as the British Library has it, with more fields put in their place."""
    known = [
        control("001", record_id),
        control("003", "Uk"),
        control("005", "20110119131900.0"),
        control("008", fixed),
        data("040", "  ", ("a", "Uk"), ("c", "Uk")),
        data("245", "10", ("a", "A title")),
    ]
    return MarcRecord(leader, sorted([*known, *fields], key=lambda item: item.tag))


def with_marc(example, *records, **chosen):
    """Return the export table of the example whose first books have these MARC records."""
    texts = [record.to_json() for record in records] + [""] * (len(example.records) - len(records))
    originals = example.originals.assign(marc=texts)
    return prepare(
        example.records,
        originals,
        example.scored,
        example.settings(**chosen),
        human=example.human,
        reviews=example.reviews,
    )


def enrich(example, record, **chosen):
    table = with_marc(example, record, **chosen)
    given = next(assignments(table, np.array([0])))
    return BUILDERS["enriched"](table).build(given)


def lines(record: MarcRecord) -> list[str]:
    return [f"LDR {record.leader}", *(item.line() for item in record.fields)]


def built(example, kind, place, **chosen):
    table = example.table(**chosen)
    given = list(assignments(table))[place]
    return BUILDERS[kind](table).build(given)


def test_a_stub_field_by_field(example):
    assert lines(built(example, "stub", 0).record) == [
        "LDR 00000nam a22000007u 4500",
        "001 014602826",
        "003 Uk",
        "005 20261123102000.0",
        "007 cr |||||||||||",
        "008 261123s1786    enk|||||o|||| ||| ||eng |",
        "035    $a (Uk)014602826",
        "040    $a Uk $b eng $c Uk $d XX-XxEXM",
        "100 1  $a Yearsley, Ann, $d 1753-1806",
        "245 10 $a Poems on several occasions.",
        "264  1 $a London $c 1786",
        "336    $a text $b txt $2 rdacontent",
        "337    $a computer $b c $2 rdamedia",
        "338    $a online resource $b cr $2 rdacarrier",
        "588    $a Fiction/non-fiction term assigned automatically by machine learning (AI) from the title on"
        " 2026-11-23 (model bl-genre-title-classifier, version 1.2.0, run run-20261123-01); not checked by a"
        " cataloguer. $5 XX-XxEXM",
        "655  7 $8 1\\p $a Fiction $0 http://id.loc.gov/authorities/genreForms/gf2014026339 $2 lcgft $5 XX-XxEXM",
        "776 08 $i Print version: $w (Uk)003996603",
        "883 0  $8 1\\p $a bl-genre-title-classifier 1.2.0 $c 0.9731 $d 20261123 $q XX-XxEXM"
        " $u https://example.org/runs/run-20261123-01",
    ]


def test_a_delta_holds_identifiers_and_new_fields_only(example):
    record = built(example, "delta", 1).record
    assert [item.tag for item in record.fields] == ["001", "003", "005", "035", "040", "588", "655", "883"]
    assert record.first("655").line() == "655  4 $8 1\\p $a Non-fiction $5 XX-XxEXM"


def test_who_decided_stands_in_the_first_indicator(example):
    table = example.table()
    records = {given.record_id: BUILDERS["delta"](table).build(given).record for given in assignments(table)}
    content = {record_id: record.first("883").line() for record_id, record in records.items()}
    assert content["014602826"].startswith("883 0  $8 1\\p $a bl-genre-title-classifier 1.2.0 $c 0.9731")
    assert content["014602835"].startswith("883 1  $8 1\\p $a bl-genre-title-classifier 1.2.0 $c 0.8000")
    assert content["014602836"] == "883 2  $8 1\\p $a curator review $d 20261124 $q XX-XxEXM"
    notes = {record_id: record.first("588").get("a") for record_id, record in records.items()}
    assert notes["014602835"].endswith("; checked and confirmed by a person on 2026-11-24.")
    assert notes["014602836"] == (
        "Fiction/non-fiction term chosen by a person in review on 2026-11-24 (run run-20261123-01)."
    )


def test_an_uncalibrated_confidence_never_enters_a_record(example):
    from core.export import ModelSource

    record = built(example, "stub", 0, model=ModelSource(name="m", version="1")).record
    assert record.first("883").all("c") == []


def test_without_organisation_codes_nothing_is_invented(example):
    record = built(example, "stub", 0, organisation="", source_code="").record
    tags = [item.tag for item in record.fields]
    assert not {"003", "035", "040"} & set(tags)
    assert not [code for item in record.fields for code, _ in item.subfields if code in "5q"]
    assert record.first("776").get("w") == "003996603"


def test_a_book_on_the_shelf_is_no_online_resource(example):
    record = built(example, "stub", 0, carrier="volume").record
    assert record.first("007") is None
    assert record.text("008")[23] == " "
    assert record.first("338").get("b") == "nc"
    assert record.first("776") is None


def test_a_detected_language_is_not_coded(example):
    records = example.records.assign(language_source="detected")
    table = prepare(records, example.originals, example.scored, example.settings())
    record = BUILDERS["stub"](table).build(next(assignments(table))).record
    assert record.text("008")[35:38] == "|||"


@pytest.mark.parametrize(
    ("year", "certainty", "dates"),
    [
        (1786, "certain", "s1786    "),
        (1840, "uncertain", "s1840    "),
        (1874, "range", "m1874uuuu"),
        (None, "none", "nuuuuuuuu"),
    ],
)
def test_dates_in_the_fixed_field(example, year, certainty, dates):
    years = pd.array([year] * len(example.records), dtype="Int64")
    records = example.records.assign(date_certainty=certainty, year=years)
    table = prepare(records, example.originals, example.scored, example.settings())
    fixed = BUILDERS["stub"](table).build(next(assignments(table))).record.text("008")
    assert (len(fixed), fixed[6:15]) == (40, dates)


def test_a_serial_is_a_serial(example):
    originals = example.originals.assign(**{"Type of resource": "Serial"})
    table = prepare(example.records, originals, example.scored, example.settings())
    record = BUILDERS["stub"](table).build(next(assignments(table))).record
    assert record.leader[7] == "s"
    assert (len(record.text("008")), record.text("008")[28], record.text("008")[33]) == (40, " ", "|")


@pytest.mark.parametrize(
    ("title", "language", "source", "nonfiling"),
    [
        ("The history", "English", "catalogue", "4"),
        ("Die Geschichte", "German", "catalogue", "4"),
        ("Die Geschichte", "English", "catalogue", "0"),
        ("The history", "English", "detected", "0"),
        ("Then and now", "English", "catalogue", "0"),
        ("The", "English", "catalogue", "0"),
    ],
)
def test_articles_are_passed_over_in_languages_we_know(example, title, language, source, nonfiling):
    records = example.records.assign(title=title, language=language, language_source=source)
    table = prepare(records, example.originals, example.scored, example.settings())
    assert BUILDERS["stub"](table).build(next(assignments(table))).record.first("245").indicators[1] == nonfiling


@pytest.mark.parametrize(
    ("author", "kind", "expected"),
    [
        ("Yearsley, Ann, 1753-1806", "", "100 1  $a Yearsley, Ann, $d 1753-1806"),
        (
            "Hazlitt, William Carew, 1834-1913 [person] ; X [person]",
            "",
            "100 1  $a Hazlitt, William Carew, $d 1834-1913",
        ),
        ("Homer", "", "100 0  $a Homer"),
        ("Royal Society [organisation]", "organisation", "110 2  $a Royal Society"),
    ],
)
def test_names(example, author, kind, expected):
    originals = example.originals.assign(**{"Type of name": kind})
    table = prepare(example.records.assign(author=author), originals, example.scored, example.settings())
    record = BUILDERS["stub"](table).build(next(assignments(table))).record
    assert next(item for item in record.fields if item.tag in ("100", "110")).line() == expected


def test_without_a_name_the_title_is_the_main_entry(example):
    table = prepare(example.records.assign(author=""), example.originals, example.scored, example.settings())
    record = BUILDERS["stub"](table).build(next(assignments(table))).record
    assert record.first("100") is None
    assert record.first("245").indicators[0] == "0"


def test_an_enriched_record_keeps_every_field_and_gains_three(example):
    before = own_record(data("655", " 4", ("a", "Catalogues.")), data("852", "41", ("a", "British Library")))
    after = enrich(example, before).record
    items = [item.line() for item in before.fields if item.tag not in ("005", "040")]
    assert [line for line in lines(after)[1:] if line in items] == items
    assert [item.tag for item in after.fields] == [
        "001", "003", "005", "008", "040", "245", "588", "655", "655", "852", "883",
    ]  # fmt: skip
    assert after.leader[5] == "c"
    assert after.text("005") == "20261123102000.0"
    assert after.first("040").line() == "040    $a Uk $c Uk $d XX-XxEXM"
    assert [item.get("a") for item in after.all("655")] == ["Catalogues.", "Fiction"]


def test_the_next_link_number_is_taken(example):
    before = own_record(
        data("082", "04", ("8", "1\\p"), ("a", "823")), data("883", "0 ", ("8", "1\\p"), ("a", "autodewey"))
    )
    after = enrich(example, before).record
    assert [item.get("8") for item in after.all("655", "883")] == ["2\\p", "1\\p", "2\\p"]
    assert check_record(after) == []


def test_running_twice_gives_the_same_record(example):
    once = enrich(example, own_record()).record
    assert lines(enrich(example, once).record) == lines(once)


def test_a_newer_run_replaces_what_the_older_one_wrote(example):
    older = enrich(example, own_record()).record
    newer = enrich(example, older, run_id="run-2", predicted_at="2027-01-01T00:00:00Z").record
    assert len(list(newer.all("655"))) == len(list(newer.all("883"))) == len(list(newer.all("588"))) == 1
    assert newer.first("883").get("d") == "20270101"


def test_a_term_whose_provenance_is_gone_was_adopted_by_a_person(example):
    adopted = enrich(example, own_record()).record
    adopted.fields = [item for item in adopted.fields if item.tag != "883"]
    table = with_marc(example, adopted)
    assert table.decisions["pred_decision"].iloc[0] == "human-label-kept"
    assert table.decisions["human_label"].iloc[0] == "Fiction"


@pytest.mark.parametrize(
    ("form", "decision"),
    [
        ("|", "accepted"),
        ("u", "accepted"),
        ("0", "human-label-kept"),
        ("1", "human-label-kept"),
        ("p", "human-label-kept"),
        (" ", "human-label-kept"),
    ],
)
def test_a_coded_literary_form_is_a_human_label(example, form, decision):
    table = with_marc(example, own_record(fixed=FIXED[:33] + form + FIXED[34:]))
    assert table.decisions["pred_decision"].iloc[0] == decision


@pytest.mark.parametrize(("answer", "label"), [("yes", "Fiction"), ("no", "Non-fiction"), ("", "poetry (008/33)")])
def test_what_a_code_for_poetry_means_depends_on_the_answer(example, answer, label):
    table = with_marc(example, own_record(fixed=FIXED[:33] + "p" + FIXED[34:]), answer=answer)
    assert table.decisions["human_label"].iloc[0] == label


def test_byte_33_of_a_serial_is_no_literary_form(example):
    serial = own_record(fixed=FIXED[:33] + "0" + FIXED[34:], leader="00376cas a22001453  4500")
    assert with_marc(example, serial).decisions["pred_decision"].iloc[0] == "accepted"


@pytest.mark.parametrize(
    ("genre", "decision"),
    [
        (data("655", " 7", ("a", "Fiction"), ("2", "lcgft")), "human-label-kept"),
        (data("655", " 7", ("a", "Fiction."), ("2", "fast")), "human-label-kept"),
        (data("655", " 4", ("a", "Hymnals.")), "accepted"),
    ],
)
def test_a_genre_term_of_a_person_blocks_when_it_names_a_label(example, genre, decision):
    assert with_marc(example, own_record(genre)).decisions["pred_decision"].iloc[0] == decision


def test_what_people_said_stands_beside_what_the_records_say(example):
    texts = [own_record(data("655", " 7", ("a", "Fiction"), ("2", "lcgft"))).to_json(), *[""] * 9]
    people = pd.DataFrame({"record_id": ["014602831"], "label": ["Non-fiction"], "source": ["person"]})
    originals = example.originals.assign(marc=texts)
    table = prepare(example.records, originals, example.scored, example.settings(), human=people)
    rows = table.decisions.set_index("record_id").loc[["014602826", "014602831"]]
    assert rows["human_label"].tolist() == ["Fiction", "Non-fiction"]
    assert rows["human_label_source"].tolist() == ["catalogue", "person"]


def test_a_genre_term_of_another_machine_is_no_human_label(example):
    other = own_record(
        data("655", " 7", ("8", "1\\p"), ("a", "Fiction"), ("2", "lcgft")),
        data("883", "1 ", ("8", "1\\p"), ("a", "other")),
    )
    assert with_marc(example, other).decisions["pred_decision"].iloc[0] == "accepted"


@pytest.mark.parametrize(("byte", "expected"), [("|", "1"), ("u", "1"), (" ", " "), ("0", "0")])
def test_the_literary_form_is_written_only_where_nobody_coded_it(example, byte, expected):
    # A curator chose the label, so the record is written although a cataloguer had coded the byte.
    record = own_record(fixed=FIXED[:33] + byte + FIXED[34:])
    originals = example.originals.assign(marc=[record.to_json(), *[""] * 9])
    chosen = pd.DataFrame({"record_id": ["014602826"], "label": ["Fiction"]})
    settings = example.settings(write_literary_form=True)
    table = prepare(example.records, originals, example.scored, settings, reviews=chosen)
    after = BUILDERS["enriched"](table).build(next(assignments(table, np.array([0])))).record
    assert after.text("008")[33] == expected
    assert after.text("008")[:33] == FIXED[:33]


def test_the_literary_form_is_left_alone_unless_asked_for(example):
    assert enrich(example, own_record()).record.text("008") == FIXED


def test_verse_among_fiction_is_never_coded_as_fiction(example):
    after = enrich(example, own_record(), answer="yes", write_literary_form=True).record
    assert after.text("008")[33] == "|"
    assert after.first("655").get("a") == "Literature"


def test_undo_gives_the_record_as_it_was(example):
    before = own_record()
    text = before.to_json()
    assert undo_record("enriched", enrich(example, before)).to_json() == text


def test_undo_of_a_stub_deletes_it(example):
    record = undo_record("stub", built(example, "stub", 0))
    assert record.leader[5] == "d"
    assert [item.tag for item in record.fields] == ["001", "003", "005", "008", "035", "040", "245"]


@pytest.mark.parametrize("kind", ["stub", "delta"])
def test_what_we_write_another_program_reads_the_same(example, kind):
    table = example.table()
    records = [BUILDERS[kind](table).build(given).record for given in assignments(table)]
    content = b"".join(record.to_iso2709() for record in records)
    read = list(pymarc.MARCReader(io.BytesIO(content)))
    assert [record.as_marc() for record in read] == [record.to_iso2709() for record in records]
    xml = pymarc.parse_xml_to_array(
        io.StringIO(
            f'<collection xmlns="http://www.loc.gov/MARC21/slim">{"".join(r.to_xml() for r in records)}</collection>'
        )
    )
    assert [record.as_dict() for record in xml] == [
        {**record.as_dict(), "leader": ours.leader} for record, ours in zip(read, records, strict=True)
    ]


def test_a_field_or_record_that_does_not_fit_is_refused_before_writing():
    long = own_record(data("500", "  ", ("a", "ü" * 4_998)))
    with pytest.raises(TooLongError, match="field 500 has 10,001 bytes, at most 9,999 fit"):
        long.to_iso2709()
    many = own_record(*(data("500", "  ", ("a", "x" * 9_000)) for _ in range(12)))
    with pytest.raises(TooLongError, match=r"the record has 108,\d{3} bytes, at most 99,999 fit"):
        many.to_iso2709()


def test_the_longest_field_that_fits_is_written():
    record = own_record(data("500", "  ", ("a", "x" * (9_999 - 5))))
    assert next(pymarc.MARCReader(record.to_iso2709()))["500"]["a"] == "x" * 9_994


def test_a_delta_of_the_librarys_own_record_gains_the_number_to_match_on(example):
    table = with_marc(example, own_record())
    given = next(assignments(table, np.array([0])))
    record = BUILDERS["delta"](table).build(given).record
    assert [item.tag for item in record.fields] == ["001", "003", "005", "035", "040", "588", "655", "883"]
    assert record.first("035").line() == "035    $a (Uk)014602826"
    assert check_record(record, "delta") == []


def test_an_organisation_signs_a_record_that_has_no_040(example):
    record = own_record()
    record.fields = [item for item in record.fields if item.tag != "040"]
    assert enrich(example, record).record.first("040").line() == "040    $d XX-XxEXM"
    assert enrich(example, record, organisation="").record.first("040") is None


def test_what_a_model_with_a_longer_name_wrote_is_not_ours_to_replace(example):
    name = "bl-genre-title-classifier-two 1.0"
    other = own_record(
        data("655", " 4", ("8", "1\\p"), ("a", "Fiction")), data("883", "0 ", ("8", "1\\p"), ("a", name))
    )
    after = enrich(example, other).record
    assert [item.get("a") for item in after.all("883")] == [name, "bl-genre-title-classifier 1.2.0"]
