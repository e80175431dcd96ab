"""Two facets are two labels of one book: one export has both, each by its own cut-offs and with its own promise."""

import csv
import io
import json
import zipfile
from pathlib import Path

import pandas as pd
import pytest

from core.cli import main
from core.errors import InputError
from core.export.release import Release, further_candidates, further_policies, saved_exports
from core.export.validation import builtin_checks
from core.guarantees import SavedPolicy, save_policy
from core.importing import import_file
from core.learned_facets import FacetCollection, LearnedFacet, add_marks, create_facet, finish_facet
from core.manifests import PredictionManifest
from core.predictions import load_predictions, load_scored
from core.storage import Workspace
from core.thresholds import GuaranteeRecord, Policy
from tests.core.learned_facets.test_classifier import MARKS

pytestmark = pytest.mark.slow

CUTS = {"verse": 0.5}
PROMISE = GuaranteeRecord(sentence="At most 1 % of the accepted are wrong.", headline="At most 1 % wrong.")


@pytest.fixture
def both(workspace: Workspace, facet: LearnedFacet, collection: FacetCollection) -> Workspace:
    """Two facets of one corpus as predictions: *books-verse* with cut-offs and a promise, *books-place* without."""
    add_marks(workspace.database, facet, MARKS)
    finish_facet(workspace, facet, collection)
    place = create_facet(workspace.database, collection.corpus.fingerprint, "place")
    add_marks(workspace.database, place, {"b040": True, "b051": True, "b000": False})
    finish_facet(workspace, place, collection)
    save_policy(
        workspace,
        load_predictions(workspace, "books-verse").fingerprint,
        SavedPolicy(policy=Policy(CUTS), promise=PROMISE),
    )
    return workspace


def keep(workspace: Workspace) -> None:
    cuts = SavedPolicy(policy=Policy({"place": 0.6}), because="by eye")
    save_policy(workspace, load_predictions(workspace, "books-place").fingerprint, cuts)


def unzipped(path: Path) -> dict[str, str]:
    with zipfile.ZipFile(path) as archive:
        return {name.partition("/")[2]: archive.read(name).decode("utf-8-sig") for name in archive.namelist()}


def test_the_command_writes_both(both: Workspace, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "both.zip"
    command = ["export", "--workspace", str(both.root), "--json", "--predictions", "books-verse", "--cut", "verse=0.5"]
    command += ["--also", "books-place", "--out", str(out)]
    assert main(command) == 2
    assert "No cut-offs were kept for the predictions 'books-place'" in capsys.readouterr().err
    keep(both)
    assert main(command) == 0
    [counts] = json.loads(capsys.readouterr().out)["also"]
    files = unzipped(out)
    verse, place = (load_scored(both, name).table.set_index("record_id") for name in ("books-verse", "books-place"))
    expected = {
        record_id: (
            "verse" if verse["p_verse"].get(record_id, 0) > 0.5 else "",
            "place" if place["p_place"].get(record_id, 0) > 0.6 else "",
        )
        for record_id in verse.index
    }
    rows = list(csv.DictReader(io.StringIO(files["data/accepted.csv"])))
    found_by_id = {row["id"]: (row["pred_label"], row["pred_label__books_place"]) for row in rows}
    assert found_by_id == {name: labels for name, labels in expected.items() if any(labels)}
    labelled_place = sum(label == "place" for _, label in expected.values())
    assert counts["counts"]["accepted"] == labelled_place > 0
    assert counts["predictions"] == "books-place"
    [earlier] = saved_exports(both, load_predictions(both, "books-place").fingerprint)
    assert (earlier.name, earlier.accepted, earlier.choices.cuts) == ("both.zip", labelled_place, {"place": 0.6})


def test_a_facet_says_that_it_was_made_here_and_a_promise_is_not_lent(both: Workspace, tmp_path: Path) -> None:
    keep(both)
    chosen = further_policies(both, ["books-verse", "books-place"])
    first, second = chosen.pop("books-verse"), chosen
    Release.prepare(both, "books-verse", first, also=second).write(tmp_path / "both.zip")
    files = unzipped(tmp_path / "both.zip")
    lead, _, further = files["README.md"].partition("## Further labels: books-place")
    assert "the model learned facet verse, version" in lead
    assert "which read the title on" in lead
    assert "elsewhere" not in files["README.md"]
    assert "At most 1 % wrong" in files["manifest.json"]
    manifest = json.loads(files["manifest.json"])
    assert manifest["policy"]["promise"]["headline"] == "At most 1 % wrong."
    assert manifest["also"][0]["policy"]["promise"] == {}
    assert "The cuts were set by hand; no promise was made of them." in further
    assert "Why these cuts: by eye." in further


def test_what_a_facet_does_not_hold_is_no_genre(both: Workspace, tmp_path: Path) -> None:
    """The books of *not verse* stand in the tables; no description of a book calls that a genre."""
    cuts = SavedPolicy(policy=Policy({"verse": 0.5, "not verse": 0.5}))
    formats = ("csv", "jsonl", "marc", "marcxml", "mods", "dc", "jsonld")
    Release.prepare(both, "books-verse", cuts, formats=formats).write(tmp_path / "verse.zip")
    files = unzipped(tmp_path / "verse.zip")
    verse = load_scored(both, "books-verse").table.set_index("record_id")["p_verse"]
    fitting, others = set(verse.index[verse > 0.5]), set(verse.index[verse < 0.5])
    assert len(fitting | others) == 120  # the last of the 121 has no title
    rows = list(csv.DictReader(io.StringIO(files["data/accepted.csv"])))
    assert {row["id"]: row["pred_label"] for row in rows} == {
        **dict.fromkeys(fitting, "verse"),
        **dict.fromkeys(others, "not verse"),
    }
    undo = list(csv.DictReader(io.StringIO(files["marc/undo.csv"])))
    assert {(row["record_id"], row["655 $a"]) for row in undo} == {(name, "verse") for name in fitting}
    for name in ("marc/stub.xml", "marc/stub.mrc", "other/mods-3.7.xml", "other/dc.xml", "other/books.jsonld"):
        assert "not verse" not in files[name], name
        assert files[name].count(min(fitting)) and not files[name].count(min(others)), name
    assert (
        f"not verse says what a book is not and is no genre: of the {len(others):,} records that carry it, none is in"
        in files["README.md"]
    )
    with zipfile.ZipFile(tmp_path / "verse.zip") as archive:
        archive.extractall(tmp_path / "open")
    [folder] = (tmp_path / "open").iterdir()
    assert [(check.name, check.detail) for check in builtin_checks(folder) if check.outcome != "passed"] == []


def test_a_facet_that_was_finished_before_its_negative_class_was_kept_has_one() -> None:
    old = {"fingerprint": "f", "classes": ["not travel", "travel"], "facet": "travel"}
    assert PredictionManifest.parse(old).negative_class == "not travel"
    assert PredictionManifest.parse({"fingerprint": "f", "classes": ["not travel", "travel"]}).negative_class == ""


def test_a_label_set_stands_in_the_way_of_its_own_classes_alone(both: Workspace) -> None:
    keep(both)
    chosen = further_policies(both, ["books-verse", "books-place"])
    first = chosen.pop("books-verse")
    prepared = Release.prepare(both, "books-verse", first, also=chosen, human=["books-place-marks"])
    assert prepared.settings.human_sets == ()
    assert prepared.also[0].settings.human_sets == ("books-place-marks",)
    assert prepared.also[0].decided.counts.by_decision["human-label-kept"] == 3
    assert prepared.decided.counts.by_decision["human-label-kept"] == 0


def test_records_of_another_corpus_are_refused(both: Workspace, tmp_path: Path) -> None:
    assert list(further_candidates(both, load_scored(both, "books-verse"))) == ["books-place"]
    rows = pd.DataFrame({"id": ["b000"], "Title": ["Poems"], "predicted": ["place"], "confidence": [0.9]})
    rows.to_csv(tmp_path / "elsewhere.csv", index=False)
    import_file(both, tmp_path / "elsewhere.csv", "predictions", name="theirs")
    save_policy(both, load_predictions(both, "theirs").fingerprint, SavedPolicy(policy=Policy({"place": 0.5})))
    prepared = Release.prepare(
        both, "books-verse", SavedPolicy(policy=Policy(CUTS)), also=further_policies(both, ["theirs"])
    )
    # They are joined with the corpus that holds their book: one has a label, the others no prediction.
    assert prepared.also[0].decided.counts.by_decision["accepted"] == 1
    assert prepared.also[0].decided.counts.by_decision["not-matched"] == 120
    rows.assign(id="x1").to_csv(tmp_path / "others.csv", index=False)
    import_file(both, tmp_path / "others.csv", "predictions", name="others")
    save_policy(both, load_predictions(both, "others").fingerprint, SavedPolicy(policy=Policy({"place": 0.5})))
    with pytest.raises(InputError, match="'others' are not of a corpus of this workspace"):
        Release.prepare(both, "books-verse", SavedPolicy(policy=Policy(CUTS)), also=further_policies(both, ["others"]))
    pd.DataFrame({"id": ["y1"], "Title": ["Poems"]}).to_csv(tmp_path / "more.csv", index=False)
    import_file(both, tmp_path / "more.csv", "corpus", name="more")
    rows.assign(id="y1").to_csv(tmp_path / "of-more.csv", index=False)
    import_file(both, tmp_path / "of-more.csv", "predictions", name="of-more")
    save_policy(both, load_predictions(both, "of-more").fingerprint, SavedPolicy(policy=Policy({"place": 0.5})))
    with pytest.raises(InputError, match="are for the corpus 'books', 'of-more' are for 'more'"):
        Release.prepare(both, "books-verse", SavedPolicy(policy=Policy(CUTS)), also=further_policies(both, ["of-more"]))
