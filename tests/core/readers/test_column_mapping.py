"""Which column is what: names propose, values must agree, a person has the last word."""

import pandas as pd
import pytest

from core import schema
from core.errors import MappingError
from core.readers import apply_overrides, suggest_mapping
from core.readers.columns import SYNONYMS, normal_header
from core.readers.scores import class_in_header


def frame(**columns: list[str]) -> pd.DataFrame:
    return pd.DataFrame({name.replace("__", " "): values for name, values in columns.items()}, dtype="str")


BOOKS = {
    "BL__record__ID": ["014756048", "", "014803532"],
    "BL__record__ID__for__physical__resource": ["000000037", "000000196", "000000206"],
    "Title": ["Poems", "Tales", "Walter Forbes"],
    "Date__of__publication": ["[1888]", "1841.", "1879 [1878]"],
}


def test_the_record_id_is_the_first_that_is_never_blank_and_never_repeated():
    mapping = suggest_mapping(frame(**BOOKS), "corpus")
    assert mapping.columns["record_id"] == "BL record ID for physical resource"
    assert mapping.columns["alternate_id"] == "BL record ID"
    assert "it is blank in 1 of 3 rows" in mapping.reasons["alternate_id"]
    assert mapping.questions[0] == (
        "Confirm that 'BL record ID for physical resource' is the record id by which tables are joined; "
        "'BL record ID' could be it too."
    )


def test_in_labels_the_record_id_may_repeat_and_in_a_corpus_not():
    columns = {
        "BL__record__ID": ["014", "014", "015"],
        "BL__record__ID__for__physical__resource": ["001", "002", "003"],
        "Title": ["ab", "ab", "cd"],
        "Genre": ["Fiction", "Fiction", "Drama"],
    }
    assert suggest_mapping(frame(**columns), "labels").columns["record_id"] == "BL record ID"
    assert suggest_mapping(frame(**columns), "corpus").columns["record_id"] == "BL record ID for physical resource"


def test_an_empty_column_is_nothing():
    columns = {**BOOKS, "BL__record__ID__for__physical__resource": ["", "", ""], "Publisher": ["", " ", ""]}
    mapping = suggest_mapping(frame(**columns), "corpus")
    assert mapping.columns["record_id"] == "BL record ID"
    assert "alternate_id" not in mapping.columns
    assert "publisher" not in mapping.columns


def test_a_mere_row_number_serves_only_where_nothing_better_is():
    columns = {"ID": ["48016", "18941"], "identifier": ["3945215", "154538"], "Title": ["ab", "cd"]}
    mapping = suggest_mapping(frame(**columns), "corpus")
    assert mapping.columns["record_id"] == "identifier"
    assert "alternate_id" not in mapping.columns
    assert "'ID' could be it too" in mapping.questions[0]
    assert "numbers of 6 to 7 digits, none of which begins with a zero" in mapping.questions[1]
    columns.pop("identifier")
    assert suggest_mapping(frame(**columns), "corpus").columns["record_id"] == "ID"


def test_ids_that_were_numbers_are_noticed():
    mapping = suggest_mapping(frame(record_id=["1.0", "2.0"], Title=["ab", "cd"]), "corpus")
    assert "end in '.0'" in mapping.questions[0]


def test_without_an_id_the_title_must_do():
    mapping = suggest_mapping(frame(Title=["ab", "cd"]), "corpus")
    assert mapping.columns == {"title": "Title"}
    assert mapping.questions == ("No column holds a record id: records will be known by their line in the file.",)


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        (["PPN", "Titel", "Verfasser", "Erscheinungsjahr", "Erscheinungsort", "Sprache", "Verlag", "Gattung"], "de"),
        (["Identifiant", "Titre", "Auteur", "Date de publication", "Lieu", "Langue", "Éditeur", "Genre"], "fr"),
        (["Recordnummer", "Titel", "Auteur", "Jaar van uitgave", "Plaats", "Taal", "Uitgever", "Genre"], "nl"),
        (["Tunniste", "Nimeke", "Tekijä", "Julkaisuvuosi", "Julkaisupaikka", "Kieli", "Kustantaja", "Laji"], "fi"),
        (["001", "245$a", "100$a", "260$c", "260$a", "041$a", "260$b", "655$a"], "marc"),
        (["MMS_ID", "title", "author", "pub_date", "place", "lang", "publisher", "genre"], "alma"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_headers_of_many_houses(headers, expected):
    values = ["0123", "Poems", "A. B.", "1841", "London", "English", "Longman", "Poetry"]
    mapping = suggest_mapping(pd.DataFrame([values], columns=headers, dtype="str"), "corpus")
    targets = ["record_id", "title", "author", "date", "place", "language", "publisher", "genre_given"]
    assert mapping.columns == dict(zip(targets, headers, strict=True))


def test_a_date_is_a_column_with_years():
    mapping = suggest_mapping(frame(record_id=["1"], Title=["ab"], Date=["no year"], Year=["1841"]), "corpus")
    assert mapping.columns["date"] == "Year"
    assert "'Date' was not taken for the date: only 0 % of its values hold a year." in mapping.questions


def test_dates_read_as_seconds_are_noticed_even_beside_a_good_column():
    columns = {"record_id": ["1"], "Title": ["ab"], "datefield": ["1892, 93"], "date": ["01/01/1970 00:31"]}
    mapping = suggest_mapping(frame(**columns), "corpus")
    assert mapping.columns["date"] == "datefield"
    assert (
        "'date' was not taken for the date: its years were read as seconds since 1970 (such as '01/01/1970 00:31') and "
        "are lost." in mapping.questions
    )


def test_labels_keep_the_catalogues_genre_apart():
    columns = {
        "record_id": ["1", "1"],
        "Genre": ["Drama", ""],
        "annotator_genre": ["Fiction", "Fiction"],
        "user_id": ["3.0", "4.0"],
        "created_at": ["2020-07-27 07:35:13 UTC", "2021-02-18 15:29:35 UTC"],
        "annotator_comments": ["", "x"],
        "Notes": ["Printed on one side", ""],
    }
    assert suggest_mapping(frame(**columns), "labels").columns == {
        "record_id": "record_id",
        "label": "annotator_genre",
        "annotator": "user_id",
        "created_at": "created_at",
        "note": "annotator_comments",
        "genre_given": "Genre",
    }


PREDICTED = {"identifier": ["a", "b", "c"], "predicted_label": ["Fiction", "Non-fiction", "Fiction"]}


@pytest.mark.parametrize(
    ("first", "second", "classes"),
    [
        ("fiction_probs", "non_fiction_probs", ("fiction", "non_fiction")),
        ("p_Fiction", "p_Non-fiction", ("Fiction", "Non-fiction")),
        ("prob_fiction", "prob_non_fiction", ("fiction", "non_fiction")),
        ("score_Fiction", "score_Non-fiction", ("Fiction", "Non-fiction")),
        ("fiction probability", "non-fiction probability", ("fiction", "non-fiction")),
        ("probability of fiction", "probability of non-fiction", ("fiction", "non-fiction")),
        ("P(Fiction)", "P(Non-fiction)", ("Fiction", "Non-fiction")),
        ("probFiction", "probNonFiction", ("Fiction", "NonFiction")),
        ("Fiction", "Non-fiction", ("Fiction", "Non-fiction")),
        ("LABEL_0", "LABEL_1", ("LABEL_0", "LABEL_1")),
    ],
)
@pytest.mark.parametrize("with_label", [True, False])
def test_a_probability_column_a_class(first, second, classes, with_label):
    table = pd.DataFrame(PREDICTED, dtype="str").assign(
        **{first: ["0.9", "0.25", "0.6"], second: ["0.1", "0,75", "0.4"]}
    )
    if not with_label:
        table = table.drop(columns="predicted_label")
    mapping = suggest_mapping(table, "predictions")
    assert mapping.probabilities == dict(zip(classes, (first, second), strict=True))
    assert mapping.columns.get("predicted") == ("predicted_label" if with_label else None)
    assert "confidence" not in mapping.columns
    assert "probabilities" in mapping.reasons


def test_a_single_score():
    table = pd.DataFrame(
        {**PREDICTED, "score": ["0.9", "0.8", ""], "ocr_confidence": ["0.5", "0.5", "0.5"]}, dtype="str"
    )
    mapping = suggest_mapping(table, "predictions")
    assert mapping.columns["confidence"] == "score"
    assert mapping.probabilities == {}


@pytest.mark.parametrize("scores", [["90", "80", "99.5"], ["90 %", "80,1 %", "99.5%"], ["nan", "nan", "0.9"]])
def test_a_score_on_another_scale_is_taken_and_read_later(scores):
    table = pd.DataFrame({**PREDICTED, "score": scores}, dtype="str")
    assert suggest_mapping(table, "predictions").columns["confidence"] == "score"


def test_a_score_of_words_is_asked_about():
    table = pd.DataFrame({**PREDICTED, "score": ["high", "low", "0.9"]}, dtype="str")
    mapping = suggest_mapping(table, "predictions")
    assert "confidence" not in mapping.columns
    assert "'score' was not taken for the confidence: only 33 % of its values are numbers." in mapping.questions


def test_one_class_of_two():
    mapping = suggest_mapping(frame(identifier=["a", "b"], fiction_prob=["0.9", "0.2"]), "predictions")
    assert mapping.probabilities == {"fiction": "fiction_prob"}


def test_scores_that_do_not_sum_to_one_are_asked_about():
    table = frame(identifier=["a", "b"], p_a=["0.9", "0.2"], p_b=["0.9", "0.2"])
    mapping = suggest_mapping(table, "predictions")
    assert mapping.probabilities == {"a": "p_a", "b": "p_b"}
    assert "do not sum to 1" in mapping.questions[-1]


def test_flags_are_no_probabilities():
    table = pd.DataFrame({**PREDICTED, "is_a": ["1", "0", "1"], "is_b": ["0", "1", "0"]}, dtype="str")
    assert suggest_mapping(table, "predictions").probabilities == {}


@pytest.mark.parametrize(
    ("labels", "target"), [(["x", "y", "x"], "predicted"), (["y", "y", "x"], "truth")], ids=["model", "truth"]
)
def test_a_column_called_label_beside_probabilities_is_told_from_them(labels, target):
    table = pd.DataFrame(
        {"identifier": ["a", "b", "c"], "label": labels, "p_x": ["0.9", "0.2", "0.7"], "p_y": ["0.1", "0.8", "0.3"]},
        dtype="str",
    )
    mapping = suggest_mapping(table, "predictions")
    assert mapping.columns[target] == "label"
    assert "confirm this" in mapping.questions[-1]


def test_a_blank_probability_is_not_the_highest():
    table = frame(identifier=["a", "b"], label=["x", "y"], p_x=["0.9", ""], p_y=["", "0.8"])
    assert suggest_mapping(table, "predictions").columns["predicted"] == "label"


def test_label_beside_predicted_label_is_the_truth():
    mapping = suggest_mapping(pd.DataFrame({**PREDICTED, "label": ["Fiction"] * 3}, dtype="str"), "predictions")
    assert (mapping.columns["predicted"], mapping.columns["truth"]) == ("predicted_label", "label")


@pytest.mark.parametrize(
    ("kind", "columns", "message"),
    [
        ("corpus", {"id": ["1"], "Werk": ["ab"]}, "the title. The columns are: id, Werk. Say .*--map HEADER=title"),
        ("labels", {"id": ["1"], "what": ["ab"]}, "holds the label. .*--map HEADER=label"),
        ("predictions", {"id": ["1"], "what": ["ab"]}, "the predicted label or the probability of a class"),
        ("labels", {"label": ["Fiction"]}, "a record id or a title. .*--map HEADER=record_id"),
    ],
)  # fmt: skip
def test_what_is_needed_and_missing_is_named(kind, columns, message):
    with pytest.raises(MappingError, match=message):
        suggest_mapping(frame(**columns), kind)
    assert suggest_mapping(frame(**columns), kind, check=False).columns is not None


def test_a_person_has_the_last_word():
    table = frame(id=["1"], Werk=["ab"], Jahr=["1841"], Title=["cd"])
    mapping = suggest_mapping(table, "corpus", ["Werk=title", "Jahr="])
    assert mapping.columns == {"record_id": "id", "title": "Werk"}
    assert mapping.reasons["title"] == "'Werk' was given for it."
    moved = apply_overrides(mapping, table, ["Werk=record_id", "TITLE=title"])
    assert moved.columns == {"record_id": "Werk", "title": "Title"}
    assert moved.questions == ()


def test_a_probability_can_be_given_by_hand():
    table = frame(id=["1"], sf=["0.9"], sn=["0.2"])
    mapping = suggest_mapping(table, "predictions", ["sf=p_Fiction", "sn=p_Non-fiction"])
    assert mapping.probabilities == {"Fiction": "sf", "Non-fiction": "sn"}
    assert apply_overrides(mapping, table, ["sf="]).probabilities == {"Non-fiction": "sn"}


@pytest.mark.parametrize(
    ("override", "message"),
    [
        ("Titel=title", r"There is no column 'Titel' \(did you mean 'Title'\?\). The columns are: id, Title"),
        (
            "Title=titel",
            r"'titel' is not something a column can be \(did you mean 'title'\?\). A column can be record_id",
        ),
        ("Title=p_", "'p_' is not something a column can be"),
        ("Title", "'Title' does not say what a column is; write HEADER=target"),
    ],
)
def test_a_wrong_override_says_what_would_be_right(override, message):
    with pytest.raises(MappingError, match=message):
        suggest_mapping(frame(id=["1"], Title=["ab"]), "corpus", [override])


def test_two_columns_for_one_target():
    with pytest.raises(MappingError, match="Both 'id' and 'Title' are mapped to title"):
        suggest_mapping(frame(id=["1"], Title=["ab"]), "corpus", ["id=title", "Title=title"])


@pytest.mark.parametrize(
    "header", ["max_prob", "confidence_score", "predicted_probability", "word_count", "Title", "score"]
)
def test_headers_that_name_no_class(header):
    assert class_in_header(header) == ""


def test_synonyms_are_written_as_headers_are_compared():
    for target, names in SYNONYMS.items():
        assert [name for name in names if normal_header(name) != name] == []
        assert len(names) == len(set(names)), target
    assert set(SYNONYMS) >= {schema.RECORD_ID, schema.TITLE, schema.LABEL, schema.PREDICTED}
