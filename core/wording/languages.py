"""What is said of languages and of classes in them of which too few books were checked."""

from collections.abc import Sequence

from core.evaluation.languages import KnownLanguage

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
                f"Nothing is known of {entry.language} {_in_a_sentence(part.name)}: {_checked(part.n)}."
                for part in entry.unknown_classes
            ]
        else:
            parts = ", ".join(f"{part.n:,} {_in_a_sentence(part.name)}" for part in entry.classes if part.n)
            sentences.append(
                f"Nothing is known of {entry.language} books: {_checked(entry.n)} ({parts or 'no class'})."
            )
    more = len(sentences) - most
    if more > 0:
        sentences = [*sentences[:most], f"Nor of {more:,} more languages or classes in them."]
    return sentences


def _checked(n: int) -> str:
    return f"{n:,} checked book{'' if n == 1 else 's'}"


def _in_a_sentence(name: str) -> str:
    """Return a class name as it stands inside a sentence: Fiction as fiction, names and codes as they are."""
    return name.lower() if (name.replace("-", "").isalpha() and name.istitle()) or name == "Non-fiction" else name
