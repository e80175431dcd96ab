"""A reader who chose German reads German: whatever the pages show of a small library whose own words are Latin."""

import re
from collections.abc import Callable, Iterator
from typing import Final

import pandas as pd
import pytest
import streamlit as st
from babel.messages.pofile import read_po
from streamlit.testing.v1 import AppTest

from core.guarantees import SavedPolicy, save_policy
from core.importing import import_file
from core.models.scoring import predict_corpus
from core.models.training import train
from core.predicates import title_phrase
from core.predictions import load_scored
from core.review import CANNOT_TELL, record_decision
from core.storage import Workspace
from core.thresholds import Policy
from core.translation import LOCALES, language_is
from core.weak_supervision import LabellingFunction, add_function
from tests.pages.texts import texts_of
from tests.serving import ROOT

# Half a minute on two busy cores.
pytestmark = pytest.mark.slow

PAGES: Final = sorted(path.name for path in (ROOT / "pages").glob("*.py"))
POETRY, PROSE = "Carmina", "Prosa"
_WORD: Final = re.compile(r"[^\W\d_]+")
_QUOTED: Final = re.compile(r"„[^“]*“|`[^`]*`|\{[^}]*\}|https?://\S+|\S+\.\w+")
# English in every language: what will be handed over, names of licences and vocabularies, and titles as an example.
_CARDS: Final = ("markdown body", "dataframe cell of field", "dataframe cell of what to write", "selectbox options")
_NAMES: Final = ("The mystery of the old mill", "Library of Congress Genre/Form Terms")


def english_words() -> frozenset[str]:
    """Return the words of English messages that no German one has."""
    english, german = set(), set()
    for name in ("colophon.po", "core.po"):
        with (LOCALES / "de" / "LC_MESSAGES" / name).open("rb") as file:
            for entry in read_po(file, locale="de"):
                for words, texts in ((english, entry.id), (german, entry.string)):
                    for text in [texts] if isinstance(texts, str) else texts:
                        words |= {word.lower() for word in _WORD.findall(_QUOTED.sub(" ", text))}
    # The Representativeness page looks for history in titles, which are in any language.
    return frozenset((english - german | {"the", "of", "to", "for", "by"}) - {"history"})


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """A catalogue of 160 books with Latin titles, half of them labelled: every page has something to show of it."""
    folder = tmp_path_factory.mktemp("latin")
    workspace, rows = Workspace(folder / "workspace"), range(160)
    is_poetry = pd.Series([i % 2 == 1 for i in rows])
    books = pd.DataFrame(
        {
            "record_id": [f"b{i:04}" for i in rows],
            "title": [
                f"{'Carmen de amore' if i % 2 else 'Tractatus de rebus'} {'abcdefgh'[i % 8] * 3}{i}" for i in rows
            ],
            "author": [f"Auctor {i % 7}" for i in rows],
            "year": [str(1800 + i % 60) for i in rows],
            "place": ["Roma" if i % 3 else "" for i in rows],
            "language": ["English" if i % 4 else "German" for i in rows],
        }
    )
    genre = is_poetry.map({True: POETRY, False: PROSE})
    truth = genre.where(pd.Series(rows) < 80, "")
    tables = {
        "bibliotheca": ("corpus", books),
        "specimen": (
            "labels",
            books.head(80).assign(
                label=genre,
                annotator=[str(i % 3) for i in range(80)],
                created_at=[f"2020-0{1 + i % 5}-01" for i in range(80)],
            ),
        ),
    }
    for number, name in enumerate(("machina", "altera")):
        wrong = pd.Series([i % (10 + number) == 0 for i in rows])
        predicted = genre.where(~wrong, POETRY)
        sure = [0.6 + (i % 40) / 100 for i in rows]
        tables[name] = "predictions", books.assign(predicted=predicted, confidence=sure, truth=truth)
    for name, (kind, table) in tables.items():
        table.to_csv(folder / f"{name}.csv", index=False)
        import_file(workspace, folder / f"{name}.csv", kind, name=name)
    train(workspace, "specimen", kind="tfidf", name="exemplar")
    predict_corpus(workspace, "exemplar", "bibliotheca", name="lectio", labels="specimen")
    scored = load_scored(workspace, "lectio")
    save_policy(workspace, scored.predictions, SavedPolicy(policy=Policy({POETRY: 0.8, PROSE: 0.8})))
    add_function(workspace.database, LabellingFunction("carmina", POETRY, title_phrase("carmen")))
    add_function(workspace.database, LabellingFunction("tractatus", PROSE, title_phrase("tractatus, rebus")))
    for number, answer in enumerate((POETRY, CANNOT_TELL, PROSE)):
        record_decision(
            workspace.database,
            scored.predictions,
            f"b{100 + number:04}",
            answer,
            old=PROSE,
            by="Ada",
            session="a",
            scored=scored,
        )
    return workspace


@pytest.fixture(scope="module")
def opened(library: Workspace) -> Iterator[Callable[..., AppTest]]:
    """Return a function that opens a page in German; what was computed for one page is not computed for the next."""
    st.cache_resource.clear()
    st.cache_data.clear()
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("COLOPHON_HOME", str(library.root))

        def open_page(name: str, **address: str) -> AppTest:
            page = AppTest.from_file(str(ROOT / "dashboard" / "app.py"), default_timeout=240)
            page = page.switch_page(str(ROOT / "pages" / name))
            for key, value in {"lang": "de", "find": "amore", **address}.items():
                page.query_params[key] = value
            return page.run()

        yield open_page
    st.cache_resource.clear()
    st.cache_data.clear()


def _views(page: AppTest) -> Iterator[dict[str, str]]:
    """Yield the choices beside the chosen ones that an address of the page can name, each by its German words."""
    for control in page.segmented_control:
        if control.key in CHOICES:
            yield from ({control.key: option} for option in control.options if option not in control.formatted_values)


# Of several ways that look alike, such as class after class, the first is enough.
CHOICES: Final = ("behind", "list", "look", "share", "show", "view", "way")
ENGLISH: Final = english_words()


def english_in(page: AppTest, name: str) -> list[str]:
    """Return the texts of a page that hold an English word, each after its place."""
    texts = []
    for place, text in texts_of(page):
        if place == "html body" or (name == "share.py" and place in _CARDS):
            continue
        plain = text.replace("\\", "")
        for own in _NAMES:
            plain = plain.replace(own, "")
        words = [word for word in _WORD.findall(_QUOTED.sub(" ", plain)) if word.lower() in ENGLISH]
        if words and name + place != "models.pymultiselect options":  # columns of the library's file
            texts.append(f"{place}: {words[:5]} in {text[:200]!r}")
    return texts


@pytest.mark.parametrize("name", PAGES)
def test_nothing_of_a_page_is_english(name: str, opened: Callable[..., AppTest]) -> None:
    page = opened(name)
    assert not page.exception
    english = english_in(page, name)
    with language_is("de"):
        choices = list(_views(page))
    for choice in choices:
        page = opened(name, **choice)
        assert not page.exception, choice
        english += [f"{choice} {text}" for text in english_in(page, name)]
    assert list(dict.fromkeys(english)) == []
