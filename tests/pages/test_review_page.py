"""The Review page with one reader and with two: nobody decides a book that did not stand on the reader's screen."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from core.demonstration import PREDICTIONS
from core.errors import StorageError
from core.guarantees import SavedPolicy, save_policy
from core.importing import import_file
from core.labels import load_labels
from core.predictions import load_predictions, load_scored
from core.retraining import before_and_after, retrain
from core.review import Answer, read_decisions, record_answers, record_decision
from core.second_opinions import save_second_share
from core.storage import Workspace
from core.thresholds import Policy
from core.wording.review import retraining_headline
from dashboard import navigation, review_decisions, review_view

Open = Callable[[Workspace, str], AppTest]


@pytest.fixture
def fingerprint(demo_copy: Workspace) -> str:
    result = load_predictions(demo_copy, PREDICTIONS).fingerprint
    save_policy(demo_copy, result, SavedPolicy(policy=Policy({"Fiction": 0.95, "Non-fiction": 0.95})))
    return result


@pytest.fixture
def read_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """These readers need no time to read, and hold no book: two have one before them, as when a hold has lapsed."""
    monkeypatch.setattr(review_view, "LEAST_SECONDS", 0.0)
    monkeypatch.setattr("core.database.LEASE_SECONDS", 0.0)


def answer(page: AppTest, label: str) -> AppTest:
    return next(button for button in page.button if button.label == label).click().run()


def fiction(page: AppTest) -> AppTest:
    return answer(page, "Fiction")


def title(page: AppTest) -> str:
    return next(str(item.value) for item in page.markdown if str(item.value).startswith("### "))


def shown_record(page: AppTest) -> str:
    [line] = [str(item.value) for item in page.caption if "record " in str(item.value)]
    return line.replace("\\", "").rpartition("record ")[2]


def words(page: AppTest) -> str:
    return "\n".join(str(item.value).replace("\\", "") for item in [*page.markdown, *page.warning, *page.error])


@pytest.mark.slow
@pytest.mark.usefixtures("read_at_once")
def test_a_stale_page_decides_nothing_and_says_who_decided_what(
    demo_copy: Workspace, fingerprint: str, open_page: Open
) -> None:
    anna, ben = open_page(demo_copy, "review.py").run(), open_page(demo_copy, "review.py").run()
    assert not anna.exception and not ben.exception
    book = shown_record(anna)
    assert shown_record(ben) == book
    anna.text_input(key="reviewer").input("Anna").run()
    fiction(anna)
    answer(ben, "Non\\-fiction")
    assert not ben.exception
    held = read_decisions(demo_copy.database, fingerprint).frame()
    assert held[["record_id", "label"]].to_numpy().tolist() == [[book, "Fiction"]]
    assert shown_record(ben) == book
    assert "Your answer “Non-fiction” was not written: this book was decided meanwhile." in words(ben)
    assert "It was decided meanwhile: “Fiction”, by Anna, 20" in words(ben)
    answer(ben, "Go on to the next book")
    assert shown_record(ben) != book
    assert len(read_decisions(demo_copy.database, fingerprint).rows) == 1


@pytest.mark.slow
@pytest.mark.usefixtures("read_at_once")
def test_a_decided_book_can_be_decided_again_on_purpose(
    demo_copy: Workspace, fingerprint: str, open_page: Open
) -> None:
    anna, ben = open_page(demo_copy, "review.py").run(), open_page(demo_copy, "review.py").run()
    book = shown_record(ben)
    fiction(anna)
    ben.run()
    assert shown_record(ben) == book  # it does not change under the reader's eyes
    assert "It was decided meanwhile: “Fiction”, by somebody without a name" in words(ben)
    answer(ben, "Decide it again")
    answer(ben, "can't tell")
    held = read_decisions(demo_copy.database, fingerprint).frame()
    assert held[["record_id", "label"]].to_numpy().tolist() == [[book, "can't tell"]]
    states = ben.dataframe[-1].value["state"].tolist()
    assert states == ["holds", "a later one holds"]


@pytest.mark.slow
@pytest.mark.usefixtures("read_at_once")
def test_undo_takes_back_one_s_own_last_decision_whoever_was_last(
    demo_copy: Workspace, fingerprint: str, open_page: Open
) -> None:
    anna, ben = open_page(demo_copy, "review.py").run(), open_page(demo_copy, "review.py").run()
    hers = shown_record(anna)
    fiction(anna)
    answer(ben, "Skip")
    his = shown_record(ben)
    fiction(ben)
    answer(anna, "Undo my last decision")
    assert read_decisions(demo_copy.database, fingerprint).frame()["record_id"].tolist() == [his]
    assert shown_record(anna) == hers
    assert "Taken back: “Fiction”, decided by you." in words(anna)
    assert "Undo my last decision" not in [button.label for button in anna.button]
    # From the list anybody's can be taken back, and it says whose it was.
    answer(anna, "Take this decision back")
    assert read_decisions(demo_copy.database, fingerprint).frame().empty
    assert "Taken back: “Fiction”, decided by somebody without a name." in words(anna)
    answer(ben, "Undo my last decision")
    assert "was taken back already" in words(ben)
    assert len(read_decisions(demo_copy.database, fingerprint).rows) == 4


@pytest.mark.slow
def test_a_book_cannot_be_decided_before_it_stood_on_the_screen(
    demo_copy: Workspace, fingerprint: str, open_page: Open
) -> None:
    page = open_page(demo_copy, "review.py").run()
    first = shown_record(page)
    assert [button.disabled for button in page.button if button.label in ("Fiction", "can't tell")] == [True, True]
    assert not next(button for button in page.button if button.label == "Skip").disabled
    page.session_state[navigation.DESK].ready = first  # the browser asked again
    page.run()
    fiction(page)
    assert read_decisions(demo_copy.database, fingerprint).frame()["record_id"].tolist() == [first]
    waiting = {"Fiction", "can't tell", "Undo my last decision"}
    assert all(button.disabled for button in page.button if button.label in waiting)


@pytest.mark.usefixtures("read_at_once")
def test_a_page_that_is_still_being_drawn_when_a_key_is_pressed_does_not_bring_the_decided_book_back(
    demo_copy: Workspace, fingerprint: str, open_page: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = open_page(demo_copy, "review.py").run()
    book = shown_record(page)
    show_progress = review_decisions.show_progress

    def press_meanwhile(*args: Any) -> None:
        """Do what the callback of a press does in the run that begins while this one, which read the log, goes on."""
        if review_view.review_state(fingerprint).record == book:
            review_view._answer(PREDICTIONS, fingerprint, book, "Fiction", "Fiction", 0, False, False)
        show_progress(*args)

    def claim_nothing(*_args: Any, **_options: Any) -> None:
        """Claims guard the decided book too, but not where two are to answer."""
        raise StorageError("No claim can be written here.")

    monkeypatch.setattr(review_decisions, "show_progress", press_meanwhile)
    monkeypatch.setattr(review_view, "claim_next", claim_nothing)
    page.run()
    assert [row.record_id for row in read_decisions(demo_copy.database, fingerprint).rows] == [book]
    monkeypatch.setattr(review_decisions, "show_progress", show_progress)
    page.run()
    assert shown_record(page) != book


@pytest.mark.usefixtures("read_at_once")
def test_a_key_that_meets_the_buttons_of_the_book_before_changes_nothing(
    demo_copy: Workspace, fingerprint: str, open_page: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = open_page(demo_copy, "review.py").run()
    book = shown_record(page)
    fiction(page)
    after = shown_record(page)
    show_progress = review_decisions.show_progress

    def press_of_before(*args: Any) -> None:
        """Press between the title of the next book, which comes first, and its buttons."""
        review_view._answer(PREDICTIONS, fingerprint, book, "Non-fiction", "Fiction", 0, False, False)
        show_progress(*args)

    monkeypatch.setattr(review_decisions, "show_progress", press_of_before)
    page.run()
    assert shown_record(page) == after != book
    assert not page.warning
    [row] = read_decisions(demo_copy.database, fingerprint).rows
    assert (row.record_id, row.label) == (book, "Fiction")


@pytest.mark.usefixtures("read_at_once")
@pytest.mark.parametrize("second", ["Fiction", "Non-fiction"])
def test_a_key_that_is_pressed_while_the_one_before_is_being_written_decides_nothing(
    demo_copy: Workspace, fingerprint: str, open_page: Open, monkeypatch: pytest.MonkeyPatch, second: str
) -> None:
    page = open_page(demo_copy, "review.py").run()
    book = shown_record(page)
    write = review_view.record_decision

    def press_again(*args: Any, **options: Any) -> int:
        """Let the second press come between the first one's row in the database and its way on from the book."""
        number = write(*args, **options)
        monkeypatch.setattr(review_view, "record_decision", write)
        review_view._answer(PREDICTIONS, fingerprint, book, second, "Fiction", 0, False, False)
        return number

    monkeypatch.setattr(review_view, "record_decision", press_again)
    fiction(page)
    assert shown_record(page) != book
    assert not page.warning
    [row] = read_decisions(demo_copy.database, fingerprint).rows
    assert (row.record_id, row.label) == (book, "Fiction")


@pytest.mark.usefixtures("read_at_once")
def test_the_reviewer_s_name_and_note_are_kept_with_the_decision(
    demo_copy: Workspace, fingerprint: str, open_page: Open
) -> None:
    page = open_page(demo_copy, "review.py").run()
    book = shown_record(page)
    page.text_input(key="reviewer").input("Anna").run()
    page.text_input(key=f"note-{book}").input("torn").run()
    fiction(page)
    [row] = read_decisions(demo_copy.database, fingerprint).rows
    assert (row.record_id, row.by, row.note) == (book, "Anna", "torn")
    assert row.session


@pytest.mark.slow
@pytest.mark.usefixtures("read_at_once")
def test_all_skipped_books_come_again(demo_copy: Workspace, fingerprint: str, open_page: Open) -> None:
    save_policy(demo_copy, fingerprint, SavedPolicy(policy=Policy({"Fiction": 0.0, "Non-fiction": 0.0})))
    from core.review import send_to_review

    send_to_review(demo_copy.database, fingerprint, _first_two(demo_copy), "a test")
    page = open_page(demo_copy, "review.py")
    page.query_params["why"] = "sent here"
    first = shown_record(page.run())
    second = shown_record(answer(page, "Skip"))
    assert second != first
    assert shown_record(answer(page, "Skip")) == first


def _first_two(place: Workspace) -> list[str]:
    return load_predictions(place, PREDICTIONS).records(place)["record_id"].tolist()[:2]


@pytest.mark.slow
@pytest.mark.usefixtures("read_at_once")
def test_a_second_person_answers_without_being_told_and_a_third_settles(
    demo_copy: Workspace, fingerprint: str, open_page: Open
) -> None:
    save_second_share(demo_copy.database, fingerprint, 1.0)
    anna, ben, cleo = (open_page(demo_copy, "review.py").run() for _ in range(3))
    book = shown_record(anna)
    anna.text_input(key="reviewer").input("Anna").run()
    fiction(anna)
    ben.text_input(key="reviewer").input("Ben").run()
    assert shown_record(ben) == book
    assert "a second person is to answer without knowing what the first said" in words(ben)
    assert "Fiction" not in ben.dataframe[-1].value["decided"].tolist()
    answer(ben, "Non\\-fiction")
    log = read_decisions(demo_copy.database, fingerprint)
    assert [(row.record_id, row.label, row.second) for row in log.rows] == [
        (book, "Fiction", False),
        (book, "Non-fiction", True),
    ]
    assert read_decisions(demo_copy.database, fingerprint).frame()["label"].tolist() == ["can't tell"]
    cleo.text_input(key="reviewer").input("Cleo").run()
    assert shown_record(cleo) == book
    assert "“Fiction”, says Anna; “Non-fiction”, says Ben." in words(cleo)
    fiction(cleo)
    assert read_decisions(demo_copy.database, fingerprint).frame()["label"].tolist() == ["Fiction"]
    late = open_page(demo_copy, "review.py")
    late.query_params["view"] = "Second opinions"
    late.run()
    assert not late.exception
    assert "Of 1 book that two people answered, they agree on 0." in words(late)
    assert late.dataframe[-1].value["settled"].tolist() == ["Fiction, by Cleo"]


@pytest.mark.usefixtures("read_at_once")
def test_a_blind_reader_sees_the_model_s_answer_after_their_own(
    demo_copy: Workspace, fingerprint: str, open_page: Open
) -> None:
    page = open_page(demo_copy, "review.py")
    page.query_params["blind"] = "true"
    page.run()
    assert "The model says" not in words(page)
    assert " speak: " not in words(page)
    fiction(page)
    [row] = read_decisions(demo_copy.database, fingerprint).rows
    assert row.blind
    before = [str(item.value) for item in page.caption if "The book before" in str(item.value)]
    assert len(before) == 1 and row.old in before[0].replace("\\", "")
    answer(page, "Back")
    assert shown_record(page) == row.record_id
    assert "You decided it: “Fiction”" in words(page)


@pytest.mark.usefixtures("read_at_once")
def test_two_readers_get_two_books(
    demo_copy: Workspace, fingerprint: str, open_page: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("core.database.LEASE_SECONDS", 600.0)
    anna, ben = open_page(demo_copy, "review.py").run(), open_page(demo_copy, "review.py").run()
    assert shown_record(anna) != shown_record(ben)


@pytest.mark.slow
def test_many_at_once_says_what_was_written_and_what_others_decided(
    demo_copy: Workspace, fingerprint: str, open_page: Open
) -> None:
    page = open_page(demo_copy, "review.py")
    page.query_params["view"] = "Many at once"
    page.run()
    assert not page.exception
    desk = page.session_state[navigation.DESK]
    assert len(desk.listed) == 50
    first, second = desk.listed[:2]
    scored = load_scored(demo_copy, PREDICTIONS)
    record_decision(demo_copy.database, fingerprint, second, "Fiction", by="Ben", scored=scored)
    rows = [Answer(record_id=name, label="Non-fiction", seen=desk.listed_seen) for name in (first, second)]
    desk.report = record_answers(demo_copy.database, scored, rows, by="Anna")
    page.run()
    assert "1 answer was written. 1 was not written: others have decided otherwise meanwhile" in words(page)
    [row] = page.dataframe[0].value.to_dict("records")
    assert (row["your answer"], row["decided meanwhile"], row["by"]) == ("Non-fiction", "Fiction", "Ben")


@pytest.mark.usefixtures("read_at_once")
def test_decisions_become_a_label_set_at_a_click(demo_copy: Workspace, fingerprint: str, open_page: Open) -> None:
    page = open_page(demo_copy, "review.py").run()
    book = shown_record(page)
    fiction(page)
    answer(page, "Make these decisions a label set")
    assert not page.exception
    [kept] = [str(item.value).replace("\\", "") for item in page.success]
    assert kept == f"Kept as the label set “{PREDICTIONS}-review”."
    table = load_labels(demo_copy, f"{PREDICTIONS}-review").table()
    assert table[["record_id", "label"]].to_numpy().tolist() == [[book, "Fiction"]]


@pytest.mark.slow
def test_decisions_train_the_model_again_at_one_press_and_both_stand_side_by_side(
    demo_copy: Workspace, open_page: Open, started: list[dict[str, Any]]
) -> None:
    scored = load_scored(demo_copy, PREDICTIONS)
    unknown = scored.table[(scored.table["truth"] == "") & (scored.table["split"] == "")].head(12)
    for record_id, old in zip(unknown["record_id"], unknown["predicted"], strict=True):
        other = next(name for name in scored.classes if name != old)
        record_decision(demo_copy.database, scored.predictions, record_id, other, old=old, by="Ada", scored=scored)
    page = open_page(demo_copy, "review.py").run()
    page.button(key="retrain").click().run()
    assert started == [{"job": "core.retraining", "predictions": PREDICTIONS}]
    assert "Before and after" not in [item.value for item in page.header]
    report = retrain(demo_copy, started[0]["predictions"])
    page.run()
    assert not page.exception
    assert "Before and after" in [item.value for item in page.header]
    result = before_and_after(demo_copy, scored, report.scoring.predictions)
    headline = retraining_headline(result.checked, result.changes)
    assert headline in words(page).replace("\u00a0", " ")
    assert "The 12 decided books that the new model learned from" in words(page)
    [right] = [table.value for table in page.table if "now" in table.value]
    assert right["books"].tolist() == ["checked against demo\\-test", "decided on Review, judged out of fold"]
    assert right["before"].iloc[1].startswith("0\\.0")  # each was decided against the model
    page.button(key="take-retrained").click().run()
    assert page.session_state[navigation.PREDICTIONS] == report.scoring.predictions
    assert "Before and after" not in [item.value for item in page.header]


def test_predictions_from_a_file_lead_to_models(demo_copy: Workspace, open_page: Open, tmp_path: Path) -> None:
    load_scored(demo_copy, PREDICTIONS).table.head(30)[["record_id", "title", "predicted", "confidence"]].to_csv(
        tmp_path / "tool.csv", index=False
    )
    import_file(demo_copy, tmp_path / "tool.csv", "predictions", name="tool", learned_from=("none",))
    scored = load_scored(demo_copy, "tool")
    record_decision(demo_copy.database, scored.predictions, scored.table["record_id"][0], "Fiction", scored=scored)
    page = open_page(demo_copy, "review.py")
    page.query_params[navigation.PREDICTIONS] = "tool"
    page.run()
    assert not page.exception
    assert "retrain" not in [button.key for button in page.button]
    assert "the model that made them is not here" in "\n".join(str(c.value) for c in page.caption)


def test_three_similar_checked_titles_stand_beside_a_record_with_their_labels(
    workspace: Workspace, open_page: Open, tmp_path: Path
) -> None:
    """Each word has six runs of letters that no other has, so that words in common decide: 3, 2, 1 and none."""
    titles = ["ab cd ef gh", "ab cd ef ij", "ab cd kl mn", "ab op qr st", "uv wx yz zz"]
    rows = pd.DataFrame(
        {
            "record_id": [f"b{number}" for number in range(5)],
            "title": titles,
            "predicted": "Map",
            "confidence": [0.6, 0.9, 0.9, 0.9, 0.9],
            "truth": ["", "Play", "Map", "Play", "Map"],
        }
    )
    rows.to_csv(tmp_path / "tool.csv", index=False)
    import_file(workspace, tmp_path / "tool.csv", "predictions", name="tool", learned_from=("none",))
    scored = load_scored(workspace, "tool")
    save_policy(workspace, scored.predictions, SavedPolicy(policy=Policy({"Map": 0.8, "Play": 0.8})))
    page = open_page(workspace, "review.py").run()
    assert not page.exception
    assert title(page) == "### ab cd ef gh"
    [similar] = [str(item.value) for item in page.markdown if str(item.value).startswith("- ")]
    assert similar.splitlines() == [
        "- ab cd ef ij → **Play**",
        "- ab cd kl mn → **Map**",
        "- ab op qr st → **Play**",
    ]
