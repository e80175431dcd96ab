"""What was acknowledged is there after the process that wrote it was killed, at whatever moment."""

import subprocess
import sys
from pathlib import Path

import pytest

from core.corpus import load_corpus
from core.database import Database
from core.review import read_decisions
from core.storage import Workspace, read_json
from tests import postgres
from tests.serving import ROOT

# Each decision is acknowledged by a line when its number has come back. Moments: one start takes seconds, so a process
# decides in children that it starts by fork, each of which is killed. What is imported late is imported before that.
WORK = """
import os, random, signal, sys, time
from core.database import Database
from core.review import record_decision
url, kills, seed = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
moments = random.Random(seed)
database = Database(url)
record_decision(database, "imports", "first", "Map")
database.close()
for child in range(kills):
    start, tell = os.pipe()
    number = os.fork()
    if not number:
        database = Database(url)
        for record in range(1_000_000):
            decision = record_decision(database, "p", f"{child}-{record}", "Map")
            os.write(1, f"{decision} {child}-{record}\\n".encode())
            if not record:
                os.write(tell, b"!")
    os.read(start, 1)  # the first is written
    time.sleep(moments.uniform(0, 0.05))
    os.kill(number, signal.SIGKILL)
    os.waitpid(number, 0)
"""


def kill_writers(url: str, kills: int) -> None:
    completed = subprocess.run(
        [sys.executable, "-c", WORK, url, str(kills), "7"], cwd=ROOT, check=True, capture_output=True, text=True
    )
    acknowledged = dict(line.split() for line in completed.stdout.splitlines())
    assert len({record.split("-")[0] for record in acknowledged.values()}) == kills, "each child had begun"
    database = Database(url)
    rows = {str(row.id): row.record_id for row in read_decisions(database, "p").rows}
    assert acknowledged.items() <= rows.items()
    # At most the one that was being written when its process was killed is there without having been acknowledged.
    assert len(rows) - len(acknowledged) <= kills
    assert database.count_unreadable_notes() == {}
    database.close()


# A job that imports a file runs to its end once; then the same is killed again and again, each time somewhat later.
JOBS = """
import os, signal, sys, time
from pathlib import Path
from core import importing
from core.storage import Workspace, write_json
root, kills = Path(sys.argv[1]), int(sys.argv[2])
def begin(number):
    folder = root / "jobs" / f"job-{number}"
    folder.mkdir(parents=True)
    path = folder / "books.csv"
    path.write_text("id,title\\n" + "".join(f"{number}-{i},The history of town {i}\\n" for i in range(200)))
    write_json(folder / "status.json", {"state": "waiting", "started": time.time(), "updated": time.time()})
    write_json(folder / "config.json", {"config": {"path": str(path), "kind": "corpus", "name": f"books-{number}"}})
    child = os.fork()
    if not child:
        sys.argv = ["", str(folder)]
        os._exit(importing.main())
    return child
os.waitpid(begin("first"), 0)
workspace = Workspace(root)
importing.import_file(workspace, root / "jobs" / "job-first" / "books.csv", "corpus", name="warm")
workspace.database.close()
start = time.monotonic()
os.waitpid(begin("timed"), 0)
whole = time.monotonic() - start
for number in range(kills):
    child = begin(number)
    time.sleep(whole * number / (kills - 1))
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
"""


def kill_jobs(workspace: Workspace, kills: int) -> None:
    subprocess.run([sys.executable, "-c", JOBS, str(workspace.root), str(kills)], cwd=ROOT, check=True)
    states = {path.parent.name: read_json(path)["state"] for path in (workspace.root / "jobs").glob("*/status.json")}
    assert states["job-first"] == states["job-timed"] == "done"
    assert len(states) == kills + 2
    assert states["job-0"] != "done", "the first was killed before its end"
    here = workspace.database.names("corpora")
    for job, state in states.items():
        name = job.replace("job", "books")
        assert name in here or state != "done", f"{job} said that it was done"
        if name in here:  # it is whole, whether or not the job could still say so
            assert len(load_corpus(workspace, name).records()) == 200
    assert workspace.unreadable("corpora") == []


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_a_job_that_is_killed_at_any_moment_leaves_all_or_nothing(
    kind: str, tmp_path: Path, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    if kind == "postgresql":
        pytest.importorskip("psycopg")
        folder = request.getfixturevalue("postgres_server")
        monkeypatch.setenv("COLOPHON_DATABASE", postgres.new_database(folder, "jobs"))
    workspace = Workspace(tmp_path / "workspace")
    kill_jobs(workspace, 12)
    workspace.database.close()


@pytest.mark.slow
def test_fifty_kills_lose_nothing_on_sqlite(tmp_path: Path) -> None:
    path = tmp_path / "colophon.db"
    kill_writers(f"sqlite:///{path}", 50)
    assert Database.at(path).newest("decision") >= 50, "and the file is sound"


@pytest.mark.slow
def test_nor_do_fifty_on_postgresql(postgres_server: str) -> None:
    pytest.importorskip("psycopg")
    kill_writers(postgres.new_database(postgres_server, "killed"), 50)
