import numpy as np
import pandas as pd
import pytest

from rpcstats.errors import DataError
from rpcstats.figures.cumulative_shares import cumulative_shares
from rpcstats.figures.excess_events import excess_events


@pytest.fixture
def excess():
    return pd.DataFrame(
        {
            "strata": ["mode=in_person", "mode=online", "mode=hybrid"],
            "observed": [12.0, 30.0, 4.0],
            "expected": [18.25, 24.0, 3.75],
            "estimate": [-6.25, 6.0, 0.25],
            "conf_low": [-12.0, -0.5, np.nan],
            "conf_high": [-0.5, 12.5, np.nan],
        }
    )


def test_dots_hold_the_differences_and_counts_stand_beside_them(excess, texts, assert_tidy_layout):
    ax = excess_events(excess, label="strata", note="Each interval is of one group.")
    known = next(line for line in ax.lines if line.get_label() == "interval")
    np.testing.assert_array_equal(known.get_xdata(), [-6.25, 6.0])
    hollow = next(line for line in ax.lines if line.get_label() == "no interval")
    assert list(hollow.get_xdata()) == [0.25]
    values = [text.get_text() for text in texts(ax.figure, "value")]
    assert values[:6] == ["12", "30", "4", "18.3", "24.0", "3.8"]
    assert values[6] == "-6.25 (-12.00 to -0.50)"
    assert any(list(line.get_xdata()) == [0.0, 0.0] for line in ax.lines)
    assert_tidy_layout(ax.figure)


def test_headings_stand_over_their_groups(excess, texts, assert_tidy_layout):
    grouped = excess.assign(cause=["moved", "moved", "ill"]).drop(columns="expected")
    ax = excess_events(grouped, label="strata", group="cause")
    labels = {text.get_text() for text in texts(ax.figure, "label")}
    assert {"Moved", "Ill"} <= labels
    assert "Expected" not in [text.get_text() for text in texts(ax.figure, "head")]
    assert_tidy_layout(ax.figure)


def test_a_missing_column_is_named(excess):
    with pytest.raises(DataError, match="observed"):
        excess_events(excess.drop(columns="observed"), label="strata")


def test_shares_rise_by_one_over_n_at_every_value(assert_tidy_layout):
    frame = pd.DataFrame({"series": list("aaab"), "value": [2.0, 1.0, np.nan, 3.0]})
    ax = cumulative_shares(frame, series="series", value="value", note="Two series.")
    first, second = ax.lines
    np.testing.assert_allclose(first.get_xdata()[1:-1], [1.0, 2.0])
    np.testing.assert_allclose(first.get_ydata(), [0.0, 0.5, 1.0, 1.0])
    np.testing.assert_allclose(second.get_ydata(), [0.0, 1.0, 1.0])
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["a", "b"]
    assert_tidy_layout(ax.figure)
