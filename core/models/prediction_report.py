"""What scoring a corpus reports, and the sentences a reader must know."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

__all__ = ["Engine", "PredictionReport", "missing_column_sentences", "sentences"]

Engine = Literal["local", "ray"]


@dataclass(frozen=True)
class PredictionReport:
    """What was scored (the keys of ``colophon predict --json``).

    Attributes
    ----------
    predictions : str
        Name of the set of predictions.
    rows : int
        Records of the corpus.
    held_out : int
        Records whose title the model learned from: they have the out-of-fold probabilities of that title.
    untitled : int
        Records without a title: they have no prediction.
    resumed : int
        Different titles that an earlier run, which was stopped, had scored already.
    rows_per_second : float
        Records that this run scored, in a second.
    """

    predictions: str
    fingerprint: str
    model: str
    corpus: str
    rows: int
    seconds: float
    rows_per_second: float
    held_out: int
    untitled: int
    classes: tuple[str, ...]
    predicted: Mapping[str, int]
    sentences: tuple[str, ...]
    engine: Engine = "local"
    resumed: int = 0

    def as_dict(self) -> dict[str, Any]:
        """Return a JSON-able dictionary."""
        return asdict(self)


def sentences(held_out: int, untitled: int, cut: int, resumed: int) -> tuple[str, ...]:
    """Say how many records were not read like the others, and how many titles an earlier run had scored."""
    messages = []
    if resumed:
        messages.append(f"{resumed:,} different titles had been scored already by a run that was stopped.")
    if held_out:
        messages.append(
            f"The model learned from the titles of {held_out:,} of these records; their probabilities come from models"
            " that had not seen them."
        )
    if untitled:
        messages.append(f"{untitled:,} records have no title and no prediction; they go to review.")
    if cut:
        messages.append(f"{cut:,} titles are longer than the language model reads; their ends were cut.")
    return tuple(messages)


def missing_column_sentences(reads: Sequence[str], lacking: Sequence[str], without: int, records: int) -> list[str]:
    """Say which columns the catalogue lacks, and how many of the records have none of those the model reads."""
    messages = []
    if lacking:
        messages.append(f"The model also reads {', '.join(lacking)}, and this catalogue has no such column.")
    if without:
        messages.append(
            f"{without:,} of the {records:,} records have nothing in {' or '.join(reads)}: the model judged them by"
            " their titles alone, for which it is calibrated apart."
        )
    return messages
