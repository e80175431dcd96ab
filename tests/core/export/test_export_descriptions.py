"""Descriptions of the files: CSV on the Web, Data Package, Croissant, Hugging Face: generated from the same columns."""

import json

import pytest

from core.export import QualityReport
from core.export.packages import datapackage, front_matter
from core.export.sentences import summarise
from core.export.settings import identifier_pattern
from core.storage import file_sha256


def summarised(table):
    return table, summarise(table, QualityReport())


def read(path):
    return json.loads(path.read_text(encoding="utf-8"))


def test_csvw_describes_each_column_in_order(folder):
    rows = read(folder / "data/accepted.csv-metadata.json")
    columns = rows["tableSchema"]["columns"]
    head = (folder / "data/accepted.csv").read_text(encoding="utf-8").splitlines()[0].split(",")
    assert [column["titles"] for column in columns] == head
    by_title = {column["titles"]: column for column in columns}
    assert by_title["record_id"]["datatype"] == {"base": "string", "format": "[0-9]{9}"}
    assert by_title["record_id"]["required"] is True
    assert by_title["pred_label"]["datatype"] == {"base": "string", "format": r"Fiction|Non\-fiction"}
    assert by_title["pred_confidence"]["datatype"] == {"base": "decimal", "minimum": 0, "maximum": 1}
    assert rows["tableSchema"]["primaryKey"] == "record_id"
    assert rows["url"] == "accepted.csv"
    assert rows["dialect"]["lineTerminators"] == ["\r\n"]


def test_every_file_but_the_descriptions_is_in_the_data_package(folder):
    rows = read(folder / "datapackage.json")
    resources = {item["path"]: item for item in rows["resources"]}
    written = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    about = {"README.md", "SHA256SUMS", "manifest.json", "manifest.jsonld", "datapackage.json"}
    about.add("ro-crate-metadata.json")
    assert set(resources) == written - about
    for name, item in resources.items():
        assert item["hash"] == f"sha256:{file_sha256(folder / name)}"
        assert item["bytes"] == (folder / name).stat().st_size
    assert rows["$schema"].endswith("/profiles/2.0/datapackage.json")


def test_only_csv_files_with_our_columns_are_tables(folder):
    kinds = {item["path"]: item["type"] for item in read(folder / "datapackage.json")["resources"]}
    tables = {name for name, kind in kinds.items() if kind == "table"}
    assert tables == {
        "data/accepted.csv",
        "data/all-scores.csv",
        "review/abstained.csv",
        "review/conflicts.csv",
        "review/not-matched.csv",
        "review/rejected.csv",
    }


def test_the_schema_of_a_table_has_the_constraints(folder):
    (resource,) = (
        item for item in read(folder / "datapackage.json")["resources"] if item["path"] == "data/accepted.csv"
    )
    fields = {field["name"]: field for field in resource["schema"]["fields"]}
    assert fields["record_id"]["constraints"] == {"required": True, "unique": True, "pattern": "[0-9]{9}"}
    assert fields["pred_confidence"]["constraints"] == {"minimum": 0, "maximum": 1}
    assert fields["pred_label"]["constraints"] == {"enum": ["Fiction", "Non-fiction"]}
    assert resource["schema"]["missingValues"] == [""]


def test_a_data_package_says_no_more_than_is_known(example):
    text = datapackage(*summarised(example.table(homepage="", publisher="", inputs=())), [])
    assert "homepage" not in text
    assert "sources" not in text
    assert text["contributors"][0] == {"title": "(library not named)", "roles": ["publisher"]}


def test_croissant_points_at_the_parquet_file(folder):
    rows = read(folder / "croissant.json")
    (file,) = rows["distribution"]
    assert file["contentUrl"] == "data/accepted.parquet"
    assert file["sha256"] == file_sha256(folder / "data/accepted.parquet")
    fields = rows["recordSet"][0]["field"]
    assert [field["source"]["extract"]["column"] for field in fields][:2] == ["BL record ID", "Title"]
    assert not [field["@id"] for field in fields if " " in field["@id"]]
    assert rows["recordSet"][0]["key"] == {"@id": "records/record_id"}
    for name in ("name", "description", "url", "creator", "license", "citeAs", "version", "datePublished"):
        assert rows[name]


def test_the_hugging_face_folder_holds_one_readme_and_one_parquet_file(folder):
    files = {path.relative_to(folder).as_posix() for path in (folder / "huggingface").rglob("*") if path.is_file()}
    assert files == {"huggingface/README.md", "huggingface/data/train-00000-of-00001.parquet"}
    text = (folder / "huggingface/README.md").read_text(encoding="utf-8")
    assert text.startswith("---\n")


def test_the_front_matter_names_people_only_where_people_gave_labels(example):
    import yaml

    text = yaml.safe_load(front_matter(*summarised(example.table())))
    assert text["annotations_creators"] == ["expert-generated", "machine-generated"]
    assert text["license"] == "cc0-1.0"
    assert text["language"] == ["de", "en"]
    assert text["size_categories"] == ["n<1K"]
    assert text["configs"][0]["data_files"][0]["path"] == "data/train-00000-of-00001.parquet"


def test_a_licence_that_the_hub_does_not_list_is_other_with_its_name(example):
    import yaml

    text = yaml.safe_load(front_matter(*summarised(example.table(licence="OGL-UK-3.0"))))
    assert (text["license"], text["license_name"]) == ("other", "OGL-UK-3.0")
    assert text["license_link"] == "https://spdx.org/licenses/OGL-UK-3.0.html"


@pytest.mark.parametrize(
    ("ids", "pattern"),
    [
        (["014602826", "000000004"], "[0-9]{9}"),
        (["14602826", "000000004"], ""),
        (["b1", "b2"], ""),
        (["1"], "[0-9]{1}"),
    ],
)
def test_the_pattern_of_identifiers(ids, pattern):
    import pandas as pd

    assert identifier_pattern(pd.Series(ids)) == pattern
