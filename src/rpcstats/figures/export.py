"""Write pictures as SVG or PNG, the same bytes every time."""

import io
import sys
from functools import partial
from typing import TYPE_CHECKING, Final

from rpcstats.figures.style import paper_style

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

SCREEN_DPI: Final = 144.0
_JUPYTER: Final = "_repr_png_"


def to_svg(figure: "Figure") -> str:
    """Write a figure as SVG, the same text every time.

    Parameters
    ----------
    figure : matplotlib.figure.Figure
        The figure; pyplot forgets it.

    Returns
    -------
    str
        With text as paths, and without date or program name.
    """
    buffer = io.StringIO()
    with paper_style():
        figure.savefig(
            buffer, format="svg", facecolor="white", metadata={"Date": None, "Creator": None}
        )
    _forget(figure)
    return buffer.getvalue()


def to_png(figure: "Figure", dpi: float = 200.0) -> bytes:
    """Write a figure as PNG, the same bytes every time.

    Parameters
    ----------
    figure : matplotlib.figure.Figure
        The figure; pyplot forgets it.
    dpi : float
        Pixels per inch.

    Returns
    -------
    bytes
        Without date or program name.
    """
    buffer = io.BytesIO()
    with paper_style():
        figure.savefig(
            buffer, format="png", dpi=dpi, facecolor="white", metadata={"Software": None}
        )
    _forget(figure)
    return buffer.getvalue()


def _forget(figure: "Figure") -> None:
    pyplot = sys.modules.get("matplotlib.pyplot")
    if pyplot is not None:
        pyplot.close(figure)


def show_in_notebooks(shown: "Axes | Figure", figure: "Figure") -> None:
    """Let JupyterLab show a picture that pyplot does not know.

    Parameters
    ----------
    shown : matplotlib.axes.Axes or matplotlib.figure.Figure
        What a cell may end with.
    figure : matplotlib.figure.Figure
        The picture to show for it.
    """
    setattr(shown, _JUPYTER, partial(to_png, figure, dpi=SCREEN_DPI))
