"""Panels of scaled Schoenfeld residuals: what the axes show."""

import numpy as np
import pandas as pd
import pytest

from rpcstats.errors import DataError
from rpcstats.figures.schoenfeld import schoenfeld_smooth


@pytest.fixture
def residuals():
    """Two terms at six sessions, drawn along the square of time."""
    time = np.arange(1.0, 7.0)
    parts = [
        pd.DataFrame({"term": term, "time": time, "g": time**2, "residual": factor * time})
        for term, factor in (("mode", 1.0), ("age", -1.0))
    ]
    return pd.concat(parts, ignore_index=True)


@pytest.fixture
def smooth():
    """A line for one of them."""
    return pd.DataFrame(
        {
            "term": "mode",
            "g": [1.0, 36.0],
            "estimate": [1.0, 6.0],
            "conf_low": [0.0, 4.0],
            "conf_high": [2.0, 8.0],
        }
    )


@pytest.fixture
def tests():
    """Tests of both, one far in the tail."""
    return pd.DataFrame(
        {"term": ["mode", "age"], "p_value": [0.00001, 0.25], "average": [3.5, -3.5]}
    )


def test_a_panel_a_term(residuals, smooth, tests, assert_tidy_layout):
    ax = schoenfeld_smooth(residuals, smooth, tests, names={"mode": "Online"})
    panels = ax.figure.axes
    assert_tidy_layout(ax.figure)
    texts = [text for panel in panels for text in panel.texts]
    heads = [text.get_text() for text in texts if text.get_gid() == "head"]
    assert heads == ["Online: p < 0.001", "age: p = 0.250"]
    first = {line.get_label(): line for line in panels[0].get_lines()}
    assert first["residuals"].get_ydata().tolist() == [1, 2, 3, 4, 5, 6]
    assert first["smooth"].get_ydata().tolist() == [1.0, 6.0]
    assert len(panels[0].collections) == 1
    assert "smooth" not in {line.get_label() for line in panels[1].get_lines()}


def test_ticks_tell_the_time_wherever_it_stands(residuals, smooth):
    ax = schoenfeld_smooth(residuals, smooth)
    words = [label.get_text() for label in ax.get_xticklabels()]
    assert words[0] == "1"
    np.testing.assert_allclose([float(word) ** 2 for word in words], ax.get_xticks())


def test_a_level_line_marks_the_coefficient(residuals, smooth, tests):
    ax = schoenfeld_smooth(residuals, smooth, tests)
    level = [line.get_ydata()[0] for line in ax.get_lines() if len(set(line.get_ydata())) == 1]
    assert sorted(level) == [0.0, 3.5]


def test_given_axes_hold_one_term(residuals, smooth):
    from matplotlib.figure import Figure

    ax = Figure().add_subplot()
    found = schoenfeld_smooth(residuals[residuals["term"] == "mode"], smooth, ax=ax)
    assert found is ax
    assert ax.get_title(loc="left") == "mode"


def test_a_column_missing_is_told(residuals, smooth):
    with pytest.raises(DataError, match="residual"):
        schoenfeld_smooth(residuals.drop(columns="residual"), smooth)
