"""The card of a model, and the numbers that were measured on it."""

import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final, NamedTuple

import pandas as pd

from core.errors import DamagedError, NotFoundError
from core.formatting import in_percent
from core.manifests import MeasuredPart, ModelManifest, ModelMetrics, Rate, SourceFile, read_metrics
from core.models.base import KINDS
from core.models.registry import labelled_by_rules, training_books
from core.sharing.citation import CardMetadata, Citation, published_sources
from core.sharing.dataset_card import datasheet
from core.sharing.wording import BEGIN, END, as_front_matter, inline, join, language_codes, rows, section, unfilled
from core.storage import Artifact, Workspace

__all__ = [
    "RULES",
    "Figure",
    "eval_results",
    "figures",
    "languages_learned",
    "measured_block",
    "model_card",
    "model_citation",
]

SPLITS: Final = {
    "test": "test part: nothing was learned or chosen on it",
    "out_of_fold": "all labelled books, each read by a model that had not seen it",
    "titles_alone": "the same books by their titles alone, as records are read that have nothing else",
}
RULES: Final = (
    "The labels were given by rules (labelling functions), not by people: the figures say how well the model learned"
    " the rules, not how often it is right."
)
_NO_CUT: Final = "the most probable class, no cut"


class Figure(NamedTuple):
    """One measured rate, which is defined: what, and on which split (a key of :data:`SPLITS`)."""

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


def measured_block(workspace: Workspace, manifest: ModelManifest, metrics: ModelMetrics, books: Any) -> str:
    """Return the block of numbers with its marks.

    Parameters
    ----------
    books : DataFrame
        As :func:`core.models.registry.training_books` returns them.
    """
    fingerprints = f"Model {manifest.fingerprint}, trained {manifest.created_at[:10]}"
    if manifest.labels_fingerprint:
        fingerprints += f", on labels {manifest.labels_fingerprint}"
    parts = [f"Measured by Colophon. {inline(fingerprints)}. Intervals are 95 % intervals; n counts books."]
    by_rules = labelled_by_rules(workspace, manifest)
    if by_rules:
        parts.append(f"**{RULES}**")
    defined_figures = list(figures(metrics))
    if defined_figures:
        body = [
            (
                figure.title,
                f"{figure.rate.value:.3f}",
                f"{figure.rate.low:.3f} to {figure.rate.high:.3f}",
                f"{figure.rate.n:,}",
                figure.split,
                figure.rate.method,
            )
            for figure in defined_figures
        ]
        parts.append(rows(("figure", "value", "95 % interval", "n", "measured on", "interval by"), body))
        parts.append("\n".join(f"- *{name}*: {SPLITS[name]}." for name, part in _parts(metrics).items() if part.n))
    else:
        parts.append("No rate is defined: fewer than 10 books could be tested.")
    parts += _calibration(metrics.test)
    parts += _confusion(metrics.test, "the rules" if by_rules else "people")
    parts += _by_language(workspace, manifest, books)
    return "\n\n".join((BEGIN, *parts, END))


def languages_learned(workspace: Workspace, manifest: ModelManifest, books: pd.DataFrame) -> pd.Series:
    """Return the language of each training book ('' where it is not known or the label set is not at hand)."""
    from core.labels import load_labels

    try:
        records = load_labels(workspace, manifest.labels_fingerprint).records()
    except (NotFoundError, DamagedError):
        return pd.Series("", index=books.index, dtype="str")
    known = records.drop_duplicates("record_id").set_index("record_id")["language"]
    return books["record_id"].map(known).fillna("").astype("str")


def _at_hand(workspace: Workspace, manifest: ModelManifest) -> bool:
    try:
        workspace.find("labels", manifest.labels_fingerprint)
    except (NotFoundError, DamagedError):
        return False
    return True


def _calibration(test: MeasuredPart) -> list[str]:
    error, before = test.calibration.ece, test.calibration.ece_uncalibrated
    if math.isnan(error):
        return []
    more = "" if math.isnan(before) else f", {before:.3f} before calibration"
    return [
        f"Expected calibration error on the test part: {error:.3f} (n = {test.n:,}{more}; a distance that"
        " is above 0 by chance alone, so no interval is given)."
    ]


def _confusion(test: MeasuredPart, who: str) -> list[str]:
    if not test.confusion:
        return []
    columns = sorted({name for row in test.confusion.values() for name in row})
    body = [(truth, *(f"{row.get(name, 0):,}" for name in columns)) for truth, row in sorted(test.confusion.items())]
    return [
        f"Books of the test part, by what {who} said (rows) and what the model said (columns):",
        rows((f"said by {who}", *map(inline, columns)), body),
    ]


def _by_language(workspace: Workspace, manifest: ModelManifest, books: pd.DataFrame) -> list[str]:
    from core.evaluation import by_value
    from core.models.preparation import predictions_table
    from core.schema import CORRECT, LABEL, PREDICTED, probability_column

    classes = manifest.classes
    language = languages_learned(workspace, manifest, books)
    columns = [probability_column(name) for name in classes]
    usable = (books["source"] == "person") & books[columns].notna().all(axis=1)
    if not (language[usable] != "").any():
        gone = usable.any() and not _at_hand(workspace, manifest)
        return ["Errors by language are not given: the labels it learned from are not at hand."] if gone else []
    table = predictions_table(books.loc[usable, columns].to_numpy(dtype=float), classes)
    table[CORRECT] = table[PREDICTED].to_numpy() == books.loc[usable, LABEL].to_numpy()
    error_rates = by_value(table, language[usable].replace("", "no language"))
    body = [
        (
            value,
            f"{n:,}",
            f"{errors:,}",
            "too few for a rate" if math.isnan(rate) else f"{rate:.3f} ({low:.3f} to {high:.3f})",
        )
        for value, n, errors, rate, low, high in error_rates[
            ["value", "n", "errors", "error_rate", "low", "high"]
        ].itertuples(index=False)
    ]
    return [
        "Errors by language (out of fold), with a Wilson interval; below 10 books only counts are given:",
        rows(("language", "n", "wrong", "error rate (95 % interval)"), body),
    ]


# --- The model card: what a model is, what it was measured to do, and what is not known -------------------------------
# Sections as in the Hub's model card template (after M. Mitchell and others, *Model Cards for Model Reporting*, 2019).
# Every number is read from the model's own files; what only people know is visibly unfilled.


_START = """```
colophon pull USER/NAME --as {name}
colophon predict --model {name} --corpus CATALOGUE
```"""


def model_card(workspace: Workspace, artifact: Artifact[ModelManifest], metadata: CardMetadata | None = None) -> str:
    """Return the text of a model's card (README.md with its front matter).

    Parameters
    ----------
    artifact : Artifact
        The model, as :meth:`core.storage.Workspace.find` returns it. It is not loaded.
    metadata : CardMetadata, optional
        What a person said of it.
    """
    given = metadata or CardMetadata()
    metrics = read_metrics(artifact.path)
    books = training_books(artifact.path)
    front = _front(workspace, artifact, given, metrics, books)
    return join(front, _body(workspace, artifact, given, metrics, books))


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
    workspace: Workspace,
    artifact: Artifact[ModelManifest],
    metadata: CardMetadata,
    metrics: ModelMetrics,
    books: pd.DataFrame,
) -> dict[str, Any]:
    from huggingface_hub import ModelCardData

    counts = languages_learned(workspace, artifact.manifest, books).value_counts()
    card_data: dict[str, Any] = {
        "language": language_codes(counts.index[counts >= 10]) or None,
        "license": metadata.licence or None,
        "library_name": "colophon",
        "pipeline_tag": "text-classification",
        "tags": ["lam", "glam", "bibliographic-metadata", "genre", *(["invented-data"] * artifact.manifest.invented)],
        "base_model": _base_model(artifact.manifest),
        "metrics": ["accuracy", "f1", "precision", "recall"],
    }
    results = eval_results(artifact.manifest, metrics, by_rules=labelled_by_rules(workspace, artifact.manifest))
    if results:
        card_data |= {"model_name": artifact.name, "eval_results": results}
    return as_front_matter(ModelCardData(**card_data))


def _body(
    workspace: Workspace,
    artifact: Artifact[ModelManifest],
    metadata: CardMetadata,
    metrics: ModelMetrics,
    books: pd.DataFrame,
) -> str:
    manifest = artifact.manifest
    kind = KINDS.get(manifest.model_kind)
    classes = ", ".join(map(inline, manifest.classes))
    citation = model_citation(workspace, artifact, metadata)
    by_rules = labelled_by_rules(workspace, manifest)
    invented = "**Trained on invented records: a demonstration, of no use for a real catalogue.**"
    return "\n\n".join(
        part
        for part in (
            f"# {inline(_title(artifact, metadata))}",
            f"Reads the title of a catalogue record and says how probable each class is: {classes}.",
            invented if manifest.invented else "",
            f"**{RULES}**" if by_rules else "",
            section(2, "Model details"),
            "\n".join(
                (
                    f"- **Developed by:** {_or_unfilled(metadata.library, 'the library that made it')}",
                    f"- **Model type:** {inline(kind.title if kind else manifest.model_kind)}",
                    f"- **Classes:** {classes}",
                    f"- **Licence:** {_or_unfilled(metadata.licence, 'the licence')}",
                    f"- **Fingerprint:** {artifact.fingerprint}",
                    f"- **Made:** {inline(manifest.created_at[:10])}",
                    f"- **Homepage:** {_or_unfilled(metadata.homepage, 'where to read more')}",
                )
            ),
            inline(kind.description) if kind else "",
            section(2, "Uses"),
            section(
                3,
                "Direct use",
                "To suggest a class for catalogue records by their titles. A suggestion enters a catalogue only above a"
                " cut whose error rate was measured on books drawn from that catalogue.",
            ),
            section(3, "Downstream use", unfilled("what it was built into, if anything")),
            section(
                3,
                "Out-of-scope use",
                "It has read titles, not books. It is not for judging a book, an author or a reader, nor for titles in"
                " languages that are missing from the table by language.",
                unfilled("other uses that should be ruled out"),
            ),
            section(
                2,
                "Bias, risks and limitations",
                f"It repeats {_WHAT_IT_REPEATS[by_rules]} and the practice of one catalogue. A wrong"
                " label hides a book from readers who search by genre.",
                *map(inline, manifest.sentences),
                unfilled("known failures, offensive historical terms in titles, who is affected by errors"),
            ),
            section(
                3,
                "Recommendations",
                "Measure it on at least some hundred books drawn at random from your own catalogue before any label is"
                " accepted, and look at languages and decades apart.",
            ),
            section(2, "How to get started", _START.format(name=artifact.name)),
            section(2, "Training details"),
            section(3, "Training data", *_training_data(manifest, books, by_rules)),
            datasheet(
                3,
                "Datasheet of the labels (digital cultural heritage)",
                _known_answers(workspace, manifest, books, metadata),
            ),
            section(3, "Training procedure", *_procedure(manifest)),
            section(2, "Evaluation"),
            section(
                3,
                "Testing data, factors and metrics",
                f"Tested on books that {'rules' if by_rules else 'people'} labelled; editions of one title are always"
                " on one side of the split. Factors: class"
                " and language. Accuracy, precision, recall and F1 at the most probable class; the calibration error"
                " says how far confidences are from the share that is right.",
            ),
            section(3, "Results", measured_block(workspace, manifest, metrics, books)),
            section(
                2,
                "Model examination",
                (
                    "For models that weigh words, Colophon shows what each word of a title contributes to the answer."
                    if kind and kind.weighs_words
                    else "Colophon shows how the answer changes when a word of a title is left out."
                ),
            ),
            section(
                2,
                "Environmental impact",
                f"Training took {_seconds(manifest)} on {inline(manifest.device or 'an unknown device')}."
                " Emissions were not measured.",
            ),
            section(
                2,
                "Technical specifications",
                "Files: safetensors, JSON and Parquet; nothing in them is run. `manifest.json` names each file with its"
                " SHA-256, and `colophon pull` checks them. `training.parquet` holds titles and labels of the training"
                " books, so that no book is ever scored by a model that learned from it.",
            ),
            section(2, "Citation", inline(citation.sentence)),
            section(
                2,
                "Glossary",
                "*Calibrated*: of the titles with confidence 0.9, about nine in ten are right. *Out of fold*: measured"
                " by a model that did not learn from the book. *Macro F1*: the mean of the classes' F1, each class"
                " counting the same.",
            ),
            section(2, "Model card authors", _or_unfilled(metadata.library, "who wrote this card")),
            section(2, "Model card contact", _or_unfilled(metadata.contact, "whom to ask")),
        )
        if part
    )


def _or_unfilled(value: str, what: str) -> str:
    return inline(value) if value else unfilled(what)


def _base_model(manifest: ModelManifest) -> str | None:
    """Return the encoder's name on the Hub; a folder of this machine is nobody else's business."""
    base = str(manifest.plan.options.get("base") or "") if manifest.plan else ""
    return base if base.count("/") == 1 and not base.startswith((".", "/", "~")) and not Path(base).exists() else None


_WHAT_IT_REPEATS = {False: "the choices of those who labelled its books", True: "the rules that labelled its books"}


def _training_data(manifest: ModelManifest, books: pd.DataFrame, by_rules: bool) -> list[str]:
    # 'person' stands for the labels that were trained on, whoever gave them; 'function' for those beside them.
    people = books[books["source"] == "person"]
    body = [
        (name, *(f"{int(((people['label'] == name) & (people['split'] == split)).sum()):,}" for split in _SPLITS))
        for name in manifest.classes
    ]
    paragraphs = [
        (
            f"Labels “{inline(manifest.labels)}” ({inline(manifest.labels_fingerprint)}):"
            f" {len(people):,} books labelled by"
            f" {'rules (labelling functions), not by people' if by_rules else 'people'}."
        ),
        rows(("class", *(f"books ({split})" for split in _SPLITS)), body),
    ]
    if manifest.n_weak:
        paragraphs.append(f"{manifest.n_weak:,} further labels were made by labelling functions, not by people.")
    if manifest.reads:
        paragraphs.append(
            f"Beside the title it reads {', '.join(map(inline, manifest.reads))}. Each book was learned"
            " with that and by its title alone; records without it are judged by their titles."
        )
    return [*paragraphs, *map(inline, manifest.leak.sentences if manifest.leak else ())]


_SPLITS = ("train", "calibration", "test")


def _procedure(manifest: ModelManifest) -> list[str]:
    shares = (manifest.plan.shares if manifest.plan else None) or {}
    parts = ", ".join(f"{inline(name)} {in_percent(share)}" for name, share in shares.items())
    return [
        "\n".join(
            (
                f"- **Seed:** {'' if manifest.seed is None else manifest.seed}",
                f"- **Split, by title:** {parts}",
                f"- **Learned again from all books after the test:** {'yes' if manifest.refit else 'no'}",
                f"- **Calibration:** {inline(manifest.calibration)}",
                f"- **Books the final model learned from:** {manifest.n_train or 0:,}",
            )
        )
    ]


def _seconds(manifest: ModelManifest) -> str:
    return "an unknown time" if manifest.seconds is None else f"{manifest.seconds:,.0f} seconds"


def _known_answers(
    workspace: Workspace, manifest: ModelManifest, books: pd.DataFrame, metadata: CardMetadata
) -> dict[str, str]:
    """Return the answers to the datasheet that follow from measured facts."""
    known = {
        "preprocessing": "Colophon reads titles as they stand; editions are grouped by their normalised title.",
        "version": f"Labels {inline(manifest.labels_fingerprint)}.",
    }
    counts = languages_learned(workspace, manifest, books).replace("", "no language").value_counts()
    if len(counts) > 1 or "no language" not in counts.index:
        listed = ", ".join(f"{inline(name)} {count:,}" for name, count in counts.items())
        known["composition"] = f"Books by language: {listed}."
    if metadata.licence:
        known["distribution"] = f"Licence of this model: {inline(metadata.licence)}."
    sources = published_sources(workspace, _files_learned_from(workspace, manifest))
    if sources:
        known["provenance"] = " ".join(
            f"{inline(source.citation)}, licence {inline(source.licence)}." for source in sources
        )
    return known
