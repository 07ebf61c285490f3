"""The integrated likelihood of a gamma frailty at one variance, and its slope."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy import special

from rpcstats.survival.frailties._columns import MixedColumns
from rpcstats.survival.frailties._modes import Modes, find_modes
from rpcstats.survival.frailties._penalties import GammaPenalty

FloatArray = NDArray[np.float64]

_ONE: Final = np.ones((1, 1))

_SERIES: Final = 1e3
"""From this ratio of ν to the events on, differences of log gamma functions come from a series."""


@dataclass(frozen=True, slots=True, eq=False)
class GammaPoint:
    """A Cox regression with gamma frailties at one variance.

    Attributes
    ----------
    theta : float
        Variance of the frailties.
    modes : Modes
        Coefficients and log frailties that maximise the penalised partial likelihood.
    log_lik : float
        Integrated (marginal) log-likelihood, the baseline hazard and β at their maximum.
    slope : float
        Its derivative by log θ.
    """

    theta: float
    modes: Modes
    log_lik: float
    slope: float


@dataclass(slots=True, eq=False)
class GammaProblem:
    """A Cox regression with gamma frailties as a function of their variance.

    Attributes
    ----------
    columns : MixedColumns
        The data, with one grouping factor.
    events : ndarray of shape (L,)
        Events of each group, weighted.
    latest : ndarray of shape (p + L,)
        Where the latest search ended, from which the next starts.
    n_evaluation : int
        Variances tried.
    """

    columns: MixedColumns
    events: FloatArray
    latest: FloatArray
    n_evaluation: int = 0

    def at(self, theta: float) -> GammaPoint:
        """Evaluate at a variance above 0.

        Parameters
        ----------
        theta : float
            Variance of the frailties.

        Returns
        -------
        GammaPoint
            The integrated likelihood and where it is reached.
        """
        nu = 1.0 / theta
        modes = find_modes(self.columns, [_ONE], GammaPenalty(nu), self.latest)
        self.n_evaluation += 1
        if modes.found:
            self.latest = modes.z
        constant, slope = _integration_terms(self.events, nu)
        omega = modes.u
        by_nu = float((omega - np.expm1(omega)).sum()) + slope
        return GammaPoint(theta, modes, modes.penalised + constant, -nu * by_nu)

    def score_at_zero(self, expected: FloatArray) -> float:
        """Give the slope of the integrated likelihood by θ at 0.

        Parameters
        ----------
        expected : ndarray of shape (r,)
            Expected events of the rows in the fit without frailties.

        Returns
        -------
        float
            Above 0 where groups differ by more than chance (Commenges and Andersen 1995).
        """
        residual = self.events - self.columns.levels[0].sums(expected)[:, 0]
        return 0.5 * float((residual**2 - self.events).sum())


def gamma_problem(columns: MixedColumns) -> GammaProblem:
    """Set up a Cox regression with gamma frailties.

    Parameters
    ----------
    columns : MixedColumns
        The data, with one grouping factor.

    Returns
    -------
    GammaProblem
        To be evaluated at variances.
    """
    events = columns.levels[0].sums(columns.order.event_weights)[:, 0]
    return GammaProblem(columns, events, np.zeros(columns.p + columns.n_effect))


def _integration_terms(events: FloatArray, nu: float) -> tuple[float, float]:
    """Give what integration adds to the penalised likelihood, and its derivative by ν.

    With d events a group, Σ d + ν log(ν / (ν + d)) + log Γ(ν + d) - log Γ(ν) - d log(ν + d).
    """
    d, count = np.unique(events[events > 0.0], return_counts=True)
    if not len(d):
        return 0.0, 0.0
    shrink = np.log1p(-d / (nu + d))
    far = nu > _SERIES * d
    value = np.empty(len(d))
    slope = np.empty(len(d))
    value[~far] = _exact_value(d[~far], nu, shrink[~far])
    slope[~far] = shrink[~far] + special.digamma(nu + d[~far]) - special.digamma(nu)
    value[far], slope[far] = _series(d[far], nu)
    return float(count @ value), float(count @ slope)


def _exact_value(d: FloatArray, nu: float, shrink: FloatArray) -> FloatArray:
    gamma = special.gammaln(nu + d) - special.gammaln(nu) - d * np.log(nu + d)
    value: FloatArray = d + nu * shrink + gamma
    return value


def _series(d: FloatArray, nu: float) -> tuple[FloatArray, FloatArray]:
    """Expand in 1/ν up to the fifth power: there the difference of log gammas loses digits."""
    x = 1.0 / nu
    terms = (
        -d / 2.0,
        d * (3.0 * d - 1.0) / 12.0,
        -(d**2) * (2.0 * d - 1.0) / 12.0,
        d * (15.0 * d**3 - 10.0 * d**2 + 1.0) / 120.0,
        -(d**2) * (6.0 * d**3 - 5.0 * d**2 + 1.0) / 60.0,
    )
    value, by_x = np.zeros(len(d)), np.zeros(len(d))
    for power, term in enumerate(terms, start=1):
        value += term * x**power
        by_x += power * term * x ** (power - 1)
    return value, -(x**2) * by_x
