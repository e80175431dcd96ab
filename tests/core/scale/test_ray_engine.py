import numpy as np
import pytest

from core.errors import Cancelled, InputError, JobError
from core.models.registry import load
from core.models.score import open_model, predict_corpus
from core.predictions import load_predictions
from core.scale import score_on_ray, shards_of
from core.schema import probability_column

# What Ray says of its own old habits, and files and sockets that it leaves to the end of its processes.
pytestmark = [
    pytest.mark.usefixtures("ray"),
    pytest.mark.slow,
    pytest.mark.filterwarnings("default"),
    pytest.mark.timeout(280),
]


def slowly(seconds):
    """Return what opens a model that takes its time, and names the node in the place of nothing."""

    def opened(folder, name):
        import time

        ask = open_model(folder, name)

        def slow(titles, progress=None):
            time.sleep(seconds)
            return ask(titles)

        return slow

    return opened


@pytest.fixture
def shards(library):
    model = load(library, "genres")
    titles = sorted(set(library_titles(library)))
    columns = [probability_column(name) for name in model.classes]
    return shards_of(library.root / "scoring folder", titles, columns, model.fingerprint, size=50)


def library_titles(library):
    from core.corpus import load_corpus

    return load_corpus(library, "collection").records(["title"])["title"].tolist()


class TestTwoNodes:
    def test_a_node_is_lost_on_the_way_and_every_title_has_its_probabilities(self, library, shards, two_nodes, ray):
        model = load(library, "genres")
        kept, told = [], []

        def watch(fraction, message):
            told.append(message)
            if fraction > 0.2 and not kept:
                kept.append(len(shards) - len(shards.pending()))
                two_nodes.remove_node(two_nodes.second, allow_graceful=False)

        score_on_ray(shards, model.path, slowly(0.4), watch, name="genres", address=two_nodes.address)
        assert 0 < kept[0] < len(shards)
        assert not ray.is_initialized()
        waited = [message for message in told if message.startswith("Waiting for")]
        assert waited[0] == "Waiting for 4 copies of the model, one for each core"
        assert waited[-1] == "Waiting for 2 copies of the model, one for each core"
        expected = model.probabilities(shards.titles)
        found = shards.probabilities()
        np.testing.assert_allclose(found, expected, rtol=0, atol=1e-5)
        known = ~np.isnan(expected).any(axis=1)
        assert known.sum() == len(expected) - 1
        assert (found[known].argmax(axis=1) == expected[known].argmax(axis=1)).all()

    def test_predictions_are_those_of_the_local_engine(self, library, two_nodes):
        here = predict_corpus(library, "genres", "collection")
        expected = load_predictions(library, here.predictions).table()
        for artifact in library.list("predictions"):
            (artifact.path / "manifest.json").unlink()
            (artifact.path / "predictions.parquet").unlink()
            artifact.path.rmdir()
        there = predict_corpus(library, "genres", "collection", engine="ray", address=two_nodes.address)
        found = load_predictions(library, there.predictions)
        assert (here.engine, there.engine, found.manifest["engine"]) == ("local", "ray", "ray")
        table = found.table()
        assert table["predicted"].tolist() == expected["predicted"].tolist()
        np.testing.assert_allclose(table["confidence"], expected["confidence"], rtol=0, atol=1e-5)
        assert (there.rows, there.untitled) == (3000, here.untitled)
        assert not any((library.root / "scoring").iterdir())


class TestThisComputer:
    def test_stopped_and_gone_on_with(self, library, shards):
        model = load(library, "genres")

        def stop(fraction, message):
            if fraction > 0.2:
                raise Cancelled("stop")

        with pytest.raises(Cancelled):
            score_on_ray(shards, model.path, slowly(0.1), stop, name="genres")
        left = shards.pending()
        assert 0 < len(left) < len(shards)
        told = []
        score_on_ray(shards, model.path, open_model, lambda *said: told.append(said), name="genres")
        assert told[0] == (1 - sum(len(shards.part(i)) for i in left) / len(shards.titles), "Looking for the cluster")
        np.testing.assert_allclose(shards.probabilities(), model.probabilities(shards.titles), rtol=0, atol=1e-5)
        # Nothing is left to do: no cluster is started.
        score_on_ray(shards, model.path, open_model, address="127.0.0.1:9")

    def test_an_altered_model_is_refused_by_the_node(self, library, shards):
        path = load(library, "genres").path
        file = next(iter(path.glob("*.safetensors")))
        file.write_bytes(file.read_bytes()[:-1] + b"x")
        with pytest.raises(JobError, match=r"A node of the cluster cannot score: .* was altered after it was saved"):
            score_on_ray(shards, path, open_model, name="genres")
        assert len(shards.pending()) == len(shards)

    def test_a_fault_in_the_work_is_not_tried_again(self, library, shards):
        def broken(folder, name):
            def ask(titles, progress=None):
                return titles[0] / 2

            return ask

        with pytest.raises(JobError, match="A node of the cluster cannot score: TypeError: unsupported operand"):
            score_on_ray(shards, load(library, "genres").path, broken)


@pytest.mark.parametrize(
    ("address", "message"),
    [
        ("ray://head:10001", "Run Colophon on a node of the cluster"),
        ("head", "that is 'auto' or host:port"),
        ("127.0.0.1:9", "There is no Ray cluster at '127.0.0.1:9'"),
    ],
)
def test_addresses_that_do_not_serve(library, shards, ray, address, message):
    with pytest.raises(InputError, match=message):
        score_on_ray(shards, load(library, "genres").path, open_model, address=address)
