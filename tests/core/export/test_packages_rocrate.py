"""ro-crate-metadata.json: what RO-Crate 1.2 asks of a crate, and that it says what is there."""

import json
import zipfile
from urllib.parse import unquote

import pytest

from core.export import InputFile
from core.export.linked_data import ROCRATE_FILE
from core.export.validation import builtin_checks
from core.storage import file_sha256

# Of the context https://w3id.org/ro/crate/1.2/context, which is not fetched here: the terms this export uses.
TERMS = {
    *("@id", "@type", "about", "agent", "author", "conformsTo", "contactPoint", "contactType", "contentSize"),
    *("datePublished", "description", "email", "encodingFormat", "endTime", "hasPart", "identifier", "instrument"),
    *("keywords", "license", "mentions", "name", "object", "publisher", "result", "sha256", "startTime", "url"),
    *("value", "version"),
}
TYPES = {
    *("ContactPoint", "CreateAction", "CreativeWork", "Dataset", "File", "Organization", "PropertyValue"),
    "SoftwareApplication",
}


def read(folder):
    content = json.loads((folder / ROCRATE_FILE).read_text(encoding="utf-8"))
    assert list(content) == ["@context", "@graph"]
    assert content["@context"] == "https://w3id.org/ro/crate/1.2/context"
    return {node["@id"]: node for node in content["@graph"]}, content["@graph"]


def test_descriptor_and_root(folder):
    nodes, graph = read(folder)
    assert len(nodes) == len(graph)
    assert nodes[ROCRATE_FILE] == {
        "@id": ROCRATE_FILE,
        "@type": "CreativeWork",
        "conformsTo": {"@id": "https://w3id.org/ro/crate/1.2"},
        "about": {"@id": "./"},
    }
    root = nodes["./"]
    assert root["@type"] == "Dataset"
    assert root["name"] == "Accepted labels for example.csv, 2026-11-23"
    assert root["datePublished"] == "2026-11-23"
    assert "Fiction 0.9, Non-fiction 0.97" in root["description"]
    licence = nodes[root["license"]["@id"]]
    assert (licence["@id"], licence["name"]) == ("https://creativecommons.org/publicdomain/zero/1.0/", "CC0-1.0")
    identifier = nodes[root["identifier"]["@id"]]
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    assert (identifier["@type"], identifier["value"]) == ("PropertyValue", manifest["export"]["id"])


def test_every_file_is_listed_once_with_size_type_and_hash(folder):
    nodes, _ = read(folder)
    existing = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()} - {ROCRATE_FILE}
    files = {unquote(name): node for name, node in nodes.items() if node["@type"] == "File"}
    assert set(files) == existing
    assert sorted(unquote(part["@id"]) for part in nodes["./"]["hasPart"]) == sorted(existing)
    for name, node in files.items():
        assert int(node["contentSize"]) == (folder / name).stat().st_size
        assert node["encodingFormat"]
        assert node["description"]
        if name != "SHA256SUMS":
            assert node["sha256"] == file_sha256(folder / name)


def test_the_run_names_library_model_input_and_files(folder):
    nodes, _ = read(folder)
    root = nodes["./"]
    run = nodes[root["mentions"]["@id"]]
    assert (run["@id"], run["@type"]) == ("https://example.org/runs/run-20261123-01", "CreateAction")
    assert (run["startTime"], run["endTime"]) == ("2026-11-23T10:20:00Z", "2026-11-23T10:20:00Z")
    assert run["result"] == root["hasPart"]
    assert root["author"] == root["publisher"] == run["agent"]
    library = nodes[run["agent"]["@id"]]
    assert (library["@type"], library["name"]) == ("Organization", "Example Library")
    assert nodes[library["contactPoint"]["@id"]]["email"] == "cataloguing@example.org"
    model = nodes[run["instrument"]["@id"]]
    assert (model["@type"], model["name"], model["version"]) == (
        "SoftwareApplication",
        "bl-genre-title-classifier",
        "1.2.0",
    )
    assert model["url"] == run["@id"]
    read_there = nodes[run["object"]["@id"]]
    assert (read_there["name"], read_there["identifier"]) == ("example.csv", "sha256:" + "cd" * 32)
    assert "url" not in read_there  # the library has named none


def test_where_an_input_can_be_had_is_said(example, tmp_path):
    inputs = (InputFile(name="example.csv", sha256="cd" * 32, uri="https://example.org/example.csv"),)
    report = example.export(tmp_path / "a.zip", formats=("rocrate",), inputs=inputs)
    with zipfile.ZipFile(report.path) as archive:
        archive.extractall(tmp_path)
    nodes, _ = read(tmp_path / report.folder)
    run = nodes[nodes["./"]["mentions"]["@id"]]
    assert nodes[run["object"]["@id"]]["url"] == "https://example.org/example.csv"


def test_only_terms_of_the_context_are_used_and_every_reference_is_described(folder):
    nodes, graph = read(folder)
    assert {key for node in graph for key in node} <= TERMS
    assert {node["@type"] for node in graph} == TYPES
    values = [value for node in graph for value in node.values()]
    refs = [
        item["@id"] for value in values for item in (value if isinstance(value, list) else [value]) if "@id" in item
    ]
    assert set(refs) - set(nodes) == {"https://w3id.org/ro/crate/1.2"}
    assert "" not in values
    assert [] not in values


def test_what_is_not_known_is_left_out_or_said(example, tmp_path):
    report = example.export(
        tmp_path / "a.zip", formats=("rocrate",), base_uri="", publisher="", contact="", organisation="", inputs=()
    )
    with zipfile.ZipFile(report.path) as archive:
        archive.extractall(tmp_path)
    nodes, _ = read(tmp_path / report.folder)
    run = nodes[nodes["./"]["mentions"]["@id"]]
    assert run["@id"].startswith("urn:uuid:")
    assert "object" not in run
    assert nodes["#library"] == {"@id": "#library", "@type": "Organization", "name": "(library not named)"}
    assert "#contact" not in nodes


def test_it_is_in_the_checksums_and_is_the_same_each_time(example, tmp_path):
    reports = [example.export(tmp_path / f"{number}.zip", formats=("csv", "rocrate")) for number in range(2)]
    assert reports[0].sha256 == reports[1].sha256
    assert ROCRATE_FILE in {written.name for written in reports[0].files}
    without = example.export(tmp_path / "without.zip", formats=("csv",))
    assert ROCRATE_FILE not in {written.name for written in without.files}


@pytest.mark.parametrize(
    ("fault", "expected"),
    [
        (lambda folder: (folder / "data" / "accepted.csv").write_text("x"), "changed: data/accepted.csv"),
        (lambda folder: (folder / "data" / "accepted.jsonl").unlink(), "missing or not listed: data/accepted.jsonl"),
        (lambda folder: (folder / "more.txt").write_text("x"), "missing or not listed: more.txt"),
    ],
)
def test_our_check_sees_what_does_not_fit(copy_of, fault, expected):
    copy = copy_of()
    (check,) = [item for item in builtin_checks(copy) if item.name == "RO-Crate lists every file"]
    assert check.outcome == "passed"
    fault(copy)
    (check,) = [item for item in builtin_checks(copy) if item.name == "RO-Crate lists every file"]
    assert check.outcome == "failed"
    assert expected in check.detail
