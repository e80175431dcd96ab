"""What people and the catalogue have said of each record, the strongest voice first."""

from collections.abc import Mapping, Sequence
from typing import Final

import pandas as pd

from core.classes import match_classes, term_key
from core.joins import join_ids
from core.schema import (
    ALTERNATE_ID,
    GENRE_GIVEN,
    LABEL,
    LABEL_GIVEN,
    RECORD_ID,
    SOURCE,
    TRUTH,
    TRUTH_GIVEN,
)

__all__ = ["genre_labels", "human_from_labels", "strongest_labels"]

# Sources of human labels, the strongest first. A labelling function is no person: it is not in the list.
_RANK: Final[tuple[str, ...]] = ("person", "test label", "catalogue")


def genre_labels(genre: pd.Series, classes: Sequence[str], terms: Mapping[str, str] | None = None) -> pd.Series:
    """Return what the catalogue's own genre field says in terms of the labels; '' where it says nothing of them.

    Parameters
    ----------
    genre : Series of str
        As catalogued; several values are parted by semicolons or vertical bars.
    terms : mapping, optional
        Value of the genre field → label, for values that are not spelled like one.

    Returns
    -------
    Series of str
        A label; or several, joined by ' | ', where the field names more than one.
    """
    known = {term_key(name): name for name in classes}
    known |= {term_key(value): label for value, label in (terms or {}).items()}
    label_by_genre: dict[str, str] = {}
    for value in genre.unique():
        labels = {known[key] for part in str(value).replace("|", ";").split(";") if (key := term_key(part)) in known}
        label_by_genre[value] = " | ".join(sorted(labels))
    return genre.map(label_by_genre).astype("str")


def human_from_labels(records: pd.DataFrame, books: pd.DataFrame, labels: pd.DataFrame) -> pd.DataFrame:
    """Turn a label set into the `human` table of :func:`decide`, in the identifiers of `records`.

    Parameters
    ----------
    records : DataFrame
        The records to be exported: ``record_id``, ``alternate_id``.
    books, labels : DataFrame
        Records and table of the label set, row for row (:meth:`core.labels.LabelSet.records` and ``.table``).

    Returns
    -------
    DataFrame
        ``record_id``, ``label``, ``label_given``, ``source``; books that are not among the records are left out.
    """
    join = join_ids([books[RECORD_ID], books[ALTERNATE_ID]], [records[RECORD_ID], records[ALTERNATE_ID]])
    hit = join.position >= 0
    columns = {name: labels[name].to_numpy()[hit] for name in (LABEL, LABEL_GIVEN, SOURCE)}
    return pd.DataFrame({RECORD_ID: records[RECORD_ID].to_numpy()[join.position[hit]], **columns}).astype("str")


def strongest_labels(
    table: pd.DataFrame,
    ids: pd.Series,
    classes: Sequence[str],
    human: pd.DataFrame | None,
    human_labels: str,
    genre_terms: Mapping[str, str] | None,
) -> pd.DataFrame:
    """Return one row a record: the strongest human label ('' where there is none) and where it comes from."""
    parts = [pd.DataFrame({"id": [], "label": [], "given": [], "source": []}, dtype="str")]

    def add(of: pd.Series, label: pd.Series, given: pd.Series, source: pd.Series | str) -> None:
        columns = {"id": of, "label": label, "given": given}
        part = pd.DataFrame({name: values.to_numpy() for name, values in columns.items()})
        parts.append(part.assign(source=source if isinstance(source, str) else source.to_numpy()).astype("str"))

    if human is not None:
        add(human[RECORD_ID], human[LABEL], human[LABEL_GIVEN if LABEL_GIVEN in human else LABEL], human[SOURCE])
    if human_labels == "keep" and TRUTH in table:
        add(ids, table[TRUTH], table[TRUTH_GIVEN if TRUTH_GIVEN in table else TRUTH], "test label")
    if GENRE_GIVEN in table:
        label = genre_labels(table[GENRE_GIVEN].astype("str"), classes, genre_terms)
        add(ids, label, label, "catalogue")
    every = pd.concat(parts, ignore_index=True)
    names = match_classes(every["label"][every["label"] != ""], classes)
    label = every["label"].map(lambda answer: names.class_by_answer.get(answer, answer))
    # "both" and "can't tell" are answers of a person too: they stand as given and block.
    every["label"] = label.where(label != "", every["given"].str.strip()).astype("str")
    every["rank"] = every["source"].map({name: place for place, name in enumerate(_RANK)})
    every["rank"] = every["rank"].where(every["source"].isin([*_RANK, "function"]), 0.0)
    every = every[(every["label"] != "") & every["rank"].notna()]
    every = every[every["rank"] == every.groupby("id")["rank"].transform("min")]
    distinct = every.sort_values(["id", "label"], kind="stable").drop_duplicates(["id", "label"])
    disputed = distinct[distinct.duplicated("id", keep=False)].groupby("id")["label"].agg(" | ".join)
    strongest = distinct.drop_duplicates("id").set_index("id")[["label", "source"]]
    strongest["label"] = disputed.reindex(strongest.index).fillna(strongest["label"])
    return strongest.reindex(ids).fillna("").astype("str")
