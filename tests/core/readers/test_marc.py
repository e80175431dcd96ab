"""MARC 21 and MARCXML in: letters in either character set, one bad record at a time, and the record kept whole."""

import io
from pathlib import Path

import pymarc
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import InputError, UnreadableFileError
from core.progress import silent
from core.readers import marc
from core.readers.container import open_file
from core.readers.mapping import suggest_mapping
from core.readers.marc import COLUMNS, record_columns
from core.readers.marc_codes import country_code, country_of_code, language_code, language_of_code
from core.readers.marc_decode import (
    BadRecord,
    MarcField,
    MarcRecord,
    control,
    data,
    decode_iso2709,
    split_iso2709,
    stream_marcxml,
)
from core.readers.table import ReaderOptions, SourceTable

FIXED = "870813s1894    enk    ||    |||| ||eng  "
START = '<collection xmlns="http://www.loc.gov/MARC21/slim">'


def record(*fields: MarcField, record_id: str = "014602826", title: str = "A title", leader: str = "") -> MarcRecord:
    known = [control("001", record_id), control("003", "Uk"), control("008", FIXED), data("245", "10", ("a", title))]
    return MarcRecord(leader or "00000cam a22000003  4500", sorted([*known, *fields], key=lambda item: item.tag))


def columns(item: MarcRecord) -> dict[str, str]:
    return dict(zip(COLUMNS, record_columns(item), strict=True))


def read(tmp_path: Path, content: bytes, form: str = "marc", encoding: str | None = None) -> SourceTable:
    path = tmp_path / "file"
    path.write_bytes(content)
    with open_file(path, silent) as opened:
        return marc.read(opened, ReaderOptions(format=form, encoding=encoding), silent)


def in_marc8(item: MarcRecord, title: bytes) -> bytes:
    """Return a record whose title stands in MARC-8 and whose leader says so."""
    return item.to_iso2709().replace(b"A title", title[:7].ljust(7)).replace(b"a22", b" 22", 1)


def xml(*records: MarcRecord) -> bytes:
    return f"{START}{''.join(item.to_xml() for item in records)}</collection>".encode()


def test_columns_field_by_field():
    item = record(
        data("041", "0 ", ("a", "engfre")),
        data("082", "04", ("a", "823")),
        data("100", "1 ", ("a", "Yearsley, Ann,"), ("d", "1753-1806."), ("e", "author.")),
        data("240", "10", ("a", "Works")),
        data("250", "  ", ("a", "Second edition.")),
        data("260", "  ", ("a", "London :"), ("b", "Ward & Lock,"), ("c", "[1894]")),
        data("300", "  ", ("a", "32 p. ;"), ("c", "8º.")),
        data("490", "0 ", ("a", "Tales. "), ("v", "2")),
        data("500", "  ", ("a", "Poems.")),
        data("588", "  ", ("a", "Not a note of the cataloguer.")),
        data("650", " 0", ("a", "Hungary"), ("x", "History"), ("y", "1699-1848.")),
        data("655", " 4", ("a", "Catalogues.")),
        data("700", "1 ", ("a", "Müller, K.")),
        data("852", "41", ("a", "British Library"), ("j", "12976.aa.3.")),
    )
    item.first("245").subfields = [("a", "Poems :"), ("b", "on several occasions /")]
    text = columns(item)
    assert {name: value for name, value in text.items() if value and name != "marc"} == {
        "Record ID": "014602826",
        "Type of resource": "Monograph",
        "Name": "Yearsley, Ann",
        "Dates associated with name": "1753-1806",
        "Type of name": "person",
        "Role": "author",
        "All names": "Yearsley, Ann, 1753-1806 [person] ; Müller, K. [person]",
        "Title": "Poems : on several occasions",
        "Variant titles": "Works",
        "Series title": "Tales.  2",
        "Country of publication": "England",
        "Place of publication": "London",
        "Publisher": "Ward & Lock",
        "Date of publication": "[1894]",
        "Edition": "Second edition.",
        "Physical description": "32 p. ; 8º.",
        "Dewey classification": "823",
        "Shelfmark": "12976.aa.3.",
        "Topics": "Hungary--History--1699-1848.",
        "Genre": "Catalogues.",
        "Languages": "English ; French",
        "Notes": "Poems.",
        "Organisation of record ID": "Uk",
        "Date in fixed field": "1894",
    }


@pytest.mark.parametrize(
    ("fields", "title"),
    [
        ([("a", "Poems /"), ("c", "by Ann.")], "Poems"),
        ([("a", "Works."), ("n", "Part 2,"), ("p", "Plays /")], "Works. Part 2, Plays"),
        ([("a", "Either/or")], "Either/or"),
        ([("a", "None")], "None"),
    ],
)
def test_the_title_is_245_without_a_closing_slash(fields, title):
    item = MarcRecord(" " * 24, [data("245", "00", *fields)])
    assert columns(item)["Title"] == title


def test_264_goes_before_260_and_008_before_nothing():
    both = record(data("260", "  ", ("c", "1870")), data("264", " 1", ("a", "Paris"), ("c", "1871")))
    assert (columns(both)["Date of publication"], columns(both)["Place of publication"]) == ("1871", "Paris")
    assert columns(record())["Date of publication"] == "1894"
    unknown = MarcRecord(" " * 24, [control("008", FIXED.replace("1894", "18uu"))])
    assert columns(unknown)["Date of publication"] == ""


def test_the_identifier_is_001_else_035():
    without = MarcRecord(" " * 24, [data("035", "  ", ("a", "(OCoLC)123"))])
    assert columns(without)["Record ID"] == "(OCoLC)123"
    assert columns(record())["Record ID"] == "014602826"


def test_terms_that_a_machine_assigned_are_kept_apart_from_peoples():
    item = record(
        data("655", " 7", ("8", "1\\p"), ("a", "Fiction"), ("2", "lcgft")),
        data("655", " 7", ("8", "2\\p"), ("a", "Novels"), ("2", "lcgft")),
        data("655", " 4", ("a", "Catalogues.")),
        data("883", "0 ", ("8", "1\\p"), ("a", "model")),
        data("883", "2 ", ("8", "2\\p"), ("a", "curator review")),
    )
    text = columns(item)
    assert text["Genre"] == "Novels ; Catalogues."
    assert text["Genre assigned by machine"] == "Fiction"


@pytest.mark.parametrize(
    ("leader", "byte", "form"),
    [
        ("am", "1", "1"),
        ("am", "|", ""),
        ("am", "u", ""),
        ("am", "9", ""),
        ("am", " ", " "),
        ("as", "1", ""),
        ("em", "1", ""),
    ],
)
def test_the_literary_form_is_that_of_books_and_only_known_codes(leader, byte, form):
    fixed = FIXED[:33] + byte + FIXED[34:]
    item = MarcRecord(f"00000c{leader} a22000003  4500", [control("008", fixed[:40])])
    assert columns(item)["Literary form"] == form


def test_a_file_of_the_british_library_has_its_column_names(tmp_path):
    table = read(tmp_path, record().to_iso2709())
    assert {"BL record ID", "BL shelfmark"} <= set(table.frame.columns)
    other = record()
    other.fields[1] = control("003", "FI-NL")
    assert "Record ID" in read(tmp_path, other.to_iso2709()).frame.columns


def test_utf8_records_come_back_whole(tmp_path):
    item = record(title="Köln – Стихотворения – שירים")
    table = read(tmp_path, item.to_iso2709() * 3)
    assert table.frame["Title"].tolist() == ["Köln – Стихотворения – שירים"] * 3
    assert table.lines.tolist() == [1, 2, 3]
    assert (table.format, table.encoding, table.warnings) == ("marc", "utf-8", ())
    assert MarcRecord.from_json(table.frame["marc"].iloc[0]).fields == item.fields


def test_marc8_letters_are_read(tmp_path):
    table = read(tmp_path, in_marc8(record(), b"K\xe8oln"))
    assert table.frame["Title"].iloc[0] == "Köln"
    assert (table.encoding, table.warnings) == ("marc-8", ())


def test_cyrillic_in_marc8_is_read(tmp_path):
    table = read(tmp_path, in_marc8(record(), b"\x1b(NyS\x1b(B"))
    assert table.frame["Title"].iloc[0].startswith("Ыс")


def test_utf8_whose_leader_says_marc8_is_read_by_its_bytes_and_told(tmp_path):
    content = record(title="Köln").to_iso2709()
    table = read(tmp_path, content[:9] + b" " + content[10:])
    assert table.frame["Title"].iloc[0] == "Köln"
    assert table.warnings[0].startswith(
        "In 1 record (first: record 1) leader/09 says another encoding than the bytes show; each was read as its bytes"
        " show (utf-8)."
    )


@pytest.mark.parametrize(
    ("letters", "title", "encoding"),
    [
        (b"K\xe8oln  ", "Köln", "marc-8"),
        (b"K\xf6ln   ", "Köln", "cp1252"),
        (b"Sm\xb2rre ", "Smørre", "marc-8"),
        (b"Caf\xe9   ", "Café", "cp1252"),
    ],
)
def test_bytes_that_are_not_what_the_leader_says_are_read_as_what_they_are_and_told(tmp_path, letters, title, encoding):
    good = record().to_iso2709()
    table = read(tmp_path, good + good.replace(b"A title", letters))
    assert table.frame["Title"].iloc[1] == title
    assert not len(table.rejected)
    message = "In 1 record (first: record 2) leader/09 says another encoding than the bytes show; each was read as its"
    assert f"{message} bytes show ({encoding})" in " ".join(table.warnings)


def test_one_stray_byte_costs_one_letter_and_is_told(tmp_path):
    item = record(data("500", "  ", ("a", "Poe ms")), title="Köln und Bücher")
    content = item.to_iso2709()
    table = read(tmp_path, content + content.replace(b"Poe ms", b"Po\xe9 ms"))
    assert table.frame["Title"].tolist() == ["Köln und Bücher"] * 2
    assert table.frame["Notes"].tolist() == ["Poe ms", "Poé ms"]
    assert "In 1 record (first: record 2) single bytes do not fit the encoding of the rest" in table.warnings[0]


def test_characters_written_by_number_in_marc8_are_read(tmp_path):
    written = "A &#x2014; B &#xFFFFFFFF; &#x41;"
    content = record(title=written).to_iso2709()
    assert read(tmp_path, content.replace(b"a22", b" 22", 1)).frame["Title"].iloc[0] == "A — B &#xFFFFFFFF; &#x41;"
    assert read(tmp_path, content).frame["Title"].iloc[0] == written


def test_pymarc_writes_nothing_to_the_terminal(tmp_path, capsys):
    read(tmp_path, in_marc8(record(), b"\x1b$1!00"))
    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize(
    ("field", "title"),
    [
        (b"00aTheTitle\x1e", "TheTitle"),
        (b"00The title\x1e", "The title"),
        (b"Other title\x1e", "Other title"),
        (b"00Half\x1fba b\x1e", "Half a b"),
    ],
)
def test_content_without_a_subfield_code_is_kept_and_told(tmp_path, field, title):
    good = MarcRecord(" " * 9 + "a" + " " * 14, [control("001", "7"), data("245", "00", ("a", "x" * (len(field) - 5)))])
    content = good.to_iso2709()
    whole = b"00\x1fa" + b"x" * (len(field) - 5) + b"\x1e"
    table = read(tmp_path, content.replace(whole, field))
    assert table.frame["Title"].tolist() == [title]
    assert "In 1 record (first: record 1) a field has content without a subfield code (fields 245)" in table.warnings[0]
    written = MarcRecord.from_json(table.frame["marc"].iloc[0]).first("245")
    assert " ".join(value for _, value in written.subfields) == title


def test_records_set_aside_are_a_warning(tmp_path):
    good = record().to_iso2709()
    table = read(tmp_path, good + b"x" * 10 + b"\x1d")
    assert table.warnings == (
        "1 of 2 records could not be used and were set aside, the first: record 2: The record has no leader of 24"
        " characters.",
    )


@pytest.mark.parametrize(
    "damage",
    [
        lambda content: b"abcde" + content[5:],
        lambda content: b"99999" + content[5:],
        lambda content: content[:12] + b"99999" + content[17:],
        lambda content: content[:12] + b"00030" + content[17:],
        lambda content: content[:27] + b"0999" + content[31:],
    ],
)
def test_fields_are_parted_by_their_end_marks_where_the_directory_is_wrong(tmp_path, damage):
    good = record(title="Köln").to_iso2709()
    table = read(tmp_path, good + damage(good))
    assert not len(table.rejected)
    first, second = (MarcRecord.from_json(text) for text in table.frame["marc"])
    assert first.fields == second.fields
    assert "In 1 record (first: record 2) the directory is wrong" in table.warnings[0]


def test_unimarc_is_named(tmp_path):
    coded = "20200101d1879    m  y0frey50      ba"
    item = MarcRecord(
        "00000nam0 2200000   450 ",
        [control("001", "1"), data("100", "  ", ("a", coded)), data("200", "1 ", ("a", "Le jardin"))],
    )
    with pytest.raises(UnreadableFileError, match="is UNIMARC, not MARC 21: its titles stand in field 200"):
        read(tmp_path, item.to_iso2709().replace(b" a22", b"0 22", 1))


@pytest.mark.parametrize("version", ["v1", "v2"])
def test_marcxchange_is_read(tmp_path, version):
    text = (
        f'<m:collection xmlns:m="info:lc/xmlns/marcxchange-{version}"><m:record format="MARC21"><m:leader>00000nam a22'
        '</m:leader><m:controlfield tag="001">9</m:controlfield><m:datafield tag="245" ind1="0" ind2="0">'
        '<m:subfield code="a">Bees</m:subfield></m:datafield></m:record></m:collection>'
    )
    assert read(tmp_path, text.encode(), "marcxml").frame["Title"].tolist() == ["Bees"]


def test_text_beside_the_subfields_of_xml_is_kept(tmp_path):
    text = (
        '<collection><record><leader>00000nam a22</leader><controlfield tag="001">9</controlfield>'
        '<datafield tag="245" ind1="0" ind2="0">Bees <subfield code="c">by Ann</subfield></datafield>'
        "</record></collection>"
    )
    written = MarcRecord.from_json(read(tmp_path, text.encode(), "marcxml").frame["marc"].iloc[0])
    assert written.first("245").subfields == [("a", "Bees"), ("c", "by Ann")]


def test_an_encoding_can_be_named(tmp_path):
    content = record().to_iso2709().replace(b"A title", b"K\xf6ln   ")
    assert read(tmp_path, content, encoding="windows-1252").frame["Title"].iloc[0] == "Köln"
    with pytest.raises(InputError, match="'klingon' is no known encoding"):
        read(tmp_path, content, encoding="klingon")


def test_characters_that_are_in_no_table_are_counted(tmp_path):
    table = read(tmp_path, in_marc8(record(), b"A \xff\xe8o"))
    assert "some characters are in no MARC-8 table; they became blanks" in table.warnings[0]


def cut(content: bytes) -> bytes:
    return content[:-30]


@pytest.mark.parametrize(
    ("damage", "reason"),
    [
        (lambda content: b"x" * 10 + b"\x1d", "no leader of 24 characters"),
        (lambda content: b"abcde" + content[5:24] + content[25:], "no length or base address in digits"),
        (lambda content: b"99999" + content[5:24] + content[25:], "its leader says 99,999 bytes"),
        (lambda content: content[:24] + b"0" + content[24:-3] + b"\x1e\x1d", "Field 000 does not end where"),
        (lambda content: content[:24] + b"\x1e\x1d", "its leader says"),
        (lambda content: content[:24] + b"#01" + content[27:], "is not a tag, a length and a position"),
    ],
)
def test_a_bad_record_is_listed_and_the_next_is_read(tmp_path, damage, reason):
    good = record().to_iso2709()
    table = read(tmp_path, good + damage(good) + good)
    assert table.lines.tolist() == [1, 3]
    assert table.rejected["line"].tolist() == [2]
    assert reason in table.rejected["reason"].iloc[0]
    assert table.rejected["text"].iloc[0]


def test_a_file_that_is_cut_short_keeps_what_was_whole(tmp_path):
    good = record().to_iso2709()
    table = read(tmp_path, good + cut(good))
    assert len(table.frame) == 1
    assert "cut short: the file ends before the end-of-record mark" in table.rejected["reason"].iloc[0]


def test_line_breaks_between_records_are_passed_over(tmp_path):
    good = record().to_iso2709()
    assert len(read(tmp_path, good + b"\r\n" + good + b"\n").frame) == 2


def test_a_file_without_a_record_is_refused(tmp_path):
    with pytest.raises(UnreadableFileError, match="holds no MARC record that can be read. The first reason: record 1"):
        read(tmp_path, b"00024abc\x1d")


def test_xml_records_come_back_whole(tmp_path):
    item = record(data("500", "  ", ("a", "<&>\"' Köln")))
    table = read(tmp_path, xml(item, item), "marcxml")
    assert [MarcRecord.from_json(text).fields for text in table.frame["marc"]] == [item.fields] * 2
    assert (table.format, table.lines.tolist()) == ("marcxml", [1, 2])


def test_prefixes_a_single_record_and_an_oai_answer_are_read():
    item = record()
    prefixed = item.to_xml().replace("<", "<m:").replace("<m:/", "</m:").encode()
    single = prefixed.replace(b"<m:record", b'<m:record xmlns:m="http://www.loc.gov/MARC21/slim"', 1)
    answer = (
        b'<OAI-PMH xmlns="http://www.openarchives.org/OAI/2.0/"><ListRecords><record><header/><metadata>'
        + single
        + b"</metadata></record></ListRecords></OAI-PMH>"
    )
    for content in (single, answer):
        (result,) = stream_marcxml(io.BytesIO(content))
        assert result.fields == item.fields


def test_xml_without_a_namespace_is_read():
    (result,) = stream_marcxml(io.BytesIO(f"<collection>{record().to_xml()}</collection>".encode()))
    assert result.text("001") == "014602826"


def test_damaged_xml_ends_the_reading_after_the_whole_records(tmp_path):
    content = xml(record(), record())
    table = read(tmp_path, content[: len(content) - 60] + b"<", "marcxml")
    assert len(table.frame) == 1
    assert "The XML is damaged in line" in table.rejected["reason"].iloc[0]


@pytest.mark.parametrize(
    ("piece", "reason"),
    [
        ('<datafield tag="24"><subfield code="a">x</subfield></datafield>', "has the tag '24'"),
        ('<datafield tag="500"><subfield code="ab">x</subfield></datafield>', "has the code 'ab'"),
        ("", "The record has no fields"),
    ],
)
def test_a_bad_record_in_xml_is_listed_and_the_next_is_read(tmp_path, piece, reason):
    content = f"{START}<record>{piece}</record>{record().to_xml()}</collection>".encode()
    table = read(tmp_path, content, "marcxml")
    assert table.lines.tolist() == [2]
    assert reason in table.rejected["reason"].iloc[0]


@pytest.mark.parametrize(
    "declaration",
    ['<!DOCTYPE c [<!ENTITY e SYSTEM "file:///etc/hostname">]>', '<!DOCTYPE c [<!ENTITY e "boom">]>'],
)
def test_entities_are_never_expanded(declaration):
    content = declaration + START + record(title="&e;").to_xml().replace("&amp;e;", "&e;") + "</collection>"
    (result,) = stream_marcxml(io.BytesIO(content.encode()))
    assert isinstance(result, BadRecord)
    assert "declares an entity ('e')" in str(result)


def test_records_are_given_as_they_come_not_at_the_end():
    class Slow(io.BytesIO):
        def read(self, size=-1):
            return super().read(600)

    content = xml(*[record(record_id=f"{number:09d}") for number in range(20)])
    stream = Slow(content)
    next(stream_marcxml(stream))
    assert stream.tell() < len(content) / 2


def test_another_program_reads_our_bytes_and_we_read_its():
    item = record(title="Köln")
    (theirs,) = pymarc.MARCReader(item.to_iso2709())
    assert decode_iso2709(theirs.as_marc()).record.fields == item.fields
    assert next(iter(pymarc.parse_xml_to_array(io.BytesIO(xml(item))))).title == "Köln"


_text = st.text(
    st.characters(exclude_categories=("Cs", "Cc"), exclude_characters="\ufffe\uffff"), min_size=1, max_size=40
)


@given(st.lists(st.tuples(st.sampled_from("abcxyz089"), _text), min_size=1, max_size=5), _text)
def test_any_text_survives_every_spelling(subfields, number):
    item = MarcRecord("00000nam a22000007u 4500", [control("001", number), MarcField("245", "", "10", subfields)])
    assert MarcRecord.from_json(item.to_json()).fields == item.fields
    assert decode_iso2709(item.to_iso2709()).record.fields == item.fields
    (result,) = stream_marcxml(io.BytesIO(xml(item)))
    assert result.fields == item.fields


@given(st.binary(max_size=300))
def test_no_bytes_are_too_wild(content):
    for chunk in split_iso2709(io.BytesIO(content)):
        try:
            decode_iso2709(chunk)
        except BadRecord as bad:
            assert str(bad)
    for result in stream_marcxml(io.BytesIO(content)):
        assert isinstance(result, BadRecord | MarcRecord)


@given(st.integers(24, 200), st.binary(min_size=1, max_size=3))
def test_no_damage_to_a_record_is_too_wild(place, damage):
    content = record(title="Köln – ein Titel").to_iso2709()
    try:
        decode_iso2709(content[:place] + damage + content[place + len(damage) :])
    except BadRecord as bad:
        assert str(bad)


@pytest.mark.parametrize(
    ("code", "name"),
    [
        ("ger", "German"),
        ("fre", "French"),
        ("gre", "Greek"),
        ("und", ""),
        ("|||", ""),
        ("   ", ""),
        ("scr", "Croatian"),
    ],
)
def test_language_codes(code, name):
    assert language_of_code(code) == name


@pytest.mark.parametrize("name", ["English", "German", "French", "Russian", "Greek", "Swedish", "Welsh"])
def test_language_codes_go_both_ways(name):
    assert language_of_code(language_code(name)) == name


@pytest.mark.parametrize("name", ["England", "Scotland", "India", "Germany", "United States of America", "Ireland"])
def test_country_codes_go_both_ways(name):
    assert country_of_code(country_code(name).strip()) == name


def test_a_language_that_marc_does_not_know_is_not_coded():
    assert language_code("Martian") == language_code("") == "|||"


def test_control_numbers_of_different_lengths_raise_no_alarm_about_zeros(tmp_path):
    content = b"".join(record(record_id=str(10**number)).to_iso2709() for number in range(3, 9))
    frame = read(tmp_path, content).frame
    assert suggest_mapping(frame, "corpus").questions == ()
    assert "zeros may have been lost" in suggest_mapping(frame.drop(columns="marc"), "corpus").questions[0]
