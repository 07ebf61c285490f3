"""How much clustering inflates the variance of curves."""

import numpy as np
import pandas as pd

from rpcstats._vocabulary import ESTIMATE, N_EVENT, N_RISK, STD_ERROR, STRATA


def design_effect(curves: pd.DataFrame) -> float:
    """Compare the variance that curves were given with Greenwood's.

    Parameters
    ----------
    curves : DataFrame
        Columns strata, n_risk, n_event, estimate, std_error, in the order of time.

    Returns
    -------
    float
        Mean ratio of the two variances of log S over the events; 1 where the variance is
        Greenwood's, or none is known.

    Notes
    -----
    Kish (1965): the variance under clustering over that of as many independent people. Below 1 if
    those of one cluster differ more than others do.
    """
    n, d = curves[N_RISK].to_numpy(dtype=np.float64), curves[N_EVENT].to_numpy(dtype=np.float64)
    with np.errstate(divide="ignore", invalid="ignore"):
        growth = pd.Series(d / (n * (n - d)), index=curves.index)
        given = (curves[STD_ERROR] / curves[ESTIMATE]).to_numpy(dtype=np.float64) ** 2
    greenwood = growth.groupby(curves[STRATA], observed=True).cumsum().to_numpy()
    known = np.isfinite(given) & np.isfinite(greenwood) & (greenwood > 0) & (d > 0)
    if not known.any():
        return 1.0
    return float(np.average(given[known] / greenwood[known], weights=d[known]))
