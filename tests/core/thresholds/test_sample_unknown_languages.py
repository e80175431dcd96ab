"""No promise is made for a language apart of which too few books were checked, counted by hand."""

import numpy as np
import pandas as pd
import pytest

from core.thresholds import GuaranteeRecord, apply_policy, find_guaranteed_cuts, find_whole_guarantee
from core.wording import thresholds as accepted_wording
from core.wording import whole as whole_wording

CLASSES = ("Fiction", "Non-fiction")
# Language, label of people and of the model alike, books that were checked, and books that were not.
BOOKS = [
    ("English", "Fiction", 200, 200),
    ("English", "Non-fiction", 200, 200),
    ("French", "Fiction", 1, 40),
    ("French", "Non-fiction", 300, 300),
    ("German", "Fiction", 9, 20),
    ("German", "Non-fiction", 300, 300),
    ("Welsh", "Fiction", 49, 30),
    ("Greek", "Non-fiction", 0, 5),
    ("", "Non-fiction", 300, 30),
]


@pytest.fixture(scope="module")
def table() -> pd.DataFrame:
    """A model that is right about every checked book: what is withheld is withheld for want of books alone."""
    parts = []
    for language, label, checked, others in BOOKS:
        truth = [label] * checked + [""] * others
        n = len(truth)
        parts.append(
            pd.DataFrame(
                {"language": language, "predicted": label, "truth": truth, "confidence": np.linspace(0.99, 0.6, n)}
            )
        )
    return pd.concat(parts, ignore_index=True)


def test_of_the_accepted_only_what_is_known_is_promised_class_by_class(table) -> None:
    result = find_guaranteed_cuts(table, CLASSES, 0.2, stratum="language")
    assert result.by_stratum == {
        "English": {"Fiction": 0.0, "Non-fiction": 0.0},
        "French": {"Fiction": None, "Non-fiction": 0.0},
        "German": {"Fiction": None, "Non-fiction": 0.0},
        "no language": {"Fiction": None, "Non-fiction": 0.0},
    }
    withheld = [(part.value, part.class_name, part.labelled) for part in result.groups if part.withheld]
    assert sorted(withheld) == [("French", "Fiction", 1), ("German", "Fiction", 9), ("Welsh", "Fiction", 49)]
    # 49 Welsh books without an error are enough for "at most 20 % wrong", but not to know a language by.
    assert all(np.isnan(part.upper) for part in result.groups if part.withheld)
    sentences = accepted_wording.promise(result)
    assert sentences[-6:-1] == (
        "Nothing is known of German fiction: 9 checked books.",
        "Nothing is known of French fiction: 1 checked book.",
        "Nothing is known of Welsh books: 49 checked books (49 fiction).",
        "Nothing is known of Greek books: 0 checked books (no class).",
        "No promise is made for any of them apart: these books go to review.",
    )
    assert not any("French books accepted as Fiction" in sentence for sentence in sentences)


def test_a_language_of_which_a_class_is_unknown_has_no_promise_for_both_together(table) -> None:
    result = find_guaranteed_cuts(table, CLASSES, 0.2, per="together", stratum="language")
    assert set(result.by_stratum) == {"English", "no language"}


@pytest.mark.parametrize("anytime", [False, True])
@pytest.mark.parametrize(
    ("per", "languages"),
    [("class", {"English", "French", "German", "no language"}), ("together", {"English", "no language"})],
)
def test_of_the_whole_people_do_what_nothing_is_known_of(table, per, languages, anytime) -> None:
    result = find_whole_guarantee(table, CLASSES, 0.2, per=per, stratum="language", anytime=anytime)
    assert set(result.by_stratum) == languages
    accepted = table[apply_policy(table, result.policy())]
    assert len(accepted) == result.accepted
    kinds = set(zip(accepted["language"], accepted["predicted"], strict=True))
    assert not kinds & {("French", "Fiction"), ("German", "Fiction"), ("Welsh", "Fiction"), ("Greek", "Non-fiction")}
    assert "Nothing is known of French fiction: 1 checked book." in whole_wording.sentences(result)
    assert {part["language"]: part["checked"] for part in result.as_dict()["unknown"]} == {
        "German": 309,
        "French": 301,
        "Welsh": 49,
        "Greek": 0,
    }


def test_no_other_promise_is_touched(table) -> None:
    """Without languages set apart, or set apart by something else, nothing is withheld."""
    assert find_guaranteed_cuts(table, CLASSES, 0.2).unknown.languages == ()
    assert find_whole_guarantee(table, CLASSES, 0.2).unknown.languages == ()
    by_shelf = find_guaranteed_cuts(table.assign(shelf=table["language"]), CLASSES, 0.2, stratum="shelf")
    assert "Welsh" in by_shelf.by_stratum
    # The two classes of English keep the cuts and the alpha they had.
    by_language = find_guaranteed_cuts(table, CLASSES, 0.2, stratum="language")
    apart = {(part.value, part.class_name): part for part in by_language.groups}
    for part in by_shelf.groups:
        if part.value == "English":
            other = apart["English", part.class_name]
            assert (other.cut, other.level, other.accepted) == (part.cut, part.level, part.accepted)


def test_where_nothing_is_known_at_all_the_reason_is_that(table) -> None:
    welsh = table[table["language"].isin(["Welsh", "Greek"])].reset_index(drop=True)
    result = find_whole_guarantee(welsh, CLASSES, 0.2, stratum="language")
    assert result.accepted == 0
    assert whole_wording.reason(result) == "Too few books of any language were checked for a promise of its own."


def test_what_is_kept_repeats_it(table) -> None:
    record = accepted_wording.guarantee_record(find_guaranteed_cuts(table, CLASSES, 0.2, stratum="language"))
    assert "Nothing is known of French fiction: 1 checked book." in record.sentence
    again = GuaranteeRecord.of(record.as_dict())
    assert again is not None
    assert again.sentence == record.sentence
