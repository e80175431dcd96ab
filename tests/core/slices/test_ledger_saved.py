from pathlib import Path

import pytest

from core.database import Database
from core.errors import InputError
from core.predicates import FacetPredicate, title_words
from core.slices import Slice
from core.slices.ledger import save_slice, saved_slices


def test_the_newest_slice_of_a_name_holds(tmp_path: Path) -> None:
    database = Database.at(tmp_path / "a.db")
    save_slice(database, Slice((title_words("poem*"),), "verse"))
    save_slice(database, Slice((FacetPredicate("language", ("German",)),), "German"))
    newer = Slice((title_words("poem*", "canto"),), "verse")
    save_slice(database, newer)
    assert saved_slices(database) == {
        "German": Slice((FacetPredicate("language", ("German",)),), "German"),
        "verse": newer,
    }


def test_a_slice_without_a_name_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="needs a name"):
        save_slice(Database.at(tmp_path / "a.db"), Slice((title_words("poem*"),), " "))
