"""Sessions: dropout by a discrete-time logit hazard, its causes, and attendance."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.special import log_expit, logit

from rpcstats.simulate._draws import categories, normals
from rpcstats.simulate.covariates import Covariates, dropout_predictor
from rpcstats.simulate.goals import Goals, mean_rating
from rpcstats.simulate.margins import binary
from rpcstats.simulate.truth import Truth

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Booleans = NDArray[np.bool_]

BOTH_MISSED: Final = 2
"""Sessions missed in a row that count as dropout where nobody has withdrawn."""


@dataclass(frozen=True, slots=True, eq=False)
class Course:
    """Courses of n starters.

    Attributes
    ----------
    last : ndarray of int, shape (n,)
        Last session the parent was in for: K for those who stayed, the last session held
        by the data cut for the open ones.
    dropped, is_open : ndarray of bool, shape (n,)
        Left after `last`; still in at the data cut with sessions to come.
    attended : ndarray of bool, shape (n, K)
        Attendance; counts up to `last`.
    cause : ndarray of int, shape (n,)
        Position in `truth.CAUSES`; -1 for those who did not drop out.
    log_odds : ndarray of shape (n,)
        Log odds of dropout over the sessions seen.
    """

    last: Integers
    dropped: Booleans
    is_open: Booleans
    attended: Booleans
    cause: Integers
    log_odds: Floats

    @property
    def n_attended(self) -> Integers:
        """Sessions attended up to the last one."""
        held = np.arange(self.attended.shape[1]) < self.last[:, None]
        return np.asarray((self.attended & held).sum(axis=1), dtype=np.int64)


def draw_group_effects(
    rng: np.random.Generator, truth: Truth, n_groups: int, lead: Integers
) -> tuple[Floats, Floats]:
    """Draw what a group adds to dropout and to the slope of the goals.

    Parameters
    ----------
    rng : Generator
        Source of randomness.
    truth : Truth
        True parameters.
    n_groups : int
        Number of groups.
    lead : ndarray of int, shape (n_groups,)
        Number of the practitioner who leads.

    Returns
    -------
    dropout : ndarray of shape (n_groups,)
        Effects of group and facilitator, in log odds.
    slope : ndarray of shape (n_groups,)
        Points over the course.
    """
    of_group = truth.sd_group * normals(rng, n_groups)
    n_leads = int(lead.max()) + 1 if len(lead) else 0
    of_facilitator = truth.sd_facilitator * normals(rng, n_leads)
    return of_group + of_facilitator[lead], truth.sd_d * normals(rng, n_groups)


def draw_courses(
    rng: np.random.Generator, truth: Truth, x: Covariates, effect: Floats, goals: Goals,
    seen: Integers, *, dropped: int | None = None,
) -> Course | None:  # fmt: skip
    """Draw how far each starter came, and which sessions they attended.

    Parameters
    ----------
    rng : Generator
        Source of randomness.
    truth : Truth
        True parameters.
    x : Covariates
        Of n starters.
    effect : ndarray of shape (n,)
        Effect of group and facilitator on dropout, in log odds.
    goals : Goals
        Of the same starters.
    seen : ndarray of int, shape (n,)
        Sessions of each one's group held by the data cut, at least 1.
    dropped : int or None
        Number who drop out; None for a plain draw.

    Returns
    -------
    Course or None
        None where so many can't drop out in the sessions seen.

    Notes
    -----
    Whether a starter drops out is drawn first and the session given that they do, which is
    the same law as session by session, and lets the number be fixed by conditional
    Bernoulli sampling. The session a dropout leaves after is attended, so that it is the
    last session attended; an open episode never ends in two missed sessions, which would
    count as dropout. A rating that dropout depends on (`psi`) is the last one seen.
    """
    n, K = len(seen), len(truth.hazards) + 1
    attended = rng.random((n, K)) < truth.p_attend
    attended[:, 0] = True
    stay, hazard = _hazards(truth, x, effect, goals, attended, seen)
    log_stay = stay.sum(axis=1)
    with np.errstate(divide="ignore"):
        log_odds = np.log(-np.expm1(log_stay)) - log_stay
    if dropped is not None and dropped > int(np.isfinite(log_odds).sum()):
        return None
    is_dropped = binary(log_odds, dropped, rng=rng)
    last = np.where(is_dropped, _leaving_session(rng, stay, hazard), np.minimum(seen, K))
    rows = np.arange(n)
    is_open = ~is_dropped & (seen < K)
    missed_both = is_open & (last >= BOTH_MISSED)
    missed_both &= ~attended[rows, last - 1] & ~attended[rows, last - BOTH_MISSED]
    attended[rows, last - 1] |= is_dropped | missed_both
    cause = np.where(is_dropped, categories(rng, truth.p_cause, n), -1)
    return Course(last, is_dropped, is_open, attended, cause, log_odds)


def _hazards(
    truth: Truth, x: Covariates, effect: Floats, goals: Goals, attended: Booleans, seen: Integers
) -> tuple[Floats, Floats]:
    """Give log(1 - hazard) and the hazard after each session; 0 after the last one seen."""
    fixed = dropout_predictor(truth, x) + truth.hazard_shift + truth.council_effect + effect
    fixed = fixed + truth.phi * goals.v
    log_odds = fixed[:, None] + logit(np.array(truth.hazards))
    if truth.psi != 0.0:
        log_odds = log_odds + truth.psi * _seen_ratings(truth, goals, attended)
    at_risk = np.arange(1, log_odds.shape[1] + 1) < seen[:, None]
    stay = np.where(at_risk, log_expit(-log_odds), 0.0)
    return stay, np.asarray(-np.expm1(stay))


def _seen_ratings(truth: Truth, goals: Goals, attended: Booleans) -> Floats:
    """Give the last rating seen before each session, less its mean in the population."""
    n, _, K_less = goals.ratings.shape
    deviation = np.empty((n, K_less))
    for k in range(K_less):
        expected = truth.b0 + truth.b1 * k / K_less
        deviation[:, k] = mean_rating(goals, goals.ratings[:, :, k]) - expected
    for k in range(1, K_less):
        deviation[:, k] = np.where(attended[:, k], deviation[:, k], deviation[:, k - 1])
    before = np.maximum(np.arange(K_less) - 1, 0)
    return np.asarray(deviation[:, before])


def _leaving_session(rng: np.random.Generator, stay: Floats, hazard: Floats) -> Integers:
    """Draw the session after which a starter leaves, given that they do."""
    reached = np.exp(np.cumsum(stay, axis=1) - stay)
    bounds = np.cumsum(reached * hazard, axis=1)
    drawn = rng.random(len(stay)) * bounds[:, -1]
    session = 1 + (bounds <= drawn[:, None]).sum(axis=1)
    return np.asarray(np.minimum(session, stay.shape[1]), dtype=np.int64)
