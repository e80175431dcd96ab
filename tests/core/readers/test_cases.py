"""Files as other programs and libraries write them (all invented): each is read right, or refused or asked about."""

from pathlib import Path

import pytest

from core.errors import ChoiceNeededError, UnreadableFileError
from core.normalise import detect_languages
from core.readers import SourceTable, read_table

CASES = Path(__file__).parents[2] / "data" / "cases"


def _title(table: SourceTable, row: int) -> str:
    column = next(name for name in table.frame.columns if name.lower() == "title")
    return str(table.frame[column].iloc[row])


@pytest.mark.parametrize(
    ("name", "rows", "rejected", "row", "title"),
    [
        ("02-workbook-typed-cells.xlsx", 8, 0, 1, "The Orchard\nof Pell: a tale"),
        ("03-csv-backslash-escaped-quotes.csv", 60, 0, 14, '6" guns and 12" guns'),
        ("03-csv-cr-only.csv", 60, 0, 0, "Report upon the Geology of Ostrelle for 1886 [Pell edition 0]"),
        ("03-csv-ctrl-z.csv", 11, 1, 0, "Report upon the Geology of Ostrelle for 1886 [Pell edition 0]"),
        ("03-csv-sep-line.csv", 60, 0, 0, "Report upon the Geology of Ostrelle for 1886 [Pell edition 0]"),
        ("03-pipe-lone-quote.txt", 60, 0, 0, "Report upon the Geology of Ostrelle for 1886 [Pell edition 0]"),
        ("03-tsv-unbalanced-quotes.tsv", 60, 0, 0, "Report upon the Geology of Ostrelle for 1886 [Pell edition 0]"),
        ("04-enc-bom-then-cp1252.csv", 20, 0, 1, "Théâtre complet 1"),
        ("04-enc-cp1252-french.csv", 20, 0, 1, "Théâtre complet 1"),
        ("04-enc-double-encoded-utf8.csv", 20, 0, 1, "ThÃ©Ã¢tre complet 1"),
        ("04-enc-latin1-c1-controls.csv", 20, 0, 1, "Théâtre complet 1"),
        ("04-enc-mixed-utf8-cp1252-rows.csv", 15, 5, 0, "Théâtre complet 1"),
        ("04-enc-utf16-le-bom.csv", 20, 0, 1, "Théâtre complet 1"),
        ("04-enc-utf16-le-no-bom.csv", 20, 0, 1, "Théâtre complet 1"),
        ("04-enc-utf8-bom.csv", 20, 0, 1, "Théâtre complet 1"),
        ("31-marc-directory-counts-characters-not-bytes.mrc", 3, 0, 1, "Théâtre d’été à la forêt"),
        ("31-marc-leader-says-utf8-but-marc8.mrc", 4, 0, 1, "Les misères du château d'Eté"),
        ("31-marc-one-stray-byte-in-a-note.mrc", 3, 0, 1, "Forêt; récits"),
        ("31-marc-title-without-subfield-code.mrc", 3, 0, 1, "aaTheTitleHere"),
        ("31-marc8-numeric-character-references.mrc", 2, 0, 1, "A tale Ж"),
        ("32-marcxchange-namespace.xml", 2, 0, 1, "A treatise on bees"),
    ],
)
def test_a_case_is_read(name: str, rows: int, rejected: int, row: int, title: str):
    table = read_table(CASES / name)
    assert (len(table.frame), len(table.rejected)) == (rows, rejected)
    assert _title(table, row) == title


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("02-workbook-typed-cells.xlsx", "holds formulas"),
        ("03-csv-ctrl-z.csv", "1 of 12 records could not be used"),
        ("04-enc-cp1252-french.csv", "Windows-1252 is a guess, which reads '00000,Les Misères du château 0,1850'"),
        ("04-enc-double-encoded-utf8.csv", "perhaps 'Les Misères du château 0'"),
        ("04-enc-mixed-utf8-cp1252-rows.csv", "5 of 20 records could not be used"),
        ("31-marc-directory-counts-characters-not-bytes.mrc", "the directory is wrong"),
        ("31-marc-leader-says-utf8-but-marc8.mrc", "leader/09 says another encoding than the bytes show"),
        ("31-marc-one-stray-byte-in-a-note.mrc", "single bytes do not fit the encoding of the rest"),
        ("31-marc-title-without-subfield-code.mrc", "content without a subfield code (fields 245)"),
    ],
)
def test_what_was_noticed_in_a_case_is_said(name: str, said: str):
    table = read_table(CASES / name)
    assert said in " ".join((*table.warnings, *table.questions))


@pytest.mark.parametrize(
    ("name", "said"),
    [
        (
            "02-workbook-cover-sheet-dates-numbers.xlsx",
            "delete the rows above it; the workbook's other sheets are 'Cover'",
        ),
        ("02-workbook-title-row-above-header.xlsx", "Row 3 looks like the header: delete the rows above it"),
        ("03-csv-title-lines-above-header.csv", "delete the lines above the header"),
        ("32-mods-collection.xml", "is XML, but not MARCXML"),
        ("32-unimarc-iso2709.mrc", "is UNIMARC, not MARC 21"),
    ],
)
def test_a_case_is_refused_with_what_to_do(name: str, said: str):
    with pytest.raises(UnreadableFileError) as raised:
        read_table(CASES / name)
    assert said in str(raised.value)


@pytest.mark.parametrize(
    ("name", "right"),
    [
        ("04-enc-cp1250-czech.csv", "cp1250"),
        ("04-enc-cp1251-russian.csv", "cp1251"),
        ("04-enc-cp1253-greek.csv", "cp1253"),
        ("04-enc-cp1255-hebrew.csv", "cp1255"),
        ("04-enc-cp1256-arabic.csv", "cp1256"),
        ("04-enc-cp850-french.csv", "cp850"),
        ("04-enc-gb18030.csv", "gb18030"),
        ("04-enc-iso8859-2-czech.csv", "iso8859-2"),
        ("04-enc-koi8r-russian.csv", "koi8-r"),
        ("04-enc-macroman-french.csv", "mac-roman"),
        ("04-enc-shift_jis-japanese.csv", "cp932"),
    ],
)
def test_a_case_in_another_encoding_is_asked_about_and_nothing_is_half_read(name: str, right: str):
    with pytest.raises(ChoiceNeededError, match="Nothing was read") as raised:
        read_table(CASES / name)
    assert right in [choice.value for choice in raised.value.choices]
    table = read_table(CASES / name, encoding=right)
    assert (len(table.frame), len(table.rejected)) == (20, 0)


def test_identifiers_keep_the_zeros_that_their_number_format_shows():
    """Rows 2 and 3 of the workbook have the format 000000000, rows 4 to 8 none: those are shown without zeros."""
    table = read_table(CASES / "02-workbook-typed-cells.xlsx")
    assert table.frame["Record ID"].tolist()[:3] == ["001204567", "001204604", "1204641"]
    assert "'Record ID' shows some numbers with zeros in front" in table.questions[0]


def test_languages_of_titles_in_eight_scripts():
    titles = read_table(CASES / "17-non-latin-and-rtl-titles.csv").frame["title"]
    detected = detect_languages(titles)["language"]
    script = titles.str.strip().str[0].map(_language_of_first_letter)
    han = script == "Han"
    assert (detected[~han] == script[~han]).mean() > 0.98
    assert set(detected[han]) <= {"Japanese", "Chinese", ""}


def _language_of_first_letter(letter: str) -> str:
    names = (
        (0x370, "Greek"),
        (0x400, "Russian"),
        (0x590, "Hebrew"),
        (0x600, "Arabic"),
        (0x900, "Hindi"),
        (0xE00, "Thai"),
    )
    later = [name for start, name in names if ord(letter) >= start]
    return "Han" if ord(letter) >= 0x3040 else later[-1]


def test_every_case_of_the_folder_is_in_a_test():
    text = Path(__file__).read_text(encoding="utf-8")
    assert [path.name for path in CASES.iterdir() if path.name not in text] == []
