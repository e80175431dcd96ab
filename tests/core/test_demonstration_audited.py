"""What was planted in the demonstration is found by the audits that its workspace is made for."""

import pytest

from core.demonstration import PREDICTIONS
from core.evaluation import compare_with_rest
from core.predicates import is_title_words
from core.predictions import Scored, load_scored
from core.slices import find_slices
from core.storage import Workspace
from core.thresholds import find_guaranteed_cuts
from core.wording.thresholds import promise
from data.demonstration import generate

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def scored(demo_workspace: Workspace) -> Scored:
    return load_scored(demo_workspace, PREDICTIONS)


@pytest.fixture(scope="module")
def planted():
    return generate().planted


@pytest.mark.parametrize("seed", range(3))
def test_verse_is_the_first_slice_that_the_search_confirms(scored, planted, seed):
    findings = find_slices(scored.table, scored.classes, seed=seed)
    first = findings.slices[0]
    assert first.folded_under == ""
    [words] = first.slice.predicates
    assert is_title_words(words)
    verse = scored.table["record_id"].isin(planted["verse"].record_ids)
    assert verse[first.slice.mask(scored.table)].mean() > 0.9
    # Neither the decade that fails only for its verse, nor the place that holds almost only fiction.
    standing = " ".join(finding.slice.description for finding in findings.unexplained)
    assert "1810s" not in standing
    assert "Bristol" not in standing


def test_every_second_poem_is_called_non_fiction(scored, planted):
    labelled = scored.labelled
    result = compare_with_rest(labelled, labelled["record_id"].isin(planted["verse"].record_ids).to_numpy())
    assert 0.45 < result["rate"].value < 0.65
    assert result["rest_rate"].value < 0.1


def test_a_promise_of_ten_per_cent_can_be_kept_for_both_classes(scored):
    guarantee = find_guaranteed_cuts(scored.table, scored.classes, 0.1, learned_known=scored.learned_known)
    assert guarantee.guaranteed
    assert set(guarantee.cuts) == {"Fiction", "Non-fiction"}
    # The model was trained here: what it learned from is known.
    assert "left out because the model learned from their titles" in promise(guarantee)[-1]
