"""Pictures of a fitted mixed model: coefficients, residual checks, trajectories."""

import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pandas as pd

from rpcstats._vocabulary import ESTIMATE, TERM
from rpcstats.errors import ParameterError
from rpcstats.mixed.structure.encode import encode_new
from rpcstats.mixed.structure.model_frame import FloatArray

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from rpcstats.mixed.general_fit import GeneralMixedFit
    from rpcstats.mixed.linear_fit import LinearMixedFit
    from rpcstats.mixed.mixed_fit import MixedFit

PlotKind = Literal["coefficients", "residuals", "trajectories"]

MOST_LINES = 200
"""Lines of single levels in one picture; of more, every k-th is drawn."""


def draw_fit(fit: "MixedFit", kind: PlotKind, options: dict[str, Any]) -> "Figure":
    """Draw one of the pictures of a fit.

    Parameters
    ----------
    fit : MixedFit
        The model.
    kind : {"coefficients", "residuals", "trajectories"}
        Which picture.
    options : dict
        Options of that picture.

    Returns
    -------
    matplotlib.figure.Figure
        The picture.

    Raises
    ------
    ParameterError
        If the kind is unknown.
    """
    drawers: dict[str, Callable[..., Figure]] = {
        "coefficients": draw_coefficients,
        "residuals": draw_residuals,
        "trajectories": draw_trajectories,
    }
    if kind not in drawers:
        raise ParameterError("kind is unknown", [f"choose {', '.join(drawers)}"])
    return drawers[kind](fit, **options)


def draw_coefficients(fit: "MixedFit", *, exponentiate: bool = False) -> "Figure":
    """Draw the fixed effects but the intercept, with their intervals.

    Parameters
    ----------
    fit : MixedFit
        The model.
    exponentiate : bool
        Whether to show ratios, on a logarithmic scale.

    Returns
    -------
    matplotlib.figure.Figure
        The picture.

    Raises
    ------
    ParameterError
        If the model has nothing but an intercept.
    """
    from rpcstats.figures.forest import forest_dots

    table = fit.tidy(exponentiate=exponentiate)
    shown = table[table[TERM].isin([name for name in fit.names if name != "Intercept"])]
    if shown.empty:
        raise ParameterError("There is no coefficient to draw", ["the model has an intercept only"])
    return forest_dots(
        shown.assign(**{TERM: shown[TERM].map(plain_term)}).reset_index(drop=True),
        label=TERM,
        percent=False,
        ratio=exponentiate,
        reference=1.0 if exponentiate else 0.0,
    )


def plain_term(name: str) -> str:
    """Write the name of a column of the design as a reader would.

    Parameters
    ----------
    name : str
        Such as "session:mode[T.online]".

    Returns
    -------
    str
        Such as "session × mode: online".
    """
    parts = re.split(r":(?![^\[]*\])", name)
    plain = [
        re.sub(r"\[(?:T\.)?(.*)\]$", r": \1", re.sub(r"^C\((\w+).*?\)", r"\1", part))
        for part in parts
    ]
    return " × ".join(plain)


def draw_residuals(fit: "MixedFit") -> "Figure":
    """Draw standardised residuals and the modes of the first effect.

    Parameters
    ----------
    fit : MixedFit
        The model.

    Returns
    -------
    matplotlib.figure.Figure
        The picture.
    """
    from rpcstats.figures.residual_checks import residual_checks

    rows = fit.augment().rename(columns={"residual_standardised": "std_residual"})
    modes = fit.conditional_modes().estimate[0][:, 0]
    return residual_checks(rows, pd.DataFrame({ESTIMATE: modes}))


def draw_trajectories(
    fit: "LinearMixedFit | GeneralMixedFit",
    newdata: Any,
    *,
    x: str,
    by: str | None = None,
    **options: Any,
) -> "Figure":
    """Draw predictions along a covariate: the population and each level of the first factor.

    Parameters
    ----------
    fit : MixedFit
        The model.
    newdata : pandas.DataFrame
        Rows to predict, with every column of the fixed effects.
    x : str
        Column of the horizontal axis.
    by : str, optional
        Column whose values get a panel each.
    **options
        Options of `rpcstats.figures.trajectories`: xlabel, ylabel, names, watermark.

    Returns
    -------
    matplotlib.figure.Figure
        The picture.

    Raises
    ------
    DataError
        If a column is missing.
    """
    from rpcstats.figures.trajectories import trajectories

    columns = [x] if by is None else [x, by]
    given = pd.DataFrame(newdata).reset_index(drop=True)
    predicted = _predict_population(fit, given)
    population = pd.concat([given[columns], predicted], axis=1)
    lines = _level_lines(fit, given)
    parts = [given[columns].assign(**{ESTIMATE: line, "line": k}) for k, line in enumerate(lines)]
    groups = pd.concat(parts, ignore_index=True)
    return trajectories(population, groups, x=x, group="line", by=by, **options)


def _predict_population(
    fit: "LinearMixedFit | GeneralMixedFit", newdata: pd.DataFrame
) -> pd.DataFrame:
    scale: dict[str, Any] = {"type": "link"} if _is_ordered(fit) else {}
    return fit.predict(newdata, level="population", interval="confidence", **scale)


def _level_lines(fit: "LinearMixedFit | GeneralMixedFit", newdata: pd.DataFrame) -> FloatArray:
    """Predict the rows for levels of the first factor, the other factors at their average."""
    rows = encode_new(fit.frame, newdata)
    eta = rows.X @ fit.beta + (0.0 if rows.offset is None else rows.offset)
    modes = fit.conditional_modes().estimate[0]
    modes = modes[:: max(1, -(-len(modes) // MOST_LINES))]
    lines = eta + modes @ rows.Z[0].T
    if fit.sigma is not None or _is_ordered(fit):
        return np.asarray(lines, dtype=np.float64)
    return np.asarray(fit.response.mean(lines, fit.extra), dtype=np.float64)


def _is_ordered(fit: "LinearMixedFit | GeneralMixedFit") -> bool:
    return bool(fit.frame.categories)
