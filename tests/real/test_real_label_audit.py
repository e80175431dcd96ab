"""The published annotations: whose labels are out of line, and which titles show it."""

from pathlib import Path

import pytest

from core.importing import import_file
from core.label_audit import LabelAudit, audit_labels
from core.labels import load_labels
from core.storage import Workspace
from core.wording.evaluation import group_finding

pytestmark = [pytest.mark.real, pytest.mark.slow]


@pytest.fixture(scope="module")
def audit(real_data: Path, tmp_path_factory: pytest.TempPathFactory) -> LabelAudit:
    workspace = Workspace(tmp_path_factory.mktemp("audit") / "workspace")
    report = import_file(workspace, real_data / "annotated.csv", "labels", name="annotated")
    return audit_labels(load_labels(workspace, report.name))


def test_one_annotator_and_two_languages_are_out_of_line(audit: LabelAudit) -> None:
    assert [(item.by, item.value, item.status) for item in audit.flagged] == [
        ("annotator", "2.0", "together"),
        ("language", "Dutch", "together"),
        ("language", "German", "together"),
    ]
    assert len(audit.findings) == 3
    annotator = audit.findings[0]
    assert annotator.n == 766
    assert annotator.ratio > 5
    dutch, german, outside, *_ = annotator.cells
    assert (dutch["n"], german["n"], outside["n"]) == (374, 104, 288)
    # In English, which others annotated too, the same person is like the others.
    assert outside["suspects"] / outside["n"] < 0.02
    assert "cannot be told apart" in group_finding(annotator)


def test_histories_and_travels_labelled_as_fiction_lead_the_list(audit: LabelAudit) -> None:
    first = audit.suspects(limit=20)
    assert len(first) == 20
    known = {
        "014867230": "Fiction",  # Marietta, and the Oil and Mineral Region of South Eastern Ohio and West Virginia
        "014896291": "Fiction",  # Beknopte Geschiedenis van Friesland
        "014896253": "Fiction",  # Geschichte des deutschen Volkes
        "014814637": "Non-fiction",  # The Exploits of Myles Standish, etc [A tale.]
    }
    given = dict(zip(first["record_id"], first["given"], strict=True))
    assert {record: given.get(record) for record in known} == known
    assert (first["given"] == "Fiction").sum() >= 15
