"""Checked books remember how they were drawn: lists that come back, by hand."""

import json
from pathlib import Path

import pandas as pd
import pytest

from core.cli import main
from core.draws import LabelDraw, how_drawn, read_draw, register_draw, say_how_drawn, unanswered_rows
from core.errors import InputError
from core.importing import import_file
from core.labels import load_labels
from core.predictions import load_scored, save_training_labels
from core.storage import Workspace
from core.thresholds import compare_population, find_whole_guarantee
from core.thresholds.sample import CheckedSample, draw_review_sample, draw_with_chances

LIST = ["b7", "b2", "b9", "b4"]


@pytest.fixture
def place(tmp_path: Path) -> Workspace:
    return Workspace(tmp_path / "ws")


def drawn_list(place: Workspace, chances: tuple[float, ...] = (0.1,) * 4) -> pd.DataFrame:
    sample = pd.DataFrame({"record_id": LIST, "drawn_chance": chances})
    return register_draw(place.database, sample)


def returned(drawn: pd.DataFrame, answers: tuple[str, ...]) -> pd.DataFrame:
    """The file as it comes back: all is text."""
    rows = drawn.astype("str").assign(label_given=list(answers), line=range(2, 2 + len(drawn)))
    return rows.assign(label=rows["label_given"].where(rows["label_given"].isin(["Map", "Play"]), ""))


def test_a_draw_is_written_down_once_and_known_again(place: Workspace) -> None:
    first, second = drawn_list(place), drawn_list(place)
    assert first["draw_id"].tolist() == second["draw_id"].tolist()
    assert len(place.database.read("draw")) == 1
    known = read_draw(place.database, first["draw_id"].iloc[0])
    assert known is not None
    assert known["record_id"].tolist() == LIST
    assert read_draw(place.database, "nothing") is None


def test_all_rows_answered(place: Workspace) -> None:
    draw = LabelDraw.from_rows(place.database, returned(drawn_list(place), ("Map", "Play", "Map", "both")))
    assert draw is not None
    assert draw.books["drawn_chance"].tolist() == [0.1] * 4
    assert draw.sentences == ("These are the answers to the list of 4 books that was drawn here.",)
    assert how_drawn(place.database, "f", draw.books) == "random"


def test_what_stands_behind_the_last_answer_was_not_reached(place: Workspace) -> None:
    draw = LabelDraw.from_rows(place.database, returned(drawn_list(place), ("Map", "", "Map", "")))
    assert draw is not None
    # Three of four were reached: each had three quarters of the chance, and one of them is blank.
    assert draw.books["record_id"].tolist() == LIST[:3]
    assert draw.books["drawn_chance"].tolist() == pytest.approx([0.075] * 3)
    assert "the last 1 are not answered" in draw.sentences[0]
    assert draw.sentences[1].startswith("1 books of the list have no answer: they count as wrong")


def test_a_list_with_unequal_chances_counts_whole(place: Workspace) -> None:
    rows = returned(drawn_list(place, (0.1, 0.5, 0.1, 0.5)), ("Map", "", "Map", ""))
    draw = LabelDraw.from_rows(place.database, rows)
    assert draw is not None
    assert len(draw.books) == 4
    assert draw.sentences[1].startswith("2 books of the list have no answer")
    assert how_drawn(place.database, "f", draw.books) == "chances"


def test_missing_rows_and_rows_that_were_not_drawn_are_said(place: Workspace) -> None:
    rows = returned(drawn_list(place), ("Map", "Play", "Map", "Map")).iloc[[0, 2, 3]]
    added = rows.iloc[[0]].assign(record_id="b1", draw_id="", drawn_chance="")
    draw = LabelDraw.from_rows(place.database, pd.concat([rows, added]))
    assert draw is not None
    assert draw.books["record_id"].tolist() == LIST
    assert "1 books of the list have no answer (1 of them are missing in the file)" in draw.sentences[1]
    assert draw.sentences[2].startswith("1 books of the file were not drawn")


@pytest.mark.parametrize("odd", ["0", "1.2", "-0.1", "often", "nan"])
def test_a_chance_outside_its_range_names_the_line(place: Workspace, odd: str) -> None:
    rows = returned(drawn_list(place), ("Map",) * 4)
    rows.loc[2, "drawn_chance"] = odd
    with pytest.raises(InputError, match=f"Line 4: '{odd}' in the column drawn_chance is no chance"):
        LabelDraw.from_rows(place.database, rows)


def test_a_chance_that_was_altered_and_two_draws_in_one_file_are_refused(place: Workspace) -> None:
    rows = returned(drawn_list(place), ("Map",) * 4)
    with pytest.raises(InputError, match="The chance of 1 books is not that with which they were drawn, such as b2"):
        LabelDraw.from_rows(place.database, rows.assign(drawn_chance=["0.1", "0.9", "0.1", "0.1"]))
    with pytest.raises(InputError, match="names 2 draws"):
        LabelDraw.from_rows(place.database, rows.assign(draw_id=["a", "b", "b", "b"]))


def test_a_list_drawn_elsewhere_is_taken_as_it_is_and_a_file_without_chances_is_none(place: Workspace) -> None:
    rows = returned(drawn_list(place), ("Map",) * 4).assign(draw_id="elsewhere", drawn_chance="0,25")
    draw = LabelDraw.from_rows(place.database, rows)
    assert draw is not None
    assert draw.books["drawn_chance"].tolist() == [0.25] * 4
    assert "was not drawn in this workspace" in draw.sentences[0]
    assert LabelDraw.from_rows(place.database, rows.assign(draw_id="", drawn_chance="")) is None


def test_what_a_person_says_is_kept_and_may_change(place: Workspace) -> None:
    assert how_drawn(place.database, "f", None) == "unknown"
    say_how_drawn(place.database, "f", "random")
    say_how_drawn(place.database, "f", "chosen")
    assert how_drawn(place.database, "f", None) == "chosen"
    with pytest.raises(InputError, match="'often' came"):
        say_how_drawn(place.database, "f", "often")


def test_blank_rows_between_answers_were_passed_over() -> None:
    def passed(*given: str) -> list[bool]:
        answers = pd.Series(given, dtype="str")
        return unanswered_rows(answers.where(answers != "both", ""), answers).tolist()

    assert passed("Map", "", "both", "Map", "") == [False, True, False, False, False]
    # Where most are blank nobody went through them one by one.
    assert not any(passed("", "", "", "", "Map", "", ""))
    assert not any(passed("", ""))


def test_draws_with_chances_are_half_even() -> None:
    table = pd.DataFrame({"record_id": [str(i) for i in range(1000)], "language": ["a"] * 900 + ["b"] * 100})
    drawn = draw_with_chances(table, 100, ("language",))
    # 50 of all 1,000 and 25 of each language: .05 + 25 / 900 and .05 + 25 / 100.
    by_language = drawn.groupby("language")["drawn_chance"].unique()
    assert by_language["a"] == pytest.approx([0.0777778])
    assert by_language["b"] == pytest.approx([0.3])
    sizes = [len(draw_with_chances(table, 100, ("language",), seed)) for seed in range(50)]
    assert sum(sizes) / 50 == pytest.approx(100, abs=4)


def collection(place: Workspace, tmp_path: Path, n: int = 400) -> pd.DataFrame:
    table = pd.DataFrame(
        {
            "record_id": [f"b{i}" for i in range(n)],
            "title": [f"The history of town number {i}" for i in range(n)],
            "predicted": ["Map" if i % 2 else "Play" for i in range(n)],
            "confidence": [round(1 - i / 2 / n, 4) for i in range(n)],
        }
    )
    table.to_csv(tmp_path / "tool.csv", index=False)
    import_file(place, tmp_path / "tool.csv", "predictions", name="tool", learned_from=("none",))
    return table


def answer(place: Workspace, tmp_path: Path, name: str, sample: pd.DataFrame, **options: str) -> None:
    sample.to_csv(tmp_path / f"{name}.csv", index=False)
    import_file(place, tmp_path / f"{name}.csv", "labels", name=name, **options)


def test_a_list_goes_out_comes_back_and_a_promise_rests_on_it(place: Workspace, tmp_path: Path) -> None:
    collection(place, tmp_path)
    scored = load_scored(place, "tool")
    sample = register_draw(place.database, draw_review_sample(scored.table, 200, ()))
    listed = sample[["record_id", "title", "draw_id", "drawn_chance"]].assign(label=sample["predicted"])
    listed.iloc[5, listed.columns.get_loc("label")] = ""
    answer(place, tmp_path, "drawn", listed)
    scored = load_scored(place, "tool", "drawn")
    checked = CheckedSample.from_table(scored.table)
    assert (checked.drawn.sum(), checked.unusable, checked.has_known_chances) == (200, 1, True)
    assert checked.chance[checked.drawn] == pytest.approx(0.5)
    assert set(scored.table.loc[scored.table["truth"] != "", "drawn"]) == {"random"}
    assert compare_population(scored.table).differing == ()
    result = find_whole_guarantee(scored.table, scored.classes, 0.05)
    assert result.known_chances
    assert result.accepted == 400


def test_books_that_somebody_chose_carry_no_promise(place: Workspace, tmp_path: Path) -> None:
    table = collection(place, tmp_path)
    shelf = table[[i % 4 in (0, 3) for i in range(len(table))]]
    chosen = shelf[["record_id", "title"]].assign(label=shelf["predicted"])
    answer(place, tmp_path, "shelf", chosen, drawn="chosen")
    scored = load_scored(place, "tool", "shelf")
    (first, *_) = compare_population(scored.table).differing
    assert first.words == "they were chosen, not drawn at random"
    assert not find_whole_guarantee(scored.table, scored.classes, 0.05).guaranteed


def test_label_sets_add_up_and_the_later_answer_holds(place: Workspace, tmp_path: Path) -> None:
    table = collection(place, tmp_path)
    books = table[["record_id", "title"]]
    answer(place, tmp_path, "first", books.iloc[:20].assign(label="Play"))
    answer(place, tmp_path, "second", books.iloc[10:30].assign(label=["Map"] * 19 + [""]))
    scored = load_scored(place, "tool", ["second", "first"])
    assert scored.label_sets == ("first", "second")
    assert scored.labels == "first + second"
    assert scored.table["truth"].iloc[[9, 10, 28, 29]].tolist() == ["Play", "Map", "Map", ""]
    assert (scored.table["truth"] != "").sum() == 29
    again = load_scored(place, "tool", scored.labels)
    assert again.fingerprint == scored.fingerprint
    assert "10 books were answered in more than one of these label sets" in " ".join(scored.sentences)


def test_two_random_lists_are_one_larger_random_sample(place: Workspace, tmp_path: Path) -> None:
    collection(place, tmp_path)
    scored = load_scored(place, "tool")
    for name, seed in (("one", 1), ("two", 2)):
        sample = register_draw(place.database, draw_review_sample(scored.table, 80, (), seed))
        listed = sample[["record_id", "title", "draw_id", "drawn_chance"]].assign(label=sample["predicted"])
        answer(place, tmp_path, name, listed)
    both = CheckedSample.from_table(load_scored(place, "tool", ["one", "two"]).table)
    assert 120 < both.drawn.sum() < 160
    assert both.chance[both.drawn] == pytest.approx(1 - 0.8 * 0.8)
    assert not both.is_weighted


def test_the_command_line_asks_and_adds_up(
    place: Workspace, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    table = collection(place, tmp_path)
    for name, rows in (("first", table.iloc[::2]), ("second", table.iloc[1::4])):
        rows[["record_id", "title"]].assign(label=rows["predicted"]).to_csv(tmp_path / f"{name}.csv", index=False)
        command = ["import", str(tmp_path / f"{name}.csv"), "--kind", "labels", "--drawn", "random"]
        assert main([*command, "--workspace", str(place.root)]) == 0
    capsys.readouterr()
    command = ["thresholds", "--predictions", "tool", "--labels", "first", "--labels", "second", "--whole", ".05"]
    main([*command, "--json", "--workspace", str(place.root)])
    content = json.loads(capsys.readouterr().out)
    assert content["promise"]["labelled"] == 300
    drawn = {load_labels(place, name).fingerprint for name in ("first", "second")}
    assert {how_drawn(place.database, fingerprint, None) for fingerprint in drawn} == {"random"}
    assert main(["import", str(tmp_path / "tool.csv"), "--kind", "predictions", "--drawn", "random"]) == 2
    assert "Only of labels it is asked how their books were drawn" in capsys.readouterr().err


def test_a_model_judged_by_a_copy_of_what_it_learned_from_is_found_out(place: Workspace, tmp_path: Path) -> None:
    table = collection(place, tmp_path)
    books = table.iloc[::2][["record_id", "title"]].assign(label=table["predicted"].iloc[::2])
    answer(place, tmp_path, "taught", books)
    answer(place, tmp_path, "copy", books.sample(frac=1, random_state=0).assign(note="again"))
    save_training_labels(place, place.find("predictions", "tool").fingerprint, ["taught"])
    for judge in ("taught", "copy"):
        scored = load_scored(place, "tool", judge)
        assert scored.table.loc[scored.table["truth"] != "", "leak"].all()
        assert any("200 of the 200 checked books are also in taught" in sentence for sentence in scored.sentences)
        result = find_whole_guarantee(scored.table, scored.classes, 0.05, learned_known=scored.learned_known)
        assert (result.labelled, result.left_out, result.accepted) == (0, 200, 0)
