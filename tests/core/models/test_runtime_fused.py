import copy

import numpy as np
import pytest

from core.models import runtime as module
from core.models import transformer
from core.models.encoder import Encoder, first_and_mean, mean_pooled
from core.models.runtime import FusedEncoder, fused, load_torch, within_tokens
from core.models.transformer import TransformerClassifier, load_pretrained

torch = pytest.importorskip("torch")
LENGTHS = [64, 1, 2, 64, 17, 33, 1, 17, 17, 63, 5]


@pytest.fixture(scope="module")
def encoder():
    """An encoder wide enough for rounding to be that of real ones, with weights that matter."""
    from transformers import BertConfig, BertModel

    torch.manual_seed(3)
    config = BertConfig(vocab_size=200, hidden_size=96, num_hidden_layers=3, num_attention_heads=4)
    config.intermediate_size = 384
    created = BertModel(config).eval()
    with torch.no_grad():
        for name, weight in created.named_parameters():
            if "LayerNorm" not in name:
                weight.mul_(2.5)
            elif name.endswith("bias"):
                weight.normal_(0, 0.2)
    return created


@pytest.fixture(scope="module")
def titles():
    generator = np.random.default_rng(0)
    return [generator.integers(1, 200, length).tolist() for length in LENGTHS]


@pytest.fixture
def quick_encoder(encoder):
    return made_of(encoder)


def made_of(encoder, **options):
    created = fused(encoder, lambda pooled: pooled, **options)
    if created is None:
        pytest.skip("this processor or this torch has no fused products of 16 bits")
    return created


def plainly(encoder, titles, pooled=lambda hidden, mask: mean_pooled(hidden[-1], mask)):
    """Return the vectors of titles read one by one, without padding, in the encoder's own precision."""
    items = []
    with torch.inference_mode():
        for title in titles:
            tokens = torch.tensor([title])
            mask = torch.ones_like(tokens)
            text = encoder(input_ids=tokens, attention_mask=mask, output_hidden_states=True)
            items.append(pooled(text.hidden_states, mask)[0])
    return torch.stack(items).numpy()


def quickly(created, titles):
    result = np.empty((len(titles), created.size), dtype=np.float32)
    with torch.inference_mode():
        for rows in within_tokens(titles, 100):
            result[rows] = created([titles[row] for row in rows]).numpy()
    return result


class TestNumbers:
    def test_it_errs_no_more_than_sixteen_bits_do(self, encoder, quick_encoder, titles):
        exact = plainly(encoder, titles)
        rounded = plainly(copy.deepcopy(encoder).to(torch.bfloat16), titles)
        result = quickly(quick_encoder, titles)
        assert np.abs(result - exact).max() < 0.1
        assert np.abs(result - exact).mean() < 1.5 * np.abs(rounded - exact).mean()

    def test_of_the_last_layer_only_the_first_token(self, encoder, titles):
        exact = plainly(encoder, titles, first_and_mean)
        rounded = plainly(copy.deepcopy(encoder).to(torch.bfloat16), titles, first_and_mean)
        result = quickly(made_of(encoder, first=True), titles)
        assert np.abs(result - exact).mean() < 1.5 * np.abs(rounded - exact).mean()
        assert np.abs(result - plainly(encoder, titles)).mean() > 0.1

    def test_neighbours_play_no_part(self, quick_encoder, titles):
        together = quickly(quick_encoder, titles)
        with torch.inference_mode():
            alone = np.concatenate([quick_encoder([title]).numpy() for title in titles])
        assert alone == pytest.approx(together, abs=0.02)

    def test_titles_of_one_length_need_not_stand_together(self, quick_encoder, titles):
        with torch.inference_mode():
            as_they_come = quick_encoder(titles).numpy()
        assert as_they_come == pytest.approx(quickly(quick_encoder, titles), abs=0.02)

    def test_a_title_without_tokens_is_nothing(self, quick_encoder, titles):
        with torch.inference_mode():
            result = quick_encoder([titles[1], []]).numpy()
        assert np.isfinite(result).all()
        assert not result[1].any()


class TestUse:
    def test_labels_and_probabilities_stay(self, books_and_trained):
        titles, trained = books_and_trained
        wide, narrow = trained._probabilities(titles, False), trained._probabilities(titles, True)
        assert isinstance(trained._half, FusedEncoder)
        assert (wide.argmax(axis=1) == narrow.argmax(axis=1)).all()
        assert narrow == pytest.approx(wide, abs=0.03)

    def test_the_network_that_is_used_is_the_one_that_was_judged(self, books_and_trained, monkeypatch):
        titles, trained = books_and_trained
        items = []
        monkeypatch.setattr(FusedEncoder, "__call__", _counted(FusedEncoder.__call__, items))
        trained.choose_precision(titles)
        assert sum(items) == len(set(titles))
        trained.reduced = True
        trained.predict_probabilities(titles[:3])
        assert sum(items) == len(set(titles)) + 3

    def test_a_saved_classifier_is_the_same(self, books_and_trained, tmp_path):
        titles, trained = books_and_trained
        trained.save(tmp_path)
        read = TransformerClassifier.load(tmp_path)
        assert read._probabilities(titles, True) == pytest.approx(trained._probabilities(titles, True), abs=1e-6)

    def test_vectors_of_a_frozen_encoder(self, tiny_base, quick_encoder, make_books):
        titles = make_books(40, noise=0.0)["title"].tolist()
        frozen = Encoder(str(tiny_base))
        frozen.can_use_bfloat16 = True
        result = frozen.vectors(titles, reduced=True)
        assert isinstance(frozen._half, FusedEncoder)
        assert np.linalg.norm(result, axis=1) == pytest.approx(1, abs=1e-5)
        assert result == pytest.approx(frozen.vectors(titles, reduced=False), abs=0.02)


@pytest.fixture(scope="module")
def books_and_trained(make_books, as_data, quick):
    books = make_books(150, seed=3, noise=0.0)
    trained = TransformerClassifier.train(as_data(books), seed=1, options=quick)
    if fused(trained.network.encoder, trained.network.head) is None:
        pytest.skip("this processor or this torch has no fused products of 16 bits")
    return books["title"].tolist(), trained


def _counted(call, requested):
    def count(self, titles):
        requested.append(len(titles))
        return call(self, titles)

    return count


class TestElsewhere:
    """Where it cannot be calculated so, the plain network is asked."""

    def test_another_activation(self, encoder):
        other = copy.deepcopy(encoder)
        other.config.hidden_act = "relu"
        assert fused(other, lambda pooled: pooled) is None

    def test_positions_that_are_relative(self, encoder):
        other = copy.deepcopy(encoder)
        other.config.position_embedding_type = "relative_key"
        assert fused(other, lambda pooled: pooled) is None

    def test_another_architecture(self):
        from transformers import DistilBertConfig, DistilBertModel

        config = DistilBertConfig(vocab_size=50, dim=32, n_layers=1, n_heads=2, hidden_dim=64)
        assert fused(DistilBertModel(config), lambda pooled: pooled) is None

    def test_a_descendant_that_may_do_more(self, encoder):
        from transformers import BertModel

        class Other(BertModel):
            pass

        assert fused(Other(encoder.config), lambda pooled: pooled) is None

    @pytest.mark.parametrize("missing", ["_is_mkldnn_bf16_supported", "_reorder_linear_weight", "_linear_pointwise"])
    def test_a_torch_without_the_products(self, encoder, monkeypatch, missing):
        class Fewer:
            def __getattr__(self, name):
                if name == missing:
                    raise AttributeError(name)
                return getattr(torch.ops.mkldnn, name)

        class Torch:
            ops = type("ops", (), {"mkldnn": Fewer()})

            def __getattr__(self, name):
                return getattr(torch, name)

        monkeypatch.setattr(module, "load_torch", Torch)
        assert fused(encoder, lambda pooled: pooled) is None

    def test_the_plain_network_is_asked_then(self, books_and_trained, monkeypatch):
        titles, trained = books_and_trained
        monkeypatch.setattr(transformer, "fused", lambda encoder, head, first: None)
        monkeypatch.setattr(trained, "_half", None)
        result = trained._probabilities(titles, True)
        assert isinstance(trained._half, load_torch().nn.Module)
        assert result == pytest.approx(trained._probabilities(titles, False), abs=0.03)

    def test_a_head_of_its_own(self, tiny_base, tmp_path):
        from transformers import AutoModelForSequenceClassification, AutoTokenizer

        torch.manual_seed(5)
        named = {"id2label": {0: "Non-fiction", 1: "Fiction"}, "label2id": {"Non-fiction": 0, "Fiction": 1}}
        AutoModelForSequenceClassification.from_pretrained(tiny_base, num_labels=2, **named).save_pretrained(tmp_path)
        AutoTokenizer.from_pretrained(tiny_base).save_pretrained(tmp_path)
        finished = load_pretrained(str(tmp_path))
        result = finished._probabilities(["A novel", "An ode"], True)
        assert not isinstance(finished._half, FusedEncoder)
        assert result == pytest.approx(finished._probabilities(["A novel", "An ode"], False), abs=0.03)
