"""Tiles of verdicts: all there, none over another, none beyond the edge."""

from itertools import pairwise

import pandas as pd
import pytest

from rpcstats.errors import DataError
from rpcstats.figures.style import COLUMN_WIDTH
from rpcstats.figures.verdicts import STYLES, verdict_tiles

NAME = "North Northamptonshire with Bournemouth, Christchurch and Poole"
LONG = "t(28) = 2.20, p = .036; " * 12


def frame(n, councils=("A",), printed=("80%", "more than 1,230")):
    verdicts = list(STYLES)
    return pd.DataFrame(
        [
            {"council": councils[i % len(councils)], "printed": printed[i % len(printed)],
             "verdict": verdicts[i % 4]}
            for i in range(n)
        ]
    )  # fmt: skip


def boxes(figure):
    return [(p.get_x(), p.get_y(), p.get_width(), p.get_height()) for p in figure.axes[0].patches]


def apart(one, other):
    return (
        one[0] + one[2] <= other[0]
        or other[0] + other[2] <= one[0]
        or one[1] + one[3] <= other[1]
        or other[1] + other[3] <= one[1]
    )


@pytest.mark.parametrize(
    "given",
    [frame(1), frame(120, councils=("A", "B", NAME)), frame(4, printed=(LONG, "80%")),
     frame(2, councils=(NAME, "B"))],
    ids=["one", "many", "long", "names"],
)  # fmt: skip
def test_tiles_are_apart_and_inside(given):
    found = boxes(verdict_tiles(given))
    assert len(found) == len(given) + len(STYLES)
    for i, one in enumerate(found):
        assert one[0] >= 0
        assert one[0] + one[2] <= COLUMN_WIDTH
        assert all(apart(one, other) for other in found[:i])


def test_names_of_several_lines_do_not_overlap_the_next():
    figure = verdict_tiles(frame(2, councils=(NAME, "B")))
    figure.canvas.draw()
    names = [t for t in figure.axes[0].texts if t.get_weight() == "semibold"]
    extents = [text.get_window_extent() for text in names]
    assert len(extents) > 2
    assert all(one.y0 >= other.y1 - 2 for one, other in pairwise(extents))


def test_a_label_that_is_too_long_is_cut():
    texts = [text.get_text() for text in verdict_tiles(frame(1, printed=(LONG,))).axes[0].texts]
    assert any(text.endswith("\u2026") for text in texts)


def test_a_missing_column_is_named():
    with pytest.raises(DataError, match="verdict"):
        verdict_tiles(frame(1).drop(columns="verdict"))
