"""Checking a finished export: read back, held to our own rules, and given to public validators."""

import contextlib
import json
import tempfile
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

from core.errors import InputError
from core.export.formats import FORMATS, LabelledFile, Triple, record_formats
from core.export.public_tools import ExportCheck, public_checks
from core.formatting import listed
from core.storage import file_sha256

__all__ = ["builtin_checks", "read_labels", "unpacked", "validate"]

# --- Reading an export back: the same records, labels and confidences must stand in every format ----------------------


def read_labels(folder: Path) -> dict[str, set[Triple]]:
    """Return file → what it says, for every file of an unpacked export that carries accepted labels.

    MARC and Dublin Core name terms, not labels; the manifest says which term stands for which label.
    """
    return {labelled.name: set(labelled.triples) for labelled in _labelled_files(folder)}


def _labelled_files(folder: Path) -> Iterator[LabelledFile]:
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    terms = {term["term"]: label for label, term in manifest["labels"]["terms"].items()}
    for writer in record_formats().values():
        yield from writer.read_back(folder, terms)


# --- Checking a finished export: our own checks always, public validators where they are installed --------------------
# Each check ends in 'passed', 'failed' or 'not run', and says why. Nothing here changes the export.


def validate(path: Path, *, schemas: Path | None = None, tools: bool = True) -> tuple[ExportCheck, ...]:
    """Check an export.

    Parameters
    ----------
    path : path
        The zip, or the unpacked folder with its manifest.json.
    schemas : path, optional
        A folder with the Library of Congress schemas (MARC21slim.xsd, mods-3-7.xsd); without it the XML files are
        checked for being well-formed only.
    tools : bool
        Whether public validators are run too, where they are installed.
    """
    with unpacked(path) as folder:
        checks = list(builtin_checks(folder))
        if tools:
            checks += public_checks(folder, schemas)
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
    except (OSError, ValueError, KeyError, IndexError, StopIteration, SyntaxError) as error:
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
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    counts = manifest["counts"]
    parts = [counts[name.replace("-", "_")] for name in manifest["decisions"]]
    files = {written["name"]: written["records"] for written in manifest["files"]}
    faults = []
    if sum(parts) != counts["loaded"]:
        faults.append(f"the parts make {sum(parts):,}, loaded were {counts['loaded']:,}")
    expected = {
        "data/accepted.csv": counts["exported"],
        "data/all-scores.csv": counts["loaded"],
        "review/abstained.csv": counts["abstained"],
        "review/conflicts.csv": counts["conflicts"],
        "review/rejected.csv": counts["rejected"],
        "review/not-matched.csv": counts["not_matched"],
    }
    faults += [
        f"{name} holds {files[name]:,} records instead of {count:,}"
        for name, count in expected.items()
        if name in files and files[name] != count
    ]
    return (
        not faults,
        "; ".join(faults) or f"{' + '.join(f'{part:,}' for part in parts)} = {counts['loaded']:,} records",
    )


def _same_labels(folder: Path) -> tuple[bool, str]:
    calibrated = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))["model"]["calibrated"]
    first, reference, count = "", frozenset[Triple](), 0
    for count, labelled in enumerate(_labelled_files(folder), start=1):
        triples = frozenset(labelled.triples)
        if count == 1:
            first, reference = labelled.name, triples
        expected = frozenset(triple for triple in reference if triple[0] not in labelled.left_out)
        if labelled.only_calibrated and not calibrated:
            expected, triples = (frozenset((*triple[:2], "") for triple in part) for part in (expected, triples))
        if triples != expected:
            differing = sorted(triples ^ expected)
            return False, f"{labelled.name} and {first} differ in {len(differing):,} entries, such as {differing[0]}"
    return True, f"{len(reference):,} records in {count} files" if count else "no file carries labels"
