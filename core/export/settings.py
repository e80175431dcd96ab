"""Everything a person chooses about an export, in one object that its manifest holds."""

import re
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields, replace
from datetime import datetime
from functools import cached_property
from typing import Any, Final, Literal
from urllib.parse import quote, urlsplit
from uuid import NAMESPACE_OID, uuid5

import pandas as pd
from pydantic import Field

from core.classes import class_key
from core.errors import InputError
from core.export.formats import CARRIERS, FORMATS, Carrier, MarcKind, parse_marc_kinds
from core.manifests import Bases, Record
from core.slices import Slice
from core.storage import digest, plain_slug
from core.thresholds import GuaranteeRecord, Policy
from core.translation import noop

__all__ = [
    "CURATOR",
    "GENRE_SOURCES",
    "HUMAN_LABELS",
    "LITERARY_FORMS",
    "NAMESPACE",
    "PROFILES",
    "RECORD_URN",
    "TERM_QUESTION",
    "UNKNOWN",
    "ExportSettings",
    "GenreTerm",
    "InputFile",
    "MadeBy",
    "ModelDetails",
    "ModelSource",
    "PastExport",
    "Profile",
    "VerseDramaAnswer",
    "annotation_uri",
    "check_base_uri",
    "check_terms",
    "default_terms",
    "identifier_pattern",
    "record_uri",
    "terms_as_dict",
]


# --- From a label to a catalogue term: a visible choice, never a guess; and how records and runs are named ------------
#
# A class name says what the annotators meant; a vocabulary term says what its makers meant. The two agree only when
# somebody has looked. The question to ask before choosing is :data:`TERM_QUESTION`.

TERM_QUESTION: Final = noop("Does the label Fiction, as your annotators used it, include verse and drama?")

VerseDramaAnswer = Literal["", "yes", "no"]
Profile = Literal["lcgft", "fast", "uncontrolled", "none"]
PROFILES: Final[Mapping[str, str]] = {
    "lcgft": noop("Library of Congress Genre/Form Terms where one fits, else an uncontrolled term"),
    "fast": noop("FAST (OCLC) where one fits, else an uncontrolled term"),
    "uncontrolled": noop("the label itself, as an uncontrolled term"),
    "none": noop("no genre term in MARC: the accepted labels go to the flat files only"),
}

# Source codes that 655 $2 may carry: the book genre lists among the genre/form source codes of the Library of Congress
# (as MARC::Schema 0.14 carries them), and FAST. Any other is refused, since no public validator looks at $2.
GENRE_SOURCES: Final = frozenset(
    {
        "barngf",
        "estc",
        "fast",
        "gatbeg",
        "gnd",
        "gnd-content",
        "gsafd",
        "lcgft",
        "marcgt",
        "nbdbgf",
        "proysen",
        "rbgenr",
        "rbmscv",
        "reveal",
        "rvmgf",
        "saogf",
        "slm",
        "tgfbne",
    }
)
# 008/33 for books (MARC 21 bibliographic, 008 Books).
LITERARY_FORMS: Final[Mapping[str, str]] = {
    "0": "not fiction",
    "1": "fiction",
    "d": "dramas",
    "e": "essays",
    "f": "novels",
    "h": "humor, satires, etc.",
    "i": "letters",
    "j": "short stories",
    "m": "mixed forms",
    "p": "poetry",
    "s": "speeches",
    "u": "unknown",
    "|": "no attempt to code",
}


@dataclass(frozen=True)
class GenreTerm:
    """What one label becomes in a catalogue.

    Attributes
    ----------
    term : str
        The heading, 655 $a.
    source : str
        Code of the vocabulary, 655 $2; '' for an uncontrolled term (second indicator 4).
    uri : str
        Identifier of the term, 655 $0; '' when there is none.
    literary_form : str
        The code for 008/33, '' to leave that byte alone. Written only when the export asks for it.
    """

    term: str
    source: str = ""
    uri: str = ""
    literary_form: str = ""

    def as_dict(self) -> dict[str, str]:
        """Return a JSON-able dictionary."""
        return asdict(self)


_LCGFT = "http://id.loc.gov/authorities/genreForms/"
_FICTION: Mapping[tuple[str, str], GenreTerm] = {
    # (profile, answer): only terms whose identifier was read in a published source.
    ("lcgft", "yes"): GenreTerm("Literature", "lcgft", f"{_LCGFT}gf2014026415"),
    ("lcgft", "no"): GenreTerm("Fiction", "lcgft", f"{_LCGFT}gf2014026339", "1"),
    ("fast", "no"): GenreTerm("Fiction", "fast", "(OCoLC)fst01423787", "1"),
    ("uncontrolled", "no"): GenreTerm("Fiction", literary_form="1"),
}


def default_terms(
    classes: Sequence[str], profile: Profile = "lcgft", answer: VerseDramaAnswer = ""
) -> dict[str, GenreTerm]:
    """Propose a term for each class.

    Only a class called Fiction has a known term in a vocabulary, and which one depends on the answer to
    :data:`TERM_QUESTION`: *Literature* when verse and drama are included, *Fiction* when they are not. While the
    question is open, and for every other class, the label stands as an uncontrolled term, which claims no more than
    the annotators said. There is no general term for non-fiction; *Informational works* is narrower and never used.

    Examples
    --------
    >>> default_terms(["Fiction", "Non-fiction"], "lcgft", "yes")["Fiction"].term
    'Literature'
    >>> default_terms(["Fiction"])["Fiction"]
    GenreTerm(term='Fiction', source='', uri='', literary_form='')
    """
    terms = {}
    for name in classes:
        key = class_key(name)
        if key == "fiction":
            terms[name] = _FICTION.get((profile, answer), GenreTerm(name))
        elif key == "nonfiction":
            # Code 0 says 'not fiction (not further specified)', which holds whichever way the question is answered.
            terms[name] = GenreTerm(name, literary_form="0")
        else:
            terms[name] = GenreTerm(name)
    return terms


def check_terms(terms: Mapping[str, GenreTerm]) -> None:
    """Refuse terms that could not be told apart or written.

    Raises
    ------
    InputError
        Two labels share a term; a vocabulary or literary form is unknown; a term is empty.
    """
    seen: dict[str, str] = {}
    for label, term in terms.items():
        if not term.term.strip():
            raise InputError(f"The term for the label '{label}' is empty. Give one, or leave the label itself.")
        if term.source and term.source not in GENRE_SOURCES:
            raise InputError(
                f"'{term.source}' (term for the label '{label}') is no known source code for genre terms."
                f" Known are: {', '.join(sorted(GENRE_SOURCES))}. Leave it empty for an uncontrolled term."
            )
        if term.literary_form and term.literary_form not in LITERARY_FORMS:
            raise InputError(
                f"'{term.literary_form}' (label '{label}') is no code for 008/33."
                f" Known are: {', '.join(LITERARY_FORMS)}."
            )
        other = seen.setdefault(term.term, label)
        if other != label:
            raise InputError(
                f"The labels '{other}' and '{label}' would both become '{term.term}'. Give each its own term."
            )


def terms_as_dict(terms: Mapping[str, GenreTerm]) -> dict[str, Any]:
    """Return label → term as plain dictionaries, sorted by label."""
    return {label: terms[label].as_dict() for label in sorted(terms)}


# --- How records and runs are named in descriptions and linked data, and what identifiers look like -------------------


NAMESPACE: Final = "urn:x-colophon:terms#"  # our own words: confidence, threshold, decision
RECORD_URN: Final = "urn:x-colophon:record:"
_NOT_IN_URIS: Final = re.compile(r"[^!-~]|[<>\"{}|\\^`]|#(?=.)")  # RFC 3986, section 2, and # but once


def record_uri(record_id: str) -> str:
    """Return the name of a record in linked data.

    >>> record_uri("014602826"), record_uri("a b")
    ('urn:x-colophon:record:014602826', 'urn:x-colophon:record:a%20b')
    """
    return RECORD_URN + quote(record_id, safe="")


def annotation_uri(run_id: str, record_id: str) -> str:
    """Return the name of one prediction: always the same for the same run and record."""
    return uuid5(NAMESPACE_OID, f"colophon:prediction:{run_id}:{record_id}").urn


def check_base_uri(base: str) -> None:
    """Refuse what is no address that the names of runs can be put behind; '' is none at all, and allowed.

    Raises
    ------
    InputError
        It is no http or https URI, holds what a URI may not hold, or ends in neither / nor #.
    """
    example = "such as https://data.example.org/runs/, or leave it empty"
    if not base:
        return
    if not re.match(r"https?://", base, re.IGNORECASE):
        raise InputError(f"'{base}' is no http or https address. Give one of your library's, {example}.")
    wrong = _NOT_IN_URIS.search(base)
    if wrong or not _host(base):
        what = f"holds {wrong.group()!r}, which no URI may hold" if wrong else "names no host"
        raise InputError(f"'{base}' {what}. Give an address {example}; other signs are written as %20 and the like.")
    if not base.endswith(("/", "#")):
        raise InputError(
            f"'{base}' ends in neither / nor #, so the name of the run cannot be put behind it. Give '{base}/' or"
            f" '{base}#'."
        )


def _host(uri: str) -> str:
    try:
        return urlsplit(uri).hostname or ""
    except ValueError:  # a bracket of an IPv6 address is missing
        return ""


def identifier_pattern(ids: pd.Series) -> str:
    """Return a regular expression for identifiers that are all digits of one length, else ''.

    >>> identifier_pattern(pd.Series(["014602826", "000000004"]))
    '[0-9]{9}'
    """
    lengths = ids.str.len().unique()
    if len(lengths) == 1 and ids.str.fullmatch("[0-9]+").all():
        return f"[0-9]{{{int(lengths[0])}}}"
    return ""


# --- Everything a person chooses about an export, in one object that is stored in its manifest ------------------------


LICENCES: Final[Mapping[str, str]] = {
    "CC0-1.0": "https://creativecommons.org/publicdomain/zero/1.0/",
    "CC-BY-4.0": "https://creativecommons.org/licenses/by/4.0/",
    "CC-BY-SA-4.0": "https://creativecommons.org/licenses/by-sa/4.0/",
}
UNKNOWN: Final = "unknown"
# Who set the cuts, where nobody gave a name.
CURATOR: Final = "curator"
HumanLabels = Literal["measure-only", "keep"]
HUMAN_LABELS: Final[Mapping[str, str]] = {
    "measure-only": "they were used to measure, and block nothing",
    "keep": "they stand, and no machine value was added there",
}
# How the labels that the accuracy is measured on came about.
MadeBy = Literal["people", "rules", "people and rules"]


class InputFile(Record):
    """A file that was read; what is not known of it is left out or None.

    Attributes
    ----------
    name, sha256, uri : str
    rows, rejected : int
        Rows it holds, and those that could not be taken.
    mapping : mapping
        Its header → what it was read as.
    """

    name: str = "catalogue file"
    sha256: str | None = None
    uri: str | None = None
    rows: int | None = None
    rejected: int | None = None
    mapping: dict[str, str] | None = None


class ModelDetails(Record):
    """What is known of a model beside its name.

    Files of its weights and their SHA-256, the language models it is built on, labels, calibration, seed.
    """

    fingerprint: str | None = None
    kind: str | None = None
    weights: dict[str, str] = Field(default_factory=dict)
    sha256_is_of: str = ""
    bases: Bases = None
    labels: str | None = None
    calibration: str | None = None
    seed: int | None = None


@dataclass(frozen=True, kw_only=True)
class ModelSource:
    """Which model spoke.

    Attributes
    ----------
    name, version : str
        As they shall stand in the catalogue (883 $a). For predictions made elsewhere, the name of the predictions.
    sha256 : str
        Of the model's own weights (:func:`core.models.registry.weights_digest`); '' when unknown.
    calibrated : bool
        Whether its confidences are calibrated probabilities. Only then does a confidence enter a catalogue record.
    input_columns : tuple of str
        What it reads of a record, 'title' first, then columns of the library's file; empty when unknown.
    made_here : bool
        Whether the predictions were made in this workspace; if not, nothing is known of the model itself.
    details : ModelDetails
        Whatever else is known.
    predictions, fingerprint : str
        Name and fingerprint of the predictions it made; given of each of two models.
    cut : float
        Of two models: above which confidence, 0 to 1, this one decides.
    predicted_at, imported_at : str
        Of two models: when this one predicted, or when its predictions were brought in; '' as for the settings.
    parts : tuple of ModelSource
        Where two models decided, each record by one of them: both, the one that was asked first at the beginning.
    """

    name: str
    version: str = ""
    sha256: str = ""
    calibrated: bool = False
    details: ModelDetails = field(default_factory=ModelDetails)
    input_columns: tuple[str, ...] = ()
    made_here: bool = True
    predictions: str = ""
    fingerprint: str = ""
    cut: float = 0.0
    predicted_at: str = ""
    imported_at: str = ""
    parts: "tuple[ModelSource, ...]" = ()

    @classmethod
    def together(cls, name: str, version: str, parts: "Sequence[ModelSource]") -> "ModelSource":
        """Return two models of which each decided some records."""
        return cls(
            name=name,
            version=version,
            calibrated=all(part.calibrated for part in parts),
            input_columns=tuple(dict.fromkeys(column for part in parts for column in part.input_columns)),
            made_here=all(part.made_here for part in parts),
            parts=tuple(parts),
        )

    @property
    def process(self) -> str:
        """Return what 883 $a says: name and version; of two models both, though each record names one."""
        return ", then ".join(part.process for part in self.parts) or f"{self.name} {self.version}".strip()

    @property
    def calibrated_in_part(self) -> bool:
        """Whether of two models one is calibrated and the other is not."""
        return not self.calibrated and any(part.calibrated for part in self.parts)

    @property
    def each(self) -> "tuple[ModelSource, ...]":
        """Return the models that decided: this one, or its parts."""
        return self.parts or (self,)

    def as_dict(self) -> dict[str, Any]:
        """Return a JSON-able dictionary; :meth:`from_dict` turns it back."""
        content: dict[str, Any] = {
            "name": self.name,
            "version": self.version,
            "sha256": self.sha256 or None,  # nothing, rather than an empty digest
            "calibrated": self.calibrated,
            "details": self.details.as_dict(),
            "input_columns": list(self.input_columns),
            "made_here": self.made_here,
        }
        if self.predictions:
            own = ("predictions", "fingerprint", "cut", "predicted_at", "imported_at")
            content |= {name: getattr(self, name) for name in own}
        return content | ({"parts": [part.as_dict() for part in self.parts]} if self.parts else {})

    @classmethod
    def from_dict(cls, content: Mapping[str, Any]) -> "ModelSource":
        """Return the model that :meth:`as_dict` described."""
        values = {**content, "input_columns": tuple(content.get("input_columns") or ())}
        values |= {
            "sha256": content.get("sha256") or "",
            "parts": tuple(map(cls.from_dict, content.get("parts") or ())),
        }
        values["details"] = ModelDetails.parse(content.get("details") or {}, "the settings of an export")
        return cls(**values)


@dataclass(frozen=True, kw_only=True)
class ExportSettings:
    """The choices behind one export.

    Attributes
    ----------
    cuts : mapping
        Predicted class → cut (0 to 1): what has a greater confidence is accepted. A class without a cut is never
        accepted.
    stratum, cuts_by_stratum : str, mapping
        Where the cuts differ by a facet (:class:`core.thresholds.Policy`): the facet, and its value → class → cut;
        `cuts` is then empty.
    slice : Slice, optional
        The slice the cuts apply to; None: all records. Nothing outside of it is accepted.
    model : ModelSource
    run_id : str
        Name of the run that made the predictions; it stands in every record.
    predicted_at : str
        Moment of prediction, ISO 8601 in UTC ('2026-11-23T10:20:00Z'); '' when unknown, as for predictions made
        elsewhere: `created_at` is then needed.
    imported_at : str
        Moment at which predictions made elsewhere were brought in; '' for those made here.
    created_at : str
        Moment of the export; '' means that of the prediction. Nothing else in the export depends on the clock.
    predictions : str
        Fingerprint of the predictions in the workspace they were taken from, '' outside of one.
    dataset : str
        Name of the catalogue file or corpus.
    formats : tuple of str
        Keys of :data:`FORMATS`.
    marc_kinds : tuple of str
        Keys of :data:`MARC_KINDS`; empty means enriched and delta where the source was MARC, else stub and delta.
    profile, answer : str
        Where terms come from, and the answer to :data:`core.export.settings.TERM_QUESTION`.
    terms : mapping
        Label → :class:`GenreTerm`, where a person chose otherwise than the profile.
    negative_classes : tuple of str
        Labels that say what a book is not, as that of a learned facet does ('not travel'): they stand in tables, and
        become no term of a catalogue.
    genre_terms : mapping
        Value of the catalogue's genre field → label, for values that are not spelled like a label.
    human_labels : {'measure-only', 'keep'}
        What a truth column means that came with the predictions. Of no consequence where the accuracy is measured on a
        label set: its answers stand.
    measured_on : str
        Name of the label set the accuracy is measured on; '' for the truth that came with the predictions, or none.
    measured_by : {'people', 'rules', 'people and rules'}
        Who gave these labels. What rules say blocks nothing.
    human_sets : tuple of str
        Label sets whose answers stand in the catalogue, that of `measured_on` among them.
    write_literary_form : bool
        Also set 008/33, where nobody had coded it.
    carrier : {'online', 'volume'}
        What stubs describe (:data:`CARRIERS`).
    organisation : str
        MARC organisation code of the library that runs the export; '' leaves out 040 $d, $5 and 883 $q.
    source_code : str
        003 of stubs and deltas: whose record numbers the identifiers are ('Uk' for the British Library).
    base_uri : str
        Address on which that of the run is built (883 $u), ending in / or #; '' makes an urn.
    promise : GuaranteeRecord, optional
        The promise the cuts were chosen for; None when they were set by hand.
    chosen_on : str
        Name of the label set the cuts were chosen on, '' for the truth that came with the predictions.
    inputs : tuple of InputFile
        The files read.
    chosen_by, chosen_at, chosen_because : str
        Who set the cuts ('curator' where nobody gave a name), when, why.
    exported_by : str
        Who made the export; '' where nobody gave a name.
    title, publisher, contact, homepage, description : str
        For the descriptions of the data set.
    """

    cuts: Mapping[str, float]
    model: ModelSource
    run_id: str
    predicted_at: str = ""
    imported_at: str = ""
    created_at: str = ""
    predictions: str = ""
    stratum: str = ""
    cuts_by_stratum: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    slice: Slice | None = None
    dataset: str = "catalogue"
    formats: tuple[str, ...] = ("csv",)
    marc_kinds: tuple[MarcKind, ...] = ()
    profile: Profile = "lcgft"
    answer: VerseDramaAnswer = ""
    terms: Mapping[str, GenreTerm] = field(default_factory=dict)
    negative_classes: tuple[str, ...] = ()
    genre_terms: Mapping[str, str] = field(default_factory=dict)
    human_labels: HumanLabels = "measure-only"
    measured_on: str = ""
    measured_by: MadeBy = "people"
    human_sets: tuple[str, ...] = ()
    write_literary_form: bool = False
    carrier: Carrier = "online"
    organisation: str = ""
    source_code: str = ""
    base_uri: str = ""
    licence: str = "CC0-1.0"
    promise: GuaranteeRecord | None = None
    chosen_on: str = ""
    inputs: tuple[InputFile, ...] = ()
    chosen_by: str = CURATOR
    chosen_at: str = ""
    chosen_because: str = ""
    exported_by: str = ""
    software_version: str = ""
    software_commit: str = ""
    command: str = ""
    title: str = ""
    description: str = ""
    publisher: str = ""
    contact: str = ""
    homepage: str = ""
    languages: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        _ = self.policy  # refuses cuts that are none
        unknown = [name for name in self.formats if name not in FORMATS]
        if unknown:
            raise InputError(f"'{unknown[0]}' is no export format. There are: {', '.join(FORMATS)}.")
        if self.profile not in PROFILES:
            raise InputError(f"'{self.profile}' is no term profile. There are: {', '.join(PROFILES)}.")
        if self.human_labels not in HUMAN_LABELS:
            raise InputError(
                f"'{self.human_labels}' says not what human labels mean. Allowed are: {', '.join(HUMAN_LABELS)}."
            )
        if self.carrier not in CARRIERS:
            raise InputError(f"'{self.carrier}' says not what is described. Allowed are: {', '.join(CARRIERS)}.")
        parse_marc_kinds(self.marc_kinds)  # refuses what is none
        check_base_uri(self.base_uri)
        for moment in (self.predicted_at, self.imported_at, self.created_at):
            if moment:
                _moment(moment)
        if not (self.predicted_at or self.created_at):
            raise InputError("The export needs the moment of the prediction or, where that is unknown, its own.")
        if not self.run_id.strip():
            raise InputError("The export needs the id of the run that made the predictions, to be found again later.")
        check_terms(self.terms)

    @cached_property
    def policy(self) -> Policy:
        """Return the cuts as the thresholds read them."""
        return Policy(dict(self.cuts), self.stratum, dict(self.cuts_by_stratum), self.slice)

    @cached_property
    def by_predictions(self) -> "Mapping[str, ExportSettings]":
        """Return, where two models decided, the settings of the records of each: those predictions → settings."""
        return {
            part.predictions: replace(
                self,
                model=part,
                predicted_at=part.predicted_at,
                imported_at=part.imported_at,
                created_at=self.exported_at,
            )
            for part in self.model.parts
        }

    @property
    def cuts_in_words(self) -> str:
        """Return the cuts as people write them, such as 'Fiction 0.9, Non-fiction 0.97'."""
        if not self.stratum:
            return _cuts_in_words(self.cuts)
        parts = (f"{value}: {_cuts_in_words(cuts)}" for value, cuts in sorted(self.cuts_by_stratum.items()))
        return "; ".join(parts) or "none"

    @property
    def exported_at(self) -> str:
        """Return the moment of the export, else of the prediction."""
        return self.created_at or self.predicted_at

    @cached_property
    def date(self) -> str:
        """Return the date of prediction, yyyymmdd, as MARC writes it; '' when unknown."""
        return self.day.replace("-", "")

    @cached_property
    def day(self) -> str:
        """Return the date of prediction, yyyy-mm-dd; '' when unknown."""
        return _moment(self.predicted_at).strftime("%Y-%m-%d") if self.predicted_at else ""

    @cached_property
    def version_date(self) -> str:
        """Return the date that names the export, yyyy-mm-dd: that of the prediction, else of the export."""
        return self.day or _moment(self.exported_at).strftime("%Y-%m-%d")

    @cached_property
    def run_uri(self) -> str:
        """Return the address of the run, else a urn:uuid that is always the same for the same run."""
        if self.base_uri:
            return f"{self.base_uri}{plain_slug(self.run_id)}"
        return uuid.uuid5(uuid.NAMESPACE_OID, f"colophon:run:{self.run_id}").urn

    @property
    def licence_uri(self) -> str:
        """Return the address of the licence."""
        return LICENCES.get(self.licence, f"https://spdx.org/licenses/{self.licence}.html")

    @property
    def version(self) -> str:
        """Return a version of the form 1.2.0+20261123: the model's, then the date that names the export."""
        numbers = re.match(r"v?(\d+)(?:\.(\d+))?(?:\.(\d+))?", self.model.version)
        main = ".".join(part or "0" for part in numbers.groups()) if numbers else "1.0.0"
        return f"{main}+{self.version_date.replace('-', '')}"

    @property
    def folder(self) -> str:
        """Return the name of the folder in the zip: data set, date, model version and run."""
        version = f"model-{plain_slug(self.model.version)}" if self.model.version else plain_slug(self.model.name)
        run = plain_slug(self.run_id)
        return (
            f"{plain_slug(self.dataset)}_{self.version_date}_{version}_{run if run.startswith('run') else f'run-{run}'}"
        )

    def terms_for(self, classes: Sequence[str]) -> dict[str, GenreTerm]:
        """Return the term for each label but negative ones: chosen by a person, else by profile and answer."""
        named = [name for name in classes if name not in self.negative_classes]
        terms = default_terms(named, self.profile, self.answer)
        terms.update({name: term for name, term in self.terms.items() if name in terms})
        check_terms(terms)
        return terms

    def as_dict(self) -> dict[str, Any]:
        """Return a JSON-able dictionary; :meth:`from_dict` turns it back."""
        content: dict[str, Any] = {}
        for entry in fields(self):
            value = getattr(self, entry.name)
            content[entry.name] = list(value) if isinstance(value, tuple) else value
        content["inputs"] = [file.as_dict() for file in self.inputs]
        content["cuts"] = {name: self.cuts[name] for name in sorted(self.cuts)}
        content["cuts_by_stratum"] = {
            value: dict(sorted(cuts.items())) for value, cuts in sorted(self.cuts_by_stratum.items())
        }
        content["terms"] = terms_as_dict(self.terms)
        content["slice"] = self.policy.as_dict().get("slice", {})
        content["genre_terms"] = dict(self.genre_terms)
        content["promise"] = self.promise.as_dict() if self.promise else {}
        content["model"] = self.model.as_dict()
        return content

    @classmethod
    def from_dict(cls, content: Mapping[str, Any]) -> "ExportSettings":
        """Return the settings that a manifest holds (``manifest["export"]["settings"]``), to repeat an export.

        Raises
        ------
        InputError
            A setting is missing or unknown.
        """
        try:
            values = dict(content)
            values["model"] = ModelSource.from_dict(values["model"])
            values["terms"] = {label: GenreTerm(**term) for label, term in values["terms"].items()}
            values["slice"] = Slice.from_dict(values["slice"]) if values.get("slice") else None
            values["promise"] = GuaranteeRecord.of(values.get("promise") or {})
            inputs = values.get("inputs") or ()
            values["inputs"] = tuple(InputFile.parse(file, "the settings of an export") for file in inputs)
            for name in ("formats", "marc_kinds", "languages", "human_sets", "negative_classes"):
                values[name] = tuple(values.get(name) or ())
            return cls(**values)
        except (KeyError, TypeError, AttributeError) as error:
            raise InputError(f"These are not the settings of an export: {error}.") from error

    @property
    def fingerprint(self) -> str:
        """Return a digest of all choices."""
        return digest(self.as_dict())


class PastExport(Record):
    """An export that was written, as the workspace notes it (unknown keys are kept).

    Attributes
    ----------
    id : int
        Number of the note: it rises by the order of writing.
    exported_at : str
        When it was written, ISO 8601 in UTC.
    name, path, sha256 : str
        Of the zip; path and digest are '' where an early version noted none.
    accepted, review : int
        Records accepted, and those left to people.
    settings : mapping
        As they were noted; `choices` reads them.
    created_by : str
        Who wrote it; '' where nobody gave a name.
    """

    id: int
    exported_at: str = Field(alias="at")
    name: str
    path: str = ""
    sha256: str = ""
    accepted: int
    review: int
    settings: dict[str, Any]
    created_by: str = Field(default="", alias="by")

    @property
    def choices(self) -> ExportSettings:
        """Return the settings it was written by.

        Raises
        ------
        InputError
            They are not those of this version: a format it does not know, for example.
        """
        return ExportSettings.from_dict(self.settings)


def _cuts_in_words(cuts: Mapping[str, float]) -> str:
    return ", ".join(f"{name} {cut:.6g}" for name, cut in sorted(cuts.items())) or "none"


def _moment(text: str) -> datetime:
    try:
        return datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ")
    except ValueError as error:
        raise InputError(f"'{text}' is no moment in UTC of the form 2026-11-23T10:20:00Z.") from error
