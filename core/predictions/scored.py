"""The scored table: predictions beside the records and what people said, as every audit reads it."""

import functools
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import pandas as pd

from core.classes import match_classes
from core.joins import join_ids
from core.predictions.catalogue import CatalogueChoice
from core.schema import ALTERNATE_ID, CORRECT, LEAK, PREDICTED, RECORD_ID, TRUTH
from core.storage import digest

__all__ = ["Scored", "align_scored", "identifiers_in"]


@dataclass(frozen=True)
class Scored:
    """Predictions joined with records and with what people said: the table every audit reads.

    Attributes
    ----------
    table : DataFrame
        Records columns, ``predicted``, ``confidence`` (0 to 1, NaN if unknown), ``margin``, ``p_<class>`` where known,
        ``truth`` ('' where nobody gave a usable answer), ``truth_given``, ``correct`` (meaningful only where there is a
        truth), ``leak``, ``split``. Read-only: it is shared between pages.
    calibrated : bool
        Whether the confidences were calibrated here. Probabilities in a file made elsewhere count as uncalibrated.
    labels : str
        Name of the label set the truth comes from, '' where it came with the predictions or there is none.
    sentences : tuple of str
        What a reader must know of the join.
    learned_known : bool
        Whether it is known which books the model learned from; if not, a leak is a book it may have learned from.
    catalogue : CatalogueChoice
        The catalogue that predictions made elsewhere were joined with; without a match where there is none.
    ids_in_file : mapping of str to str
        Identifier in the predictions' own file → the catalogue's, for the books where the two differ.
    unmatched_classes : tuple of str
        The class names of the truth where none of them is a class of the predictions, so that nothing was compared.
    """

    name: str
    fingerprint: str
    classes: tuple[str, ...]
    table: pd.DataFrame
    calibrated: bool
    labels: str = ""
    sentences: tuple[str, ...] = field(default=())
    learned_known: bool = False
    catalogue: CatalogueChoice = field(default=CatalogueChoice(None))
    ids_in_file: Mapping[str, str] = field(default_factory=dict)
    unmatched_classes: tuple[str, ...] = ()

    @property
    def predictions(self) -> str:
        """Fingerprint of the predictions alone, whatever they are checked against."""
        return self.fingerprint.split("-")[0]

    @functools.cached_property
    def key(self) -> str:
        """What stands for this table and all that is computed of it in a cache: equal keys, equal results.

        It holds each thing a result can depend on: predictions, labels and slice (the fingerprint), what they are
        called in sentences, whether confidences were calibrated, and *which* books are leaks. How many there are would
        not do: the same number of other books gives other figures.
        """
        leaks = self.table[LEAK].to_numpy(dtype=bool).tobytes() if LEAK in self.table else b""
        return digest(
            self.fingerprint,
            self.name,
            self.labels,
            self.classes,
            self.calibrated,
            self.learned_known,
            len(self.table),
            hashlib.sha256(leaks).hexdigest(),
        )

    def id_in_file(self, record_id: str) -> str:
        """Return the identifier that the predictions' own file has for a record of the table: it never changes."""
        return next((own for own, named in self.ids_in_file.items() if named == record_id), record_id)

    @property
    def labelled(self) -> pd.DataFrame:
        """The rows with a usable truth."""
        return self.table[self.table[TRUTH] != ""]


def align_scored(first: Scored, second: Scored) -> pd.DataFrame:
    """Return the second table with the identifiers, class names and truth of the first, for the books both speak of.

    Two tables may know a book by its digital and its paper record, or by an identifier that lost its leading zeros; the
    rows that are in both get the identifier they have in `first`, and are judged by the truth known there. Rows of
    other books are left out.
    """
    ids = [second.table[RECORD_ID], second.table[ALTERNATE_ID]]
    join = join_ids(ids, [first.table[RECORD_ID], first.table[ALTERNATE_ID]])
    hit = join.position >= 0
    table = second.table[hit].copy()
    table[RECORD_ID] = first.table[RECORD_ID].to_numpy()[join.position[hit]]
    table[TRUTH] = first.table[TRUTH].to_numpy()[join.position[hit]]
    table = table[~table[RECORD_ID].duplicated()]
    names = match_classes(second.classes, first.classes).class_by_answer
    table[PREDICTED] = table[PREDICTED].map(lambda name: names.get(name, name)).astype("str")
    table[CORRECT] = (table[PREDICTED] == table[TRUTH]) & (table[TRUTH] != "")
    return table


def identifiers_in(scored: Scored, ids: Sequence[str]) -> list[str]:
    """Return record identifiers as the scored table has them; one that is not there stays as it is.

    What was written before predictions met their catalogue names a record by the identifier in the file, and what was
    written after that by the catalogue's.
    """
    table = scored.table
    known = pd.Index(table[RECORD_ID])
    named = [
        identifier if identifier in known else scored.ids_in_file.get(identifier, identifier) for identifier in ids
    ]
    odd = [identifier for identifier in dict.fromkeys(named) if identifier not in known]
    if not odd:
        return named
    join = join_ids([pd.Series(odd, dtype="str")], [table[RECORD_ID], table[ALTERNATE_ID]])
    record_ids = table[RECORD_ID].to_numpy(dtype=object)
    same = {
        identifier: str(record_ids[place]) for identifier, place in zip(odd, join.position, strict=True) if place >= 0
    }
    return [same.get(identifier, identifier) for identifier in named]
