"""Covariances and degrees of freedom at the maximum of a penalised partial likelihood."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rpcstats.survival.frailties._columns import MixedColumns
from rpcstats.survival.frailties._curvature import CurvaturePlan
from rpcstats.survival.frailties._factors import CurvatureFactor
from rpcstats.survival.frailties._modes import Modes

FloatArray = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Estimation:
    """The engine of a fit, at its estimates.

    Attributes
    ----------
    columns : MixedColumns
        The data.
    plan : CurvaturePlan
        How the curvature of the effects is worked out.
    modes : Modes
        Coefficients and effects at the estimated variances.
    """

    columns: MixedColumns
    plan: CurvaturePlan
    modes: Modes

    @property
    def beta(self) -> FloatArray:
        """Coefficients of the covariates as given."""
        return np.asarray(self.modes.beta / self.columns.scale)

    def factor(self) -> CurvatureFactor:
        """Factor the curvature of the effects.

        Returns
        -------
        CurvatureFactor
            Its determinant and inverse.
        """
        modes = self.modes
        return self.plan.factor(modes.point, modes.factors, modes.curvature)

    def covariances(self) -> tuple[FloatArray, FloatArray]:
        """Give the covariance of the coefficients in two ways.

        Returns
        -------
        cov : ndarray of shape (p, p)
            The coefficients' part of the inverse of the penalised information.
        cov_fixed : ndarray of shape (p, p)
            That of H⁻¹ (H - P) H⁻¹ with P the curvature of the penalty (Gray 1992).

        Notes
        -----
        Variances of the random effects are taken as known.
        """
        V, solved = self._inverse_border(self.factor())
        linked = solved @ V
        fixed = V - linked.T @ (self.modes.curvature[:, None] * linked)
        scale = np.outer(self.columns.scale, self.columns.scale)
        return V / scale, fixed / scale

    def effect_blocks(self) -> list[FloatArray]:
        """Give the covariance of each level's effects u, β held.

        Returns
        -------
        list of ndarray of shape (L, q, q)
            Diagonal blocks of the inverse curvature.
        """
        return self.factor().inverse_blocks(self.plan.sizes)

    def degrees_of_freedom(self, names: Sequence[str]) -> tuple[float, float]:
        """Give the effective number of parameters.

        Parameters
        ----------
        names : sequence of str
            Names of the coefficients; columns of one categorical term count together.

        Returns
        -------
        fixed : float
            Of the coefficients: the sum over terms of tr(V⁻¹ V₂), as R's coxph gives them.
        random : float
            Of the effects: their number less the part of the information that is the penalty's.
        """
        factor = self.factor()
        V, solved = self._inverse_border(factor)
        linked = solved @ V
        fixed = V - linked.T @ (self.modes.curvature[:, None] * linked)
        own = np.concatenate(
            [
                np.diagonal(block, axis1=1, axis2=2).ravel()
                for block in factor.inverse_blocks(self.plan.sizes)
            ]
        )
        whole = own + (linked * solved).sum(axis=1)
        random = len(own) - float(whole @ self.modes.curvature)
        terms = np.array([re.sub(r"\[.*?\]", "", name) for name in names])
        total = 0.0
        for term in dict.fromkeys(terms.tolist()):
            at = np.flatnonzero(terms == term)
            inside = np.ix_(at, at)
            total += float(np.trace(np.linalg.solve(V[inside], fixed[inside])))
        return total, random

    def _inverse_border(self, factor: CurvatureFactor) -> tuple[FloatArray, FloatArray]:
        """Give the coefficients' part of the inverse, and H⁻¹ times their link to the effects."""
        columns, modes = self.columns, self.modes
        p = columns.p
        if p == 0:
            return np.zeros((0, 0)), np.zeros((columns.n_effect, 0))
        WX = modes.point.times(columns.X)
        C = np.array([columns.adjoint(line, modes.factors)[p:] for line in WX]).T
        solved = factor.solve(C)
        information = columns.X @ WX.T - C.T @ solved
        inverse = np.linalg.inv((information + information.T) / 2.0)
        return np.asarray(inverse), solved
