"""The Labelling functions page, driven without a browser on a copy of the demonstration."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from core.importing import import_file
from core.storage import Workspace
from core.weak_supervision import functions_from_toml
from dashboard import cache
from tests.serving import ROOT

TOML = """
[[function]]
name = "a novel"
label = "Fiction"
when = { column = "title", word = "novel" }

[[function]]
name = "novel again"
label = "fiction"
when = { column = "title", contains = "novel" }

[[function]]
name = "history"
label = "Non-fiction"
when.all = [{ column = "title", word = "history" }, { not = { column = "title", word = "novel" } }]

[[function]]
name = "sure"
label = "Non-fiction"
when = { predictions = "demo-predictions", class = "Non-fiction", at_least = 0.9 }
"""


@pytest.fixture(autouse=True)
def _own_workspace() -> Iterator[None]:
    """Leave no workspace of these tests in the server's cache."""
    yield
    cache.server_workspace.clear()  # type: ignore[attr-defined]


@pytest.fixture
def page(demo_copy: Workspace, monkeypatch: pytest.MonkeyPatch) -> AppTest:
    return _open(demo_copy, monkeypatch, "demo-digitised")


def _open(place: Workspace, monkeypatch: pytest.MonkeyPatch, corpus: str) -> AppTest:
    monkeypatch.setenv("COLOPHON_HOME", str(place.root))
    cache.server_workspace.clear()  # type: ignore[attr-defined]
    opened = AppTest.from_file(str(Path(ROOT, "pages", "labelling.py")), default_timeout=240)
    opened.query_params["corpus"] = corpus
    opened.query_params["people"] = "demo-annotated"
    return opened.run()


def words(page: AppTest) -> str:
    shown = [*page.markdown, *page.caption, *page.warning, *page.error]
    return "\n".join(str(element.value).replace("\\", "") for element in shown)


def press(page: AppTest, label: str) -> AppTest:
    return next(button for button in page.button if button.label == label).click().run()


def load(page: AppTest, text: str = TOML) -> AppTest:
    page.text_area[0].set_value(text)
    return press(page, "Use this text")


def test_without_a_function_it_says_how_to_begin(page: AppTest) -> None:
    assert not page.exception
    assert "There is no function yet." in words(page)
    assert page.dataframe[0].value["votes for"].isin(["Fiction", "Non-fiction"]).all()  # suggestions


@pytest.mark.slow
def test_functions_as_text_are_measured_and_their_faults_told(page: AppTest) -> None:
    load(page)
    assert not page.exception
    table = page.dataframe[0].value
    assert table["function"].tolist() == ["a novel", "novel again", "history", "sure"]
    assert table["coverage"].between(0.1, 90).all()
    assert table["votes for"].tolist() == ["Fiction", "Fiction", "Non-fiction", "Non-fiction"]
    text = words(page)
    assert "titles kept back" in text
    assert "Of its own training titles a model is no witness" in text
    load(page, '[[function]]\nname = "x"')
    assert "'label' is missing" in page.error[0].value.replace("\\", "")


@pytest.mark.slow
def test_a_function_is_built_tried_and_added_without_code(page: AppTest) -> None:
    page.text_input(key="builder_value_0").set_value("history").run()
    text = words(page)
    assert "Fiction where title has the word “history”." in text
    assert page.metric[0].label == "Books"
    assert int(page.metric[0].value.replace(",", "")) > 0
    page.selectbox(key="builder_label").set_value("Non-fiction").run()
    press(page, "Another condition")
    page.selectbox(key="builder_what_1").set_value("year").run()
    page.number_input(key="builder_from_1").set_value(1850).run()
    page.checkbox(key="builder_not_1").check().run()
    assert "Non-fiction where title has the word “history” and not (year is at least 1850)." in words(page)
    press(page, "Add this function")
    assert page.dataframe[0].value["function"].tolist() == ["history"]
    assert "There is a function called “history” already" not in words(page)


def test_a_pattern_that_cannot_be_used_is_one_message(page: AppTest) -> None:
    page.selectbox(key="builder_how_0").set_value("matches the pattern").run()
    page.text_input(key="builder_value_0").set_value("(a").run()
    assert not page.exception
    assert "cannot be used" in page.error[0].value


def test_a_ready_made_set_is_added_with_one_press_beside_what_stands_there(page: AppTest) -> None:
    assert "at another library the same numbers mean other subjects" in words(page)
    press(page, "Add the 4 functions of this set")
    assert not page.exception
    assert "shelved with novels" in page.dataframe[0].value["function"].tolist()
    assert "All functions of this set are among those above." in words(page)
    page.selectbox(key="set").select("british-library-foreign-shelves").run()
    press(page, "Add the 4 functions of this set")
    assert len(page.dataframe[0].value) == 8
    assert page.dataframe[0].value["function"].is_unique


def test_a_set_that_looks_at_a_column_the_collection_lacks_is_not_offered(
    demo_copy: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "bare.csv"
    path.write_text("id,title\n" + "".join(f"{i},An invented tale {i}\n" for i in range(30)))
    import_file(demo_copy, path, "corpus", name="bare")
    page = _open(demo_copy, monkeypatch, "bare")
    assert not page.exception
    assert "This collection has no column “BL shelfmark”, at which the set looks." in words(page)
    assert next(button for button in page.button if "of this set" in button.label).disabled


@pytest.mark.slow
def test_titles_kept_back_are_never_shown(page: AppTest, demo_copy: Workspace) -> None:
    from core.labels import load_labels
    from core.weak_supervision import holdout_mask

    load(page)
    page.text_input(key="builder_value_0").set_value("novel, tale, poem").run()
    shown = [frame.value["title"] for frame in page.dataframe if "title" in frame.value]
    books = load_labels(demo_copy, "demo-annotated").training_table()
    hidden = set(books.loc[holdout_mask(books["title_key"]), "title"])
    assert sum(map(len, shown)) > 0
    assert not any(hidden & set(titles) for titles in shown)


@pytest.mark.slow
def test_the_collection_is_labelled_by_a_job(page: AppTest, monkeypatch: pytest.MonkeyPatch) -> None:
    items = []
    monkeypatch.setattr(
        "dashboard.jobs.start", lambda place, module, config, title: items.append((module, config, title))
    )
    load(page)
    page.multiselect[0].set_value(["demo-test"])
    press(page, "Label the collection")
    ((module, config, title),) = items
    assert (module, title) == ("core.weak_supervision.build", "Labelling demo-digitised with 4 functions")
    assert len(functions_from_toml(config.pop("functions"))) == 4
    assert config == {
        "corpus": "demo-digitised",
        "method": "label model",
        "labels": "demo-annotated",
        "without": ["demo-test"],
        "name": None,
    }


def test_an_empty_workspace_shows_the_way(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    empty = _open(workspace, monkeypatch, "none")
    assert not empty.exception
    assert "There is no collection yet" in words(empty)
