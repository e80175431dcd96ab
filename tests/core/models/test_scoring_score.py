from functools import partialmethod

import numpy as np
import pandas as pd
import pytest

from core.corpus import Corpus, load_corpus
from core.errors import Cancelled, DamagedError, NotFoundError
from core.models.fitting import Plan, fit
from core.models.preparation import predictions_table, with_known_titles
from core.models.registry import load, save
from core.models.scoring import different_texts, predict_corpus
from core.predictions import load_scored
from core.scale import ProgressMeter
from core.storage import Workspace

P = ["p_Fiction", "p_Poetry", "p_Travel"]


def test_progress_says_how_long_it_will_take(monkeypatch):
    clock = iter(range(0, 1000, 20))
    monkeypatch.setattr("core.scale.time.monotonic", lambda: float(next(clock)))
    items = []
    ProgressMeter(4, lambda fraction, message: items.append(message))(0.5)
    # Half of the first of four took 20 s: seven times as long for the rest.
    assert items == ["0 of 4 titles, about 2 min left"]


class TestTable:
    def test_by_hand(self):
        table = predictions_table(np.array([[0.2, 0.7, 0.1], [0.4, 0.4, 0.2], [np.nan] * 3]), ("a", "b", "c"))
        assert table["predicted"].tolist() == ["b", "a", ""]
        assert table["confidence"].tolist()[:2] == [0.7, 0.4]
        assert table["margin"].tolist()[:2] == pytest.approx([0.5, 0.0])
        assert table[["confidence", "margin", "p_a"]].iloc[2].isna().all()
        assert table["predicted"].dtype == "str"

    def test_no_rows(self):
        table = predictions_table(np.empty((0, 2)), ("a", "b"))
        assert list(table.columns) == ["predicted", "confidence", "margin", "p_a", "p_b"]


@pytest.fixture(scope="module")
def books(make_books):
    return make_books(150)


@pytest.fixture(scope="module")
def fitted(books):
    return fit(books, Plan(seed=1))


@pytest.fixture
def workspace(tmp_path, fitted):
    workspace = Workspace(tmp_path / "workspace")
    facts = {"labels_fingerprint": "abc"}
    save(
        workspace,
        "genres",
        fitted.classifier,
        fitted.calibration,
        training=fitted.training,
        metrics={},
        facts=facts,
        scratch=tmp_path,
    )
    return workspace


@pytest.fixture(scope="module")
def collection(make_books, books):
    """Thirty new books, a copy of a book that was learned from, one with its identifier only, one without a title."""
    new = make_books(30, seed=77, start=4000)
    copy = books.iloc[[4]].assign(record_id="a copy", title=books["title"].iloc[4].upper())
    same_id = new.iloc[[0]].assign(
        record_id=books["record_id"].iloc[9], title="Another title", title_key="another title"
    )
    blank = new.iloc[[0]].assign(record_id="blank", title="", title_key="")
    return pd.concat([new, copy, same_id, blank], ignore_index=True)


def predict_records(model, records):
    return with_known_titles(model, records, model.probabilities(records["title"].tolist()))


class TestRecords:
    def test_a_title_that_was_learned_from_has_its_out_of_fold_probabilities(self, workspace, collection, fitted):
        table = predict_records(load(workspace, "genres"), collection)
        assert table.loc[30, P].tolist() == pytest.approx(fitted.training.loc[4, P].tolist())
        assert table.loc[30, "split"] == fitted.training.loc[4, "split"]
        assert (table.loc[:29, "split"] == "").all()

    def test_an_equal_identifier_alone_changes_nothing(self, workspace, collection):
        model = load(workspace, "genres")
        table = predict_records(model, collection)
        assert table.loc[31, P].tolist() == pytest.approx(model.probabilities(["Another title"])[0].tolist())
        assert table.loc[31, "split"] == ""

    def test_a_record_without_a_title_has_no_prediction(self, workspace, collection):
        row = predict_records(load(workspace, "genres"), collection).iloc[-1]
        assert (row["predicted"], row["split"]) == ("", "")
        assert np.isnan(row["confidence"])

    def test_columns_and_order(self, workspace, collection):
        table = predict_records(load(workspace, "genres"), collection)
        assert list(table.columns) == ["record_id", "predicted", "confidence", "margin", *P, "split"]
        assert table["record_id"].tolist() == collection["record_id"].tolist()

    def test_weak_labels_do_not_stand_in_for_a_prediction(self, workspace, collection, fitted, tmp_path):
        weak = fitted.training.head(1).assign(
            title="New", title_key=collection["title_key"].iloc[0], source="function", p_Fiction=np.nan
        )
        training = pd.concat([fitted.training, weak], ignore_index=True)
        save(
            workspace,
            "weak",
            fitted.classifier,
            fitted.calibration,
            training=training,
            metrics={},
            facts={},
            scratch=tmp_path,
        )
        table = predict_records(load(workspace, "weak"), collection)
        assert table["split"].iloc[0] == ""
        assert not table.loc[:31, P].isna().any(axis=None)


class TestCorpus:
    @pytest.fixture
    def with_corpus(self, workspace, collection, put):
        put(workspace, collection, "corpus", "collection")
        return workspace

    def test_predictions_are_kept_with_where_they_come_from(self, with_corpus):
        report = predict_corpus(with_corpus, "genres", "collection")
        assert report.predictions == "collection-genres"
        assert (report.rows, report.held_out, report.untitled) == (33, 1, 1)
        assert sum(report.predicted.values()) == 32
        assert report.rows_per_second == pytest.approx(33 / report.seconds)
        assert "learned from the titles of 1 of these records" in report.sentences[0]
        assert "1 records have no title and no prediction" in report.sentences[1]
        scored = load_scored(with_corpus, "collection-genres")
        assert scored.classes == ("Fiction", "Poetry", "Travel")
        assert scored.calibrated
        assert len(scored.table) == 33
        manifest = with_corpus.find("predictions", "collection-genres").manifest
        assert manifest.model_fingerprint == load(with_corpus, "genres").fingerprint
        assert manifest.trained_on == "abc"

    def test_a_loaded_model_and_a_name_of_ones_own(self, with_corpus):
        report = predict_corpus(with_corpus, load(with_corpus, "genres"), "collection", name="Mine")
        assert report.predictions == "mine"

    def test_labels_to_check_against(self, with_corpus, collection, put):
        put(with_corpus, collection.head(20), "labels", "checked")
        predict_corpus(with_corpus, "genres", "collection", labels="checked")
        scored = load_scored(with_corpus, "collection-genres")
        assert scored.labels == "checked"
        assert len(scored.labelled) == 20
        assert scored.labelled["correct"].mean() > 0.7

    def test_stopped_it_leaves_nothing(self, with_corpus):
        def stop(fraction, message):
            raise Cancelled("stop")

        with pytest.raises(Cancelled):
            predict_corpus(with_corpus, "genres", "collection", progress=stop)
        assert with_corpus.list("predictions") == []
        assert not any(with_corpus.folder("predictions").iterdir())
        assert not any((with_corpus.root / "scoring").iterdir())

    @pytest.mark.parametrize("rows", [1, 7, 33])
    def test_part_by_part_it_says_what_it_says_of_all(self, with_corpus, collection, monkeypatch, rows):
        monkeypatch.setattr(Corpus, "batches", partialmethod(Corpus.batches, size=rows))
        report = predict_corpus(with_corpus, "genres", "collection")
        assert (report.rows, report.held_out, report.untitled) == (33, 1, 1)
        path = with_corpus.find("predictions", "collection-genres").path
        expected = predict_records(load(with_corpus, "genres"), collection)
        pd.testing.assert_frame_equal(pd.read_parquet(path / "predictions.parquet"), expected)
        counts = expected["predicted"].value_counts()
        assert report.predicted == {name: counts.get(name, 0) for name in ("Fiction", "Poetry", "Travel")}

    @pytest.mark.parametrize("rows", [2, 100])
    def test_equal_titles_are_one_wherever_they_stand(self, workspace, collection, put, tmp_path, monkeypatch, rows):
        monkeypatch.setattr(Corpus, "batches", partialmethod(Corpus.batches, size=rows))
        titles = ["An ode", "A tale", "An ode", "", "an ode", "A tale", "", "Last"]
        books = collection.head(8).assign(title=titles)
        put(workspace, books, "corpus", "doubles")
        texts, codes = different_texts(load_corpus(workspace, "doubles"), (), tmp_path / "texts.parquet")
        assert list(texts) == ["An ode", "A tale", "", "an ode", "Last"]
        assert codes.tolist() == [0, 1, 0, 2, 3, 1, 2, 4]

    @pytest.mark.parametrize(
        ("model", "corpus", "labels", "missing"),
        [
            ("other", "collection", None, "no model called 'other'"),
            ("genres", "other", None, "no corpus called 'other'"),
            ("genres", "collection", "other", "no label set called 'other'"),
        ],
    )
    def test_names_that_are_not_there(self, with_corpus, model, corpus, labels, missing):
        with pytest.raises(NotFoundError, match=missing):
            predict_corpus(with_corpus, model, corpus, labels=labels)


class TestPartsOfACorpus:
    """Files whose row groups end at different places, as those of another version may."""

    @pytest.fixture
    def corpus(self, workspace, collection, put):
        put(workspace, collection, "corpus", "collection")
        corpus = load_corpus(workspace, "collection")
        originals = pd.DataFrame({"Shelf": [str(row) for row in range(33)]})
        originals.to_parquet(corpus.artifact.path / "originals.parquet", index=False, row_group_size=5)
        return corpus

    @pytest.mark.parametrize("size", [1, 8, 33, 100])
    def test_rows_stand_beside_their_own(self, corpus, collection, size):
        parts = list(corpus.batches(["record_id"], ["Shelf"], size=size))
        assert [len(records) for records, _ in parts] == [min(size, 33 - start) for start in range(0, 33, size)]
        assert pd.concat([records for records, _ in parts])["record_id"].tolist() == collection["record_id"].tolist()
        assert [value for _, beside in parts for value in beside["Shelf"]] == [str(row) for row in range(33)]

    def test_without_columns_of_the_file(self, corpus):
        ((records, beside),) = corpus.batches(["record_id"])
        assert (len(records), beside.shape) == (33, (33, 0))

    def test_a_file_with_other_rows_is_damaged(self, corpus):
        pd.DataFrame({"Shelf": ["1"] * 32}).to_parquet(corpus.artifact.path / "originals.parquet", index=False)
        with pytest.raises(DamagedError, match=r"originals\.parquet is damaged"):
            list(corpus.batches(["record_id"], ["Shelf"], size=8))
        (corpus.artifact.path / "originals.parquet").unlink()
        with pytest.raises(DamagedError, match=r"originals\.parquet is missing"):
            list(corpus.batches(["record_id"], ["Shelf"], size=8))
