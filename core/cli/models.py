"""``train`` and ``predict``: a model learns from labels, and reads a corpus."""

import argparse
from typing import Any

from core.cli.output import CommandResult
from core.errors import Cancelled
from core.formatting import rate
from core.models.base import DEFAULT_KIND, KINDS, ModelOption, offered_options
from core.progress import Progress
from core.storage import Workspace

__all__ = ["register"]


def register(commands: Any, common: argparse.ArgumentParser) -> None:
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
    predict.set_defaults(run=_predict)


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
    from core.scale.shards import MIN_SHARD

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
