"""The mean course of ratings, and change by estimand."""

import numpy as np
import pandas as pd
import pytest

from rpcstats.errors import DataError
from rpcstats.figures.draw import draw
from rpcstats.figures.estimand_forest import estimand_forest
from rpcstats.figures.rating_curves import rating_curves

NAN = float("nan")


@pytest.fixture
def course():
    return pd.DataFrame(
        {
            "series": ["model"] * 3 + ["stayed"] * 3 + ["left"] * 2,
            "stage": [0.0, 0.5, 1.0, 0.0, 0.5, 1.0, 0.0, 0.5],
            "n_obs": [58, 58, 58, 42, 40, 33, 16, NAN],
            "estimate": [3.0, 4.0, 5.0, 3.1, 4.2, 5.1, 2.7, NAN],
            "conf_low": [2.6, 3.6, 4.3] + [NAN] * 5,
            "conf_high": [3.4, 4.4, 5.6] + [NAN] * 5,
            "status": ["released"] * 7 + ["withheld"],
            "note": [""] * 7 + ["a group of under 5 would show"],
        }
    )


@pytest.fixture
def estimands():
    rows = [
        ("E5b", "Linear mixed model, by cluster", "mean change", 2.0, 1.4, 2.6, 58),
        ("E5a", "Multiple imputation, 20 data sets", "mean change", 1.6, 1.0, 2.2, 58),
        ("E5a", "Multiple imputation, 50 data sets", "mean change", 1.6, 1.0, 2.2, 58),
        ("E5a", "Weights; of answering", "mean change", NAN, NAN, NAN, 58),
        ("E5a", "Weights; of answering", "progress", 0.66, 0.5, 0.8, 58),
    ]
    columns = ["estimand", "method", "measure", "estimate", "conf_low", "conf_high", "n_obs"]
    frame = pd.DataFrame(rows, columns=columns)
    return frame.assign(status=np.where(frame["estimate"].isna(), "withheld", "released"))


def words_of(figure, gid=None):
    return [
        text.get_text()
        for text in figure.findobj(lambda part: hasattr(part, "get_text"))
        if gid is None or text.get_gid() == gid
    ]


def test_the_course_has_one_line_a_band_and_the_numbers_seen(course):
    figure = rating_curves(course, watermark="NOT FOR RELEASE")
    (ax,) = figure.axes
    lines = {line.get_label(): line for line in ax.lines if not line.get_label().startswith("_")}
    assert list(lines) == [
        "All starters, had nobody left", "Stayed to the end", "Left before the end",
    ]  # fmt: skip
    np.testing.assert_allclose(lines["Stayed to the end"].get_ydata(), [3.1, 4.2, 5.1])
    assert words_of(figure, "risk-number") == ["42", "40", "33", "16", "[c]"]
    assert "a group of under 5 would show" in " ".join(words_of(figure, "note")).replace("\n", " ")
    assert len(ax.collections) == 1


def test_the_legend_makes_room_for_a_falling_course(course):
    turned = course.assign(estimate=10.0 - course["estimate"])
    corners = [rating_curves(frame).axes[0].get_legend()._loc for frame in (course, turned)]
    assert corners == [2, 1]


def test_estimands_are_headings_in_order_and_methods_are_told_apart(estimands):
    labels = words_of(estimand_forest(estimands), "label")
    assert labels[0].startswith("All who started, at the level")
    joined = " ".join(labels).replace("\n", " ")
    assert "20 data sets" in joined
    assert "50 data sets" in joined
    assert "Linear mixed model" in labels
    assert "withheld" in words_of(estimand_forest(estimands), "value")


def test_an_estimate_that_was_rounded_is_a_band(estimands):
    half = np.where(estimands["measure"] == "progress", 0.01, 0.1)
    told = estimands.assign(
        told_low=estimands["estimate"] - half, told_high=estimands["estimate"] + half
    )
    figure = estimand_forest(told)
    (ax,) = figure.axes
    bands = [bar.patches[0] for bar in ax.containers if bar.get_label() == "rounding"]
    assert [bar.get_width() for bar in bands] == pytest.approx([0.2] * 3)
    assert words_of(figure, "value").count("1.50 to 1.70 (1.00 to 2.20)") == 2
    assert "rounded to a step" in " ".join(words_of(figure, "note")[0].split())
    shares = words_of(estimand_forest(told, measure="progress"), "value")
    assert "65% to 67% (50% to 80%)" in shares
    assert "1.60 (1.00 to 2.20)" in words_of(estimand_forest(estimands), "value")


def test_heads_stay_inside_the_picture(estimands, assert_tidy_layout):
    """The longest method name and ranges leave the least room."""
    told = estimands.assign(method="Ordinal joint model with dropout", told_low=1.5, told_high=1.7)
    assert_tidy_layout(estimand_forest(told))


def test_draw_takes_the_chart_that_fits_the_columns(course, estimands):
    assert words_of(draw("estimates", course), "risk-heading") == ["Parents"]
    shares = draw("estimates", estimands, measure="progress")
    assert "66% (50% to 80%)" in words_of(shares, "value")


def test_bad_frames_are_refused(course, estimands):
    with pytest.raises(DataError, match="no row of that measure"):
        estimand_forest(estimands, measure="worst change")
    with pytest.raises(DataError, match="needs the columns"):
        rating_curves(course.drop(columns="stage"))
