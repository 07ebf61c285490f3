"""Primary and secondary suppression of counts, until no small group can be worked out."""

from collections.abc import Iterator

import numpy as np

from rpcstats.disclosure._feasible import FloatArray
from rpcstats.disclosure._rounding import round_counts
from rpcstats.disclosure.cells import Cells, containment
from rpcstats.disclosure.policy import DisclosurePolicy
from rpcstats.disclosure.reader import BoolArray, Given, Reader, is_small


def withheld_cells(
    cells: Cells, policy: DisclosurePolicy, given: tuple[Given, ...] = ()
) -> BoolArray:
    """Choose the cells to withhold.

    Parameters
    ----------
    cells : Cells
        The table.
    policy : DisclosurePolicy
        The rules.
    given : tuple of Given
        Sums known from elsewhere.

    Returns
    -------
    ndarray of bool, shape (v,)
        True where a cell has to be withheld.

    Notes
    -----
    First every small count, and every n that leaves a small remainder of its base. Then,
    for each small count and each small difference of nested counts (of two, or of four where
    definitions are counted on several bases), the range of values
    that fit everything shown (Fischetti and Salazar-González 2001); while it is too
    narrow, one more cell is withheld. A group that would be known with nothing shown
    at all is given away elsewhere; nothing more is withheld for its sake.
    """
    reader = Reader(cells, policy, given)
    hidden = is_small(cells.value, policy)
    for base, n in cells.rows:
        hidden[n] |= bool(is_small(cells.value[base] - cells.value[n], policy))
    for weights in _small_groups(cells, policy):
        while not reader.is_left_guessing(weights, hidden):
            further = _next_cell(weights, reader, hidden)
            if further is None:
                break
            hidden[further] = True
    return hidden


def _small_groups(cells: Cells, policy: DisclosurePolicy) -> Iterator[FloatArray]:
    own = {(int(i), None) for i in np.flatnonzero(is_small(cells.value, policy))}
    nested = {(int(a), int(b)) for a, b in np.argwhere(containment(cells))}
    small = {(a, b) for a, b in nested if is_small(cells.value[a] - cells.value[b], policy)}
    for plus, minus in (*sorted(own), *sorted(small)):
        weights = np.zeros(cells.value.size)
        weights[plus] = 1.0
        if minus is not None:
            weights[minus] = -1.0
        yield weights
    for corner in cells.corners:
        weights = np.zeros(cells.value.size)
        np.add.at(weights, list(corner.parts), 1.0)
        np.subtract.at(weights, list(corner.less), 1.0)
        if is_small(np.array([weights @ cells.value], dtype=np.int64), policy)[0]:
            yield weights


def _next_cell(weights: FloatArray, reader: Reader, hidden: BoolArray) -> int | None:
    """Pick the smallest shown cell that mends the range, else the smallest that is tied to it.

    Of equal ones the later is taken: a hidden starting number would tell that it was small.
    """
    tied = reader.tied(weights) & ~hidden
    if not reader.is_left_guessing(weights, hidden | tied):
        return None
    policy = reader.policy
    rounded = round_counts(reader.cells.value, policy.round_to, policy.rounding)
    later_first = -np.arange(rounded.size)
    order = [int(i) for i in np.lexsort((later_first, rounded)) if tied[i]]
    for i in order:
        trial = hidden.copy()
        trial[i] = True
        if reader.is_left_guessing(weights, trial):
            return i
    return order[0]
