"""Fixed effects that tell outcomes apart without error, so that no estimate is finite."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rpcstats.mixed.structure.model_frame import FloatArray, IntArray

MOST_ROWS = 5000
"""Distinct rows up to which the linear program takes well under a second."""

_SLACK = 1e-6
"""Ten times the feasibility tolerance of the solver, for columns of standard deviation one."""


@dataclass(frozen=True, slots=True, eq=False)
class Separation:
    """A direction in which the likelihood of the fixed effects rises without end.

    Attributes
    ----------
    complete : bool
        Whether every row is told apart; else some are (quasi-complete separation).
    columns : tuple of str
        Columns of the fixed effects whose estimates have no finite value.
    message : str
        What that means, in words.
    """

    complete: bool
    columns: tuple[str, ...]
    message: str


def find_separation(
    X: FloatArray,
    y: FloatArray,
    names: tuple[str, ...],
    *,
    response: str = "binomial",
    weights: FloatArray | None = None,
    most_rows: int | None = MOST_ROWS,
) -> Separation | None:
    """Look for separation of the outcomes by the fixed effects.

    Parameters
    ----------
    X : ndarray of shape (n, p)
        Fixed-effects columns of full rank.
    y : ndarray of shape (n,)
        Successes as a proportion, counts, or category codes from 0.
    names : tuple of str
        Names of the p columns.
    response : str
        "binomial", "count" or "ordinal".
    weights : ndarray of shape (n,), optional
        Trials; rows without any are left out.
    most_rows : int, optional
        Distinct rows up to which to look; None looks however long it takes.

    Returns
    -------
    Separation or None
        What was found; None if nothing was, or there are too many distinct rows to look.

    Notes
    -----
    A linear program finds a direction δ with x'δ >= 0 in rows of successes alone, <= 0 in rows of
    failures alone and 0 in mixed rows (Albert and Anderson 1984; Konis 2007). For ordered
    categories each row is one row of successes for the threshold above and one of failures for
    that below; for counts a row of zeros takes x'δ <= 0 and others 0 (Correia et al. 2021).
    """
    kept = slice(None) if weights is None else weights > 0.0
    scaled, constant = _standardise(X[kept])
    if response == "ordinal":
        rows, low, high = _expand_ordinal(scaled, y[kept].astype(np.int64))
        constant = np.concatenate([np.ones(rows.shape[1] - len(names), np.bool_), constant])
        names = ("",) * (len(constant) - len(names)) + names
    else:
        least = y[kept] > 0.0
        most = y[kept] < 1.0 if response == "binomial" else np.ones(len(least), np.bool_)
        rows, low, high = _merge_rows(scaled, least, most)
    if most_rows is not None and len(rows) > most_rows:
        return None
    if response != "ordinal" and not (low.any() and high.any()):
        return Separation(True, tuple(names), _word_alike(response))
    direction = _solve(rows, low, high)
    if direction is None:
        return None
    moving = np.abs(direction) > _SLACK
    told = tuple(name for name, m, c in zip(names, moving, constant, strict=True) if m and not c)
    if not told:
        told = tuple(name for name, m in zip(names, moving, strict=True) if m and name)
    complete = response != "count" and _tells_all(rows, low, high)
    return Separation(complete, told, _word(told, complete, response))


def _standardise(X: FloatArray) -> tuple[FloatArray, NDArray[np.bool_]]:
    """Give columns of mean zero, if there is a constant, and of standard deviation one."""
    spread = X.std(axis=0)
    constant = spread <= 1e-12 * np.abs(X).max(axis=0, initial=0.0)
    centre = X.mean(axis=0) if constant.any() else np.zeros(X.shape[1])
    scale = spread if constant.any() else np.sqrt((X**2).mean(axis=0))
    scaled = np.where(constant, 1.0, (X - centre) / np.where(scale > 0.0, scale, 1.0))
    return np.asarray(scaled), np.asarray(constant)


def _merge_rows(
    X: FloatArray, success: NDArray[np.bool_], failure: NDArray[np.bool_]
) -> tuple[FloatArray, NDArray[np.bool_], NDArray[np.bool_]]:
    """Give distinct rows, and whether each has successes and failures."""
    rows, inverse = np.unique(X, axis=0, return_inverse=True)
    inverse = inverse.reshape(-1)
    return (
        rows,
        np.bincount(inverse, weights=success, minlength=len(rows)) > 0,
        np.bincount(inverse, weights=failure, minlength=len(rows)) > 0,
    )


def _expand_ordinal(
    X: FloatArray, y: IntArray
) -> tuple[FloatArray, NDArray[np.bool_], NDArray[np.bool_]]:
    n_threshold = int(y.max())
    below, above = y > 0, y < n_threshold
    thresholds = np.eye(n_threshold)
    upper = np.column_stack([thresholds[y[above]], -X[above]])
    lower = np.column_stack([thresholds[y[below] - 1], -X[below]])
    success = np.arange(len(upper) + len(lower)) < len(upper)
    return _merge_rows(np.concatenate([upper, lower]), success, ~success)


def _solve(
    rows: FloatArray, success: NDArray[np.bool_], failure: NDArray[np.bool_]
) -> FloatArray | None:
    """Give the direction that tells most apart, or None."""
    from scipy.optimize import linprog

    mixed = success & failure
    sign = np.where(success, 1.0, -1.0)[~mixed]
    one_sided = rows[~mixed] * sign[:, None]
    if not len(one_sided):
        return None
    found = linprog(
        -one_sided.sum(axis=0),
        A_ub=-one_sided,
        b_ub=np.zeros(len(one_sided)),
        A_eq=rows[mixed] if mixed.any() else None,
        b_eq=np.zeros(int(mixed.sum())) if mixed.any() else None,
        bounds=(-1.0, 1.0),
        method="highs",
    )
    direction = np.asarray(found.x) if found.status == 0 else np.zeros(rows.shape[1])
    return direction if float((one_sided @ direction).max()) > _SLACK else None


def _tells_all(rows: FloatArray, success: NDArray[np.bool_], failure: NDArray[np.bool_]) -> bool:
    """Tell whether a direction leaves a margin at every row."""
    from scipy.optimize import linprog

    if np.any(success & failure):
        return False
    margin = np.ones((len(rows), 1))
    toward = np.column_stack([-rows * np.where(success, 1.0, -1.0)[:, None], margin])
    p = rows.shape[1]
    found = linprog(
        np.concatenate([np.zeros(p), [-1.0]]),
        A_ub=toward,
        b_ub=np.zeros(len(rows)),
        bounds=[(-1.0, 1.0)] * p + [(0.0, None)],
        method="highs",
    )
    return bool(found.status == 0 and np.asarray(found.x)[-1] > _SLACK)


def _word_alike(response: str) -> str:
    if response == "count":
        return "every count is zero: there is nothing to estimate"
    return "every outcome is the same: there is nothing to estimate"


def _word(columns: tuple[str, ...], complete: bool, response: str) -> str:
    listed = ", ".join(columns)
    have = "has no finite estimate" if len(columns) == 1 else "have no finite estimates"
    if response == "count":
        what = "every count is zero in some combination of the fixed effects"
    elif complete:
        what = "the fixed effects tell all outcomes apart without error (complete separation)"
    else:
        what = (
            "the fixed effects tell some outcomes apart without error (quasi-complete separation)"
        )
    mend = "leave out or merge what separates, or collect more data"
    return f"{what}: {listed} {have}; {mend}"
