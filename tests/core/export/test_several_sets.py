"""Several sets of labels of the same books in one export: each with a model, cuts, counts and a promise of its own."""

import csv
import json
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree as ET

import numpy as np
import pytest

from core.errors import InputError
from core.export.decisions import DECISIONS
from core.export.formats import record_formats
from core.export.marc import BUILDERS, undo_record
from core.export.marc_build import assignments, check_record
from core.export.release import preview
from core.export.table import prepare, together
from core.export.validation import builtin_checks
from core.readers.marc_decode import MarcRecord, control, data, decode_iso2709, split_iso2709
from tests.core.export.conftest import TRAVEL, Example, two_sets
from tests.exporting import read_labels

# Worked out by hand from the ten books of the example and the nine of `TRAVEL` that are among them.
GENRE = {
    "014602826": ("Fiction", "0.9731"),
    "014602830": ("Non-fiction", "0.9999"),
    "014602832": ("Fiction", "0.9200"),
    "014602835": ("Fiction", "0.8000"),
    "014602836": ("Fiction", ""),
}
TOWNS = {
    "014602830": ("Travel", "0.8500"),
    "014602831": ("Travel", "0.9500"),
    "014602833": ("Travel", "0.8100"),
    "014602838": ("Travel", "0.7000"),
}
BOTH = {(record_id, *label) for labels in (GENRE, TOWNS) for record_id, label in labels.items()}


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as stream:
        return list(csv.DictReader(stream))


def stubs(folder: Path) -> dict[str, MarcRecord]:
    with (folder / "marc/stub.mrc").open("rb") as stream:
        records = [decode_iso2709(chunk).record for chunk in split_iso2709(stream)]
    return {record.text("001"): record for record in records}


def test_each_set_decides_for_itself(example: Example) -> None:
    table = two_sets(example)
    [travel] = table.also
    assert table.counts == example.table().counts
    assert travel.counts.by_decision == {
        "accepted": 3, "curator": 1, "abstained": 4, "human-label-kept": 1, "rejected": 0, "not-matched": 1,
    }  # fmt: skip
    assert set(travel.counts.by_decision) == set(DECISIONS)
    assert travel.unmatched["record_id"].tolist() == ["999999999"]
    assert table.records["record_id"].iloc[table.accepted].tolist() == sorted({*GENRE, *TOWNS})
    assert table.records["record_id"].iloc[table.labelled].tolist() == sorted(GENRE)


def test_every_format_says_the_same_of_both(two_sets_folder: Path) -> None:
    triples_by_file = read_labels(two_sets_folder)
    assert len(triples_by_file) == 13
    # No confidence of the facet is a calibrated probability, so MARC has none of it.
    marc = {(number, label, "" if label == "Travel" else sure) for number, label, sure in BOTH}
    for name, triples in triples_by_file.items():
        assert triples == (marc if name.startswith("marc/") else BOTH), name
    assert [check for check in builtin_checks(two_sets_folder) if check.outcome != "passed"] == []


def test_the_columns_of_the_further_set_stand_beside_those_of_the_first(two_sets_folder: Path) -> None:
    mark = "__towns_and_travel"
    accepted = {row["BL record ID"]: row for row in rows(two_sets_folder / "data/accepted.csv")}
    assert list(accepted) == sorted({*GENRE, *TOWNS})
    both, only = accepted["014602830"], accepted["014602833"]
    assert (both["pred_label"], both[f"pred_label{mark}"]) == ("Non-fiction", "Travel")
    assert (both["pred_confidence"], both[f"pred_confidence{mark}"]) == ("0.9999", "0.8500")
    assert (both["pred_model"], both[f"pred_model{mark}"]) == ("bl-genre-title-classifier", "learned facet Travel")
    assert (both["pred_run_id"], both[f"pred_run_id{mark}"]) == ("run-20261123-01", "travel-1")
    assert (only["pred_label"], only["pred_decision"]) == ("", "abstained")
    assert (only[f"pred_label{mark}"], only[f"pred_decision{mark}"]) == ("Travel", "accepted")
    everything = {row["BL record ID"]: row for row in rows(two_sets_folder / "data/all-scores.csv")}
    assert len(everything) == 10
    assert everything["014602836"][f"human_label{mark}"] == "not Travel"
    for_people = {row["Identifier"]: row for row in rows(two_sets_folder / "people/accepted_for-excel.csv")}
    assert for_people["014602838"]["Decided by"] == ""
    assert for_people["014602838"]["Decided by: towns and travel"] == "machine, confirmed by a curator"


def test_a_marc_record_has_a_genre_of_each_set_with_its_own_provenance(two_sets_folder: Path) -> None:
    record = stubs(two_sets_folder)["014602830"]
    assert [field.line() for field in record.all("655")] == [
        "655  4 $8 1\\p $a Non-fiction $5 XX-XxEXM",
        "655  4 $8 2\\p $a Travel $5 XX-XxEXM",
    ]
    first, second = (field.line() for field in record.all("883"))
    assert first.startswith("883 0  $8 1\\p $a bl-genre-title-classifier 1.2.0 $c 0.9999 $d 20261123")
    assert second == (
        "883 0  $8 2\\p $a learned facet Travel 77aa77aa $d 20261124 $q XX-XxEXM $u https://example.org/runs/travel-1"
    )
    assert [("run-20261123-01" in note.get("a"), "travel-1" in note.get("a")) for note in record.all("588")] == [
        (True, False),
        (False, True),
    ]
    assert [field.tag for field in record.fields] == sorted(field.tag for field in record.fields)
    undo = [
        row
        for row in rows(two_sets_folder / "marc/undo.csv")
        if row["record_id"] == "014602830" and row["in"] == "stub"
    ]
    assert [(row["label"], row["655 $a"], row["883 $a"]) for row in undo] == [
        ("Non-fiction", "Non-fiction", "bl-genre-title-classifier 1.2.0"),
        ("Travel", "Travel", "learned facet Travel 77aa77aa"),
    ]


def test_mods_dublin_core_and_linked_data_have_both(two_sets_folder: Path) -> None:
    mods = {"m": "http://www.loc.gov/mods/v3"}
    record = next(
        each
        for each in ET.parse(two_sets_folder / "other/mods-3.7.xml").getroot()
        if each.findtext("m:identifier", namespaces=mods) == "014602830"
    )
    assert [each.text for each in record.findall("m:genre", mods)] == ["Non-fiction", "Travel"]
    assert len(record.findall("m:note", mods)) == 2
    assert [each.get("run") for each in record.find("m:extension", mods) or ()] == ["run-20261123-01", "travel-1"]
    dc = "{http://purl.org/dc/elements/1.1/}"
    record = next(
        each
        for each in ET.parse(two_sets_folder / "other/dc.xml").getroot()
        if each.findtext(f"{dc}identifier") == "014602830"
    )
    assert [each.text for each in record.findall(f"{dc}type")] == ["Non-fiction", "Travel"]
    graph = json.loads((two_sets_folder / "other/books.jsonld").read_text())["@graph"]
    assert len({node["@id"] for node in graph}) == len(graph)
    assert sum(node.get("@type") == "Annotation" for node in graph) == len(BOTH) == 9


def test_readme_and_manifest_give_each_set_its_own_counts_and_promise(two_sets_folder: Path) -> None:
    text = (two_sets_folder / "README.md").read_text()
    assert "This export holds 2 sets of labels of 10 records" in text
    assert "genre (5), towns and travel (4); 8 records carry a label of one or more of them" in text
    assert "A promise of one set says nothing of another" in text
    first, _, rest = text.partition("## Further labels: towns and travel")
    further = rest.partition("\n## ")[0]
    assert "for this promise" in first
    assert "for this promise" not in further
    assert "no promise was made of them" in further
    assert "What is promised of the labels of genre says nothing of these" in further
    assert "3 accepted + 1 curator + 4 abstained + 1 human label kept + 0 rejected + 1 not matched = 10" in further
    assert "1 predictions have no record in example.csv and were left out" in further
    assert "right in 75.0 %" in further
    assert "right in 75.0 %" not in first
    manifest = json.loads((two_sets_folder / "manifest.json").read_text())
    [travel] = manifest["also"]
    assert (travel["name"], travel["counts"]["exported"], manifest["counts"]["exported"]) == ("towns and travel", 4, 5)
    assert manifest["counts"]["with_any_label"] == 8
    assert (manifest["policy"]["promise"]["promised"], travel["policy"]["promise"]) == (True, {})
    assert travel["quality"]["policy"]["accuracy"]["value"] == 0.75
    assert manifest["quality"] == {}
    assert travel["model"]["run"] == "travel-1"
    review = two_sets_folder / "review/towns-and-travel"
    assert len(rows(review / "abstained.csv")) == 4
    assert len(rows(review / "conflicts.csv")) == 1


def test_a_preview_shows_both_as_new(example: Example) -> None:
    table = two_sets(example)
    for name in record_formats():
        [shown] = preview(table, name, ids=["014602830"])
        assert shown.faults == ()
        new = "\n".join(line.text for line in shown.lines if line.new)
        assert "Travel" in new, name


def test_the_librarys_own_record_is_enriched_twice_and_undone_at_once(example: Example) -> None:
    own = MarcRecord(
        "00376cam a22001453  4500",
        [
            control("001", "014602830"),
            control("008", "870813|1894||||enk    ||    |||| |||||  "),
            data("245", "10", ("a", "A title")),
            data("655", " 4", ("8", "3\\p"), ("a", "Hymnals.")),
            data("883", "1 ", ("8", "3\\p"), ("a", "another machine")),
        ],
    )
    originals = example.originals.assign(marc=["", own.to_json(), *[""] * 8])
    tables = [
        replace(
            prepare(example.records, originals, each, example.settings(cuts=cuts, run_id=name), classes=tuple(classes)),
            name=name,
        )
        for name, each, cuts, classes in (
            ("genre", example.scored, {"Non-fiction": 0.9}, ("Fiction", "Non-fiction")),
            ("travel", frame(), {"Travel": 0.8}, ("Travel", "not Travel")),
        )
    ]
    table = together(tables)
    built = BUILDERS["enriched"](table).build(next(assignments(table, np.array([1]))))
    assert [field.get("8") for field in built.record.all("655")] == ["3\\p", "4\\p", "5\\p"]
    assert [field.get("8") for field in built.record.all("883")] == ["3\\p", "4\\p", "5\\p"]
    forms = [{"fiction", "nonfiction"}, {"travel", "nottravel"}]
    assert check_record(built.record, "enriched", speaking=forms) == []
    assert undo_record("enriched", built).to_json() == own.to_json()


def frame():
    import pandas as pd

    return pd.DataFrame(TRAVEL, columns=["record_id", "predicted", "confidence"])


def test_two_answers_to_one_question_are_refused(example: Example) -> None:
    first = replace(example.table(), name="genre")
    with pytest.raises(InputError, match="'genre' and 'other' share the class 'Fiction', so nobody could tell whose"):
        together([first, replace(first, name="other")])
    [travel] = two_sets(example).also
    with pytest.raises(InputError, match="share a name"):
        together([replace(first, name="Travel!"), replace(travel, name="travel")])
    with pytest.raises(InputError, match="not about the same records"):
        together([first, replace(travel, records=travel.records.iloc[:5])])
