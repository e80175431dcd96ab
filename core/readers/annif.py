"""Annif's suggestions for one document, as ``annif index`` writes them beside it in a file that ends in .annif.

A line is a suggestion: ``<URI>``, label, for some vocabularies a notation, and a score from 0 to 1, parted by tabs. The
file is called like its document, so its name without the ending is the identifier; an empty file says that nothing was
suggested. (Annif 1.4, National Library of Finland: ``annif index``, suggestions of a directory.)
"""

import re
from pathlib import Path

from core.errors import UnreadableFileError
from core.progress import Progress
from core.readers.container import OpenedFile
from core.readers.encoding import encoding_name
from core.readers.json_text import Number, as_text
from core.readers.scored_answers import DOCUMENT_ID, score_from, suggested
from core.readers.table import ReaderOptions, RejectedRows, SourceTable, TextColumns

__all__ = [
    "BEST",
    "COLUMNS",
    "ENCODING",
    "SUFFIX",
    "FaultyLine",
    "document_id",
    "id_source_sentence",
    "is_annif",
    "read",
    "row",
    "suggestions",
]

SUFFIX = ".annif"
ENCODING = "utf-8-sig"  # what Annif writes; a byte-order mark that another program has added is passed over
COLUMNS = (DOCUMENT_ID, "predicted", "confidence", "results")
BEST = "The suggestion with the highest score is the prediction; all suggestions are kept in 'results'."
_FORM = "a line of 'annif index' is <URI>, label and score, parted by tabs"
_LINE = re.compile(r"<[^<>\t\n]*>\t[^\t\n]*\t(?:[^\t\n]*\t)?\d(?:\.\d+)?(?:[eE]-?\d+)?\r?(?:\n|$)")
_MAX_SHOWN = 60


class FaultyLine(ValueError):  # noqa: N818 - it is a line, and the sentence is about it
    """A line that is no suggestion: its number, what is wrong, and the line."""

    def __init__(self, number: int, fault: str, text: str) -> None:
        super().__init__(f"line {number}: {fault}")
        self.text = text


def is_annif(name: str, begins: str) -> bool:
    r"""Tell whether a file is one document's suggestions, by its name or by its first line.

    >>> is_annif("7.annif", ""), is_annif("7.tsv", "<http://x/1>\tMap\t0.4000"), is_annif("7.tsv", "id\tTitle")
    (True, True, False)
    """
    return name.lower().endswith(SUFFIX) or _LINE.match(begins) is not None


def document_id(name: str) -> str:
    """Return the identifier of the document that a file is about: the file's name without its last ending.

    >>> document_id("index/014602826.annif"), document_id("v.1.annif")
    ('014602826', 'v.1')
    """
    return Path(name).stem


def suggestions(content: bytes, encoding: str = ENCODING) -> list[dict[str, str]]:
    """Return the suggestions in one file, in its order, each with ``uri``, ``label``, ``notation`` if any, ``score``.

    Where the vocabulary has no label in the language that was asked for, the notation, else the URI stands for it.

    Raises
    ------
    FaultyLine
        A line is no suggestion, or no text.
    """
    answers = []
    for number, line in enumerate(_decoded(content, encoding).split("\n"), start=1):
        cells = line.rstrip("\r").split("\t")
        if cells == [""]:
            continue
        if not 3 <= len(cells) <= 4:
            has = "1 cell" if len(cells) == 1 else f"{len(cells)} cells"
            raise FaultyLine(number, f"it has {has} ('{line[:_MAX_SHOWN].rstrip()}'), but {_FORM}", line)
        uri, label, notation, score = cells if len(cells) == 4 else (*cells[:2], "", cells[2])
        if not (uri.startswith("<") and uri.endswith(">")):
            raise FaultyLine(
                number, f"it begins with '{uri[:_MAX_SHOWN]}' and not with a URI in < >, but {_FORM}", line
            )
        if score_from(score) is None:
            raise FaultyLine(number, f"its score is '{score[:_MAX_SHOWN]}', which is no number from 0 to 1", line)
        answer = {"uri": uri[1:-1], "label": label or notation or uri[1:-1]}
        answers.append(answer | ({"notation": notation} if notation else {}) | {"score": Number(score.strip())})
    return answers


def row(name: str, answers: list[dict[str, str]]) -> tuple[str, ...]:
    """Return what one file says as cells of :data:`COLUMNS`."""
    cells = {DOCUMENT_ID: document_id(name), **suggested(answers)}
    return tuple(as_text(cells[column]) for column in COLUMNS)


def id_source_sentence(example: str) -> str:
    """Return the sentence on where identifiers come from."""
    return f"A document's identifier is the name of its file without the ending, such as '{example}'."


def read(opened: OpenedFile, options: ReaderOptions, progress: Progress) -> SourceTable:
    """Read the suggestions for one document. See :func:`core.readers.read_table`."""
    encoding = encoding_name(options.encoding or ENCODING)
    try:
        answers = suggestions(opened.stream.read(), encoding)
    except FaultyLine as error:
        raise UnreadableFileError(
            f"{opened.path}, {error}. Write it again with 'annif index --force', or correct that line."
        ) from error
    if not answers:
        raise UnreadableFileError(f"{opened.path} holds blank lines only: Annif suggested nothing for this document.")
    columns = TextColumns(COLUMNS)
    columns.extend([row(opened.name, answers)], [1])
    frame, lines = columns.frame()
    return SourceTable(
        path=opened.path,
        format="annif",
        encoding=encoding.removesuffix("-sig"),
        delimiter="\t",
        frame=frame,
        lines=lines,
        rejected=RejectedRows().frame(),
        reasons=(*opened.reasons, id_source_sentence(frame[DOCUMENT_ID].iloc[0]), BEST),
        warnings=(),
    )


def _decoded(content: bytes, encoding: str) -> str:
    try:
        return content.decode(encoding)
    except UnicodeDecodeError as error:
        number = content.count(b"\n", 0, error.start) + 1
        raise FaultyLine(
            number,
            f"it holds bytes that are not valid {error.encoding.upper()} (0x{content[error.start]:02X}); Annif writes"
            " UTF-8, so name the encoding if another program has changed the file",
            content[:200].decode("utf-8", "replace"),
        ) from error
