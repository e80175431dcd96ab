"""Years from dates as cataloguers wrote them, worked by hand."""

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.normalise import parse_date, parse_dates
from core.schema import DATE_CERTAINTIES

CASES = {
    "1879": (1879, "certain"),
    "1879.": (1879, "certain"),
    "5th May 1861": (1861, "certain"),
    "1874-05-03": (1874, "certain"),
    "01/01/1970 00:31": (1970, "certain"),
    "1752 [O.S.]": (1752, "certain"),
    "[Bungay printed,] 1869": (1869, "certain"),
    "1897, 8º": (1897, "certain"),
    "MDCCCXLV": (1845, "certain"),
    "M.DCC.XCV": (1795, "certain"),
    "MDCC LXXX.": (1780, "certain"),
    "an IX, 1800": (1800, "certain"),
    "635, 1878.": (1878, "certain"),
    "5561 1801": (1801, "certain"),
    "[1878]": (1878, "inferred"),
    "1846]": (1846, "inferred"),
    "[1846": (1846, "inferred"),
    "[1868] ; [1868]": (1868, "inferred"),
    "1879 [1878]": (1879, "inferred"),
    "1879 [1878].": (1879, "inferred"),
    "1886, [1885].": (1886, "inferred"),
    "1570 [reprinted 1844.]": (1570, "inferred"),
    "1847 [48]": (1847, "inferred"),
    "1389 [1839].": (1839, "inferred"),
    "MDCCCXLIX [1849].": (1849, "inferred"),
    "1889 [i.e. 1898]": (1898, "inferred"),
    "[printed1890]": (1890, "inferred"),
    "1874-76": (1874, "range"),
    "1874–1876": (1874, "range"),
    "1897, 98": (1897, "range"),
    "1829, 30.": (1829, "range"),
    "[1815, 16]": (1815, "range"),
    "1836, 35": (1836, "range"),
    "1663-": (1663, "range"),
    "1898- .": (1898, "range"),
    "[1890-]": (1890, "range"),
    "1874/5": (1874, "range"),
    "1818-[21]": (1818, "range"),
    "1840 [-41].": (1840, "range"),
    "1874[71]-88": (1874, "range"),
    "1854 [53-54].": (1854, "range"),
    "1894, [93]": (1894, "range"),
    "[1890,] 91": (1890, "range"),
    "[1864-]1868": (1864, "range"),
    "1836, etc": (1836, "range"),
    "1849, 1859.": (1849, "range"),
    "1810 bis 1812": (1810, "range"),
    "1838-41-38": (1838, "range"),
    "MDCCCC. [1899]-1903": (1899, "range"),
    "[1840?]": (1840, "uncertain"),
    "1858?]": (1858, "uncertain"),
    "1839-[74?]": (1839, "uncertain"),
    "c1850": (1850, "uncertain"),
    "[c. 1880]": (1880, "uncertain"),
    "ca. 1850": (1850, "uncertain"),
    "um 1850": (1850, "uncertain"),
    "[1811 or 1812]": (1811, "uncertain"),
    "[not before 1865, not after 1873]": (1865, "uncertain"),
    "184-?": (1840, "uncertain"),
    "[184-]": (1840, "uncertain"),
    "184u": (1840, "uncertain"),
    "1860s": (1860, "uncertain"),
    "[18--]": (None, "uncertain"),
    "18uu": (None, "uncertain"),
    "-1907.": (None, "uncertain"),
    "an VII": (None, "unreadable"),
    "no date": (None, "unreadable"),
    "Mild": (None, "unreadable"),
    "1399": (None, "unreadable"),
    "2101": (None, "unreadable"),
    "112. G. & W. B. Whittaker": (None, "unreadable"),
    "": (None, "none"),
    "  ": (None, "none"),
}


@pytest.mark.parametrize("text", CASES)
def test_a_date(text):
    assert parse_date(text) == CASES[text]


def test_the_ends_of_the_span():
    assert parse_date("1400")[0] == 1400
    assert parse_date("2100")[0] == 2100


def test_a_column_gives_what_its_cells_give():
    texts = pd.Series([*CASES, *CASES], index=range(5, 5 + 2 * len(CASES)), dtype="str")
    parsed = parse_dates(texts)
    assert parsed.index.equals(texts.index)
    assert str(parsed["year"].dtype) == "Int64"
    years = [None if pd.isna(year) else int(year) for year in parsed["year"]]
    assert list(zip(years, parsed["date_certainty"], strict=True)) == [*CASES.values(), *CASES.values()]


def test_an_empty_column():
    parsed = parse_dates(pd.Series([], dtype="str"))
    assert len(parsed) == 0
    assert str(parsed["year"].dtype) == "Int64"


@given(st.text(max_size=30))
def test_any_text_has_a_year_in_the_span_or_none(text):
    year, certainty = parse_date(text)
    assert certainty in DATE_CERTAINTIES
    assert year is None or 1400 <= year <= 2100
    assert (certainty in ("none", "unreadable")) <= (year is None)


@given(st.integers(1400, 2100), st.sampled_from(["{}", "[{}]", "{}.", "{}?", "{}-", "c. {}", "May {}"]))
def test_a_lone_year_is_always_read(year, form):
    assert parse_date(form.format(year))[0] == year
