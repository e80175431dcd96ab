"""Which column holds what: the names that libraries and programs use, and a mapping that a person can correct."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import pandas as pd

from core import schema
from core.errors import MappingError, did_you_mean
from core.formatting import listed
from core.schema import Kind

__all__ = [
    "BOOK_TARGETS",
    "CLASS_MARKERS",
    "EITHER",
    "NOT_CLASSES",
    "OWN_TARGETS",
    "SYNONYMS",
    "TARGETS",
    "WEAK_IDS",
    "ColumnMapping",
    "ConfirmedMapping",
    "apply_overrides",
    "check_mapping",
    "keep_confirmed",
    "normal_header",
]

# --- What libraries and programs call the columns that are needed here ------------------------------------------------
# What libraries and programs call the columns that are needed here, in the order in which they are preferred.


def normal_header(header: str) -> str:
    """Return a column name without case, punctuation and joints.

    >>> normal_header("BL_record-ID"), normal_header("recordId"), normal_header("245$a")
    ('bl record id', 'record id', '245 a')
    """
    parted = re.sub(r"([a-zà-ÿ0-9])([A-Z])", r"\1 \2", header.lstrip("\ufeff"))
    return " ".join(re.sub(r"[\W_]+", " ", parted).casefold().split())


def _beside(words: str, nouns: str) -> tuple[str, ...]:
    """Return each word alone, and before and behind each noun: *predicted*, *predicted label*, *label predicted*."""
    joined = (f"{word} {noun}" for word in words.split() for noun in nouns.split())
    turned = (f"{noun} {word}" for word in words.split() for noun in nouns.split())
    return (*joined, *turned)


_NOUNS = "label labels class genre category type tag form"
_BY_MACHINE = (
    "predicted prediction predictions pred preds machine model auto automatic automated assigned output yhat "
    "classifier computed inferred suggested"
)
_BY_PEOPLE = (
    "true truth gold golden human manual annotated annotation annotator expert curator librarian reference correct "
    "actual target expected observed original"
)

# English and MARC first, then German, French, Dutch, Finnish, Swedish, Spanish and Italian.
SYNONYMS: Mapping[str, tuple[str, ...]] = {
    schema.RECORD_ID: (
        "record id", "htid", "ht id", "bl record id", "bl record id for physical resource", "identifier",
        "record identifier",
        "record number", "system number", "system id", "mms id", "bib id", "bibid", "biblionumber", "control number",
        "001", "035 a", "oclc number", "catalogue id", "catalog id", "alternate id", "book id", "item id",
        "document id", "doc id", "dc identifier", "dcterms identifier", "ppn", "idn", "datensatz id",
        "datensatznummer", "titel id", "katalog id", "id datensatz", "numero de notice", "numéro de notice",
        "identifiant", "notice id", "id notice", "recordnummer", "titelnummer", "tietue id", "tietueen id", "tunniste",
        "post id", "identificador", "identificatore",
        # HathiTrust, Open Library, Koha, Alma, Aleph, Voyager
        "docid", "recordid", "volume id", "ht bib key", "htid bib key", "olid", "ol id", "edition key", "work key",
        "ocaid", "biblio number", "biblionumber biblio", "mmsid", "title id", "bib record id",
        "bibliographic record id",
        "bib number", "bib record number", "record no", "record nr", "control no", "controlnumber", "recordnumber",
        "system no", "sysno", "aleph id", "oclc num", "oclc no", "oclcnum", "oclc", "lccn", "source bib num",
    ),
    schema.TITLE: (
        "title", "titel", "titre", "nimeke", "nimi", "otsikko", "245 a", "245", "245 ab", "dc title", "dcterms title",
        "main title", "title proper", "title statement", "full title", "book title", "uniform title", "hauptsachtitel",
        "hauptitel", "haupttitel", "sachtitel", "titre propre", "titre principal", "hoofdtitel", "titolo", "titulo",
        "título", "työn nimi", "annotator title", "shorttitle", "short title", "longtitle", "long title",
        "title complete", "title display", "display title", "title full", "fulltitle", "booktitle", "maintitle",
        "title normalized", "titles", "work title", "original title", "title and remainder", "title remainder of title",
        "titre complet", "vollständiger titel", "text", "sentence",
    ),
    schema.AUTHOR: (
        "author", "authors", "creator", "creators", "name", "main author", "author name", "all names", "100 a", "100",
        "dc creator", "contributor", "verfasser", "verfasserin", "autor", "urheber", "person", "auteur", "auteurs",
        "schrijver", "maker", "tekijä", "tekijät", "författare", "upphov", "autore",
        "author names", "authors name", "author display", "contributors", "author contributor", "main entry",
        "statement of responsibility", "by statement", "700 a",
    ),
    schema.DATE: (
        "date of publication", "publication date", "date published", "datefield", "publication year",
        "year of publication", "pub date", "pub year", "260 c", "264 c", "date", "year", "imprint date", "date issued",
        "issued", "published", "dc date", "dcterms issued", "marc 008 date", "008 date", "erscheinungsjahr",
        "erscheinungsdatum", "veröffentlichungsjahr", "jahr", "datum", "date de publication", "date d édition",
        "année de publication", "année", "annee", "jaar van uitgave", "verschijningsjaar", "jaar", "julkaisuvuosi",
        "julkaisuaika", "vuosi", "utgivningsår", "tryckår", "år", "fecha", "año", "data", "anno",
        "rights date used", "imprintdate", "inferreddate", "inferred date", "publish date", "first publish year",
        "publish year", "first publish date", "first publication year", "begin publication date",
        "publication date 1", "publicationyear", "publicationdate", "publishdate", "publishyear", "copyrightdate",
        "copyright date", "pubdate", "pubyear", "startdate", "start date", "year published", "date 1", "date1",
    ),
    schema.PLACE: (
        "place of publication", "publication place", "place", "pub place", "260 a", "264 a", "erscheinungsort",
        "verlagsort", "ort", "lieu de publication", "lieu d édition", "lieu", "plaats van uitgave", "plaats",
        "julkaisupaikka", "kustannuspaikka", "utgivningsort", "tryckort", "lugar", "luogo",
        "publish places", "publish place", "publication places", "publicationplace", "pubplace", "places",
    ),
    schema.COUNTRY: (
        "country of publication", "country", "publication country", "008 15 17", "044 a", "erscheinungsland", "land",
        "pays de publication", "pays", "land van uitgave", "julkaisumaa", "maa", "país", "paese",
        "publish country", "country code", "countrycode", "place code",
    ),
    schema.LANGUAGE: (
        "languages", "language", "lang", "language code", "008 35 37", "041 a", "041", "dc language", "sprache",
        "sprachen", "langue", "langues", "taal", "talen", "kieli", "kielet", "språk", "idioma", "lingua",
        "lang code", "language of text", "languagecode", "language codes", "language s", "iso language",
    ),
    schema.PUBLISHER: (
        "publisher", "publishers", "260 b", "264 b", "dc publisher", "imprint", "verlag", "verleger", "éditeur",
        "editeur", "uitgever", "kustantaja", "julkaisija", "förlag", "utgivare", "editorial", "editore",
        "publisher name", "publishername", "publishercode", "publisher code", "publisher s",
    ),
    schema.GENRE_GIVEN: (
        "genre", "genres", "655 a", "655", "genre form", "form genre", "form", "dc type", "gattung", "formschlagwort",
        "laji", "lajityyppi", "género", "genere",
    ),
    schema.LABEL: (
        "annotator genre", "label", "true label", "gold label", "human label", "gold", "annotation", "assigned label",
        "truth", "y true", "class", "category", "target", "genre", "labels", "annotations", "choice", "choices",
        "manual label", "expert label", "true class", "y", "klasse", "klasse label", "kategorie", "étiquette",
        "etiquette", "catégorie", "luokka", "kategori", "etiket", "subject labels",
    ),
    schema.ANNOTATOR: (
        "annotator", "annotator id", "user id", "worker id", "worker", "coder", "rater", "labeller", "labeler",
        "annotated by", "created by", "user", "bearbeiter", "annotateur",
    ),
    schema.CREATED_AT: (
        "created at", "annotated at", "labelled at", "labeled at", "annotation date", "timestamp", "date created",
        "created", "submitted at", "erstellt am",
    ),
    schema.NOTE: (
        "note", "annotator comments", "annotator comment", "comment", "comments", "remark", "remarks",
        "free text comment", "bemerkung", "kommentar", "commentaire", "opmerking", "huomautus",
    ),
    schema.DRAW_ID: ("draw id",),
    schema.DRAWN_CHANCE: ("drawn chance",),
    schema.PREDICTED: (
        "predicted", "predicted label", "predicted class", "predicted genre", "prediction", "predictions", "pred",
        "y pred", "yhat", "y hat", "top label", "machine", "model prediction", "prediction label", "subject label",
        *(name for name in _beside(_BY_MACHINE, _NOUNS)
          if name not in ("predicted label", "predicted class", "predicted genre", "prediction label")),
        "auto", "automatic", "output", "vorhersage", "prédiction", "voorspelling", "ennuste",
    ),
    schema.TRUTH: (
        "truth", "true label", "true class", "true genre", "gold label", "gold", "human label", "y true", "human",
        "expected", "reference label", "ground truth", "groundtruth", "annotator genre", "annotation", "target",
        "manual", "actual", "correct", "reference", "expert", "y",
        *(name for name in _beside(_BY_PEOPLE, _NOUNS)
          if name not in ("true label", "true class", "true genre", "gold label", "human label", "reference label",
                          "annotator genre")),
    ),
    schema.CONFIDENCE: (
        "confidence", "score", "probability", "prob", "predicted probability", "predicted prob", "prediction score",
        "prediction probability", "prediction confidence", "confidence score", "max prob", "max probability",
        "max score", "top score", "label score", "certainty", "pred prob", "pred score", "konfidenz", "confiance",
    ),
}  # fmt: skip

# What is the model's answer in the output of many programs, and the truth in many test sets.
EITHER: tuple[str, ...] = (
    "label", "labels", "class", "category", "klasse", "kategorie", "catégorie", "luokka", "kategori", "étiquette",
)  # fmt: skip

# Names that any table may give to a mere row number: taken for the record id only where nothing better is there.
WEAK_IDS: tuple[str, ...] = ("id", "key", "uid", "uuid", "number", "no", "nr", "nummer", "numero", "numéro")

# Words beside a class name in a column of probabilities, as in p_Fiction, fiction_probs, "score (verse)".
CLASS_MARKERS: tuple[str, ...] = (
    "probabilities", "probability", "probas", "proba", "probs", "prob", "pr", "p", "scores", "score", "confidence",
    "conf", "likelihood", "softmax", "wahrscheinlichkeit", "probabilité", "kans",
)  # fmt: skip

# What may stand beside such a word without being a class.
NOT_CLASSES: frozenset[str] = frozenset({
    "predicted", "prediction", "pred", "max", "maximum", "top", "best", "label", "class", "model", "overall", "total",
    "predicted label", "predicted class", "confidence", "probability", "score", "ocr", "word", "page", "language",
    "lang", "f1", "brier", "value",
})  # fmt: skip


# --- A column mapping, its correction by a person, and what it must not lack ------------------------------------------


BOOK_TARGETS = (
    schema.TITLE,
    schema.AUTHOR,
    schema.DATE,
    schema.PLACE,
    schema.COUNTRY,
    schema.LANGUAGE,
    schema.PUBLISHER,
    schema.GENRE_GIVEN,
)
OWN_TARGETS: Mapping[Kind, tuple[str, ...]] = {
    "corpus": (),
    "labels": (schema.LABEL, schema.ANNOTATOR, schema.CREATED_AT, schema.NOTE, schema.DRAW_ID, schema.DRAWN_CHANCE),
    "predictions": (schema.PREDICTED, schema.TRUTH, schema.CONFIDENCE),
}
# Every name that may stand on the right of HEADER=target, beside p_<class>.
TARGETS: tuple[str, ...] = (
    schema.RECORD_ID,
    schema.ALTERNATE_ID,
    *BOOK_TARGETS,
    *OWN_TARGETS["labels"],
    *OWN_TARGETS["predictions"],
)
_MAX_SHOWN = 40


@dataclass(frozen=True, kw_only=True)
class ColumnMapping:
    """What each column of a file is.

    Attributes
    ----------
    columns : mapping
        Target (a name of :mod:`core.schema`) → source column.
    probabilities : mapping
        Class name, as guessed from the column's name → source column (predictions only).
    reasons : mapping
        Target → why this column, one sentence; ``probabilities`` stands for all of those.
    questions : tuple of str
        What a person should confirm.
    not_taken : mapping
        Target → why the columns that are named like it were not taken for it, a sentence each.
    """

    columns: Mapping[str, str]
    probabilities: Mapping[str, str] = field(default_factory=dict)
    reasons: Mapping[str, str] = field(default_factory=dict)
    questions: tuple[str, ...] = ()
    not_taken: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True)
class ConfirmedMapping:
    """What a person saw and confirmed of a file's first rows.

    Attributes
    ----------
    columns, probabilities : mapping
        As in :class:`ColumnMapping`.
    shown : tuple of str
        All columns that the person could see; a column that comes up in later rows only was not among them.
    """

    columns: Mapping[str, str]
    probabilities: Mapping[str, str]
    shown: tuple[str, ...]


def keep_confirmed(guess: ColumnMapping, frame: pd.DataFrame, confirmed: ConfirmedMapping) -> ColumnMapping:
    """Return the mapping that was confirmed, whatever all rows of the file would have made of its columns.

    Where the two differ that is asked about. A column that nobody could see is mapped as guessed, where its target is
    free, which is asked about too.

    Parameters
    ----------
    guess : ColumnMapping
        What all rows say.
    frame : DataFrame of text
        All rows.
    confirmed : ConfirmedMapping

    Raises
    ------
    MappingError
        A column that was confirmed is not there: it is another file.
    """
    columns, probabilities = dict(confirmed.columns), dict(confirmed.probabilities)
    for source in (*columns.values(), *probabilities.values()):
        _known_header(source, frame)
    questions = list(guess.questions)
    for target, source in guess.columns.items():
        if source not in confirmed.shown and target not in columns:
            columns[target] = source
            questions.append(_not_shown(source, target.replace("_", " ")))
    for name, source in guess.probabilities.items():
        if source not in confirmed.shown and name not in probabilities:
            probabilities[name] = source
            questions.append(_not_shown(source, f"probability of '{name}'"))
    was = {source: target.replace("_", " ") for target, source in columns.items()}
    was |= {source: f"probability of '{name}'" for name, source in probabilities.items()}
    would_be = {source: target.replace("_", " ") for target, source in guess.columns.items()}
    would_be |= {source: f"probability of '{name}'" for name, source in guess.probabilities.items()}
    for source in dict.fromkeys([*was, *would_be]):
        if was.get(source) != would_be.get(source):
            questions.append(
                f"'{source}' was read as {was.get(source, 'nothing')}, as confirmed from the first rows; all "
                f"{len(frame):,} rows together look as if it were {would_be.get(source, 'nothing')}: is it right as it "
                "is?"
            )
    reasons = {
        target: (
            guess.reasons[target]
            if guess.columns.get(target) == source and target in guess.reasons
            else f"'{source}' was confirmed for it."
        )
        for target, source in columns.items()
    }
    if probabilities:
        same = probabilities == guess.probabilities and "probabilities" in guess.reasons
        reasons["probabilities"] = guess.reasons["probabilities"] if same else "These columns were confirmed."
    return ColumnMapping(
        columns=columns,
        probabilities=probabilities,
        reasons=reasons,
        questions=tuple(questions),
        not_taken=guess.not_taken,
    )


def _not_shown(source: str, target: str) -> str:
    return f"The column '{source}' comes up after the first rows only, and was read as {target}: is that right?"


def check_mapping(mapping: ColumnMapping, frame: pd.DataFrame, kind: Kind) -> None:
    """Raise when a mapping lacks what this kind of table cannot do without.

    A corpus needs a title; labels need a label, predictions a predicted label or probabilities, and both a record id
    or a title by which a book is found.

    Raises
    ------
    MappingError
        With the names of the columns that are there and how to map one by hand.
    """
    have = mapping.columns
    if kind == "corpus" and schema.TITLE not in have:
        raise _missing(frame, "the title", mapping, schema.TITLE)
    if kind == "labels" and schema.LABEL not in have:
        raise _missing(frame, "the label", mapping, schema.LABEL)
    if kind == "predictions" and schema.PREDICTED not in have and not mapping.probabilities:
        raise _missing(frame, "the predicted label or the probability of a class", mapping, schema.PREDICTED)
    if schema.RECORD_ID not in have and schema.TITLE not in have:
        raise _missing(frame, "a record id or a title", mapping, schema.RECORD_ID, schema.TITLE)


def apply_overrides(mapping: ColumnMapping, frame: pd.DataFrame, overrides: Sequence[str]) -> ColumnMapping:
    """Return the mapping as a person corrected it.

    Parameters
    ----------
    overrides : sequence of str
        ``HEADER=target`` each: the column HEADER is *target*, and nothing else is. ``HEADER=p_Fiction`` says that it
        holds the probability of the class Fiction; ``HEADER=`` that it is nothing.

    Raises
    ------
    MappingError
        No such column or target (with the nearest name), or two columns for one target.
    """
    columns, probabilities = dict(mapping.columns), dict(mapping.probabilities)
    reasons: dict[str, str] = dict(mapping.reasons)
    settled: dict[str, str] = {}
    for override in overrides:
        source, target = _parse(override, frame)
        columns = {name: column for name, column in columns.items() if column != source}
        probabilities = {name: column for name, column in probabilities.items() if column != source}
        if not target:
            continue
        if target in settled and settled[target] != source:
            raise MappingError(
                f"Both '{settled[target]}' and '{source}' are mapped to {target}; give one column for each target."
            )
        settled[target] = source
        if target in TARGETS:
            columns[target] = source
            reasons[target] = f"'{source}' was given for it."
        else:
            probabilities[target.removeprefix(schema.PROBABILITY_PREFIX)] = source
            reasons["probabilities"] = "A column was given by hand."
    mapped = {*columns, *(["probabilities"] if probabilities else [])}
    about_id = schema.RECORD_ID in settled
    # What a person has decided of a column is not asked again.
    settled_sources = {_parse(override, frame)[0] for override in overrides}
    return ColumnMapping(
        columns=columns,
        probabilities=probabilities,
        reasons={target: reason for target, reason in reasons.items() if target in mapped},
        questions=tuple(
            question
            for question in mapping.questions
            if not (about_id and "record id" in question)
            and not any(f"'{name}'" in question for name in settled_sources)
        ),
        not_taken=mapping.not_taken,
    )


def _parse(override: str, frame: pd.DataFrame) -> tuple[str, str]:
    header, equals, target = override.rpartition("=")
    if not equals:
        raise MappingError(f"'{override}' does not say what a column is; write HEADER=target, such as Titel=title.")
    source, target = _known_header(header.strip(), frame), target.strip()
    prefix = schema.PROBABILITY_PREFIX
    if not target or target in TARGETS or (target.startswith(prefix) and target != prefix):
        return source, target
    raise MappingError(
        f"'{target}' is not something a column can be{did_you_mean(target, TARGETS)}. "
        f"A column can be {', '.join(TARGETS)}, or {prefix} with the name of a class behind it."
    )


def _known_header(header: str, frame: pd.DataFrame) -> str:
    headers = [str(name) for name in frame.columns]
    if header in headers:
        return header
    alike = [name for name in headers if normal_header(name) == normal_header(header)]
    if len(alike) == 1:
        return alike[0]
    shown = listed(headers, _MAX_SHOWN, last=", ")
    raise MappingError(f"There is no column '{header}'{did_you_mean(header, headers)}. The columns are: {shown}.")


def _missing(frame: pd.DataFrame, what: str, mapping: ColumnMapping, *targets: str) -> MappingError:
    why = " ".join(sentence for target in targets for sentence in mapping.not_taken.get(target, ()))
    headers = [str(name) for name in frame.columns]
    shown = listed(headers, _MAX_SHOWN, last=", ")
    message = f"No column was found that holds {what}. {why}{' ' if why else ''}The columns are: {shown}."
    if any(re.fullmatch(r"\d+(?:[.,]\d+)?", name) for name in headers):
        return MappingError(
            f"{message} The first line looks like a record and not like names of columns: name the columns.",
            command_line="Use --columns A,B,C, in the order of the file.",
            page="Write the names of the columns, in the order of the file.",
        )
    return MappingError(
        message,
        command_line=f"Say which it is with --map HEADER={targets[0]}.",
        page="Choose it under “Which column is what?”.",
    )
