"""Which encoding a text file is in, candidates where that is unsure, and letters damaged before."""

import codecs
import io
import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from core.errors import Choice, ChoiceNeededError, InputError
from core.formatting import printable
from core.progress import Progress
from core.readers.container import OpenedFile
from core.translation import noop

__all__ = [
    "COMMON_ENCODINGS",
    "MARKED",
    "MARK_ERRORS",
    "Encoding",
    "EncodingGuess",
    "damage_questions",
    "encoding_name",
    "find_encoding",
    "guess_encoding",
    "open_text",
    "repaired",
    "spell_marks",
    "unmarked_utf16",
]

# --- What a text file may be encoded in when it is neither UTF-8 nor marked -------------------------------------------
# Candidates, each with a line as it reads.


# As a person may choose them; the key is Python's name.
COMMON_ENCODINGS: Final[dict[str, str]] = {
    "utf-8": "UTF-8",
    "utf-16": "UTF-16",
    "cp1252": noop("Windows-1252 (Western European)"),
    "iso8859-15": noop("ISO 8859-15 (Western European)"),
    "mac-roman": noop("Mac Roman (Western European, old Macintosh)"),
    "cp850": noop("DOS 850 (Western European)"),
    "cp437": noop("DOS 437 (American)"),
    "cp1250": noop("Windows-1250 (Central European)"),
    "iso8859-2": noop("ISO 8859-2 (Central European)"),
    "mac-latin2": "Mac Central European",
    "cp852": noop("DOS 852 (Central European)"),
    "cp1251": noop("Windows-1251 (Cyrillic)"),
    "koi8-r": noop("KOI8-R (Russian)"),
    "koi8-u": noop("KOI8-U (Ukrainian)"),
    "cp866": noop("DOS 866 (Cyrillic)"),
    "mac-cyrillic": "Mac Cyrillic",
    "cp1253": noop("Windows-1253 (Greek)"),
    "iso8859-7": noop("ISO 8859-7 (Greek)"),
    "cp1254": noop("Windows-1254 (Turkish)"),
    "cp1255": noop("Windows-1255 (Hebrew)"),
    "cp1256": noop("Windows-1256 (Arabic)"),
    "cp1257": noop("Windows-1257 (Baltic)"),
    "cp874": noop("Windows-874 (Thai)"),
    "cp932": noop("Shift JIS (Japanese)"),
    "euc_jp": noop("EUC-JP (Japanese)"),
    "gb18030": noop("GB 18030 (Chinese, simplified)"),
    "big5": noop("Big5 (Chinese, traditional)"),
    "cp949": noop("Windows-949 (Korean)"),
}
_NAMES: Final = {name.replace("-", "_"): name for name in COMMON_ENCODINGS}
_UNDEFINED: Final = bytes([0x81, 0x8D, 0x8F, 0x90, 0x9D])  # in Windows-1252
_DEFINED: Final = bytes(sorted(set(range(256)) - set(_UNDEFINED)))
_GUESS_BLOCK: Final = 1024**2
_SAMPLE: Final = 48 * 1024
_MAX_CANDIDATES: Final = 6
_MAX_LINES: Final = 200
_FEW: Final = 3
_STRAY: Final = 0.02
_OF_UNICODE: Final = frozenset({"utf-8", "utf-16"})
_MAX_LINE_CHARACTERS: Final = 70
# In text that was really Windows-1252, a sign or a capital hardly ever stands between two small letters, and some signs
# never before one.
_ODD: Final = re.compile(
    r"(?<=[a-z])[‚ƒ„…†‡ˆ‰‹“”•˜›¡-©«-´¶¸-¿×÷ŠŽŒŸÀ-ÖØ-Þ](?=[a-z])|(?<![a-z])[¢-¦¨©¬®¯±-´¶¸¹¼-¾×÷](?=[a-z])"
)
# Words of another script are nothing but letters beyond ASCII; Finnish has two in a row (ää), hardly ever three.
_RUN: Final = re.compile(r"[\x80-\U0010ffff]{3,}")
_MUCH: Final = 0.1


@dataclass(frozen=True)
class EncodingGuess:
    """What the bytes say of an encoding.

    Attributes
    ----------
    windows_1252 : bool
        They can be Windows-1252, and read as such they look like text.
    undefined : int
        Bytes in the file that Windows-1252 does not have.
    sample : str
        A line with such letters, read as Windows-1252.
    candidates : tuple of Choice
        Encodings in which they look like text, the likeliest first.
    """

    windows_1252: bool
    undefined: int
    sample: str
    candidates: tuple[Choice, ...]


def guess_encoding(opened: OpenedFile, skip: int) -> EncodingGuess:
    """Look at the lines of a file that are not plain ASCII; charset-normalizer proposes what they may be.

    Parameters
    ----------
    skip : int
        Bytes of a mark at the beginning.
    """
    lines, undefined = _lines_beyond_ascii(opened, skip)
    sample = b"\n".join(lines)
    western = _looks_western(sample.decode("cp1252", "replace"))
    names = _proposals(sample)
    if undefined and western and undefined < _STRAY * sum(byte > 0x7F for byte in sample):
        names.insert(0, "cp1252")  # with so few bytes wrong, setting those rows aside may be what is wanted
    if len(names) < _FEW:
        names += [name for name in COMMON_ENCODINGS if _fits(sample, name)]
    names = [name for name in dict.fromkeys(names) if name not in _OF_UNICODE]
    shown = max(lines[:_MAX_LINES], key=lambda line: len({line.decode(name, "replace") for name in names[:6]}))
    candidates: dict[str, Choice] = {}
    for name in names:
        text = _sample_line(shown.decode(name, "replace"))
        candidates.setdefault(text, Choice(name, COMMON_ENCODINGS[name], text))
    return EncodingGuess(
        not undefined and western,
        undefined,
        _sample_line(lines[0].decode("cp1252", "replace")),
        tuple(candidates.values())[:_MAX_CANDIDATES],
    )


def _looks_western(text: str) -> bool:
    beyond = max(1, sum(not character.isascii() for character in text))
    runs = sum(len(run) for run in _RUN.findall(text))
    return len(_ODD.findall(text)) < _MUCH * beyond and runs < _MUCH * beyond


def _fits(sample: bytes, encoding: str) -> bool:
    try:
        text = sample.decode(encoding)
    except UnicodeDecodeError:
        return False
    return not any("\x80" <= character < "\xa0" for character in text)


def _proposals(sample: bytes) -> list[str]:
    """Return the common encodings in which a sample looks like text, the likeliest first."""
    from charset_normalizer import from_bytes  # only where it is needed: few files are not UTF-8

    matches = from_bytes(
        sample, cp_isolation=list(_NAMES), preemptive_behaviour=False, language_threshold=0.0, enable_fallback=False
    )
    proposed: list[str] = []
    for match in matches:
        same = [match.encoding, *match.could_be_from_charset]
        known = [_NAMES[name] for name in same if name in _NAMES]
        proposed += sorted(known, key=list(COMMON_ENCODINGS).index)
    return proposed


def _lines_beyond_ascii(opened: OpenedFile, skip: int) -> tuple[list[bytes], int]:
    """Return different lines that hold bytes beyond ASCII, and how many bytes Windows-1252 does not have."""
    opened.stream.seek(skip)
    lines: dict[bytes, None] = {}
    gathered = undefined = 0
    pending = b""
    while True:
        block = opened.stream.read(_GUESS_BLOCK)
        if not block.isascii():
            undefined += len(block.translate(None, delete=_DEFINED))
        if gathered < _SAMPLE:
            *whole, pending = re.split(rb"[\r\n]+", pending[-_SAMPLE:] + block)
            whole += [] if block else [pending]
            for line in whole:
                if not line.isascii() and gathered < _SAMPLE and line not in lines:
                    lines[line[:4_000]] = None
                    gathered += len(line[:4_000])
        if not block:
            return list(lines) or [b""], undefined


def _sample_line(line: str) -> str:
    """Return the part of a line around its first letter beyond ASCII."""
    first = next((at for at, character in enumerate(line) if not character.isascii()), 0)
    start = max(0, first - _MAX_LINE_CHARACTERS // 2)
    text = line[start : start + _MAX_LINE_CHARACTERS]
    return printable(text, keep="").strip()


# --- Which encoding a text file is in, and text whose undecodable bytes stay visible ----------------------------------


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


@dataclass(frozen=True, kw_only=True)
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
            name=marked,
            skip=len(bom),
            reason=f"It begins with a byte-order mark, so it was read as {marked.upper()}.",
            may_break=True,
        )
    utf16 = unmarked_utf16(head)
    if utf16:
        return Encoding(
            name=utf16,
            skip=0,
            reason=f"Every second byte is often zero, so it was read as {utf16.upper()}.",
            may_break=True,
        )
    wrong = _first_wrong_byte(opened, progress)
    if wrong is None:
        reason = "It begins with a UTF-8 byte-order mark, and all" if bom else "All"
        return Encoding(name="utf-8", skip=len(bom), reason=f"{reason} its bytes are valid UTF-8.", may_break=False)
    position, byte = wrong
    letters, errors = _count_utf8(opened, len(bom))
    if letters > errors:
        reason = (
            f"It holds {letters:,} characters beyond ASCII in valid UTF-8 and {errors:,} bytes that are not, "
            "so it was read as UTF-8 and the rows with those bytes were set aside."
        )
        return Encoding(name="utf-8", skip=len(bom), reason=reason, may_break=True)
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
    return Encoding(name="cp1252", skip=len(bom), reason=reason, may_break=True, warning=warning)


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
    return Encoding(name=name, skip=skip, reason=f"The encoding {name.upper()} was given.{passed_over}", may_break=True)


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


# --- Letters that were damaged before the file was written ------------------------------------------------------------
# UTF-8 once read as Windows-1252, and the sign U+FFFD.


_LOST = "\ufffd"
_CONTINUATIONS = "\u0080-\u00bf€‚ƒ„…†‡ˆ‰Š‹ŒŽ‘’“”•–—˜™š›œžŸ"
# The first byte of a letter of two or three bytes, and a byte that continues it, both read as Windows-1252.
_TWICE = f"[Â-ßà-ï][{_CONTINUATIONS}]"
_LOOKED_AT = 2_000
_MAX_SHOWN = 60


def damage_questions(frame: pd.DataFrame, lines: npt.NDArray[np.int64]) -> tuple[str, ...]:
    """Return a question for each kind of damage in the cells of a table, with the first line and an example."""
    lost = _cells(frame, lines, lambda column: pc.match_substring(column, _LOST), lambda text: text)
    twice = _cells(frame, lines, lambda column: pc.match_substring_regex(column, _TWICE), repaired)
    questions = []
    if lost.count:
        questions.append(
            f"{_cells_hold(lost.count)} the sign {_LOST}, which stands for a letter that was lost before this file was "
            f"written (first on line {lost.line}: '{lost.text}'). Can the file be exported again from its source?"
        )
    if twice.count:
        look = "1 cell looks" if twice.count == 1 else f"{twice.count:,} cells look"
        questions.append(
            f"{look} as if UTF-8 had once been read as Windows-1252 (first on line {twice.line}: '{twice.text}', "
            f"perhaps '{twice.intended}'), and was kept so. Can the file be exported again with the right encoding?"
        )
    return tuple(questions)


def repaired(text: str) -> str:
    """Return a text whose UTF-8 was read as Windows-1252 as it was meant; '' when it was not.

    >>> repaired("BrontÃ«"), repaired("Brontë"), repaired("SÃO PAULO")
    ('Brontë', '', '')
    """
    try:
        right = b"".join(map(_byte, text)).decode("utf-8")
    except UnicodeError:
        return ""
    return right if right != text else ""


def _byte(character: str) -> bytes:
    try:
        return character.encode("cp1252")
    except UnicodeEncodeError:
        return character.encode("latin-1")  # the five bytes that Windows-1252 does not define


@dataclass(frozen=True)
class _Damage:
    """How many cells are damaged, and the first of them: its line, its text, what it was meant to be."""

    count: int = 0
    line: int = 0
    text: str = ""
    intended: str = ""


def _cells(
    frame: pd.DataFrame, lines: npt.NDArray[np.int64], matches: Callable[[Any], Any], meant_by: Callable[[str], str]
) -> _Damage:
    """Look for damage; of a column's many suspects the first 2,000 are looked at closely and speak for the rest."""
    damage = _Damage()
    for _, column in frame.items():
        places = np.flatnonzero(matches(pa.array(column.array)).to_numpy(zero_copy_only=False))
        suspects = places[:_LOOKED_AT]
        confirmed = [(place, meant) for place in suspects if (meant := meant_by(str(column.array[place])))]
        if not confirmed:
            continue
        place, meant = confirmed[0]
        count = damage.count + round(len(places) * len(confirmed) / len(suspects))
        if not damage.count or lines[place] < damage.line:
            damage = _Damage(count, int(lines[place]), _shorten(str(column.array[place])), _shorten(meant))
        else:
            damage = replace(damage, count=count)
    return damage


def _cells_hold(count: int) -> str:
    return "1 cell holds" if count == 1 else f"{count:,} cells hold"


def _shorten(text: str) -> str:
    at = next((place for place, character in enumerate(text) if not character.isascii()), 0)
    start = max(0, at - _MAX_SHOWN // 2)
    return text[start : start + _MAX_SHOWN].strip()
