"""From a label to a catalogue term: a visible choice, never a guess.

A class name says what the annotators meant; a vocabulary term says what its makers meant. The two agree only when
somebody has looked. The question to ask before choosing is :data:`TERM_QUESTION`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final, Literal

from core.classes import class_key
from core.errors import InputError

__all__ = [
    "GENRE_SOURCES",
    "LITERARY_FORMS",
    "PROFILES",
    "TERM_QUESTION",
    "GenreTerm",
    "Profile",
    "VerseDramaAnswer",
    "check_terms",
    "default_terms",
    "terms_as_dict",
]

TERM_QUESTION: Final = "Does the label Fiction, as your annotators used it, include verse and drama?"

VerseDramaAnswer = Literal["", "yes", "no"]
Profile = Literal["lcgft", "fast", "uncontrolled", "none"]
PROFILES: Final[Mapping[str, str]] = {
    "lcgft": "Library of Congress Genre/Form Terms where one fits, else an uncontrolled term",
    "fast": "FAST (OCLC) where one fits, else an uncontrolled term",
    "uncontrolled": "the label itself, as an uncontrolled term",
    "none": "no genre term in MARC: the accepted labels go to the flat files only",
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
    Term(term='Fiction', source='', uri='', literary_form='')
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
