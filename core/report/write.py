"""Writing a report to a file, completely or not at all."""

from dataclasses import dataclass
from pathlib import Path

from core.errors import InputError
from core.report.content import ReportContent
from core.report.html import render
from core.storage import file_sha256, write_atomically

__all__ = ["WrittenReport", "write_report"]


@dataclass(frozen=True)
class WrittenReport:
    """A report that was written: where, and the SHA-256 of its bytes."""

    file: Path
    sha256: str


def write_report(content: ReportContent, out: Path) -> WrittenReport:
    """Write a report.

    Raises
    ------
    InputError
        The name does not end in .html, or the file cannot be written.
    """
    if out.suffix.lower() not in (".html", ".htm"):
        raise InputError(f"A report is an HTML file; '{out.name}' does not end in .html.")
    try:
        with write_atomically(out) as beside:
            beside.write_bytes(render(content).encode("utf-8"))
    except OSError as error:
        raise InputError(f"The report cannot be written to {out}: {error.strerror}. Choose another place.") from error
    return WrittenReport(out, file_sha256(out))
