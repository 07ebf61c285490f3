"""Weighted log-rank scores and their covariance: arrays in, arrays out."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from rpcstats.survival._product_limit import product_limit
from rpcstats.survival._risk_sets import RiskSets, risk_sets, still_in, yet_to_enter

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]


class Scores(NamedTuple):
    """Observed and expected weighted events of each group, and the covariance of O - E.

    Attributes
    ----------
    observed, expected : ndarray of shape (k,)
        Weighted events seen, and expected if the hazards were equal.
    V : ndarray of shape (k, k)
        Covariance of observed - expected.
    """

    observed: FloatArray
    expected: FloatArray
    V: FloatArray


def log_rank_scores(
    time: FloatArray,
    event: NDArray[np.bool_],
    group: IntArray,
    n_group: int,
    *,
    stratum: IntArray | None = None,
    n_stratum: int = 1,
    entry: FloatArray | None = None,
    rho: float = 0.0,
    gamma: float = 0.0,
) -> Scores:
    """Compare observed with expected events, summed over strata.

    Parameters
    ----------
    time, event, entry
        As in `risk_sets`.
    group : ndarray of shape (n,), int
        Group codes 0 to n_group - 1.
    n_group : int
        Number of groups.
    stratum, n_stratum
        As in `risk_sets`.
    rho, gamma : float
        Exponents of S(t-) and 1 - S(t-), S being the pooled curve of the stratum.

    Returns
    -------
    Scores
        Observed, expected and covariance.

    Notes
    -----
    Mantel (1966); weights of Fleming and Harrington (1991); hypergeometric variance for ties.
    """
    counts = risk_sets(time, event, stratum=stratum, n_stratum=n_stratum, entry=entry)
    codes = counts.arranged(group)
    at_risk = _group_risk(counts, codes, n_group)
    w = _fleming_harrington(counts, rho, gamma)
    failed = counts.arranged(event)
    observed = np.bincount(
        codes[failed],
        weights=None if w is None else w[counts.position[failed]],
        minlength=n_group,
    ).astype(np.float64)
    n, d = counts.n_risk, counts.n_event
    share = d / n if w is None else w * d / n
    spread = share * (n - d) / np.maximum(n - 1, 1)
    if w is not None:
        spread *= w
    expected = at_risk @ share
    V = np.diag(at_risk @ spread) - (at_risk * (spread / n)) @ at_risk.T
    return Scores(observed, expected, V)


def quadratic_form(scores: Scores) -> tuple[float, int]:
    """Give the chi-square statistic of all scores being zero, and its degrees of freedom.

    Parameters
    ----------
    scores : Scores
        From `log_rank_scores`.

    Returns
    -------
    tuple
        Statistic and degrees of freedom, the rank of the covariance; NaN and 0 if no group
        was ever compared with another.
    """
    expects = scores.expected > 0
    U = (scores.observed - scores.expected)[expects]
    V = scores.V[np.ix_(expects, expects)]
    df = int(np.linalg.matrix_rank(V, hermitian=True)) if len(U) else 0
    if df == 0:
        return np.nan, 0
    if df == len(U) - 1:
        # The scores sum to zero: any one of them may be left out.
        return float(U[1:] @ np.linalg.solve(V[1:, 1:], U[1:])), df
    return float(U @ np.linalg.pinv(V, hermitian=True) @ U), df


def _group_risk(counts: RiskSets, codes: IntArray, n_group: int) -> FloatArray:
    """Count each group at risk at each distinct time; shape (k, m)."""
    m = len(counts.time)
    at_risk = np.empty((n_group, m))
    at_risk[-1] = counts.n_risk
    for g in range(n_group - 1):
        member = codes == g
        at_risk[g] = still_in(np.bincount(counts.position, member, m), counts.start)
        if counts.entry_position is not None:
            at_risk[g] -= yet_to_enter(np.bincount(counts.entry_position, member, m), counts.start)
        at_risk[-1] -= at_risk[g]
    return at_risk


def _fleming_harrington(counts: RiskSets, rho: float, gamma: float) -> FloatArray | None:
    if rho == 0 and gamma == 0:
        return None
    S, _ = product_limit(counts)
    before = np.concatenate([[1.0], S[:-1]])
    before[counts.start[:-1]] = 1.0
    weight: FloatArray = before**rho * (1 - before) ** gamma
    return weight
