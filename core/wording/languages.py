"""What is said of languages and of classes in them of which too few books were checked."""

from collections.abc import Sequence

from core.evaluation.languages import KnownLanguage
from core.translation import _, inside, language_name, plural

__all__ = ["unknown_sentences"]


def unknown_sentences(languages: Sequence[KnownLanguage], most: int = 6) -> list[str]:
    """Say of which languages, and of which classes in them, nothing is known; of many, of the commonest.

    Books without a language are no language: nothing is said of them.
    """
    sentences = []
    for entry in languages:
        if not entry.language or not entry.unknown_classes:
            continue
        if entry.is_known:
            sentences += [
                _(
                    "Nothing is known of {language} {in_a_sentence}: {part_n}.",
                    language=language_name(entry.language),
                    in_a_sentence=_in_a_sentence(part.name),
                    part_n=_checked(part.n),
                )
                for part in entry.unknown_classes
            ]
        else:
            parts = ", ".join(
                _("{part_n:,} {in_a_sentence}", part_n=part.n, in_a_sentence=_in_a_sentence(part.name))
                for part in entry.classes
                if part.n
            )
            sentences.append(
                _(
                    "Nothing is known of {language} books: {entry_n} ({parts}).",
                    language=language_name(entry.language),
                    entry_n=_checked(entry.n),
                    parts=parts or _("no class"),
                )
            )
    more = len(sentences) - most
    if more > 0:
        sentences = [*sentences[:most], _("Nor of {more:,} more languages or classes in them.", more=more)]
    return sentences


def _checked(n: int) -> str:
    return plural("{n:,} checked book", "{n:,} checked books", n)


def _in_a_sentence(name: str) -> str:
    """Return a class name as it stands inside a sentence: Fiction as fiction, names and codes as they are."""
    return inside(name) if (name.replace("-", "").isalpha() and name.istitle()) or name == "Non-fiction" else name
