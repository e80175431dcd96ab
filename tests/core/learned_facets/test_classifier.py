"""A finished facet is labels and predictions like any others."""

import pandas as pd
import pytest

from core.draws import how_drawn
from core.errors import InputError
from core.evaluation import evaluate
from core.labels import load_labels
from core.learned_facets import (
    FacetCollection,
    LearnedFacet,
    add_marks,
    draw_sample,
    facet_log,
    finish_facet,
    rank_titles,
)
from core.predictions import load_scored
from core.storage import Workspace
from tests.core.learned_facets.conftest import is_verse

MARKS = {"b000": True, "b011": True, "b022": True, "b040": False, "b051": False}


def test_marks_become_labels_and_scores_predictions(
    workspace: Workspace, facet: LearnedFacet, collection: FacetCollection
) -> None:
    with pytest.raises(InputError, match="one as not fitting"):
        finish_facet(workspace, facet, collection)
    add_marks(workspace.database, facet, MARKS, by="Ada")
    report = finish_facet(workspace, facet, collection)
    assert (report.predictions, report.labels, report.checked) == ("books-verse", "books-verse-marks", "")
    assert sum(report.predicted.values()) == 120 and report.rows == 121
    labels = load_labels(workspace, "books-verse-marks")
    assert labels.classes == ("not verse", "verse")
    assert (labels.manifest.rows, labels.manifest.rejected) == (5, 0)
    assert dict(labels.table().set_index("record_id")["label"].eq("verse")) == MARKS
    assert set(labels.table()["annotator"]) == {"Ada"}
    scored = load_scored(workspace, "books-verse")
    assert len(scored.table) == 121 and not len(scored.labelled)
    ranking = rank_titles(collection, MARKS)
    assert scored.table["p_verse"].iloc[:120].tolist() == pytest.approx(ranking.scores[:120].tolist())
    assert pd.isna(scored.table["p_verse"].iloc[120]), "a record without a title has no prediction"


def test_the_sample_checks_the_predictions_and_was_not_learned_from(
    workspace: Workspace, facet: LearnedFacet, collection: FacetCollection
) -> None:
    add_marks(workspace.database, facet, MARKS)
    sample = draw_sample(workspace.database, facet, collection, rank_titles(collection, MARKS), 60, seed=2)
    titles = dict(zip(collection.records["record_id"], collection.records["title"], strict=True))
    add_marks(workspace.database, facet, {name: is_verse(titles[name]) for name in sample.record_ids}, via="sample")
    report = finish_facet(workspace, facet, collection)
    assert report.checked == "books-verse-sample"
    checked = load_labels(workspace, report.checked)
    assert how_drawn(workspace.database, checked.fingerprint, checked.draw()) == "chances"
    scored = load_scored(workspace, report.predictions)
    assert len(scored.labelled) == 60
    assert not scored.labelled["leak"].any()
    assert evaluate(scored.table, scored.classes).accuracy.n == 60
    assert set(facet_log(workspace.database, facet).training) == set(MARKS)
