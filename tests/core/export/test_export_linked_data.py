"""MODS, Dublin Core, JSON-LD and the manifest's twin: what they say, and what they must not say."""

import json
from xml.etree import ElementTree as ET

import pytest

from core.export.descriptions import write_dublin_core, write_jsonld, write_mods
from core.export.settings import NAMESPACE, record_uri

MODS = {"m": "http://www.loc.gov/mods/v3", "c": NAMESPACE}
DC = {"dc": "http://purl.org/dc/elements/1.1/", "oai": "http://www.openarchives.org/OAI/2.0/oai_dc/"}


@pytest.fixture
def mods(folder):
    return {
        item.findtext("m:identifier", "", MODS): item
        for item in ET.parse(folder / "other/mods-3.7.xml").getroot().findall("m:mods", MODS)
    }


@pytest.fixture
def graph(folder):
    return json.loads((folder / "other/books.jsonld").read_text(encoding="utf-8"))["@graph"]


def node(graph, type_, **values):
    return next(
        item
        for item in graph
        if item["@type"] == type_ and all(item.get(name) == value for name, value in values.items())
    )


def test_a_mods_genre_says_who_gave_it(mods):
    genre = mods["014602826"].find("m:genre", MODS)
    assert genre.text == "Fiction"
    assert genre.attrib == {
        "authority": "lcgft",
        "authorityURI": "http://id.loc.gov/authorities/genreForms",
        "valueURI": "http://id.loc.gov/authorities/genreForms/gf2014026339",
        "displayLabel": "Genre (machine-generated)",
    }
    assert mods["014602836"].find("m:genre", MODS).get("displayLabel") == "Genre (chosen by a person)"
    assert mods["014602830"].find("m:genre", MODS).attrib == {"displayLabel": "Genre (machine-generated)"}


def test_the_numbers_stand_in_an_extension_of_our_own(mods):
    artifact = mods["014602826"].find("m:extension/c:prediction", MODS)
    assert artifact.attrib == {
        "label": "Fiction",
        "confidence": "0.9731",
        "calibrated": "yes",
        "threshold": "0.9",
        "decision": "accepted",
        "model": "bl-genre-title-classifier",
        "version": "1.2.0",
        "date": "2026-11-23T10:20:00Z",
        "run": "run-20261123-01",
    }
    overruled = mods["014602836"].find("m:extension/c:prediction", MODS)
    assert "confidence" not in overruled.attrib
    assert overruled.get("decision") == "curator"


def test_mods_records_hold_only_what_is_accepted(mods):
    assert sorted(mods) == ["014602826", "014602830", "014602832", "014602835", "014602836"]
    assert mods["014602826"].findtext("m:titleInfo/m:title", "", MODS) == "Poems on several occasions."
    assert "not checked by a cataloguer" in mods["014602826"].findtext("m:note", "", MODS)


def test_dublin_core_has_one_clean_type_and_the_provenance_in_words(folder):
    first = ET.parse(folder / "other/dc.xml").getroot().find("oai:dc", DC)
    assert [item.text for item in first.findall("dc:type", DC)] == ["Fiction"]
    assert first.findtext("dc:identifier", "", DC) == "014602826"
    assert first.findtext("dc:description", "", DC).endswith("Label: Fiction. Confidence: 0.9731 (calibrated).")


def test_a_prediction_is_an_annotation_not_a_fact_about_the_book(graph):
    book = node(graph, "Book", identifier="014602826")
    assert "genre" not in book
    text = node(graph, "Annotation", target=record_uri("014602826"))
    assert (text["label"], text["confidence"], text["decision"]) == ("Fiction", "0.9731", "accepted")
    assert text["body"] == "http://id.loc.gov/authorities/genreForms/gf2014026339"
    assert text["wasGeneratedBy"] == "https://example.org/runs/run-20261123-01"
    assert node(graph, "prov:SoftwareAgent")["@id"] == text["creator"]


def test_what_a_person_chose_is_the_books_genre(graph):
    assert node(graph, "Book", identifier="014602836")["genre"] == "Fiction"
    text = node(graph, "Annotation", target=record_uri("014602836"))
    assert "confidence" not in text
    assert "wasGeneratedBy" not in text
    assert node(graph, "prov:Person")["@id"] == text["creator"]


def test_a_detected_language_is_not_said_of_the_book(example, tmp_path):
    from core.export.table import prepare

    records = example.records.assign(language_source="detected")
    table = prepare(records, example.originals, example.scored, example.settings())
    write_jsonld(tmp_path / "a.jsonld", table)
    write_mods(tmp_path / "a.xml", table)
    write_dublin_core(tmp_path / "b.xml", table)
    assert "inLanguage" not in json.loads((tmp_path / "a.jsonld").read_text())["@graph"][-2]
    assert "<language>" not in (tmp_path / "a.xml").read_text()
    assert "dc:language" not in (tmp_path / "b.xml").read_text()


def test_control_characters_do_not_reach_the_xml(example, tmp_path):
    from core.export.table import prepare

    records = example.records.assign(title="a\x00b\x0bc <&> \ufffe")
    table = prepare(records, example.originals, example.scored, example.settings())
    count, cleaner = write_mods(tmp_path / "a.xml", table)
    titles = [item.text for item in ET.parse(tmp_path / "a.xml").getroot().iter(f"{{{MODS['m']}}}title")]
    assert titles == ["ab c <&> "] * count
    assert cleaner.characters == 3 * count
    write_dublin_core(tmp_path / "b.xml", table)
    assert ET.parse(tmp_path / "b.xml").getroot().findtext("oai:dc/dc:title", "", DC) == "ab c <&> "


def test_the_twin_of_the_manifest_tells_who_did_what(folder):
    graph = {item["@id"]: item for item in json.loads((folder / "manifest.jsonld").read_text())["@graph"]}
    manifest = json.loads((folder / "manifest.json").read_text())
    dataset = graph[manifest["export"]["id"]]
    assert dataset["dct:license"] == "https://creativecommons.org/publicdomain/zero/1.0/"
    export = graph[dataset["prov:wasGeneratedBy"]]
    curator = graph[export["prov:qualifiedAssociation"]["prov:agent"]]
    assert curator["rdfs:label"] == "curator"
    assert graph[curator["prov:actedOnBehalfOf"]]["rdfs:label"] == "Example Library"
    policy = graph[export["prov:qualifiedAssociation"]["prov:hadPlan"]]
    assert "above its cut: Fiction 0.9, Non-fiction 0.97" in policy["rdfs:label"]
    files = [graph[name] for name in dataset["dcat:distribution"]]
    assert {item["dct:title"]: item["spdx:checksum"]["spdx:checksumValue"] for item in files} == {
        item["name"]: item["sha256"] for item in [*manifest["files"], _itself(folder)]
    }


def _itself(folder):
    """The manifest cannot hold its own hash; its twin can."""
    from core.storage import file_sha256

    return {"name": "manifest.json", "sha256": file_sha256(folder / "manifest.json")}


def test_measured_rates_are_quality_measurements(example, tmp_path):
    import zipfile

    quality = {"policy": {"accuracy": {"value": 0.99, "low": 0.97, "high": 1.0, "n": 451}, "accepted": 503}}
    report = example.export(tmp_path / "a.zip", quality)
    with zipfile.ZipFile(report.path) as archive:
        twin = json.loads(archive.read(f"{report.folder}/manifest.jsonld"))
    (measurement,) = twin["@graph"][0]["dqv:hasQualityMeasurement"]
    assert (measurement["dqv:value"], measurement["colophon:n"]) == (0.99, 451)
