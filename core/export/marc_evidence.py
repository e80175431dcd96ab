"""What the library's own MARC records already say of a label: genre terms and literary form that no machine wrote."""

from collections.abc import Mapping, Sequence
from typing import Final

import pandas as pd

from core.classes import class_key
from core.export.human_labels import genre_labels
from core.export.settings import ExportSettings
from core.export.terms import LITERARY_FORMS
from core.readers.marc_columns import literary_form, split_genres
from core.readers.marc_record import MarcRecord

__all__ = ["catalogue_labels", "coded_not_fiction", "form_labels"]

_PROSE: Final = ("1", "f", "j")  # fiction, novels, short stories
_VERSE_AND_DRAMA: Final = ("p", "d")
_FACT: Final = ("0", " ", "e", "i", "s")  # not fiction (blank: the code before 1997), essays, letters, speeches


def form_labels(classes: Sequence[str], answer: str) -> dict[str, str]:
    """Return code of 008/33 → label, for codes that speak of the labels.

    Where a code cannot be turned into a label (verse while the question of :mod:`core.export.terms` is open, mixed
    forms, humour) its name stands instead: a cataloguer has spoken, so it blocks, and nobody is said to agree.

    Examples
    --------
    >>> form_labels(["Fiction", "Non-fiction"], "")["p"]
    'poetry (008/33)'
    >>> form_labels(["History", "Law"], "")
    {}
    """
    keys = {class_key(name): name for name in classes}
    fiction, fact = keys.get("fiction"), keys.get("nonfiction")
    if fiction is None and fact is None:
        return {}
    label_by_code = dict.fromkeys(_PROSE, fiction or "") | dict.fromkeys(_FACT, fact or "")
    if answer:
        label_by_code |= dict.fromkeys(_VERSE_AND_DRAMA, (fiction if answer == "yes" else fact) or "")
    known = (" ", *(code for code in LITERARY_FORMS if code not in "u|"))
    return {code: label_by_code.get(code) or f"{LITERARY_FORMS.get(code, 'not fiction')} (008/33)" for code in known}


def catalogue_labels(marc: pd.Series, classes: Sequence[str], settings: ExportSettings) -> pd.Series:
    """Return for each record what its genre terms and literary form say, '' where they say nothing.

    Several different answers are joined by ' | '. Terms that a machine assigned (655 linked by $8 to an 883 with first
    indicator 0 or 1) are no human label and are passed over.
    """
    terms: Mapping[str, str] = {term.term: label for label, term in settings.terms_for(classes).items()}
    genre, forms = [], []
    meaning = form_labels(classes, settings.answer)
    for text in marc.tolist():
        record = MarcRecord.from_json(text) if text else MarcRecord(" " * 24)
        genre.append(" ; ".join(field.get("a") for field in split_genres(record)[0]))
        forms.append(meaning.get(literary_form(record), ""))
    labels = genre_labels(pd.Series(genre, dtype="str"), classes, {**terms, **settings.genre_terms})
    joined = [" | ".join(dict.fromkeys(filter(None, pair))) for pair in zip(labels.tolist(), forms, strict=True)]
    return pd.Series(joined, index=marc.index, dtype="str")


def coded_not_fiction(marc: pd.Series) -> pd.Series:
    """Return which records are coded '0' ("not fiction") in 008/33 and carry no genre term of people.

    That code is what cataloguing software writes unless somebody changes it, so it is weak evidence. It stands all the
    same: MARC 21 gives it a meaning, nobody can tell a default from a decision, and a machine's label is never written
    over what may be a person's. Since it may settle a whole catalogue, it is counted and said
    (:func:`core.export.wording.coded_by_default`).
    """
    coded = []
    for text in marc.tolist():
        record = MarcRecord.from_json(text) if text else MarcRecord(" " * 24)
        coded.append(literary_form(record) == "0" and not split_genres(record)[0])
    return pd.Series(coded, index=marc.index, dtype=bool)
