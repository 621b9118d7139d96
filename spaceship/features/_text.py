"""Columns of a free text: latent semantic analysis of hashed n-grams, length, number of words.

Each row's columns depend on its own text and on what `learn` found, bit for bit, however many rows
are encoded at once.
"""

from typing import Any

import numpy as np
import pandas as pd

from spaceship.task.arrays import Floats, Values
from spaceship.task.feature_set import State

Matrix = Any  # sparse, of SciPy, which has no types

_BINS = 2**13  # of the hashed n-grams
_SAMPLE = 10_000  # most distinct texts to learn from
_AT_ONCE = 2_000  # texts whose n-grams are in memory
_SENTENCE = 8.0  # mean number of words from which words are counted, in place of characters
_NOISE = 1e-6  # share of the largest singular value below which a component is left out


def learn(column: pd.Series, n_components: int) -> State:
    """Return the weights of n-grams and the components of training texts, largest first."""
    texts = _some(pd.Series(column.dropna().unique()))
    by_words = bool(len(texts)) and float(pd.Series(texts).str.count(r"\S+").mean()) >= _SENTENCE
    state: State = {"by_words": by_words, "weights": np.ones(_BINS)}
    state["components"] = np.empty((0, _BINS), dtype=np.float32)
    if n_components < 1 or len(texts) < 2:  # noqa: PLR2004
        return state
    counts = _counts(texts, by_words=by_words)
    seen = np.bincount(counts.indices, minlength=_BINS)
    state["weights"] = np.log((1 + len(texts)) / (1 + seen)) + 1
    if counts.nnz:
        most = min(n_components, len(texts) - 1)
        state["components"] = _components(_weighted(counts, state), most)
    return state


def encode(column: pd.Series, state: State) -> list[tuple[str, Floats]]:
    """Return the columns, named by what they hold; missing where the text is."""
    codes, texts = pd.factorize(column)
    words = pd.Series(texts, dtype="str").str
    sizes: dict[str, Values] = {
        "length": words.len().to_numpy(),
        "words": words.count(r"\S+").to_numpy(),
    }
    # the code of a missing text is -1, the last
    made = {end: np.append(one, np.nan).astype(np.float64)[codes] for end, one in sizes.items()}
    components = state["components"]
    own = [np.full(len(codes), np.nan) for _ in components]
    order = np.argsort(codes, kind="stable")
    for start in range(0, len(texts) if own else 0, _AT_ONCE):
        some = texts[start : start + _AT_ONCE]
        first, last = np.searchsorted(codes, (start, start + len(some)), sorter=order)
        rows = order[first:last]
        weights = _weighted(_counts(some, by_words=state["by_words"]), state)
        for values, found in zip(own, (weights @ components.T).T, strict=True):
            values[rows] = found[codes[rows] - start]
    return [*made.items(), *((f"text_{place}", one) for place, one in enumerate(own, 1))]


def _some(texts: pd.Series) -> np.ndarray:
    """Return all of the texts, or as many as are enough to learn from, chosen at random."""
    if len(texts) > _SAMPLE:
        chosen = np.random.default_rng(0).choice(len(texts), _SAMPLE, replace=False)
        texts = texts.iloc[np.sort(chosen)]
    return texts.to_numpy(dtype=object)


def _counts(texts: object, *, by_words: bool) -> Matrix:
    """Return the counts of n-grams, a sparse matrix (n_texts, _BINS)."""
    from sklearn.feature_extraction.text import HashingVectorizer

    analyzer, lengths = ("word", (1, 2)) if by_words else ("char_wb", (3, 4))
    return HashingVectorizer(
        n_features=_BINS, norm=None, alternate_sign=False, analyzer=analyzer, ngram_range=lengths
    ).transform(texts)


def _weighted(counts: Matrix, state: State) -> Matrix:
    """Return rows of length 1: logarithms of counts, rare n-grams weighing more."""
    from sklearn.preprocessing import normalize

    weighted = counts.copy()
    weighted.data = (1 + np.log(counts.data)) * state["weights"][counts.indices]
    return normalize(weighted, copy=False)


def _components(matrix: Matrix, n_components: int) -> Matrix:
    from sklearn.utils.extmath import randomized_svd

    _, sizes, components = randomized_svd(matrix, n_components, random_state=0)
    return components[sizes > _NOISE * sizes[0]].astype(np.float32)
