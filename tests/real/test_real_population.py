"""The 850 checked books beside the other digitised ones: a promise that rests on them is warned of."""

from pathlib import Path

import pytest

from core.importing import import_file
from core.models.scoring import predict_corpus
from core.models.training import train
from core.predictions import Scored, load_scored
from core.storage import Workspace
from core.thresholds import compare_population, find_guaranteed_cuts
from core.wording.thresholds import guarantee_record, population_warnings

pytestmark = [pytest.mark.real, pytest.mark.slow, pytest.mark.timeout(1200)]


@pytest.fixture(scope="module")
def scored(real_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Scored:
    """The digitised books as a TF-IDF model reads them that has seen none of the checked ones."""
    place = Workspace(tmp_path_factory.mktemp("real") / "workspace")
    import_file(place, real_data / "annotated.csv", "labels", name="annotated")
    import_file(place, real_data / "test_predictions.csv", "labels", name="checked")
    import_file(place, real_data / "digitised.csv.gz", "corpus", name="digitised")
    model = train(place, "annotated", exclude=["checked"], seed=0).model
    predict_corpus(place, model, "digitised", name="scored", labels="checked")
    return load_scored(place, "scored")


def test_the_checked_books_are_not_like_the_others(scored: Scored) -> None:
    result = compare_population(scored.table)
    assert (result.n_checked, result.n_unchecked) == (850, 33_840)
    by_name = {respect.name: respect for respect in result.aspects}
    assert by_name["confidence"].p < 0.01
    assert by_name["confidence"].differs
    assert "The model is less sure of the books nobody checked" in population_warnings(result)[0]


def test_every_promise_says_so(scored: Scored) -> None:
    content = guarantee_record(find_guaranteed_cuts(scored.table, scored.classes, 0.05)).as_dict()
    assert content["warnings"]
    assert content["sentence"].endswith(content["warnings"][0])
