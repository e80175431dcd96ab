"""The shares and biases of the demonstration: every number that decides what is planted, seeded draws, and titles.

Each part has a stream of its own, so that a change in one part (a new title template, say) leaves the others alone.

A title comes from a grammar of one of six languages. A rule is one string, its alternatives parted by ``|``. ``{noun}``
stands for an alternative of the rule ``noun``, ``{^noun}`` for the same with a capital first letter. ``3*The {noun}``
makes an alternative three times as likely.
"""

import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from itertools import accumulate
from pathlib import Path
from typing import Final, Generic, TypeVar
from zlib import crc32

import numpy as np

__all__ = ["Draw", "Grammar", "Weighted", "capitalise", "ending", "grammar", "repair", "title"]

# --- Seeded draws: one small object that every part of the generator asks ---------------------------------------------


T = TypeVar("T")
BLOCK = 8192


class Weighted(Generic[T]):
    """Things that are not equally likely.

    Parameters
    ----------
    weights
        Weight of each thing, 0 or more; they need not sum to 1.
    """

    def __init__(self, weights: Mapping[T, float]) -> None:
        self.items = tuple(weights)
        self.reach = tuple(accumulate(weights.values()))
        if not self.items or self.reach[-1] <= 0:
            raise ValueError(f"Nothing to draw from: the weights are {dict(weights)}. Give at least one above 0.")


class Draw:
    """A stream of random choices that depends on the seed and on the stream's name only.

    Uniform numbers are taken from numpy in blocks, because titles need half a million of them.

    Parameters
    ----------
    seed
        Any whole number from 0 up.
    stream
        Name of the part that draws.

    >>> Draw(1, "titles").pick("abc") == Draw(1, "titles").pick("abc")
    True
    """

    def __init__(self, seed: int, stream: str) -> None:
        self.generator = np.random.default_rng([seed, crc32(stream.encode())])
        self._block: list[float] = []

    def uniform(self) -> float:
        """Return a number from 0 up to, and never, 1."""
        if not self._block:
            self._block = self.generator.random(BLOCK).tolist()
        return self._block.pop()

    def chance(self, probability: float) -> bool:
        """Return True with the given probability."""
        return self.uniform() < probability

    def pick(self, items: Sequence[T]) -> T:
        """Return one of `items`, all equally likely."""
        return items[int(self.uniform() * len(items))]

    def integer(self, low: int, high: int) -> int:
        """Return a whole number from `low` to `high`, both included."""
        return low + int(self.uniform() * (high - low + 1))

    def weighted(self, choice: Weighted[T]) -> T:
        """Return one of the things of `choice`, as likely as its weight says."""
        point = self.uniform() * choice.reach[-1]
        for item, reach in zip(choice.items, choice.reach, strict=True):
            if point < reach:
                return item
        return choice.items[-1]


# --- The shares and biases of the demonstration corpus ----------------------------------------------------------------
# Every number that decides what is planted, in one place.
# Weights are relative. The planted truths follow from them:
#
# * verse is a tenth of the digitised books and nearly absent from the annotated ones (`ANNOTATED_VERSE`);
# * the 1810s hold little fiction that is not verse (`DECADE_VERSE`);
# * Bristol holds almost only fiction (`DECOY_FICTION`), written like all other fiction;
# * French books were hardly annotated, and French stories are titled like histories (see ``french.py``);
# * novels, verse and other books stand in rooms of their own (`ROOMS`), so that a shelfmark tells what a title does
# not;
# * one annotator answered carelessly, mostly about Dutch books (`CARELESS`).


FICTION: Final = "Fiction"
NON_FICTION: Final = "Non-fiction"

CATALOGUE_BOOKS: Final = 20_000
DIGITISED_BOOKS: Final = 6_000
ANNOTATED_BOOKS: Final = 1_500
TEST_BOOKS: Final = 800
LEAKED_BOOKS: Final = 20  # test books that are also annotated, as themselves or as another edition
LEAKED_EDITIONS: Final = 6  # of these, at most so many as another edition

VERSE_DECADE: Final = 1810
DECOY_PLACE: Final = "Bristol"
OVERCONFIDENT_LANGUAGE: Final = "French"
LAST_YEAR = 1899

# ---- the catalogue: who wrote what, where and when

LANGUAGES: Final = Weighted(
    {"English": 0.56, "French": 0.15, "German": 0.13, "Dutch": 0.06, "Swedish": 0.05, "Danish": 0.05}
)
DECADE_ENGLISH: Final = 0.88  # share of English in the verse decade

DECADES: Final = Weighted(
    {1680: 0.4, 1700: 0.6, 1720: 0.8, 1740: 1.0, 1750: 1.0, 1760: 1.2, 1770: 1.6, 1780: 2.2, 1790: 3.2, 1800: 4.2}
    | {1810: 6.2, 1820: 6, 1830: 7, 1840: 9, 1850: 10, 1860: 11, 1870: 12, 1880: 14, 1890: 16}
)

PLACES: Final = {
    "English": Weighted(
        {"London": 60, "Edinburgh": 9, "New York": 8, "Dublin": 5, "Philadelphia": 4, "Boston": 4, "Glasgow": 3}
        | {"Manchester": 2, "Norwich": 1.2, "Bath": 1.2, "Calcutta": 1, "Melbourne": 1, "York": 0.6}
    ),
    "French": Weighted({"Paris": 70, "Lyon": 7, "Bruxelles": 8, "Genève": 5, "Rouen": 4, "Tours": 3, "London": 3}),
    "German": Weighted(
        {"Leipzig": 34, "Berlin": 26, "Wien": 14, "Stuttgart": 10, "München": 8, "Zürich": 4, "Hamburg": 4}
    ),
    "Dutch": Weighted(
        {
            "Amsterdam": 40,
            "Leiden": 12,
            "'s Gravenhage": 14,
            "Utrecht": 11,
            "Haarlem": 9,
            "Rotterdam": 9,
            "Antwerpen": 5,
        }
    ),
    "Swedish": Weighted({"Stockholm": 74, "Upsala": 10, "Göteborg": 8, "Lund": 8}),
    "Danish": Weighted({"Kjøbenhavn": 84, "Odense": 6, "Aarhus": 5, "Christiania": 5}),
}
DECOY_FROM: Final = 1860  # the decoy's presses opened then
DECOY_SHARE: Final = 0.21  # of the English books since

FICTION_SHARE: Final = {
    "English": 0.34, "French": 0.36, "German": 0.34, "Dutch": 0.34, "Swedish": 0.33, "Danish": 0.33,
}  # fmt: skip
DECADE_FICTION: Final = 0.62  # of the English books of the verse decade
DECOY_FICTION: Final = 0.97

VERSE_SHARE: Final = {
    "English": 0.16, "French": 0.02, "German": 0.04, "Dutch": 0.04, "Swedish": 0.04, "Danish": 0.04,
}  # fmt: skip
DECADE_VERSE: Final = 0.86  # of the English fiction of the verse decade
DECOY_VERSE: Final = 0.33  # of its fiction: as much as in all English fiction, the verse decade included
TOPICAL_VERSE: Final = 0.49  # verse on a learned subject: the part that is taken for non-fiction

# Titles that say nothing of the class, by class.
EITHER_SHARE: Final = {FICTION: 0.085, NON_FICTION: 0.03}
DISGUISED_SHARE: Final = 0.50  # of French stories: those titled like histories
EDITION_SHARE: Final = 0.07  # records that are another edition of a book before
ENDING_SHARE: Final = 0.55  # titles with something after the title proper

# Third digit of a shelfmark: the room a book stands in, and the share of books that stand anywhere.
ROOMS: Final = {FICTION: "12", "verse": "3", NON_FICTION: "456789"}
MISPLACED_SHARE: Final = 0.08

# ---- what was digitised

DIGITISED_LANGUAGE: Final = {
    "English": 1.1, "French": 0.75, "German": 0.78, "Dutch": 1.0, "Swedish": 1.1, "Danish": 1.1,
}  # fmt: skip
DIGITISED_PLACE: Final = {
    "London": 1.3, DECOY_PLACE: 1.7, "Dublin": 0.6, "Philadelphia": 0.6, "Calcutta": 0.3, "Leipzig": 0.7, "Lyon": 0.5,
}  # fmt: skip
DIGITISED_DECADE: Final = {1810: 1.7, 1870: 1.2, 1880: 1.2, 1890: 1.6}
DIGITISED_BEFORE_1790: Final = 0.45

# ---- what was annotated

# Annotators took a language at a time, so each language has its quota, and verse a small one of its own.
ANNOTATED_SHARE: Final = {
    "English": 0.491, "Dutch": 0.176, "Swedish": 0.125, "Danish": 0.110, "German": 0.080, "French": 0.018,
}  # fmt: skip
ANNOTATED_VERSE: Final = 0.003  # of all annotated books: so few that 800 test books show what the model missed
ANNOTATED_FRENCH_FICTION: Final = 0.25  # of the annotated French books, none of it titled like a history
ANNOTATED_DECADE: Final = {1790: 1.3, 1850: 0.5, 1860: 0.6, 1880: 1.3, 1890: 1.8}

# Answers that are no class, per book.
UNDECIDED: Final = Weighted({"": 0.012, "both": 0.010, "can't tell": 0.008, "decided": 0.970})
TEST_UNDECIDED: Final = Weighted({"": 0.010, "both": 0.005, "can't tell": 0.005, "decided": 0.980})
ROWS_PER_BOOK: Final = Weighted({1: 0.455, 2: 0.062, 3: 0.202, 4: 0.078, 5: 0.203})


@dataclass(frozen=True, eq=False, kw_only=True)
class Annotator:
    """One person who annotated.

    Attributes
    ----------
    user_id
        Opaque, written as the real file writes it.
    languages
        Weight with which a book in the language goes to this person.
    wrong
        Probability of the wrong class, by language ('' for every other language).
    from_day, to_day
        Days since the first annotation between which the person worked.
    """

    user_id: str
    languages: dict[str, float]
    wrong: dict[str, float]
    from_day: int
    to_day: int


CARELESS: Final = Annotator(
    user_id="7.0",
    languages={"Dutch": 1.1, "English": 0.07, "German": 0.2},
    wrong={"Dutch": 0.3, "": 0.12},
    from_day=96,
    to_day=124,
)
ANNOTATORS: Final = (
    Annotator(user_id="2.0", languages={"English": 1.0, "French": 1.0}, wrong={"": 0.01}, from_day=0, to_day=80),
    Annotator(user_id="3.0", languages={"English": 0.6, "German": 0.5}, wrong={"": 0.01}, from_day=20, to_day=120),
    Annotator(user_id="4.0", languages={"English": 0.8}, wrong={"": 0.02}, from_day=5, to_day=160),
    Annotator(user_id="9.0", languages={"Dutch": 1.0, "German": 0.6}, wrong={"": 0.02}, from_day=60, to_day=170),
    Annotator(user_id="12.0", languages={"Swedish": 1.0, "Danish": 0.3}, wrong={"": 0.01}, from_day=100, to_day=190),
    Annotator(user_id="21.0", languages={"Danish": 1.0, "Swedish": 0.3}, wrong={"": 0.02}, from_day=130, to_day=200),
    Annotator(
        user_id="35.0",
        languages={"English": 0.5, "French": 1.0, "German": 0.4},
        wrong={"": 0.02},
        from_day=150,
        to_day=230,
    ),
    CARELESS,
)


# --- A grammar: named rules whose alternatives hold literal text and other rules --------------------------------------


SLOT = re.compile(r"\{(\^?\w+)\}")
WEIGHT = re.compile(r"(\d+)\*(.*)", re.DOTALL)

# Literal text and slots alternate: the even places are text, the odd ones names of rules.
Template = tuple[str, ...]


@lru_cache(maxsize=65536)
def capitalise(text: str) -> str:
    """Return `text` with its first letter in upper case, passing over quotation marks and brackets.

    >>> capitalise("the mill"), capitalise("[élégies]")
    ('The mill', '[Élégies]')
    """
    for place, sign in enumerate(text):
        if sign.isalpha():
            return text[:place] + sign.upper() + text[place + 1 :]
    return text


class Grammar:
    """Rules that were checked once and can be expanded many times.

    Parameters
    ----------
    rules
        Rule name to alternatives, as told in the module's first lines.

    Raises
    ------
    ValueError
        If a template asks for a rule that is not there.

    >>> grammar = Grammar({"title": "The {noun}", "noun": "mill"})
    >>> grammar.expand("title", Draw(1, "example"))
    'The mill'
    """

    def __init__(self, rules: Mapping[str, str]) -> None:
        self.rules: dict[str, Weighted[Template] | tuple[Template, ...]] = {}
        for name, text in rules.items():
            weights: dict[Template, float] = {}
            for alternative in text.split("|"):
                weight, template = 1.0, alternative.strip()
                if match := WEIGHT.fullmatch(template):
                    weight, template = float(match[1]), match[2]
                parts = tuple(SLOT.split(template))
                weights[parts] = weights.get(parts, 0.0) + weight
            uneven = len(set(weights.values())) > 1
            self.rules[name] = Weighted(weights) if uneven else tuple(weights)
        missing = sorted({slot for name in rules for slot in self.slots(name)} - set(rules))
        if missing:
            raise ValueError(
                f"Templates ask for rules that do not exist: {', '.join(missing)}. Add them or mend the slot."
            )

    def alternatives(self, name: str) -> tuple[Template, ...]:
        """Return the templates of one rule."""
        rule = self.rules[name]
        return rule.items if isinstance(rule, Weighted) else rule

    def slots(self, name: str) -> set[str]:
        """Return the names of the rules that one rule asks for."""
        return {slot.removeprefix("^") for template in self.alternatives(name) for slot in template[1::2]}

    def expand(self, name: str, draw: Draw) -> str:
        """Return one text made from the rule called `name`."""
        rule = self.rules[name]
        template = draw.weighted(rule) if isinstance(rule, Weighted) else draw.pick(rule)
        if len(template) == 1:
            return template[0]
        pieces = []
        for place, part in enumerate(template):
            if place % 2 == 0:
                pieces.append(part)
            elif part[0] == "^":
                pieces.append(capitalise(self.expand(part[1:], draw)))
            else:
                pieces.append(self.expand(part, draw))
        return "".join(pieces)


# --- Titles: which part of which grammar makes the title of a book ----------------------------------------------------


# The cataloguer wrote these in English whatever the book's language.
CATALOGUER = {"either_end": ", etc|, etc| ... With illustrations| [With a portrait.]| ... New edition| ... With plates"}

_GRAMMARS = Path(__file__).parent / "grammars"


def _read_rules(path: Path) -> dict[str, str]:
    return {
        name: "|".join(alternatives) for name, alternatives in tomllib.loads(path.read_text(encoding="utf-8")).items()
    }


RULES = {path.stem.capitalize(): _read_rules(path) for path in sorted(_GRAMMARS.glob("*.toml"))}


@cache
def grammar(language: str) -> Grammar:
    """Return the grammar of a language, parsed once."""
    return Grammar(RULES[language] | CATALOGUER)


def repair(text: str, language: str) -> str:
    """Mend what a grammar without inflection gets wrong.

    >>> repair("A essay on a useful island", "English"), repair("Histoire de Irène", "French")
    ('An essay on a useful island', "Histoire d'Irène")
    """
    if language == "English":
        text = re.sub(r"\b([Aa]) (?=[AEIOaeio](?!ne\b|u))", r"\1n ", text)
        return re.sub(r"\b([Aa]) (?=[Uu]n[a-hj-z])", r"\1n ", text)
    if language == "French":
        text = re.sub(r"\bde le ", "du ", text)
        return re.sub(r"\b([dl])[ea] (?=[aeiouéèêâîAEIOUÉÈ])", r"\1'", text, flags=re.IGNORECASE)
    return text.replace("ss's", "ss'")


def title(language: str, rule: str, draw: Draw) -> str:
    """Return a title proper.

    Parameters
    ----------
    language
        One of the six.
    rule
        'fiction', 'nonfiction', 'verse', 'either', or 'disguised' in French.
    """
    if rule == "verse" and language == "English":
        rule = "verse_topical" if draw.chance(TOPICAL_VERSE) else "verse_lyrical"
    return capitalise(repair(grammar(language).expand(rule, draw), language))


def ending(language: str, rule: str, draw: Draw) -> str:
    """Return what stands after the title proper, '' for nearly half of the books."""
    if not draw.chance(ENDING_SHARE):
        return ""
    text = repair(grammar(language).expand(f"{rule}_end", draw), language)
    if text.startswith(","):
        return text
    return f". {text}" if text[0].isupper() else f" {text}"
