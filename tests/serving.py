"""The dashboard as a process, and a browser that knows when it has settled: for the browser tests and the pictures."""

import contextlib
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Sequence
from pathlib import Path

from playwright.sync_api import Page

ROOT = Path(__file__).resolve().parents[1]
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
# Quiet and self-contained: no sandbox (tests run as root in CI), no GPU, and nothing asked of the network.
FLAGS = (
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


def find_browser() -> str | None:
    """Return where a Chromium is, if there is one."""
    return next(filter(None, map(shutil.which, BROWSERS)), None)


def free_port() -> int:
    """Return a port of this machine that nobody listens at."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def environment(workspace: Path) -> dict[str, str]:
    """Return the environment of a dashboard on a workspace, in which this copy of the code is found first."""
    paths = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH", "")]))
    return {**os.environ, "COLOPHON_HOME": str(workspace), "HF_HUB_OFFLINE": "1", "PYTHONPATH": paths}


@contextlib.contextmanager
def dashboard(
    workspace: Path, log: Path, *, limit: float = 60.0, start_in: Path = ROOT, options: Sequence[str] = ()
) -> Iterator[str]:
    """Run the dashboard on a workspace and yield its address; the process ends with the block."""
    port = free_port()
    command = [sys.executable, "-m", "streamlit", "run", str(ROOT / "dashboard" / "app.py"), *options]
    command += ["--server.port", str(port), "--server.headless", "true", "--client.showErrorDetails", "full"]
    with log.open("wb") as stream:
        server = subprocess.Popen(command, cwd=start_in, env=environment(workspace), stdout=stream, stderr=stream)
        try:
            address = f"http://127.0.0.1:{port}"
            wait_until_healthy(address, server, log, limit)
            yield address
        finally:
            server.terminate()
            try:
                server.wait(timeout=10)
            except subprocess.TimeoutExpired:
                server.kill()
                server.wait()


def wait_until_healthy(address: str, server: subprocess.Popen[bytes], log: Path, limit: float) -> None:
    end = time.monotonic() + limit
    while server.poll() is None and time.monotonic() < end:
        with contextlib.suppress(OSError), urllib.request.urlopen(f"{address}/_stcore/health", timeout=2):
            return
        time.sleep(0.2)
    raise RuntimeError(f"The dashboard did not start:\n{log.read_text(encoding='utf-8', errors='replace')[-2000:]}")


def wait_until_settled(page: Page, *, limit: float = 150.0) -> None:
    """Wait until a page has been drawn and nothing on it is running, stale or about to come."""
    end, calm = time.monotonic() + limit, 0
    while calm < 4:
        if time.monotonic() > end:
            raise TimeoutError(f"{page.url} had not settled after {limit:g} seconds")
        ready = page.locator('[data-testid="stApp"][data-test-script-state="notRunning"]').count() > 0
        drawn = page.locator('[data-testid="stMain"] [data-testid="stElementContainer"]').count() > 0
        busy = page.locator('[data-testid="stSkeleton"], [data-stale="true"]').count() > 0
        calm = calm + 1 if ready and drawn and not busy else 0
        page.wait_for_timeout(150)


def exceptions_on(page: Page) -> list[str]:
    """Return the text of every exception a page shows; there should be none."""
    return page.locator('[data-testid="stException"]').all_inner_texts()
