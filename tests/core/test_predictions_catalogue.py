"""Predictions made elsewhere meet the catalogue of the workspace: chosen, said, and exported by its identifiers."""

import csv
import io
import json
import zipfile
from pathlib import Path
from typing import Any

import pytest

from core.cli import main
from core.corpus import load_corpus
from core.errors import InputError, NotFoundError
from core.importing import import_file
from core.predictions import NO_CORPUS, load_predictions, load_scored, save_catalogue_choice
from core.review import record_decision
from core.storage import Workspace

N = 12
CATALOGUE = [("id", "title", "language", "date", "shelf")] + [
    (f"{1204567 + 37 * i:09d}", f"The mill of Pell, part {i}", "French" if i % 3 else "Latin", str(1840 + i), f"S{i}")
    for i in range(N)
]
IDS = [row[0] for row in CATALOGUE[1:]]


def _write(path: Path, rows: list[tuple[str, ...]]) -> Path:
    with path.open("w", encoding="utf-8", newline="") as stream:
        csv.writer(stream).writerows(rows)
    return path


def _predictions(ids: list[str], **columns: list[str]) -> list[tuple[str, ...]]:
    labels = ["Fiction" if i % 2 else "Non-fiction" for i in range(len(ids))]
    scores = [f"0.{60 + i}" for i in range(len(ids))]
    return [
        ("id", "predicted", "confidence", *columns),
        *zip(ids, labels, scores, *columns.values(), strict=True),
    ]


@pytest.fixture
def place(workspace: Workspace, tmp_path: Path) -> Workspace:
    import_file(workspace, _write(tmp_path / "cat.csv", CATALOGUE), "corpus", name="cat")
    return workspace


def _imported(place: Workspace, tmp_path: Path, rows: list[tuple[str, ...]], **more: Any) -> Any:
    return import_file(place, _write(tmp_path / "p.csv", rows), "predictions", name="p", **more)


def test_the_one_catalogue_that_holds_the_records_is_taken_and_said(place: Workspace, tmp_path: Path) -> None:
    report = _imported(place, tmp_path, _predictions(IDS))
    assert report.corpus == "cat"
    assert report.warnings[-1] == (
        "12 of 12 predictions found among the records of the catalogue 'cat': 12 by their identifier. Titles, dates,"
        " places and languages are the catalogue's where it has them."
    )
    table = load_scored(place, "p").table
    assert table["title"].tolist() == [row[1] for row in CATALOGUE[1:]]
    assert table["language"].tolist() == [row[2] for row in CATALOGUE[1:]]
    assert table["year"].tolist() == list(range(1840, 1840 + N))


def test_zeros_that_a_spreadsheet_ate_are_back(place: Workspace, tmp_path: Path) -> None:
    _imported(place, tmp_path, _predictions([item.lstrip("0") for item in IDS]))
    scored = load_scored(place, "p")
    assert scored.table["record_id"].tolist() == IDS
    assert "12 after restoring lost leading zeros" in scored.sentences[0]


def test_the_catalogue_wins_the_file_fills_and_what_differs_is_said(place: Workspace, tmp_path: Path) -> None:
    titles = [row[1] for row in CATALOGUE[1:]]
    titles[0] = "The mill of Pell"
    rows = _predictions(IDS, title=titles, language=["German"] + ["French"] * (N - 1), place=["Harrowdale"] * N)
    _imported(place, tmp_path, rows)
    scored = load_scored(place, "p")
    assert scored.table["title"][0] == "The mill of Pell, part 0"
    assert scored.table["language"][0] == "Latin"
    assert set(scored.table["place"]) == {"Harrowdale"}  # the catalogue has no places
    assert scored.catalogue.sentences[-1] == (
        "The file with the predictions says otherwise than the catalogue (title in 1, language in 4 of 12 books); the"
        " catalogue's is shown."
    )


def test_a_stated_language_wins_over_a_detected_one(workspace: Workspace, tmp_path: Path) -> None:
    bare = [(row[0], row[1]) for row in CATALOGUE]
    import_file(workspace, _write(tmp_path / "bare.csv", bare), "corpus", name="bare")
    _imported(workspace, tmp_path, _predictions(IDS, language=["Danish"] * N))
    table = load_scored(workspace, "p").table
    assert set(table["language"]) == {"Danish"}
    assert set(table["language_source"]) == {"catalogue"}


def test_equal_numbers_beside_other_titles_are_not_the_same_books(place: Workspace, tmp_path: Path) -> None:
    report = _imported(place, tmp_path, _predictions(IDS, title=[f"Sermons on week {i}" for i in range(N)]))
    assert report.corpus == ""
    assert "equal identifiers stand beside other titles in 100 % of the books" in report.warnings[-1]
    assert load_scored(place, "p").table["title"][0] == "Sermons on week 0"
    assert load_scored(place, "p", corpus="cat").table["title"][0] == "The mill of Pell, part 0"


def test_few_matches_are_no_catalogue_unless_it_is_named(place: Workspace, tmp_path: Path) -> None:
    _imported(place, tmp_path, _predictions([*IDS[:3], *(f"X{i}" for i in range(9))]))
    chosen = load_scored(place, "p").catalogue
    assert chosen.match is None
    assert chosen.sentences == (
        "The catalogue 'cat' was not joined by itself: only 3 of 12 predictions are found there. You can name it.",
    )
    named = load_scored(place, "p", corpus="cat")
    assert named.catalogue.match is not None
    assert "9 predictions are not in the catalogue; an export leaves them out and counts them." in named.sentences


def test_none_found_shows_an_identifier_of_each_side(place: Workspace, tmp_path: Path) -> None:
    _imported(place, tmp_path, _predictions([f"BL-{item}" for item in IDS]))
    assert load_scored(place, "p").sentences[0] == (
        "0 of 12 predictions found among the records of the catalogue 'cat': for instance 'BL-001204567' here,"
        " '001204567' there. The one ends in the other."
    )
    with pytest.raises(InputError, match="'BL-001204567' here, '001204567' there"):
        load_scored(place, "p", corpus="cat")
    with pytest.raises(NotFoundError):
        load_scored(place, "p", corpus="dog")


def test_a_catalogue_that_holds_none_is_refused_at_import_and_nothing_is_kept(place: Workspace, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="0 of 2 predictions found"):
        _imported(place, tmp_path, _predictions(["q1", "q2"]), corpus="cat")
    assert place.list("predictions") == []


def test_of_two_that_hold_them_one_is_taken_and_the_other_named(place: Workspace, tmp_path: Path) -> None:
    other = [*CATALOGUE[:1], *((row[0], row[1].upper(), *row[2:]) for row in CATALOGUE[1:8])]
    import_file(place, _write(tmp_path / "old.csv", other), "corpus", name="old")
    _imported(place, tmp_path, _predictions(IDS))
    chosen = load_scored(place, "p").catalogue
    assert chosen.name == "cat"
    assert chosen.sentences[-1] == "Other catalogues hold them too: 'old' (7). 'cat' was taken; another can be named."


def test_of_two_that_hold_all_the_smaller_is_taken(place: Workspace, tmp_path: Path) -> None:
    more = [*CATALOGUE, *((f"9{i}", f"Other {i}", "French", "1850", "S") for i in range(5))]
    import_file(place, _write(tmp_path / "large.csv", more), "corpus", name="large")
    _imported(place, tmp_path, _predictions(IDS))
    assert load_scored(place, "p").catalogue.name == "cat"


def test_a_choice_is_kept_until_another_is_made(place: Workspace, tmp_path: Path) -> None:
    _imported(place, tmp_path, _predictions(IDS), corpus=NO_CORPUS)
    fingerprint = load_predictions(place, "p").fingerprint
    assert load_scored(place, "p").catalogue.match is None
    assert load_scored(place, "p", corpus="cat").catalogue.name == "cat"
    save_catalogue_choice(place, fingerprint, "cat")
    assert load_scored(place, "p").catalogue.name == "cat"
    save_catalogue_choice(place, fingerprint, "")
    assert load_scored(place, "p").catalogue.name == "cat"  # by itself again


def test_two_rows_of_one_catalogue_record_are_not_both_joined(place: Workspace, tmp_path: Path) -> None:
    _imported(place, tmp_path, _predictions([*IDS, IDS[0].lstrip("0")]))
    scored = load_scored(place, "p")
    assert scored.table["record_id"].is_unique
    assert scored.table["record_id"].tolist() == [*IDS, IDS[0].lstrip("0")]
    assert any("1 predictions speak of a record of the catalogue that another" in item for item in scored.sentences)


def test_predictions_made_here_are_joined_with_no_other_catalogue(demo_workspace: Workspace) -> None:
    with pytest.raises(InputError, match="were made here, for the catalogue 'demo-digitised'"):
        load_scored(demo_workspace, "demo-predictions", corpus="demo-catalogue")
    assert load_scored(demo_workspace, "demo-predictions", corpus="demo-digitised").catalogue.match is None


def _run(capsys: pytest.CaptureFixture[str], place: Workspace, *words: str) -> tuple[int, dict[str, Any], str]:
    status = main([*words, "--workspace", str(place.root), "--quiet", "--json"])
    out = capsys.readouterr()
    return status, json.loads(out.out) if out.out else {}, out.err


def _member(archive: Path, name: str) -> str:
    with zipfile.ZipFile(archive) as zipped:
        return zipped.read(next(entry for entry in zipped.namelist() if entry.endswith(name))).decode()


def test_the_whole_road_on_the_command_line(
    place: Workspace, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    bare = [item.lstrip("0") for item in IDS]
    file = _write(tmp_path / "p.csv", _predictions([*bare[:-1], "stranger"]))
    people = [("id", "label"), *((item, "Fiction") for item in IDS[:10])]
    import_file(place, _write(tmp_path / "people.csv", people), "labels", name="people")
    status, report, errors = _run(capsys, place, "import", str(file), "--kind", "predictions", "--name", "p")
    assert (status, report["corpus"]) == (0, "cat")
    assert "11 of 12 predictions found among the records of the catalogue 'cat'" in errors
    checked = ("--predictions", "p", "--labels", "people")
    _, evaluated, _ = _run(capsys, place, "evaluate", *checked)
    assert evaluated["catalogue"]["matched"] == 11
    _, slices, _ = _run(capsys, place, "slices", *checked, "--by", "language", "--corpus", "cat")
    assert {row["description"] for row in slices["slices"]} == {"French books", "Latin books"}
    assert slices["catalogue"]["corpus"] == "cat"
    status, _, errors = _run(capsys, place, "thresholds", *checked, "--cut", "Fiction=.5", "--corpus", "nosuch")
    assert (status, "no corpus called 'nosuch'" in errors) == (2, True)
    record_decision(
        place.database, load_predictions(place, "p").fingerprint, bare[10], "Fiction"
    )  # from before the join
    out = tmp_path / "out.zip"
    cuts = ("--cut", "Fiction=.5", "--cut", "Non-fiction=.5")
    _, exported, _ = _run(capsys, place, "export", "--predictions", "p", *cuts, "--out", str(out))
    assert exported["counts"]["loaded"] == 11
    assert exported["manifest"]["counts"]["predictions_without_a_record"] == 1
    rows = list(csv.DictReader(io.StringIO(_member(out, "data/accepted.csv"), newline="")))
    assert [row["record_id"] for row in rows] == IDS[:-1]
    assert [row["shelf"] for row in rows] == [f"S{i}" for i in range(11)]
    assert list(rows[0])[:8] == [*CATALOGUE[0], "predicted", "confidence", "record_id"]  # as the files have them
    assert rows[10]["pred_decision"] == "curator"
    inputs = [item["name"] for item in exported["manifest"]["input"]]
    assert inputs == ["cat.csv", "p.csv"]


MARC = """<?xml version="1.0"?><collection xmlns="http://www.loc.gov/MARC21/slim">{}</collection>"""
RECORD = """<record><leader>00000nam a2200000 a 4500</leader><controlfield tag="001">{0}</controlfield>
<controlfield tag="008">850101s18{1}    enk           000 | fre d</controlfield>
<datafield tag="245" ind1="0" ind2="0"><subfield code="a">The mill of Pell, part {1}</subfield></datafield></record>"""


def test_a_catalogue_in_marc_is_enriched_by_predictions_made_elsewhere(
    workspace: Workspace, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    catalogue = tmp_path / "cat.xml"
    catalogue.write_text(MARC.format("".join(RECORD.format(item, 40 + i) for i, item in enumerate(IDS))))
    import_file(workspace, catalogue, "corpus", name="marc")
    assert len(load_corpus(workspace, "marc").records()) == N
    _imported(workspace, tmp_path, _predictions(IDS))
    assert set(load_scored(workspace, "p").table["language"]) == {"French"}
    out = tmp_path / "out.zip"
    words = ("--cut", "Fiction=.5", "--cut", "Non-fiction=.5", "--format", "marcxml", "--out", str(out))
    _, exported, _ = _run(capsys, workspace, "export", "--predictions", "p", *words)
    counts = {item["name"]: item["records"] for item in exported["files"]}
    assert counts["marc/enriched.xml"] == N
    assert "The mill of Pell, part 40" in _member(out, "marc/enriched.xml")


def test_what_is_coded_not_fiction_stands_and_is_said(
    workspace: Workspace, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Of twelve records nine are coded '0' in 008/33, as cataloguing software does by itself; three are not coded."""
    catalogue = tmp_path / "cat.xml"
    text = "".join(
        RECORD.format(item, 40 + i).replace("000 | fre", "000 0 fre" if i < 9 else "000 | fre")
        for i, item in enumerate(IDS)
    )
    catalogue.write_text(MARC.format(text))
    import_file(workspace, catalogue, "corpus", name="marc")
    _imported(workspace, tmp_path, _predictions(IDS))
    out = tmp_path / "out.zip"
    words = ("--cut", "Fiction=.5", "--cut", "Non-fiction=.5", "--format", "marcxml", "--out", str(out))
    _, exported, message = _run(capsys, workspace, "export", "--predictions", "p", *words)
    sentence = "9 records are coded “not fiction” in 008/33 by the catalogue, without a genre term: these stand"
    assert exported["counts"]["human_label_kept"] == 9
    assert sentence in message
    assert sentence in _member(out, "README.md").replace("\n", " ")
    assert exported["manifest"]["policy"]["coded_not_fiction_in_008"]["records"] == 9
    assert {item["name"]: item["records"] for item in exported["files"]}["marc/enriched.xml"] == 3
