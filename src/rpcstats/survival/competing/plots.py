"""Pictures of estimates by cause."""

from typing import TYPE_CHECKING

import pandas as pd

from rpcstats._vocabulary import TERM
from rpcstats.errors import ParameterError

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def dots_by_cause(
    table: pd.DataFrame,
    *,
    ax: "Axes | None" = None,
    label: str,
    group: str | None = None,
    value_label: str,
    reference: float | None = None,
    ratio: bool = False,
) -> "Axes":
    """Draw estimates with their intervals, in groups.

    Parameters
    ----------
    table : pandas.DataFrame
        Columns `label`, `group`, estimate, conf_low, conf_high.
    ax : matplotlib Axes, optional
        Where to draw; a new figure if not given.
    label : str
        Column that names a row.
    group : str, optional
        Column that names rows that belong together.
    value_label : str
        What is drawn.
    reference : float, optional
        Where a line stands for no effect.
    ratio : bool
        Whether the scale is logarithmic.

    Returns
    -------
    matplotlib Axes
        The axes drawn on.

    Raises
    ------
    ParameterError
        If there is nothing to draw.
    """
    from rpcstats.figures.forest import forest_axes
    from rpcstats.mixed.plots import plain_term

    if table.empty:
        raise ParameterError("There is no estimate to draw", ["add a covariate to the formula"])
    shown = table.assign(**{TERM: table[TERM].map(plain_term)}) if label == TERM else table
    return forest_axes(
        shown,
        ax=ax,
        label=label,
        group=group,
        percent=False,
        ratio=ratio,
        reference=reference,
        value_label=value_label,
    )


def ratio_dots(
    table: pd.DataFrame, ax: "Axes | None", value_label: str, *, group: str | None = None
) -> "Axes":
    """Draw ratios of terms with their intervals.

    Parameters
    ----------
    table : pandas.DataFrame
        Columns term, estimate, conf_low, conf_high, and `group`.
    ax : matplotlib Axes or None
        Where to draw; a new figure if None.
    value_label : str
        What is drawn.
    group : str, optional
        Column that names rows that belong together.

    Returns
    -------
    matplotlib Axes
        The axes drawn on.

    Raises
    ------
    ParameterError
        If there is nothing to draw.
    """
    return dots_by_cause(
        table,
        ax=ax,
        label=TERM,
        group=group,
        value_label=value_label,
        reference=1.0,
        ratio=True,
    )
