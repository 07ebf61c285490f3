"""Sizes and places in points, so that text never depends on the size of the data."""

from functools import lru_cache
from typing import TYPE_CHECKING, Final, cast

from rpcstats.figures.export import show_in_notebooks
from rpcstats.figures.style import COLUMN_WIDTH, FONT, GRID, INK, TEXT_SIZE, register_font

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.transforms import Affine2DBase, Transform

POINTS_PER_INCH: Final = 72.0
LINE_HEIGHT: Final = 14.0
EDGE: Final = 4.0
HINTING: Final = 1.02
FINE: Final = 10.0
SUBPIXELS: Final = 64.0
WATERMARK_COLOUR: Final = "#801650"
WATERMARK_ALPHA: Final = 0.2


@lru_cache(maxsize=4096)
def text_width(text: str, *, size: float = TEXT_SIZE, weight: str = "normal") -> float:
    """Measure the widest line of a text.

    Parameters
    ----------
    text : str
        One or more lines.
    size : float
        Font size in points.
    weight : str
        Font weight.

    Returns
    -------
    float
        Width in points, with the allowance that fitting letters to pixels takes.
    """
    from matplotlib.font_manager import FontProperties, findfont, get_font

    font = get_font(findfont(FontProperties(family=[register_font()], weight=weight)))
    font.set_size(size, FINE * POINTS_PER_INCH)
    widest = 0.0
    for line in text.split("\n"):
        font.set_text(line)
        widest = max(widest, font.get_width_height()[0] / SUBPIXELS / FINE)
    return HINTING * widest + 1.0


def wrap(text: str, width: float) -> str:
    """Break a text into lines no wider than `width`, at spaces only.

    Parameters
    ----------
    text : str
        One line.
    width : float
        In points.

    Returns
    -------
    str
        The lines, joined by line breaks.
    """
    lines: list[str] = []
    for word in text.split():
        longer = f"{lines[-1]} {word}" if lines else word
        if lines and text_width(longer) <= width:
            lines[-1] = longer
        else:
            lines.append(word)
    return "\n".join(lines)


def line_count(text: str) -> int:
    """Count the lines of a text.

    Parameters
    ----------
    text : str
        Lines joined by line breaks.

    Returns
    -------
    int
        At least one.
    """
    return text.count("\n") + 1


def new_figure(height: float) -> "Figure":
    """Make an empty figure as wide as the text column, unknown to pyplot.

    Parameters
    ----------
    height : float
        In points.

    Returns
    -------
    matplotlib.figure.Figure
        White, without axes.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(COLUMN_WIDTH / POINTS_PER_INCH, height / POINTS_PER_INCH))
    FigureCanvasAgg(figure)
    figure.set_facecolor("white")
    show_in_notebooks(figure, figure)
    return figure


def place_axes(
    figure: "Figure", *, left: float, bottom: float, width: float, height: float
) -> "Axes":
    """Put axes at a place given in points from the lower left corner.

    Parameters
    ----------
    figure : matplotlib.figure.Figure
        The figure.
    left, bottom, width, height : float
        In points.

    Returns
    -------
    matplotlib.axes.Axes
        Empty axes.
    """
    across, up = (float(inches) * POINTS_PER_INCH for inches in figure.get_size_inches())
    return figure.add_axes((left / across, bottom / up, width / across, height / up))


def axes_size(ax: "Axes") -> tuple[float, float]:
    """Measure axes.

    Parameters
    ----------
    ax : matplotlib.axes.Axes
        The axes.

    Returns
    -------
    tuple of float
        Width and height in points.
    """
    box = ax.get_window_extent()
    scale = POINTS_PER_INCH / ax.figure.dpi
    return float(box.width) * scale, float(box.height) * scale


def make_room(ax: "Axes", *, left: float, right: float) -> None:
    """Narrow axes that were given, so that words beside them stay where the axes stood.

    Parameters
    ----------
    ax : matplotlib.axes.Axes
        The axes; as they stand in a figure whose layout engine makes room by itself.
    left, right : float
        Points the words take. A quarter of the width is kept in any case.
    """
    if ax.figure.figure.get_layout_engine() is not None:
        return
    across, _ = axes_size(ax)
    shrink = min(1.0, 0.75 * across / (left + right))
    box = ax.get_position()
    unit = box.width / across * shrink
    ax.set_position((box.x0 + left * unit, box.y0, box.width - (left + right) * unit, box.height))


def points_from(ax: "Axes", x: float, y: float) -> "Transform":
    """Measure in points from a spot of the axes.

    Parameters
    ----------
    ax : matplotlib.axes.Axes
        The axes.
    x, y : float
        The origin, as fractions of the axes.

    Returns
    -------
    matplotlib.transforms.Transform
        From points to the canvas; it follows the axes when they move.
    """
    from matplotlib.transforms import Affine2D, ScaledTranslation

    inches = Affine2D().scale(1 / POINTS_PER_INCH)
    corner = ScaledTranslation(x, y, cast("Affine2DBase", ax.transAxes))
    return inches + ax.figure.dpi_scale_trans + corner


def dress(ax: "Axes", *, grid: str) -> None:
    """Give axes the look of the papers: one dark axis line, a light grid, no box.

    Parameters
    ----------
    ax : matplotlib.axes.Axes
        The axes.
    grid : {"x", "y"}
        The axis whose ticks carry gridlines.
    """
    for side in ("top", "right", "left"):
        ax.spines[side].set_visible(False)
    ax.spines["bottom"].set_color(INK)
    ax.grid(visible=False)
    ax.grid(
        visible=True, axis="x" if grid == "x" else "y", color=GRID, linewidth=0.8, clip_on=False
    )
    ax.set_axisbelow(True)
    ax.tick_params(
        axis="both", labelsize=TEXT_SIZE, labelfontfamily=FONT, labelcolor=INK, color=INK
    )
    ax.tick_params(axis="y", length=0)


def stamp(figure: "Figure", text: str) -> None:
    """Write a warning across a figure, large and light, under what is drawn.

    Parameters
    ----------
    figure : matplotlib.figure.Figure
        The figure.
    text : str
        Such as ``"NOT FOR RELEASE"``.
    """
    from matplotlib.axes import Axes

    across, up = (float(inches) * POINTS_PER_INCH for inches in figure.get_size_inches())
    unit = text_width(text, size=TEXT_SIZE, weight="bold") / TEXT_SIZE
    figure.text(
        0.5,
        0.5,
        text,
        fontsize=min(0.88 * across / unit, 0.5 * up),
        fontweight="bold",
        fontfamily=FONT,
        color=WATERMARK_COLOUR,
        alpha=WATERMARK_ALPHA,
        ha="center",
        va="center",
        zorder=-1,
        gid="watermark",
    )
    # The background of axes would cover it.
    for ax in figure.findobj(Axes):
        ax.patch.set_visible(False)
