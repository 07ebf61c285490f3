"""Quantile residuals: where each observation lies among data drawn from the model."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from rpcstats._vocabulary import P_VALUE, STATISTIC
from rpcstats.errors import ParameterError
from rpcstats.mixed.checks.simulated_ranks import (
    RankSums,
    rank_sums,
    simulation_p,
    uniformity,
)
from rpcstats.mixed.general_estimates import GeneralEstimates
from rpcstats.mixed.mixed_fit import MixedFit
from rpcstats.mixed.structure.model_frame import FloatArray
from rpcstats.tables.summary import Summary, counted

if TYPE_CHECKING:
    from matplotlib.figure import Figure

# Families whose zeros may be too many.
_WITH_ZEROS: Final = ("binomial", "poisson", "negative binomial")

FEWEST: Final = 20
"""Data sets below which no p-value could be small."""


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class QuantileResiduals:
    """Residuals that are uniform in (0, 1) if the model holds, with four tests of it.

    Attributes
    ----------
    residual : ndarray of shape (n_obs,)
        Share of the model's distribution below each observation, read-only.
    fitted : ndarray of shape (n_obs,)
        Fitted values: fixed part alone, or with the random effects for conditional draws.
    observed : ndarray of shape (n_obs,)
        The response as drawn: category codes from 0 for an ordered one.
    row : ndarray of shape (n_obs,), int
        Position of each row in the data.
    tests : tuple of tuple
        Name, statistic, what is expected and p-value of each test.
    n_drawn : int
        Data sets drawn.
    conditional : bool
        Whether the random effects stayed at their modes.
    """

    residual: FloatArray
    fitted: FloatArray
    observed: FloatArray
    row: np.ndarray
    tests: tuple[tuple[str, float, float, float], ...]
    n_drawn: int
    conditional: bool

    def tidy(self) -> pd.DataFrame:
        """Give one row per test.

        Returns
        -------
        pandas.DataFrame
            Columns test, statistic, expected, p_value. `uniformity` is Kolmogorov and Smirnov's
            distance; `dispersion` the spread about the mean over that of data drawn; `outliers`
            the observations beyond all data drawn; `zeros` the zeros of a count.
        """
        return pd.DataFrame(self.tests, columns=["test", STATISTIC, "expected", P_VALUE])

    def augment(self) -> pd.DataFrame:
        """Give one row per row used.

        Returns
        -------
        pandas.DataFrame
            Columns row, observed, fitted, residual.
        """
        return pd.DataFrame(
            {
                "row": self.row.copy(),
                "observed": self.observed.copy(),
                "fitted": self.fitted.copy(),
                "residual": self.residual.copy(),
            }
        )

    def summary(self) -> Summary:
        """Give a readable account.

        Returns
        -------
        Summary
            Prints as text, shows as HTML in a notebook.
        """
        drawn = "with random effects at their modes" if self.conditional else "with new effects"
        remark = (
            f"p-values from {counted(self.n_drawn, 'data set')} drawn {drawn}; the estimates are"
            " taken as known, which errs on the side of large p-values."
        )
        return Summary("Quantile residuals", (self.tidy(),), remark)

    def plot(self) -> "Figure":
        """Draw the residuals, put on the normal scale, so that a poor fit shows.

        Returns
        -------
        matplotlib.figure.Figure
            The picture.
        """
        from scipy import special

        from rpcstats.figures.residual_checks import residual_checks

        normal = special.ndtri(self.residual)
        return residual_checks(pd.DataFrame({"fitted": self.fitted, "std_residual": normal}))

    def __repr__(self) -> str:
        """Give the table as text."""
        return str(self.summary())

    def _repr_html_(self) -> str:
        return self.summary()._repr_html_()


def quantile_residuals(
    fit: MixedFit, *, n: int = 250, seed: int, conditional: bool = False
) -> QuantileResiduals:
    """Compare each observation with data drawn from the model.

    Parameters
    ----------
    fit : MixedFit
        What `lmm`, `glmm` or `clmm` gave.
    n : int
        Data sets drawn, 20 or more.
    seed : int
        Seed of the random numbers.
    conditional : bool
        Whether the random effects stay at their modes; else they are drawn too, which tests
        the model as a whole.

    Returns
    -------
    QuantileResiduals
        Residuals and tests.

    Raises
    ------
    ParameterError
        If `n` is too small.

    Notes
    -----
    Dunn and Smyth (1996), by simulation as in Hartig's DHARMa: the residual is the randomised
    rank of the observation among the data drawn. Under the model with known parameters the
    data and the data sets drawn are exchangeable, whatever the correlation within groups, so
    each test ranks the statistic of the data among those of the data sets drawn, each taken
    against all the others (Barnard 1963).
    """
    if n < FEWEST or n != int(n):
        raise ParameterError("n is out of range", [f"ask for {FEWEST} data sets or more"])
    observed = np.asarray(fit.frame.y, dtype=np.float64)
    drawn = fit.simulate(int(n), seed=seed, conditional=conditional)
    # Another stream than that of the data drawn.
    rng = np.random.default_rng([seed, 1])
    sums = rank_sums(observed, drawn, rng)
    residual = (sums.rank + rng.random(len(observed))) / (n + 1.0)
    fitted = fit.fitted() if conditional else fit.augment()["fitted_marginal"].to_numpy()
    arrays = [np.array(values) for values in (residual, fitted, observed, fit.frame.kept)]
    for values in arrays:
        values.setflags(write=False)
    return QuantileResiduals(
        residual=arrays[0],
        fitted=arrays[1],
        observed=arrays[2],
        row=arrays[3],
        tests=_tests(sums, with_zeros=_has_zeros(fit)),
        n_drawn=int(n),
        conditional=conditional,
    )


def _has_zeros(fit: MixedFit) -> bool:
    return isinstance(fit, GeneralEstimates) and fit.family in _WITH_ZEROS


def _tests(sums: RankSums, *, with_zeros: bool) -> tuple[tuple[str, float, float, float], ...]:
    distance = uniformity(sums.counts)
    wanted = [
        ("uniformity", distance, False),
        ("dispersion", sums.dispersion, True),
        ("outliers", sums.n_outside.astype(np.float64), False),
    ]
    if with_zeros:
        wanted.append(("zeros", sums.n_zero.astype(np.float64), True))
    return tuple(
        (
            name,
            float(values[0]),
            float(values[1:].mean()),
            simulation_p(values, two_sided=two_sided),
        )
        for name, values, two_sided in wanted
    )
