"""Confidence bands that hold a whole survival curve at once."""

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Final, Literal, NamedTuple, get_args

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from rpcstats._numerics.arguments import as_number, as_word
from rpcstats._numerics.intervals import ConfType, check_conf_level, survival_limits
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
from rpcstats.survival.nonparametric._band_quantiles import (
    equal_precision_quantile,
    hall_wellner_quantile,
)
from rpcstats.tables.summary import Summarised, Summary

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from rpcstats.survival.nonparametric.curves import KaplanMeier

FloatArray = NDArray[np.float64]
BandKind = Literal["hall-wellner", "equal-precision"]

_NAMES: Final = {"hall-wellner": "Hall-Wellner", "equal-precision": "equal-precision"}


@dataclass(frozen=True, slots=True, eq=False, kw_only=True, repr=False)
class SurvivalBands(Worded, Summarised):
    """Simultaneous bands of survival curves, one curve after another.

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

    strata: tuple[str, ...]
    kind: BandKind
    conf_type: ConfType
    conf_level: float
    first: FloatArray
    last: FloatArray
    low: FloatArray
    high: FloatArray
    critical: FloatArray
    n_missing: int
    remarks: tuple[str, ...]
    _rows: pd.DataFrame

    def tidy(self) -> pd.DataFrame:
        """Give one row per group and distinct time inside its stretch.

        Returns
        -------
        pandas.DataFrame
            Columns strata, time, n_risk, n_event, n_censor, estimate, conf_low, conf_high.
        """
        return self._rows.copy()

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
        heading = f"Survival curves with {_NAMES[self.kind]} bands ({self.conf_type} scale)"
        return Summary(heading, (self.glance(),), " ".join([held, *self.remarks]))

    def plot(self, ax: "Axes | None" = None) -> "Axes":
        """Draw the curves with their bands.

        Parameters
        ----------
        ax : matplotlib Axes, optional
            Where to draw; a new figure if not given.

        Returns
        -------
        matplotlib Axes
            The axes drawn on.
        """
        from rpcstats.figures import step_curve

        return step_curve(self.tidy(), ax=ax, **self.words.of_survival())


class _Stretch(NamedTuple):
    first: float
    last: float
    low: float
    high: float
    critical: float


_NOTHING: Final = _Stretch(np.nan, np.nan, np.nan, np.nan, np.nan)


def survival_bands(
    fit: "KaplanMeier",
    kind: BandKind = "hall-wellner",
    *,
    first: float | None = None,
    last: float | None = None,
    conf_type: ConfType | None = None,
    conf_level: float | None = None,
) -> SurvivalBands:
    """Give bands that hold the whole of each true curve between two times.

    Parameters
    ----------
    fit : KaplanMeier
        The curves, with Greenwood's variance.
    kind : {"hall-wellner", "equal-precision"}
        Hall and Wellner's band is narrower in the middle; the equal-precision band is as many
        standard errors wide everywhere.
    first, last : float, optional
        Stretch of time; from the first event to the last event that leaves somebody if not
        given. A stretch beyond these is cut there, which `glance` shows.
    conf_type : {"log-log", "log", "plain", "logit", "arcsine"}, optional
        Scale of the limits; that of the curves if not given.
    conf_level : float, optional
        Probability that a band holds its whole curve; that of the curves' limits if not given.

    Returns
    -------
    SurvivalBands
        Bands, with the stretch and the critical value of each.

    Raises
    ------
    ParameterError
        If an option is unknown or out of range, or the variance is robust.

    Notes
    -----
    Hall and Wellner (1980), Nair (1984); transformed by Borgan and Liestøl (1990). Critical
    values are computed from the limiting process, where tables hold them to two or three digits
    (the tables of the equal-precision band by an approximation good to 0.005).
    """
    level = fit.conf_level if conf_level is None else conf_level
    scale = fit.conf_type if conf_type is None else conf_type
    _check(fit, kind, level, first, last)
    stretches, parts = [], []
    frame = fit.tidy().drop(columns="std_error")
    for a, b in pairwise(fit.start):
        variance, S = fit.std_error_log[a:b] ** 2, fit.estimate[a:b]
        n = float((fit.n_event[a:b] + fit.n_censor[a:b]).sum())
        inside = _inside(fit.time[a:b], fit.n_event[a:b], S, first, last)
        stretch = _NOTHING
        if inside.any():
            stretch = _stretch(fit.time[a:b][inside], n * variance[inside], kind, level)
        half = band_half_width(variance[inside], n, stretch.critical, kind)
        low, high = survival_limits(S[inside], half, scale)
        parts.append(frame.iloc[a:b][inside].assign(**{CONF_LOW: low, CONF_HIGH: high}))
        stretches.append(stretch)
    rows = pd.concat(parts, ignore_index=True)
    columns = (STRATA, TIME, N_RISK, N_EVENT, N_CENSOR, ESTIMATE, CONF_LOW, CONF_HIGH)
    arrays = [_frozen(values) for values in zip(*stretches, strict=True)]
    return SurvivalBands(
        strata=fit.strata,
        kind=kind,
        conf_type=scale,
        conf_level=level,
        first=arrays[0],
        last=arrays[1],
        low=arrays[2],
        high=arrays[3],
        critical=arrays[4],
        n_missing=fit.n_missing,
        remarks=fit.remarks,
        words=fit.words,
        _rows=rows[list(columns)],
    )


def band_half_width(variance: FloatArray, n: float, critical: float, kind: BandKind) -> FloatArray:
    """Give the half-width of a band on the scale of log S.

    Parameters
    ----------
    variance : ndarray of shape (m,)
        Variance of log S.
    n : float
        Rows, or their weights.
    critical : float
        Critical value.
    kind : {"hall-wellner", "equal-precision"}
        Which band.

    Returns
    -------
    ndarray of shape (m,)
        Half-widths.
    """
    half: FloatArray = critical * (1 + n * variance) / np.sqrt(n)
    if kind == "equal-precision":
        half = critical * np.sqrt(variance)
    return half


def _check(
    fit: "KaplanMeier", kind: str, level: float, first: float | None, last: float | None
) -> None:
    check_conf_level(level)
    faults = []
    if as_word(kind) not in get_args(BandKind):
        faults.append(f"kind is unknown: choose one of {', '.join(get_args(BandKind))}")
    if fit.is_robust:
        faults.append(
            "a band needs Greenwood's variance: fit the curves without cluster() and with"
            " robust=False"
        )
    ends = (
        0.0 if first is None else as_number(first),
        np.inf if last is None else as_number(last),
    )
    if not 0 <= ends[0] < ends[1]:
        faults.append("the stretch of time is none: give first and last with 0 <= first < last")
    if faults:
        raise ParameterError("A band can't be made", faults)


def _inside(
    time: FloatArray, n_event: FloatArray, S: FloatArray, first: float | None, last: float | None
) -> NDArray[np.bool_]:
    """Tell the times from the first event to the last that leaves somebody, in the stretch."""
    events = np.flatnonzero((n_event > 0) & (S > 0))
    inside = np.zeros(len(time), dtype=np.bool_)
    if not len(events):
        return inside
    until = events[-1] + 1 if last is None else int((S > 0).sum())
    inside[events[0] : until] = True
    inside &= time >= (-np.inf if first is None else first)
    inside &= time <= (np.inf if last is None else last)
    return inside


def _stretch(time: FloatArray, spread: FloatArray, kind: BandKind, level: float) -> _Stretch:
    low, high = (float(s / (1 + s)) for s in (spread[0], spread[-1]))
    quantile = hall_wellner_quantile if kind == "hall-wellner" else equal_precision_quantile
    return _Stretch(float(time[0]), float(time[-1]), low, high, quantile(low, high, level))


def _frozen(values: tuple[float, ...]) -> FloatArray:
    array = np.array(values, dtype=np.float64)
    array.setflags(write=False)
    return array
