"""``review``: what waits for people, as a workbook to fill in; and their answers, as decisions."""

import argparse
from pathlib import Path
from typing import Any

from core.cli import output
from core.cli.audit import add_corpus
from core.cli.output import CommandResult
from core.errors import InputError
from core.policies import saved_policies
from core.predictions import Scored, load_scored
from core.progress import Progress
from core.review import decisions_for_scored
from core.review_batch import BatchReport, record_answers
from core.review_queue import ORDERS, Order, ReviewQueue, queue_of, waiting_for
from core.review_workbook import WorkbookAnswers, read_review_workbook, write_review_workbook
from core.storage import Workspace
from core.wording.review import batch_sentences, progress_sentence

__all__ = ["register"]


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
        who = decision.by or "somebody without a name"
        lines.append(
            f"  row {conflict.answer.row}: record {conflict.answer.record_id}: the file says"
            f" “{conflict.answer.label}”, {who} decided “{decision.label}”, {decision.when}; that stays."
        )
    return lines
