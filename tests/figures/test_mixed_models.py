"""The pictures of mixed models: caterpillar, trajectories, residual checks, ratios."""

import numpy as np
import pandas as pd
import pytest

from rpcstats.errors import DataError
from rpcstats.figures import forest_dots
from rpcstats.figures.caterpillar import caterpillar
from rpcstats.figures.residual_checks import residual_checks
from rpcstats.figures.trajectories import trajectories


@pytest.fixture
def modes_frame():
    estimate = np.array([3.0, -2.0, 0.5, -0.1])
    return pd.concat(
        [
            pd.DataFrame(
                {
                    "group": "group_id",
                    "level": ["g1", "g2", "g3", "g4"],
                    "term": term,
                    "estimate": sign * estimate,
                    "conf_low": sign * estimate - 1.0,
                    "conf_high": sign * estimate + 1.0,
                }
            )
            for term, sign in (("Intercept", 1.0), ("session", -1.0))
        ],
        ignore_index=True,
    )


def lines(ax, name):
    return [line for line in ax.lines if line.get_label() == name]


def test_modes_stand_in_order_of_size_in_each_panel(modes_frame, assert_tidy_layout):
    figure = caterpillar(modes_frame)
    for ax in figure.axes:
        (apart,), (holds,) = lines(ax, "apart"), lines(ax, "holds 0")
        places = np.r_[apart.get_ydata(), holds.get_ydata()]
        values = np.r_[apart.get_xdata(), holds.get_xdata()]
        assert (np.diff(values[np.argsort(places)]) > 0).all()
        assert sorted(np.abs(apart.get_xdata())) == [2.0, 3.0]
    assert_tidy_layout(figure)


def test_names_of_levels_are_shown_only_when_asked_for(modes_frame, texts, assert_tidy_layout):
    hidden = {text.get_text() for text in texts(caterpillar(modes_frame))}
    assert not hidden & {"g1", "g2", "g3", "g4"}
    figure = caterpillar(modes_frame, labels=True)
    for ax in figure.axes:
        assert [label.get_text() for label in ax.get_yticklabels()] == ["g2", "g4", "g3", "g1"]
    assert_tidy_layout(figure)


@pytest.mark.parametrize("n", [1, 40, 700])
def test_any_number_of_levels_keeps_its_place_on_the_page(modes_frame, n, assert_tidy_layout):
    frame = pd.concat([modes_frame.iloc[[0]]] * n, ignore_index=True)
    figure = caterpillar(frame)
    assert figure.get_size_inches()[1] < 6.5
    assert_tidy_layout(figure)


def test_trajectories_draw_each_group_and_the_population(assert_tidy_layout):
    population = pd.DataFrame(
        {
            "session": [0, 1, 0, 1],
            "mode": ["in_person", "in_person", "online", "online"],
            "estimate": [2.0, 3.0, 2.0, 2.5],
            "conf_low": [1.5, 2.5, 1.5, 2.0],
            "conf_high": [2.5, 3.5, 2.5, 3.0],
        }
    )
    groups = pd.DataFrame(
        {
            "session": [1, 0, 0, 1],
            "mode": ["in_person", "in_person", "online", "online"],
            "family": [1, 1, 2, 2],
            "estimate": [4.0, 1.0, 2.0, 9.0],
        }
    )
    figure = trajectories(
        population, groups, x="session", group="family", by="mode", ylabel="Rating"
    )
    first, second = figure.axes
    np.testing.assert_array_equal(lines(first, "population")[0].get_ydata(), [2.0, 3.0])
    np.testing.assert_array_equal(lines(first, "group")[0].get_ydata(), [1.0, 4.0])
    assert first.get_ylim() == second.get_ylim()
    assert_tidy_layout(figure)


def test_residuals_of_a_normal_sample_lie_on_the_line(assert_tidy_layout):
    from scipy.special import ndtri

    n = 199
    residual = ndtri((np.arange(1, n + 1) - 0.375) / (n + 0.25))
    frame = pd.DataFrame({"fitted": np.linspace(2, 6, n), "std_residual": residual[::-1]})
    figure = residual_checks(frame, pd.DataFrame({"estimate": residual[:9]}))
    (points,), (normal,) = lines(figure.axes[1], "points"), lines(figure.axes[1], "normal")
    np.testing.assert_allclose(points.get_xdata(), points.get_ydata(), rtol=0, atol=1e-12)
    np.testing.assert_allclose(normal.get_xdata(), normal.get_ydata(), rtol=0, atol=0.02)
    assert len(figure.axes) == 4
    assert_tidy_layout(figure)


def test_ratios_stand_on_a_logarithmic_scale(assert_tidy_layout):
    frame = pd.DataFrame(
        {
            "term": ["mode[T.online]", "session"],
            "estimate": [0.5, 1.4],
            "conf_low": [0.2, 1.1],
            "conf_high": [1.3, 1.8],
        }
    )
    figure = forest_dots(frame, percent=False, ratio=True, reference=1.0)
    (ax,) = figure.axes
    assert ax.get_xscale() == "log"
    assert [label.get_text() for label in ax.get_xticklabels()] == ["0.2", "0.5", "1", "2"]
    assert_tidy_layout(figure)


@pytest.mark.parametrize("draw", [caterpillar, residual_checks])
def test_a_missing_column_is_named(draw):
    with pytest.raises(DataError, match="needs the columns"):
        draw(pd.DataFrame({"a": [1.0]}))
