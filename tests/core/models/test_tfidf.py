import json
import unicodedata

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline, make_union

from core.errors import InputError, ModelError
from core.models import TrainingData
from core.models.tfidf import TfidfClassifier

ODD = [
    "",
    "  ",
    "кириллица",
    "Nai\u0308ve tale",
    "A novel A novel A novel",
    "[...]",
    "Travels in Persia" * 50,
    "\ud800x",
]


@pytest.fixture(scope="module")
def books(make_books):
    return make_books()


@pytest.fixture(scope="module")
def trained(books, as_data):
    return TfidfClassifier.train(as_data(books))


@pytest.mark.parametrize("classes", [("Fiction", "Travel"), ("Fiction", "Poetry", "Travel")])
def test_it_is_the_pipeline_of_scikit_learn(make_books, as_data, classes):
    books = make_books(150, classes)
    mine = TfidfClassifier.train(as_data(books))
    vectorizers = make_union(
        TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True),
        TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 5), sublinear_tf=True),
    )
    reference = make_pipeline(vectorizers, LogisticRegression(C=100, class_weight="balanced", max_iter=2000))
    reference.fit([unicodedata.normalize("NFC", title) for title in books["title"]], books["label"])
    items = [*make_books(50, classes, seed=9)["title"], *ODD[:-1]]
    expected = reference.predict_proba([unicodedata.normalize("NFC", title) for title in items])
    assert mine.classes == tuple(reference.classes_)
    assert mine.predict_probabilities(items) == pytest.approx(expected, abs=1e-6)


def test_it_learns(trained, make_books):
    fresh = make_books(300, seed=5, start=1000)
    predicted = np.array(trained.classes)[trained.predict_probabilities(fresh["title"].tolist()).argmax(axis=1)]
    assert (predicted == fresh["label"]).mean() > 0.85


def test_probabilities_are_probabilities(trained):
    result = trained.predict_probabilities(ODD)
    assert result.shape == (len(ODD), 3)
    assert np.isfinite(result).all()
    assert result.sum(axis=1) == pytest.approx(np.ones(len(ODD)))


def test_no_titles(trained):
    assert trained.predict_probabilities([]).shape == (0, 3)


def test_saved_and_loaded_it_gives_the_same_probabilities(trained, books, tmp_path):
    trained.save(tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == {"vocabulary.json", "model.safetensors"}
    again = TfidfClassifier.load(tmp_path)
    items = [*books["title"], *ODD]
    assert again.classes == trained.classes
    assert np.array_equal(again.predict_probabilities(items), trained.predict_probabilities(items))


def test_the_same_data_give_the_same_files(books, as_data, tmp_path):
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        TfidfClassifier.train(as_data(books), seed=3).save(tmp_path / name)
    for file in ("vocabulary.json", "model.safetensors"):
        assert (tmp_path / "one" / file).read_bytes() == (tmp_path / "two" / file).read_bytes()


def test_a_divided_label_is_two_labels_of_less_weight(as_data, books):
    data = as_data(books.head(60))
    soft = data.targets.copy()
    soft[0] = [0.25, 0.75, 0.0]
    divided = TfidfClassifier.train(
        TrainingData(titles=data.titles, targets=soft, weights=data.weights, classes=data.classes)
    )
    twice = TrainingData(
        titles=[data.titles[0], *data.titles],
        targets=np.vstack([[1.0, 0, 0], [0, 1.0, 0], soft[1:]]),
        weights=np.concatenate([[0.25, 0.75], data.weights[1:]]),
        classes=data.classes,
    )
    # The vocabulary's document frequencies count the repeated title twice: compare the weights that reach the solver.
    rows, codes = np.nonzero(
        TrainingData(titles=data.titles, targets=soft, weights=data.weights, classes=data.classes).balanced_weights()
    )
    weights = TrainingData(
        titles=data.titles, targets=soft, weights=data.weights, classes=data.classes
    ).balanced_weights()[rows, codes]
    expected = twice.balanced_weights()[np.nonzero(twice.balanced_weights())]
    assert sorted(weights) == pytest.approx(sorted(expected))
    assert divided.predict_probabilities([data.titles[0]])[0, :2].min() > 0.01


def test_balanced_weights_by_hand():
    targets = np.array([[1.0, 0], [1, 0], [1, 0], [0, 1]])
    data = TrainingData(titles=["a"] * 4, targets=targets, weights=np.ones(4), classes=("x", "y"))
    # n / (k · count): 4 / (2 · 3) and 4 / (2 · 1), as scikit-learn has it.
    assert data.balanced_weights().sum(axis=1) == pytest.approx([2 / 3, 2 / 3, 2 / 3, 2.0])


def test_progress_is_told_and_can_stop_it(books, as_data, trained):
    from core.errors import Cancelled

    items = []
    TfidfClassifier.train(as_data(books), progress=lambda fraction, message: items.append((fraction, message)))
    assert items[0][0] == 0.0
    assert items[-1] == (1.0, "Fitted")

    def stop(fraction, message):
        raise Cancelled("stop")

    with pytest.raises(Cancelled):
        trained.predict_probabilities(["a tale"], progress=stop)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"epochs": 3}, "'tfidf' has no option 'epochs'. It has: C, max_iter"),
        ({"C": 0}, "'C' must be a number above 0; 0 came"),
        ({"C": "many"}, "'C' must be a number above 0; 'many' came"),
        ({"max_iter": True}, "'max_iter' must be a number above 0"),
    ],
)
def test_options_that_it_does_not_know(books, as_data, options, message):
    with pytest.raises(InputError, match=message):
        TfidfClassifier.train(as_data(books), options=options)


def test_the_strength_of_the_penalty_is_an_option(books, as_data, trained):
    careful = TfidfClassifier.train(as_data(books), options={"C": 0.1})
    assert np.abs(careful.coefficients).max() < np.abs(trained.coefficients).max()


class TestAlteredFiles:
    @pytest.fixture
    def folder(self, trained, tmp_path):
        trained.save(tmp_path)
        return tmp_path

    def vocabulary(self, folder, **change):
        path = folder / "vocabulary.json"
        path.write_text(json.dumps(json.loads(path.read_text()) | change))

    def tensors(self, folder, change):
        values = load_file(folder / "model.safetensors")
        change(values)
        save_file(values, folder / "model.safetensors")

    @pytest.mark.parametrize(
        "change",
        [{"words": "a tale"}, {"words": [1, 2]}, {"runs": ["a", "a"]}, {"classes": None}],
    )
    def test_a_vocabulary_that_is_none(self, folder, change):
        self.vocabulary(folder, **change)
        with pytest.raises(ModelError, match="cannot be read"):
            TfidfClassifier.load(folder)

    def test_a_vocabulary_that_does_not_fit(self, folder):
        self.vocabulary(folder, words=["one"])
        with pytest.raises(ModelError, match="do not fit its vocabulary"):
            TfidfClassifier.load(folder)

    def test_another_format(self, folder):
        self.vocabulary(folder, format=2)
        with pytest.raises(ModelError, match="has the format 2; this version reads 1"):
            TfidfClassifier.load(folder)

    def test_numbers_that_are_none(self, folder):
        self.tensors(folder, lambda values: values["idf"].__setitem__(0, np.nan))
        with pytest.raises(ModelError, match="do not fit"):
            TfidfClassifier.load(folder)

    def test_numbers_that_are_missing(self, folder):
        self.tensors(folder, lambda values: values.pop("intercepts"))
        with pytest.raises(ModelError, match="cannot be read.*intercepts"):
            TfidfClassifier.load(folder)

    @pytest.mark.parametrize("file", ["vocabulary.json", "model.safetensors"])
    @pytest.mark.parametrize("content", [None, b"", b"\x80\x04\x95"])
    def test_files_that_are_missing_or_something_else(self, folder, file, content):
        if content is None:
            (folder / file).unlink()
        else:
            (folder / file).write_bytes(content)
        with pytest.raises(ModelError, match="cannot be read"):
            TfidfClassifier.load(folder)


class TestSpread:
    @pytest.mark.parametrize("title", [*ODD[:-1], "well-known, a Tale; a tale", "The tale the tale of İstanbul"])
    def test_every_term_of_the_title_is_divided_wholly(self, trained, title):
        words, shares = trained.word_shares(title)
        present = (trained.features([title]) != 0).toarray()[0]
        assert words == unicodedata.normalize("NFC", title).split()
        assert np.asarray(shares.sum(axis=0)).ravel() == pytest.approx(present.astype(float))

    def test_a_pair_of_words_counts_half_for_each(self, trained):
        words, shares = trained.word_shares("Guide travels in")
        pair = trained.counter.words["travels in"]
        assert words == ["Guide", "travels", "in"]
        assert shares[:, pair].toarray().ravel().tolist() == [0, 0.5, 0.5]

    def test_a_repeated_word_is_divided_over_its_places(self, trained):
        _, shares = trained.word_shares("Tale, tale (tale)")
        assert shares[:, trained.counter.words["tale"]].toarray().ravel() == pytest.approx([1 / 3] * 3)
