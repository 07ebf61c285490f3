"""Where labels may go: rectangles that must not meet. Points in, points out."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]


class Box(NamedTuple):
    """A rectangle, in points."""

    x0: float
    y0: float
    x1: float
    y1: float


def meet(first: Box, second: Box, *, gap: float = 0.0) -> bool:
    """Tell whether two rectangles come closer than `gap`.

    Parameters
    ----------
    first, second : Box
        The rectangles.
    gap : float
        Wanted free space, in points.

    Returns
    -------
    bool
        True if they overlap or come too close.
    """
    return (
        first.x0 < second.x1 + gap
        and second.x0 < first.x1 + gap
        and first.y0 < second.y1 + gap
        and second.y0 < first.y1 + gap
    )


def step_boxes(x: FloatArray, y: FloatArray) -> list[Box]:
    """Cut a right-continuous step path into its straight pieces.

    Parameters
    ----------
    x, y : ndarray of shape (n,)
        Corners, in points; a NaN in `y` breaks the path.

    Returns
    -------
    list of Box
        Rectangles without area, one a piece.
    """
    pieces: list[Box] = []
    for i in range(len(x) - 1):
        if np.isnan(y[i]):
            continue
        pieces.append(Box(x[i], y[i], x[i + 1], y[i]))
        if not np.isnan(y[i + 1]):
            pieces.append(
                Box(x[i + 1], min(y[i], y[i + 1]), x[i + 1], max(y[i], y[i + 1])),
            )
    return pieces


def spread(centres: FloatArray, gap: float, *, low: float, high: float) -> FloatArray:
    """Move labels apart as little as possible, keeping their order.

    Parameters
    ----------
    centres : ndarray of shape (n,)
        Wanted heights, in points.
    gap : float
        Least distance between two labels.
    low, high : float
        Least and greatest height allowed.

    Returns
    -------
    ndarray of shape (n,)
        Heights at least `gap` apart, in the order of `centres`.

    Notes
    -----
    Least squares under an order constraint, solved by pooling adjacent violators
    (Ayer, Brunk, Ewing, Reid and Silverman 1955).
    """
    order = np.argsort(centres, kind="stable")
    shift = gap * np.arange(len(centres))
    blocks: list[tuple[float, int]] = []
    for wanted in centres[order] - shift:
        mean, size = float(wanted), 1
        while blocks and blocks[-1][0] > mean:
            before, n = blocks.pop()
            mean, size = (before * n + mean * size) / (n + size), n + size
        blocks.append((mean, size))
    level = np.repeat([mean for mean, _ in blocks], [size for _, size in blocks])
    room = max(low, high - gap * (len(centres) - 1))
    placed = np.empty(len(centres))
    placed[order] = np.clip(level, low, room) + shift
    return placed


def freest(candidates: Sequence[Box], obstacles: Sequence[Box], *, gap: float = 1.5) -> int:
    """Choose the first candidate that meets no obstacle, else the one that meets fewest.

    Parameters
    ----------
    candidates : sequence of Box
        In order of preference.
    obstacles : sequence of Box
        What must stay uncovered.
    gap : float
        Wanted free space, in points.

    Returns
    -------
    int
        Place in `candidates`.
    """
    met = [sum(meet(box, other, gap=gap) for other in obstacles) for box in candidates]
    return int(np.argmin(met))
