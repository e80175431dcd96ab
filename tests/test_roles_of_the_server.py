"""A role that is changed in the server's file of secrets holds at the next click; sign-in itself needs a restart."""

from pathlib import Path

import pytest
import streamlit as st

from core.errors import NotAllowedError, SignInError
from core.people import Role, identify
from dashboard import people

AUTH = '[auth]\nredirect_uri = "http://127.0.0.1/oauth2callback"\n'
ANNA = {"email": "anna@example.org"}


@pytest.fixture
def secrets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "secrets.toml"
    monkeypatch.setattr(st, "get_option", {"secrets.files": [str(path), str(tmp_path / "none.toml")]}.__getitem__)
    monkeypatch.setattr("streamlit.runtime.secrets.config.get_option", st.get_option)
    monkeypatch.setattr("streamlit.runtime.secrets.Secrets._maybe_install_file_watchers", lambda _: None)
    people._roles_of.cache_clear()
    yield path
    people._roles_of.cache_clear()


def role() -> Role:
    return identify(ANNA, people._roles()).role


def test_a_changed_role_holds_at_once(secrets: Path) -> None:
    secrets.write_text(f'{AUTH}[roles]\n"anna@example.org" = "curator"\n')
    assert role() is Role.CURATOR
    secrets.write_text(f'{AUTH}[roles]\n"anna@example.org" = "reader"\n')
    assert role() is Role.READER
    hits = people._roles_of.cache_info().hits
    assert role() is Role.READER
    assert people._roles_of.cache_info().hits == hits + 1, "an unchanged file is not read again"


def test_what_cannot_be_understood_meanwhile_lets_nobody_in(secrets: Path) -> None:
    secrets.write_text(f'{AUTH}[roles]\n"anna@example.org" = "curator"\n')
    assert role() is Role.CURATOR
    secrets.write_text(f'{AUTH}[roles]\n"anna@example.org" = "king"\n')
    with pytest.raises(SignInError, match="a role is one of"):
        role()
    secrets.write_text(f"{AUTH}[roles\n")
    with pytest.raises(SignInError, match="nobody is let in"):
        role()
    secrets.write_text("")
    with pytest.raises(NotAllowedError, match="may not use this workspace"):
        role()
    secrets.unlink()
    with pytest.raises(NotAllowedError, match="may not use this workspace"):
        role()


def test_sign_in_is_not_turned_off_by_a_file_that_is_just_being_written(
    secrets: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    secrets.write_text(AUTH)
    people._server_secrets.cache_clear()
    monkeypatch.setattr(people, "secrets_singleton", people.Secrets())
    monkeypatch.setattr(st, "secrets", people.secrets_singleton)
    assert people._section("auth")
    secrets.write_text("")
    assert people._section("auth")
    people._server_secrets.cache_clear()
