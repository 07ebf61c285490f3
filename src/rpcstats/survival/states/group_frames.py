"""Frames of several groups, and the times they are asked for."""

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from rpcstats._numerics.arguments import as_numbers
from rpcstats._vocabulary import STRATA
from rpcstats.errors import ParameterError

FloatArray = NDArray[np.float64]


def by_group(labels: tuple[str, ...], frames: list[pd.DataFrame]) -> pd.DataFrame:
    """Put frames of groups under each other, with a column of labels.

    Parameters
    ----------
    labels : tuple of str
        One a frame.
    frames : list of pandas.DataFrame
        Of the same columns.

    Returns
    -------
    pandas.DataFrame
        With the column strata first.
    """
    whole = pd.concat(frames, ignore_index=True)
    sizes = [len(frame) for frame in frames]
    whole.insert(0, STRATA, np.repeat(np.array(labels, dtype=object), sizes))
    return whole


def wanted_times(times: ArrayLike) -> FloatArray:
    """Read the times a curve is asked for.

    Parameters
    ----------
    times : array_like
        Times, 0 or more.

    Returns
    -------
    ndarray of shape (k,)
        The times.

    Raises
    ------
    ParameterError
        If a time is negative or not a number.
    """
    wanted = np.atleast_1d(as_numbers(times))
    if not np.all(wanted >= 0):
        raise ParameterError("at() was given a time that is not one", ["use numbers from 0 up"])
    return wanted
