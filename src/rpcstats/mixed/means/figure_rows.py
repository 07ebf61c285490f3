"""Means and comparisons as dots with intervals."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import pandas as pd

from rpcstats._vocabulary import CONF_HIGH, CONF_LOW, ESTIMATE

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def draw_dots(
    table: pd.DataFrame, columns: Sequence[str], by: Sequence[str], *, ratio: bool
) -> "Figure":
    """Draw estimates under headings.

    Parameters
    ----------
    table : pandas.DataFrame
        Estimates with limits, and the columns that name them.
    columns : sequence of str
        Columns that name the rows.
    by : sequence of str
        Those whose values are headings.
    ratio : bool
        Whether the estimates are ratios.

    Returns
    -------
    matplotlib.figure.Figure
        The picture.
    """
    from rpcstats.figures.forest import forest_dots

    rows = [name for name in columns if name not in by]
    frame = table[[ESTIMATE, CONF_LOW, CONF_HIGH]].assign(label=_joined(table, rows))
    if by:
        frame = frame.assign(heading=_joined(table, [name for name in columns if name in by]))
    return forest_dots(
        frame, label="label", group="heading" if by else None, percent=False, ratio=ratio
    )


def _joined(table: pd.DataFrame, names: Sequence[str]) -> list[str]:
    if not names:
        return ["all"] * len(table)
    return [
        ", ".join(f"{value:g}" if isinstance(value, float) else str(value) for value in row)
        for row in zip(*(table[name] for name in names), strict=True)
    ]
