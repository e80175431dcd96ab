"""The columns of the flat files: the original ones as they came, then ours, each with its meaning."""

import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final, Literal

from core.export.decisions import DECISIONS
from core.export.settings import ExportSettings
from core.schema import RECORD_ID

__all__ = ["SUGGESTED", "Column", "added_columns", "original_column_name", "plain_names", "probability_names"]

ColumnType = Literal["string", "number", "boolean", "datetime"]
SUGGESTED: Final = "pred_suggested_label"


@dataclass(frozen=True)
class Column:
    """One column of a flat file.

    Attributes
    ----------
    name, type, meaning : str
    origin : {'library', 'model', 'curator', 'export'}
        Who speaks in it.
    allowed : tuple of str
        The values it may have, when they are few.
    minimum, maximum : float, optional
        Bounds of a number.
    required, unique : bool
        Never empty; never twice.
    """

    name: str
    type: ColumnType
    meaning: str
    origin: str
    allowed: tuple[str, ...] = ()
    minimum: float | None = None
    maximum: float | None = None
    required: bool = False
    unique: bool = False

    def as_dict(self) -> dict[str, Any]:
        """Return a JSON-able dictionary without what is not said."""
        content = {**asdict(self), "allowed": list(self.allowed)}
        return {key: value for key, value in content.items() if value not in (None, [], False)}


def probability_names(classes: Sequence[str]) -> dict[str, str]:
    """Return class → name of its probability column, short, plain and unique.

    >>> probability_names(["Fiction", "Non-fiction"])
    {'Fiction': 'pred_p_fiction', 'Non-fiction': 'pred_p_non_fiction'}
    """
    names: dict[str, str] = {}
    for place, name in enumerate(classes, start=1):
        # Two classes of another script would both be told by a digest, of which nobody can read the class: by place.
        short = re.sub(r"[^a-z0-9]+", "_", name.lower()).strip("_")[:60] or "unnamed"
        wanted = f"pred_p_{short}"
        names[name] = f"{wanted}_{place}" if wanted in names.values() or short == "unnamed" else wanted
    return names


def added_columns(
    settings: ExportSettings, labels: Sequence[str], probabilities: Sequence[str], *, suggested: bool = False
) -> tuple[Column, ...]:
    """Describe the columns that an export adds.

    Parameters
    ----------
    labels : sequence of str
        Every label that can occur.
    probabilities : sequence of str
        Classes whose probability is known.
    suggested : bool
        With the column that says what the machine leaned to. Only the files for review have it: in the others an
        abstained record has no label, never a best guess.
    """
    sure = "a calibrated probability" if settings.model.calibrated else "not calibrated: a score, not a probability"
    allowed = tuple(labels)
    columns = [
        Column(RECORD_ID, "string", "Identifier of the record, as text", "library", required=True, unique=True),
        Column(
            "pred_label", "string", "Label of the record; empty unless accepted or given by a curator", "model", allowed
        ),
        Column(
            "pred_confidence",
            "number",
            f"Confidence in the predicted label, cut off after four decimals ({sure}); empty where a curator overruled",
            "model",
            minimum=0,
            maximum=1,
        ),
        *(
            Column(column, "number", f"The model's probability of {name} ({sure})", "model", minimum=0, maximum=1)
            for name, column in probability_names(probabilities).items()
        ),
        Column("pred_decision", "string", "What was decided", "export", tuple(DECISIONS), required=True),
        Column(
            "pred_threshold",
            "number",
            "Cut of the predicted label, cut off after four decimals",
            "export",
            minimum=0,
            maximum=1,
        ),
        Column("pred_model", "string", "Name of the model", "model"),
        Column("pred_model_version", "string", "Version of the model", "model"),
        Column("pred_run_id", "string", "Run that made the prediction", "model"),
        Column("pred_date", "datetime", "Moment of prediction, UTC", "model"),
        Column("human_label", "string", "What a person or the catalogue said, as given", "library"),
        Column("human_label_source", "string", "Who said it: person, test label, catalogue or curator", "library"),
        Column(
            "agrees_with_human",
            "boolean",
            "Whether the predicted label equals the human one; empty if not comparable",
            "export",
        ),
        Column(
            "reviewed_by_role", "string", "Role of the person who looked at the record in review; no names", "curator"
        ),
        Column("review_note", "string", "What that person noted", "curator"),
    ]
    if suggested:
        meaning = "What the machine leaned to; not accepted, for review only"
        columns.insert(2, Column(SUGGESTED, "string", meaning, "model", allowed))
    return tuple(columns)


def plain_names(columns: Sequence[Column]) -> list[str]:
    """Return column names that may stand in an identifier: plain letters, digits and underscores, all different."""
    names: list[str] = []
    for place, column in enumerate(columns, start=1):
        plain = re.sub(r"[^A-Za-z0-9]+", "_", column.name).strip("_") or f"column_{place}"
        names.append(plain if plain not in names else f"{plain}_{place}")
    return names


def original_column_name(name: str, taken: Sequence[str]) -> str:
    """Return the name of an original column beside ours: marked '(as loaded)' where ours has the same name.

    >>> original_column_name("pred_label", ["pred_label"])
    'pred_label (as loaded)'
    """
    while name in taken:
        name = f"{name} (as loaded)"
    return name
