"""``train``, ``predict``, ``retrain``; ``label``: rules label for people; ``audit-labels``: what to look at again."""

import argparse
from typing import Any

from core.cli import output
from core.cli.output import CommandResult
from core.errors import Cancelled, InputError
from core.formatting import interval_percent, percent, rate
from core.models import DEFAULT_KIND, KINDS, ModelOption, offered_options
from core.progress import Progress
from core.storage import Workspace

__all__ = ["register_audit", "register_label", "register_training"]


def register_training(commands: Any, common: argparse.ArgumentParser) -> None:
    """Add these commands to the parser."""
    train = commands.add_parser("train", parents=[common], help="train, calibrate, measure and save a model")
    train.add_argument("--labels", required=True, metavar="L", help="label set to learn from")
    train.add_argument("--corpus", metavar="C", help="where the titles are, when the label file has none")
    kinds = ", ".join(f"{name} (default)" if name == DEFAULT_KIND else name for name in KINDS)
    train.add_argument("--model", default=DEFAULT_KIND, help=f"kind of model: {kinds}")
    for option in offered_options():
        train.add_argument(f"--{option.name}", metavar=option.metavar, help=_option_help(option))
    train.add_argument("--seed", type=int, default=0, help="decides splits and starting values (default 0)")
    train.add_argument("--name", help="name of the model (default: from labels and kind)")
    train.add_argument(
        "--without",
        action="append",
        default=[],
        metavar="NAME",
        help="label set, predictions or corpus whose books must not be learned from, such as a test set; repeatable",
    )
    train.add_argument("--weak", metavar="L", help="label set made by functions, to be learned from beside people's")
    train.add_argument(
        "--reads",
        action="append",
        default=[],
        metavar="COLUMN",
        help="column to read beside the title, such as a shelfmark or class number; repeatable",
    )
    train.add_argument(
        "--least",
        type=int,
        default=0,
        metavar="N",
        help="leave out classes with fewer than N different titles, such as typing errors",
    )
    train.add_argument("--calibrate-on", metavar="L", help="label set drawn from the collection, to calibrate on")
    output.add_person(train)
    train.set_defaults(run=_train)

    predict = commands.add_parser("predict", parents=[common], help="score a corpus with a model")
    predict.add_argument("--model", required=True, metavar="M", help="name of the model")
    predict.add_argument("--corpus", required=True, metavar="C", help="name of the corpus")
    predict.add_argument("--name", help="name of the predictions (default: from corpus and model)")
    predict.add_argument("--labels", metavar="L", help="label set that audits check these predictions against")
    predict.add_argument(
        "--engine",
        choices=("local", "ray"),
        default="local",
        help="where: on this computer (default), or on a cluster with Ray",
    )
    predict.add_argument(
        "--address",
        metavar="A",
        help="Ray cluster that this computer is a node of: auto, or host:port (default: this computer's own cores)",
    )
    output.add_person(predict)
    predict.set_defaults(run=_predict)

    retrain = commands.add_parser(
        "retrain",
        parents=[common],
        help="train the model behind predictions again with what people decided on Review, score again, and compare",
    )
    retrain.add_argument("--predictions", required=True, metavar="P", help="what was decided about")
    retrain.add_argument(
        "--labels", metavar="L", help="label set of people's to learn from too (default: the decisions on Review)"
    )
    retrain.add_argument("--name", help="of the new model and its predictions (default: from what they are made of)")
    output.add_person(retrain)
    retrain.set_defaults(run=_retrain)


def _train(args: argparse.Namespace, workspace: Workspace, progress: Progress) -> CommandResult:
    from core.models.training import train

    report = train(
        workspace,
        args.labels,
        kind=args.model,
        name=args.name,
        seed=args.seed,
        corpus=args.corpus,
        exclude=tuple(args.without),
        weak=args.weak,
        reads=tuple(args.reads),
        calibrate_on=args.calibrate_on,
        least=args.least,
        options=_options(args),
        progress=progress,
    )
    lines = [
        f"'{report.model}' ({report.kind}, {report.device}) learned from {report.n_train:,} books in"
        f" {report.seconds:.1f} s; classes: {', '.join(report.classes)}.",
        *report.sentences,
    ]
    for part, measured in report.metrics.items():
        if isinstance(measured, dict) and isinstance(measured.get("accuracy"), dict):
            lines.append(f"Accuracy, {part.replace('_', ' ')}: {rate(measured['accuracy'])}")
    return CommandResult(report.as_dict(), lines)


def _option_help(option: ModelOption) -> str:
    """Return what an option is for, and which kinds have it or, where most have it, which do not."""
    takers = [name for name, kind in KINDS.items() if option in kind.options]
    others = [name for name in KINDS if name not in takers]
    if not others:
        return option.command_help
    if len(others) < len(takers):
        return f"{option.command_help} (all kinds but {', '.join(others)})"
    return f"of a {', '.join(takers)}: {option.command_help}"


def _options(args: argparse.Namespace) -> dict[str, Any]:
    """Return the options that were given, whatever the kind: the training refuses those it does not have."""
    options: dict[str, Any] = {}
    for option in offered_options():
        value = vars(args)[option.name]
        if value and option.values == "kinds":
            options[option.name] = [kind.strip() for kind in value.split(",") if kind.strip()]
        elif value:
            options[option.name] = value
    return options


def _predict(args: argparse.Namespace, workspace: Workspace, progress: Progress) -> CommandResult:
    from core.models.scoring import predict_corpus
    from core.scale import MIN_SHARD

    try:
        report = predict_corpus(
            workspace,
            args.model,
            args.corpus,
            name=args.name,
            labels=args.labels,
            engine=args.engine,
            address=args.address,
            progress=progress,
        )
    except KeyboardInterrupt as stop:
        raise Cancelled(
            f"Stopped. What was finished, in shards of at least {MIN_SHARD:,} titles, is kept for a week: the same"
            " command goes on from there."
        ) from stop
    counts = ", ".join(f"{name}: {count:,}" for name, count in report.predicted.items())
    lines = [
        f"'{report.predictions}': {report.rows:,} records in {report.seconds:.1f} s"
        f" ({report.rows_per_second:,.0f} a second).",
        f"Predicted {counts}.",
        *report.sentences,
    ]
    return CommandResult(report.as_dict(), lines)


_CHANGES = {"record_id": "record", "title": "title", "first": "before", "second": "now"}
_MOST_CHANGES = 10


def _retrain(args: argparse.Namespace, workspace: Workspace, progress: Progress) -> CommandResult:
    from core.predictions import load_scored
    from core.retraining import before_and_after, retrain
    from core.wording.review import retraining_sentences

    report = retrain(workspace, args.predictions, labels=args.labels, name=args.name, progress=progress)
    both = before_and_after(workspace, load_scored(workspace, args.predictions), report.scoring.predictions)
    sentences = retraining_sentences(both.checked, both.decided, both.changes, both.above_cut_offs)
    books = {f"checked against {both.labels}": both.checked, "decided": both.decided}
    right = [
        {"books": name, "before": rate(compared.accuracy[0]), "now": rate(compared.accuracy[1])}
        for name, compared in books.items()
        if compared is not None
    ]
    lines = [
        f"'{report.training.model}' learned from '{report.labels}': {report.training.n_train:,} books in"
        f" {report.training.seconds:.1f} s. It made the predictions '{report.scoring.predictions}'.",
        *sentences,
        "",
        *output.table(right, {"books": "right of the books", "before": "before", "now": "now"}),
        "",
        *output.table(both.changes.as_dict(_MOST_CHANGES)["examples"], _CHANGES),
    ]
    return CommandResult({**report.as_dict(), **both.as_dict(), "sentences": list(sentences)}, lines)


# --- ``label``: rules label books where people have not ---------------------------------------------------------------


_COLUMNS = {
    "name": "function",
    "polarity": "votes for",
    "coverage": "coverage",
    "overlap": "overlap",
    "conflict": "conflict",
    "accuracy": "right",
    "between": "95 % interval",
    "n": "titles",
    "copies": "copies",
}


def register_label(commands: Any, common: argparse.ArgumentParser) -> None:
    """Add this command to the parser."""
    label = commands.add_parser("label", parents=[common], help="label a corpus with labelling functions")
    label.add_argument(
        "--functions",
        required=True,
        metavar="FILE.toml",
        help="the functions: a file, or the name of a set that comes with Colophon (british-library-shelves,"
        " british-library-foreign-shelves)",
    )
    label.add_argument("--corpus", required=True, metavar="C", help="corpus whose books are labelled")
    label.add_argument("--labels", metavar="L", help="people's labels, to check the functions against; they win")
    label.add_argument(
        "--without",
        action="append",
        default=[],
        metavar="NAME",
        help="label set, predictions or corpus whose books must not be labelled, such as a test set; repeatable",
    )
    label.add_argument("--name", help="name of the label set (default: from the corpus)")
    label.add_argument(
        "--method",
        choices=("label model", "majority"),
        default="label model",
        help="how votes are put together (default: the label model)",
    )
    output.add_person(label)
    label.set_defaults(run=_label)


def _label(args: argparse.Namespace, workspace: Workspace, progress: Progress) -> CommandResult:
    from core.weak_supervision import functions_called
    from core.weak_supervision.build import build_labels

    report = build_labels(
        workspace,
        functions_called(args.functions),
        args.corpus,
        labels=args.labels,
        without=tuple(args.without),
        name=args.name,
        method=args.method,
        progress=progress,
    )
    shares = ("coverage", "overlap", "conflict", "accuracy")
    rows = [
        {**row, **{key: percent(row[key]) for key in shares}} | {"between": _between(row)} for row in report.functions
    ]
    lines = [
        f"'{report.name}': {report.sentences[0]}",
        *report.sentences[1:],
        "",
        *output.table(rows, _COLUMNS),
        "",
        f"All together, on titles kept back: {rate(report.accuracy)}",
    ]
    return CommandResult(report.as_dict(), lines)


def _between(row: Any) -> str:
    if row["low"] is None:
        return f"{row['right']:g} of {row['n']}: too few" if row["n"] else ""
    return interval_percent(row["low"], row["high"])


# --- ``audit-labels``: which labels people should look at again, and whose --------------------------------------------


_MAX_SHOWN = 20
_GROUPINGS = ("annotator", "language", "month")
_SUSPECTS = {
    "record_id": "record",
    "title": "title",
    "given": "given",
    "suggested": "suggested",
    "score": "score",
    "annotator": "annotator",
    "words_against": "words against",
}
_GROUPS = {
    "by": "by",
    "value": "value",
    "n": "labels",
    "suspects": "suspect",
    "suspect_rate": "share",
    "low": "low",
    "high": "high",
    "ratio": "times the rest",
    "adjusted_ratio": "adjusted",
    "p_adjusted": "p, adjusted",
}


def register_audit(commands: Any, common: argparse.ArgumentParser) -> None:
    """Add the command to the parser."""
    audit = commands.add_parser(
        "audit-labels",
        parents=[common],
        help="labels that look wrong, and the annotators, languages and months they gather in",
    )
    audit.add_argument("--labels", required=True, metavar="L", help="name of the label set")
    audit.add_argument(
        "--false-alarm",
        type=float,
        default=0.03,
        metavar="SHARE",
        help="call at most this share of right labels suspect (default .03)",
    )
    audit.add_argument("--seed", type=int, default=0, help="decides which titles are judged together")
    audit.add_argument(
        "--leave-out",
        action="append",
        default=[],
        metavar="WHAT",
        help="keep a copy of the label set without these labels: 'suspects', or a group such as annotator=2.0,"
        " language=Dutch, month=2021-01; may be given several times",
    )
    audit.add_argument("--name", help="of the copy (default: the label set's name and '-audited')")
    output.add_person(audit)
    audit.set_defaults(run=_audit)


def _audit(args: argparse.Namespace, workspace: Workspace, progress: Progress) -> CommandResult:
    from core.label_audit import audit_labels, audited_copy, exclude_labels, save_verdict
    from core.labels import load_labels
    from core.wording import evaluation as wording

    labels = load_labels(workspace, args.labels)
    groups, suspects = _parse_exclusions(args.leave_out)
    audit = audit_labels(labels, false_alarm=args.false_alarm, seed=args.seed, progress=progress)
    save_verdict(workspace, labels.artifact, audit)
    content = audit.as_dict() | {"sentences": list(wording.audit_sentences(audit))}
    for item, finding in zip(content["findings"], audit.findings, strict=True):
        item["sentence"] = wording.group_finding(finding)
    rated, listed = [row for row in content["groups"] if row["suspect_rate"] is not None], content["suspects"]
    lines = [*content["sentences"], "", *output.table(rated[:_MAX_SHOWN], _GROUPS), ""]
    lines += output.table(listed[:_MAX_SHOWN], _SUSPECTS)
    if len(listed) > _MAX_SHOWN:
        lines.append(f"… and {len(listed) - _MAX_SHOWN:,} more: --json has all.")
    if groups or suspects:
        copy = exclude_labels(workspace, labels, audit, groups=groups, suspects=suspects, name=args.name)
        content["left_out"] = {"labels": copy.name, **copy.manifest.left_out}
        lines += ["", f"Kept as '{copy.name}': {copy.manifest.warnings[-1]}"]
    elif (recommended := audited_copy(workspace, labels.artifact)) is not None:
        option = f"--leave-out annotator={recommended.annotator}"
        how = f"Train on '{recommended.copy}'" if recommended.copy else f"{option} makes a copy without them"
        lines += ["", f"{wording.audited_copy(recommended)} {how}."]
    return CommandResult(content, lines)


def _parse_exclusions(items: list[str]) -> tuple[list[tuple[str, str]], bool]:
    """Return the groups to leave out, and whether the suspects are."""
    groups = [item.partition("=") for item in items if item != "suspects"]
    for by, equals, value in groups:
        if by not in _GROUPINGS or not equals or not value:
            raise InputError(
                f"--leave-out takes 'suspects' or a group as {', '.join(f'{key}=…' for key in _GROUPINGS)};"
                f" '{by}{equals}{value}' came."
            )
    return [(by, value) for by, _, value in groups], "suspects" in items
