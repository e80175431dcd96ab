"""``facet``: titles are marked as fitting or not; ``review``: a workbook of what waits for people, and answers."""

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from core.cli import output
from core.cli.audit import add_corpus
from core.cli.output import CommandResult
from core.errors import InputError, NotFoundError
from core.guarantees import saved_policies
from core.learned_facets import (
    FacetCollection,
    FacetRanking,
    LearnedFacet,
    add_marks,
    create_facet,
    draw_sample,
    embed_corpus,
    estimate_facet,
    facet_log,
    find_facet,
    finish_facet,
    list_facets,
    rank_titles,
    remove_facet,
    rename_facet,
    suggestions,
    undo_mark,
)
from core.predictions import Scored, load_scored
from core.progress import Progress
from core.review import BatchReport, decisions_for_scored, record_answers
from core.review_queue import ORDERS, Order, ReviewQueue, queue_of, waiting_for
from core.review_workbook import WorkbookAnswers, read_review_workbook, write_review_workbook
from core.schema import RECORD_ID, TITLE
from core.storage import Workspace
from core.wording import learned_facets as wording
from core.wording.review import batch_sentences, progress_sentence

__all__ = ["register", "register_facets"]


# --- ``facet``: titles are marked as fitting or not, and a classifier finds more of them ------------------------------


def register_facets(commands: Any, common: argparse.ArgumentParser) -> None:
    """Add the command with its parts to the parser."""
    facet = commands.add_parser("facet", parents=[common], help="find titles like those that you mark")
    parts = facet.add_subparsers(dest="part", metavar="PART", required=True)

    def add(name: str, run: Any, text: str, *, of_one: bool = True) -> argparse.ArgumentParser:
        parser: argparse.ArgumentParser = parts.add_parser(name, parents=[common], help=text)
        if of_one:
            parser.add_argument("facet", metavar="NAME", help="name of the facet")
        parser.add_argument("--corpus", metavar="C", help="collection it belongs to (default: the only one)")
        parser.set_defaults(run=run)
        return parser

    create = add("create", _create, "begin a facet")
    output.add_person(create)
    create.add_argument("--definition", default="", metavar="TEXT", help="what fits, in a sentence")

    mark = add("mark", _mark, "say which records fit and which do not")
    output.add_person(mark)
    mark.add_argument("--fits", nargs="+", default=[], metavar="ID", help="records that fit")
    mark.add_argument("--not", dest="other", nargs="+", default=[], metavar="ID", help="records that do not fit")
    mark.add_argument("--undo", nargs="+", default=[], metavar="ID", help="records whose mark is taken back")

    suggest = add("suggest", _suggest, "the unmarked titles that look most like those that fit")
    suggest.add_argument("--search", metavar="WORDS", help="only titles with all of these words")
    suggest.add_argument("-n", type=int, default=20, metavar="N", help="how many (default 20)")

    estimate = add("estimate", _estimate, "how good it is, from titles drawn at random and marked")
    estimate.add_argument("--draw", type=int, metavar="N", help="draw N unmarked titles and list them to be marked")

    finish = add("finish", _finish, "make labels of its marks and predictions of its scores")
    output.add_person(finish)
    finish.add_argument("--name", metavar="P", help="name of the predictions (default: from corpus and facet)")

    rename = add("rename", _rename, "give a facet another name; its marks stay with it")
    output.add_person(rename)
    rename.add_argument("new_name", metavar="NEW", help="its new name")
    rename.add_argument("--definition", metavar="TEXT", help="what fits, in a sentence (default: as it was)")

    remove = add("remove", _remove, "take a facet off the list; what was made of it stays")
    output.add_person(remove)

    add("list", _list, "the facets of a collection", of_one=False)
    add("embed", _embed, "let a language model read all titles once, so that facets understand more", of_one=False)


def _corpus(args: argparse.Namespace, workspace: Workspace) -> str:
    """Return the name of the corpus: the one that is named, that holds the facet, or the only one.

    Raises
    ------
    InputError
        Several could be meant.
    """
    if args.corpus:
        return str(args.corpus)
    corpora = workspace.list("corpora")
    wanted = str(getattr(args, "facet", "")).casefold()
    if wanted and args.part != "create":
        having = [
            corpus
            for corpus in corpora
            if any(facet.name.casefold() == wanted for facet in list_facets(workspace.database, corpus.fingerprint))
        ]
        corpora = having or corpora
    if len(corpora) == 1:
        return corpora[0].name
    if not corpora:
        raise NotFoundError("There is no corpus yet: import one first.")
    names = ", ".join(sorted(corpus.name for corpus in corpora))
    raise InputError("It is not clear which collection is meant.", command_line=f"Name one with --corpus: {names}.")


def _facet(args: argparse.Namespace, workspace: Workspace, corpus: str) -> LearnedFacet:
    return find_facet(workspace.database, workspace.find("corpora", corpus).fingerprint, args.facet)


def _open(args: argparse.Namespace, workspace: Workspace) -> tuple[LearnedFacet, FacetCollection]:
    corpus = _corpus(args, workspace)
    return _facet(args, workspace, corpus), FacetCollection.open(workspace, corpus)


def _create(args: argparse.Namespace, workspace: Workspace, progress: Progress) -> CommandResult:
    corpus = workspace.find("corpora", _corpus(args, workspace))
    facet = create_facet(workspace.database, corpus.fingerprint, args.facet, args.definition, by=args.person)
    content = {"facet": facet.name, "definition": facet.definition, "corpus": corpus.name}
    return CommandResult(content, [f"'{facet.name}' is a facet of '{corpus.name}' now. Mark titles with 'facet mark'."])


def _mark(args: argparse.Namespace, workspace: Workspace, progress: Progress) -> CommandResult:
    if not (args.fits or args.other or args.undo):
        raise InputError("Nothing is marked.", command_line="Name records with --fits, --not or --undo.")
    facet, collection = _open(args, workspace)
    collection.positions([*args.fits, *args.other, *args.undo])  # all are there, or nothing is written
    twice = sorted({*args.fits} & {*args.other} | {*args.fits, *args.other} & {*args.undo})
    if twice:
        raise InputError(f"The record '{twice[0]}' is named twice, and only one can be meant.")
    held = facet_log(workspace.database, facet).current
    unmarked = [record for record in args.undo if record not in held]
    if unmarked:
        raise InputError(f"The record '{unmarked[0]}' has no mark that could be taken back.")
    for record in args.undo:
        undo_mark(workspace.database, facet, held[record].id, by=args.person)
    marks = {**dict.fromkeys(args.fits, True), **dict.fromkeys(args.other, False)}
    written = add_marks(workspace.database, facet, marks, by=args.person)
    log = facet_log(workspace.database, facet)
    content = {
        "facet": facet.name,
        "marked": written,
        "undone": len(args.undo),
        "fits": log.count(fits=True),
        "not": log.count(fits=False),
    }
    return CommandResult(content, [wording.progress(facet.name, log, _accepted(_ranking(collection, log.training)))])


def _ranking(collection: FacetCollection, training: Any) -> FacetRanking | None:
    return rank_titles(collection, training) if any(training.values()) else None


def _accepted(ranking: FacetRanking | None) -> int | None:
    return None if ranking is None else int(ranking.accepted.sum())


def _suggest(args: argparse.Namespace, workspace: Workspace, progress: Progress) -> CommandResult:
    if args.n < 1:
        raise InputError(f"At least one title is suggested; {args.n} came.")
    facet, collection = _open(args, workspace)
    log = facet_log(workspace.database, facet)
    ranking = _ranking(collection, log.training)
    if args.search:
        rows = collection.search(args.search, ranking, log, args.n)
    elif ranking is None:
        raise InputError(
            "Nothing is marked as fitting yet.", command_line="Look for titles with --search and mark some that fit."
        )
    else:
        rows = suggestions(collection, ranking, log, args.n)
    table: Sequence[dict[Any, Any]] = rows.to_dict("records")
    words = [
        {"word": word.word, "titles": word.titles, "ratio": word.ratio} for word in (ranking.words if ranking else ())
    ]
    content = {
        "facet": facet.name,
        "features": collection.features.kind,
        "accepted": _accepted(ranking),
        "words": words,
        "suggestions": table,
    }
    lines = [wording.progress(facet.name, log, _accepted(ranking)), ""]
    if words:
        lines += [f"Words that matter: {', '.join(str(word['word']) for word in words)}.", ""]
    heads = {RECORD_ID: "record", "score": "score", TITLE: "title", "words": "words"}
    return CommandResult(content, [*lines, *output.table(table, heads)])


def _estimate(args: argparse.Namespace, workspace: Workspace, progress: Progress) -> CommandResult:
    corpus = _corpus(args, workspace)
    facet = _facet(args, workspace, corpus)
    log = facet_log(workspace.database, facet)
    drawn: Sequence[dict[Any, Any]] = []
    lines: list[str] = []
    if args.draw is not None:
        collection = FacetCollection.open(workspace, corpus)
        training = {name: mark.fits for name, mark in log.current.items()}
        sample = draw_sample(workspace.database, facet, collection, rank_titles(collection, training), args.draw)
        log = facet_log(workspace.database, facet)
        rows = collection.records.iloc[collection.positions(sample.record_ids)][[RECORD_ID, TITLE]]
        drawn = rows.to_dict("records")
        lines = [
            "Mark each of these titles with 'facet mark':",
            "",
            *output.table(drawn, {RECORD_ID: "record", TITLE: TITLE}),
            "",
        ]
    measured = estimate_facet(log)
    content = {"facet": facet.name, "sample": drawn, **(measured.as_dict() if measured else {})}
    content["stop"] = wording.stop(log, measured)
    stop = [content["stop"]] if content["stop"] else []
    return CommandResult(content, [*lines, *wording.estimate(measured), *stop])


def _finish(args: argparse.Namespace, workspace: Workspace, progress: Progress) -> CommandResult:
    facet, collection = _open(args, workspace)
    report = finish_facet(workspace, facet, collection, name=args.name)
    each = ", ".join(f"{name}: {count:,}" for name, count in report.predicted.items())
    lines = [
        f"'{report.predictions}' (predictions): {report.rows:,} records ({each}).",
        f"'{report.labels}' (labels): the marks it learned from.",
        f"'{report.checked}' (labels): the titles drawn at random, against which the predictions are checked."
        if report.checked
        else "No random sample was marked, so nothing checks these predictions yet: see 'facet estimate --draw'.",
    ]
    return CommandResult(report.as_dict(), lines)


def _rename(args: argparse.Namespace, workspace: Workspace, progress: Progress) -> CommandResult:
    facet = _facet(args, workspace, _corpus(args, workspace))
    renamed = rename_facet(workspace.database, facet, args.new_name, args.definition, by=args.person)
    content = {"facet": renamed.name, "before": facet.name, "definition": renamed.definition}
    return CommandResult(content, [f"The facet '{facet.name}' is called '{renamed.name}' now."])


def _remove(args: argparse.Namespace, workspace: Workspace, progress: Progress) -> CommandResult:
    facet = _facet(args, workspace, _corpus(args, workspace))
    remove_facet(workspace.database, facet, by=args.person)
    line = f"The facet '{facet.name}' was removed; labels and predictions that were made of it stay."
    return CommandResult({"facet": facet.name, "removed": True}, [line])


def _list(args: argparse.Namespace, workspace: Workspace, progress: Progress) -> CommandResult:
    corpora = [workspace.find("corpora", args.corpus)] if args.corpus else workspace.list("corpora")
    rows = []
    for corpus in corpora:
        for facet in list_facets(workspace.database, corpus.fingerprint):
            log = facet_log(workspace.database, facet)
            rows.append(
                {
                    "facet": facet.name,
                    "corpus": corpus.name,
                    "fits": log.count(fits=True),
                    "not": log.count(fits=False),
                    "definition": facet.definition,
                }
            )
    return CommandResult({"facets": rows}, output.table(rows, {key: key for key in rows[0]} if rows else {}))


def _embed(args: argparse.Namespace, workspace: Workspace, progress: Progress) -> CommandResult:
    report = embed_corpus(workspace, _corpus(args, workspace), progress=progress)
    rate = f"{report.rows_per_second:,.0f} a second"
    return CommandResult(report.as_dict(), [f"{report.rows:,} titles of '{report.corpus}' were read ({rate})."])


# --- ``review``: what waits for people, as a workbook to fill in; and their answers, as decisions ---------------------


def register(commands: Any, common: argparse.ArgumentParser) -> None:
    """Add the command to the parser."""
    review = commands.add_parser(
        "review", parents=[common], help="what waits for people, as a workbook to fill in, and their answers back"
    )
    review.add_argument("--predictions", required=True, metavar="P", help="name of the predictions")
    review.add_argument("--labels", action="append", metavar="L", help="label set to check against; repeatable")
    add_corpus(review)
    way = review.add_mutually_exclusive_group()
    way.add_argument("--export", type=Path, metavar="FILE.xlsx", help="write what waits as a workbook")
    way.add_argument("--import", type=Path, dest="answers", metavar="FILE.xlsx", help="take in the answers of one")
    review.add_argument(
        "--order",
        choices=[order.value for order in ORDERS],
        default=ORDERS[0].value,
        help="what comes first (default: what brings the promise soonest)",
    )
    review.add_argument("--seed", type=int, default=0, help="of the order 'random'")
    output.add_person(review)
    review.set_defaults(run=_review)


def _review(args: argparse.Namespace, workspace: Workspace, progress: Progress) -> CommandResult:
    if args.answers and not args.person.strip():
        raise InputError("Say who gave the answers with --by NAME: others may want to ask that person.")
    scored = load_scored(workspace, args.predictions, args.labels, (), args.corpus)
    if args.answers:
        return _take_in(workspace, scored, args.answers, args.person)
    policies = saved_policies(workspace, scored.predictions)
    queue = queue_of(workspace, scored, policies[0].policy if policies else None)
    log = decisions_for_scored(workspace.database, scored)
    waiting = waiting_for(queue, queue.ordered(Order(args.order), seed=args.seed), log).record_ids
    content: dict[str, Any] = {
        "waiting": len(waiting),
        "decided": len(log.current),
        "disputed": len(log.disputes),
        "reasons": {reason.value: number for reason, number in queue.counts.items()},
        "order": args.order,
    }
    lines = [progress_sentence(len(waiting), len(log.current))]
    if args.export:
        content |= _written(args.export, scored, queue, waiting, log.newest)
        lines.append(f"{args.export}: {content['rows']:,} rows to fill in.")
    return CommandResult(content, lines)


def _written(path: Path, scored: Scored, queue: ReviewQueue, waiting: tuple[str, ...], newest: int) -> dict[str, Any]:
    if path.suffix.lower() != ".xlsx":
        raise InputError(f"A workbook is written as .xlsx; '{path.name}' came.")
    return {"file": str(path), "rows": write_review_workbook(path, scored, queue, waiting, newest=newest)}


def _take_in(workspace: Workspace, scored: Scored, path: Path, by: str) -> CommandResult:
    answers = read_review_workbook(path, scored)
    report = record_answers(workspace.database, scored, answers.answers, by=by, session=answers.session)
    content = {
        "read": len(answers.answers) + len(answers.refused),
        "new": len(report.written),
        "unchanged": len(report.already),
        "withdrawn": len(report.withdrawn),
        "blank": answers.blank,
        "refused": [{"row": refused.row, "reason": refused.reason} for refused in answers.refused],
        "conflicts": _conflicts(report),
    }
    status = 1 if answers.refused or report.conflicts else 0
    return CommandResult(content, [*batch_sentences(report, answers.blank), *_details(answers, report)], status=status)


def _conflicts(report: BatchReport) -> list[dict[str, Any]]:
    return [
        {
            "row": conflict.answer.row,
            "record_id": conflict.answer.record_id,
            "label": conflict.answer.label,
            "decided": conflict.decision.label,
            "by": conflict.decision.by,
            "at": conflict.decision.at,
        }
        for conflict in report.conflicts
    ]


def _details(answers: WorkbookAnswers, report: BatchReport) -> list[str]:
    lines = [f"  row {refused.row}: {refused.reason}." for refused in answers.refused]
    for conflict in report.conflicts:
        decision = conflict.decision
        author = decision.by or "somebody without a name"
        lines.append(
            f"  row {conflict.answer.row}: record {conflict.answer.record_id}: the file says"
            f" “{conflict.answer.label}”, {author} decided “{decision.label}”, {decision.when}; that stays."
        )
    return lines
