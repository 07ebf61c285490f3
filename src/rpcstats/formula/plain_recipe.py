"""Plain terms as a recipe: rows or single columns of a design made from the data."""

import itertools
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rpcstats.formula.plain_terms import ScopedTerm

FloatArray = NDArray[np.float64]
CodeArray = NDArray[np.integer]


@dataclass(frozen=True, slots=True, eq=False)
class PlainRecipe:
    """The data of plain terms, from which rows or columns of the design are made.

    Attributes
    ----------
    scoped : tuple of ScopedTerm
        Factors of each run of columns, and whether each leaves its first level out.
    levels : dict
        Levels of each categorical factor, in order.
    codes, numbers : dict
        Level of each row, of categorical factors, and the values of the others.
    n_row : int
        Number of rows.
    """

    scoped: tuple[ScopedTerm, ...]
    levels: dict[str, tuple[object, ...]]
    codes: dict[str, CodeArray]
    numbers: dict[str, NDArray[np.generic]]
    n_row: int

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns."""
        return self.n_row, sum(len(picks_of(term, self.levels)) for term in self.scoped)

    def rows(self, at: slice) -> FloatArray:
        """Make some rows of the design.

        Parameters
        ----------
        at : slice
            Which.

        Returns
        -------
        ndarray of shape (k, p)
            Row-major.
        """
        X = np.empty((len(range(*at.indices(self.n_row))), self.shape[1]))
        column = 0
        for term in self.scoped:
            amount, cell, strides = self._parts(term, at)
            for picks in picks_of(term, self.levels):
                if cell is None:
                    X[:, column] = amount
                else:
                    chosen = self._place(term, picks, strides)
                    np.multiply(cell == chosen, amount, out=X[:, column])
                column += 1
        return X

    def line(self, j: int) -> FloatArray:
        """Make one column of the design.

        Parameters
        ----------
        j : int
            Its place.

        Returns
        -------
        ndarray of shape (n,)
            The column; the data themselves where it is a column of numbers.
        """
        for term in self.scoped:
            runs = picks_of(term, self.levels)
            if j >= len(runs):
                j -= len(runs)
                continue
            amount, cell, strides = self._parts(term, slice(None))
            if cell is not None:
                return np.asarray((cell == self._place(term, runs[j], strides)) * amount)
            return amount if len(amount) == self.n_row else np.repeat(amount, self.n_row)
        raise IndexError(j)

    def _parts(
        self, term: ScopedTerm, at: slice
    ) -> tuple[FloatArray, CodeArray | None, NDArray[np.int64]]:
        """Multiply the numbers of a term, and join the codes of its levels."""
        factors = [name for name, _ in term if name in self.codes]
        amount = _product([self.numbers[name][at] for name, _ in term if name in self.numbers])
        strides = np.cumprod([1, *(len(self.levels[name]) for name in factors)])
        return amount, _combined([self.codes[name][at] for name in factors], strides), strides

    def _place(self, term: ScopedTerm, picks: tuple[int, ...], strides: NDArray[np.int64]) -> int:
        chosen = [pick for (name, _), pick in zip(term, picks, strict=True) if name in self.codes]
        return int(np.dot(chosen, strides[:-1]))


def picks_of(term: ScopedTerm, levels: dict[str, tuple[object, ...]]) -> list[tuple[int, ...]]:
    """List the levels of each column of a term; the first factor varies fastest.

    Parameters
    ----------
    term : ScopedTerm
        Factors, and whether each leaves its first level out.
    levels : dict
        Levels of the categorical ones.

    Returns
    -------
    list of tuple of int
        Place of the level of each factor, 0 for numbers.
    """
    runs = [range(int(reduced), len(levels.get(name, (0,)))) for name, reduced in reversed(term)]
    return [picks[::-1] for picks in itertools.product(*runs)]


def _product(columns: list[NDArray[np.generic]]) -> FloatArray:
    if not columns:
        return np.ones(1)
    product = np.asarray(columns[0], dtype=np.float64)
    for column in columns[1:]:
        product = product * np.asarray(column, dtype=np.float64)
    return product


def _combined(codes: list[CodeArray], strides: NDArray[np.int64]) -> CodeArray | None:
    if len(codes) < 2:
        return codes[0] if codes else None
    cell = codes[0].astype(np.int64)
    for code, stride in zip(codes[1:], strides[1:], strict=False):
        cell += code * stride
    return cell
