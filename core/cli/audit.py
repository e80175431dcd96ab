"""``evaluate``, ``slices``, ``thresholds``: how right, where wrong, and what can be accepted."""

import argparse
import re
import shlex
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from core.cli import output
from core.cli.data import parse_facets
from core.cli.output import CommandResult
from core.errors import InputError
from core.formatting import listed, percent, rate
from core.guarantees import (
    AcceptedRequest,
    SavedPolicy,
    TwoModelRequest,
    WholeRequest,
    ask_accepted,
    ask_two_models,
    ask_whole,
    budget_of,
    budget_sentence,
    promise_of,
    report_policy,
    saved_policies,
    seconds_a_title,
)
from core.predicates import title_phrase
from core.predictions import Scored
from core.progress import Progress
from core.schema import CONFIDENCE
from core.slices import Slice, facet_slices, find_slices, ledger_of, look_at_words
from core.statistics import Estimate
from core.storage import Workspace
from core.thresholds import GuaranteeRecord, Policy, compare_population
from core.wording import slices as slice_wording
from core.wording import thresholds as wording
from core.wording import whole as two_models_wording

__all__ = [
    "add_corpus",
    "add_policy",
    "catalogue_of",
    "class_hints",
    "load_scored_from_args",
    "policy_from_args",
    "register",
]

_NAMES_SHOWN = 10
_NUMBERED = re.compile(r"(?:label|class)?[\s_-]*\d+", re.IGNORECASE)  # 0, LABEL_1


def register(commands: Any, common: argparse.ArgumentParser) -> None:
    """Add these commands to the parser."""
    evaluate = commands.add_parser(
        "evaluate", parents=[common], help="accuracy, precision, recall with intervals; calibration; leak check"
    )
    _add_scored(evaluate)
    evaluate.set_defaults(run=_evaluate)

    slices = commands.add_parser("slices", parents=[common], help="where the model is wrong")
    _add_scored(slices)
    way = slices.add_mutually_exclusive_group()
    way.add_argument("--by", metavar="FACETS", help="errors by each value of these facets, e.g. decade,language")
    way.add_argument("--find", action="store_true", help="search for groups of books that are truly worse")
    slices.add_argument("--phrase", metavar="WORDS", help="errors of titles with any of these words, e.g. poem,verse")
    slices.add_argument("--seed", type=int, default=0, help="decides which half is searched (with --find)")
    slices.set_defaults(run=_slices)

    thresholds = commands.add_parser("thresholds", parents=[common], help="cut-offs: what they do, what they promise")
    _add_scored(thresholds)
    add_policy(thresholds)
    thresholds.add_argument(
        "--second",
        metavar="PREDICTIONS",
        help="with --whole: a second, slower model of the same collection decides what --predictions leaves, people the"
        " rest; two cut-offs under one promise, so that people have least to do",
    )
    thresholds.add_argument(
        "--second-seconds",
        type=float,
        metavar="SECONDS",
        help="how long the second model takes for a title (default: as measured here, else 1)",
    )
    thresholds.add_argument(
        "--save",
        metavar="NAME",
        help="with --second: keep what both models decide as predictions called NAME, with their promise, for 'export'",
    )
    output.add_person(thresholds)
    thresholds.set_defaults(run=_thresholds)


def _add_scored(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--predictions", required=True, metavar="P", help="name of the predictions")
    parser.add_argument(
        "--labels",
        action="append",
        metavar="L",
        help="label set to check against (default: the truth in the file); repeatable: answers add up, and of two to"
        " one book that of the set imported last holds",
    )
    add_corpus(parser)
    parser.add_argument(
        "--learned-from",
        action="append",
        default=[],
        metavar="L",
        help=(
            "label set the model learned from, for the leak check; 'none' for none of those in the workspace (default:"
            " what was said at import; else it is unknown, and label sets that do not hold the test set are suspected);"
            " repeatable"
        ),
    )


def add_corpus(parser: argparse.ArgumentParser) -> None:
    """Add the option that says which catalogue predictions made elsewhere are joined with."""
    parser.add_argument(
        "--corpus",
        metavar="C",
        help=(
            "catalogue of the workspace that predictions made elsewhere are joined with by record id; 'none' for none"
            " (default: the one that holds them)"
        ),
    )


def catalogue_of(scored: Scored) -> dict[str, Any]:
    """Return what the JSON says of the catalogue that the predictions were joined with."""
    return {"catalogue": scored.catalogue.as_dict()}


def add_policy(parser: argparse.ArgumentParser) -> None:
    """Add the options that say which predictions are accepted."""
    parser.add_argument(
        "--whole",
        type=float,
        metavar="SHARE",
        help="promise at most this share of the whole collection wrong once people have done the rest, e.g. .02",
    )
    parser.add_argument(
        "--max-error",
        "--accepted",
        dest="max_error",
        type=float,
        metavar="SHARE",
        help="promise at most this share of the accepted wrong, e.g. .05",
    )
    parser.add_argument(
        "--human-error",
        type=float,
        default=0.0,
        metavar="SHARE",
        help="how often people label wrongly (with --whole; default 0)",
    )
    parser.add_argument(
        "--anytime",
        action="store_true",
        help=(
            "with --whole: a promise that may be asked again after each further label, in random order, so that people"
            " stop as soon as it holds"
        ),
    )
    parser.add_argument(
        "--surest",
        type=float,
        default=1.0,
        metavar="SHARE",
        help=(
            "with --whole: the machine may decide only among this share of each class, its surest, e.g. .55; the"
            " checked books need only be drawn from there. To be fixed before labels are looked at (default: all)"
        ),
    )
    parser.add_argument("--confidence", type=float, default=0.95, help="confidence of the promise (default .95)")
    parser.add_argument(
        "--per",
        choices=("class", "together"),
        help="a promise for each class, or one for all (default: class; with --whole, together)",
    )
    parser.add_argument("--stratum", metavar="FACET", help="keep the promise in each value of this facet")
    parser.add_argument(
        "--cut",
        dest="cuts",
        action="append",
        default=[],
        metavar="CLASS=CUT",
        help="accept predictions of a class above this confidence, e.g. --cut Fiction=.9; repeatable",
    )


def load_scored_from_args(args: argparse.Namespace, workspace: Workspace) -> Scored:
    """Return the predictions named on the command line, joined with the truth."""
    from core.predictions import load_scored

    return load_scored(workspace, args.predictions, args.labels, tuple(args.learned_from), args.corpus)


def class_hints(workspace: Workspace, scored: Scored) -> list[str]:
    """Return the command that imports a file once more with its class names mapped, [] where they match.

    Names are mapped when a file is read, so that every command, page and export speaks of the same classes. Where a
    label set is the judge, its names are mapped to those of the predictions; else those of the predictions to the
    truth in their file, unless the truth is but numbers.
    """
    if not scored.unmatched_classes:
        return []
    kind, name = ("labels", scored.label_sets[-1]) if scored.label_sets else ("predictions", scored.name)
    file = workspace.find(kind, name).manifest.file
    if not file:
        return []
    given, wanted = scored.unmatched_classes, scored.classes
    if kind == "predictions" and not all(map(_NUMBERED.fullmatch, given)):  # names stay, numbers are put into names
        given, wanted = wanted, given
    shown = " ".join(f"--map-class {shlex.quote(answer)}=CLASS" for answer in given[:_NAMES_SHOWN])
    more = " …" if len(given) > _NAMES_SHOWN else ""
    classes = ", ".join(f"'{answer}'" for answer in wanted[:_NAMES_SHOWN]) + (
        ", …" if len(wanted) > _NAMES_SHOWN else ""
    )
    return [
        f"Import the file again, with what each name means: colophon import {shlex.quote(file)} --kind {kind} {shown}"
        f"{more} (a CLASS is one of {classes}; add the options of the first import, and use the new name here)."
    ]


def policy_from_args(args: argparse.Namespace, scored: Scored, workspace: Workspace) -> SavedPolicy:
    """Return the policy that the options ask for.

    Raises
    ------
    InputError
        Neither a promise nor cuts, or both, or a cut that cannot be read; predictions without any confidence. Of
        predictions of two models put together the other way about: they have their cuts, and take no others.
    """
    if scored.table[CONFIDENCE].isna().all():
        raise InputError(
            f"No record of the predictions '{scored.name}' has a confidence, so no cut-off can accept any. Import a "
            "file with a confidence or with the probability of each class."
        )
    ways = sum((bool(args.cuts), args.max_error is not None, args.whole is not None))
    if scored.sources:
        return _combined_policy(scored, workspace, ways)
    if ways != 1:
        raise InputError(
            "Say one of the three: --whole SHARE, --accepted SHARE (also called --max-error), or --cut CLASS=CUT for"
            " each class."
        )
    if args.human_error and args.whole is None:
        raise InputError("--human-error counts what people do wrong in the rest; it belongs to --whole.")
    if (args.anytime or args.surest != 1) and args.whole is None:
        raise InputError("--anytime and --surest are for a promise of the whole; they belong to --whole.")
    if args.cuts:
        return SavedPolicy(policy=Policy(_read_cuts(args.cuts, scored)), labels=scored.labels)
    if args.whole is not None:
        request = WholeRequest(
            max_error=args.whole,
            confidence=args.confidence,
            per=args.per or "together",
            stratum=args.stratum or "",
            human_error=args.human_error,
            anytime=args.anytime,
            surest=args.surest,
        )
        result = ask_whole(scored, request, budget_of(workspace, scored))
        return SavedPolicy(policy=result.policy(), promise=promise_of(result), labels=scored.labels)
    accepted = AcceptedRequest(
        max_error=args.max_error, confidence=args.confidence, per=args.per or "class", stratum=args.stratum or ""
    )
    guarantee = ask_accepted(scored, accepted, budget_of(workspace, scored))
    return SavedPolicy(policy=guarantee.policy(), promise=wording.guarantee_record(guarantee), labels=scored.labels)


def _combined_policy(scored: Scored, workspace: Workspace, ways: int) -> SavedPolicy:
    """Return the policy that is kept with predictions of two models: it made them, and no other is theirs."""
    policies = saved_policies(workspace, scored.predictions)
    if ways or not policies:
        raise InputError(
            f"'{scored.name}' was put together from two models, by cut-offs that are kept with it: leave --whole,"
            " --accepted and --cut away, or name the predictions of one model."
        )
    return policies[0]


def _read_cuts(texts: list[str], scored: Scored) -> dict[str, float]:
    from core.classes import match_classes

    cuts = {}
    for text in texts:
        name, sign, number = text.rpartition("=")
        spelled = match_classes([name], scored.classes).class_by_answer.get(name, name)
        if not sign or spelled not in scored.classes:
            raise InputError(
                f"--cut {text}: write CLASS=CUT with one of the classes {', '.join(scored.classes)}, e.g."
                f" --cut {scored.classes[0]}=.9."
            )
        try:
            cuts[spelled] = float(number)
        except ValueError:
            raise InputError(f"--cut {text}: '{number}' is no number from 0 to 1.") from None
    return cuts


def _evaluate(args: argparse.Namespace, workspace: Workspace, progress: Progress) -> CommandResult:
    from core.evaluation import evaluate
    from core.wording.evaluation import verdict

    scored = load_scored_from_args(args, workspace)
    evaluation = evaluate(scored.table, scored.classes)
    content = {
        "predictions": scored.name,
        "labels": scored.labels,
        **evaluation.as_dict(),
        "sentences": scored.sentences,
    }
    content["collection"] = _collection(scored)
    content |= catalogue_of(scored)
    lines = [verdict(evaluation), *scored.sentences, ""]
    for class_metrics in evaluation.metrics.per_class:
        lines.append(
            f"{class_metrics.name}: precision {rate(class_metrics.precision)}; recall {rate(class_metrics.recall)}"
        )
    macro = evaluation.metrics.macro_f1
    lines += [
        _macro_f1(
            macro,
            [class_metrics.name for class_metrics in evaluation.metrics.per_class if not class_metrics.f1.defined],
        ),
        f"Without the {evaluation.leaks:,} leaked books: {rate(evaluation.without_leaks.accuracy)}",
        (
            f"Not scored: {sum(evaluation.unlabelled.values()):,} books without a usable answer; if all of them were"
            f" right or wrong, accuracy would be {percent(evaluation.best)} or {percent(evaluation.worst)}."
        ),
        "",
        *output.table(
            [{"truth": truth} | row.to_dict() for truth, row in evaluation.confusion.iterrows()],
            {"truth": "truth \\ predicted", **{str(name): str(name) for name in evaluation.confusion.columns}},
        ),
    ]
    return CommandResult(content, lines, warnings=class_hints(workspace, scored))


def _macro_f1(macro: Estimate, unseen: Sequence[str]) -> str:
    """Say macro-F1, or in a sentence why there is none."""
    if macro.defined:
        return f"Macro-F1: {macro.value:.4f} ({macro.low:.4f} to {macro.high:.4f})"
    if unseen:
        return (
            f"Macro-F1 is not known: no checked book is {listed(unseen)} or is predicted to be, and the mean is over"
            " all classes."
        )
    return f"Macro-F1 is not known: {macro.reason or 'no book has been checked by a person'}."


def _collection(scored: Scored) -> dict[str, Any]:
    from core.representativeness import collection_estimates
    from core.wording.evaluation import collection

    estimates = collection_estimates(scored.table, scored.classes)
    return estimates.as_dict() | {"sentences": list(collection(estimates))}


def _slices(args: argparse.Namespace, workspace: Workspace, progress: Progress) -> CommandResult:
    scored = load_scored_from_args(args, workspace)
    if args.find:
        answer = _find(args, scored)
    elif args.phrase:
        answer = _phrase(scored, args.phrase, workspace)
    else:
        answer = _by_facets(args, scored, workspace)
    content = {**answer.content, **catalogue_of(scored)}
    warnings = [*scored.catalogue.sentences, *answer.warnings, *class_hints(workspace, scored)]
    return replace(answer, content=content, warnings=warnings)


def _by_facets(args: argparse.Namespace, scored: Scored, workspace: Workspace) -> CommandResult:
    result = facet_slices(scored.table, scored.classes, parse_facets(args.by or "language,decade,place"))
    content = result.as_dict()
    for row, measured in zip(content["slices"], result.slices, strict=True):
        row["sentence"] = slice_wording.measurement(measured)
    rate = result.overall.rate
    lines = [f"Of all {rate.n:,} checked books {percent(rate.value)} are wrong.", ""]
    looked = _record_looks(scored, [measured_slice.slice for measured_slice in result.slices], result.p, workspace)
    return CommandResult(content | looked, [*lines, *output.table(content["slices"], _SLICES), "", looked["ledger"]])


def _record_looks(scored: Scored, slices: Sequence[Slice], p: Sequence[float], workspace: Workspace) -> dict[str, str]:
    """Write looks into the ledger, as the Errors page does, and say what that makes of them."""
    book = ledger_of(workspace, scored)
    return {"ledger": slice_wording.looks(book, book.add_all(slices, p))}


def _phrase(scored: Scored, phrase: str, workspace: Workspace) -> CommandResult:
    from core.evaluation import compare_with_rest
    from core.text_search import phrase_mask

    labelled = scored.labelled
    outcome = compare_with_rest(labelled, phrase_mask(labelled["title"], phrase))
    everything = phrase_mask(scored.table["title"], phrase)
    rows = []
    for name, part, covered in (
        (f"title has {phrase}", "", int(everything.sum())),
        ("all other titles", "rest_", int((~everything).sum())),
    ):
        rate = outcome[f"{part}rate"]
        rows.append(
            {
                "description": name,
                "facts": [{"kind": "phrase", "words": phrase, "has": not part}],
                "n": outcome[f"{part}n"],
                "errors": outcome[f"{part}errors"],
                "error_rate": rate.value,
                "low": rate.low,
                "high": rate.high,
                "collection_n": covered,
            }
        )
    n, errors = len(labelled), sum(row["errors"] for row in rows)
    content: dict[str, Any] = {"overall": {"n": n, "error_rate": errors / n if n else None}, "slices": rows}
    lines = [f"Of all {n:,} checked books {errors:,} are wrong.", "", *output.table(rows, _SLICES)]
    if outcome["n"]:  # else nothing was seen
        book = ledger_of(workspace, scored)
        result = look_at_words(scored.table, scored.classes, Slice((title_phrase(phrase),)), book)
        content["ledger"] = slice_wording.phrase_look(book, result)
        lines += ["", content["ledger"]]
    return CommandResult(content, lines)


_SLICES = {
    "description": "books",
    "n": "checked",
    "errors": "wrong",
    "error_rate": "share",
    "low": "low",
    "high": "high",
    "collection_n": "in all",
}


def _find(args: argparse.Namespace, scored: Scored) -> CommandResult:
    findings = find_slices(scored.table, scored.classes, seed=args.seed)
    sentences = list(slice_wording.sentences(findings))
    content = findings.as_dict() | {"sentences": sentences}
    for row, finding in zip(content["slices"], findings.slices, strict=True):
        row["sentence"] = slice_wording.finding(finding)
    return CommandResult(content, sentences)


def _whole(promise: GuaranteeRecord) -> dict[str, Any]:
    """Return what the JSON says of a promise of the whole; shares are of all records."""
    numbers = promise.as_dict()
    records = max(numbers["records"], 1)
    return {
        "limit": promise.max_error,
        "confidence": promise.confidence,
        "promised": promise.promised,
        "machine_share": numbers["accepted"] / records,
        "people": numbers["review"],
        "hours": numbers["hours"],
        "upper": numbers["most_wrong"] / records,
        "reason": promise.reason,
        "warnings": list(promise.warnings),
    }


def _two_models(args: argparse.Namespace, scored: Scored, workspace: Workspace) -> CommandResult:
    """Answer ``thresholds --whole SHARE --second PREDICTIONS``."""
    from core.combined_predictions import check_pair, save_combined
    from core.predictions import load_scored

    unfit = (args.cuts, args.max_error is not None, args.stratum, args.anytime, args.surest != 1, args.per == "class")
    if args.whole is None or any(unfit):
        raise InputError("--second goes with --whole alone, and with --confidence, --human-error, --second-seconds.")
    second = load_scored(workspace, args.second, args.labels or None)
    if args.save:  # before the question is asked, and paid for
        check_pair(scored, second)
    seconds = args.second_seconds
    if seconds is None:
        seconds = seconds_a_title(workspace, second.name) or 1.0
    request = TwoModelRequest(
        max_error=args.whole, confidence=args.confidence, human_error=args.human_error, seconds_a_title=seconds
    )
    budget = budget_of(workspace, scored)
    result = ask_two_models(scored, second, request, budget)
    sentences = two_models_wording.two_models_sentences(result, scored.name, second.name)
    content = {
        "quick": scored.name,
        "slow": second.name,
        "promised": result.guaranteed,
        "two_models": result.as_dict(),
        "sentences": list(sentences),
        "budget": budget_sentence(budget),
        **catalogue_of(scored),
    }
    lines = [*sentences, "", content["budget"]]
    if args.save and result.accepted:
        combined = save_combined(workspace, scored, second, result, args.save)
        content |= {"saved": combined.name, "fingerprint": combined.fingerprint}
        lines.append(f"Kept as the predictions '{combined.name}': colophon export --predictions {combined.name}")
    warnings = [*scored.catalogue.sentences, *class_hints(workspace, scored)]
    return CommandResult(content, lines, int(not result.guaranteed), warnings=warnings)


def _thresholds(args: argparse.Namespace, workspace: Workspace, progress: Progress) -> CommandResult:
    scored = load_scored_from_args(args, workspace)
    if args.second:
        return _two_models(args, scored, workspace)
    if args.save:
        raise InputError("--save goes with --second: the cut-offs of one model are given to 'export' themselves.")
    chosen = policy_from_args(args, scored, workspace)
    report = report_policy(scored, chosen, budget_of(workspace, scored))
    sentences = wording.policy(report)
    if args.whole is not None and chosen.promise:  # it compared the books it rests on
        warnings = tuple(chosen.promise.warnings)
    else:
        warnings = wording.population_warnings(compare_population(scored.table))
    content = {**report.as_dict(), "promised": None, "reason": "", **catalogue_of(scored)}
    content |= {"sentences": list(sentences), "warnings": list(warnings)}
    lines = [*sentences, *warnings]
    status = 0
    if chosen.promise:
        content |= {"promised": chosen.promise.promised, "reason": chosen.promise.reason}
        content["promise"] = chosen.promise.as_dict()
        # The sentence of a promise has the warning in it.
        lines = [chosen.promise.sentence, *sentences]
        status = 0 if chosen.promise.promised else 1
    if args.whole is not None and chosen.promise:
        content["whole"] = _whole(chosen.promise)
    if chosen.promise:
        content["budget"] = budget_sentence(budget_of(workspace, scored))
        lines += ["", content["budget"]]
    rows = report.per_class.to_dict("records")
    lines += [
        "",
        *output.table(
            rows,
            {
                "class": "predicted",
                "cut": "cut",
                "records": "books",
                "accepted": "accepted",
                "n_accepted": "checked",
                "errors": "wrong",
                "accuracy": "right",
            },
        ),
    ]
    return CommandResult(
        content, lines, status, warnings=[*scored.catalogue.sentences, *class_hints(workspace, scored)]
    )
