"""Replicates of a bootstrap as histograms."""

from typing import TYPE_CHECKING, Final

import numpy as np

from rpcstats._vocabulary import CONF_HIGH, CONF_LOW
from rpcstats.figures.panels import dress_panel, panel_grid
from rpcstats.figures.style import INK, PALETTE, paper_style

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from rpcstats.mixed.inference.bootstrap import BootstrapFit

_HEIGHT: Final = 100.0
_COLUMNS: Final = 2
_BINS: Final = 30


def draw_replicates(bootstrap: "BootstrapFit") -> "Figure":
    """Draw the replicates of each parameter.

    Parameters
    ----------
    bootstrap : BootstrapFit
        The replicates.

    Returns
    -------
    matplotlib.figure.Figure
        A histogram a parameter, with the estimate and the 95 % percentile interval.
    """
    table = bootstrap.tidy()
    note = (
        f"{bootstrap.n:,} data sets drawn from the fit. Solid: the estimate. Dashed: limits of the"
        " 95 % percentile interval."
    )
    with paper_style():
        figure, panels = panel_grid(bootstrap.terms, height=_HEIGHT, columns=_COLUMNS, note=note)
        for j, ax in enumerate(panels):
            values = bootstrap.replicates[:, j]
            values = values[np.isfinite(values)]
            ax.hist(values, bins=_BINS, color=PALETTE[0], alpha=0.55, linewidth=0.0)
            if np.isfinite(bootstrap.estimate[j]):
                ax.axvline(bootstrap.estimate[j], color=INK, linewidth=1.4)
            for end in (table[CONF_LOW].to_numpy()[j], table[CONF_HIGH].to_numpy()[j]):
                ax.axvline(float(end), color=INK, linewidth=1.0, linestyle=(0, (4, 3)))
            dress_panel(ax, xlabel="Value")
    return figure
