"""What is known of a parent at referral, and how it enters dropout and goals."""

from dataclasses import dataclass
from itertools import product

import numpy as np
from numpy.typing import NDArray

from rpcstats.simulate.truth import MEAN_DECILE, Truth

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Covariates:
    """Covariates of n parents.

    Attributes
    ----------
    male, resident, online, send : ndarray of bool, shape (n,)
        Man; lives with the child; takes part online; a child with special needs.
    imd : ndarray of int, shape (n,)
        Decile of deprivation, 1 the most deprived.
    """

    male: NDArray[np.bool_]
    resident: NDArray[np.bool_]
    online: NDArray[np.bool_]
    send: NDArray[np.bool_]
    imd: NDArray[np.int64]

    def take(self, rows: NDArray[np.int64]) -> "Covariates":
        """Give the covariates of some of the parents.

        Parameters
        ----------
        rows : ndarray of int, shape (m,)
            Positions of the parents, in the order wanted; one may come more than once.

        Returns
        -------
        Covariates
            Those of m parents.
        """
        return Covariates(
            self.male[rows], self.resident[rows], self.online[rows], self.send[rows], self.imd[rows]
        )


def every_cell(truth: Truth) -> tuple[Covariates, Floats]:
    """List every combination of covariates with its share of the population.

    Parameters
    ----------
    truth : Truth
        True parameters.

    Returns
    -------
    covariates : Covariates
        All 160 combinations.
    weights : ndarray of shape (160,)
        Their shares, which add up to one.
    """
    cells = list(product((False, True), (False, True), (False, True), (False, True), range(1, 11)))
    columns = [np.array(column) for column in zip(*cells, strict=True)]
    male, resident, online, send = (column.astype(np.bool_) for column in columns[:4])
    p_resident = np.where(male, truth.p_resident_male, truth.p_resident_female)
    weights = np.full(len(cells), 0.1)
    for is_so, p in (
        (male, truth.p_male),
        (resident, p_resident),
        (online, truth.p_online),
        (send, truth.p_send),
    ):
        weights = weights * np.where(is_so, p, 1.0 - np.asarray(p))
    return Covariates(male, resident, online, send, columns[4].astype(np.int64)), weights


def dropout_predictor(truth: Truth, x: Covariates) -> Floats:
    """Give x'beta of the dropout hazard, with every covariate centred.

    Parameters
    ----------
    truth : Truth
        True parameters.
    x : Covariates
        Of n parents.

    Returns
    -------
    ndarray of shape (n,)
        Log odds.
    """
    return np.asarray(
        truth.beta_non_resident * _non_resident(truth, x)
        + truth.beta_online * (x.online - truth.p_online)
        + truth.beta_send * (x.send - truth.p_send)
        + truth.beta_male * (x.male - truth.p_male)
        + truth.beta_imd * (x.imd - MEAN_DECILE)
    )


def slope_predictor(truth: Truth, x: Covariates) -> Floats:
    """Give x'gamma of the change of the goals over the course, with covariates centred.

    Parameters
    ----------
    truth : Truth
        True parameters.
    x : Covariates
        Of n parents.

    Returns
    -------
    ndarray of shape (n,)
        Points over the course.
    """
    return np.asarray(
        truth.gamma_non_resident * _non_resident(truth, x)
        + truth.gamma_online * (x.online - truth.p_online)
        + truth.gamma_send * (x.send - truth.p_send)
    )


def _non_resident(truth: Truth, x: Covariates) -> Floats:
    return np.asarray(truth.p_resident - x.resident)
