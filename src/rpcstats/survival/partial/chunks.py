"""Event times taken a few thousand rows at a time, from the last to the first."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from rpcstats.survival.partial.arrange import Arrangement
from rpcstats.survival.partial.segments import Segments

FloatArray = NDArray[np.float64]

ROWS: Final = 8192
"""Rows a chunk has at most, unless a single event time has more."""


@dataclass(frozen=True, slots=True, eq=False)
class Chunk:
    """Consecutive event times with the rows that leave at them.

    Attributes
    ----------
    times, rows : slice
        Event times, and arranged rows.
    goes_on : bool
        Whether the stratum of the last event time has later ones, in the chunk taken before.
    segments : Segments or None
        Strata, if the chunk holds parts of several.
    """

    times: slice
    rows: slice
    goes_on: bool
    segments: Segments | None

    def running(self, values: FloatArray, carried: FloatArray) -> FloatArray:
        """Sum from each event time to the end of its stratum.

        Parameters
        ----------
        values : ndarray of shape (p, k)
            What leaves at each event time.
        carried : ndarray of shape (p, 1)
            The sum at the event time after the chunk.

        Returns
        -------
        ndarray of shape (p, k)
            The sums.
        """
        if self.segments is not None:
            return self.segments.backward(values)
        sums = np.cumsum(values[:, ::-1], axis=1)[:, ::-1]
        if self.goes_on:
            sums += carried
        return sums


def chunks_of(order: Arrangement) -> tuple[Chunk, ...]:
    """Cut the event times of an arrangement into chunks.

    Parameters
    ----------
    order : Arrangement
        The rows arranged.

    Returns
    -------
    tuple of Chunk
        From the last to the first; each holds whole strata, or part of a single one.
    """
    found = order.worked_out.get("chunks")
    if found is None:
        found = order.worked_out["chunks"] = tuple(_cut(order))[::-1]
    chunks: tuple[Chunk, ...] = found
    return chunks


def _cut(order: Arrangement) -> list[Chunk]:
    ends = order.start[1:][np.diff(order.start) > 0]
    rows_at_ends = order.begin[ends]
    chunks, k, n_time = [], 0, order.n_time
    while k < n_time:
        limit = order.begin[k] + ROWS
        stratum = int(np.searchsorted(ends, k, side="right"))
        whole = int(np.searchsorted(rows_at_ends, limit, side="right"))
        if whole > stratum:
            stop, goes_on = int(ends[whole - 1]), False
        else:
            stop = int(np.searchsorted(order.begin, limit, side="right")) - 1
            stop = min(max(stop, k + 1), int(ends[stratum]))
            goes_on = stop < int(ends[stratum])
        segments = None
        if whole > stratum + 1:
            segments = Segments(np.append(k, ends[stratum:whole]) - k)
        rows = slice(int(order.begin[k]), int(order.begin[stop]))
        chunks.append(Chunk(slice(k, stop), rows, goes_on, segments))
        k = stop
    return chunks
