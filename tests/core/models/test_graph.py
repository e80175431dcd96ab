"""A network as an ONNX graph: the same answers, whole numbers only where labels stay, and nothing strange is read."""

import copy

import numpy as np
import pytest

from core.errors import ModelError
from core.models import graph as module
from core.models.encoder import first_and_mean, run
from core.models.graph import export, quick_forms, quickest, read_graph
from core.models.runtime import load_torch
from core.models.transformer import _network

pytestmark = pytest.mark.xdist_group("language models")

TITLES = [[2, 5, 9, 3], [2, 7, 3], [2, 3], list(range(2, 40))]


@pytest.fixture(scope="module")
def network():
    """A network wide enough for rounding to be that of real ones, with weights that matter."""
    from transformers import BertConfig, BertModel

    load_torch().manual_seed(3)
    config = BertConfig(vocab_size=200, hidden_size=96, num_hidden_layers=3, num_attention_heads=4)
    config.intermediate_size = 384
    return _network(BertModel(config), 3).eval()


@pytest.fixture(scope="module")
def wide(network):
    return export(network, whole_numbers=False)


@pytest.fixture(scope="module")
def narrow(network):
    return export(network, whole_numbers=True)


class AsNumbers:
    """Titles that are token numbers already."""

    padding = 0

    def encode(self, titles):
        return titles


def alone(network):
    """Return the answers for titles read one by one, without padding, by torch."""
    torch = load_torch()
    with torch.inference_mode():
        batches = [torch.tensor([title]) for title in TITLES]
        return np.vstack([network(tokens, torch.ones_like(tokens)).numpy() for tokens in batches])


def test_the_graph_answers_as_the_network_does_whatever_the_padding(network, wide):
    assert run(wide, AsNumbers(), TITLES, "cpu") == pytest.approx(alone(network), abs=1e-5)


def test_whole_numbers_answer_nearly_as_the_network_does(network, narrow):
    exact, rounded = alone(network), run(narrow, AsNumbers(), TITLES, "cpu")
    cosines = (exact * rounded).sum(1) / np.linalg.norm(exact, axis=1) / np.linalg.norm(rounded, axis=1)
    assert cosines.min() > 0.98


def test_layers_are_fused_and_weights_have_eight_bits(wide, narrow):
    import onnx

    kinds = [node.op_type for node in onnx.load_model_from_string(wide.content).graph.node]
    assert (kinds.count("Attention"), kinds.count("SkipLayerNormalization"), kinds.count("BiasGelu")) == (3, 6, 3)
    assert len(narrow.content) < 0.45 * len(wide.content)
    assert narrow.whole_numbers
    assert not wide.whole_numbers


def test_products_whose_numbers_lie_far_apart_can_keep_their_bits(network):
    import onnx

    outlying = copy.deepcopy(network)
    for layer in outlying.encoder.encoder.layer:
        inner, outer = layer.intermediate.dense, layer.output.dense
        inner.weight.data[0] *= 80
        outer.weight.data[:, 0] /= 80
    whole, spared = (export(outlying, whole_numbers=True, spare_outliers=spare) for spare in (False, True))
    plain = [
        [node.name for node in onnx.load_model_from_string(form.content).graph.node if node.op_type == "MatMul"]
        for form in (whole, spared)
    ]
    assert plain[0] == []
    assert len(plain[1]) == 3 and all("/output/dense/" in name and "attention" not in name for name in plain[1])
    exact = alone(outlying)
    errors = [np.abs(run(form, AsNumbers(), TITLES, "cpu") - exact).mean() for form in (whole, spared)]
    assert errors[1] < 0.6 * errors[0]
    assert spared.whole_numbers


def test_equal_weights_give_an_equal_file(network, narrow):
    assert export(network, whole_numbers=True).content == narrow.content


def test_a_saved_graph_is_the_same(narrow, tmp_path):
    assert read_graph(tmp_path) is None
    narrow.save(tmp_path)
    read = read_graph(tmp_path)
    assert read.whole_numbers
    batch = np.array([[2, 5, 9, 3]]), np.ones((1, 4), dtype=np.int64)
    np.testing.assert_array_equal(read(*batch), narrow(*batch))


def operator_of_somebody(model):
    model.graph.node[0].domain = "evil.example"
    model.graph.node[0].op_type = "RunThis"


def operator_of_the_runtime(model):
    model.graph.node[0].domain = "com.microsoft"
    model.graph.node[0].op_type = "EPContext"


def numbers_in_another_file(model):
    entry = model.graph.initializer[0].external_data.add()
    entry.key, entry.value = "location", "../../secret"


def function_of_its_own(model):
    model.functions.add().name = "f"


def another_input(model):
    model.graph.input[0].name = "else"


@pytest.mark.parametrize(
    "change",
    [
        operator_of_somebody,
        operator_of_the_runtime,
        numbers_in_another_file,
        function_of_its_own,
        another_input,
    ],
)
def test_a_graph_that_holds_what_ours_do_not_is_refused(narrow, tmp_path, change):
    import onnx

    model = onnx.load_model_from_string(narrow.content)
    change(model)
    (tmp_path / "graph.onnx").write_bytes(model.SerializeToString())
    with pytest.raises(ModelError, match=r"graph\.onnx of the model in .* is no graph as Colophon writes them"):
        read_graph(tmp_path)


@pytest.mark.parametrize("content", [b"no graph", b""])
def test_a_damaged_graph(tmp_path, content):
    (tmp_path / "graph.onnx").write_bytes(content)
    with pytest.raises(ModelError, match="graph"):
        read_graph(tmp_path)


def test_the_first_form_that_leaves_the_labels_is_taken():
    shares = {"a": 0.99, "b": 0.999, "c": 1.0}
    assert quickest(iter("abc"), shares.__getitem__) == ("b", 0.999)
    assert quickest(iter("a"), shares.__getitem__) == (None, 0.99)
    assert quickest(iter("ab"), lambda form: float("nan"))[0] is None


def test_the_quickest_form_comes_first(monkeypatch):
    monkeypatch.setattr(module, "export", lambda network, **how: tuple(how.items()))
    whole, spared, wide = map(dict, quick_forms(None, "cpu"))
    assert whole == {"whole_numbers": True, "spare_outliers": False}
    assert spared == {"whole_numbers": True, "spare_outliers": True}
    assert wide == {"whole_numbers": False, "spare_outliers": False}


def test_eight_bits_throughout_may_change_no_label_where_a_better_form_is_at_hand(network, narrow):
    spared = export(network, whole_numbers=True, spare_outliers=True)
    assert (narrow.least_agreement, spared.least_agreement) == (1.0, 0.999)
    assert quickest(iter([narrow, spared]), lambda form: 0.9995) == (spared, 0.9995)
    assert quickest(iter([narrow, spared]), lambda form: 1.0) == (narrow, 1.0)


def test_a_network_that_cannot_be_written_is_asked_as_it_is(monkeypatch, caplog):
    def refuse(network, *, whole_numbers, spare_outliers):
        raise RuntimeError("an operator that nobody knows\nand more")

    monkeypatch.setattr(module, "export", refuse)
    assert list(quick_forms(None, "cpu")) == []
    assert "could not be written as a graph: an operator that nobody knows" in caplog.text


def test_first_and_mean_of_the_layers():
    torch = load_torch()
    hidden = [torch.tensor([[[1.0], [3.0], [9.0]]]), torch.tensor([[[10.0], [0.0], [0.0]]])]
    assert first_and_mean(hidden, torch.tensor([[1, 1, 0]])).tolist() == [[12.0]]
