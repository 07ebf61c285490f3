"""Slopes of a covariate at each level of factors."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

import numpy as np
import pandas as pd

from rpcstats.errors import ParameterError
from rpcstats.mixed.general_estimates import GeneralEstimates
from rpcstats.mixed.means.basis import fixed_basis
from rpcstats.mixed.means.linear_functions import LinearFunctions, MeansDf, cleared
from rpcstats.mixed.means.marginal_means import ratio_name
from rpcstats.mixed.means.mean_table import MarginalMeans, Names, as_names
from rpcstats.mixed.means.reference_grid import (
    ReferenceGrid,
    Weights,
    grid_values,
    reference_grid,
)
from rpcstats.mixed.means.wording import means_remarks
from rpcstats.mixed.mixed_fit import MixedFit
from rpcstats.mixed.structure.covariates import Covariate
from rpcstats.mixed.structure.model_frame import FloatArray, ModelFrame

# Share of the range in a step. Five points are exact for polynomials of degree 4 and leave about
# a 1e-10th of a smooth curve's slope; rounding of the design adds 1e-12.
_STEP: Final = 2e-3
# Weights of the derivative at offsets of whole steps, over 12 steps.
_CENTRAL: Final = {-2: 1.0, -1: -8.0, 1: 8.0, 2: -1.0}
_FORWARD: Final = {0: -25.0, 1: 48.0, 2: -36.0, 3: 16.0, 4: -3.0}
_BACKWARD: Final = {-step: -weight for step, weight in _FORWARD.items()}


def slopes(
    fit: MixedFit,
    variable: str,
    *,
    by: Names | None = None,
    at: Mapping[str, Any] | None = None,
    weights: Weights = "equal",
    df: MeansDf | None = None,
    conf_level: float = 0.95,
) -> MarginalMeans:
    """Estimate the slope of a covariate at each level of factors.

    Parameters
    ----------
    fit : MixedFit
        What `lmm`, `glmm` or `clmm` gave.
    variable : str
        A column of numbers among the fixed effects.
    by : str or sequence of str, optional
        Variables at whose values slopes are wanted; `contrasts` compares them all. It may be the
        covariate itself, where the line is curved.
    at : mapping, optional
        Values of variables, as in `marginal_means`; the covariate's own say where its slope is
        taken, its mean if not given.
    weights : {"equal", "proportional"}
        Whether levels averaged over count alike, or as often as they occur.
    df : {"satterthwaite", "kenward-roger", "residual", "normal"}, optional
        Degrees of freedom, as in `marginal_means`.
    conf_level : float
        Level of the intervals.

    Returns
    -------
    MarginalMeans
        The slopes, on the scale of the linear predictor; its `tidy` tests them against 0.

    Raises
    ------
    ParameterError
        If a variable or an option is unknown, or `variable` is no column of numbers.
    """
    wanted = as_names(by)
    if len(set(wanted)) < len(wanted):
        raise ParameterError("A variable is named twice", ["name it once"])
    basis = fixed_basis(fit, df)
    values = grid_values(fit.frame, (variable, *wanted), at)
    covariate = _covariate(fit, variable)
    where = [float(x) for x in values[variable]] if at and variable in at else [covariate.mean]
    others = [name for name in wanted if name != variable]
    grids, rows = [], []
    for x in where:
        grid = reference_grid(
            fit.frame, {**values, variable: [x]}, others, weights=weights, offset=0.0
        )
        grids.append(grid)
        rows.append(_slope_rows(fit.frame, values, variable, x, covariate, others) @ grid.weights)
    cells, L = _joined(grids, rows, variable, where, inside=variable in wanted)
    if isinstance(fit, GeneralEstimates) and fit.response.ordered is not None:
        L = np.hstack([L, np.zeros((len(L), 1))])
    functions = LinearFunctions(basis, L, np.zeros(len(L)))
    first = replace(grids[0], fixed=_held(grids[0], variable, where))
    return MarginalMeans(
        cells=cells,
        by=(),
        functions=functions,
        link=None,
        ratio=ratio_name(fit),
        is_probability=False,
        conf_level=conf_level,
        heading=f"Slopes of {variable}",
        remarks=means_remarks(fit, first, functions, weights=weights, scale="link"),
        is_tested=True,
    )


def _covariate(fit: MixedFit, variable: str) -> Covariate:
    found = fit.frame.covariates.get(variable)
    if found is None or found.low == found.high:
        raise ParameterError(f'"{variable}" has no slope', ["name a column of numbers that differ"])
    return found


def _slope_rows(
    frame: ModelFrame,
    values: Mapping[str, Any],
    variable: str,
    x: float,
    covariate: Covariate,
    others: list[str],
) -> FloatArray:
    """Differentiate the design by the covariate; of shape (m, f, a).

    Near an end of the data the points lie inside it, where splines and logarithms are known.
    """
    step = _STEP * (covariate.high - covariate.low)
    weights = _CENTRAL
    if covariate.low <= x < covariate.low + 2.0 * step:
        weights = _FORWARD
    elif covariate.high - 2.0 * step < x <= covariate.high:
        weights = _BACKWARD
    parts = []
    for offset, weight in weights.items():
        moved = {**values, variable: [x + offset * step]}
        parts.append(weight * reference_grid(frame, moved, others, offset=0.0).X)
    slope = cleared(np.sum(parts, axis=0), np.sum(np.abs(parts), axis=0)) / (12.0 * step)
    return np.moveaxis(slope, 1, 2)


def _joined(
    grids: list[ReferenceGrid],
    rows: list[FloatArray],
    variable: str,
    where: list[float],
    *,
    inside: bool,
) -> tuple[pd.DataFrame, FloatArray]:
    """Put the slopes at several values together: one below the other, or averaged."""
    if not inside:
        return grids[0].cells, np.mean(rows, axis=0)
    cells = [grid.cells.assign(**{variable: x}) for grid, x in zip(grids, where, strict=True)]
    return pd.concat(cells, ignore_index=True), np.vstack(rows)


def _held(grid: ReferenceGrid, variable: str, where: list[float]) -> dict[str, Any]:
    held = dict(grid.fixed)
    if len(where) > 1:
        held.pop(variable, None)
    return held
