"""How often predictions are right, how true their confidences are, what that says of the whole collection; and what is
said of two models beside each other, of the models in a workspace, of labels that people should look at again.
"""

import math
from collections.abc import Sequence
from typing import Final

import numpy as np
import pandas as pd

from core.comparison import BETTER, LEVEL, WORSE, ModelComparison
from core.evaluation import CalibrationTrial, Evaluation, KnownLanguage
from core.explain import Explanation
from core.facets import facet_title, facet_words
from core.formatting import (
    capitalised,
    counts_listed,
    in_percent,
    interval_percent,
    largest_listed,
    listed,
    percent,
    upper_percent,
)
from core.label_audit import GROUPINGS, AuditedCopy, LabelAudit, SuspectGroup, group_phrase
from core.label_audit.suspects import EXPLAINED, STANDS
from core.manifests import BaseRecord
from core.models.registry import ModelDescription
from core.predictions import Scored
from core.representativeness import CollectionEstimates
from core.schema import ANNOTATOR, DATE_CERTAINTIES, DATE_CERTAINTY, LANGUAGE_SOURCE, PREDICTED, TITLE_KEY
from core.statistics import MINIMUM_RECORDS, Estimate
from core.translation import _, inside, language_name, noop, number_text, plural, translate

__all__ = [
    "audit_sentences",
    "audited_copy",
    "bases_in_words",
    "best_model",
    "calibration",
    "cell_words",
    "collection",
    "comparison_groups",
    "comparison_headline",
    "comparison_notes",
    "comparison_sentences",
    "comparison_verdict",
    "dates",
    "group_detail",
    "group_finding",
    "group_headline",
    "is_telling",
    "languages",
    "leaks",
    "titles",
    "titles_read",
    "unknown_sentences",
    "verdict",
    "words_for_and_against",
]


# --- What is said of languages and of classes in them of which too few books were checked -----------------------------


def unknown_sentences(languages: Sequence[KnownLanguage], most: int = 6) -> list[str]:
    """Say of which languages, and of which classes in them, nothing is known; of many, of the commonest.

    Books without a language are no language: nothing is said of them.
    """
    sentences = []
    for entry in languages:
        if not entry.language or not entry.unknown_classes:
            continue
        if entry.is_known:
            sentences += [
                _(
                    "Nothing is known of {language} {in_a_sentence}: {part_n}.",
                    language=language_name(entry.language),
                    in_a_sentence=_in_a_sentence(part.name),
                    part_n=_checked(part.n),
                )
                for part in entry.unknown_classes
            ]
        else:
            parts = ", ".join(
                _("{part_n:,} {in_a_sentence}", part_n=part.n, in_a_sentence=_in_a_sentence(part.name))
                for part in entry.classes
                if part.n
            )
            sentences.append(
                _(
                    "Nothing is known of {language} books: {entry_n} ({parts}).",
                    language=language_name(entry.language),
                    entry_n=_checked(entry.n),
                    parts=parts or _("no class"),
                )
            )
    more = len(sentences) - most
    if more > 0:
        sentences = [*sentences[:most], _("Nor of {more:,} more languages or classes in them.", more=more)]
    return sentences


def _checked(n: int) -> str:
    return plural("{n:,} checked book", "{n:,} checked books", n)


def _in_a_sentence(name: str) -> str:
    """Return a class name as it stands inside a sentence: Fiction as fiction, names and codes as they are."""
    return inside(name) if (name.replace("-", "").isalpha() and name.istitle()) or name == "Non-fiction" else name


# --- Why a model gave a title its class, in a curator's words ---------------------------------------------------------

TITLES_OF_ADDRESS: Final = frozenset(
    (
        *("baron", "bishop", "capt", "captain", "count", "countess", "dame", "dr", "duchess", "duke", "earl", "esq"),
        *("esquire", "hon", "honourable", "lady", "lord", "madame", "mademoiselle", "messrs", "miss", "mme"),
        *("monsieur", "mr", "mrs", "rev", "reverend", "sir"),
    )
)
# What contributes less than this share of the strongest word is left out.
_LEAST: Final = 0.05
_NAMED: Final = 4


def is_telling(word: str) -> bool:
    """Tell whether a word says something to a reader: articles, other stop words and titles of address do not.

    The model reads all words; this is only for what is shown. The stop words are scikit-learn's English ones.

    >>> [word for word in ("The", "Sir", "ballad", "Mr.") if is_telling(word)]
    ['ballad']
    """
    from sklearn.feature_extraction.text import ENGLISH_STOP_WORDS

    plain = _plain(word).casefold()
    return bool(plain) and plain not in ENGLISH_STOP_WORDS and plain not in TITLES_OF_ADDRESS


def _plain(word: str) -> str:
    """Return a word without the signs that stand around it in its title."""
    return word.strip(".,;:!?'’“”\"()[]")


def words_for_and_against(explanation: Explanation, whom: str = noop("it")) -> str:
    """Say which words speak for the class and which against it, the strongest four of each.

    Parameters
    ----------
    explanation : Explanation
    whom : str
        How the class is called, such as its name.
    """
    words = explanation.table.groupby("word", sort=False)["contribution"].sum()
    strong = words[words.abs() > _LEAST * max(words.abs().max(), 1e-9)]
    telling = strong[[is_telling(str(word)) for word in strong.index]]
    speaking = telling[telling > 0].sort_values(ascending=False).head(_NAMED).index.tolist()
    against = telling[telling < 0].sort_values().head(_NAMED).index.tolist()
    none = (
        _("Only words such as “the” speak for {whom}.", whom=whom)
        if (strong > 0).any()
        else _("No word speaks for {whom}.", whom=whom)
    )
    sentences = [
        _("For {whom} speak: {plain}.", whom=_(whom), plain=", ".join(map(_plain, speaking))) if speaking else none
    ]
    if against:
        sentences.append(_("Against it: {plain}.", plain=", ".join(map(_plain, against))))
    return " ".join(sentences)


# --- What is said of where a model comes from -------------------------------------------------------------------------


def bases_in_words(bases: Sequence[BaseRecord] | None) -> str:
    """Name the language models that a model is built on, each with version and licence; '' where none is known.

    >>> bases_in_words([BaseRecord(name="MiniLM", licence="Apache 2.0"), BaseRecord(name="own/encoder")])
    'MiniLM (licence Apache 2.0) and own/encoder (licence not stated)'
    >>> bases_in_words([BaseRecord(name="MiniLM", licence="Apache 2.0", version="0.1.0")])
    'MiniLM (package version 0.1.0, licence Apache 2.0)'
    """
    return listed([f"{base.name} ({', '.join(_facts(base))})" for base in bases or ()])


def _facts(base: BaseRecord) -> list[str]:
    version = [_("package version {version}", version=base.version)] if base.version else []
    licence = _("licence {licence}", licence=base.licence) if base.licence else _("licence not stated")
    return [*version, licence]


# --- How often predictions are right ----------------------------------------------------------------------------------
#
# How often predictions are right, how true their confidences are, what that says of the whole collection; and what is
# said of two models beside each other, of the models in a workspace, of labels that people should look at again.


def titles_read(scored: Scored) -> str:
    """Say how many titles the model has read, and what it took them for."""
    counts = scored.table[PREDICTED].value_counts()
    classes = counts_listed({name: int(counts.get(name, 0)) for name in scored.classes})
    who = _("Two models have") if scored.sources else _("A model has")
    return _("{who} read {table:,} titles: {classes}.", who=who, table=len(scored.table), classes=classes)


def verdict(evaluation: Evaluation) -> str:
    """Say in one sentence how many of the checked books are wrong."""
    accuracy = evaluation.accuracy
    if not accuracy.defined:
        return _("No book has been checked by a person, so nothing can be said about errors.")
    wrong = round((1 - accuracy.value) * accuracy.n)
    return _(
        "{wrong:,} of {accuracy_n:,} checked books are wrong: {accuracy} are right ({interval} with 95 % confidence).",
        wrong=wrong,
        accuracy_n=accuracy.n,
        accuracy=in_percent(accuracy.value),
        interval=interval_percent(accuracy.low, accuracy.high),
    )


def leaks(evaluation: Evaluation) -> str:
    """Say whether the model may have learned from the books it is tested on."""
    if not evaluation.leaks:
        return _("None of the checked books is among those the model learned from, as far as is known here.")
    return _(
        "{leaks:,} of the checked books are also among those the model learned (or may have"
        " learned) from; without them {accuracy} are right.",
        leaks=evaluation.leaks,
        accuracy=in_percent(evaluation.without_leaks.accuracy.value),
    )


def calibration(trial: CalibrationTrial) -> str:
    """Say how far confidences are off, as they are or after a calibration."""
    now = trial.method == "none"
    which = _("The confidences are") if now else _("After {trial_title} they would be", trial_title=_(trial.title))
    books = _(" ({trial_n:,} books)", trial_n=trial.n) if now else ""
    return _(
        "{which} on average {ece} away from how often they are right{books}.",
        which=which,
        ece=in_percent(trial.ece),
        books=books,
    )


# --- The whole collection, estimated from its checked books -----------------------------------------------------------


def collection(estimates: CollectionEstimates) -> tuple[str, ...]:
    """Say how often the model is right in the whole collection, what that holds, and what nobody checked."""
    accuracy, checked, shares = estimates.accuracy, estimates.accuracy_of_checked, estimates.class_shares
    if estimates.cells.empty:
        return (
            _(
                "Only {n_checked} checked books can be used: nothing can be said of the collection.",
                n_checked=estimates.n_checked,
            ),
        )
    sizes = {name: share.value for name, share in shares.items()}
    ranges = {name: f"{name} {_range(share)}" for name, share in shares.items()}
    sentences = [
        _(
            "In the whole collection of {n_collection:,} books the model is right for {accuracy}, in"
            " the {checked_n:,} checked books as they are for {checked}.",
            n_collection=estimates.n_collection,
            accuracy=_range(accuracy),
            checked_n=checked.n,
            checked=_range(checked),
        ),
        _("The collection is {largest_listed}.", largest_listed=largest_listed(sizes, ranges)),
        _(
            "This holds if the checked books are like a random sample of those that are called the same with"
            " about the same confidence."
        ),
    ]
    if estimates.n_left_out:
        n = estimates.n_left_out
        sentences.append(
            plural(
                "{n:,} more checked book is left out here, since the model learned or may have learned from them.",
                "{n:,} more checked books are left out here, since the model learned or may have learned from them.",
                n,
            )
        )
    if estimates.design_effect >= 1.05:
        effective = accuracy.n / estimates.design_effect
        sentences.append(
            _(
                "The checked books are spread unevenly over the collection: {accuracy_n:,} of them count"
                " like {effective:,.0f} drawn at random (design effect {design_effect:.2f}).",
                accuracy_n=accuracy.n,
                effective=effective,
                design_effect=estimates.design_effect,
            )
        )
    uncovered = {facet: share for facet, share in estimates.uncovered.items() if share > 0}
    if uncovered:
        parts = [
            _("{share} by {facet}", share=in_percent(share), facet=inside(facet_title(facet)))
            for facet, share in uncovered.items()
        ]
        sentences.append(_("No checked book speaks for a part of the collection: {parts}.", parts=listed(parts)))
    return tuple(sentences)


def _range(share: Estimate) -> str:
    if not share.defined:
        return _("(not known: {reason})", reason=translate(share.reason))
    return f"{percent(share.value)} ({interval_percent(share.low, share.high)})"


# --- How well the fields of a file are filled -------------------------------------------------------------------------


def dates(records: pd.DataFrame) -> str:
    """Say how certain the dates are.

    >>> dates(pd.DataFrame({"date_certainty": ["certain", "none", "certain"]}))
    'Of 3 dates, 2 are certain and 1 is missing.'
    """
    counts = records[DATE_CERTAINTY].value_counts()
    words = {
        "certain": _("certain"),
        "inferred": _("supplied by a cataloguer"),
        "range": _("a span of years (its first year counts)"),
        "uncertain": _("a guess"),
        "none": _("missing"),
        "unreadable": _("unreadable"),
    }
    parts = [
        plural("{n:,} is {kind}", "{n:,} are {kind}", int(counts[kind]), kind=words[kind])
        for kind in DATE_CERTAINTIES
        if counts.get(kind, 0)
    ]
    return _("Of {records:,} dates, {parts}.", records=len(records), parts=listed(parts))


def languages(records: pd.DataFrame) -> str:
    """Say how many languages the catalogue gives and how many were detected from the title."""
    counts = records[LANGUAGE_SOURCE].value_counts()
    given, detected = int(counts.get("catalogue", 0)), int(counts.get("detected", 0))
    return _(
        "The catalogue gives a language for {given:,} of {records:,} records; for {detected:,} it"
        " was detected from the title (and is marked so); for {records_2:,} it is unknown.",
        given=given,
        records=len(records),
        detected=detected,
        records_2=len(records) - given - detected,
    )


def titles(records: pd.DataFrame) -> str:
    """Say how many titles are there more than once."""
    keys = records.loc[records[TITLE_KEY] != "", TITLE_KEY]
    repeated = int(keys.duplicated(keep=False).sum())
    return _(
        "{keys:,} different titles; {repeated:,} records share their title with another record (editions, copies): they"
        " are always kept on the same side when a model is trained and tested.",
        keys=int(keys.nunique()),
        repeated=repeated,
    )


def comparison_sentences(comparison: ModelComparison) -> tuple[str, ...]:
    """Return the verdict, where the second is better or worse, and what was left out."""
    return (comparison_verdict(comparison), *comparison_groups(comparison), *comparison_notes(comparison))


def comparison_headline(comparison: ModelComparison) -> str:
    """Return the verdict in one sentence of words and counts."""
    first, second = comparison.names
    n = comparison.n
    if not n:
        return _(
            "There is no labelled book that both '{first}' and '{second}' predicted, so nothing can be compared.",
            first=first,
            second=second,
        )
    if n < MINIMUM_RECORDS:
        books = _("book was") if n == 1 else _("books were")
        return _(
            "Only {n:,} labelled {books} predicted by both '{first}' and '{second}': too few to compare them.",
            n=n,
            books=books,
            first=first,
            second=second,
        )
    counts = _(
        "of {n:,} books only '{second}' has {only_second:,} right and only '{first}' {only_first:,}",
        n=n,
        second=second,
        only_second=comparison.only_second,
        first=first,
        only_first=comparison.only_first,
    )
    if comparison.p >= LEVEL:
        return _("'{first}' and '{second}' cannot be told apart: {counts}.", first=first, second=second, counts=counts)
    winner, loser = (second, first) if comparison.only_second > comparison.only_first else (first, second)
    points = 100 * abs(comparison.accuracy_difference.value)
    return _(
        "'{winner}' is right {points:.1f} percentage points more often than '{loser}': {counts}.",
        winner=winner,
        points=points,
        loser=loser,
        counts=counts,
    )


def comparison_verdict(comparison: ModelComparison) -> str:
    """Return the verdict in one sentence, with the p value where there is one."""
    words = comparison_headline(comparison)
    return words if comparison.n < MINIMUM_RECORDS else f"{words[:-1]} (p = {number_text(f'{comparison.p:.2g}')})."


def comparison_groups(comparison: ModelComparison) -> tuple[str, ...]:
    """Say where the second is better or worse, a sentence a group; with many groups there are many."""
    table = comparison.by_value
    return tuple(
        _(
            "{facet}: '{names}' is {verdict}, {second_errors:,} of {n:,} wrong instead of {first_errors:,}.",
            facet=capitalised(facet_words(row["facet"], row["value"])),
            names=comparison.names[1],
            verdict=_(row["verdict"]),
            second_errors=row["second_errors"],
            n=row["n"],
            first_errors=row["first_errors"],
        )
        for row in table[table["verdict"].isin([BETTER, WORSE])].to_dict("records")
    )


def comparison_notes(comparison: ModelComparison) -> tuple[str, ...]:
    """Say that no group is better or worse, which books one of the two may know, and what was left out."""
    remarks = []
    if comparison.n >= MINIMUM_RECORDS and not comparison.by_value["verdict"].isin([BETTER, WORSE]).any():
        remarks.append(_("No group of books is clearly better or worse with either of them."))
    if comparison.leaked:
        remarks.append(
            _(
                "{leaked:,} of the books ({leaked_2}) have a title one of the models may have learned"
                " from: a comparison on the others is fairer.",
                leaked=comparison.leaked,
                leaked_2=in_percent(comparison.leaked / comparison.n),
            )
        )
    return (
        *remarks,
        *(
            _("{count:,} labelled books are not compared: {reason}.", count=count, reason=reason)
            for reason, count in comparison.left_out.items()
        ),
    )


def best_model(models: Sequence[ModelDescription]) -> str:
    """Say which model did best, as far as models can be compared.

    Parameters
    ----------
    models : sequence of ModelDescription
        The newest first.

    Notes
    -----
    Models are ranked (by macro-F1) only among those tested on the very same books, and only where people labelled
    these. With several such sets, the one that most models were tested on is spoken of, the newest among equals.
    """
    tested = [model for model in models if model.tested_on.n]
    by_people = [model for model in tested if not model.tested_on.by_rules]
    if not by_people:
        if not tested:
            return _(
                "{models} here, but no test: how often a model is right is not known.", models=_models(len(models))
            )
        model = tested[0]
        return _(
            "No model has been tested on labels that people gave. “{model}” agrees with its rules on {accuracy} of"
            " {tested_on_n:,} books: that shows how well it learned the rules, not how often they are right.",
            model=model.name,
            accuracy=percent(model.metrics.test.accuracy.value),
            tested_on_n=model.tested_on.n,
        )
    groups: dict[str, list[ModelDescription]] = {}
    for model in by_people:
        groups.setdefault(model.tested_on.key or model.fingerprint, []).append(model)
    group = max(groups.values(), key=len)
    best = max(group, key=lambda model: np.nan_to_num(model.metrics.test.macro_f1.value))
    accuracy = best.metrics.test.accuracy
    words = _(
        "“{best}” is right on {accuracy} ({interval}) of the {accuracy_n:,} books of {labels}"
        " that were kept apart for testing",
        best=best.name,
        accuracy=percent(accuracy.value),
        interval=interval_percent(accuracy.low, accuracy.high),
        accuracy_n=accuracy.n,
        labels=best.tested_on.labels,
    )
    words += _(", the best of {group:,} tested on them.", group=len(group)) if len(group) > 1 else "."
    others = len(models) - len(group)
    if others:
        verb = _("was") if others == 1 else _("were")
        words += _(
            " {others} {verb} tested on other books or on none, and cannot be compared with it.",
            others=_models(others),
            verb=verb,
        )
    return words


def _models(count: int) -> str:
    return _("One model") if count == 1 else _("{count:,} models", count=count)


def audit_sentences(audit: LabelAudit) -> tuple[str, ...]:
    """Return whose labels are out of line, how many are suspect, and what that means."""
    first = [
        group_headline(group) if _already_reported(audit, group) else group_finding(group) for group in audit.flagged
    ]
    if not first:
        tested = int(audit.groups["p"].notna().sum())
        kinds = _(" or ").join(_(GROUPINGS[by]) for by in GROUPINGS if by in set(audit.groups["by"])) or _("group")
        first = [
            _(
                "No {kinds} has labels out of line with the rest ({tested:,} groups compared).",
                kinds=kinds,
                tested=tested,
            )
        ]
    return (
        *first,
        _(
            "{suspect:,} of {books:,} labels look wrong, to a model that has not seen the book. The cut-off calls at"
            " most {false_alarm} of right labels suspect (at most {expected_false:,} here, if every label were right):"
            " suspects are to be looked at, not to be corrected unseen.",
            suspect=int(audit.books["suspect"].sum()),
            books=len(audit.books),
            false_alarm=upper_percent(audit.false_alarm),
            expected_false=math.ceil(audit.expected_false),
        ),
        *(group_finding(group) for group in audit.findings if not group.flagged),
        *audit.notes,
    )


def audited_copy(copy: AuditedCopy) -> str:
    """Say whose labels the last audit points at, and what it is worth to go on without them."""
    phrase = group_phrase((ANNOTATOR, copy.annotator))
    return _(
        "The label audit points at {phrase}: {n_left_out:,} of these {n_labels:,} labels are"
        " theirs alone. A model often learns better without them.",
        phrase=phrase,
        n_left_out=copy.n_left_out,
        n_labels=copy.n_labels,
    )


def _already_reported(audit: LabelAudit, group: SuspectGroup) -> bool:
    """Whether a finding that comes first tells already how this group goes together with it."""
    before = audit.findings[: audit.findings.index(group)]
    return any((group.by, group.value) in other.partners and other.flagged for other in before)


def group_finding(group: SuspectGroup) -> str:
    """Say how many labels of a group look wrong, and what it may be confused with."""
    return f"{group_headline(group)} {group_detail(group)}".strip()


def group_headline(group: SuspectGroup) -> str:
    """Say how many labels of a group look wrong."""
    times = _(", {ratio:.1f} times the rest", ratio=group.ratio) if math.isfinite(group.ratio) else ""
    phrase = capitalised(group_phrase((group.by, group.value)))
    return _(
        "{phrase}: {suspects:,} of {group_n:,} labels look wrong{times}.",
        phrase=phrase,
        suspects=group.suspects,
        group_n=group.n,
        times=times,
    )


def cell_words(group: SuspectGroup) -> list[str]:
    """Say which books each of the cells of a group holds."""
    if not group.partners:
        return []
    own, partners = group_phrase((group.by, group.value)), [group_phrase(other) for other in group.partners]
    return [
        *(_("{group} and {other}", group=own, other=other) for other in partners),
        _("{group}, outside {other}", group=own, other=listed(partners)),
        *(_("{group}, outside {other}", group=other, other=own) for other in partners),
    ]


def group_detail(group: SuspectGroup) -> str:
    """Say what a group goes together with or is explained by; '' when it stands."""
    if group.status == STANDS:
        return ""
    partners = len(group.partners)
    outside = group.cells[partners]
    alone = _("{suspects:,} of {n:,}", suspects=outside["suspects"], n=outside["n"])
    names = listed(map(group_phrase, group.partners))
    if group.status == EXPLAINED:
        return _(
            "They come from {names}: outside, {alone} look wrong, no more than elsewhere.", names=names, alone=alone
        )
    shares = [
        _("{other} {suspects:,} of {n:,}", other=group_phrase(other), suspects=cell["suspects"], n=cell["n"])
        for other, cell in zip(group.partners, group.cells, strict=False)
    ]
    sentence = plural(
        "Of these, {shares}; outside it {alone}.",
        "Of these, {shares}; outside these {alone}.",
        partners,
        shares=listed(shares),
        alone=alone,
    )
    if int(outside["n"]) < MINIMUM_RECORDS:
        return _(
            "{sentence} Nearly all these books belong to {names}: the two cannot be told apart, so look at both.",
            sentence=sentence,
            names=names,
        )
    if sum(int(cell["n"]) for cell in group.cells[partners + 1 :]) < MINIMUM_RECORDS * partners:
        return _(
            "{sentence} Nearly all books of {names} are among these: the two cannot be told apart, so look at both.",
            sentence=sentence,
            names=names,
        )
    return _("{sentence} Neither is out of line without the other: look at the books that are both.", sentence=sentence)
