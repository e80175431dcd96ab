"""Invented titles whose class can be told from their words, nine times in ten."""

import types

import numpy as np
import pandas as pd
import pytest

from core.models import TrainingData

WORDS = {
    "Fiction": ["A novel", "A tale", "Stories for girls", "The heir", "A romance in three volumes"],
    "Poetry": ["Poems", "Verses", "An ode", "Sonnets and songs", "A lyric"],
    "Travel": ["Travels in Persia", "A tour", "Guide-book", "Voyage round the world", "Rambles"],
}
NAMES = ["Aylmer", "Bertha", "Éloïse", "Conrad", "Dörte", "Evelyn", "Falkland", "Geraldine", "Harold", "Ingram"]


@pytest.fixture(scope="session")
def make_books():
    """Return a function that invents labelled books: records columns that training needs, and ``label``."""

    def make(n=240, classes=("Fiction", "Poetry", "Travel"), seed=0, noise=0.1, start=0):
        from core.normalise import title_key

        generator = np.random.default_rng(seed)
        rows = []
        for number in range(n):
            label = classes[number % len(classes)]
            message = label if generator.random() >= noise else generator.choice(list(classes))
            words = generator.choice(WORDS[message])
            name = f"{generator.choice(NAMES)} {generator.choice(NAMES)}"
            title = f"{name}, or, {words} [{number + start}]" if number % 7 else f"{words} by {name}: {number + start}."
            rows.append((f"{number + start:09d}", "", title, title_key(title), label))
        return pd.DataFrame(rows, columns=["record_id", "alternate_id", "title", "title_key", "label"], dtype="str")

    return make


@pytest.fixture(scope="session")
def as_data():
    """Return a function that turns books into what a classifier learns from."""

    def turn(books):
        classes = tuple(sorted(set(books["label"])))
        targets = np.column_stack([(books["label"] == name).to_numpy(float) for name in classes])
        return TrainingData(
            titles=books["title"].tolist(), targets=targets, weights=np.ones(len(books)), classes=classes
        )

    return turn


@pytest.fixture(scope="session")
def put(tmp_path_factory):
    """Return a function that imports a table into a workspace, as a person would: from a CSV file."""

    def put(workspace, books, kind, name):
        from core.importing import import_file

        path = tmp_path_factory.mktemp("files") / f"{name}.csv"
        columns = ["record_id", "title"] + (["label"] if kind == "labels" else [])
        books[[column for column in columns if column in books]].to_csv(path, index=False)
        return import_file(workspace, path, kind, name=name, overrides=["record_id=record_id", "title=title"])

    return put


@pytest.fixture(scope="session")
def tiny_base(tmp_path_factory):
    """The folder of an encoder of random weights, small enough to train in a second."""
    torch = pytest.importorskip("core.models.runtime").load_torch()
    from transformers import BertConfig, BertModel

    folder = tmp_path_factory.mktemp("tiny")
    of_class = {name: {word.lower() for title in WORDS[name] for word in title.split()} for name in WORDS}
    words = sorted(set().union(*of_class.values()))
    signs = [chr(item) for item in range(33, 127)]
    pieces = [
        *"abcdefghijklmnopqrstuvwxyz0123456789",
        *(f"##{sign}" for sign in "abcdefghijklmnopqrstuvwxyz0123456789"),
    ]
    vocabulary = list(dict.fromkeys(["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *words, *signs, *pieces]))
    # What is so small is not worth two threads.
    torch.set_num_threads(1)
    torch.manual_seed(0)
    config = BertConfig(
        vocab_size=len(vocabulary),
        hidden_size=32,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=64,
        max_position_embeddings=48,
    )
    created = BertModel(config)
    # Words keep the vectors they come with: as in a trained encoder, those of like use are near each other.
    with torch.no_grad():
        vectors = torch.nn.init.normal_(created.embeddings.word_embeddings.weight, std=0.5)
        for number, name in enumerate(of_class):
            others = set().union(*(of_class[other] for other in of_class if other != name))
            vectors[[vocabulary.index(word) for word in sorted(of_class[name] - others)], number] += 3.0
    created.save_pretrained(folder)
    _tiny_tokenizer(vocabulary).save_pretrained(folder)
    (folder / "README.md").write_text("---\nlicense: mit\n---\nRandom weights.\n", encoding="utf-8")
    return folder


def _tiny_tokenizer(vocabulary):
    from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, processors
    from transformers import PreTrainedTokenizerFast

    created = Tokenizer(models.WordPiece({word: i for i, word in enumerate(vocabulary)}, unk_token="[UNK]"))
    created.normalizer = normalizers.BertNormalizer(lowercase=True)
    created.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    created.decoder = decoders.WordPiece()
    created.post_processor = processors.BertProcessing(("[SEP]", 3), ("[CLS]", 2))
    return PreTrainedTokenizerFast(
        tokenizer_object=created,
        pad_token="[PAD]",
        unk_token="[UNK]",
        cls_token="[CLS]",
        sep_token="[SEP]",
        mask_token="[MASK]",
    )


@pytest.fixture(scope="session")
def quick(tiny_base):
    """Options under which the tiny encoder learns the invented titles."""
    return {"base": str(tiny_base), "epochs": 8, "learning_rate": 3e-3, "batch_size": 16}


@pytest.fixture(scope="session")
def as_model():
    """Return a function that makes of a training's result what an explanation asks."""

    def turn(fitted):
        return types.SimpleNamespace(
            classes=fitted.calibration.classes,
            classifier=fitted.classifier,
            calibration=fitted.calibration,
            title_only_calibration=None,
        )

    return turn
