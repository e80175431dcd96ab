"""A process is known again by when it began; a limit of memory is a limit of the process, and is taken back."""

import json
import os
import signal
import subprocess
import sys
import time

import psutil
import pytest

from core import processes
from core.processes import available_memory, memory_limit, most_of_memory

WAIT = 60.0


class TestProcessMarks:
    def test_this_process_is_alive(self):
        assert processes.is_alive(processes.mark_process(os.getpid()))

    def test_a_number_that_is_not_in_use(self):
        mark = processes.mark_process(2**22 + 7)
        assert mark.born is None
        processes.end_group(mark)

    def test_a_zombie_is_dead(self):
        child = os.posix_spawn("/bin/true", ["true"], {})
        born = processes.mark_process(child)
        deadline = time.monotonic() + WAIT
        while processes._process_start(child):
            assert time.monotonic() < deadline
            time.sleep(0.01)
        assert born.born is None or processes.is_alive(born) is False
        os.waitpid(child, 0)

    def test_a_clock_that_is_put_right_changes_nothing(self, monkeypatch):
        mark = processes.mark_process(os.getpid())
        booted, create_time = psutil.boot_time(), psutil.Process.create_time
        monkeypatch.setattr(psutil, "boot_time", lambda: booted + 3600.0)
        monkeypatch.setattr(psutil.Process, "create_time", lambda self: create_time(self) + 3600.0)
        assert processes.is_alive(mark)

    def test_round_trip(self):
        mark = processes.mark_process(os.getpid())
        assert processes.ProcessMark.from_dict(json.loads(json.dumps(mark.as_dict()))) == mark


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux limits the address space")
def test_what_asks_for_more_gets_an_error_and_afterwards_has_it():
    with memory_limit(64 * 1024**2), pytest.raises(MemoryError):
        bytearray(256 * 1024**2)
    assert len(bytearray(256 * 1024**2)) == 256 * 1024**2


def test_four_fifths_of_what_is_there():
    assert 0 < most_of_memory() < available_memory() * 1.2


@pytest.mark.skipif(sys.platform == "win32", reason="there a process is not asked, it is ended")
@pytest.mark.parametrize(("answer", "grace", "status"), [("sys.exit(7)", 60.0, 7), ("None", 0.1, -signal.SIGKILL)])
def test_a_process_is_asked_to_end_and_ended_only_when_it_does_not(
    answer: str, grace: float, status: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    pauses: list[float] = []
    sleep = time.sleep
    monkeypatch.setattr(time, "sleep", lambda seconds: (pauses.append(seconds), sleep(seconds)))
    code = f"import signal, sys; signal.signal(15, lambda *_: {answer}); print(flush=True)"
    code += "; [signal.pause() for _ in range(9)]"
    with subprocess.Popen([sys.executable, "-I", "-c", code], stdout=subprocess.PIPE, start_new_session=True) as child:
        assert child.stdout is not None
        child.stdout.readline()
        processes.end_group(processes.mark_process(child.pid), grace=grace)
        assert child.wait(60) == status
    assert max(pauses, default=0) <= 0.1  # who stops a job does not wait for the clock
