"""Coefficients of comparisons among means."""

from collections.abc import Mapping, Sequence
from itertools import combinations
from typing import Any, Final, Literal, NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from rpcstats.errors import ParameterError
from rpcstats.mixed.structure.model_frame import FloatArray

Method = Literal["pairwise", "reference", "polynomial", "eff"] | Mapping[str, ArrayLike]

_DEGREES: Final = ("linear", "quadratic", "cubic", "quartic", "degree 5", "degree 6")
# Coefficients are scaled to whole numbers if multiples up to this make them whole.
_LARGEST_MULTIPLE: Final = 400
_WHOLE: Final = 1e-7


class ContrastRows(NamedTuple):
    """Comparisons among k means.

    Attributes
    ----------
    names : tuple of str
        Name of each.
    rows : ndarray of shape (c, k)
        Their coefficients.
    """

    names: tuple[str, ...]
    rows: FloatArray


def contrast_rows(
    method: Method,
    labels: Sequence[str],
    *,
    scores: FloatArray | None = None,
    reference: int = 0,
    joiner: str = "-",
) -> ContrastRows:
    """Give the coefficients of comparisons.

    Parameters
    ----------
    method : {"pairwise", "reference", "polynomial", "eff"} or mapping
        Every mean minus every later one; every other minus the reference; orthogonal
        polynomials; every mean minus the mean of all; or named coefficients.
    labels : sequence of str
        Names of the k means.
    scores : ndarray of shape (k,), optional
        Positions of the means, for polynomials; equally spaced if not given.
    reference : int
        Place of the reference.
    joiner : str
        Sign between two names, "-" or "/".

    Returns
    -------
    ContrastRows
        Names and coefficients.

    Raises
    ------
    ParameterError
        If the method is unknown, or coefficients don't fit the number of means.
    """
    if isinstance(method, Mapping):
        return _named_rows(method, len(labels))
    k, unit = len(labels), np.eye(len(labels))
    shown = [f"({label})" if f" {joiner} " in label else label for label in labels]
    if method in ("pairwise", "reference"):
        pairs = list(combinations(range(k), 2))
        if method == "reference":
            pairs = [(i, reference) for i in range(k) if i != reference]
        names = tuple(f"{shown[i]} {joiner} {shown[j]}" for i, j in pairs)
        rows = [unit[i] - unit[j] for i, j in pairs]
        return ContrastRows(names, np.array(rows).reshape(-1, k))
    if method == "eff":
        return ContrastRows(tuple(f"{label} effect" for label in labels), unit - 1.0 / k)
    if method != "polynomial":
        raise ParameterError(
            "method is unknown",
            ["choose pairwise, reference, polynomial or eff, or give named coefficients"],
        )
    return _polynomial_rows(np.arange(k, dtype=np.float64) if scores is None else scores)


def _named_rows(method: Mapping[str, Any], k: int) -> ContrastRows:
    rows = []
    for coefficients in method.values():
        try:
            row = np.asarray(coefficients, dtype=np.float64)
        except (TypeError, ValueError):
            row = np.zeros(0)
        if row.shape != (k,) or not np.isfinite(row).all() or not row.any():
            raise ParameterError(
                "The coefficients don't fit",
                [f"give {k} finite numbers for each comparison, one a mean, not all 0"],
            )
        rows.append(row)
    if not rows:
        raise ParameterError("There is no comparison", ["name one or more"])
    return ContrastRows(tuple(str(name) for name in method), np.array(rows))


def _polynomial_rows(scores: FloatArray) -> ContrastRows:
    """Orthogonalise powers of the scores; whole numbers where there are some."""
    k = len(scores)
    if len(set(scores.tolist())) < k:
        raise ParameterError("Two means have one position", ["polynomials need them apart"])
    degree = min(k - 1, len(_DEGREES))
    centred = (scores - scores.mean()) / max(float(np.ptp(scores)), 1e-300)
    powers = np.vander(centred, degree + 1, increasing=True)
    Q, R = np.linalg.qr(powers)
    rows = [_whole(Q[:, d] * np.sign(R[d, d])) for d in range(1, degree + 1)]
    return ContrastRows(_DEGREES[:degree], np.array(rows).reshape(-1, k))


def _whole(row: FloatArray) -> FloatArray:
    row = np.where(np.abs(row) < _WHOLE, 0.0, row)
    row = row / np.abs(row[row != 0.0]).min()
    for multiple in range(1, _LARGEST_MULTIPLE + 1):
        scaled = multiple * row
        if (np.abs(scaled - np.round(scaled)) < multiple * _WHOLE).all():
            return np.asarray(np.round(scaled))
    return np.asarray(row)
