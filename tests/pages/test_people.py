"""Who has signed in, and what their role lets them do; the protocol itself is in tests/browser/test_sign_in.py."""

from collections.abc import Callable, Mapping
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from core.demonstration import PREDICTIONS
from core.guarantees import SavedPolicy, save_policy, saved_policies
from core.predictions import load_predictions
from core.review import read_decisions
from core.storage import Workspace
from core.thresholds import Policy
from dashboard import people, review_view
from tests.pages.conftest import Open, by_hand

pytestmark = pytest.mark.slow

ROLES = {"anna@example.org": "curator", "rita@example.org": "reviewer", "ron@example.org": "reader"}
AUTH = {"redirect_uri": "http://127.0.0.1/oauth2callback", "cookie_secret": "invented"}
OpenAs = Callable[[Workspace, str, str], AppTest]


@pytest.fixture
def open_as(open_page: Open, monkeypatch: pytest.MonkeyPatch) -> OpenAs:
    """Return a function that opens a page as somebody who has signed in."""
    monkeypatch.setattr(review_view, "LEAST_SECONDS", 0.0)

    def opened(place: Workspace, name: str, who: str) -> AppTest:
        page = open_page(place, name)
        page.secrets = {"auth": AUTH, "roles": ROLES}
        page.user = {"is_logged_in": True, "email": f"{who.casefold()}@example.org", "name": who}
        return page

    return opened


def words(page: AppTest) -> str:
    return "\n".join(str(element.value) for kind in ("title", "markdown", "caption") for element in page.get(kind))


def labels(page: AppTest) -> list[str]:
    return [button.label for button in page.button]


@pytest.fixture
def desk(demo_copy: Workspace) -> Workspace:
    fingerprint = load_predictions(demo_copy, PREDICTIONS).fingerprint
    save_policy(demo_copy, fingerprint, SavedPolicy(policy=Policy({"Fiction": 0.95, "Non-fiction": 0.95})))
    return demo_copy


@pytest.mark.parametrize("name", ["home.py", "review.py"])
def test_nothing_is_drawn_before_somebody_signs_in(open_page: Open, demo_workspace: Workspace, name: str) -> None:
    page = open_page(demo_workspace, name)
    page.secrets = {"auth": AUTH, "roles": ROLES}
    page.run()
    assert not page.exception
    assert labels(page) == ["Sign in"]
    assert [element.value for element in page.markdown] == ["Sign in to see this workspace."]
    assert not page.sidebar.children


@pytest.mark.parametrize(
    ("user", "sentence"),
    [
        ({"email": "eve@example.org"}, "eve@"),
        ({"email": "anna@example.org", "email_verified": False}, "nobody has checked that the address"),
    ],
)
def test_whoever_has_no_role_sees_nothing(
    open_page: Open, demo_workspace: Workspace, user: Mapping[str, Any], sentence: str
) -> None:
    page = open_page(demo_workspace, "home.py")
    page.secrets = {"auth": AUTH, "roles": ROLES}
    page.user = {"is_logged_in": True, **user}
    page.run()
    assert sentence in page.error[0].value.replace("\\", "")
    assert labels(page) == ["Sign out"]
    assert not page.sidebar.children


def test_roles_that_cannot_be_understood_let_nobody_in(open_as: OpenAs, demo_workspace: Workspace) -> None:
    page = open_as(demo_workspace, "home.py", "Anna")
    page.secrets = {"auth": AUTH, "roles": {"anna@example.org": "boss"}}
    page.run()
    assert "a role is one of reader, reviewer, curator or none" in page.error[0].value
    assert labels(page) == ["Sign out"]


def test_secrets_that_cannot_be_read_let_nobody_in(
    open_page: Open, demo_workspace: Workspace, tmp_path, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = tmp_path / "secrets.toml"
    broken.write_text('[auth]\nredirect_uri = "a\n')
    from streamlit import config

    monkeypatch.setattr(config, "get_option", lambda key, get=config.get_option: (
        [str(broken)] if key == "secrets.files" else get(key)))  # fmt: skip
    people._server_secrets.cache_clear()
    page = open_page(demo_workspace, "home.py").run()
    assert "nobody is let in" in page.error[0].value
    assert "line 2" in page.error[0].value
    assert str(tmp_path) not in page.error[0].value
    assert labels(page) == []


def test_a_reader_sees_the_book_and_cannot_decide(open_as: OpenAs, desk: Workspace) -> None:
    page = open_as(desk, "review.py", "Ron").run()
    assert not page.exception
    assert "Reviewers and curators can decide. You are signed in as a reader." in words(page)
    assert "Ron · reader" in words(page)
    assert not [label for label in labels(page) if label in ("Fiction", "Non-fiction", "can't tell", "Save")]


def test_a_reviewer_decides_under_the_name_of_the_identity_and_keeps_no_cut_offs(
    open_as: OpenAs, desk: Workspace
) -> None:
    page = open_as(desk, "review.py", "Rita").run()
    assert "Your name" not in [box.label for box in page.text_input]
    next(button for button in page.button if button.label == "Fiction").click().run()
    assert not page.exception
    fingerprint = load_predictions(desk, PREDICTIONS).fingerprint
    assert [row.by for row in read_decisions(desk.database, fingerprint).rows] == ["Rita"]

    page = by_hand(open_as(desk, "thresholds.py", "Rita")).run()
    assert not page.exception
    assert "Curators can keep cut-offs. You are signed in as a reviewer." in words(page)
    assert not [label for label in labels(page) if label.startswith("Keep these")]


def test_a_curator_keeps_cut_offs_and_the_export_page_says_who(open_as: OpenAs, desk: Workspace) -> None:
    page = by_hand(open_as(desk, "thresholds.py", "Anna")).run()
    next(button for button in page.button if button.label.startswith("Keep these")).click().run()
    assert not page.exception
    fingerprint = load_predictions(desk, PREDICTIONS).fingerprint
    assert saved_policies(desk, fingerprint)[0].created_by == "Anna"
    page = open_as(desk, "export.py", "Anna").run()
    assert not page.exception
    assert "by Anna" in next(str(element.value) for element in page.markdown if "Accepted:" in str(element.value))


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("catalogue.py", "Curators can load files."),
        ("models.py", "Curators can train models."),
        ("labelling.py", "Curators can change the functions"),
        ("export.py", "Curators can export."),
        ("share.py", "Curators can change the card."),
        ("facets.py", "Curators can"),
        ("errors.py", ""),
        ("label_audit.py", "Curators can keep a copy."),
    ],
)
def test_a_reader_reads_every_page_and_is_told_what_curators_do(
    open_as: OpenAs, desk: Workspace, name: str, sentence: str
) -> None:
    page = open_as(desk, name, "Ron").run()
    assert not page.exception
    assert not page.error
    assert sentence in words(page)
