import matplotlib
import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure

from rpcstats.errors import DataError
from rpcstats.figures import step_curve
from rpcstats.figures.curve_labels import in_points
from rpcstats.figures.placement import Box, meet, step_boxes

NAN = float("nan")
PIXEL = 0.5


def curves_of(ax):
    return [line for line in ax.lines if line.get_drawstyle() == "steps-post"]


def risk_axes(ax):
    return next(child for child in ax.child_axes if child.get_label() == "at risk")


def risk_row(ax):
    cells = [text for text in risk_axes(ax).texts if text.get_gid() == "risk-number"]
    return {text.get_position()[0]: text.get_text() for text in cells}


def test_the_curve_starts_at_one_and_follows_the_frame(one_curve):
    (line,) = curves_of(step_curve(one_curve))
    np.testing.assert_array_equal(line.get_xdata(), [0, 1, 2, 3, 4, 5, 6])
    np.testing.assert_array_equal(line.get_ydata(), [1.0, *one_curve["estimate"]])


def test_a_row_at_time_zero_is_not_doubled(coarse_curve):
    (line,) = curves_of(step_curve(coarse_curve))
    np.testing.assert_array_equal(line.get_xdata(), [0, 2, 4, 6])


def test_the_band_holds_the_limits_of_each_step(coarse_curve):
    ax = step_curve(coarse_curve)
    corners = ax.collections[0].get_paths()[0].vertices
    between = corners[np.isclose(corners[:, 0], 2.0)][:, 1]
    assert between.max() == pytest.approx(1.0)
    assert np.isclose(between, 0.79).any()
    assert np.isclose(between, 0.95).any()


def test_a_last_drop_is_marked_by_a_dot_with_its_interval(coarse_curve):
    ax = step_curve(coarse_curve)
    (dot,) = [line for line in ax.lines if line.get_label() == "_end"]
    (bar,) = [line for line in ax.lines if line.get_label() == "_interval"]
    assert (dot.get_xdata()[0], dot.get_ydata()[0]) == (6.0, 0.74)
    assert list(bar.get_ydata()) == [0.61, 0.84]


def test_sessions_get_a_tick_each_and_the_scale_is_whole(one_curve):
    ax = step_curve(one_curve)
    assert [label.get_text() for label in ax.get_xticklabels()] == list("0123456")
    assert ax.get_ylim() == (0.0, 1.0)
    assert [label.get_text() for label in ax.get_yticklabels()][::5] == ["0%", "100%"]
    assert step_curve(one_curve, percent=False).get_yticklabels()[1].get_text() == "0.2"


def test_a_long_clock_gets_round_ticks():
    frame = pd.DataFrame(
        {"time": [90.0, 365.0, 715.0], "n_risk": [200, 120, 30], "estimate": [0.9, 0.6, 0.3]}
    )
    ax = step_curve(frame, xlabel="Days since joining")
    assert list(ax.get_xticks()) == list(range(0, 701, 100))
    assert ax.get_xlabel() == "Days since joining"


def test_numbers_at_risk_stand_under_their_ticks(two_curves, texts):
    ax = step_curve(two_curves)
    ax.figure.canvas.draw()
    row = risk_axes(ax)
    ticks = ax.transData.transform([(tick, 0.0) for tick in ax.get_xticks()])[:, 0]
    cells = texts(ax.figure, "risk-number")
    assert len(cells) == 2 * len(ticks)
    for cell in cells:
        box = cell.get_window_extent()
        assert np.abs(ticks - (box.x0 + box.x1) / 2).min() < PIXEL
        assert box.y1 < ax.xaxis.label.get_window_extent().y0
    assert row.get_xlim() == ax.get_xlim()
    assert [text.get_text() for text in texts(ax.figure, "risk-name")] == ["In person", "Online"]
    assert texts(ax.figure, "risk-heading")[0].get_text() == "Number still followed"


def test_the_risk_set_is_the_one_just_before_the_tick(one_curve):
    assert list(risk_row(step_curve(one_curve)).values()) == [
        "58", "58", "56", "52", "49", "45", "43",
    ]  # fmt: skip
    gaps = one_curve[one_curve["time"].isin([1, 4, 6])].assign(n_risk=[58, 49, 43])
    assert risk_row(step_curve(gaps))[2.0] == "49"


def test_after_the_last_row_nobody_is_left():
    frame = pd.DataFrame(
        {
            "strata": ["a", "a", "b"],
            "time": [1.0, 2.0, 1.0],
            "n_risk": [9, 5, 7],
            "n_event": [4, 1, 7],
            "n_censor": [0, 4, 0],
            "estimate": [0.6, 0.5, 0.0],
        }
    )
    cells = [t for t in risk_axes(step_curve(frame)).texts if t.get_gid() == "risk-number"]
    assert [cell.get_text() for cell in cells] == ["9", "9", "5", "7", "7", "0"]


def test_a_protected_frame_tells_no_more_than_its_rows(coarse_curve):
    ax = step_curve(coarse_curve)
    assert risk_row(ax) == {0.0: "60", 2.0: "60", 4.0: "55", 6.0: "45"}
    hidden = coarse_curve.assign(n_risk=[60, 60, NAN, 45])
    assert risk_row(step_curve(hidden))[4.0] == "[c]"


def test_a_withheld_stratum_is_named_and_not_drawn(two_curves, withheld_curve, texts):
    ax = step_curve(pd.concat([two_curves, withheld_curve]))
    assert len(curves_of(ax)) == 2
    assert [text.get_text() for text in texts(ax.figure, "note")] == [
        "One to one is not shown (withheld: fewer than 10 people)."
    ]


def test_the_one_curve_left_keeps_its_name(coarse_curve, withheld_curve, texts):
    left = coarse_curve.assign(strata="mode=online")
    ax = step_curve(pd.concat([left, withheld_curve]))
    assert [text.get_text() for text in texts(ax.figure, "line-label")] == ["Online"]
    assert [text.get_text() for text in texts(ax.figure, "risk-name")] == ["Online"]


def test_nothing_released_is_said_and_not_drawn(withheld_curve, assert_tidy_layout):
    ax = step_curve(withheld_curve)
    assert curves_of(ax) == []
    assert "withheld" in [text.get_text() for text in ax.texts]
    assert_tidy_layout(ax.figure)


def test_a_curve_stops_where_its_last_estimate_stands(coarse_curve, texts):
    tail = coarse_curve.assign(
        estimate=[1.0, 0.9, NAN, NAN], note=["", "", "the curve stops before", ""]
    )
    ax = step_curve(tail)
    assert list(curves_of(ax)[0].get_xdata()) == [0, 2]
    assert ax.get_xlim() == (0.0, 6.0)
    assert risk_row(ax)[6.0] == "45"
    assert texts(ax.figure, "note")[0].get_text() == (
        "The curve is not drawn after 2 (the curve stops before)."
    )


def test_a_row_without_estimate_between_two_steps_is_no_gap(coarse_curve):
    (line,) = curves_of(step_curve(coarse_curve.assign(estimate=[1.0, NAN, 0.81, 0.74])))
    np.testing.assert_array_equal(line.get_ydata(), [1.0, 0.81, 0.74])


def test_series_differ_in_colour_and_dash(two_curves):
    first, second = curves_of(step_curve(two_curves))
    assert (first.get_color(), second.get_color()) == ("#12436D", "#F46A25")
    assert first.get_linestyle() != second.get_linestyle()


def crowded(count, gap):
    steps = [
        pd.DataFrame(
            {
                "strata": f"Council number {i}",
                "time": [2.0, 6.0 - (i == 0)],
                "n_risk": [30, 20],
                "estimate": [0.9, 0.8 - gap * i],
                "conf_low": 0.3,
                "conf_high": 0.95,
            }
        )
        for i in range(count)
    ]
    return pd.concat(steps)


@pytest.mark.parametrize("gap", [0.0, 0.004, 0.02, 0.2])
def test_names_keep_clear_of_each_other_the_lines_and_the_edge(gap, texts, assert_tidy_layout):
    frame = crowded(4, gap)
    ax = step_curve(frame, markers={4: "Completion rule: 4 of 6"}, watermark="NOT FOR RELEASE")
    assert_tidy_layout(ax.figure)
    assert_clear_of_lines(ax, texts(ax.figure, "line-label") + texts(ax.figure, "marker-label"))


def assert_clear_of_lines(ax, labels):
    corner = ax.transAxes.transform((0.0, 0.0))
    scale = 72.0 / ax.figure.dpi
    for label in labels:
        extent = label.get_window_extent()
        box = Box(*(((extent.get_points() - corner) * scale).ravel()))
        for line in curves_of(ax):
            pieces = step_boxes(*in_points(ax, line.get_xdata(), line.get_ydata()))
            assert not any(meet(box, piece) for piece in pieces), label.get_text()


def test_a_name_stays_on_its_own_side_of_another_curve(texts):
    upper = pd.DataFrame(
        {"strata": "upper", "time": [2.0, 6.0], "n_risk": [50, 40], "estimate": [0.81, 0.80]}
    )
    lower = pd.DataFrame(
        {"strata": "lower", "time": [3.0, 4.0], "n_risk": [50, 40], "estimate": [0.80, 0.80]}
    )
    ax = step_curve(pd.concat([upper, lower]))
    ax.figure.canvas.draw()
    label = next(t for t in texts(ax.figure, "line-label") if t.get_text() == "Lower")
    assert label.get_window_extent().y1 < ax.transData.transform((0, 0.81))[1]


def test_long_names_are_wrapped(two_curves, texts, assert_tidy_layout):
    names = {"mode=online": "Joined online from home with the children in bed"}
    ax = step_curve(two_curves, names=names)
    assert_tidy_layout(ax.figure)
    assert any("\n" in text.get_text() for text in texts(ax.figure, "line-label"))


def test_drawing_on_given_axes_returns_them(two_curves, assert_tidy_layout):
    figure = Figure(figsize=(7, 5), layout="constrained")
    ax = figure.add_subplot()
    assert step_curve(two_curves, ax=ax) is ax
    assert_tidy_layout(figure)
    assert step_curve(two_curves, ax=ax, at_risk=False).figure is figure


def test_no_more_than_ten_gridlines_and_no_title(two_curves):
    ax = step_curve(two_curves)
    assert len(ax.get_ygridlines()) <= 10
    assert ax.get_title() == ""
    assert not ax.yaxis.label.get_visible()
    label = next(text for text in ax.texts if text.get_gid() == "ylabel")
    assert label.get_text() == ax.get_ylabel() == "Still attending"


def test_the_users_settings_stay_as_they_were(two_curves):
    before = dict(matplotlib.rcParams)
    step_curve(two_curves)
    assert dict(matplotlib.rcParams) == before


@pytest.mark.parametrize("dtype", ["Int64", "float64"])
def test_nullable_counts_are_read(coarse_curve, dtype):
    frame = coarse_curve.assign(n_risk=coarse_curve["n_risk"].astype(dtype))
    assert risk_row(step_curve(frame))[4.0] == "55"


def test_what_is_missing_is_named(one_curve):
    with pytest.raises(DataError, match="no estimate"):
        step_curve(one_curve[["strata", "time"]])
    with pytest.raises(DataError, match="without rows"):
        step_curve(one_curve.iloc[:0])


def test_categories_keep_their_order(two_curves, texts):
    order = pd.CategoricalDtype(["mode=online", "mode=hybrid", "mode=in_person"])
    ax = step_curve(two_curves.assign(strata=two_curves["strata"].astype(order)))
    assert [t.get_text() for t in texts(ax.figure, "risk-name")] == ["Online", "In person"]
