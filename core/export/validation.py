"""Checking a finished export: read back, held to our own rules, and given to public validators."""

import contextlib
import csv
import json
import re
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal

from core.errors import InputError
from core.export.formats import FORMATS, LabelledFile, Triple, record_formats
from core.export.manifest import read_bundle_manifest
from core.formatting import listed, unsafe_cell
from core.storage import file_sha256

__all__ = [
    "CSVWVALIDATE",
    "FRICTIONLESS",
    "MARCVALIDATE",
    "MARC_LINT",
    "MLCROISSANT",
    "XMLLINT",
    "YAZ",
    "ExportCheck",
    "LabelSets",
    "PublicTool",
    "builtin_checks",
    "find_tool",
    "lint_warnings",
    "public_checks",
    "read_csv",
    "read_csv_for_people",
    "read_jsonl",
    "read_parquet_labels",
    "read_xlsx",
    "unescape_cell",
    "unpacked",
    "validate",
]


# --- The result of one check of an export -----------------------------------------------------------------------------


CheckStatus = Literal["passed", "failed", "not run"]


@dataclass(frozen=True)
class ExportCheck:
    """One check of an export.

    Attributes
    ----------
    name : str
        What was checked.
    outcome : {'passed', 'failed', 'not run'}
    detail : str
        What was found, or why it was not run.
    by : str
        'Colophon' or the public tool.
    """

    name: str
    outcome: CheckStatus
    detail: str
    by: str = "Colophon"

    def as_dict(self) -> dict[str, str]:
        """Return a JSON-able dictionary."""
        return {"name": self.name, "outcome": self.outcome, "detail": self.detail, "by": self.by}


# --- Reading an export back: the same records, labels and confidences must stand in every format ----------------------


def _labelled_files(folder: Path) -> Iterator[LabelledFile]:
    sets = read_bundle_manifest(folder).each
    terms = {term.term: label for each in sets for label, term in each.labels.terms.items()}
    for writer in record_formats().values():
        yield from writer.read_back(folder, terms)


# --- Checking a finished export: our own checks always, public validators where they are installed --------------------
# Each check ends in 'passed', 'failed' or 'not run', and says why. Nothing here changes the export.


def validate(path: Path, *, tools: bool = True) -> tuple[ExportCheck, ...]:
    """Check an export.

    Parameters
    ----------
    path : path
        The zip, or the unpacked folder with its manifest.json.
    tools : bool
        Whether public validators are run too, where they are installed; see :func:`public_checks`.
    """
    with unpacked(path) as folder:
        checks = list(builtin_checks(folder))
        if tools:
            checks += public_checks(folder)
    return tuple(checks)


@contextlib.contextmanager
def unpacked(path: Path) -> Iterator[Path]:
    """Give the folder of an export; a zip is unpacked into a temporary place.

    Raises
    ------
    InputError
        There is no export.
    """
    if path.is_dir():
        if not (path / "manifest.json").exists():
            raise InputError(f"{path} holds no manifest.json: it is not an unpacked export.")
        yield path
        return
    with tempfile.TemporaryDirectory() as temporary:
        try:
            with zipfile.ZipFile(path) as archive:
                archive.extractall(temporary)
        except (OSError, zipfile.BadZipFile) as error:
            raise InputError(f"{path} cannot be opened as the zip of an export: {error}") from error
        manifests = list(Path(temporary).glob("*/manifest.json"))
        if len(manifests) != 1:
            raise InputError(f"{path} is not an export: it holds {len(manifests)} files called manifest.json, not one.")
        yield manifests[0].parent


def builtin_checks(folder: Path) -> Iterator[ExportCheck]:
    """Yield the results of our own checks."""
    yield _check("Checksums", _checksums, folder)
    yield _check("Counts add up", _counts, folder)
    yield _check("The same labels in every format", _same_labels, folder)
    for entry in FORMATS.values():
        for name, what in entry.writer.checks(folder):
            yield _check(name, what, folder)


def _check(name: str, what: Callable[[Path], tuple[bool, str]], folder: Path) -> ExportCheck:
    try:
        good, detail = what(folder)
    except (InputError, OSError, ValueError, KeyError, IndexError, StopIteration, SyntaxError) as error:
        good, detail = False, f"The file cannot be read: {type(error).__name__}: {error}"
    return ExportCheck(name, "passed" if good else "failed", detail)


def _checksums(folder: Path) -> tuple[bool, str]:
    sums = {}
    for line in (folder / "SHA256SUMS").read_text(encoding="utf-8").splitlines():
        digest, _, name = line.partition("  ")
        sums[name] = digest
    present = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()} - {"SHA256SUMS"}
    missing, extra = sorted(set(sums) - present), sorted(present - set(sums))
    changed = sorted(name for name in present & set(sums) if file_sha256(folder / name) != sums[name])
    if missing or extra or changed:
        differences = {"changed": changed, "missing": missing, "not listed": extra}
        return False, "; ".join(f"{what}: {listed(names, 3) or 'none'}" for what, names in differences.items())
    return True, f"{len(sums)} files are as they were written"


def _counts(folder: Path) -> tuple[bool, str]:
    manifest = read_bundle_manifest(folder)
    counts, by_key = manifest.counts, manifest.counts.as_dict()
    keys = [name.replace("-", "_") for name in manifest.decisions]
    parts = [int(by_key[key]) for key in keys]
    sums = [sum(int(each.counts.as_dict()[key]) for key in keys) for each in manifest.also]
    files = {file.name: file.records for file in manifest.files}
    loaded = counts.loaded or 0
    faults = []
    if sum(parts) != loaded:
        faults.append(f"the parts make {sum(parts):,}, loaded were {loaded:,}")
    faults += [
        f"the parts of {each.name} make {total:,}, loaded were {loaded:,}"
        for each, total in zip(manifest.also, sums, strict=True)
        if total != loaded
    ]
    expected = {
        "data/accepted.csv": counts.exported if counts.with_any_label is None else counts.with_any_label,
        "data/all-scores.csv": counts.loaded,
        "review/abstained.csv": counts.abstained,
        "review/conflicts.csv": counts.conflicts,
        "review/rejected.csv": counts.rejected,
        "review/not-matched.csv": counts.not_matched,
    }
    faults += [
        f"{name} holds {files[name] or 0:,} records instead of {count or 0:,}"
        for name, count in expected.items()
        if name in files and files[name] != count
    ]
    return (not faults, "; ".join(faults) or f"{' + '.join(f'{part:,}' for part in parts)} = {loaded:,} records")


def _same_labels(folder: Path) -> tuple[bool, str]:
    sets = read_bundle_manifest(folder).each
    calibrated = all(each.model.calibrated for each in sets)
    terms = {label for each in sets for label in each.labels.terms}
    first, reference, count = "", frozenset[Triple](), 0
    for count, labelled in enumerate(_labelled_files(folder), start=1):
        triples = frozenset(labelled.triples)
        if count == 1:
            first, reference = labelled.name, triples
        expected = frozenset(triple for triple in reference if triple[0] not in labelled.left_out)
        if labelled.only_terms:
            expected = frozenset(triple for triple in expected if triple[1] in terms)
        if labelled.only_calibrated and not calibrated:
            expected, triples = (frozenset((*triple[:2], "") for triple in part) for part in (expected, triples))
        if triples != expected:
            differing = sorted(triples ^ expected)
            return False, f"{labelled.name} and {first} differ in {len(differing):,} entries, such as {differing[0]}"
    labelled_records = len({triple[0] for triple in reference})
    return True, f"{labelled_records:,} records in {count} files" if count else "no file carries labels"


# --- Public validators, run where they are installed ------------------------------------------------------------------
# Yaz-marcdump, MARC::Lint, xmllint, frictionless, csvw, mlcroissant.
# Several of them end with status 0 although they found faults, so what they print is judged, too.


_SECONDS: Final = 600
_LINT: Final = (
    "use MARC::File::USMARC; use MARC::Lint;my $f = MARC::File::USMARC->in($ARGV[0]); my $l = MARC::Lint->new;"
    'while (my $r = $f->next) { my $i = $r->field("001") ? $r->field("001")->data : "?";'
    '$l->check_record($r); print "$i\\t$_\\n" for ($l->warnings, $r->warnings); }'
)
# What MARC::Lint says of records that are right: no ISBD full stop, an article in a language it guesses, a delta
# without title.
_ALLOWED_LINT: Final = ("245: Must end with", "may be an article", "245: No 245 tag")
_SCHEMAS: Final = {"marc": "MARC21slim.xsd", "mods": "mods-3-7.xsd"}


@dataclass(frozen=True)
class PublicTool:
    """A public validator.

    Attributes
    ----------
    name : str
    run : callable
        Takes the folder of an unpacked export and the folder of the schemas (or None); yields one result a file, or a
        single 'not run' where the tool is not installed; nothing where the export has no file for it.
    """

    name: str
    run: Callable[[Path, Path | None], Iterator[ExportCheck]]


def public_checks(folder: Path, schemas: Path | None = None, only: Sequence[str] = ()) -> Iterator[ExportCheck]:
    """Yield one result a tool and file; a tool that is not installed is told once, as 'not run'.

    Parameters
    ----------
    folder : path
        An unpacked export.
    schemas : path, optional
        See :func:`core.export.validation.validate`.
    only : sequence of str
        Names of the tools to run; empty: all that a format names.
    """
    for tool in dict.fromkeys(tool for entry in FORMATS.values() for tool in entry.writer.tools):
        if not only or tool.name in only:
            yield from tool.run(folder, schemas)


def find_tool(name: str) -> str | None:
    """Return where a program is: beside this Python, else on the search path; None when it is not installed."""
    return shutil.which(name, path=str(Path(sys.executable).parent)) or shutil.which(name)


def lint_warnings(path: Path) -> Counter[str] | None:
    """Return what MARC::Lint says of a file (identifier and warning, how often), None when it is not installed."""
    perl = find_tool("perl")
    if perl is None or _run([perl, "-MMARC::Lint", "-e", "1"], path.parent).returncode:
        return None
    return Counter(_run([perl, "-e", _LINT, str(path)], path.parent).stdout.splitlines())


def _yaz(folder: Path, _: Path | None) -> Iterator[ExportCheck]:
    runs = [(path, ["-n", str(path)]) for path in _files(folder, "marc", "*.mrc")]
    yield from _run_on_files("yaz-marcdump", "MARC structure", runs, silent=True)


def _frictionless(folder: Path, _: Path | None) -> Iterator[ExportCheck]:
    runs = [(path, ["validate", path.name]) for path in _files(folder, ".", "datapackage.json")]
    yield from _run_on_files("frictionless", "Data Package", runs)


def _csvw(folder: Path, _: Path | None) -> Iterator[ExportCheck]:
    runs = [(path, [f"data/{path.name}"]) for path in _files(folder, "data", "*.csv-metadata.json")]
    yield from _run_on_files("csvwvalidate", "CSV on the Web", runs)


def _mlcroissant(folder: Path, _: Path | None) -> Iterator[ExportCheck]:
    load = ["load", "--jsonld", "croissant.json", "--record_set", "records", "--num_records", "1"]
    for what, arguments in (
        ("Croissant", ["validate", "--jsonld", "croissant.json"]),
        ("Croissant, records load", load),
    ):
        runs = [(path, arguments) for path in _files(folder, ".", "croissant.json")]
        yield from _run_on_files("mlcroissant", what, runs)


def _files(folder: Path, place: str, pattern: str) -> list[Path]:
    return sorted((folder / place).glob(pattern)) if (folder / place).exists() else []


def _run_on_files(
    tool: str, what: str, runs: Sequence[tuple[Path, list[str]]], *, silent: bool = False
) -> Iterator[ExportCheck]:
    """Run a tool over files; with `silent`, anything it prints is a fault, whatever its status says."""
    if not runs:
        return
    program = find_tool(tool)
    if program is None:
        yield ExportCheck(what, "not run", f"{tool} is not installed", tool)
        return
    for path, arguments in runs:
        package = _package(path)
        done = _run([program, *arguments], package)
        output = (done.stdout + done.stderr).strip()
        bad = bool(output) if silent else done.returncode != 0
        detail = _first_lines(output) if bad else "nothing to report"
        yield ExportCheck(f"{what}, {path.name}", "failed" if bad else "passed", detail, tool)


def _marcvalidate(folder: Path, _: Path | None) -> Iterator[ExportCheck]:
    program, files = find_tool("marcvalidate"), _files(folder, "marc", "*.mrc")
    if not files:
        return
    if program is None:
        yield ExportCheck("MARC tags and subfields", "not run", "marcvalidate is not installed", "marcvalidate")
        return
    own = _lines(program, files, "undo-enriched.mrc")
    for path in files:
        done = _run([program, str(path)], path.parent)
        faults = Counter((done.stdout + done.stderr).splitlines())
        yield _without_source_faults(path, faults, own, "MARC tags and subfields", "marcvalidate")


def _lint(folder: Path, _: Path | None) -> Iterator[ExportCheck]:
    files = _files(folder, "marc", "*.mrc")
    own: Counter[str] = Counter()
    for path in files:
        if path.name == "undo-enriched.mrc":
            own = lint_warnings(path) or own
    for path in files:
        warnings = lint_warnings(path)
        if warnings is None:
            yield ExportCheck("MARC lint", "not run", "perl with MARC::Lint is not installed", "MARC::Lint")
            return
        serious = Counter(
            {line: count for line, count in warnings.items() if not any(allowed in line for allowed in _ALLOWED_LINT)}
        )
        yield _without_source_faults(path, serious, own, "MARC lint", "MARC::Lint")


def _lines(program: str, files: Sequence[Path], name: str) -> Counter[str]:
    for path in files:
        if path.name == name:
            return Counter(_run([program, str(path)], path.parent).stdout.splitlines())
    return Counter()


def _without_source_faults(path: Path, faults: Counter[str], own: Counter[str], what: str, tool: str) -> ExportCheck:
    """Judge a file by the faults that are not already in the library's own records."""
    mine = faults - own if path.name.endswith("enriched.mrc") else faults
    inherited = sum(faults.values()) - sum(mine.values())
    detail = _first_lines("\n".join(sorted(mine))) or "nothing to report"
    if inherited:
        detail += f"; {inherited:,} faults of the library's own records left as they are"
    return ExportCheck(f"{what}, {path.name}", "failed" if mine else "passed", detail, tool)


def _xmllint(folder: Path, schemas: Path | None) -> Iterator[ExportCheck]:
    program = find_tool("xmllint")
    files = [*_files(folder, "marc", "*.xml"), *_files(folder, "other", "*.xml")]
    if not files:
        return
    if program is None:
        yield ExportCheck("XML", "not run", "xmllint is not installed", "xmllint")
        return
    for path in files:
        name = "mods" if path.name.startswith("mods") else "marc" if path.parent.name == "marc" else ""
        schema = None if schemas is None or not name else schemas / _SCHEMAS[name]
        arguments = [program, "--noout", "--nonet"]
        if schema is not None and schema.exists():
            arguments += ["--path", str(schema.parent), "--schema", str(schema)]
        done = _run([*arguments, str(path)], path.parent)
        verdict = "well-formed" if len(arguments) == 3 else f"valid against {schema.name if schema else ''}"
        detail = _first_lines(done.stderr) if done.returncode else verdict
        yield ExportCheck(f"XML, {path.name}", "failed" if done.returncode else "passed", detail, "xmllint")


def _package(path: Path) -> Path:
    """Return the folder of the export that a file is in."""
    return next(parent for parent in path.parents if (parent / "manifest.json").exists())


def _run(command: Sequence[str], folder: Path) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        command, cwd=folder, capture_output=True, text=True, errors="replace", timeout=_SECONDS, check=False
    )


def _first_lines(text: str) -> str:
    lines = text.strip().splitlines()
    return "; ".join(lines[:3]) + (f" … ({len(lines):,} lines)" if len(lines) > 3 else "")


YAZ: Final = PublicTool("yaz-marcdump", _yaz)
MARCVALIDATE: Final = PublicTool("marcvalidate", _marcvalidate)
MARC_LINT: Final = PublicTool("MARC::Lint", _lint)
XMLLINT: Final = PublicTool("xmllint", _xmllint)
FRICTIONLESS: Final = PublicTool("frictionless", _frictionless)
CSVWVALIDATE: Final = PublicTool("csvwvalidate", _csvw)
MLCROISSANT: Final = PublicTool("mlcroissant", _mlcroissant)


# --- Reading back the labels that stand in flat files, of each set of labels ------------------------------------------

# Each takes the sets of labels: what the columns of each end in, and the name of its predictions ('' for the first).
LabelSets = Sequence[tuple[str, str]]


def _labels_of(row: Mapping[str, Any], sets: LabelSets) -> Iterator[Triple]:
    """Yield what a row of our columns says."""
    for mark, _ in sets:
        if label := row[f"pred_label{mark}"]:
            confidence = row[f"pred_confidence{mark}"]
            yield row["record_id"], label, confidence if isinstance(confidence, str) else _four(confidence)


def read_csv(path: Path, sets: LabelSets) -> Iterator[Triple]:
    """Yield what a CSV file for machines says."""
    for row in _csv_rows(path):
        yield from _labels_of(row, sets)


def _headings(sets: LabelSets) -> list[tuple[str, str]]:
    """Return the headings of label and confidence in files for people."""
    ends = [f": {name}" if name else "" for _, name in sets]
    return [(f"Label{end}", f"Confidence{end}") for end in ends]


def read_csv_for_people(path: Path, sets: LabelSets) -> Iterator[Triple]:
    """Yield what a CSV file for people says."""
    for row in _csv_rows(path):
        for label, confidence in _headings(sets):
            if row[label]:
                yield unsafe_cell(row["Identifier"]), unsafe_cell(row[label]), _four(row[confidence] or None)


def _csv_rows(path: Path) -> Iterator[dict[str, str]]:
    csv.field_size_limit(1 << 24)
    with path.open(encoding="utf-8-sig", newline="") as stream:
        yield from csv.DictReader(stream)


def read_parquet_labels(path: Path, sets: LabelSets) -> Iterator[Triple]:
    """Yield what a Parquet file of accepted labels says."""
    import pyarrow.parquet as pq

    names = ["record_id", *(f"{name}{mark}" for mark, _ in sets for name in ("pred_label", "pred_confidence"))]
    columns = pq.read_table(path, columns=names).to_pydict()
    for values in zip(*(columns[name] for name in names), strict=True):
        yield from _labels_of(dict(zip(names, values, strict=True)), sets)


def read_jsonl(path: Path, sets: LabelSets) -> Iterator[Triple]:
    """Yield what a file of JSON Lines says."""
    with path.open(encoding="utf-8") as stream:
        for line in stream:
            yield from _labels_of(json.loads(line), sets)


def read_xlsx(path: Path, sets: LabelSets) -> Iterator[Triple]:
    """Yield what the first sheet of a workbook says."""
    import openpyxl

    book = openpyxl.load_workbook(path, read_only=True)
    try:
        rows = book.worksheets[0].iter_rows(values_only=True)
        head = list(next(rows, ()))
        key = head.index("Identifier")
        places = [(head.index(label), head.index(confidence)) for label, confidence in _headings(sets)]
        for row in rows:
            for label, confidence in places:
                if row[label]:
                    yield unescape_cell(str(row[key])), unescape_cell(str(row[label])), _four(row[confidence])
    finally:
        book.close()


def unescape_cell(text: str) -> str:
    """Undo the escapes of a workbook (_x000D_ and the like)."""
    return re.sub(r"_x([0-9A-Fa-f]{4})_", lambda match: chr(int(match.group(1), 16)), text)


def _four(value: Any) -> str:
    return "" if value is None or value != value else f"{float(value):.4f}"
