"""Who is referred, and who is found inappropriate."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import logit

from rpcstats.simulate._draws import categories, integers, normals
from rpcstats.simulate.covariates import Covariates
from rpcstats.simulate.marginal import solve_screening_intercept
from rpcstats.simulate.margins import binary, permuted_margin
from rpcstats.simulate.truth import Truth

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Booleans = NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class People:
    """The parents referred.

    Attributes
    ----------
    x : Covariates
        Covariates of n parents.
    source, age_band : ndarray of int, shape (n,)
        Positions in `truth.SOURCES` and `truth.AGE_BANDS`.
    inappropriate : ndarray of bool, shape (n,)
        Found inappropriate at screening.
    refusal : ndarray of int, shape (n,)
        Position in `truth.INAPPROPRIATE`; -1 for the appropriate.
    """

    x: Covariates
    source: Integers
    age_band: Integers
    inappropriate: Booleans
    refusal: Integers


def draw_people(
    rng: np.random.Generator, truth: Truth, n: int, targets: Mapping[str, int] | None, *,
    screened: bool,
) -> People:  # fmt: skip
    """Draw the parents referred and the result of their screening.

    Parameters
    ----------
    rng : Generator
        Source of randomness.
    truth : Truth
        True parameters.
    n : int
        Number of referrals.
    targets : mapping of str to int, or None
        Totals to be met; None for plain draws.
    screened : bool
        Whether anybody is found inappropriate.

    Returns
    -------
    People
        In no order.

    Notes
    -----
    Where the number inappropriate is drawn, the intercept is solved so that its chance,
    averaged over referrers, is the published one.
    """
    totals = targets or {}
    x = draw_covariates(rng, truth, n, totals)
    inappropriate = np.zeros(n, dtype=np.bool_)
    if screened:
        n_referrers = max(1, round(n / truth.referrals_per_referrer))
        effects = truth.sd_referrer * normals(rng, n_referrers)
        referrer = integers(rng, 0, n_referrers - 1, n)
        log_odds = solve_screening_intercept(truth) + effects[referrer]
        inappropriate = binary(log_odds, totals.get("inappropriate"), rng=rng)
    refusal = np.where(inappropriate, categories(rng, truth.p_inappropriate_reason, n), -1)
    return People(
        x=x,
        source=categories(rng, truth.p_source, n),
        age_band=categories(rng, truth.p_age_band, n),
        inappropriate=inappropriate,
        refusal=refusal,
    )


def draw_covariates(
    rng: np.random.Generator, truth: Truth, n: int, totals: Mapping[str, int]
) -> Covariates:
    """Draw covariates, with the totals that are given.

    Parameters
    ----------
    rng : Generator
        Source of randomness.
    truth : Truth
        True parameters.
    n : int
        Number of parents.
    totals : mapping of str to int
        Any of `male`, `resident`, `online`, `send`.

    Returns
    -------
    Covariates
        Of n parents. Living with the child is drawn given sex.
    """
    male = _mark(rng, truth.p_male, n, totals.get("male"))
    p_resident = np.where(male, truth.p_resident_male, truth.p_resident_female)
    return Covariates(
        male=male,
        resident=binary(logit(p_resident), totals.get("resident"), rng=rng),
        online=_mark(rng, truth.p_online, n, totals.get("online")),
        send=_mark(rng, truth.p_send, n, totals.get("send")),
        imd=integers(rng, 1, 10, n),
    )


def _mark(rng: np.random.Generator, p: float, n: int, total: int | None) -> Booleans:
    if total is not None:
        return permuted_margin(total, n, rng=rng)
    return np.asarray(rng.random(n) < p)
