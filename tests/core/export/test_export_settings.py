"""Terms and settings: visible choices, refused in words when they cannot be kept."""

import json

import pytest

from core.errors import InputError
from core.export.formats import FORMATS, MARC_KINDS, parse_formats, parse_marc_kinds
from core.export.manifest import QualityReport
from core.export.settings import GENRE_SOURCES, ExportSettings, GenreTerm, check_terms, default_terms
from core.guarantees import saved_policies


@pytest.mark.parametrize(
    ("profile", "answer", "expected"),
    [
        ("lcgft", "yes", GenreTerm("Literature", "lcgft", "http://id.loc.gov/authorities/genreForms/gf2014026415")),
        ("lcgft", "no", GenreTerm("Fiction", "lcgft", "http://id.loc.gov/authorities/genreForms/gf2014026339", "1")),
        ("lcgft", "", GenreTerm("Fiction")),
        ("fast", "no", GenreTerm("Fiction", "fast", "(OCoLC)fst01423787", "1")),
        ("fast", "yes", GenreTerm("Fiction")),
        ("uncontrolled", "no", GenreTerm("Fiction", literary_form="1")),
    ],
)
def test_the_term_for_fiction_depends_on_the_answer_to_the_question(profile, answer, expected):
    assert default_terms(["Fiction", "Non-fiction"], profile, answer)["Fiction"] == expected


@pytest.mark.parametrize("answer", ["", "yes", "no"])
def test_nonfiction_is_never_given_a_narrower_term(answer):
    assert default_terms(["Non-fiction"], "lcgft", answer)["Non-fiction"] == GenreTerm("Non-fiction", literary_form="0")


def test_008_33_is_not_fiction_where_verse_may_be_among_it():
    for answer in ("", "yes"):
        assert default_terms(["Fiction"], "lcgft", answer)["Fiction"].literary_form == ""


def test_labels_of_other_kinds_stand_as_they_are():
    assert default_terms(["History", "Law"]) == {"History": GenreTerm("History"), "Law": GenreTerm("Law")}


@pytest.mark.parametrize(
    ("terms", "message"),
    [
        ({"A": GenreTerm(" ")}, "The term for the label 'A' is empty"),
        ({"A": GenreTerm("x", "bogus")}, "'bogus' .* is no known source code for genre terms"),
        ({"A": GenreTerm("x", literary_form="9")}, r"'9' \(label 'A'\) is no code for 008/33"),
        ({"A": GenreTerm("x"), "B": GenreTerm("x")}, "labels 'A' and 'B' would both become 'x'"),
    ],
)
def test_terms_that_cannot_be_kept_are_refused(terms, message):
    with pytest.raises(InputError, match=message):
        check_terms(terms)


def test_fast_is_a_known_list_though_it_is_no_genre_list():
    assert {"lcgft", "fast"} <= GENRE_SOURCES


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (["csv"], ("csv",)),
        (["marcxml", "CSV"], ("csv", "marcxml")),
        (["croissant"], ("parquet", "croissant")),
        (["datapackage", "csvw"], ("csv", "csvw", "datapackage")),
        (["excel", "hf", "marc21"], ("xlsx", "marc", "huggingface")),
    ],
)
def test_formats_bring_what_they_describe_and_come_in_one_order(given, expected):
    assert parse_formats(given) == expected


@pytest.mark.parametrize("given", [["pdf"], []])
def test_an_unknown_or_missing_format_is_refused_with_the_known_ones(given):
    with pytest.raises(InputError, match=f"There are: {', '.join(FORMATS)}"):
        parse_formats(given)


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("", ()),
        ("delta", ("delta",)),
        ("stub, Delta ,enriched", ("enriched", "stub", "delta")),
        ("stub,stub", ("stub",)),
    ],
)
def test_kinds_of_marc_files_come_in_one_order(given, expected):
    assert parse_marc_kinds(given.split(",")) == expected


def test_an_unknown_kind_is_refused_with_the_known_ones():
    with pytest.raises(InputError, match="'full' is no kind of MARC file. There are: enriched, delta, stub"):
        parse_marc_kinds(["full"])
    assert set(parse_marc_kinds(list(MARC_KINDS))) == set(MARC_KINDS)


@pytest.mark.parametrize(
    ("chosen", "message"),
    [
        ({"cuts": {"Fiction": 1.2}}, "The cut for 'Fiction' is 1.2; a cut is a confidence from 0 to 1"),
        ({"cuts": {"Fiction": float("nan")}}, "The cut for 'Fiction' is nan"),
        ({"formats": ("pdf",)}, "'pdf' is no export format"),
        ({"profile": "ddc"}, "'ddc' is no term profile"),
        ({"human_labels": "ignore"}, "Allowed are: measure-only, keep"),
        ({"marc_kinds": ("full",)}, "'full' is no kind of MARC file"),
        ({"carrier": "scroll"}, "Allowed are: online, volume"),
        ({"base_uri": "data.example.org/runs/"}, "'data.example.org/runs/' is no http or https address. Give one of y"),
        ({"base_uri": "ftp://example.org/"}, "is no http or https address"),
        ({"base_uri": "https:///runs/"}, "'https:///runs/' names no host. Give an address such as https://data.ex"),
        ({"base_uri": "https://[::1/"}, "names no host"),
        ({"base_uri": "https://example.org/our runs/"}, "holds ' ', which no URI may hold"),
        ({"base_uri": "https://example.org/läufe/"}, "holds 'ä', which no URI may hold"),
        ({"base_uri": "https://example.org/a#b#"}, "holds '#', which no URI may hold"),
        (
            {"base_uri": "https://example.org/runs"},
            (
                "ends in neither / nor #, so the name of the run cannot be put behind it."
                " Give 'https://example.org/runs/' or 'https://example.org/runs#'"
            ),
        ),
        ({"predicted_at": "2026-11-23"}, "'2026-11-23' is no moment in UTC"),
        ({"created_at": "yesterday"}, "'yesterday' is no moment in UTC"),
        ({"run_id": " "}, "needs the id of the run"),
    ],
)
def test_settings_that_cannot_be_kept_are_refused(example, chosen, message):
    with pytest.raises(InputError, match=message):
        example.settings(**chosen)


def test_the_folder_says_data_set_date_model_and_run(example):
    assert example.settings().folder == "example-csv_2026-11-23_model-1-2-0_run-20261123-01"
    assert example.settings(run_id="7").folder.endswith("_run-7")


def test_a_run_without_an_address_gets_the_same_urn_each_time(example):
    first, second = (example.settings(base_uri="").run_uri for _ in range(2))
    assert first == second
    assert first.startswith("urn:uuid:")
    assert example.settings(base_uri="", run_id="other").run_uri != first
    assert example.settings().run_uri == "https://example.org/runs/run-20261123-01"
    hashed = example.settings(base_uri="http://example.org/runs#")
    assert hashed.run_uri == "http://example.org/runs#run-20261123-01"


@pytest.mark.parametrize(
    ("given", "version"), [("1.2.0", "1.2.0+20261123"), ("v3", "3.0.0+20261123"), ("", "1.0.0+20261123")]
)
def test_the_version_has_three_numbers_and_the_date(example, given, version):
    from core.export import ModelSource

    assert example.settings(model=ModelSource(name="m", version=given)).version == version


def test_settings_come_back_from_a_manifest(example):
    settings = example.settings(
        terms={"Fiction": GenreTerm("Roman")}, genre_terms={"Tale": "Fiction"}, marc_kinds=("stub",)
    )
    again = ExportSettings.from_dict(json.loads(json.dumps(settings.as_dict())))
    assert again.as_dict() == settings.as_dict()
    assert again.fingerprint == settings.fingerprint


def test_what_are_no_settings_is_said(example):
    with pytest.raises(InputError, match="not the settings of an export"):
        ExportSettings.from_dict({"cuts": {}})


def test_another_choice_is_another_fingerprint(example):
    assert example.settings().fingerprint != example.settings(answer="yes").fingerprint


def test_cuts_that_differ_by_a_facet_are_kept_and_said(example):
    by_language = {"German": {"Fiction": 0.95}, "English": {"Fiction": 0.9, "Non-fiction": 0.97}}
    settings = example.settings(cuts={}, stratum="language", cuts_by_stratum=by_language)
    assert settings.cuts_in_words == "English: Fiction 0.9, Non-fiction 0.97; German: Fiction 0.95"
    assert settings.policy.by_stratum == by_language
    again = ExportSettings.from_dict(json.loads(json.dumps(settings.as_dict())))
    assert again.policy == settings.policy
    with pytest.raises(InputError, match="either one cut a class, or cuts for each value of one facet"):
        example.settings(stratum="language", cuts_by_stratum=by_language)


def test_cuts_by_language_decide_and_stand_in_every_row(example):
    table = example.table(cuts={}, stratum="language", cuts_by_stratum={"English": {"Fiction": 0.9}})
    assert table.counts.by_label == {"Fiction": 3}
    flat = table.flat(table.rows("accepted"))
    assert flat["pred_threshold"].tolist() == [0.9]


def test_settings_of_earlier_versions_are_read_and_written_back(example):
    """A promise that says its sentence alone, a model of which nothing is known: both mean what they did."""
    older = json.loads(json.dumps(example.settings().as_dict()))
    older |= {"promise": {"sentence": "At most 5 % are wrong.", "kept": "by hand"}, "slice": {}, "inputs": []}
    older["model"] |= {"details": {"architecture": "MiniLM"}, "sha256": None}
    settings = ExportSettings.from_dict(older)
    assert (settings.promise.in_words, settings.promise.promised) == ("At most 5 % are wrong", True)
    assert settings.promise.confidence is None
    assert (settings.slice, settings.inputs) == (None, ())
    assert settings.as_dict() == older
    with pytest.raises(InputError, match="in the promise that was kept, 'max_error' is not what it should be"):
        ExportSettings.from_dict(older | {"promise": {"max_error": "five"}})


def test_a_promise_that_was_kept_by_an_earlier_version_is_read(workspace):
    """Of groups and warnings earlier versions said nothing; what is unknown to this one is kept."""
    note = {"policy": {"cuts": {"Fiction": 0.9}}, "labels": "", "because": ""}
    promise = {"promised": False, "reason": "too few", "max_error": 0.05, "confidence": 0.95, "doubt": 0.05}
    workspace.database.add("policy", "p", {**note, "promise": promise})
    workspace.database.add("policy", "p", {**note, "promise": {}})
    by_hand, promised = saved_policies(workspace, "p")
    assert by_hand.promise is None
    assert (promised.promise.promised, promised.promise.reason, promised.promise.warnings) == (False, "too few", ())
    assert promised.promise.as_dict() == promise


def test_a_report_of_quality_keeps_what_it_does_not_know():
    content = {
        "policy": {"accuracy": {"value": 0.9, "low": 0.8, "high": 0.95, "n": 40, "method": "Wilson"}, "cuts": {}}
    }
    report = QualityReport.parse({**content, "exported": None})
    assert (report.measured, report.policy.accuracy.n, report.exported) == (True, 40, None)
    assert report.as_dict() == {**content, "exported": None}
    assert [(name, rate.value) for name, rate in report.rates()] == [("policy-accuracy", 0.9)]
