"""The grid of predictor values over which marginal means are taken."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from math import prod
from typing import Any, Final, Literal

import numpy as np
import pandas as pd

from rpcstats.errors import ParameterError
from rpcstats.formula import Design
from rpcstats.formula.design import fixed_columns
from rpcstats.mixed.means.level_shares import level_shares, reads_column
from rpcstats.mixed.structure.arithmetic import columns_used, evaluate
from rpcstats.mixed.structure.model_frame import FloatArray, IntArray, ModelFrame

Weights = Literal["equal", "proportional"]

# Numbers in the design of a grid: 400 MB.
_MOST_CELLS: Final = 50_000_000


@dataclass(frozen=True, slots=True, eq=False)
class ReferenceGrid:
    """Predictor values, those of interest crossed with those to be averaged over.

    Attributes
    ----------
    cells : pandas.DataFrame
        Values of the variables of interest, one row a combination; the first varies fastest.
    averaged : dict
        Number of values of each variable averaged over.
    fixed : dict
        Value of each variable held at one value, and an offset that was given.
    X : ndarray of shape (m, a, f)
        Design of each combination of interest and averaged over.
    offset : ndarray of shape (m, a)
        Known part of the linear predictor.
    weights : ndarray of shape (a,)
        Weight of each combination averaged over, of sum 1.
    """

    cells: pd.DataFrame
    averaged: dict[str, int]
    fixed: dict[str, Any]
    X: FloatArray
    offset: FloatArray
    weights: FloatArray


def grid_values(
    frame: ModelFrame, wanted: Sequence[str], at: Mapping[str, Any] | None
) -> dict[str, list[Any]]:
    """Give the values of each predictor in a grid.

    Parameters
    ----------
    frame : ModelFrame
        What was fitted.
    wanted : sequence of str
        Variables of interest.
    at : mapping or None
        Values to take instead of the default ones.

    Returns
    -------
    dict
        Values of each column of the fixed effects and of the offset: all levels of a factor,
        both values of a column of two, else the mean.

    Raises
    ------
    ParameterError
        If a variable is not among the fixed effects, has no value to take, or `at` names a
        level the fit has not.
    """
    given = {} if at is None else dict(at)
    design = frame.design
    columns = list(fixed_columns(design.formula))
    of_offset = [name for text in frame.offset_terms or () for name in columns_used(text)]
    known = list(dict.fromkeys([*columns, *of_offset]))
    for name in (*wanted, *given):
        _require(name, known)
    values = {}
    for name in known:
        levels = _levels(design, name) if name in columns else None
        if name in given:
            values[name] = _given_values(name, given[name], levels)
        elif levels is not None:
            values[name] = list(levels)
        else:
            values[name] = _middle(frame, name)
    return values


def reference_grid(
    frame: ModelFrame,
    values: Mapping[str, Sequence[Any]],
    wanted: Sequence[str],
    *,
    weights: Weights = "equal",
    offset: float | None = None,
) -> ReferenceGrid:
    """Build a grid.

    Parameters
    ----------
    frame : ModelFrame
        What was fitted.
    values : mapping
        Values of each predictor.
    wanted : sequence of str
        Variables of interest.
    weights : {"equal", "proportional"}
        How combinations averaged over count.
    offset : float, optional
        Offset of every combination; that of the predictors' values if not given.

    Returns
    -------
    ReferenceGrid
        The grid.

    Raises
    ------
    ParameterError
        If an option is unknown, the grid is too large, or the shares of levels can't be told.
    """
    if weights not in ("equal", "proportional"):
        raise ParameterError("weights is unknown", ["choose equal or proportional"])
    over = [name for name in values if name not in wanted and len(values[name]) > 1]
    inner, outer = _crossed(values, wanted), _crossed(values, over)
    m, a = _n_row(inner), _n_row(outer)
    if m * a * len(frame.design.names) > _MOST_CELLS:
        raise ParameterError("The grid is too large", ["give fewer values with at="])
    places = {name: np.repeat(codes, a) for name, codes in inner.items()}
    places |= {name: np.tile(codes, m) for name, codes in outer.items()}
    rows = pd.DataFrame(
        {
            name: _taken(values[name], places.get(name, np.zeros(m * a, dtype=np.int64)))
            for name in values
        },
        index=pd.RangeIndex(m * a),
    )
    X = frame.design.encode(rows)
    counted = np.full(a, 1.0 / a)
    if weights == "proportional" and over:
        counted = level_shares(frame.design, {name: values[name] for name in over}, outer)
    return ReferenceGrid(
        cells=pd.DataFrame(
            {name: _taken(values[name], inner[name]) for name in wanted}, index=pd.RangeIndex(m)
        ),
        averaged={name: len(values[name]) for name in over},
        fixed=_held(frame, values, wanted, offset),
        X=X.reshape(m, a, -1),
        offset=_offset(frame, rows, offset).reshape(m, a),
        weights=counted,
    )


def _require(name: str, known: list[str]) -> None:
    if name in known:
        return
    near = get_close_matches(str(name), known, n=1, cutoff=0.5)
    hint = f'did you mean "{near[0]}"?' if near else f"choose among {', '.join(known) or 'none'}"
    raise ParameterError(f'"{name}" is not among the fixed effects', [hint])


def _levels(design: Design, column: str) -> tuple[Any, ...] | None:
    """Find the levels of a column used as a factor."""
    for factor, levels in design.levels.items():
        if reads_column(factor, column):
            return levels
    return None


def _given_values(name: str, given: Any, levels: tuple[Any, ...] | None) -> list[Any]:
    single = isinstance(given, str) or not hasattr(given, "__iter__")
    values = [given] if single else list(given)
    if not values:
        raise ParameterError(f'at gives no value for "{name}"', ["give one or more"])
    if levels is not None:
        if any(value not in levels for value in values):
            raise ParameterError(
                f'at names a level of "{name}" that the fit has not', ["give levels of the data"]
            )
        return values
    try:
        numbers = np.array(values, dtype=np.float64)
    except (TypeError, ValueError):
        numbers = np.array([np.nan])
    if not np.isfinite(numbers).all():
        raise ParameterError(f'at must give finite numbers for "{name}"', ["mend them"])
    return [float(value) for value in numbers]


def _middle(frame: ModelFrame, name: str) -> list[float]:
    if name not in frame.covariates:
        raise ParameterError(
            f'There is no mean of "{name}"', [f'give its value: at={{"{name}": …}}']
        )
    found = frame.covariates[name]
    return [found.low, found.high] if found.has_two_values else [found.mean]


def _crossed(values: Mapping[str, Sequence[Any]], names: Sequence[str]) -> dict[str, IntArray]:
    """Cross the values of variables, the first varying fastest."""
    sizes = [len(values[name]) for name in names]
    places = np.indices(sizes[::-1]).reshape(len(names), prod(sizes))[::-1]
    return dict(zip(names, places.astype(np.int64), strict=True))


def _n_row(crossed: dict[str, IntArray]) -> int:
    return len(next(iter(crossed.values()))) if crossed else 1


def _taken(values: Sequence[Any], places: IntArray) -> pd.Series:
    return pd.Series(list(values)).iloc[places].reset_index(drop=True)


def _held(
    frame: ModelFrame,
    values: Mapping[str, Sequence[Any]],
    wanted: Sequence[str],
    offset: float | None,
) -> dict[str, Any]:
    """Give the values of variables held at one; the offset's own only where they count."""
    single = {name: held[0] for name, held in values.items() if len(held) == 1}
    known = fixed_columns(frame.design.formula) if offset is not None else values
    held = {name: value for name, value in single.items() if name in known and name not in wanted}
    return held if not offset else {**held, "offset": float(offset)}


def _offset(frame: ModelFrame, rows: pd.DataFrame, offset: float | None) -> FloatArray:
    if offset is not None:
        return np.full(len(rows), float(offset))
    if frame.offset_terms is None:
        assert frame.offset is not None
        return np.full(len(rows), float(frame.offset.mean()))
    total = np.zeros(len(rows))
    for text in frame.offset_terms:
        total += np.asarray(evaluate(text, rows), dtype=np.float64)
    return total
