"""The dataset card of a label set: how many books people labelled, how, and what is not known of it."""

from typing import Any

from core.facets import facet_values
from core.labels import LabelSet
from core.sharing.citation import Citation, published_sources
from core.sharing.datasheet import datasheet
from core.sharing.details import CardMetadata
from core.sharing.text import BEGIN, END, as_front_matter, inline, join, rows, section, unfilled
from core.sharing.vocabulary import language_codes, size_of
from core.storage import Workspace

__all__ = ["label_card", "label_citation"]


def label_citation(workspace: Workspace, labels: LabelSet, metadata: CardMetadata) -> Citation:
    """Return what a citation of a label set is made of."""
    manifest = labels.manifest
    files = [{"name": manifest.get("file"), "sha256": manifest.get("file_sha256")}]
    title = metadata.title or f"Genre labels of catalogue records: {labels.name}"
    date = str(manifest.get("created_at", ""))[:10]
    return Citation("dataset", title, labels.fingerprint[:8], date, metadata, published_sources(workspace, files))


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
    known = {"collection": f"Read from {inline(labels.manifest.get('file', 'a table'))}."}
    if citation.built_on:
        known["provenance"] = " ".join(
            f"{inline(item.citation)}, licence {inline(item.licence)}." for item in citation.built_on
        )
    invented = "**These records are invented: a demonstration.**" if labels.manifest.get("invented") else ""
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
    if labels.manifest.get("source") != "function":
        return []
    names = [inline(function["name"]) for function in labels.manifest.get("functions", ()) if function.get("name")]
    rules = f" ({', '.join(names)})" if names else ""
    checked = labels.manifest.get("checked_against")
    return [
        f"No person gave these labels: {len(names):,} rules (labelling functions) did{rules}."
        + (f" They were checked against the labels “{inline(checked)}”." if checked else "")
    ]
