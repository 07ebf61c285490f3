"""Fitted curves over steps, and survival known by intervals."""

import numpy as np
import pandas as pd
import pytest

from rpcstats.errors import DataError
from rpcstats.figures.fitted_curves import fitted_curves, interval_curves

OBSERVED = pd.DataFrame(
    {"strata": ["a", "a", "b"], "time": [1.0, 2.0, 3.0], "estimate": [0.8, 0.4, 0.5]}
)
FITTED = pd.DataFrame(
    {"strata": ["a", "a", "b", "b"], "time": [0.0, 3.0] * 2, "estimate": [1.0, 0.3, 1.0, 0.6]}
)
INTERVALS = pd.DataFrame(
    {
        "strata": "all",
        "lower": [1.0, 3.0, 5.0],
        "upper": [2.0, 3.0, np.inf],
        "before": [1.0, 0.6, 0.2],
        "after": [0.6, 0.2, 0.0],
    }
)


def test_steps_begin_at_one_and_share_the_colour_of_their_curve():
    ax = fitted_curves(OBSERVED, FITTED, xlabel="Week", names={"a": "Online"}, watermark="draft")
    steps, smooth = ax.lines[:2], ax.lines[2:]
    assert steps[0].get_xdata().tolist() == [0.0, 1.0, 2.0]
    assert steps[0].get_ydata().tolist() == [1.0, 0.8, 0.4]
    assert steps[0].get_drawstyle() == "steps-post"
    assert smooth[1].get_ydata().tolist() == [1.0, 0.6]
    assert [line.get_color() for line in steps] == [line.get_color() for line in smooth]
    assert ax.get_xlabel() == "Week"
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["Online", "B"]
    assert ax.get_ylim() == (0.0, 1.0)


def test_intervals_have_boxes_where_the_fall_is_not_seen():
    ax = interval_curves(INTERVALS)
    (line,) = ax.lines
    assert line.get_xdata().tolist() == [0.0, 1.0, 2.0, 3.0, 3.0]
    assert line.get_ydata().tolist() == [1.0, 1.0, 0.6, 0.6, 0.2]
    assert len(ax.collections) == 1
    assert ax.get_legend() is None


def test_an_axis_given_is_drawn_on():
    ax = fitted_curves(OBSERVED, FITTED)
    assert interval_curves(INTERVALS, ax=ax) is ax


@pytest.mark.parametrize("call", [lambda f: fitted_curves(f, FITTED), interval_curves])
def test_a_missing_column_is_refused(call):
    with pytest.raises(DataError, match=r"estimate|before"):
        call(OBSERVED.drop(columns="estimate"))
