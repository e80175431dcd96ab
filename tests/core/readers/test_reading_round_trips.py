"""What is written as CSV in any encoding and with any delimiter is read back cell by cell."""

import csv
import gzip
import io
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.readers import read_table

pytestmark = pytest.mark.slow

# Whatever a cell can hold in a file; a header is stripped and made unique, so it is plain here.
# An apostrophe before a formula sign is taken off and said (test_files_for_people.py); WORDS has the others.
LETTERS = st.characters(exclude_categories=("Cs",), exclude_characters="\0\r'")
HEADER = ["record id", "Title", "note"]
ROWS = st.lists(st.tuples(*[st.text(LETTERS, max_size=12)] * 3), min_size=1, max_size=8)


def written(rows: list[tuple[str, ...]], delimiter: str, encoding: str) -> bytes:
    stream = io.StringIO(newline="")
    csv.writer(stream, delimiter=delimiter, quoting=csv.QUOTE_ALL).writerows([HEADER, *rows])
    return stream.getvalue().encode(encoding)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@given(rows=ROWS)
@settings(max_examples=25)
def test_given_encoding_and_delimiter(rows, delimiter, encoding):
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "t.csv"
        path.write_bytes(written(rows, delimiter, encoding))
        table = read_table(path, format="csv", delimiter=delimiter, encoding=encoding)
    assert table.frame.to_numpy().tolist() == [list(row) for row in rows]
    assert len(table.rejected) == 0


WORDS = st.text(st.sampled_from("abc éß,;|\t\"'\n1 "), max_size=15)


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@given(rows=st.lists(st.tuples(st.integers(0, 10**9).map(str), WORDS, WORDS), min_size=2, max_size=30))
@settings(max_examples=25)
def test_guessed_and_packed(rows, delimiter):
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "t.csv.gz"
        path.write_bytes(gzip.compress(written(rows, delimiter, "utf-8")))
        table = read_table(path)
    assert table.delimiter == delimiter
    assert table.frame.to_numpy().tolist() == [list(row) for row in rows]


@given(content=st.binary(max_size=400))
@settings(max_examples=200)
def test_no_bytes_end_in_anything_but_a_table_or_a_sentence(content):
    from core.errors import ColophonError

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "t.csv"
        path.write_bytes(b"id,Title\n" + content)
        try:
            table = read_table(path)
        except ColophonError as error:
            assert str(path) in str(error)
        else:
            assert len(table.lines) == len(table.frame) > 0
            assert not set(table.lines.tolist()) & set(table.rejected["line"].tolist())
