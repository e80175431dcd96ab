"""Disks for tests: a small one that can be filled, a view that cannot be written to; skipped where none can be had."""

import contextlib
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest


@contextlib.contextmanager
def small_disk(at: Path, megabytes: int = 4) -> Iterator[Path]:
    """Give a disk of a few megabytes, mounted at a folder that is made."""
    at.mkdir()
    completed = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={megabytes}m", "tmpfs", str(at)], capture_output=True, check=False
    )
    if completed.returncode:
        pytest.skip("no disk can be mounted here")
    try:
        yield at
    finally:
        subprocess.run(["umount", "-l", str(at)], check=False, capture_output=True)


@contextlib.contextmanager
def read_only(folder: Path, at: Path) -> Iterator[Path]:
    """Give a view of a folder in which nothing can be written, by the administrator neither."""
    at.mkdir()
    try:
        for options in (["--bind", str(folder)], ["-o", "remount,bind,ro"]):
            if subprocess.run(["mount", *options, str(at)], capture_output=True, check=False).returncode:
                pytest.skip("no read-only view of a folder can be had here")
        yield at
    finally:
        subprocess.run(["umount", "-l", str(at)], check=False, capture_output=True)


def fill(disk: Path, leave: int = 0) -> Path:
    """Write a file until the disk is full but for about so many bytes; return it, to be removed when room is needed."""
    path = disk / "filling"
    with path.open("wb", buffering=0) as stream, contextlib.suppress(OSError):
        while True:
            stream.write(b"x" * 4096)
    if leave:
        with path.open("rb+") as stream:
            stream.truncate(max(0, path.stat().st_size - leave))
    return path
