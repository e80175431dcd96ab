"""Who may do what, who has which role, and that what is made names who made it."""

import json
import zipfile
from collections.abc import Mapping

import pytest

from core.alpha_budget import AlphaBudget
from core.cli import main
from core.database import claim_next
from core.demonstration import PREDICTIONS
from core.errors import NotAllowedError, SignInError, StorageError
from core.export.release import Release, release, saved_exports
from core.guarantees import SavedPolicy, save_policy, saved_policies
from core.jobs import start
from core.people import Person, Role, Roles, identify
from core.predictions import load_predictions
from core.storage import Workspace
from core.thresholds import Policy
from core.upkeep import remove, rename

ANNA = Person(name="Anna Berg", email="anna@example.org")
CUTS = SavedPolicy(policy=Policy({"Fiction": 0.9, "Non-fiction": 0.9}))


# --- Roles ------------------------------------------------------------------------------------------------------------


def test_each_address_has_its_role_and_all_others_the_default() -> None:
    roles = Roles.parse({"Anna@Example.org": "curator", "ben@example.org": "none", "default": "reader"})
    assert roles.role_of("anna@example.org") is Role.CURATOR
    assert roles.role_of(" CARA@example.org ") is Role.READER
    assert roles.role_of("ben@example.org") is None
    assert Roles.parse({}).role_of("anna@example.org") is None  # without a word nobody is let in


@pytest.mark.parametrize(
    ("section", "message"),
    [
        ({"anna@example.org": "boss"}, "'anna@example.org' is 'boss'; a role is one of reader, reviewer, curator or"),
        ({"default": True}, "'default' is True; a role is"),
        # Without quotation marks TOML makes sections of the parts of an address.
        ({"anna": {"org": "curator"}}, "'anna' is {'org': 'curator'}; a role is"),
        ({"anna": "curator"}, "'anna' is no e-mail address and not 'default'. Write the address in quotation marks"),
        ({"anna@example.org": "curator", "ANNA@example.org": "reader"}, "'anna@example.org' stands twice"),
        ("curator", "'roles' in secrets.toml must be a section"),
    ],
)
def test_a_section_that_cannot_be_understood_is_refused_by_its_key(section: object, message: str) -> None:
    with pytest.raises(SignInError) as refused:
        Roles.parse(section)
    assert message in str(refused.value)


def test_a_person_is_known_by_the_address_and_called_by_the_name() -> None:
    roles = Roles(by_email={"anna@example.org": Role.REVIEWER})
    person = identify({"email": "Anna@example.org", "name": "  Anna \n Berg ", "email_verified": True}, roles)
    assert person == Person(name="Anna Berg", email="Anna@example.org", role=Role.REVIEWER)
    assert identify({"email": "anna@example.org"}, roles).name == "anna@example.org"


@pytest.mark.parametrize(
    ("claims", "message"),
    [
        ({}, "no e-mail address came with it"),
        ({"email": "anna@example.org", "email_verified": False}, "nobody has checked that the address"),
        ({"email": "anna@example.org", "email_verified": "false"}, "nobody has checked that the address"),
        ({"email": "ben@example.org"}, "ben@example.org, which may not use this workspace"),
    ],
)
def test_who_is_not_known_for_certain_is_not_let_in(claims: Mapping[str, object], message: str) -> None:
    with pytest.raises(NotAllowedError, match=message):
        identify(claims, Roles(by_email={"anna@example.org": Role.CURATOR}))


# --- What each may write ----------------------------------------------------------------------------------------------


def test_a_reader_changes_nothing_and_a_reviewer_only_decides(workspace: Workspace) -> None:
    reader = workspace.acting_as(Person(name="Ron", role=Role.READER))
    reviewer = workspace.acting_as(Person(name="Rita", role=Role.REVIEWER))
    decision = {"record_id": "1", "label": "Fiction", "old": "", "note": "", "undone": False}
    reviewer.database.add("decision", "p", decision)
    assert claim_next(reviewer.database, "p", ["2"], holder="Rita") == "2"
    for place in (reader, reviewer):
        for change in (
            lambda place=place: save_policy(place, "p", CUTS),
            lambda place=place: place.store("labels", "f", "n", lambda folder: {}),
            lambda place=place: place.database.assign_name("labels", "n", "f"),
            lambda place=place: start(place, "core.demonstration", {}, "Making the demonstration"),
        ):
            with pytest.raises(NotAllowedError, match=f"signed in as a {place.person.role}. Curators may do this"):
                change()
    with pytest.raises(NotAllowedError, match="signed in as a reader. Reviewers and curators may do this"):
        reader.database.add("decision", "p", decision)
    with pytest.raises(StorageError, match="reader"):  # as what cannot be written for any other reason
        claim_next(reader.database, "p", ["2"], holder="Ron")
    assert [note["by"] for note in workspace.database.read("decision", "p")] == ["Rita"]
    assert workspace.database.names("labels") == {}
    assert list(workspace.folder("jobs").iterdir()) == []


def test_a_question_counts_whoever_asks_it(workspace: Workspace) -> None:
    reader = workspace.acting_as(Person(name="Ron", role=Role.READER))
    AlphaBudget(reader.database, ["a", "b"]).spend("k", "at most 2 % wrong")
    (question,) = AlphaBudget(workspace.database, ["b", "c"]).questions()
    assert (question.key, question.weight, question.created_by) == ("k", 0.6, "Ron")


def test_a_reader_removes_renames_and_exports_nothing(demo_copy: Workspace, tmp_path) -> None:
    reader = demo_copy.acting_as(Person(name="Ron", role=Role.READER))
    with pytest.raises(NotAllowedError):
        remove(reader, "predictions", PREDICTIONS)
    with pytest.raises(NotAllowedError):
        rename(reader, "predictions", PREDICTIONS, "mine")
    with pytest.raises(NotAllowedError):
        release(reader, Release.prepare(reader, PREDICTIONS, CUTS), tmp_path / "a.zip")
    assert not (tmp_path / "a.zip").exists()


# --- Who did it -------------------------------------------------------------------------------------------------------


def test_policy_label_set_and_export_name_who_made_them(demo_copy: Workspace, tmp_path) -> None:
    place = demo_copy.acting_as(ANNA)
    fingerprint = load_predictions(place, PREDICTIONS).fingerprint
    save_policy(place, fingerprint, CUTS)
    chosen = saved_policies(place, fingerprint)[0]
    assert chosen.created_by == "Anna Berg"

    release(place.acting_as(Person(name="Ben")), Release.prepare(place, PREDICTIONS, chosen), tmp_path / "a.zip")
    assert saved_exports(place, fingerprint)[0].created_by == "Ben"
    with zipfile.ZipFile(tmp_path / "a.zip") as archive:
        files = {name.rsplit("/", 1)[-1]: archive.read(name).decode() for name in archive.namelist() if "README" in name
                 or "manifest.json" in name}  # fmt: skip
    assert json.loads(files["manifest.json"])["policy"]["chosen_by"] == "Anna Berg"
    assert json.loads(files["manifest.json"])["export"]["created_by"] == "Anna Berg"  # who prepared it
    assert f"The cuts were set by Anna Berg on {chosen.chosen_at[:10]}." in files["README.md"]
    assert "The export was made by Anna Berg." in files["README.md"]

    csv = tmp_path / "labels.csv"
    csv.write_text("record_id,title,label\n1,A tale,Fiction\n2,A report,Non-fiction\n")
    assert main(["import", str(csv), "--kind", "labels", "--by", "Cara", "--workspace", str(place.root)]) == 0
    assert place.find("labels", "labels").manifest.created_by == "Cara"


def test_what_nobody_signed_names_nobody(workspace: Workspace, tmp_path) -> None:
    save_policy(workspace, "p", CUTS)
    assert saved_policies(workspace, "p")[0].created_by == ""
    assert "by" not in workspace.database.read("policy", "p")[0]
    csv = tmp_path / "labels.csv"
    csv.write_text("record_id,title,label\n1,A tale,Fiction\n2,A report,Non-fiction\n")
    assert main(["import", str(csv), "--kind", "labels", "--workspace", str(workspace.root)]) == 0
    assert "created_by" not in workspace.find("labels", "labels").manifest.as_dict()
