"""What confidence bands of survival curves and of cumulative hazards have in common."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Final, get_args

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from rpcstats._numerics.arguments import as_number, as_word
from rpcstats._numerics.intervals import check_conf_level
from rpcstats._vocabulary import (
    CONF_HIGH,
    CONF_LOW,
    ESTIMATE,
    N_CENSOR,
    N_EVENT,
    N_RISK,
    STRATA,
    TIME,
)
from rpcstats.errors import ParameterError
from rpcstats.survival.course_words import Worded
from rpcstats.survival.nonparametric._band_stretch import AskedBand, BandKind, BandWidth
from rpcstats.tables.summary import Summarised, Summary

FloatArray = NDArray[np.float64]

_NAMES: Final = {"hall-wellner": "Hall-Wellner", "equal-precision": "equal-precision"}
_COLUMNS: Final = (STRATA, TIME, N_RISK, N_EVENT, N_CENSOR, ESTIMATE, CONF_LOW, CONF_HIGH)


@dataclass(frozen=True, slots=True, eq=False, kw_only=True, repr=False)
class CurveBands(Worded, Summarised):
    """Simultaneous bands, one curve after another.

    Attributes
    ----------
    strata : tuple of str
        Group labels.
    kind : str
        "hall-wellner" or "equal-precision".
    conf_type, conf_level : str, float
        Scale of the limits; probability that a band holds its whole true curve.
    first, last : ndarray of shape (k,)
        Stretch of time that each band covers; NaN for a curve without events in it.
    low, high : ndarray of shape (k,)
        The same on the scale of the limiting process, n σ² / (1 + n σ²).
    critical : ndarray of shape (k,)
        Critical values.
    remarks : tuple of str
        What a reader should know, in plain sentences.
    """

    curves: ClassVar[str] = "Curves"

    strata: tuple[str, ...]
    kind: BandKind
    conf_type: str
    conf_level: float
    first: FloatArray
    last: FloatArray
    low: FloatArray
    high: FloatArray
    critical: FloatArray
    n_missing: int
    remarks: tuple[str, ...]
    _rows: pd.DataFrame
    _inside: NDArray[np.bool_]

    def tidy(self) -> pd.DataFrame:
        """Give one row per group and distinct time inside its stretch.

        Returns
        -------
        pandas.DataFrame
            Columns strata, time, n_risk, n_event, n_censor, estimate, conf_low, conf_high.
        """
        return self._rows[self._inside].reset_index(drop=True)

    def _drawn(self) -> pd.DataFrame:
        """Give the whole of each curve that has a band, as a picture shows it.

        Returns
        -------
        pandas.DataFrame
            Columns as `tidy`, up to the end of the stretch; no limits before it.
        """
        last = dict(zip(self.strata, self.last, strict=True))
        return self._rows[self._rows[TIME] <= self._rows[STRATA].map(last)].reset_index(drop=True)

    def glance(self) -> pd.DataFrame:
        """Give one row per curve.

        Returns
        -------
        pandas.DataFrame
            Columns strata, first, last, low, high, critical, conf_level.
        """
        return pd.DataFrame(
            {
                STRATA: list(self.strata),
                "first": self.first.copy(),
                "last": self.last.copy(),
                "low": self.low.copy(),
                "high": self.high.copy(),
                "critical": self.critical.copy(),
                "conf_level": self.conf_level,
            }
        )

    def summary(self) -> Summary:
        """Give a readable account.

        Returns
        -------
        Summary
            Prints as text, shows as HTML in a notebook.
        """
        held = f"Each band holds its whole curve with probability {self.conf_level:.0%}."
        heading = f"{self.curves} with {_NAMES[self.kind]} bands ({self.conf_type} scale)"
        return Summary(heading, (self.glance(),), " ".join([held, *self.remarks]))


def band_fields(
    curve_frame: pd.DataFrame,
    widths: Sequence[BandWidth],
    limits: tuple[FloatArray, FloatArray],
    asked: AskedBand,
) -> dict[str, Any]:
    """Give what bands of survival and of hazards hold alike.

    Parameters
    ----------
    curve_frame : pandas.DataFrame
        Rows of all curves, one curve after another.
    widths : sequence of BandWidth
        The band of each curve.
    limits : tuple of ndarray
        Lower and upper limits of every row.
    asked : AskedBand
        Which band.

    Returns
    -------
    dict
        Fields of `CurveBands`: kind, level, stretches and rows.
    """
    inside = np.concatenate([width.inside for width in widths])
    inside.setflags(write=False)
    stretches = np.array([width.stretch for width in widths], dtype=np.float64).T
    stretches.setflags(write=False)
    low, high = (np.where(inside, values, np.nan) for values in limits)
    rows = curve_frame.assign(**{CONF_LOW: low, CONF_HIGH: high})[list(_COLUMNS)]
    ends = dict(zip(("first", "last", "low", "high", "critical"), stretches, strict=True))
    return {
        "kind": asked.kind,
        "conf_level": asked.conf_level,
        **ends,
        "_rows": rows,
        "_inside": inside,
    }


def check_band(asked: AskedBand, *, is_robust: bool, needed: str) -> None:
    """Refuse a band that can't be made.

    Parameters
    ----------
    asked : AskedBand
        Which band.
    is_robust : bool
        Whether the variance of the curves is robust.
    needed : str
        What variance a band needs instead, and how to have it.

    Raises
    ------
    ParameterError
        If an option is unknown or out of range, or the variance is robust.
    """
    check_conf_level(asked.conf_level)
    faults = []
    if as_word(asked.kind) not in get_args(BandKind):
        faults.append(f"kind is unknown: choose one of {', '.join(get_args(BandKind))}")
    if is_robust:
        faults.append(needed)
    ends = (
        0.0 if asked.first is None else as_number(asked.first),
        np.inf if asked.last is None else as_number(asked.last),
    )
    if not 0 <= ends[0] < ends[1]:
        faults.append("the stretch of time is none: give first and last with 0 <= first < last")
    if faults:
        raise ParameterError("A band can't be made", faults)
