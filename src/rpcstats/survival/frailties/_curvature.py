"""The curvature of the random effects at a point, held in the way that suits its size."""

from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

from rpcstats.survival.frailties._columns import LevelColumns, MixedColumns, sum_by
from rpcstats.survival.frailties._factors import (
    BorderedFactor,
    CurvatureFactor,
    DiagonalFactor,
    cholesky,
)
from rpcstats.survival.frailties._level_times import low_rank_factor, shared_by_times
from rpcstats.survival.frailties._point import Point
from rpcstats.survival.frailties._shares import LevelSteps, level_steps

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
BoolArray = NDArray[np.bool_]
Curvature = Literal["sparse", "full"]

MANY_LEVELS: Final = 50
SMALL_LEVEL: Final = 0.02
"""As in coxme, levels may be taken as sparse in a factor of so many levels, if they hold at most
this part of the rows."""

_BY_TIMES: Final = 2e8
"""Multiplications up to which the shared curvature is summed event time by event time."""

_TABLE: Final = 2e7
"""Cells of a table of levels and event times that may be held."""

_LOW_RANK: Final = 200
"""Effects from which on a curvature of low rank is worth its own way."""


@dataclass(frozen=True, slots=True, eq=False)
class CurvaturePlan:
    """How the curvature of a model's random effects is worked out.

    Attributes
    ----------
    columns : MixedColumns
        The data.
    alone : ndarray of shape (Q,), bool
        Effects whose shared curvature with each other is left out.
    which : int
        The grouping factor that has them.
    steps : LevelSteps or None
        Changes of its levels.
    low_rank : bool
        Whether the curvature is held as a low-rank change.
    """

    columns: MixedColumns
    alone: BoolArray
    which: int
    steps: LevelSteps | None
    low_rank: bool

    @property
    def sizes(self) -> list[tuple[int, int]]:
        """Levels and effects of each grouping factor."""
        return [(part.n_level, part.n_effect) for part in self.columns.levels]

    def factor(
        self, point: Point, factors: list[FloatArray], curvature: FloatArray
    ) -> CurvatureFactor:
        """Factor the curvature of the penalised partial likelihood in the effects.

        Parameters
        ----------
        point : Point
            The partial likelihood.
        factors : list of ndarray of shape (q, q)
            Λ of each grouping factor.
        curvature : ndarray of shape (Q,)
            Second derivative of the penalty.

        Returns
        -------
        CurvatureFactor
            Of Λ'Z'WZΛ, with W the curvature by the linear predictor, plus the penalty's.
        """
        if self.alone.all():
            Lambda = float(factors[self.which][0, 0])
            with np.errstate(invalid="ignore", over="ignore"):
                return DiagonalFactor(Lambda**2 * self._own(point) + curvature)
        if self.low_rank:
            return low_rank_factor(point, factors, curvature)
        return self._bordered(point, factors, curvature)

    def _own(self, point: Point) -> FloatArray:
        """Give the diagonal of Z'WZ of the intercepts of the factor with effects apart."""
        assert self.steps is not None
        part = self.columns.levels[self.which]
        expected = sum_by(part.codes, point.expected, part.n_level)
        return np.asarray(expected - self.steps.squared_shares(point))

    def _bordered(
        self, point: Point, factors: list[FloatArray], curvature: FloatArray
    ) -> BorderedFactor:
        # effects of a level that Λ mixes can't be held apart: all are in the border then
        mixes = self.columns.levels[self.which].n_effect > 1
        apart = np.zeros_like(self.alone) if mixes else self.alone
        alone, border = np.flatnonzero(apart), np.flatnonzero(~apart)
        H = whole_curvature(point, border)
        if mixes:
            both = np.flatnonzero(self.alone)
            kept = H[both, both]
            H[np.ix_(both, both)] = 0.0
            H[both, both] = kept
        if all(part.n_effect == 1 for part in self.columns.levels):
            scale = np.repeat([Lambda[0, 0] for Lambda in factors], [n for n, _ in self.sizes])
            H *= scale[:, None]
            H *= scale[border]
        else:
            H = _turned(self.columns, H, factors)
            H = _turned(self.columns, H.T, factors, border).T
        H[border, np.arange(len(border))] += curvature[border]
        if not len(alone):
            # The matrix is symmetric; its transpose is factored in place.
            L, is_positive = cholesky(H.T)
            return BorderedFactor(alone, border, np.ones(0), H[:0], L, is_positive)
        F, C = H[border], H[alone]
        variance = float(factors[self.which][0, 0]) ** 2
        before = sum(part.size for part in self.columns.levels[: self.which])
        diagonal = variance * self._own(point)[alone - before] + curvature[alone]
        L, is_positive = cholesky(F - C.T @ (C / diagonal[:, None]))
        is_positive &= bool((diagonal > 0.0).all())
        return BorderedFactor(alone, border, diagonal, C, L, is_positive)


def curvature_plan(columns: MixedColumns, apart: BoolArray, which: int = 0) -> CurvaturePlan:
    """Decide how the curvature is worked out.

    Parameters
    ----------
    columns : MixedColumns
        The data.
    apart : ndarray of shape (L,), bool
        Levels of a grouping factor whose first effects' shared curvature is left out; none for
        the full curvature.
    which : int
        That factor.

    Returns
    -------
    CurvaturePlan
        The plan.
    """
    order = columns.order
    alone = np.zeros(columns.n_effect, dtype=np.bool_)
    part = columns.levels[which]
    before = sum(other.size for other in columns.levels[:which])
    alone[before : before + part.size : part.n_effect] = apart
    steps = level_steps(order, part.codes, part.n_level) if alone.any() else None
    rank = order.n_time + int((order.n_tied > 1).sum())
    low_rank = (
        not alone.any()
        and columns.n_effect >= _LOW_RANK
        and 3 * rank < columns.n_effect
        and columns.n_effect * rank <= _TABLE
    )
    return CurvaturePlan(columns, alone, which, steps, low_rank)


def small_levels(n_row: IntArray, *, nested: bool) -> BoolArray:
    """Say which levels coxme takes as sparse.

    Parameters
    ----------
    n_row : ndarray of shape (L,), int
        Rows of each level.
    nested : bool
        Whether the factor is the finest of nested ones, where one level more is asked for.

    Returns
    -------
    ndarray of shape (L,), bool
        Levels with at most 2 % of the rows, if there are 50 levels.
    """
    if len(n_row) < MANY_LEVELS + nested:
        return np.zeros(len(n_row), dtype=np.bool_)
    return np.asarray(n_row / n_row.sum() <= SMALL_LEVEL)


def whole_curvature(point: Point, border: IntArray) -> FloatArray:
    """Work out columns of Z'WZ.

    Parameters
    ----------
    point : Point
        The partial likelihood.
    border : ndarray of shape (c,), int
        Effects whose columns are wanted.

    Returns
    -------
    ndarray of shape (Q, c)
        The columns.
    """
    columns = point.columns
    Q, c, m = columns.n_effect, len(border), columns.order.n_time
    if Q * c * m <= _BY_TIMES and Q * m <= _TABLE:
        H = shared_by_times(point, border)
    else:
        from rpcstats.survival.frailties._row_sums import shared_by_rows

        H = shared_by_rows(point, border)
    np.negative(H, out=H)
    place = np.full(Q, -1)
    place[border] = np.arange(c)
    for rows, left in _effects(columns):
        for across, right in _effects(columns):
            at = place[across]
            inside = at >= 0
            weight = point.expected * left * right
            np.add.at(H, (rows[inside], at[inside]), weight[inside])
    return H


def _effects(columns: MixedColumns) -> list[tuple[IntArray, FloatArray]]:
    """Give the effect of each row and its covariate, for each effect of a row."""
    found, first = [], 0
    for part in columns.levels:
        for j in range(part.n_effect):
            Z = np.ones(len(part.codes)) if part.Z is None else part.Z[j]
            found.append((first + part.codes * part.n_effect + j, Z))
        first += part.size
    return found


def _turned(
    columns: MixedColumns,
    H: FloatArray,
    factors: list[FloatArray],
    wanted: IntArray | None = None,
) -> FloatArray:
    """Multiply the rows of effects by Λ'; of the effects `wanted` only, in that order."""
    result = np.empty(H.shape)
    first = 0
    for part, Lambda in zip(columns.levels, factors, strict=True):
        rows = np.arange(first, first + part.size)
        if wanted is not None:
            rows = np.flatnonzero((wanted >= first) & (wanted < first + part.size))
        if part.n_effect == 1:
            result[rows] = Lambda[0, 0] * H[rows]
        else:
            result[rows] = _turn_levels(part, H[rows], Lambda)
        first += part.size
    return result


def _turn_levels(part: LevelColumns, H: FloatArray, Lambda: FloatArray) -> FloatArray:
    by_level = H.reshape(-1, part.n_effect, H.shape[1])
    turned: FloatArray = np.einsum("lqc,qs->lsc", by_level, Lambda).reshape(H.shape)
    return turned
