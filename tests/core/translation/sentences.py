"""Which English texts core writes that a page may show: of its errors, and in modules that note something.

Places of a text are numbered as they come: ``f"{n} of {m} rows"`` is ``{0} of {1} rows``.
"""

import ast
import re
from collections.abc import Iterator

from tests.serving import ROOT

CORE = ROOT / "core"
# Asked for on the command line alone, or in a shell; or the mistakes of a programmer.
SILENT = ("cli/", "scale/", "statistics/", "database/mig", "fetch.py", "backup.py", "doctor.py", "report/")
# Modules whose notes a manifest, a job or a preview keeps, and a page shows.
NOTING = (
    *("errors", "joins", "predictions/*", "normalise/*", "readers/*"),
    *("label_audit/*", "importing", "labels", "classes", "draws", "retraining", "weak_supervision/build"),
    *("weak_supervision/tryout", "weak_supervision/functions", "models/[!_]*", "jobs/*", "demonstration", "connection"),
    *("combined_predictions", "uploads", "storage", "upkeep", "manifests", "language_evidence", "learned_facets/*"),
    *("second_opinions", "review", "review_workbook", "guarantees", "representativeness", "predicates"),
    *("export/sentences", "explain", "sharing/pull"),
)
# Texts that are put together where they are written.
COMPOSED = (
    "{0} (95 % interval {1}; n = {2})",
    "books of the {0}",
    "{0} books of the {1}",
    "books without a language of the {0}",
    "{0}; gzip of these; a zip of {1}",
    "{0} (95 % interval {1})",
    "{0} labelled titles with {1} errors are too few to search: it takes {2} titles and {3} errors at least.",
    "no labelled books are accepted",
    "too few books have two answers",
    "books",
    "not measured",
    "place of publication",
    "{0} books of {1}",
    "learned",
    "{0} by their identifier",
    "{0} by their second identifier",
    "{0} after restoring lost leading zeros",
    "{0} of {1} {2} found among {3}: {4}.",
    "{0} of {1} {2} found among {3}.",
    "those of {0} {1} alone",
    "those of annotator {0} alone",
    "those of annotator {0}",
    "{0} answered with status {1} instead of the file. Try again later.",
    "There is no file at {0} (status {1}): the publisher may have moved it.",
    "{0} does not give the file to programs (status {1}).",
    "{0} is busy (status {1}). Try again in a few minutes.",
    "{0} points on to an address that is not safe, so it was not followed (status {1}).",
    "All its bytes are valid UTF-8.",
    "It begins with a UTF-8 byte-order mark, and all its bytes are valid UTF-8.",
    "Leak check: {0} of the {1} checked books are also in {2} ({3} by identifier, {4} by title).",
    "Leak check: {0} of the {1} checked books are also in {2}, from which the model may have"
    " learned ({3} by identifier, {4} by title).",
    "Leak check: {0} of the {1} checked books are also in {2}, from which the model may have learned.",
    "Leak check: {0} of the {1} checked books are also in {2}.",
    "{0} of {1} books of '{2}' found among the predictions '{3}': {4}.",
    "{0} of {1} books of '{2}' found among the predictions '{3}'.",
    "{0} of {1} books of '{2}' found among the predictions '{3}': for instance '{4}' here, '{5}' there.",
    "{0} of {1} predictions found among the records of the catalogue '{2}': {3}.",
    "{0} of {1} predictions found among the records of the catalogue '{2}'.",
    "{0} of {1} predictions found among the records of the catalogue '{2}': for instance '{3}' here, '{4}' there.",
    "{0} of {1} of the labelled books is also among '{2}': {3} by identifier, {4} by title alone.",
    "{0} of {1} of the labelled books are also among '{2}': {3} by identifier, {4} by title alone.",
    "{0} of {1} of the labelled books are also among '{2}': {3} by identifier ({4} of them"
    " only after lost leading zeros were restored), {5} by title alone.",
    "None of {0} of the labelled books is among '{1}', neither by identifier nor by title.",
    "None of {0} of the test part is among the books learned from while it was tested, neither"
    " by identifier nor by title.",
    "those of annotator {0} alone, and the suspect ones",
    "hand-checked records",
    " (95 % interval {0} to {1})",
    "{0} (95 % interval {1} to {2} %; n = {3})",
    "a zip of Annif's .annif files",
    "a folder of Annif's .annif files",
    "CC0 1.0: no rights reserved",
    "CC BY 4.0: name the source",
    "CC BY-SA 4.0: name the source, share alike",
    "ODC-BY: data, name the source",
    "ODbL: data, name the source, share alike",
)
FEWEST_WORDS = 3

_PROGRAMMER = {"ValueError", "TypeError", "KeyError", "AssertionError", "RuntimeError", "OSError", "IndexError"}
_TRANSLATED = {"_", "plural", "noop", "count", "re.compile"}


def written_by_errors() -> dict[str, str]:
    """Return the texts of errors of some words, with the place where each stands first."""
    texts: dict[str, str] = {}
    for path in sorted(CORE.rglob("*.py")):
        place = path.relative_to(CORE).as_posix()
        if place.startswith(SILENT):
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            name = ast.unparse(node.func) if isinstance(node, ast.Call) else ""
            if re.fullmatch(r"(\w+\.)?(\w*Error|Cancelled)", name) and name not in _PROGRAMMER:
                assert isinstance(node, ast.Call)
                pages = [keyword.value for keyword in node.keywords if keyword.arg == "page"]
                for text, line in _texts([*node.args, *pages], set()):
                    if words(text) >= FEWEST_WORDS:
                        texts.setdefault(text, f"{place}:{line}")
    return texts


def written_by_notes() -> dict[str, str]:
    """Return every text of the modules that note something, with its place."""
    texts: dict[str, str] = {}
    for pattern in NOTING:
        for path in sorted(CORE.glob(f"{pattern}.py")):
            tree = ast.parse(path.read_text(encoding="utf-8"))
            place = path.relative_to(CORE).as_posix()
            for text, line in _texts([tree], _no_notes(tree)):
                texts.setdefault(text, f"{place}:{line}")
    for path in [*(ROOT / "dashboard").glob("*.py"), *(ROOT / "pages").glob("*.py")]:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and ast.unparse(node.func).endswith("start_job"):
                texts |= {text: f"{path.name}:{line}" for text, line in _texts(node.args[2:], set())}
    return texts


def is_sentence(text: str) -> bool:
    """Tell whether a text is a sentence for a person, and no fragment of one, name or pattern."""
    return words(text) >= FEWEST_WORDS and text.endswith((".", "?")) and not re.search(r"[\\^]|SELECT|\{[a-z]", text)


def words(text: str) -> int:
    return len(re.findall(r"[A-Za-z]{2,}", re.sub(r"\{\d+\}", "", text)))


def _no_notes(tree: ast.AST) -> set[int]:
    """Return the nodes that hold no note: docstrings, annotations, what is translated or for a shell, logs."""
    left: list[ast.AST] = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            left.append(node.value)
        elif isinstance(node, ast.Call):
            name = ast.unparse(node.func)
            if name in _TRANSLATED | _PROGRAMMER or name.startswith("_LOG"):
                left.append(node)
            left += [keyword.value for keyword in node.keywords if keyword.arg in ("command_line", "help")]
        elif isinstance(node, ast.AnnAssign):
            left.append(node.annotation)
        elif isinstance(node, ast.FunctionDef):
            left += [node.args, *([node.returns] if node.returns else [])]
    return {id(part) for node in left for part in ast.walk(node)}


def _texts(nodes: list[ast.AST] | list[ast.expr], left_out: set[int]) -> Iterator[tuple[str, int]]:
    for node in nodes:
        if id(node) in left_out or (isinstance(node, ast.Call) and ast.unparse(node.func) in _TRANSLATED):
            continue
        if isinstance(node, ast.JoinedStr):
            parts, n = "", 0
            for part in node.values:
                if isinstance(part, ast.Constant):
                    parts += str(part.value)
                elif isinstance(part, ast.FormattedValue):
                    parts, n = f"{parts}{{{n}}}", n + 1
                    yield from _texts([part.value], left_out)
            yield parts, node.lineno
        elif isinstance(node, ast.Constant):
            if isinstance(node.value, str):
                yield node.value, node.lineno
        else:
            yield from _texts(list(ast.iter_child_nodes(node)), left_out)
