"""What the chance of answering may depend on."""

from collections.abc import Sequence

import numpy as np

from rpcstats.designs.missing.parent_covariates import parent_covariates
from rpcstats.designs.missing.ratings import Floats, Integers, Ratings


def known_change(ratings: Ratings) -> Floats:
    """Average the change over goals rated at both ends.

    Parameters
    ----------
    ratings : Ratings
        Of N parents.

    Returns
    -------
    ndarray of shape (N,)
        Points, better positive; a rating after leaving is an end. NaN where there is none.
    """
    end = np.where(np.isnan(ratings.end), ratings.after, ratings.end)
    return _mean_known(ratings, ratings.sign * (end - ratings.start))


def response_columns(
    ratings: Ratings, due: Integers, adjust: Sequence[str]
) -> tuple[Floats, tuple[str, ...]]:
    """Arrange the columns of the model of who answers.

    Parameters
    ----------
    ratings : Ratings
        Of N parents.
    due : ndarray of int, shape (n,)
        Places of those whose course is over.
    adjust : sequence of str
        Covariates.

    Returns
    -------
    Z : ndarray of shape (n, q)
        Ones, covariates, first and last rating, leaving and the share of the course not had.
        Parents who never rated get the mean and a mark; a column that others tell is left out.
    names : tuple of str
        Of the columns.
    """
    parents = ratings.parents.iloc[due].reset_index(drop=True)
    parts = {
        "first rating": _mean_known(ratings, ratings.start)[due],
        "last rating": _mean_known(ratings, _last(ratings))[due],
        "left": ratings.left[due].astype(np.float64),
        "share not had": np.where(ratings.left, 1.0 - ratings.reached, 0.0)[due],
    }
    extra = dict(parts)
    for name in ("first rating", "last rating"):
        unknown = np.isnan(parts[name])
        extra[name] = np.where(unknown, np.nanmean(parts[name]), parts[name])
        if unknown.any():
            extra[f"no {name}"] = unknown.astype(np.float64)
    covariates = parent_covariates(parents, adjust)
    Z, names = covariates.X, list(covariates.names)
    for name, column in extra.items():
        wider = np.column_stack([Z, column])
        if np.linalg.matrix_rank(wider) == wider.shape[1]:
            Z, names = wider, [*names, name]
    return Z, tuple(names)


def _mean_known(ratings: Ratings, values: Floats) -> Floats:
    known = ~np.isnan(values)
    n = np.bincount(ratings.parent, known)
    sums = np.bincount(ratings.parent, np.where(known, values, 0.0))
    return np.asarray(np.divide(sums, n, out=np.full(len(n), np.nan), where=n > 0))


def _last(ratings: Ratings) -> Floats:
    """Give the last rating of each goal before the end of the course."""
    last = np.full(len(ratings.item), np.nan)
    for score, stage in zip(ratings.score, ratings.stage, strict=True):
        last = np.where(np.isnan(score) | (stage == 1.0), last, score)
    return last
