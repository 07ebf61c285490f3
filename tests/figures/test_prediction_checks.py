"""Prediction error over time and calibration curves: what the axes show."""

import numpy as np
import pandas as pd
import pytest

from rpcstats.errors import DataError
from rpcstats.figures.prediction_checks import calibration_curve, prediction_error


@pytest.fixture
def errors():
    """Two models at three times."""
    parts = [
        pd.DataFrame({"model": name, "time": [0.0, 1.0, 2.0], "estimate": [0.0, top / 2, top]})
        for name, top in (("Model", 0.2), ("Without covariates", 0.25))
    ]
    return pd.concat(parts, ignore_index=True)


@pytest.fixture
def groups():
    """Three groups, the last without an interval."""
    return pd.DataFrame(
        {
            "predicted": [0.1, 0.3, 0.6],
            "estimate": [0.12, 0.25, 1.0],
            "conf_low": [0.05, 0.1, np.nan],
            "conf_high": [0.3, 0.5, np.nan],
        }
    )


def test_error_holds_until_the_next_time(errors, assert_tidy_layout):
    ax = prediction_error(errors)
    assert_tidy_layout(ax.figure)
    model, null = ax.get_lines()
    assert model.get_drawstyle() == "steps-post"
    assert model.get_ydata().tolist() == [0.0, 0.1, 0.2]
    assert null.get_label() == "Without covariates"
    assert model.get_linestyle() != null.get_linestyle()
    assert [text.get_text() for text in ax.get_legend().get_texts()] == [
        "Model", "Without covariates",
    ]  # fmt: skip
    assert ax.get_ylim()[0] == 0.0


def test_error_on_given_axes(errors):
    from matplotlib.figure import Figure

    ax = Figure().add_subplot()
    assert prediction_error(errors, ax=ax) is ax


def test_calibration_has_groups_smooth_and_the_line_of_truth(groups, assert_tidy_layout):
    curve = pd.DataFrame({"predicted": [0.05, 0.7], "estimate": [0.06, 0.8]})
    ax = calibration_curve(groups, curve)
    assert_tidy_layout(ax.figure)
    truth, dots, smooth = ax.get_lines()
    assert list(truth.get_xdata()) == list(truth.get_ydata())
    assert dots.get_xdata().tolist() == [0.1, 0.3, 0.6]
    assert dots.get_ydata().tolist() == [0.12, 0.25, 1.0]
    assert smooth.get_ydata().tolist() == [0.06, 0.8]
    assert ax.get_xlim() == ax.get_ylim()
    assert ax.get_ylim()[1] > 1.0
    assert len(ax.collections[0].get_segments()) == 3


def test_a_column_missing_is_told(errors, groups):
    with pytest.raises(DataError, match="model"):
        prediction_error(errors.drop(columns="model"))
    with pytest.raises(DataError, match="predicted"):
        calibration_curve(groups, pd.DataFrame({"estimate": [0.1]}))
