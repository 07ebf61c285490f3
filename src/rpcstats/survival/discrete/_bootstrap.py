"""Refits of a hazard by session to clusters drawn with replacement."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from rpcstats.errors import DataError, ParameterError
from rpcstats.survival.discrete._binomial import fit_binomial
from rpcstats.survival.discrete._empty_sessions import all_columns, leave_out_empty, put_back
from rpcstats.survival.discrete._paths import Paths, log_stay
from rpcstats.survival.discrete.estimate import centre

if TYPE_CHECKING:
    from rpcstats.survival.discrete.hazard_fit import DiscreteHazardFit

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.integer[Any]]

MOST_FAILED: Final = 0.1
"""Share of refits that may fail before the intervals mean nothing."""


def bootstrap_curves(
    fit: "DiscreteHazardFit",
    levels: Sequence[Paths],
    unit: IntArray,
    size: FloatArray,
    *,
    n_boot: int,
    seed: int,
) -> FloatArray:
    """Average survival in refits to clusters drawn with replacement.

    Parameters
    ----------
    fit : DiscreteHazardFit
        The fit, with one column inside cluster().
    levels : sequence of Paths
        Linear predictors of V kinds of persons at each level.
    unit : ndarray of shape (V,), int
        Unit of each kind.
    size : ndarray of shape (V,)
        Persons of each kind.
    n_boot, seed : int
        Refits, and the seed of the draws.

    Returns
    -------
    ndarray of shape (n, A, K)
        Averages of the refits that converged.

    Raises
    ------
    ParameterError
        If the fit has no clusters, or two ways of clustering.
    DataError
        If too many refits fail.
    """
    if len(fit.parts) != 1:
        raise ParameterError(
            "A bootstrap draws clusters", ["fit with one column inside cluster(), or use influence"]
        )
    code, m = fit.parts[0].code, len(fit.parts[0].psi)
    rng = np.random.default_rng(seed)
    kept = all_columns(fit.sample.cells) if fit.firth else leave_out_empty(fit.sample.cells)
    cells, back = centre(kept.cells)
    start: FloatArray = np.linalg.solve(back, fit.beta[kept.columns]).astype(np.float64)
    weight = np.ones(cells.n_unit) if cells.weight is None else cells.weight
    found = []
    for _ in range(n_boot):
        drawn = rng.multinomial(m, np.full(m, 1.0 / m)).astype(np.float64)[code]
        refit = fit_binomial(
            cells.reweighted(weight * drawn), fit.link, firth=fit.firth, start=start
        )
        if not (refit.optimum.converged and np.isfinite(refit.beta).all()):
            continue
        moved = put_back(kept, back @ refit.beta, len(fit.beta)) - fit.beta
        share = size * drawn[unit]
        share = share / share.sum()
        etas = (paths.eta + paths.X @ moved for paths in levels)
        losses = (np.cumsum(log_stay(eta, fit.link)[0], axis=1) for eta in etas)
        found.append([share @ np.exp(-loss) for loss in losses])
    if len(found) < (1.0 - MOST_FAILED) * n_boot:
        raise DataError(
            f"{n_boot - len(found):,} of {n_boot:,} refits have no finite estimate: merge sessions "
            "or levels with few events, or use method='influence'."
        )
    return np.array(found)
