"""From a frame of curves to arrays that can be drawn."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from rpcstats._vocabulary import (
    CONF_HIGH,
    CONF_LOW,
    ESTIMATE,
    N_CENSOR,
    N_EVENT,
    N_RISK,
    NOTE,
    STRATA,
    TIME,
)
from rpcstats._wording import WITHHELD
from rpcstats._wording import words as plain_words
from rpcstats.figures.columns import floats, require, texts
from rpcstats.figures.placement import FloatArray


@dataclass(frozen=True, slots=True, eq=False)
class Curve:
    """One step curve.

    Attributes
    ----------
    label : str
        Name of the stratum, in words; empty if there is only one.
    time, estimate, low, high : ndarray of shape (n,)
        Starts at time 0 and stops where the estimate is last known; a row that tells the
        risk set but no estimate is no corner. Empty if withheld.
    risk_time, risk : ndarray of shape (m,)
        Times of the frame's rows and the risk set just before each.
    after_last : float
        Risk set after the last row; NaN if not known.
    complete : bool
        Whether the rows tell every change of the risk set.
    pooled : bool
        Whether events are told but not who was censored, as in a protected curve: the
        corners are the ends of pooled steps, and what lies between is not known.
    note : str
        What is not shown and why; empty if all is.
    """

    label: str
    time: FloatArray
    estimate: FloatArray
    low: FloatArray
    high: FloatArray
    risk_time: FloatArray
    risk: FloatArray
    after_last: float
    complete: bool
    pooled: bool
    note: str

    def at_risk(self, tick: float) -> float | None:
        """Give the risk set just before a time, as survival tables print it.

        Parameters
        ----------
        tick : float
            The time.

        Returns
        -------
        float or None
            NaN if it was withheld; None if the frame does not tell it.
        """
        place = int(np.searchsorted(self.risk_time, tick - 1e-9))
        if place == len(self.risk_time):
            return self.after_last if self.complete else None
        if self.complete or np.isclose(self.risk_time[place], tick):
            return float(self.risk[place])
        return None


def read_curves(frame: pd.DataFrame, names: Mapping[str, str] | None = None) -> list[Curve]:
    """Read the curves of a frame, one a stratum.

    Parameters
    ----------
    frame : pandas.DataFrame
        Columns strata (optional), time, estimate, and n_risk, conf_low, conf_high,
        n_event, n_censor where known.
    names : mapping of str to str, optional
        Words for the strata.

    Returns
    -------
    list of Curve
        In the order of the categories, else of appearance.

    Raises
    ------
    DataError
        If a column is missing or there is no row.
    """
    require(frame, (TIME, ESTIMATE), chart="step_curve")
    words = dict(names or {})
    if STRATA not in frame.columns:
        return [_read_curve(frame, "")]
    ordered = isinstance(frame[STRATA].dtype, pd.CategoricalDtype)
    parts = {str(key): part for key, part in frame.groupby(STRATA, sort=ordered, observed=True)}
    if len(parts) == 1:
        return [_read_curve(frame, "")]
    return [_read_curve(part, words.get(key, plain_words(key))) for key, part in parts.items()]


def _read_curve(part: pd.DataFrame, label: str) -> Curve:
    part = part.sort_values(TIME, kind="stable")
    time, estimate = floats(part, TIME), floats(part, ESTIMATE)
    low, high = floats(part, CONF_LOW), floats(part, CONF_HIGH)
    changes = floats(part, N_EVENT) + floats(part, N_CENSOR)
    known = np.flatnonzero(~np.isnan(estimate))
    stop = int(known[-1]) + 1 if len(known) else 0
    complete = not bool(np.isnan(changes).any())
    told = ~np.isnan(floats(part, N_EVENT))
    pooled = bool(told.any()) and not complete
    if stop and pooled:
        is_step = told[known]
        is_step[-1] = True
        known = known[is_step]
    path = [array[known] for array in (time, estimate, low, high)]
    if stop and path[0][0] > 0:
        path = [np.insert(array, 0, start) for array, start in zip(path, (0, 1, 1, 1), strict=True)]
    risk = floats(part, N_RISK)
    for array in (*path, time, risk):
        array.setflags(write=False)
    return Curve(
        label=label,
        time=path[0],
        estimate=path[1],
        low=path[2],
        high=path[3],
        risk_time=time,
        risk=risk,
        after_last=float(risk[-1] - changes[-1]),
        complete=complete,
        pooled=pooled,
        note=_missing_words(part, label, stop),
    )


def _missing_words(part: pd.DataFrame, label: str, stop: int) -> str:
    if stop == len(part):
        return ""
    reasons = [reason for reason in texts(part, NOTE)[stop:] if reason]
    why = reasons[0].rstrip(".") if reasons else WITHHELD
    why = why if WITHHELD in why or stop else f"{WITHHELD}: {why}"
    who = label or "The curve"
    if stop == 0:
        return f"{who} is not shown ({why})."
    last = f"{floats(part, TIME)[stop - 1]:,g}"
    return f"{who} is not drawn after {last} ({why})."
