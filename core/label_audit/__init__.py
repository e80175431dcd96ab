"""Label audit: which labels people should look at again, and by whom, in which language and month they were given."""

import shutil
import string
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from core.errors import InputError
from core.formatting import plain
from core.label_audit.suspects import (
    FALSE_ALARM_RATE,
    FEWEST_TITLES,
    GROUPINGS,
    Memberships,
    OutOfFoldPredictions,
    SuspectGroup,
    expected_false_alarms,
    find_suspect_groups,
    group_phrase,
    group_rates,
    memberships,
    predict_out_of_fold,
    rank_labels,
    shown_value,
    threshold_for,
)
from core.labels import LABELS_FILE, LabelSet, load_labels
from core.manifests import LabelManifest
from core.progress import Progress, silent
from core.schema import ANNOTATOR, CREATED_AT, LABEL, LANGUAGE, NOTE, RECORD_ID, SOURCE, TITLE, TITLE_KEY
from core.storage import MANIFEST, Artifact, Workspace, digest

__all__ = [
    "FALSE_ALARM_RATE",
    "GROUPINGS",
    "AuditedCopy",
    "LabelAudit",
    "Memberships",
    "SuspectGroup",
    "audit_labels",
    "audit_table",
    "audited_copy",
    "choose_audited_copy",
    "exclude_labels",
    "excluded_ids",
    "expected_false_alarms",
    "find_suspect_groups",
    "group_phrase",
    "group_rates",
    "memberships",
    "rank_labels",
    "save_verdict",
    "shown_value",
    "threshold_for",
]


# --- The label audit --------------------------------------------------------------------------------------------------
# Held-out judgement, suspects, groups that are out of line, in words and as one table a question.


SUSPECTS_COLUMNS = (
    RECORD_ID, TITLE, "given", "suggested", "score", "words_for", "words_against", ANNOTATOR, CREATED_AT, LANGUAGE,
    NOTE,
)  # fmt: skip
_WORDS = 4


@dataclass(frozen=True, kw_only=True)
class LabelAudit:
    """What an audit of labels found. Nothing is ever corrected by it.

    Attributes
    ----------
    name : str
        Of the label set.
    classes : tuple of str
    books : DataFrame
        One row an audited book: records columns, ``given``, ``suggested``, ``score`` (0 to 1), ``suspect``,
        ``annotator`` (all who gave the label, separated by '; '), ``created_at`` (the first), ``note``.
    cut : float
        Scores from here on are suspect.
    false_alarm : float
        Share of right labels that are called suspect, at most.
    expected_false : float
        The same as a number of books: what would be called suspect if every label were right. It is a bound.
    groups : DataFrame
        See :func:`core.label_audit.suspects.group_rates`.
    findings : tuple of SuspectGroup
        Groups out of line, told apart.
    notes : tuple of str
        What a reader must know of the books that were audited.
    """

    name: str
    classes: tuple[str, ...]
    books: pd.DataFrame
    cut: float
    false_alarm: float
    expected_false: float
    groups: pd.DataFrame
    findings: tuple[SuspectGroup, ...]
    members: Memberships = field(repr=False)
    out_of_fold: OutOfFoldPredictions = field(repr=False)
    notes: tuple[str, ...] = ()

    @property
    def flagged(self) -> tuple[SuspectGroup, ...]:
        """The groups whose labels people should look at again."""
        return tuple(finding for finding in self.findings if finding.flagged)

    def suspects(self, group: tuple[str, str] | None = None, limit: int | None = None) -> pd.DataFrame:
        """Return the suspect labels, the clearest first.

        Parameters
        ----------
        group : (by, value), optional
            Only those of an annotator, a language or a month.
        limit : int, optional
            At most so many.

        Returns
        -------
        DataFrame
            Columns :data:`SUSPECTS_COLUMNS`. ``words_for`` speak for the label as given, ``words_against`` against it,
            the strongest first, as the model sees them that has not seen the book.
        """
        mask = self.books["suspect"].to_numpy(dtype=bool)
        if group is not None:
            mask = mask & self.members.members[group]
        rows = np.flatnonzero(mask)
        rows = rows[np.argsort(-self.books["score"].to_numpy()[rows], kind="stable")][:limit]
        suspect_books = self.books.iloc[rows]
        row_words = [self._words(int(row)) for row in rows]
        return suspect_books.assign(
            words_for=pd.Series([mine for mine, _ in row_words], index=suspect_books.index, dtype="str"),
            words_against=pd.Series([theirs for _, theirs in row_words], index=suspect_books.index, dtype="str"),
        )[list(SUSPECTS_COLUMNS)].reset_index(drop=True)

    def _words(self, row: int) -> tuple[str, str]:
        book = self.books.iloc[row]
        table = self.out_of_fold.words(row, book[TITLE], book["given"]).table.sort_values("contribution", kind="stable")
        against = table[table["contribution"] < 0].head(_WORDS)["word"].tolist()
        speaking = table[table["contribution"] > 0].tail(_WORDS)["word"].tolist()[::-1]
        return _bare_words(speaking), _bare_words(against)

    def as_dict(self) -> dict[str, Any]:
        """Return JSON-able content, as ``colophon audit-labels --json`` prints it; undefined numbers are None."""
        suspects = self.suspects()
        return {
            "labels": self.name,
            "n": len(self.books),
            "classes": list(self.classes),
            "suspects": suspects.to_dict("records"),
            "groups": plain(self.groups.to_dict("records")),
            "pointed_at": [{"by": finding.by, "value": finding.value} for finding in self.flagged],
            "findings": [finding.as_dict() for finding in self.findings],
            "cut": self.cut,
            "false_alarm": self.false_alarm,
            "expected_false_alarms": self.expected_false,
        }


def audit_labels(
    labels: LabelSet, *, false_alarm: float = FALSE_ALARM_RATE, seed: int = 0, progress: Progress = silent
) -> LabelAudit:
    """Audit a label set; see :func:`audit_table`."""
    return audit_table(
        labels.training_table(),
        labels.annotations(),
        name=labels.name,
        false_alarm=false_alarm,
        seed=seed,
        progress=progress,
    )


def audit_table(
    books: pd.DataFrame,
    annotations: pd.DataFrame,
    *,
    name: str = "",
    false_alarm: float = FALSE_ALARM_RATE,
    seed: int = 0,
    progress: Progress = silent,
) -> LabelAudit:
    """Find labels to look at again, and the annotators, languages and months whose labels are out of line.

    Parameters
    ----------
    books : DataFrame
        One row a book with a label: records columns and ``label``, ``source``.
    annotations : DataFrame
        One row an annotation; see :meth:`core.labels.LabelSet.annotations`.
    false_alarm : float
        Share of right labels that may be called suspect.
    seed : int
        Decides the folds.

    Raises
    ------
    InputError
        Fewer than two classes with at least five titles each, or a rate that is no rate.

    Notes
    -----
    Ranking labels by the out-of-sample probability of the label as given is the idea of confident learning (C. G.
    Northcutt, L. Jiang, I. L. Chuang 2021, "Confident learning: estimating uncertainty in dataset labels", JAIR 70).
    The cut-off is ours: calibrated probabilities give it a rate of false alarm, which per-class thresholds do not.
    """
    titles = books.groupby(LABEL)[TITLE_KEY].nunique()
    classes = tuple(sorted(str(class_name) for class_name in titles[titles >= FEWEST_TITLES].index))
    used = books[books[LABEL].isin(classes)].reset_index(drop=True)
    out_of_fold = predict_out_of_fold(used, classes, seed=seed, progress=progress)
    codes: NDArray[np.int64] = pd.Index(list(classes)).get_indexer(pd.Index(used[LABEL])).astype(np.int64)
    cut = threshold_for(out_of_fold.probabilities, false_alarm)
    score, suggested, suspect = rank_labels(out_of_fold.probabilities, codes, cut)
    groups = memberships(used, annotations)
    rates = group_rates(groups, suspect, codes, suggested != codes)
    names = np.array(classes, dtype=object)
    beside = _audited_table(used, annotations, groups)
    table = used.drop(columns=[SOURCE, LABEL], errors="ignore").assign(
        given=used[LABEL].to_numpy(),
        suggested=pd.Series(names[suggested], dtype="str"),
        score=score,
        suspect=suspect,
        **beside,
    )
    return LabelAudit(
        name=name,
        classes=classes,
        books=table,
        cut=cut,
        false_alarm=false_alarm,
        expected_false=expected_false_alarms(out_of_fold.probabilities, cut),
        groups=rates,
        findings=find_suspect_groups(rates, groups, suspect, codes),
        members=groups,
        out_of_fold=out_of_fold,
        notes=_notes(books, used, annotations, groups, out_of_fold),
    )


def _audited_table(books: pd.DataFrame, annotations: pd.DataFrame, groups: Memberships) -> dict[str, Any]:
    names: list[list[str]] = [[] for _ in range(len(books))]
    for (by, value), mask in groups.members.items():
        if by == ANNOTATOR:
            for row in np.flatnonzero(mask):
                names[row].append(value)
    first = annotations.drop_duplicates(RECORD_ID).set_index(RECORD_ID).reindex(books[RECORD_ID])
    return {
        ANNOTATOR: pd.Series(["; ".join(values) for values in names], dtype="str"),
        CREATED_AT: first[CREATED_AT].fillna("").to_numpy(),
        NOTE: first[NOTE].fillna("").to_numpy(),
    }


def _notes(
    books: pd.DataFrame,
    used: pd.DataFrame,
    annotations: pd.DataFrame,
    groups: Memberships,
    out_of_fold: OutOfFoldPredictions,
) -> tuple[str, ...]:
    notes = []
    rows = int(annotations[RECORD_ID].isin(used[RECORD_ID]).sum())
    if rows > len(used):
        notes.append(f"{rows:,} rows of the file speak of these {len(used):,} books; each book counts once.")
    if groups.several.get(ANNOTATOR):
        notes.append(
            f"{groups.several[ANNOTATOR]:,} books stand under more than one annotator with the same label; each such"
            " book counts for each of them, as the file does not say whose answer it was."
        )
    absent = [GROUPINGS[by] for by in GROUPINGS if by not in groups.several]
    if absent:
        notes.append(f"The label set cannot be compared by {' or '.join(absent)}: there is nothing, or one value only.")
    if len(used) < len(books):
        rare = ", ".join(sorted({str(name) for name in books[LABEL]} - set(out_of_fold.classes)))
        notes.append(f"{len(books) - len(used):,} books are left out: fewer than {FEWEST_TITLES} titles are {rare}.")
    if not out_of_fold.calibrated:
        notes.append(
            "There are too few books to calibrate, so that more right labels may be called suspect than stated."
        )
    return tuple(notes)


def _bare_words(words: Iterable[object]) -> str:
    """Return words of a title without the punctuation around them, which a list in commas would double.

    >>> _bare_words(["[With", "Chilley,", "plates.]", "&"])
    'With, Chilley, plates, &'
    """
    return ", ".join(str(word).strip(string.punctuation) or str(word) for word in words)


# --- A label set without the labels that an audit speaks against ------------------------------------------------------
# The same books, some of them without a label.


GroupKey = tuple[str, str]


def exclude_labels(
    workspace: Workspace,
    labels: LabelSet,
    audit: LabelAudit,
    *,
    groups: Sequence[GroupKey] = (),
    suspects: bool = False,
    name: str | None = None,
) -> Artifact[LabelManifest]:
    """Keep a copy of a label set in which some books have no label, to train and measure without them.

    Nothing is corrected and nothing is lost: the books, what people answered and the old label set stay as they are.

    Parameters
    ----------
    audit : LabelAudit
        Of these labels.
    groups : sequence of (by, value)
        Leave out the labels of these annotators, languages or months, as :data:`core.label_audit.GROUPINGS` names them:
        right for a group whose labels are no better than a guess. A label that another annotator gave too stays.
    suspects : bool
        Leave out the suspect labels, whoever gave them. What stays agrees better with a model than labels do in
        truth: measure nothing on it that was decided by this audit.
    name : str, optional
        Of the new label set.

    Raises
    ------
    InputError
        There is no such group, nothing is to be left out, or fewer than two classes would be left.
    """
    groups = [_as_in_file(audit, group) for group in groups]
    gone = excluded_ids(audit, groups, suspects)
    table = labels.table()
    going = table[RECORD_ID].isin(gone) & (table[LABEL] != "")
    if not going.any():
        raise InputError("No label is to be left out: say which group, or leave out the suspects.")
    remaining = table.assign(**{LABEL: table[LABEL].mask(going, "")})
    counts = {
        str(class_name): int(count)
        for class_name, count in remaining.loc[remaining[LABEL] != "", LABEL].value_counts().items()
    }
    if len(counts) < 2:
        raise InputError(f"Without these labels only {', '.join(counts) or 'nothing'} would be left: leave out fewer.")
    warning = _sentence(labels.name, int(going.sum()), int((table[LABEL] != "").sum()), groups, suspects)
    described = {"of": labels.fingerprint, "groups": sorted(map(list, groups)), "suspects": suspects}

    def write(folder: Path) -> dict[str, Any]:
        for file in labels.artifact.path.iterdir():
            if file.name not in (MANIFEST, LABELS_FILE):
                shutil.copy2(file, folder / file.name)
        remaining.to_parquet(folder / LABELS_FILE, index=False)
        summary = {**labels.manifest.summary, "classes": dict(sorted(counts.items()))}
        summary["without_label"] = int((remaining[LABEL] == "").sum())
        return {
            **{
                key: value
                for key, value in labels.manifest.as_dict().items()
                if key not in ("kind", "fingerprint", "created_at")
            },
            "classes": sorted(counts),
            "summary": summary,
            "left_out": {**described, "name": labels.name, "labels": int(going.sum()), "cut": audit.cut},
            "warnings": [*labels.manifest.warnings, warning],
        }

    fingerprint = digest("left out", described, sorted(gone))
    called, _ = workspace.name_for("labels", name, f"{labels.name}-audited", fingerprint)
    workspace.store("labels", fingerprint, called, write)
    return workspace.find("labels", called)


def excluded_ids(audit: LabelAudit, groups: Sequence[GroupKey], suspects: bool) -> set[str]:
    """Return the identifiers of the books whose labels :func:`exclude_labels` leaves out.

    Raises
    ------
    InputError
        There is no such group.
    """
    members = audit.members.members
    wanted = np.zeros(len(audit.books), dtype=bool)
    groups = [_as_in_file(audit, group) for group in groups]
    for by, value in groups:
        if (by, value) not in members:
            known = ", ".join(f"{kind}={other}" for kind, other in members if kind == by)
            raise InputError(f"There are no labels of {by}={value}. There are: {known or f'none by {by}'}.")
        if by != ANNOTATOR:
            wanted |= members[by, value]
    theirs = [mask for group, mask in members.items() if group[0] == ANNOTATOR and group in groups]
    others = [mask for group, mask in members.items() if group[0] == ANNOTATOR and group not in groups]
    wanted |= np.any(theirs, axis=0) & ~np.any(others, axis=0)
    if suspects:
        wanted |= audit.books["suspect"].to_numpy(dtype=bool)
    return set(audit.books.loc[wanted, RECORD_ID])


def _as_in_file(audit: LabelAudit, group: GroupKey) -> GroupKey:
    """Return the group as the file calls it, where it came as it is shown: "2" is the annotator "2.0" if no other."""
    members = audit.members.members
    alike = [member for member in members if member[0] == group[0] and shown_value(member) == group[1]]
    return alike[0] if group not in members and len(alike) == 1 else group


def _sentence(name: str, n: int, of: int, groups: Sequence[GroupKey], suspects: bool) -> str:
    what = [
        f"those of {GROUPINGS[by]} {shown_value((by, value))}" + (" alone" if by == ANNOTATOR else "")
        for by, value in groups
    ]
    why = ", and ".join([*what, *(["the suspect ones"] if suspects else [])])
    return f"{n:,} of the {of:,} labels of '{name}' are left out here after its audit: {why}."


# --- What the last audit of a label set came to: whose labels to leave out, remembered until the next audit -----------

_KIND = "label_audit"


@dataclass(frozen=True, kw_only=True)
class AuditedCopy:
    """The copy of a label set without the one annotator at whom its audit points.

    Attributes
    ----------
    labels : str
        Name of the label set that was audited.
    annotator : str
        As the file calls it.
    n_left_out, n_labels : int
        Books that this annotator alone has labelled, and labelled books in all.
    false_alarm : float
        The share of right labels that the audit was allowed to call suspect.
    copy : str
        Name of the copy, '' where none was made yet.
    """

    labels: str
    annotator: str
    n_left_out: int
    n_labels: int
    false_alarm: float
    copy: str = ""


def save_verdict(workspace: Workspace, labels: Artifact[LabelManifest], audit: LabelAudit) -> None:
    """Remember at which annotators an audit points; nothing is written twice, nor in a workspace that is only read."""
    if workspace.database.read_only_reason:
        return
    annotators = [finding.value for finding in audit.flagged if finding.by == ANNOTATOR]
    content = {
        "annotators": annotators,
        "left_out": [len(excluded_ids(audit, [(ANNOTATOR, value)], suspects=False)) for value in annotators],
        "false_alarm": audit.false_alarm,
    }
    earlier = workspace.database.read(_KIND, labels.fingerprint)
    if not earlier or any(earlier[-1].get(key) != value for key, value in content.items()):
        workspace.database.add(_KIND, labels.fingerprint, content)


def audited_copy(workspace: Workspace, labels: Artifact[LabelManifest]) -> AuditedCopy | None:
    """Return the copy that the last audit of a label set recommends, whether it exists yet or not.

    Returns
    -------
    AuditedCopy or None
        None where the labels were never audited, where the audit points at nobody or at several annotators, and where
        this annotator alone has labelled no book.
    """
    notes = workspace.database.read(_KIND, labels.fingerprint)
    if not notes or len(notes[-1]["annotators"]) != 1 or not notes[-1]["left_out"][0]:
        return None
    annotator = str(notes[-1]["annotators"][0])
    wanted = {"of": labels.fingerprint, "groups": [[ANNOTATOR, annotator]], "suspects": False}
    copies = [
        other.name
        for other in workspace.list("labels")
        if {key: other.manifest.left_out.get(key) for key in wanted} == wanted
    ]
    return AuditedCopy(
        labels=labels.name,
        annotator=annotator,
        n_left_out=int(notes[-1]["left_out"][0]),
        n_labels=sum(labels.manifest.summary.get("classes", {}).values()),
        false_alarm=float(notes[-1]["false_alarm"]),
        copy=copies[0] if copies else "",
    )


def choose_audited_copy(
    workspace: Workspace,
    wanted: AuditedCopy,
    audit: Callable[[Artifact[LabelManifest], float], LabelAudit] | None = None,
) -> str:
    """Return the name of the copy, which is made now where it is not there yet.

    Parameters
    ----------
    audit : function, optional
        Audits the labels at a rate of false alarm, such as one that remembers; else they are audited afresh.

    Raises
    ------
    InputError
        As :func:`core.label_audit.exclude_labels`.
    """
    if wanted.copy:
        return wanted.copy
    labels = load_labels(workspace, wanted.labels)
    result = (
        audit(labels.artifact, wanted.false_alarm) if audit else audit_labels(labels, false_alarm=wanted.false_alarm)
    )
    return exclude_labels(workspace, labels, result, groups=[(ANNOTATOR, wanted.annotator)]).name
