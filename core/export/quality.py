"""How good the accepted labels of an export are: the numbers, measured elsewhere, that README and manifest tell."""

from collections.abc import Iterator, Mapping
from typing import Any, Self

from pydantic import Field, PrivateAttr

from core.manifests import Record, Texts
from core.text_formats import plain

__all__ = ["ClassFigures", "ExportedFigures", "MeasuredRate", "PolicyFigures", "QualityReport"]


class MeasuredRate(Record):
    """A number with its 95 % interval over n books; None where it is undefined, and then `reason` may say why."""

    value: float | None = None
    low: float | None = None
    high: float | None = None
    n: int | None = None
    reason: str = ""


class ClassFigures(Record):
    """How often what is accepted as one class is right; earlier versions called it precision."""

    accuracy: MeasuredRate | None = None
    precision: MeasuredRate | None = None


class PolicyFigures(Record):
    """What the thresholds' report says: the share right above the cut, and how many wrong ones to expect there."""

    accuracy: MeasuredRate | None = None
    per_class: dict[str, ClassFigures] = Field(default_factory=dict)
    expected_errors: MeasuredRate | None = None


class ExportedFigures(Record):
    """The same of those records alone that carry a machine's label in the export and that no curator has seen."""

    machine_labels: int
    checked: int = 0
    expected_errors: MeasuredRate | None = None


class QualityReport(Record):
    """The numbers behind the quality of an export.

    Attributes
    ----------
    policy : PolicyFigures
    evaluation : mapping
        What :meth:`core.evaluation.Evaluation.as_dict` says.
    exported : ExportedFigures, optional
        None in early exports.
    checked_by : str
        Which records were checked, in words.
    selected_on_these : bool
        Whether the cuts were set by hand with the very labels in view that measure them.
    warnings : tuple of str
        In which respects the checked records are not like the others.
    """

    policy: PolicyFigures = PolicyFigures()
    evaluation: dict[str, Any] = Field(default_factory=dict)
    exported: ExportedFigures | None = None
    checked_by: str = "checked records"
    selected_on_these: bool = False
    warnings: Texts = ()
    _content: Mapping[str, Any] = PrivateAttr(default_factory=dict)

    @classmethod
    def parse(cls, content: Mapping[str, Any], file: str = "the quality of the export") -> Self:
        """Return what a manifest, or the reports themselves, say; an undefined number (NaN) becomes None."""
        known = plain(content)
        report = super().parse({name: value for name, value in known.items() if value is not None}, file)
        report._content = known
        return report

    def as_dict(self) -> dict[str, Any]:
        """Return what was read, as it came."""
        return dict(self._content)

    @property
    def measured(self) -> bool:
        """Whether it is known how often an accepted label is right."""
        return self.policy.accuracy is not None and self.policy.accuracy.value is not None

    def rates(self) -> Iterator[tuple[str, MeasuredRate]]:
        """Yield every rate that was measured of the cuts and of the model, by name, such as 'policy-accuracy'."""
        for part in ("policy", "evaluation"):
            for name, rate in sorted((self._content.get(part) or {}).items()):
                if isinstance(rate, Mapping) and isinstance(rate.get("value"), int | float):
                    yield f"{part}-{name}", MeasuredRate.parse(rate, name)
