"""Linear mixed models: a formula and a frame to a fit."""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from rpcstats.errors import ParameterError
from rpcstats.formula import read_columns
from rpcstats.mixed.estimate_linear import estimate_linear
from rpcstats.mixed.linear.residual_structure import (
    read_correlation,
    read_residual_rows,
    residual_columns,
)
from rpcstats.mixed.linear_estimates import Method
from rpcstats.mixed.linear_fit import LinearMixedFit
from rpcstats.mixed.structure.build import model_frame
from rpcstats.mixed.structure.model_frame import FloatArray
from rpcstats.mixed.wording import warn_of


def lmm(
    formula: str,
    data: Any,
    *,
    method: Method = "reml",
    weights: str | ArrayLike | None = None,
    offset: str | ArrayLike | None = None,
    start: ArrayLike | None = None,
    residual_variance: str | None = None,
    correlation: str | None = None,
) -> LinearMixedFit:
    """Estimate a linear mixed model by REML or ML.

    Parameters
    ----------
    formula : str
        ``"score ~ session * mode + (1 + session | episode_id) + (1 | group_id)"``; ``||``
        makes effects uncorrelated, ``(1 | council/group_id)`` nests, several terms cross.
    data : frame
        pandas, or any frame narwhals reads. Rows with a missing value are left out and
        counted in `glance`.
    method : {"reml", "ml"}
        Restricted likelihood, for estimates of variances; or likelihood, to compare models
        that differ in their fixed effects.
    weights : str or array_like, optional
        Prior weights w above 0, a column or one number a row: the residual variance of a row
        is sigma² / w.
    offset : str or array_like, optional
        Known part of the response, a column or one number a row.
    start : array_like, optional
        Covariance parameters at which the search starts.
    residual_variance : str, optional
        Column whose levels have residual standard deviations of their own, such as the arms of
        a trial where one arm is clustered only.
    correlation : str, optional
        ``"ar1(session | episode_id)"``: residuals of a series are correlated φ^d at positions d
        apart, whole numbers that may have gaps; ``"car1(time | episode_id)"`` for times that
        are not whole, with φ above 0.

    Returns
    -------
    LinearMixedFit
        The fit; `fit.residual.tidy()` has the parameters of a residual structure.

    Raises
    ------
    FormulaError
        If the formula can't be read, or names a column that is not there.
    DataError
        If the data break the conditions of the model.
    ParameterError
        If an option is unknown or out of range.

    Warns
    -----
    ConvergenceWarning
        If the search ended before the conditions of an optimum held.

    Notes
    -----
    Laird and Ware (1982); the deviance profiled as in Bates, Mächler, Bolker and Walker (2015);
    residual structures as in Pinheiro and Bates (2000), whose sigma is that of the first level.
    A variance of 0 is a fair estimate and no failure: `is_singular` says so, and a remark in
    `summary` says what to do.
    """
    if method not in ("reml", "ml"):
        raise ParameterError("method is unknown", ['choose method="reml" or method="ml"'])
    term = None if correlation is None else read_correlation(correlation)
    beside = residual_columns(residual_variance, term)
    frame = model_frame(
        formula, data, response="gaussian", weights=weights, offset=offset, beside=beside
    )
    first = None if start is None else _read_start(start, frame.n_theta)
    rows = None
    if beside:
        columns = read_columns(data, beside).iloc[frame.kept].reset_index(drop=True)
        rows = read_residual_rows(columns, frame.blocks, residual_variance, term)
    fit = estimate_linear(frame, method, first, rows)
    warn_of(fit.trouble)
    return fit


def _read_start(start: ArrayLike, n_theta: int) -> FloatArray:
    try:
        theta = np.array(start, dtype=np.float64)
    except (TypeError, ValueError):
        raise ParameterError("start holds no numbers", [f"give {n_theta} numbers"]) from None
    if theta.shape != (n_theta,) or not np.isfinite(theta).all():
        raise ParameterError("start does not fit", [f"give {n_theta} finite numbers"])
    return theta
