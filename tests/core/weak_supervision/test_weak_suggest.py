import pandas as pd

from core.normalise import title_keys
from core.predicates import TextPredicate
from core.weak_supervision import LabellingFunction, suggest_functions


def labelled(rows):
    frame = pd.DataFrame(rows, columns=["title", "label"], dtype="str")
    return frame.assign(title_key=title_keys(frame["title"]))


def catalogue():
    rows = [(f"The heir of number{i}. A novel", "Fiction") for i in range(20)]
    rows += [(f"Songs and poems of number{i}", "Fiction") for i in range(12)]
    rows += [(f"A history of number{i} and its people", "Non-fiction") for i in range(30)]
    rows += [(f"A guide to number{i}", "Non-fiction") for i in range(4)]
    return labelled(rows)


def test_words_that_separate_the_classes_are_offered_and_common_ones_are_not():
    result = suggest_functions(catalogue())
    by_class = {
        name: [s.function.name for s in result if s.function.label == name] for name in ("Fiction", "Non-fiction")
    }
    assert "heir" in " ".join(by_class["Fiction"]) or "novel" in " ".join(by_class["Fiction"])
    assert any("history" in name for name in by_class["Non-fiction"])
    assert not {"of", "the", "and", "a"} & {suggestion.function.name for suggestion in result}
    assert "guide" not in by_class["Non-fiction"]  # in four titles only
    assert all(suggestion.right <= suggestion.titles for suggestion in result)


def test_what_a_function_finds_already_is_not_offered_again():
    present = [LabellingFunction("mine", "Non-fiction", TextPredicate("title", "word", ("history",)))]
    assert all("history" not in s.function.name for s in suggest_functions(catalogue(), present))


def test_each_title_counts_once():
    rows = [("One and the same saga", "Fiction")] * 30 + [(f"A history of number{i}", "Non-fiction") for i in range(20)]
    assert all(suggestion.function.label == "Non-fiction" for suggestion in suggest_functions(labelled(rows)))


def test_one_class_separates_nothing():
    assert suggest_functions(labelled([(f"A novel {i}", "Fiction") for i in range(20)])) == []
    assert suggest_functions(labelled([])) == []
