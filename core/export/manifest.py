"""What the ``manifest.json`` of an export says, as a typed record, whichever version of Colophon wrote it.

:class:`QualityReport` is how good the accepted labels are: the numbers, measured elsewhere, that README and manifest
tell.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any, Self

from pydantic import Field, PrivateAttr

from core.formatting import plain, read_json
from core.manifests import MANIFEST, Record, SourceFile, Texts

__all__ = [
    "BundleColumn",
    "BundleCounts",
    "BundleExport",
    "BundleFile",
    "BundleLabels",
    "BundleManifest",
    "BundleModel",
    "BundlePolicy",
    "BundleSet",
    "BundleSettings",
    "BundleTerm",
    "ClassFigures",
    "ExportedFigures",
    "MeasuredRate",
    "PolicyFigures",
    "QualityReport",
    "read_bundle_manifest",
]


class BundleSettings(Record):
    """What a person chose; of all (see :class:`core.export.settings.ExportSettings`) what its card tells."""

    title: str = ""
    dataset: str = ""
    publisher: str = ""
    contact: str = ""
    homepage: str = ""
    predictions: str = ""
    run_id: str = ""


class BundleExport(Record):
    """Which export it is: identifier, moment (ISO 8601), licence, and the settings to repeat it."""

    id: str
    created: str
    licence: str | None = None
    settings: BundleSettings = BundleSettings()


class BundleModel(Record):
    """The model that decided; ``run`` names its predictions with the cuts."""

    id: str
    version: str
    calibrated: bool = False
    run: str | None = None


class BundleTerm(Record):
    """The term that stands for a label in the catalogue, with its address or the vocabulary it is from."""

    term: str
    uri: str | None = None
    source: str | None = None


class BundleLabels(Record):
    """Label → term, and what the library answered to the question on them (None or '': nothing yet)."""

    terms: dict[str, BundleTerm]
    question: str
    answer: str | None = None


class BundlePolicy(Record):
    """How it was decided: cuts (confidence, 0 to 1) by class, and in sentences."""

    cuts: dict[str, float]
    order: str
    accepted_when: str
    applies_to: str | None = None


class BundleCounts(Record):
    """How many records were loaded, exported, and decided how; None where an early export did not count them.

    ``with_any_label`` is of an export of several sets of labels alone.
    """

    exported: int
    loaded: int | None = None
    accepted: int | None = None
    curator: int | None = None
    abstained: int | None = None
    human_label_kept: int | None = None
    conflicts: int | None = None
    rejected: int | None = None
    not_matched: int | None = None
    with_any_label: int | None = None
    by_label_and_language: dict[str, dict[str, int]] = Field(default_factory=dict)


class BundleSet(Record):
    """A further set of labels in the same export, with a model, cuts, counts and figures of its own.

    Attributes
    ----------
    name : str
        Of its predictions.
    columns_end_in : str
        What its columns of the flat files end in.
    """

    name: str
    columns_end_in: str
    model: BundleModel
    labels: BundleLabels
    policy: BundlePolicy
    counts: BundleCounts
    quality: dict[str, Any] | None = None
    assigned: str | None = None


class BundleFile(Record):
    """A file of the bundle; ``records`` is None where it holds none."""

    name: str
    records: int | None = None
    about: str


class BundleColumn(Record):
    """A column of the flat files."""

    name: str
    type: str = ""
    origin: str = ""
    meaning: str = ""


class BundleManifest(Record):
    """The ``manifest.json`` of an export.

    Attributes
    ----------
    export, model, labels, policy, counts
        See their classes.
    input, files, columns
        One record each.
    quality : mapping, optional
        What was measured, as :class:`core.export.manifest.QualityReport` reads it; None in early exports.
    assigned : str, optional
        Who assigned the labels, in a sentence; None in early exports.
    decisions : mapping
        Decision → what it means, for each part that the records fall into.
    limits : tuple of str
        What the labels are not for.
    also : tuple of BundleSet
        Further sets of labels.
    """

    schema_version: int = 1
    export: BundleExport
    model: BundleModel
    labels: BundleLabels
    policy: BundlePolicy
    counts: BundleCounts
    input: Annotated[tuple[SourceFile, ...], Field(strict=False)] = ()
    files: Annotated[tuple[BundleFile, ...], Field(strict=False)]
    columns: Annotated[tuple[BundleColumn, ...], Field(strict=False)] = ()
    decisions: dict[str, str] = Field(default_factory=dict)
    quality: dict[str, Any] | None = None
    assigned: str | None = None
    limits: Texts = ()
    also: Annotated[tuple[BundleSet, ...], Field(strict=False)] = ()

    @property
    def each(self) -> tuple["BundleManifest | BundleSet", ...]:
        """Return what is said of every set of labels, the first one first."""
        return (self, *self.also)

    @property
    def marks(self) -> tuple[str, ...]:
        """Return what the columns of each set end in; '' for the first."""
        return ("", *(each.columns_end_in for each in self.also))


def read_bundle_manifest(folder: Path) -> BundleManifest:
    """Return the manifest in the folder of an unpacked export.

    Raises
    ------
    InputError
        It is missing, is no JSON object, or has another shape; the message names the key.
    """
    return BundleManifest.parse(read_json(folder / MANIFEST), f"the {MANIFEST}")


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
    right_at_least: float | None = None


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
