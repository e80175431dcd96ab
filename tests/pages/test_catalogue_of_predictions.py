"""The Catalogue page says which catalogue predictions made elsewhere were joined with, and takes another choice."""

from collections.abc import Callable
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from core.export.release import cut_scope
from core.importing import import_file
from core.predictions import NO_CORPUS, load_predictions, load_scored, saved_catalogue_choice
from core.review import ConcurrentDecisionError, decisions_for_scored, record_decision, send_to_review, sent_for_scored
from core.storage import Workspace

CATALOGUE = "id,title,language\n001,The mill of Pell,French\n002,The bell of Pell,Latin\n003,Sermons,Latin\n"
PREDICTIONS = "id,predicted,confidence\n1,Fiction,0.9\n2,Fiction,0.8\n3,Non-fiction,0.7\n"


def _text(page: AppTest) -> str:
    return "\n".join(str(item.value).replace("\\", "") for item in [*page.markdown, *page.warning])


def test_a_choice_on_the_page_holds_everywhere(
    workspace: Workspace, tmp_path: Path, open_page: Callable[[Workspace, str], AppTest]
) -> None:
    for kind, text in (("corpus", CATALOGUE), ("predictions", PREDICTIONS)):
        path = tmp_path / f"{kind}.csv"
        path.write_text(text)
        import_file(workspace, path, kind, name="cat" if kind == "corpus" else "p")
    page = open_page(workspace, "catalogue.py")
    page.query_params["corpus"] = "p"
    page.run()
    assert not page.exception
    assert "3 of 3 predictions found among the records of the catalogue 'cat': 3 after restoring" in _text(page)
    fingerprint = load_predictions(workspace, "p").fingerprint
    chooser = page.selectbox(key=f"catalogue-of-{fingerprint}")
    assert chooser.value == "(the one that holds them)"
    chooser.select("(none: only what their own file says)").run()
    assert not page.exception
    assert saved_catalogue_choice(workspace, fingerprint) == NO_CORPUS
    assert "predictions found among" not in _text(page)
    page.selectbox(key=f"catalogue-of-{fingerprint}").select("cat").run()
    assert saved_catalogue_choice(workspace, fingerprint) == "cat"
    export = open_page(workspace, "export.py").run()
    assert not export.exception


@pytest.mark.slow
def test_what_was_decided_before_the_catalogue_came_is_decided(
    workspace: Workspace, tmp_path: Path, open_page: Callable[[Workspace, str], AppTest]
) -> None:
    """Both records wait under the file's own identifier; one is decided; then the catalogue comes with its zeros."""
    (tmp_path / "p.csv").write_text(PREDICTIONS)
    import_file(workspace, tmp_path / "p.csv", "predictions", name="p")
    fingerprint = load_predictions(workspace, "p").fingerprint
    send_to_review(workspace.database, fingerprint, ["1", "2"], "looks odd")
    record_decision(workspace.database, fingerprint, "1", "Non-fiction", old="Fiction")
    (tmp_path / "cat.csv").write_text(CATALOGUE)
    import_file(workspace, tmp_path / "cat.csv", "corpus", name="cat")
    page = open_page(workspace, "review.py").run()
    assert not page.exception
    text = _text(page)
    assert "1 book decided, 1 waiting." in text
    assert "The bell of Pell" in text
    assert page.dataframe[0].value["title"].tolist() == ["The mill of Pell"]
    # What waits on Review and what leaves are the same decisions.
    scored = load_scored(workspace, "p")
    assert decisions_for_scored(workspace.database, scored).frame()["record_id"].tolist() == ["001"]
    assert cut_scope(workspace, scored).tolist() == [False, True, True]


def test_of_two_decisions_under_two_identifiers_the_later_holds(workspace: Workspace, tmp_path: Path) -> None:
    for kind, text in (("corpus", CATALOGUE), ("predictions", PREDICTIONS)):
        (tmp_path / f"{kind}.csv").write_text(text)
        import_file(workspace, tmp_path / f"{kind}.csv", kind, name="cat" if kind == "corpus" else "p")
    scored = load_scored(workspace, "p")
    for record_id, label in (("002", "Fiction"), ("2", "Non-fiction")):
        record_decision(workspace.database, scored.predictions, record_id, label)
    held = decisions_for_scored(workspace.database, scored).current
    assert {record_id: row.label for record_id, row in held.items()} == {"002": "Non-fiction"}


@pytest.fixture
def joined(workspace: Workspace, tmp_path: Path) -> Workspace:
    """Return a workspace with a catalogue and predictions that know its books by other identifiers.

    The third is known to the file by an identifier of its own beside the catalogue's, the first two lost their zeros.
    """
    (tmp_path / "cat.csv").write_text(CATALOGUE)
    import_file(workspace, tmp_path / "cat.csv", "corpus", name="cat")
    rows = (
        PREDICTIONS.replace("id,", "id,other,").replace("1,F", "1,,F").replace("2,F", "2,,F").replace("3,", "x3,003,")
    )
    (tmp_path / "p.csv").write_text(rows)
    import_file(workspace, tmp_path / "p.csv", "predictions", name="p", overrides=["other=alternate_id"])
    assert load_scored(workspace, "p").ids_in_file == {"1": "001", "2": "002", "x3": "003"}
    return workspace


@pytest.mark.parametrize(("first", "second"), [("1", "001"), ("001", "1"), ("x3", "003"), ("003", "x3")])
def test_two_who_decide_one_book_under_two_identifiers_are_told_of_each_other(
    joined: Workspace, first: str, second: str
) -> None:
    """Both pages showed the book undecided (number 0 was the newest they had seen)."""
    scored = load_scored(joined, "p")
    write = [joined.database, scored.predictions]
    record_decision(*write, first, "Fiction", by="Anna", seen=0, scored=scored)
    with pytest.raises(ConcurrentDecisionError, match="was decided by Anna meanwhile: “Fiction”"):
        record_decision(*write, second, "Non-fiction", by="Ben", seen=0, scored=scored)
    of_catalogue = first if first.startswith("00") else second
    assert list(decisions_for_scored(joined.database, scored).current) == [of_catalogue]
    assert decisions_for_scored(joined.database, scored).rows[0].label == "Fiction"


def test_what_was_decided_in_words_of_the_file_before_is_known_to_be_that_book(joined: Workspace) -> None:
    """What an earlier version wrote stands as it was written."""
    scored = load_scored(joined, "p")
    record_decision(joined.database, scored.predictions, "x3", "Fiction", by="Anna", seen=0)
    with pytest.raises(ConcurrentDecisionError):
        record_decision(joined.database, scored.predictions, "003", "Map", seen=0, scored=scored)
    assert decisions_for_scored(joined.database, scored).frame()["record_id"].tolist() == ["003"]
    assert cut_scope(joined, scored).tolist() == [True, True, False]


def test_a_book_is_sent_to_review_once_under_whatever_identifier(joined: Workspace) -> None:
    scored = load_scored(joined, "p")
    assert send_to_review(joined.database, scored.predictions, ["1", "x3"], "odd") == 2
    assert send_to_review(joined.database, scored.predictions, ["001", "002", "003", "3"], "late", scored=scored) == 1
    assert sent_for_scored(joined.database, scored) == {"001": "odd", "003": "odd", "002": "late"}


def test_a_press_on_a_page_from_before_the_catalogue_came_meets_what_was_decided_since(
    workspace: Workspace,
    tmp_path: Path,
    open_page: Callable[[Workspace, str], AppTest],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("dashboard.review_view.LEAST_SECONDS", 0)
    (tmp_path / "p.csv").write_text(PREDICTIONS)
    import_file(workspace, tmp_path / "p.csv", "predictions", name="p")
    fingerprint = load_predictions(workspace, "p").fingerprint
    send_to_review(workspace.database, fingerprint, ["1"], "looks odd")
    page = open_page(workspace, "review.py").run()
    (tmp_path / "cat.csv").write_text(CATALOGUE)
    import_file(workspace, tmp_path / "cat.csv", "corpus", name="cat")
    scored = load_scored(workspace, "p")
    record_decision(workspace.database, fingerprint, "001", "Fiction", by="Anna", scored=scored)
    page.button(key="answer-2-1").click().run()
    assert not page.exception
    assert "Your answer “Non-fiction” was not written: this book was decided meanwhile." in _text(page)
    assert "It was decided meanwhile: “Fiction”, by Anna" in _text(page)
    assert len(decisions_for_scored(workspace.database, scored).rows) == 1
