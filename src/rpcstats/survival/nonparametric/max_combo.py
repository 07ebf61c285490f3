"""The largest of several weighted log-rank tests, with its joint p-value."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from rpcstats._numerics.arguments import as_number, check_flags
from rpcstats._numerics.intervals import check_conf_level, normal_quantile, two_sided_p
from rpcstats._vocabulary import CONF_HIGH, CONF_LOW, ESTIMATE, N_EVENT, P_VALUE, STATISTIC, TERM
from rpcstats.errors import FormulaError, ParameterError
from rpcstats.formula.censored import CensoredSample, censored_sample
from rpcstats.survival._multiway import clustered_covariance
from rpcstats.survival.nonparametric._compared import (
    counted_groups,
    is_negative,
    strata_remark,
    untested_remark,
)
from rpcstats.survival.nonparametric._curve_rows import cluster_remarks
from rpcstats.survival.nonparametric._max_normal import largest_tail
from rpcstats.survival.nonparametric._score_test import GroupRisk, time_weight
from rpcstats.survival.nonparametric.logrank import NO_TEST, check_weighting
from rpcstats.tables.summary import Summarised, Summary, counted

if TYPE_CHECKING:
    from matplotlib.axes import Axes

FloatArray = NDArray[np.float64]

EXPONENTS: Sequence[tuple[float, float]] = ((0, 0), (1, 0), (0, 1), (1, 1))


@dataclass(frozen=True, slots=True, eq=False, kw_only=True, repr=False)
class MaxCombo(Summarised):
    """Several weighted log-rank tests of two groups, and their largest statistic.

    Attributes
    ----------
    strata : tuple of str
        Labels of the two groups.
    exponents : tuple of (float, float)
        rho and gamma of each test.
    z : ndarray of shape (q,)
        Statistics, above 0 if the second group has more events than expected; NaN for a test
        without variance.
    correlation : ndarray of shape (q, q)
        Their correlation if the hazards are equal.
    statistic : float
        The largest in size.
    p_value : float
        Probability of one as large or larger.
    n_obs, n_event, n_missing : int
        Rows, events, and rows left out because a value was missing.
    is_robust : bool
        Whether the covariance is robust.
    remarks : tuple of str
        What a reader should know, in plain sentences.
    """

    strata: tuple[str, ...]
    exponents: tuple[tuple[float, float], ...]
    z: FloatArray
    correlation: FloatArray
    statistic: float
    p_value: float
    n_obs: int
    n_event: int
    n_missing: int
    is_robust: bool
    remarks: tuple[str, ...]

    def tidy(self) -> pd.DataFrame:
        """Give one row per weight.

        Returns
        -------
        pandas.DataFrame
            Columns term, rho, gamma, statistic, p_value; the p-values are those of each test
            alone.
        """
        rho, gamma = np.array(self.exponents, dtype=np.float64).T
        names = [f"rho {r:g}, gamma {g:g}" for r, g in self.exponents]
        p = two_sided_p(self.z)
        return pd.DataFrame(
            {TERM: names, "rho": rho, "gamma": gamma, STATISTIC: self.z.copy(), P_VALUE: p}
        )

    def glance(self) -> pd.DataFrame:
        """Give the joint test in one row.

        Returns
        -------
        pandas.DataFrame
            Columns statistic, p_value, n_obs, n_event, n_group, n_missing.
        """
        row = {
            STATISTIC: self.statistic,
            P_VALUE: self.p_value,
            "n_obs": self.n_obs,
            N_EVENT: self.n_event,
            "n_group": len(self.strata),
            "n_missing": self.n_missing,
        }
        return pd.DataFrame([row])

    def summary(self) -> Summary:
        """Give a readable account.

        Returns
        -------
        Summary
            Prints as text, shows as HTML in a notebook.
        """
        sense = f"A statistic above 0: more events than expected in {self.strata[1]}."
        lost = f"{counted(self.n_missing, 'row')} with missing values left out."
        remark = " ".join([sense, lost, *self.remarks])
        return Summary("Largest of weighted log-rank tests", (self.glance(), self.tidy()), remark)

    def plot(self, ax: "Axes | None" = None, *, conf_level: float = 0.95) -> "Axes":
        """Draw the statistics with joint intervals: one excludes 0 if the joint test rejects.

        Parameters
        ----------
        ax : matplotlib Axes, optional
            Where to draw, narrowed to make room for the words; a new figure if not given.
        conf_level : float
            Level of the intervals.

        Returns
        -------
        matplotlib Axes
            The axes drawn on.
        """
        from rpcstats.figures.forest import forest_axes

        check_conf_level(conf_level)
        half = self._joint_quantile(conf_level)
        frame = self.tidy()[[TERM, STATISTIC]].rename(columns={STATISTIC: ESTIMATE})
        frame = frame.assign(
            **{CONF_LOW: frame[ESTIMATE] - half, CONF_HIGH: frame[ESTIMATE] + half}
        )
        return forest_axes(
            frame,
            ax=ax,
            label=TERM,
            percent=False,
            reference=0.0,
            value_label=f"Statistic (joint {conf_level:.0%} interval)",
            no_interval="the test has no variance",
        )

    def _joint_quantile(self, conf_level: float) -> float:
        """Give the size that the largest statistic exceeds with probability 1 - conf_level."""
        from scipy.optimize import brentq

        known = np.isfinite(self.z)
        if not known.any():
            return np.nan
        among = self.correlation[np.ix_(known, known)]
        most = float(normal_quantile(1 - (1 - conf_level) / known.sum()))
        least = float(normal_quantile(conf_level))
        if most - least < 1e-9:
            return least
        return float(
            brentq(
                lambda size: largest_tail(size, among) - (1 - conf_level),
                least - 0.01,
                most + 0.01,
                xtol=1e-6,
            )
        )


def max_combo(
    formula: str,
    data: Any,
    *,
    exponents: Sequence[tuple[float, float]] = EXPONENTS,
    weights: str | None = None,
    robust: bool = False,
) -> MaxCombo:
    """Test two groups by the largest of several weighted log-rank statistics.

    Parameters
    ----------
    formula : str
        ``"Surv(time, event) ~ mode"`` with two groups; strata() and cluster() as in `logrank`.
    data : frame
        pandas, or any frame narwhals reads.
    exponents : sequence of (float, float)
        rho and gamma of each Fleming-Harrington weight.
    weights : str, optional
        As in `logrank`.
    robust : bool
        As in `logrank`.

    Returns
    -------
    MaxCombo
        Each test, and the joint p-value of the largest.

    Raises
    ------
    FormulaError
        If the formula can't be read, names an absent column, or there are not two groups.
    DataError
        If times, events, entries or weights break their conditions.
    ParameterError
        If an exponent is out of range, or there are none.

    Notes
    -----
    Lee (2007), Lin and others (2020). The statistics are jointly normal, with the covariance of the
    scores summed over risk sets; the p-value is an integral over directions, free of random numbers
    up to three independent statistics. Of the four weights, (1, 0) and (0, 1) add up to (0, 0).
    """
    check_flags(robust=robust)
    chosen = _checked(exponents)
    sample = censored_sample(formula, data, weights=weights, allow=("strata", "cluster"))
    if len(sample.groups.labels) > 2:
        raise FormulaError("max_combo() compares two groups: use logrank() for more.")
    risk = counted_groups(sample)
    is_robust = robust or bool(sample.clusters)
    U, V = _joint(risk, chosen, sample, is_robust=is_robust)
    remarks = (*strata_remark(sample), *cluster_remarks(sample.clusters, sample.cluster_names))
    if len(sample.clusters) > 1 and is_negative(V):
        V, remarks = np.full_like(V, np.nan), (*remarks, NO_TEST)
    z, correlation, statistic, p_value = _largest(U, V)
    remarks += () if NO_TEST in remarks else untested_remark(z)
    return MaxCombo(
        strata=sample.groups.labels,
        exponents=chosen,
        z=z,
        correlation=correlation,
        statistic=statistic,
        p_value=p_value,
        n_obs=len(sample.time),
        n_event=int(sample.event.sum()),
        n_missing=sample.n_missing,
        is_robust=is_robust,
        remarks=remarks,
    )


def _checked(exponents: Sequence[tuple[float, float]]) -> tuple[tuple[float, float], ...]:
    try:
        pairs = tuple(tuple(pair) for pair in exponents)
    except TypeError:
        pairs = ()
    if not pairs or any(len(pair) != 2 for pair in pairs):
        raise ParameterError("exponents are not pairs", ["give (rho, gamma) of each weight"])
    chosen = tuple((as_number(rho), as_number(gamma)) for rho, gamma in pairs)
    for rho, gamma in chosen:
        check_weighting("fleming-harrington", rho, gamma)
    return chosen


def _joint(
    risk: GroupRisk,
    exponents: Sequence[tuple[float, float]],
    sample: CensoredSample,
    *,
    is_robust: bool,
) -> tuple[FloatArray, FloatArray]:
    """Give the scores of the second group under each weight, and their covariance."""
    counts = risk.counts
    ones = np.ones(len(counts.time))
    weights = [time_weight(counts, "fleming-harrington", *pair) for pair in exponents]
    W = np.array([ones if weight is None else weight for weight in weights])
    at_risk = risk.at_risk[1]
    failed = risk.event & (risk.codes == 1)
    seen = np.bincount(
        counts.position[failed], None if risk.w is None else risk.w[failed], len(ones)
    )
    U = W @ (seen - at_risk * counts.n_event / counts.n_risk)
    if is_robust:
        group = np.array([1])
        columns = [risk.residuals(weight, group)[:, 0] for weight in W]
        return U, clustered_covariance(np.column_stack(columns), sample.clusters)
    spread = risk.spread() * at_risk * (1 - at_risk / counts.n_risk)
    return U, (W * spread) @ W.T


def _largest(U: FloatArray, V: FloatArray) -> tuple[FloatArray, FloatArray, float, float]:
    variance = np.diag(V)
    known = variance > 0
    with np.errstate(divide="ignore", invalid="ignore"):
        z = np.where(known, U / np.sqrt(variance), np.nan)
        correlation = V / np.sqrt(np.outer(variance, variance))
    statistic = p = np.nan
    if known.any():
        statistic = float(np.abs(z[known]).max())
        p = largest_tail(statistic, correlation[np.ix_(known, known)])
    for values in (z, correlation):
        values.setflags(write=False)
    return z, correlation, statistic, p
