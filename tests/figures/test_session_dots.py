"""A dot with its interval a session."""

import numpy as np
import pandas as pd
import pytest

from rpcstats.errors import DataError
from rpcstats.figures.session_dots import session_dots


@pytest.fixture
def hazards():
    """Two modes over five sessions; nobody left online at the last."""
    estimate = np.array([0.13, 0.10, 0.06, 0.08, 0.06, 0.12, 0.09, 0.06, 0.07, 0.0])
    return pd.DataFrame(
        {
            "strata": ["in_person"] * 5 + ["online"] * 5,
            "time": [1.0, 2, 3, 4, 5] * 2,
            "estimate": estimate,
            "conf_low": np.where(estimate > 0, estimate * 0.7, np.nan),
            "conf_high": np.where(estimate > 0, estimate * 1.4, np.nan),
        }
    )


def test_dots_stand_beside_each_other_and_carry_names(hazards, texts, assert_tidy_layout):
    ax = session_dots(hazards)
    lines = ax.get_lines()
    assert [line.get_label().lower() for line in lines] == ["in person", "online"]
    first, second = (line.get_xdata() for line in lines)
    assert (first < second).all()
    np.testing.assert_allclose((first + second) / 2, [1, 2, 3, 4, 5])
    np.testing.assert_allclose(lines[0].get_ydata(), hazards["estimate"][:5])
    names = [text.get_text().lower() for text in texts(ax.figure, "label")]
    assert names == ["in person", "online"]
    assert ax.get_ylim()[0] == 0.0
    assert ax.get_ylim()[1] >= 0.13 * 1.4
    assert_tidy_layout(ax.figure)


def test_one_stratum_has_no_name_and_every_session_a_tick(hazards, texts):
    ax = session_dots(hazards.drop(columns="strata").iloc[:5], ylabel="Chance to leave")
    assert texts(ax.figure, "label") == []
    assert [tick.get_text() for tick in ax.get_xticklabels()] == ["1", "2", "3", "4", "5"]
    assert all(tick.get_text().endswith("%") for tick in ax.get_yticklabels())
    assert texts(ax.figure, "ylabel")[0].get_text() == "Chance to leave"


def test_a_long_clock_has_round_ticks():
    n = np.arange(1.0, 41.0)
    frame = pd.DataFrame({"time": n, "estimate": 0.004, "conf_low": 0.002, "conf_high": 0.006})
    ax = session_dots(frame, watermark="DRAFT")
    assert len(ax.get_xticks()) < 12
    assert "0.25%" in [tick.get_text() for tick in ax.get_yticklabels()]


def test_words_for_the_strata_and_axes_of_ones_own(hazards):
    from matplotlib.figure import Figure

    own = Figure().add_subplot()
    ax = session_dots(hazards, ax=own, names={"in_person": "At the centre"})
    assert ax is own
    assert ax.get_lines()[0].get_label() == "At the centre"


def test_a_frame_without_the_columns_is_refused(hazards):
    with pytest.raises(DataError, match="conf_low"):
        session_dots(hazards.drop(columns="conf_low"))
    with pytest.raises(DataError, match="without rows"):
        session_dots(hazards.iloc[:0])
