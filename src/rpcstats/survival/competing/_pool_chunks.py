"""Event times of a sub-distribution in chunks, with the rows of the pool: arrays in, arrays out."""

from collections.abc import Iterator
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from rpcstats.survival.competing._subdistribution_order import SubdistributionOrder
from rpcstats.survival.partial.chunks import Chunk, chunks_of

Places = NDArray[np.integer[Any]]

_ROWS: Final = 1 << 14
"""Rows of chunks that are put together, at most."""


class PoolChunk(NamedTuple):
    """Consecutive event times, the rows that leave at them, and those of them in the pool.

    Attributes
    ----------
    base : Chunk
        The event times and rows.
    follows : bool
        Whether the stratum of the first event time has earlier ones, in the chunk before.
    pool : slice
        Its rows of the pool, among them.
    places, extra : ndarray of int
        Where these are among the rows of the chunk, and those of them in the pool alone.
    cells : ndarray of int
        Where the rows of the pool join: group by group, the event times of the chunk and the one
        after it.
    """

    base: Chunk
    follows: bool
    pool: slice
    places: Places
    extra: Places
    cells: Places


def row_chunks(order: SubdistributionOrder) -> tuple[Chunk, ...]:
    """Cut the event times into chunks.

    Parameters
    ----------
    order : SubdistributionOrder
        The rows arranged.

    Returns
    -------
    tuple of Chunk
        Those of `chunks_of` from the first to the last, neighbours of one stratum put together.
    """
    found = order.worked_out.get("row chunks")
    if found is None:
        found = order.worked_out["row chunks"] = tuple(_together(chunks_of(order)[::-1]))
    chunks: tuple[Chunk, ...] = found
    return chunks


def _together(bases: tuple[Chunk, ...]) -> list[Chunk]:
    found: list[Chunk] = []
    for base in bases:
        before = found[-1] if found else None
        is_part = before is not None and before.goes_on and base.segments is None
        if before is None or not is_part or base.rows.stop - before.rows.start > _ROWS:
            found.append(base)
            continue
        times = slice(before.times.start, base.times.stop)
        rows = slice(before.rows.start, base.rows.stop)
        found[-1] = Chunk(times, rows, base.goes_on, None)
    return found


def pool_chunks(order: SubdistributionOrder) -> Iterator[PoolChunk]:
    """Cut the event times into chunks, with the rows of the pool that leave in each.

    Parameters
    ----------
    order : SubdistributionOrder
        The rows arranged.

    Yields
    ------
    PoolChunk
        From the first to the last.
    """
    pool, bases, follows = order.pool, row_chunks(order), False
    ends = np.array([0, *(base.rows.stop for base in bases)], dtype=order.rows.dtype)
    of_pool, of_extra = (np.searchsorted(at, ends).tolist() for at in (pool.places, order.extra))
    for i, base in enumerate(bases):
        rows, a = slice(of_pool[i], of_pool[i + 1]), base.rows.start
        cells = pool.join[rows].astype(np.intp) - base.times.start
        if len(pool.level) > 1:
            cells = cells + pool.group[rows] * (base.times.stop - base.times.start + 1)
        extra = order.extra[of_extra[i] : of_extra[i + 1]] - a
        yield PoolChunk(base, follows, rows, pool.places[rows].astype(np.intp) - a, extra, cells)
        follows = base.goes_on
