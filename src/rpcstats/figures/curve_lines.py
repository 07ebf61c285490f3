"""The lines and bands of step curves."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

import numpy as np

from rpcstats.figures.series import Curve
from rpcstats.figures.style import SeriesStyle

if TYPE_CHECKING:
    from matplotlib.axes import Axes

BAND_ALPHA: Final = 0.15
CROWDED_ALPHA: Final = 0.09


def draw_curves(ax: "Axes", shown: Sequence[tuple[Curve, SeriesStyle]]) -> None:
    """Draw each curve with its interval, all bands under all lines.

    A curve whose events are pooled is drawn straight between dots: a step at the end of a
    pooled time would say that nobody left before it.

    Parameters
    ----------
    ax : matplotlib.axes.Axes
        The axes.
    shown : sequence of (Curve, SeriesStyle)
        What to draw.
    """
    alpha = BAND_ALPHA if len(shown) <= 2 else CROWDED_ALPHA
    for curve, style in shown:
        ax.fill_between(
            curve.time,
            curve.low,
            curve.high,
            step=None if curve.pooled else "post",
            color=style.colour,
            alpha=alpha,
            linewidth=0.0,
            zorder=1.5,
        )
    for curve, style in shown:
        ax.plot(
            curve.time,
            curve.estimate,
            drawstyle="default" if curve.pooled else "steps-post",
            marker="o" if curve.pooled else None,
            markersize=4.0,
            color=style.colour,
            linestyle=(0, style.dashes) if style.dashes else "-",
            label=curve.label,
            solid_capstyle="butt",
            clip_on=False,
            zorder=3,
        )
        if not curve.pooled and len(curve.time) > 1 and curve.estimate[-1] != curve.estimate[-2]:
            _draw_end(ax, curve, style)


def _draw_end(ax: "Axes", curve: Curve, style: SeriesStyle) -> None:
    """Draw the value after a last drop, which has no width of its own."""
    end, value = curve.time[-1:], curve.estimate[-1:]
    if np.isfinite([curve.low[-1], curve.high[-1]]).all():
        bounds = [curve.low[-1], curve.high[-1]]
        ax.plot(
            [end[0], end[0]],
            bounds,
            color=style.colour,
            linewidth=1.2,
            clip_on=False,
            zorder=2.9,
            label="_interval",
        )
    ax.plot(
        end,
        value,
        marker="o",
        markersize=5.0,
        color=style.colour,
        linestyle="none",
        clip_on=False,
        zorder=3.1,
        label="_end",
    )
