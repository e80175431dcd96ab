"""Which format a file is in, told by its content first and by its name second."""

import re
import zipfile
from pathlib import Path

from core.errors import UnreadableFileError
from core.readers.annif import is_annif
from core.readers.container import OpenedFile
from core.readers.encoding import unmarked_utf16

__all__ = ["recognise"]

_NOT_TABLES = (
    (b"%PDF", "a PDF document; export the table from its source as CSV or Excel"),
    (b"\xd0\xcf\x11\xe0", "an old Office file (.xls or .doc); open it and save the table as .xlsx or CSV"),
    (b"{\\rtf", "a rich-text document; save the table as CSV or Excel"),
    (b"BZh", "packed with bzip2; unpack it first"),
    (b"\xfd7zXZ", "packed with xz; unpack it first"),
    (b"(\xb5/\xfd", "packed with zstd; unpack it first"),
    (b"7z\xbc\xaf", "a 7-Zip archive; unpack it first"),
    (b"Rar!", "a RAR archive; unpack it first"),
    (b"\x1f\x8b", "an archive inside an archive; unpack it first"),
    (b"\x89PNG", "an image"),
    (b"\xff\xd8\xff", "an image"),
    (b"GIF8", "an image"),
    (b"SQLite format 3", "an SQLite database; export the table from it as CSV"),
)
_MARC_LEADER = re.compile(rb"\d{5}[a-z ][a-z ][a-z ][a-z# ][a-z# ]\d\d\d{5}")
# Length and base address in digits; what stands between them is often wrong, and UNIMARC has it otherwise.
_ODD_LEADER = re.compile(rb"\d{5}[^\r\n]{7}\d{5}[^\r\n]{7}")
_TEXT_CONTROLS = frozenset(b"\t\n\r\x0b\x0c\x1a\x1b\x1d\x1e\x1f\x88\x89\x98\x9c")


def recognise(opened: OpenedFile, *, text: bool = False) -> tuple[str, str]:
    """Return the format of a file and one sentence that says how it was known.

    Parameters
    ----------
    text : bool
        True where a person said that it is text: then control characters are no reason to refuse it.

    Returns
    -------
    (str, str)
        ``csv`` (any delimited text), ``xlsx``, ``parquet``, ``json``, ``jsonl``, ``annif``, ``marc`` or ``marcxml``.

    Raises
    ------
    UnreadableFileError
        The file is something that holds no table: a PDF, a web page, an image, an archive of many files, bytes.
    """
    head = opened.head()
    for magic, what in _NOT_TABLES:
        if head.startswith(magic):
            raise UnreadableFileError(f"{opened.path} is {what}.")
    if head.startswith(b"PAR1"):
        return "parquet", "It begins with the mark of a Parquet file."
    if head.startswith(b"PK\x03\x04"):
        return _zipped_document(opened)
    if head[257:262] == b"ustar":
        raise UnreadableFileError(
            f"{opened.path} is an archive of several files (tar); unpack it and give one of them."
        )
    if b"\x1e" in head and (_MARC_LEADER.match(head) or (_ODD_LEADER.match(head) and b"\x1f" in head)):
        return "marc", "It begins with the leader of a MARC 21 record."
    begins = _as_text(head, opened, text).lstrip("\ufeff \t\r\n")
    if is_annif(opened.name, begins):
        return "annif", "It is one document's suggestions, as 'annif index' writes them."
    if begins.startswith("<"):
        return _markup(begins, opened)
    if begins.startswith(("{", "[")):
        json_format = _json_kind(begins, opened.name)
        if json_format:
            return json_format
    return "csv", "It is text without the marks of another format, so it was read as a table of delimited lines."


def _zipped_document(opened: OpenedFile) -> tuple[str, str]:
    try:
        with zipfile.ZipFile(opened.stream) as archive:
            names = archive.namelist()
    except zipfile.BadZipFile as error:
        raise UnreadableFileError(f"{opened.path} is a damaged archive ({error}); fetch or save it again.") from error
    opened.stream.seek(0)
    if any(name.startswith("xl/") and name.endswith(".bin") and "workbook" in name for name in names):
        raise UnreadableFileError(f"{opened.path} is a binary Excel file (.xlsb); save the table as .xlsx or CSV.")
    if "xl/workbook.xml" in names:
        return "xlsx", "It is an Excel workbook."
    raise UnreadableFileError(
        f"{opened.path} is a zipped document that is not an Excel workbook; save the table as .xlsx or CSV."
    )


def _as_text(head: bytes, opened: OpenedFile, trusted: bool) -> str:
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        return head.decode("utf-16", "replace")
    utf16 = unmarked_utf16(head)
    if utf16:
        return head.decode(utf16, "replace")
    controls = sum(1 for byte in head if byte < 32 and byte not in _TEXT_CONTROLS)
    if not trusted and controls > 0.02 * len(head) and controls > 4:
        raise UnreadableFileError(
            f"{opened.path} is not a table: {100 * controls / len(head):.0f} % of its first bytes are no text in any"
            " encoding. CSV, TSV, Excel (.xlsx), Parquet, JSON and JSON Lines can be read."
        )
    return head.decode("utf-8", "replace")


def _markup(begins: str, opened: OpenedFile) -> tuple[str, str]:
    start = begins[:4000].lower()
    if re.match(
        r"(<\?xml[^>]*>\s*)?(<!--.*?-->\s*)*<(!doctype\s+html|html|head|body|table|meta|script|div)\b", start, re.S
    ):
        raise UnreadableFileError(
            f"{opened.path} is a web page, perhaps an error or sign-in page that was saved under this name; "
            "download the file itself."
        )
    if "loc.gov/marc21/slim" in start or re.search(r"<(\w+:)?(collection|record)\b", start):
        return "marcxml", "It is XML with MARC records."
    if start.startswith("<?xml") or re.search(r"</|/>", start):
        raise UnreadableFileError(f"{opened.path} is XML, but not MARCXML; export the table as CSV, Excel or MARCXML.")
    return "csv", "It is text, so it was read as a table of delimited lines."


def _json_kind(begins: str, name: str) -> tuple[str, str] | None:
    suffix = Path(name).suffix.lower()
    if begins.startswith("["):
        if suffix == ".json" or re.match(r"\[\s*[\[{\]]", begins):
            return "json", "It begins with '[', so it was read as a JSON list."
        return None
    if not re.match(r"\{\s*[\"}]", begins):
        return None
    if suffix in (".jsonl", ".ndjson"):
        return "jsonl", f"Its name ends in '{suffix}' and it begins with '{{', so each line is one JSON object."
    first, newline, rest = begins.partition("\n")
    if first.rstrip().endswith("}") and newline and rest.lstrip().startswith("{"):
        return "jsonl", "Its lines are JSON objects, one a line."
    if first.rstrip().endswith("}") and not rest.strip() and suffix != ".json":
        return "jsonl", "Its one line is a JSON object."
    return "json", "It begins with '{', so it was read as JSON."
