"""A grammar: named rules whose alternatives hold literal text and other rules.

A rule is one string, its alternatives parted by ``|``. ``{noun}`` stands for an alternative of the rule ``noun``,
``{^noun}`` for the same with a capital first letter. ``3*The {noun}`` makes an alternative three times as likely.
"""

import re
from collections.abc import Mapping
from functools import lru_cache

from data.demonstration.draw import Draw, Weighted

__all__ = ["Grammar", "capitalise"]

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
