"""Every command that README shows in a block is run as it stands there, in its order, on small invented files."""

import configparser
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from core import cli
from data.demonstration import generate
from tests import serving
from tests.serving import ROOT

README = (ROOT / "README.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```(\w*)\n(.*?)^```", README, re.M | re.S)
# A cluster of Ray is started and used in tests/core/scale/test_ray_cluster.py, run.py starts every CI run, and its
# `install` is what every other way of starting it begins with.
ELSEWHERE = ("ray ", "export RAY_", "colophon predict --model M --corpus C --engine ray", "python3 run.py")


def commands() -> list[str]:
    """Return the lines of the blocks without a language, comments taken off."""
    lines = [line for language, block in BLOCKS if not language for line in block.splitlines()]
    return [text for line in lines if (text := line.partition("  #")[0].strip())]


def block(language: str) -> str:
    (text,) = (text for name, text in BLOCKS if name == language)
    return text


def _on_shelves(books: pd.DataFrame, truth: pd.Series) -> pd.DataFrame:
    """Return the books with shelfmarks like the British Library's: novels, and history and travel."""
    shelves = truth[books["BL record ID"].to_numpy()].map({"Fiction": "12600", "Non-fiction": "10000"})
    numbers = pd.Series(range(len(books))).astype("str").to_numpy()
    return books.assign(**{"BL shelfmark": shelves.to_numpy() + ".aa." + numbers + "."})


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with files of an invented library under the names and columns of the British Library's."""
    folder = tmp_path_factory.mktemp("readme")
    invented = generate(seed=3, scale=0.06)
    annotated = invented.annotated
    most = annotated["user_id"].value_counts().index[0]
    annotated = annotated.assign(user_id=annotated["user_id"].where(annotated["user_id"] != most, "2.0"))
    _on_shelves(annotated, invented.truth).to_csv(folder / "annotated.csv", index=False)
    _on_shelves(invented.digitised, invented.truth).to_csv(folder / "digitised.csv.gz", index=False)
    test = invented.test
    truth = invented.truth[test["BL record ID"].to_numpy()].to_numpy()
    sure = np.random.default_rng(0).beta(6, 1.2, len(test))
    fiction = np.where(truth == "Fiction", sure, 1 - sure)
    predictions = pd.DataFrame(
        {
            "ID": range(len(test)),
            "title": test["Title"],
            "predicted_label": np.where(fiction > 0.5, "Fiction", "Non-fiction"),
            "fiction_probs": fiction,
            "non_fiction_probs": 1 - fiction,
            "true_label": np.where(truth == "Fiction", "fiction", "non_fiction"),
        }
    )
    predictions.to_csv(folder / "test_predictions.csv", index=False)
    sets = Path("core") / "weak_supervision" / "sets"
    (folder / sets).parent.mkdir(parents=True)
    (folder / sets).symlink_to(ROOT / sets)
    return folder


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_every_command_of_the_readme_runs(desk: Path) -> None:
    environment = {**os.environ, "COLOPHON_HOME": str(desk / "workspace"), "PYTHONPATH": str(ROOT)}
    ran = []
    for command in commands():
        if command.startswith(ELSEWHERE):
            continue
        program, *args = shlex.split(command)
        assert program == "colophon", command
        done = subprocess.run(
            [sys.executable, "-m", "core.cli", *args, "--json"],
            cwd=desk,
            env=environment,
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, f"{command}\n{done.stderr[-2000:]}"
        assert json.loads(done.stdout)
        ran.append(args[0])
    assert len(ran) >= 11
    assert {"import", "evaluate", "thresholds", "export", "audit-labels", "train", "label"} <= set(ran)
    assert (desk / "accepted.zip").stat().st_size > 1_000


def test_the_service_and_the_container_start_what_there_is(tmp_path: Path) -> None:
    unit = configparser.ConfigParser(strict=False)
    unit.optionxform = str  # type: ignore[method-assign,assignment]
    unit.read_string(block("ini"))
    program, *args = shlex.split(unit["Service"]["ExecStart"])
    steps = dict(line.split(" ", 1) for line in block("dockerfile").splitlines())
    in_container, *args_in_container = json.loads(steps["CMD"])
    assert program == in_container == "/opt/colophon/.venv/bin/colophon"
    for given in (args, args_in_container):
        parsed = cli.build_parser().parse_args(given)
        assert parsed.host == ["books.example"]
        assert parsed.no_browser
    assert "/opt/colophon/run.py install --cpu" in steps["RUN"]
    if shutil.which("systemd-analyze"):
        file = tmp_path / "colophon.service"
        file.write_text(block("ini").replace(program, "/bin/sh").replace("User=colophon", "User=root"))
        done = subprocess.run(["systemd-analyze", "verify", str(file)], capture_output=True, text=True)
        assert done.returncode == 0, done.stderr


@pytest.mark.slow
def test_the_health_check_of_the_container_answers_for_a_dashboard_that_runs(tmp_path: Path) -> None:
    steps = dict(line.split(" ", 1) for line in block("dockerfile").splitlines())
    program, *args = json.loads(steps["HEALTHCHECK"].removeprefix("CMD "))
    assert program == "python3"
    with serving.dashboard(tmp_path / "workspace", tmp_path / "server.log") as address:
        args = [text.replace("http://127.0.0.1:8501", address) for text in args]
        assert subprocess.run([sys.executable, *args]).returncode == 0
    assert subprocess.run([sys.executable, *args], stderr=subprocess.DEVNULL).returncode == 1
