"""Class names: they come from the data, and names that differ only in case, spaces or hyphens are one class, visibly.

A sign or a mark is part of a name: C++ and C#, 18 and 18+, 1 and −1, नाटक and नाटिका are different classes. Names that
are alike without being equal (a plural, a lost accent, a typing error) are never put together unasked: they are asked
about (:func:`similar_name_questions`), and a person may say which answer means which class (*renamed*).
"""

import re
import unicodedata
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations

from core.errors import InputError
from core.formatting import listed

__all__ = [
    "ClassNames",
    "class_key",
    "is_undecided",
    "match_classes",
    "no_shared_classes",
    "parse_renamed",
    "similar_name_questions",
    "term_key",
]

# Answers a person can give that are no class. They are kept and counted, and never scored as right or wrong.
_UNDECIDED = {
    "",
    "both",
    "cannottell",
    "canttell",
    "cantsay",
    "dontknow",
    "notsure",
    "unsure",
    "unclear",
    "undecided",
    "unknown",
    "unlabelled",
    "unlabeled",
    "na",
    "nan",
    "null",
}
_JOINT = re.compile(r"[\s_\-\u00ad\u2010-\u2015\u2043\ufe58\ufe63\uff0d]+")
# Characters without a width of their own that no reader sees. The joiners U+200C and U+200D are not among them: in
# Persian, in Indic scripts and in emoji they make a difference.
_UNSEEN = re.compile(r"[\u00ad\u200b\u200e\u200f\u2060\ufeff]")
# Signs that are written in several ways: the minus, the apostrophe.
_ONE_FORM = str.maketrans({"\u2212": "-", "\u2018": "'", "\u2019": "'", "\u02bc": "'"})
_MAX_SHOWN = 5
_COMPARED = 200  # names; every pair of them is looked at


def class_key(name: str) -> str:
    """Return what names of one class have in common: their text without case, spaces and hyphens between words.

    Signs, combining marks and a minus before a number stay, for they tell classes apart. Full-width letters are
    letters, and ``1.0`` is the number 1, as a spreadsheet or a table with gaps writes it.

    >>> class_key("Non-fiction") == class_key("non_fiction") == class_key("NON FICTION")
    True
    >>> class_key("C++"), class_key("C#"), class_key("-1"), class_key("1.0"), class_key("10-12")
    ('c++', 'c#', '-1', '1', '10-12')
    """
    text = unicodedata.normalize("NFC", _normal_width(_UNSEEN.sub("", name.translate(_ONE_FORM))).casefold()).strip()
    if re.fullmatch(r"-?[0-9]+\.0+", text):
        text = text.partition(".")[0]
    parts: list[str] = []
    end = 0
    for joint in _JOINT.finditer(text):
        before, after = text[: joint.start()], text[joint.end() :]
        parts += [text[end : joint.start()], _normalise_joint(joint.group(), before, after)]
        end = joint.end()
    return "".join([*parts, text[end:]]) or text


def _normal_width(text: str) -> str:
    """Return text with full-width and half-width forms in the usual width."""
    if text.isascii():
        return text
    return "".join(
        unicodedata.normalize("NFKC", sign)
        if unicodedata.decomposition(sign).startswith(("<wide>", "<narrow>"))
        else sign
        for sign in text
    )


def _normalise_joint(joint: str, before: str, after: str) -> str:
    """Return what stays of spaces, hyphens and underscores between two pieces of a name."""
    dashes = re.sub(r"[\s_]", "", joint)
    # A hyphen that touches a number and no word before it is its sign: 'level -1' is not 'level 1'.
    is_sign = after[:1].isdigit() and dashes and not joint.endswith((" ", "_")) and joint[0] in " \t"
    between_numbers = before[-1:].isdigit() and after[:1].isdigit()
    at_an_edge = not before or not after or not (_is_letter(before[-1]) and _is_letter(after[0]))
    if is_sign or at_an_edge:
        return "-" if dashes else ""
    if between_numbers:
        return "-" if dashes else " "
    return ""


def _is_letter(sign: str) -> bool:
    return unicodedata.category(sign)[0] in "LNM"


def term_key(term: str) -> str:
    """Return what a heading in a catalogue shares with a class name: its key without the punctuation that ends it.

    >>> term_key("Non-fiction.") == class_key("Non fiction")
    True
    """
    return class_key(re.sub(r"[\s.,;:/]+$", "", term))


def _loose_key(name: str) -> str:
    """Return a name without case, accents and signs: only to find names that are alike, and answers that are none."""
    folded = unicodedata.normalize("NFKD", name.casefold())
    return "".join(sign for sign in folded if unicodedata.category(sign)[0] in "LN")


def is_undecided(answer: str) -> bool:
    """Say whether an answer is blank, "both", "can't tell" or the like.

    >>> [is_undecided(answer) for answer in ("both", "Can't tell", " ", "Fiction", "+")]
    [True, True, True, False, False]
    """
    return (not answer.strip()) or (_loose_key(answer) or answer) in _UNDECIDED


@dataclass(frozen=True)
class ClassNames:
    """How the answers in a file were understood.

    Attributes
    ----------
    classes : tuple of str
        The classes, sorted.
    class_by_answer : mapping
        Answer as given → class name, for every answer that is a class.
    undecided : mapping
        Answer as given → how often, for answers that are no class.
    renamed : collection of str
        Answers whose meaning a person has given: nothing is asked about them.
    """

    classes: tuple[str, ...]
    class_by_answer: Mapping[str, str]
    undecided: Mapping[str, int]
    renamed: Collection[str] = field(default=())

    @property
    def sentences(self) -> tuple[str, ...]:
        """Say which answers were taken as one class."""
        return tuple(
            f"{', '.join(repr(other) for other in others)} taken as '{name}'."
            for name, others in self._merged(renamed=None).items()
        )

    @property
    def questions(self) -> tuple[str, ...]:
        """Ask about what was put together by its spelling, and about words that were taken for no answer."""
        merged = [
            f"{', '.join(repr(other) for other in others)} and '{name}' were taken as one class, for they differ in "
            "case, spaces or hyphens only: is that right?"
            for name, others in self._merged(renamed=False).items()
        ]
        words = {answer: count for answer, count in self.undecided.items() if answer.strip()}
        unsure = [
            f"'{answer}' ({count:,} {'row' if count == 1 else 'rows'}) was taken as no answer. If it is a class, say "
            "so by giving it a class name."
            for answer, count in sorted(words.items(), key=lambda item: -item[1])
            if answer not in self.renamed
        ]
        return (*merged, *unsure[:_MAX_SHOWN])

    def _merged(self, renamed: bool | None) -> dict[str, list[str]]:
        by_class: dict[str, list[str]] = {}
        for given, name in sorted(self.class_by_answer.items()):
            # One text in two normal forms is the same to every reader.
            same = unicodedata.normalize("NFC", given.strip()) == unicodedata.normalize("NFC", name)
            if not same and (renamed is None or (given in self.renamed) == renamed):
                by_class.setdefault(name, []).append(given)
        return dict(sorted(by_class.items()))


def match_classes(
    answers: Iterable[str], known: Sequence[str] = (), renamed: Mapping[str, str] | None = None
) -> ClassNames:
    """Sort answers into classes and undecided ones; names that differ only in spelling are one class.

    Parameters
    ----------
    answers : iterable of str
        As they stand in the file.
    known : sequence of str
        Class names whose spelling is to be used. Other classes are spelled as most often in the answers (of equally
        frequent spellings, the first in alphabetical order).
    renamed : mapping, optional
        Answer → the class it means, as a person said; '' for an answer that is no class. An answer that is not among
        the keys is looked for by its key (:func:`class_key`).

    Examples
    --------
    >>> match_classes(["fiction", "non_fiction", "both", ""], known=["Fiction", "Non-fiction"]).class_by_answer
    {'fiction': 'Fiction', 'non_fiction': 'Non-fiction'}
    >>> match_classes(["1", "-1"], renamed={"1": "Fiction", "-1": ""}).class_by_answer
    {'1': 'Fiction'}
    """
    counts = Counter(answers)
    by_key = {class_key(given): name for given, name in (renamed or {}).items()}
    given_by_hand = {answer: by_key[key] for answer in counts if (key := class_key(answer)) in by_key}
    undecided = {
        answer: count
        for answer, count in counts.items()
        if (not given_by_hand[answer] if answer in given_by_hand else is_undecided(answer))
    }
    spelling = {class_key(name): name for name in known}
    for name in filter(None, by_key.values()):
        spelling.setdefault(class_key(name), name)
    for answer, _ in sorted(counts.items(), key=lambda item: (-item[1], item[0])):
        if answer not in undecided and answer not in given_by_hand:
            spelling.setdefault(class_key(answer), answer.strip())
    spelled = {
        answer: spelling[class_key(given_by_hand.get(answer, answer))] for answer in counts if answer not in undecided
    }
    return ClassNames(tuple(sorted({*spelled.values(), *known})), spelled, undecided, frozenset(given_by_hand))


def parse_renamed(texts: Sequence[str], answers: Iterable[str]) -> dict[str, str]:
    """Return answer → class from ``ANSWER=CLASS`` each, as a person wrote it.

    Both sides may hold an equals sign: the text is parted where what stands before it is an answer.

    Parameters
    ----------
    texts : sequence of str
        ``LABEL_1=Fiction``; nothing behind the sign says that the answer is no class.
    answers : iterable of str
        All answers and classes of the file.

    Raises
    ------
    InputError
        There is no such answer, with those that there are.

    Examples
    --------
    >>> parse_renamed(["a=b=Equal", "-1="], ["a=b", "-1", "1"])
    {'a=b': 'Equal', '-1': ''}
    """
    keys = {class_key(answer): answer for answer in answers if answer.strip()}
    renamed: dict[str, str] = {}
    for text in texts:
        places = [place for place, sign in enumerate(text) if sign == "="]
        fitting = [place for place in places if class_key(text[:place]) in keys]
        if not fitting:
            shown = ", ".join(f"'{answer}'" for answer in sorted(keys.values())[:20])
            more = f" and {len(keys) - 20:,} more" if len(keys) > 20 else ""
            raise InputError(
                f"'{text}' does not say what a class name of the file means; write NAME=CLASS, such as "
                f"LABEL_1=Fiction. The file has: {shown or 'none'}{more}."
            )
        place = fitting[-1]
        answer, name = keys[class_key(text[:place])], text[place + 1 :].strip()
        if renamed.get(answer, name) != name:
            raise InputError(f"'{answer}' is said to mean both '{renamed[answer]}' and '{name}'; give it one class.")
        renamed[answer] = name
    return renamed


def similar_name_questions(names: Iterable[str], settled: Collection[str] = ()) -> tuple[str, ...]:
    """Ask about each two names that are alike and were not put together: an accent, an ending, signs, a typing error.

    Parameters
    ----------
    names : iterable of str
        Class names, all different by :func:`class_key`. Of more than 200, the first 200 are looked at.
    settled : collection of str
        Names a person has spoken of already: nothing is asked of them.

    Examples
    --------
    >>> similar_name_questions(["Novel", "Novels", "Map"])
    ("'Novel' and 'Novels' are two classes here, and differ in their ending only: are they one?",)
    """
    different = list(dict.fromkeys(names))[:_COMPARED]
    pairs = []
    for first, second in combinations(different, 2):
        difference = "" if {first, second} & set(settled) else _difference(first, second)
        if difference:
            pairs.append(
                f"'{first}' and '{second}' are two classes here, and differ in {difference} only: are they one?"
            )
    return tuple(pairs)


def _difference(first: str, second: str) -> str:
    """Say in what two names differ, '' when they are not alike."""
    bare = sorted((_loose_key(first), _loose_key(second)), key=len)
    if not bare[0] or (_is_number(first) and _is_number(second)):
        return ""
    if bare[0] == bare[1]:
        return "accents or signs"
    if any(sign.isdigit() for sign in first + second) or len(bare[0]) < 4:
        return ""  # LABEL_1 and LABEL_2, or Law and Lay: one letter is all the difference between different words
    if any(bare[1] == bare[0] + ending for ending in ("s", "es", "e", "n", "en", "x", "er")):
        return "their ending"
    return "one letter" if len(bare[0]) >= 5 and _one_edit_apart(*bare) else ""


def _is_number(name: str) -> bool:
    return re.fullmatch(r"[+-]?\d+(?:[.,]\d+)?", name.translate(_ONE_FORM).strip()) is not None


def _one_edit_apart(shorter: str, longer: str) -> bool:
    """Say whether one letter was left out, added, exchanged, or two neighbours swapped."""
    if len(longer) - len(shorter) > 1:
        return False
    start = next((i for i, (a, b) in enumerate(zip(shorter, longer, strict=False)) if a != b), len(shorter))
    if len(longer) > len(shorter):
        return shorter[start:] == longer[start + 1 :]
    rest = (shorter[start + 1 :], longer[start + 1 :])
    swapped = (
        shorter[start : start + 2] == longer[start : start + 2][::-1] and shorter[start + 2 :] == longer[start + 2 :]
    )
    return rest[0] == rest[1] or swapped


def no_shared_classes(truth: Collection[str], predicted: Collection[str], truth_from: str = "the truth") -> str:
    """Say that truth and predictions have no class name in common, '' when they have one or either has none.

    >>> no_shared_classes(["Fiction"], ["LABEL_0", "LABEL_1"])[:78]
    "No class name of the truth ('Fiction') is a class of the predictions ('LABEL_0"
    """
    if not truth or not predicted or {class_key(name) for name in truth} & {class_key(name) for name in predicted}:
        return ""
    return (
        f"No class name of {truth_from} ({_quoted(truth)}) is a class of the predictions ({_quoted(predicted)}), so "
        "they were not compared. Say which name means which class."
    )


def _quoted(names: Collection[str]) -> str:
    return listed([f"'{name}'" for name in sorted(names)], _MAX_SHOWN, last=", ")
