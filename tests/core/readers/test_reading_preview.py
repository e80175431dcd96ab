"""The preview reads the first rows only, in a process that may not take the machine with it."""

import gzip
import json
import zipfile
from pathlib import Path

import numpy as np
import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from core.errors import InputError, UnreadableFileError
from core.readers import read_table
from core.readers.marc_decode import MarcRecord, control, data
from core.readers.reading import PreviewLimits, read_first_rows

pytestmark = pytest.mark.slow

ROWS = 30
FIRST = 7


def _write(path: Path) -> None:
    rows = [(f"{number:03}", f"Title {number}") for number in range(ROWS)]
    lines = [f"{key},{title}\n" for key, title in rows]
    objects = [{"id": key, "title": title} for key, title in rows]
    records = [
        MarcRecord("00000nam a2200000 a 4500", [control("001", key), data("245", "00", ("a", title))])
        for key, title in rows
    ]
    match path.suffix:
        case ".csv":
            path.write_text("id,title\n" + "".join(lines))
        case ".gz":
            path.write_bytes(gzip.compress(("id,title\n" + "".join(lines)).encode()))
        case ".jsonl":
            path.write_text("".join(json.dumps(item) + "\n" for item in objects))
        case ".json":
            path.write_text(json.dumps(objects))
        case ".xlsx":
            book = openpyxl.Workbook()
            for row in [("id", "title"), *rows]:
                book.active.append(row)
            book.save(path)
        case ".parquet":
            pq.write_table(pa.Table.from_pylist(objects), path, row_group_size=11)
        case ".mrc":
            path.write_bytes(b"".join(record.to_iso2709() for record in records))
        case ".xml":
            path.write_text("<collection>" + "".join(record.to_xml() for record in records) + "</collection>")
        case ".zip":
            with zipfile.ZipFile(path, "w") as archive:
                for key, _ in rows:
                    archive.writestr(f"{key}.annif", "<http://x>\tMap\t0.5000\n")


SUFFIXES = ("csv", "csv.gz", "jsonl", "json", "xlsx", "parquet", "mrc", "xml", "zip")


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_every_format_gives_its_first_rows_and_says_that_there_are_more(tmp_path: Path, suffix: str):
    path = tmp_path / f"books.{suffix}"
    _write(path)
    whole, first = read_table(path), read_table(path, rows=FIRST)
    assert len(whole.frame) == ROWS and whole.complete
    assert first.frame.to_numpy().tolist() == whole.frame.head(FIRST).to_numpy().tolist()
    assert first.lines.tolist() == whole.lines[:FIRST].tolist()
    assert not first.complete
    assert read_table(path, rows=ROWS).complete
    assert read_table(path, rows=ROWS + 1).complete


def test_rows_set_aside_count_as_read(tmp_path: Path):
    (tmp_path / "x.csv").write_text("id,title\n" + "1,b,c\n" * 50 + "2,b\n" * 50)
    with pytest.raises(UnreadableFileError, match="none of its 7 records"):
        read_table(tmp_path / "x.csv", rows=FIRST)


def test_of_packed_text_only_the_beginning_is_unpacked(tmp_path: Path):
    path = tmp_path / "x.csv.gz"
    line = "{0:09},A title with some length that goes on and on\n"
    with gzip.open(path, "wt") as stream:
        stream.write("id,title\n")
        stream.writelines(line.format(number) for number in range(400_000))
    seen: list[str] = []
    first = read_table(path, rows=FIRST, progress=lambda _, message: seen.append(message))
    assert len(first.frame) == FIRST and not first.complete
    assert not any("19 MB" in message for message in seen)


def test_the_reading_process_gives_the_same_table(tmp_path: Path):
    path = tmp_path / "x.csv"
    path.write_bytes(b"id;Title\n1;Caf\xe9\n2;None\n3;a;b\n")
    existing, here = read_first_rows(path), read_table(path)
    assert existing.frame.equals(here.frame) and existing.lines.tolist() == [2, 3]
    assert existing.rejected.equals(here.rejected) and len(existing.rejected) == 1
    assert (existing.format, existing.encoding, existing.delimiter) == ("csv", "cp1252", ";")
    assert (existing.reasons, existing.warnings, existing.complete) == (here.reasons, here.warnings, True)


def test_an_error_keeps_its_kind_and_shows_no_path_of_the_server(tmp_path: Path):
    (tmp_path / "x.pdf").write_bytes(b"%PDF-1.7")
    with pytest.raises(UnreadableFileError, match=r"^x\.pdf is a PDF document"):
        read_first_rows(tmp_path / "x.pdf")
    with pytest.raises(UnreadableFileError, match=r"^There is no file x\.csv"):
        read_first_rows(tmp_path / "x.csv")
    (tmp_path / "y.csv").write_text("a,b\n1,2\n")
    with pytest.raises(InputError, match="'klingon' is not the name of an encoding"):
        read_first_rows(tmp_path / "y.csv", encoding="klingon")


@pytest.fixture
def bomb(tmp_path: Path) -> Path:
    """1 MB of Parquet: three hundred thousand times a title of 4,000 characters, 1.2 GB as text."""
    path = tmp_path / "bomb.parquet"
    title = pa.DictionaryArray.from_arrays(pa.array(np.zeros(50_000, dtype=np.int32)), pa.array(["x" * 4_000]))
    part = pa.table({"id": [str(number) for number in range(50_000)], "title": title.cast(pa.string())})
    with pq.ParquetWriter(path, part.schema, compression="zstd") as writer:
        for _ in range(6):
            writer.write_table(part)
    assert path.stat().st_size < 2_000_000
    return path


def test_parquet_made_to_fill_memory_shows_its_first_rows_and_is_not_imported(bomb: Path):
    assert len(read_first_rows(bomb).frame) == 2_000
    with pytest.raises(UnreadableFileError, match=r"bomb\.parquet unpacks to more than 300 times its size"):
        read_table(bomb)


def test_one_cell_that_fills_memory_ends_the_reading_process_and_not_this(tmp_path: Path):
    path = tmp_path / "cell.parquet"
    pq.write_table(pa.table({"title": ["y" * 100_000_000]}), path, compression="zstd", use_dictionary=False)
    with pytest.raises(UnreadableFileError, match=r"^cell\.parquet: reading its first rows took more memory"):
        read_first_rows(path, limits=PreviewLimits(memory=64 * 1024**2))


def test_reading_that_takes_too_long_is_stopped(tmp_path: Path):
    (tmp_path / "x.csv").write_text("a,b\n1,2\n")
    with pytest.raises(UnreadableFileError, match=r"x\.csv: reading its first rows took more than 0\.01 seconds"):
        read_first_rows(tmp_path / "x.csv", limits=PreviewLimits(seconds=0.01))


def test_long_cells_are_cut_and_the_table_stays_small(tmp_path: Path):
    (tmp_path / "x.csv").write_text("id,note\n" + f"1,{'n' * 30_000}\n" * 3_000)
    first = read_first_rows(tmp_path / "x.csv")
    assert set(first.frame["note"].str.len()) == {20_000}
    assert len(first.frame) == 1_000 and not first.complete
