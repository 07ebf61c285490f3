"""Conditional modes of the groups of a chunk, all at once."""

from typing import Any, NamedTuple

import numpy as np

from rpcstats.mixed.general.group_layout import Chunk
from rpcstats.mixed.general.response_rows import ResponseLikelihood
from rpcstats.mixed.structure.model_frame import FloatArray

MODE_TOLERANCE = 1e-10
"""Largest last step, in units of u (a standard normal): its square is beyond double precision."""

MAX_STEPS = 100
"""Steps of the inner search; a concave integrand needs less than ten."""

LEAST_CURVATURE = 0.1
"""Curvature used where that of an integrand that is not concave is less."""

_ROUNDING = 1e-9

Direction = FloatArray | float


class Mode(NamedTuple):
    """The integrand of each group of a chunk at its mode.

    Attributes
    ----------
    rows : tuple of ndarray
        The rows, bound to the extra parameters.
    eta : ndarray of shape (m, S)
        Linear predictor there.
    fixed : ndarray of shape (m, S)
        Its part free of the random effects.
    directions : tuple of q (ndarray of shape (m, S) or float)
        Columns of ZΛ.
    u : ndarray of shape (q, G)
        Modes of u ~ N(0, I).
    d1, d2, d3 : ndarray of shape (m, S)
        Derivatives of the rows' log-likelihoods there.
    H : ndarray of shape (q, q, G)
        Negative second derivative.
    found : bool
        Whether the search ended in every group.
    """

    rows: Any
    eta: FloatArray
    fixed: FloatArray
    directions: tuple[Direction, ...]
    u: FloatArray
    d1: FloatArray
    d2: FloatArray
    d3: FloatArray
    H: FloatArray
    found: bool


def point_directions(chunk: Chunk, Lambda: FloatArray) -> tuple[Direction, ...]:
    """Give the columns of ZΛ.

    Parameters
    ----------
    chunk : Chunk
        The groups.
    Lambda : ndarray of shape (q, q)
        Relative covariance factor.

    Returns
    -------
    tuple of q (ndarray of shape (m, S) or float)
        Columns of ZΛ; a number where all rows have the same.
    """
    q = len(chunk.Z)
    result: list[Direction] = []
    for b in range(q):
        total: Direction = 0.0
        for a in range(q):
            if Lambda[a, b] != 0.0:
                z = chunk.Z[a]
                total = total + (float(Lambda[a, b]) if z is None else Lambda[a, b] * z)
        result.append(total)
    return tuple(result)


def sum_along(chunk: Chunk, direction: Direction, values: FloatArray) -> FloatArray:
    """Add values times a direction up within groups.

    Parameters
    ----------
    chunk : Chunk
        The groups.
    direction : ndarray of shape (m, S) or float
        A column of ZΛ.
    values : ndarray of shape (..., m, S)
        One value a row.

    Returns
    -------
    ndarray of shape (..., G)
        Sums.
    """
    if isinstance(direction, float):
        return direction * chunk.sum_rows(values)
    return chunk.sum_rows(values * direction)


def cholesky_factor(H: FloatArray) -> FloatArray:
    """Give the lower Cholesky factors of matrices held with their index last.

    Parameters
    ----------
    H : ndarray of shape (q, q, G)
        Positive definite matrices.

    Returns
    -------
    ndarray of shape (q, q, G)
        Lower triangular factors; pivots that are not positive are held at a small number.
    """
    q = len(H)
    L = np.zeros_like(H)
    for b in range(q):
        pivot = H[b, b] - (L[b, :b] ** 2).sum(axis=0)
        L[b, b] = np.sqrt(np.maximum(pivot, LEAST_CURVATURE))
        for a in range(b + 1, q):
            L[a, b] = (H[a, b] - (L[a, :b] * L[b, :b]).sum(axis=0)) / L[b, b]
    return L


def invert_lower(L: FloatArray) -> FloatArray:
    """Invert lower triangular matrices held with their index last.

    Parameters
    ----------
    L : ndarray of shape (q, q, G)
        Lower triangular matrices.

    Returns
    -------
    ndarray of shape (q, q, G)
        Their inverses.
    """
    q = len(L)
    result = np.zeros_like(L)
    for b in range(q):
        result[b, b] = 1.0 / L[b, b]
        for a in range(b + 1, q):
            result[a, b] = -(L[a, b:a] * result[b:a, b]).sum(axis=0) / L[a, a]
    return result


def find_modes(
    chunk: Chunk,
    fixed: FloatArray,
    directions: tuple[Direction, ...],
    likelihood: ResponseLikelihood,
    extra: FloatArray,
) -> Mode:
    """Find the modes by Newton's method, from those last found, with shorter steps where need be.

    Parameters
    ----------
    chunk : Chunk
        The groups; its `modes` are the start and are replaced.
    fixed : ndarray of shape (m, S)
        Linear predictor without the random effects.
    directions : tuple of q (ndarray of shape (m, S) or float)
        Columns of ZΛ.
    likelihood : ResponseLikelihood
        Distribution and link.
    extra : ndarray of shape (e,)
        Extra parameters φ.

    Returns
    -------
    Mode
        The modes and the integrand there.

    Notes
    -----
    With one random effect the third derivative is at hand and the step is Halley's; a step that
    leaves the interval in which the slope changes its sign is replaced by its middle. With several
    effects a step that makes the slope larger is halved.
    """
    if len(directions) == 1:
        return _find_single(chunk, fixed, directions, likelihood, extra)
    rows = likelihood.bind(chunk.rows, extra)
    base = u = chunk.modes
    step = np.zeros_like(u)
    best = np.full(u.shape[1], np.inf)
    for _ in range(MAX_STEPS):
        mode, slope = _look(chunk, rows, fixed, directions, likelihood, extra, u)
        newton, merit = _step(chunk, directions, mode, slope)
        near = np.abs(newton).max(axis=0) < MODE_TOLERANCE
        # rows of many trials leave a slope of rounding that no step makes less
        good = (merit <= best + _ROUNDING) | near
        all_good = bool(good.all())
        if all_good:
            if near.all():
                chunk.modes = u
                return mode
            base, best, step = u, merit, newton
        else:
            base = np.where(good, u, base)
            best = np.where(good, merit, best)
            step = np.where(good, newton, 0.5 * step)
        u = base + step
    return mode._replace(found=False)


def _find_single(
    chunk: Chunk,
    fixed: FloatArray,
    directions: tuple[Direction, ...],
    likelihood: ResponseLikelihood,
    extra: FloatArray,
) -> Mode:
    rows = likelihood.bind(chunk.rows, extra)
    u = chunk.modes
    low, high = np.full_like(u, -np.inf), np.full_like(u, np.inf)
    for _ in range(MAX_STEPS):
        mode, slope = _look(chunk, rows, fixed, directions, likelihood, extra, u)
        newton, _ = _step(chunk, directions, mode, slope)
        if np.abs(newton).max() < MODE_TOLERANCE:
            chunk.modes = u
            return mode
        np.copyto(low, u, where=slope > 0.0)
        np.copyto(high, u, where=slope < 0.0)
        u = u + newton
        outside = (u < low) | (u > high)
        if outside.any():
            u = np.where(outside, 0.5 * (low + high), u)
    return mode._replace(found=False)


def _look(
    chunk: Chunk,
    rows: Any,
    fixed: FloatArray,
    directions: tuple[Direction, ...],
    likelihood: ResponseLikelihood,
    extra: FloatArray,
    u: FloatArray,
) -> tuple[Mode, FloatArray]:
    eta = fixed
    for direction, value in zip(directions, u, strict=True):
        eta = eta + direction * chunk.spread(value)
    d1, d2, d3 = likelihood.slopes(eta, rows, extra)
    q = len(directions)
    slope = np.array([sum_along(chunk, d, d1) for d in directions]) - u
    H = np.empty((q, q, u.shape[1]))
    for a in range(q):
        for b in range(a + 1):
            product = directions[a] * directions[b]
            H[a, b] = H[b, a] = -sum_along(chunk, product, d2)
        H[a, a] += 1.0
    return Mode(rows, eta, fixed, directions, u, d1, d2, d3, H, True), slope


def _step(
    chunk: Chunk, directions: tuple[Direction, ...], mode: Mode, slope: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Give the step and what it is judged by, the size of the slope."""
    if len(directions) == 1:
        curve = np.maximum(mode.H[0, 0], LEAST_CURVATURE)
        newton = slope[0] / curve
        cube = sum_along(chunk, directions[0] * directions[0] * directions[0], mode.d3)
        bend = np.clip(0.5 * newton * cube / curve, -0.5, 0.5)
        return (newton / (1.0 - bend))[None], np.abs(slope[0])
    inverse = invert_lower(cholesky_factor(mode.H))
    half = np.einsum("abg,bg->ag", inverse, slope)
    newton = np.einsum("bag,bg->ag", inverse, half)
    return newton, np.sqrt((slope * slope).sum(axis=0))
