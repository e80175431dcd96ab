"""What libraries and programs call the columns that are needed here, in the order in which they are preferred."""

import re
from collections.abc import Mapping

from core import schema

__all__ = ["CLASS_MARKERS", "EITHER", "NOT_CLASSES", "SYNONYMS", "WEAK_IDS", "normal_header"]


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
