"""Every page after something that others speak of was removed or renamed: it works, or says what is missing."""

import pytest

from core.guarantees import SavedPolicy, save_policy
from core.importing import import_file
from core.predictions import load_scored
from core.review import record_decision
from core.storage import Workspace
from core.thresholds import Policy
from core.upkeep import remove, rename
from dashboard.navigation import PAGES
from tests.pages.conftest import Open

CATALOGUE = "id,title,language\n" + "".join(f"{i:03},The mill of Pell {i},French\n" for i in range(40))
PREDICTIONS = "id,predicted,confidence,truth\n" + "".join(f"{i},Fiction,0.9,Fiction\n" for i in range(1, 40))


@pytest.fixture
def furnished(demo_copy: Workspace) -> Workspace:
    for kind, name, text in (("corpus", "cat", CATALOGUE), ("predictions", "others", PREDICTIONS)):
        path = demo_copy.root / f"{name}.csv"
        path.write_text(text, encoding="utf-8")
        import_file(demo_copy, path, kind, name=name, corpus="cat" if kind == "predictions" else None)
    for name, labels in (("demo-predictions", "demo-annotated"), ("others", None)):
        scored = load_scored(demo_copy, name, labels)
        save_policy(
            demo_copy,
            scored.predictions,
            SavedPolicy(policy=Policy(dict.fromkeys(scored.classes, 0.8)), labels=labels or ""),
        )
        record_decision(demo_copy.database, scored.predictions, scored.table["record_id"][0], "Fiction", scored=scored)
    return demo_copy


def _removed(kind: str, name: str):
    return lambda place: remove(place, kind, name, dependents_too=True)


def _renamed(place: Workspace) -> None:
    for kind, name in (
        ("models", "demo-tfidf"),
        ("labels", "demo-annotated"),
        ("labels", "demo-test"),
        ("corpora", "cat"),
    ):
        rename(place, kind, name, f"new-{name}")


@pytest.mark.slow
@pytest.mark.parametrize(
    "change",
    [
        pytest.param(_removed("models", "demo-tfidf"), id="model and its predictions"),
        pytest.param(_removed("labels", "demo-annotated"), id="labels of a policy"),
        pytest.param(_removed("labels", "demo-test"), id="labels and their predictions"),
        pytest.param(_removed("corpora", "cat"), id="joined catalogue"),
        pytest.param(_renamed, id="all renamed"),
    ],
)
def test_every_page_works_or_says_what_is_missing(furnished: Workspace, open_page: Open, change) -> None:
    change(furnished)
    for stop in PAGES:
        page = open_page(furnished, stop.file).run()
        assert not page.exception, stop.file
        assert not page.error, (stop.file, page.error[0].value)
        choices = page.sidebar.selectbox[:1]
        others = {option for choice in choices for option in choice.options if option != choice.value}
        for name in {thing.name for thing in furnished.list("predictions")} & others:
            other = open_page(furnished, stop.file)
            other.query_params["predictions"] = name
            other.run()
            assert not other.exception, (stop.file, name)
            assert not other.error, (stop.file, name, other.error[0].value)
