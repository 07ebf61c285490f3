"""Columns of a design, made when they are asked for."""

from collections.abc import Sequence
from typing import Final, Protocol

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]

_ROWS_AT_ONCE: Final = 4096


class Recipe(Protocol):
    """What columns are made from."""

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns."""
        ...

    def rows(self, at: slice) -> FloatArray:
        """Make some rows of all columns.

        Parameters
        ----------
        at : slice
            Which rows.

        Returns
        -------
        ndarray of shape (k, p)
            All columns of those rows.
        """
        ...

    def line(self, j: int) -> FloatArray:
        """Make one column; it may be the data themselves.

        Parameters
        ----------
        j : int
            Place of the column.

        Returns
        -------
        ndarray of shape (n,)
            To be read only.
        """
        ...


class DesignColumns:
    """Columns that are a matrix already, or the data and how to make one of them.

    A fit of many rows needs its covariates in another order than that of the data. It takes them
    from here column by column, and has the matrix made when it has done with its own.

    Parameters
    ----------
    made : ndarray of shape (n, p), optional
        The matrix, row-major and read-only.
    recipe : Recipe, optional
        What makes it, where it is not made yet.
    """

    __slots__ = ("_made", "_recipe")

    def __init__(self, made: FloatArray | None, recipe: Recipe | None = None) -> None:
        self._made = made
        self._recipe = recipe

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns."""
        if self._recipe is not None:
            return self._recipe.shape
        n_row, n_column = self.matrix().shape
        return n_row, n_column

    @property
    def is_made(self) -> bool:
        """Whether the matrix is there."""
        return self._recipe is None

    def matrix(self) -> FloatArray:
        """Give the matrix; from then on the data are not needed.

        Returns
        -------
        ndarray of shape (n, p)
            Row-major, read-only.
        """
        if self._recipe is not None:
            made = np.ascontiguousarray(self._recipe.rows(slice(None)))
            made.setflags(write=False)
            self._made, self._recipe = made, None
        if self._made is None:
            raise AssertionError("columns are made or can be made")
        return self._made

    def largest(self) -> FloatArray:
        """Give the size of the largest value of each column.

        Returns
        -------
        ndarray of shape (p,)
            0 or more; 0 where there is no row.
        """
        if 0 in self.shape:
            return np.zeros(self.shape[1])
        if self.is_made:
            made, found = self.matrix(), np.zeros(self.shape[1])
            for a in range(0, len(made), _ROWS_AT_ONCE):
                # A line a column: to compare along short rows is slow.
                part = np.ascontiguousarray(made[a : a + _ROWS_AT_ONCE].T)
                np.maximum(found, np.maximum(part.max(axis=1), -part.min(axis=1)), out=found)
            return found
        lines = map(self.line, range(self.shape[1]))
        return np.array([max(float(line.max()), -float(line.min())) for line in lines])

    def means(self) -> FloatArray:
        """Average each column.

        Returns
        -------
        ndarray of shape (p,)
            Means.
        """
        return np.array([self.line(j).mean() for j in range(self.shape[1])])

    def rows(self, at: slice) -> FloatArray:
        """Give some rows.

        Parameters
        ----------
        at : slice
            Which.

        Returns
        -------
        ndarray of shape (k, p)
            All columns of those rows; to be read only.
        """
        return self.matrix()[at] if self._recipe is None else self._recipe.rows(at)

    def line(self, j: int) -> FloatArray:
        """Give one column.

        Parameters
        ----------
        j : int
            Its place.

        Returns
        -------
        ndarray of shape (n,)
            The column; to be read only.
        """
        return self.matrix()[:, j] if self._recipe is None else self._recipe.line(j)


class ChosenColumns:
    """Some of the columns of a design.

    Parameters
    ----------
    design : DesignColumns
        All of them.
    places : sequence of int
        Which are chosen.
    """

    __slots__ = ("_design", "_kept", "_places")

    def __init__(self, design: DesignColumns, places: Sequence[int] | IntArray) -> None:
        self._design = design
        self._places = np.array(places, dtype=np.int64)
        self._kept: FloatArray | None = None

    @classmethod
    def of(cls, X: FloatArray) -> "ChosenColumns":
        """Take all columns of a matrix.

        Parameters
        ----------
        X : ndarray of shape (n, p)
            The matrix.

        Returns
        -------
        ChosenColumns
            Its columns.
        """
        return cls(DesignColumns(X), range(X.shape[1]))

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns."""
        return self._design.shape[0], len(self._places)

    @property
    def is_made(self) -> bool:
        """Whether the matrix of the design is there."""
        return self._design.is_made

    def chosen(self, places: Sequence[int] | IntArray) -> "ChosenColumns":
        """Choose among the columns chosen.

        Parameters
        ----------
        places : sequence of int
            Places among them.

        Returns
        -------
        ChosenColumns
            Those.
        """
        return ChosenColumns(self._design, self._places[np.asarray(places, dtype=np.int64)])

    def matrix(self) -> FloatArray:
        """Give the matrix, without a copy where the columns stand side by side.

        Returns
        -------
        ndarray of shape (n, p)
            Read-only.
        """
        if self._kept is None:
            whole, places = self._design.matrix(), self._places
            if len(places) and places[-1] - places[0] == len(places) - 1:
                self._kept = whole[:, places[0] : places[-1] + 1]
            else:
                self._kept = whole[:, places]
                self._kept.setflags(write=False)
        return self._kept

    def rows(self, at: slice) -> FloatArray:
        """Give some rows.

        Parameters
        ----------
        at : slice
            Which.

        Returns
        -------
        ndarray of shape (k, p)
            Those rows; to be read only.
        """
        return self._design.rows(at)[:, self._places]

    def line(self, j: int) -> FloatArray:
        """Give one column.

        Parameters
        ----------
        j : int
            Its place among those chosen.

        Returns
        -------
        ndarray of shape (n,)
            The column; to be read only.
        """
        return self._design.line(int(self._places[j]))
