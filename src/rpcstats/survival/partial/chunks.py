"""Event times taken a few thousand rows at a time, from the last to the first."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from rpcstats.survival.partial.arrange import Arrangement
from rpcstats.survival.partial.segments import Segments

FloatArray = NDArray[np.float64]

ROWS: Final = 4096
"""Rows a chunk has at most, unless a single event time has more."""


class Room:
    """Two tables that one chunk after the other is worked out in, for new ones cost time.

    Parameters
    ----------
    n_line : int
        Lines a table has.
    """

    __slots__ = ("_cells", "_n_line")

    def __init__(self, n_line: int) -> None:
        self._n_line = n_line
        self._cells: dict[int, FloatArray] = {}

    def table(self, which: int, width: int) -> FloatArray:
        """Give a table to write over.

        Parameters
        ----------
        which : {0, 1}
            The first or the second.
        width : int
            Its columns, `ROWS` at most.

        Returns
        -------
        ndarray of shape (n_line, width)
            Row-major; what stood there before is lost.
        """
        if which not in self._cells:
            self._cells[which] = np.empty(self._n_line * ROWS)
        return self._cells[which][: self._n_line * width].reshape(self._n_line, width)


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
            What leaves at each event time; it may become the sums.
        carried : ndarray of shape (p, 1)
            The sum at the event time after the chunk.

        Returns
        -------
        ndarray of shape (p, k)
            The sums.
        """
        if self.segments is not None:
            return self.segments.backward(values)
        backwards = values[:, ::-1]
        np.cumsum(backwards, axis=1, out=backwards)
        if self.goes_on:
            values += carried
        return values


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
            ahead = order.begin[k : k + ROWS + 2]
            stop = k + int(np.searchsorted(ahead, limit, side="right")) - 1
            stop = min(max(stop, k + 1), int(ends[stratum]))
            goes_on = stop < int(ends[stratum])
        segments = None
        if whole > stratum + 1:
            segments = Segments(np.append(k, ends[stratum:whole]) - k)
        rows = slice(int(order.begin[k]), int(order.begin[stop]))
        chunks.append(Chunk(slice(k, stop), rows, goes_on, segments))
        k = stop
    return chunks
