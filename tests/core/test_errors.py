import ast
import pickle
import re
from pathlib import Path

import pytest

from core.errors import InputError, MappingError

CORE = Path(__file__).parents[2] / "core"


def test_the_command_line_and_a_page_are_told_the_next_step_each_in_its_own_words() -> None:
    error = MappingError("No column holds the title.", command_line="Use --map HEADER=title.", page="Choose it below.")
    assert str(error) == "No column holds the title. Use --map HEADER=title."
    assert error.on_page == "No column holds the title. Choose it below."
    again = pickle.loads(pickle.dumps(error))  # as it comes back from another process
    assert (str(again), again.on_page) == (str(error), error.on_page)


@pytest.mark.parametrize(
    ("message", "on_page"),
    [
        ("/srv/ws/uploads/e3b0/empty.csv is empty.", "empty.csv is empty."),
        ("The file '/srv/ws/a b.csv' is cut.", "The file 'a b.csv' is cut."),
        ("Line 3 of /tmp/x/books.csv, column 2", "Line 3 of books.csv, column 2"),
        ("https://example.org/a/b.csv sends a web page.", "https://example.org/a/b.csv sends a web page."),
        ("Write fiction/non-fiction, or 1/2/3.", "Write fiction/non-fiction, or 1/2/3."),
        ("The format is text/csv.", "The format is text/csv."),
    ],
)
def test_a_page_names_a_file_of_the_server_without_its_folders(message: str, on_page: str) -> None:
    assert InputError(message).on_page == on_page


def test_no_message_that_a_page_shows_names_an_option_of_the_command_line() -> None:
    items = []
    for path in sorted(CORE.rglob("*.py")):
        if path.relative_to(CORE).parts[0] == "cli":
            continue
        for call in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(call, ast.Call) or not ast.unparse(call.func).endswith("Error"):
                continue
            words = " ".join(
                part.value
                for argument in call.args
                for part in ast.walk(argument)
                if isinstance(part, ast.Constant) and isinstance(part.value, str)
            )
            # Annif's own command has options of its own, which people need wherever they read the message.
            if re.search(r"(?<!\S)--[a-z]", words) and "annif index" not in words:
                items.append(f"{path}:{call.lineno}: {words}")
    assert items == []
