"""Sets of labelling functions that come with Colophon, to be loaded with one press."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from core.predicates import columns_of
from core.translation import noop
from core.weak_supervision.functions import LabellingFunction, check_functions
from core.weak_supervision.toml_file import read_functions

__all__ = ["FUNCTION_SETS", "FunctionSet"]

_FOLDER: Final = Path(__file__).parent / "sets"


@dataclass(frozen=True, kw_only=True)
class FunctionSet:
    """Functions that were written for one library's catalogue.

    Attributes
    ----------
    name, title : str
        In the code, and for people.
    description, warning : str
        What the functions do, and for whom they are not; messages for people.
    files : tuple of str
        In the folder ``sets`` beside this module.
    """

    name: str
    title: str
    description: str
    warning: str
    files: tuple[str, ...]

    def functions(self) -> tuple[LabellingFunction, ...]:
        """Return the functions of all files, in their order."""
        functions = tuple(function for file in self.files for function in read_functions(_FOLDER / file))
        check_functions(functions)
        return functions

    def missing_columns(self, columns: Collection[str]) -> list[str]:
        """Return the columns that the functions look at and that are not among `columns`, sorted."""
        wanted = {column for function in self.functions() for column in columns_of(function.when)}
        return sorted(wanted - set(columns))


_WARNING: Final = noop(
    "Written for the British Library's shelfmarks: at another library the same numbers mean other subjects. They need"
    " the columns with the shelfmark and with the number of the paper record; books whose number ends in 7 get no"
    " label, so that something is left to judge by. A place on a shelf is no person's word."
)
FUNCTION_SETS: Final[Mapping[str, FunctionSet]] = {
    entry.name: entry
    for entry in (
        FunctionSet(
            name="british-library-shelves",
            title=noop("Shelves of the British Library"),
            description=noop(
                "Four functions that look at the shelf a digitised book stands on: novels, poems and plays are Fiction;"
                " history, lives and travel, sciences, law and theology are Non-fiction."
            ),
            warning=_WARNING,
            files=("british-library-shelves.toml",),
        ),
        FunctionSet(
            name="british-library-foreign-shelves",
            title=noop("Shelves of the British Library, with those of foreign literature"),
            description=noop(
                "The same and four more, for novels, verse and plays in other languages than English and for books"
                " about literature. They find many more books of foreign fiction where the paper catalogue is labelled"
                " too."
            ),
            warning=_WARNING,
            files=("british-library-shelves.toml", "british-library-foreign-shelves.toml"),
        ),
    )
}
