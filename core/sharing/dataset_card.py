"""The cards of an export bundle and of a label set."""

from collections import Counter
from typing import TYPE_CHECKING, Any

from core.errors import DamagedError, NotFoundError
from core.export.manifest import BundleManifest
from core.export.quality import QualityReport
from core.export.readme import quality_sentences
from core.facets import facet_values
from core.labels import LabelSet
from core.sharing.citation import CardMetadata, Citation, published_sources
from core.sharing.wording import language_codes, licence_of, render_card, size_of
from core.storage import Workspace

if TYPE_CHECKING:
    from huggingface_hub import DatasetCardData

__all__ = [
    "BUNDLE",
    "bundle_card",
    "bundle_citation",
    "is_invented",
    "label_card",
    "label_citation",
]

# --- The dataset card of an export bundle -----------------------------------------------------------------------------


BUNDLE = "bundle"  # the folder of a shared data set that holds the export exactly as it was written
_DECISIONS = {
    "loaded": "records",
    "accepted": "accepted by the machine",
    "curator": "labelled by a curator in review",
    "abstained": "left for review",
    "human_label_kept": "a person's label was kept",
    "conflicts": "of these, the machine says otherwise",
    "rejected": "refused by a curator",
    "not_matched": "without a prediction",
}
_TABLES = ("data/accepted.parquet", "data/accepted.csv", "data/accepted.jsonl")


def bundle_card(manifest: BundleManifest, citation: Citation, *, invented: bool = False) -> str:
    """Return the text of the dataset card (README.md with its front matter).

    Parameters
    ----------
    citation : Citation
        See :func:`bundle_citation`.
    invented : bool
        See :func:`is_invented`.
    """
    return render_card(
        "bundle.md.jinja",
        _front(manifest, citation),
        manifest=manifest,
        citation=citation,
        metadata=citation.metadata,
        invented=invented,
        quality=quality_sentences(QualityReport.parse(manifest.quality or {})),
        BUNDLE=BUNDLE,
        **_rows(manifest),
    )


def bundle_citation(workspace: Workspace, manifest: BundleManifest, metadata: CardMetadata) -> Citation:
    """Return what a citation of an export is made of."""
    export, settings = manifest.export, manifest.export.settings
    title = metadata.title or settings.title or f"Machine-assigned genre for {settings.dataset or 'a catalogue'}"
    given = CardMetadata(
        title=str(title),
        licence=metadata.licence or licence_of(export.licence or ""),
        library=metadata.library or settings.publisher,
        contact=metadata.contact or settings.contact,
        homepage=metadata.homepage or _web(settings.homepage),
    )
    return Citation(
        kind="dataset",
        title=str(title),
        version=f"{manifest.model.version or 'unknown'}+{export.created[:10]}",
        date=export.created[:10],
        metadata=given,
        built_on=published_sources(workspace, manifest.input),
    )


def is_invented(workspace: Workspace, manifest: BundleManifest) -> bool:
    """Say whether an export is of invented records, where the predictions it was made of are still in the workspace."""
    settings = manifest.export.settings
    run = settings.predictions or settings.run_id
    try:
        return workspace.find("predictions", run).manifest.invented
    except (NotFoundError, DamagedError):
        return False


def _web(address: str) -> str:
    return address if address.startswith(("https://", "http://")) else ""


def _front(manifest: BundleManifest, citation: Citation) -> "DatasetCardData":
    from huggingface_hub import DatasetCardData

    counts, metadata = manifest.counts, citation.metadata
    languages = {name for group in counts.by_label_and_language.values() for name in group}
    card_data: dict[str, Any] = {
        "license": metadata.licence or None,
        "language": language_codes(languages) or None,
        "pretty_name": citation.title,
        "annotations_creators": [*(["expert-generated"] if counts.curator else []), "machine-generated"],
        "task_categories": ["text-classification"],
        "size_categories": [size_of(counts.exported)],
        "source_datasets": ["original"],
        "tags": ["lam", "glam", "bibliographic-metadata"],
    }
    file_names = {file.name for file in manifest.files}
    table = next((name for name in _TABLES if name in file_names), None)
    if table:
        files = [{"split": "train", "path": f"{BUNDLE}/{table}"}]
        card_data["configs"] = [{"config_name": "default", "data_files": files}]
    return DatasetCardData(**card_data)


def _rows(manifest: BundleManifest) -> dict[str, Any]:
    """Return what the tables of the card hold, by name."""
    counts = manifest.counts.as_dict()
    languages: Counter[str] = Counter()
    for group in manifest.counts.by_label_and_language.values():
        languages.update(group)
    return {
        "file_rows": [
            (file.name, "–" if file.records is None else file.records, file.about) for file in manifest.files
        ],
        "column_rows": [(column.name, column.type, column.origin, column.meaning) for column in manifest.columns],
        "cut_rows": [(name, f"{cut:.4g}") for name, cut in sorted(manifest.policy.cuts.items())],
        "decision_rows": [(words, int(counts[name])) for name, words in _DECISIONS.items() if name in counts],
        "languages": sorted(languages.items(), key=lambda entry: (-entry[1], entry[0])),
    }


# --- The dataset card of a label set: how many books people labelled, how, and what is not known of it ----------------


def label_citation(workspace: Workspace, labels: LabelSet, metadata: CardMetadata) -> Citation:
    """Return what a citation of a label set is made of."""
    title = metadata.title or f"Genre labels of catalogue records: {labels.name}"
    return Citation(
        kind="dataset",
        title=title,
        version=labels.fingerprint[:8],
        date=labels.manifest.created_at[:10],
        metadata=metadata,
        built_on=published_sources(workspace, [labels.manifest.source_file]),
    )


def label_card(workspace: Workspace, labels: LabelSet, metadata: CardMetadata | None = None) -> str:
    """Return the text of a label set's dataset card (README.md with its front matter)."""
    from huggingface_hub import DatasetCardData

    given = metadata or CardMetadata()
    citation = label_citation(workspace, labels, given)
    table, records, annotations = labels.table(), labels.records(), labels.annotations()
    usable = table["label"] != ""
    languages = records.loc[usable.to_numpy(), "language"]
    known_languages = languages.value_counts()
    by_people = (table["source"] == "person").any()
    front: dict[str, Any] = {
        "license": given.licence or None,
        "language": language_codes(str(item) for item in known_languages.index) or None,
        "pretty_name": citation.title,
        # Whether people were experts or a crowd is not in the file, so neither is claimed.
        "annotations_creators": ["other" if by_people else "machine-generated"],
        "task_categories": ["text-classification"],
        "size_categories": [size_of(int(usable.sum()))],
        "source_datasets": ["original"],
        "tags": ["lam", "glam", "bibliographic-metadata"],
    }
    counted = {"class": table.loc[usable, "label"].value_counts().to_dict()}
    for facet in ("language", "decade"):
        counted[facet] = facet_values(records[usable.to_numpy()], facet).value_counts().to_dict()
    return render_card(
        "labels.md.jinja",
        DatasetCardData(**front),
        labels=labels,
        manifest=labels.manifest,
        citation=citation,
        metadata=given,
        n_rows=len(annotations),
        n_books=len(table),
        n_usable=int(usable.sum()),
        n_disagreeing=int(table["disagreeing"].sum()),
        n_annotators=int(annotations["annotator"].replace("", None).nunique()),
        counted=counted,
    )
