"""Coefficients and their model-based covariance, in the units of the covariates."""

from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from rpcstats.survival.partial.arrange import Arrangement, arrange
from rpcstats.survival.partial.likelihood import PartialLikelihood, Point, TieMethod
from rpcstats.survival.partial.monotone import needed_columns
from rpcstats.survival.partial.newton import Maximum, inverse_of, maximise
from rpcstats.survival.partial.scaling import Lines, Scaling, scaled_columns, variances_of

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
BoolArray = NDArray[np.bool_]

LARGE: Final = 50_000
"""From so many rows on, a part of them gives the start."""
_EVERY: Final = 17
"""One row in so many is in that part."""

_NOTHING: Final = 1e-11
"""Share of a column's weighted sum of squares below which its information is rounding."""
_CLEAR: Final = 1e-4
"""Share that is information beyond doubt, even if the sum of squares is only guessed."""


@dataclass(frozen=True, slots=True, eq=False)
class Columns:
    """What is given to an estimate.

    Attributes
    ----------
    X : ndarray of shape (n, p) or Lines
        Covariates in the order of the data.
    offset : ndarray of shape (n,) or None
        Known part of the linear predictor.
    ties : {"efron", "breslow", "exact"}
        How tied events are treated.
    ridge : float
        Penalty of half the squared coefficients.
    scale_ridge : bool
        Whether coefficients are penalised for covariates of standard deviation one.
    is_firth : bool
        Whether Firth's penalty is added.
    """

    X: FloatArray | Lines
    offset: FloatArray | None
    ties: TieMethod
    ridge: float
    scale_ridge: bool
    is_firth: bool


@dataclass(frozen=True, slots=True, eq=False)
class Estimate:
    """Estimates of a partial likelihood.

    Attributes
    ----------
    kept : ndarray of shape (q,), int
        Columns with an estimate; the others do not vary in the risk sets.
    beta : ndarray of shape (q,)
        Log hazard ratios.
    cov : ndarray of shape (q, q)
        Inverse of the information, with the ridge penalty in it.
    information : ndarray of shape (q, q)
        The information, without the penalty.
    maximum : Maximum
        How the search ended, in units of the scaled columns.
    scaling : Scaling
        Centre and scale of the columns kept.
    start : ndarray of shape (q,)
        Where the search began, in those units.
    """

    kept: IntArray
    beta: FloatArray
    cov: FloatArray
    information: FloatArray
    maximum: Maximum
    scaling: Scaling
    start: FloatArray

    @property
    def likelihood(self) -> PartialLikelihood:
        """The function that was maximised, in units of the scaled columns."""
        return self.maximum.point.likelihood

    @property
    def endless(self) -> IntArray:
        """Which of the columns kept have no finite estimate."""
        if self.maximum.monotone is None:
            return np.empty(0, dtype=np.int64)
        given = self.likelihood
        found = self.maximum.monotone
        return needed_columns(given.order, given.X, found, is_exact=given.ties == "exact")


def estimate(order: Arrangement, given: Columns) -> Estimate:
    """Maximise the log partial likelihood.

    Parameters
    ----------
    order : Arrangement
        The rows arranged.
    given : Columns
        Covariates, offset, ties and penalties.

    Returns
    -------
    Estimate
        Coefficients in the units of the columns.
    """
    n_event = int(order.n_tied.sum())
    X, scaling = scaled_columns(order, given.X)
    likelihood = likelihood_from(order, given, X, scaling)
    kept, start = np.arange(len(X)), np.zeros(len(X))
    rough = _rough_maximum(likelihood)
    if rough is not None:
        start = rough.beta
        more = n_event / float(rough.point.likelihood.order.n_tied.sum())
        guess = more * rough.point.curvature
        del rough  # and with it the rows it was found from
        found = maximise(likelihood, start, n_event=n_event, curvature=guess)
    else:
        point = _breslow(likelihood).at(start)
        kept = identified(point)
        begin: Point | FloatArray = point if point.likelihood is likelihood else start[kept]
        if len(kept) < len(start):
            likelihood, scaling = _narrowed(likelihood, kept), scaling.taken(kept)
            begin = start = start[kept]
        found = maximise(likelihood, begin, n_event=n_event)
    curvature = found.information
    if likelihood.ridge is not None:
        curvature = curvature + np.diag(likelihood.ridge)
    scale = np.outer(scaling.scale, scaling.scale)
    return Estimate(
        kept=kept,
        beta=found.beta / scaling.scale,
        cov=inverse_of(curvature) / scale,
        information=found.information * scale,
        maximum=found,
        scaling=scaling,
        start=start,
    )


def _narrowed(likelihood: PartialLikelihood, kept: IntArray) -> PartialLikelihood:
    ridge = None if likelihood.ridge is None else likelihood.ridge[kept]
    return replace(likelihood, X=np.ascontiguousarray(likelihood.X[kept]), ridge=ridge)


def identified(point: Point) -> IntArray:
    """Find the columns that vary within risk sets, given the columns before them.

    Parameters
    ----------
    point : Point
        The likelihood, not the exact one, at some coefficients.

    Returns
    -------
    ndarray of int
        Columns with information of their own.
    """
    information = point.information
    n_column = len(information)
    # Columns of standard deviation one have a weighted sum of squares near that of the weights.
    total = float(point.likelihood.order.weight_tied.sum())
    if len(_pivots(information, np.full(n_column, np.sqrt(total)), _CLEAR)) == n_column:
        return np.arange(n_column)
    squares = np.array([(x * x) @ point.expected for x in point.likelihood.X])
    return _pivots(information, np.sqrt(np.where(squares > 0.0, squares, 1.0)), _NOTHING)


def _pivots(information: FloatArray, size: FloatArray, least: float) -> IntArray:
    """Find the columns of which more than a share is left once those before are taken off."""
    rest = information / np.outer(size, size)
    try:
        if (np.diag(np.linalg.cholesky(rest)) ** 2 > least).all():
            return np.arange(len(rest))
    except np.linalg.LinAlgError:
        pass  # some columns have none: which
    kept = []
    for j in range(len(rest)):
        if not rest[j, j] > least:
            continue
        kept.append(j)
        rest = rest - np.outer(rest[:, j], rest[j]) / rest[j, j]
    return np.array(kept, dtype=np.int64)


def _breslow(likelihood: PartialLikelihood) -> PartialLikelihood:
    """Give a likelihood with information in the same columns, and expected events."""
    return replace(likelihood, ties="breslow") if likelihood.ties == "exact" else likelihood


def likelihood_from(
    order: Arrangement, given: Columns, X: FloatArray, scaling: Scaling
) -> PartialLikelihood:
    """Put the log partial likelihood together.

    Parameters
    ----------
    order : Arrangement
        The rows arranged.
    given : Columns
        Offset, ties and penalties.
    X : ndarray of shape (p, r)
        Columns arranged and scaled.
    scaling : Scaling
        How they were scaled.

    Returns
    -------
    PartialLikelihood
        The function of the coefficients of `X`.
    """
    ridge = None
    if given.ridge > 0.0:
        own = variances_of(given.X) if given.scale_ridge else np.ones(len(X))
        ridge = given.ridge * own / scaling.scale**2
    offset = None if given.offset is None else order.take(given.offset)
    return PartialLikelihood(order, X, offset, given.ties, ridge, given.is_firth)


def _rough_maximum(whole: PartialLikelihood) -> Maximum | None:
    """Give the maximum for a part of the rows, where they are many and the part will do."""
    p = len(whole.X)
    if len(whole.order.rows) < LARGE or whole.ties == "exact" or whole.is_firth or not p:
        return None
    places, part = _part(whole.order)
    likelihood = replace(
        whole,
        order=part,
        X=np.take(whole.X, places, axis=1),
        offset=None if whole.offset is None else whole.offset[places],
    )
    point = likelihood.at(np.zeros(p))
    if len(identified(point)) < p:
        return None
    found = maximise(likelihood, point, n_event=int(part.n_tied.sum()), roughly=True)
    return found if found.converged else None


def _part(order: Arrangement) -> tuple[IntArray, Arrangement]:
    """Arrange every so many-th row at risk; with the place of each in the whole."""
    at = np.arange(0, len(order.rows), _EVERY)
    first = None if order.first is None else order.first[at].astype(np.float64) - 0.5
    last = np.searchsorted(order.begin, at, side="right") - 1
    stratum = np.searchsorted(order.start, last, side="right") - 1
    codes, stratum = np.unique(stratum, return_inverse=True)
    part = arrange(
        last.astype(np.float64),
        order.is_event[at],
        entry=first,
        stratum=stratum,
        n_stratum=len(codes),
        weights=None if order.weights is None else order.weights[at],
    )
    return at[part.rows], part
