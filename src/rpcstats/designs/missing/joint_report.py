"""The account of a joint model: names of its parameters, covariances, and a summary."""

from itertools import pairwise
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from rpcstats._vocabulary import CONVERGED, DF
from rpcstats.designs.missing._joint_ratings import Spread
from rpcstats.designs.missing.joint_parameters import Model
from rpcstats.mixed.varcorr import VarCorr
from rpcstats.tables.summary import Summary, counted

if TYPE_CHECKING:
    from rpcstats.designs.missing.joint_fit import JointModelFit

SHARED_NAMES: Final[dict[str, tuple[str, ...]]] = {
    "slope": ("slope",),
    "intercept": ("intercept",),
    "both": ("intercept", "slope"),
    "level": ("level",),
    "none": (),
}
"""Names of the coefficients of association."""


def named_parts(model: Model) -> list[tuple[str, list[str], NDArray[np.int64]]]:
    """Name the coefficients.

    Parameters
    ----------
    model : Model
        The model.

    Returns
    -------
    list of tuple
        Component, terms, and where they stand among the parameters.
    """
    data = model.data
    every = np.split(np.arange(model.n_parameter), np.cumsum(model.sizes)[:-1])
    slopes = ["stage", *(f"stage:{name}" for name in data.z_names[1:])]
    cuts, starts, line = _starts(model, every[0])
    sessions = [f"session={k}" for k in data.sessions]
    return [
        *([("threshold", cuts, every[0][: len(cuts)])] if cuts else []),
        ("trajectory", [*starts, *slopes], np.concatenate([line, every[1]])),
        ("dropout", [*sessions, *data.x_names], np.concatenate(every[3:5])),
        ("association", list(SHARED_NAMES[model.share]), every[5]),
    ]


def _starts(
    model: Model, places: NDArray[np.int64]
) -> tuple[list[str], list[str], NDArray[np.int64]]:
    """Name thresholds, and the coefficients of the start with their places."""
    names = list(model.data.z_names)
    if model.ordered is None:
        return [], names, places
    points = [f"{value:g}" for value in model.ordered.values]
    return [f"{a}|{b}" for a, b in pairwise(points)], names[1:], places[model.n_cut :]


def covariances(model: Model, spread: Spread) -> VarCorr:
    """Lay out standard deviations and the correlation of the random effects.

    Parameters
    ----------
    model : Model
        The model.
    spread : Spread
        Its parameters of spread.

    Returns
    -------
    VarCorr
        Parents, goals within parents, and the residual.
    """
    l1, l2, l3, tau, sigma = spread
    root = np.array([[l1, 0.0], [l2, l3]])
    of_parents, of_goals = root @ root.T, np.array([[tau**2]])
    groups = ("episode_id", "episode_id:item")
    effects: tuple[tuple[str, ...], ...] = (("Intercept", "stage"), ("Intercept",))
    kept = 2 if model.data.has_goals else 1
    matrices = (of_parents, of_goals)[:kept]
    for matrix in matrices:
        matrix.setflags(write=False)
    free = tuple(np.ones(matrix.shape, dtype=np.bool_) for matrix in matrices)
    return VarCorr(groups[:kept], effects[:kept], matrices, free, sigma)


def summary_of(fit: "JointModelFit") -> Summary:
    """Give a readable account of a fit.

    Parameters
    ----------
    fit : JointModelFit
        The fit.

    Returns
    -------
    Summary
        Coefficients, variances, the test of association, the whole, and remarks.
    """
    data = fit.model.data
    kind = "Joint model of goal ratings"
    if fit.model.ordered is not None:
        kind = f"Joint model of goal ratings in {fit.model.ordered.n_category} categories"
    head = (
        f"{kind} and dropout: {counted(data.n, 'parent')},"
        f" {counted(data.n_rating, 'rating')}, {counted(data.n_event, 'dropout')}"
    )
    frames = [fit.tidy(), fit.varcorr().tidy()]
    if fit.model.share != "none":
        frames.append(fit.association_test())
    frames.append(fit.glance()[["log_lik", DF, "aic", "bic", CONVERGED]])
    errors = (
        f"{fit.conf_level:.0%} limits, cluster-robust:"
        f" {counted(len(fit.influence), 'cluster')}, t distributions."
    )
    return Summary(head, tuple(frames), " ".join([errors, *fit.remarks]))
