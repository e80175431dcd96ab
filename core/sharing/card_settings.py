"""Cards that a person changed, kept beside what they describe, and the checks of a card without a network."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final, Literal

from core.errors import InputError
from core.sharing.citation import CardMetadata
from core.sharing.wording import ANNOTATIONS_CREATORS, LICENCES, SIZES, front_matter, numbers_of, update_numbers
from core.storage import read_json, write_atomically, write_json

__all__ = [
    "CARD_FOLDER",
    "CardKind",
    "check_card",
    "delete_card",
    "refuse_faults",
    "save_card",
    "save_card_metadata",
    "saved_card",
    "saved_card_metadata",
    "with_fresh_numbers",
]

# --- Checks of a card without a network: the Hub's own check is a question to the Hub ---------------------------------


CardKind = Literal["model", "dataset"]
_TASKS = {"text-classification", "tabular-classification", "other"}


def check_card(text: str, kind: CardKind) -> tuple[str, ...]:
    """Return what is wrong with a card, one sentence each; none when it may be shared.

    Checked are the YAML, the licence and the other words the Hub knows, that the measured numbers stand there, and (for
    a model) that what ``huggingface_hub`` reads from it are the same results.
    """
    try:
        front = front_matter(text)
    except InputError as error:
        return (str(error),)
    faults = [*_words(front), *(_results(text, front) if kind == "model" else ())]
    if not numbers_of(text):
        faults.append("The block of measured numbers is missing. Save the card again: it is then put back.")
    return tuple(faults)


def refuse_faults(text: str, kind: CardKind) -> None:
    """Raise when a card may not be shared.

    Raises
    ------
    InputError
        With the first fault.
    """
    faults = check_card(text, kind)
    if faults:
        more = f" ({len(faults) - 1} more)" if len(faults) > 1 else ""
        raise InputError(f"The card cannot be shared yet: {faults[0]}{more}")


def _words(front: Mapping[str, Any]) -> list[str]:
    faults = []
    licence = front.get("license")
    if licence is not None and licence not in LICENCES:
        faults.append(f"'{str(licence)[:40]}' is no licence that the Hub knows; CC0 is written cc0-1.0.")
    if licence == "other" and not front.get("license_name"):
        faults.append("The licence 'other' needs a license_name beside it.")
    for key, allowed in (
        ("annotations_creators", ANNOTATIONS_CREATORS),
        ("size_categories", SIZES),
        ("task_categories", _TASKS),
        ("pipeline_tag", _TASKS),
    ):
        for value in _as_list(front.get(key)):
            if value not in allowed:
                faults.append(f"'{str(value)[:40]}' is no {key}. Allowed are: {', '.join(sorted(allowed))}.")
    for key in ("language", "tags", "metrics"):
        if any(not isinstance(value, str) for value in _as_list(front.get(key))):
            # YAML reads the code of Norwegian, no, as a denial.
            faults.append(f"'{key}' holds something that is no text; put it in quotes.")
    return faults


def _results(text: str, front: Mapping[str, Any]) -> list[str]:
    from huggingface_hub import ModelCard
    from huggingface_hub.repocard_data import eval_results_to_model_index, model_index_to_eval_results

    index = front.get("model-index")
    if index is None:
        return []
    try:
        name, results = model_index_to_eval_results(index)
        read = ModelCard(text, ignore_metadata_errors=False).data.get("eval_results") or []
        again = model_index_to_eval_results(eval_results_to_model_index(name, results))[1]
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        return [f"The results of the model (model-index) cannot be read: {type(error).__name__}."]
    if not results or results != read or results != again:
        return ["The results of the model (model-index) do not come back as they were written."]
    return []


def _as_list(value: Any) -> list[Any]:
    if value is None:
        return []
    return list(value) if isinstance(value, list) else [value]


# --- Cards that a person changed --------------------------------------------------------------------------------------
# Cards that a person changed, kept beside what they describe as ``card/README.md`` and ``card/details.json``.


CARD_FOLDER: Final = "card"
_LIMIT: Final = 500_000  # characters


def saved_card(home: Path) -> str | None:
    """Return the card that was kept for the thing whose folder this is, None when there is none."""
    path = home / CARD_FOLDER / "README.md"
    try:
        return path.read_text(encoding="utf-8") if path.exists() else None
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"The card {path} cannot be read: {error}. Remove it to begin again.") from error


def saved_card_metadata(home: Path) -> CardMetadata:
    """Return the details that were kept; empty ones when there are none."""
    path = home / CARD_FOLDER / "details.json"
    return CardMetadata.from_dict(read_json(path)) if path.exists() else CardMetadata()


def save_card_metadata(home: Path, metadata: CardMetadata) -> None:
    """Keep what a person said of a thing."""
    (home / CARD_FOLDER).mkdir(parents=True, exist_ok=True)
    write_json(home / CARD_FOLDER / "details.json", metadata.as_dict())


def save_card(home: Path, text: str, fresh: str, kind: CardKind) -> str:
    """Keep a card that a person changed, with the measured numbers of the fresh one; return it as it was kept.

    Raises
    ------
    InputError
        It could not be shared as it stands; the message says why. Nothing is changed then.
    """
    if len(text) > _LIMIT:
        raise InputError(f"The card has {len(text):,} characters; at most {_LIMIT:,} can be kept.")
    card = update_numbers(text, fresh)
    refuse_faults(card, kind)
    with write_atomically(home / CARD_FOLDER / "README.md") as beside:
        beside.write_text(card, encoding="utf-8", newline="\n")
    return card


def delete_card(home: Path) -> None:
    """Go back to the card that is made of the measured facts alone."""
    (home / CARD_FOLDER / "README.md").unlink(missing_ok=True)


def with_fresh_numbers(home: Path, fresh: str) -> str:
    """Return the card that was kept, with the numbers of the fresh one; the fresh one when none was kept."""
    card = saved_card(home)
    return fresh if card is None else update_numbers(card, fresh)
