"""The zip: what is in it, that it is whole or absent, the same bytes each time, and what its README says."""

import hashlib
import json
import zipfile

import numpy as np
import pytest

from core.errors import Cancelled, InputError
from core.export import FORMATS, QualityReport
from core.export.manifest import MeasuredRate
from core.export.sentences import NOT_MEASURED, model_in_words, note, quality_sentences, rate_in_words
from core.formatting import plain
from core.storage import file_sha256
from core.thresholds import GuaranteeRecord
from tests.exporting import export

QUALITY = {
    "policy": {
        "accuracy": {"value": 448 / 451, "low": 0.9807, "high": 0.9977, "n": 451},
        "expected_errors": {"value": 3.3, "low": 1.1, "high": 9.7},
        "per_class": {"Fiction": {"precision": {"value": 0.98, "low": 0.94, "high": 0.99, "n": 126}}},
    }
}


def names(path):
    with zipfile.ZipFile(path) as archive:
        return [info.filename for info in archive.infolist()]


def test_the_narrow_export_holds_what_a_curator_needs(example, tmp_path):
    report = example.export(tmp_path / "export.zip")
    folder = "example-csv_2026-11-23_model-1-2-0_run-20261123-01"
    assert names(report.path) == [
        f"{folder}/{name}"
        for name in (
            "README.md",
            "SHA256SUMS",
            "data/accepted.csv",
            "data/all-scores.csv",
            "manifest.json",
            "manifest.jsonld",
            "people/accepted_for-excel.csv",
            "review/abstained.csv",
            "review/conflicts.csv",
            "review/not-matched.csv",
            "review/rejected.csv",
        )
    ]


def test_the_report_speaks_the_words_of_the_command_line(example, tmp_path):
    report = example.export(tmp_path / "export.zip")
    content = report.as_dict()
    assert {"files", "accepted", "review", "manifest"} <= set(content)
    assert (report.accepted, report.review) == (5, 1)
    assert {"name", "format", "records", "sha256"} <= set(content["files"][0])
    counts = {item["name"]: item["records"] for item in content["files"]}
    assert (counts["data/accepted.csv"], counts["data/all-scores.csv"], counts["review/conflicts.csv"]) == (5, 10, 1)
    assert report.sha256 == file_sha256(report.path)
    json.dumps(content, allow_nan=False)


def test_every_file_is_listed_with_the_hash_of_its_bytes(exported, folder):
    for written in exported.files:
        assert file_sha256(folder / written.name) == written.sha256
        assert (folder / written.name).stat().st_size == written.bytes
    sums = (folder / "SHA256SUMS").read_text().splitlines()
    listed = {line.split("  ")[1]: line.split("  ")[0] for line in sums}
    assert listed == {item.name: item.sha256 for item in exported.files if item.name != "SHA256SUMS"}


def test_every_format_of_the_list_writes_something(exported):
    assert {written.format for written in exported.files} >= set(FORMATS)


def test_the_same_input_gives_the_same_bytes(example, tmp_path):
    arguments = {"formats": tuple(FORMATS), "marc_kinds": ("stub", "delta")}
    first = example.export(tmp_path / "a.zip", QUALITY, **arguments)
    second = example.export(tmp_path / "other" / "b.zip", QUALITY, **arguments)
    assert first.path.read_bytes() == second.path.read_bytes()


def test_the_order_of_the_input_does_not_matter(example, tmp_path):
    first = example.export(tmp_path / "a.zip")
    back = np.random.default_rng(0).permutation(len(example.records))
    second = export(
        example.records.iloc[back],
        example.originals.iloc[back],
        example.scored.iloc[back],
        example.settings(),
        QualityReport(),
        tmp_path / "b.zip",
        human=example.human.iloc[::-1],
        reviews=example.reviews,
    )
    assert first.sha256 == second.sha256


def test_another_choice_gives_another_export(example, tmp_path):
    first = example.export(tmp_path / "a.zip").manifest["export"]["id"]
    second = example.export(tmp_path / "b.zip", cuts={"Fiction": 0.91}).manifest["export"]["id"]
    assert first != second
    assert example.export(tmp_path / "c.zip").manifest["export"]["id"] == first


def test_times_in_the_zip_are_those_of_the_run(example, tmp_path):
    with zipfile.ZipFile(example.export(tmp_path / "a.zip").path) as archive:
        assert {info.date_time for info in archive.infolist()} == {(2026, 11, 23, 10, 20, 0)}


def test_a_failure_leaves_the_older_export_and_nothing_else(example, tmp_path):
    out = tmp_path / "export.zip"
    before = example.export(out).path.read_bytes()

    def stop(fraction, message):
        if fraction > 0.5:
            raise Cancelled("stopped")

    with pytest.raises(Cancelled):
        export(
            example.records, example.originals, example.scored, example.settings(), QualityReport(), out, progress=stop
        )
    assert out.read_bytes() == before
    assert [path.name for path in tmp_path.iterdir()] == ["export.zip"]


def test_a_folder_is_no_place_for_a_zip(example, tmp_path):
    with pytest.raises(InputError, match="is a folder. Give the name of the zip file"):
        example.export(tmp_path)


def test_progress_rises_to_one(example, tmp_path):
    seen = []
    export(
        example.records, example.originals, example.scored, example.settings(), QualityReport(), tmp_path / "a.zip",
        progress=lambda fraction, message: seen.append(fraction),
    )  # fmt: skip
    assert seen == sorted(seen)
    assert seen[-1] == 1.0


def test_the_manifest_tells_settings_counts_files_and_meaning(folder):
    content = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    assert content["model"]["sha256"] == "ab" * 32
    assert content["policy"]["cuts"] == {"Fiction": 0.9, "Non-fiction": 0.97}
    assert content["labels"]["answer"] == "no"
    assert "verse and drama" in content["labels"]["question"]
    counts = content["counts"]
    assert sum(counts[name.replace("-", "_")] for name in content["decisions"]) == counts["loaded"] == 10
    assert counts["by_label_and_language"] == {
        "Fiction": {"English": 3, "no language": 1},
        "Non-fiction": {"German": 1},
    }
    assert {"name", "type", "meaning", "origin"} <= set(content["columns"][0])
    assert content["input"][0]["name"] == "example.csv"
    assert content["export"]["licence"] == "CC0-1.0"


def test_numbers_computed_elsewhere_go_into_the_manifest_unchanged(example, tmp_path):
    report = example.export(tmp_path / "a.zip", {**QUALITY, "evaluation": {"ece": float("nan"), "n": np.int64(850)}})
    assert report.manifest["quality"]["policy"] == QUALITY["policy"]
    assert report.manifest["quality"]["evaluation"] == {"ece": None, "n": 850}


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (np.float64("nan"), None),
        (np.bool_(True), True),
        ((1, 2), [1, 2]),
        ({"b", "a"}, ["a", "b"]),
        ({1: "x"}, {"1": "x"}),
    ],
)
def test_plain_values(value, expected):
    assert plain(value) == expected


def test_the_readme_is_in_the_words_of_a_library(example, tmp_path):
    with zipfile.ZipFile(example.export(tmp_path / "a.zip", QUALITY, formats=tuple(FORMATS)).path) as archive:
        text = archive.read(next(name for name in archive.namelist() if name.endswith("/README.md"))).decode()
    for sentence in (
        "5 of 10 records of example.csv carry a label in this export.",
        "Does the label Fiction, as your annotators used it, include verse and drama? Answer: no.",
        "3 accepted + 2 curator + 1 abstained + 2 human label kept + 1 rejected + 1 not matched = 10 records loaded.",
        "Fiction 0.9, Non-fiction 0.97",
        "the label is right in 99.3 % (95 % interval 98.0 to 99.8 %; n = 451)",
        "about 3 (95 % interval 1 to 10)",
        "Of those predicted to be Fiction: 98.0 % (95 % interval 94.0 to 99.0 %; n = 126)",
        "Match on 001 with equal 003",
        "Files whose name says NOT-FOR-NEW-RECORDS hold only identifiers and the new fields.",
        "sha256sum -c SHA256SUMS",
        "Search 883 $a for 'bl-genre-title-classifier 1.2.0'",
        "Whom to ask: cataloguing@example.org",
        "`data/accepted.csv`: the accepted labels, with all original columns, every string exact (5 records)",
    ):
        assert sentence in text


def test_the_readme_does_not_warn_of_files_that_are_not_there(example, tmp_path):
    with zipfile.ZipFile(
        example.export(tmp_path / "a.zip", QUALITY, formats=("marcxml",), marc_kinds=("stub",)).path
    ) as archive:
        text = archive.read(next(name for name in archive.namelist() if name.endswith("/README.md"))).decode()
    assert "Match on 001" in text
    assert "NOT-FOR-NEW-RECORDS" not in text


def test_the_readme_says_how_hand_checked_labels_were_used(example, tmp_path):
    scored = example.scored.assign(truth=["Fiction", *[""] * 9], truth_given=["fiction", *[""] * 9])
    for setting, accepted in (("measure-only", 7), ("keep", 6)):
        settings = example.settings(human_labels=setting)
        report = export(example.records, example.originals, scored, settings, QualityReport(), tmp_path / "a.zip")
        assert report.accepted == accepted
        with zipfile.ZipFile(report.path) as archive:
            text = archive.read(f"{report.folder}/README.md").decode()
        assert report.manifest["policy"]["human_labels"]["meaning"] in text
        assert "1 record has a label that came with the predictions" in text
        assert report.manifest["policy"]["hand_checked_in_the_predictions_file"] == 1


def test_predictions_without_a_record_are_told(example, tmp_path):
    import pandas as pd

    scored = pd.concat([example.scored, example.scored.iloc[:1].assign(record_id="999")])
    report = export(example.records, example.originals, scored, example.settings(), QualityReport(), tmp_path / "a.zip")
    assert report.manifest["counts"]["predictions_without_a_record"] == 1
    with zipfile.ZipFile(report.path) as archive:
        assert "1 predictions have no record in example.csv" in archive.read(f"{report.folder}/README.md").decode()


def test_a_promise_is_repeated_word_for_word(example, tmp_path):
    promise = {"sentence": "With 95 % confidence at most 5 % of the accepted are wrong", "max_error": 0.05}
    report = example.export(tmp_path / "a.zip", promise=GuaranteeRecord.of(promise))
    with zipfile.ZipFile(report.path) as archive:
        assert promise["sentence"] in archive.read(f"{report.folder}/README.md").decode()
    assert report.manifest["policy"]["promise"] == promise


@pytest.mark.parametrize(
    ("rate", "sentence"),
    [
        ({"value": 0.5, "low": 0.2, "high": 0.8, "n": 9}, "50.0 % (95 % interval 20.0 to 80.0 %; n = 9)"),
        ({"value": 0.5}, "50.0 %"),
        ({"value": None, "reason": "too few to say"}, "too few to say"),
        ({"value": None}, "not measured"),
        ({}, "not measured"),
    ],
)
def test_rates_in_words(rate, sentence):
    assert rate_in_words(MeasuredRate.parse(rate)) == sentence


def test_quality_that_was_not_measured_is_said_so():
    assert quality_sentences(QualityReport()) == [NOT_MEASURED]
    assert quality_sentences(QualityReport.parse({"policy": {"accuracy": None}})) == [NOT_MEASURED]


def test_cuts_chosen_on_the_same_records_are_marked():
    assert "the figures are too good" in " ".join(
        quality_sentences(QualityReport.parse({**QUALITY, "selected_on_these": True}))
    )
    assert "too good" not in " ".join(quality_sentences(QualityReport.parse(QUALITY)))


def test_zip_bytes_do_not_depend_on_rights_of_the_files(example, tmp_path):
    path = example.export(tmp_path / "a.zip").path
    with zipfile.ZipFile(path) as archive:
        assert {info.external_attr >> 16 for info in archive.infolist()} == {0o644}
        assert {info.create_system for info in archive.infolist()} == {3}
    assert hashlib.sha256(path.read_bytes()).hexdigest() == file_sha256(path)


def test_which_model_read_what_and_when(example):
    for moment, day in (("2026-11-23T10:20:00Z", "2026-11-23"), ("", "an unknown date")):
        when = {"predicted_at": moment, "created_at": "2026-11-24T10:20:00Z"}
        assert model_in_words(example.settings(**when)) == (
            f"the model bl-genre-title-classifier, version 1.2.0, which read the title on {day}"
        )
        assert note(example.table(**when), 0, "0", "").endswith(
            f" (AI) from the title on {day} (model bl-genre-title-classifier, version 1.2.0, run run-20261123-01);"
            " not checked by a cataloguer."
        )
