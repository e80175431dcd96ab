"""Jobs are tried with real processes: each test writes a small module and starts it."""

import json
import os
import signal
import socket
import sys
import textwrap
import time

import pytest

from core import jobs, processes
from core.errors import Cancelled, JobError, NotFoundError
from core.jobs.worker import run_as_job
from core.storage import Workspace, read_json, write_json

pytestmark = pytest.mark.slow

WAIT = 60.0


@pytest.fixture
def workspace(tmp_path):
    return Workspace(tmp_path / "workspace")


@pytest.fixture
def start(workspace, tmp_path, monkeypatch):
    """Start a job whose work is the given lines (they see workspace, config, progress)."""
    folder = tmp_path / "modules"
    folder.mkdir()
    monkeypatch.setenv("PYTHONPATH", str(folder))
    started = []

    def begin(body, config=None, title="Some work"):
        name = f"work_{len(started)}"
        source = "import os, signal, sys, time\nimport core.errors\nfrom core.jobs.worker import run_as_job\n\n"
        source += "def work(workspace, config, progress):\n" + textwrap.indent(textwrap.dedent(body), "    ")
        source += "\n\nif __name__ == '__main__':\n    sys.exit(run_as_job(work))\n"
        (folder / f"{name}.py").write_text(source, encoding="utf-8")
        started.append(jobs.start(workspace, name, config or {}, title))
        return started[-1]

    yield begin
    for job in started:
        mark = job.path / "process.json"
        if mark.exists():
            processes.end_group(processes.ProcessMark.from_dict(read_json(mark)), grace=0.1)


def until(job, condition):
    deadline = time.monotonic() + WAIT
    while not condition(job.status()):
        assert time.monotonic() < deadline, (job.status(), jobs.log_tail(job))
        time.sleep(0.02)
    return job.status()


def exit_noted(job):
    deadline = time.monotonic() + WAIT
    while not (job.path / "exit.json").exists():
        assert time.monotonic() < deadline
        time.sleep(0.02)
    return read_json(job.path / "exit.json")["status"]


def test_work_is_done_and_its_result_is_kept(start):
    job = start(
        """
        progress(0.5, "Half way")
        return {"answer": config["asked"] * 2, "undefined": float("nan"), "root": workspace.root.name}
        """,
        {"asked": 21},
    )
    status = job.wait(WAIT)
    assert status.state == "done"
    assert status.finished
    assert status.result == {"answer": 42, "undefined": None, "root": "workspace"}
    assert status.fraction == 1.0
    assert status.message == "Half way"
    assert status.error == ""
    assert status.seconds > 0
    assert status.started_at <= status.updated_at
    assert exit_noted(job) == 0


def test_progress_is_seen_while_the_work_goes_on_and_never_runs_backwards(start, workspace):
    job = start(
        """
        progress(0.4, "First part")
        progress(0.1, "Second part")
        while not os.path.exists(workspace.root / "go"):
            time.sleep(0.02)
            progress(float("nan"), "Second part")
        """
    )
    status = until(job, lambda status: status.message == "Second part")
    assert (status.state, status.fraction) == ("running", 0.4)
    assert status.pid is not None
    (workspace.root / "go").touch()
    assert job.wait(WAIT).state == "done"


def test_measurements_make_a_history(start):
    job = start(
        """
        for epoch in range(3):
            progress.measure({"epoch": epoch, "loss": 1.0 / (epoch + 1), "undefined": float("nan")})
        """
    )
    history = job.wait(WAIT).history
    assert [point["epoch"] for point in history] == [0, 1, 2]
    assert history[1] == {"step": 2, "epoch": 1, "loss": 0.5, "undefined": None}
    with (job.path / "history.jsonl").open("a") as stream:
        stream.write('{"epoch": 3, "lo')  # is being written at this moment
    assert len(job.status().history) == 3


def test_an_error_of_ours_is_told_in_its_own_words(start):
    job = start('raise core.errors.InputError("Line 7 has no title.")')
    status = job.wait(WAIT)
    assert (status.state, status.error) == ("failed", "Line 7 has no title.")
    assert status.result == {}
    assert "Traceback" not in jobs.log_tail(job)
    assert exit_noted(job) == 1


def test_an_unforeseen_error_keeps_its_traceback_in_the_log(start):
    job = start(
        """
        (progress.scratch / "half").write_text("made")
        raise ZeroDivisionError("secret detail")
        """
    )
    status = job.wait(WAIT)
    assert status.state == "failed"
    assert "not foreseen (ZeroDivisionError)" in status.error
    assert "secret detail" not in status.error
    assert "secret detail" in jobs.log_tail(job)
    exit_noted(job)
    assert not (job.path / "scratch").exists()


def test_a_module_that_is_not_there_fails_before_it_began(workspace):
    job = jobs.start(workspace, "core.there_is_no_such_module", {}, "Nothing")
    status = job.wait(WAIT)
    assert status.state == "failed"
    assert "before it began its work (exit status 1)" in status.error
    assert "No module named" in jobs.log_tail(job)


def test_a_wish_to_stop_is_heard_at_the_next_progress(start):
    job = start(
        """
        (progress.scratch / "half").write_text("made")
        while True:
            progress(0.2, "Working")
            time.sleep(0.02)
        """
    )
    until(job, lambda status: status.state == "running" and status.message == "Working")
    assert not job.cancel_requested()
    jobs.cancel(job)
    assert job.cancel_requested()
    status = job.wait(WAIT)
    assert status.state == "cancelled"
    assert status.error == ""
    exit_noted(job)
    assert not (job.path / "scratch").exists()


def test_work_that_does_not_listen_is_ended_with_all_it_started(start):
    job = start(
        """
        import subprocess
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
        (progress.scratch / "half").write_text(str(child.pid))
        progress(0.1, "Deaf")
        time.sleep(600)
        """
    )
    until(job, lambda status: status.message == "Deaf")
    grandchild = processes.mark_process(int((job.path / "scratch" / "half").read_text()))
    assert processes.is_alive(grandchild)
    jobs.cancel(job, grace=0.1)
    assert job.wait(WAIT).state == "cancelled"
    exit_noted(job)
    assert not (job.path / "scratch").exists()
    deadline = time.monotonic() + WAIT
    while processes.is_alive(grandchild):
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_a_process_that_is_stuck_is_ended_from_outside(start):
    job = start(
        """
        time.sleep(0.3)  # else this message would wait for the next heartbeat
        progress(0.1, "Stuck")
        os.kill(os.getpid(), signal.SIGSTOP)
        """
    )
    until(job, lambda status: status.message == "Stuck")
    write_json(job.path / "cancel", {"at": time.time() - 60, "grace": 1.0})
    assert job.wait(WAIT).state == "cancelled"
    assert exit_noted(job) == -signal.SIGKILL


def test_cancelling_finished_work_changes_nothing(start):
    job = start("return {'kept': True}")
    job.wait(WAIT)
    jobs.cancel(job)
    assert not (job.path / "cancel").exists()
    assert job.status().result == {"kept": True}


def test_a_killed_process_is_interrupted_and_leaves_nothing_half_made(start):
    job = start(
        """
        (progress.scratch / "half").write_text("made")
        progress(0.3, "Working")
        time.sleep(600)
        """
    )
    running = until(job, lambda status: status.message == "Working")
    os.kill(running.pid, signal.SIGKILL)
    status = job.wait(WAIT)
    assert status.state == "interrupted"
    assert "killed (signal 9)" in status.error
    assert "Nothing half made was kept" in status.error
    assert status.fraction == 0.3
    assert not (job.path / "scratch").exists()
    assert job.status() == status


def test_a_process_that_is_asked_to_end_says_so_itself(start):
    job = start(
        """
        (progress.scratch / "half").write_text("made")
        progress(0.3, "Working")
        try:
            time.sleep(600)
        except Exception:
            pass
        """
    )
    running = until(job, lambda status: status.message == "Working")
    os.kill(running.pid, signal.SIGTERM)
    status = job.wait(WAIT)
    assert status.state == "interrupted"
    assert "asked to end (signal 15)" in status.error
    assert exit_noted(job) == 1
    assert not (job.path / "scratch").exists()


@pytest.fixture
def left_behind(workspace):
    """A job's folder whose process is written by the test."""

    def make(mark, *, silent_for=0.0, state="running"):
        folder = workspace.folder("jobs") / "20260101-120000-abcdef"
        folder.mkdir()
        moment = time.time() - silent_for
        content = {"module": "m", "title": "Old work", "created_at": "2026-01-01T12:00:00Z", "config": {}}
        write_json(folder / "config.json", content)
        write_json(folder / "status.json", {"state": state, "started": moment - 5, "updated": moment})
        write_json(folder / "process.json", mark.as_dict())
        (folder / "scratch").mkdir()
        return jobs.find_job(workspace, folder.name)

    return make


def test_another_process_with_the_same_number_is_not_taken_for_it(left_behind):
    mine = processes.mark_process(os.getpid())
    job = left_behind(processes.ProcessMark(mine.pid, mine.host, mine.born - 60.0))
    status = job.status()
    assert status.state == "interrupted"
    assert "killed, or the computer was restarted" in status.error
    assert status.seconds == pytest.approx(5)
    assert not (job.path / "scratch").exists()


def test_a_living_process_is_believed_even_when_it_is_silent(left_behind):
    assert left_behind(processes.mark_process(os.getpid()), silent_for=3600).status().state == "running"


@pytest.mark.parametrize(("silent_for", "state"), [(5.0, "running"), (3600.0, "interrupted")])
def test_on_another_machine_the_heartbeat_decides(left_behind, silent_for, state):
    status = left_behind(processes.ProcessMark(1, "another-machine", 60.0), silent_for=silent_for).status()
    assert status.state == state
    if state == "interrupted":
        assert "not been heard of for 3,600 seconds" in status.error


@pytest.mark.parametrize(("silent_for", "state"), [(5.0, "running"), (3600.0, "interrupted")])
def test_of_a_mark_that_an_earlier_version_wrote_the_heartbeat_decides(left_behind, silent_for, state):
    job = left_behind(processes.mark_process(os.getpid()), silent_for=silent_for)
    mark = {"pid": os.getpid(), "host": socket.gethostname(), "born": "0d1f7e52-73ab-4cc1-9c5e-0f8a1c2d3e4f 8123"}
    write_json(job.path / "process.json", mark)
    assert job.status().state == state


def test_a_finished_state_is_not_questioned(left_behind):
    assert left_behind(processes.ProcessMark(1, socket.gethostname(), 60.0), state="done").status().state == "done"


def test_jobs_are_listed_newest_first_and_found_by_id(start, workspace, left_behind):
    old = left_behind(processes.ProcessMark(1, socket.gethostname(), 60.0), state="done")
    new = start("return {}", title="New work")
    (workspace.folder("jobs") / "not-a-job").mkdir()
    assert [job.title for job in jobs.list_jobs(workspace)] == ["New work", "Old work"]
    assert jobs.find_job(workspace, new.id) == new
    assert jobs.list_jobs(workspace)[1] == old
    new.wait(WAIT)


@pytest.mark.parametrize("asked", ["20250101-000000-000000", "../../etc", ""])
def test_a_job_that_is_not_there(workspace, asked):
    with pytest.raises(NotFoundError, match="There is no job"):
        jobs.find_job(workspace, asked)


def test_running_work_is_not_forgotten(start, workspace):
    job = start(
        """
        while True:
            progress(0.2, "Working")
            time.sleep(0.02)
        """
    )
    with pytest.raises(JobError, match="still running: cancel it first"):
        jobs.delete_job(job)
    jobs.cancel(job)
    job.wait(WAIT)
    exit_noted(job)
    jobs.delete_job(job)
    assert jobs.list_jobs(workspace) == []


def test_the_job_leads_a_session_of_its_own(start):
    job = start("return {'pid': os.getpid(), 'session': os.getsid(0)}")
    status = job.wait(WAIT)
    assert status.result["session"] == status.result["pid"] == status.pid


def test_the_log_keeps_what_was_printed(start):
    job = start(
        """
        for line in range(100):
            print("line", line)
        """
    )
    job.wait(WAIT)
    exit_noted(job)
    assert jobs.log_tail(job, lines=2) == "line 98\nline 99"


def test_waiting_longer_than_allowed_is_said(left_behind):
    job = left_behind(processes.mark_process(os.getpid()))
    with pytest.raises(JobError, match=r"'Old work' has not finished after 0\.05 seconds"):
        job.wait(timeout=0.05, pause=0.01)


def test_a_process_that_cannot_be_started_leaves_no_folder(workspace, monkeypatch):
    monkeypatch.setattr(sys, "executable", "/there/is/no/python")
    with pytest.raises(JobError, match="The process for 'Nothing' cannot be started: No such file"):
        jobs.start(workspace, "core.jobs", {}, "Nothing")
    assert jobs.list_jobs(workspace) == []


def test_an_unreadable_status_is_said(left_behind):
    job = left_behind(processes.mark_process(os.getpid()))
    (job.path / "status.json").write_text("{", encoding="utf-8")
    with pytest.raises(JobError, match="has no readable status"):
        job.status()


class TestInThisProcess:
    """The child's side without a process of its own."""

    @pytest.fixture
    def folder(self, workspace):
        folder = workspace.folder("jobs") / "20260101-120000-abcdef"
        folder.mkdir()
        write_json(folder / "config.json", {"module": "m", "title": "t", "created_at": "", "config": {"a": 1}})
        return folder

    def state(self, folder):
        return json.loads((folder / "status.json").read_text())

    def test_arguments_that_are_no_job(self, tmp_path, capsys):
        assert run_as_job(lambda *_: {}, [str(tmp_path)]) == 2
        assert run_as_job(lambda *_: {}, []) == 2
        assert "run by Colophon as a job" in capsys.readouterr().err

    @pytest.mark.parametrize(
        ("error", "state", "said"),
        [
            (Cancelled("stop"), "cancelled", ""),
            (KeyboardInterrupt(), "cancelled", ""),
            (JobError("No."), "failed", "No."),
            (MemoryError(), "failed", "Memory ran out"),
            (KeyError("x"), "failed", "not foreseen (KeyError)"),
        ],
    )
    def test_how_work_can_end(self, folder, error, state, said, capsys):
        def work(workspace, config, progress):
            assert config == {"a": 1}
            raise error

        assert run_as_job(work, [str(folder)]) == 1
        assert self.state(folder)["state"] == state
        assert said in self.state(folder)["error"]
        assert ("Traceback" in capsys.readouterr().err) == isinstance(error, KeyError)

    def test_numpy_and_paths_in_a_result(self, folder, tmp_path):
        import numpy as np

        result = {"n": np.int64(3), "rates": np.array([0.5, np.nan]), "path": tmp_path, "classes": ("a", "b"), 1: True}
        assert run_as_job(lambda *_: result, [str(folder)]) == 0
        assert self.state(folder)["result"] == {
            "n": 3,
            "rates": [0.5, None],
            "path": str(tmp_path),
            "classes": ["a", "b"],
            "1": True,
        }

    def test_the_last_word_stays(self, folder):
        def work(workspace, config, progress):
            progress.finish("failed", error="first")
            progress(0.9, "later")

        run_as_job(work, [str(folder)])
        assert (self.state(folder)["state"], self.state(folder)["error"]) == ("failed", "first")

    def test_a_workspace_that_went_away_does_not_stop_the_work(self, folder):
        import shutil

        def work(workspace, config, progress):
            shutil.rmtree(folder)
            progress(0.9, "still here")
            return {}

        assert run_as_job(work, [str(folder)]) == 0


def test_a_token_of_whoever_runs_the_server_is_not_handed_to_a_job(start, monkeypatch):
    for name in ("HF_TOKEN", "HUGGING_FACE_HUB_TOKEN"):
        monkeypatch.setenv(name, "hf_OfTheOperator")
    job = start(
        """
        held = sorted(name for name, value in os.environ.items() if value == "hf_OfTheOperator")
        return {"held": held, "implicit": os.environ["HF_HUB_DISABLE_IMPLICIT_TOKEN"]}
        """
    )
    status = job.wait(WAIT)
    assert status.state == "done"
    assert status.result == {"held": [], "implicit": "1"}


def test_folders_of_old_finished_jobs_are_cleared_when_a_new_one_is_started(start, workspace, monkeypatch):
    monkeypatch.setattr("core.jobs.MAX_FINISHED_JOBS", 3)
    for day in range(1, 7):
        folder = workspace.folder("jobs") / f"2025010{day}-000000-abcdef"
        folder.mkdir()
        state = "running" if day == 2 else "done"
        write_json(folder / "config.json", {"module": "m", "title": str(day), "created_at": "", "config": {}})
        write_json(folder / "status.json", {"state": state, "started": time.time(), "updated": time.time()})
    new = start("return {}", title="new")
    assert [job.title for job in jobs.list_jobs(workspace)] == ["new", "6", "5", "4", "2"], "what still runs stays"
    assert new.wait(WAIT).state == "done"


def test_a_job_on_a_full_disk_fails_in_a_sentence_that_is_written(start, workspace):
    job = start("raise OSError(28, 'No space left on device', '/srv/ws/corpora/x.parquet')")
    ended = job.wait(WAIT)
    assert ended.state == "failed"
    assert ended.error == "The disk is full. Make room and do it again; nothing half made was kept."


@pytest.mark.parametrize(
    ("state", "fraction", "seconds", "left", "words"),
    [
        ("running", 0.25, 50.0, 150.0, "about 3 minutes left"),  # three times what has passed
        ("running", 0.5, 120.0, 120.0, "about 2 minutes left"),
        ("running", 0.5, 121.0, 121.0, "about 3 minutes left"),  # rounded up
        ("running", 0.4, 40.0, 60.0, "about a minute left"),
        ("running", 0.8, 200.0, 50.0, "less than a minute left"),
        ("running", 1.0, 200.0, 0.0, "less than a minute left"),
        ("running", 0.05, 100.0, 1900.0, "about 32 minutes left"),
        ("running", 0.1, 1200.0, 10800.0, "about 3 hours left"),
        ("running", 0.04, 100.0, None, ""),  # too little is done
        ("running", 0.5, 9.0, None, ""),  # too early
        ("running", 0.0, 500.0, None, ""),  # its progress has no total
        ("waiting", 0.5, 50.0, None, ""),
        ("done", 1.0, 50.0, None, ""),
        ("cancelled", 0.5, 50.0, None, ""),
    ],
)
def test_what_is_left_is_as_what_has_passed(
    state: jobs.State, fraction: float, seconds: float, left: float | None, words: str
) -> None:
    status = jobs.JobStatus(state=state, fraction=fraction, seconds=seconds)
    assert status.seconds_left == (None if left is None else pytest.approx(left))
    assert status.time_left == words


@pytest.mark.parametrize(
    ("state", "finished"),
    [
        ("waiting", False),
        ("running", False),
        ("done", True),
        ("failed", True),
        ("cancelled", True),
        ("interrupted", True),
    ],
)
def test_a_state_says_whether_more_will_happen(state, finished):
    assert jobs.JobStatus(state=state).finished is finished
