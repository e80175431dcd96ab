"""The command line: a thin door onto the same functions the pages use.

Results go to standard output (a readable table, or one JSON object with ``--json``); progress and warnings go to
standard error. Exit status: 0 done; 1 a check or a promise does not hold; 2 the input or the arguments are wrong.
"""

import argparse
import os
import sys
from collections.abc import Sequence

from core.cli import audit, data, export, models, output, people
from core.errors import Cancelled, ColophonError, InputError, StorageError, describe_system_error
from core.progress import log_to
from core.storage import Workspace

__all__ = ["build_parser", "main"]


def build_parser() -> argparse.ArgumentParser:
    """Return the parser of ``colophon`` with every command."""
    parser = argparse.ArgumentParser(
        prog="colophon",
        description="Decide which machine-made labels may enter a library's catalogue.",
        epilog="Exit status: 0 done; 1 a check or a promise does not hold; 2 the input or the arguments are wrong.",
    )
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument(
        "--workspace",
        metavar="DIR",
        default=argparse.SUPPRESS,
        help="where everything is kept (else $COLOPHON_HOME, else ./workspace)",
    )
    common.add_argument(
        "--json", action="store_true", default=argparse.SUPPRESS, help="print the result as one JSON object"
    )
    common.add_argument("--quiet", action="store_true", default=argparse.SUPPRESS, help="no progress on standard error")
    common.add_argument(
        "--verbose",
        action="store_true",
        default=argparse.SUPPRESS,
        help="log on standard error what was done and in how long, a line each (no titles)",
    )
    parser.add_argument("--workspace", metavar="DIR", help=argparse.SUPPRESS)
    parser.add_argument("--json", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--quiet", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--verbose", action="store_true", help=argparse.SUPPRESS)
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)
    for register in (
        data.register,
        models.register_training,
        models.register_label,
        people.register_facets,
        audit.register,
        models.register_audit,
        people.register,
        export.register_report,
        export.register_export,
        export.register_sharing,
        data.register_system,
    ):
        register(commands, common)
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit status."""
    args = build_parser().parse_args(_join_option_values(sys.argv[1:] if arguments is None else arguments))
    try:
        # The line is gone before anything else is said.
        with log_to(sys.stderr, verbose=args.verbose), output.ProgressLine(quiet=args.quiet) as progress:
            answer: output.CommandResult = args.run(args, _open_workspace(args), progress)
        output.print_result(answer, as_json=args.json)
    except BrokenPipeError:
        # Whoever read the output went away (`| head`): silence is the usual answer.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except InputError as error:
        output.print_error(error)
        return 2
    except KeyboardInterrupt:
        output.print_error(Cancelled("Stopped; nothing half made was kept."))
        return 1
    except ColophonError as error:
        output.print_error(error)
        return 1
    except Exception as error:
        refusal = describe_system_error(error)
        if refusal is None:
            raise
        output.print_error(StorageError(refusal))
        return 2
    return answer.status


# Their value is NAME=something, and a class may be called -1.
_PAIRS = ("--cut", "--map", "--map-class")


def _join_option_values(arguments: Sequence[str]) -> list[str]:
    """Return the arguments with values such as ``-1=.8`` joined to their option, lest they be taken for an option."""
    joined: list[str] = []
    for argument in arguments:
        if joined and joined[-1] in _PAIRS and argument.startswith("-") and "=" in argument:
            joined[-1] = f"{joined[-1]}={argument}"
        else:
            joined.append(argument)
    return joined


def _open_workspace(args: argparse.Namespace) -> Workspace:
    """Return the workspace a command works on; one that cannot be used only for a command that looks at faults."""
    damaged, person = bool(getattr(args, "damaged", False)), str(getattr(args, "person", ""))
    return Workspace(args.workspace, damaged=damaged, by=person)
