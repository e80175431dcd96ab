"""What the ``manifest.json`` of an export says, as a typed record, whichever version of Colophon wrote it."""

from pathlib import Path
from typing import Annotated, Any

from pydantic import Field

from core.manifests import MANIFEST, Record, SourceFile, Texts
from core.text_formats import read_json

__all__ = [
    "BundleColumn",
    "BundleCounts",
    "BundleExport",
    "BundleFile",
    "BundleLabels",
    "BundleManifest",
    "BundleModel",
    "BundlePolicy",
    "BundleSettings",
    "BundleTerm",
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
    """How many records were loaded, exported, and decided how; None where an early export did not count them."""

    exported: int
    loaded: int | None = None
    accepted: int | None = None
    curator: int | None = None
    abstained: int | None = None
    human_label_kept: int | None = None
    conflicts: int | None = None
    rejected: int | None = None
    not_matched: int | None = None
    by_label_and_language: dict[str, dict[str, int]] = Field(default_factory=dict)


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
        What was measured, as :class:`core.export.quality.QualityReport` reads it; None in early exports.
    assigned : str, optional
        Who assigned the labels, in a sentence; None in early exports.
    decisions : mapping
        Decision → what it means, for each part that the records fall into.
    limits : tuple of str
        What the labels are not for.
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


def read_bundle_manifest(folder: Path) -> BundleManifest:
    """Return the manifest in the folder of an unpacked export.

    Raises
    ------
    InputError
        It is missing, is no JSON object, or has another shape; the message names the key.
    """
    return BundleManifest.parse(read_json(folder / MANIFEST), f"the {MANIFEST}")
