"""Pictures: a tidy frame in, a matplotlib figure out; this room knows columns, never a fit."""

from rpcstats.figures.answer_bars import answer_bars
from rpcstats.figures.change_bars import change_bars
from rpcstats.figures.curves import step_curve
from rpcstats.figures.draw import draw
from rpcstats.figures.export import to_png, to_svg
from rpcstats.figures.forest import forest_dots
from rpcstats.figures.funnel import funnel_chart
from rpcstats.figures.readings import progress_readings
from rpcstats.figures.style import SeriesStyle, paper_style, series_styles

__all__ = [
    "SeriesStyle",
    "answer_bars",
    "change_bars",
    "draw",
    "forest_dots",
    "funnel_chart",
    "paper_style",
    "progress_readings",
    "series_styles",
    "step_curve",
    "to_png",
    "to_svg",
]
