"""Parametric bootstrap of mixed models."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from rpcstats._numerics.intervals import normal_quantile
from rpcstats._vocabulary import (
    CONF_HIGH,
    CONF_LOW,
    ESTIMATE,
    STD_ERROR,
    TERM,
)
from rpcstats.errors import DataError, ParameterError
from rpcstats.mixed.inference.bootstrap_limits import Kind, limits
from rpcstats.mixed.inference.bootstrap_refits import Refitted, Statistic, statistic_values
from rpcstats.mixed.inference.bootstrap_workers import Task, run_refits
from rpcstats.mixed.inference.profile_parameters import (
    Estimates,
    Parameter,
    estimates_of,
    likelihood_of,
    parameter_values,
    parameters_of,
)
from rpcstats.mixed.structure.model_frame import FloatArray
from rpcstats.mixed.wording import is_singular
from rpcstats.tables.summary import Summary, counted

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from rpcstats.mixed.mixed_fit import MixedFit


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class BootstrapFit:
    """Replicates of the estimates of a mixed model.

    Attributes
    ----------
    terms : tuple of str
        Names of the parameters, and of the statistic's numbers.
    estimate : ndarray of shape (m,)
        Their values in the fit.
    replicates : ndarray of shape (n, m)
        Their values in each refit; NaN where a refit did not end well, and for a correlation
        with an effect whose variance came out as zero.
    least, largest : ndarray of shape (m,)
        The range of each parameter.
    n_failed : int
        Refits that did not end well; they are left out.
    n_singular : int
        Refits with a variance of zero or a perfect correlation; they are kept.
    remarks : tuple of str
        What a reader should know, in plain sentences.
    """

    terms: tuple[str, ...]
    estimate: FloatArray
    replicates: FloatArray
    least: FloatArray
    largest: FloatArray
    n_failed: int
    n_singular: int
    remarks: tuple[str, ...]

    @property
    def n(self) -> int:
        """Number of data sets drawn."""
        return len(self.replicates)

    def tidy(self, *, kind: Kind = "percentile", conf_level: float = 0.95) -> pd.DataFrame:
        """Give one row per parameter.

        Parameters
        ----------
        kind : {"percentile", "basic"}
            Quantiles of the replicates, or twice the estimate less the opposite quantiles. A
            limit outside the range of the parameter is put at its end.
        conf_level : float
            Level of the intervals.

        Returns
        -------
        pandas.DataFrame
            Columns term, estimate, bias (mean of the replicates less the estimate), std_error
            (their standard deviation), conf_low, conf_high, mc_error_low and mc_error_high
            (Monte Carlo standard errors of the limits), n_used.

        Raises
        ------
        ParameterError
            If an option is unknown or out of range.
        """
        normal_quantile(conf_level)
        if kind not in ("percentile", "basic"):
            raise ParameterError("kind is unknown", ['choose "percentile" or "basic"'])
        rows = []
        for j, (term, estimate) in enumerate(zip(self.terms, self.estimate, strict=True)):
            values = self.replicates[:, j]
            values = values[np.isfinite(values)]
            bounds = (float(self.least[j]), float(self.largest[j]))
            low, high = limits(values, float(estimate), conf_level, kind, bounds)
            bias = values.mean() - estimate if len(values) else np.nan
            spread = values.std(ddof=1) if len(values) > 1 else np.nan
            ends = (low.value, high.value, low.error, high.error)
            rows.append((term, estimate, bias, spread, *ends, len(values)))
        return pd.DataFrame(rows, columns=list(_COLUMNS))

    def summary(self) -> Summary:
        """Give a readable account.

        Returns
        -------
        Summary
            Prints as text, shows as HTML in a notebook.
        """
        heading = f"Parametric bootstrap, {counted(self.n, 'data set')}, 95 % intervals"
        return Summary(heading, (self.tidy(),), " ".join(self.remarks))

    def plot(self) -> "Figure":
        """Draw the replicates, a panel a parameter.

        Returns
        -------
        matplotlib.figure.Figure
            Histograms with the estimate and the limits of the 95 % percentile interval.
        """
        from rpcstats.mixed.inference.bootstrap_figure import draw_replicates

        return draw_replicates(self)

    def __repr__(self) -> str:
        """Give the table as text."""
        return str(self.summary())

    def _repr_html_(self) -> str:
        return self.summary()._repr_html_()


_COLUMNS = (
    TERM,
    ESTIMATE,
    "bias",
    STD_ERROR,
    CONF_LOW,
    CONF_HIGH,
    "mc_error_low",
    "mc_error_high",
    "n_used",
)


def parametric_bootstrap(
    fit: "MixedFit",
    n: int = 1000,
    *,
    seed: int,
    statistic: Statistic | None = None,
    workers: int = 1,
) -> BootstrapFit:
    """Draw data sets from a fitted mixed model and fit it to each of them.

    Parameters
    ----------
    fit : MixedFit
        The fit; random effects and residuals are drawn anew, by its own criterion it is
        fitted again.
    n : int
        Number of data sets, 2 or more.
    seed : int
        Seed of the random numbers; the result is the same for any number of workers.
    statistic : callable, optional
        Numbers wanted of each refit besides its parameters: takes a fit, gives a number, a
        list or a dict of numbers.
    workers : int
        Processes; 1 for this one alone.

    Returns
    -------
    BootstrapFit
        Replicates of fixed effects, standard deviations, correlations and whatever else the
        model estimates, with intervals.

    Raises
    ------
    ParameterError
        If an option is out of range, the statistic gives no numbers or can't be sent to other
        processes, or the model has a structure of the residuals.
    DataError
        If no refit ended well.

    Notes
    -----
    Davison and Hinkley (1997, chapters 2 and 5). Linear models with one grouping factor are
    fitted to all data sets at once.
    """
    refuse_structure(fit)
    names, values = list[str](), np.zeros(0)
    if statistic is not None:
        names, values = statistic_values(statistic(fit))
    task = Task(fit, (fit,), statistic, len(names))
    (found,) = run_refits(task, n, seed, workers)
    parameters = parameters_of(fit)
    replicates = np.column_stack([_read_replicates(fit, parameters, found), found.statistic])
    n_failed = int((~found.converged).sum())
    if n_failed == n:
        raise DataError(
            "No refit ended well, so there are no intervals: simplify the model, and check that"
            " no predictor tells the outcome apart completely."
        )
    blocks, scale = fit.frame.blocks, fit.theta_scale
    n_singular = sum(is_singular(blocks, t, scale) for t in found.theta[found.converged])
    estimate = parameter_values(parameters, blocks, estimates_of(fit), likelihood_of(fit))
    free = np.full(len(names), np.inf)
    arrays = {
        "estimate": np.concatenate([estimate, values]),
        "replicates": replicates,
        "least": np.concatenate([[p.least for p in parameters], -free]),
        "largest": np.concatenate([[p.largest for p in parameters], free]),
    }
    for array in arrays.values():
        array.setflags(write=False)
    return BootstrapFit(
        terms=(*(parameter.name for parameter in parameters), *names),
        n_failed=n_failed,
        n_singular=n_singular,
        remarks=_remarks(n, n_failed, n_singular),
        **arrays,
    )


def refuse_structure(fit: "MixedFit") -> None:
    """Refuse models whose residuals have a structure of their own.

    Parameters
    ----------
    fit : MixedFit
        The fit.

    Raises
    ------
    ParameterError
        If its residuals are not independent with one variance.
    """
    if getattr(fit, "residual", None) is not None:
        raise ParameterError(
            "Models with a structure of the residuals have no bootstrap here",
            ['choose method="wald"'],
        )


def _read_replicates(
    fit: "MixedFit", parameters: tuple[Parameter, ...], found: Refitted
) -> FloatArray:
    blocks, likelihood = fit.frame.blocks, likelihood_of(fit)
    values = np.full((len(found.deviance), len(parameters)), np.nan)
    for b in np.flatnonzero(found.converged):
        sigma = None if fit.sigma is None else float(found.sigma[b])
        one = Estimates(found.beta[b], found.theta[b], sigma, found.extra[b], fit.theta_scale)
        values[b] = parameter_values(parameters, blocks, one, likelihood)
    return values


def _remarks(n: int, n_failed: int, n_singular: int) -> tuple[str, ...]:
    remarks = []
    if n_failed:
        remarks.append(f"{counted(n_failed, 'refit')} of {n:,} did not end well; left out.")
    if n_singular:
        remarks.append(
            f"{counted(n_singular, 'refit')} of {n:,} had a variance of zero or a perfect"
            " correlation; kept."
        )
    return tuple(remarks)
