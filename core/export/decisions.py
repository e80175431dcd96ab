"""Who decides about each record, what people and the catalogue say of it, and how many went which way."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd

from core.classes import class_key, is_undecided, match_classes, term_key
from core.errors import InputError
from core.export.settings import LITERARY_FORMS, ExportSettings
from core.facets import facet_values
from core.joins import join_ids
from core.readers.marc import literary_form, split_genres
from core.readers.marc_decode import MarcRecord
from core.schema import (
    ALTERNATE_ID,
    CONFIDENCE,
    GENRE_GIVEN,
    LABEL,
    LABEL_GIVEN,
    NOTE,
    PREDICTED,
    RECORD_ID,
    SOURCE,
    TRUTH,
    TRUTH_GIVEN,
)
from core.thresholds import Policy, apply_policy

__all__ = [
    "ABSTAINED",
    "ACCEPTED",
    "CURATOR",
    "DECISIONS",
    "HUMAN_LABEL_KEPT",
    "NOT_MATCHED",
    "REJECTED",
    "DecisionCounts",
    "catalogue_labels",
    "coded_not_fiction",
    "count_decisions",
    "count_flows",
    "decide",
    "form_labels",
    "genre_labels",
    "human_from_labels",
    "record_cuts",
    "shown_confidence",
    "strongest_labels",
]

# --- What people and the catalogue have said of each record, the strongest voice first --------------------------------


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


# --- What the library's own MARC records already say of a label -------------------------------------------------------
# Genre terms and literary form that no machine wrote.


_PROSE: Final = ("1", "f", "j")  # fiction, novels, short stories
_VERSE_AND_DRAMA: Final = ("p", "d")
_NON_FICTION: Final = ("0", " ", "e", "i", "s")  # not fiction (blank: the code before 1997), essays, letters, speeches


def form_labels(classes: Sequence[str], answer: str) -> dict[str, str]:
    """Return code of 008/33 → label, for codes that speak of the labels.

    Where a code cannot be turned into a label (verse while the question of :mod:`core.export.settings` is open, mixed
    forms, humour) its name stands instead: a cataloguer has spoken, so it blocks, and nobody is said to agree.

    Examples
    --------
    >>> form_labels(["Fiction", "Non-fiction"], "")["p"]
    'poetry (008/33)'
    >>> form_labels(["History", "Law"], "")
    {}
    """
    keys = {class_key(name): name for name in classes}
    fiction, non_fiction = keys.get("fiction"), keys.get("nonfiction")
    if fiction is None and non_fiction is None:
        return {}
    label_by_code = dict.fromkeys(_PROSE, fiction or "") | dict.fromkeys(_NON_FICTION, non_fiction or "")
    if answer:
        label_by_code |= dict.fromkeys(_VERSE_AND_DRAMA, (fiction if answer == "yes" else non_fiction) or "")
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
    (:func:`core.export.sentences.coded_by_default`).
    """
    coded = []
    for text in marc.tolist():
        record = MarcRecord.from_json(text) if text else MarcRecord(" " * 24)
        coded.append(literary_form(record) == "0" and not split_genres(record)[0])
    return pd.Series(coded, index=marc.index, dtype=bool)


# --- Who decides about each record ------------------------------------------------------------------------------------
# A person beats a model, a model beats a labelling function, nothing is overwritten.
# That order lives in :func:`decide` and nowhere else. Every export, every count and every preview reads its table.


ACCEPTED: Final = "accepted"
ABSTAINED: Final = "abstained"
HUMAN_LABEL_KEPT: Final = "human-label-kept"
REJECTED: Final = "rejected"
CURATOR: Final = "curator"
NOT_MATCHED: Final = "not-matched"
DECISIONS: Final[Mapping[str, str]] = {
    ACCEPTED: "the confidence is above the cut and no label stood in the way: the machine's label is exported",
    CURATOR: "a curator looked at this record: the curator's label is exported",
    ABSTAINED: "the confidence is not above the cut, or there is no cut for the record: no label, it goes to review",
    HUMAN_LABEL_KEPT: "a person or the catalogue had given a label: it stands, nothing is exported",
    REJECTED: "a curator said that no label can be given: nothing is exported",
    NOT_MATCHED: "there is no prediction for this record",
}


def record_cuts(table: pd.DataFrame, policy: Policy) -> np.ndarray:
    """Return for each record the cut of its predicted class (and, where cuts differ by a facet, of its value).

    NaN where there is none, and outside of the slice the cuts are for: such a record is never accepted.
    """
    predicted = table[PREDICTED].tolist()
    outside = ~policy.covers(table)
    if not policy.stratum:
        cuts = np.array([policy.cuts.get(name, np.nan) for name in predicted], dtype=float)
        cuts[outside] = np.nan
        return cuts
    values = facet_values(table, policy.stratum).tolist()
    nowhere: Mapping[str, float] = {}
    each = (
        policy.by_stratum.get(value, nowhere).get(name, np.nan) for value, name in zip(values, predicted, strict=True)
    )
    cuts = np.fromiter(each, dtype=float, count=len(table))
    cuts[outside] = np.nan
    return cuts


def shown_confidence(confidence: np.ndarray) -> np.ndarray:
    """Cut confidences off after four decimals (0.99996 becomes 0.9999, never 1).

    Rounding up could show a record below its cut as having reached it, and a near certainty as a certainty.

    >>> shown_confidence(np.array([0.99996, 0.97])).tolist()
    [0.9999, 0.97]
    """
    return np.floor(np.asarray(confidence, dtype=float) * 10_000 + 1e-6) / 10_000


def decide(
    table: pd.DataFrame,
    cuts: Mapping[str, float] | Policy,
    *,
    human: pd.DataFrame | None = None,
    reviews: pd.DataFrame | None = None,
    human_labels: str = "measure-only",
    genre_terms: Mapping[str, str] | None = None,
    classes: Sequence[str] | None = None,
) -> pd.DataFrame:
    """Decide about every record, one row each, in the order of `table`.

    The order: (1) a curator who looked at the record in review; (2) no prediction, nothing to decide; (3) a human
    label, from a person or from the catalogue, blocks the machine's; (4) the cut.

    Parameters
    ----------
    table : DataFrame
        ``record_id`` (unique), ``predicted`` ('' where there is no prediction), ``confidence`` (0 to 1 or NaN), and
        where known ``truth``, ``truth_given``, ``genre_given``.
    cuts : mapping or Policy
        Predicted class → cut: what has a greater confidence is accepted (:func:`core.thresholds.apply_policy`). A class
        without a cut is never accepted.
    human : DataFrame, optional
        ``record_id``, ``label`` ('' where the person's answer was no class), ``source``, and ``label_given``. Rows
        whose source is 'function' are ignored: a model beats a labelling function.
    reviews : DataFrame, optional
        ``record_id``, ``label`` (the curator's; '' or "can't tell" rejects the prediction), and where known ``note``,
        ``role``, ``at``. Of several rows of a record the last holds.
    human_labels : {'measure-only', 'keep'}
        Whether the truth column of `table` blocks like any human label, or served only to measure.
    genre_terms : mapping, optional
        See :func:`core.export.decisions.genre_labels`.
    classes : sequence of str, optional
        All labels; else those predicted, cut, or true in `table`.

    Returns
    -------
    DataFrame
        ``record_id``, ``pred_label``, ``pred_confidence``, ``pred_decision``, ``pred_threshold``,
        ``pred_suggested_label``, ``human_label``, ``human_label_source``, ``agrees_with_human``, ``reviewed_by_role``,
        ``review_note``, ``reviewed_at``, ``over_cut``. ``pred_label`` is '' unless the record is accepted or decided
        by a curator;
        ``pred_confidence`` is cut off after four decimals, NaN where a curator overruled the model;
        ``agrees_with_human`` is <NA> where there is nothing to compare.

    Raises
    ------
    InputError
        A record id occurs twice; a cut is for a label that is not among `classes`.
    """
    policy = cuts if isinstance(cuts, Policy) else Policy(dict(cuts))
    _check(table, policy, classes)
    known = _classes(table, policy, classes)
    table = table.reset_index(drop=True)
    predicted, ids = table[PREDICTED].astype("str"), table[RECORD_ID].astype("str")
    has_prediction = (predicted != "").to_numpy()
    over = apply_policy(table, policy) & has_prediction

    strongest = strongest_labels(
        table, ids, classes=known, human=human, human_labels=human_labels, genre_terms=genre_terms
    )
    curated = _reviews(ids, known, reviews)
    looked_at = curated["looked"].to_numpy(dtype=bool)
    chosen = curated["label"].to_numpy(dtype=object)
    blocked = (strongest["label"] != "").to_numpy() & ~looked_at

    decision = np.where(over, ACCEPTED, ABSTAINED).astype(object)
    decision[blocked] = HUMAN_LABEL_KEPT
    decision[~has_prediction] = NOT_MATCHED
    decision[looked_at] = np.where(chosen[looked_at] != "", CURATOR, REJECTED)

    label = np.where(decision == ACCEPTED, predicted.to_numpy(dtype=object), "")
    label = np.where(decision == CURATOR, chosen, label)
    confidence = shown_confidence(table[CONFIDENCE].to_numpy(dtype=float, na_value=np.nan))
    confidence[(decision == CURATOR) & (label != predicted.to_numpy(dtype=object))] = np.nan
    human_label = np.where(looked_at & (chosen != ""), chosen, strongest["label"].to_numpy(dtype=object))
    source = np.where(looked_at & (chosen != ""), "curator", strongest["source"].to_numpy(dtype=object))
    frame = pd.DataFrame(
        {
            RECORD_ID: ids,
            "pred_label": label,
            "pred_confidence": confidence,
            "pred_decision": decision,
            "pred_threshold": shown_confidence(record_cuts(table, policy)),
            "pred_suggested_label": predicted,
            "human_label": human_label,
            "human_label_source": source,
            "agrees_with_human": _agreement(human_label, predicted.to_numpy(dtype=object), known),
            "reviewed_by_role": curated["role"].to_numpy(dtype=object),
            "review_note": curated["note"].to_numpy(dtype=object),
            "reviewed_at": curated["at"].to_numpy(dtype=object),
            "over_cut": over,
        }
    )
    typed = ("pred_confidence", "pred_threshold", "agrees_with_human", "over_cut")
    text = [name for name in frame if name not in typed]
    return frame.astype(dict.fromkeys(text, "str"))


def _check(table: pd.DataFrame, policy: Policy, classes: Sequence[str] | None) -> None:
    twice = table[RECORD_ID][table[RECORD_ID].duplicated()]
    if len(twice):
        raise InputError(
            f"The record id '{twice.iloc[0]}' occurs more than once ({len(twice):,} such rows)."
            " A record can be decided only once: import the file again with a column of unique ids."
        )
    for name in _cut_classes(policy):
        if classes is not None and name not in classes:
            raise InputError(f"There is a cut for '{name}', but the labels are: {', '.join(classes)}.")


def _cut_classes(policy: Policy) -> list[str]:
    return sorted({name for cuts in (policy.cuts, *policy.by_stratum.values()) for name in cuts})


def _classes(table: pd.DataFrame, policy: Policy, classes: Sequence[str] | None) -> tuple[str, ...]:
    if classes is not None:
        return tuple(classes)
    names = {*table[PREDICTED].unique(), *_cut_classes(policy)}
    if TRUTH in table:
        names |= set(table[TRUTH].unique())
    return tuple(sorted(str(name) for name in names if name))


def _reviews(ids: pd.Series, classes: Sequence[str], reviews: pd.DataFrame | None) -> pd.DataFrame:
    """Return one row a record: whether a curator looked, the curator's label, note and role."""
    nothing = {"looked": False, "label": "", "note": "", "role": "", "at": ""}
    blank = pd.DataFrame(nothing, index=pd.Index(ids))
    if reviews is None or not len(reviews):
        return blank
    last = reviews.drop_duplicates(RECORD_ID, keep="last").set_index(RECORD_ID)
    names = match_classes(last[LABEL], classes)
    label = last[LABEL].map(lambda answer: names.class_by_answer.get(answer, ""))
    note = last[NOTE].astype("str") if NOTE in last else pd.Series("", index=last.index, dtype="str")
    unsure = last[LABEL].map(lambda answer: is_undecided(answer) and answer.strip() != "").to_numpy(dtype=bool)
    note = note.where(~unsure | (note != ""), last[LABEL])
    role = last["role"].astype("str") if "role" in last else pd.Series("curator", index=last.index, dtype="str")
    at = last["at"].astype("str") if "at" in last else pd.Series("", index=last.index, dtype="str")
    reviewed = pd.DataFrame({"looked": True, "label": label, "note": note, "role": role, "at": at})
    return reviewed.reindex(ids).fillna(nothing)


def _agreement(human: np.ndarray, predicted: np.ndarray, classes: Sequence[str]) -> "pd.arrays.BooleanArray":
    """Compare human labels that are one class with predictions; everything else is <NA>."""
    comparable = np.isin(human.astype(str), list(classes)) & (predicted != "")
    return pd.arrays.BooleanArray(np.asarray(human == predicted, dtype=bool), ~comparable)


# --- How many records went which way: the parts add up to the whole ---------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class DecisionCounts:
    """How many records went which way; the parts add up to the whole.

    Attributes
    ----------
    loaded : int
        Records of the catalogue file.
    by_decision : mapping
        Each of :data:`DECISIONS` → number of records.
    conflicts : int
        Human labels that the machine contradicts (a part of 'human-label-kept').
    confirmed, overruled : int
        The two parts of 'curator'.
    no_class : int
        Human answers that name no single class ("both", "can't tell", disputed), a part of 'human-label-kept'.
    by_label : mapping
        Exported label → number of records.
    above_cut : int
        Records that the cuts alone accept, whatever people said of them: what the thresholds report calls accepted.
    """

    loaded: int
    by_decision: Mapping[str, int]
    conflicts: int
    confirmed: int
    overruled: int
    no_class: int
    by_label: Mapping[str, int]
    above_cut: int

    @property
    def exported(self) -> int:
        """Records that carry a label in the export."""
        return self.by_decision[ACCEPTED] + self.by_decision[CURATOR]

    def as_dict(self) -> dict[str, object]:
        """Return a JSON-able dictionary."""
        return {
            "loaded": self.loaded,
            **{name.replace("-", "_"): count for name, count in self.by_decision.items()},
            "conflicts": self.conflicts,
            "curator_confirmed": self.confirmed,
            "curator_overruled": self.overruled,
            "human_answers_without_a_class": self.no_class,
            "by_label": dict(self.by_label),
            "over_the_cut": self.above_cut,
        }


def count_decisions(decisions: pd.DataFrame) -> DecisionCounts:
    """Count the table that :func:`decide` returns."""
    counts = decisions["pred_decision"].value_counts()
    human_kept = decisions[decisions["pred_decision"] == HUMAN_LABEL_KEPT]
    curator = decisions[decisions["pred_decision"] == CURATOR]
    confirmed = int((curator["pred_label"] == curator["pred_suggested_label"]).sum())
    labels = decisions.loc[decisions["pred_label"] != "", "pred_label"].value_counts()
    return DecisionCounts(
        loaded=len(decisions),
        by_decision={name: int(counts.get(name, 0)) for name in DECISIONS},
        conflicts=int((human_kept["agrees_with_human"] == False).sum()),  # noqa: E712 - <NA> is neither
        confirmed=confirmed,
        overruled=len(curator) - confirmed,
        no_class=int(human_kept["agrees_with_human"].isna().sum()),
        by_label={str(name): int(labels[name]) for name in sorted(labels.index)},
        above_cut=int(decisions["over_cut"].sum()),
    )


def count_flows(decisions: pd.DataFrame) -> pd.DataFrame:
    """Count which way the records of the table that :func:`decide` returns went, and with which label.

    Returns
    -------
    DataFrame
        ``decision`` (in the order of :data:`DECISIONS`), ``label`` (what the record then carries: that of the export,
        or the human label that was kept; '' for none) and ``n``, at least 1; together as many as there are records.
    """
    has_human_label = (decisions["pred_decision"] == HUMAN_LABEL_KEPT).to_numpy()
    labels = decisions["pred_label"].mask(has_human_label, decisions["human_label"])
    names_no_class = has_human_label & decisions["agrees_with_human"].isna().to_numpy()
    labels = labels.mask(names_no_class, "")
    counts = (
        pd.DataFrame({"decision": decisions["pred_decision"], "label": labels}).value_counts().reset_index(name="n")
    )
    place = counts["decision"].map({name: at for at, name in enumerate(DECISIONS)})
    return counts.assign(place=place).sort_values(["place", "label"])[["decision", "label", "n"]].reset_index(drop=True)
