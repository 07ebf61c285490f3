"""Log-likelihood of censored rows of any kind from a family's density and survival."""

from typing import Final, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from rpcstats.survival.parametric._local import Local, log_before, log_between, zero_local

FloatArray = NDArray[np.float64]
Extra = tuple[FloatArray, ...]

RIGHT: Final = 0
EXACT: Final = 1
LEFT: Final = 2
INTERVAL: Final = 3


class Family(Protocol):
    """A distribution of times on the scale y, with parameters of each row."""

    @property
    def extras(self) -> tuple[str, ...]:
        """Names of the parameters beside the first."""

    def density(self, y: FloatArray, eta: FloatArray, extra: Extra) -> Local:
        """Give the log density."""

    def survival(self, y: FloatArray, eta: FloatArray, extra: Extra) -> Local:
        """Give the log survival."""


class CensoredRows(NamedTuple):
    """What is known of the time of each row, on the scale y.

    Attributes
    ----------
    kind : ndarray of shape (n,), int8
        0 for right-censored, 1 for exact, 2 for left-censored, 3 for an interval.
    y : ndarray of shape (n,)
        The time, or the lower limit.
    upper : ndarray of shape (n,) or None
        The upper limit of left-censored rows and intervals; None if there are none.
    entry : ndarray of shape (n,) or None
        Time of entry; minus infinity for rows seen from the start; None if all are.
    """

    kind: NDArray[np.int8]
    y: FloatArray
    upper: FloatArray | None
    entry: FloatArray | None

    def part(self, start: int, stop: int) -> "CensoredRows":
        """Take some rows.

        Parameters
        ----------
        start, stop : int
            The rows.

        Returns
        -------
        CensoredRows
            Views of them.
        """
        return CensoredRows(
            self.kind[start:stop],
            self.y[start:stop],
            None if self.upper is None else self.upper[start:stop],
            None if self.entry is None else self.entry[start:stop],
        )


def kind_order(rows: CensoredRows) -> NDArray[np.int64] | None:
    """Order rows by kind of censoring, so that whole chunks are of one kind.

    Parameters
    ----------
    rows : CensoredRows
        The rows.

    Returns
    -------
    ndarray of shape (n,), int, or None
        Positions; None if they stand so already.
    """
    if np.all(rows.kind[:-1] <= rows.kind[1:]):
        return None
    return np.argsort(rows.kind, kind="stable").astype(np.int64, copy=False)


def ordered_rows(rows: CensoredRows, order: NDArray[np.int64] | None) -> CensoredRows:
    """Put rows in an order.

    Parameters
    ----------
    rows : CensoredRows
        The rows.
    order : ndarray of shape (n,), int, or None
        Positions; None to leave them.

    Returns
    -------
    CensoredRows
        The rows.
    """
    if order is None:
        return rows
    upper = None if rows.upper is None else rows.upper[order]
    entry = None if rows.entry is None else rows.entry[order]
    return CensoredRows(rows.kind[order], rows.y[order], upper, entry)


def row_terms(family: Family, rows: CensoredRows, eta: FloatArray, extra: Extra) -> Local:
    """Give the log-likelihood of each row.

    Parameters
    ----------
    family : Family
        The distribution.
    rows : CensoredRows
        What is known of m rows.
    eta : ndarray of shape (m,)
        First parameter of each row.
    extra : tuple of ndarray of shape (m,) or (1,)
        The others.

    Returns
    -------
    Local
        Log density of exact times, log probability of the others; less log survival to entry.
    """
    m = len(eta)
    if m and rows.kind[0] == rows.kind[-1] and (rows.kind == rows.kind[0]).all():
        total = _one_kind(family, int(rows.kind[0]), rows, eta, extra)
    else:
        total = _mixed_kinds(family, rows, eta, extra)
    if rows.entry is not None:
        _take_entry(family, rows.entry, eta, extra, total)
    return total


def _mixed_kinds(family: Family, rows: CensoredRows, eta: FloatArray, extra: Extra) -> Local:
    total = zero_local(1 + len(extra), len(eta))
    for kind in (RIGHT, EXACT, LEFT, INTERVAL):
        at = np.flatnonzero(rows.kind == kind)
        if not len(at):
            continue
        here = CensoredRows(
            rows.kind[at], rows.y[at], None if rows.upper is None else rows.upper[at], None
        )
        part = _one_kind(family, kind, here, *_parameters(eta, extra, at))
        total.value[at], total.first[:, at] = part.value, part.first
        total.second[:, :, at] = part.second
    return total


def _one_kind(
    family: Family, kind: int, rows: CensoredRows, eta: FloatArray, extra: Extra
) -> Local:
    if kind == EXACT:
        return family.density(rows.y, eta, extra)
    if kind == RIGHT:
        return family.survival(rows.y, eta, extra)
    if rows.upper is None:
        raise AssertionError("intervals have upper limits")
    upper = family.survival(rows.upper, eta, extra)
    return (
        log_before(upper)
        if kind == LEFT
        else log_between(family.survival(rows.y, eta, extra), upper)
    )


def _take_entry(
    family: Family, entry: FloatArray, eta: FloatArray, extra: Extra, total: Local
) -> None:
    late = np.flatnonzero(np.isfinite(entry))
    if not len(late):
        return
    before = family.survival(entry[late], *_parameters(eta, extra, late))
    total.value[late] -= before.value
    total.first[:, late] -= before.first
    total.second[:, :, late] -= before.second


def _parameters(eta: FloatArray, extra: Extra, at: NDArray[np.int64]) -> tuple[FloatArray, Extra]:
    return eta[at], tuple(e if len(e) == 1 else e[at] for e in extra)
