"""Making catalogue data comparable: years, places, languages and title keys, and records of them.

What is normalised stands beside what was catalogued and never replaces it.
"""

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from core import schema
from core.classes import class_key
from core.errors import InputError
from core.formatting import parse_literal
from core.normalise.imprint import normal_countries, normal_place, normal_places, parse_date, parse_dates
from core.normalise.languages import detect_languages, language_name, language_names
from core.normalise.languages import detect_languages as detect_titles
from core.progress import Progress, silent
from core.readers.columns import ColumnMapping
from core.readers.table import RejectedRows, SourceTable
from core.schema import TITLE_KEY, Kind

__all__ = [
    "NormalisedRecords",
    "detect_languages",
    "language_name",
    "language_names",
    "normal_place",
    "normal_places",
    "normalise_records",
    "parse_date",
    "parse_dates",
    "title_key",
    "title_keys",
    "unwrap_literals",
    "usable_rows",
]


# --- From a file's columns to records: one row a book, normalised columns, every dropped row accounted for ------------
#
# Rows that can be no record are set aside first (:func:`usable_rows`): a spreadsheet destroyed their identifier, or
# they name no book at all.

# Columns whose cells are lists or dictionaries written as text, as in ``['A title', 'Single Works']``.


# Below this share the brackets are the cataloguer's: '[Poems.]' is no list.
LITERAL_SHARE = 0.9
# In a dictionary of names by role, the person who wrote the book comes before whoever else is named first.
_PREFERRED_KEYS = ("creator", "author", "name", "title", "label", "value")


def unwrap_literals(column: "pd.Series[str]") -> tuple["pd.Series[str]", int]:
    """Return a column with the first element of each list or dictionary in place of its text.

    Nothing is unwrapped unless 90 of 100 cells that are not blank are such literals; then cells that are none stay as
    they are. Cells are parsed as literals of Python or JSON and never evaluated.

    Parameters
    ----------
    column : Series of text

    Returns
    -------
    (Series of text, int)
        The column, and how many cells held more than one element, of which the first was taken. -1 in place of the
        number says that the column does not hold literals and is unchanged.

    Examples
    --------
    >>> cells = pd.Series(["['Poems', 'Single Works']", "{'creator': ['A. B.']}", "[]"], dtype="str")
    >>> unwrap_literals(cells)[0].tolist()
    ['Poems', 'A. B.', '']
    """
    text = column.str.strip()
    filled = text[text != ""]
    bracketed = filled.str.fullmatch(r"\[[\s\S]*\]|\{[\s\S]*\}")
    if not len(filled) or bracketed.mean() < LITERAL_SHARE:
        return column, -1
    candidates = filled[bracketed]
    parsed = [parse_literal(cell) for cell in candidates]
    known = [value is not None for value in parsed]
    if sum(known) < LITERAL_SHARE * len(filled):
        return column, -1
    firsts = [cell if value is None else _first(value) for cell, value in zip(candidates, parsed, strict=True)]
    replaced = pd.Series(firsts, index=candidates.index, dtype="str")
    unwrapped = replaced.reindex(text.index).where(text.index.isin(candidates.index), text)
    return unwrapped, sum(_count(value) > 1 for value in parsed if value is not None)


def _first(value: object) -> str:
    if isinstance(value, dict):
        key = next((name for name in _PREFERRED_KEYS if value.get(name)), next(iter(value), None))
        return "" if key is None else _first(value[key])
    if isinstance(value, list | tuple):
        return _first(value[0]) if value else ""
    return "" if value is None else str(value)


def _count(value: object) -> int:
    if isinstance(value, dict):
        return sum(_count(item) for item in value.values())
    return len(value) if isinstance(value, list | tuple) else 1


# --- Title keys: what two titles have in common when they are editions of one another ---------------------------------


class _Signs(dict[int, int | None]):
    """What each character becomes in a key: letters, digits and their marks stay, all else parts words."""

    def __missing__(self, code: int) -> int | None:
        category = unicodedata.category(chr(code))
        becomes = code if category[0] in "LNM" else None if category == "Cf" else ord(" ")  # Cf: a soft hyphen
        self[code] = becomes
        return becomes


# An apostrophe joins (bird's = birds), every other sign parts.
_SIGNS = _Signs(dict.fromkeys(map(ord, "'’‘ʼ`´"), None))


def title_key(title: str) -> str:
    """Return a title without case, punctuation, brackets, ellipses and white space that say nothing.

    Unicode NFKC and case folding, then letters, digits and marks are kept and parted by single spaces. Words are never
    dropped: ``[A novel.]`` is part of the key. A title of signs alone is its own key; the key of no title is ''.

    >>> title_key("The POETICAL Aviary, with a bird’s-eye view ... [Edited] &c.")
    'the poetical aviary with a birds eye view edited c'
    """
    folded = unicodedata.normalize("NFKC", title).casefold()
    if not folded.isascii():
        folded = unicodedata.normalize("NFKC", folded)  # case folding can part what was composed
    return " ".join(folded.translate(_SIGNS).split()) or " ".join(folded.split())


def title_keys(titles: "pd.Series[str]") -> "pd.Series[str]":
    """Return :func:`title_key` of each title, as a Series of text named ``title_key``."""
    codes, distinct = pd.factorize(titles)
    keys = pd.array([title_key(str(title)) for title in distinct], dtype="str")
    return pd.Series(keys.take(codes), index=titles.index, name=TITLE_KEY)


# --- From a file's columns to records ---------------------------------------------------------------------------------
# One row a book, normalised columns, every dropped row accounted for.


_TEXTS = (schema.TITLE, schema.AUTHOR, schema.PLACE, schema.COUNTRY, schema.PUBLISHER, schema.GENRE_GIVEN)
_NUMBERED = 0.9  # share of identifiers that end in '.0', from which on it is no part of them
_EXPECTED_FROM = 3  # a language named by fewer records is not expected in titles


@dataclass(frozen=True, kw_only=True)
class NormalisedRecords:
    """Records with the way back to the rows they came from.

    Attributes
    ----------
    records : DataFrame
        :data:`core.schema.RECORDS_COLUMNS`.
    rows : array of int64, shape (records,)
        Position in ``source.frame`` of the row each record was made from.
    inverse : array of int64, shape (rows of source.frame,)
        Position in `records` of the record with that row's id. So the rows of record *r* are
        ``np.flatnonzero(inverse == r)`` and a column of the file summed up by record is
        ``source.frame["column"].groupby(inverse)``.
    rejected : DataFrame
        Rows that became no record: line, reason, text.
    warnings : tuple of str
    """

    records: pd.DataFrame
    rows: npt.NDArray[np.int64]
    inverse: npt.NDArray[np.int64]
    rejected: pd.DataFrame
    warnings: tuple[str, ...]


def normalise_records(
    source: SourceTable,
    mapping: ColumnMapping,
    *,
    detect_languages: bool = True,
    unique: bool = True,
    repeats: bool = False,
    progress: Progress = silent,
) -> NormalisedRecords:
    """Return normalised records of a table.

    Text is in Unicode NFC with single spaces; dates give a year (:mod:`core.normalise.imprint`), places and languages
    one form, titles a key. A row without a record id takes its alternate id where no other record has that, else
    ``line-<n>``.

    Parameters
    ----------
    source : SourceTable
    mapping : ColumnMapping
        Targets that are not mapped give empty columns; without a record id all ids are ``line-<n>``.
    detect_languages : bool
        Detect the language of titles where the catalogue names none.
    unique : bool
        True gives one record an id, from the first row that has it. False gives a record for each row.
    repeats : bool
        What becomes of rows that repeat an id, with `unique`: False rejects them, as in a corpus, where a book stands
        once; True leaves them to the caller, as in labels, where several people speak of a book (see ``inverse``).

    Returns
    -------
    NormalisedRecords
    """
    warnings: list[str] = []
    columns = _text_columns(source.frame, mapping.columns, warnings)
    ids, alternates, generated = _ids(source, mapping, warnings)
    if unique and repeats and generated.any():
        ids = _one_a_title(ids, title_keys(columns[schema.TITLE]), generated, warnings)
    if unique:
        inverse, _ = pd.factorize(ids)
        inverse = np.asarray(inverse, dtype=np.int64)
        rows = np.flatnonzero(~pd.Series(inverse).duplicated().to_numpy()).astype(np.int64)
    else:
        inverse = rows = np.arange(len(ids), dtype=np.int64)
    rejected = RejectedRows()
    if unique and not repeats and len(rows) < len(ids):
        against = _reject_repeated(source, mapping, ids=ids, rows=rows, inverse=inverse, rejected=rejected)
        warnings.append(
            f"{len(rejected):,} rows repeat the record id of an earlier row and were set aside; the first row was kept."
            + (f" {against:,} of them contradict it: they name another class." if against else "")
        )
    records = pd.DataFrame({name: column.iloc[rows] for name, column in columns.items()}).reset_index(drop=True)
    records[schema.RECORD_ID] = ids.iloc[rows].array
    records[schema.ALTERNATE_ID] = alternates.iloc[rows].array
    records[schema.TITLE_KEY] = title_keys(records[schema.TITLE]).array
    records = _with_years(records, schema.DATE in mapping.columns, warnings)
    records[schema.PLACE] = normal_places(records[schema.PLACE]).array
    records[schema.COUNTRY] = normal_countries(records[schema.COUNTRY], warnings).array
    records = _with_languages(records, detect_languages, progress)
    return NormalisedRecords(
        records=records[list(schema.RECORDS_COLUMNS)],
        rows=rows,
        inverse=inverse,
        rejected=rejected.frame(),
        warnings=tuple(warnings),
    )


def _text_columns(frame: pd.DataFrame, columns: Mapping[str, str], warnings: list[str]) -> dict[str, "pd.Series[str]"]:
    text_columns: dict[str, pd.Series[str]] = {}
    for target in (*_TEXTS, schema.DATE, schema.LANGUAGE):
        if target not in columns:
            text_columns[target] = pd.Series("", index=frame.index, dtype="str")
            continue
        column, several = unwrap_literals(frame[columns[target]])
        if several >= 0:
            more = f"; {several:,} have more than one, of which the first was taken" if several else ""
            warnings.append(f"The cells of '{columns[target]}' are lists written as text{more}.")
        text_columns[target] = _clean(column)
    return text_columns


def _clean(column: "pd.Series[str]") -> "pd.Series[str]":
    """Return text in NFC with single spaces, computed in Arrow: a third of a second for a million cells."""
    values = pc.utf8_normalize(pa.array(column, type=pa.large_string()), form="NFC")
    values = pc.utf8_trim_whitespace(pc.replace_substring_regex(values, r"[\s\x{00A0}]+", " "))
    return pd.Series(pd.array(values, dtype="str"), index=column.index)


def _ids(
    source: SourceTable, mapping: ColumnMapping, warnings: list[str]
) -> tuple["pd.Series[str]", "pd.Series[str]", npt.NDArray[np.bool_]]:
    """Return record ids, alternate ids, and which record ids were made of the line, for the file has none."""
    frame, columns = source.frame, mapping.columns
    empty = pd.Series("", index=frame.index, dtype="str")
    ids = _whole_numbers(frame[columns[schema.RECORD_ID]], warnings) if schema.RECORD_ID in columns else empty
    alternates = _whole_numbers(frame[columns[schema.ALTERNATE_ID]], []) if schema.ALTERNATE_ID in columns else empty
    blank = ids == ""
    if not blank.any():
        return ids, alternates, np.zeros(len(ids), dtype=bool)
    free = (
        blank & (alternates != "") & ~alternates.isin(ids[~blank]) & ~alternates.where(blank, "").duplicated(keep=False)
    )
    ids = ids.where(~free, alternates)
    left = blank & ~free
    if left.any():
        taken = set(ids[~left])
        ids = ids.where(~left, pd.Series([_line_id(int(line), taken) for line in source.lines], ids.index, dtype="str"))
    if schema.RECORD_ID not in columns:
        warnings.append(
            "No column holds a record id, so records are known by their line in the file (line-2, line-3 …)."
        )
    else:
        name = columns[schema.RECORD_ID]
        took = f"{int(free.sum()):,} took their alternate id, " if free.any() else ""
        warnings.append(
            f"{int(blank.sum()):,} rows have no record id in '{name}': {took}{int(left.sum()):,} are known by their "
            "line in the file."
        )
    return ids, alternates, left.to_numpy(dtype=bool)


def _whole_numbers(column: "pd.Series[str]", warnings: list[str]) -> "pd.Series[str]":
    """Return identifiers without the '.0' that a program put behind them when it read them as numbers."""
    ids = column.str.strip()
    filled = ids != ""
    numbered = ids.str.fullmatch(r"\d+\.0+")
    if not filled.any() or numbered[filled].mean() < _NUMBERED:
        return ids
    example = ids[numbered].iloc[0]
    warnings.append(
        f"A program has read the record ids in '{column.name}' as numbers: the '.0' was taken off "
        f"{int(numbered.sum()):,} of them ({example} is {example.partition('.')[0]})."
    )
    return ids.where(~numbered, ids.str.replace(r"\.0+$", "", regex=True))


def _one_a_title(
    ids: "pd.Series[str]", keys: "pd.Series[str]", generated: npt.NDArray[np.bool_], warnings: list[str]
) -> "pd.Series[str]":
    """Give rows without an id that have one title one id: they speak of one book."""
    known = generated & (keys != "").to_numpy(dtype=bool)
    firsts = ids[known].groupby(keys[known].to_numpy()).transform("first")
    books = firsts.nunique()
    if books < known.sum():
        warnings.append(
            f"{int(known.sum()):,} rows without a record id were put together by their title: they speak of {books:,} "
            "books."
        )
    together = ids.copy()
    together[known] = firsts
    return together


def _line_id(line: int, taken: set[str]) -> str:
    name = f"line-{line}"
    while name in taken:
        name += "-"
    return name


def _reject_repeated(
    source: SourceTable,
    mapping: ColumnMapping,
    ids: "pd.Series[str]",
    rows: npt.NDArray[np.int64],
    inverse: npt.NDArray[np.int64],
    rejected: RejectedRows,
) -> int:
    """Set aside the rows that repeat an id; return how many name another class than the first row with it."""
    positions = np.setdiff1d(np.arange(len(ids)), rows)
    firsts = source.lines[rows[inverse[positions]]].tolist()
    frame = source.frame.iloc[positions]
    cells = zip(*(frame[name].tolist() for name in frame.columns), strict=True)
    lines = source.lines[positions].tolist()
    target = next((name for name in (schema.PREDICTED, schema.LABEL) if name in mapping.columns), None)
    classes = [""] * len(source.frame) if target is None else source.frame[mapping.columns[target]].str.strip().tolist()
    keepers = rows[inverse[positions]].tolist()
    against = 0
    for line, first, position, keeper, name, row in zip(
        lines, firsts, positions.tolist(), keepers, ids.iloc[positions].tolist(), cells, strict=True
    ):
        reason = f"it repeats the record id {name} of line {first}"
        if class_key(classes[position]) != class_key(classes[keeper]):
            against += 1
            reason += f" and says '{classes[position]}' where that line says '{classes[keeper]}'"
        rejected.add(line, reason, " | ".join(filter(None, row)))
    return against


def _with_years(records: pd.DataFrame, dated: bool, warnings: list[str]) -> pd.DataFrame:
    records = pd.concat([records, parse_dates(records[schema.DATE])], axis=1)
    # Old records carry the whole imprint in the place: '[Lisbon, 1808]' beside an empty date.
    searched = (records[schema.DATE] == "") & records[schema.PLACE].str.contains(r"\d{4}", regex=True)
    if not dated or not searched.any():
        return records
    years = [parse_date(str(place))[0] for place in records.loc[searched, schema.PLACE]]
    place_years = pd.Series(years, index=records.index[searched], dtype="Int64").dropna()
    records.loc[place_years.index, schema.YEAR] = place_years
    records.loc[place_years.index, schema.DATE_CERTAINTY] = "inferred"
    if len(place_years):
        warnings.append(
            f"For {len(place_years):,} records without a date the year was read from the place of publication."
        )
    return records


def _with_languages(records: pd.DataFrame, detect: bool, progress: Progress) -> pd.DataFrame:
    catalogued = language_names(records[schema.LANGUAGE])
    named = catalogued != ""
    confidence = np.full(len(records), np.nan)
    source = np.where(named, "catalogue", "")
    language = catalogued.to_numpy(dtype=object)
    silent_rows = np.flatnonzero(~named & (records[schema.TITLE] != ""))
    if detect and len(silent_rows):
        counts = catalogued[named].value_counts()
        expected = counts.index[counts >= _EXPECTED_FROM].tolist()
        detected = detect_titles(records[schema.TITLE].iloc[silent_rows], expected, progress)
        sure = (detected[schema.LANGUAGE] != "").to_numpy()
        language[silent_rows] = detected[schema.LANGUAGE].to_numpy(dtype=object)
        confidence[silent_rows] = detected[schema.LANGUAGE_CONFIDENCE].to_numpy()
        source[silent_rows[sure]] = "detected"
    records[schema.LANGUAGE] = pd.array(language, dtype="str")
    records[schema.LANGUAGE_SOURCE] = pd.array(source, dtype="str")
    records[schema.LANGUAGE_CONFIDENCE] = confidence
    return records


# 1.21E+12: what a spreadsheet makes of 1210117000031. Its last digits are gone and cannot be restored.
_SCIENTIFIC = r"[+-]?\d+(?:[.,]\d+)?[eE]\+\d+"
_MOSTLY = 0.5


def usable_rows(source: SourceTable, mapping: ColumnMapping, kind: Kind) -> SourceTable:
    """Return a table without the rows that cannot be known for a record; they are set aside with their reason.

    Parameters
    ----------
    source : SourceTable
    mapping : ColumnMapping
    kind : {'corpus', 'labels', 'predictions'}
        Labels without an identifier and without a title can be of no book; a catalogue record without either stands
        for itself.

    Raises
    ------
    InputError
        More than half of the identifiers were destroyed, or no row is left.
    """
    frame, rejected = source.frame, RejectedRows()
    aside = np.zeros(len(frame), dtype=bool)
    if schema.RECORD_ID in mapping.columns:
        name = mapping.columns[schema.RECORD_ID]
        ids = frame[name].str.strip()
        destroyed = ids.str.fullmatch(_SCIENTIFIC).to_numpy(dtype=bool, na_value=False)
        if destroyed.any():
            _refuse_if_most(source, name, ids, destroyed)
            for row in np.flatnonzero(destroyed).tolist():
                reason = f"its record id {ids.iloc[row]} was made by a spreadsheet, and its last digits are lost"
                rejected.add(int(source.lines[row]), reason, _text(frame, row))
            aside |= destroyed
    if kind == "labels":
        nameless = _nameless(frame, mapping) & ~aside
        for row in np.flatnonzero(nameless).tolist():
            rejected.add(
                int(source.lines[row]), "it has neither a record id nor a title: it can be no book", _text(frame, row)
            )
        aside |= nameless
    if not aside.any():
        return source
    if aside.all():
        raise InputError(f"No row of {source.path} can be used; {rejected.first()}.")
    count = int(aside.sum())
    warning = (
        f"{count:,} {'row' if count == 1 else 'rows'} of {len(frame):,} cannot be known for a book and "
        f"{'was' if count == 1 else 'were'} set aside, the first on {rejected.first()}."
    )
    return replace(
        source,
        frame=frame[~aside].reset_index(drop=True),
        lines=source.lines[~aside],
        rejected=pd.concat([source.rejected, rejected.frame()], ignore_index=True),
        warnings=(*source.warnings, warning),
    )


def _refuse_if_most(source: SourceTable, name: str, ids: pd.Series, destroyed: np.ndarray) -> None:
    filled = int((ids != "").sum())
    if destroyed.sum() <= _MOSTLY * filled:
        return
    row = int(np.flatnonzero(destroyed)[0])
    raise InputError(
        f"A spreadsheet has destroyed the record ids in '{name}': {int(destroyed.sum()):,} of {filled:,} are written "
        f"like '{ids.iloc[row]}' (line {int(source.lines[row])}), and {ids[destroyed].nunique():,} different ones "
        "are left. Their last digits cannot be restored. Export the file again from its source with the ids as text; "
        "or leave the column out, where titles are enough to find the books."
    )


def _nameless(frame: pd.DataFrame, mapping: ColumnMapping) -> np.ndarray:
    nameless = np.ones(len(frame), dtype=bool)
    for target in (schema.RECORD_ID, schema.ALTERNATE_ID, schema.TITLE):
        if target in mapping.columns:
            nameless &= (frame[mapping.columns[target]].str.strip() == "").to_numpy(dtype=bool)
    return nameless


def _text(frame: pd.DataFrame, row: int) -> str:
    return " | ".join(filter(None, frame.iloc[row].tolist()))
