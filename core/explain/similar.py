"""Labelled titles that are like a title: the examples a model may have learned from."""

import numpy as np
import pandas as pd

from core.schema import LABEL, RECORD_ID, TITLE

__all__ = ["SimilarTitles"]


class SimilarTitles:
    """Finds the labelled titles most like a title: cosine of TF-IDF weights of runs of two to five letters.

    Building it takes about 0.2 s for a thousand titles: keep it.

    Parameters
    ----------
    books : DataFrame
        ``record_id``, ``title``, ``label``.
    """

    def __init__(self, books: pd.DataFrame) -> None:
        from sklearn.feature_extraction.text import TfidfVectorizer

        self._books = books[[RECORD_ID, TITLE, LABEL]].reset_index(drop=True)
        self._vectorizer = TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 5), sublinear_tf=True)
        self._weights = self._vectorizer.fit_transform(self._books[TITLE].tolist()) if len(books) else None

    def nearest(self, title: str, n: int = 5) -> pd.DataFrame:
        """Return the `n` most similar books: ``record_id``, ``title``, ``label``, ``similarity`` (0 to 1)."""
        if self._weights is None:
            return self._books.assign(similarity=np.empty(0))
        similarity = np.asarray((self._weights @ self._vectorizer.transform([title]).T).todense()).ravel()
        order = np.argsort(-similarity, kind="stable")[:n]
        return self._books.iloc[order].assign(similarity=similarity[order]).reset_index(drop=True)
