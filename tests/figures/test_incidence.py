import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest

from rpcstats.errors import DataError, ParameterError
from rpcstats.figures.incidence import incidence_curves, stacked_incidence


@pytest.fixture
def incidence():
    """Two causes at four sessions."""
    rows = []
    for cause, levels in (("moved_away", [0.0, 0.1, 0.1, 0.2]), ("unhappy", [0.1, 0.2, 0.4, 0.4])):
        rows += [
            (cause, time, risk, level, level / 2 if level else np.nan, level * 1.5)
            for time, risk, level in zip([1, 2, 3, 4], [50, 45, 35, 20], levels, strict=True)
        ]
    names = ["state", "time", "n_risk", "estimate", "conf_low", "conf_high"]
    return pd.DataFrame(rows, columns=names)


@pytest.fixture
def grouped(incidence):
    return pd.concat(
        [incidence.assign(strata="mode=online"), incidence.assign(strata="mode=in_person")]
    )


def words(ax, gid):
    return [text.get_text() for text in ax.findobj(plt.Text) if text.get_gid() == gid]


def test_bands_lie_on_each_other_and_what_is_left_is_white(incidence):
    ax = stacked_incidence(incidence)
    bands = {band.get_label(): band for band in ax.collections}
    assert set(bands) == {"Moved away", "Unhappy"}
    top = bands["Unhappy"].get_paths()[0].vertices[:, 1].max()
    assert top == pytest.approx(0.6)
    assert {"Moved away", "Unhappy", "Still attending"} >= set(words(ax, "band-label"))
    assert words(ax, "risk-heading") == ["Number still followed"]
    assert words(ax, "risk-number") == ["50", "50", "45", "35", "20"]


def test_each_group_has_a_panel_on_one_time_axis(grouped):
    short = grouped[(grouped["strata"] != "mode=in_person") | (grouped["time"] < 4)]
    first = stacked_incidence(short, ylabel="Share of starters")
    panels = [ax for ax in first.figure.axes if ax.get_label() != "at risk"]
    assert len(panels) == 2
    assert panels[0].get_xlim() == panels[1].get_xlim()
    heads = [words(ax, "ylabel")[0] for ax in panels]
    assert heads == ["Online: share of starters", "In person: share of starters"]


def test_curves_begin_at_nothing_and_carry_their_names(incidence):
    ax = incidence_curves(incidence)
    lines = {line.get_label(): line for line in ax.lines}
    np.testing.assert_allclose(lines["Moved away"].get_xydata()[:2], [[0, 0], [1, 0]])
    assert sorted(words(ax, "line-label")) == ["Moved away", "Unhappy"]
    assert ax.get_ylim() == (0.0, pytest.approx(0.6))
    assert len(words(ax, "risk-number")) == 5


def test_with_groups_each_cause_has_a_panel(grouped):
    first = incidence_curves(grouped, names={"unhappy": "Lost heart"}, watermark="DRAFT")
    panels = [ax for ax in first.figure.axes if ax.get_label() != "at risk"]
    assert [words(ax, "ylabel")[0] for ax in panels] == ["Moved away", "Lost heart"]
    assert sorted(words(panels[0], "line-label")) == ["In person", "Online"]
    assert words(panels[0], "risk-name") == ["Online", "In person"]


def test_given_axes(incidence, grouped):
    _, ax = plt.subplots()
    assert stacked_incidence(incidence, ax=ax, at_risk=False) is ax
    _, ax = plt.subplots()
    assert incidence_curves(incidence, ax=ax) is ax
    for chart in (stacked_incidence, incidence_curves):
        with pytest.raises(ParameterError, match="panels"):
            chart(grouped, ax=ax)
        with pytest.raises(DataError, match="state"):
            chart(incidence.drop(columns="state"))
    plt.close("all")
