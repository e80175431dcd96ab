"""The real Ray, on a small cluster in processes of this computer, which all these tests share."""

import os
import signal
import subprocess
import sys
import tempfile
import types
import uuid
from pathlib import Path

import numpy as np
import pytest

from core.errors import Cancelled, InputError, JobError
from core.models.registry import load
from core.models.scoring import open_model, predict_corpus
from core.predictions import load_predictions
from core.scale import shards_of
from core.scale.ray_engine import score_on_ray
from core.schema import probability_column

pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(180),
    pytest.mark.xdist_group("ray"),
    pytest.mark.usefixtures("ray"),
    # What Ray says of its own old habits, and what it leaves to the end of its processes.
    pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::ResourceWarning", "ignore::FutureWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]


@pytest.fixture
def shards(library):
    """The different titles of the collection, 100 a shard: 21 shards."""
    from core.corpus import load_corpus

    model = load(library, "genres")
    titles = sorted(set(load_corpus(library, "collection").records(["title"])["title"]))
    columns = [probability_column(name) for name in model.classes]
    return shards_of(library.root / "scoring folder", titles, columns, model.fingerprint, size=100)


def slowly(seconds):
    """Return what opens a model that takes its time."""

    def opened(folder, name):
        import time

        ask = open_model(folder, name)

        def slow(titles, progress):
            time.sleep(seconds)
            return ask(titles, progress)

        return slow

    return opened


def said_of_the_place(folder, name):
    """Open a model that gives, instead of probabilities, its graphics processor and how many threads it may use."""
    import ray

    given = {"threads": 0}
    # Loading the real one takes long, and only this is asked of it.
    sys.modules["torch"] = types.SimpleNamespace(set_num_threads=lambda threads: given.update(threads=threads))
    gpus = ray.get_gpu_ids()
    assert os.environ.get("CUDA_VISIBLE_DEVICES", "") == ",".join(map(str, gpus))

    def ask(titles, progress):
        import time

        time.sleep(0.1)
        return np.tile([gpus[0] if gpus else -1.0, given["threads"], os.getpid()], (len(titles), 1))

    return ask


def temporary_folders():
    return {path.name for path in Path(tempfile.gettempdir()).glob("colophon-*")}


class TestCluster:
    def test_a_node_is_lost_on_the_way_and_every_title_has_its_probabilities(
        self, library, shards, cluster, node, ray, monkeypatch
    ):
        monkeypatch.setattr("core.scale.ray_engine._PAUSE", 2.0)
        model, second = load(library, "genres"), node(num_cpus=1)
        saved, messages = [], []

        def watch(fraction, message):
            messages.append(message)
            if fraction > 0.2 and not saved:
                saved.append(len(shards) - len(shards.pending()))
                cluster.remove_node(second, allow_graceful=False)

        score_on_ray(shards, model.path, slowly(0.2), watch, name="genres", address=cluster.address)
        assert 0 < saved[0] < len(shards)
        assert not ray.is_initialized()
        assert "Waiting for 2 copies of the model, one for each core" in messages
        assert "A part of the cluster was lost; going on without it" in messages
        expected = model.probabilities(shards.titles)
        probabilities = shards.probabilities()
        np.testing.assert_allclose(probabilities, expected, rtol=0, atol=1e-5)
        known = ~np.isnan(expected).any(axis=1)
        assert known.sum() == len(expected) - 1
        assert (probabilities[known].argmax(axis=1) == expected[known].argmax(axis=1)).all()

    def test_predictions_are_those_of_the_local_engine(self, library, cluster, node):
        node(num_cpus=1)
        here = predict_corpus(library, "genres", "collection")
        expected = load_predictions(library, here.predictions).table()
        for artifact in library.list("predictions"):
            (artifact.path / "manifest.json").unlink()
            (artifact.path / "predictions.parquet").unlink()
            artifact.path.rmdir()
        before = temporary_folders()
        report = predict_corpus(library, "genres", "collection", engine="ray", address=cluster.address)
        result = load_predictions(library, report.predictions)
        assert (here.engine, report.engine, result.manifest.engine) == ("local", "ray", "ray")
        table = result.table()
        assert table["predicted"].tolist() == expected["predicted"].tolist()
        np.testing.assert_allclose(table["confidence"], expected["confidence"], rtol=0, atol=1e-5)
        assert (report.rows, report.untitled) == (3000, here.untitled)
        assert not any((library.root / "scoring").iterdir())
        assert temporary_folders() <= before

    def test_what_each_copy_is_given(self, library, shards, cluster, node):
        """One graphics processor, or a group of cores: Ray counts those that are not there as it is told."""
        node(num_cpus=2, num_gpus=2, memory=3 * 2**29)
        model = load(library, "genres").path
        items = []
        places = {"address": cluster.address, "progress": lambda *text: items.append(text[1])}
        score_on_ray(shards, model, said_of_the_place, wants_gpu=True, **places)
        gpus, threads, process = shards.probabilities().T
        assert "Waiting for 2 copies of the model, one for each graphics processor" in items
        assert set(gpus) == {0, 1}
        assert len({(gpu, pid) for gpu, pid in zip(gpus, process, strict=True)}) == 2
        assert set(threads) == {1}
        shards.clear()
        # The new node has memory for one copy: both its cores are that one's. The other node has no second core.
        score_on_ray(shards, model, said_of_the_place, **places)
        gpus, threads, process = shards.probabilities().T
        assert "Waiting for 1 copy of the model, one for each 2 cores" in items
        assert (set(gpus), set(threads), len(set(process))) == ({-1}, {2}, 1)

    def test_stopped_here_and_gone_on_with_there(self, library, shards, cluster):
        """First on the cores of this computer, where Ray is started for it, then on the cluster."""
        model, before = load(library, "genres"), temporary_folders()
        began = []

        def stop(fraction, message):
            began.append(message)
            if fraction > 0.2:
                raise Cancelled("stop")

        with pytest.raises(Cancelled):
            score_on_ray(shards, model.path, slowly(0.2), stop, name="genres")
        assert began[0] == "Starting Ray on this computer"
        assert temporary_folders() <= before
        left = shards.pending()
        assert 0 < len(left) < len(shards)
        items = []
        score_on_ray(
            shards, model.path, open_model, lambda *text: items.append(text), name="genres", address=cluster.address
        )
        assert items[0] == (shards.count_titles_outside(left) / len(shards.titles), "Joining the cluster")
        np.testing.assert_allclose(shards.probabilities(), model.probabilities(shards.titles), rtol=0, atol=1e-5)
        # Nothing is left to do: nobody is asked.
        score_on_ray(shards, model.path, open_model, address="127.0.0.1:9")

    def test_an_altered_model_is_refused_by_the_node(self, library, shards, cluster):
        path = load(library, "genres").path
        file = next(iter(path.glob("*.safetensors")))
        file.write_bytes(file.read_bytes()[:-1] + b"x")
        with pytest.raises(JobError, match=r"A node of the cluster cannot score: .* was altered after it was saved"):
            score_on_ray(shards, path, open_model, name="genres", address=cluster.address)
        assert len(shards.pending()) == len(shards)

    def test_a_fault_in_the_work_is_not_tried_again(self, library, shards, cluster):
        def broken(folder, name):
            return lambda titles, progress: titles[0] / 2

        with pytest.raises(JobError, match="A node of the cluster cannot score: TypeError: unsupported operand"):
            score_on_ray(shards, load(library, "genres").path, broken, address=cluster.address)

    def test_a_node_without_colophon_is_told_of(self, library, shards, cluster, monkeypatch):
        only_here = types.ModuleType("only_here")
        only_here.opened = types.FunctionType(open_model.__code__, open_model.__globals__, "opened")
        only_here.opened.__module__, only_here.opened.__qualname__ = "only_here", "opened"
        monkeypatch.setitem(sys.modules, "only_here", only_here)
        with pytest.raises(JobError, match=r"No module named 'only_here'\. Is this version of Colophon"):
            score_on_ray(shards, load(library, "genres").path, only_here.opened, address=cluster.address)


@pytest.mark.parametrize(
    ("address", "message"),
    [
        ("ray://head:10001", "Run Colophon on a node of the cluster"),
        ("head", "that is 'auto' or host:port"),
        ("127.0.0.1:9", "There is no Ray cluster at '127.0.0.1:9'"),
    ],
)
def test_addresses_that_do_not_serve(library, shards, address, message):
    with pytest.raises(InputError, match=message):
        score_on_ray(shards, load(library, "genres").path, open_model, address=address)


@pytest.mark.skipif(not Path("/proc/self/environ").exists(), reason="looks for processes as Linux shows them")
def test_an_impatient_person_leaves_no_process_behind(library):
    """Ctrl-C while Ray starts, and again: it ends in order, with one sentence."""
    mark, before = f"COLOPHON_TEST={uuid.uuid4().hex}", temporary_folders()
    command = ["-m", "core.cli", "--workspace", str(library.root), "predict", "--engine", "ray"]
    with subprocess.Popen(
        [sys.executable, *command, "--model", "genres", "--corpus", "collection"],
        env=dict([*os.environ.items(), tuple(mark.split("="))]),
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        rows = process.stderr.readline()
        assert "Starting Ray on this computer" in rows
        for _ in range(2):
            process.send_signal(signal.SIGINT)
        rows = process.stderr.read()
    assert process.returncode == 1
    assert rows.splitlines()[-1].startswith(
        "colophon: Stopped. What was finished, in shards of at least 8,192 titles, is kept"
    )
    assert "Traceback" not in rows
    assert not [pid for pid in Path("/proc").glob("[0-9]*") if mark in environment(pid)]
    assert temporary_folders() <= before


def environment(process):
    try:
        return (process / "environ").read_text(errors="replace")
    except OSError:
        return ""
