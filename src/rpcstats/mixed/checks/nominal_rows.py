"""Ordered responses whose thresholds differ between rows: partial proportional odds."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from rpcstats.mixed.general.evaluation import (
    ExtraTerms,
    GeneralEvaluation,
    GeneralProblem,
    RowLikelihood,
)
from rpcstats.mixed.general.ordinal_rows import BoundRows, OrdinalRows
from rpcstats.mixed.general.row_data import Parts
from rpcstats.mixed.linear.evaluation import Modes
from rpcstats.mixed.structure.model_frame import Block, FloatArray, IntArray


class NominalRows(OrdinalRows):
    """Rows of an ordered response, P(Y <= j) = F(threshold_j - w'δ_j - η) with δ_1 = 0.

    Rows with equal values w are a cell, and the response is coded by cell and category:
    code = category + n_category cell.

    Parameters
    ----------
    base : OrdinalRows
        The response with the same thresholds in every row.
    cells : ndarray of shape (C, k)
        Values w of each cell.

    Attributes
    ----------
    n_base : int
        Extra parameters of the thresholds; the δ follow, threshold by threshold.
    cells : ndarray of shape (C, k)
        Values w of each cell.

    Notes
    -----
    Peterson and Harrell (1990). δ_1 would only repeat what the fixed effects in η say.
    """

    def __init__(self, base: OrdinalRows, cells: FloatArray) -> None:
        super().__init__(base.n_category, base.link.name, base.thresholds)
        self.n_base = len(base.extra_names)
        self.cells = cells
        self.extra_names += tuple(
            f"nominal_{j}_{c}"
            for j in range(2, base.n_category)
            for c in range(1, cells.shape[1] + 1)
        )

    def table(self, extra: FloatArray) -> FloatArray:
        """Give the thresholds of every cell.

        Parameters
        ----------
        extra : ndarray of shape (e,)
            φ.

        Returns
        -------
        ndarray of shape (C, J)
            Thresholds; not in order where the δ are too large.
        """
        delta = extra[self.n_base :].reshape(-1, self.cells.shape[1])
        moved = np.column_stack([np.zeros(len(self.cells)), self.cells @ delta.T])
        table: FloatArray = self.alpha(extra[: self.n_base]) - moved
        return table

    def _slopes(self, extra: FloatArray) -> FloatArray:
        """Give the derivatives of the thresholds of every cell by φ, of shape (e, C, J)."""
        n_threshold, n_cell = self.n_category - 1, len(self.cells)
        result = np.zeros((len(extra), n_cell, n_threshold))
        result[: self.n_base] = self.alpha_jacobian(extra[: self.n_base]).T[:, None, :]
        place = self.n_base
        for j in range(1, n_threshold):
            for column in self.cells.T:
                result[place, :, j] = -column
                place += 1
        return result

    def _bind(self, rows: Any, extra: FloatArray) -> Any:
        if isinstance(rows, BoundRows):
            return rows
        table = self.table(extra)
        edge = np.full((len(table), 1), np.inf)
        lower = np.hstack([-edge, table]).ravel()
        upper = np.hstack([table, edge]).ravel()
        return BoundRows(rows.y, rows.weight, None, lower[rows.y], upper[rows.y])

    def _derive_extra(self, eta: FloatArray, rows: Any, extra: FloatArray) -> ExtraTerms:
        high, low = self._edges(rows, extra)
        shape = (len(high), *(1,) * (np.ndim(eta) - rows.y.ndim), *rows.y.shape)
        high, low = high.reshape(shape), low.reshape(shape)
        found = self._find_parts(eta, rows, extra)
        return ExtraTerms(*(high * above + low * below for above, below in found))

    def _sum_parts(
        self, parts: Parts, rows: Any, extra: FloatArray, groups: IntArray, n: int
    ) -> FloatArray:
        above, below = parts
        high, low = self._edges(rows, extra)
        columns = (high * above + low * below).sum(axis=1)
        return np.array([np.bincount(groups, weights=column, minlength=n) for column in columns])

    def _edges(self, rows: Any, extra: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Give the derivatives by φ of the thresholds on either side of each row, weighted."""
        slopes = self._slopes(extra)
        edge = np.zeros((*slopes.shape[:2], 1))
        high = np.concatenate([slopes, edge], axis=2).reshape(len(slopes), -1)
        low = np.concatenate([edge, slopes], axis=2).reshape(len(slopes), -1)
        return high[:, rows.y] * rows.weight, low[:, rows.y] * rows.weight


@dataclass(frozen=True, slots=True, eq=False)
class OrderedThresholds:
    """A problem with nominal rows that has no likelihood where thresholds are out of order.

    Attributes
    ----------
    inner : GeneralProblem
        The engine.
    rows : NominalRows
        Its likelihood.
    """

    inner: GeneralProblem
    rows: NominalRows

    @property
    def n(self) -> int:
        """Number of rows."""
        return self.inner.n

    @property
    def p(self) -> int:
        """Number of fixed effects."""
        return self.inner.p

    @property
    def blocks(self) -> tuple[Block, ...]:
        """Random effects."""
        return self.inner.blocks

    @property
    def likelihood(self) -> RowLikelihood:
        """Distribution and link."""
        return self.rows

    @property
    def theta_scale(self) -> FloatArray:
        """What frees θ of units."""
        return self.inner.theta_scale

    @property
    def scaling(self) -> FloatArray | None:
        """What brings the parameters to order one, if the engine tells."""
        scaling: FloatArray | None = getattr(self.inner, "scaling", None)
        return scaling

    def evaluate(self, parameters: FloatArray, *, order: int = 1) -> GeneralEvaluation:
        """Evaluate -2 log-likelihood; infinite where the thresholds of a cell are out of order.

        Parameters
        ----------
        parameters : ndarray of shape (d,)
            β, θ and φ.
        order : int
            Highest derivative wanted.

        Returns
        -------
        GeneralEvaluation
            Deviance and gradient.
        """
        first = len(parameters) - len(self.rows.extra_names)
        if (np.diff(self.rows.table(parameters[first:]), axis=1) <= 0.0).any():
            nothing = np.zeros(len(parameters))
            return GeneralEvaluation(parameters, np.inf, nothing, None, found_modes=False)
        return self.inner.evaluate(parameters, order=order)

    def modes(self, parameters: FloatArray) -> tuple[Modes, ...]:
        """Give the conditional modes.

        Parameters
        ----------
        parameters : ndarray of shape (d,)
            β, θ and φ.

        Returns
        -------
        tuple of Modes
            One a block.
        """
        return self.inner.modes(parameters)
