"""What a careful reader of a table knows of its hidden counts."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rpcstats.disclosure._feasible import FloatArray, Knowledge, feasible_range, spans
from rpcstats.disclosure._rounding import possible_counts, round_counts
from rpcstats.disclosure.cells import Cells
from rpcstats.disclosure.policy import DisclosurePolicy

BoolArray = NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class Given:
    """A sum, less another, that the reader is taken to know from elsewhere, within bounds."""

    parts: tuple[int, ...]
    low: float
    high: float
    less: tuple[int, ...] = ()


def is_small(count: NDArray[np.int64], policy: DisclosurePolicy) -> BoolArray:
    """Tell which counts may not be shown.

    Parameters
    ----------
    count : ndarray
        True counts.
    policy : DisclosurePolicy
        The rules.

    Returns
    -------
    ndarray of bool
        True from 1 (from 0 where none is disclosive) to threshold - 1.
    """
    x = np.asarray(count)
    small: BoolArray = (x < policy.threshold) & (x >= (0 if policy.zeros_disclosive else 1))
    return small


def released_range(
    value: NDArray[np.int64], policy: DisclosurePolicy
) -> tuple[FloatArray, FloatArray]:
    """Give what a shown count may stand for, to a reader who knows the rules.

    Parameters
    ----------
    value : ndarray
        True counts, none of them small.
    policy : DisclosurePolicy
        The rules.

    Returns
    -------
    tuple of ndarray
        Smallest and largest count.
    """
    rounded = round_counts(value, policy.round_to, policy.rounding)
    low, high = possible_counts(rounded, policy.round_to, policy.rounding)
    none = np.asarray(value) == 0
    return np.where(none, 0.0, np.maximum(low, policy.threshold)), np.where(none, 0.0, high)


@dataclass(frozen=True, slots=True, eq=False)
class Linked:
    """Curves tied to the cells of a funnel: unknowns are the v cells, then those of the curves.

    Attributes
    ----------
    low, high : ndarray of shape (p,)
        Bounds of the curves' unknowns.
    A : ndarray of shape (m, v + p)
        Sums that the curves tell, and those that tie them to the funnel.
    A_low, A_high : ndarray of shape (m,)
        Their bounds.
    groups : tuple of (ndarray of shape (v + p,), int)
        Groups, each with the number under which it would be small.
    cells : tuple of int
        Cells of the funnel that the curves tell of.
    """

    low: FloatArray
    high: FloatArray
    A: FloatArray
    A_low: FloatArray
    A_high: FloatArray
    groups: tuple[tuple[FloatArray, int], ...]
    cells: tuple[int, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Reader:
    """A reader who has the rules, the order of the stages, the sums, and what is given.

    Attributes
    ----------
    cells : Cells
        The table.
    policy : DisclosurePolicy
        The rules.
    given : tuple of Given
        Sums known from elsewhere.
    linked : Linked or None
        Curves printed beside the table.
    """

    cells: Cells
    policy: DisclosurePolicy
    given: tuple[Given, ...]
    linked: Linked | None = None

    def is_left_guessing(
        self,
        weights: FloatArray,
        hidden: BoolArray,
        threshold: int,
        *,
        is_told_small: bool = False,
    ) -> bool:
        """Tell whether a small group could still be of any size under the threshold.

        Parameters
        ----------
        weights : ndarray of shape (v,) or (v + p,)
            The group, as a sum of cells, and of the unknowns of linked curves.
        hidden : ndarray of bool, shape (v,)
            Cells that are withheld.
        threshold : int
            Sizes from here on are not small.
        is_told_small : bool, default False
            Whether a withheld cell tells that the group is small; then sizes from the threshold
            on are ruled out, and all below have to be possible.

        Returns
        -------
        bool
            True if the range spans the protected interval, or lies beyond it.
        """
        known = self._knowledge(hidden)
        low, high = feasible_range(np.pad(weights, (0, known.low.size - weights.size)), known)
        if low >= threshold or (high == 0 and not self.policy.zeros_disclosive):
            return not is_told_small
        return spans(low, min(high, threshold - 1) if is_told_small else high, threshold)

    def tied(self, weights: FloatArray) -> BoolArray:
        """Find the cells that have anything to do with a group.

        Parameters
        ----------
        weights : ndarray of shape (v,) or (v + p,)
            The group, as a sum of cells, and of the unknowns of linked curves.

        Returns
        -------
        ndarray of bool, shape (v,)
            Cells linked to it by nesting, by a sum or by a curve.
        """
        size = self.cells.value.size
        bundles = [
            *self.cells.rows,
            *self.cells.order,
            *((*s.parts, s.total) for s in self.cells.sums),
            *((*c.parts, *c.less) for c in self.cells.corners),
            *((*g.parts, *g.less) for g in self.given),
        ]
        reached: BoolArray = np.asarray(weights[:size] != 0)
        if self.linked is not None:
            bundles.append(self.linked.cells)
            if weights[size:].any():
                reached[list(self.linked.cells)] = True
        grown = -1
        while grown != (grown := int(reached.sum())):
            for bundle in bundles:
                if reached[list(bundle)].any():
                    reached[list(bundle)] = True
        return reached

    def _knowledge(self, hidden: BoolArray) -> Knowledge:
        value, policy = self.cells.value, self.policy
        low, high = released_range(value, policy)
        ceiling = 10.0 * (value.max(initial=0) + 2 * policy.threshold + policy.round_to)
        low, high = np.where(hidden, 0.0, low), np.where(hidden, ceiling, high)
        rows: list[FloatArray] = []
        bounds: list[tuple[float, float]] = []
        for outer, inner in self.cells.rows:
            rows.append(self._row((outer,), (inner,)))
            bounds.append(self._remainder(outer, inner, hidden))
        for outer, inner in self.cells.order:
            rows.append(self._row((outer,), (inner,)))
            bounds.append((0.0, np.inf))
        for corner in self.cells.corners:
            rows.append(self._row(corner.parts, corner.less))
            bounds.append((0.0, np.inf))
        for total in self.cells.sums:
            rows.append(self._row(total.parts, (total.total,)))
            bounds.append((0.0, 0.0))
        for known in self.given:
            rows.append(self._row(known.parts, known.less))
            bounds.append((known.low, known.high))
        A_low, A_high = np.array(bounds).reshape(-1, 2).T
        table = Knowledge(low, high, np.array(rows).reshape(-1, value.size), A_low, A_high)
        return table if self.linked is None else self._with_curves(table, self.linked)

    @staticmethod
    def _with_curves(known: Knowledge, linked: Linked) -> Knowledge:
        further = ((0, 0), (0, linked.low.size))
        return Knowledge(
            np.append(known.low, linked.low),
            np.append(known.high, linked.high),
            np.vstack([np.pad(known.A, further), linked.A]),
            np.append(known.A_low, linked.A_low),
            np.append(known.A_high, linked.A_high),
        )

    def _remainder(self, base: int, n: int, hidden: BoolArray) -> tuple[float, float]:
        """Bound a row's remainder: a shown n tells that it is not small, even without the base."""
        if hidden[n]:
            return 0.0, np.inf
        remainder = self.cells.value[base] - self.cells.value[n]
        return (0.0, 0.0) if remainder == 0 else (float(self.policy.threshold), np.inf)

    def _row(self, parts: tuple[int, ...], less: tuple[int, ...]) -> FloatArray:
        row = np.zeros(self.cells.value.size)
        np.add.at(row, list(parts), 1.0)
        np.subtract.at(row, list(less), 1.0)
        return row
