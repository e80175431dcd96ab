"""The first rows of a file, read by a process of its own: whatever the file does to memory, it does to that one.

``python -m core.readers.preview`` is that process: it takes its task from standard input and answers on standard
output, both JSON. It imports what reading needs and nothing else.
"""

import contextlib
import json
import logging
import subprocess
import sys
import threading
import traceback
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd

from core import errors
from core.errors import Choice, ChoiceNeededError, InputError, UnreadableFileError
from core.memory import memory_limit
from core.python_process import module_command, module_environment
from core.readers.reading import read_table
from core.readers.table import SourceTable

__all__ = ["PREVIEW_ROWS", "PreviewLimits", "main", "read_first_rows"]

PREVIEW_ROWS: Final = 2_000
_CELL_CHARACTERS: Final = 20_000
_ALL_CHARACTERS: Final = 32 * 1024**2
_ALL_CELLS: Final = 1_000_000
_LOG = logging.getLogger("colophon")
# However many people look at files, the machine reads for so many of them at once.
_TURNS = threading.BoundedSemaphore(2)


@dataclass(frozen=True)
class PreviewLimits:
    """What the reading process may take: bytes of memory beyond what Python itself needs, and seconds."""

    memory: int = 1024**3
    seconds: float = 60.0


def read_first_rows(
    path: Path,
    *,
    format: str | None = None,  # noqa: A002 - the word people know
    encoding: str | None = None,
    delimiter: str | None = None,
    sheet: str | None = None,
    columns: Sequence[str] = (),
    limits: PreviewLimits | None = None,
) -> SourceTable:
    """Return the first 2,000 rows of a file, or fewer where they are large; the arguments are those of `read_table`.

    `complete` of the result says whether these were all rows. Cells longer than 20,000 characters are cut.

    Raises
    ------
    UnreadableFileError
        As :func:`read_table`; or the reading took more memory or time than it may.
    InputError
        As :func:`read_table`.
    """
    limits = limits or PreviewLimits()
    task = {
        "path": str(path),
        "memory": limits.memory,
        "rows": PREVIEW_ROWS,
        "options": {
            "format": format,
            "encoding": encoding,
            "delimiter": delimiter,
            "sheet": sheet,
            "columns": list(columns),
        },
    }
    with _TURNS:
        answer = _answer(path, json.dumps(task).encode(), limits.seconds)
    if "error" in answer:
        family = getattr(errors, str(answer["error"]), InputError)
        if family is ChoiceNeededError:
            choices = [Choice(*choice) for choice in answer["choices"]]
            raise ChoiceNeededError(answer["message"], option=answer["option"], choices=choices)
        raise family(answer["message"])
    return _table(path, answer)


def _answer(path: Path, task: bytes, seconds: float) -> dict[str, Any]:
    process = subprocess.Popen(
        module_command("core.readers.preview"),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=_environment(),
    )
    try:
        out, complaints = process.communicate(task, timeout=seconds)
    except subprocess.TimeoutExpired as error:
        process.kill()
        process.communicate()
        raise UnreadableFileError(
            f"{path.name}: reading its first rows took more than {seconds:g} seconds and was stopped. Save it as "
            "CSV and try again."
        ) from error
    if complaints:
        _LOG.warning("%s", complaints.decode("utf-8", "replace")[-4_000:])
    try:
        answer: dict[str, Any] = json.loads(out)
    except ValueError as error:
        raise UnreadableFileError(_out_of_memory(path)) from error
    return answer


def _environment() -> dict[str, str]:
    return {
        **module_environment(),
        "PYTHONIOENCODING": "utf-8",
        # One thread and the system's allocator: others ask for address space that they never use.
        "OMP_NUM_THREADS": "1",
        "OPENBLAS_NUM_THREADS": "1",
        "ARROW_DEFAULT_MEMORY_POOL": "system",
    }


def _out_of_memory(path: Path) -> str:
    return (
        f"{path.name}: reading its first rows took more memory than a preview may have. Rows of such a size are "
        "hardly a catalogue; if the file is sound, save it as CSV and try again."
    )


def _table(path: Path, answer: dict[str, Any]) -> SourceTable:
    columns = {name: pd.array(values, dtype="str") for name, values in answer["columns"]}
    rejected = answer["rejected"]
    return SourceTable(
        path=path,
        format=answer["format"],
        encoding=answer["encoding"],
        delimiter=answer["delimiter"],
        frame=pd.DataFrame(columns, index=pd.RangeIndex(len(answer["lines"]))),
        lines=np.array(answer["lines"], dtype=np.int64),
        rejected=pd.DataFrame(
            {
                "line": np.array([line for line, _, _ in rejected], dtype=np.int64),
                "reason": pd.Series([reason for _, reason, _ in rejected], dtype="str"),
                "text": pd.Series([text for _, _, text in rejected], dtype="str"),
            }
        ),
        reasons=tuple(answer["reasons"]),
        warnings=tuple(answer["warnings"]),
        questions=tuple(answer["questions"]),
        complete=answer["complete"],
        sheets=tuple(answer["sheets"]),
    )


def _read(task: dict[str, Any]) -> dict[str, Any]:
    """Do the task of the reading process; every way it can end is an answer."""
    path = Path(task["path"])
    try:
        with memory_limit(task["memory"]):
            return _as_json(read_table(path, rows=task["rows"], **task["options"]))
    except MemoryError:
        return {"error": "UnreadableFileError", "message": _out_of_memory(path)}
    except ChoiceNeededError as error:
        choices = [(choice.value, choice.label, choice.sample) for choice in error.choices]
        return {"error": type(error).__name__, **_message(error, path), "option": error.option, "choices": choices}
    except InputError as error:
        return {"error": type(error).__name__, **_message(error, path)}
    except Exception as error:
        traceback.print_exc()
        message = f"{path.name} cannot be read: something was met that was not foreseen ({type(error).__name__})."
        return {"error": "UnreadableFileError", "message": message}


def _message(error: InputError, path: Path) -> dict[str, str]:
    return {"message": error.on_page.replace(str(path), path.name)}  # a page shows no path of the server


def _as_json(source: SourceTable) -> dict[str, Any]:
    rows = min(len(source.frame), max(5, _ALL_CELLS // max(1, len(source.frame.columns))))
    cut = source.frame.head(rows)
    texts = [(str(name), [text[:_CELL_CHARACTERS] for text in column.tolist()]) for name, column in cut.items()]
    while rows > 5 and sum(len(text) for _, column in texts for text in column) > _ALL_CHARACTERS:
        rows //= 2
        texts = [(name, column[:rows]) for name, column in texts]
    return {
        "format": source.format,
        "encoding": source.encoding,
        "delimiter": source.delimiter,
        "columns": texts,
        "lines": source.lines[:rows].tolist(),
        "rejected": source.rejected.head(PREVIEW_ROWS).to_numpy().tolist(),
        "reasons": source.reasons,
        "warnings": source.warnings,
        "questions": source.questions,
        "complete": source.complete and rows == len(source.frame),
        "sheets": source.sheets,
    }


def main() -> int:
    """Answer the task on standard input."""
    task = json.loads(sys.stdin.buffer.read())
    with contextlib.redirect_stdout(sys.stderr):  # the answer is all that may stand there
        answer = _read(task)
    sys.stdout.write(json.dumps(answer))
    return 0


if __name__ == "__main__":
    sys.exit(main())
