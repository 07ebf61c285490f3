"""Person-sessions counted in cells of one unit and one session: arrays in, arrays out.

A unit is a set of rows that share every covariate but the clock. Column j of the design is
S[k, j] * Z[u, part[j]] at session k of unit u, so that the columns of 1e6 person-sessions are
never written out. Cells stand session by session.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from rpcstats.survival.discrete._moving import MovingParts, Span, nested_products

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.integer[Any]]
Scalar = TypeVar("Scalar", bound=np.generic)


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Cells:
    """Person-sessions and the design that describes them.

    Attributes
    ----------
    Z : ndarray of shape (U, q)
        Parts of the columns that belong to units.
    S : ndarray of shape (K, p)
        Parts of the columns that belong to sessions.
    part : ndarray of shape (p,), int
        Which column of Z each column of the design takes.
    units : tuple of slice or ndarray of int
        For each session the units at risk.
    start : ndarray of shape (K + 1,), int
        Where the cells of each session begin.
    copies : ndarray of shape (C,) or None
        Person-sessions of each cell; None if each has one.
    events : ndarray of shape (R, C)
        Those that end with each of R causes.
    weight : ndarray of shape (U,) or None
        Case weight of the rows of each unit.
    offset : ndarray of shape (U,) or None
        Known part of the linear predictor of each unit.
    """

    Z: FloatArray
    S: FloatArray
    part: IntArray
    units: tuple[Span, ...]
    start: IntArray
    copies: FloatArray | None
    events: NDArray[Any]
    weight: FloatArray | None = None
    offset: FloatArray | None = None

    @property
    def n_unit(self) -> int:
        """Number of units, U."""
        return len(self.Z)

    @property
    def n_cell(self) -> int:
        """Number of cells, C."""
        return int(self.start[-1])

    @property
    def n_column(self) -> int:
        """Number of columns of the design, p."""
        return int(self.S.shape[1])

    def blocks(self) -> Iterator[tuple[int, slice, Span]]:
        """Go through the sessions.

        Yields
        ------
        tuple
            The session's place, its cells, and its units.
        """
        for k, units in enumerate(self.units):
            yield k, slice(int(self.start[k]), int(self.start[k + 1])), units

    def spread(self, of_units: NDArray[Scalar]) -> NDArray[Scalar]:
        """Give each cell the value of its unit.

        Parameters
        ----------
        of_units : ndarray of shape (U,)
            Any values.

        Returns
        -------
        ndarray of shape (C,)
            The values.
        """
        found: NDArray[Scalar] = np.empty(self.n_cell, dtype=of_units.dtype)
        for _, cells, units in self.blocks():
            found[cells] = of_units[units]
        return found

    def gathered(self, of_cells: FloatArray) -> FloatArray:
        """Sum values of cells over the sessions of each unit.

        Parameters
        ----------
        of_cells : ndarray of shape (C,)
            Any values.

        Returns
        -------
        ndarray of shape (U,)
            The sums.
        """
        total = np.zeros(self.n_unit)
        for _, cells, units in self.blocks():
            total[units] += of_cells[cells]
        return total

    def trials(self) -> FloatArray | None:
        """Give the weighted number of person-sessions of each cell; None if all are 1.

        Returns
        -------
        ndarray of shape (C,) or None
            Copies times case weight.
        """
        if self.weight is None:
            return self.copies
        weight = self.spread(self.weight)
        return weight if self.copies is None else weight * self.copies

    def weighted_events(self) -> FloatArray:
        """Give the weighted number of events of each cell.

        Returns
        -------
        ndarray of shape (R, C)
            Events times case weight.
        """
        return self.events if self.weight is None else self.events * self.spread(self.weight)

    @property
    def varying(self) -> IntArray:
        """Columns whose session part is not 1 everywhere."""
        return np.flatnonzero((self.S != 1.0).any(axis=0))

    def predictor(self, beta: FloatArray) -> FloatArray:
        """Compute the linear predictor.

        Parameters
        ----------
        beta : ndarray of shape (p,)
            Coefficients.

        Returns
        -------
        ndarray of shape (C,)
            Offset included.
        """
        varying = self.varying
        fixed = np.bincount(self.part, weights=beta, minlength=self.Z.shape[1])
        fixed -= np.bincount(self.part[varying], weights=beta[varying], minlength=self.Z.shape[1])
        of_unit = self.Z @ fixed
        if self.offset is not None:
            of_unit += self.offset
        eta = np.empty(self.n_cell)
        used = np.unique(self.part[varying])
        moving = self.Z[:, used]
        place = np.searchsorted(used, self.part[varying])
        ones = bool((moving == 1.0).all())
        for k, cells, units in self.blocks():
            slope = np.bincount(place, self.S[k, varying] * beta[varying], len(used))
            added = slope.sum() if ones else moving[units] @ slope
            np.add(of_unit[units], added, out=eta[cells])
        return eta

    def score(self, e: FloatArray) -> FloatArray:
        """Sum the columns times a value of each cell.

        Parameters
        ----------
        e : ndarray of shape (C,)
            What multiplies the columns of each cell.

        Returns
        -------
        ndarray of shape (p,)
            X'e.
        """
        varying = self.varying
        total: FloatArray = (self.Z.T @ self.gathered(e))[self.part]
        if not len(varying):
            return total
        moving = MovingParts(self.Z, self.part, varying)
        total[varying] = 0.0
        for k, cells, units in self.blocks():
            total[varying] += self.S[k, varying] * moving.sums(e[cells], units)
        return total

    def information(self, w: FloatArray) -> FloatArray:
        """Sum the products of the columns times a weight of each cell.

        Parameters
        ----------
        w : ndarray of shape (C,)
            Weights.

        Returns
        -------
        ndarray of shape (p, p)
            X'WX.
        """
        varying, p = self.varying, self.n_column
        moving = MovingParts(self.Z, self.part, varying)
        if moving.ones and (sizes := self._prefixes()) is not None:
            inner, sums = nested_products(self.Z, w, self.start, sizes)
            products = [row[:, None] for row in sums]
        else:
            inner = (self.Z * self.gathered(w)[:, None]).T @ self.Z
            cells = self.blocks() if len(varying) else iter(())
            products = [moving.products(w[at], units) for _, at, units in cells]
        found: FloatArray = inner[np.ix_(self.part, self.part)]
        if not len(varying):
            return found
        rows = np.zeros((p, p))
        for k, product in enumerate(products):
            here = varying[self.S[k, varying] != 0.0]
            block = product[self.part][:, moving.place_of(here)].T
            rows[here] += self.S[k, here, None] * block * self.S[k]
        found[varying] = rows[varying]
        found[:, varying] = rows[varying].T
        return found

    def _prefixes(self) -> list[int] | None:
        """Count the units at each session if they are the first ones; None if not."""
        if not all(isinstance(span, slice) and span.start == 0 for span in self.units):
            return None
        sizes: list[int] = np.diff(self.start).tolist()
        return sizes

    def leverage(self, M: FloatArray) -> FloatArray:
        """Compute x'Mx of each cell.

        Parameters
        ----------
        M : ndarray of shape (p, p)
            A symmetric matrix.

        Returns
        -------
        ndarray of shape (C,)
            The quadratic forms.
        """
        found = np.empty(self.n_cell)
        for _, cells, X in self.rows():
            found[cells] = ((X @ M) * X).sum(axis=1)
        return found

    def rows(self, most: int = 65_536) -> Iterator[tuple[int, slice, FloatArray]]:
        """Write the design out, part by part.

        Parameters
        ----------
        most : int
            Rows at a time.

        Yields
        ------
        tuple
            The session's place, some of its cells, and their columns (c, p).
        """
        for k, cells, units in self.blocks():
            members = np.arange(self.n_unit)[units]
            for first in range(0, len(members), most):
                part = members[first : first + most]
                at = cells.start + first
                yield k, slice(at, at + len(part)), self.Z[part][:, self.part] * self.S[k]

    def reweighted(self, weight: FloatArray) -> "Cells":
        """Give the cells with other case weights.

        Parameters
        ----------
        weight : ndarray of shape (U,)
            Weights of the units.

        Returns
        -------
        Cells
            The rest unchanged.
        """
        return replace(self, weight=weight)
