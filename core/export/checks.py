"""The result of one check of an export."""

from dataclasses import dataclass
from typing import Literal

__all__ = ["CheckStatus", "ExportCheck"]

CheckStatus = Literal["passed", "failed", "not run"]


@dataclass(frozen=True)
class ExportCheck:
    """One check of an export.

    Attributes
    ----------
    name : str
        What was checked.
    outcome : {'passed', 'failed', 'not run'}
    detail : str
        What was found, or why it was not run.
    by : str
        'Colophon' or the public tool.
    """

    name: str
    outcome: CheckStatus
    detail: str
    by: str = "Colophon"

    def as_dict(self) -> dict[str, str]:
        """Return a JSON-able dictionary."""
        return {"name": self.name, "outcome": self.outcome, "detail": self.detail, "by": self.by}
