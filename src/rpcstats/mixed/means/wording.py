"""What a reader should know of means and comparisons, in words."""

from typing import Final

import numpy as np

from rpcstats.mixed.means.linear_functions import LinearFunctions
from rpcstats.mixed.means.reference_grid import ReferenceGrid
from rpcstats.mixed.mixed_fit import MixedFit
from rpcstats.tables.summary import counted

_DF: Final = {
    "satterthwaite": "Satterthwaite's degrees of freedom.",
    "kenward-roger": "Kenward and Roger's standard errors and degrees of freedom.",
    "residual": "As many degrees of freedom as rows beyond the fixed effects.",
    "normal": "Statistics taken as normal.",
}
_SCALES: Final = {
    "link": "On the scale of the linear predictor.",
    "response": "On the scale of the response, random effects at 0.",
    "mean_class": "Mean category number, counted from 1, random effects at 0.",
}
_ADJUSTMENTS: Final = {
    "tukey": "p-values and limits hold for all pairs together (Tukey).",
    "holm": "p-values adjusted by Holm's steps, limits by Bonferroni's rule.",
    "bonferroni": "p-values and limits adjusted by Bonferroni's rule.",
    "sidak": "p-values and limits adjusted by Šidák's rule.",
    "dunnett": "p-values and limits hold for all comparisons with the reference (Dunnett).",
    "mvt": "p-values and limits hold for all comparisons together (multivariate t).",
    "fdr": "p-values hold the false discovery rate; limits are not adjusted.",
    "none": "p-values and limits of each comparison by itself.",
}


def means_remarks(
    fit: MixedFit,
    grid: ReferenceGrid,
    functions: LinearFunctions,
    *,
    weights: str,
    scale: str,
) -> tuple[str, ...]:
    """Say how means were made.

    Parameters
    ----------
    fit : MixedFit
        The fit.
    grid : ReferenceGrid
        The grid.
    functions : LinearFunctions
        The means.
    weights : str
        How levels averaged over count.
    scale : str
        Scale of the means.

    Returns
    -------
    tuple of str
        Plain sentences.
    """
    remarks = []
    if grid.averaged:
        how = "equally" if weights == "equal" else "as often as they occur"
        levels = [f"{name} ({counted(n, 'value')})" for name, n in grid.averaged.items()]
        remarks.append(f"Averaged over {', '.join(levels)}, {how}.")
    held = [f"{name} = {_number(value)}" for name, value in grid.fixed.items()]
    if held:
        remarks.append(f"At {', '.join(held)}.")
    if fit.sigma is None:
        remarks.append(_SCALES[scale])
    remarks.append(_DF[functions.basis.df])
    n_missing = int((~functions.is_estimable).sum())
    if n_missing:
        remarks.append(
            f"{counted(n_missing, 'mean')} can't be estimated: the data have no rows for some "
            "combination of levels, or other columns determine one that is needed."
        )
    remarks += fit.trouble
    return tuple(remarks)


def adjustment_remark(adjust: str, conf_level: float, error: float, n_missing: int) -> str:
    """Say how comparisons were judged.

    Parameters
    ----------
    adjust : str
        The adjustment.
    conf_level : float
        Level of the intervals.
    error : float
        Standard error of p-values that rest on quasi-random points.
    n_missing : int
        Comparisons that can't be made.

    Returns
    -------
    str
        Plain sentences.
    """
    parts = [_ADJUSTMENTS[adjust], f"Intervals of {100 * conf_level:g}%."]
    if error > 0.0:
        parts.append(f"The quadrature of the p-values is off by about {error:.0e} at most.")
    if n_missing:
        parts.append(
            f"{counted(n_missing, 'comparison')} can't be made: the data do not tell the means."
        )
    return " ".join(parts)


def _number(value: object) -> str:
    return f"{value:.4g}" if isinstance(value, float) and np.isfinite(value) else str(value)
