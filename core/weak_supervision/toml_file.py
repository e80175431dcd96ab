r"""Labelling functions as a TOML file, and those being worked on, kept in the workspace.

::

    [[function]]
    name = "novel"
    label = "Fiction"
    when = { column = "title", contains = "novel" }

    [[function]]
    name = "verse, not about verse"
    label = "Fiction"
    when.all = [
      { column = "title", word = "poem, verse" },
      { not = { column = "title", word = "history of" } },
    ]

==============================================================  ==================================================
``{ column = "title", word = "poem, verse" }``                  has one of the words (with plurals; ``poet*``)
``{ column = "title", contains = "novel" }``                    has the letters, also inside a word
``{ column = "title", pattern = "v(ol)?\\. [ivx]+" }``          matches a pattern (RE2)
``{ column = "title", longer_than = 211 }``                     also ``shorter_than``; characters
``{ column = "year", from = 1840, to = 1850 }``                 a number in a range, ends included
``{ language = ["Dutch", "German"] }``                          or one language
``{ facet = "place", is = ["London"] }``                        a value of a facet
``{ predictions = "p", class = "Fiction", at_least = 0.9 }``    a model's confidence
``{ all = [ … ] }``, ``{ any = [ … ] }``, ``{ not = { … } }``     combinations
==============================================================  ==================================================

Comments are kept: those right above a ``[[function]]`` or inside it are that function's, and are written above it.
"""

import re
import tomllib
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Any, Final

import tomlkit
from pydantic import BaseModel, BeforeValidator, ConfigDict, Discriminator, Field, Tag, ValidationError, model_validator

from core.database import Database
from core.errors import ConflictError, InputError
from core.predicates import (
    AllOf,
    AnyOf,
    ConfidencePredicate,
    FacetPredicate,
    LengthPredicate,
    Not,
    Predicate,
    RangePredicate,
    TextPredicate,
    columns_of,
)
from core.schema import TITLE
from core.translation import noop
from core.weak_supervision.functions import LabellingFunction, check_functions

__all__ = [
    "FUNCTION_SETS",
    "FunctionSet",
    "SavedFunction",
    "add_function",
    "functions_called",
    "functions_from_toml",
    "functions_to_toml",
    "read_functions",
    "remove_functions",
    "replace_functions",
    "saved_functions",
]


MAX_BYTES: Final = 1_000_000
_HEADING: Final = (
    "# Labelling functions for Colophon: each votes for its label where its condition holds, else it abstains."
)
MAX_DEPTH: Final = 12  # conditions within conditions

# --- What may stand in the file: a model for each form of a condition, told by the first of these keys that it has ----

_Text = Annotated[str, Field(pattern=r"\S")]
_Texts = Annotated[list[_Text], BeforeValidator(lambda value: value if isinstance(value, list) else [value])]
_Number = Annotated[float, Field(ge=float("-inf"))] | int  # which NaN is not


class _Form(BaseModel):
    # Keys that are words of Python have an underscore at their end here.
    model_config = ConfigDict(extra="forbid", strict=True, alias_generator=lambda name: name.rstrip("_"))

    @model_validator(mode="after")
    def _means_something(self) -> "_Form":
        try:
            _predicate(self)
        except InputError as error:
            raise ValueError(str(error)) from error
        return self


class _Word(_Form):
    column: _Text = TITLE
    word: _Texts


class _Contains(_Form):
    column: _Text = TITLE
    contains: _Texts


class _Pattern(_Form):
    column: _Text = TITLE
    pattern: _Text


class _Length(_Form):
    column: _Text = TITLE
    longer_than: int | None = None
    shorter_than: int | None = None


class _Range(_Form):
    column: _Text
    from_: _Number | None = None
    to: _Number | None = None


class _Language(_Form):
    language: _Texts


class _FacetValue(_Form):
    facet: _Text
    is_: _Texts


class _Confidence(_Form):
    predictions: _Text
    class_: _Text
    at_least: _Number


class _All(_Form):
    all: "list[_Condition]"


class _Any(_Form):
    any: "list[_Condition]"


class _Not(_Form):
    not_: "_Condition"


_FORMS: Final[Mapping[str, type[_Form]]] = {
    "word": _Word,
    "contains": _Contains,
    "pattern": _Pattern,
    "longer_than": _Length,
    "shorter_than": _Length,
    "from": _Range,
    "to": _Range,
    "language": _Language,
    "facet": _FacetValue,
    "predictions": _Confidence,
    "all": _All,
    "any": _Any,
    "not": _Not,
}


def _form_of(table: object) -> str | None:
    return next((key for key in _FORMS if key in table), None) if isinstance(table, dict) else "word"


_Condition = Annotated[
    Annotated[_Word, Tag("word")]
    | Annotated[_Contains, Tag("contains")]
    | Annotated[_Pattern, Tag("pattern")]
    | Annotated[_Length, Tag("longer_than")]
    | Annotated[_Length, Tag("shorter_than")]
    | Annotated[_Range, Tag("from")]
    | Annotated[_Range, Tag("to")]
    | Annotated[_Language, Tag("language")]
    | Annotated[_FacetValue, Tag("facet")]
    | Annotated[_Confidence, Tag("predictions")]
    | Annotated[_All, Tag("all")]
    | Annotated[_Any, Tag("any")]
    | Annotated[_Not, Tag("not")],
    Discriminator(_form_of),
]


class _Function(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)
    name: _Text
    label: _Text
    when: _Condition


def _predicate(form: _Form) -> Predicate:
    match form:
        case _Word():
            return TextPredicate(form.column, "word", (", ".join(form.word),))
        case _Contains():
            return TextPredicate(form.column, "contains", (", ".join(form.contains),))
        case _Pattern():
            return TextPredicate(form.column, "pattern", (form.pattern,))
        case _Length():
            above, below = form.longer_than, form.shorter_than
            return LengthPredicate(
                form.column, None if above is None else above + 1, None if below is None else below - 1
            )
        case _Range():
            return RangePredicate(form.column, form.from_, form.to)
        case _Language():
            return FacetPredicate("language", tuple(form.language))
        case _FacetValue():
            return FacetPredicate(form.facet, tuple(form.is_))
        case _Confidence():
            return ConfidencePredicate(form.predictions, form.class_, float(form.at_least))
        case _All():
            return AllOf(tuple(_predicate(part) for part in form.all))
        case _Any():
            return AnyOf(tuple(_predicate(part) for part in form.any))
        case _Not():
            return Not(_predicate(form.not_))
    raise TypeError(f"{type(form).__name__} is no form of a condition.")


# --- Reading ----------------------------------------------------------------------------------------------------------


def read_functions(path: Path) -> tuple[LabellingFunction, ...]:
    """Read a file of labelling functions.

    Raises
    ------
    InputError
        With the file, the line and the key, what was found, and what is allowed.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror}.") from error
    if len(content) > MAX_BYTES:
        raise InputError(f"{path.name} has {len(content):,} bytes; a file of functions has at most {MAX_BYTES:,}.")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InputError(f"{path.name} is no UTF-8 text (byte {error.start:,}); TOML files are.") from error
    return functions_from_toml(text, path.name)


def functions_from_toml(text: str, source: str = "The functions") -> tuple[LabellingFunction, ...]:
    """Understand TOML text as labelling functions; see the module for what may stand in it.

    Parameters
    ----------
    source : str
        What errors call the text: a file's name.

    Raises
    ------
    InputError
    """
    try:
        content = tomllib.loads(text.replace("\r\n", "\n"))
    except tomllib.TOMLDecodeError as error:
        raise InputError(f"{source} is not TOML: {error}.") from error
    except RecursionError as error:
        raise InputError(f"{source}: conditions stand too deep within one another.") from error
    unknown = sorted(set(content) - {"function"})
    if unknown:
        raise InputError(f"{source} has the key '{unknown[0]}'; only [[function]] tables are known.")
    tables = content.get("function")
    if not isinstance(tables, list) or not tables:
        raise InputError(f"{source} has no [[function]] table, so there is nothing to label with.")
    lines = [n for n, line in enumerate(text.splitlines(), 1) if re.match(r"\s*\[\[\s*function\s*\]\]", line)]
    comments = _comments(text.replace("\r\n", "\n"), len(tables))
    functions = []
    for number, table in enumerate(tables, 1):
        place = f", line {lines[number - 1]}" if len(lines) == len(tables) else ""
        function = _function(table, f"{source}{place}, function {number}")
        functions.append(replace(function, comment=comments[number - 1]))
    try:
        check_functions(functions)
    except InputError as error:
        raise InputError(f"{source}: {error}") from error
    return tuple(functions)


# In text that is TOML: strings, in which a # begins no comment; then comments, and the heads of functions.
_TOKENS: Final = re.compile(
    r'"""(?:\\.|[^\\])*?"{3,5}|'
    r"'''.*?'{3,5}|"
    r'"(?:\\.|[^"\\\n])*"|'
    r"'[^'\n]*'|"
    r"(?P<comment>#[^\n]*)|(?P<head>^[ \t]*\[\[\s*function\s*\]\])",
    re.DOTALL | re.MULTILINE,
)


def _comments(text: str, n_functions: int) -> list[str]:
    """Return the comments of each function: those on the lines right above its head, and those inside it."""
    tokens = [token for token in _TOKENS.finditer(text) if token.lastgroup]
    known_heads = sum(token.lastgroup == "head" for token in tokens) == n_functions
    comments: list[list[str]] = [[] for _ in range(n_functions)]
    current, end, above = 0, 0, list[str]()
    heads = 0
    for token in tokens:
        if text[end : token.start()].strip():  # a key stands between: what came before it is inside the function
            comments[current] += above
            above.clear()
        end = token.end()
        if token.lastgroup == "head":
            # Functions that are written otherwise, in an inline list, cannot be told apart: the first has all comments.
            current = heads if known_heads else 0
            heads += 1
            comments[current] += above
            above.clear()
            continue
        words = token["comment"].lstrip("#").strip()
        if words != _HEADING.lstrip("# "):
            line = text[text.rfind("\n", 0, token.start()) + 1 : token.start()]
            (comments[current] if line.strip() else above).append(words)
    comments[current] += above
    return ["\n".join(lines) for lines in comments]


def _function(table: object, place: str) -> LabellingFunction:
    if not isinstance(table, dict):
        raise InputError(f"{place}: a [[function]] is a table with name, label and when.")
    name = table.get("name")
    place = f"{place} ('{name}')" if isinstance(name, str) and name else place
    if _too_deep(table.get("when")):
        raise InputError(f"{place}, when: conditions stand more than {MAX_DEPTH} deep within one another.")
    try:
        function = _Function.model_validate(table)
        return LabellingFunction(function.name, function.label, _predicate(function.when))
    except ValidationError as error:
        faults = error.errors(include_url=False)
        first = next((fault for fault in faults if fault["type"] == "missing" and len(fault["loc"]) == 1), faults[0])
        where, message = _fault(first["type"], first["loc"], first["input"], str(first.get("ctx", {}).get("error", "")))
        raise InputError(f"{place}{where}: {message}") from error
    except InputError as error:
        raise InputError(f"{place}, when: {error}") from error


def _too_deep(table: object, depth: int = 1) -> bool:
    if depth > MAX_DEPTH or not isinstance(table, dict):
        return depth > MAX_DEPTH
    parts = [part for key in ("all", "any") if isinstance(table.get(key), list) for part in table[key]]
    return any(_too_deep(part, depth + 1) for part in (*parts, table.get("not")) if part is not None)


_EXPECTED: Final = {
    "string_type": "text in quotation marks",
    "string_pattern_mismatch": "text in quotation marks",
    "int_type": "a whole number of characters",
    "float_type": "a number",
    "greater_than_equal": "a number",
    "list_type": "a list of conditions",
}


def _fault(kind: str, loc: Sequence[str | int], value: object, reason: str) -> tuple[str, str]:
    """Return where in a function pydantic found a fault, such as ``, when.all 2.not``, and what it is."""
    keys = [key for key in loc if key not in ("int", "float")]
    if keys[0] != "when" or (len(keys) == 1 and kind == "missing"):
        if kind == "missing" or kind == "extra_forbidden":
            problem = f"'{keys[0]}' is missing" if kind == "missing" else f"the key '{keys[0]}' is not known"
            return "", f"{problem}; a function has name, label and when."
        return "", f"'{keys[0]}' is {_EXPECTED[kind]}; {value!r} came."
    where, rest = ", when", keys[1:]
    while rest[:2] == ["not", "not"] or (len(rest) > 2 and rest[0] in ("all", "any")):
        if rest[0] == "not":
            where, rest = f"{where}.not", rest[2:]
        else:
            where, rest = f"{where}.{rest[0]} {int(rest[2]) + 1}", rest[3:]
    if kind == "value_error":
        return where, reason
    if kind == "union_tag_not_found" and isinstance(value, dict):
        known = ", ".join(_FORMS)
        return where, f"none of the keys {', '.join(value) or '(none)'} says what is asked. Known are {known}."
    if len(rest) < 2:
        return where, 'a condition is a table such as { column = "title", word = "novel" }.'
    form, key = rest[0], rest[1]
    if kind == "extra_forbidden":
        allowed = ", ".join(sorted(str(field.alias) for field in _FORMS[str(form)].model_fields.values()))
        return where, f"'{key}' does not go with '{form}', which allows {allowed}."
    if kind == "missing" and key == "column":
        return where, 'a range needs the column it is asked of, such as column = "year".'
    if kind == "missing":
        return where, f"'{key}' is missing beside '{form}'."
    came = "" if kind == "list_type" else f"; {value!r} came"
    return where, f"'{key}' is {_EXPECTED[kind]}{came}."


# --- Writing ----------------------------------------------------------------------------------------------------------


def functions_to_toml(functions: Sequence[LabellingFunction]) -> str:
    """Write labelling functions as TOML; :func:`functions_from_toml` reads the same functions back."""
    document = [_HEADING]
    for function in functions:
        comment = [f"# {line}".rstrip() for line in function.comment.splitlines()]
        lines = ["", *comment, "[[function]]", f"name = {_value(function.name)}", f"label = {_value(function.label)}"]
        if isinstance(function.when, AllOf | AnyOf):
            lines += [f"when.{function.when.kind} = [", *(f"  {_inline(part)}," for part in function.when.parts), "]"]
        else:
            lines.append(f"when = {_inline(function.when)}")
        document += lines
    return "\n".join(document) + "\n"


def _inline(predicate: Predicate) -> str:
    pairs = {key: _value(value) for key, value in _keys(predicate).items() if value is not None}
    return "{ " + ", ".join(f"{key} = {value}" for key, value in pairs.items()) + " }"


def _value(value: object) -> str:
    if isinstance(value, Predicate):
        return _inline(value)
    if isinstance(value, tuple):
        alone = len(value) == 1 and isinstance(value[0], str)
        return _value(value[0]) if alone else f"[{', '.join(map(_value, value))}]"
    return tomlkit.item(value).as_string()


def _keys(predicate: Predicate) -> dict[str, Any]:
    match predicate:
        case AllOf() | AnyOf():
            return {predicate.kind: predicate.parts}
        case Not():
            return {"not": predicate.part}
        case TextPredicate(how="exact") | LengthPredicate(empty_counts=True):
            pass  # a slice's: a file of functions has no words for it
        case TextPredicate():
            return {"column": predicate.column, predicate.how: predicate.value}
        case LengthPredicate():
            above, below = predicate.bounds
            return {"column": predicate.column, "longer_than": above, "shorter_than": below}
        case RangePredicate():
            return {"column": predicate.column, "from": predicate.low, "to": predicate.high}
        case FacetPredicate(facet="language"):
            return {"language": predicate.values}
        case FacetPredicate():
            return {"facet": predicate.facet, "is": predicate.values}
        case ConfidencePredicate():
            return {"predictions": predicate.model, "class": predicate.label, "at_least": predicate.above}
    raise InputError(f"A file of functions cannot hold the condition that {predicate.condition}.")


# --- The labelling functions being worked on --------------------------------------------------------------------------
# Kept in the workspace's database for all who work there, append-only.


_KIND: Final = "function"
_SUBJECT: Final = "labelling"


@dataclass(frozen=True)
class SavedFunction:
    """A labelling function in the workspace.

    Attributes
    ----------
    id : int
        Its number in the workspace, by which it is removed.
    function : LabellingFunction
    """

    id: int
    function: LabellingFunction


def saved_functions(database: Database) -> tuple[SavedFunction, ...]:
    """Return the functions that are kept, in the order in which they were added."""
    return _read_functions(database.read(_KIND, _SUBJECT))


def _read_functions(notes: Iterable[Mapping[str, Any]]) -> tuple[SavedFunction, ...]:
    rows: dict[int, SavedFunction] = {}
    for note in notes:
        for removed in note.get("removes", ()):
            rows.pop(removed, None)
        if note.get("toml"):
            [function] = functions_from_toml(note["toml"], "A function of this workspace")
            rows[note["id"]] = SavedFunction(note["id"], function)
    return tuple(rows.values())


def add_function(database: Database, function: LabellingFunction) -> int:
    """Keep one more function; return its number.

    Raises
    ------
    ConflictError
        A function of this name is kept already.
    """

    def make(notes: Sequence[Mapping[str, Any]]) -> Mapping[str, Any]:
        if any(entry.function.name == function.name for entry in _read_functions(notes)):
            raise ConflictError(f"There is a function called “{function.name}” already; give this one another name.")
        return {"toml": functions_to_toml([function])}

    return database.append(_KIND, _SUBJECT, make)


def remove_functions(database: Database, ids: Iterable[int]) -> None:
    """Remove the functions with these numbers; those that are gone already stay gone."""
    database.add(_KIND, _SUBJECT, {"removes": list(ids)})


def replace_functions(database: Database, ids: Iterable[int], functions: Sequence[LabellingFunction]) -> None:
    """Put functions in the place of those with these numbers, in one step; what others added meanwhile stays.

    Raises
    ------
    ConflictError
        Somebody has added a function with one of these names meanwhile.
    """
    replaced = set(ids)
    names = {function.name for function in functions}
    added = [entry.function.name for entry in saved_functions(database) if entry.id not in replaced]
    twice = sorted(names.intersection(added))
    if twice:
        raise ConflictError(f"Somebody has added a function called “{twice[0]}” meanwhile. Look at it first.")
    adds = [{"toml": functions_to_toml([function])} for function in functions]
    database.add(_KIND, _SUBJECT, {"removes": sorted(replaced)}, *adds)


# --- Sets of labelling functions that come with Colophon, to be loaded with one press ---------------------------------

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


def functions_called(name: str) -> tuple[LabellingFunction, ...]:
    """Return the functions of a set that comes with Colophon, or of a file.

    Parameters
    ----------
    name : str
        One of :data:`FUNCTION_SETS`, or the path of a file; a file that is called like a set is written ``./NAME``.

    Raises
    ------
    InputError
        There is neither, or the file is not as :func:`read_functions` wants it.
    """
    if name in FUNCTION_SETS:
        return FUNCTION_SETS[name].functions()
    path = Path(name)
    if not path.suffix and not path.exists():
        raise InputError(
            f"There is no file and no set of functions '{name}'. The sets are: {', '.join(FUNCTION_SETS)}."
        )
    return read_functions(path)
