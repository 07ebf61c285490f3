"""Where the columns of numbers lie, for predictions at their middle."""

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np
import pandas as pd

_HEAD = 4096


class Covariate(NamedTuple):
    """Where a column of numbers lies.

    Attributes
    ----------
    mean : float
        Mean over the rows used.
    low, high : float
        Least and greatest value.
    has_two_values : bool
        Whether it holds no other values than these two, and they differ.
    """

    mean: float
    low: float
    high: float
    has_two_values: bool


def read_covariates(frame: pd.DataFrame, columns: Iterable[str]) -> dict[str, Covariate]:
    """Find where columns of numbers lie.

    Parameters
    ----------
    frame : pandas.DataFrame
        Rows without missing values.
    columns : iterable of str
        Columns of the fixed effects and of offsets; those that hold no numbers are passed over.

    Returns
    -------
    dict
        A `Covariate` for each column of numbers.
    """
    found = {}
    for name in dict.fromkeys(columns):
        if not pd.api.types.is_numeric_dtype(frame[name].dtype):
            continue
        values = frame[name].to_numpy(dtype=np.float64)
        low, high = float(values.min()), float(values.max())
        two = low < high and all(
            bool(((part == low) | (part == high)).all()) for part in (values[:_HEAD], values)
        )
        found[name] = Covariate(float(values.mean()), low, high, two)
    return found
