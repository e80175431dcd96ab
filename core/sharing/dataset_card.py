"""The cards of an export bundle and of a label set, with the questions of a datasheet.

Source: H. Alkemade and others, *Datasheets for Digital Cultural Heritage Datasets*, Journal of Open Humanities Data
9:17 (2023); headings as used by datasheets after version 2 of its template (2025).
"""

from collections.abc import Mapping
from typing import Any, Final

from core.errors import DamagedError, NotFoundError
from core.export.readme import quality_sentences
from core.facets import facet_values
from core.labels import LabelSet
from core.manifests import BundleManifest
from core.sharing.citation import CardMetadata, Citation, published_sources
from core.sharing.wording import (
    BEGIN,
    END,
    as_front_matter,
    inline,
    join,
    language_codes,
    licence_of,
    rows,
    section,
    size_of,
    unfilled,
)
from core.storage import Workspace

__all__ = [
    "BUNDLE",
    "HEADINGS",
    "bundle_card",
    "bundle_citation",
    "datasheet",
    "is_invented",
    "label_card",
    "label_citation",
]

HEADINGS: Final[Mapping[str, tuple[str, str]]] = {
    "motivation": ("Motivation and selection criteria", "why this was made, and who chose which books are in it, how"),
    "composition": ("Composition", "what the records are, and what is missing from them"),
    "digitisation": ("Digitisation pipeline", "how the books were digitised, when and by whom, if they were"),
    "collection": ("Collection process", "how records and labels were gathered, by whom, over what time"),
    "provenance": (
        "Data provenance",
        "where the records come from, which cataloguing rules and which period they follow",
    ),
    "vocabulary": ("Linked open data and controlled vocabularies", "which vocabularies the labels and fields follow"),
    "preprocessing": ("Preprocessing and cleaning", "what was changed before use"),
    "sensitive": (
        "Personal and sensitive information",
        "persons named in the records, and historical terms that offend today",
    ),
    "uses": ("Uses", "what it was used for, and what a wrong label does to a reader's search"),
    "distribution": ("Distribution and licence", "under which terms others may use it"),
    "version": ("Version information", "which version this is, and what changed since the last"),
    "maintenance": ("Maintenance", "who corrects it, how to report a fault, until when"),
}


def datasheet(level: int, title: str, known: Mapping[str, str]) -> str:
    """Return the datasheet as a section; what is not `known` is visibly unfilled.

    Parameters
    ----------
    known : mapping
        Key of :data:`HEADINGS` → Markdown that was made of measured facts. What only people know is asked for beside
        it.
    """
    parts = [section(level, title)]
    for key, (heading, question) in HEADINGS.items():
        parts.append(section(level + 1, heading, known.get(key, ""), unfilled(question)))
    return "\n\n".join(parts)


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
    return join(_front(manifest, citation), _body(manifest, citation, invented))


def bundle_citation(workspace: Workspace, manifest: BundleManifest, metadata: CardMetadata) -> Citation:
    """Return what a citation of an export is made of."""
    export, settings = manifest.export, manifest.export.settings
    title = (
        metadata.title
        or settings.get("title")
        or f"Machine-assigned genre for {settings.get('dataset', 'a catalogue')}"
    )
    given = CardMetadata(
        title=str(title),
        licence=metadata.licence or licence_of(export.licence or ""),
        library=metadata.library or str(settings.get("publisher", "")),
        contact=metadata.contact or str(settings.get("contact", "")),
        homepage=metadata.homepage or _web(str(settings.get("homepage", ""))),
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
    run = str(settings.get("predictions") or settings.get("run_id") or "")
    try:
        return workspace.find("predictions", run).manifest.invented
    except (NotFoundError, DamagedError):
        return False


def _web(address: str) -> str:
    return address if address.startswith(("https://", "http://")) else ""


def _front(manifest: BundleManifest, citation: Citation) -> dict[str, Any]:
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
    return as_front_matter(DatasetCardData(**card_data))


def _body(manifest: BundleManifest, citation: Citation, invented: bool) -> str:
    export, model, metadata = manifest.export, manifest.model, citation.metadata
    called = f"{inline(model.id)} {inline(model.version)}".strip()
    # Older exports do not say who assigned what.
    assigned = inline(manifest.assigned or "") or (
        f"The labels are machine-generated by {called} and were accepted by a cut on their confidence."
    )
    scope = manifest.policy.applies_to or ""
    parts = [
        f"# {inline(citation.title)}",
        (
            f"{manifest.counts.exported:,} catalogue records with a label. {assigned}"
            " Do not train on machine labels as if people had given them."
        ),
        inline(scope) if scope.startswith("The cuts apply only") else "",
        "**These records are invented: a demonstration, of no use for a real catalogue.**" if invented else "",
        section(2, "Dataset details"),
        "\n".join(
            (
                f"- **Curated by:** {_or_unfilled(metadata.library, 'the library that made it')}",
                f"- **Licence:** {_or_unfilled(metadata.licence, 'the licence')}",
                f"- **Homepage:** {_or_unfilled(metadata.homepage, 'where to read more')}",
                f"- **Export:** {inline(export.id)}, made {inline(export.created[:10])}",
            )
        ),
        section(2, "Uses"),
        section(3, "Direct use", "To add genre to catalogue records, found again by their identifiers."),
        section(3, "Out-of-scope use", *map(inline, manifest.limits)),
        section(2, "Dataset structure", *_structure(manifest)),
        section(2, "Dataset creation"),
        section(
            3,
            "Annotation process",
            f"Each record was decided once, in this order: {inline(manifest.policy.order)}. A label was accepted"
            f" when {inline(manifest.policy.accepted_when)}.",
            rows(("class", "cut"), [(name, f"{cut:.4g}") for name, cut in sorted(manifest.policy.cuts.items())]),
        ),
        section(3, "Annotators", unfilled("who labelled the books that the model learned from and was measured on")),
        datasheet(2, "Datasheet (digital cultural heritage)", _known_answers(manifest, citation)),
        section(
            2,
            "Bias, risks and limitations",
            "The labels carry the biases of the training labels and of one library's cataloguing. Records the model"
            " abstained on are absent from the accepted file.",
            unfilled("known failures, offensive historical terms, what a wrong label does to a reader's search"),
        ),
        section(2, "Measured quality", _numbers(manifest)),
        section(
            2,
            "Check and load",
            f"The folder `{BUNDLE}` is the export as it was written. `sha256sum -c SHA256SUMS` inside it checks every"
            " file, and so does `colophon pull`.",
        ),
        section(2, "Citation", inline(citation.sentence)),
        section(2, "Dataset card authors", _or_unfilled(metadata.library, "who wrote this card")),
        section(2, "Dataset card contact", _or_unfilled(metadata.contact, "whom to ask")),
    ]
    return "\n\n".join(part for part in parts if part)


def _or_unfilled(value: str, what: str) -> str:
    return inline(value) if value else unfilled(what)


def _structure(manifest: BundleManifest) -> list[str]:
    files = [(file.name, "–" if file.records is None else f"{file.records:,}", file.about) for file in manifest.files]
    columns = [(column.name, column.type, column.origin, column.meaning) for column in manifest.columns]
    return [rows(("file", "records", "what it is"), files), rows(("column", "type", "from", "meaning"), columns)]


def _known_answers(manifest: BundleManifest, citation: Citation) -> dict[str, str]:
    known = {"version": f"{inline(citation.version)}, from run {inline(manifest.model.run or '')}."}
    if citation.metadata.licence:
        known["distribution"] = f"Licence of this data set: {inline(citation.metadata.licence)}."
    inputs = [f"{inline(file.name or '')} (SHA-256 {inline(file.sha256 or '')})" for file in manifest.input]
    if inputs:
        known["collection"] = f"Records were read from {', '.join(inputs)}."
    if citation.built_on:
        known["provenance"] = " ".join(
            f"{inline(entry.citation)}, licence {inline(entry.licence)}." for entry in citation.built_on
        )
    listed = "; ".join(
        f"{inline(label)} is written as “{inline(term.term)}”"
        + (f" ({inline(term.uri or term.source)})" if term.uri or term.source else "")
        for label, term in sorted(manifest.labels.terms.items())
    )
    if listed:
        answer = manifest.labels.answer or "not answered"
        known["vocabulary"] = f"{listed}. {inline(manifest.labels.question)} {inline(answer)}."
    languages: dict[str, int] = {}
    for group in manifest.counts.by_label_and_language.values():
        for name, count in group.items():
            languages[name] = languages.get(name, 0) + count
    if languages:
        ordered = sorted(languages.items(), key=lambda entry: (-entry[1], entry[0]))
        known["composition"] = (
            f"Accepted records by language: {', '.join(f'{inline(name)} {count:,}' for name, count in ordered)}."
        )
    return known


def _numbers(manifest: BundleManifest) -> str:
    counts, model = manifest.counts.as_dict(), manifest.model
    summary = f"Measured by Colophon. Export {manifest.export.id}; run {model.run or ''} of {model.id} {model.version}."
    body = [(words, f"{int(counts[name]):,}") for name, words in _DECISIONS.items() if name in counts]
    quality = "\n".join(f"- {inline(sentence)}" for sentence in quality_sentences(manifest.quality or {}))
    return "\n\n".join((BEGIN, inline(summary), rows(("decision", "records"), body), quality, END))


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
    blocks = [
        BEGIN,
        f"Counted by Colophon in labels {labels.fingerprint}: {len(annotations):,} rows speak of {len(table):,} books;"
        f" {int(usable.sum()):,} have a usable label, and in {int(table['disagreeing'].sum()):,} the rows name more"
        f" than one class. {annotations['annotator'].replace('', None).nunique():,} annotators are told apart (by"
        " opaque marks; no names).",
        rows(("class", "books"), [(name, f"{n:,}") for name, n in table.loc[usable, "label"].value_counts().items()]),
    ]
    for facet, heading in (("language", "language"), ("decade", "decade")):
        counts = facet_values(records[usable.to_numpy()], facet).value_counts()
        blocks.append(rows((heading, "books"), [(name, f"{n:,}") for name, n in counts.items()]))
    known = {"collection": f"Read from {inline(labels.manifest.file or 'a table')}."}
    if citation.built_on:
        known["provenance"] = " ".join(
            f"{inline(item.citation)}, licence {inline(item.licence)}." for item in citation.built_on
        )
    invented = "**These records are invented: a demonstration.**" if labels.manifest.invented else ""
    body = [
        f"# {inline(citation.title)}",
        f"{int(usable.sum()):,} books with a label: {', '.join(inline(name) for name in labels.classes)}.",
        invented,
        section(2, "Dataset details"),
        f"- **Curated by:** {inline(given.library) or unfilled('the library that made it')}\n"
        f"- **Licence:** {given.licence or unfilled('the licence')}",
        section(2, "Uses", unfilled("what the labels were made for, and what they are not for")),
        section(2, "Dataset structure", "One row a book: record identifier, title, label, and who said so."),
        section(
            2, "Annotations", *_by_functions(labels), unfilled("the instructions annotators had, and who they are")
        ),
        section(2, "Counts", "\n\n".join((*blocks, END))),
        datasheet(2, "Datasheet (digital cultural heritage)", known),
        section(2, "Bias, risks and limitations", unfilled("which languages, decades or kinds of book are missing")),
        section(2, "Citation", inline(citation.sentence)),
        section(2, "Dataset card contact", inline(given.contact) or unfilled("whom to ask")),
    ]
    return join(as_front_matter(DatasetCardData(**front)), "\n\n".join(part for part in body if part))


def _by_functions(labels: LabelSet) -> list[str]:
    """Say that rules gave the labels, and which; nothing of labels that people gave."""
    manifest = labels.manifest
    if not manifest.by_rules:
        return []
    names = [inline(function["name"]) for function in manifest.functions if function.get("name")]
    rules = f" ({', '.join(names)})" if names else ""
    return [
        f"No person gave these labels: {len(names):,} rules (labelling functions) did{rules}."
        + (
            f" They were checked against the labels “{inline(manifest.checked_against)}”."
            if manifest.checked_against
            else ""
        )
    ]
