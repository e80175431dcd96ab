import os
import signal
import time

import pandas as pd
import pytest

from core import jobs
from core.errors import Cancelled, InputError, NotFoundError
from core.labels import load_labels
from core.models.preparation import exclude_books, labelled_books, load_weak_labels
from core.models.registry import load
from core.models.tfidf import TfidfClassifier
from core.models.training import train
from core.predictions import load_records
from core.storage import Workspace

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def annotated(make_books):
    return make_books(180)


@pytest.fixture
def workspace(tmp_path, annotated, put):
    workspace = Workspace(tmp_path / "workspace")
    put(workspace, annotated, "labels", "annotated")
    return workspace


def unfinished(workspace):
    """Whatever lies about in the workspace beside its database, jobs, and what was imported."""
    saved = {
        "colophon.db",
        "colophon.db-wal",
        "colophon.db-shm",
        "workspace.json",
        "jobs",
        "labels",
        "corpora",
        "predictions",
    }
    models = workspace.root / "models"
    scoring = workspace.root / "scoring"  # it may stay, empty
    left = {*saved, "models"} | ({"scoring"} if scoring.is_dir() and not any(scoring.iterdir()) else set())
    items = [path.name for path in workspace.root.iterdir() if path.name not in left]
    return items + ([path.name for path in models.iterdir() if path.name.startswith(".")] if models.exists() else [])


class TestTrain:
    def test_the_report_says_what_was_done(self, workspace):
        report = train(workspace, "annotated", seed=3)
        assert report.model == "annotated-tfidf"
        assert (report.kind, report.device, report.seed, report.refit) == ("tfidf", "cpu", 3, True)
        assert report.classes == ("Fiction", "Poetry", "Travel")
        assert (report.n_train, report.n_calibration, report.n_test, report.n_weak) == (180, 180, 27, 0)
        assert report.calibration == "temperature"
        assert report.leak["test_titles_in_training"] == 0
        assert report.metrics["test"]["n"] == 27
        assert report.metrics["out_of_fold"]["accuracy"]["value"] > 0.75
        assert report.seconds > 0
        assert "had not seen; the final classifier then learned from those books too" in report.sentences[-2]
        assert "calibrated (temperature) on 180" in report.sentences[-1]
        assert unfinished(workspace) == []

    def test_the_model_is_kept_with_its_report(self, workspace):
        report = train(workspace, "annotated", name="My genres", refit=False)
        model = load(workspace, "my-genres")
        assert model.fingerprint == report.fingerprint
        assert model.metrics.test.accuracy.as_dict() == report.metrics["test"]["accuracy"]
        assert model.manifest.labels_fingerprint == load_labels(workspace, "annotated").fingerprint
        assert model.manifest.as_dict()["plan"]["refit"] is False
        assert model.manifest.n_train == (model.training["split"] != "test").sum() == 153
        assert "tested on books that it never learned from" in " ".join(report.sentences)

    def test_the_same_seed_gives_the_same_model(self, workspace):
        first = train(workspace, "annotated", seed=1, name="first")
        assert train(workspace, "annotated", seed=1, name="second").fingerprint == first.fingerprint
        assert train(workspace, "annotated", seed=2, name="third").fingerprint != first.fingerprint

    def test_books_of_another_set_are_left_out(self, workspace, annotated, put):
        copies = annotated.iloc[3:5].assign(record_id=["x", "y"])
        retitled = annotated.iloc[[5]].assign(title="New")
        test = pd.concat([annotated.head(3), copies, retitled])
        put(workspace, test, "labels", "test")
        report = train(workspace, "annotated", exclude=["test"])
        assert report.n_train == 174
        assert report.leak["excluded"] == 6
        assert report.leak["apart"][0] | {"sentence": ""} == {
            "set": "test",
            "checked": 180,
            "found": 6,
            "by_id": 4,
            "by_title": 2,
            "restored": 0,
            "sentence": "",
        }
        assert report.leak["sentences"][0].startswith("6 of 180 of the labelled books are also among 'test'")
        assert not set(load(workspace, report.model).training["title_key"]) & set(annotated["title_key"].head(5))

    def test_calibration_on_books_of_the_collection(self, workspace, make_books, annotated, put):
        collection = pd.concat([make_books(90, seed=5, start=3000), annotated.head(10)], ignore_index=True)
        put(workspace, collection, "labels", "collection")
        report = train(workspace, "annotated", calibrate_on="collection")
        assert (report.n_train, report.n_calibration) == (180, 90)
        assert "labelled books given for calibration" in report.sentences[-1]
        training = load(workspace, report.model).training
        assert (training["split"] == "calibration").sum() > 90
        assert (~training["learned"]).sum() == 90

    def test_labels_by_functions_are_learned_from_beside(self, workspace, make_books, annotated, put):
        weak = pd.concat([make_books(60, seed=6, start=2000), annotated.head(10)], ignore_index=True)
        put(workspace, weak, "labels", "functions")
        report = train(workspace, "annotated", weak="functions")
        assert (report.n_train, report.n_weak, report.metrics["out_of_fold"]["n"]) == (180, 60, 180)
        assert "60 labels by functions ('functions') were learned from" in report.sentences[0]
        assert "10 were left out" in report.sentences[0]

    def test_titles_from_a_corpus(self, workspace, annotated, put):
        put(workspace, annotated, "corpus", "catalogue")
        put(workspace, annotated.assign(title=""), "labels", "bare")
        with pytest.raises(InputError, match="both a usable label and a title.*name it with --corpus"):
            train(workspace, "bare")
        report = train(workspace, "bare", corpus="catalogue")
        assert report.n_train == 180
        assert report.sentences[0] == "The titles of 180 labelled books were taken from 'catalogue'."

    def test_books_without_a_label_teach_nothing_and_are_counted(self, workspace, annotated, put):
        labels = annotated.assign(label=["both", "", *annotated["label"].iloc[2:]])
        put(workspace, labels, "labels", "partly")
        report = train(workspace, "partly")
        assert report.n_train == 178
        assert report.sentences[0] == "2 books of 'partly' have no usable label and teach nothing."

    @pytest.mark.parametrize(
        ("arguments", "error", "message"),
        [
            ({"labels": "other"}, NotFoundError, "no label set called 'other'"),
            ({"kind": "magic"}, InputError, "no kind of model 'magic'"),
            (
                {"exclude": ["other"]},
                NotFoundError,
                "no label set, set of predictions or corpus called 'other'.*annotated",
            ),
            ({"exclude": ["annotated"]}, InputError, "No labelled book is left to learn from"),
            ({"calibration": "isotonic"}, InputError, "'isotonic' needs at least 1,000"),
            ({"options": {"epochs": 1}}, InputError, "has no option 'epochs'"),
        ],
    )
    def test_what_cannot_be_trained(self, workspace, arguments, error, message):
        with pytest.raises(error, match=message):
            train(workspace, **({"labels": "annotated"} | arguments))
        assert workspace.list("models") == []
        assert unfinished(workspace) == []

    @pytest.mark.parametrize("at", [0.0, 0.3, 0.92, 0.97])
    def test_stopped_it_leaves_nothing(self, workspace, at):
        def stop(fraction, message):
            if fraction >= at:
                raise Cancelled("stop")

        with pytest.raises(Cancelled):
            train(workspace, "annotated", progress=stop)
        assert workspace.list("models") == []
        assert unfinished(workspace) == []


class TestPreparation:
    def test_sets_are_found_by_name_whatever_they_are(self, workspace, annotated, put):
        put(workspace, annotated.head(7), "corpus", "catalogue")
        assert len(load_records(workspace, "catalogue")) == 7
        assert len(load_records(workspace, "annotated")) == 180

    def test_nothing_is_set_apart_without_a_name(self, workspace):
        books, text = labelled_books(workspace, load_labels(workspace, "annotated"))
        saved, apart = exclude_books(workspace, books, ())
        assert (len(saved), apart, text) == (180, [], [])

    def test_weak_labels_of_a_class_that_nobody_else_names(self, workspace, make_books, put, annotated):
        put(workspace, make_books(20, seed=6).assign(label="Sermon"), "labels", "functions")
        with pytest.raises(InputError, match="'functions' has the class 'Sermon', which no person's label has"):
            load_weak_labels(workspace, "functions", ("Fiction", "Poetry", "Travel"), annotated, ())

    def test_weak_labels_have_shares_and_weights(self, workspace, make_books, put, annotated):
        put(workspace, make_books(20, seed=6, start=900), "labels", "functions")
        table, _ = load_weak_labels(workspace, "functions", ("Fiction", "Poetry", "Travel"), annotated, ())
        assert table[["p_Fiction", "p_Poetry", "p_Travel"]].sum(axis=1).tolist() == [1.0] * len(table)
        assert set(table["weight"]) == {0.7}

    def test_weak_labels_are_left_out_where_they_are_tested(self, workspace, make_books, put, annotated):
        weak = make_books(20, seed=6, start=900)
        put(workspace, weak, "labels", "functions")
        put(workspace, weak.head(5), "labels", "test")
        table, _ = load_weak_labels(workspace, "functions", ("Fiction", "Poetry", "Travel"), annotated, ("test",))
        assert len(table) == 15


@pytest.mark.slow
class TestJob:
    """Training and scoring as processes of their own."""

    def test_a_model_is_trained_and_asked(self, workspace, annotated, put):
        put(workspace, annotated.head(30), "corpus", "catalogue")
        job = jobs.start(workspace, "core.models.training", {"labels": "annotated", "name": "by job"}, "Training")
        status = job.wait(120)
        assert status.state == "done", jobs.log_tail(job)
        assert status.result["model"] == "by-job"
        assert status.result["metrics"]["test"]["n"] == 27
        here = train(workspace, "annotated", name="here")
        assert status.result["fingerprint"] == here.fingerprint
        scoring = jobs.start(
            workspace, "core.models.scoring", {"model": "by-job", "corpus": "catalogue", "name": "p"}, "Scoring"
        ).wait(120)
        assert (scoring.state, scoring.result["rows"], scoring.result["predictions"]) == ("done", 30, "p")
        assert unfinished(workspace) == []

    def test_what_is_wrong_is_said_in_a_sentence(self, workspace):
        status = jobs.start(workspace, "core.models.training", {"labels": "other"}, "Training").wait(120)
        assert status.state == "failed"
        assert "There is no label set called 'other'" in status.error

    @pytest.mark.parametrize("how", ["killed", "cancelled"])
    def test_ended_in_the_middle_it_leaves_nothing(self, workspace, make_books, put, how):
        put(workspace, make_books(4000, noise=0.3), "labels", "many")
        job = jobs.start(workspace, "core.models.training", {"labels": "many"}, "Training")
        deadline = time.monotonic() + 120
        while not (status := job.status()).message.startswith("Fold"):
            assert not status.finished and time.monotonic() < deadline, jobs.log_tail(job)
            time.sleep(0.02)
        if how == "killed":
            os.kill(status.pid, signal.SIGKILL)
        else:
            jobs.cancel(job)
        ended = job.wait(120)
        assert ended.state == ("interrupted" if how == "killed" else "cancelled")
        assert not (job.path / "scratch").exists()
        assert workspace.list("models") == []
        assert unfinished(workspace) == []


def test_saving_is_the_last_thing_that_can_fail(workspace, monkeypatch):
    def fail(self, folder):
        raise OSError("disk full")

    monkeypatch.setattr(TfidfClassifier, "save", fail)
    with pytest.raises(OSError, match="disk full"):
        train(workspace, "annotated")
    assert unfinished(workspace) == []


def test_measurements_reach_whoever_watches(workspace, monkeypatch):
    seen = []
    trained = TfidfClassifier.train.__func__

    def watched(cls, data, *, observe, **arguments):
        observe({"epoch": 1, "loss": 0.5})
        return trained(cls, data, **arguments)

    monkeypatch.setattr(TfidfClassifier, "train", classmethod(watched))
    train(workspace, "annotated", observe=seen.append)
    # Folds 1 to 5, then all books.
    assert seen == [{"run": run, "epoch": 1, "loss": 0.5} for run in (1, 2, 3, 4, 5, 0)]
