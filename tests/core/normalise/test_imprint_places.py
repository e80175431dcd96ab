"""Places of publication with a light hand."""

import pandas as pd
import pytest

from core.normalise import normal_place, normal_places
from core.normalise.imprint import VARIANTS


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("London", "London"),
        ("London]", "London"),
        ("[London?]", "London"),
        ("London :", "London"),
        ("Londini", "London"),
        ("Lugduni Batavorum", "Leiden"),
        ("Kjøbenhavn ; Kristiania", "Copenhagen"),
        ("Kristiania", "Kristiania"),
        ("Mu\u0308nchen", "Munich"),
        ("Exeter ; London", "Exeter"),
        ("London; Guildford [printed]", "London"),
        ("Guildford [printed], London", "London"),
        ("Edinburgh [printed], and London", "London"),
        ("London; printed in Bavaria", "London"),
        ("Doetinchem [Arnhem printed]", "Doetinchem"),
        ("London printed", "London"),
        ("Boston [Mass.]", "Boston"),
        ("Cambridge, Mass.", "Cambridge, Mass."),
        ("[Lisbon, 1808].", "Lisbon"),
        ("Санктпетербургъ, 1864", "Санктпетербургъ"),
        ("pp. 51. Handley Bros.: Liverpool, 1900", "Liverpool"),
        ("pp. vi. 380. Seeley & Co.: London; Guildford [printed], 1889 [1888]", "London"),
        ("pp. 36. Ann Lemoine; J. Roe: London, [1805?]", "London"),
        ("pp. 99. v Praze, 1888.", "Prague"),
        ("2 vol. Chatto & Windus: London, 1888", "London"),
        ("London & New York", "London & New York"),
        ("[s.l.]", ""),
        ("S. l.", ""),
        ("enk", ""),
        ("1814", ""),
        ("", ""),
    ],
)
def test_a_place(text, place):
    assert normal_place(text) == place


def test_variants_are_lower_case_and_lead_to_names_that_stay():
    assert [form for form in VARIANTS if form != form.casefold()] == []
    assert [name for name in VARIANTS.values() if normal_place(name) != name] == []


def test_a_column_of_places():
    places = normal_places(pd.Series(["Wien", "[Wien", ""], index=[2, 4, 6], dtype="str"))
    assert places.to_dict() == {2: "Vienna", 4: "Vienna", 6: ""}
    assert (places.name, str(places.dtype)) == ("place", "str")
