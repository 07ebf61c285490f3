"""Primary and secondary suppression of counts, until no small group can be worked out."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rpcstats.disclosure._feasible import FloatArray, Knowledge, feasible_range, spans
from rpcstats.disclosure._rounding import possible_counts, round_counts
from rpcstats.disclosure.cells import Cells, containment
from rpcstats.disclosure.policy import DisclosurePolicy
from rpcstats.errors import DisclosureError

BoolArray = NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class Given:
    """A sum that the reader is taken to know from elsewhere, within bounds."""

    parts: tuple[int, ...]
    low: float
    high: float


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

    Raises
    ------
    DisclosureError
        If no choice protects the table.

    Notes
    -----
    First every small count, and every n that leaves a small remainder of its base. Then,
    for each small count and each small difference of nested counts, the range of values
    that fit everything shown (Fischetti and Salazar-González 2001); while it is too
    narrow, one more cell is withheld.
    """
    inside = containment(cells)
    hidden = _primary(cells, policy)
    for weights in _small_groups(cells, inside, policy):
        while not _is_safe(weights, cells, hidden, policy, given):
            hidden[_next_cell(weights, cells, hidden, policy, given)] = True
    return hidden


def _primary(cells: Cells, policy: DisclosurePolicy) -> BoolArray:
    hidden = is_small(cells.value, policy)
    for base, n in cells.rows:
        hidden[n] |= bool(is_small(cells.value[base] - cells.value[n], policy))
    return hidden


def _small_groups(
    cells: Cells, inside: BoolArray, policy: DisclosurePolicy
) -> Iterator[FloatArray]:
    for i in np.flatnonzero(is_small(cells.value, policy)):
        yield _weights(cells, plus=int(i))
    for outer, inner in np.argwhere(inside):
        if is_small(cells.value[outer] - cells.value[inner], policy):
            yield _weights(cells, plus=int(outer), minus=int(inner))


def _weights(cells: Cells, *, plus: int, minus: int | None = None) -> FloatArray:
    weights = np.zeros(cells.value.size)
    weights[plus] = 1.0
    if minus is not None:
        weights[minus] = -1.0
    return weights


def _is_safe(
    weights: FloatArray,
    cells: Cells,
    hidden: BoolArray,
    policy: DisclosurePolicy,
    given: tuple[Given, ...],
) -> bool:
    low, high = feasible_range(weights, _known(cells, hidden, policy, given))
    return spans(low, high, policy.threshold)


def _next_cell(
    weights: FloatArray,
    cells: Cells,
    hidden: BoolArray,
    policy: DisclosurePolicy,
    given: tuple[Given, ...],
) -> int:
    """Pick the smallest shown cell that mends the range, else the smallest that is tied to it.

    Of equal ones the later is taken: a hidden starting number would tell that it was small.
    """
    tied = _tied(weights, cells, given) & ~hidden
    if not tied.any():
        raise DisclosureError(
            "A group of this table is too small to be hidden: leave out the grouping, "
            "or merge its small groups."
        )
    rounded = round_counts(cells.value, policy.round_to, policy.rounding)
    later_first = -np.arange(rounded.size)
    order = [int(i) for i in np.lexsort((later_first, rounded)) if tied[i]]
    for i in order:
        trial = hidden.copy()
        trial[i] = True
        if _is_safe(weights, cells, trial, policy, given):
            return i
    return order[0]


def _tied(weights: FloatArray, cells: Cells, given: tuple[Given, ...]) -> BoolArray:
    bundles = [
        *cells.rows,
        *cells.order,
        *((*s.parts, s.total) for s in cells.sums),
        *(g.parts for g in given),
    ]
    reached: BoolArray = np.asarray(weights != 0)
    grown = -1
    while grown != (grown := int(reached.sum())):
        for bundle in bundles:
            if reached[list(bundle)].any():
                reached[list(bundle)] = True
    return reached


def _known(
    cells: Cells, hidden: BoolArray, policy: DisclosurePolicy, given: tuple[Given, ...]
) -> Knowledge:
    """Write down what a reader knows who has the rules, the order of the stages and the sums."""
    low, high = released_range(cells.value, policy)
    ceiling = 10.0 * (cells.value.max(initial=0) + 2 * policy.threshold + policy.round_to)
    low, high = np.where(hidden, 0.0, low), np.where(hidden, ceiling, high)
    rows: list[FloatArray] = []
    bounds: list[tuple[float, float]] = []
    for outer, inner in cells.rows:
        rows.append(_weights(cells, plus=outer, minus=inner))
        bounds.append(_remainder(outer, inner, cells, hidden, policy))
    for outer, inner in cells.order:
        rows.append(_weights(cells, plus=outer, minus=inner))
        bounds.append((0.0, np.inf))
    for total in cells.sums:
        rows.append(_sum_row(total.parts, cells) - _weights(cells, plus=total.total))
        bounds.append((0.0, 0.0))
    for known in given:
        rows.append(_sum_row(known.parts, cells))
        bounds.append((known.low, known.high))
    A = np.array(rows).reshape(len(rows), cells.value.size)
    A_low, A_high = np.array(bounds).reshape(-1, 2).T
    return Knowledge(low, high, A, A_low, A_high)


def _remainder(
    base: int, n: int, cells: Cells, hidden: BoolArray, policy: DisclosurePolicy
) -> tuple[float, float]:
    """Bound a row's remainder: a shown n tells that it is not small, even without the base."""
    if hidden[n]:
        return 0.0, np.inf
    none_left = cells.value[base] == cells.value[n]
    return (0.0, 0.0) if none_left else (float(policy.threshold), np.inf)


def _sum_row(parts: tuple[int, ...], cells: Cells) -> FloatArray:
    row = np.zeros(cells.value.size)
    np.add.at(row, list(parts), 1.0)
    return row


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
