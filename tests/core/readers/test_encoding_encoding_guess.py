"""What is neither UTF-8 nor Windows-1252 is asked about, with a line as each candidate reads it."""

import codecs
from pathlib import Path

import pytest

from core.errors import ChoiceNeededError
from core.readers import read_table
from core.readers.reading import read_first_rows

FRENCH = ["Les Misères du château", "Théâtre complet", "L'été à la forêt", "Façade d'une église"]
CZECH = ["Žluťoučký kůň", "Dějiny národu českého", "Příběhy z Čech", "Šťastný dům"]
RUSSIAN = ["Война и деревня", "Мёртвые сады", "Преступление в лесу", "Записки из дома"]
GREEK = ["Ο κήπος της θάλασσας", "Άγιος", "Η ιστορία του χωριού", "Ποιήματα"]
HEBREW = ["הגן הנעלם", "שירים", "תולדות הכפר", "סיפור קצר"]
ARABIC = ["حديقة القمر", "تاريخ القرية", "قصة قصيرة", "ديوان"]
JAPANESE = ["吾輩は庭である", "坊っちゃんの家", "銀河の夜", "草の枕"]
CHINESE = ["红色的花园", "村庄的历史", "短篇小说集", "山水诗"]


def _file(tmp_path: Path, titles: list[str], encoding: str, mark: bytes = b"") -> Path:
    path = tmp_path / "books.csv"
    text = "id,title\n" + "".join(f"{number:05},{titles[number % 4]} {number}\n" for number in range(20))
    path.write_bytes(mark + text.encode(encoding))
    return path


@pytest.mark.parametrize(
    ("titles", "encoding"),
    [
        (FRENCH, "mac-roman"),
        (FRENCH, "cp850"),
        (CZECH, "cp1250"),
        (CZECH, "iso8859-2"),
        (RUSSIAN, "cp1251"),
        (RUSSIAN, "koi8-r"),
        (GREEK, "cp1253"),
        (HEBREW, "cp1255"),
        (ARABIC, "cp1256"),
        (JAPANESE, "cp932"),
        (CHINESE, "gb18030"),
    ],
)
def test_the_right_encoding_is_among_the_candidates_with_a_line_that_reads_right(
    tmp_path: Path, titles: list[str], encoding: str
):
    path = _file(tmp_path, titles, encoding)
    with pytest.raises(ChoiceNeededError, match=r"it is not Windows-1252 either.*Nothing was read") as raised:
        read_table(path)
    right = {choice.sample: choice.value for choice in raised.value.choices}
    line = next(sample for sample in right if any(title in sample for title in titles))
    table = read_table(path, encoding=right[line])
    assert table.frame["title"].str.rsplit(n=1).str[0].tolist() == [titles[number % 4] for number in range(20)]
    assert not len(table.rejected)


def test_windows_1252_is_read_with_a_line_to_judge_it_by(tmp_path: Path):
    table = read_table(_file(tmp_path, FRENCH, "cp1252"))
    assert table.frame["title"].iloc[0] == "Les Misères du château 0"
    assert "Windows-1252 is a guess, which reads '00000,Les Misères du château 0'" in table.warnings[0]


def test_finnish_has_two_letters_beyond_ascii_in_a_row(tmp_path: Path):
    titles = ["Päätös", "Yöllä metsässä", "Äiti ja töyhtö", "Hämäläisiä"]
    assert read_table(_file(tmp_path, titles, "cp1252")).frame["title"].iloc[0] == "Päätös 0"


@pytest.mark.parametrize("given", [None, "cp1252"])
def test_a_utf_8_mark_before_windows_1252_is_no_part_of_the_header(tmp_path: Path, given: str | None):
    table = read_table(_file(tmp_path, FRENCH, "cp1252", codecs.BOM_UTF8), encoding=given)
    assert table.frame.columns.tolist() == ["id", "title"]
    assert table.frame["title"].iloc[1] == "Théâtre complet 1"
    assert "UTF-8 byte-order mark" in " ".join(table.reasons)


def test_with_one_stray_byte_windows_1252_comes_first(tmp_path: Path):
    path = _file(tmp_path, FRENCH, "cp1252")
    text = path.read_bytes()
    # One byte that Windows-1252 does not have among more than fifty that it has.
    assert sum(byte > 0x7F for byte in text) >= 50
    path.write_bytes(text.replace("Théâtre complet 5".encode("cp1252"), "Théâtre complet ".encode("cp1252") + b"\x81"))
    with pytest.raises(ChoiceNeededError, match="1 byte is not defined there") as raised:
        read_table(path)
    assert raised.value.choices[0].value == "cp1252"
    assert len(raised.value.choices) > 1


@pytest.mark.slow
def test_choices_come_through_the_reading_process(tmp_path: Path):
    with pytest.raises(ChoiceNeededError, match=r"^books\.csv is not UTF-8") as raised:
        read_first_rows(_file(tmp_path, RUSSIAN, "koi8-r"))
    assert raised.value.option == "encoding"
    assert raised.value.choices[0].value == "koi8-r"
    assert "--encoding" not in str(raised.value)
