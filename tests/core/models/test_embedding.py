import numpy as np
import pytest

from core.errors import InputError, ModelError
from core.explain import leave_one_word_out
from core.models import TrainingData, embedding
from core.models.embedding import EmbeddingClassifier
from core.models.encoder import Encoder
from core.models.fitting import Plan, fit

ASKED = ["Travels in Persia", "An ode", "A tale for girls", ""]


@pytest.fixture(scope="module")
def books(make_books):
    return make_books(150, seed=3, noise=0.0)


@pytest.fixture(scope="module")
def data(books, as_data):
    return as_data(books)


@pytest.fixture(scope="module")
def options(tiny_base):
    return {"base": str(tiny_base), "C": 100.0}


@pytest.fixture(scope="module")
def trained(data, options):
    return EmbeddingClassifier.train(data, options=options)


def test_even_random_vectors_tell_words_apart(trained, make_books):
    others = make_books(90, seed=8, noise=0.0, start=5_000)
    result = trained.predict_probabilities(others["title"].tolist())
    assert result.sum(axis=1) == pytest.approx(1)
    assert (np.array(trained.classes)[result.argmax(axis=1)] == others["label"].to_numpy()).mean() > 0.5


def test_it_is_scikit_learns_logistic_regression(trained, data):
    from sklearn.linear_model import LogisticRegression

    vectors = trained.encoder.vectors(data.titles)
    labels = np.array(data.classes)[data.targets.argmax(axis=1)]
    theirs = LogisticRegression(C=100.0, max_iter=2000, class_weight="balanced").fit(vectors.astype(float), labels)
    # Undecided titles, as most are to this tiny network, are read again with the network itself.
    texts = [theirs.predict_proba(trained.encoder.vectors(ASKED, way).astype(float)) for way in (trained.quick, None)]
    result = trained.predict_probabilities(ASKED)
    assert all(
        min(np.abs(row - wide).max(), np.abs(row - half).max()) < 1e-3
        for row, half, wide in zip(result, *texts, strict=True)
    )


def test_vectors_have_length_one_and_do_not_hang_on_their_company(tiny_base, books):
    encoder = Encoder(str(tiny_base))
    titles = books["title"].tolist()
    result = encoder.vectors(titles)
    assert np.linalg.norm(result, axis=1) == pytest.approx(1, abs=1e-5)
    assert Encoder(str(tiny_base)).vectors(titles[:1])[0] == pytest.approx(result[0], abs=1e-5)


def test_the_mean_leaves_padding_out(tiny_base):
    import torch

    encoder = Encoder(str(tiny_base))
    tokens = encoder.tokens.encode(["An ode"])
    with torch.inference_mode():
        hidden = encoder.model(torch.tensor(tokens)).last_hidden_state[0].numpy()
    mean = hidden.mean(axis=0) / np.linalg.norm(hidden.mean(axis=0))
    result = encoder.vectors(["An ode", "A romance in three volumes by Geraldine Ingram"])
    assert result[0] == pytest.approx(mean, abs=1e-5)


def test_a_title_is_read_once(tiny_base, monkeypatch):
    encoder = Encoder(str(tiny_base))
    items = []
    read = encoder._read
    monkeypatch.setattr(encoder, "_read", lambda titles, *more: items.append(titles) or read(titles, *more))
    first = encoder.vectors(["a", "b", "a"])
    assert np.allclose(first[0], first[2], atol=1e-6)
    again = encoder.vectors(["b", "c"])
    assert items == [["a", "b"], ["c"]]
    assert np.allclose(again[0], first[1], atol=1e-6)
    assert encoder.vectors([]).shape == (0, 32)


def test_what_is_remembered_has_an_end(tiny_base, monkeypatch):
    monkeypatch.setattr("core.models.encoder.MOST_REMEMBERED", 3)
    encoder = Encoder(str(tiny_base))
    expected = Encoder(str(tiny_base)).vectors(["c", "d", "a"])
    encoder.vectors(["a", "b"])
    assert encoder.vectors(["c", "d", "a"]) == pytest.approx(expected, abs=1e-5)
    assert encoder.vectors(["a", "b", "c", "d"]).shape == (4, 32)


def test_what_a_quicker_form_reads_of_a_catalogue_is_not_remembered(tiny_base, monkeypatch):
    monkeypatch.setattr("core.models.encoder.SAMPLE_SIZE", 3)
    encoder, reads = Encoder(str(tiny_base)), []
    form = next(encoder.quick_forms())
    read = encoder._read
    monkeypatch.setattr(encoder, "_read", lambda titles, *more: reads.append(titles) or read(titles, *more))
    for titles in (["a", "b"], ["a", "b"], ["a", "b", "c", "d"], ["a", "b", "c", "d"]):
        encoder.vectors(titles, form)
    assert reads == [["a", "b"], ["a", "b", "c", "d"], ["a", "b", "c", "d"]]


def test_a_saved_classifier_is_the_same(trained, tmp_path, tiny_base):
    trained.save(tmp_path)
    read = EmbeddingClassifier.load(tmp_path)
    assert np.allclose(read.predict_probabilities(ASKED), trained.predict_probabilities(ASKED), atol=1e-6)
    assert (read.classes, read.agreement, read.checked) == (trained.classes, trained.agreement, trained.checked)
    assert read.quick.content == trained.quick.content
    assert {path.suffix for path in tmp_path.iterdir()} <= {".safetensors", ".onnx", ".json", ".txt"}
    for path in tmp_path.glob("*.json"):
        assert str(tiny_base.parent) not in path.read_text()


@pytest.mark.parametrize(
    ("file", "content", "message"),
    [
        ("classifier.json", "{", "cannot be read"),
        ("classifier.json", '{"format": 2}', "has the format 2; this version reads 1"),
        ("head.safetensors", "no tensor", "cannot be read"),
        ("model.safetensors", "no tensor", "model.safetensors of the model in .* is damaged"),
    ],
)
def test_a_broken_file(trained, tmp_path, file, content, message):
    trained.save(tmp_path)
    (tmp_path / file).write_text(content)
    with pytest.raises(ModelError, match=message):
        EmbeddingClassifier.load(tmp_path)


def test_numbers_that_do_not_fit(trained, tmp_path):
    from safetensors.numpy import save_file

    trained.save(tmp_path)
    save_file({"coefficients": np.ones((3, 5)), "intercepts": np.ones(3)}, tmp_path / "head.safetensors")
    with pytest.raises(ModelError, match="do not fit together"):
        EmbeddingClassifier.load(tmp_path)


def test_no_quick_form_is_taken_where_labels_change(data, options, monkeypatch):
    monkeypatch.setattr(embedding, "label_agreement", lambda quick, exact: 0.99)
    created = EmbeddingClassifier.train(data, options=options)
    assert created.quick is None
    assert (created.agreement, created.checked) == (0.99, 150)


def test_a_model_without_a_graph_is_read_as_before(trained, tmp_path):
    trained.save(tmp_path)
    (tmp_path / "graph.onnx").unlink()
    read = EmbeddingClassifier.load(tmp_path)
    assert read.quick is None
    assert read.predict_probabilities(ASKED) == pytest.approx(trained._probabilities(ASKED, None), abs=1e-6)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"depth": 3}, "The kind 'embedding' has no option 'depth'. It has: base, C"),
        ({"C": 0}, "The option 'C' must be a number above 0; 0 came"),
        ({"max_tokens": 3.5}, "The option 'max_tokens' must be a number above 0; 3.5 came"),
        ({"base": 3}, "The option 'base' must be a folder"),
    ],
)
def test_wrong_options(data, options, message):
    with pytest.raises(InputError, match=message):
        EmbeddingClassifier.train(data, options=options)


def test_whole_with_folds_calibration_and_explanation(books, options, as_model):
    fitted = fit(books, Plan(kind="embedding", options=options))
    assert sorted(set(fitted.training["fold"])) == [0, 1, 2, 3, 4]
    assert fitted.calibration.method == "temperature"
    result = leave_one_word_out(as_model(fitted), "Travels in Persia")
    assert result.table["word"].tolist() == ["Travels", "in", "Persia"]
    assert np.isfinite(result.table["contribution"]).all()


def test_soft_labels_count_by_their_weight(data, options):
    lies = np.roll(data.targets, 1, axis=1)
    joined = TrainingData(
        titles=[*data.titles, *data.titles],
        targets=np.vstack([data.targets, lies]),
        weights=np.concatenate([np.full(150, 0.05), np.full(150, 1.0)]),
        classes=data.classes,
    )
    result = EmbeddingClassifier.train(joined, options=options).predict_probabilities(data.titles)
    assert (result.argmax(axis=1) == lies.argmax(axis=1)).mean() > 0.8
