"""Distributions of censored times side by side."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, cast

import numpy as np
import pandas as pd

from rpcstats._numerics.arguments import as_word, check_flags
from rpcstats._numerics.intervals import check_conf_level
from rpcstats._vocabulary import CONVERGED, DF, DISTRIBUTIONS, STRATA
from rpcstats.errors import ParameterError
from rpcstats.formula import Formula
from rpcstats.survival.parametric.estimate_survreg import fit_survreg
from rpcstats.survival.parametric.families import FAMILIES, Distribution
from rpcstats.survival.parametric.read_sample import read_sample
from rpcstats.survival.parametric.survreg import check_options, check_strata
from rpcstats.survival.parametric.survreg_fit import SurvregFit
from rpcstats.tables.summary import Summary, counted

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_POSITIVE: Final[tuple[Distribution, ...]] = (
    "weibull",
    "exponential",
    "lognormal",
    "loglogistic",
    "gamma",
    "generalised_gamma",
    "gompertz",
)

_DRAWN: Final = 4


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class DistributionComparison:
    """Fits of one formula under several distributions.

    Attributes
    ----------
    fits : tuple of SurvregFit
        The fits, in the order asked for.
    conf_level : float
        Level of the intervals of each.
    n_missing : int
        Rows left out because a value was missing.
    remarks : tuple of str
        What a reader should know, in plain sentences.
    """

    fits: tuple[SurvregFit, ...]
    conf_level: float
    n_missing: int
    remarks: tuple[str, ...]

    def tidy(self) -> pd.DataFrame:
        """Give one row per distribution, the best by AIC first.

        Returns
        -------
        pandas.DataFrame
            Columns distribution, log_lik, df, aic, bic, delta_aic, weight (Akaike's),
            converged; a fit that did not converge is last and has no weight.
        """
        frame = pd.DataFrame(
            {
                "distribution": [fit.dist for fit in self.fits],
                "log_lik": [fit.log_lik for fit in self.fits],
                DF: [fit.n_parameter for fit in self.fits],
                "aic": [fit.aic for fit in self.fits],
                "bic": [fit.bic for fit in self.fits],
                CONVERGED: [fit.converged for fit in self.fits],
            }
        )
        frame = frame.sort_values([CONVERGED, "aic"], ascending=[False, True], kind="stable")
        good = frame[CONVERGED].to_numpy()
        best = frame["aic"][good].min()
        delta = frame["aic"].to_numpy() - best
        likely = np.where(good, np.exp(-0.5 * np.where(good, delta, 0.0)), np.nan)
        frame.insert(5, "delta_aic", delta)
        frame.insert(6, "weight", likely / np.nansum(likely) if good.any() else likely)
        return frame[list(DISTRIBUTIONS)].reset_index(drop=True)

    def glance(self) -> pd.DataFrame:
        """Give one row on the whole comparison.

        Returns
        -------
        pandas.DataFrame
            Columns n_obs, n_event, n_fit, best, aic, n_missing.
        """
        table, first = self.tidy(), self.fits[0]
        row = {
            "n_obs": first.n_obs,
            "n_event": first.n_event,
            "n_fit": len(self.fits),
            "best": table["distribution"].iloc[0],
            "aic": table["aic"].iloc[0],
            "n_missing": self.n_missing,
        }
        return pd.DataFrame([row])

    def best(self) -> SurvregFit:
        """Give the fit with the smallest AIC among those that converged.

        Returns
        -------
        SurvregFit
            The fit; the first if none converged.
        """
        name = self.tidy()["distribution"].iloc[0]
        return next(fit for fit in self.fits if fit.dist == name)

    def summary(self) -> Summary:
        """Give a readable account.

        Returns
        -------
        Summary
            Prints as text, shows as HTML in a notebook.
        """
        first = self.fits[0]
        head = (
            f"Distributions compared: {counted(first.n_obs, 'row')},"
            f" {counted(first.n_event, 'event')}"
        )
        text = "The choice by AIC is not in the standard errors of the fit chosen."
        return Summary(head, (self.tidy(),), " ".join([text, *self.remarks]))

    def plot(self, ax: "Axes | None" = None) -> "Axes":
        """Draw the mean fitted survival of the four best over that estimated without a model.

        Parameters
        ----------
        ax : matplotlib Axes, optional
            Where to draw; a new figure if not given.

        Returns
        -------
        matplotlib Axes
            The axes drawn on.
        """
        from rpcstats.figures.fitted_curves import fitted_curves
        from rpcstats.survival.parametric.fitted_survival import compare_survival

        fitted, observed = [], None
        shown = self.tidy()["distribution"].head(_DRAWN).tolist()
        for fit in (fit for name in shown for fit in self.fits if fit.dist == name):
            compared = compare_survival(fit, by_pattern=False)
            title = fit.described.title
            fitted.append(compared.fitted.assign(**{STRATA: title}))
            observed = compared.observed.assign(**{STRATA: "observed"})
        if observed is None:
            raise AssertionError("a comparison has fits")
        return fitted_curves(observed, pd.concat(fitted, ignore_index=True), ax=ax)

    def __repr__(self) -> str:
        """Give the summary as text."""
        return str(self.summary())

    def _repr_html_(self) -> str:
        return self.summary()._repr_html_()


def compare_distributions(
    formula: str | Formula,
    data: Any,
    *,
    dists: Sequence[Distribution] | None = None,
    weights: str | None = None,
    robust: bool = False,
    conf_level: float = 0.95,
) -> DistributionComparison:
    """Fit one formula under several distributions and compare their likelihoods.

    Parameters
    ----------
    formula : str or Formula
        As in `survreg`.
    data : frame
        pandas, or any frame narwhals reads.
    dists : sequence of str, optional
        Distributions, as in `survreg`; all those of positive times if not given, less those
        that strata() rules out.
    weights : str, optional
        Column of case weights above 0.
    robust : bool
        Whether the fits take the sandwich covariance.
    conf_level : float
        Level of the intervals of the fits.

    Returns
    -------
    DistributionComparison
        The fits.

    Raises
    ------
    FormulaError
        If the formula can't be read, or names a column that is not there.
    DataError
        If the data break the conditions of `survreg`.
    ParameterError
        If a distribution is unknown or does not go with the formula.

    Notes
    -----
    Akaike (1974): −2 log L + 2 df, with log-likelihoods of the times themselves, so that models
    of time and of its logarithm can be compared. A fit that does not converge says so in its
    row; no warning is given.
    """
    check_flags(robust=robust)
    check_conf_level(conf_level)
    sample = read_sample(formula, data, weights=weights)
    if dists is None:
        dists = [d for d in _POSITIVE if not (sample.has_strata and d == "exponential")]
    is_one = isinstance(dists, str) or not isinstance(dists, Iterable)
    given: Sequence[Any] = (dists,) if is_one else list(dists)
    wanted = cast(list[Distribution], list(dict.fromkeys(as_word(dist) for dist in given)))
    if not wanted:
        raise ParameterError("dists is empty", [f"choose among {', '.join(FAMILIES)}"])
    for dist in wanted:
        check_options(dist, "aft", conf_level)
        check_strata(sample.has_strata, dist, "aft")
    fits = tuple(
        fit_survreg(
            sample.frame, dist=dist, robust=robust, conf_level=conf_level, below=sample.below
        )
        for dist in wanted
    )
    shared = dict.fromkeys(text for fit in fits for text in fit.remarks if text not in fit.trouble)
    trouble = tuple(f"{fit.described.title}: {text}" for fit in fits for text in fit.trouble)
    return DistributionComparison(
        fits=fits,
        conf_level=conf_level,
        n_missing=sample.frame.n_missing,
        remarks=(*shared, *trouble),
    )
