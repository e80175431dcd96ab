"""The published predictions and the Library's own MARC, exported: the numbers of the thresholds, and clean MARC."""

import csv
import zipfile

import numpy as np
import pandas as pd
import pytest

from core.classes import class_key
from core.export import FORMATS, ExportSettings, ModelSource, QualityReport
from core.export.validation import validate
from core.progress import silent
from core.readers import marc
from core.readers.container import open_file
from core.readers.marc_decode import MarcRecord
from core.readers.table import ReaderOptions
from core.schema import RECORDS_COLUMNS
from tests.exporting import export

pytestmark = pytest.mark.real


def as_records(**columns):
    length = len(next(iter(columns.values())))
    frame = pd.DataFrame("", index=range(length), columns=list(RECORDS_COLUMNS)).astype("str")
    frame["year"] = pd.array([pd.NA] * length, dtype="Int64")
    for name, values in columns.items():
        frame[name] = values.to_numpy()
    return frame


def settings(**chosen):
    given = {
        "cuts": {"Fiction": 0.9, "Non-fiction": 0.97},
        "model": ModelSource(name="published", version="1"),
        "run_id": "run-1",
        "predicted_at": "2026-11-23T10:20:00Z",
    }
    return ExportSettings(**{**given, **chosen})


@pytest.fixture(scope="module")
def published(real_data):
    originals = pd.read_csv(real_data / "test_predictions.csv", dtype="str", keep_default_na=False)
    fiction = originals["fiction_probs"].astype(float)
    other = originals["non_fiction_probs"].astype(float)
    predicted = originals["predicted_label"]
    names = {"fiction": "Fiction", "nonfiction": "Non-fiction"}
    truth = originals["true_label"].map(lambda answer: names.get(class_key(answer), ""))
    scored = pd.DataFrame({"record_id": originals["ID"], "predicted": predicted, "truth": truth.astype("str")})
    scored = scored.assign(
        confidence=np.where(predicted == "Fiction", fiction, other),
        truth_given=originals["true_label"],
        **{"p_Fiction": fiction, "p_Non-fiction": other},
    )
    return as_records(record_id=originals["ID"], title=originals["title"]), originals, scored


def test_451_of_the_850_checked_and_503_of_all_are_accepted(published, tmp_path):
    records, originals, scored = published
    report = export(records, originals, scored, settings(), QualityReport(), tmp_path / "a.zip")
    assert (report.accepted, report.review) == (503, 496)
    assert report.counts.by_label == {"Fiction": 139, "Non-fiction": 364}
    with zipfile.ZipFile(report.path) as archive:
        text = archive.read(f"{report.folder}/data/accepted.csv").decode()
    rows = list(csv.DictReader(text.splitlines(keepends=True)))
    labels = {row["ID"]: row["pred_label"] for row in rows}
    checked = scored[scored["truth"] != ""].set_index("record_id")["truth"]
    accepted = checked[checked.index.isin(labels)]
    wrong = sum(labels[record_id] != truth for record_id, truth in accepted.items())
    by_label = pd.Series([labels[record_id] for record_id in accepted.index]).value_counts().to_dict()
    assert (len(accepted), wrong, by_label) == (451, 3, {"Non-fiction": 325, "Fiction": 126})


def test_kept_test_labels_block_every_checked_record(published, tmp_path):
    records, originals, scored = published
    report = export(records, originals, scored, settings(human_labels="keep"), QualityReport(), tmp_path / "a.zip")
    # 850 usable labels and 2 answers "both" stand.
    assert report.counts.by_decision["human-label-kept"] == 852
    assert report.accepted == 503 - 451 - both_over_the_cut(scored)
    assert report.counts.no_class == 2


def both_over_the_cut(scored):
    cuts = scored["predicted"].map({"Fiction": 0.9, "Non-fiction": 0.97})
    return int(((scored["truth_given"] == "both") & (scored["confidence"] >= cuts)).sum())


def test_every_original_string_of_the_published_file_comes_back(published, tmp_path):
    records, originals, scored = published
    report = export(records, originals, scored, settings(), QualityReport(), tmp_path / "a.zip")
    with zipfile.ZipFile(report.path) as archive:
        text = archive.read(f"{report.folder}/data/all-scores.csv").decode()
    csv.field_size_limit(1 << 24)
    rows = {row["ID"]: row for row in csv.DictReader(text.splitlines(keepends=True))}
    for expected in originals.to_dict("records"):
        assert {name: rows[expected["ID"]][name] for name in originals.columns} == expected


@pytest.fixture(scope="module")
def library(real_data):
    with open_file(real_data / "marcxml_sample.xml.gz", silent) as opened:
        return marc.read(opened, ReaderOptions(format="marcxml"), silent).frame


@pytest.mark.slow
def test_the_librarys_records_in_every_format_pass_every_check_that_is_installed(library, tmp_path):
    rng = np.random.default_rng(7)
    fiction = rng.random(len(library))
    records = as_records(
        record_id=library["BL record ID"],
        title=library["Title"],
        author=library["Name"],
        date=library["Date of publication"],
        place=library["Place of publication"],
        publisher=library["Publisher"],
        genre_given=library["Genre"],
    )
    scored = pd.DataFrame(
        {"record_id": records["record_id"], "predicted": np.where(fiction > 0.5, "Fiction", "Non-fiction")}
    )
    scored = scored.assign(confidence=np.maximum(fiction, 1 - fiction))
    chosen = settings(
        cuts={"Fiction": 0.6, "Non-fiction": 0.6},
        formats=tuple(FORMATS),
        marc_kinds=("enriched", "delta", "stub"),
        model=ModelSource(name="m", version="1", calibrated=True),
        organisation="XX-XxEXM",
        source_code="Uk",
        answer="no",
        write_literary_form=True,
    )
    report = export(records, library, scored, chosen, QualityReport(), tmp_path / "a.zip")
    assert [check for check in validate(report.path) if check.outcome == "failed"] == []
    assert report.counts.loaded == 999
    # Four cataloguers' codes in 008/33 stand: whatever the model says of these books is not exported.
    assert report.counts.by_decision["human-label-kept"] == 4


def test_undo_gives_the_librarys_records_back(library, tmp_path):
    records = as_records(record_id=library["BL record ID"], title=library["Title"], genre_given=library["Genre"])
    scored = pd.DataFrame({"record_id": records["record_id"], "predicted": "Non-fiction", "confidence": 0.99})
    report = export(
        records,
        library,
        scored,
        settings(formats=("marcxml",), marc_kinds=("enriched",)),
        QualityReport(),
        tmp_path / "a.zip",
    )
    with zipfile.ZipFile(report.path) as archive:
        content = archive.read(f"{report.folder}/marc/undo-enriched.xml").decode()
    known = {MarcRecord.from_json(text).to_xml() for text in library["marc"]}
    assert content.count("<record>") == report.accepted == 995
    assert all(f"<record>{part}" in known for part in content.removesuffix("</collection>\n").split("<record>")[1:])
