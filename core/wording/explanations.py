"""Why a model gave a title its class, in a curator's words."""

from typing import Final

from core.explain import Explanation
from core.translation import _, noop

__all__ = ["is_telling", "words_for_and_against"]

TITLES_OF_ADDRESS: Final = frozenset(
    (
        *("baron", "bishop", "capt", "captain", "count", "countess", "dame", "dr", "duchess", "duke", "earl", "esq"),
        *("esquire", "hon", "honourable", "lady", "lord", "madame", "mademoiselle", "messrs", "miss", "mme"),
        *("monsieur", "mr", "mrs", "rev", "reverend", "sir"),
    )
)
# What contributes less than this share of the strongest word is left out.
_LEAST: Final = 0.05
_NAMED: Final = 4


def is_telling(word: str) -> bool:
    """Tell whether a word says something to a reader: articles, other stop words and titles of address do not.

    The model reads all words; this is only for what is shown. The stop words are scikit-learn's English ones.

    >>> [word for word in ("The", "Sir", "ballad", "Mr.") if is_telling(word)]
    ['ballad']
    """
    from sklearn.feature_extraction.text import ENGLISH_STOP_WORDS

    plain = _plain(word).casefold()
    return bool(plain) and plain not in ENGLISH_STOP_WORDS and plain not in TITLES_OF_ADDRESS


def _plain(word: str) -> str:
    """Return a word without the signs that stand around it in its title."""
    return word.strip(".,;:!?'’“”\"()[]")


def words_for_and_against(explanation: Explanation, whom: str = noop("it")) -> str:
    """Say which words speak for the class and which against it, the strongest four of each.

    Parameters
    ----------
    explanation : Explanation
    whom : str
        How the class is called, such as its name.
    """
    words = explanation.table.groupby("word", sort=False)["contribution"].sum()
    strong = words[words.abs() > _LEAST * max(words.abs().max(), 1e-9)]
    telling = strong[[is_telling(str(word)) for word in strong.index]]
    speaking = telling[telling > 0].sort_values(ascending=False).head(_NAMED).index.tolist()
    against = telling[telling < 0].sort_values().head(_NAMED).index.tolist()
    none = (
        _("Only words such as “the” speak for {whom}.", whom=whom)
        if (strong > 0).any()
        else _("No word speaks for {whom}.", whom=whom)
    )
    sentences = [
        _("For {whom} speak: {plain}.", whom=_(whom), plain=", ".join(map(_plain, speaking))) if speaking else none
    ]
    if against:
        sentences.append(_("Against it: {plain}.", plain=", ".join(map(_plain, against))))
    return " ".join(sentences)
