"""A protected curve is straight between dots: when in a pooled time parents left is not told."""

import numpy as np
import pandas as pd
import pytest

from rpcstats.figures import step_curve
from rpcstats.figures.curves import POOLED_NOTE


@pytest.fixture
def pooled():
    return pd.DataFrame(
        {
            "strata": "all",
            "time": [0.0, 1.0, 2.0, 5.0, 6.0],
            "n_risk": [60.0, 60.0, 55.0, 45.0, 35.0],
            "n_event": [0.0, np.nan, 10.0, 5.0, np.nan],
            "estimate": [1.0, 1.0, 0.83, 0.75, 0.75],
            "conf_low": [1.0, 1.0, 0.71, 0.62, 0.62],
            "conf_high": [1.0, 1.0, 0.91, 0.84, 0.84],
            "status": "released",
            "note": ["", "number at risk only", "", "", "number at risk only"],
        }
    )


def test_corners_are_the_pooled_steps_and_the_end(pooled):
    (line,) = step_curve(pooled).lines
    assert line.get_drawstyle() == "default"
    assert line.get_marker() == "o"
    np.testing.assert_array_equal(line.get_xdata(), [0, 2, 5, 6])
    np.testing.assert_array_equal(line.get_ydata(), [1.0, 0.83, 0.75, 0.75])


def test_the_picture_says_that_leavers_are_pooled(pooled):
    ax = step_curve(pooled)
    (note,) = [text for text in ax.texts if text.get_gid() == "note"]
    assert " ".join(note.get_text().split()) == POOLED_NOTE


def test_an_unprotected_curve_keeps_its_steps(pooled):
    full = pooled.assign(n_event=[0.0, 0.0, 10.0, 5.0, 0.0], n_censor=[0, 0, 0, 0, 35])
    ax = step_curve(full)
    assert ax.lines[0].get_drawstyle() == "steps-post"
    assert not [text for text in ax.texts if text.get_gid() == "note"]
