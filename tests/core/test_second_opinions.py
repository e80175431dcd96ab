"""How far two people agree, what is no agreement, and how often people err."""

from pathlib import Path

import numpy as np
import pytest

from core.database import Database
from core.errors import InputError
from core.review import Decision, DecisionLog, read_decisions, record_decision
from core.second_opinions import human_error_rate, measure_opinions, save_second_share, second_share
from core.wording.review import opinion_sentences


@pytest.fixture
def database(tmp_path: Path) -> Database:
    return Database.at(tmp_path / "a.db")


def answer(database: Database, record_id: str, first: str, second: str, *, windows: str = "ab", note: str = "") -> None:
    record_decision(database, "p", record_id, first, by="Anna", session=windows[0], note=note)
    record_decision(database, "p", record_id, second, by="Ben", session=windows[1], note=note, second=True)


def test_agreement_is_between_people_and_not_between_copies(database: Database) -> None:
    for number in range(6):
        answer(database, f"same{number}", "Map", "Map")
    answer(database, "other", "Map", "Song")
    answer(database, "unsure", "Map", "can't tell")
    answer(database, "window", "Map", "Map", windows="aa")
    answer(database, "note", "Song", "Song", note="on the title page")
    opinions = measure_opinions(read_decisions(database, "p"))
    assert (len(opinions.pairs), opinions.agreed, opinions.undecided, opinions.copies) == (7, 6, 1, 2)
    # One of seven disagrees: 2 e (1 - e) = 1/7.
    assert opinions.human_error.value == pytest.approx((1 - (1 - 2 / 7) ** 0.5) / 2)
    # Observed 2 of 14 values, expected from 13 maps and 1 song: 1 - 13 * 2 / (14² - 13² - 1).
    assert opinions.alpha.value == pytest.approx(1 - 13 * 2 / 26)
    first, *others = opinion_sentences(opinions)
    assert first == "Of 7 books that two people answered, they agree on 6."
    assert "with one and the same note. That is not agreement" in others[1]


def test_without_second_opinions_nothing_is_known(database: Database) -> None:
    opinions = measure_opinions(read_decisions(database, "p"))
    assert not opinions.alpha.defined
    assert not opinions.human_error.defined
    assert opinion_sentences(opinions) == ["No book has been answered by two people yet."]


def test_how_often_people_err() -> None:
    estimate = human_error_rate(18, 100)
    assert estimate.value == pytest.approx(0.1)
    assert estimate.low < 0.1 < estimate.high
    assert human_error_rate(0, 40).value == 0
    assert not human_error_rate(20, 40).defined
    assert human_error_rate(19, 40).high == pytest.approx(0.5)  # the limit of the disagreements passes one half


def test_the_interval_holds_the_true_rate() -> None:
    """In 19 of 20 worlds of 200 pairs by two people who each err in 4 % of the books."""
    generator = np.random.default_rng(3)
    errors = generator.random((400, 200, 2)) < 0.04
    disagreements = (errors[..., 0] != errors[..., 1]).sum(axis=1)
    estimates = [human_error_rate(int(count), 200) for count in disagreements]
    hits = sum(estimate.low <= 0.04 <= estimate.high for estimate in estimates)
    assert hits >= 0.95 * 400 - 3 * np.sqrt(400 * 0.95 * 0.05)


def test_a_third_does_not_count_as_a_pair() -> None:
    rows = [
        Decision(id=1, record_id="1", label="Map", by="Anna", session="a"),
        Decision(id=2, record_id="1", label="Song", by="Ben", session="b", second=True),
        Decision(id=3, record_id="1", label="Song", by="Cleo", session="c"),
    ]
    assert len(measure_opinions(DecisionLog(tuple(rows))).pairs) == 1


def test_the_share_is_kept(database: Database) -> None:
    assert second_share(database, "p") == 0
    save_second_share(database, "p", 0.1)
    assert second_share(database, "p") == 0.1
    assert second_share(database, "q") == 0
    with pytest.raises(InputError, match="lies between 0 and 1"):
        save_second_share(database, "p", 10)
