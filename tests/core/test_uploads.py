"""What a browser sends is written whole or not at all, and cleared once it has served."""

import io
import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

from core import jobs, uploads
from core.errors import InputError
from core.importing import import_file
from core.storage import Workspace
from core.uploads import clear_stale_uploads, clear_upload, keep_upload
from tests import disks
from tests.serving import ROOT


def rows(n: int) -> bytes:
    return b"id,title\n" + b"".join(b"%d,A tale of the year %d\n" % (number, number) for number in range(n))


def send(place: Workspace, content: bytes, name: str = "books.csv") -> Path:
    return keep_upload(place, name, io.BytesIO(content), len(content))


def files(place: Workspace) -> list[Path]:
    return [path for path in (place.root / "uploads").rglob("*") if path.is_file()]


def test_what_is_sent_is_kept_as_it_is(workspace: Workspace) -> None:
    path = send(workspace, rows(50_000))
    assert path.name == "books.csv"
    assert path.read_bytes() == rows(50_000)


def test_a_disk_that_fills_up_keeps_nothing_and_the_whole_is_imported_later(tmp_path: Path) -> None:
    with disks.small_disk(tmp_path / "disk", megabytes=8) as disk:
        place = Workspace(disk / "workspace")
        filling = disks.fill(disk, leave=2_000_000)
        content = rows(100_000)
        assert len(content) > 2_500_000
        with pytest.raises(OSError, match="No space left on device"):
            send(place, content)
        assert files(place) == []
        filling.unlink()
        path = send(place, content)
        assert path.read_bytes() == content
        path.write_bytes(rows(2000))  # the whole road has no room here: what counts is that nothing half is left
        assert import_file(place, path, "corpus").rows == 2000


def test_fewer_bytes_than_were_sent_are_refused(workspace: Workspace) -> None:
    with pytest.raises(InputError, match=r"Of books\.csv 9 of 10 bytes arrived as they were sent"):
        keep_upload(workspace, "books.csv", io.BytesIO(b"id,title\n"), 10)
    assert files(workspace) == []


def test_bytes_that_change_on_their_way_to_the_disk_are_refused(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(uploads, "file_sha256", lambda path: "0" * 64)
    with pytest.raises(InputError, match="Nothing was kept"):
        send(workspace, rows(10))
    assert files(workspace) == []


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("../../etc/passwd", "passwd"),
        ("C:\\Users\\me\\books.csv.gz", "books.csv.gz"),
        ("", "upload"),
        ("..", "upload"),
        ("Каталог.csv", "Каталог.csv"),
        ("a\nb\x00.csv", "ab.csv"),
        ("ж" * 300 + ".csv.gz", "ж" * 96 + ".csv.gz"),
    ],
)
def test_the_name_is_a_harmless_one(workspace: Workspace, name: str, kept: str) -> None:
    path = send(workspace, b"x", name)
    assert path.name == kept
    assert path.parent.parent == workspace.root / "uploads"


def test_two_files_of_one_name_do_not_meet(workspace: Workspace) -> None:
    assert send(workspace, b"1").read_bytes() + send(workspace, b"2").read_bytes() == b"12"


@pytest.mark.slow
def test_an_import_clears_what_was_sent_and_nothing_else(workspace: Workspace, tmp_path: Path) -> None:
    sent, own = send(workspace, rows(5)), tmp_path / "own.csv"
    own.write_bytes(rows(6))
    for path in (sent, own):
        job = jobs.start(workspace, "core.importing", {"path": str(path), "kind": "corpus"}, "Importing")
        assert job.wait().state == "done"
    assert files(workspace) == []
    assert own.exists()


def test_a_failed_import_keeps_it_to_be_corrected(workspace: Workspace) -> None:
    sent = send(workspace, b"id;nothing\n1;2\n")
    job = jobs.start(workspace, "core.importing", {"path": str(sent), "kind": "labels"}, "Importing")
    assert job.wait().state == "failed"
    assert sent.exists()


def test_what_a_running_job_reads_stays(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    sent, other = send(workspace, b"1"), send(workspace, b"2")
    job = jobs.Job(
        id="20260101-000000-abcdef",
        path=Path("x"),
        title="Importing",
        module="m",
        created_at="",
        config={"path": str(sent)},
    )
    monkeypatch.setattr(jobs.Job, "status", lambda self: jobs.JobStatus(state="running"))
    monkeypatch.setattr(uploads, "list_jobs", lambda place: [job])
    assert not clear_upload(workspace, sent)
    for path in (sent, other):
        os.utime(path.parent, (time.time() - 2 * 86_400,) * 2)
    assert clear_stale_uploads(workspace) == 1
    assert files(workspace) == [sent]


def test_what_somebody_else_clears_at_the_same_moment_is_no_error(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent, old = send(workspace, b"1"), send(workspace, b"2")
    os.utime(old.parent, (time.time() - 2 * 86_400,) * 2)
    remove = shutil.rmtree

    def overtaken(folder: Path, ignore_errors: bool = False) -> None:
        remove(folder)
        remove(folder, ignore_errors)

    monkeypatch.setattr(shutil, "rmtree", overtaken)
    assert clear_stale_uploads(workspace) == 1
    assert files(workspace) == [sent]
    assert clear_upload(workspace, sent)
    assert files(workspace) == []


def test_what_is_no_upload_is_never_removed(workspace: Workspace, tmp_path: Path) -> None:
    own = tmp_path / "own.csv"
    own.write_text("x")
    assert not clear_upload(workspace, own)
    assert not clear_upload(workspace, workspace.root / "colophon.db")
    assert own.exists()
    assert (workspace.root / "colophon.db").exists()


@pytest.mark.slow
def test_an_import_on_a_full_disk_fails_in_a_sentence(tmp_path: Path) -> None:
    file = tmp_path / "books.csv"
    file.write_bytes(rows(60_000))
    with disks.small_disk(tmp_path / "disk", megabytes=4) as disk:
        place = Workspace(disk / "workspace")
        place.folder("jobs")
        place.folder("corpora")
        disks.fill(disk, leave=300_000)
        job = jobs.start(place, "core.importing", {"path": str(file), "kind": "corpus"}, "Importing")
        status = job.wait()
        assert status.state == "failed"
        assert status.error == "The disk is full. Make room and do it again; nothing half made was kept."
        ended = subprocess.run(
            [sys.executable, "-m", "core.cli", "import", str(file), "--kind", "corpus", "--workspace", str(place.root)],
            capture_output=True,
            check=False,
            text=True,
            cwd=ROOT,
        )
        assert ended.returncode == 2
        assert ended.stderr.splitlines()[-1] == f"colophon: {status.error}"
        assert "Traceback" not in ended.stderr
        assert place.list("corpora") == []
        assert [path.name for path in (place.root / "corpora").iterdir()] == []
        assert json.loads((job.path / "status.json").read_text())["state"] == "failed"
