"""Titles: grammars of six languages, and which part of which makes the title of a book.

A rule is one string, its alternatives parted by ``|``. ``{noun}`` stands for an alternative of the rule ``noun``,
``{^noun}`` for the same with a capital first letter. ``3*The {noun}`` makes an alternative three times as likely.
"""

import re
import tomllib
from collections.abc import Mapping
from functools import cache, lru_cache
from pathlib import Path

from data.demonstration.profile import ENDING_SHARE, TOPICAL_VERSE, Draw, Weighted

__all__ = [
    "Grammar",
    "capitalise",
    "ending",
    "grammar",
    "repair",
    "title",
]

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
