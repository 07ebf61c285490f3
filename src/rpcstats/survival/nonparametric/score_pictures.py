"""Pictures of score tests: events beyond those expected, group by group."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from rpcstats._numerics.intervals import check_conf_level, normal_quantile
from rpcstats._vocabulary import CONF_HIGH, CONF_LOW, ESTIMATE, STRATA

if TYPE_CHECKING:
    from matplotlib.axes import Axes

FloatArray = NDArray[np.float64]
PARTS = "part"


def excess_rows(
    strata: Sequence[str],
    observed: FloatArray,
    excess: FloatArray,
    variance: FloatArray,
    conf_level: float,
) -> pd.DataFrame:
    """Give the events of each group beyond those expected, with intervals.

    Parameters
    ----------
    strata : sequence of str
        Labels of the k groups.
    observed, excess : ndarray of shape (k,)
        Weighted events, and how many more than expected.
    variance : ndarray of shape (k,)
        Variance of the excess if the hazards are equal.
    conf_level : float
        Level of the intervals.

    Returns
    -------
    pandas.DataFrame
        Columns strata, observed, expected, estimate, conf_low, conf_high; limits are missing
        where the variance is not above 0.
    """
    check_conf_level(conf_level)
    known = np.where(variance > 0.0, variance, np.nan)
    half = normal_quantile(conf_level) * np.sqrt(known)
    return pd.DataFrame(
        {
            STRATA: list(strata),
            "observed": observed.astype(np.float64),
            "expected": observed - excess,
            ESTIMATE: excess,
            CONF_LOW: excess - half,
            CONF_HIGH: excess + half,
        }
    )


def draw_excess(
    rows: pd.DataFrame,
    ax: "Axes | None",
    conf_level: float,
    *,
    group: str | None = None,
    under: str = "all groups had one hazard",
    more: str = "Each interval is of one group by itself; the test takes all together.",
) -> "Axes":
    """Draw what `excess_rows` gives.

    Parameters
    ----------
    rows : pandas.DataFrame
        The groups; a column expected may be left out.
    ax : matplotlib Axes or None
        Where to draw; a new figure if None.
    conf_level : float
        Level of the intervals.
    group : str, optional
        Column whose values become headings.
    under : str
        What "expected" supposes.
    more : str
        What a reader should know of the intervals.

    Returns
    -------
    matplotlib Axes
        The axes drawn on.
    """
    from rpcstats.figures.excess_events import excess_events

    note = f"Dotted line: as many events as expected if {under}. {more}"
    head = f"Difference\n({conf_level:.0%} interval)"
    return excess_events(rows, label=STRATA, ax=ax, group=group, value_label=head, note=note)
