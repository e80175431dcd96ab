"""What people decide on Review as a label set: it knows how each book came to be decided, and so what it can prove."""

import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import pandas as pd

from core.database import Database
from core.draws import DRAWN_TOLERANCE, register_draw
from core.errors import InputError
from core.importing import ImportReport, ReadOptions, import_file
from core.predictions import Scored, identifiers_in, load_scored
from core.review import decisions_for_scored, send_to_review, sent_for_scored
from core.schema import (
    ALTERNATE_ID,
    ANNOTATOR,
    AUTHOR,
    COUNTRY,
    CREATED_AT,
    DATE,
    DRAW_ID,
    DRAWN_CHANCE,
    GENRE_GIVEN,
    LABEL,
    LANGUAGE,
    LANGUAGE_SOURCE,
    NOTE,
    PLACE,
    PUBLISHER,
    RECORD_ID,
    TITLE,
)
from core.storage import Workspace

__all__ = ["labels_from_decisions", "send_draw_to_review"]

DRAW_REASON: Final = "drawn at random, so that a promise can rest on it"
# Sent are those books of a draw that are here: a corpus that was imported anew may lack one of them.
_MOST: Final = 0.9
_RECORD_COLUMNS: Final = (
    RECORD_ID, ALTERNATE_ID, TITLE, AUTHOR, DATE, PLACE, COUNTRY, LANGUAGE, PUBLISHER, GENRE_GIVEN,
)  # fmt: skip
_ANSWER_COLUMNS: Final = (LABEL, ANNOTATOR, CREATED_AT, NOTE)


def send_draw_to_review(database: Database, scored: Scored, sample: pd.DataFrame) -> int:
    """Put books that were drawn from all of a collection on the review list, with their chances written down.

    Parameters
    ----------
    sample : DataFrame
        ``record_id`` and ``drawn_chance``, in random order, as :func:`core.thresholds.draw_review_sample` (without
        strata) and :func:`core.thresholds.draw_with_chances` return them.

    Returns
    -------
    int
        How many were not on the list before.
    """
    drawn = register_draw(database, sample)
    return send_to_review(database, scored.predictions, drawn[RECORD_ID].tolist(), DRAW_REASON, scored=scored)


def labels_from_decisions(workspace: Workspace, predictions: str, name: str | None = None) -> ImportReport:
    """Make a label set of what people have decided on Review about some predictions, as it stands now.

    Books of a list that Colophon drew and that was put on the review list count as drawn: they have known chances, what
    is not answered behind the last answer counts as not reached, and what is not answered before it as something that
    nobody could decide (:class:`core.draws.LabelDraw`). Several plain draws count as one longer list, the earlier
    first; of draws whose chances differ the newest counts. All other decided books are checked beside the draw and
    prove nothing of the others; without any draw the whole set counts as chosen. "can't tell", and what two people
    disagree about, is undecided.

    The set takes the road of an imported file, so that accuracy, shares, promises (those that may be asked again after
    each label too) and training take it as any other. Made again after further decisions it is another set, under
    another name.

    Parameters
    ----------
    predictions : str
        Name or fingerprint.
    name : str, optional
        Of the label set; without one "NAME-review" with a number where that is taken.

    Returns
    -------
    ImportReport
        Its ``name`` is that of the label set; its ``warnings`` say how the books were drawn and what is open.

    Raises
    ------
    InputError
        Nobody has decided anything about these predictions yet.
    NameTakenError
        Another label set has the name that was given.
    """
    scored = load_scored(workspace, predictions)
    rows = _decided(workspace.database, scored)
    if not len(rows):
        raise InputError(
            f"Nobody has decided anything about '{scored.name}' yet: decide books on the Review page first."
        )
    draw = _draw_on_review(workspace.database, scored, set(rows[RECORD_ID]))
    if draw is not None:
        rows = _beside_draw(scored, rows, draw)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"{scored.name}-review.csv"
        rows.to_csv(path, index=False)
        return import_file(
            workspace,
            path,
            "labels",
            name=name,
            overrides=[f"{column}={column}" for column in rows.columns],
            map_classes=[f"{label}={label}" for label in scored.classes if label in set(rows[LABEL])],
            reading=ReadOptions(format="csv", encoding="utf-8", delimiter=","),
            drawn="" if draw is not None else "chosen",
        )


def _decided(database: Database, scored: Scored) -> pd.DataFrame:
    """Return the records that people decided, as a file of labels has them, in the order they were decided."""
    log = decisions_for_scored(database, scored)
    frame = log.frame()
    frame = frame[frame[RECORD_ID].isin(scored.table[RECORD_ID])]
    people = {record_id: decision.by for record_id, decision in log.current.items()}
    answers = {
        LABEL: frame[LABEL],
        ANNOTATOR: [people.get(record_id, "") for record_id in frame[RECORD_ID]],
        CREATED_AT: frame["at"],
        NOTE: frame[NOTE],
    }
    return _records(scored, frame[RECORD_ID].tolist()).assign(**{k: np.asarray(v) for k, v in answers.items()})


def _records(scored: Scored, record_ids: Sequence[str]) -> pd.DataFrame:
    """Return what is catalogued of records, as text; a language that was guessed from the title is left out."""
    table = scored.table.set_index(RECORD_ID, drop=False).loc[list(record_ids)]
    columns = [column for column in _RECORD_COLUMNS if column in table]
    rows = table[columns].astype("str").reset_index(drop=True)
    if LANGUAGE in rows and LANGUAGE_SOURCE in table:
        rows[LANGUAGE] = rows[LANGUAGE].where((table[LANGUAGE_SOURCE] == "catalogue").to_numpy(), "")
    return rows


@dataclass(frozen=True, kw_only=True)
class _Draw:
    """Books of one list: ``record_ids`` in its order as the scored table names them, the chance of each, its name."""

    draw_id: str
    chances: Mapping[str, float]


def _draw_on_review(database: Database, scored: Scored, decided: set[str]) -> _Draw | None:
    """Return the draw whose books were put on the review list and of which some are decided; several as one."""
    sent = set(sent_for_scored(database, scored))
    here = set(scored.table[RECORD_ID])
    draws = []
    for note in database.read("draw"):
        names = identifiers_in(scored, note["record_ids"])
        on_list = sum(name in sent for name in names)
        draw = dict(zip(names, note["chances"], strict=True))
        is_here = on_list >= _MOST * len(names) and here >= set(names) and not decided.isdisjoint(names)
        # A plain draw from other books, or from a part of these, says nothing of all of them.
        if is_here and (_has_different_chances(draw) or _is_of_all(draw, len(scored.table))):
            draws.append(draw)
    if not draws:
        return None
    *_, newest = draws
    plain = [draw for draw in draws if not _has_different_chances(draw)]
    if len(plain) > 1 and newest in plain:
        # What follows the first list is a random part of what it left, so that both are one list in random order.
        ids = list(dict.fromkeys(record_id for draw in plain for record_id in draw))
        newest = dict.fromkeys(ids, len(ids) / len(scored.table))
    sample = pd.DataFrame({RECORD_ID: list(newest), DRAWN_CHANCE: list(newest.values())})
    draw_id = str(register_draw(database, sample)[DRAW_ID].iloc[0])
    return _Draw(draw_id=draw_id, chances=newest)


def _has_different_chances(draw: Mapping[str, float]) -> bool:
    chances = np.fromiter(draw.values(), dtype=float)
    return float(np.ptp(chances)) > DRAWN_TOLERANCE * float(chances.min())


def _is_of_all(draw: Mapping[str, float], population: int) -> bool:
    """Whether so many books with this chance each are a draw from a whole population."""
    return round(len(draw) / next(iter(draw.values()))) == population


def _beside_draw(scored: Scored, rows: pd.DataFrame, draw: _Draw) -> pd.DataFrame:
    """Return the answers in the order of the draw, blank where there is none, then what was decided beside it."""
    ids = list(draw.chances)
    open_ones = [record_id for record_id in ids if record_id not in set(rows[RECORD_ID])]
    blank = _records(scored, open_ones).assign(**dict.fromkeys(_ANSWER_COLUMNS, ""))
    every = pd.concat([rows, blank], ignore_index=True)
    chances = every[RECORD_ID].map(draw.chances)
    every[DRAW_ID] = np.where(chances.notna(), draw.draw_id, "")
    every[DRAWN_CHANCE] = chances.map(lambda chance: "" if np.isnan(chance) else repr(float(chance)))
    place = every[RECORD_ID].map({record_id: number for number, record_id in enumerate(ids)})
    return every.loc[place.sort_values(kind="stable", na_position="last").index].reset_index(drop=True)
