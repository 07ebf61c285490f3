"""One pass of block elimination at one θ: down, dense, and back."""

from dataclasses import dataclass, field

import numpy as np

from rpcstats.mixed.linear import blocks_elimination_kernels as kernels
from rpcstats.mixed.linear.blocks_column_kernels import (
    multiply_columns,
    multiply_scalar_columns,
    subtract_products,
    subtract_scalar_products,
)
from rpcstats.mixed.linear.blocks_dense import DenseFactor, factorise
from rpcstats.mixed.linear.blocks_dense_kernels import scatter
from rpcstats.mixed.linear.blocks_system import Stage, System
from rpcstats.mixed.linear.blocks_trace_kernels import (
    add_ancestors,
    explained_by_others,
    spread_inverse,
    summed_traces,
)
from rpcstats.mixed.structure.model_frame import FloatArray

_NO_PARENT = np.zeros((1, 0, 0))
_NO_COLUMNS = np.zeros((1, 0))


@dataclass(slots=True, eq=False)
class StagePass:
    """What one eliminated block leaves behind.

    Attributes
    ----------
    front, values : ndarray
        Products after the descendants were eliminated.
    N, M : ndarray of shape (L, q, q)
        (I + DG)⁻¹ and G(I + DG)⁻¹ with D the pivot.
    T, modes : ndarray of shape (L, q, m) and (L, h, m)
        Z'V₀⁻¹ times the fixed columns and G times it; ancestors follow in `modes`.
    """

    front: FloatArray
    values: FloatArray
    N: FloatArray
    M: FloatArray
    T: FloatArray
    modes: FloatArray


@dataclass(slots=True, eq=False)
class Pass:
    """State of a pass.

    Attributes
    ----------
    system : System
        Products the pass starts from.
    factors : list of ndarray of shape (q, q)
        Λ of each block.
    S, A : ndarray
        Work arrays of the dense stage, reused by the next pass: products and then H.
    log_det : float
        log|V₀|.
    fixed : ndarray of shape (m, m)
        [X̃ ỹ]'V₀⁻¹[X̃ ỹ].
    stages : list of StagePass
        One for each eliminated block.
    dense : DenseFactor
        The dense stage.
    """

    system: System
    factors: list[FloatArray]
    S: FloatArray
    A: FloatArray
    log_det: float = 0.0
    fixed: FloatArray = field(default_factory=lambda: np.zeros((0, 0)))
    stages: list[StagePass] = field(default_factory=list)
    dense: DenseFactor = field(
        default_factory=lambda: DenseFactor(0.0, np.zeros((0, 0)), np.zeros((0, 0)), [])
    )

    def eliminate(self, *, inverse: bool) -> None:
        """Eliminate everything.

        Parameters
        ----------
        inverse : bool
            Whether the dense inverse is wanted, for derivatives and conditional variances.
        """
        system, rest = self.system, self.system.rest
        self.fixed = system.fixed.copy()
        border = rest.border.copy()
        scatter(rest.rows, rest.columns, rest.values, rest.corner, self.S)
        fronts = [_with_pending(stage, k, len(self.fixed)) for k, stage in enumerate(system.stages)]
        for k, stage in enumerate(system.stages):
            self._eliminate_stage(k, stage, fronts, border)
        left = [self.factors[b] for b in system.plan.rest]
        self.dense = factorise(rest, left, self.S, self.A, border, inverse=inverse)
        self.log_det += self.dense.log_det
        self.fixed -= border.T @ self.dense.modes
        self.fixed = (self.fixed + self.fixed.T) / 2.0

    def _eliminate_stage(
        self, k: int, stage: Stage, fronts: list[tuple[FloatArray, FloatArray]], border: FloatArray
    ) -> None:
        front, values = fronts[k]
        G = self.factors[stage.block] @ self.factors[stage.block].T
        N, M = np.empty((len(front), *G.shape)), np.empty((len(front), *G.shape))
        invert = kernels.scalar_pivot_inverses if len(G) == 1 else kernels.pivot_inverses
        self.log_det += invert(front, G, N, M)
        above, above_values = fronts[k + 1] if k + 1 < len(fronts) else (_NO_PARENT, _NO_COLUMNS)
        scaled = kernels.eliminate_border(front, M, stage.parent, above, self.fixed)
        if len(stage.columns):
            rest = self.system.rest
            kernels.eliminate_columns(
                values, scaled, stage.ends, stage.columns, stage.place, above_values, border
            )
            subtract = subtract_scalar_products if len(G) == 1 else subtract_products
            subtract(
                values,
                M,
                stage.ends,
                stage.columns,
                stage.level_starts,
                rest.starts,
                rest.corner,
                self.S,
            )
        empty = np.zeros((0, 0, 0))
        self.stages.append(StagePass(front, values, N, M, empty, empty))

    def substitute(self) -> None:
        """Give Z'V₀⁻¹[X̃ ỹ] for every eliminated level."""
        above = np.zeros((1, 0, len(self.fixed)))
        for stage, done in reversed(list(zip(self.system.stages, self.stages, strict=True))):
            Lambda = self.factors[stage.block]
            L, q, m = *done.M.shape[:2], len(self.fixed)
            done.T = np.empty((L, q, m))
            done.modes = np.empty((L, q + above.shape[1], m))
            kernels.substitute_back(
                done.front,
                done.values,
                stage.ends,
                stage.columns,
                done.N,
                Lambda @ Lambda.T,
                stage.parent,
                above,
                self.dense.modes,
                done.T,
                done.modes,
            )
            above = done.modes

    def traces(self, *, covariances: bool = False) -> tuple[list[FloatArray], list[FloatArray]]:
        """Sum Z'V₀⁻¹Z over the levels of each eliminated block.

        Parameters
        ----------
        covariances : bool
            Whether the conditional covariance of each level is wanted too.

        Returns
        -------
        traces : list of ndarray of shape (q, q)
            One sum for each stage.
        covariances : list of ndarray of shape (L, q, q)
            One array for each stage, or nothing.
        """
        above, above_values = _NO_PARENT, _NO_COLUMNS
        traces: list[FloatArray] = []
        conditional: list[FloatArray] = []
        for k in reversed(range(len(self.stages))):
            stage, done = self.system.stages[k], self.stages[k]
            Y = self._multiply(stage, done)
            border = add_ancestors(
                done.front,
                done.values,
                stage.ends,
                stage.place,
                stage.parent,
                above,
                above_values,
                Y,
            )
            F = explained_by_others(done.front, done.values, stage.ends, Y, border)
            traces.insert(0, summed_traces(done.front, done.N, F))
            if k:
                above, above_values = spread_inverse(
                    done.M,
                    F,
                    stage.ends,
                    stage.place,
                    stage.parent,
                    above,
                    above_values,
                    Y,
                    border,
                )
            if covariances:
                conditional.insert(0, done.M + done.M @ F @ done.M)
        return traces, conditional

    def _multiply(self, stage: Stage, done: StagePass) -> FloatArray:
        """Multiply H by the products of each level with the dense columns."""
        rest, q = self.system.rest, done.M.shape[1]
        where = (stage.ends, stage.columns, stage.level_starts, rest.starts, rest.corner, self.A)
        if q == 1:
            return multiply_scalar_columns(done.values, *where)
        return multiply_columns(done.values, q, *where)


def _with_pending(stage: Stage, k: int, m: int) -> tuple[FloatArray, FloatArray]:
    """Give room for what descendants explain of the ancestors; the finest level has none."""
    if k == 0:
        return stage.front, stage.values
    L, q, width = stage.front.shape
    front = np.zeros((L, width - m, width))
    front[:, :q] = stage.front
    values = np.zeros((len(stage.values), width - m))
    values[:, :q] = stage.values
    return front, values
