"""Stacked occupation of states: bands, names in them, numbers under them."""

import numpy as np
import pandas as pd
import pytest

from rpcstats.errors import DataError
from rpcstats.figures.occupation import state_occupation


@pytest.fixture
def frame():
    time = np.arange(1.0, 9.0)
    well = np.linspace(0.9, 0.2, 8)
    ill = np.full(8, 0.05)
    parts = {"well": well, "ill": ill, "gone": 1 - well - ill}
    risk = {"well": [100, 90, 80, 70, 60, 50, 40, 30], "ill": [0, 5, 5, 5, 5, 5, 5, 5]}
    return pd.concat(
        pd.DataFrame(
            {"state": name, "time": time, "estimate": p, "n_risk": risk.get(name, [0] * 8)}
        )
        for name, p in parts.items()
    )


def words(ax, gid):
    return [text.get_text() for text in ax.texts if text.get_gid() == gid]


def test_bands_fill_the_axes(frame):
    ax = state_occupation(frame)
    assert ax.get_ylim() == (0, 1)
    assert ax.get_xlim() == (0, 8)
    assert len(ax.collections) == 3
    top = ax.collections[-1].get_datalim(ax.transData).y1
    assert top == pytest.approx(1.0)


def test_every_state_is_named_once(frame):
    ax = state_occupation(frame, names={"gone": "has left"})
    assert sorted(words(ax, "band-label")) == ["Ill", "Well", "has left"]


def test_a_state_that_nobody_is_in_has_no_name(frame):
    empty = frame.assign(estimate=frame["estimate"].where(frame["state"] != "ill", 0.0))
    assert "Ill" not in words(state_occupation(empty), "band-label")


def test_numbers_stand_under_the_states_that_are_followed(frame):
    ax = state_occupation(frame)
    below = next(child for child in ax.child_axes if child.get_label() == "at risk")
    assert words(below, "risk-name") == ["Well", "Ill"]
    assert "100" in words(below, "risk-number")
    assert not state_occupation(frame, at_risk=False).child_axes


def test_own_axes_start_and_watermark(frame):
    from matplotlib.figure import Figure

    ax = Figure().add_subplot()
    assert state_occupation(frame, ax=ax, start=1.0, watermark="DRAFT") is ax
    assert ax.get_xlim()[0] == 1


def test_faults(frame):
    with pytest.raises(DataError, match="estimate"):
        state_occupation(frame.drop(columns="estimate"))
    with pytest.raises(DataError, match="one group"):
        state_occupation(frame.iloc[:-1])
