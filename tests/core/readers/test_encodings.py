"""Which encoding is chosen and why, and that a person can say otherwise."""

import codecs
from pathlib import Path

import pytest

from core.errors import ChoiceNeededError, InputError
from core.readers import encoding as encoding_module
from core.readers import read_table

TEXT = "id,Title,place\n" + "".join(f"{i},Über Çelebi naïve,Kjøbenhavn {i}\n" for i in range(30))
BOMS = {
    "utf-8": codecs.BOM_UTF8,
    "utf-16-le": codecs.BOM_UTF16_LE,
    "utf-16-be": codecs.BOM_UTF16_BE,
    "utf-32-le": codecs.BOM_UTF32_LE,
}


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16-le", "utf-16-be", "cp1252"])
@pytest.mark.parametrize("given", [True, False])
def test_text_without_a_mark(tmp_path: Path, encoding: str, given: bool):
    path = tmp_path / "t.csv"
    path.write_bytes(TEXT.encode(encoding))
    table = read_table(path, encoding=encoding if given else None)
    assert table.encoding == encoding
    assert table.frame["Title"].unique().tolist() == ["Über Çelebi naïve"]
    assert len(table.frame) == 30
    assert len(table.rejected) == 0


@pytest.mark.parametrize("encoding", BOMS)
def test_a_byte_order_mark_decides_and_is_not_part_of_the_header(tmp_path: Path, encoding: str):
    path = tmp_path / "t.csv"
    path.write_bytes(BOMS[encoding] + TEXT.encode(encoding))
    table = read_table(path)
    assert table.encoding == encoding
    assert table.frame.columns[0] == "id"
    assert "byte-order mark" in " ".join(table.reasons)
    assert read_table(path, encoding=encoding).frame.columns[0] == "id"


def test_utf_16_named_without_its_order_takes_it_from_the_mark(tmp_path: Path):
    path = tmp_path / "t.csv"
    path.write_bytes(codecs.BOM_UTF16_BE + TEXT.encode("utf-16-be"))
    assert read_table(path, encoding="utf-16").encoding == "utf-16-be"


def test_cyrillic_in_utf_16_without_a_mark(tmp_path: Path):
    path = tmp_path / "t.csv"
    path.write_bytes(("id,Title\n" + "".join(f"{i},Стихи\n" for i in range(50))).encode("utf-16-le"))
    assert read_table(path).frame["Title"].iloc[0] == "Стихи"


def test_windows_1252_is_said_to_be_a_guess(tmp_path: Path):
    path = tmp_path / "t.csv"
    path.write_bytes("id,Title\n1,Café “x”\n".encode("cp1252"))
    table = read_table(path)
    assert table.frame["Title"].tolist() == ["Café “x”"]
    assert any("It is not UTF-8 (byte 0xE9 at position 14)" in reason for reason in table.reasons)
    assert "The encoding Windows-1252 is a guess" in table.warnings[0]


def test_a_byte_windows_1252_does_not_have_is_asked_about(tmp_path: Path):
    path = tmp_path / "t.csv"
    path.write_bytes("id,Title\n1,Café\n2,".encode("cp1252") + b"\x81\n")
    with pytest.raises(ChoiceNeededError, match="not Windows-1252 either: 1 byte is not defined there"):
        read_table(path)
    table = read_table(path, encoding="cp1252")
    assert table.frame["id"].tolist() == ["1"]
    assert table.rejected["reason"].tolist() == ["it holds bytes that are not valid CP1252 (0x81)"]


def test_the_first_wrong_byte_is_found_across_blocks(tmp_path: Path):
    path = tmp_path / "t.csv"
    start = b"id,Title\n" + b"1," + b"x" * (1024**2 - 20) + b"\n2,"
    path.write_bytes(start + b"caf\xc3" + b"(" + b"\n")
    reason = " ".join(read_table(path).reasons)
    assert f"byte 0xC3 at position {len(start) + 3:,}" in reason


def test_an_unknown_encoding_is_refused(tmp_path: Path):
    path = tmp_path / "t.csv"
    path.write_text(TEXT, encoding="utf-8")
    with pytest.raises(InputError, match="'klingon' is not the name of an encoding"):
        read_table(path, encoding="klingon")
    with pytest.raises(InputError, match="'base64' is not the name of an encoding"):
        read_table(path, encoding="base64")


@pytest.mark.parametrize("block", [1, 7, 16])
def test_a_file_is_looked_at_to_its_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, block: int):
    """The letter that tells stands far behind the first block; the ends of blocks cut letters of two bytes."""
    monkeypatch.setattr(encoding_module, "_BLOCK", block)
    rows = "id,Title\n" + "".join(f"{i},Songs\n" for i in range(20))
    path = tmp_path / "t.csv"
    path.write_bytes((rows + "20,Élégie\n").encode("cp1252"))
    table = read_table(path)
    assert (table.encoding, table.frame["Title"].iloc[-1]) == ("cp1252", "Élégie")
    assert f"byte 0xC9 at position {len(rows) + 3}" in " ".join(table.reasons)
    path.write_bytes((rows + "20,Élégie\n").encode())
    assert read_table(path).encoding == "utf-8"
