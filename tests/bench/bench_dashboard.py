"""Moves of a slider and presses of a key, as browsers send them: processor time, waiting time and memory of the server.

    python tests/bench/bench_dashboard.py [--sessions 20] [--moves 30] [--page thresholds] [--workspace DIR]
        [--set runner.postScriptGC=true] ...

Each session is a websocket that speaks Streamlit's own protocol, so that what is measured is the server alone, without
the cost of drawing in twenty browsers on the same cores. On Thresholds every move sets the first slider to a new value;
on Review every press is the key that skips a book. Without --workspace the British Library's published predictions
(34,690 records) are imported, or, where they are not here, the demonstration is built.
"""

import argparse
import contextlib
import os
import platform
import queue
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import numpy as np
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.sync.client import ClientConnection, connect

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from core.storage import Workspace
from tests import serving


def processor() -> str:
    """Return the processor's name, how many cores this process may use, and the flags that decide its speed."""
    wanted = ("avx2", "avx512f", "avx512_bf16", "amx_tile")
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    facts = dict(line.split(":", 1) for line in lines if ":" in line)
    facts = {name.strip(): value.strip() for name, value in facts.items()}
    flags = [flag for flag in wanted if flag in facts.get("flags", "").split()]
    return f"{facts.get('model name', platform.machine())}, {os.cpu_count()} cores, {' '.join(flags) or 'no AVX2'}"


class Session:
    """One reader of a page: it keeps the state of the widgets, as a browser does."""

    def __init__(self, address: str, page: str) -> None:
        self.address, self.page = address, page
        self.first_answer = float("nan")
        self.open()

    def open(self) -> None:
        """Open the page anew, as after a reload, with a session of its own."""
        self.states: dict[str, tuple[str, float | bool]] = {}
        self.sliders: list[tuple[str, str]] = []
        self.buttons: dict[str, tuple[str, str]] = {}
        self.script = ""
        self._stack = contextlib.ExitStack()
        self.socket: ClientConnection = self._stack.enter_context(
            connect(
                f"{self.address.replace('http', 'ws')}/_stcore/stream",
                subprotocols=["streamlit"],
                origin=self.address,
                proxy=None,
                max_size=None,
            )
        )
        self.rerun()

    def close(self) -> None:
        """Close the tab."""
        self._stack.close()

    def rerun(self, fragment: str = "") -> float:
        """Ask for a run of the page (or of a fragment) and return the seconds until it has ended."""
        message = BackMsg()
        message.rerun_script.page_name = self.page
        message.rerun_script.page_script_hash = self.script
        message.rerun_script.fragment_id = fragment
        message.rerun_script.query_string = "way=By+hand" if self.page == "thresholds" else ""
        for widget, (field, value) in self.states.items():
            state = message.rerun_script.widget_states.widgets.add()
            state.id = widget
            if field == "double_array_value":
                state.double_array_value.data[:] = [value]
            else:
                state.trigger_value = True
        started = time.perf_counter()
        self.first_answer = float("nan")
        self.socket.send(message.SerializeToString())
        while True:
            answer = ForwardMsg()
            answer.ParseFromString(self.socket.recv(timeout=300))
            kind = answer.WhichOneof("type")
            if kind == "new_session":
                self.script = answer.new_session.page_script_hash
            elif kind == "delta":
                if self.first_answer != self.first_answer:
                    self.first_answer = time.perf_counter() - started
                self._note(answer.delta)
            elif kind == "script_finished" and answer.script_finished != ForwardMsg.FINISHED_EARLY_FOR_RERUN:
                return time.perf_counter() - started

    def _note(self, delta: object) -> None:
        element = delta.new_element  # type: ignore[attr-defined]
        kind = element.WhichOneof("type")
        if kind == "slider" and element.slider.id not in [item[0] for item in self.sliders]:
            self.sliders.append((element.slider.id, delta.fragment_id))  # type: ignore[attr-defined]
        elif kind == "button":
            self.buttons[element.button.label] = (element.button.id, delta.fragment_id)  # type: ignore[attr-defined]

    def move(self, value: float) -> float:
        """Set the first slider and return the seconds until everything that depends on it has come."""
        widget, fragment = self.sliders[0]
        self.states[widget] = ("double_array_value", value)
        return self.rerun(fragment)

    def press(self, label: str) -> float:
        """Press the button whose label begins so; the seconds until the next book is there."""
        widget, fragment = next(result for text, result in self.buttons.items() if label in text)
        self.states[widget] = ("trigger_value", True)
        seconds = self.rerun(fragment)
        del self.states[widget]
        return seconds


def used(process: int) -> tuple[float, float]:
    """Return processor seconds and megabytes in memory of a process."""
    fields = Path(f"/proc/{process}/stat").read_text(encoding="utf-8").rsplit(")", 1)[1].split()
    pages = int(Path(f"/proc/{process}/statm").read_text(encoding="utf-8").split()[1])
    ticks = os.sysconf("SC_CLK_TCK")
    return (int(fields[11]) + int(fields[12])) / ticks, pages * os.sysconf("SC_PAGE_SIZE") / 1e6


def prepared(given: Path | None, scratch: Path) -> Path:
    """Return the workspace to look at, filled when none is given."""
    if given:
        return given
    from core import demonstration
    from core.importing import import_file

    place = Workspace(scratch / "workspace")
    data = Path(os.environ.get("COLOPHON_REAL_DATA") or serving.ROOT.parent / "shared" / "data" / "blbooks")
    if (data / "test_predictions.csv").exists():
        import_file(place, data / "test_predictions.csv", "predictions", name="published")
    else:
        demonstration.build(place, two_models=False)
    return place.root


def act(session: Session, page: str, number: int) -> float:
    """Do one thing on the page and return the seconds it took."""
    if page == "thresholds":
        return session.move(0.5 + (37 * number % 97) * 0.005)
    return session.press("Skip")


def main() -> None:
    """Measure and print."""
    ask = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ask.add_argument("--workspace", type=Path)
    ask.add_argument("--page", choices=("thresholds", "review"), default="thresholds")
    ask.add_argument("--sessions", type=int, default=1)
    ask.add_argument("--moves", type=int, default=30, help="of each session")
    ask.add_argument("--reload", type=int, default=0, metavar="N", help="open the page anew after so many moves")
    ask.add_argument("--pause", type=float, default=0.0, help="seconds between two moves of a session")
    ask.add_argument("--set", dest="settings", action="append", default=[], metavar="option=value")
    arguments = ask.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        place = prepared(arguments.workspace, Path(scratch))
        port = serving.free_port()
        command = [sys.executable, "-m", "streamlit", "run", str(serving.ROOT / "dashboard" / "app.py")]
        command += ["--server.port", str(port), "--server.headless", "true"]
        for setting in arguments.settings:
            name, value = setting.split("=", 1)
            command += [f"--{name}", value]
        log = (Path(scratch) / "log").open("wb")
        server = subprocess.Popen(command, cwd=serving.ROOT, env=serving.environment(place), stdout=log, stderr=log)
        try:
            address = f"http://127.0.0.1:{port}"
            serving.wait_until_healthy(address, server, Path(scratch) / "log", 120.0)
            print(f"{processor()}; load {os.getloadavg()[0]:.1f}; {arguments.settings or 'settings as they are'}")
            measure(address, server.pid, arguments)
        finally:
            server.terminate()
            server.wait()
            log.close()


def measure(address: str, process: int, arguments: argparse.Namespace) -> None:
    """Open the sessions and measure them."""
    act_all([Session(address, arguments.page) for _ in range(arguments.sessions)], process, arguments)


def act_all(sessions: list[Session], process: int, arguments: argparse.Namespace) -> None:
    """Let every session act at its own pace, and print what that took."""
    for session in sessions:
        act(session, arguments.page, 0)  # the first fills the caches
    before, memory = used(process)
    print(f"{len(sessions)} sessions open: {memory:,.0f} MB", flush=True)
    waits: queue.Queue[tuple[float, float]] = queue.Queue()

    def work(number: int, session: Session) -> None:
        for move in range(1, arguments.moves + 1):
            if arguments.reload and move % arguments.reload == 0:
                session.close()
                session.open()
            seconds = act(session, arguments.page, move + 31 * number)
            waits.put((session.first_answer, seconds))
            time.sleep(arguments.pause)

    started = time.perf_counter()
    threads = [threading.Thread(target=work, args=numbered, daemon=True) for numbered in enumerate(sessions)]
    for thread in threads:
        thread.start()
    while any(thread.is_alive() for thread in threads):
        time.sleep(0.5)
        if int(time.perf_counter() - started) % 20 == 0:
            print(f"  after {waits.qsize()} moves: {used(process)[1]:,.0f} MB", flush=True)
            time.sleep(0.6)
    spent, memory = used(process)
    first, whole = (np.array(column) for column in zip(*waits.queue, strict=True))
    print(
        f"{len(whole)} moves in {time.perf_counter() - started:.1f} s: {1000 * (spent - before) / len(whole):.0f} ms of"
        f" processor time a move; {memory:,.0f} MB at the end"
    )
    for name, seconds in (("first answer", first), ("everything", whole)):
        print(f"{name}: median {statistics.median(seconds):.2f} s, p95 {np.quantile(seconds, 0.95):.2f} s")


if __name__ == "__main__":
    main()
