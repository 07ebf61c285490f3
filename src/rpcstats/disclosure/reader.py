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
    """

    cells: Cells
    policy: DisclosurePolicy
    given: tuple[Given, ...]

    def is_left_guessing(self, weights: FloatArray, hidden: BoolArray) -> bool:
        """Tell whether a small group could still be of any size under the threshold.

        Parameters
        ----------
        weights : ndarray of shape (v,)
            The group, as a sum of cells.
        hidden : ndarray of bool, shape (v,)
            Cells that are withheld.

        Returns
        -------
        bool
            True if the range spans the protected interval.
        """
        low, high = feasible_range(weights, self._knowledge(hidden))
        return spans(low, high, self.policy.threshold)

    def tied(self, weights: FloatArray) -> BoolArray:
        """Find the cells that have anything to do with a group.

        Parameters
        ----------
        weights : ndarray of shape (v,)
            The group, as a sum of cells.

        Returns
        -------
        ndarray of bool, shape (v,)
            Cells linked to it by nesting or by a sum.
        """
        bundles = [
            *self.cells.rows,
            *self.cells.order,
            *((*s.parts, s.total) for s in self.cells.sums),
            *((*c.parts, *c.less) for c in self.cells.corners),
            *((*g.parts, *g.less) for g in self.given),
        ]
        reached: BoolArray = np.asarray(weights != 0)
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
        return Knowledge(low, high, np.array(rows).reshape(-1, value.size), A_low, A_high)

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
