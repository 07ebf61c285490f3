"""Confidence bands that hold a whole survival curve at once."""

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, ClassVar, Final

import numpy as np

from rpcstats._numerics.intervals import ConfType, survival_limits
from rpcstats.survival.nonparametric._band_stretch import AskedBand, BandKind, band_width
from rpcstats.survival.nonparametric.curve_bands import CurveBands, band_fields, check_band

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from rpcstats.survival.nonparametric.curves import KaplanMeier

_NEEDED: Final = (
    "a band needs Greenwood's variance: fit the curves without cluster() and with robust=False"
)


@dataclass(frozen=True, slots=True, eq=False, kw_only=True, repr=False)
class SurvivalBands(CurveBands):
    """Simultaneous bands of survival curves, one curve after another.

    Attributes
    ----------
    strata, kind, conf_type, conf_level, first, last, low, high, critical, remarks
        As in `CurveBands`.
    """

    curves: ClassVar[str] = "Survival curves"

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

        return step_curve(self._drawn(), ax=ax, **self.words.of_survival())


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
    asked = AskedBand(kind, level, first, last)
    check_band(asked, is_robust=fit.is_robust, needed=_NEEDED)
    n_event = fit.n_event
    leaving = n_event + fit.n_censor
    widths = [
        band_width(
            fit.time[a:b],
            fit.std_error_log[a:b] ** 2,
            float(leaving[a:b].sum()),
            has_event=n_event[a:b] > 0,
            reach=int((fit.estimate[a:b] > 0).sum()),
            asked=asked,
        )
        for a, b in pairwise(fit.start)
    ]
    half = np.concatenate([width.half for width in widths])
    limits = survival_limits(fit.estimate, half, scale)
    return SurvivalBands(
        strata=fit.strata,
        conf_type=scale,
        n_missing=fit.n_missing,
        remarks=fit.remarks,
        words=fit.words,
        **band_fields(fit.tidy(), widths, limits, asked),
    )
