"""A format from outside: a class and an entry in the register, and every door knows it."""

import json
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from core.cli import main
from core.export import FORMATS, parse_formats
from core.export.formats import (
    ExportFormat,
    FileCheck,
    FormatWriter,
    LabelledFile,
    Package,
    PreviewLine,
    PreviewRecord,
    RecordFormat,
    Stage,
    record_formats,
)
from core.export.marc_build import assignments
from core.export.release import preview
from core.export.table import ExportTable
from core.export.validation import ExportCheck, PublicTool, builtin_checks, public_checks, validate
from core.storage import Workspace
from tests.exporting import read_labels

FILE = "other/cards.txt"


def _line(table: ExportTable, row: int, label: str, confidence: float) -> str:
    sure = f"{confidence:.4f}" if confidence == confidence else ""
    return f"{table.records['record_id'].iloc[row]}\t{label}\t{sure}"


def _proofread(folder: Path, schemas: Path | None) -> Iterator[ExportCheck]:
    if (folder / FILE).exists():
        yield ExportCheck("Cards, proofread", "not run", "nobody reads proofs any more", "a proofreader")


class CardFormat(RecordFormat):
    """One line a book, as on a catalogue card: as little as a format can be."""

    tools = (PublicTool("a proofreader", _proofread),)

    def write(self, table: ExportTable, package: Package, quality: Any) -> Sequence[str]:
        lines = [_line(table, given.row, given.label, given.confidence) for given in assignments(table)]
        package.path(FILE).write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
        package.add(FILE, self.name, "text/plain", "the accepted labels on cards", len(lines))
        return ["Cards have no colour."]

    def preview(self, table: ExportTable, rows: np.ndarray, kind: str | None = None) -> Iterator[PreviewRecord]:
        for given in assignments(table, rows):
            line = PreviewLine(f"card of {given.label}", new=True)
            yield PreviewRecord(given.record_id, table.records["title"].iloc[given.row], (line,))

    def read_back(self, folder: Path, terms: Mapping[str, str]) -> Iterator[LabelledFile]:
        if (folder / FILE).exists():
            lines = (folder / FILE).read_text(encoding="utf-8").splitlines()
            triples = (tuple(line.split("\t")) for line in lines)
            yield LabelledFile(name=FILE, triples=[(number, label, sure) for number, label, sure in triples])

    def checks(self, folder: Path) -> Iterator[FileCheck]:
        if (folder / FILE).exists():
            yield "Cards end with a line break", lambda folder: ((folder / FILE).read_bytes()[-1:] == b"\n", "they do")


ENTRY = ExportFormat(
    name="cards",
    title="Cards",
    description="Cards for a drawer",
    module=CardFormat.__module__,
    attribute="CardFormat",
    aliases=("drawer",),
    stage=Stage.CATALOGUE,
    needs=("jsonl",),
)


@pytest.fixture
def cards(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(FORMATS, "cards", ENTRY)


@pytest.fixture
def unpacked(cards: None, example: Any, tmp_path: Path) -> Path:
    report = example.export(tmp_path / "a.zip", formats=parse_formats(["csv", "drawer"]))
    with zipfile.ZipFile(report.path) as archive:
        archive.extractall(tmp_path)
    return tmp_path / report.folder


def test_it_is_written_and_listed(unpacked: Path) -> None:
    assert (unpacked / FILE).read_text().splitlines()[:2] == [
        "014602826\tFiction\t0.9731",
        "014602830\tNon-fiction\t0.9999",
    ]
    manifest = json.loads((unpacked / "manifest.json").read_text())
    assert manifest["export"]["formats"] == ["csv", "jsonl", "cards"]
    assert [file["records"] for file in manifest["files"] if file["format"] == "cards"] == [5]
    readme = (unpacked / "README.md").read_text()
    assert "- `other/cards.txt`: the accepted labels on cards (5 records)" in readme
    assert "Cards have no colour." in readme
    assert FILE in (unpacked / "SHA256SUMS").read_text()


def test_it_is_previewed(cards: None, example: Any) -> None:
    (record,) = preview(example.table(), "cards", ids=["014602826"])
    assert record.lines == (PreviewLine("card of Fiction", new=True),)
    assert list(record_formats())[-1] == "cards"


def test_it_is_read_back_and_held_against_the_others(unpacked: Path) -> None:
    assert read_labels(unpacked)[FILE] == read_labels(unpacked)["data/accepted.csv"]
    checks = {check.name: check for check in builtin_checks(unpacked)}
    assert checks["The same labels in every format"].outcome == "passed"
    assert checks["Cards end with a line break"].detail == "they do"
    text = (unpacked / FILE).read_text()
    (unpacked / FILE).write_text(text.replace("\tFiction", "\tNon-fiction", 1))
    check = {check.name: check for check in builtin_checks(unpacked)}["The same labels in every format"]
    assert check.outcome == "failed"
    assert check.detail.startswith("other/cards.txt and data/accepted.csv differ in 2 entries")


def test_its_own_tool_is_run_by_name(unpacked: Path) -> None:
    (check,) = public_checks(unpacked, only=["a proofreader"])
    assert check in validate(unpacked)
    assert (check.outcome, check.by) == ("not run", "a proofreader")


@pytest.mark.slow
def test_the_command_line_offers_and_writes_it(
    cards: None, demo_copy: Workspace, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        main(["export", "--help"])
    assert "huggingface, rocrate, cards, with commas between" in " ".join(capsys.readouterr().out.split())
    place = ["--workspace", str(demo_copy.root), "--quiet", "--json"]
    out = ["--cut", "Fiction=0.9", "--format", "cards", "--out", str(tmp_path / "a.zip")]
    assert main(["export", "--predictions", "demo-predictions", *out, *place]) == 0
    files = {file["name"]: file for file in json.loads(capsys.readouterr().out)["files"]}
    assert files[FILE]["format"] == "cards"
    assert "data/accepted.jsonl" in files, "what it needs comes with it"


def test_without_it_nobody_knows_it(example: Any) -> None:
    assert "cards" not in FORMATS
    with pytest.raises(Exception, match="'cards' is no export format"):
        example.settings(formats=("cards",))


def test_formats_that_share_a_class_are_written_together_and_descriptions_last(exported: Any) -> None:
    names = [written.format for written in exported.files]
    assert names.index("xlsx") < names.index("marc") < names.index("mods") < names.index("csvw")
    assert names.index("croissant") < names.index("datapackage") < names.index("manifest") < names.index("rocrate")
    assert len({file.name for file in exported.files}) == len(exported.files)


def test_a_format_that_lacks_a_method_cannot_be_made() -> None:
    class Half(FormatWriter):
        pass

    with pytest.raises(TypeError, match="abstract method '?write'?"):
        Half("half")  # type: ignore[abstract]


@pytest.mark.parametrize("name", list(FORMATS))
def test_the_entry_of_a_format_agrees_with_its_class(name: str) -> None:
    entry = FORMATS[name]
    assert isinstance(entry.writer, FormatWriter)
    assert entry.writer.name == entry.name == name
    assert set(entry.needs) <= set(FORMATS)
    assert not set(entry.aliases) & set(FORMATS)
