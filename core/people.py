"""Who does something, and what they may do: the role of a person, and who has which.

Without sign-in everybody at this machine is a curator, and so is whoever uses the command line. With it the file of
secrets says who is what, by e-mail address.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final

from core.errors import NotAllowedError, SignInError
from core.translation import noop

__all__ = ["Person", "Role", "Roles", "identify"]

_DEFAULT: Final = "default"
_NONE: Final = "none"
# What is written by looking: a question asked of checked books counts, whoever asks it, and an audit is remembered.
_LOOKING: Final = frozenset({"question", "checked_books", "look", "shown", "label_audit"})
_DECIDING: Final = frozenset({"decision", "claim"})


class Role(StrEnum):
    """What a person may do: look; decide on Review too; or all there is."""

    READER = noop("reader")
    REVIEWER = noop("reviewer")
    CURATOR = noop("curator")

    def includes(self, other: "Role") -> bool:
        """Whether this role may do all that the other may.

        >>> Role.CURATOR.includes(Role.REVIEWER), Role.READER.includes(Role.REVIEWER)
        (True, False)
        """
        order = list(Role)
        return order.index(self) >= order.index(other)


@dataclass(frozen=True, kw_only=True)
class Person:
    """Somebody who uses a workspace.

    Attributes
    ----------
    name : str
        As it is kept with what they do; '' where nobody gave one.
    email : str
        '' without sign-in.
    role : Role
    """

    name: str = ""
    email: str = ""
    role: Role = Role.CURATOR

    def may_write(self, kind: str) -> bool:
        """Whether they may write this kind of note; '' is anything else that changes the workspace.

        >>> Person(role=Role.REVIEWER).may_write("decision"), Person(role=Role.REVIEWER).may_write("policy")
        (True, False)
        """
        needed = Role.READER if kind in _LOOKING else Role.REVIEWER if kind in _DECIDING else Role.CURATOR
        return self.role.includes(needed)

    def require(self, kind: str = "") -> None:
        """Refuse what this person may not do.

        Raises
        ------
        NotAllowedError
            Their role may not write this kind of note.
        """
        if not self.may_write(kind):
            needed = "Reviewers and curators" if kind in _DECIDING else "Curators"
            raise NotAllowedError(
                f"Nothing was written: you are signed in as a {self.role}. {needed} may do this; ask whoever runs"
                " Colophon if you should."
            )


@dataclass(frozen=True, kw_only=True)
class Roles:
    """Who has which role.

    Attributes
    ----------
    by_email : mapping of str to Role or None
        By address in lower case; None: may not even look.
    default : Role, optional
        Of whoever can sign in and is not named; None: they may not even look.
    """

    by_email: Mapping[str, Role | None] = field(default_factory=dict)
    default: Role | None = None

    @classmethod
    def parse(cls, section: object) -> "Roles":
        """Return the roles that the section ``[roles]`` of the file of secrets holds.

        Parameters
        ----------
        section : mapping of str to str
            E-mail address → 'reader', 'reviewer', 'curator' or 'none'; ``default`` → of everybody else who can sign
            in ('none' unless it is given: with some providers that is the whole world).

        Raises
        ------
        SignInError
            It is no table, a key is no address, an address stands there twice, or a value is no role.

        Examples
        --------
        >>> Roles.parse({"default": "reader", "Anna@example.org": "curator"}).role_of("anna@EXAMPLE.org")
        <Role.CURATOR: 'curator'>
        """
        if not isinstance(section, Mapping):
            raise SignInError(
                f"'roles' in secrets.toml must be a section, [roles] with a line a person; {section!r} came."
            )
        by_email: dict[str, Role | None] = {}
        default: Role | None = None
        for key, value in section.items():
            role = _role(str(key), value)
            email = str(key).strip().casefold()
            if key == _DEFAULT:
                default = role
            elif not all(email.partition("@")):
                raise SignInError(
                    f"In [roles] of secrets.toml, '{str(key)[:80]}' is no e-mail address and not 'default'. Write the"
                    ' address in quotation marks: "anna@example.org" = "curator".'
                )
            elif email in by_email:
                raise SignInError(f"In [roles] of secrets.toml, '{email}' stands twice; keep one line.")
            else:
                by_email[email] = role
        return cls(by_email=by_email, default=default)

    def role_of(self, email: str) -> Role | None:
        """Return the role of whoever has this address; None: they may not even look."""
        return self.by_email.get(email.strip().casefold(), self.default)


def _role(key: str, value: object) -> Role | None:
    if value == _NONE:
        return None
    if not isinstance(value, str) or value not in list(Role):
        raise SignInError(
            f"In [roles] of secrets.toml, '{key[:80]}' is {value!r}; a role is one of {', '.join(Role)} or {_NONE}."
        )
    return Role(value)


def identify(claims: Mapping[str, Any], roles: Roles) -> Person:
    """Return the person that a provider of identities speaks of.

    Parameters
    ----------
    claims : mapping
        Of an ID token of OpenID Connect: ``email``, and ``email_verified`` and ``name`` where the provider has them.

    Raises
    ------
    NotAllowedError
        There is no address, the provider says that nobody has checked it, or it has no role.

    References
    ----------
    OpenID Connect Core 1.0, section 5.1 (standard claims).

    Examples
    --------
    >>> identify({"email": "anna@example.org", "name": "Anna Berg"}, Roles(default=Role.READER)).name
    'Anna Berg'
    """
    email = str(claims.get("email") or "").strip()
    if not email:
        raise NotAllowedError("You are signed in, but no e-mail address came with it, by which your role is known.")
    if str(claims.get("email_verified", True)).casefold() == "false":
        raise NotAllowedError(f"You are signed in, but nobody has checked that the address {email} is yours.")
    role = roles.role_of(email)
    if role is None:
        raise NotAllowedError(f"You are signed in as {email}, which may not use this workspace.")
    name = " ".join(str(claims.get("name") or "").split())[:80]
    return Person(name=name or email, email=email, role=role)
