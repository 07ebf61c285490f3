"""One look for every picture: colours, dashes, font and matplotlib settings."""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

FONT: Final = "Source Sans Pro"
INK: Final = "#0B0C0C"
QUIET: Final = "#505A5F"
GRID: Final = "#D6D9DB"
UNKNOWN: Final = "#9AA3A8"
PALETTE: Final = ("#12436D", "#28A197", "#801650", "#F46A25", "#3D3D3D", "#A285D1")
TEXT_PALETTE: Final = ("#12436D", "#17736B", "#801650", "#A8400B", "#3D3D3D", "#6B4AA8")
PAIR: Final = (0, 3)
DASHES: Final[tuple[tuple[float, ...], ...]] = (
    (),
    (4.5, 1.6),
    (1.3, 1.3),
    (7.0, 1.6, 1.4, 1.6),
    (2.6, 1.2),
    (9.0, 2.4),
)
MOST_CATEGORIES: Final = 4

TEXT_SIZE: Final = 10.5
COLUMN_WIDTH: Final = 15.8 / 2.54 * 72


@dataclass(frozen=True, slots=True)
class SeriesStyle:
    """How one category is drawn and named.

    Attributes
    ----------
    colour : str
        Colour of lines and marks, at least 3:1 on white.
    text_colour : str
        Colour of the direct label, at least 4.5:1 on white.
    dashes : tuple of float
        Dash pattern in line widths; empty for a solid line.
    """

    colour: str
    text_colour: str
    dashes: tuple[float, ...]


def series_styles(n: int) -> tuple[SeriesStyle, ...]:
    """Give each of `n` categories a colour, a label colour and a dash.

    Parameters
    ----------
    n : int
        Number of categories.

    Returns
    -------
    tuple of SeriesStyle
        No two alike for `n` up to 36; two categories get the blue and the orange.

    Notes
    -----
    Colours and their order: Government Analysis Function (2023), *Data
    visualisation: colours in charts*. It advises at most four categories; more
    give a warning.
    """
    if n > MOST_CATEGORIES:
        warnings.warn(
            f"{n} categories in one picture; more than {MOST_CATEGORIES} are hard to tell apart: "
            "merge some, or draw several pictures",
            UserWarning,
            stacklevel=2,
        )
    picks = PAIR if n == len(PAIR) else range(n)
    size = len(PALETTE)
    return tuple(
        SeriesStyle(
            PALETTE[pick % size], TEXT_PALETTE[pick % size], DASHES[(place + place // size) % size]
        )
        for place, pick in enumerate(picks)
    )


@cache
def register_font() -> str:
    """Tell matplotlib where the font of the papers is.

    Returns
    -------
    str
        The family name.
    """
    import font_source_sans_pro
    from matplotlib import font_manager

    folder = Path(font_source_sans_pro.font_directory)
    for weight in ("Regular", "Semibold", "Bold"):
        font_manager.fontManager.addfont(folder / f"SourceSansPro-{weight}.ttf")
    return FONT


def style_settings() -> Any:
    """List the matplotlib settings of the papers.

    Returns
    -------
    mapping of str to object
        seaborn's "ticks" style and "paper" context with our overrides.
    """
    import seaborn

    family = register_font()
    ours = {
        "font.family": [family],
        "font.size": TEXT_SIZE,
        "axes.labelsize": TEXT_SIZE,
        "xtick.labelsize": TEXT_SIZE,
        "ytick.labelsize": TEXT_SIZE,
        "legend.fontsize": TEXT_SIZE,
        "text.color": INK,
        "axes.labelcolor": INK,
        "axes.edgecolor": INK,
        "xtick.color": INK,
        "ytick.color": INK,
        "axes.unicode_minus": False,
        "axes.linewidth": 1.0,
        "lines.linewidth": 2.2,
        "text.usetex": False,
        "text.parse_math": False,
        "figure.dpi": 100.0,
        "figure.autolayout": False,
        "figure.constrained_layout.use": False,
        "savefig.bbox": None,
        "savefig.dpi": "figure",
        "path.simplify": False,
        "svg.fonttype": "path",
        "svg.hashsalt": "rpcstats",
    }
    return {**seaborn.axes_style("ticks"), **seaborn.plotting_context("paper"), **ours}


@contextmanager
def paper_style() -> Iterator[None]:
    """Draw in the look of the papers, and put the user's settings back afterwards.

    Yields
    ------
    None
        Nothing; matplotlib's settings are ours inside the `with` block only.
    """
    import matplotlib

    with matplotlib.rc_context(style_settings()):
        yield
