"""Which encoding a text file is in, and text whose undecodable bytes stay visible."""

import codecs
import io
import re
from dataclasses import dataclass

from core.errors import ChoiceNeededError, InputError
from core.progress import Progress
from core.readers.container import OpenedFile
from core.readers.encoding_guess import guess_encoding

__all__ = [
    "MARKED",
    "MARK_ERRORS",
    "Encoding",
    "encoding_name",
    "find_encoding",
    "open_text",
    "spell_marks",
    "unmarked_utf16",
]

_BLOCK = 1024**2
_BOMS = (
    (b"\xef\xbb\xbf", "utf-8"),
    (b"\xff\xfe\x00\x00", "utf-32-le"),
    (b"\x00\x00\xfe\xff", "utf-32-be"),
    (b"\xff\xfe", "utf-16-le"),
    (b"\xfe\xff", "utf-16-be"),
)
# A byte that cannot be decoded becomes one lone low surrogate, U+DC00 plus the byte: no decoded text can hold one.
MARKED = re.compile("[\udc00-\udcff]")
MARK_ERRORS = "colophon.mark"  # the error handler that marks them
_NO_FILE_ENCODINGS = frozenset({"idna", "punycode", "undefined", "unicode_escape", "raw_unicode_escape"})


def _mark(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeDecodeError):
        raise error
    bad = error.object[error.start : error.end]
    return "".join(chr(0xDC00 + byte) for byte in bad), error.end


codecs.register_error(MARK_ERRORS, _mark)


@dataclass(frozen=True)
class Encoding:
    """An encoding, how long the mark before the text is (bytes), why, and whether some bytes may not fit it."""

    name: str
    skip: int
    reason: str
    may_break: bool
    warning: str = ""


def find_encoding(opened: OpenedFile, given: str | None, progress: Progress) -> Encoding:
    """Return the encoding of a text file: the one given, else told from its bytes.

    A byte-order mark decides, but not for UTF-8 when the bytes after it are none; then zero bytes in every second
    place (UTF-16); then UTF-8 when all bytes fit it, or when more letters than bytes in error are UTF-8 (the rows with
    those bytes are rejected later); then Windows-1252 where the file has no byte that it lacks and looks like text in
    it. What is left could be anything.

    Raises
    ------
    InputError
        `given` names no encoding.
    ChoiceNeededError
        It is neither UTF-8 nor Windows-1252; with candidates and a line as each of them reads it.
    """
    head = opened.head()
    bom, marked = next(((bom, name) for bom, name in _BOMS if head.startswith(bom)), (b"", ""))
    if given is not None:
        return _named_encoding(given, bom, marked)
    if bom and marked != "utf-8":
        return Encoding(
            marked, len(bom), f"It begins with a byte-order mark, so it was read as {marked.upper()}.", True
        )
    utf16 = unmarked_utf16(head)
    if utf16:
        return Encoding(utf16, 0, f"Every second byte is often zero, so it was read as {utf16.upper()}.", True)
    wrong = _first_wrong_byte(opened, progress)
    if wrong is None:
        reason = "It begins with a UTF-8 byte-order mark, and all" if bom else "All"
        return Encoding("utf-8", len(bom), f"{reason} its bytes are valid UTF-8.", False)
    position, byte = wrong
    letters, errors = _count_utf8(opened, len(bom))
    if letters > errors:
        reason = (
            f"It holds {letters:,} characters beyond ASCII in valid UTF-8 and {errors:,} bytes that are not, "
            "so it was read as UTF-8 and the rows with those bytes were set aside."
        )
        return Encoding("utf-8", len(bom), reason, True)
    mark = ", although it begins with a UTF-8 byte-order mark" if bom else ""
    not_utf8 = f"is not UTF-8 (byte 0x{byte:02X} at position {position:,}){mark}"
    guess = guess_encoding(opened, len(bom))
    if not guess.windows_1252:
        are = "byte is" if guess.undefined == 1 else "bytes are"
        lacking = f": {guess.undefined:,} {are} not defined there" if guess.undefined else ", by its look"
        raise ChoiceNeededError(
            f"{opened.path} {not_utf8}, and it is not Windows-1252 either{lacking}. Nothing was read.",
            choices=guess.candidates,
            command_line="Name the encoding with --encoding"
            + ("; these are likely, with a line as each of them reads it:" if guess.candidates else "."),
            page="Choose the encoding in which the line below reads right.",
        )
    reason = (
        f"It {not_utf8}, so it was read as Windows-1252, "
        "the usual encoding of Western European files that are not UTF-8."
    )
    warning = (
        f"The encoding Windows-1252 is a guess, which reads '{guess.sample}': if letters with accents look wrong, name "
        "the right encoding."
    )
    return Encoding("cp1252", len(bom), reason, True, warning)


def encoding_name(given: str) -> str:
    """Return an encoding as Python calls it.

    Raises
    ------
    InputError
        `given` names no encoding of text files.
    """
    try:
        name = codecs.lookup(given).name
        io.TextIOWrapper(io.BytesIO(), encoding=name)
        if name in _NO_FILE_ENCODINGS:
            raise LookupError(name)
    except LookupError as error:
        raise InputError(
            f"'{given}' is not the name of an encoding of text files; utf-8, utf-16, windows-1252 and iso-8859-1 are "
            "usual ones."
        ) from error
    return name


def unmarked_utf16(head: bytes) -> str:
    """Return ``utf-16-le`` or ``utf-16-be`` when the zero bytes at the beginning of a file say so, else ''."""
    half = max(1, len(head) // 2)
    even, odd = head[0::2].count(0), head[1::2].count(0)
    for name, many, few in (("utf-16-le", odd, even), ("utf-16-be", even, odd)):
        # Without a line end in it, it is a few stray zeros and no table.
        if many > 0.2 * half and few < 0.02 * half and re.search(r"[\r\n]", head.decode(name, "replace")):
            return name
    return ""


def open_text(opened: OpenedFile, encoding: Encoding) -> io.TextIOWrapper:
    """Return the text of a file from its beginning, with line ends as they came and undecodable bytes marked.

    Detach it when done: closing it would close the file.
    """
    opened.stream.seek(encoding.skip)
    return io.TextIOWrapper(opened.stream, encoding=encoding.name, errors=MARK_ERRORS, newline="")


def spell_marks(text: str) -> str:
    r"""Return text in which marked bytes and NUL characters can be read, as in ``caf\xe9``."""
    return MARKED.sub(lambda match: f"\\x{ord(match.group()) - 0xDC00:02x}", text).replace("\0", "\\x00")


def _named_encoding(given: str, bom: bytes, marked: str) -> Encoding:
    name = encoding_name(given)
    if name == "utf-8-sig":
        name = "utf-8"
    if name in ("utf-16", "utf-32"):
        name = marked if marked.startswith(name) else f"{name}-le"
    # A UTF-8 mark before text in another encoding is written by programs that join files; it is never part of the text.
    stray = marked == "utf-8" and not name.startswith(("utf-16", "utf-32"))
    skip = len(bom) if marked == name or stray else 0
    passed_over = " The UTF-8 byte-order mark at its beginning was passed over." if stray and name != "utf-8" else ""
    return Encoding(name, skip, f"The encoding {name.upper()} was given.{passed_over}", True)


def _first_wrong_byte(opened: OpenedFile, progress: Progress) -> tuple[int, int] | None:
    decoder = codecs.getincrementaldecoder("utf-8")()
    opened.stream.seek(0)
    done = 0
    while True:
        block = opened.stream.read(_BLOCK)
        waiting = len(decoder.getstate()[0])
        try:
            decoder.decode(block, final=not block)
        except UnicodeDecodeError as error:
            return done - waiting + error.start, error.object[error.start]
        if not block:
            return None
        done += len(block)
        progress(0.1 * done / opened.size, f"Looking at the encoding of {opened.path.name}")


def _count_utf8(opened: OpenedFile, skip: int) -> tuple[int, int]:
    decoder = codecs.getincrementaldecoder("utf-8")(MARK_ERRORS)
    beyond = re.compile("[\x80-\U0010ffff]")
    opened.stream.seek(skip)
    letters = errors = 0
    while True:
        block = opened.stream.read(_BLOCK)
        text = decoder.decode(block, final=not block)
        if not text.isascii():
            marks = len(MARKED.findall(text))
            errors += marks
            letters += len(beyond.findall(text)) - marks
        if not block:
            return letters, errors
