"""Confidence bands that hold a whole cumulative hazard at once."""

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, ClassVar, Final, get_args

import numpy as np

from rpcstats._numerics.arguments import as_word
from rpcstats._vocabulary import CONF_HIGH, CONF_LOW, STRATA
from rpcstats.errors import ParameterError
from rpcstats.survival.nonparametric._band_stretch import AskedBand, BandKind, band_width
from rpcstats.survival.nonparametric._hazard_sums import HazardScale, hazard_limits
from rpcstats.survival.nonparametric.curve_bands import CurveBands, band_fields, check_band

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from rpcstats.survival.nonparametric.cumulative_hazard import NelsonAalen

_NEEDED: Final = (
    "a band needs the variance of independent rows: fit the hazards without cluster() and with"
    " robust=False"
)


@dataclass(frozen=True, slots=True, eq=False, kw_only=True, repr=False)
class HazardBands(CurveBands):
    """Simultaneous bands of cumulative hazards, one curve after another.

    Attributes
    ----------
    strata, kind, conf_type, conf_level, first, last, low, high, critical, remarks
        As in `CurveBands`.
    """

    curves: ClassVar[str] = "Cumulative hazards"

    def plot(self, ax: "Axes | None" = None) -> "Axes":
        """Draw the cumulative hazards with their bands.

        A cumulative hazard never falls, so what holds it later holds it before: an upper limit is
        drawn no higher than those after it, a lower one no lower than those before it. Between the
        limits drawn the whole curve lies as often as between those of `tidy`.

        Parameters
        ----------
        ax : matplotlib Axes, optional
            Where to draw; a new figure if not given.

        Returns
        -------
        matplotlib Axes
            The axes drawn on.
        """
        from rpcstats.figures.cumulative_hazards import cumulative_hazards

        rows = self._drawn()
        low = rows.groupby(STRATA, sort=False)[CONF_LOW].cummax()
        high = rows[::-1].groupby(STRATA, sort=False)[CONF_HIGH].cummin()
        shown = rows.assign(**{CONF_LOW: low, CONF_HIGH: high})
        return cumulative_hazards(shown, ax=ax, xlabel=self.words.clock)


def hazard_bands(
    fit: "NelsonAalen",
    kind: BandKind = "hall-wellner",
    *,
    first: float | None = None,
    last: float | None = None,
    conf_type: HazardScale | None = None,
    conf_level: float | None = None,
) -> HazardBands:
    """Give bands that hold the whole of each true cumulative hazard between two times.

    Parameters
    ----------
    fit : NelsonAalen
        The cumulative hazards, with the variance of independent rows.
    kind : {"hall-wellner", "equal-precision"}
        Hall and Wellner's band is narrower in the middle; the equal-precision band is as many
        standard errors wide everywhere.
    first, last : float, optional
        Stretch of time; from the first event to the last if not given. A stretch beyond the
        times seen is cut there, which `glance` shows.
    conf_type : {"log", "plain", "arcsine"}, optional
        Scale of the limits; that of the hazards if not given.
    conf_level : float, optional
        Probability that a band holds its whole cumulative hazard; that of the pointwise limits
        if not given.

    Returns
    -------
    HazardBands
        Bands, with the stretch and the critical value of each.

    Raises
    ------
    ParameterError
        If an option is unknown or out of range, or the variance is robust.

    Notes
    -----
    Bie, Borgan and Liestøl (1987), with their logarithmic and arcsine scales, and Borgan and
    Liestøl (1990); Klein and Moeschberger (2003, section 4.4). With σ² the variance of the
    cumulative hazard of n rows, an equal-precision band is c σ wide either way, Hall and
    Wellner's k (1 + n σ²) / √n; the critical values are those of a Brownian bridge between
    n σ² / (1 + n σ²) at the two ends, as for survival curves. Near the first events and where
    few are left the limiting process is a poor guide: give `first` and `last`.
    """
    level = fit.conf_level if conf_level is None else conf_level
    scale = fit.conf_type if conf_type is None else conf_type
    asked = AskedBand(kind, level, first, last)
    check_band(asked, is_robust=fit.is_robust, needed=_NEEDED)
    if as_word(scale) not in get_args(HazardScale):
        known = ", ".join(get_args(HazardScale))
        raise ParameterError("conf_type is unknown", [f"choose one of {known}"])
    n_event = fit.n_event
    leaving = n_event + fit.n_censor
    widths = [
        band_width(
            fit.time[a:b],
            fit.std_error[a:b] ** 2,
            float(leaving[a:b].sum()),
            has_event=n_event[a:b] > 0,
            reach=int(b - a),
            asked=asked,
        )
        for a, b in pairwise(fit.start)
    ]
    half = np.concatenate([width.half for width in widths])
    limits = hazard_limits(fit.estimate, half, scale)
    return HazardBands(
        strata=fit.strata,
        conf_type=scale,
        n_missing=fit.n_missing,
        remarks=fit.remarks,
        words=fit.words,
        **band_fields(fit.tidy(), widths, limits, asked),
    )
