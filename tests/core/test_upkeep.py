"""What is removed and renamed, what that would break, and what stays."""

import json
import shutil
from pathlib import Path

import pandas as pd
import pytest

from core import jobs
from core.cli import main
from core.corpus import load_corpus
from core.errors import InputError, NameTakenError, NotFoundError, StorageError
from core.guarantees import SavedPolicy, save_policy
from core.importing import import_file
from core.predictions import NO_CORPUS, load_scored, save_catalogue_choice, saved_catalogue_choice
from core.review import decisions_for_scored, record_decision, send_to_review, sent_for_scored
from core.sharing.cards import model_card
from core.storage import Workspace
from core.thresholds import Policy
from core.upkeep import dependents, remove, rename
from tests import disks


def names(place: Workspace) -> dict[str, list[str]]:
    return {kind: [item.name for item in place.list(kind)] for kind in ("corpora", "labels", "predictions", "models")}


@pytest.mark.parametrize(
    ("kind", "name"), [("corpora", "demo-digitised"), ("models", "demo-tfidf"), ("labels", "demo-test")]
)
def test_what_predictions_need_is_not_removed_alone(demo_copy: Workspace, kind: str, name: str) -> None:
    before = names(demo_copy)
    assert [item.name for item in dependents(demo_copy, kind, name)] == ["demo-predictions"]
    with pytest.raises(InputError, match=rf"'{name}' was not removed, since something needs it: predictions 'demo-pre"):
        remove(demo_copy, kind, name)
    assert names(demo_copy) == before
    home = demo_copy.find(kind, name).path
    removed = remove(demo_copy, kind, name, dependents_too=True)
    assert [item.name for item in removed.also] == ["demo-predictions"]
    assert names(demo_copy) == {
        item: [other for other in listed if other not in (name, "demo-predictions")] for item, listed in before.items()
    }
    assert not home.exists()
    assert list(home.parent.glob(".*")) == []


def test_what_nothing_needs_goes(demo_copy: Workspace) -> None:
    removed = remove(demo_copy, "corpora", "demo-catalogue")
    assert removed.as_dict()["sentence"] == "The corpus 'demo-catalogue' was removed."
    with pytest.raises(NotFoundError):
        demo_copy.find("corpora", "demo-catalogue")


def test_files_stay_for_another_name(demo_copy: Workspace) -> None:
    model = demo_copy.find("models", "demo-tfidf")
    demo_copy.database.assign_name("models", "again", model.fingerprint)
    assert remove(demo_copy, "models", "again").kept
    assert demo_copy.find("models", "demo-tfidf").path.is_dir()


@pytest.mark.parametrize("harm", ["empty manifest", "no folder"])
def test_what_cannot_be_read_is_removed(demo_copy: Workspace, harm: str) -> None:
    home = demo_copy.find("corpora", "demo-catalogue").path
    if harm == "empty manifest":
        (home / "manifest.json").write_bytes(b"")
    else:
        home.rename(home.with_name("elsewhere"))
    assert [item.name for item in demo_copy.unreadable("corpora")] == ["demo-catalogue"]
    remove(demo_copy, "corpora", "demo-catalogue")
    assert demo_copy.unreadable("corpora") == []


def test_decisions_about_removed_predictions_hold_again(demo_copy: Workspace) -> None:
    fingerprint = demo_copy.find("predictions", "demo-predictions").fingerprint
    demo_copy.database.add("memo", fingerprint, {"x": 1})
    removed = remove(demo_copy, "predictions", "demo-predictions")
    assert removed.sentence.endswith("What people decided about them is kept, and holds again if they are made again.")
    assert len(demo_copy.database.read("memo", fingerprint)) == 1


def test_what_a_job_works_with_stays(demo_copy: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    job = jobs.Job(
        id="20260101-000000-abcdef",
        path=Path("x"),
        title="Scoring",
        module="m",
        created_at="",
        config={"model": "demo-tfidf"},
    )
    monkeypatch.setattr(jobs.Job, "status", lambda self: jobs.JobStatus(state="running"))
    monkeypatch.setattr("core.upkeep.list_jobs", lambda place: [job])
    with pytest.raises(InputError, match="'demo-tfidf' is at work in 'Scoring'"):
        remove(demo_copy, "models", "demo-tfidf", dependents_too=True)
    with pytest.raises(InputError, match="is at work"):
        rename(demo_copy, "models", "demo-tfidf", "other")


def test_an_export_is_a_zip(workspace: Workspace) -> None:
    folder = workspace.folder("exports")
    for name in ("accepted.zip", "other.zip"):
        (folder / name).write_bytes(b"zip")
    with pytest.raises(NameTakenError, match=r"'other\.zip' is the name of another export"):
        rename(workspace, "exports", "accepted", "Other")
    assert rename(workspace, "exports", "accepted.zip", "Mai 2026.zip").new_name == "mai-2026"
    assert remove(workspace, "exports", "mai-2026").name == "mai-2026.zip"
    assert [path.name for path in folder.iterdir()] == ["other.zip"]


def test_predictions_follow_the_new_name_of_their_labels(demo_copy: Workspace) -> None:
    before = load_scored(demo_copy, "demo-predictions")
    renamed = rename(demo_copy, "labels", "demo-test", "Проба 2026")
    assert renamed.sentence == "The label set 'demo-test' is called 'проба-2026' now."
    after = load_scored(demo_copy, "demo-predictions")
    assert after.labels == "проба-2026"
    assert after.table["correct"].equals(before.table["correct"])
    assert [item.name for item in dependents(demo_copy, "labels", "проба-2026")] == ["demo-predictions"]
    assert demo_copy.find("labels", "Проба 2026").fingerprint == renamed.fingerprint
    with pytest.raises(NotFoundError):
        demo_copy.find("labels", "demo-test")


def test_the_predictions_of_a_renamed_model_name_it(demo_copy: Workspace) -> None:
    rename(demo_copy, "models", "demo-tfidf", "words")
    assert demo_copy.find("predictions", "demo-predictions").manifest.model == "words"


def test_a_name_in_use_is_refused(demo_copy: Workspace) -> None:
    with pytest.raises(NameTakenError, match="'demo-test' is the name of another label set here"):
        rename(demo_copy, "labels", "demo-annotated", "Demo test")
    with pytest.raises(InputError, match="The new name is empty"):
        rename(demo_copy, "labels", "demo-annotated", " ")


def test_nothing_is_changed_where_nothing_can_be_written(demo_copy: Workspace, tmp_path: Path) -> None:
    with disks.read_only(demo_copy.root, tmp_path / "view") as view:
        place = Workspace(view)
        with pytest.raises(StorageError, match="Nothing was removed: this workspace can be looked at"):
            remove(place, "corpora", "demo-catalogue")
        with pytest.raises(StorageError, match="Nothing was renamed: this workspace can be looked at"):
            rename(place, "corpora", "demo-catalogue", "x")
    assert demo_copy.find("corpora", "demo-catalogue").path.is_dir()


class TestCommands:
    def run(self, place: Workspace, capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
        status = main([*arguments, "--workspace", str(place.root)])
        shown = capsys.readouterr()
        return status, shown.out, shown.err

    def test_nobody_is_there_to_be_asked(self, demo_copy, capsys) -> None:
        status, _, text = self.run(demo_copy, capsys, "remove", "corpus", "demo-catalogue")
        assert status == 2
        assert "Nothing was removed: add --yes if the corpus 'demo-catalogue' shall be removed for good." in text

    @pytest.mark.parametrize(("answer", "status", "gone"), [("y\n", 0, True), ("\n", 1, False)])
    def test_a_person_is_asked(self, demo_copy, capsys, monkeypatch, answer, status, gone) -> None:
        terminal = type("Terminal", (), {"isatty": lambda self: True, "readline": lambda self: answer})()
        monkeypatch.setattr("core.cli.data.sys.stdin", terminal)
        assert self.run(demo_copy, capsys, "remove", "corpus", "demo-catalogue")[0] == status
        assert ("demo-catalogue" in names(demo_copy)["corpora"]) is not gone

    def test_what_needs_it_is_named_and_goes_too_when_that_is_meant(self, demo_copy, capsys) -> None:
        status, _, text = self.run(demo_copy, capsys, "remove", "model", "demo-tfidf", "--yes")
        assert status == 2
        assert "'demo-predictions' (made with it" in text
        assert "add --dependents" in text
        status, out, _ = self.run(demo_copy, capsys, "remove", "model", "demo-tfidf", "--yes", "--dependents", "--json")
        assert status == 0
        content = json.loads(out)
        assert (content["kind"], content["name"], content["kept"]) == ("model", "demo-tfidf", False)
        assert [item["name"] for item in content["also"]] == ["demo-predictions"]

    def test_renaming(self, demo_copy, capsys) -> None:
        status, out, _ = self.run(demo_copy, capsys, "rename", "labels", "demo-annotated", "Журналы", "--json")
        assert status == 0
        assert json.loads(out)["new_name"] == "журналы"

    def test_a_damaged_thing_says_how_to_remove_it(self, demo_copy, capsys) -> None:
        (demo_copy.find("corpora", "demo-catalogue").path / "records.parquet").unlink()
        arguments = ("represent", "--sample", "demo-catalogue", "--population", "demo-digitised")
        status, _, text = self.run(demo_copy, capsys, *arguments)
        assert status == 2
        assert "“demo-catalogue” cannot be read: its records.parquet is missing. Import its file again" in text
        assert "To remove it: colophon remove corpus demo-catalogue" in text


CUTS = ("--cut", "Fiction=.9", "--cut", "Non-fiction=.9")
STEPS: dict[str, tuple[tuple[str, ...], ...]] = {
    "a model removed with its predictions": (("remove", "model", "demo-tfidf", "--dependents", "--yes"),),
    "labels removed that a policy was chosen on": (("remove", "labels", "demo-annotated", "--yes"),),
    "labels removed with the predictions": (("remove", "labels", "demo-test", "--dependents", "--yes"),),
    "a joined catalogue removed": (("remove", "corpus", "small", "--yes"),),
    "each renamed": (
        ("rename", "model", "demo-tfidf", "new-model"),
        ("rename", "labels", "demo-annotated", "new-labels"),
        ("rename", "corpus", "small", "new-corpus"),
        ("rename", "predictions", "others", "new-others"),
    ),
}
# What a command says of what is not here any more, in the order of STEPS; nothing where it works as before.
NO_PREDICTIONS = "There is no set of predictions called 'demo-predictions'"
NO_LABELS = "There is no label set called 'demo-annotated'"
GONE = {
    "demo-predictions": (NO_PREDICTIONS, "", NO_PREDICTIONS, "", ""),
    "demo-predictions on demo-annotated": (NO_PREDICTIONS, NO_LABELS, NO_PREDICTIONS, "", NO_LABELS),
    "others": ("", "", "", "", "There is no set of predictions called 'others'"),
    "labels": ("", NO_LABELS, "", "", NO_LABELS),
    "model": ("There is no model called 'demo-tfidf'", "", "", "", "There is no model called 'demo-tfidf'"),
}


@pytest.fixture(scope="module")
def furnished(demo_workspace: Workspace, tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """Return the demonstration with predictions made elsewhere, their catalogue, policies and decisions."""
    folder = tmp_path_factory.mktemp("furnished")
    place = Workspace(shutil.copytree(demo_workspace.root, folder / "workspace"))
    records = load_corpus(place, "demo-digitised").records()
    books = records[records["title"] != ""].head(60)
    books[["record_id", "title", "language", "date"]].to_csv(folder / "small.csv", index=False)
    import_file(place, folder / "small.csv", "corpus", name="small")
    table = pd.DataFrame({"id": [f"x{i}" for i in range(60)], "catalogue id": books["record_id"].str.lstrip("0")})
    table["predicted"] = ["Fiction" if i % 3 else "Non-fiction" for i in range(60)]
    table["confidence"] = [0.5 + i % 50 / 100 for i in range(60)]
    table["truth"] = ["Fiction" if i % 4 else "Non-fiction" for i in range(60)]
    table.to_csv(folder / "others.csv", index=False)
    import_file(place, folder / "others.csv", "predictions", name="others", corpus="small")
    for name, labels in (("demo-predictions", "demo-annotated"), ("others", None)):
        scored = load_scored(place, name, labels)
        policy = Policy(dict.fromkeys(scored.classes, 0.9))
        save_policy(place, scored.predictions, SavedPolicy(policy=policy, labels=labels or ""))
        ids = scored.table["record_id"][:2].tolist()
        send_to_review(place.database, scored.predictions, ids, "odd", scored=scored)
        record_decision(place.database, scored.predictions, ids[0], scored.classes[0], scored=scored)
    return place


def commands(out: Path) -> dict[str, list[tuple[str, ...]]]:
    """Return what is asked of what, each command once."""

    def of(predictions: str, *more: str) -> list[tuple[str, ...]]:
        named = ("--predictions", predictions, *more)
        return [
            ("evaluate", *named),
            ("slices", *named, "--by", "language"),
            ("thresholds", *named, *CUTS),
            ("export", *named, *CUTS, "--out", str(out / "accepted.zip")),
            ("report", *named, "--out", str(out / "report.html")),
        ]

    return {
        "demo-predictions": of("demo-predictions"),
        "demo-predictions on demo-annotated": of("demo-predictions", "--labels", "demo-annotated")[:3],
        "others": of("others"),
        "labels": [
            ("audit-labels", "--labels", "demo-annotated"),
            ("card", "--labels", "demo-annotated", "--out", "c"),
        ],
        "model": [("card", "--model", "demo-tfidf", "--out", str(out / "card"))],
    }


@pytest.mark.slow
@pytest.mark.parametrize("step", STEPS)
def test_after_it_every_command_works_or_says_what_is_missing(
    furnished: Workspace, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    place = Workspace(shutil.copytree(furnished.root, tmp_path / "workspace"))
    monkeypatch.chdir(tmp_path)

    def run(words: tuple[str, ...]) -> tuple[int, str]:
        status = main(["--workspace", str(place.root), "--quiet", *words])
        shown = capsys.readouterr()
        assert "Traceback" not in shown.err
        return status, shown.err

    for words in STEPS[step]:
        assert run(words)[0] == 0
    for what, requested in commands(tmp_path).items():
        missing = GONE[what][list(STEPS).index(step)]
        for words in requested:
            status, text = run(words)
            assert status == (2 if missing else 0), (words, text)
            assert missing in text, words
    assert run(("doctor",))[1] == ""


def _decided(place: Workspace, name: str) -> list[str]:
    return list(decisions_for_scored(place.database, load_scored(place, name)).current)


def test_a_catalogue_that_was_chosen_and_is_gone_is_said_and_decisions_stay(
    furnished: Workspace, tmp_path: Path
) -> None:
    place = Workspace(shutil.copytree(furnished.root, tmp_path / "workspace"))
    before = load_scored(place, "others")
    first, second = before.table["record_id"][:2]
    assert (before.catalogue.name, _decided(place, "others")) == ("small", [first])
    removed = remove(place, "corpora", "small")
    assert "It was the catalogue chosen for 'others': choose another for them, or none." in removed.sentence
    # The demonstration's large catalogue holds them too, and is taken by itself.
    after = load_scored(place, "others")
    text = "The catalogue 'small', which was chosen for these predictions, cannot be read any more."
    assert after.catalogue.sentences[0] == text
    assert after.catalogue.name == "demo-digitised"
    assert _decided(place, "others") == [first]
    save_catalogue_choice(place, after.predictions, NO_CORPUS)
    # Without a catalogue the book is called what the file calls it.
    assert _decided(place, "others") == [first.lstrip("0")]
    assert list(sent_for_scored(place.database, load_scored(place, "others"))) == [
        first.lstrip("0"),
        second.lstrip("0"),
    ]


def test_a_chosen_catalogue_keeps_being_chosen_under_its_new_name(furnished: Workspace, tmp_path: Path) -> None:
    place = Workspace(shutil.copytree(furnished.root, tmp_path / "workspace"))
    rename(place, "corpora", "small", "large")
    scored = load_scored(place, "others")
    assert saved_catalogue_choice(place, scored.predictions) == "large"
    assert "found among the records of the catalogue 'large'" in scored.catalogue.sentences[0]


def test_a_card_says_why_it_has_no_errors_by_language(furnished: Workspace, tmp_path: Path) -> None:
    place = Workspace(shutil.copytree(furnished.root, tmp_path / "workspace"))
    assert "Errors by language (out of fold)" in model_card(place, place.find("models", "demo-tfidf"))
    remove(place, "labels", "demo-annotated")
    card = model_card(place, place.find("models", "demo-tfidf"))
    assert "Errors by language are not given: the labels it learned from are not at hand." in card
