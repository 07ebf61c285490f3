"""Cumulative hazards."""

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest

from rpcstats.errors import DataError
from rpcstats.figures.cumulative_hazards import cumulative_hazards


@pytest.fixture
def frame():
    return pd.DataFrame(
        {
            "strata": ["mode=hall"] * 3 + ["mode=online"] * 2,
            "time": [3.0, 1.0, 2.0, 1.0, 2.0],
            "estimate": [0.6, 0.1, 0.4, 0.2, 0.5],
            "conf_low": [0.3, np.nan, 0.2, 0.1, 0.3],
            "conf_high": [1.0, np.nan, 0.8, 0.4, 0.9],
        }
    )


def test_hazards_rise_from_zero_in_order_of_time(frame):
    with mpl.rc_context({"backend": "agg"}):
        ax = cumulative_hazards(frame, watermark="DRAFT")
    first = ax.get_lines()[0]
    assert first.get_xdata().tolist() == [0.0, 1.0, 2.0, 3.0]
    assert first.get_ydata().tolist() == [0.0, 0.1, 0.4, 0.6]
    assert [line.get_label() for line in ax.get_lines()] == ["Hall", "Online"]
    assert ax.get_ylim()[0] == 0.0


def test_a_limit_without_end_goes_to_the_top(frame):
    with mpl.rc_context({"backend": "agg"}):
        ax = cumulative_hazards(frame.assign(conf_high=[np.inf, np.nan, 0.8, 0.4, 0.9]))
    top = ax.get_ylim()[1]
    assert top == pytest.approx(1.05 * 0.9)
    assert ax.collections[0].get_paths()[0].vertices[:, 1].max() == pytest.approx(top)


def test_one_curve_on_the_axes_given_has_no_legend(frame):
    with mpl.rc_context({"backend": "agg"}):
        given = cumulative_hazards(frame.iloc[:3].drop(columns="strata"))
        assert given.get_legend() is None
        assert cumulative_hazards(frame, ax=given) is given


def test_a_missing_column_is_named(frame):
    with pytest.raises(DataError, match="conf_low"):
        cumulative_hazards(frame.drop(columns="conf_low"))
