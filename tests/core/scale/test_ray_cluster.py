"""What goes on around a cluster, without one."""

import tomllib
from pathlib import Path

import pytest

from core.scale.ray_cluster import one_line


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
