"""What a text file may be encoded in when it is neither UTF-8 nor marked: candidates, each with a line as it reads."""

import re
from dataclasses import dataclass
from typing import Final

from core.errors import Choice
from core.readers.container import OpenedFile

__all__ = ["COMMON_ENCODINGS", "EncodingGuess", "guess_encoding"]

# As a person may choose them; the key is Python's name.
COMMON_ENCODINGS: Final[dict[str, str]] = {
    "utf-8": "UTF-8",
    "utf-16": "UTF-16",
    "cp1252": "Windows-1252 (Western European)",
    "iso8859-15": "ISO 8859-15 (Western European)",
    "mac-roman": "Mac Roman (Western European, old Macintosh)",
    "cp850": "DOS 850 (Western European)",
    "cp437": "DOS 437 (American)",
    "cp1250": "Windows-1250 (Central European)",
    "iso8859-2": "ISO 8859-2 (Central European)",
    "mac-latin2": "Mac Central European",
    "cp852": "DOS 852 (Central European)",
    "cp1251": "Windows-1251 (Cyrillic)",
    "koi8-r": "KOI8-R (Russian)",
    "koi8-u": "KOI8-U (Ukrainian)",
    "cp866": "DOS 866 (Cyrillic)",
    "mac-cyrillic": "Mac Cyrillic",
    "cp1253": "Windows-1253 (Greek)",
    "iso8859-7": "ISO 8859-7 (Greek)",
    "cp1254": "Windows-1254 (Turkish)",
    "cp1255": "Windows-1255 (Hebrew)",
    "cp1256": "Windows-1256 (Arabic)",
    "cp1257": "Windows-1257 (Baltic)",
    "cp874": "Windows-874 (Thai)",
    "cp932": "Shift JIS (Japanese)",
    "euc_jp": "EUC-JP (Japanese)",
    "gb18030": "GB 18030 (Chinese, simplified)",
    "big5": "Big5 (Chinese, traditional)",
    "cp949": "Windows-949 (Korean)",
}
_NAMES: Final = {name.replace("-", "_"): name for name in COMMON_ENCODINGS}
_UNDEFINED: Final = bytes([0x81, 0x8D, 0x8F, 0x90, 0x9D])  # in Windows-1252
_DEFINED: Final = bytes(sorted(set(range(256)) - set(_UNDEFINED)))
_BLOCK: Final = 1024**2
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
        text = _shown(shown.decode(name, "replace"))
        candidates.setdefault(text, Choice(name, COMMON_ENCODINGS[name], text))
    return EncodingGuess(
        not undefined and western,
        undefined,
        _shown(lines[0].decode("cp1252", "replace")),
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
        block = opened.stream.read(_BLOCK)
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


def _shown(line: str) -> str:
    """Return the part of a line around its first letter beyond ASCII."""
    first = next((at for at, character in enumerate(line) if not character.isascii()), 0)
    start = max(0, first - _MAX_LINE_CHARACTERS // 2)
    text = line[start : start + _MAX_LINE_CHARACTERS]
    return "".join(character if character.isprintable() else "�" for character in text).strip()
