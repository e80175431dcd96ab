"""The files that ``annif index`` writes: one, a folder of them, a zip of them, and the same as rows of a table."""

import gzip
import json
import zipfile
from pathlib import Path

import pytest

from core.errors import InputError, UnreadableFileError
from core.importing import import_file
from core.predictions import load_predictions
from core.readers import annif as annif_documents
from core.readers import read_table
from core.readers.annif import FaultyLine, suggestions
from core.storage import Workspace

TWO = "<http://x/1>\tMap\t0.2000\n<http://x/2>\tPlay\t0.8000\n"
ONE = "<http://x/1>\tMap\t912\t0.6000\n"


def folder_of(place: Path, files: dict[str, str]) -> Path:
    place.mkdir(parents=True)
    for name, content in files.items():
        (place / name).write_text(content, encoding="utf-8", newline="")
    return place


def zip_of(path: Path, files: dict[str, str]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return path


@pytest.fixture
def docs(tmp_path: Path) -> Path:
    files = {"0012.annif": TWO, "0013.annif": ONE, "0014.annif": ""}
    return folder_of(tmp_path / "docs", {**files, "0012.txt": "a", "0013.txt": "b", "0014.txt": "c"})


def test_one_file_is_one_document_called_like_the_file(tmp_path: Path) -> None:
    path = tmp_path / "v.1.annif"
    path.write_text(TWO, encoding="utf-8")
    table = read_table(path)
    assert (table.format, table.encoding) == ("annif", "utf-8")
    assert table.frame.drop(columns="results").to_dict("list") == {
        "document_id": ["v.1"],
        "predicted": ["Play"],
        "confidence": ["0.8000"],
    }
    assert table.frame["results"][0] == (
        '[{"uri":"http://x/1","label":"Map","score":0.2000},{"uri":"http://x/2","label":"Play","score":0.8000}]'
    )
    packed = tmp_path / "0012.annif.gz"
    packed.write_bytes(gzip.compress(TWO.encode()))
    assert read_table(packed).frame["document_id"].tolist() == ["0012"]
    assert read_table(zip_of(tmp_path / "a.zip", {"0013.annif": ONE})).frame["document_id"].tolist() == ["0013"]


def test_another_suffix_is_known_by_the_line(tmp_path: Path) -> None:
    path = tmp_path / "0012.tsv"
    path.write_text(TWO, encoding="utf-8")
    assert read_table(path).format == "annif"


@pytest.mark.parametrize("packed", [False, True])
def test_a_folder_or_a_zip_of_them_is_one_table(docs: Path, tmp_path: Path, packed: bool) -> None:
    path = docs
    if packed:
        files = {f"docs/{item.name}": item.read_text(encoding="utf-8") for item in docs.iterdir()}
        path = zip_of(tmp_path / "docs.zip", {**files, "__MACOSX/docs/._0012.annif": "\0"})
    table = read_table(path)
    assert table.frame["document_id"].tolist() == ["0012", "0013", "0014"]
    assert table.frame["predicted"].tolist() == ["Play", "Map", ""]
    assert table.frame["confidence"].tolist() == ["0.8000", "0.6000", ""]
    assert json.loads(table.frame["results"][1]) == [
        {"uri": "http://x/1", "label": "Map", "notation": "912", "score": 0.6}
    ]
    assert table.frame["results"][2] == "[]"
    assert table.lines.tolist() == [1, 2, 3]
    assert table.rejected.empty
    assert table.reasons[0] == (
        f"It is {'a zip archive' if packed else 'a folder'} with 3 files that end in .annif, as 'annif index' writes"
        " them; other files in it were passed over (3)."
    )
    assert table.warnings == (
        "For 1 of 3 documents Annif suggested nothing (their files are empty); they are kept without a prediction.",
    )


def test_an_import_keeps_every_document(docs: Path, workspace: Workspace) -> None:
    report = import_file(workspace, docs, "predictions")
    assert (report.name, report.format, report.rows, report.rejected) == ("docs", "annif", 3, 0)
    assert report.mapping == {"document_id": "record_id", "predicted": "predicted", "confidence": "confidence"}
    result = load_predictions(workspace, "docs")
    table = result.table()
    assert table["record_id"].tolist() == ["0012", "0013", "0014"]
    assert table["predicted"].tolist() == ["Play", "Map", ""]
    assert table["confidence"].tolist()[:2] == [0.8, 0.6]
    assert table["confidence"].isna().tolist() == [False, False, True]
    assert "no usable predicted class" in " ".join(result.manifest.warnings)
    assert "http://x/1" in result.originals(workspace)["results"][0]


def test_what_a_suggestion_lacks_to_one_belongs_to_no_other_class(docs: Path, workspace: Workspace) -> None:
    import_file(workspace, docs, "predictions", name="a")
    table = load_predictions(workspace, "a").table()
    assert not [name for name in table.columns if name.startswith("p_")]
    assert table["margin"].isna().all()


def test_an_import_is_another_one_when_a_file_has_changed(docs: Path, workspace: Workspace) -> None:
    first = import_file(workspace, docs, "predictions")
    (docs / "0012.txt").write_text("another text", encoding="utf-8")
    assert import_file(workspace, docs, "predictions").fingerprint == first.fingerprint
    (docs / "0014.annif").write_text(ONE, encoding="utf-8")
    assert import_file(workspace, docs, "predictions").fingerprint != first.fingerprint


def test_a_broken_file_costs_its_document_and_no_other(tmp_path: Path, workspace: Workspace) -> None:
    files = {"a.annif": TWO, "b.annif": "<http://x/1>\tMap\t0.6\n<http://x/2>\tPl", "c.annif": "Play\n", "d.txt": "d"}
    path = folder_of(tmp_path / "docs", files)
    table = read_table(path)
    assert table.frame["document_id"].tolist() == ["a"]
    assert table.rejected["line"].tolist() == [2, 3]
    assert table.rejected["reason"].tolist() == [
        "b.annif, line 2: it has 2 cells ('<http://x/2>\tPl'), but a line of 'annif index' is <URI>, label and score,"
        " parted by tabs",
        "c.annif, line 1: it has 1 cell ('Play'), but a line of 'annif index' is <URI>, label and score,"
        " parted by tabs",
    ]
    assert table.warnings[0].startswith("2 of 3 files could not be read and were set aside, the first: b.annif, line 2")
    assert table.warnings[1].startswith("Documents (.txt) without a file of suggestions beside them: 1. ")
    assert import_file(workspace, path, "predictions").rejected == 2


@pytest.mark.parametrize(
    ("content", "fault"),
    [
        ("<u>\tMap\t0.5\nMap\tx\t0.5\n", "line 2: it begins with 'Map' and not with a URI in < >"),
        ("<u>\tMap\t97\n", "line 1: its score is '97', which is no number from 0 to 1"),
        ("<u>\tMap\tnan\n", "line 1: its score is 'nan'"),
        ("<u>\tMap\n", "line 1: it has 2 cells"),
        ("<u>\ta\tb\tc\t0.5\n", "line 1: it has 5 cells"),
    ],
)
def test_a_line_that_is_no_suggestion_is_named(content: str, fault: str) -> None:
    with pytest.raises(FaultyLine, match=fault):
        suggestions(content.encode())


def test_what_annif_writes_is_understood() -> None:
    content = b"\xef\xbb\xbf<u:1>\tM\xc3\xa4rchen\t1.0\r\n\r\n<u:2>\t\t5e-05\n<u:3>\t\t398.2\t0\n"
    assert suggestions(content) == [
        {"uri": "u:1", "label": "Märchen", "score": "1.0"},
        {"uri": "u:2", "label": "u:2", "score": "5e-05"},
        {"uri": "u:3", "label": "398.2", "notation": "398.2", "score": "0"},
    ]


def test_of_equal_scores_the_first_is_taken(tmp_path: Path) -> None:
    path = tmp_path / "a.annif"
    path.write_text("<u:1>\tMap\t0.5\n<u:2>\tPlay\t0.5000\n", encoding="utf-8")
    assert read_table(path).frame["predicted"].tolist() == ["Map"]


def test_other_encodings_are_named_and_can_be_given(tmp_path: Path) -> None:
    path = tmp_path / "a.annif"
    path.write_bytes("<u:1>\tMärchen\t0.5\n".encode("cp1252"))
    with pytest.raises(UnreadableFileError, match=r"a.annif, line 1: it holds bytes that are not valid UTF-8 \(0xE4\)"):
        read_table(path)
    table = read_table(path, encoding="windows-1252")
    assert (table.frame["predicted"].tolist(), table.encoding) == (["Märchen"], "cp1252")
    with pytest.raises(InputError, match="'klingon' is not the name of an encoding"):
        read_table(path, encoding="klingon")


@pytest.mark.parametrize(
    ("files", "message"),
    [
        ({"a.annif": "", "b.annif": "\n"}, "2 of its 2 files that end in .annif are empty. Run 'annif index --force'"),
        ({"a.annif": "", "b.annif": "x"}, "1 of its 2 files that end in .annif are empty, 1 cannot be read"),
        ({"a.annif": "x", "b.annif": "y"}, "none of its 2 files that end in .annif can be read; the first: a.annif, l"),
        ({"a.txt": "x"}, "is a folder, and no file directly in it ends in .annif; give the one file in it"),
    ],
)
def test_a_folder_without_any_suggestion_is_refused(tmp_path: Path, files: dict[str, str], message: str) -> None:
    with pytest.raises(UnreadableFileError, match=message):
        read_table(folder_of(tmp_path / "docs", files))


def test_one_file_that_cannot_be_read_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.annif"
    path.write_text("<u:1>\tMap\thigh\n", encoding="utf-8")
    with pytest.raises(UnreadableFileError, match=r"a.annif, line 1: its score is 'high'.* Write it again with 'annif"):
        read_table(path)
    path.write_text("\n", encoding="utf-8")
    with pytest.raises(UnreadableFileError, match="Annif suggested nothing for this document"):
        read_table(path)


def test_a_folder_is_no_other_format(docs: Path) -> None:
    with pytest.raises(UnreadableFileError, match="is a folder"):
        read_table(docs, format="csv")
    assert len(read_table(docs, format="annif").frame) == 3


def test_the_limits_of_archives_hold(docs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    files = {f"{number}.annif": TWO for number in range(100)}
    path = zip_of(tmp_path / "docs.zip", files)
    with pytest.raises(UnreadableFileError, match="unpacks to more than"):
        read_table(path, limit=1000)
    assert len(read_table(path, limit=100_000).frame) == 100
    monkeypatch.setattr(annif_documents, "FILE_LIMIT", len(ONE))
    table = read_table(docs)
    assert table.rejected["reason"].tolist() == ["0012.annif has 0 MB, too much for one document's suggestions"]
    assert table.frame["document_id"].tolist() == ["0013", "0014"]


def test_a_damaged_or_locked_archive_is_refused(tmp_path: Path) -> None:
    path = zip_of(tmp_path / "docs.zip", {"a.annif": TWO * 50, "b.annif": ONE})
    whole = bytearray(path.read_bytes())
    whole[60] ^= 0xFF  # inside the packed bytes of the first file
    path.write_bytes(bytes(whole))
    with pytest.raises(UnreadableFileError, match="is a damaged archive"):
        read_table(path)
    locked = bytearray(zip_of(tmp_path / "locked.zip", {"a.annif": TWO, "b.annif": ONE}).read_bytes())
    for mark, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        locked[locked.index(mark) + offset] |= 1
    (tmp_path / "locked.zip").write_bytes(bytes(locked))
    with pytest.raises(UnreadableFileError, match="with a password"):
        read_table(tmp_path / "locked.zip")


ROWS = """document_id,subject_uri,label,score
0012,http://x/1,Map,0.2
0012,http://x/2,Play,0.8
0013,<http://x/1>,Map,0.6
0013,http://x/3,Poem,high
,http://x/3,Poem,0.4
"""


def test_a_table_with_a_suggestion_a_row_becomes_a_row_a_document(tmp_path: Path, workspace: Workspace) -> None:
    path = tmp_path / "all.csv"
    path.write_text(ROWS, encoding="utf-8")
    table = read_table(path)
    assert table.frame["document_id"].tolist() == ["0012", "0013"]
    assert table.frame["predicted"].tolist() == ["Play", "Map"]
    assert table.frame["results"][1] == '[{"uri":"http://x/1","label":"Map","score":0.6}]'
    assert table.lines.tolist() == [2, 4]
    assert table.rejected["line"].tolist() == [5, 6]
    assert table.rejected["reason"].tolist() == [
        "its score is 'high', which is no number from 0 to 1",
        "it names no document",
    ]
    assert "Its 5 rows are suggestions for 2 documents" in table.reasons[-1]
    assert import_file(workspace, path, "predictions").rows == 2


@pytest.mark.parametrize(
    "rows",
    [
        "document_id,label,score\na,Map,0.2\na,Play,0.8\n",  # no URI: labels of two people, perhaps
        "document_id,uri,label,score,annotator\na,u,Map,0.2,x\na,v,Play,0.8,y\n",
        "document_id,uri,label,score\na,u,Map,0.2\nb,v,Play,0.8\n",
    ],
)
def test_other_tables_stay_as_they_are(tmp_path: Path, rows: str) -> None:
    path = tmp_path / "t.csv"
    path.write_text(rows, encoding="utf-8")
    frame = read_table(path).frame
    assert list(frame.columns) == rows.split("\n")[0].split(",")
    assert len(frame) == 2


def test_a_table_whose_every_score_is_wrong_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text("id,uri,label,score\na,u,Map,20\na,v,Play,80\n", encoding="utf-8")
    with pytest.raises(UnreadableFileError, match="suggestions without a usable score; line 2: its score is '20'"):
        read_table(path)


def test_how_far_the_reading_is(docs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(annif_documents, "_PROGRESS_EVERY", 1)
    steps: list[tuple[float, str]] = []
    read_table(docs, progress=lambda share, message: steps.append((share, message)))
    reading = [(share, message) for share, message in steps if message.startswith("Reading ")]
    assert [share for share, _ in reading] == pytest.approx([1 / 3, 2 / 3, 1])
    assert reading[0][1] == "Reading 1 of 3 documents"
