"""Text tables: what is kept, what is set aside and why, and that the two together are all records."""

import csv
import io
from pathlib import Path

import pytest

from core.errors import InputError, UnreadableFileError
from core.readers import delimited, read_table
from core.readers import table as table_module


@pytest.fixture
def write(tmp_path: Path):
    def write(content: str | bytes, name: str = "table.csv", encoding: str = "utf-8") -> Path:
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode(encoding))
        return path

    return write


def cells(table) -> list[list[str]]:
    return table.frame.to_numpy().tolist()


def test_everything_stays_text(write):
    table = read_table(write('id,Title,year\n014602826,None,1879\n000000037,NA,\n3,"two\nlines",1e5\n'))
    assert cells(table) == [["014602826", "None", "1879"], ["000000037", "NA", ""], ["3", "two\nlines", "1e5"]]
    assert table.lines.tolist() == [2, 3, 4]
    assert {str(kind) for kind in table.frame.dtypes} == {"str"}
    assert not table.frame.isna().any().any()
    assert (table.format, table.encoding, table.delimiter) == ("csv", "utf-8", ",")
    assert table.warnings == ()


def test_lines_are_physical_lines_after_a_cell_with_line_breaks(write):
    table = read_table(write('id,Title\n1,"a\nb\nc"\n\n2,d\n'))
    assert table.lines.tolist() == [2, 6]
    assert table.warnings == ("1 blank lines between records were passed over.",)


@pytest.mark.parametrize("end", ["", "\n", "\n\n\n", "\r\n \r\n"])
def test_blank_lines_at_the_end_are_no_records_and_no_matter(write, end):
    table = read_table(write("id,Title\n1,a" + end))
    assert cells(table) == [["1", "a"]]
    assert len(table.rejected) == 0
    assert table.warnings == ()


@pytest.mark.parametrize(
    ("delimiter", "format_"),
    [(",", "csv"), (";", "csv"), ("|", "csv"), ("\t", "tsv")],
    ids=["comma", "semi", "bar", "tab"],
)
def test_the_delimiter_is_told_from_even_records_with_quotes_respected(write, delimiter, format_):
    rows = [["id", "Title", "note"]] + [[str(i), f"a, b; c | d {i}", "x;y,z" * (i % 3)] for i in range(40)]
    stream = io.StringIO()
    csv.writer(stream, delimiter=delimiter, lineterminator="\n").writerows(rows)
    table = read_table(write(stream.getvalue()))
    assert (table.delimiter, table.format) == (delimiter, format_)
    assert cells(table) == rows[1:]
    assert any("100 % of the first 40 records have 3 cells" in reason for reason in table.reasons)


def test_semicolons_in_titles_do_not_beat_commas(write):
    table = read_table(write("id,Title\n" + "".join(f"{i},one; two; three\n" for i in range(20))))
    assert table.delimiter == ","


def test_a_delimiter_can_be_given(write):
    path = write("id~Title\n1~a,b\n")
    assert cells(read_table(path, delimiter="~")) == [["1", "a,b"]]
    assert cells(read_table(write("id;Title\n1;a\n"), delimiter="semicolon")) == [["1", "a"]]
    with pytest.raises(InputError, match="'ab' cannot part cells; give one character"):
        read_table(path, delimiter="ab")


def test_excels_separator_line_is_obeyed_and_is_no_record(write):
    table = read_table(write("sep=;\nid;Title\n1;a\n"))
    assert cells(table) == [["1", "a"]]
    assert table.lines.tolist() == [3]


def test_tabs_without_quoting_keep_their_quotes(write):
    table = read_table(write('id\tTitle\n1\t"Ivanhoe" and other tales\n2\t"Waverley\n3\tx\n', "t.tsv"))
    assert cells(table)[:2] == [["1", '"Ivanhoe" and other tales'], ["2", '"Waverley']]
    assert "Quotes are part of the text" in " ".join(table.reasons)


def test_one_column_is_a_table(write):
    assert cells(read_table(write("Title\nPoems\nTales\n"))) == [["Poems"], ["Tales"]]


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("2,b,c", "it has 3 cells where the header has 2"),
        ("2", "it has 1 cell where the header has 2"),
        ("2,b\0c", "it holds a NUL character, which no text has"),
    ],
)
def test_a_bad_row_is_set_aside_with_line_reason_and_text(write, line, reason):
    table = read_table(write(f"id,Title\n1,a\n{line}\n3,c\n"))
    assert cells(table) == [["1", "a"], ["3", "c"]]
    assert table.lines.tolist() == [2, 4]
    assert table.rejected.to_dict("records") == [{"line": 3, "reason": reason, "text": line.replace("\0", "\\x00")}]
    assert table.warnings == (f"1 of 3 records could not be used and were set aside, the first on line 3: {reason}.",)


def test_undecodable_bytes_are_spelled_out(write):
    content = "id,Title\n1,café Ångström\n".encode() + b"2,caf\xe9\n" + "3,naïve\n".encode()
    table = read_table(write(content))
    assert table.encoding == "utf-8"
    assert cells(table) == [["1", "café Ångström"], ["3", "naïve"]]
    assert table.rejected.to_dict("records") == [
        {"line": 3, "reason": "it holds bytes that are not valid UTF-8 (0xE9)", "text": "2,caf\\xe9"}
    ]


def test_an_unclosed_quote_at_the_end_costs_one_line(write):
    table = read_table(write('id,Title\n1,a\n2,"Ivanhoe\n3,c\n4,d\n'))
    assert cells(table) == [["1", "a"], ["3", "c"], ["4", "d"]]
    assert table.lines.tolist() == [2, 4, 5]
    assert table.rejected.to_dict("records") == [
        {"line": 3, "reason": "a quotation mark is opened and never closed", "text": '2,"Ivanhoe'}
    ]


def test_an_unclosed_quote_that_meets_a_later_quote_costs_one_line(write):
    # The parser would make one record of lines 3 and 4, and it would even have three cells.
    table = read_table(write('id,Title,year\n1,a,1800\n2,"b,1801\n3,"c",1802\n4,d,1803\n'))
    assert cells(table) == [["1", "a", "1800"], ["3", "c", "1802"], ["4", "d", "1803"]]
    assert table.rejected["line"].tolist() == [3]


def test_a_stray_quote_on_the_last_line(write):
    table = read_table(write('id,Title\n1,a\n2,"b'))
    assert cells(table) == [["1", "a"]]
    assert table.rejected["line"].tolist() == [3]


@pytest.fixture
def short_cells(monkeypatch):
    before = csv.field_size_limit(5_000)
    monkeypatch.setattr(delimited, "CELL_LIMIT", 5_000)
    yield
    csv.field_size_limit(before)


def test_a_cell_beyond_the_limit_is_a_quote_that_was_never_closed(write, short_cells):
    content = 'id,Title\n1,a\n2,"b\n' + "".join(f"{i},{'x' * 60}\n" for i in range(3, 303)) + "303,y" + "y" * 6_000
    table = read_table(write(content))
    assert len(table.frame) == 301
    assert table.rejected["line"].tolist() == [3, 304]
    assert table.lines.tolist() == [2, *range(4, 304)]


def test_chunks_do_not_show(write, monkeypatch):
    monkeypatch.setattr(table_module, "CHUNK_ROWS", 2)
    table = read_table(write("id,Title\n" + "".join(f"{i},t{i}\n" if i != 3 else "3\n" for i in range(7))))
    assert table.frame["Title"].tolist() == ["t0", "t1", "t2", "t4", "t5", "t6"]
    assert table.lines.tolist() == [2, 3, 4, 6, 7, 8]


def test_line_ends_of_every_age(write):
    for end in ("\n", "\r\n", "\r"):
        table = read_table(write(end.join(["id,Title", "1,a", '2,"b', 'c"', "3,d"])))
        assert cells(table) == [["1", "a"], ["2", f"b{end}c"], ["3", "d"]]
        assert table.lines.tolist() == [2, 3, 5]


def test_a_header_with_an_unclosed_quote_is_refused(write):
    with pytest.raises(UnreadableFileError, match="in its header a quotation mark is opened and never closed"):
        read_table(write('id,"Title\n1,a\n2,"b"\n'))


def test_real_cells_are_longer_than_the_csv_modules_limit(write):
    table = read_table(write(f'id,Title\n1,"{"x" * 500_000}"\n2,b\n'))
    assert [len(cell) for cell in table.frame["Title"]] == [500_000, 1]


def test_a_file_of_stray_quotes_is_not_read_over_and_over(write, monkeypatch):
    monkeypatch.setattr(delimited, "_RECOVERIES", 3)
    table = read_table(write("id,Title\n0,z\n" + "".join(f'{i},"b\n' for i in range(1, 11))))
    assert table.frame["id"].tolist() == ["0"]
    assert table.rejected["reason"].str.contains("the 2 lines it swallowed were set aside with it").sum() == 3
    assert table.rejected["line"].tolist() == [3, 4, 5, 6, 8, 10, 12]


def test_quotes_that_only_enclose_or_double_are_no_fault(write):
    table = read_table(write('id,Title\n1,"say ""yes"", or\n""no"""\n2,5" disk\n'))
    assert cells(table) == [["1", 'say "yes", or\n"no"'], ["2", '5" disk']]
    assert len(table.rejected) == 0


def test_rows_kept_and_rejected_are_all_records(write):
    lines = ["1,a", "2", "3,c", '4,"d', "5,e,f", "6,g", "7,\0"]
    table = read_table(write("id,Title\n" + "\n".join(lines) + "\n"))
    assert len(table.frame) + len(table.rejected) == len(lines)
    assert sorted([*table.lines.tolist(), *table.rejected["line"].tolist()]) == list(range(2, 9))


def test_headers_are_made_unique_where_all_can_see(write):
    table = read_table(write("id,Title,,Title,Title (2)\n1,a,b,c,d\n"))
    assert list(table.frame.columns) == ["id", "Title", "column 3", "Title (3)", "Title (2)"]
    assert table.warnings == (
        "Column 3 has no name; it is called 'column 3' here.",
        "Two columns are called 'Title'; the one in column 4 is 'Title (3)' here.",
    )


def test_a_first_line_that_looks_like_a_record_is_mentioned(write):
    table = read_table(write("000206670,Poems\n000206671,Tales\n"))
    assert "if it is a record and not a header" in table.warnings[0]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "is empty: it holds no byte at all"),
        (b"\n\n \n", "holds blank lines only"),
        (b"id,Title\n", "holds no record: it has a header and nothing else"),
        (b"id,Title\n1\n2\n", "none of its 2 records can be used; line 2: it has 1 cell where the header has 2"),
        (b"Export of 1 May\nid;Title;year\n" + b"1;a;1800\n" * 20, "delete the lines above the header"),
    ],
)
def test_what_cannot_serve_is_refused_in_one_sentence(write, content, message):
    with pytest.raises(UnreadableFileError, match=message):
        read_table(write(content))


def test_progress_ends_at_one_and_a_listener_can_stop(write):
    messages: list[float] = []
    read_table(write("id,Title\n1,a\n"), progress=lambda share, _: messages.append(share))
    assert messages == sorted(messages)
    assert messages[-1] == 1.0

    def stop(share: float, message: str) -> None:
        raise InputError("stopped")

    with pytest.raises(InputError, match="stopped"):
        read_table(write("id,Title\n1,a\n"), progress=stop)


def test_quotes_with_a_backslash_before_them(tmp_path):
    rows = [r'1,"\"Fairy\" tales"', r'2,"6\" guns, and 12\" guns"', r'3,"plain"', r'4,"A \\N in C:\\data"', '5,"x"']
    (tmp_path / "x.csv").write_text("id,title\n" + "\n".join(rows) + "\n")
    table = read_table(tmp_path / "x.csv")
    assert table.frame["title"].tolist() == [
        '"Fairy" tales',
        '6" guns, and 12" guns',
        "plain",
        r"A \\N in C:\\data",
        "x",
    ]
    assert not len(table.rejected)
    assert "have a backslash before them" in " ".join(table.reasons)
    assert "100 % of the first 5 records" in " ".join(table.reasons)


def test_a_backslash_at_the_end_of_a_cell_is_text(tmp_path):
    (tmp_path / "x.csv").write_text('id,title,place\n1,"C:\\data\\","a ""b"""\n2,"c\\","d"\n')
    table = read_table(tmp_path / "x.csv")
    assert table.frame.to_numpy().tolist() == [["1", "C:\\data\\", 'a "b"'], ["2", "c\\", "d"]]
