"""Likelihood-ratio test by parametric bootstrap."""

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd

from rpcstats._vocabulary import P_VALUE, STATISTIC
from rpcstats.errors import DataError, ParameterError
from rpcstats.mixed.inference.bootstrap import refuse_structure
from rpcstats.mixed.inference.bootstrap_workers import Task, run_refits
from rpcstats.mixed.inference.nested_models import added_effects
from rpcstats.mixed.linear.search import fit_linear
from rpcstats.mixed.structure.model_frame import FloatArray
from rpcstats.tables.summary import Summary, counted

if TYPE_CHECKING:
    from rpcstats.mixed.mixed_fit import MixedFit

# A statistic drawn as large as the one seen but for rounding counts as large.
_ROUNDING: Final = 1e-7

# A larger model whose deviance is higher by more was not fitted to its optimum.
_WORSE: Final = 1e-5


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class BootstrapLikelihoodRatio:
    """A likelihood-ratio test by parametric bootstrap.

    Attributes
    ----------
    models : tuple of str
        Formulas of the smaller and the larger model.
    criterion : str
        Which likelihood was compared: "ml", "reml", "laplace", "agq 7".
    statistic : float
        Fall of the deviance from the smaller model to the larger.
    replicates : ndarray of shape (n,)
        The statistic in data drawn from the smaller model; NaN where a refit did not end well.
    remarks : tuple of str
        What a reader should know, in plain sentences.
    """

    models: tuple[str, str]
    criterion: str
    statistic: float
    replicates: FloatArray
    remarks: tuple[str, ...]

    @property
    def n_failed(self) -> int:
        """Data sets to which a model could not be fitted; they are left out."""
        return int(np.isnan(self.replicates).sum())

    @property
    def p_value(self) -> float:
        """Share of statistics as large as the one seen, which counts as one of them."""
        drawn = self.replicates[np.isfinite(self.replicates)]
        large = drawn >= self.statistic - _ROUNDING * max(1.0, abs(self.statistic))
        return float((1 + large.sum()) / (1 + len(drawn)))

    @property
    def mc_error(self) -> float:
        """Monte Carlo standard error of the p-value."""
        p, n = self.p_value, len(self.replicates) - self.n_failed
        return float(np.sqrt(p * (1.0 - p) / (n + 1)))

    def tidy(self) -> pd.DataFrame:
        """Give the test in one row.

        Returns
        -------
        pandas.DataFrame
            Columns statistic, p_value, mc_error (Monte Carlo standard error of the p-value),
            n_used (data sets to which both models could be fitted).
        """
        used = len(self.replicates) - self.n_failed
        row = {STATISTIC: self.statistic, P_VALUE: self.p_value, "mc_error": self.mc_error}
        return pd.DataFrame([{**row, "n_used": used}])

    def summary(self) -> Summary:
        """Give a readable account.

        Returns
        -------
        Summary
            Prints as text, shows as HTML in a notebook.
        """
        heading = (
            f"Likelihood-ratio test by parametric bootstrap ({self.criterion.upper()}):"
            f" {self.models[0]} in {self.models[1]}"
        )
        return Summary(heading, (self.tidy(),), " ".join(self.remarks))

    def __repr__(self) -> str:
        """Give the table as text."""
        return str(self.summary())

    def _repr_html_(self) -> str:
        return self.summary()._repr_html_()


def bootstrap_likelihood_ratio(
    small: "MixedFit", big: "MixedFit", n: int = 1000, *, seed: int, workers: int = 1
) -> BootstrapLikelihoodRatio:
    """Test a mixed model against a larger one with data drawn from the smaller.

    Parameters
    ----------
    small, big : MixedFit
        Nested fits of one response; a variance of the larger one tested at zero is what the
        test is for.
    n : int
        Number of data sets, 2 or more.
    seed : int
        Seed of the random numbers; the result is the same for any number of workers.
    workers : int
        Processes; 1 for this one alone.

    Returns
    -------
    BootstrapLikelihoodRatio
        The test.

    Raises
    ------
    ParameterError
        If an option is out of range, or a model has a structure of the residuals.
    DataError
        If the models are not nested fits of the same data and family, the larger fits worse,
        or no data set could be fitted.

    Notes
    -----
    REML fits with equal fixed effects are compared by their restricted likelihoods, others by
    the likelihood, for which they are fitted again. The p-value counts the statistic seen as
    one of those drawn (Davison and Hinkley 1997, section 4.2.2).
    """
    refuse_structure(small)
    refuse_structure(big)
    small, big, remarks = _comparable(small, big)
    statistic = small.deviance - big.deviance
    if statistic < -_WORSE * max(1.0, abs(small.deviance) * 1e-3):
        raise DataError(
            "The larger model fits worse than the smaller, so its search stopped short of the "
            "optimum: fit it again from another start."
        )
    by_small, by_big = run_refits(Task(small, (small, big)), n, seed, workers)
    fall = by_small.deviance - by_big.deviance
    replicates = np.where(by_small.converged & by_big.converged, np.maximum(fall, 0.0), np.nan)
    lost = int(np.isnan(replicates).sum())
    if lost == n:
        raise DataError("No data set could be fitted by both models: simplify the larger one.")
    if lost:
        remarks.append(f"{counted(lost, 'data set')} of {n:,} could not be fitted; left out.")
    replicates.setflags(write=False)
    return BootstrapLikelihoodRatio(
        models=(small.frame.design.formula.text, big.frame.design.formula.text),
        criterion=small.criterion,
        statistic=max(statistic, 0.0),
        replicates=replicates,
        remarks=tuple(remarks),
    )


def _comparable(small: "MixedFit", big: "MixedFit") -> tuple["MixedFit", "MixedFit", list[str]]:
    """Check that the models are nested and put them on one likelihood."""
    if big.n_parameter <= small.n_parameter:
        raise ParameterError("The second model is not the larger", ["give the smaller model first"])
    described = [(type(f), getattr(f, "family", ""), getattr(f, "link", "")) for f in (small, big)]
    if described[0] != described[1]:
        raise DataError("The models have different families or links: compare them by AIC.")
    added_effects(small.frame, big.frame)
    restricted = [fit.criterion == "reml" for fit in (small, big)]
    if all(restricted) and np.array_equal(small.frame.X, big.frame.X):
        return small, big, ["Restricted likelihoods, as the fixed effects are the same."]
    if any(restricted):
        return _by_ml(small), _by_ml(big), ["Fitted again by maximum likelihood."]
    if small.criterion != big.criterion:
        raise DataError(
            "The likelihoods were approximated in different ways: fit the models with the same "
            "number of quadrature nodes."
        )
    return small, big, []


def _by_ml(fit: Any) -> Any:
    if fit.criterion != "reml":
        return fit
    evaluation, optimum = fit_linear(fit.problem, False, fit.theta)
    return replace(fit, method="ml", evaluation=evaluation, optimum=optimum, _worked_out={})
