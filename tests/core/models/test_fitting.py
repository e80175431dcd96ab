import numpy as np
import pandas as pd
import pytest

from core.calibration import learn_calibration
from core.draws import fold_by_title, split_by_title
from core.errors import Cancelled, InputError
from core.models import KINDS, ModelKind, classifier_class, fitting, known_kind
from core.models.fitting import Plan, fit
from core.models.tfidf import TfidfClassifier
from core.models.training import measure

P = ["p_Fiction", "p_Poetry", "p_Travel"]


@pytest.fixture(scope="module")
def books(make_books):
    books = make_books(240)
    # Some editions: the title of the book before, with other signs.
    copies = books.head(12).assign(record_id=[f"copy {i}" for i in range(12)], title=books["title"].head(12) + " ...")
    return pd.concat([books, copies], ignore_index=True)


@pytest.fixture(scope="module")
def fitted(books):
    return fit(books, Plan(seed=1))


@pytest.fixture(scope="module")
def weak(make_books):
    more = make_books(90, seed=8, start=5000).drop(columns=["alternate_id"])
    for column in P:
        more[column] = (column == "p_" + more["label"]) * 0.8 + 0.2 / 3
    return more.drop(columns="label").assign(weight=0.7)


@pytest.fixture(scope="module")
def with_weak(books, weak):
    return fit(books, Plan(seed=1), weak=weak)


@pytest.fixture(scope="module")
def others(make_books):
    return make_books(150, seed=21, start=9000)


@pytest.fixture(scope="module")
def calibrated(books, others):
    return fit(books, Plan(seed=1), calibrate_on=others)


class TestHonesty:
    """Every number that is reported must be by a model that had not seen the book."""

    def test_out_of_fold_scores_are_by_a_classifier_of_the_other_folds(self, fitted, books, as_data):
        training = fitted.training
        here = training["fold"] == 2
        others = TfidfClassifier.train(as_data(books[~here.to_numpy()]))
        expected = others.predict_probabilities(books.loc[here.to_numpy(), "title"].tolist())
        assert fitted.uncalibrated[here] == pytest.approx(expected)

    def test_the_final_classifier_learned_from_all(self, fitted, books, as_data):
        everything = TfidfClassifier.train(as_data(books))
        assert fitted.training["learned"].all()
        assert fitted.classifier.predict_probabilities(["A tale"]) == pytest.approx(
            everything.predict_probabilities(["A tale"])
        )

    def test_no_title_stands_in_two_folds_or_parts(self, fitted):
        for column in ("fold", "split"):
            assert all(len(set(here)) == 1 for _, here in fitted.training[column].groupby(fitted.training["title_key"]))

    def test_calibration_of_a_book_saw_neither_its_fold_nor_the_test_part(self, fitted):
        training = fitted.training
        for number in range(5):
            here = (training["fold"] == number).to_numpy()
            pool = ~here & (training["split"] != "test").to_numpy()
            learned = learn_calibration(
                "temperature", fitted.uncalibrated[pool], training.loc[pool, "label"], fitted.calibration.classes
            )
            assert training.loc[here, P].to_numpy() == pytest.approx(learned.apply(fitted.uncalibrated[here]))

    def test_labels_of_the_test_part_reach_no_number_reported_on_it(self, books, monkeypatch):
        part = split_by_title(books["title_key"], books["label"], seed=1)
        test = part == "test"
        # Parts are balanced by label: held fast, so that nothing but the labels of the test part differs.
        monkeypatch.setattr(fitting, "split_by_title", lambda *args, **kwargs: part)
        turned = {"Fiction": "Poetry", "Poetry": "Travel", "Travel": "Fiction"}
        lied = books.assign(label=books["label"].where(~test, books["label"].map(turned)))
        before, after = fit(books, Plan(seed=1, refit=False)), fit(lied, Plan(seed=1, refit=False))
        assert (before.training.loc[test, "label"] != after.training.loc[test, "label"]).all()
        assert (before.training[P].to_numpy() == after.training[P].to_numpy()).all()

    def test_without_a_refit_the_test_part_is_not_learned_from(self, books, as_data):
        fitted = fit(books, Plan(seed=1, refit=False))
        test = (fitted.training["split"] == "test").to_numpy()
        assert (fitted.training["learned"].to_numpy() == ~test).all()
        assert (fitted.training["fold"].to_numpy()[test] == -1).all()
        rest = TfidfClassifier.train(as_data(books[~test]))
        assert fitted.uncalibrated[test] == pytest.approx(rest.predict_probabilities(books.loc[test, "title"].tolist()))
        assert fitted.calibration.n == (~test).sum()


def test_it_is_the_same_again_and_another_with_another_seed(books, fitted):
    again = fit(books, Plan(seed=1))
    pd.testing.assert_frame_equal(again.training, fitted.training)
    assert again.calibration == fitted.calibration
    assert (fit(books, Plan(seed=2)).training["fold"] != fitted.training["fold"]).any()


def test_the_training_table_is_whole(fitted, books):
    assert list(fitted.training.columns) == [
        *["record_id", "alternate_id", "title", "title_key", "label", "split", "fold", "learned", "source"],
        *P,
    ]
    assert fitted.training["record_id"].tolist() == books["record_id"].tolist()
    assert fitted.training[P].sum(axis=1).to_numpy() == pytest.approx(np.ones(len(books)))
    assert set(fitted.training["source"]) == {"person"}


def test_parts_follow_the_plan(books):
    fitted = fit(books, Plan(shares={"train": 0.5, "calibration": 0.0, "test": 0.5}, folds=3))
    assert set(fitted.training["split"]) == {"train", "test"}
    assert set(fitted.training["fold"]) == {0, 1, 2}


class TestWeakLabels:
    def test_they_are_learned_from_in_every_fold(self, with_weak, fitted, books, weak):
        own = with_weak.training["source"] == "person"
        assert own.sum() == len(books)
        for number in range(5):
            here = (with_weak.training["fold"] == number).to_numpy()
            assert np.abs(with_weak.uncalibrated[here] - fitted.uncalibrated[here[: len(books)]]).max() > 1e-3

    def test_they_are_never_tested_on(self, with_weak, weak, books):
        rows = with_weak.training[with_weak.training["source"] == "function"]
        assert len(rows) == len(weak)
        assert set(rows["split"]) == {"train"}
        assert rows[P].isna().all(axis=None)
        assert rows["learned"].all()
        assert measure(with_weak)["out_of_fold"]["n"] == len(books)
        assert with_weak.calibration.n == len(books)

    def test_their_label_is_the_likeliest_class(self, with_weak, make_books):
        rows = with_weak.training[with_weak.training["source"] == "function"]
        assert rows["label"].tolist() == make_books(90, seed=8, start=5000)["label"].tolist()

    def test_none_at_all(self, books, weak, fitted):
        pd.testing.assert_frame_equal(fit(books, Plan(seed=1), weak=weak.head(0)).training, fitted.training)


class TestCalibrationOnOtherBooks:
    def test_they_alone_decide_the_calibration(self, calibrated, others):
        rows = (calibrated.training["split"] == "calibration") & ~calibrated.training["learned"]
        assert calibrated.training.loc[rows, "record_id"].tolist() == others["record_id"].tolist()
        raw = calibrated.classifier.predict_probabilities(others["title"].tolist())
        assert calibrated.uncalibrated[rows] == pytest.approx(raw)
        learned = learn_calibration("temperature", raw, others["label"], calibrated.calibration.classes)
        assert calibrated.calibration.temperature == pytest.approx(learned.temperature)
        assert calibrated.calibration.n == 150

    def test_their_own_probabilities_are_by_a_calibration_without_them(self, calibrated):
        rows = ((calibrated.training["split"] == "calibration") & ~calibrated.training["learned"]).to_numpy()
        direct = calibrated.calibration.apply(calibrated.uncalibrated[rows])
        assert (calibrated.training.loc[rows, P].to_numpy() != direct).any()
        fold = calibrated.training["fold"].to_numpy()
        assert set(fold[rows]) == {5, 6, 7, 8, 9}

    def test_they_are_not_measured(self, calibrated, books):
        assert measure(calibrated)["out_of_fold"]["n"] == len(books)


class TestCalibrationMethods:
    def test_few_books_are_not_calibrated_and_that_is_said(self, make_books):
        fitted = fit(make_books(45), Plan())
        assert fitted.calibration.method == "none"
        assert "With 39 labelled books to calibrate on (60 are needed)" in fitted.sentences[0]
        assert fitted.training[P].to_numpy() == pytest.approx(fitted.uncalibrated)

    def test_isotonic_needs_more_and_says_so_before_training(self, books, monkeypatch):
        def refuse(*args, **kwargs):
            raise AssertionError("it was trained")

        monkeypatch.setattr(TfidfClassifier, "train", refuse)
        with pytest.raises(InputError, match=r"'isotonic' needs at least 1,000 labelled books to learn from"):
            fit(books, Plan(calibration="isotonic"))

    def test_none_is_an_answer(self, books):
        fitted = fit(books, Plan(calibration="none"))
        assert fitted.calibration.method == "none"
        assert fitted.sentences == ()


class TestLabelsThatDoNotAllowAModel:
    def test_one_class(self, make_books):
        with pytest.raises(InputError, match="at least two classes; the label set has only 'Fiction'"):
            fit(make_books(30, classes=("Fiction",)), Plan())

    def test_a_class_with_few_titles(self, books):
        rare = books.head(4).assign(label="Sermon", title_key=["a", "b", "c", "c"])
        message = r"1 class has too few different titles .* 'Sermon' \(3\); at least 5 are needed"
        with pytest.raises(InputError, match=message):
            fit(pd.concat([books, rare], ignore_index=True), Plan())

    def test_an_unknown_kind(self, books):
        with pytest.raises(
            InputError,
            match="There is no kind of model 'magic'. There are: tfidf, embedding, multilingual, transformer",
        ):
            fit(books, Plan(kind="magic"))


class TestProgress:
    def test_it_rises_and_names_the_fold(self, books):
        items = []
        fit(books, Plan(), progress=lambda fraction, message: items.append((fraction, message)))
        fractions = [fraction for fraction, _ in items]
        assert fractions == sorted(fractions)
        assert 0 <= fractions[0] < fractions[-1] <= 1
        assert any(message.startswith("Fold 3 of 5: fitting") for _, message in items)

    def test_a_wish_to_stop_is_heard_in_the_middle(self, books):
        def listener(fraction, message):
            if fraction > 0.4:
                raise Cancelled("stop")

        with pytest.raises(Cancelled):
            fit(books, Plan(), progress=listener)


class TestMeasure:
    def test_by_hand(self, fitted):
        metrics = measure(fitted, seed=3)
        training = fitted.training
        predicted = np.array(["Fiction", "Poetry", "Travel"])[training[P].to_numpy().argmax(axis=1)]
        right = predicted == training["label"]
        test = training["split"] == "test"
        assert metrics["out_of_fold"]["n"] == len(training)
        assert metrics["out_of_fold"]["accuracy"]["value"] == pytest.approx(right.mean())
        assert metrics["test"]["n"] == int(test.sum())
        assert metrics["test"]["accuracy"]["value"] == pytest.approx(right[test].mean())
        assert metrics["test"]["accuracy"]["low"] < right[test].mean() < metrics["test"]["accuracy"]["high"]
        assert metrics["out_of_fold"]["accuracy"]["value"] > 0.8
        assert set(metrics["test"]) == {
            *["n", "accuracy", "macro_f1", "per_class", "brier", "log_loss", "confusion", "calibration"]
        }

    def test_calibration_before_and_after(self, fitted):
        calibration = measure(fitted)["out_of_fold"]["calibration"]
        assert 0 <= calibration["ece"] <= 1
        assert calibration["ece_uncalibrated"] != calibration["ece"]

    def test_without_a_test_part_it_is_undefined(self, books):
        fitted = fit(books, Plan(shares={"train": 0.8, "calibration": 0.2, "test": 0.0}))
        test = measure(fitted)["test"]
        assert test["n"] == 0
        assert test["accuracy"]["value"] is None
        assert test["accuracy"]["reason"]
        assert test["calibration"]["ece_uncalibrated"] is None


def test_folds_and_parts_are_those_of_the_seed(fitted, books):
    assert (fitted.training["fold"] == fold_by_title(books["title_key"], books["label"], seed=1)).all()
    assert (fitted.training["split"] == split_by_title(books["title_key"], books["label"], seed=1)).all()


def test_kinds_are_found_by_name(monkeypatch):
    from core.errors import ModelError

    assert classifier_class("tfidf") is TfidfClassifier
    assert known_kind("tfidf").title == "Words and letters (TF-IDF)"
    nowhere = ModelKind(name="absent", title="", description="", module="core.models.there_is_none", attribute="X")
    monkeypatch.setitem(KINDS, "absent", nowhere)
    with pytest.raises(ModelError, match="kind 'absent' cannot be used here: No module named"):
        classifier_class("absent")
