"""What an address carries: the set that is looked at, also the default; what is not here is said, not replaced."""

from collections.abc import Callable

import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from core.demonstration import PREDICTIONS
from core.importing import import_file
from core.storage import Workspace
from tests.pages.conftest import by_hand
from tests.serving import ROOT

pytestmark = pytest.mark.slow

Open = Callable[[Workspace, str], AppTest]


def words(page: AppTest) -> str:
    shown = [*page.markdown, *page.caption, *page.warning, *page.error, *page.info]
    return "\n".join(str(item.value).replace("\\", "") for item in shown)


def _import_newer(place: Workspace, name: str = "newer") -> None:
    path = place.root / "newer.csv"
    rows = [{"id": f"n{n}", "title": f"Title {n}", "predicted": "Fiction", "confidence": 0.9} for n in range(30)]
    pd.DataFrame(rows).to_csv(path, index=False)
    import_file(place, path, "predictions", name=name)


def test_the_address_carries_the_default_and_holds_after_an_import(demo_copy: Workspace, open_page: Open) -> None:
    page = by_hand(open_page(demo_copy, "thresholds.py")).run()
    assert not page.exception
    assert page.query_params["predictions"] in ([PREDICTIONS], PREDICTIONS)
    assert {"cut_Fiction", "cut_Non_fiction"} <= set(page.query_params)
    _import_newer(demo_copy)
    again = by_hand(open_page(demo_copy, "thresholds.py"))
    again.query_params["predictions"] = PREDICTIONS
    again.query_params["cut_Fiction"] = "0.8"
    again.run()
    assert again.selectbox(key="predictions").value == PREDICTIONS
    assert [slider.value for slider in again.slider] == [0.8, 0.9]
    assert by_hand(open_page(demo_copy, "thresholds.py")).run().selectbox(key="predictions").value == "newer"


@pytest.mark.parametrize(
    ("page_name", "key", "what"),
    [
        ("errors.py", "predictions", "set of predictions"),
        ("home.py", "predictions", "set of predictions"),
        ("thresholds.py", "checked", "label set"),
        ("errors.py", "only", "named slice"),
        ("catalogue.py", "corpus", "catalogue or label set or set of predictions"),
        ("label_audit.py", "label_set", "label set"),
        ("representativeness.py", "population", "catalogue or set of predictions"),
        ("errors.py", "is", "class"),
    ],
)
def test_what_is_not_here_is_said_and_nothing_is_shown_in_its_stead(
    demo_copy: Workspace, open_page: Open, page_name: str, key: str, what: str
) -> None:
    page = open_page(demo_copy, page_name)
    page.query_params[key] = "nosuch"
    page.run()
    assert not page.exception
    assert f"There is no {what} called “nosuch” here" in words(page)
    assert page.selectbox(key=key).value is None
    page.run()
    assert f"There is no {what} called “nosuch” here" in words(page)
    box = page.selectbox(key=key)
    box.select(box.options[0]).run()
    assert not page.exception
    assert "called “nosuch”" not in words(page)


def test_a_set_that_goes_away_while_it_is_looked_at_is_said(demo_copy: Workspace, open_page: Open) -> None:
    _import_newer(demo_copy)
    page = open_page(demo_copy, "home.py").run()
    assert page.selectbox(key="predictions").value == "newer"
    from sqlalchemy import text

    with demo_copy.database._engine.begin() as connection:
        connection.execute(text("UPDATE names SET name = 'renamed' WHERE name = 'newer'"))
    page.run()
    assert "There is no set of predictions called “newer” here" in words(page)


def test_a_choice_among_other_things_does_not_follow_to_a_page_where_it_means_nothing(
    demo_copy: Workspace, open_page: Open
) -> None:
    page = open_page(demo_copy, "catalogue.py")
    page.query_params["corpus"] = "demo-annotated"
    page.run()
    page.switch_page(str(ROOT / "pages" / "labelling.py")).run()
    assert not page.exception
    assert "called “" not in words(page)


def test_slider_of_another_person_does_not_move(demo_copy: Workspace, open_page: Open) -> None:
    from core.guarantees import SavedPolicy, save_policy, saved_policies
    from core.predictions import load_predictions
    from core.thresholds import Policy

    page = by_hand(open_page(demo_copy, "thresholds.py")).run()
    fingerprint = load_predictions(demo_copy, PREDICTIONS).fingerprint
    save_policy(demo_copy, fingerprint, SavedPolicy(policy=Policy({"Fiction": 0.5, "Non-fiction": 0.5})))
    next(item for item in page.button if item.label.startswith("Keep")).click().run()
    assert not page.exception
    assert saved_policies(demo_copy, fingerprint)[0].policy.cuts == {"Fiction": 0.9, "Non-fiction": 0.9}


def test_a_search_looks_at_all_rows_and_the_table_holds_them_all(demo_copy: Workspace, open_page: Open) -> None:
    page = open_page(demo_copy, "catalogue.py")
    page.query_params["corpus"] = "demo-digitised"
    page.query_params["view"] = "Records"
    page.run()
    name = "demo-digitised-records"
    everything = page.dataframe[0].value
    assert len(everything) > 1000
    last = everything["record_id"].iloc[-1]
    page.text_input(key=f"find_{name}").input(str(last)).run()
    assert not page.exception
    assert last in page.dataframe[0].value["record_id"].tolist()
    page.text_input(key=f"find_{name}").input("nowhere to be found").run()
    assert f"0 of {len(everything):,} books hold “nowhere to be found”." in words(page)
    assert not page.dataframe
