"""The same export before the public validators, and planted faults that each of them must see.

A validator that is not installed skips its tests, by name.
"""

import importlib.util
import io
import json
import subprocess
import sys
from pathlib import Path

import pytest

from core.export.validation import find_tool, lint_warnings, public_checks
from core.readers.marc_decode import data, decode_iso2709, split_iso2709
from core.storage import file_sha256

pytestmark = pytest.mark.slow

SCHEMAS = Path(__file__).resolve().parents[4] / "shared" / "schemas"


def tool(name: str) -> str:
    result = find_tool(name)
    if result is None:
        pytest.skip(f"{name} is not installed")
    return result


def module(name: str):
    if importlib.util.find_spec(name) is None:
        pytest.skip(f"the Python package {name} is not installed")
    return pytest.importorskip(name)


def schemas() -> Path:
    if not (SCHEMAS / "MARC21slim.xsd").exists():
        pytest.skip(f"the schemas of the Library of Congress are not in {SCHEMAS}")
    return SCHEMAS


def outcomes(folder, by, name=""):
    items = [check for check in public_checks(folder, only=[by]) if name in check.name]
    assert items
    return items


def edit(path, change):
    with path.open("rb") as stream:
        records = [decode_iso2709(chunk).record for chunk in split_iso2709(stream)]
    change(records[0])
    path.write_bytes(b"".join(record.to_iso2709() for record in records))


FAULTS = {
    "883 first indicator 9": lambda record: setattr(record.first("883"), "indicators", "9 "),
    "883 unknown subfield": lambda record: record.first("883").subfields.append(("z", "x")),
    "883 $c twice": lambda record: record.first("883").subfields.append(("c", "0.5")),
    "second 245": lambda record: record.fields.insert(9, data("245", "00", ("a", "again."))),
}


@pytest.mark.parametrize("name", ["yaz-marcdump", "marcvalidate", "MARC::Lint"])
def test_marc_validators_have_nothing_to_report(folder, name):
    tool("perl" if name == "MARC::Lint" else name)
    checks = outcomes(folder, name)
    if checks[0].outcome == "not run":
        pytest.skip(checks[0].detail)
    assert [check for check in checks if check.outcome != "passed"] == []
    assert len(checks) == 4


def test_yaz_reads_our_marcxml_into_the_same_bytes(folder):
    yaz = tool("yaz-marcdump")
    for name in ("stub", "delta_NOT-FOR-NEW-RECORDS"):
        path = folder / "marc" / name
        completed = subprocess.run([yaz, "-i", "marcxml", "-o", "marc", f"{path}.xml"], capture_output=True, check=True)
        assert completed.stdout == path.with_suffix(".mrc").read_bytes()


@pytest.mark.parametrize("fault", FAULTS)
def test_marcvalidate_and_lint_see_what_they_can_see(copy_of, fault):
    tool("marcvalidate")
    folder = copy_of()
    edit(folder / "marc/stub.mrc", FAULTS[fault])
    assert outcomes(folder, "marcvalidate", "stub.mrc")[0].outcome == "failed"
    if lint_warnings(folder / "marc/stub.mrc") is not None:
        assert outcomes(folder, "MARC::Lint", "stub.mrc")[0].outcome == "failed"


def test_yaz_sees_a_broken_structure_although_it_ends_with_status_0(copy_of):
    tool("yaz-marcdump")
    folder = copy_of()
    edit(folder / "marc/stub.mrc", lambda record: record.first("245").subfields.append(("b", "one\x1etwo")))
    assert outcomes(folder, "yaz-marcdump", "stub.mrc")[0].outcome == "failed"


def test_xml_is_valid_against_the_schemas(folder):
    tool("xmllint")
    checks = list(public_checks(folder, schemas(), only=["xmllint"]))
    assert [check for check in checks if check.outcome != "passed"] == []
    content = {check.name: check.detail for check in checks}
    assert content["XML, stub.xml"] == "valid against MARC21slim.xsd"
    assert content["XML, mods-3.7.xml"] == "valid against mods-3-7.xsd"
    assert content["XML, dc.xml"] == "well-formed"


@pytest.mark.parametrize(
    ("name", "old", "new"),
    [
        ("marc/stub.xml", "<subfield code", "<subfeld code"),
        ("other/mods-3.7.xml", "<genre ", '<genre confidence="0.9731" '),
        ("other/dc.xml", "</dc:title>", ""),
    ],
)
def test_xmllint_sees_planted_faults(copy_of, name, old, new):
    tool("xmllint")
    folder = copy_of()
    text = (folder / name).read_text(encoding="utf-8").replace(old, new, 1)
    (folder / name).write_text(text, encoding="utf-8")
    checks = {check.name: check.outcome for check in public_checks(folder, schemas(), only=["xmllint"])}
    assert checks[f"XML, {Path(name).name}"] == "failed"


def test_mods_is_valid_in_version_3_8_too(folder):
    xmlschema = module("xmlschema")
    schema = xmlschema.XMLSchema(
        str(schemas() / "mods-3-8.xsd"),
        locations={
            "http://www.w3.org/1999/xlink": str(SCHEMAS / "xlink.xsd"),
            "http://www.w3.org/XML/1998/namespace": str(SCHEMAS / "xml.xsd"),
        },
        allow="local",
    )
    assert schema.is_valid(str(folder / "other/mods-3.7.xml"))


def test_each_dublin_core_record_is_valid(folder):
    module("lxml")
    from lxml import etree

    # The import of simple Dublin Core points to the network; it is read from the folder beside it.
    document = etree.parse(str(schemas() / "oai_dc.xsd"))
    for item in document.iter("{http://www.w3.org/2001/XMLSchema}import"):
        item.set("schemaLocation", str(SCHEMAS / "simpledc.xsd"))
    schema = etree.XMLSchema(document)
    root = etree.parse(str(folder / "other/dc.xml")).getroot()
    assert len(root) == 5
    for item in root:
        assert schema.validate(etree.ElementTree(item)), schema.error_log


def test_frictionless_finds_the_data_package_valid(folder):
    tool("frictionless")
    assert [check.outcome for check in outcomes(folder, "frictionless")] == ["passed"]


def describe_again(folder):
    """Write size and hash of the CSV anew, so that only the planted fault is left to find."""
    content = json.loads((folder / "datapackage.json").read_text())
    for item in content["resources"]:
        if item["path"] == "data/accepted.csv":
            item["bytes"] = (folder / item["path"]).stat().st_size
            item["hash"] = f"sha256:{file_sha256(folder / item['path'])}"
    (folder / "datapackage.json").write_text(json.dumps(content))


@pytest.mark.parametrize(
    ("old", "new", "error"),
    [
        (b",014602830,", b",14602830,", "pattern"),
        (b"0.9731", b"1.9731", "maximum"),
        (b",Fiction,0.9731", b",fiction,0.9731", "enum"),
        (b",014602832,", b",014602830,", "unique"),
        (b"Poems on several occasions.", b"Poems,on several occasions.", "extra-cell"),
    ],
)
def test_frictionless_sees_planted_faults(copy_of, old, new, error):
    tool("frictionless")
    folder = copy_of()
    path = folder / "data/accepted.csv"
    assert old in path.read_bytes()
    path.write_bytes(path.read_bytes().replace(old, new, 1))
    describe_again(folder)
    done = subprocess.run(
        [tool("frictionless"), "validate", "datapackage.json"], cwd=folder, capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert error in done.stdout


def test_frictionless_sees_one_changed_byte_in_any_file(copy_of):
    tool("frictionless")
    folder = copy_of()
    path = folder / "marc/stub.mrc"
    path.write_bytes(path.read_bytes().replace(b"Poems", b"Poets", 1))
    assert outcomes(folder, "frictionless")[0].outcome == "failed"


def test_csvw_finds_the_tables_valid(folder):
    tool("csvwvalidate")
    assert [check.outcome for check in outcomes(folder, "csvwvalidate")] == ["passed", "passed"]


@pytest.mark.parametrize(
    ("old", "new"), [(b",014602830,Non", b",14602830,Non"), (b"0.9731", b"1.9731"), (b",Fiction,", b",fiction,")]
)
def test_csvw_sees_planted_faults(copy_of, old, new):
    tool("csvwvalidate")
    folder = copy_of()
    path = folder / "data/accepted.csv"
    assert old in path.read_bytes()
    path.write_bytes(path.read_bytes().replace(old, new, 1))
    assert outcomes(folder, "csvwvalidate", "accepted")[0].outcome == "failed"


def test_croissant_validates_and_its_records_load(folder):
    tool("mlcroissant")
    assert [check.outcome for check in outcomes(folder, "mlcroissant")] == ["passed", "passed"]


def test_croissant_gives_identifiers_with_their_zeros(folder):
    tool("mlcroissant")
    arguments = ["load", "--jsonld", "croissant.json", "--record_set", "records", "--num_records", "1"]
    done = subprocess.run([tool("mlcroissant"), *arguments], cwd=folder, capture_output=True, text=True, check=False)
    assert "'records/record_id': b'014602826'" in done.stdout, done.stderr


def test_croissant_sees_a_wrong_hash(copy_of):
    tool("mlcroissant")
    folder = copy_of()
    content = json.loads((folder / "croissant.json").read_text())
    content["distribution"][0]["sha256"] = "0" * 64
    (folder / "croissant.json").write_text(json.dumps(content))
    assert outcomes(folder, "mlcroissant", "load")[0].outcome == "failed"


def test_datasets_loads_the_folder_offline_with_text_identifiers(folder, tmp_path):
    module("datasets")
    code = (
        "import datasets, sys; d = datasets.load_dataset(sys.argv[1], cache_dir=sys.argv[2])['train'];"
        "print(d.num_rows, d[0]['record_id'], d.features['record_id'].dtype, d[0]['pred_confidence'])"
    )
    arguments = [sys.executable, "-c", code, str(folder / "huggingface"), str(tmp_path)]
    done = subprocess.run(
        arguments, capture_output=True, text=True, env={"HF_HUB_OFFLINE": "1", "HOME": str(tmp_path)}, check=False
    )
    assert done.stdout.split() == ["5", "014602826", "string", "0.9731"], done.stderr


PREFIXES = """
@prefix sh: <http://www.w3.org/ns/shacl#> . @prefix dcat: <http://www.w3.org/ns/dcat#> .
@prefix dct: <http://purl.org/dc/terms/> . @prefix prov: <http://www.w3.org/ns/prov#> .
@prefix spdx: <http://spdx.org/rdf/terms#> . @prefix xsd: <http://www.w3.org/2001/XMLSchema#> .
@prefix oa: <http://www.w3.org/ns/oa#> . @prefix schema: <https://schema.org/> .
@prefix colophon: <urn:x-colophon:terms#> .
"""
SHAPES = f"""{PREFIXES}
[] a sh:NodeShape ; sh:targetClass dcat:Dataset ;
   sh:property [ sh:path dct:license ; sh:nodeKind sh:IRI ; sh:minCount 1 ; sh:maxCount 1 ] ,
               [ sh:path dct:title ; sh:minCount 1 ] ,
               [ sh:path dct:publisher ; sh:class prov:Organization ; sh:minCount 1 ] ,
               [ sh:path prov:wasGeneratedBy ; sh:class prov:Activity ; sh:minCount 1 ] ,
               [ sh:path dcat:distribution ; sh:class dcat:Distribution ; sh:minCount 1 ] .
[] a sh:NodeShape ; sh:targetClass dcat:Distribution ;
   sh:property [ sh:path dcat:mediaType ; sh:minCount 1 ] ,
               [ sh:path dcat:byteSize ; sh:datatype xsd:nonNegativeInteger ] ,
               [ sh:path spdx:checksum ; sh:minCount 1 ] .
[] a sh:NodeShape ; sh:targetClass prov:Activity ; sh:property [ sh:path prov:wasAssociatedWith ; sh:minCount 1 ] .
"""
BOOK_SHAPES = f"""{PREFIXES}
[] a sh:NodeShape ; sh:targetClass oa:Annotation ;
   sh:property [ sh:path oa:motivatedBy ; sh:hasValue oa:classifying ] ,
               [ sh:path oa:hasTarget ; sh:class schema:Book ; sh:minCount 1 ] ,
               [ sh:path oa:hasBody ; sh:minCount 1 ; sh:maxCount 1 ] , [ sh:path dct:creator ; sh:minCount 1 ] ,
               [ sh:path colophon:confidence ; sh:datatype xsd:decimal ; sh:minInclusive 0 ; sh:maxInclusive 1 ] .
[] a sh:NodeShape ; sh:targetClass schema:Book ;
   sh:property [ sh:path schema:identifier ; sh:datatype xsd:string ; sh:minCount 1 ] .
"""


def conforms(document, shapes):
    rdflib, pyshacl = module("rdflib"), module("pyshacl")
    graph = rdflib.Graph().parse(data=json.dumps(document), format="json-ld")
    good, _, text = pyshacl.validate(graph, shacl_graph=rdflib.Graph().parse(io.StringIO(shapes), format="turtle"))
    return good, text


@pytest.mark.parametrize("name", ["manifest.jsonld", "other/books.jsonld"])
def test_linked_data_expands_without_the_network(folder, name):
    jsonld = module("pyld").jsonld

    def refuse(url, options=None):
        raise AssertionError(f"the network was asked for {url}")

    jsonld.set_document_loader(refuse)
    assert jsonld.expand(json.loads((folder / name).read_text(encoding="utf-8")))


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.parametrize(("name", "shapes"), [("manifest.jsonld", SHAPES), ("other/books.jsonld", BOOK_SHAPES)])
def test_linked_data_has_the_shape_it_must_have(folder, name, shapes):
    good, text = conforms(json.loads((folder / name).read_text(encoding="utf-8")), shapes)
    assert good, text


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.parametrize(
    ("name", "shapes", "where", "key"),
    [
        ("manifest.jsonld", SHAPES, "dcat:Dataset", "dct:license"),
        ("manifest.jsonld", SHAPES, "dcat:Distribution", "spdx:checksum"),
        ("other/books.jsonld", BOOK_SHAPES, "Annotation", "target"),
        ("other/books.jsonld", BOOK_SHAPES, "Book", "identifier"),
    ],
)
def test_shapes_see_what_is_missing(folder, name, shapes, where, key):
    document = json.loads((folder / name).read_text(encoding="utf-8"))
    del next(item for item in document["@graph"] if where in item["@type"])[key]
    assert not conforms(document, shapes)[0]


def test_json_lines_have_the_shape_of_the_columns(folder, example):
    jsonschema = module("jsonschema")
    kinds = {"string": "string", "datetime": "string", "number": "number", "boolean": "boolean"}
    columns = example.table().columns()
    schema = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "type": "object",
        "additionalProperties": False,
        "required": [column.name for column in columns],
        "properties": {column.name: {"type": [kinds[column.type], "null"]} for column in columns},
    }
    validator = jsonschema.Draft202012Validator(schema)
    lines = (folder / "data/accepted.jsonl").read_text(encoding="utf-8").splitlines()
    assert [error.message for line in lines for error in validator.iter_errors(json.loads(line))] == []


def test_sha256sum_agrees(folder):
    sha256sum = tool("sha256sum")
    done = subprocess.run([sha256sum, "-c", "SHA256SUMS"], cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def test_a_validator_that_is_not_there_is_not_run_and_said_so(folder, monkeypatch):
    monkeypatch.setattr("core.export.validation.find_tool", lambda name: None)
    checks = list(public_checks(folder))
    assert {check.outcome for check in checks} == {"not run"}
    assert {check.by for check in checks} == {
        "yaz-marcdump", "marcvalidate", "MARC::Lint", "xmllint", "frictionless", "csvwvalidate", "mlcroissant",
    }  # fmt: skip
    assert all("is not installed" in check.detail for check in checks)


def test_two_sets_of_labels_pass_them_all(two_sets_folder):
    checks = list(public_checks(two_sets_folder))
    assert [check for check in checks if check.outcome == "failed"] == []
    if not [check for check in checks if check.outcome == "passed"]:
        pytest.skip("no public validator is installed")
