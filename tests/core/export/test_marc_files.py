"""The MARC files of an export: what is in them, what is left out and listed, what takes them back."""

import csv
import zipfile

import pytest

from core.export import QualityReport
from core.readers.marc_decode import MarcRecord, control, data, decode_iso2709, split_iso2709, stream_marcxml
from tests.exporting import export

ACCEPTED = ["014602826", "014602830", "014602832", "014602835", "014602836"]
FIXED = "870813|1894||||enk    ||    |||| |||||  "


def unpack(report, tmp_path):
    with zipfile.ZipFile(report.path) as archive:
        archive.extractall(tmp_path / "out")
    return tmp_path / "out" / report.folder


def iso(path) -> list[MarcRecord]:
    with path.open("rb") as stream:
        return [decode_iso2709(chunk).record for chunk in split_iso2709(stream)]


def xml(path) -> list[MarcRecord]:
    with path.open("rb") as stream:
        return list(stream_marcxml(stream))


def rows(path):
    with path.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def own(record_id, title="A title", *more):
    fields = [control("001", record_id), control("003", "Uk"), control("005", "2011"), control("008", FIXED)]
    fields += [data("040", "  ", ("a", "Uk")), data("245", "10", ("a", title)), *more]
    return MarcRecord("00376cam a22001453  4500", fields)


def with_records(example, records, tmp_path, **chosen):
    texts = [record.to_json() if record else "" for record in records]
    originals = example.originals.assign(marc=texts)
    settings = example.settings(formats=("marc", "marcxml"), **chosen)
    report = export(
        example.records,
        originals,
        example.scored,
        settings,
        QualityReport(),
        tmp_path / "out.zip",
        human=example.human,
        reviews=example.reviews,
    )
    return report, unpack(report, tmp_path)


def test_every_kind_has_the_accepted_records_in_both_spellings(folder):
    for name in ("stub", "delta_NOT-FOR-NEW-RECORDS"):
        assert [record.text("001") for record in iso(folder / f"marc/{name}.mrc")] == ACCEPTED
        assert [record.fields for record in xml(folder / f"marc/{name}.xml")] == [
            record.fields for record in iso(folder / f"marc/{name}.mrc")
        ]


def test_without_marc_in_there_are_no_enriched_records_and_it_is_said(example, tmp_path):
    report = example.export(tmp_path / "a.zip", formats=("marc",), marc_kinds=("enriched", "stub"))
    assert "No enriched MARC records: the catalogue file was not MARC." in report.remarks
    assert "marc/enriched.mrc" not in [written.name for written in report.files]


def test_with_marc_in_the_librarys_own_records_come_back(example, tmp_path):
    originals = [own(record_id, title) for record_id, title in example.records[["record_id", "title"]].to_numpy()]
    report, folder = with_records(example, originals, tmp_path)
    enriched = iso(folder / "marc/enriched.mrc")
    assert [record.text("001") for record in enriched] == ACCEPTED
    assert all(record.first("883") for record in enriched)
    undone = iso(folder / "marc/undo-enriched.mrc")
    by_id = {record.text("001"): record for record in originals}
    assert [record.fields for record in undone] == [by_id[record_id].fields for record_id in ACCEPTED]
    assert {written.name for written in report.files} >= {"marc/enriched.xml", "marc/delta_NOT-FOR-NEW-RECORDS.mrc"}


def test_the_column_of_whole_records_is_in_no_flat_file(example, tmp_path):
    originals = [own(record_id) for record_id in example.records["record_id"]]
    _, folder = with_records(example, originals, tmp_path)
    head = (folder / "review/abstained.csv").read_text(encoding="utf-8").splitlines()[0]
    assert "marc" not in head.split(",")


def test_accepted_records_without_marc_are_counted(example, tmp_path):
    records = [own(record_id) for record_id in example.records["record_id"]]
    report, folder = with_records(example, [None, *records[1:]], tmp_path)
    assert "1 accepted records have no MARC record in the catalogue file and were not enriched." in report.remarks
    assert [record.text("001") for record in iso(folder / "marc/enriched.mrc")] == ACCEPTED[1:]
    assert [record.text("001") for record in iso(folder / "marc/delta_NOT-FOR-NEW-RECORDS.mrc")] == ACCEPTED


def test_a_record_too_long_goes_to_xml_and_a_list(example, tmp_path):
    records = example.records.copy()
    records.loc[0, "title"] = "x" * 12_000
    settings = example.settings(formats=("marc", "marcxml"), marc_kinds=("stub",))
    report = export(records, example.originals, example.scored, settings, QualityReport(), tmp_path / "a.zip")
    folder = unpack(report, tmp_path)
    assert "014602826" not in [record.text("001") for record in iso(folder / "marc/stub.mrc")]
    assert xml(folder / "marc/too-long.xml")[0].first("245").get("a") == "x" * 12_000
    assert "014602826" in [record.text("001") for record in xml(folder / "marc/stub.xml")]
    assert rows(folder / "marc/left-out.csv") == [
        {"record_id": "014602826", "not_in": "stub.mrc", "reason": "field 245 has 12,005 bytes, at most 9,999 fit"}
    ]
    assert "1 MARC records are too long for ISO 2709; they are whole in marc/too-long.xml." in report.remarks


def test_a_record_that_breaks_a_rule_is_refused_and_listed(example, tmp_path):
    records = example.records.copy()
    records.loc[0, "title"] = " "
    settings = example.settings(formats=("marc",), marc_kinds=("stub",))
    report = export(records, example.originals, example.scored, settings, QualityReport(), tmp_path / "a.zip")
    folder = unpack(report, tmp_path)
    left_out = rows(folder / "marc/left-out.csv")
    assert [(row["record_id"], row["not_in"]) for row in left_out] == [("014602826", "stub.mrc; stub.xml")]
    assert "exactly one 245 with a title" in left_out[0]["reason"]
    assert any("1 MARC records break a rule" in remark for remark in report.remarks)


def test_control_characters_are_taken_out_of_marc_and_stay_in_the_csv(example, tmp_path):
    title = "one\x1etwo\x1dthree\x00\nfour"
    records, originals = example.records.copy(), example.originals.copy()
    records.loc[0, "title"] = title
    originals.loc[0, "Title"] = title
    settings = example.settings(formats=("csv", "marc"), marc_kinds=("stub",))
    report = export(records, originals, example.scored, settings, QualityReport(), tmp_path / "a.zip")
    folder = unpack(report, tmp_path)
    assert iso(folder / "marc/stub.mrc")[0].first("245").get("a") == "onetwothree four"
    assert title in (folder / "data/accepted.csv").read_bytes().decode()
    assert any("4 control characters in 1 MARC records were taken out" in remark for remark in report.remarks)


def test_faults_of_the_librarys_own_records_are_left_and_counted(example, tmp_path):
    crooked = [own(record_id, "x", data("655", " 7", ("a", "Hymnals."))) for record_id in example.records["record_id"]]
    report, folder = with_records(example, crooked, tmp_path)
    assert [record.text("001") for record in iso(folder / "marc/enriched.mrc")] == ACCEPTED
    assert any("of the library's own records break a MARC rule of themselves" in remark for remark in report.remarks)


def test_the_undo_list_names_every_field_that_was_added(folder):
    listed = rows(folder / "marc/undo.csv")
    kinds = ("stub", "delta_NOT-FOR-NEW-RECORDS")
    assert [(row["record_id"], row["in"]) for row in listed] == [(name, kind) for kind in kinds for name in ACCEPTED]
    first = iso(folder / "marc/stub.mrc")[0]
    assert [listed[0][tag] for tag in ("588", "655", "883")] == [
        first.first(tag).line() for tag in ("588", "655", "883")
    ]
    assert listed[0]["run"] == "https://example.org/runs/run-20261123-01"


def test_the_undo_list_has_the_books_that_no_file_of_whole_records_has(example, tmp_path):
    records = [own(record_id) for record_id in example.records["record_id"]]
    _, folder = with_records(example, [None, *records[1:]], tmp_path, marc_kinds=("enriched", "delta"))
    listed = rows(folder / "marc/undo.csv")
    # Four of the five accepted have a record of their own; the delta has all five.
    assert [row["record_id"] for row in listed if row["in"] == "enriched"] == ACCEPTED[1:]
    assert [row["record_id"] for row in listed if row["in"] == "delta_NOT-FOR-NEW-RECORDS"] == ACCEPTED
    assert len(listed) == 9


def test_the_undo_list_has_no_record_that_was_refused(example, tmp_path):
    records = example.records.copy()
    records.loc[0, "title"] = " "
    settings = example.settings(formats=("marc",), marc_kinds=("stub", "delta"))
    report = export(records, example.originals, example.scored, settings, QualityReport(), tmp_path / "a.zip")
    listed = rows(unpack(report, tmp_path) / "marc/undo.csv")
    refused = [row["in"] for row in listed if row["record_id"] == ACCEPTED[0]]
    assert refused == ["delta_NOT-FOR-NEW-RECORDS"]  # which has no title, and is written


def test_the_profile_without_a_term_writes_no_marc(example, tmp_path):
    report = example.export(tmp_path / "a.zip", formats=("csv", "marc"), profile="none")
    assert not [written for written in report.files if written.name.startswith("marc/")]
    assert "No MARC files: the chosen profile adds no genre term." in report.remarks


def test_without_a_source_code_it_is_said_how_records_match(example, tmp_path):
    report = example.export(tmp_path / "a.zip", formats=("marc",), source_code="")
    assert any("neither 003 nor 035 and match on 001 alone" in remark for remark in report.remarks)


@pytest.mark.parametrize("name", ["delta_NOT-FOR-NEW-RECORDS.mrc", "undo-delta_NOT-FOR-NEW-RECORDS.mrc"])
def test_files_that_must_not_be_loaded_as_new_say_so_in_their_name(folder, name):
    assert (folder / "marc" / name).exists()
    assert "NOT-FOR-NEW-RECORDS" in (folder / "README.md").read_text(encoding="utf-8")
