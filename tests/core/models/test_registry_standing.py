"""Models are ranked only on the same books, and never on labels that rules gave."""

from dataclasses import replace
from typing import Any

import pandas as pd
import pytest

from core.importing import import_file
from core.manifests import ModelManifest, ModelMetrics
from core.models.registry import ModelDescription, ModelTest, describe, list_models
from core.models.training import train
from core.storage import Workspace
from core.wording.evaluation import best_model

pytestmark = pytest.mark.slow


def model(
    name: str, key: str, right: int, n: int = 200, *, by_rules: bool = False, labels: str = "people"
) -> ModelDescription:
    share = right / n
    accuracy = {"value": share, "low": share - 0.03, "high": share + 0.02, "n": n}
    return ModelDescription(
        name=name,
        fingerprint=name,
        title="",
        n_bytes=0,
        manifest=ModelManifest(fingerprint=name, model_kind="tfidf", classes=(), files={}),
        metrics=ModelMetrics.parse({"test": {"n": n, "accuracy": accuracy, "macro_f1": {"value": share}}}),
        tested_on=ModelTest(labels=labels, by_rules=by_rules, n=n, key=key),
    )


def test_the_best_of_those_tested_on_the_same_books() -> None:
    verdict = best_model([model("one", "a", 180), model("two", "a", 190)])
    assert verdict == (
        "“two” is right on 95.0 % (92.0 to 97.0 %) of the 200 books of people that were kept apart for testing, the"
        " best of 2 tested on them."
    )


def test_never_across_test_sets() -> None:
    verdict = best_model([model("easy", "b", 199, labels="easy ones"), model("one", "a", 180), model("two", "a", 190)])
    assert verdict.startswith("“two” is right on 95.0 %")
    assert "One model was tested on other books or on none, and cannot be compared with it." in verdict
    assert "easy" not in verdict


def test_rules_are_no_people() -> None:
    """“right on 99.6 % of the 1,392 annotated books” was said of a model that three word rules had taught."""
    by_rules = model("rules", "r", 199, by_rules=True)
    verdict = best_model([by_rules, model("people", "a", 150)])
    assert verdict.startswith("“people” is right on 75.0 %")
    alone = best_model([by_rules])
    assert alone.startswith("No model has been tested on labels that people gave.")
    assert "agrees with its rules on 99.5 % of 200 books" in alone
    assert "annotated" not in alone
    assert "right on" not in alone


def test_without_any_test_part() -> None:
    verdict = best_model(
        [replace(model("one", "", 0, n=1), tested_on=ModelTest(labels="people", by_rules=False, n=0, key=""))]
    )
    assert verdict == "One model here, but no test: how often a model is right is not known."


@pytest.fixture
def taught(
    workspace: Workspace, tmp_path_factory: pytest.TempPathFactory, make_books: Any, given_by_rules: Any
) -> Workspace:
    """The same labels as people's and as rules', and a model of each."""
    folder = tmp_path_factory.mktemp("files")
    books: pd.DataFrame = make_books(240)
    for name, n in (("people", 240), ("rules", 200)):
        path = folder / f"{name}.csv"
        books.head(n)[["record_id", "title", "label"]].to_csv(path, index=False)
        import_file(workspace, path, "labels", name=name)
    given_by_rules(workspace, "rules")
    return workspace


def test_what_a_trained_model_was_tested_on_is_known(taught: Workspace) -> None:
    train(taught, "people", name="first")
    train(taught, "people", name="second", calibration="none")
    train(taught, "people", name="other-seed", seed=1)
    report = train(taught, "rules", name="of-rules")
    assert any("given by rules, not by people" in sentence for sentence in report.sentences)
    on = {name: describe(taught, name).tested_on for name in ("first", "second", "other-seed", "of-rules")}
    assert on["first"].key == on["second"].key != on["other-seed"].key
    assert not on["first"].by_rules
    assert on["of-rules"].by_rules
    assert on["of-rules"].words.endswith("books of rules, labelled by rules")
    verdict = best_model(list_models(taught))
    assert "the best of 2 tested on them. 2 models were tested on other books" in verdict
