"""The cards of a model, an export bundle and a label set, of measured numbers and visibly unfilled parts."""

import math
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import pandas as pd

from core.errors import DamagedError, NotFoundError
from core.evaluation import KnownLanguage, known_languages
from core.export.manifest import BundleManifest, QualityReport
from core.export.sentences import quality_sentences
from core.facets import facet_values
from core.labels import LabelSet
from core.manifests import MeasuredPart, ModelManifest, ModelMetrics, Rate, SourceFile, read_metrics
from core.models import KINDS
from core.models.registry import labelled_by_rules, training_books, weights_digest
from core.sharing.card_text import (
    CardMetadata,
    Citation,
    language_codes,
    licence_of,
    published_sources,
    render_card,
    size_of,
)
from core.storage import Artifact, Workspace
from core.translation import in_english
from core.wording.evaluation import bases_in_words, unknown_sentences

if TYPE_CHECKING:
    from huggingface_hub import DatasetCardData, ModelCardData

__all__ = [
    "BUNDLE",
    "Figure",
    "bundle_card",
    "bundle_citation",
    "eval_results",
    "figures",
    "is_invented",
    "label_card",
    "label_citation",
    "languages_learned",
    "languages_of_model",
    "model_card",
    "model_citation",
]

RULES: Final = (
    "The labels were given by rules (labelling functions), not by people: the figures say how well the model learned"
    " the rules, not how often it is right."
)
_NO_CUT: Final = "the most probable class, no cut"


class Figure(NamedTuple):
    """One measured rate, which is defined: what, and on which split (``test``, ``out_of_fold`` or ``titles_alone``)."""

    metric: str
    title: str
    split: str
    rate: Rate


def figures(metrics: ModelMetrics) -> Iterator[Figure]:
    """Yield the defined rates of ``metrics.json``, overall ones first; what is undefined is left out."""
    for split, part in _parts(metrics).items():
        rates = [("accuracy", "Accuracy", part.accuracy), ("f1", "Macro F1", part.macro_f1)]
        for name, item in sorted(part.per_class.items()):
            rates += [
                ("precision", f"Precision of {name}", item.precision),
                ("recall", f"Recall of {name}", item.recall),
            ]
        yield from (Figure(metric, title, split, rate) for metric, title, rate in rates if rate.defined)


def _parts(metrics: ModelMetrics) -> dict[str, MeasuredPart]:
    return {"test": metrics.test, "out_of_fold": metrics.out_of_fold, "titles_alone": metrics.titles_alone}


def eval_results(manifest: ModelManifest, metrics: ModelMetrics, *, by_rules: bool = False) -> list[Any]:
    """Return the figures as ``huggingface_hub.EvalResult``: one a figure, with n and interval in its arguments.

    Parameters
    ----------
    by_rules : bool
        Whether rules gave the labels, which the name of the data set then says.
    """
    from huggingface_hub import EvalResult

    labels = manifest.labels or "labels"
    return [
        EvalResult(
            task_type="text-classification",
            task_name="Genre from the title of a catalogue record",
            dataset_type=f"colophon-labels-{manifest.labels_fingerprint or 'unknown'}",
            dataset_name=f"{labels} (labelled by rules, not by people)" if by_rules else labels,
            dataset_split=figure.split,
            dataset_revision=manifest.labels_fingerprint or None,
            metric_type=figure.metric,
            metric_value=round(figure.rate.value, 6),
            metric_name=f"{figure.title} ({figure.split.replace('_', ' ')})",
            metric_config=_NO_CUT,
            metric_args={
                "n": figure.rate.n,
                "low": round(figure.rate.low, 6),
                "high": round(figure.rate.high, 6),
                "confidence": 0.95,
            },
        )
        for figure in figures(metrics)
    ]


def languages_learned(workspace: Workspace, manifest: ModelManifest, books: pd.DataFrame) -> pd.Series:
    """Return the language of each training book ('' where it is not known or the label set is not at hand)."""
    from core.labels import load_labels

    try:
        records = load_labels(workspace, manifest.labels_fingerprint).records()
    except (NotFoundError, DamagedError):
        return pd.Series("", index=books.index, dtype="str")
    known = records.drop_duplicates("record_id").set_index("record_id")["language"]
    return books["record_id"].map(known).fillna("").astype("str")


def languages_of_model(workspace: Workspace, artifact: Artifact[ModelManifest]) -> tuple[KnownLanguage, ...]:
    """Return what is known of each language by a model's out-of-fold answers for the books it learned from."""
    from core.models.preparation import predictions_table
    from core.schema import LABEL, PREDICTED, probability_column

    manifest, books = artifact.manifest, training_books(artifact.path)
    columns = [probability_column(name) for name in manifest.classes]
    books = books[(books["source"] == "person") & books[columns].notna().all(axis=1)]
    language = languages_learned(workspace, manifest, books)
    if not language.ne("").any():
        return ()
    predicted = predictions_table(books[columns].to_numpy(dtype=float), manifest.classes)[PREDICTED]
    return known_languages(language, books[LABEL], predicted, manifest.classes)


def _at_hand(workspace: Workspace, manifest: ModelManifest) -> bool:
    try:
        workspace.find("labels", manifest.labels_fingerprint)
    except (NotFoundError, DamagedError):
        return False
    return True


def _confusion(test: MeasuredPart, who: str) -> tuple[list[str], list[Any]]:
    columns = sorted({name for row in test.confusion.values() for name in row})
    body = [(truth, *(row.get(name, 0) for name in columns)) for truth, row in sorted(test.confusion.items())]
    return [f"said by {who}", *columns], body


def _errors_by_language(
    workspace: Workspace, manifest: ModelManifest, books: pd.DataFrame, language: pd.Series
) -> tuple[list[Any] | None, list[str]]:
    """Return the rows of the table by language, and of which languages nothing is known.

    There are no rows where no language is known; None where the labels are gone.
    """
    from core.evaluation import by_value
    from core.models.preparation import predictions_table
    from core.schema import CORRECT, LABEL, PREDICTED, probability_column

    classes = manifest.classes
    columns = [probability_column(name) for name in classes]
    usable = (books["source"] == "person") & books[columns].notna().all(axis=1) & books[columns].notna().all(axis=1)
    if not (language[usable] != "").any():
        return None if usable.any() and not _at_hand(workspace, manifest) else [], []
    table = predictions_table(books.loc[usable, columns].to_numpy(dtype=float), classes)
    table[CORRECT] = table[PREDICTED].to_numpy() == books.loc[usable, LABEL].to_numpy()
    error_rates = by_value(table, language[usable].replace("", "no language"))
    languages = known_languages(language[usable], books.loc[usable, LABEL], table[PREDICTED], classes)
    recalled = {
        entry.language: ", ".join(f"{part.right:,} of {part.n:,} {part.name}" for part in entry.classes)
        for entry in languages
    }
    recalled["no language"] = recalled.pop("", "")
    rows = [
        (
            value,
            n,
            errors,
            "too few for a rate" if math.isnan(rate) else f"{rate:.3f} ({low:.3f} to {high:.3f})",
            recalled[value],
        )
        for value, n, errors, rate, low, high in error_rates[
            ["value", "n", "errors", "error_rate", "low", "high"]
        ].itertuples(index=False)
    ]
    return rows, unknown_sentences(languages)


# --- The model card: what a model is, what it was measured to do, and what is not known -------------------------------
# Sections as in the Hub's model card template (after M. Mitchell and others, *Model Cards for Model Reporting*, 2019).
# Every number is read from the model's own files; what only people know is visibly unfilled.


@in_english()
def model_card(workspace: Workspace, artifact: Artifact[ModelManifest], metadata: CardMetadata | None = None) -> str:
    """Return the text of a model's card (README.md with its front matter).

    Parameters
    ----------
    artifact : Artifact
        The model, as :meth:`core.storage.Workspace.find` returns it. It is not loaded.
    metadata : CardMetadata, optional
        What a person said of it.
    """
    given, manifest = metadata or CardMetadata(), artifact.manifest
    metrics, books = read_metrics(artifact.path), training_books(artifact.path)
    by_rules = labelled_by_rules(workspace, manifest)
    language = languages_learned(workspace, manifest, books)
    counts = language.replace("", "no language").value_counts().to_dict()
    error_rows, unknown = _errors_by_language(workspace, manifest, books, language)
    return render_card(
        "model.md.jinja",
        _front(artifact, given, metrics, language, by_rules=by_rules),
        artifact=artifact,
        manifest=manifest,
        metadata=given,
        citation=model_citation(workspace, artifact, given),
        kind=KINDS.get(manifest.model_kind),
        built_on=_built_on(manifest),
        weights_sha256=manifest.weights_sha256 or weights_digest(manifest.files),
        by_rules=by_rules,
        shares=(manifest.plan.shares if manifest.plan else None) or {},
        languages=counts if len(counts) > 1 or "no language" not in counts else {},
        metrics=metrics,
        figure_rows=[
            (
                figure.title,
                f"{figure.rate.value:.3f}",
                f"{figure.rate.low:.3f} to {figure.rate.high:.3f}",
                figure.rate.n,
                figure.split,
                figure.rate.method,
            )
            for figure in figures(metrics)
        ],
        confusion=_confusion(metrics.test, "the rules" if by_rules else "people"),
        error_rows=error_rows,
        unknown_languages=unknown,
        RULES=RULES,
        **_training_rows(manifest, books),
    )


@in_english()
def model_citation(workspace: Workspace, artifact: Artifact[ModelManifest], metadata: CardMetadata) -> Citation:
    """Return what a citation of the model is made of."""
    return Citation(
        kind="model",
        title=_title(artifact, metadata),
        version=artifact.fingerprint[:8],
        date=artifact.manifest.created_at[:10],
        metadata=metadata,
        built_on=published_sources(workspace, _files_learned_from(workspace, artifact.manifest)),
    )


def _title(artifact: Artifact[ModelManifest], metadata: CardMetadata) -> str:
    return metadata.title or f"Genre from catalogue titles: {artifact.name}"


def _files_learned_from(workspace: Workspace, manifest: ModelManifest) -> list[SourceFile]:
    try:
        return [workspace.find("labels", manifest.labels_fingerprint).manifest.source_file]
    except (NotFoundError, DamagedError):
        return []


def _front(
    artifact: Artifact[ModelManifest],
    metadata: CardMetadata,
    metrics: ModelMetrics,
    language: pd.Series,
    *,
    by_rules: bool,
) -> "ModelCardData":
    from huggingface_hub import ModelCardData

    counts = language.value_counts()
    card_data: dict[str, Any] = {
        "language": language_codes(counts.index[counts >= 10]) or None,
        "license": metadata.licence or None,
        "library_name": "colophon",
        "pipeline_tag": "text-classification",
        "tags": ["lam", "glam", "bibliographic-metadata", "genre", *(["invented-data"] * artifact.manifest.invented)],
        "base_model": _base_model(artifact.manifest),
        "metrics": ["accuracy", "f1", "precision", "recall"],
    }
    results = eval_results(artifact.manifest, metrics, by_rules=by_rules)
    if results:
        card_data |= {"model_name": artifact.name, "eval_results": results}
    return ModelCardData(**card_data)


def _built_on(manifest: ModelManifest) -> str:
    if manifest.bases is None:
        return "not written down when it was trained"
    return bases_in_words(manifest.bases) or "no other model"


def _base_model(manifest: ModelManifest) -> str | None:
    """Return the encoder's name on the Hub; a folder of this machine is nobody else's business."""
    base = str(manifest.plan.options.get("base") or "") if manifest.plan else ""
    return base if base.count("/") == 1 and not base.startswith((".", "/", "~")) and not Path(base).exists() else None


def _training_rows(manifest: ModelManifest, books: pd.DataFrame) -> dict[str, Any]:
    # 'person' stands for the labels that were trained on, whoever gave them; 'function' for those beside them.
    people = books[books["source"] == "person"]
    rows = [
        (name, *(int(((people["label"] == name) & (people["split"] == split)).sum()) for split in _SPLITS))
        for name in manifest.classes
    ]
    return {"n_labelled": len(people), "training_rows": rows}


_SPLITS = ("train", "calibration", "test")


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


@in_english()
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
        _data_front(manifest, citation),
        manifest=manifest,
        citation=citation,
        metadata=citation.metadata,
        invented=invented,
        quality=quality_sentences(QualityReport.parse(manifest.quality or {})),
        BUNDLE=BUNDLE,
        **_rows(manifest),
    )


@in_english()
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


def _data_front(manifest: BundleManifest, citation: Citation) -> "DatasetCardData":
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


@in_english()
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


@in_english()
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
