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
    label: str,
    group: str | None,
    value_label: str,
    reference: float | None = None,
    ratio: bool = False,
) -> "Axes":
    """Draw estimates with their intervals, in groups.

    Parameters
    ----------
    table : pandas.DataFrame
        Columns `label`, `group`, estimate, conf_low, conf_high.
    label, group : str
        Columns that name a row, and the rows that belong together.
    value_label : str
        What is drawn.
    reference : float, optional
        Where a line stands for no effect.
    ratio : bool
        Whether the scale is logarithmic.

    Returns
    -------
    matplotlib Axes
        The axes drawn on, in a new figure that leaves room for the names.

    Raises
    ------
    ParameterError
        If there is nothing to draw.
    """
    from rpcstats.figures.forest import forest_dots
    from rpcstats.mixed.plots import plain_term

    if table.empty:
        raise ParameterError("There is no estimate to draw", ["add a covariate to the formula"])
    shown = table.assign(**{TERM: table[TERM].map(plain_term)}) if label == TERM else table
    figure = forest_dots(
        shown,
        label=label,
        group=group,
        percent=False,
        ratio=ratio,
        reference=reference,
        value_label=value_label,
    )
    return figure.axes[0]
