"""What was acknowledged is there after the process that wrote it was killed, at whatever moment."""

import subprocess
import sys
from pathlib import Path

import pytest

from core.database import Database
from core.review import read_decisions
from tests import postgres
from tests.serving import ROOT

# Each decision is acknowledged by a line when its number has come back. Moments: one start takes seconds, so a process
# decides in children that it starts by fork, each of which is killed.
WORK = """
import os, random, signal, sys, time
from core.database import Database
from core.review import record_decision
url, kills, seed = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
moments = random.Random(seed)
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


@pytest.mark.slow
def test_fifty_kills_lose_nothing_on_sqlite(tmp_path: Path) -> None:
    path = tmp_path / "colophon.db"
    kill_writers(f"sqlite:///{path}", 50)
    assert Database.at(path).newest("decision") >= 50, "and the file is sound"


@pytest.mark.slow
def test_nor_do_kills_on_postgresql(postgres_server: str) -> None:
    pytest.importorskip("psycopg")
    kill_writers(postgres.new_database(postgres_server, "killed"), 10)
