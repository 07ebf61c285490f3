"""Test of proportional sub-distribution hazards."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal, get_args

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from rpcstats._numerics.arguments import as_word
from rpcstats._numerics.intervals import chi_square_p, normal_quantile
from rpcstats._vocabulary import CONF_HIGH, CONF_LOW, DF, ESTIMATE, P_VALUE, STATISTIC, TERM, TIME
from rpcstats.errors import ParameterError
from rpcstats.survival._multiway import clustered_covariance
from rpcstats.survival.competing._subdistribution_likelihood import risk_sums
from rpcstats.survival.competing.fine_gray_estimation import score_influence
from rpcstats.survival.cox_checks._natural_spline import smooth
from rpcstats.tables.summary import Summarised, Summary

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from rpcstats.survival.competing.fine_gray_fit import FineGrayFit

FloatArray = NDArray[np.float64]
Transform = Literal["rank", "identity", "log"]
GLOBAL: Final = "GLOBAL"
_LEVEL: Final = 0.95
_GRID: Final = 40
_KNOTS: Final = np.linspace(0.0, 1.0, 5)


@dataclass(frozen=True, slots=True, eq=False, kw_only=True, repr=False)
class ProportionalSubhazardsTest(Summarised):
    """Score tests that each coefficient stays the same over time.

    Attributes
    ----------
    names : tuple of str
        The coefficients.
    statistic : ndarray of shape (p + 1,)
        Chi-square statistics, the last for all coefficients.
    df : ndarray of shape (p + 1,), int
        Degrees of freedom.
    transform : str
        Scale of time.
    residuals : pandas.DataFrame
        Columns term, time, g (scale of time) and residual, scaled to lie about the coefficient.
    average, spread : ndarray of shape (p,)
        Coefficients, and the variance of a scaled residual.
    n_missing : int
        Rows left out because a value was missing.
    conf_level : None
        A test has no intervals.
    remarks : tuple of str
        What a reader should know.
    """

    names: tuple[str, ...]
    statistic: FloatArray
    df: NDArray[np.int64]
    transform: Transform
    residuals: pd.DataFrame
    average: FloatArray
    spread: FloatArray
    n_missing: int
    remarks: tuple[str, ...]
    conf_level: None = None

    @property
    def p_value(self) -> FloatArray:
        """Upper tails of the chi-square distribution."""
        return chi_square_p(self.statistic, self.df)

    def tidy(self) -> pd.DataFrame:
        """Give one row per coefficient and one for all.

        Returns
        -------
        pandas.DataFrame
            Columns term, statistic, df, p_value.
        """
        return pd.DataFrame(
            {
                TERM: [*self.names, GLOBAL],
                STATISTIC: self.statistic.copy(),
                DF: self.df.copy(),
                P_VALUE: self.p_value,
            }
        )

    def glance(self) -> pd.DataFrame:
        """Give the test of all coefficients in one row.

        Returns
        -------
        pandas.DataFrame
            Columns statistic, df, p_value, transform, n_event, n_missing.
        """
        row = self.tidy().iloc[[-1]].drop(columns=TERM).reset_index(drop=True)
        return row.assign(
            transform=self.transform,
            n_event=len(self.residuals) // max(len(self.names), 1),
            n_missing=self.n_missing,
        )

    def summary(self) -> Summary:
        """Give a readable account.

        Returns
        -------
        Summary
            Prints as text, shows as HTML in a notebook.
        """
        heading = f"Test of proportional sub-distribution hazards (time: {self.transform})"
        return Summary(heading, (self.tidy(),), " ".join(self.remarks))

    def plot(self, ax: "Axes | None" = None, *, term: str | None = None) -> "Axes":
        """Draw the scaled residuals over time with their smooth, a panel a coefficient.

        Parameters
        ----------
        ax : matplotlib Axes, optional
            Where to draw one coefficient; a new figure if not given.
        term : str, optional
            The coefficient to draw; all if not given.

        Returns
        -------
        matplotlib Axes
            The first panel; ``.figure`` is the picture.

        Raises
        ------
        ParameterError
            If there is no such coefficient, or several are to be drawn on given axes.
        """
        from rpcstats.figures.schoenfeld import schoenfeld_smooth

        if term is not None and term not in self.names:
            raise ParameterError("There is no such term", [f"choose {', '.join(self.names)}"])
        shown = self.names if term is None else (term,)
        if ax is not None and len(shown) > 1:
            raise ParameterError("Given axes hold one term", ["say which with term="])
        tests = self.tidy().assign(average=[*self.average, np.nan])
        frames = (self.residuals, self._smooth(), tests)
        return schoenfeld_smooth(*(f[f[TERM].isin(shown)] for f in frames), ax=ax)

    def _smooth(self) -> pd.DataFrame:
        """Smooth the residuals of each coefficient; one with too few times has no rows."""
        half = normal_quantile(_LEVEL)
        columns = [TERM, "g", ESTIMATE, CONF_LOW, CONF_HIGH]
        parts = []
        for name, variance in zip(self.names, self.spread, strict=True):
            own = self.residuals[self.residuals[TERM] == name]
            g = own["g"].to_numpy()
            grid = np.linspace(g.min(), g.max(), _GRID)
            found = smooth(g, own["residual"].to_numpy(), grid, np.quantile(g, _KNOTS))
            if found is None:
                continue
            error = half * np.sqrt(variance * found.unscaled)
            values = (name, grid, found.fitted, found.fitted - error, found.fitted + error)
            parts.append(pd.DataFrame(dict(zip(columns, values, strict=True))))
        return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=columns)


def proportional_subhazards(
    fit: "FineGrayFit", transform: Transform = "rank"
) -> ProportionalSubhazardsTest:
    """Test whether coefficients of a sub-distribution regression stay the same over time.

    Parameters
    ----------
    fit : FineGrayFit
        The fit.
    transform : {"rank", "identity", "log"}
        Scale g of time: the alternative is a coefficient beta + theta g(t).

    Returns
    -------
    ProportionalSubhazardsTest
        One test a coefficient, and one for all.

    Raises
    ------
    ParameterError
        If the scale is unknown, or the logarithm of a time of 0 is asked for.

    Notes
    -----
    Score tests of theta = 0 with the variance of the fit, clusters and estimated weights in it;
    the scores are sums of Schoenfeld residuals times g(t) (Zhou, Fine and Laird 2013).
    """
    if not fit.names:
        raise ParameterError("There is no coefficient to test", ["fit covariates"])
    g = _scale_of_time(fit, transform)
    found, order = fit.found, fit.order
    own = score_influence(found, fit.weighting, g)
    given = found.likelihood
    means = risk_sums(given, given.terms(found.scaled_beta))
    del given
    spread = _weighted_information(fit, means, g)
    own = own - fit.score_rows @ (fit.cov_model @ spread)
    residuals = fit.residuals("schoenfeld")
    raw = residuals[list(fit.names)].to_numpy()
    weighted = raw * np.repeat(g, order.n_tied)[:, None]
    if order.weights is not None:
        weighted = weighted * order.weights[order.events][:, None]
    U = weighted.sum(axis=0)
    V = clustered_covariance(own, [groups.codes for groups in fit.frame.clusters])
    with np.errstate(divide="ignore", invalid="ignore"):
        single = U**2 / np.diag(V)
    statistic = np.append(single, U @ np.linalg.pinv(V, hermitian=True) @ U)
    df = np.append(np.ones(len(U)), np.linalg.matrix_rank(V, hermitian=True)).astype(np.int64)
    for values in (statistic, df):
        values.setflags(write=False)
    return ProportionalSubhazardsTest(
        names=fit.names,
        statistic=statistic,
        df=df,
        transform=transform,
        residuals=_scaled(fit, residuals[TIME].to_numpy(), np.repeat(g, order.n_tied), raw),
        average=fit.beta,
        spread=np.diag(fit.cov_model) * len(raw),
        n_missing=fit.n_missing,
        remarks=fit.remarks,
    )


def _scaled(fit: "FineGrayFit", time: FloatArray, g: FloatArray, raw: FloatArray) -> pd.DataFrame:
    """Scale residuals by the mean variance at an event, so that they lie about the coefficient."""
    scaled = fit.beta + len(raw) * raw @ fit.cov_model
    return pd.DataFrame(
        {
            TERM: np.repeat(np.array(fit.names, dtype=object), len(raw)),
            TIME: np.tile(time, len(fit.names)),
            "g": np.tile(g, len(fit.names)),
            "residual": scaled.T.ravel(),
        }
    )


def _scale_of_time(fit: "FineGrayFit", transform: Transform) -> FloatArray:
    """Give g at each event time, centred over the events."""
    time, tied = fit.order.time, fit.order.n_tied
    if as_word(transform) not in get_args(Transform):
        raise ParameterError(
            "transform is unknown", [f"choose one of {', '.join(get_args(Transform))}"]
        )
    if transform == "rank":
        distinct, place = np.unique(time, return_inverse=True)
        counts = np.bincount(place, weights=tied, minlength=len(distinct))
        g = (np.cumsum(counts) - (counts - 1) / 2)[place]
    elif transform == "log":
        if (time == 0).any():
            raise ParameterError("transform='log' takes no event at time 0", ["use 'rank'"])
        g = np.log(time)
    else:
        g = time.astype(np.float64)
    centred: FloatArray = g - np.average(g, weights=tied)
    return centred


def _weighted_information(fit: "FineGrayFit", S1: FloatArray, g: FloatArray) -> FloatArray:
    """Give minus the derivative of the scores of theta in beta, in units of the covariates."""
    found, order = fit.found, fit.order
    given = found.likelihood
    terms, X = given.terms(found.scaled_beta), given.X
    expected = terms.r * order.so_far(terms.e0 * g)
    spread = (X * expected) @ X.T - (S1 * terms.A * g) @ S1.T
    return np.asarray(spread * np.outer(found.scaling.scale, found.scaling.scale))
