import json

import numpy as np
import pandas as pd
import pytest

from core.cli import main
from core.errors import InputError, NotFoundError
from core.importing import import_file
from core.labels import load_labels
from core.models.preparation import load_weak_labels
from core.predicates import ConfidencePredicate, LengthPredicate, TextPredicate
from core.weak_supervision import functions_to_toml, holdout_mask, read_functions
from core.weak_supervision.build import build_labels
from core.weak_supervision.functions import LabellingFunction

pytestmark = pytest.mark.slow

WORDS = {"Fiction": ("a novel", "a tale", "poems"), "Non-fiction": ("a history", "a guide", "travels")}
FUNCTIONS = [
    LabellingFunction(word, name, TextPredicate("title", "word", (word,)))
    for name, words in WORDS.items()
    for word in words
]


@pytest.fixture
def filled(workspace, tmp_path):
    """A collection of 600 books, 120 labelled ones with other titles, 20 test books from the collection."""
    rows = []
    for number in range(600):
        name = ("Fiction", "Non-fiction")[number % 2]
        word = WORDS[name][number // 2 % 3]
        rows.append(
            (f"{number:06d}", f"Book of {number}, {word}" if number >= 60 else f"Book of {number}", "1850", name)
        )
    books = pd.DataFrame(rows, columns=["BL record ID", "Title", "Date of publication", "label"], dtype="str")
    people = books.iloc[60:180].assign(**{"BL record ID": [f"9{i:05d}" for i in range(120)]})
    people = people.assign(Title=people["Title"] + " again")
    people.loc[:, "Title"] = people["Title"].where(people.index >= 80, books["Title"].iloc[60:180])
    books.drop(columns="label").to_csv(tmp_path / "collection.csv", index=False)
    people.to_csv(tmp_path / "people.csv", index=False)
    books.iloc[200:220].to_csv(tmp_path / "test.csv", index=False)
    import_file(workspace, tmp_path / "collection.csv", "corpus", name="collection")
    import_file(workspace, tmp_path / "people.csv", "labels", name="people")
    import_file(workspace, tmp_path / "test.csv", "labels", name="test")
    return workspace


def test_the_result_is_a_label_set_like_any_other(filled):
    report = build_labels(filled, FUNCTIONS, "collection", labels="people", without=("test",), name="rules")
    labels = load_labels(filled, "rules")
    table, records = labels.table(), labels.records()
    # 600 books, 60 without a word, 20 labelled by people under the same title, 20 tested on
    assert report.labelled == len(table) == len(records) == 500
    assert report.left_out == {"by_people": 20, "tested": 20, "level": 0}
    assert report.classes == {"Fiction": 250, "Non-fiction": 250} == labels.manifest.summary["classes"]
    assert labels.classes == ("Fiction", "Non-fiction")
    assert set(table["source"]) == {"function"}
    assert table["record_id"].tolist() == records["record_id"].tolist()
    assert not set(load_labels(filled, "test").table()["record_id"]) & set(table["record_id"])
    np.testing.assert_allclose(table["p_Fiction"] + table["p_Non-fiction"], 1)
    assert (table["label"] == np.where(table["p_Fiction"] > 0.5, "Fiction", "Non-fiction")).all()
    assert table["annotator"].isin([function.name for function in FUNCTIONS]).all()
    votes = labels.annotations()
    assert len(votes) == table["rows"].sum()
    assert len(labels.training_table()) == 500
    assert read_functions(labels.artifact.path / "functions.toml") == tuple(FUNCTIONS)


def test_it_can_be_learned_from_softly(filled):
    build_labels(filled, FUNCTIONS, "collection", labels="people", without=("test",), name="rules")
    books = load_labels(filled, "people").training_table()
    weak, _ = load_weak_labels(filled, "rules", ("Fiction", "Non-fiction"), books, ("test",))
    assert len(weak) == 500
    assert weak["p_Fiction"].between(0.01, 0.99).all()


def test_accuracy_is_measured_on_titles_kept_back(filled):
    report = build_labels(filled, FUNCTIONS, "collection", labels="people", name="rules")
    people = load_labels(filled, "people").records()
    assert report.accuracy["n"] == holdout_mask(people["title_key"]).sum()
    assert report.accuracy["value"] == 1.0
    assert sum(row["n"] for row in report.functions) == report.accuracy["n"]


def test_majority_vote_leaves_level_books_without_a_label(filled):
    both = [*FUNCTIONS, LabellingFunction("any book", "Fiction", TextPredicate("title", "word", ("book",)))]
    report = build_labels(filled, both, "collection", method="majority", name="rules")
    table = load_labels(filled, "rules").table()
    assert report.left_out["level"] == 270 == (table["label"] == "").sum()
    assert table.loc[table["label"] == "", "disagreeing"].all()
    assert report.accuracy["value"] is None
    assert load_labels(filled, "rules").manifest.summary["without_label"] == 270


def test_a_copy_is_refused_and_does_not_vote(filled):
    report = build_labels(
        filled,
        [*FUNCTIONS, LabellingFunction("again", "Fiction", TextPredicate("title", "contains", ("a novel",)))],
        "collection",
        name="r",
    )
    assert report.functions[-1]["copies"] == "a novel"
    assert "again" not in set(load_labels(filled, "r").annotations()["annotator"])
    assert any("“again” copies “a novel”" in sentence for sentence in report.sentences)


def test_equal_wishes_give_the_same_set_and_others_another(filled):
    first = build_labels(filled, FUNCTIONS, "collection", name="one")
    assert build_labels(filled, FUNCTIONS, "collection", name="two").fingerprint == first.fingerprint
    assert build_labels(filled, FUNCTIONS[:-1], "collection", name="three").fingerprint != first.fingerprint
    assert build_labels(filled, FUNCTIONS, "collection", method="majority").fingerprint != first.fingerprint


def test_a_model_is_no_witness_of_its_own_training_titles(filled):
    from core.models.scoring import predict_corpus
    from core.models.training import train

    trained = train(filled, "people", name="audited")
    predict_corpus(filled, trained.model, "collection", name="opinion")
    sure = LabellingFunction("sure", "Fiction", ConfidencePredicate("opinion", "Fiction", 0.5))
    report = build_labels(filled, [*FUNCTIONS, sure], "collection", labels="people", name="r")
    row = report.functions[-1]
    assert (row["n"], row["accuracy"]) == (0, None)
    assert any("“sure” asks “opinion”" in s and "20 of these 600 books" in s for s in report.sentences)
    assert any("accuracy of “sure” rests only on" in s and "0 of 120" in s for s in report.sentences)


@pytest.mark.parametrize(
    ("functions", "wish", "error", "message"),
    [
        ([], {}, InputError, "There is no labelling function yet"),
        (FUNCTIONS, {"corpus": "x"}, NotFoundError, "no corpus called 'x'"),
        (FUNCTIONS, {"labels": "x"}, NotFoundError, "no label set called 'x'"),
        (
            FUNCTIONS,
            {"without": ("x",)},
            NotFoundError,
            "no label set, set of predictions or corpus called 'x'",
        ),
        (FUNCTIONS, {"method": "dice"}, InputError, "'dice' is no way to put votes together"),
        (FUNCTIONS, {"without": ("collection",)}, InputError, "No book of 'collection' gets a label: .*540, of which"),
        (
            [LabellingFunction("p", "Poetry", LengthPredicate("title", 2))],
            {"labels": "people"},
            InputError,
            "no label names",
        ),
        (
            [LabellingFunction("p", "F", TextPredicate("Topic", "word", ("x",)))],
            {},
            InputError,
            "Function 'p': There is no column",
        ),
        (
            [LabellingFunction("p", "F", ConfidencePredicate("x", "F", 0.9))],
            {},
            InputError,
            "Function 'p': .*called 'x'",
        ),
        (
            [LabellingFunction("p", "F", TextPredicate("title", "word", ("zebra",)))],
            {},
            InputError,
            "No book of 'collection' gets",
        ),
    ],
)
def test_what_cannot_be_labelled_is_told_and_nothing_is_kept(filled, functions, wish, error, message):
    before = {thing.name for thing in filled.list("labels")}
    with pytest.raises(error, match=message):
        build_labels(filled, functions, **{"corpus": "collection", "name": "r", **wish})
    assert {thing.name for thing in filled.list("labels")} == before


def test_an_original_column_can_be_asked(filled):
    dated = LabellingFunction("dated", "Fiction", TextPredicate("Date of publication", "pattern", ("^18",)))
    assert build_labels(filled, [dated], "collection", name="r").labelled == 600


def test_the_command_prints_the_promised_keys(filled, tmp_path, capsys):
    path = tmp_path / "functions.toml"
    path.write_text(functions_to_toml(FUNCTIONS), encoding="utf-8")
    texts = ["label", "--functions", str(path), "--corpus", "collection", "--workspace", str(filled.root), "--quiet"]
    assert main([*texts, "--labels", "people", "--without", "test", "--name", "rules", "--json"]) == 0
    content = json.loads(capsys.readouterr().out)
    assert {"functions", "labelled", "classes"} <= set(content)
    assert {"name", "polarity", "coverage", "overlap", "conflict", "accuracy", "n"} <= set(content["functions"][0])
    assert (content["name"], content["labelled"]) == ("rules", 500)
    assert main(texts) == 0
    assert "a novel" in capsys.readouterr().out
    path.write_text("[[function]]\nname = 3", encoding="utf-8")
    assert main(texts) == 2
    assert "functions.toml, line 1, function 1: 'label' is missing" in capsys.readouterr().err


def test_it_runs_as_a_job(filled):
    from core.jobs import start

    config = {
        "functions": functions_to_toml(FUNCTIONS),
        "corpus": "collection",
        "labels": "people",
        "without": ["test"],
        "name": "rules",
    }
    job = start(filled, "core.weak_supervision.build", config, "Labelling")
    job_ended(job)
    assert job.status().result["labelled"] == 500


def job_ended(job, limit=60.0):
    import time

    end = time.monotonic() + limit
    while job.status().state in ("waiting", "running") and time.monotonic() < end:
        time.sleep(0.1)
    assert job.status().state == "done", job.status().error
