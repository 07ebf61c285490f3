import numpy as np
import pandas as pd
import pytest

from rpcstats.errors import DataError
from rpcstats.figures import forest_dots
from rpcstats.figures.forest import NO_BASE


def marks(figure, name):
    (ax,) = figure.axes
    return next(line for line in ax.lines if line.get_label() == name)


def test_dots_and_whiskers_hold_the_estimates(forest_frame):
    figure = forest_dots(forest_frame, group="council")
    known = forest_frame.dropna()
    np.testing.assert_array_equal(marks(figure, "interval").get_xdata(), known["estimate"])
    ends = [segment[:, 0] for segment in figure.axes[0].collections[0].get_segments()]
    np.testing.assert_array_equal(ends, known[["conf_low", "conf_high"]])


def test_a_row_without_base_is_hollow_has_no_whisker_and_a_note_says_why(forest_frame, texts):
    figure = forest_dots(forest_frame, group="council")
    hollow = marks(figure, "no interval")
    assert list(hollow.get_xdata()) == [0.95]
    assert hollow.get_markerfacecolor() == "white"
    assert len(figure.axes[0].collections[0].get_segments()) == 6
    assert texts(figure, "value")[2].get_text() == "95%"
    (note,) = texts(figure, "note")
    assert " ".join(note.get_text().split()) == f"Hollow dot: {NO_BASE}."


def test_no_note_explains_a_hollow_dot_that_is_not_there(forest_frame, texts):
    figure = forest_dots(forest_frame.dropna(), group="council")
    assert texts(figure, "note") == []


def test_the_note_is_the_callers_choice(forest_frame, texts, assert_tidy_layout):
    figure = forest_dots(forest_frame, group="council", no_interval="too few councils, " * 9)
    assert texts(figure, "note")[0].get_text().startswith("Hollow dot: too few councils")
    assert_tidy_layout(figure)


def test_values_are_printed_and_withheld_is_said(forest_frame, texts):
    values = [
        text.get_text() for text in texts(forest_dots(forest_frame, group="council"), "value")
    ]
    assert values[0] == "72% (60% to 82%)"
    assert values[5] == "withheld"


def test_headings_come_before_their_rows(forest_frame, texts):
    scattered = forest_frame.sample(frac=1, random_state=4)
    figure = forest_dots(scattered, group="council")
    by_height = sorted(texts(figure, "label"), key=lambda text: -text.get_window_extent().y0)
    labels = [text.get_text() for text in by_height]
    seen = list(dict.fromkeys(scattered["council"]))
    assert [label for label in labels if label in seen] == seen
    assert labels[0] == seen[0]
    assert len(labels) == len(scattered) + len(seen)


@pytest.mark.parametrize("group", [None, "council"])
def test_nothing_overlaps_or_is_cut_off(forest_frame, assert_tidy_layout, group):
    figure = forest_dots(forest_frame, group=group, reference=0.6, reference_label="All councils")
    assert_tidy_layout(figure)


def test_a_mean_has_its_own_scale_and_reference(assert_tidy_layout):
    frame = pd.DataFrame(
        {
            "strata": ["mode=in_person", "mode=online"],
            "estimate": [5.31, 4.42],
            "conf_low": [5.02, 3.91],
            "conf_high": [5.60, 4.93],
        }
    )
    figure = forest_dots(frame, percent=False, reference=6.0, xlabel="Sessions attended")
    (ax,) = figure.axes
    low, high = ax.get_xlim()
    assert low <= 3.91
    assert high >= 6.0
    assert any(list(line.get_xdata()) == [6.0, 6.0] for line in ax.lines)
    assert ax.get_xlabel() == "Sessions attended"
    assert_tidy_layout(figure)


def test_the_label_column_has_to_be_known(forest_frame):
    with pytest.raises(DataError, match="label="):
        forest_dots(forest_frame.drop(columns="measure"))
    with pytest.raises(DataError, match="no nowhere"):
        forest_dots(forest_frame, group="nowhere")
