"""Effects with the counts behind them: what may be released of a model's coefficients."""

from dataclasses import dataclass
from typing import ClassVar

import pandas as pd

from rpcstats._vocabulary import ReleaseKind


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Effects:
    """Ratios or differences of a model, and the people and events they rest on.

    Attributes
    ----------
    frame : DataFrame
        Columns term, scale ("ratio" or "difference"), estimate, conf_low, conf_high and labels.
    counts : DataFrame
        Columns term, n_obs, n_event: a row for each of the two groups that the effect of a term
        compares, the reference first; columns variable and level where terms share groups.
    conf_level : float
        Level of the intervals.
    """

    release_kind: ClassVar[ReleaseKind] = "effects"

    frame: pd.DataFrame
    counts: pd.DataFrame
    conf_level: float

    def tidy(self) -> pd.DataFrame:
        """Give the effects.

        Returns
        -------
        pandas.DataFrame
            A fresh copy of `frame`.
        """
        return self.frame.copy()

    def cells(self) -> pd.DataFrame:
        """Give the counts behind them.

        Returns
        -------
        pandas.DataFrame
            A fresh copy of `counts`.
        """
        return self.counts.copy()
