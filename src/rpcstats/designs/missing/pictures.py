"""Pictures of what was imputed, and of who answers."""

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from rpcstats.designs.missing.ratings import Floats

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def draw_imputed(seen: Floats, ends: Floats, ax: "Axes | None") -> "Axes":
    """Draw ratings of the end as seen, and as imputed.

    Parameters
    ----------
    seen : ndarray of shape (J,)
        Ratings of the end, NaN where there is none.
    ends : ndarray of shape (m, J)
        Those seen or drawn.
    ax : matplotlib.axes.Axes or None
        Where to draw; a new figure if None.

    Returns
    -------
    matplotlib.axes.Axes
        The axes drawn on.
    """
    from rpcstats.figures.cumulative_shares import cumulative_shares

    drawn = ends[:, np.isnan(seen)].ravel()
    series = ["Seen"] * len(seen) + ["Imputed"] * len(drawn)
    return cumulative_shares(
        pd.DataFrame({"series": series, "rating": np.concatenate([seen, drawn])}),
        series="series",
        value="rating",
        ax=ax,
        xlabel="Rating at the end, in points",
        ylabel="Share of ratings at or below",
        note=(
            "Imputed: had all finished, in all imputations together. The two may differ, for other"
            " parents stand behind them."
        ),
    )


def draw_chances(frame: pd.DataFrame, ax: "Axes | None") -> "Axes":
    """Draw the chances of answering, of parents who did and parents who did not.

    Parameters
    ----------
    frame : DataFrame
        Columns answered and chance, a row a parent.
    ax : matplotlib.axes.Axes or None
        Where to draw; a new figure if None.

    Returns
    -------
    matplotlib.axes.Axes
        The axes drawn on.
    """
    from rpcstats.figures.cumulative_shares import cumulative_shares

    words = np.where(frame["answered"], "Answered", "Did not answer")
    return cumulative_shares(
        frame[["chance"]].assign(answered=words),
        series="answered",
        value="chance",
        ax=ax,
        xlabel="Chance of answering, by the model",
        ylabel="Share of parents with that chance or less",
        note=(
            "Those who did not answer are stood for by those who did and had like chances: where"
            " only one of the lines rises, there is nobody to do so."
        ),
    )
