"""The columns of flat files: the library's own as they came, then ours, each with its meaning."""

import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, Final, Literal

from core.export.decisions import DECISIONS
from core.export.settings import ExportSettings
from core.schema import RECORD_ID

__all__ = [
    "Column",
    "added_columns",
    "column_mark",
    "original_column_name",
    "plain_names",
    "probability_names",
    "with_mark",
]

_BETWEEN: Final = "__"

ColumnType = Literal["string", "number", "boolean", "datetime"]
SUGGESTED: Final = "pred_suggested_label"


@dataclass(frozen=True, kw_only=True)
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
    if settings.model.calibrated_in_part:
        [calibrated] = [model.name for model in settings.model.each if model.calibrated]
        sure = f"a calibrated probability where the model is {calibrated}, else a score"
    allowed = tuple(labels)
    columns = [
        Column(
            name=RECORD_ID,
            type="string",
            meaning="Identifier of the record, as text",
            origin="library",
            required=True,
            unique=True,
        ),
        Column(
            name="pred_label",
            type="string",
            meaning="Label of the record; empty unless accepted or given by a curator",
            origin="model",
            allowed=allowed,
        ),
        Column(
            name="pred_confidence",
            type="number",
            meaning=(
                f"Confidence in the predicted label, cut off after four decimals ({sure}); empty where a curator"
                " overruled"
            ),
            origin="model",
            minimum=0,
            maximum=1,
        ),
        *(
            Column(
                name=column,
                type="number",
                meaning=f"The model's probability of {name} ({sure})",
                origin="model",
                minimum=0,
                maximum=1,
            )
            for name, column in probability_names(probabilities).items()
        ),
        Column(
            name="pred_decision",
            type="string",
            meaning="What was decided",
            origin="export",
            allowed=tuple(DECISIONS),
            required=True,
        ),
        Column(
            name="pred_threshold",
            type="number",
            meaning="Cut of the predicted label, cut off after four decimals",
            origin="export",
            minimum=0,
            maximum=1,
        ),
        Column(name="pred_model", type="string", meaning="Name of the model", origin="model"),
        Column(name="pred_model_version", type="string", meaning="Version of the model", origin="model"),
        Column(name="pred_run_id", type="string", meaning="Run that made the prediction", origin="model"),
        Column(name="pred_date", type="datetime", meaning="Moment of prediction, UTC", origin="model"),
        Column(
            name="human_label", type="string", meaning="What a person or the catalogue said, as given", origin="library"
        ),
        Column(
            name="human_label_source",
            type="string",
            meaning="Who said it: person, test label, catalogue or curator",
            origin="library",
        ),
        Column(
            name="agrees_with_human",
            type="boolean",
            meaning="Whether the predicted label equals the human one; empty if not comparable",
            origin="export",
        ),
        Column(
            name="reviewed_by_role",
            type="string",
            meaning="Role of the person who looked at the record in review; no names",
            origin="curator",
        ),
        Column(name="review_note", type="string", meaning="What that person noted", origin="curator"),
    ]
    if suggested:
        meaning = "What the machine leaned to; not accepted, for review only"
        columns.insert(2, Column(name=SUGGESTED, type="string", meaning=meaning, origin="model", allowed=allowed))
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


def column_mark(name: str) -> str:
    """Return what the columns of a further set of labels end in, made of the name of its predictions.

    >>> column_mark("demo-catalogue-Travel 2")
    '__demo_catalogue_travel_2'
    """
    return f"{_BETWEEN}{re.sub(r'[^a-z0-9]+', '_', name.lower()).strip('_') or 'further'}"


def with_mark(column: Column, mark: str, name: str) -> Column:
    """Return the same column of a further set of labels, beside that of the first."""
    return replace(column, name=f"{column.name}{mark}", meaning=f"{column.meaning} (labels of {name})")
