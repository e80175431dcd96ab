"""The log: a table of what people do and the one line each writes. No line holds a title, a label, a note, a token."""

import io
import logging
import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import huggingface_hub.constants
import pandas as pd
import pytest

from core.cli import main
from core.export.release import Release, release
from core.fetch import fetch
from core.guarantees import SavedPolicy, save_policy
from core.importing import import_file
from core.jobs.worker import run_as_job
from core.models.scoring import predict_corpus
from core.models.training import train
from core.predicates import TextPredicate
from core.predictions import load_scored
from core.progress import log_to
from core.review import record_decision, send_to_review, undo_decision
from core.sharing.pull import pull
from core.sharing.push import push, write_share_bundle
from core.storage import Workspace, write_json
from core.thresholds import Policy, find_guaranteed_cuts
from core.upkeep import remove, rename
from core.weak_supervision.build import build_labels
from core.weak_supervision.functions import LabellingFunction
from tests.core.sharing import hub_stand_in

MARK = "zanzibar"  # every title has it
CLASSES = {"Verse": "poems", "Voyages": "travels"}
# Action → the one line it writes, behind moment and level. F stands for a fingerprint, S for seconds.
LINES = {
    "fetch": "fetched 'digitised': copied, [0-9,]+ bytes, S",
    "import a catalogue": r"imported corpus 'collection' \(F\): 200 rows, 0 rejected, S",
    "import labels": r"imported labels 'people' \(F\): 200 rows, 0 rejected, S",
    "label by functions": r"labelled corpus 'collection' with 2 functions: labels 'rules' \(F\), 200 books, S",
    "train": r"trained tfidf model 'model' \(F\): 200 labelled and 0 weakly labelled books, 2 classes, cpu, S",
    "score": r"scored corpus 'collection' with model 'model': predictions 'scored' \(F\), 200 records, local, S",
    "promise": "promised at most 0.1 wrong with confidence 0.9 in [0-2] of 2 groups: [0-9]+ labelled records, S",
    "choose a policy": "chose a policy for predictions F: by hand",
    "send to review": "sent 2 records of predictions F to review",
    "decide": "decided 1 record of predictions F, by Ada",
    "decide without a name": "decided 1 record of predictions F",
    "take back": "took back 1 decision about predictions F, by Ada",
    "export": "exported predictions F as 'out.zip': [0-9]+ records with a label, [0-9]+ for review, csv, S",
    "push": r"pushed model 'model' to 'library/model': [0-9]+ files, public, S",
    "pull": r"pulled model 'back' \(F\): [0-9]+ files verified, S",
    "pack": "packed model 'model' as 'model.zip': S",
    "rename": r"renamed model 'back' \(F\): 'other'",
    "remove": r"removed labels 'rules' \(F\)",
}
PATTERNS = {"F": "[0-9a-f]{16}", "S": r"[0-9]+\.[0-9] s"}


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mapping[str, str]]:
    """Action → what was written while it was done."""
    folder = tmp_path_factory.mktemp("log")
    workspace = Workspace(folder / "workspace")
    rows = [
        (f"b{number}", f"{MARK} {number}: {CLASSES[name]}", name)
        for number in range(200)
        for name in [list(CLASSES)[number % 2]]
    ]
    books = pd.DataFrame(rows, columns=["BL record ID", "Title", "label"])
    books.drop(columns="label").to_csv(folder / "collection.csv", index=False)
    books.to_csv(folder / "people.csv", index=False)
    functions = [
        LabellingFunction(word, name, TextPredicate("title", "word", (word,))) for name, word in CLASSES.items()
    ]
    lines: dict[str, str] = {}

    def note(action: str, work: Callable[[], Any]) -> Any:
        stream = io.StringIO()
        with log_to(stream, verbose=True):
            result = work()
        lines[action] = stream.getvalue()
        return result

    with hub_stand_in.running() as hub, pytest.MonkeyPatch.context() as patch:
        patch.setenv("HF_ENDPOINT", hub.address)
        patch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", False)
        patch.setattr(huggingface_hub.constants, "HF_HUB_DISABLE_XET", True)
        note("fetch", lambda: fetch(workspace, "digitised", from_file=folder / "collection.csv"))
        note("import a catalogue", lambda: import_file(workspace, folder / "collection.csv", "corpus"))
        note("import labels", lambda: import_file(workspace, folder / "people.csv", "labels"))
        note("label by functions", lambda: build_labels(workspace, functions, "collection", name="rules"))
        note("train", lambda: train(workspace, "people", name="model"))
        note("score", lambda: predict_corpus(workspace, "model", "collection", name="scored", labels="people"))
        scored = load_scored(workspace, "scored")
        chosen = SavedPolicy(policy=Policy(dict.fromkeys(scored.classes, 0.5)), because=f"since {MARK} was read well")
        database, predictions, first = workspace.database, scored.predictions, scored.table["record_id"].iloc[0]
        note("promise", lambda: find_guaranteed_cuts(scored.table, scored.classes, 0.1, 0.9))
        note("choose a policy", lambda: save_policy(workspace, predictions, chosen))
        note("send to review", lambda: send_to_review(database, predictions, ["b0", "b1"], f"title has {MARK}"))
        number = note(
            "decide", lambda: record_decision(database, predictions, first, "Verse", note=f"{MARK}!", by="Ada")
        )
        note("take back", lambda: undo_decision(database, predictions, number, by=" Ada "))
        note("decide without a name", lambda: record_decision(database, predictions, first, "Voyages"))
        prepared = Release.prepare(workspace, "scored", chosen, scored=scored, formats=("csv",))
        note("export", lambda: release(workspace, prepared, folder / "out.zip"))
        note("push", lambda: push(workspace, "library/model", hub_stand_in.TOKEN, model="model"))
        address = f"http://user:{hub_stand_in.TOKEN}@{hub.address.removeprefix('http://')}/library/model"
        note("pull", lambda: pull(workspace, address, name="back"))
        note("pack", lambda: write_share_bundle(workspace, folder / "model.zip", model="model"))
        note("rename", lambda: rename(workspace, "models", "back", "other"))
        note("remove", lambda: remove(workspace, "labels", "rules"))
    yield lines


@pytest.mark.slow
@pytest.mark.parametrize("action", LINES)
def test_each_action_writes_one_line(written: Mapping[str, str], action: str) -> None:
    pattern = re.sub(r"\b[FS]\b", lambda letter: PATTERNS[letter[0]], LINES[action])
    moment = r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z"
    assert re.fullmatch(f"{moment} INFO {pattern}\n", written[action]), written[action]


@pytest.mark.slow
def test_no_line_holds_a_title_a_label_a_note_a_path_or_a_token(
    written: Mapping[str, str], tmp_path_factory: pytest.TempPathFactory
) -> None:
    text = "".join(written.values()).lower()
    secret = [MARK, *CLASSES, *CLASSES.values(), hub_stand_in.TOKEN, str(tmp_path_factory.getbasetemp()), "http"]
    assert [word for word in secret if word.lower() in text] == []


@pytest.fixture
def catalogue(tmp_path: Path) -> Path:
    path = tmp_path / "small.csv"
    path.write_text(f"BL record ID,Title\n1,{MARK}\n", encoding="utf-8")
    return path


@pytest.mark.parametrize(("options", "lines"), [([], 0), (["--verbose"], 1)])
def test_the_command_line_logs_when_it_is_asked_to(
    tmp_path: Path, catalogue: Path, capsys: pytest.CaptureFixture[str], options: list[str], lines: int
) -> None:
    place = ["--workspace", str(tmp_path / "workspace"), "--quiet", "--json"]
    assert main([*options, "import", str(catalogue), "--kind", "corpus", *place]) == 0
    error = capsys.readouterr().err
    assert error.count("INFO imported corpus 'small'") == len(error.splitlines()) == lines
    assert MARK not in error
    assert logging.getLogger("core").handlers == []
    assert logging.getLogger("core").level == logging.NOTSET


def test_a_job_writes_to_its_log(workspace: Workspace, catalogue: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = workspace.folder("jobs") / "20260101-000000-abcdef"
    folder.mkdir()
    write_json(folder / "config.json", {"config": {}})
    work = lambda place, config, progress: import_file(place, catalogue, "corpus").as_dict()  # noqa: E731
    assert run_as_job(work, [str(folder)]) == 0
    # Standard error of a job is the file `log` of its folder, see core.jobs.start.
    assert capsys.readouterr().err.count("INFO imported corpus 'small'") == 1


def test_a_module_that_runs_as_a_job_is_heard_by_the_name_it_then_has() -> None:
    stream = io.StringIO()
    with log_to(stream, verbose=True):
        logging.getLogger("__main__").info("done")
        logging.getLogger("elsewhere").info("not ours")
    assert stream.getvalue().endswith("INFO done\n")
    assert len(stream.getvalue().splitlines()) == 1


def test_a_name_stays_on_its_line_and_steers_no_terminal() -> None:
    stream = io.StringIO()
    with log_to(stream, verbose=False):
        logging.getLogger("core.review").info("not asked for")
        logging.getLogger("core.review").warning("by %s", "Ada\n2026 INFO removed\x1b[2J")
    assert stream.getvalue().endswith("WARNING by Ada 2026 INFO removed\N{REPLACEMENT CHARACTER}[2J\n")
    assert len(stream.getvalue().splitlines()) == 1
