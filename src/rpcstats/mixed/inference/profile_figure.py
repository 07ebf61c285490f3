"""Profiles as a figure: the signed root against the parameter."""

from typing import TYPE_CHECKING, Final

import numpy as np

from rpcstats._numerics.intervals import normal_quantile
from rpcstats.errors import ParameterError
from rpcstats.figures.panels import dress_panel, panel_grid
from rpcstats.figures.style import INK, PALETTE, QUIET, paper_style

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from rpcstats.mixed.inference.profile_result import LikelihoodProfile
    from rpcstats.mixed.structure.model_frame import FloatArray

_HEIGHT: Final = 120.0
_COLUMNS: Final = 2


def draw_profiles(profile: "LikelihoodProfile") -> "Figure":
    """Draw the signed root of each parameter's profile.

    Parameters
    ----------
    profile : LikelihoodProfile
        Profiles with points.

    Returns
    -------
    matplotlib.figure.Figure
        A panel a parameter, with its limits.

    Raises
    ------
    ParameterError
        If no profile has points.
    """
    drawn = [j for j, values in enumerate(profile.values) if len(values)]
    if not drawn:
        raise ParameterError("The profiles have no points", ["ask for some with n_point=8"])
    z = float(normal_quantile(profile.conf_level))
    note = (
        f"Dots: limits of the {100 * profile.conf_level:g} % interval, where the signed root of"
        f" the rise of the deviance is ±{z:.2f}. A straight line is the profile of a normal."
    )
    heads = [profile.terms[j] for j in drawn]
    with paper_style():
        figure, panels = panel_grid(heads, height=_HEIGHT, columns=_COLUMNS, note=note)
        for ax, j in zip(panels, drawn, strict=True):
            ends = np.array([profile.conf_low[j], profile.conf_high[j]])
            _draw_root(ax, profile.values[j], profile.zeta[j], ends)
            dress_panel(ax, xlabel="Value")
    return figure


def _draw_root(ax: "Axes", value: "FloatArray", zeta: "FloatArray", ends: "FloatArray") -> None:
    ax.axhline(0.0, color=QUIET, linewidth=0.8, zorder=1)
    ax.plot(value, zeta, color=PALETTE[0], linewidth=1.6, zorder=2)
    kept = ends[np.isfinite(ends)]
    ax.plot(
        kept,
        np.interp(kept, value, zeta),
        linestyle="none",
        marker="o",
        markersize=4.5,
        color=INK,
        zorder=3,
        gid="limits",
    )
    ax.margins(x=0.04, y=0.06)
