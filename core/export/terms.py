"""From a label to a catalogue term: a visible choice, never a guess; and how records and runs are named.

A class name says what the annotators meant; a vocabulary term says what its makers meant. The two agree only when
somebody has looked. The question to ask before choosing is :data:`TERM_QUESTION`.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final, Literal
from urllib.parse import quote, urlsplit
from uuid import NAMESPACE_OID, uuid5

import pandas as pd

from core.classes import class_key
from core.errors import InputError
from core.translation import noop

__all__ = [
    "GENRE_SOURCES",
    "LITERARY_FORMS",
    "NAMESPACE",
    "PROFILES",
    "RECORD_URN",
    "TERM_QUESTION",
    "GenreTerm",
    "Profile",
    "VerseDramaAnswer",
    "annotation_uri",
    "check_base_uri",
    "check_terms",
    "default_terms",
    "identifier_pattern",
    "record_uri",
    "terms_as_dict",
]

# --- From a label to a catalogue term: a visible choice, never a guess ------------------------------------------------


TERM_QUESTION: Final = noop("Does the label Fiction, as your annotators used it, include verse and drama?")

VerseDramaAnswer = Literal["", "yes", "no"]
Profile = Literal["lcgft", "fast", "uncontrolled", "none"]
PROFILES: Final[Mapping[str, str]] = {
    "lcgft": noop("Library of Congress Genre/Form Terms where one fits, else an uncontrolled term"),
    "fast": noop("FAST (OCLC) where one fits, else an uncontrolled term"),
    "uncontrolled": noop("the label itself, as an uncontrolled term"),
    "none": noop("no genre term in MARC: the accepted labels go to the flat files only"),
}

# Source codes that 655 $2 may carry: the book genre lists among the genre/form source codes of the Library of Congress
# (as MARC::Schema 0.14 carries them), and FAST. Any other is refused, since no public validator looks at $2.
GENRE_SOURCES: Final = frozenset(
    {
        "barngf",
        "estc",
        "fast",
        "gatbeg",
        "gnd",
        "gnd-content",
        "gsafd",
        "lcgft",
        "marcgt",
        "nbdbgf",
        "proysen",
        "rbgenr",
        "rbmscv",
        "reveal",
        "rvmgf",
        "saogf",
        "slm",
        "tgfbne",
    }
)
# 008/33 for books (MARC 21 bibliographic, 008 Books).
LITERARY_FORMS: Final[Mapping[str, str]] = {
    "0": "not fiction",
    "1": "fiction",
    "d": "dramas",
    "e": "essays",
    "f": "novels",
    "h": "humor, satires, etc.",
    "i": "letters",
    "j": "short stories",
    "m": "mixed forms",
    "p": "poetry",
    "s": "speeches",
    "u": "unknown",
    "|": "no attempt to code",
}


@dataclass(frozen=True)
class GenreTerm:
    """What one label becomes in a catalogue.

    Attributes
    ----------
    term : str
        The heading, 655 $a.
    source : str
        Code of the vocabulary, 655 $2; '' for an uncontrolled term (second indicator 4).
    uri : str
        Identifier of the term, 655 $0; '' when there is none.
    literary_form : str
        The code for 008/33, '' to leave that byte alone. Written only when the export asks for it.
    """

    term: str
    source: str = ""
    uri: str = ""
    literary_form: str = ""

    def as_dict(self) -> dict[str, str]:
        """Return a JSON-able dictionary."""
        return asdict(self)


_LCGFT = "http://id.loc.gov/authorities/genreForms/"
_FICTION: Mapping[tuple[str, str], GenreTerm] = {
    # (profile, answer): only terms whose identifier was read in a published source.
    ("lcgft", "yes"): GenreTerm("Literature", "lcgft", f"{_LCGFT}gf2014026415"),
    ("lcgft", "no"): GenreTerm("Fiction", "lcgft", f"{_LCGFT}gf2014026339", "1"),
    ("fast", "no"): GenreTerm("Fiction", "fast", "(OCoLC)fst01423787", "1"),
    ("uncontrolled", "no"): GenreTerm("Fiction", literary_form="1"),
}


def default_terms(
    classes: Sequence[str], profile: Profile = "lcgft", answer: VerseDramaAnswer = ""
) -> dict[str, GenreTerm]:
    """Propose a term for each class.

    Only a class called Fiction has a known term in a vocabulary, and which one depends on the answer to
    :data:`TERM_QUESTION`: *Literature* when verse and drama are included, *Fiction* when they are not. While the
    question is open, and for every other class, the label stands as an uncontrolled term, which claims no more than
    the annotators said. There is no general term for non-fiction; *Informational works* is narrower and never used.

    Examples
    --------
    >>> default_terms(["Fiction", "Non-fiction"], "lcgft", "yes")["Fiction"].term
    'Literature'
    >>> default_terms(["Fiction"])["Fiction"]
    GenreTerm(term='Fiction', source='', uri='', literary_form='')
    """
    terms = {}
    for name in classes:
        key = class_key(name)
        if key == "fiction":
            terms[name] = _FICTION.get((profile, answer), GenreTerm(name))
        elif key == "nonfiction":
            # Code 0 says 'not fiction (not further specified)', which holds whichever way the question is answered.
            terms[name] = GenreTerm(name, literary_form="0")
        else:
            terms[name] = GenreTerm(name)
    return terms


def check_terms(terms: Mapping[str, GenreTerm]) -> None:
    """Refuse terms that could not be told apart or written.

    Raises
    ------
    InputError
        Two labels share a term; a vocabulary or literary form is unknown; a term is empty.
    """
    seen: dict[str, str] = {}
    for label, term in terms.items():
        if not term.term.strip():
            raise InputError(f"The term for the label '{label}' is empty. Give one, or leave the label itself.")
        if term.source and term.source not in GENRE_SOURCES:
            raise InputError(
                f"'{term.source}' (term for the label '{label}') is no known source code for genre terms."
                f" Known are: {', '.join(sorted(GENRE_SOURCES))}. Leave it empty for an uncontrolled term."
            )
        if term.literary_form and term.literary_form not in LITERARY_FORMS:
            raise InputError(
                f"'{term.literary_form}' (label '{label}') is no code for 008/33."
                f" Known are: {', '.join(LITERARY_FORMS)}."
            )
        other = seen.setdefault(term.term, label)
        if other != label:
            raise InputError(
                f"The labels '{other}' and '{label}' would both become '{term.term}'. Give each its own term."
            )


def terms_as_dict(terms: Mapping[str, GenreTerm]) -> dict[str, Any]:
    """Return label → term as plain dictionaries, sorted by label."""
    return {label: terms[label].as_dict() for label in sorted(terms)}


# --- How records and runs are named in descriptions and linked data, and what identifiers look like -------------------


NAMESPACE: Final = "urn:x-colophon:terms#"  # our own words: confidence, threshold, decision
RECORD_URN: Final = "urn:x-colophon:record:"
_NOT_IN_URIS: Final = re.compile(r"[^!-~]|[<>\"{}|\\^`]|#(?=.)")  # RFC 3986, section 2, and # but once


def record_uri(record_id: str) -> str:
    """Return the name of a record in linked data.

    >>> record_uri("014602826"), record_uri("a b")
    ('urn:x-colophon:record:014602826', 'urn:x-colophon:record:a%20b')
    """
    return RECORD_URN + quote(record_id, safe="")


def annotation_uri(run_id: str, record_id: str) -> str:
    """Return the name of one prediction: always the same for the same run and record."""
    return uuid5(NAMESPACE_OID, f"colophon:prediction:{run_id}:{record_id}").urn


def check_base_uri(base: str) -> None:
    """Refuse what is no address that the names of runs can be put behind; '' is none at all, and allowed.

    Raises
    ------
    InputError
        It is no http or https URI, holds what a URI may not hold, or ends in neither / nor #.
    """
    example = "such as https://data.example.org/runs/, or leave it empty"
    if not base:
        return
    if not re.match(r"https?://", base, re.IGNORECASE):
        raise InputError(f"'{base}' is no http or https address. Give one of your library's, {example}.")
    wrong = _NOT_IN_URIS.search(base)
    if wrong or not _host(base):
        what = f"holds {wrong.group()!r}, which no URI may hold" if wrong else "names no host"
        raise InputError(f"'{base}' {what}. Give an address {example}; other signs are written as %20 and the like.")
    if not base.endswith(("/", "#")):
        raise InputError(
            f"'{base}' ends in neither / nor #, so the name of the run cannot be put behind it. Give '{base}/' or"
            f" '{base}#'."
        )


def _host(uri: str) -> str:
    try:
        return urlsplit(uri).hostname or ""
    except ValueError:  # a bracket of an IPv6 address is missing
        return ""


def identifier_pattern(ids: pd.Series) -> str:
    """Return a regular expression for identifiers that are all digits of one length, else ''.

    >>> identifier_pattern(pd.Series(["014602826", "000000004"]))
    '[0-9]{9}'
    """
    lengths = ids.str.len().unique()
    if len(lengths) == 1 and ids.str.fullmatch("[0-9]+").all():
        return f"[0-9]{{{int(lengths[0])}}}"
    return ""
