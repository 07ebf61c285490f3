"""Estimates of a residual structure, as readers see them."""

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pandas as pd

from rpcstats._numerics.intervals import normal_quantile
from rpcstats._vocabulary import CONF_HIGH, CONF_LOW, ESTIMATE, MEASURE, STD_ERROR, TERM
from rpcstats.errors import DataError
from rpcstats.formula import read_columns
from rpcstats.mixed.linear.residual_curvature import free_theta
from rpcstats.mixed.linear.residual_parameters import autocorrelation, level_ratios
from rpcstats.mixed.linear.residual_search import Columns, StructuredOptimum, fit_structured
from rpcstats.mixed.linear.residual_structure import ResidualRows
from rpcstats.mixed.linear.residual_whitening import Whitening
from rpcstats.mixed.structure.model_frame import FloatArray, ModelFrame
from rpcstats.tables.summary import counted

STD_DEV: Final = "std_dev"
RATIO: Final = "std_dev_ratio"
AUTOCORRELATION: Final = "autocorrelation"

Row = tuple[str, str, float, float, float, float]


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class ResidualStructure:
    """Residuals of unequal variance, correlated along series, or both.

    Attributes
    ----------
    rows : ResidualRows
        What was asked for, and the rows.
    phi : float or None
        Correlation of residuals at distance 1; None if they are independent.
    ratios : ndarray of shape (L,)
        Residual standard deviation of each level over that of the first; [1] if there is one.
    sigma : float
        Residual standard deviation of the first level.
    parameters : ndarray of shape (m,)
        What was searched over: atanh φ (the logit of the correlation at the median distance
        where it can't be negative), then the logarithms of the ratios.
    cov : ndarray of shape (m + 1, m + 1)
        Their covariance and that of log σ, everything else estimated too; NaN for a parameter
        at a bound, or where the curvature at the end of the search is no minimum's.
    whitening : Whitening
        The map that makes the residuals independent with variance σ².
    """

    rows: ResidualRows
    phi: float | None
    ratios: FloatArray
    sigma: float
    parameters: FloatArray
    cov: FloatArray
    whitening: Whitening

    @property
    def n_parameter(self) -> int:
        """Parameters beyond σ."""
        return len(self.parameters)

    @property
    def parts(self) -> tuple[str, ...]:
        """What was asked for, each part in words."""
        asked = []
        if self.rows.variance is not None:
            asked.append(f"residual standard deviation by {self.rows.variance}")
        if self.rows.correlation is not None:
            asked.append(f"residual correlation {self.rows.correlation.text}")
        return tuple(asked)

    @property
    def text(self) -> str:
        """What was asked for, in words."""
        return ", ".join(self.parts)

    @property
    def remarks(self) -> tuple[str, ...]:
        """What a reader should know, in plain sentences."""
        said = [
            "Tests and limits take the normal distribution: degrees of freedom are not offered"
            " with a residual structure."
        ]
        if self.rows.levels:
            said.append("sigma is the residual standard deviation of the first level.")
        if self.phi == 0.0:
            said.append("The residual autocorrelation is estimated as zero.")
        return tuple(said)

    @property
    def std_dev(self) -> FloatArray:
        """Residual standard deviation of each level, of shape (L,)."""
        return self.sigma * self.ratios

    def tidy(self, *, conf_level: float = 0.95) -> pd.DataFrame:
        """Give one row per standard deviation, per ratio to the first and for φ.

        Parameters
        ----------
        conf_level : float
            Level of the intervals.

        Returns
        -------
        pandas.DataFrame
            Columns term, measure ("std_dev", "std_dev_ratio" or "autocorrelation"), estimate,
            std_error, conf_low, conf_high. Intervals are symmetric for the logarithms of
            standard deviations and ratios, and for atanh φ (logit φ with positions that are not
            whole).

        Raises
        ------
        ParameterError
            If the level is outside (0, 1).
        """
        z = normal_quantile(conf_level)
        rows = [*self._std_dev_rows(z), *self._ratio_rows(z), *self._correlation_rows(z)]
        names = (TERM, MEASURE, ESTIMATE, STD_ERROR, CONF_LOW, CONF_HIGH)
        return pd.DataFrame(rows, columns=list(names))

    def components(self) -> tuple[tuple[str, str, float, float], ...]:
        """Give what a table of variance components says of the residual.

        Returns
        -------
        tuple of tuple
            Term, measure, estimate and variance (NaN for a correlation) of each row.
        """
        result = [
            (term, STD_DEV, float(sd), float(sd**2))
            for term, sd in zip(self._terms(), self.std_dev, strict=True)
        ]
        if self.phi is not None and self.rows.correlation is not None:
            result.append((self.rows.correlation.text, AUTOCORRELATION, self.phi, np.nan))
        return tuple(result)

    def relative_variance(self, newdata: Any = None) -> FloatArray | None:
        """Give the residual variance of rows over σ², prior weights apart.

        Parameters
        ----------
        newdata : frame, optional
            New rows; those of the fit if not given.

        Returns
        -------
        ndarray of shape (m,) or None
            Squared ratios; None if every row has variance σ².

        Raises
        ------
        DataError
            If new rows have a level the fit has not seen, or lack its column.
        """
        if self.rows.factor is None or self.rows.variance is None:
            return None
        codes = self.rows.codes
        if newdata is not None:
            codes = self.rows.factor.encode(read_columns(newdata, [self.rows.variance]))
            n_unknown = int((codes < 0).sum())
            if n_unknown:
                raise DataError(
                    f'"{self.rows.variance}" has a level the fit has not seen in'
                    f" {counted(n_unknown, 'new row')}, whose residual variance is unknown: leave"
                    " such rows out."
                )
        result: FloatArray = self.ratios[codes] ** 2
        return result

    def _terms(self) -> tuple[str, ...]:
        if not self.rows.levels:
            return ("",)
        return tuple(f"{self.rows.variance}[{level}]" for level in self.rows.levels)

    def _std_dev_rows(self, z: float) -> list[Row]:
        m, n_ratio = self.n_parameter, self.rows.n_ratio
        result = []
        for place, (term, sd) in enumerate(zip(self._terms(), self.std_dev, strict=True)):
            pick = np.zeros(m + 1)
            pick[m] = 1.0
            if place:
                pick[m - n_ratio + place - 1] = 1.0
            error = float(np.sqrt(pick @ np.where(_used(pick), self.cov, 0.0) @ pick))
            result.append(_logarithmic(term, STD_DEV, float(sd), error, z))
        return result

    def _ratio_rows(self, z: float) -> list[Row]:
        m, n_ratio = self.n_parameter, self.rows.n_ratio
        errors = np.sqrt(np.diag(self.cov)[m - n_ratio : m])
        return [
            _logarithmic(term, RATIO, float(ratio), float(error), z)
            for term, ratio, error in zip(self._terms()[1:], self.ratios[1:], errors, strict=True)
        ]

    def _correlation_rows(self, z: float) -> list[Row]:
        if self.phi is None or self.rows.correlation is None:
            return []
        phi, error = self.phi, float(np.sqrt(self.cov[0, 0]))
        if self.rows.may_be_negative:
            slope = 1.0 - phi**2
            low, high = (np.tanh(self.parameters[0] + sign * z * error) for sign in (-1, 1))
        else:
            rho = phi**self.rows.usual_gap
            # dφ/du through the logarithm of φ; limits are symmetric for logit φ.
            slope = phi * (1.0 - rho) / self.rows.usual_gap
            reach = z * error * slope / (phi * (1.0 - phi)) if phi > 0.0 else np.nan
            low, high = (
                phi / (phi + (1.0 - phi) * np.exp(-sign * reach)) if phi > 0.0 else np.nan
                for sign in (-1, 1)
            )
        term = self.rows.correlation.text
        return [(term, AUTOCORRELATION, phi, slope * error, float(low), float(high))]


def _used(pick: FloatArray) -> np.ndarray:
    used: np.ndarray = np.outer(pick, pick) != 0.0
    return used


def _logarithmic(term: str, measure: str, estimate: float, error: float, z: float) -> Row:
    """Lay out an estimate whose logarithm has the standard error given."""
    reach = float(np.exp(z * error))
    return term, measure, estimate, estimate * error, estimate / reach, estimate * reach


def estimate_structured(
    frame: ModelFrame, rows: ResidualRows, reml: bool, start: FloatArray | None = None
) -> tuple[StructuredOptimum, ResidualStructure]:
    """Fit a linear mixed model with a residual structure.

    Parameters
    ----------
    frame : ModelFrame
        Checked arrays.
    rows : ResidualRows
        The structure.
    reml : bool
        Whether the restricted deviance is minimised.
    start : ndarray of shape (k,), optional
        θ to start from.

    Returns
    -------
    optimum : StructuredOptimum
        The fit.
    residual : ResidualStructure
        What it says of the residuals.
    """
    y = frame.y if frame.offset is None else frame.y - frame.offset
    found = fit_structured(Columns(frame.X, y, frame.blocks, frame.weights), rows, reml, start)
    u, evaluation = found.parameters.copy(), found.evaluation
    ratios = level_ratios(rows, u)
    cov = _covariance(found)
    for values in (u, ratios, cov):
        values.setflags(write=False)
    return found, ResidualStructure(
        rows=rows,
        phi=None if rows.correlation is None else autocorrelation(rows, u),
        ratios=ratios,
        sigma=float(np.sqrt(evaluation.sigma2)),
        parameters=u,
        cov=cov,
        whitening=found.problem.whitening,
    )


def _covariance(found: StructuredOptimum) -> FloatArray:
    if not found.definite:
        return np.full((len(found.parameters) + 1,) * 2, np.nan)
    free = np.append(found.free, free_theta(found.problem, found.evaluation.theta))
    return found.curvature.cov(free, found.evaluation.df)
