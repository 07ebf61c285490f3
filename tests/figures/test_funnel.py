import numpy as np
import pandas as pd
import pytest

from rpcstats.errors import DataError
from rpcstats.figures import funnel_chart


def panels(figure):
    return figure.axes


def test_bars_are_the_counts_and_a_withheld_one_is_no_bar(funnel_frame):
    bars, _ = panels(funnel_chart(funnel_frame))
    assert [patch.get_width() for patch in bars.patches] == [120, 110, 95, 77, 58, 42]


def test_withheld_is_written_not_drawn_as_zero(funnel_frame, texts):
    figure = funnel_chart(funnel_frame)
    counts = [text.get_text() for text in texts(figure, "count")]
    assert counts == ["120", "110", "95", "77", "58", "42", "withheld"]
    assert texts(figure, "value")[-1].get_text() == "withheld"


def test_every_percentage_names_its_base(funnel_frame, texts):
    values = [text.get_text() for text in texts(funnel_chart(funnel_frame), "value")]
    assert values[0] == "92% (85% to 95%)\nof 120 referred"
    assert values[3] == "75% (65% to 84%)\nof 77 enrolled"
    assert len(values) == len(funnel_frame) - 1


def test_dots_and_whiskers_hold_the_estimates(funnel_frame):
    _, dots = panels(funnel_chart(funnel_frame))
    known = funnel_frame.dropna(subset=["estimate"])
    marks = next(line for line in dots.lines if line.get_label() == "interval")
    np.testing.assert_array_equal(marks.get_xdata(), known["estimate"])
    ends = np.array([segment[:, 0] for segment in dots.collections[0].get_segments()])
    np.testing.assert_array_equal(ends, known[["conf_low", "conf_high"]])
    assert dots.get_xlim() == (0.0, 1.0)


def test_rows_are_shared_by_both_panels(funnel_frame):
    bars, dots = panels(funnel_chart(funnel_frame))
    assert bars.get_ylim() == dots.get_ylim()
    middles = [patch.get_y() + patch.get_height() / 2 for patch in bars.patches]
    marks = next(line for line in dots.lines if line.get_label() == "interval")
    np.testing.assert_allclose(marks.get_ydata(), middles[1:])


@pytest.mark.parametrize("watermark", [None, "NOT FOR RELEASE"])
def test_nothing_overlaps_or_is_cut_off(funnel_frame, assert_tidy_layout, watermark):
    assert_tidy_layout(funnel_chart(funnel_frame, watermark=watermark))


def test_a_long_base_becomes_a_note(funnel_frame, texts, assert_tidy_layout):
    long = "starters whose course was due to end by the data cut, and has an outcome"
    frame = funnel_frame.assign(
        base_label=funnel_frame["base_label"].replace({"started": long, "completed": long})
    )
    figure = funnel_chart(frame)
    assert [text.get_text() for text in texts(figure, "note")] == [f"[note 1] Of {long}."]
    assert texts(figure, "value")[4].get_text().endswith("of 58 [note 1]")
    assert_tidy_layout(figure)


def test_a_base_that_is_not_printed_has_no_note(funnel_frame, texts):
    long = "starters whose course was due to end by the data cut, and has an outcome"
    labels = funnel_frame["base_label"].replace({"completed": long})
    assert texts(funnel_chart(funnel_frame.assign(base_label=labels)), "note") == []


def test_groups_become_headings(funnel_frame, texts, assert_tidy_layout):
    parts = [funnel_frame.assign(mode=mode) for mode in ("in_person", "online")]
    frame = pd.concat(parts)[["mode", *funnel_frame.columns]]
    figure = funnel_chart(frame)
    labels = [text.get_text() for text in texts(figure, "label")]
    assert labels[0] == "In person"
    assert labels.index("Online") == len(funnel_frame) + 1
    assert_tidy_layout(figure)
    same = funnel_chart(frame[[*funnel_frame.columns, "mode"]], by="mode")
    assert [text.get_text() for text in texts(same, "label")] == labels


def test_stages_that_repeat_need_a_group(funnel_frame):
    with pytest.raises(DataError, match="by="):
        funnel_chart(pd.concat([funnel_frame, funnel_frame]))


def test_rounded_counts_of_thousands(funnel_frame, texts, assert_tidy_layout):
    frame = funnel_frame.assign(
        n=funnel_frame["n"].round(-1) * 100, base=funnel_frame["base"].round(-1) * 100
    )
    figure = funnel_chart(frame)
    assert texts(figure, "count")[0].get_text() == "12,000"
    assert_tidy_layout(figure)


def test_an_empty_base_is_not_called_withheld(funnel_frame, texts):
    frame = funnel_frame.assign(n=funnel_frame["n"].fillna(0), base=funnel_frame["base"].mask(
        funnel_frame["n"].isna(), 0
    ))  # fmt: skip
    assert texts(funnel_chart(frame), "value")[-1].get_text() == "no one to count"
