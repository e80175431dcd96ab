"""Why a title was given its class: what each word contributed, and which labelled titles are like it.

A contribution is measured in log-odds: how far a word moves ln(p / (1 − p)) of the class. With more than two classes it
is the log-odds against the geometric mean of the others, which is what a multinomial model is linear in.

==========================  ====================================================================================
:func:`word_contributions`  exact, for linear models: base value and contributions sum to the log-odds
:func:`leave_one_word_out`  any model, at once: the log-odds less those of the title without the word
:func:`shap_words`          any model, slower: Shapley values; with the base they sum to the log-odds
:class:`SimilarTitles`      labelled titles that share runs of letters with a title
==========================  ====================================================================================
"""

from core.explain.explanation import Explainable, Explanation, is_linear, log_odds
from core.explain.shapley import ABSENT, shap_words
from core.explain.similar import SimilarTitles
from core.explain.words import leave_one_word_out, word_contributions, word_importance

__all__ = [
    "ABSENT",
    "Explainable",
    "Explanation",
    "SimilarTitles",
    "is_linear",
    "leave_one_word_out",
    "log_odds",
    "shap_words",
    "word_contributions",
    "word_importance",
]
