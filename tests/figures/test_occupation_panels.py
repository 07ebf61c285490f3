"""Stacked occupation by group: one panel each, on one clock."""

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure

from rpcstats.errors import ParameterError
from rpcstats.figures.occupation_panels import MOST, occupation_panels


def course(name, last):
    time = np.arange(1.0, last + 1)
    well = np.linspace(0.9, 0.3, len(time))
    parts = [("well", well, 50), ("gone", 1 - well, 0)]
    return pd.concat(
        pd.DataFrame({"strata": name, "state": s, "time": time, "estimate": p, "n_risk": n})
        for s, p, n in parts
    )


@pytest.fixture
def frame():
    return pd.concat([course("mode=online", 8), course("mode=in person", 5)])


def head(ax):
    return next(text.get_text() for text in ax.texts if text.get_gid() == "ylabel")


def test_each_group_has_a_panel_on_the_same_clock(frame):
    first = occupation_panels(frame)
    axes = first.figure.axes
    assert axes[0] is first
    assert [ax.get_xlim() for ax in axes] == [(0, 8), (0, 8)]
    assert [head(ax).split(":")[0].lower() for ax in axes] == ["online", "in person"]
    ends = [ax.collections[0].get_datalim(ax.transData).x1 for ax in axes]
    assert ends == [8, 5]


def test_panels_and_their_numbers_do_not_overlap(frame):
    figure = occupation_panels(frame).figure
    figure.canvas.draw()
    boxes = []
    for ax in figure.axes:
        box = ax.get_tightbbox()
        assert box.x0 >= 0
        assert box.x1 <= figure.bbox.width
        boxes.append(box)
    assert boxes[0].y0 >= boxes[1].y1
    assert boxes[1].y0 >= 0


def test_one_group_takes_axes_and_needs_no_panel(frame):
    ax = Figure().add_subplot()
    one = frame[frame["strata"] == "mode=online"]
    assert occupation_panels(one, ax=ax, at_risk=False, watermark="DRAFT") is ax
    with pytest.raises(ParameterError, match="2 panels"):
        occupation_panels(frame, ax=ax)


def test_more_panels_than_a_page_takes_are_refused():
    many = pd.concat([course(f"team={k}", 4) for k in range(MOST + 1)])
    with pytest.raises(ParameterError, match="too many for a page"):
        occupation_panels(many)


def test_without_numbers_panels_stand_closer(frame):
    told = occupation_panels(frame).figure.get_size_inches()[1]
    bare = occupation_panels(frame, at_risk=False, watermark="DRAFT").figure.get_size_inches()[1]
    assert bare < told
