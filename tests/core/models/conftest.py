"""Invented titles whose class can be told from their words, nine times in ten."""

import numpy as np
import pandas as pd
import pytest

from core.models.protocol import TrainingData

WORDS = {
    "Fiction": ["A novel", "A tale", "Stories for girls", "The heir", "A romance in three volumes"],
    "Poetry": ["Poems", "Verses", "An ode", "Sonnets and songs", "A lyric"],
    "Travel": ["Travels in Persia", "A tour", "Guide-book", "Voyage round the world", "Rambles"],
}
NAMES = ["Aylmer", "Bertha", "Éloïse", "Conrad", "Dörte", "Evelyn", "Falkland", "Geraldine", "Harold", "Ingram"]


@pytest.fixture(scope="session")
def make_books():
    """Return a function that invents labelled books: records columns that training needs, and ``label``."""

    def make(n=240, classes=("Fiction", "Poetry", "Travel"), seed=0, noise=0.1, start=0):
        from core.normalise.titles import title_key

        generator = np.random.default_rng(seed)
        rows = []
        for number in range(n):
            label = classes[number % len(classes)]
            told = label if generator.random() >= noise else generator.choice(list(classes))
            words = generator.choice(WORDS[told])
            name = f"{generator.choice(NAMES)} {generator.choice(NAMES)}"
            title = f"{name}, or, {words} [{number + start}]" if number % 7 else f"{words} by {name}: {number + start}."
            rows.append((f"{number + start:09d}", "", title, title_key(title), label))
        return pd.DataFrame(rows, columns=["record_id", "alternate_id", "title", "title_key", "label"], dtype="str")

    return make


@pytest.fixture(scope="session")
def as_data():
    """Return a function that turns books into what a classifier learns from."""

    def turn(books):
        classes = tuple(sorted(set(books["label"])))
        targets = np.column_stack([(books["label"] == name).to_numpy(float) for name in classes])
        return TrainingData(books["title"].tolist(), targets, np.ones(len(books)), classes)

    return turn


@pytest.fixture(scope="session")
def put(tmp_path_factory):
    """Return a function that imports a table into a workspace, as a person would: from a CSV file."""

    def put(workspace, books, kind, name):
        from core.importing import import_file

        path = tmp_path_factory.mktemp("files") / f"{name}.csv"
        columns = ["record_id", "title"] + (["label"] if kind == "labels" else [])
        books[[column for column in columns if column in books]].to_csv(path, index=False)
        return import_file(workspace, path, kind, name=name, overrides=["record_id=record_id", "title=title"])

    return put
