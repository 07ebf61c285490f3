"""Restricted means with intervals from resampled rows or clusters."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from rpcstats._numerics.arguments import check_seed
from rpcstats._numerics.intervals import check_conf_level
from rpcstats._vocabulary import CONF_HIGH, CONF_LOW, ESTIMATE, MEASURE, STD_ERROR, TERM
from rpcstats.errors import ParameterError
from rpcstats.formula.censored import censored_sample
from rpcstats.survival.nonparametric._bootstrap import bootstrap_areas
from rpcstats.survival.nonparametric._curve_rows import curve_rows
from rpcstats.survival.nonparametric.kaplan_meier import kaplan_meier_of
from rpcstats.survival.nonparametric.restricted_mean import RestrictedMean
from rpcstats.survival.nonparametric.rmst import refuse_unreached
from rpcstats.tables.summary import Summarised, Summary, counted

if TYPE_CHECKING:
    from matplotlib.axes import Axes

FloatArray = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False, kw_only=True, repr=False)
class RestrictedMeanBootstrap(Summarised):
    """Restricted means of a sample and of samples drawn from it.

    Attributes
    ----------
    means : RestrictedMean
        Estimates from the sample itself.
    replicates : ndarray of shape (n_boot, k)
        Restricted means of the samples drawn; NaN where one can't be known.
    conf_level : float
        Level of the percentile intervals.
    remarks : tuple of str
        What a reader should know, in plain sentences.
    """

    means: RestrictedMean
    replicates: FloatArray
    conf_level: float
    remarks: tuple[str, ...]

    @property
    def n_missing(self) -> int:
        """Rows left out because a value was missing."""
        return self.means.n_missing

    def tidy(self) -> pd.DataFrame:
        """Give a row for each group, then three for each group but the first.

        Returns
        -------
        pandas.DataFrame
            Columns term, measure ("mean", "difference", "ratio", "ratio of time lost"),
            estimate, std_error, conf_low, conf_high. The standard error of a ratio is that
            of its logarithm.
        """
        labels, tau = self.means.strata, self.means.tau
        point, drawn = self.means.estimate, self.replicates
        rows = [self._row(label, "mean", point[k], drawn[:, k]) for k, label in enumerate(labels)]
        with np.errstate(divide="ignore", invalid="ignore"):
            logs = [
                (np.log(level[0]), np.log(level[1]))
                for level in ((point, drawn), (tau - point, tau - drawn))
            ]
        for k, label in enumerate(labels[1:], start=1):
            term = f"{label} against {labels[0]}"
            contrast = point[k] - point[0], drawn[:, k] - drawn[:, 0]
            rows.append(self._row(term, "difference", *contrast))
            for measure, (one, many) in zip(("ratio", "ratio of time lost"), logs, strict=True):
                with np.errstate(invalid="ignore"):
                    row = self._row(term, measure, one[k] - one[0], many[:, k] - many[:, 0])
                for column in (ESTIMATE, CONF_LOW, CONF_HIGH):
                    row[column] = float(np.exp(row[column]))
                rows.append(row)
        return pd.DataFrame(rows)

    def glance(self) -> pd.DataFrame:
        """Give one row on the whole.

        Returns
        -------
        pandas.DataFrame
            As `RestrictedMean.glance`, and n_boot.
        """
        return self.means.glance().assign(n_boot=len(self.replicates))

    def summary(self) -> Summary:
        """Give a readable account.

        Returns
        -------
        Summary
            Prints as text, shows as HTML in a notebook.
        """
        how = f"{self.conf_level:.0%} percentile intervals of {len(self.replicates):,} samples."
        heading = f"Restricted means up to {self.means.tau:g}, bootstrapped"
        return Summary(heading, (self.tidy(),), " ".join([how, *self.remarks]))

    def plot(self, ax: "Axes | None" = None) -> "Axes":
        """Draw the means of the groups with their intervals.

        Parameters
        ----------
        ax : matplotlib Axes, optional
            Where to draw, narrowed to make room for the names; a new figure if not given.

        Returns
        -------
        matplotlib Axes
            The axes drawn on.
        """
        from rpcstats.figures.forest import forest_axes

        frame = self.tidy().query("measure == 'mean'")
        head = f"Mean up to {self.means.tau:g} ({self.conf_level:.0%} interval)"
        return forest_axes(frame, ax=ax, label=TERM, percent=False, value_label=head)

    def _row(self, term: str, measure: str, estimate: float, drawn: FloatArray) -> dict[str, Any]:
        known = drawn[np.isfinite(drawn)]
        low = high = error = np.nan
        if len(known) > 1 and np.isfinite(estimate):
            tail = (1 - self.conf_level) / 2
            low, high = np.quantile(known, [tail, 1 - tail])
            error = known.std(ddof=1)
        values = (term, measure, float(estimate), float(error), float(low), float(high))
        names = (TERM, MEASURE, ESTIMATE, STD_ERROR, CONF_LOW, CONF_HIGH)
        return dict(zip(names, values, strict=True))


def rmst_bootstrap(
    formula: str,
    data: Any,
    *,
    tau: float,
    n_boot: int = 1000,
    seed: int = 0,
    weights: str | None = None,
    conf_level: float = 0.95,
) -> RestrictedMeanBootstrap:
    """Estimate restricted means with intervals from resampled rows or clusters.

    Parameters
    ----------
    formula : str
        ``"Surv(time, event) ~ mode"``; with ``cluster(g)`` whole clusters are drawn, else rows
        within each group.
    data : frame
        pandas, or any frame narwhals reads.
    tau : float
        Horizon, above 0, in the unit of time.
    n_boot : int
        Number of samples.
    seed : int
        Seed of the random numbers.
    weights : str, optional
        Column of case weights above 0.
    conf_level : float
        Level of the percentile intervals.

    Returns
    -------
    RestrictedMeanBootstrap
        Means, differences and ratios with intervals.

    Raises
    ------
    FormulaError
        If the formula can't be read, or names a column that is not there.
    DataError
        If times, events, entries or weights break their conditions.
    ParameterError
        If tau, n_boot or conf_level is out of range, or nobody was followed to tau.

    Notes
    -----
    Efron (1981), percentile intervals; of clusters, Davison and Hinkley (1997, section 3.8).
    """
    check_conf_level(conf_level)
    if not (isinstance(n_boot, int) and n_boot >= 2):
        raise ParameterError("n_boot is out of range", ["give a whole number of 2 or more"])
    check_seed(seed)
    sample = censored_sample(formula, data, weights=weights, allow=("cluster",))
    if len(sample.clusters) > 1:
        raise ParameterError(
            "Clusters of two kinds can't be drawn together", ["name one column in cluster()"]
        )
    means = kaplan_meier_of(sample, conf_level=conf_level).rmst(tau)
    refuse_unreached(means)
    rows = curve_rows(sample)
    drawn = bootstrap_areas(rows, tau, n_boot, np.random.default_rng(seed))
    drawn.setflags(write=False)
    return RestrictedMeanBootstrap(
        means=means,
        replicates=drawn,
        conf_level=conf_level,
        remarks=(*means.remarks, *_unknown_remark(drawn)),
    )


def _unknown_remark(drawn: FloatArray) -> tuple[str, ...]:
    n_bad = int(np.isnan(drawn).any(axis=1).sum())
    if not n_bad:
        return ()
    return (
        f"In {counted(n_bad, 'sample')} a group was not followed to tau: intervals rest on the"
        " others.",
    )
