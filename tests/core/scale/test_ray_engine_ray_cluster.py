"""What goes on around a cluster, without one."""

import os
import sys
import tomllib
from pathlib import Path
from types import SimpleNamespace

import pytest

from core.scale.ray_engine import _opened, one_line


@pytest.mark.parametrize(
    ("said", "which", "line"),
    [
        ("\x1b[36mray::f()\x1b[39m failed\n  because\n\n", 0, "ray::f() failed"),
        ("first\nsecond\n", -1, "second"),
        ("", 0, "ValueError"),
    ],
)
def test_one_line_of_what_ray_says(said, which, line):
    assert one_line(ValueError(said), which) == line


def test_a_worker_finds_the_files_of_a_model_in_their_folders(monkeypatch):
    monkeypatch.setitem(sys.modules, "ray", SimpleNamespace(get=lambda files: files))
    monkeypatch.delitem(sys.modules, "torch", raising=False)
    monkeypatch.setattr(os, "environ", {})
    files = {"manifest.json": b"{}", "members/1/words/model.json": b"[1]"}

    def open_model(folder, name):
        return name, {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*.json")}

    assert _opened(files, "blend", open_model, cores=1) == ("blend", files)


def test_what_is_tested_is_what_the_extra_installs():
    root = Path(__file__).resolve().parents[3]
    extra = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]["optional-dependencies"][
        "ray"
    ]
    lines = (root / "tests" / "requirements.txt").read_text(encoding="utf-8").splitlines()
    assert set(extra) <= set(lines)
    assert not any(
        line.startswith("ray") for line in (root / "requirements.txt").read_text(encoding="utf-8").splitlines()
    )
