"""Planted faults in a finished export: our own checks catch each of them, and say where."""

import csv
import json
import os
from collections import Counter

import pytest

from core.errors import InputError
from core.export.validation import _first_lines, builtin_checks, public_checks, validate
from core.readers.marc_decode import decode_iso2709, split_iso2709
from tests.exporting import read_labels


def results(folder):
    return {check.name: check for check in builtin_checks(folder)}


def sums_again(folder):
    """Write the checksums anew, so that only the planted fault is left to find."""
    from core.storage import file_sha256

    files = sorted(path for path in folder.rglob("*") if path.is_file() and path.name != "SHA256SUMS")
    lines = [f"{file_sha256(path)}  {path.relative_to(folder).as_posix()}\n" for path in files]
    (folder / "SHA256SUMS").write_text("".join(lines))


def edit_marc(path, change):
    with path.open("rb") as stream:
        records = [decode_iso2709(chunk).record for chunk in split_iso2709(stream)]
    change(records)
    path.write_bytes(b"".join(record.to_iso2709() for record in records))


def test_a_good_export_passes_every_check(exported):
    checks = validate(exported.path, tools=False)
    assert [check for check in checks if check.outcome != "passed"] == []
    assert {"Checksums", "Counts add up", "The same labels in every format", "MARC rules, stub.mrc"} <= {
        check.name for check in checks
    }


def test_the_zip_and_its_folder_give_the_same_answers(exported, folder):
    assert validate(exported.path, tools=False) == validate(folder, tools=False)


def test_of_what_a_public_tool_says_three_lines_are_shown():
    assert _first_lines("a\nb\nc\n") == "a; b; c"
    assert _first_lines("a\nb\nc\nd\n") == "a; b; c … (4 lines)"


@pytest.mark.parametrize("name", ["data/accepted.csv", "marc/stub.mrc", "manifest.json"])
def test_one_changed_byte_is_caught(copy_of, name):
    folder = copy_of()
    content = (folder / name).read_bytes()
    (folder / name).write_bytes(content[:-2] + b"x" + content[-1:])
    assert results(folder)["Checksums"].outcome == "failed"
    assert f"changed: {name}" in results(folder)["Checksums"].detail


def test_a_missing_and_an_extra_file_are_caught(copy_of):
    folder = copy_of()
    (folder / "data/accepted.jsonl").rename(folder / "data/other.jsonl")
    detail = results(folder)["Checksums"].detail
    assert "missing: data/accepted.jsonl" in detail
    assert "not listed: data/other.jsonl" in detail


def test_counts_that_do_not_add_up_are_caught(copy_of):
    folder = copy_of()
    manifest = json.loads((folder / "manifest.json").read_text())
    manifest["counts"]["accepted"] += 1
    manifest["files"][0]["records"] = 99
    (folder / "manifest.json").write_text(json.dumps(manifest))
    check = results(folder)["Counts add up"]
    assert check.outcome == "failed"
    assert "the parts make 11, loaded were 10" in check.detail
    assert "review/abstained.csv holds 99 records instead of 1" in check.detail


def edit_csv(path, column, value):
    with path.open(encoding="utf-8", newline="") as stream:
        head, *rows = list(csv.reader(stream))
    rows[0][head.index(column)] = value
    with path.open("w", encoding="utf-8", newline="") as stream:
        csv.writer(stream).writerows([head, *rows])


@pytest.mark.parametrize(
    ("column", "value"), [("record_id", "14602826"), ("pred_label", "Non-fiction"), ("pred_confidence", "0.9732")]
)
def test_a_lost_zero_another_label_or_confidence_in_one_format_is_caught(copy_of, column, value):
    folder = copy_of()
    edit_csv(folder / "data/accepted.csv", column, value)
    assert results(folder)["The same labels in every format"].outcome == "failed"


def test_a_label_that_is_missing_in_marc_is_caught(copy_of):
    folder = copy_of()
    edit_marc(folder / "marc/stub.mrc", lambda records: records.pop())
    check = results(folder)["The same labels in every format"]
    assert (check.outcome, "marc/stub.mrc" in check.detail) == ("failed", True)


def test_a_record_that_is_listed_as_left_out_is_not_missed(example, tmp_path):
    from core.export import FORMATS, QualityReport
    from tests.exporting import export

    records = example.records.copy()
    records.loc[0, "title"] = "x" * 12_000
    settings = example.settings(formats=tuple(FORMATS), marc_kinds=("stub",))
    report = export(records, example.originals, example.scored, settings, QualityReport(), tmp_path / "a.zip")
    assert {check.name: check.outcome for check in validate(report.path, tools=False)}[
        "The same labels in every format"
    ] == "passed"


def test_an_uncalibrated_export_is_compared_without_confidences_in_marc(example, tmp_path):
    from core.export import ModelSource

    report = example.export(tmp_path / "a.zip", formats=("csv", "marc"), model=ModelSource(name="m", version="1"))
    assert [check for check in validate(report.path, tools=False) if check.outcome != "passed"] == []


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda records: records[0].first("883").subfields.append(("c", "1.5")), "883"),
        (lambda records: records[0].fields.remove(records[0].first("655")), "no field shares its $8"),
        (lambda records: setattr(records[0].first("008"), "text", "short"), "5 characters"),
        (lambda records: records[0].first("655").subfields.append(("2", "bogus")), "unknown list 'bogus'"),
    ],
)
def test_a_broken_marc_rule_is_caught_in_the_file(copy_of, change, said):
    folder = copy_of()
    edit_marc(folder / "marc/stub.mrc", change)
    check = results(folder)["MARC rules, stub.mrc"]
    assert check.outcome == "failed"
    assert said in check.detail
    assert "014602826" in check.detail


def test_a_wrong_leader_is_caught_in_the_bytes(copy_of):
    folder = copy_of()
    content = (folder / "marc/stub.mrc").read_bytes()
    (folder / "marc/stub.mrc").write_bytes(content[:9] + b" " + content[10:])
    assert "coding scheme b' '" in results(folder)["MARC rules, stub.mrc"].detail


@pytest.mark.parametrize("name", ["data/accepted.parquet", "other/mods-3.7.xml", "other/books.jsonld", "marc/stub.mrc"])
def test_a_file_that_cannot_be_read_fails_the_check_and_no_more(copy_of, name):
    folder = copy_of()
    (folder / name).write_bytes(b"rubbish")
    check = results(folder)["The same labels in every format"]
    assert check.outcome == "failed"
    assert check.detail


def test_after_new_checksums_only_the_planted_fault_is_left(copy_of):
    folder = copy_of()
    edit_csv(folder / "data/accepted.csv", "pred_label", "Non-fiction")
    sums_again(folder)
    assert [name for name, check in results(folder).items() if check.outcome == "failed"] == [
        "The same labels in every format",
        "RO-Crate lists every file",  # which holds hashes of its own
    ]


def test_faults_of_the_librarys_own_records_do_not_fail_the_check(example, tmp_path):
    from core.export import QualityReport
    from core.readers.marc_decode import MarcRecord, control, data
    from tests.exporting import export

    fields = [control("003", "Uk"), control("008", "too short"), data("245", "10", ("a", "x"))]
    texts = [
        MarcRecord("00376cam a22001453  4500", [control("001", record_id), *fields]).to_json()
        for record_id in example.records["record_id"]
    ]
    settings = example.settings(formats=("csv", "marc"))
    originals = example.originals.assign(marc=texts)
    report = export(example.records, originals, example.scored, settings, QualityReport(), tmp_path / "a.zip")
    checks = {check.name: check.outcome for check in validate(report.path, tools=False)}
    assert checks["MARC rules, enriched.mrc"] == "passed"
    assert checks["MARC rules, undo-enriched.mrc"] == "passed"


@pytest.mark.skipif(os.name == "nt", reason="the stand-in for xmllint is a shell script")
@pytest.mark.parametrize(
    ("have", "verdicts"),
    [
        (None, {"well-formed": 2}),
        ((), {"well-formed": 2}),
        (("MARC21slim.xsd",), {"well-formed": 1, "valid against MARC21slim.xsd": 1}),
    ],
)
def test_xml_is_held_against_the_schemas_that_are_there(tmp_path, monkeypatch, have, verdicts):
    """A stand-in for xmllint says what it was asked; the real one is in test_public_validators.py."""
    schemas = None if have is None else tmp_path / "schemas"
    for name in have or ():
        schemas.mkdir(exist_ok=True)
        (schemas / name).write_text("<schema/>")
    for name in ("marc/stub.xml", "other/mods-3.7.xml"):
        (tmp_path / name).parent.mkdir()
        (tmp_path / name).write_text("<collection/>")
    program = tmp_path / "xmllint"
    program.write_text(f'#!/bin/sh\necho "$@" >> {tmp_path}/calls\n')
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    checks = list(public_checks(tmp_path, schemas, only=["xmllint"]))
    assert {check.outcome for check in checks} == {"passed"}
    assert dict(Counter(check.detail for check in checks)) == verdicts
    with_schema = ["--schema" in line for line in (tmp_path / "calls").read_text().splitlines()]
    assert with_schema == ["valid" in check.detail for check in checks]


def test_what_is_no_export_is_refused(tmp_path):
    with pytest.raises(InputError, match=r"holds no manifest.json"):
        validate(tmp_path)
    (tmp_path / "x.zip").write_bytes(b"rubbish")
    with pytest.raises(InputError, match="cannot be opened as the zip of an export"):
        validate(tmp_path / "x.zip")


def test_every_format_says_the_same_of_the_example(folder):
    expected = {
        ("014602826", "Fiction", "0.9731"),
        ("014602830", "Non-fiction", "0.9999"),
        ("014602832", "Fiction", "0.9200"),
        ("014602835", "Fiction", "0.8000"),
        ("014602836", "Fiction", ""),
    }
    result = read_labels(folder)
    assert len(result) == 13  # Dublin Core and the folder for datasets among them
    assert all(text == expected for text in result.values())
