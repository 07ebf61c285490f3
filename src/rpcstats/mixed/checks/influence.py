"""Influence of whole groups: what the estimates would be without each of them."""

from dataclasses import dataclass
from typing import Any, Final, Literal

import numpy as np
import pandas as pd

from rpcstats._vocabulary import LEVEL
from rpcstats.errors import ParameterError
from rpcstats.mixed.checks.deletion import BoolArray, Deleted, refit_general, refit_linear
from rpcstats.mixed.checks.displacement import (
    general_displacement,
    general_quadratic,
    linear_displacement,
    linear_quadratic,
)
from rpcstats.mixed.checks.one_step import step_general, step_levels, step_linear
from rpcstats.mixed.checks.variance_names import variance_names, variance_values
from rpcstats.mixed.general_estimates import GeneralEstimates
from rpcstats.mixed.linear_estimates import LinearEstimates
from rpcstats.mixed.mixed_fit import MixedFit
from rpcstats.mixed.structure.model_frame import Block, FloatArray
from rpcstats.tables.summary import Summary, counted

MOST_REFITS: Final = 200
"""Levels up to which the model is fitted again without each of them."""

InfluenceMethod = Literal["refit", "one-step"]


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Influence:
    """What each level of a grouping factor does to the estimates.

    Attributes
    ----------
    group : str
        The grouping factor.
    levels : tuple of str
        Its levels.
    n_row : ndarray of shape (G,), int
        Rows of each level.
    names : tuple of str
        Fixed effects.
    cooks_distance : ndarray of shape (G,)
        Change of all fixed effects at once, in units of their covariance, over p.
    dfbetas : ndarray of shape (G, p)
        Change of each fixed effect, in standard errors: with the level minus without.
    likelihood_displacement : ndarray of shape (G,)
        Twice the log-likelihood of all rows lost at the estimates without the level.
    parameters : tuple of str
        Standard deviations, correlations and other parameters.
    change : ndarray of shape (G, m)
        Change of each: with the level minus without.
    method : {"refit", "one-step"}
        How the estimates without a level were found.
    """

    group: str
    levels: tuple[str, ...]
    n_row: np.ndarray
    names: tuple[str, ...]
    cooks_distance: FloatArray
    dfbetas: FloatArray
    likelihood_displacement: FloatArray
    parameters: tuple[str, ...]
    change: FloatArray
    method: InfluenceMethod

    def tidy(self) -> pd.DataFrame:
        """Give one row per level.

        Returns
        -------
        pandas.DataFrame
            Columns level, n_obs, cooks_distance, likelihood_displacement, one of DFBETAS a
            fixed effect ("dfbetas_Days") and one a variance parameter ("change_sigma"). Missing
            where the rows left have no fit.
        """
        columns: dict[str, Any] = {
            LEVEL: list(self.levels),
            "n_obs": self.n_row.copy(),
            "cooks_distance": self.cooks_distance.copy(),
            "likelihood_displacement": self.likelihood_displacement.copy(),
        }
        for name, values in zip(self.names, self.dfbetas.T, strict=True):
            columns[f"dfbetas_{name}"] = values.copy()
        for name, values in zip(self.parameters, self.change.T, strict=True):
            columns[f"change_{name}"] = values.copy()
        return pd.DataFrame(columns)

    def summary(self) -> Summary:
        """Give a readable account without the levels' names.

        Returns
        -------
        Summary
            Prints as text, shows as HTML in a notebook.
        """
        table = self.tidy().drop(columns=[LEVEL, "n_obs"])
        shown = pd.DataFrame(
            {
                "measure": list(table.columns),
                "smallest": table.min().to_numpy(),
                "median": table.median().to_numpy(),
                "largest": table.max().to_numpy(),
            }
        )
        return Summary(f"Influence of each level of {self.group}", (shown,), self._remark())

    def _remark(self) -> str:
        how = {
            "refit": "Each level was left out and the model fitted again.",
            "one-step": "Each level was left out and one Newton step taken from the estimates.",
        }
        n_lost = int(np.isnan(self.cooks_distance).sum())
        if not n_lost:
            return how[self.method]
        return (
            f"{how[self.method]} For {counted(n_lost, 'level')} the rows left have no fit: without"
            " them a coefficient or a category can't be estimated, or the search did not end well."
        )

    def __repr__(self) -> str:
        """Give the table as text."""
        return str(self.summary())

    def _repr_html_(self) -> str:
        return self.summary()._repr_html_()


def influence(
    fit: MixedFit, *, by: str | None = None, method: InfluenceMethod | None = None
) -> Influence:
    """Leave out each level of a grouping factor and see what changes.

    Parameters
    ----------
    fit : MixedFit
        What `lmm`, `glmm` or `clmm` gave.
    by : str, optional
        A grouping factor of the model; the first if not given.
    method : {"refit", "one-step"}, optional
        Fit again from the estimates, which is exact; or take one Newton step with the curvature
        of all rows. Refits for up to 200 levels if not given, steps for more.

    Returns
    -------
    Influence
        Cook's distances, DFBETAS, likelihood displacements and changes of variances.

    Raises
    ------
    ParameterError
        If the factor or the method is unknown.

    Notes
    -----
    Cook (1986); Demidenko and Stukel (2005). Covariance and standard errors are those of the
    fit to all rows. In a linear model with one factor the step takes β and sigma exactly, at
    the θ of the fit, from cross-products; in others β and sigma follow θ. With steps the
    displacement is that of the second derivatives, and parameters of a residual structure stay,
    their changes missing.
    """
    block = _block_of(fit, by)
    chosen: InfluenceMethod = method or ("refit" if block.n_level <= MOST_REFITS else "one-step")
    if chosen not in ("refit", "one-step"):
        raise ParameterError("method is unknown", ["choose refit or one-step"])
    if not isinstance(fit, LinearEstimates | GeneralEstimates):
        raise ParameterError("fit is no mixed model", ["give what lmm, glmm or clmm gave"])
    found = _delete_all(fit, block, chosen)
    held = np.array([one is not None for one in found])
    there = [one for one in found if one is not None]
    n_level, names = block.n_level, variance_names(fit)
    d_beta = np.full((n_level, len(fit.beta)), np.nan)
    change = np.full((n_level, len(names)), np.nan)
    displacement = np.full(n_level, np.nan)
    if there:
        d_beta[held] = fit.beta - np.array([one.beta for one in there])
        full = variance_values(fit, _as_deleted(fit))
        change[held] = full - np.array([variance_values(fit, one) for one in there])
        displacement[held] = _displacements(fit, there, chosen)
    change[:, _not_moved(fit, chosen)] = np.nan
    precision = np.linalg.inv(fit.cov)
    arrays = {
        "n_row": np.bincount(block.codes, minlength=n_level),
        "cooks_distance": np.einsum("gi,ij,gj->g", d_beta, precision, d_beta)
        / max(len(fit.beta), 1),
        "dfbetas": d_beta / fit.std_error,
        "likelihood_displacement": displacement,
        "change": change,
    }
    for values in arrays.values():
        values.setflags(write=False)
    return Influence(
        group=block.group,
        levels=block.levels,
        names=fit.names,
        parameters=names,
        method=chosen,
        **arrays,
    )


def _block_of(fit: MixedFit, by: str | None) -> Block:
    known = {block.group: block for block in fit.frame.blocks}
    if by is None:
        return fit.frame.blocks[0]
    if by not in known:
        raise ParameterError(
            "There is no such grouping factor", [f"choose one of {', '.join(known)}"]
        )
    return known[by]


def _not_moved(fit: LinearEstimates | GeneralEstimates, method: InfluenceMethod) -> slice:
    """Tell the parameters that a step does not move: those of a residual structure."""
    if method == "refit" or isinstance(fit, GeneralEstimates) or fit.residual is None:
        return slice(0, 0)
    return slice(-fit.residual.n_parameter, None)


def _as_deleted(fit: LinearEstimates | GeneralEstimates) -> Deleted:
    if isinstance(fit, GeneralEstimates):
        return Deleted(fit.beta, fit.theta, fit.extra, float("nan"))
    extra = np.zeros(0) if fit.residual is None else fit.residual.parameters
    return Deleted(fit.beta, fit.theta, extra, fit.sigma)


def _delete_all(
    fit: LinearEstimates | GeneralEstimates, block: Block, method: InfluenceMethod
) -> list[Deleted | None]:
    if method == "one-step" and isinstance(fit, LinearEstimates) and len(fit.frame.blocks) == 1:
        return step_levels(fit)
    return [_delete(fit, block.codes != level, method) for level in range(block.n_level)]


def _delete(
    fit: LinearEstimates | GeneralEstimates, left: BoolArray, method: InfluenceMethod
) -> Deleted | None:
    if isinstance(fit, LinearEstimates):
        return refit_linear(fit, left) if method == "refit" else step_linear(fit, left)
    return refit_general(fit, left) if method == "refit" else step_general(fit, left)


def _displacements(
    fit: LinearEstimates | GeneralEstimates, at: list[Deleted], method: InfluenceMethod
) -> FloatArray:
    if isinstance(fit, LinearEstimates):
        if method == "one-step":
            return linear_quadratic(fit, at)
        return np.array([linear_displacement(fit, one) for one in at])
    if method == "one-step":
        return general_quadratic(fit, at)
    return np.array([general_displacement(fit, one) for one in at])
