"""The files of an export as they are written: where, what, how many records, which bytes."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from core.storage import file_sha256

__all__ = ["Package", "WrittenFile"]


@dataclass(frozen=True)
class WrittenFile:
    """One finished file of an export.

    Attributes
    ----------
    name : str
        Path inside the package, with forward slashes.
    format, media_type, about : str
    records : int or None
        Records in it; None where the file holds no records.
    bytes, sha256
        Of the file as written.
    """

    name: str
    format: str
    media_type: str
    about: str
    records: int | None
    bytes: int
    sha256: str

    def as_dict(self) -> dict[str, Any]:
        """Return a JSON-able dictionary."""
        return {
            "name": self.name,
            "format": self.format,
            "media_type": self.media_type,
            "records": self.records,
            "bytes": self.bytes,
            "sha256": self.sha256,
            "about": self.about,
        }


@dataclass
class Package:
    """A folder that is being filled."""

    folder: Path
    files: list[WrittenFile] = field(default_factory=list)

    def path(self, name: str) -> Path:
        """Return where a file goes; its folder is made."""
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        return path

    def add(self, name: str, format_: str, media_type: str, about: str, records: int | None = None) -> WrittenFile:
        """Take a finished file into the list."""
        path = self.folder / name
        written = WrittenFile(name, format_, media_type, about, records, path.stat().st_size, file_sha256(path))
        self.files.append(written)
        return written

    def write_text(self, name: str, text: str, format_: str, media_type: str, about: str) -> WrittenFile:
        """Write a small text file (UTF-8, LF) and take it into the list."""
        self.path(name).write_text(text, encoding="utf-8", newline="\n")
        return self.add(name, format_, media_type, about)

    def find(self, name: str) -> WrittenFile | None:
        """Return the file called `name`, if it was written."""
        return next((written for written in self.files if written.name == name), None)
