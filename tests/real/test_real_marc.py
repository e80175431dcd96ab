"""The British Library's own MARCXML: every record read, and the columns that were made of it by others."""

import io

import pandas as pd
import pymarc
import pytest

from core.progress import silent
from core.readers import marc
from core.readers.container import open_file
from core.readers.marc_decode import MarcRecord, decode_iso2709
from core.readers.table import ReaderOptions

pytestmark = pytest.mark.real


@pytest.fixture(scope="module")
def table(real_data):
    with open_file(real_data / "marcxml_sample.xml.gz", silent) as opened:
        return marc.read(opened, ReaderOptions(format="marcxml"), silent)


@pytest.fixture(scope="module")
def reference(real_data):
    return pd.read_csv(real_data / "reference_catalogue.csv.gz", dtype="str", keep_default_na=False).head(999)


def test_999_records_and_none_lost(table):
    assert (len(table.frame), len(table.rejected), table.warnings) == (999, 0, ())
    assert table.frame["BL record ID"].iloc[0] == "000000004"
    assert table.frame["BL record ID"].is_unique


@pytest.mark.parametrize(
    "column",
    [
        "BL record ID",
        "Type of resource",
        "Dates associated with name",
        "All names",
        "Title",
        "Variant titles",
        "Series title",
        "Country of publication",
        "Place of publication",
        "Publisher",
        "Edition",
        "Physical description",
        "BL shelfmark",
        "Genre",
        "Languages",
        "Notes",
    ],
)
def test_the_columns_are_those_of_the_catalogue_file(table, reference, column):
    assert table.frame[column].tolist() == reference[column].tolist()


def test_dates_that_260_lacks_come_from_the_fixed_field(table, reference):
    dates, given = table.frame["Date of publication"], reference["Date of publication"]
    assert (dates[given != ""] == given[given != ""]).all()
    assert (dates[given == ""] == reference["marc_008_date"][given == ""]).all()
    assert int((given == "").sum()) == 64


def test_a_cataloguer_coded_the_literary_form_of_four_books(table):
    assert table.frame["Literary form"].value_counts().to_dict() == {"": 995, "0": 3, "1": 1}


def test_another_program_reads_the_same_records(real_data, table):
    import gzip

    with gzip.open(real_data / "marcxml_sample.xml.gz") as stream:
        theirs = pymarc.parse_xml_to_array(io.BytesIO(stream.read()))
    for ours, other in zip(table.frame["marc"], theirs, strict=True):
        record = MarcRecord.from_json(ours)
        assert record.to_iso2709() == other.as_marc()
        assert decode_iso2709(other.as_marc()).record.fields == record.fields
