"""People sign in at a provider of OpenID Connect: the whole protocol, in a browser, against oidc-provider-mock."""

import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from oidc_provider_mock import User, run_server_in_thread
from playwright.sync_api import Browser, Page, expect

from core.demonstration import PREDICTIONS
from core.guarantees import SavedPolicy, save_policy
from core.predictions import load_predictions
from core.review import read_decisions
from core.storage import Workspace
from core.thresholds import Policy
from tests import serving

pytestmark = [
    pytest.mark.browser,
    pytest.mark.slow,
    # The provider runs in this process, and uses what Authlib will drop.
    pytest.mark.filterwarnings("ignore::DeprecationWarning:authlib"),
]

PEOPLE = [
    User(sub="rita", claims={"name": "Rita Moor", "email": "rita@example.org", "email_verified": True}),
    User(sub="ron", claims={"name": "Ron Vale", "email": "ron@example.org"}),
    User(sub="eve", claims={"name": "Eve Stranger", "email": "eve@elsewhere.example"}),
]
# As the README has it; {port} is filled in by Streamlit.
SECRETS = """
[auth]
redirect_uri = "http://127.0.0.1:{{port}}/oauth2callback"
cookie_secret = "thirty-two invented random signs"
client_id = "colophon"
client_secret = "invented-client-secret"
server_metadata_url = "{issuer}/.well-known/openid-configuration"

[roles]
"rita@example.org" = "reviewer"
"ron@example.org" = "reader"
"""


@pytest.fixture(scope="module")
def team(demo_workspace: Workspace, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Workspace, str]]:
    """A dashboard at which people must sign in, and its address."""
    folder = tmp_path_factory.mktemp("team")
    place = Workspace(shutil.copytree(demo_workspace.root, folder / "workspace"))
    fingerprint = load_predictions(place, PREDICTIONS).fingerprint
    save_policy(place, fingerprint, SavedPolicy(policy=Policy({"Fiction": 0.95, "Non-fiction": 0.95})))
    with run_server_in_thread(require_nonce=True, user_claims=PEOPLE) as provider:
        issuer = f"http://localhost:{provider.server_port}"
        path = folder / ".streamlit" / "secrets.toml"
        path.parent.mkdir()
        path.write_text(SECRETS.format(issuer=issuer))
        with serving.dashboard(Path(place.root), folder / "server.log", start_in=folder) as address:
            yield place, address


def sign_in(page: Page, address: str, who: str) -> None:
    page.set_default_timeout(120_000)
    # The provider's page asks for its looks elsewhere; nothing is asked of another machine here.
    page.route(lambda url: not url.startswith(("http://127.0.0.1:", "http://localhost:")), lambda route: route.abort())
    page.goto(f"{address}/review")
    expect(page.get_by_text("Sign in to see this workspace.")).to_be_visible(timeout=60_000)
    assert page.get_by_test_id("stSidebar").count() == 0
    page.get_by_role("button", name="Sign in").click()
    page.get_by_role("button", name=who, exact=True).click()
    page.wait_for_url(f"{address}/**")


def test_a_decision_names_who_signed_in_and_a_reader_makes_none(
    page: Page, browser: Browser, team: tuple[Workspace, str]
) -> None:
    place, address = team
    sign_in(page, address, "rita")
    expect(page.get_by_test_id("stSidebar").get_by_text("Rita Moor · reviewer")).to_be_visible(timeout=60_000)
    page.goto(f"{address}/review")
    serving.wait_until_settled(page)
    assert serving.exceptions_on(page) == []
    expect(page.get_by_text("You decide as Rita Moor.")).to_be_visible()
    fiction = page.get_by_role("button", name=re.compile("^Fiction"))
    expect(fiction).to_be_enabled()
    fiction.click()
    expect(page.get_by_text("The book before: you said “Fiction”")).to_be_visible()
    fingerprint = load_predictions(place, PREDICTIONS).fingerprint
    assert [row.by for row in read_decisions(place.database, fingerprint).rows] == ["Rita Moor"]

    with browser.new_context() as context:
        other = context.new_page()
        sign_in(other, address, "ron")
        expect(other.get_by_test_id("stSidebar").get_by_text("Ron Vale · reader")).to_be_visible(timeout=60_000)
        other.goto(f"{address}/review")
        serving.wait_until_settled(other)
        expect(other.get_by_text("Reviewers and curators can decide.")).to_be_visible()
        assert other.get_by_role("button", name=re.compile("^Fiction")).count() == 0
        other.get_by_role("button", name="Sign out").click()
        other.get_by_role("button", name="End session").click()
        expect(other.get_by_text("Sign in to see this workspace.")).to_be_visible(timeout=60_000)
    assert len(read_decisions(place.database, fingerprint).rows) == 1


def test_who_has_no_role_sees_nothing(page: Page, team: tuple[Workspace, str]) -> None:
    _, address = team
    sign_in(page, address, "eve")
    expect(page.get_by_text("which may not use this workspace")).to_be_visible(timeout=60_000)
    assert page.get_by_test_id("stSidebar").count() == 0
