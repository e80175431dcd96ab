"""What a person chose about MARC, from the command line to the manifest and the records."""

import json
import zipfile
from pathlib import Path
from typing import Any

import pytest

from core.cli import main
from core.export import FORMATS
from core.export.marc import NO_MARC
from core.export.release import preview
from core.storage import Workspace


def test_the_choices_stand_in_records_readme_and_manifest(example, tmp_path):
    chosen: dict[str, Any] = {"marc_kinds": ("stub",), "carrier": "volume", "base_uri": "https://example.org/id#"}
    report = example.export(tmp_path / "a.zip", formats=("marcxml", "jsonld"), **chosen)
    names = {written.name for written in report.files if written.name.startswith("marc/")}
    assert names == {"marc/stub.xml", "marc/undo-stub.xml", "marc/undo.csv"}
    with zipfile.ZipFile(report.path) as archive:
        text = {name.split("/", 1)[1]: archive.read(name).decode() for name in archive.namelist()}
    message = json.loads(text["manifest.json"])["export"]["settings"]
    assert {name: message[name] for name in chosen} == chosen | {"marc_kinds": ["stub"]}
    assert "volume" in text["marc/stub.xml"]
    assert "online resource" not in text["marc/stub.xml"]
    assert "https://example.org/id#run-20261123-01" in text["marc/stub.xml"]
    assert "The new records (stub) describe the book on the shelf" in text["README.md"]
    named = [node["@id"] for node in json.loads(text["other/books.jsonld"])["@graph"]]
    assert "https://example.org/id#run-20261123-01-labels" in named
    assert not [name for name in named if name.count("#") > 1]


def test_enriched_records_alone_need_a_marc_catalogue(example, tmp_path):
    report = example.export(tmp_path / "a.zip", formats=("marc",), marc_kinds=("enriched",), source_code="")
    assert NO_MARC in report.remarks
    assert not [remark for remark in report.remarks if "match on 001 alone" in remark]
    assert preview(example.table(formats=("marc",), marc_kinds=("enriched",)), "marc") == ()


@pytest.fixture
def words(demo_copy: Workspace, tmp_path: Path) -> list[str]:
    place = ["--workspace", str(demo_copy.root), "--quiet"]
    cuts = ["--cut", "Fiction=.9", "--cut", "Non-fiction=.95"]
    return ["export", "--predictions", "demo-predictions", *cuts, "--out", str(tmp_path / "a.zip"), *place]


@pytest.mark.slow
def test_the_command_line_takes_them(words: list[str], tmp_path: Path) -> None:
    options = ["--format=marc", "--marc-kinds=Delta,stub", "--carrier=volume", "--base-uri=https://example.org/runs/"]
    more = ["--literary-form", "--library", "Example Library", "--contact", "cataloguing@example.org"]
    assert main([*words, *options, *more]) == 0
    with zipfile.ZipFile(tmp_path / "a.zip") as archive:
        (name,) = [name for name in archive.namelist() if name.endswith("/manifest.json")]
        content = json.loads(archive.read(name))
    wanted = {
        "marc_kinds": ["stub", "delta"],
        "carrier": "volume",
        "base_uri": "https://example.org/runs/",
        "write_literary_form": True,
        "publisher": "Example Library",
        "contact": "cataloguing@example.org",
    }
    assert {key: content["export"]["settings"][key] for key in wanted} == wanted
    assert content["model"]["run_uri"].startswith("https://example.org/runs/")
    files = {item["name"] for item in content["files"]}
    assert {"marc/stub.mrc", "marc/delta_NOT-FOR-NEW-RECORDS.mrc"} <= files


def test_the_help_names_every_format(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["export", "--help"])
    message = " ".join(capsys.readouterr().out.split())
    assert f"one or more of {', '.join(FORMATS)}, with commas" in message


@pytest.mark.parametrize(
    ("option", "complaint"),
    [
        ("--marc-kinds=full", "'full' is no kind of MARC file. There are: enriched, delta, stub"),
        ("--base-uri=https://example.org", "Give 'https://example.org/' or 'https://example.org#'"),
        ("--carrier=scroll", "invalid choice: 'scroll'"),
    ],
)
def test_the_command_line_refuses_what_cannot_be_kept(
    words: list[str], option: str, complaint: str, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    try:
        status = main([*words, option])
    except SystemExit as ended:
        status = int(ended.code or 0)
    assert status == 2
    assert complaint in capsys.readouterr().err
    assert not (tmp_path / "a.zip").exists()
