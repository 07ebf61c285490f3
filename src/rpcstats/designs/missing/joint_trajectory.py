"""Mean trajectory over starters by the joint model, beside that with ratings missing at random."""

from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from rpcstats._vocabulary import TRAJECTORY
from rpcstats.mixed.coefficients import quantile

if TYPE_CHECKING:
    from rpcstats.designs.missing.joint_fit import JointModelFit

FloatArray = NDArray[np.float64]

N_STAGE: Final = 21
JOINT: Final = "joint model"
SEPARATE: Final = "missing at random"


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
    """
    found = [(SEPARATE, fit)]
    if fit.separate is not None:
        found = [(JOINT, fit), (SEPARATE, fit.separate)]
    data = fit.model.data
    p, m = data.Z.shape[1], len(fit.influence)
    stages = np.linspace(0.0, 1.0, N_STAGE)
    half = float(quantile(np.array([m - 1.0]), conf_level)[0])
    frames = []
    for name, one in found:
        theta, influence = one.theta, one.influence
        line = np.stack([data.Z @ theta[:p], data.Z @ theta[p : 2 * p]])
        mean, Z = line.mean(axis=1), data.Z.mean(axis=0)
        apart = line - mean[:, None]
        sums = np.stack([np.bincount(data.cluster, row, minlength=m) for row in apart]) / data.n
        moved = sums + np.stack([influence[:, :p] @ Z, influence[:, p : 2 * p] @ Z])
        V = m / (m - 1.0) * moved @ moved.T
        estimate = data.centre + mean[0] + stages * mean[1]
        error = np.sqrt(V[0, 0] + 2.0 * stages * V[0, 1] + stages**2 * V[1, 1])
        columns = (name, stages, data.n, estimate, error, estimate - half * error,
                   estimate + half * error)  # fmt: skip
        frames.append(pd.DataFrame(dict(zip(TRAJECTORY, columns, strict=True))))
    return pd.concat(frames, ignore_index=True)
