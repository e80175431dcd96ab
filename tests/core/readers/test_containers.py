"""Packed files and files that are no tables."""

import gzip
import zipfile
from pathlib import Path

import pytest

from core.errors import InputError, UnreadableFileError
from core.progress import silent
from core.readers import container, read_table
from core.readers.reading import recognise

CSV = b"id,Title\n1,a\n2,b\n"


def zipped(path: Path, files: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return path


def test_gzip_and_a_zip_of_one_file(tmp_path: Path):
    packed = tmp_path / "t.csv.gz"
    packed.write_bytes(gzip.compress(CSV))
    table = read_table(packed)
    assert table.frame["Title"].tolist() == ["a", "b"]
    assert "It is packed with gzip and was unpacked." in table.reasons
    assert table.path == packed
    table = read_table(zipped(tmp_path / "t.zip", {"t.csv": CSV, "__MACOSX/x": b"x", ".DS_Store": b"y"}))
    assert table.frame["Title"].tolist() == ["a", "b"]
    assert "one file, 't.csv'" in " ".join(table.reasons)


def test_an_archive_of_several_files_names_some(tmp_path: Path):
    path = zipped(tmp_path / "t.zip", {"a.csv": CSV, "b.csv": CSV})
    with pytest.raises(UnreadableFileError, match=r"2 files \(a.csv, b.csv\); unpack it and give one of them"):
        read_table(path)


def test_what_unpacks_to_more_than_the_limit_is_refused(tmp_path: Path):
    content = b"id,Title\n" + b"".join(b"%d,%d\n" % (i, i * 7919 % 10007) for i in range(5000))
    for path in (tmp_path / "t.csv.gz", zipped(tmp_path / "t.zip", {"t.csv": content})):
        if path.suffix == ".gz":
            path.write_bytes(gzip.compress(content))
        with pytest.raises(UnreadableFileError, match="unpacks to more than"):
            read_table(path, limit=10_000)
        assert len(read_table(path, limit=1_000_000).frame) == 5000


def test_what_unpacks_to_hundreds_of_times_its_size_is_refused(tmp_path: Path, monkeypatch):
    monkeypatch.setattr(container, "_RATIO_MATTERS_FROM", 1000)
    bomb = b"id,Title\n" + b"0" * 3_000_000
    (tmp_path / "t.csv.gz").write_bytes(gzip.compress(bomb))
    zipped(tmp_path / "t.zip", {"t.csv": bomb})
    for name in ("t.csv.gz", "t.zip"):
        with pytest.raises(UnreadableFileError, match="300 times its size"):
            read_table(tmp_path / name)


def test_damaged_archives(tmp_path: Path):
    path = tmp_path / "t.csv.gz"
    path.write_bytes(gzip.compress(CSV * 1000)[:-20])
    with pytest.raises(UnreadableFileError, match="damaged or incomplete archive"):
        read_table(path)
    path = tmp_path / "t.zip"
    path.write_bytes(b"PK\x03\x04" + b"x" * 100)
    with pytest.raises(UnreadableFileError, match="damaged zip archive"):
        read_table(path)
    path = tmp_path / "e.csv.gz"
    path.write_bytes(gzip.compress(b""))
    with pytest.raises(UnreadableFileError, match="what is packed in it holds no byte"):
        read_table(path)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"%PDF-1.7 ...", "is a PDF document"),
        (b"\xd0\xcf\x11\xe0" + b"\0" * 600, r"an old Office file \(.xls or .doc\)"),
        (b"<!DOCTYPE html>\n<html><body>Sign in</body></html>", "is a web page"),
        (b"  <HTML>\n<head></head>", "is a web page"),
        (b'<?xml version="1.0"?>\n<mods><title>x</title></mods>', "is XML, but not MARCXML"),
        (b"\x89PNG\r\n\x1a\n" + b"\0" * 50, "is an image"),
        (bytes(range(256)) * 20, "is not a table: .* no text in any encoding"),
        (b"BZh91AY", "packed with bzip2"),
        (b"SQLite format 3\0", "an SQLite database"),
    ],
    ids=["pdf", "xls", "html", "html-upper", "xml", "png", "bytes", "bz2", "sqlite"],
)
def test_files_that_hold_no_table_are_named(tmp_path: Path, content: bytes, message: str):
    path = tmp_path / "t.csv"
    path.write_bytes(content)
    with pytest.raises(UnreadableFileError, match=message):
        read_table(path)


@pytest.mark.parametrize(
    ("content", "format_"),
    [
        (b"00714cam a2200205 a 4500001001300000\x1e", "marc"),
        (b'<?xml version="1.0"?><collection xmlns="http://www.loc.gov/MARC21/slim"/>', "marcxml"),
        (b"<record><leader/></record>", "marcxml"),
        (b"<Poems> and other titles, a list\n", "csv"),
        (b"[Poems.],title\n", "csv"),
        (b"{Poems}\n", "csv"),
        (b'[{"id": 1}]', "json"),
        (b'{"id": 1}\n{"id": 2}\n', "jsonl"),
        ('{"id": 1}'.encode("utf-16"), "jsonl"),
    ],
)
def test_formats_are_told_by_their_beginning(tmp_path: Path, content: bytes, format_: str):
    path = tmp_path / "t.dat"
    path.write_bytes(content)
    with container.open_file(path, silent) as opened:
        assert recognise(opened)[0] == format_


def test_missing_files_folders_and_other_documents(tmp_path: Path):
    with pytest.raises(UnreadableFileError, match="There is no file"):
        read_table(tmp_path / "no.csv")
    with pytest.raises(UnreadableFileError, match="is a folder"):
        read_table(tmp_path)
    with pytest.raises(UnreadableFileError, match="not an Excel workbook"):
        read_table(zipped(tmp_path / "t.docx", {"[Content_Types].xml": b"<x/>", "word/document.xml": b"<x/>"}))


def test_the_format_can_be_given_but_not_against_the_bytes(tmp_path: Path):
    path = tmp_path / "t.txt"
    path.write_bytes(CSV)
    assert "The format CSV was given." in read_table(path, format="csv").reasons
    with pytest.raises(InputError, match="'excel' is not a format that can be read; these are: csv, tsv, xlsx"):
        read_table(path, format="excel")
    with pytest.raises(UnreadableFileError, match="is not PARQUET: it is text"):
        read_table(path, format="parquet")
    with pytest.raises(InputError, match="No file was named"):
        read_table("")
