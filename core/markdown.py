"""Text from files in a Markdown document: a line that is text and nothing else."""

import re
from typing import Final

__all__ = ["inline"]

_ACTIVE: Final = re.compile(r"([\\`*_\[\]<>|#!])")


def inline(text: object) -> str:
    r"""Return text from a file so that it stays one line of plain text in Markdown: what could act gets a backslash.

    >>> print(inline("A <b>novel</b>\n# [x](y)"))
    A \<b\>novel\</b\> \# \[x\](y)
    """
    printable = "".join(sign if sign.isprintable() else " " for sign in str(text))
    return _ACTIVE.sub(r"\\\1", " ".join(printable.split()))
