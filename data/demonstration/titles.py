"""Titles: which part of which grammar makes the title of a book."""

import re
from functools import cache

from data.demonstration import danish, dutch, english, english_verse, french, german, swedish
from data.demonstration.draw import Draw
from data.demonstration.grammar import Grammar, capitalise
from data.demonstration.profile import ENDING_SHARE, TOPICAL_VERSE

__all__ = ["ending", "grammar", "repair", "title"]

# The cataloguer wrote these in English whatever the book's language.
CATALOGUER = {"either_end": ", etc|, etc| ... With illustrations| [With a portrait.]| ... New edition| ... With plates"}

RULES = {
    "English": english.RULES | english_verse.RULES,
    "French": french.RULES,
    "German": german.RULES,
    "Dutch": dutch.RULES,
    "Swedish": swedish.RULES,
    "Danish": danish.RULES,
}


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
