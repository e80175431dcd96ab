"""Titles without padding: each answers as it does alone, in order, whatever stands beside it."""

import json

import numpy as np
import pytest

from core.models import graph as graph_module
from core.models import graph as module
from core.models.encoder import Tokens, _vector_network, from_pretrained, run
from core.models.graph import PackedForm, PhaseSeconds, packed_batch, quick_forms, read_packed
from core.models.runtime import best_device
from core.models.transformer import TransformerClassifier, _network
from tests.bench import bench_gpu

torch = pytest.importorskip("torch")
TITLES = [[2, 5, 9, 3], [2, 7, 3], [2, 3], list(range(2, 40)), [2, 8, 3]]


class AsNumbers:
    """Titles that are token numbers already."""

    padding = 0
    limit = 64

    def encode(self, titles):
        return titles


def bert(kind="Bert", **more):
    import transformers

    torch.manual_seed(3)
    config = getattr(transformers, f"{kind}Config")(
        vocab_size=200, hidden_size=48, num_hidden_layers=3, num_attention_heads=4, intermediate_size=96, **more
    )
    return getattr(transformers, f"{kind}Model")(config)


def alone(network):
    with torch.inference_mode():
        batches = [torch.tensor([title]) for title in TITLES]
        return np.vstack([network(tokens, torch.ones_like(tokens)).numpy() for tokens in batches])


@pytest.fixture(params=["Bert", "Roberta"])
def encoder(request):
    # RoBERTa's kind counts places from behind that of padding: from 2 on.
    return bert(request.param, **({"pad_token_id": 1} if request.param == "Roberta" else {}))


@pytest.mark.parametrize(
    "head",
    # The multilingual encoder reads layers in the middle too, here of three.
    [_vector_network, lambda encoder: _vector_network(encoder, (0, 1, 3)), lambda encoder: _network(encoder, 3)],
    ids=["vector", "layers", "classes"],
)
@pytest.mark.parametrize("most", [10_000, 128], ids=["one batch", "three batches"])
def test_each_title_answers_as_it_does_alone(encoder, head, most, monkeypatch):
    monkeypatch.setattr(module, "MOST_TOKENS", most)
    network = head(encoder).eval()
    form = PackedForm.from_network(network, "cpu", half=False)
    assert run(form, AsNumbers(), TITLES, "cpu") == pytest.approx(alone(network), abs=1e-5)
    assert (form.seconds.titles, form.seconds.tokens) == (5, 4 + 3 + 2 + 38 + 3)
    assert form.seconds.squares == 16 + 9 + 4 + 38 * 38 + 9
    assert form.seconds.computing > 0 and form.seconds.tokenizing > 0


def test_the_network_itself_stays_as_it_is(encoder):
    network = _network(encoder, 3).eval()
    before = network.encoder.config._attn_implementation
    form = PackedForm.from_network(network, "cpu", half=True)
    assert network.encoder is encoder and network.encoder.config._attn_implementation == before
    assert next(network.parameters()).dtype == torch.float32
    assert next(form.network.parameters()).dtype == torch.bfloat16


def test_a_title_sees_nothing_of_its_neighbours():
    network = _network(bert(), 3).eval()
    form = PackedForm.from_network(network, "cpu", half=False)
    first = read_packed(form, AsNumbers(), [[2, 5, 9, 3], [2, 7, 3]])
    second = read_packed(form, AsNumbers(), [[2, 5, 9, 3], [2, 150, 3]])
    assert first[0] == pytest.approx(second[0], abs=1e-6)
    assert np.abs(first[1] - second[1]).max() > 1e-3


def test_without_titles_nothing_is_read():
    form = PackedForm.from_network(_network(bert(), 3).eval(), "cpu", half=False)
    assert read_packed(form, AsNumbers(), []).shape == (0, 0)
    assert form.seconds == PhaseSeconds()


def test_a_batch_by_hand():
    batch, mask = packed_batch([[7, 8, 9], [5], [6, 4]])
    assert batch.tokens.tolist() == [7, 8, 9, 5, 6, 4]
    assert batch.positions.tolist() == [0, 1, 2, 0, 0, 1]
    assert batch.bounds.tolist() == [0, 3, 4, 6]
    assert batch.places.tolist() == [0, 1, 2, 3, 6, 7]
    assert mask.tolist() == [[1, 1, 1], [1, 0, 0], [1, 1, 0]]


def test_a_stop_leaves_no_thread_behind(monkeypatch):
    import threading

    from core.errors import Cancelled

    def stop(fraction, message):
        raise Cancelled

    monkeypatch.setattr(module, "MOST_TOKENS", 64)
    form = PackedForm.from_network(_network(bert(), 3).eval(), "cpu", half=False)
    before = threading.active_count()
    with pytest.raises(Cancelled):
        read_packed(form, AsNumbers(), TITLES, stop)
    assert threading.active_count() == before


def test_an_encoder_that_numbers_places_in_its_own_way_is_not_packed(monkeypatch):
    monkeypatch.setattr(module, "_by_length", lambda query, *_: query)  # answers that are no longer the same
    assert PackedForm.from_network(_network(bert(), 3).eval(), "cpu", half=False) is None
    # A finished classifier from elsewhere has no encoder that ours could put another in the place of.
    assert PackedForm.from_network(torch.nn.Linear(2, 2), "cpu", half=False) is None


def test_on_a_graphics_processor_the_packed_form_is_tried_first(monkeypatch):
    made = []

    def from_network(network, device, *, half):
        made.append((device, half))

    monkeypatch.setattr(graph_module, "has_bfloat16", lambda device: True)
    monkeypatch.setattr(graph_module.PackedForm, "from_network", from_network)
    forms = list(quick_forms(torch.nn.Linear(2, 2), "cuda"))
    assert made == [("cuda", True)]
    # What cannot be packed is still read with 16 bits.
    assert [form.weight.dtype for form in forms] == [torch.bfloat16]


def test_sixteen_bits_without_padding_say_what_thirty_two_with_it_do(tiny_base, make_books, as_data, quick):
    classifier = TransformerClassifier.train(as_data(make_books(120)), options={**quick, "epochs": 3})
    titles = make_books(400, seed=9)["title"].tolist()
    exact = classifier._probabilities(titles, None)
    form = PackedForm.from_network(classifier.network, "cpu", half=True)
    classifier.quick = form
    packed = classifier.predict_probabilities(titles)
    assert (packed.argmax(axis=1) == exact.argmax(axis=1)).mean() >= 0.999
    assert packed == pytest.approx(exact, abs=0.05)
    assert form.seconds.titles == 400


def test_tokens_are_those_of_transformers(tiny_base, make_books):
    tokens = Tokens(from_pretrained(str(tiny_base))[1], 12)
    titles = [*make_books(60)["title"], "", "Ein sehr langer Titel " * 9, "poems ␟Shelfmark=12641.e.5"]
    from core.model_input import as_words

    theirs = tokens.tokenizer([as_words(item) for item in titles], truncation=True, max_length=12)["input_ids"]
    assert tokens.encode(titles) == [list(item) for item in theirs]
    # What transformers changes in its tokenizer between two calls changes nothing here.
    tokens.tokenizer(["a", "an ode"], padding=True, truncation=True, max_length=3)
    assert tokens.encode(titles) == [list(item) for item in theirs]


def test_the_bench_runs_small_on_a_processor(tiny_base, capsys):
    options = ["--titles", "300", "--learned", "60", "--scale", "0.02", "--base", str(tiny_base)]
    rows = bench_gpu.main(["--device", best_device(), *options])
    assert [json.loads(line) for line in capsys.readouterr().out.splitlines()] == rows
    compared, scoring = rows[2], rows[-1]
    assert compared["labels_equal"] == compared["titles"] and compared["largest_difference"] < 0.02
    assert scoring["titles"] == 300 and scoring["titles_a_second"] > 0
    assert all(scoring[part] > 0 for part in ("tokenizing", "computing", "flops_a_title")) and scoring["copying"] >= 0


def test_the_bench_says_which_device_there_is():
    other = "cpu" if best_device() == "cuda" else "cuda"
    with pytest.raises(SystemExit, match=f"no '{other}' here"):
        bench_gpu.main(["--device", other])


def test_operations_by_hand():
    import types

    config = types.SimpleNamespace(hidden_size=3, intermediate_size=5, num_hidden_layers=2)
    # Of a layer: 4 · 3 · 3 + 2 · 3 · 5 = 66 products a token, and 2 · 3 = 6 for each pair; each counts twice.
    # Titles of 2 and 3 tokens: 5 tokens, 13 pairs. 2 layers · 2 · (66 · 5 + 6 · 13) = 4 · 408.
    assert bench_gpu.operations(config, PhaseSeconds(titles=2, tokens=5, squares=13)) == 1632


def test_peaks_are_those_of_the_card():
    assert bench_gpu.peak("NVIDIA H100 PCIe") == 756e12
    assert bench_gpu.peak("NVIDIA A100-SXM4-80GB") == 312e12
    assert bench_gpu.peak("NVIDIA A10G") == 70e12
    assert bench_gpu.peak("GeForce") is None
