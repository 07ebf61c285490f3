"""Maximum of the pseudo-likelihood of a sub-distribution hazard: arrays only."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from rpcstats._numerics.optimise import OptSummary
from rpcstats.survival.competing._subdistribution_likelihood import (
    SubdistributionLikelihood,
    likelihood_of,
)
from rpcstats.survival.competing._subdistribution_order import SubdistributionOrder
from rpcstats.survival.partial.estimate import identified
from rpcstats.survival.partial.event_terms import EventTerms
from rpcstats.survival.partial.likelihood import Point
from rpcstats.survival.partial.monotone import needed_columns
from rpcstats.survival.partial.newton import Maximum, maximise
from rpcstats.survival.partial.scaling import Lines, Scaling, scaled_columns

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class SubdistributionEstimate:
    """Coefficients of a sub-distribution hazard, in the units of the covariates.

    Attributes
    ----------
    kept : ndarray of shape (q,), int
        Columns with an estimate; the others do not vary in the risk sets.
    beta, scaled_beta : ndarray of shape (q,)
        Log sub-distribution hazard ratios, and those of the scaled columns.
    cov : ndarray of shape (q, q)
        Inverse of the information.
    scaling : Scaling
        Centre and scale of the columns kept.
    log_lik, log_lik_null : float
        Log pseudo-likelihood there, and of coefficients 0.
    optimum : OptSummary
        Record of the search.
    endless : ndarray of int
        Which of the columns kept have no finite estimate.
    """

    kept: IntArray
    beta: FloatArray
    scaled_beta: FloatArray
    cov: FloatArray
    scaling: Scaling
    log_lik: float
    log_lik_null: float
    optimum: OptSummary
    endless: IntArray


@dataclass(frozen=True, slots=True, eq=False)
class FittedSubdistribution:
    """A sub-distribution hazard at its estimates, whose long vectors are made when asked for.

    Attributes
    ----------
    order : SubdistributionOrder
        The rows arranged.
    covariates : Lines
        Columns with an estimate, in the order of the data.
    offset : ndarray of shape (n,) or None
        Known part of the linear predictor.
    scaling : Scaling
        Centre and scale of the columns.
    scaled_beta : ndarray of shape (q,)
        Coefficients of the scaled columns.
    cov : ndarray of shape (q, q)
        Inverse of the information, in the units of the covariates.
    """

    order: SubdistributionOrder
    covariates: Lines
    offset: FloatArray | None
    scaling: Scaling
    scaled_beta: FloatArray
    cov: FloatArray

    @classmethod
    def of(
        cls,
        found: SubdistributionEstimate,
        order: SubdistributionOrder,
        covariates: Lines,
        offset: FloatArray | None,
    ) -> "FittedSubdistribution":
        """Keep what longer vectors can be made from.

        Parameters
        ----------
        found : SubdistributionEstimate
            The estimates.
        order, covariates, offset
            As the attributes.

        Returns
        -------
        FittedSubdistribution
            The hazard.
        """
        return cls(order, covariates, offset, found.scaling, found.scaled_beta, found.cov)

    @property
    def likelihood(self) -> SubdistributionLikelihood:
        """The function that was maximised, in units of the scaled columns; made anew."""
        X = np.empty((len(self.scaled_beta), len(self.order.rows)))
        for j, line in enumerate(X):
            line[:] = self.order.take(self.covariates.line(j))
            line -= self.scaling.centre[j]
            line /= self.scaling.scale[j]
        return likelihood_of(self.order, X, self.offset)

    @property
    def terms(self) -> EventTerms:
        """Terms of the event times at the maximum; made anew."""
        return self.likelihood.terms(self.scaled_beta)


def estimate_subdistribution(
    order: SubdistributionOrder, X: FloatArray | Lines, offset: FloatArray | None
) -> tuple[SubdistributionEstimate, Point, SubdistributionLikelihood]:
    """Maximise the log pseudo-likelihood.

    Parameters
    ----------
    order : SubdistributionOrder
        The rows arranged.
    X : ndarray of shape (n, p) or Lines
        Covariates in the order of the data.
    offset : ndarray of shape (n,) or None
        Known part of the linear predictor.

    Returns
    -------
    SubdistributionEstimate
        The coefficients.
    Point
        The likelihood there.
    SubdistributionLikelihood
        The function, which holds on to the scaled columns, as the point does.

    Notes
    -----
    Fine and Gray (1999), ties by Breslow's method.
    """
    lines, scaling = scaled_columns(order, X)
    likelihood = likelihood_of(order, lines, offset)
    point = likelihood.at(np.zeros(len(lines)))
    kept = identified(point)
    if len(kept) < len(lines):
        likelihood = replace(likelihood, X=np.ascontiguousarray(lines[kept]))
        scaling = scaling.taken(kept)
        point = likelihood.at(np.zeros(len(kept)))
    found = maximise(likelihood, point, n_event=int(order.n_tied.sum()))
    scale = np.outer(scaling.scale, scaling.scale)
    beta = found.beta / scaling.scale
    estimate = SubdistributionEstimate(
        kept=kept,
        beta=beta,
        scaled_beta=found.beta,
        cov=_inverse(found.information) / scale,
        scaling=scaling,
        log_lik=found.log_lik,
        log_lik_null=found.start_log_lik,
        optimum=_optimum(found, beta),
        endless=_endless(found, likelihood),
    )
    return estimate, found.point, likelihood


def _endless(found: Maximum, likelihood: SubdistributionLikelihood) -> IntArray:
    if found.monotone is None:
        return np.empty(0, dtype=np.int64)
    return needed_columns(likelihood.order, likelihood.X, found.monotone)


def _optimum(best: Maximum, beta: FloatArray) -> OptSummary:
    return OptSummary(
        method="Newton",
        start=np.zeros(len(beta)),
        end=beta,
        value=-best.value,
        gradient_norm=best.gradient_norm,
        n_evaluation=best.n_evaluation,
        converged=best.converged,
        status=best.status,
        log=tuple(-value for value in best.log),
    )


def _inverse(information: FloatArray) -> FloatArray:
    """Invert; NaN where there is no inverse."""
    try:
        inverse = np.linalg.inv(information)
    except np.linalg.LinAlgError:
        return np.full_like(information, np.nan)
    return np.asarray((inverse + inverse.T) / 2.0)
