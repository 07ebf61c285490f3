"""Contours of an estimate over two departures."""

import numpy as np
import pandas as pd
import pytest

from rpcstats.errors import DataError
from rpcstats.figures.tipping import tipping_contours


def _grid(slope=0.3):
    a, b = (g.ravel() for g in np.meshgrid([-4.0, -2, 0, 2], [-3.0, -1, 0, 1]))
    at = 1.6 + slope * a + 0.2 * b
    return pd.DataFrame({
        "delta_leavers": a, "delta_unanswered": b, "estimate": at, "conf_low": at - 0.2,
        "conf_high": at + 0.2,
    })  # fmt: skip


MARKS = pd.DataFrame({
    "label": ["level kept", "gone on", "far away"],
    "delta_leavers": [0.0, 1.4, 9.0],
    "delta_unanswered": [0.0, 0.0, 0.0],
})  # fmt: skip


def _words(ax):
    return [t.get_text() for t in ax.texts] + [t.get_text() for t in ax.figure.texts]


def test_the_border_of_the_shade_is_where_the_limit_meets_the_null():
    ax = tipping_contours(_grid(), null=1.0)
    border = max(ax.collections, key=lambda c: np.max(np.atleast_1d(c.get_linewidth())))
    points = border.get_paths()[0].vertices
    assert len(points) > 2
    np.testing.assert_allclose(1.6 + 0.3 * points[:, 0] + 0.2 * points[:, 1] - 0.2, 1.0, atol=1e-9)


def test_marks_are_named_and_those_outside_are_said():
    ax = tipping_contours(_grid(), null=1.0, marks=MARKS, watermark="NOT FOR RELEASE")
    told = " ".join(_words(ax))
    assert "level kept" in told
    assert "Outside the picture: far away." in told
    assert "its interval includes 1." in told
    assert ax.get_xlim() == (-4.0, 2.0)


@pytest.mark.parametrize("slope", [0.01, 0.3, 1.7])
def test_values_of_contours_stand_wholly_inside_the_frame(slope):
    ax = tipping_contours(_grid(slope), null=1.0)
    ax.figure.draw_without_rendering()
    frame = ax.get_window_extent()
    values = [t for t in ax.texts if t.get_text().lstrip("-−").replace(".", "").isdigit()]
    assert values
    for label in values:
        box = label.get_window_extent()
        assert frame.x0 <= box.x0 <= box.x1 <= frame.x1
        assert frame.y0 <= box.y0 <= box.y1 <= frame.y1


def test_shares_are_written_as_percentages():
    frame = _grid(0.05)
    frame[["estimate", "conf_low", "conf_high"]] /= 3.0
    ax = tipping_contours(frame, null=0.5, percent=True)
    assert "includes 50%" in " ".join(_words(ax))


def test_a_picture_without_a_border_or_a_slope_is_drawn():
    assert tipping_contours(_grid(), null=-50.0).get_xlim() == (-4.0, 2.0)
    flat = _grid().assign(estimate=1.0, conf_low=0.5, conf_high=1.5)
    assert tipping_contours(flat, null=1.0).get_ylim() == (-3.0, 1.0)


def test_rows_that_are_no_grid():
    with pytest.raises(DataError, match="every pair"):
        tipping_contours(_grid().iloc[1:], null=1.0)
    with pytest.raises(DataError, match="conf_low"):
        tipping_contours(_grid().drop(columns="conf_low"), null=1.0)
