"""Cards that a person changed, kept beside what they describe as ``card/README.md`` and ``card/details.json``."""

from pathlib import Path
from typing import Final

from core.errors import InputError
from core.sharing.check import CardKind, refuse_faults
from core.sharing.details import CardMetadata
from core.sharing.text import update_numbers
from core.storage import read_json, write_atomically, write_json

__all__ = [
    "CARD_FOLDER",
    "delete_card",
    "save_card",
    "save_card_metadata",
    "saved_card",
    "saved_card_metadata",
    "with_fresh_numbers",
]

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
