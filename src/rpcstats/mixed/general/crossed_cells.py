"""Rows gathered by the combination of levels they belong to."""

from dataclasses import dataclass

import numpy as np

from rpcstats.mixed.structure.model_frame import Block, FloatArray, IntArray


@dataclass(frozen=True, slots=True, eq=False)
class CellDesign:
    """Random-effects design of rows, by cell: a combination of levels of all factors.

    All effects of all blocks stand side by side, T of them, with D distinct columns of values
    among them: intercepts of every factor share the column of ones. Sums over the rows of a cell
    are taken once for each distinct column or pair of columns.

    Attributes
    ----------
    row : ndarray of shape (n,), int
        Cell of each row.
    codes : ndarray of shape (m, B), int
        Level of each factor in each cell.
    columns : tuple of ndarray of shape (n,) or None
        The distinct columns; None stands for ones.
    column_of : ndarray of shape (T,), int
        Distinct column of each effect.
    pairs : tuple of ndarray of shape (P,), int
        Pairs of distinct columns, each once.
    triangle : tuple of ndarray of shape (T (T + 1) / 2,), int
        Pairs of effects, each once, the later one first.
    """

    row: IntArray
    codes: IntArray
    columns: tuple[FloatArray | None, ...]
    column_of: IntArray
    pairs: tuple[IntArray, IntArray]
    triangle: tuple[IntArray, IntArray]

    @property
    def n_cell(self) -> int:
        """Number of cells, m."""
        return len(self.codes)

    def sums(self, values: FloatArray) -> FloatArray:
        """Sum values times each distinct column over the rows of each cell.

        Parameters
        ----------
        values : ndarray of shape (n,)
            A value a row.

        Returns
        -------
        ndarray of shape (m, D)
            Sums.
        """
        return np.column_stack([self._total(_times(values, z)) for z in self.columns])

    def products(self, weights: FloatArray) -> FloatArray:
        """Sum weights times the product of each pair of distinct columns over each cell's rows.

        Parameters
        ----------
        weights : ndarray of shape (n,)
            A weight a row.

        Returns
        -------
        ndarray of shape (m, P)
            Sums, in the order of `pairs`.
        """
        weighted = [_times(weights, z) for z in self.columns]
        return np.column_stack(
            [
                self._total(_times(weighted[i], self.columns[j]))
                for i, j in zip(*self.pairs, strict=True)
            ]
        )

    def spread(self, values: FloatArray) -> FloatArray:
        """Multiply each row's columns by its cell's values and sum.

        Parameters
        ----------
        values : ndarray of shape (m, D)
            A value for each cell and distinct column.

        Returns
        -------
        ndarray of shape (n,)
            Sums.
        """
        result = np.zeros(len(self.row))
        for z, value in zip(self.columns, values.T, strict=True):
            result += _times(value[self.row], z)
        return result

    def spread_pairs(self, values: FloatArray) -> FloatArray:
        """Multiply each row's products of columns by its cell's values and sum.

        Parameters
        ----------
        values : ndarray of shape (m, P)
            A value for each cell and pair of distinct columns.

        Returns
        -------
        ndarray of shape (n,)
            Sums.
        """
        result = np.zeros(len(self.row))
        for i, j, value in zip(*self.pairs, values.T, strict=True):
            result += _times(_times(value[self.row], self.columns[i]), self.columns[j])
        return result

    def pair_map(self, left: FloatArray, right: FloatArray) -> FloatArray:
        """Give the map from sums of products to the lower triangle of left' (Z'WZ) right.

        Parameters
        ----------
        left, right : ndarray of shape (D, T)
            Factors, with the rows of effects that share a column added up.

        Returns
        -------
        ndarray of shape (P, T (T + 1) / 2)
            The map; a cell's sums of products times it are the elements of the triangle.
        """
        i, j = self.pairs[0][:, None], self.pairs[1][:, None]
        a, b = self.triangle
        result: FloatArray = left[i, a] * right[j, b]
        result += np.where(i != j, left[j, a] * right[i, b], 0.0)
        return result

    def map_gradient(self, sums: FloatArray, loading: FloatArray) -> FloatArray:
        """Differentiate the inner product of `sums` and `pair_map(loading, loading)`.

        Parameters
        ----------
        sums : ndarray of shape (P, T (T + 1) / 2)
            One number for each element of the map.
        loading : ndarray of shape (D, T)
            Where to differentiate.

        Returns
        -------
        ndarray of shape (D, T)
            Derivatives.
        """
        a, b = self.triangle
        result = np.zeros_like(loading)
        for i, j, row in zip(*self.pairs, sums, strict=True):
            form = np.zeros((loading.shape[1],) * 2)
            form[a, b] = row
            form += form.T
            result[i] += form @ loading[j]
            if i != j:
                result[j] += form @ loading[i]
        return result

    def _total(self, values: FloatArray) -> FloatArray:
        total = np.bincount(self.row, weights=values, minlength=self.n_cell)
        return total.astype(np.float64, copy=False)


def _times(values: FloatArray, column: FloatArray | None) -> FloatArray:
    return values if column is None else values * column


def gather_cells(blocks: tuple[Block, ...]) -> CellDesign:
    """Gather the rows that share a level of every factor.

    Parameters
    ----------
    blocks : tuple of Block
        Random effects.

    Returns
    -------
    CellDesign
        The cells.
    """
    key = np.zeros(len(blocks[0].codes), dtype=np.int64)
    for block in blocks:
        key = np.unique(key * block.n_level + block.codes, return_inverse=True)[1].astype(np.int64)
    first = np.empty(int(key.max()) + 1, dtype=np.int64)
    first[key[::-1]] = np.arange(len(key))[::-1]
    codes = np.column_stack([block.codes[first] for block in blocks])
    columns: list[FloatArray | None] = []
    column_of = []
    for block in blocks:
        for values in block.Z.T:
            column = None if np.all(values == 1.0) else np.ascontiguousarray(values)
            column_of.append(_find_column(columns, column))
    return CellDesign(
        key,
        codes,
        tuple(columns),
        np.array(column_of, dtype=np.int64),
        np.triu_indices(len(columns)),
        np.tril_indices(len(column_of)),
    )


def _find_column(columns: list[FloatArray | None], column: FloatArray | None) -> int:
    """Place of a column in a list; put there if it is not."""
    for place, known in enumerate(columns):
        if known is column or (
            known is not None and column is not None and np.array_equal(known, column)
        ):
            return place
    columns.append(column)
    return len(columns) - 1
