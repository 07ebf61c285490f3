"""Mean trajectory over starters by the joint model, beside that with ratings missing at random."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import ndtr

from rpcstats._vocabulary import TRAJECTORY
from rpcstats.designs.missing.joint_ordinal import ordered_of
from rpcstats.designs.missing.joint_parameters import Model, Outcome, unpack
from rpcstats.mixed.coefficients import quantile

if TYPE_CHECKING:
    from rpcstats.designs.missing.joint_fit import JointModelFit

FloatArray = NDArray[np.float64]
Means = Callable[[Model, FloatArray, FloatArray, FloatArray], FloatArray]

N_STAGE: Final = 21
JOINT: Final = "joint model"
SEPARATE: Final = "missing at random"

STEP: Final = 1e-5
"""Step of differences by parameters of order one: to eight digits of a standard error."""


def trajectory_frame(fit: "JointModelFit", conf_level: float) -> pd.DataFrame:
    """Average the expected rating over all starters, had all of them stayed.

    Parameters
    ----------
    fit : JointModelFit
        The fit.
    conf_level : float
        Level of the limits.

    Returns
    -------
    pandas.DataFrame
        Columns series, stage, n_obs, estimate, std_error, conf_low, conf_high.

    Notes
    -----
    An ordinal outcome is averaged over parents' and goals' effects: normal effects leave chances
    of categories normal ones, of a larger variance.
    """
    found = [(SEPARATE, fit)]
    if fit.separate is not None:
        found = [(JOINT, fit), (SEPARATE, fit.separate)]
    n, m = fit.model.data.n, len(fit.influence)
    stages = np.linspace(0.0, 1.0, N_STAGE)
    half = float(quantile(np.array([m - 1.0]), conf_level)[0])
    frames = []
    for name, one in found:
        estimate, error = _curve(one, stages)
        columns = (name, stages, n, estimate, error, estimate - half * error,
                   estimate + half * error)  # fmt: skip
        frames.append(pd.DataFrame(dict(zip(TRAJECTORY, columns, strict=True))))
    return pd.concat(frames, ignore_index=True)


def _curve(fit: "JointModelFit", stages: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Give the mean at each stage and its standard error, what parents differ by included."""
    model, data, m = fit.model, fit.model.data, len(fit.influence)
    rows, pattern = np.unique(data.Z, axis=0, return_inverse=True)
    means = MEANS[model.outcome]
    by_pattern = means(model, fit.theta, rows, stages)
    shares = np.bincount(pattern.ravel(), minlength=len(rows)) / data.n
    estimate = by_pattern @ shares
    slopes = np.zeros((len(stages), len(fit.theta)))
    for j in range(sum(model.sizes[:3])):
        move = np.zeros(len(fit.theta))
        move[j] = STEP
        up, down = (means(model, fit.theta + sign * move, rows, stages) for sign in (1.0, -1.0))
        slopes[:, j] = (up - down) @ shares / (2.0 * STEP)
    apart = (by_pattern - estimate[:, None])[:, pattern.ravel()] / data.n
    own = np.stack([np.bincount(data.cluster, row, minlength=m) for row in apart])
    moved = own + slopes @ fit.influence.T
    return estimate, np.sqrt(m / (m - 1.0) * (moved**2).sum(axis=1))


def _linear_means(
    model: Model, theta: FloatArray, rows: FloatArray, stages: FloatArray
) -> FloatArray:
    found = unpack(model, theta)
    line = rows @ found.intercept + stages[:, None] * (rows @ found.slope)
    return np.asarray(model.data.centre + line)


def _ordinal_means(
    model: Model, theta: FloatArray, rows: FloatArray, stages: FloatArray
) -> FloatArray:
    found, points = unpack(model, theta), ordered_of(model).values
    l1, l2, l3, tau, _ = found.spread
    cuts, start = np.split(found.intercept, [model.n_cut])
    line = rows[:, 1:] @ start + stages[:, None] * (rows @ found.slope)
    variance = 1.0 + tau**2 + (l1 + stages * l2) ** 2 + (stages * l3) ** 2
    above = ndtr((line[..., None] - cuts) / np.sqrt(variance)[:, None, None])
    return np.asarray(points[0] + above @ np.diff(points))


MEANS: Final[dict[Outcome, Means]] = {"linear": _linear_means, "ordinal": _ordinal_means}
"""Expected rating by stage and pattern of covariates, shape (stages, patterns)."""
