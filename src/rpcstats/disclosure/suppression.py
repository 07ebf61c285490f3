"""Primary and secondary suppression of counts, until no small group can be worked out."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from rpcstats.disclosure._feasible import FloatArray
from rpcstats.disclosure._rounding import round_counts
from rpcstats.disclosure.cells import Cells, containment
from rpcstats.disclosure.policy import DisclosurePolicy
from rpcstats.disclosure.reader import BoolArray, Given, Linked, Reader, is_small


def withheld_cells(
    cells: Cells,
    policy: DisclosurePolicy,
    given: tuple[Given, ...] = (),
    linked: Sequence[Linked] = (),
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
    linked : sequence of Linked, optional
        Curves printed beside the table, under what a reader may know or guess.

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
    narrow, one more cell is withheld. Of a count that is itself withheld the reader knows that
    it, or what is left of its base, is small. Groups that curves beside the table tell of are
    looked at whether they are small or not, so that what is withheld does not tell. A group
    that would be known with nothing shown at all is given away elsewhere; nothing more is
    withheld for its sake.
    """
    hidden = is_small(cells.value, policy)
    for base, n in cells.rows:
        hidden[n] |= bool(is_small(cells.value[base] - cells.value[n], policy))
    own = [Group(w, policy.threshold, told) for w, told in _small_groups(cells, policy)]
    for curves in linked or (None,):
        reader = Reader(cells, policy, given, curves)
        told = [] if curves is None else [Group(w, k, False) for w, k in curves.groups]
        for group in (*own, *told):
            while not group.is_safe(reader, hidden):
                further = _next_cell(group, reader, hidden)
                if further is None:
                    break
                hidden[further] = True
    return hidden


@dataclass(frozen=True, slots=True, eq=False)
class Group:
    """A group to be guarded, as a sum of cells and of unknowns of linked curves.

    Attributes
    ----------
    weights : ndarray
        The sum.
    threshold : int
        Sizes from here on are not small.
    is_told_small : bool
        Whether a cell withheld for its sake tells that it is small.
    """

    weights: FloatArray
    threshold: int
    is_told_small: bool

    def is_safe(self, reader: Reader, hidden: BoolArray) -> bool:
        """Tell whether a reader is left guessing its size.

        Parameters
        ----------
        reader : Reader
            What is known.
        hidden : ndarray of bool, shape (v,)
            Cells that are withheld.

        Returns
        -------
        bool
            True if so.
        """
        return reader.is_left_guessing(
            self.weights, hidden, self.threshold, is_told_small=self.is_told_small
        )


def _small_groups(cells: Cells, policy: DisclosurePolicy) -> Iterator[tuple[FloatArray, bool]]:
    """Give each small group, and whether a cell withheld for its sake tells that it is small."""
    own = {(int(i), None) for i in np.flatnonzero(is_small(cells.value, policy))}
    nested = {(int(a), int(b)) for a, b in np.argwhere(containment(cells))}
    small = {(a, b) for a, b in nested if is_small(cells.value[a] - cells.value[b], policy)}
    for plus, minus in (*sorted(own), *sorted(small)):
        weights = np.zeros(cells.value.size)
        weights[plus] = 1.0
        if minus is not None:
            weights[minus] = -1.0
        yield weights, minus is None or (plus, minus) in cells.rows
    for corner in cells.corners:
        weights = np.zeros(cells.value.size)
        np.add.at(weights, list(corner.parts), 1.0)
        np.subtract.at(weights, list(corner.less), 1.0)
        if is_small(np.array([weights @ cells.value], dtype=np.int64), policy)[0]:
            yield weights, False


def _next_cell(group: Group, reader: Reader, hidden: BoolArray) -> int | None:
    """Pick the smallest shown cell that mends the range, else the smallest that is tied to it.

    Of equal ones the later is taken: a hidden starting number would tell that it was small.
    """
    tied = reader.tied(group.weights) & ~hidden
    if not group.is_safe(reader, hidden | tied):
        return None
    policy = reader.policy
    rounded = round_counts(reader.cells.value, policy.round_to, policy.rounding)
    later_first = -np.arange(rounded.size)
    order = [int(i) for i in np.lexsort((later_first, rounded)) if tied[i]]
    for i in order:
        trial = hidden.copy()
        trial[i] = True
        if group.is_safe(reader, trial):
            return i
    return order[0]
