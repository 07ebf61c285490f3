"""Population values of a truth, by quadrature over covariates and random effects."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, logit, ndtr

from rpcstats.errors import ParameterError
from rpcstats.simulate.covariates import dropout_predictor, every_cell, slope_predictor
from rpcstats.simulate.truth import Truth

Floats = NDArray[np.float64]

NODES: Final = 40
"""Gauss-Hermite nodes; the next doubling changes survival by less than 1e-12."""

WIDEST_SHIFT: Final = 12.0
"""Log odds at which hazards are 0 or 1 for any purpose: bounds of the root."""

RATINGS: Final = 10


@dataclass(frozen=True, slots=True)
class RetentionTruth:
    """Population values of retention, with nobody censored.

    Attributes
    ----------
    survival : tuple of float
        Share still attending after session 1, 2, ...
    retained, completed : float
        Share still in at the last session; share of those who also met the rule.
    mean_attended : float
        Sessions attended by a starter.
    dropout_online, dropout_in_person : float
        Share of starters who drop out, by mode; NaN where nobody takes part that way.
    """

    survival: tuple[float, ...]
    retained: float
    completed: float
    mean_attended: float
    dropout_online: float
    dropout_in_person: float


@dataclass(frozen=True, slots=True)
class GoalTruth:
    """Population means of the change of the mean goal rating, in points.

    Attributes
    ----------
    starters_last_level : float
        All starters, the latent level frozen at leaving (treatment policy).
    starters_had_all_finished : float
        All starters, had nobody left (hypothetical).
    stayed : float
        Those who stayed to the last session.
    stayed_m6, stayed_m12 : float
        The same parents 6 and 12 months later, had all of them answered.
    """

    starters_last_level: float
    starters_had_all_finished: float
    stayed: float
    stayed_m6: float
    stayed_m12: float


def retention_truth(truth: Truth, *, minimum_attended: int) -> RetentionTruth:
    """Compute the population values of retention.

    Parameters
    ----------
    truth : Truth
        True parameters, with `psi` zero.
    minimum_attended : int
        Sessions a person must attend to complete.

    Returns
    -------
    RetentionTruth
        Values for a course of ``len(truth.hazards) + 1`` sessions.

    Raises
    ------
    ParameterError
        If dropout depends on ratings (`psi`), which has no such form.

    Notes
    -----
    Group, facilitator and slope effects are normal and constant over sessions, so that
    their sum is one normal effect; Gauss-Hermite quadrature over it and a sum over the
    covariate cells are exact to rounding. The session at which a parent leaves is always
    attended, as is the first.
    """
    _check_closed_form(truth)
    cells, weights = every_cell(truth)
    by_cell = _survival(truth)
    survival = weights @ by_cell
    online = cells.online
    k = np.arange(1, len(truth.hazards) + 1)
    leaving = -np.diff(survival, prepend=1.0)
    attended_leaving = np.where(k == 1, 1.0, 2.0 + truth.p_attend * (k - 2.0))
    attended_staying = 1.0 + truth.p_attend * len(truth.hazards)
    enough = _chance_of_enough(truth, minimum_attended)
    return RetentionTruth(
        survival=tuple(float(value) for value in survival),
        retained=float(survival[-1]),
        completed=float(survival[-1]) * enough,
        mean_attended=float(leaving @ attended_leaving + survival[-1] * attended_staying),
        dropout_online=_mean(1.0 - by_cell[:, -1], weights * online),
        dropout_in_person=_mean(1.0 - by_cell[:, -1], weights * ~online),
    )


def goal_truth(truth: Truth) -> GoalTruth:
    """Compute the population mean changes of the goals.

    Parameters
    ----------
    truth : Truth
        True parameters, with `phi` and `psi` zero.

    Returns
    -------
    GoalTruth
        Means on the scale of the printed ratings.

    Raises
    ------
    ParameterError
        If dropout depends on slopes or ratings, which has no such form.
    """
    if not truth.is_ignorable:
        raise ParameterError(
            "goal means have no closed form", ["set phi and psi to 0, or simulate them"]
        )
    cells, weights = every_cell(truth)
    slopes = truth.b1 + slope_predictor(truth, cells)
    stages = np.arange(len(truth.hazards) + 1) / len(truth.hazards)
    change = np.stack([_mean_rating(truth, slopes, s) for s in stages], axis=1)
    change -= change[:, :1]
    survival = _survival(truth)
    leaving = -np.diff(survival, axis=1, prepend=1.0)
    ending = np.concatenate([leaving, survival[:, -1:]], axis=1)
    first = _mean_rating(truth, slopes, 0.0)
    m6, m12 = (
        _mean_rating(truth, slopes + fade, 1.0) - first for fade in (truth.fade_m6, truth.fade_m12)
    )
    stayed = weights * survival[:, -1]
    return GoalTruth(
        starters_last_level=float(weights @ (ending * change).sum(axis=1)),
        starters_had_all_finished=float(weights @ change[:, -1]),
        stayed=_mean(change[:, -1], stayed),
        stayed_m6=_mean(m6, stayed),
        stayed_m12=_mean(m12, stayed),
    )


def satisfaction_truth(truth: Truth) -> tuple[float, ...]:
    """Compute the shares that give each answer or a better one.

    Parameters
    ----------
    truth : Truth
        True parameters.

    Returns
    -------
    tuple of float
        From the second answer up, of all who start.
    """
    sd = np.hypot(1.0, truth.satisfaction_slope * truth.sd_v)
    cuts = np.array(truth.satisfaction_cuts)
    return tuple(ndtr((truth.satisfaction_mean - cuts) / sd).tolist())


def solve_hazard_shift(truth: Truth, *, retained: float) -> Truth:
    """Shift the dropout hazards so that a given share stays to the last session.

    Parameters
    ----------
    truth : Truth
        True parameters, with their random effects.
    retained : float
        Marginal share, between 0 and 1.

    Returns
    -------
    Truth
        The same truth with `hazard_shift` solved.

    Raises
    ------
    ParameterError
        If the share is not between 0 and 1.
    """
    _check_closed_form(truth)
    _, weights = every_cell(truth)

    def excess(shift: float) -> float:
        return float(weights @ _survival(truth.shifted(shift))[:, -1]) - retained

    return truth.shifted(_root(excess, retained, "the share retained"))


def solve_screening_intercept(truth: Truth) -> float:
    """Find the log odds whose marginal chance, over referrers, is the published one.

    Parameters
    ----------
    truth : Truth
        True parameters.

    Returns
    -------
    float
        Intercept of the screening model with the tool in use.
    """
    return _screening_intercept(float(expit(truth.eta0 + truth.eta1)), truth.sd_referrer)


@cache
def _screening_intercept(target: float, sd: float) -> float:
    nodes, chances = _normal_rule()

    def excess(intercept: float) -> float:
        return float(chances @ expit(intercept + sd * nodes)) - target

    return _root(excess, target, "the share found inappropriate")


def _survival(truth: Truth) -> Floats:
    """Give the share of each covariate cell still attending after each session."""
    cells, _ = every_cell(truth)
    nodes, chances = _normal_rule()
    shared = truth.sd_group**2 + truth.sd_facilitator**2 + truth.sd_couple**2
    sd = np.sqrt(shared + (truth.phi * truth.sd_v) ** 2)
    fixed = dropout_predictor(truth, cells) + truth.council_effect + truth.hazard_shift
    effect = (fixed[:, None] + sd * nodes)[:, :, None]
    staying = expit(-(logit(np.array(truth.hazards)) + effect)).cumprod(axis=2)
    return np.asarray(np.einsum("cns,n->cs", staying, chances))


@cache
def _normal_rule() -> tuple[Floats, Floats]:
    nodes, chances = np.polynomial.hermite_e.hermegauss(NODES)
    chances = chances / chances.sum()
    nodes.setflags(write=False)
    chances.setflags(write=False)
    return nodes, chances


def _mean_rating(truth: Truth, slopes: Floats, s: float) -> Floats:
    """Give the mean of the ratings 0 to 10 at stage s, cut at half-integers."""
    between = truth.sd_u**2 + 2.0 * s * truth.corr_uv * truth.sd_u * truth.sd_v
    of_slopes = s**2 * (truth.sd_v**2 + truth.sd_d**2)
    sd = np.sqrt(between + of_slopes + truth.sd_w**2 + truth.sd_e**2)
    cuts = np.arange(RATINGS) + 0.5
    return np.asarray(ndtr((truth.b0 + s * slopes[:, None] - cuts) / sd).sum(axis=1))


def _chance_of_enough(truth: Truth, minimum_attended: int) -> float:
    """Give the chance that one who stays attends enough sessions, the first among them."""
    counts = np.array([1.0])
    for _ in truth.hazards:
        counts = np.convolve(counts, [1.0 - truth.p_attend, truth.p_attend])
    return float(counts[max(minimum_attended - 1, 0) :].sum())


def _mean(values: Floats, weights: Floats) -> float:
    total = float(weights.sum())
    return float(weights @ values) / total if total > 0.0 else float("nan")


def _check_closed_form(truth: Truth) -> None:
    if truth.psi != 0.0:
        raise ParameterError(
            "retention has no closed form when dropout depends on ratings",
            ["set psi to 0, or simulate with draw_starters"],
        )


def _root(excess: Callable[[float], float], target: float, what: str) -> float:
    from scipy.optimize import brentq

    if not 0.0 < target < 1.0:
        raise ParameterError(f"{what} can't be reached", ["choose a share between 0 and 1"])
    return float(brentq(excess, -WIDEST_SHIFT, WIDEST_SHIFT, xtol=1e-12))
