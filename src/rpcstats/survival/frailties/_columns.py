"""Columns of covariates and of random effects, arranged by risk set, and their products."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from rpcstats.mixed.structure.model_frame import Block
from rpcstats.survival.partial.arrange import Arrangement, arrange
from rpcstats.survival.partial.event_terms import Ties
from rpcstats.survival.structure.hazard_frame import HazardFrame

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]

_SAME: Final = 1e-300
"""Columns whose spread is below this are left unscaled."""


def sum_by(codes: IntArray, values: FloatArray, n: int) -> FloatArray:
    """Sum values that have the same code.

    Parameters
    ----------
    codes : ndarray of shape (r,), int
        Codes 0 to n - 1.
    values : ndarray of shape (r,)
        What to sum.
    n : int
        Number of codes.

    Returns
    -------
    ndarray of shape (n,)
        Sums.
    """
    return np.asarray(np.bincount(codes, weights=values, minlength=n), dtype=np.float64)


@dataclass(frozen=True, slots=True, eq=False)
class LevelColumns:
    """Columns of the random effects of one grouping factor.

    Attributes
    ----------
    codes : ndarray of shape (r,), int
        Level of each arranged row.
    Z : ndarray of shape (q, r) or None
        Values of the effects' covariates, one line an effect; None for an intercept alone.
    n_level, n_effect : int
        Levels L and effects q.
    """

    codes: IntArray
    Z: FloatArray | None
    n_level: int
    n_effect: int

    @property
    def size(self) -> int:
        """Number of random effects, L times q."""
        return self.n_level * self.n_effect

    def linear(self, b: FloatArray) -> FloatArray:
        """Give the part of the linear predictor.

        Parameters
        ----------
        b : ndarray of shape (L, q)
            Random effects.

        Returns
        -------
        ndarray of shape (r,)
            Z b.
        """
        if self.Z is None:
            alone: FloatArray = b[:, 0][self.codes]
            return alone
        total: FloatArray = self.Z[0] * b[:, 0][self.codes]
        for j in range(1, self.n_effect):
            total += self.Z[j] * b[:, j][self.codes]
        return total

    def sums(self, v: FloatArray) -> FloatArray:
        """Sum rows, times their covariates, by level.

        Parameters
        ----------
        v : ndarray of shape (r,)
            Values of the rows.

        Returns
        -------
        ndarray of shape (L, q)
            Z' v.
        """
        if self.Z is None:
            return sum_by(self.codes, v, self.n_level)[:, None]
        return np.array([sum_by(self.codes, v * z, self.n_level) for z in self.Z]).T

    def squares(self, v: FloatArray) -> FloatArray:
        """Sum rows, times the products of their covariates, by level.

        Parameters
        ----------
        v : ndarray of shape (r,)
            Values of the rows.

        Returns
        -------
        ndarray of shape (L, q, q)
            The diagonal blocks of Z' diag(v) Z.
        """
        if self.Z is None:
            return self.sums(v)[:, :, None]
        result = np.empty((self.n_level, self.n_effect, self.n_effect))
        for j in range(self.n_effect):
            result[:, j] = self.sums(v * self.Z[j])
        return result


@dataclass(frozen=True, slots=True, eq=False)
class MixedColumns:
    """Everything of the data that a Cox regression with random effects evaluates.

    Attributes
    ----------
    order : Arrangement
        The rows arranged by risk set.
    ties : {"efron", "breslow"}
        How tied events are treated.
    X : ndarray of shape (p, r)
        Covariates less their means, over their standard deviations; one line a covariate.
    scale : ndarray of shape (p,)
        Those standard deviations: coefficients of `X` over these are those of the covariates.
    offset : ndarray of shape (r,) or None
        Known part of the linear predictor.
    levels : tuple of LevelColumns
        Random effects, one entry a grouping factor.
    """

    order: Arrangement
    ties: Ties
    X: FloatArray
    scale: FloatArray
    offset: FloatArray | None
    levels: tuple[LevelColumns, ...]

    @property
    def p(self) -> int:
        """Number of covariates."""
        return len(self.X)

    @property
    def n_effect(self) -> int:
        """Number of random effects of all factors."""
        return sum(part.size for part in self.levels)

    @property
    def base(self) -> FloatArray:
        """Linear predictor where every coefficient and effect is 0, of shape (r,)."""
        return np.zeros(len(self.order.rows)) if self.offset is None else self.offset

    def split(self, u: FloatArray) -> list[FloatArray]:
        """Cut random effects into those of each factor.

        Parameters
        ----------
        u : ndarray of shape (Q,)
            All effects.

        Returns
        -------
        list of ndarray of shape (L, q)
            One array a factor.
        """
        parts, first = [], 0
        for part in self.levels:
            parts.append(u[first : first + part.size].reshape(part.n_level, part.n_effect))
            first += part.size
        return parts

    def random_part(self, u: FloatArray, factors: list[FloatArray]) -> FloatArray:
        """Give the random part of the linear predictor.

        Parameters
        ----------
        u : ndarray of shape (Q,)
            Spherical random effects.
        factors : list of ndarray of shape (q, q)
            Λ of each grouping factor.

        Returns
        -------
        ndarray of shape (r,)
            Z Λ u.
        """
        total = np.zeros(len(self.order.rows))
        for part, values, Lambda in zip(self.levels, self.split(u), factors, strict=True):
            total += part.linear(values @ Lambda.T)
        return total

    def linear(self, z: FloatArray, factors: list[FloatArray]) -> FloatArray:
        """Give the linear predictor less the offset.

        Parameters
        ----------
        z : ndarray of shape (p + Q,)
            β, then u.
        factors : list of ndarray of shape (q, q)
            Λ of each grouping factor.

        Returns
        -------
        ndarray of shape (r,)
            X β + Z Λ u.
        """
        total = self.random_part(z[self.p :], factors)
        if self.p:
            total += z[: self.p] @ self.X
        return total

    def adjoint(self, v: FloatArray, factors: list[FloatArray]) -> FloatArray:
        """Multiply values of the rows by all columns.

        Parameters
        ----------
        v : ndarray of shape (r,)
            Values of the rows.
        factors : list of ndarray of shape (q, q)
            Λ of each grouping factor.

        Returns
        -------
        ndarray of shape (p + Q,)
            [X, Z Λ]' v.
        """
        with np.errstate(invalid="ignore", over="ignore"):
            parts = [self.X @ v]
            for part, Lambda in zip(self.levels, factors, strict=True):
                parts.append((part.sums(v) @ Lambda).ravel())
        return np.concatenate(parts)


def mixed_columns(frame: HazardFrame, ties: Ties, blocks: tuple[Block, ...]) -> MixedColumns:
    """Arrange the rows of a regression by risk set.

    Parameters
    ----------
    frame : HazardFrame
        The checked data.
    ties : {"efron", "breslow"}
        How tied events are treated.
    blocks : tuple of Block
        Random effects; the groups of a gamma frailty count as an intercept.

    Returns
    -------
    MixedColumns
        Arranged columns; rows that are at risk at no event are left out.
    """
    order = arrange(
        frame.time,
        frame.event,
        entry=frame.entry,
        stratum=frame.strata.codes,
        n_stratum=len(frame.strata.labels),
        weights=frame.weights,
    )
    X, scale = _scaled(order, frame.X)
    return MixedColumns(
        order=order,
        ties=ties,
        X=X,
        scale=scale,
        offset=None if frame.offset is None else order.take(frame.offset),
        levels=tuple(_level_columns(order, block) for block in blocks),
    )


def _scaled(order: Arrangement, X: FloatArray) -> tuple[FloatArray, FloatArray]:
    lines = np.ascontiguousarray(order.take(X).T)
    if lines.size:
        lines -= lines.mean(axis=1, keepdims=True)
    scale = np.sqrt((lines**2).mean(axis=1)) if lines.size else np.ones(len(lines))
    scale[~(scale > _SAME)] = 1.0
    lines /= scale[:, None]
    return lines, scale


def _level_columns(order: Arrangement, block: Block) -> LevelColumns:
    alone = block.n_effect == 1 and bool((block.Z == 1.0).all())
    Z = None if alone else np.ascontiguousarray(order.take(block.Z).T)
    return LevelColumns(order.take(block.codes), Z, block.n_level, block.n_effect)
