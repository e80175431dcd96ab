"""Nothing in the demonstration corpus is copied: no title and no author of the British Library's files occurs in it."""

import re

import pandas as pd
import pytest

from data.demonstration import SEED, generate
from data.demonstration.catalogue import title_group

pytestmark = [pytest.mark.real, pytest.mark.slow]

FILES = ("annotated.csv", "digitised.csv.gz", "reference_catalogue.csv.gz", "reference_fennica.csv.gz")


def heading(name: str) -> str:
    """Return surname and first forename, '' for what is no heading of a person."""
    match = re.match(r"([^,]+), ([^ ,.\[]+)", name)
    return f"{match[1]}, {match[2]}".casefold() if match else ""


@pytest.fixture(scope="module")
def published(real_data) -> pd.DataFrame:
    tables = [pd.read_csv(real_data / name, dtype=str, keep_default_na=False) for name in FILES]
    return pd.concat(tables)[["Title", "Name"]]


@pytest.mark.parametrize("seed", [SEED, 1, 2])
def test_no_real_title_and_no_real_author(published, seed):
    catalogue = generate(seed).catalogue
    titles = set(published["Title"].map(title_group)) & set(catalogue["Title"].map(title_group))
    authors = set(published["Name"].map(heading)) & set(catalogue["Name"].map(heading)) - {""}
    assert (titles, authors) == (set(), set())
