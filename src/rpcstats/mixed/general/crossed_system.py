"""The random part of a model with several factors: predictor, cross-products, factorisation."""

from dataclasses import dataclass

import numpy as np

from rpcstats.mixed.general.block_elimination import Factorised, factorise
from rpcstats.mixed.general.crossed_cells import CellDesign, gather_cells
from rpcstats.mixed.general.elimination_plan import EliminationPlan, plan_elimination
from rpcstats.mixed.structure.model_frame import Block, FloatArray, IntArray


@dataclass(frozen=True, slots=True, eq=False)
class CrossedSystem:
    """ZΛ u, its transpose and I + Λ'Z'WZΛ for any structure of random effects.

    Attributes
    ----------
    blocks : tuple of Block
        Random effects.
    cells : CellDesign
        Rows by combination of levels.
    plan : EliminationPlan
        Order of elimination.
    nodes : ndarray of shape (m, T), int
        Numbers of each cell's effects in order of elimination.
    positions : ndarray of shape (m, T (T + 1) / 2), int
        Places of the entries between them.
    theta_places : tuple of ndarray of shape (k,), int
        Row and column of each element of θ in the loading.
    """

    blocks: tuple[Block, ...]
    cells: CellDesign
    plan: EliminationPlan
    nodes: IntArray
    positions: IntArray
    theta_places: tuple[IntArray, IntArray]

    def loading(self, theta: FloatArray) -> FloatArray:
        """Give Λ with the rows of effects that share a column of values added up.

        Parameters
        ----------
        theta : ndarray of shape (k,)
            Covariance parameters.

        Returns
        -------
        ndarray of shape (D, T)
            The loading of each distinct column on the spherical effects of a cell.
        """
        result = np.zeros((len(self.cells.columns), self.nodes.shape[1]))
        np.add.at(result, self.theta_places, theta)
        return result

    def push(self, u: FloatArray, loading: FloatArray) -> FloatArray:
        """Give ZΛ u.

        Parameters
        ----------
        u : ndarray of shape (Q,)
            Spherical random effects in order of elimination.
        loading : ndarray of shape (D, T)
            As from `loading`.

        Returns
        -------
        ndarray of shape (n,)
            Random part of the linear predictor.
        """
        return self.cells.spread(u[self.nodes] @ loading.T)

    def pull(self, values: FloatArray, loading: FloatArray) -> FloatArray:
        """Give Λ'Z' times the values of the rows.

        Parameters
        ----------
        values : ndarray of shape (n,)
            A value a row.
        loading : ndarray of shape (D, T)
            As from `loading`.

        Returns
        -------
        ndarray of shape (Q,)
            Sums in order of elimination.
        """
        sums = self.cells.sums(values) @ loading
        return _sum_into(self.nodes, sums, self.plan.n_node)

    def factorise(self, weights: FloatArray, loading: FloatArray) -> Factorised:
        """Factorise I + Λ'Z'WZΛ.

        Parameters
        ----------
        weights : ndarray of shape (n,)
            Diagonal of W.
        loading : ndarray of shape (D, T)
            As from `loading`.

        Returns
        -------
        Factorised
            The factor.

        Raises
        ------
        NotPositiveDefiniteError
            If there is none.
        """
        values = self.cells.products(weights) @ self.cells.pair_map(loading, loading)
        entries = _sum_into(self.positions, values, self.plan.n_entry)
        entries[self.plan.diagonal] += 1.0
        return factorise(self.plan, entries)


def _sum_into(places: IntArray, values: FloatArray, size: int) -> FloatArray:
    total = np.bincount(places.ravel(), weights=values.ravel(), minlength=size)
    return total.astype(np.float64, copy=False)


def crossed_system(blocks: tuple[Block, ...], dense: bool | None = None) -> CrossedSystem:
    """Lay out the random part of a model.

    Parameters
    ----------
    blocks : tuple of Block
        Random effects.
    dense : bool, optional
        Whether to eliminate nothing by levels; decided by size if not given.

    Returns
    -------
    CrossedSystem
        The layout.
    """
    cells = gather_cells(blocks)
    plan = plan_elimination(
        cells.codes,
        tuple(block.n_level for block in blocks),
        tuple(block.n_effect for block in blocks),
        dense,
    )
    nodes = np.column_stack([plan.nodes[b][cells.codes[:, b]] for b in range(len(blocks))])
    first, second = cells.triangle
    positions = plan.layout.positions(nodes[:, first], nodes[:, second])
    return CrossedSystem(blocks, cells, plan, nodes, positions, _place_theta(blocks, cells))


def _place_theta(blocks: tuple[Block, ...], cells: CellDesign) -> tuple[IntArray, IntArray]:
    rows, cols, start = [], [], 0
    for block in blocks:
        rows.append(cells.column_of[start + block.rows])
        cols.append(start + block.cols)
        start += block.n_effect
    return np.concatenate(rows), np.concatenate(cols)
