"""Files as other programs and other people write them: what comes of each, or the sentence that asks or refuses."""

from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from core.cli import main
from core.corpus import load_corpus
from core.errors import InputError, MappingError
from core.importing import FOLDERS, ImportReport, ReadOptions, import_file
from core.labels import load_labels
from core.predictions import load_predictions, load_scored
from core.storage import Workspace

Import = Callable[..., ImportReport]
FICTION, FACT = "Fiction", "Non-fiction"
# Ten books: what people said, what a model said, its confidence.
TRUTH = [FICTION, FACT] * 5
PREDICTED = [FICTION, FACT, FICTION, FACT, FACT, FACT, FICTION, FACT, FICTION, FICTION]
SCORES = [0.9, 0.8, 0.7, 0.95, 0.6, 0.85, 0.75, 0.65, 0.99, 0.55]


@pytest.fixture
def bring_in(tmp_path: Path, workspace: Workspace) -> Import:
    def brought(text: str, kind: str = "predictions", suffix: str = "csv", **more) -> ImportReport:
        path = tmp_path / f"file.{suffix}"
        path.write_text(text, encoding="utf-8")
        report = import_file(workspace, path, kind, **more)  # type: ignore[arg-type]
        # A name in use is not taken over: here the newest file is the one that is spoken of.
        workspace.database.assign_name(FOLDERS[kind], "x", report.fingerprint)
        return report

    return brought


def _rows(header: str, *columns: list, separator: str = ",") -> str:
    ids = [f"{i:09d}{separator}A title of book {i}" for i in range(1, len(columns[0]) + 1)]
    rows = (separator.join([first, *map(str, rest)]) for first, *rest in zip(ids, *columns, strict=True))
    return "\n".join([header, *rows]) + "\n"


@pytest.mark.parametrize(
    ("truth", "predicted", "asked"),
    [
        ("label", "label_pred", True),
        ("annotation", "label", True),
        ("category", "label", True),
        ("genre", "predicted_genre", True),
        ("expected", "actual", True),
        ("gold", "label", True),
        ("y", "yhat", False),
        ("target", "output", False),
        ("human", "machine", False),
        ("manual_label", "auto_label", False),
        ("true_class", "assigned_class", False),
        ("y_true", "y_pred", False),
    ],
)
def test_what_people_said_and_what_the_model_said(bring_in: Import, truth: str, predicted: str, asked: bool) -> None:
    report = bring_in(_rows(f"id,title,{truth},{predicted},score", TRUTH, PREDICTED, SCORES))
    assert report.mapping[truth] == "truth"
    assert report.mapping[predicted] == "predicted"
    assert any(f"'{truth}' was taken for what people said" in question for question in report.questions) == asked


def test_a_column_with_the_same_classes_under_another_name_is_asked_about(bring_in: Import) -> None:
    report = bring_in(_rows("id,title,gattungen_lt_meier,predicted,score", TRUTH, PREDICTED, SCORES))
    assert "truth" not in report.mapping.values()
    assert "'gattungen_lt_meier' holds the same class names as the predictions." in report.questions[0]


def test_percentages_are_read_and_told_and_gaps_stay_open(bring_in: Import, workspace: Workspace) -> None:
    cells = [f"{100 * score:.1f} %".replace(".", ",") for score in SCORES]
    report = bring_in(_rows("id;title;predicted;confidence", PREDICTED, cells, separator=";"))
    assert load_predictions(workspace, "x").table()["confidence"].tolist() == pytest.approx(SCORES)
    assert report.warnings[0] == "'confidence' holds percentages (such as '90,0 %'), which were divided by 100."
    gaps = bring_in(_rows("id,title,predicted,confidence", PREDICTED, ["nan", *SCORES[1:]]))
    assert load_predictions(workspace, "x").table()["confidence"].isna().sum() == 1
    assert any("1 of 10 records have a predicted class and no confidence" in warning for warning in gaps.warnings)


def test_a_bad_cell_is_refused_with_its_line_in_the_file(bring_in: Import, workspace: Workspace) -> None:
    with pytest.raises(InputError, match=r"Column 'p_Fiction', line 4: 'high' is not a probability"):
        bring_in(
            _rows(
                "id,title,predicted,p_Fiction,p_Non-fiction",
                PREDICTED,
                [0.9, 0.2, "high", *[0.5] * 7],
                [0.1, 0.8, 0.3, *[0.5] * 7],
            )
        )
    with pytest.raises(InputError, match=r"Column 'Fiction', line 2: '-2.5' .* \(logits\)"):
        bring_in(_rows("id,title,truth,Fiction,Non-fiction", TRUTH, [-2.5, 3.1] * 5, [2.5, -3.1] * 5))
    assert workspace.list("predictions") == []


def test_without_any_confidence_nothing_is_exported_in_silence(
    bring_in: Import, workspace: Workspace, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    report = bring_in(_rows("id,title,predicted,truth", PREDICTED, TRUTH))
    assert "No record has a confidence" in report.warnings[0]
    place = ["--workspace", str(workspace.root), "--quiet"]
    for command in (["thresholds"], ["export", "--out", str(tmp_path / "x.zip")]):
        assert main([*command, "--predictions", "x", "--cut", "Fiction=.5", *place]) == 2
        assert "has a confidence, so no cut-off can accept any" in capsys.readouterr().err


def test_the_probability_of_one_class_is_told_from_a_confidence(bring_in: Import, workspace: Workspace) -> None:
    of_fiction = [score if name == FICTION else 1 - score for name, score in zip(PREDICTED, SCORES, strict=True)]
    report = bring_in(_rows("id,title,predicted,score", PREDICTED, of_fiction))
    assert report.mapping["score"] == "probability of Fiction"
    assert "below one half in 5 of 10 rows" in report.questions[0]
    assert load_predictions(workspace, "x").table()["confidence"].tolist() == pytest.approx(SCORES)
    saved = bring_in(_rows("id,title,predicted,score", PREDICTED, of_fiction), overrides=["score=confidence"])
    assert saved.mapping["score"] == "confidence"
    assert "In 5 of 10 rows the confidence is below one half" in saved.questions[-1]


def test_names_are_mapped_where_truth_and_predictions_share_none(bring_in: Import, workspace: Workspace) -> None:
    machine = ["LABEL_1" if name == FICTION else "LABEL_0" for name in PREDICTED]
    text = _rows("id,title,predicted,truth,score", machine, TRUTH, SCORES)
    report = bring_in(text)
    assert report.summary["with_truth"] == 0
    assert "No class name of the truth" in report.questions[0]
    assert any("No class name" in sentence for sentence in load_scored(workspace, "x").sentences)
    mapped = bring_in(text, map_classes=["LABEL_1=Fiction", "label 0=Non-fiction"])
    assert mapped.questions == ()
    assert mapped.summary["with_truth"] == 10
    assert load_scored(workspace, "x").labelled["correct"].mean() == 0.8
    with pytest.raises(InputError, match="'LABEL_2=Map' does not say .* The file has: 'Fiction', 'LABEL_0'"):
        bring_in(text, map_classes=["LABEL_2=Map"])


@pytest.mark.slow
def test_an_evaluation_without_a_common_name_shows_the_import_that_maps_them(
    bring_in: Import, workspace: Workspace, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    machine = ["LABEL_1" if name == FICTION else "LABEL_0" for name in PREDICTED]
    bring_in(_rows("id,title,predicted,truth,score", machine, TRUTH, SCORES))
    place = ["--workspace", str(workspace.root), "--quiet"]
    shown = (
        "colophon import file.csv --kind predictions --map-class LABEL_0=CLASS --map-class LABEL_1=CLASS "
        "(a CLASS is one of 'Fiction', 'Non-fiction';"
    )
    for command in (["evaluate"], ["slices", "--by", "decade"], ["thresholds", "--cut", "LABEL_0=.5"]):
        main([*command, "--predictions", "x", *place])
        assert shown in " ".join(capsys.readouterr().err.split())
    bring_in(_rows("id,title,predicted,truth,score", PREDICTED, ["1", "0"] * 5, SCORES))
    assert main(["evaluate", "--predictions", "x", *place]) == 0
    assert "--map-class 0=CLASS --map-class 1=CLASS (a CLASS is one of 'Fiction'" in " ".join(
        capsys.readouterr().err.split()
    )
    bring_in(_rows("id,title,predicted,truth,score", machine, TRUTH, SCORES))
    path = tmp_path / "l.csv"
    path.write_text(_rows("id,title,label", ["1", "0"] * 5), encoding="utf-8")
    import_file(workspace, path, "labels", name="ones")
    assert main(["evaluate", "--predictions", "x", "--labels", "ones", *place]) == 0
    assert (
        "colophon import l.csv --kind labels --map-class 0=CLASS --map-class 1=CLASS (a CLASS is one of 'LABEL_0',"
        in " ".join(capsys.readouterr().err.split())
    )
    bring_in(
        _rows("id,title,predicted,truth,score", machine, TRUTH, SCORES),
        map_classes=["LABEL_1=Fiction", "LABEL_0=Non-fiction"],
    )
    assert main(["evaluate", "--predictions", "x", *place]) == 0
    assert "--map-class" not in capsys.readouterr().err


def test_labels_without_a_common_name_check_nothing_and_say_so(bring_in: Import, workspace: Workspace) -> None:
    bring_in(_rows("id,title,predicted,score", PREDICTED, SCORES))
    path = workspace.root / "l.csv"
    path.write_text(_rows("id,title,label", ["1", "0"] * 5), encoding="utf-8")
    import_file(workspace, path, "labels", name="ones")
    scored = load_scored(workspace, "x", "ones")
    assert not len(scored.labelled)
    assert any("No class name of 'ones' ('0', '1')" in sentence for sentence in scored.sentences)
    import_file(workspace, path, "labels", name="named", map_classes=["1=Fiction", "0=Non-fiction"])
    assert load_scored(workspace, "x", "named").labelled["correct"].mean() == 0.8


def test_minus_one_is_a_third_value_and_can_be_no_answer(bring_in: Import, workspace: Workspace) -> None:
    text = _rows("id,title,label", ["-1", "0", "1"] * 3)
    report = bring_in(text, "labels")
    assert report.summary["classes"] == {"-1": 3, "0": 3, "1": 3}
    assert "Snorkel" in report.questions[-1]
    quiet = bring_in(text, "labels", map_classes=["-1="])
    assert quiet.summary["classes"] == {"0": 3, "1": 3}
    assert quiet.questions == ()


def test_a_class_called_minus_one_can_be_cut(bring_in: Import, workspace: Workspace) -> None:
    bring_in(_rows("id,title,predicted,score", ["1", "-1"] * 5, SCORES))
    place = ["--workspace", str(workspace.root), "--quiet"]
    assert main(["thresholds", "--predictions", "x", "--cut", "-1=.8", "--cut", "1=.5", *place]) == 0


@pytest.mark.parametrize("suffix", ["csv", "jsonl"])
def test_lists_of_labels_with_scores_become_columns(bring_in: Import, workspace: Workspace, suffix: str) -> None:
    answers = '[{"label": "Map", "score": 0.9}, {"label": "Play", "score": 0.1}]'
    if suffix == "csv":
        quoted = answers.replace('"', "'")
        text = f'id,text,annotation,prediction\n007,A plan,Map,"{quoted}"\n008,A tale,Play,"{quoted}"\n'
    else:
        text = "".join(
            f'{{"id": "00{i}", "text": "A plan", "annotation": "{name}", "prediction": {answers}}}\n'
            for i, name in ((7, "Map"), (8, "Play"))
        )
    report = bring_in(text, suffix=suffix)
    assert report.mapping["p_Map"] == "probability of Map"
    table = load_predictions(workspace, "x").table()
    assert table["predicted"].tolist() == ["Map", "Map"]
    assert table["truth"].tolist() == ["Map", "Play"]


def test_several_labels_in_a_cell_are_no_new_class(bring_in: Import) -> None:
    with pytest.raises(InputError, match=r"Column 'label', line 2: 'Poetry#Fiction' holds several labels \(2 of 4"):
        bring_in(_rows("id,title,label", ["Poetry#Fiction", "Fiction", "Fiction#Poetry", "Poetry"]), "labels")
    single = bring_in('{"id": 1, "text": "A plan", "label": ["Map"]}\n', "labels", "jsonl")
    assert single.summary["classes"] == {"Map": 1}


def test_one_column_for_each_annotator_is_recognised(bring_in: Import) -> None:
    with pytest.raises(MappingError, match="'annotator1', 'annotator2' hold the same class names"):
        bring_in(_rows("id,title,annotator1,annotator2", TRUTH, PREDICTED), "labels")


def test_columns_are_named_by_hand_where_the_first_line_is_a_record(bring_in: Import) -> None:
    text = "001204567,A tale,Fiction,0.75\n001204604,A plan,Map,0.81\n"
    with pytest.raises(MappingError, match="The first line looks like a record"):
        bring_in(text)
    report = bring_in(text, reading=ReadOptions(columns=("id", "title", "predicted", "score")))
    assert report.rows == 2
    with pytest.raises(InputError, match="2 column names were given, and the first line of .* has 4 cells"):
        bring_in(text, reading=ReadOptions(columns=("id", "title")))


def test_ids_that_were_numbers_and_ids_that_are_destroyed(bring_in: Import, workspace: Workspace) -> None:
    report = bring_in("id,predicted,score\n1204567.0,A,.9\n1204604.0,B,.8\n")
    assert load_predictions(workspace, "x").table()["record_id"].tolist() == ["1204567", "1204604"]
    assert any("the '.0' was taken off 2 of them (1204567.0 is 1204567)" in item for item in report.warnings)
    with pytest.raises(InputError, match=r"A spreadsheet has destroyed the record ids in 'id': 2 of 2 .* \(line 2\)"):
        bring_in("id,predicted,score\n1.20E+12,A,.9\n1.20E+12,B,.8\n")
    some = bring_in("id,predicted,score\n1.20E+12,A,.9\n120,B,.8\n121,B,.8\n")
    assert (some.rows, some.rejected) == (2, 1)


def test_a_repeat_that_contradicts_is_told(bring_in: Import, workspace: Workspace) -> None:
    report = bring_in("id,predicted,score\n01,A,.9\n02,B,.8\n01,B,.6\n02,b,.6\n")
    assert "1 of them contradict it: they name another class." in report.warnings[0]
    rejected = pd.read_parquet(workspace.find("predictions", "x").path / "rejected.parquet")
    assert rejected["reason"][0] == "it repeats the record id 01 of line 2 and says 'B' where that line says 'A'"


def test_labels_without_ids_are_of_books_by_title_and_without_either_of_none(
    bring_in: Import, workspace: Workspace
) -> None:
    rows = "title,annotator,label\nA tale,a,Fiction\nA TALE,b,Fiction\nA plan,a,Map\n,a,Map\n,b,Map\n"
    report = bring_in(rows, "labels")
    assert (report.summary["rows"], report.summary["books"], report.rejected) == (3, 2, 2)
    assert "2 rows of 5 cannot be known for a book" in report.warnings[0]
    assert load_labels(workspace, "x").table()["rows"].tolist() == [2, 1]


def test_the_true_reason_why_a_title_was_not_found(bring_in: Import) -> None:
    with pytest.raises(MappingError, match="'Title' was not taken for the title: only 0 % of its values hold a word"):
        bring_in("id,Title\n1,1840\n2,1841\n", "corpus")
    with pytest.raises(MappingError, match="'Title' was not taken for the title: it is blank in every row"):
        bring_in("id,Title\n1,\n2,\n", "corpus")


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        (
            "htid,access,shorttitle,author,rights_date_used,lang",
            {"htid": "record_id", "shorttitle": "title", "rights_date_used": "date"},
        ),
        ("docid,shorttitle,author,inferreddate", {"docid": "record_id", "inferreddate": "date"}),
        (
            "key,title,author_name,first_publish_year",
            {"key": "record_id", "author_name": "author", "first_publish_year": "date"},
        ),
        ("biblionumber,title,author,copyrightdate", {"biblionumber": "record_id", "copyrightdate": "date"}),
        ("MMS ID,Title,Author,Begin Publication Date", {"MMS ID": "record_id", "Begin Publication Date": "date"}),
    ],
    ids=["hathitrust", "noveltm", "open library", "koha", "alma"],
)
def test_headers_of_other_catalogues(bring_in: Import, header: str, expected: dict[str, str]) -> None:
    values = {"access": "allow", "lang": "eng"}
    names = header.split(",")
    cells = [["x.01", "x.02"], ["Tales", "Poems"], ["A. B.", "C. D."], ["1840", "1851"]]
    plain = [name for name in names if name not in values]
    columns = {**{name: [value] * 2 for name, value in values.items()}, **dict(zip(plain, cells, strict=True))}
    text = pd.DataFrame(columns)[names].to_csv(index=False)
    assert expected.items() <= bring_in(text, "corpus").mapping.items()


def test_place_columns_of_hathitrust_hold_country_codes(bring_in: Import, workspace: Workspace) -> None:
    """The columns of hathifiles, of which only one has a code for the place, and none a place or publisher alone."""
    header = "htid,access,rights,ht_bib_key,source_bib_num,oclc_num,title,imprint,us_gov_doc_flag,rights_date_used,"
    text = (
        f"{header}pub_place,lang,bib_fmt,author\n"
        'a.1,allow,pd,1,77,12,Tales of Pell,"London, Smith, 1850.",0,1850,enk,eng,BK,"Doe, J."\n'
        'a.2,deny,ic,2,78,13,Poems,"New York, Harper, 1861.",1,1861,nyu,fre,SE,"Roe, J."\n'
        'a.3,deny,ic,3,79,14,Odes,"Paris, 1863.",0,1863,fr ,fre,BK,\n'
        'a.4,deny,ic,4,80,15,Letters,"[n.p.] 1863.",0,1863,xx ,|||,BK,\n'
    )
    report = bring_in(text, "corpus")
    assert report.mapping == {
        "htid": "record_id",
        "ht_bib_key": "alternate_id",
        "title": "title",
        "author": "author",
        "rights_date_used": "date",
        "pub_place": "country",
        "lang": "language",
    }
    records = load_corpus(workspace, "x").records()
    assert records["country"].tolist() == ["England", "United States of America", "France", ""]
    assert records["place"].tolist() == [""] * 4
    assert records["language"].tolist()[:3] == ["English", "French", "French"]
    assert "Countries are codes of MARC and were put into words ('enk' is England)." in report.warnings
    assert any("'imprint' was not taken for the publisher" in question for question in report.questions)


def test_country_codes_that_two_lists_read_differently_stay_as_they_came(
    bring_in: Import, workspace: Workspace
) -> None:
    report = bring_in("id,title,country\n1,Tales,au\n2,Poems,es\n", "corpus")  # Austria or Australia
    assert load_corpus(workspace, "x").records()["country"].tolist() == ["au", "es"]
    assert any("which MARC and ISO 3166 read differently" in warning for warning in report.warnings)


def test_subject_labels_of_annif_are_labels(bring_in: Import) -> None:
    report = bring_in("text,subject_uris,subject_labels\nTales of Pell,x:1,Fiction\nPlans,x:2,Map\n", "labels")
    assert report.mapping == {"text": "title", "subject_labels": "label"}
