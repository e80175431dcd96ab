"""With many classes: a table of cut-offs instead of sliders, a list to search instead of buttons."""

from collections.abc import Callable
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from core.guarantees import saved_policies
from core.importing import import_file
from core.predictions import load_predictions
from core.review import read_decisions, send_to_review
from core.storage import Workspace
from dashboard import review_view
from dashboard.thresholds_view import edited_cuts
from tests.pages.conftest import by_hand

pytestmark = pytest.mark.slow

NAMES = [f"Subject {letter}" for letter in "ABCDEFGHIJKL"]


@pytest.fixture
def place(workspace: Workspace, tmp_path: Path) -> Workspace:
    rows = ["id,title,predicted,confidence,truth"]
    for i in range(240):
        name, other = NAMES[i % 12], NAMES[(i + 1) % 12]
        rows.append(f"b{i},A treatise number {i},{name},{0.5 + (i % 50) / 100},{name if i % 5 else other}")
    path = tmp_path / "p.csv"
    path.write_text("\n".join(rows) + "\n")
    import_file(workspace, path, "predictions", name="p")
    return workspace


def test_twelve_classes_have_a_table_of_cut_offs(
    place: Workspace, open_page: Callable[[Workspace, str], AppTest]
) -> None:
    page = by_hand(open_page(place, "thresholds.py")).run()
    assert not page.exception
    assert [item.label for item in page.slider] == []
    assert page.selectbox(key="curve").options == [*NAMES, "all, one cut-off"]
    fingerprint = load_predictions(place, "p").fingerprint
    page.number_input(key=f"cut_table_{fingerprint}_every").set_value(0.7).run()
    next(item for item in page.button if item.label == "Set it for all").click().run()
    assert not page.exception
    next(item for item in page.button if item.label.startswith("Keep these cut-offs")).click().run()
    assert saved_policies(place, fingerprint)[0].policy.cuts == dict.fromkeys(NAMES, 0.7)


def test_of_twelve_classes_the_largest_are_told_in_words_and_the_table_has_all(
    place: Workspace, open_page: Callable[[Workspace, str], AppTest]
) -> None:
    page = open_page(place, "errors.py").run()
    assert not page.exception
    texts = [item.value for kind in (page.markdown, page.caption) for item in kind]
    assert "The 5 largest of 12 classes; the table below has all." in texts
    assert sum(text.startswith("**Subject") for text in texts) == 5
    [classes] = [frame.value for frame in page.dataframe if "precision" in frame.value]
    assert len(classes) == 12
    assert not [text for text in texts if "nan" in text.split()]


def test_what_is_typed_into_the_table_is_the_cut_off(
    place: Workspace, open_page: Callable[[Workspace, str], AppTest]
) -> None:
    page = by_hand(open_page(place, "thresholds.py")).run()
    key = f"cut_table_{load_predictions(place, 'p').fingerprint}"
    assert page.session_state[key] == dict.fromkeys(NAMES, 0.9)
    before = {name: page.session_state[key][name] for name in NAMES}
    assert edited_cuts(before, {"edited_rows": {2: {"cut-off": 0.5}}}, NAMES) == before | {"Subject C": 0.5}
    assert edited_cuts(before, {"edited_rows": {2: {"cut-off": None}}}, NAMES) == before


def test_twelve_classes_are_decided_from_a_list(
    place: Workspace, open_page: Callable[[Workspace, str], AppTest], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(review_view, "LEAST_SECONDS", 0.0)
    fingerprint = load_predictions(place, "p").fingerprint
    send_to_review(place.database, fingerprint, ["b7"], "for a test")
    page = open_page(place, "review.py").run()
    assert not page.exception
    assert not [item for item in page.button if item.label.startswith("Subject")]
    choice = page.selectbox(key="choice-b7")
    assert choice.options[0] == "Subject H"  # what the model said
    assert next(item for item in page.button if item.label == "Decide").disabled
    choice.select("Subject C").run()
    next(item for item in page.button if item.label == "Decide").click().run()
    assert not page.exception
    held = read_decisions(place.database, fingerprint).frame()
    assert held[["record_id", "label"]].to_numpy().tolist() == [["b7", "Subject C"]]


def test_a_slider_is_announced_without_backslashes(
    demo_copy: Workspace, open_page: Callable[[Workspace, str], AppTest]
) -> None:
    page = by_hand(open_page(demo_copy, "thresholds.py")).run()
    assert "Accept Non-fiction above" in [item.label for item in page.slider]
