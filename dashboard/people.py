"""Who uses this window: sign-in by OpenID Connect where the server's secrets ask for it, and what their role allows.

Without a section ``[auth]`` in Streamlit's file of secrets nothing is asked: everybody is a curator and may type a
name. With it nothing is drawn, and no workspace opened, for whoever has not signed in. Core refuses once more whatever
a role does not allow (:meth:`core.people.Person.require`).
"""

import contextlib
import functools
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import streamlit as st
from streamlit.errors import StreamlitAuthError, StreamlitMissingAuthlibError, StreamlitSecretNotFoundError
from streamlit.runtime.secrets import Secrets, secrets_singleton

from core.errors import NotAllowedError, SignInError
from core.people import Person, Role, Roles, identify
from core.translation import _
from dashboard import feedback, navigation

__all__ = ["allowed", "ask_name", "current_person", "may", "require_sign_in", "show_person"]

_NAME: Final = "reviewer"
_NO_FILE: Final = "no-secrets-found"  # Streamlit's word for it; any other is a file that cannot be read
_NOT_PROVIDERS: Final = frozenset({"client_kwargs"})


def current_person() -> Person:
    """Return who uses this window.

    Raises
    ------
    NotAllowedError
        Nobody has signed in, or who has may not use this workspace.
    SignInError
        The server's secrets cannot be understood.
    """
    if _section("auth") is None:
        return Person(name=_typed_name())
    if not st.user.get("is_logged_in"):
        raise NotAllowedError(_("Sign in first."))
    return identify(st.user.to_dict(), _roles())


def may(role: Role = Role.CURATOR) -> bool:
    """Whether whoever uses this window may do what this role may do."""
    return current_person().role.includes(role)


def allowed(act: str, role: Role = Role.CURATOR) -> bool:
    """Whether whoever uses this window may do what this role may do; where not, say so in a sentence.

    Parameters
    ----------
    act : str
        What it is, as in "Curators can load files."
    """
    if may(role):
        return True
    who = _("Curators") if role is Role.CURATOR else _("Reviewers and curators")
    st.caption(_("{who} can {act}. You are signed in as a {role}.", who=who, act=act, role=_(current_person().role)))
    return False


def require_sign_in() -> None:
    """Draw the page on which people sign in and stop, unless whoever uses this window may look at the workspace."""
    with feedback.show_errors():
        auth = _section("auth")
        if auth is None or st.user.get("is_logged_in"):
            current_person()
            return
        st.title(_("Colophon"))
        st.markdown(_("Sign in to see this workspace."))
        _sign_in_buttons(auth)
    if st.user.get("is_logged_in"):
        _sign_out_button()
    st.stop()


def _sign_in_buttons(auth: Mapping[str, Any]) -> None:
    providers = [name for name, part in auth.items() if isinstance(part, Mapping) and name not in _NOT_PROVIDERS]
    for provider in (*providers,) or (None,):
        label = (
            _("Sign in") if provider is None else _("Sign in with {provider}", provider=feedback.plain_label(provider))
        )
        if st.button(label, type="primary", icon=":material/login:", key=f"sign-in-{provider}"):
            try:
                st.login(provider)
            except StreamlitMissingAuthlibError as error:
                raise SignInError(
                    _("To sign in needs one more package on the server: install “colophon[signin]”.")
                ) from error
            except StreamlitAuthError as error:
                raise SignInError(_("[auth] in secrets.toml is not complete: {error}", error=error)) from error


def _sign_out_button() -> None:
    st.button(_("Sign out"), icon=":material/logout:", type="tertiary", key="sign-out", on_click=st.logout)


def show_person() -> None:
    """Draw who has signed in, and the way out; nothing where nobody needs to."""
    if _section("auth") is None:
        return
    person = current_person()
    st.caption(f"{feedback.escape(person.name)} · {_(person.role)}")
    _sign_out_button()


def ask_name() -> None:
    """Ask for the name that is kept with what a person does; say it where they have signed in."""
    if _section("auth") is not None:
        st.caption(_("You decide as {name}.", name=feedback.escape(current_person().name)))
        return
    # A widget's own state is dropped when its page is left; the name is wanted again.
    st.session_state.setdefault(_NAME, st.session_state.get(navigation.REVIEWER, ""))
    st.session_state[navigation.REVIEWER] = st.text_input(
        _("Your name"),
        key=_NAME,
        max_chars=80,
        help=_(
            "It may stay empty. Kept in this workspace with what you decide, so that others can ask you. An export"
            " names who kept its cut-offs and who made it, and nobody else."
        ),
    )


def _typed_name() -> str:
    return str(st.session_state.get(_NAME, st.session_state.get(navigation.REVIEWER, ""))).strip()


def _section(name: str) -> Any:
    """Return a section of the server's secrets, None where there is none.

    Raises
    ------
    SignInError
        There is a file that cannot be read: whether people must sign in is not known, so nobody is let in.
    """
    # A test may put others in their place.
    content = _server_secrets() if st.secrets is secrets_singleton else st.secrets.to_dict()
    return content.get(name)


def _roles() -> Roles:
    """Return who has which role, as the file says now: a changed role needs no restart of the server.

    Raises
    ------
    SignInError
        The file cannot be read, or what it says of roles cannot be understood.
    """
    if st.secrets is not secrets_singleton:
        return Roles.parse(_section("roles") or {})
    return _roles_of(_stamps())


# Whether people must sign in is as it was at the start: a file that is just being written must not let everybody in.
# Roles are read again: one that is gone meanwhile lets nobody in.
@functools.lru_cache(maxsize=1)
def _roles_of(stamps: tuple[tuple[Any, ...], ...]) -> Roles:
    return Roles.parse(_read(Secrets()).get("roles") or {})


def _stamps() -> tuple[tuple[Any, ...], ...]:
    """Return what changes when the files of secrets do: a page asks hundreds of times who uses it."""
    stamps: list[tuple[Any, ...]] = []
    for place in map(Path, st.get_option("secrets.files")):
        for path in sorted(place.rglob("*")) if place.is_dir() else [place]:
            with contextlib.suppress(OSError):  # most servers have one of the two files
                status = path.stat()
                stamps.append((str(path), status.st_mtime_ns, status.st_size, status.st_ino))
    return tuple(stamps)


@functools.cache
def _server_secrets() -> dict[str, Any]:
    """Return the server's secrets as they were at its start."""
    return _read(secrets_singleton)


def _read(secrets: Secrets) -> dict[str, Any]:
    try:
        return secrets.to_dict()
    except StreamlitSecretNotFoundError as error:
        if error.error_id == _NO_FILE:
            return {}
        raise SignInError(
            _("The secrets of this server cannot be read, so nobody is let in. {error}", error=error)
        ) from error
