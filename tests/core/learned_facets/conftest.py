"""A small invented collection in which a third of the titles is verse, and a facet of it."""

from pathlib import Path

import pandas as pd
import pytest

from core.importing import import_file
from core.learned_facets import FacetCollection, LearnedFacet, create_facet
from core.storage import Workspace

PLACES = ("Aden", "Bath", "Cork", "Derby", "Eton", "Fife", "Gent", "Hull", "Iona", "Jena")
VERSE = ("Poems of {}", "{} and other poems", "A poem on {}", "The poetical works of {}")
PROSE = (
    "A history of {}",
    "The geology of {}",
    "{}: a novel",
    "Sermons preached at {}",
    "The bridges of {}",
    "Trade of {}",
    "Birds near {}",
    "The laws of {}",
)


def titles() -> list[str]:
    return [form.format(place) for form in (*VERSE, *PROSE) for place in PLACES]


def is_verse(title: str) -> bool:
    return "poe" in title.lower()


@pytest.fixture
def corpus(workspace: Workspace, tmp_path: Path) -> str:
    rows = pd.DataFrame({"id": [f"b{i:03d}" for i in range(120)], "Title": titles()})
    rows.loc[len(rows)] = ["b120", ""]
    rows.to_csv(tmp_path / "books.csv", index=False)
    return import_file(workspace, tmp_path / "books.csv", "corpus", name="books").name


@pytest.fixture
def facet(workspace: Workspace, corpus: str) -> LearnedFacet:
    return create_facet(workspace.database, workspace.find("corpora", corpus).fingerprint, "verse", "Poems of any kind")


@pytest.fixture
def collection(workspace: Workspace, corpus: str) -> FacetCollection:
    return FacetCollection.open(workspace, corpus)
