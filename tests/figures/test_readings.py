"""Charts of progress, answers, classes of change and couples."""

import numpy as np
import pandas as pd
import pytest

from rpcstats.errors import DataError
from rpcstats.figures import draw
from rpcstats.figures.answer_bars import answer_bars
from rpcstats.figures.change_bars import change_bars
from rpcstats.figures.couples import couple_dots
from rpcstats.figures.readings import progress_readings

NAN = float("nan")
NUMBERS = ["n", "base", "estimate", "conf_low", "conf_high"]
BASES = {"completers who answered": 30, "completers": 36, "starters": 58}
SHARES = {"rated": 0.9, "any_goal": 0.8, "goal_mean": 0.6, "reliable_change": 0.4}
DEFINITIONS = {
    "rated": "Rated since the start",
    "any_goal": "Any goal up 1 or more",
    "goal_mean": "Mean of their goals up 1 or more",
    "reliable_change": "Mean of their goals up 2.45 or more (reliable change)",
}


def row(n, base):
    share = n / base
    return dict(
        zip(NUMBERS, (n, base, share, max(share - 0.1, 0), min(share + 0.1, 1)), strict=True)
    )


@pytest.fixture
def nine():
    rows = [
        {"measure": m, "definition": DEFINITIONS[m], "base_label": label,
         **row(base if m == "rated" and label != "starters" else round(SHARES[m] * base), base)}
        for label, base in BASES.items()
        for m in DEFINITIONS
    ]  # fmt: skip
    return pd.DataFrame(rows)


@pytest.fixture
def partly(nine):
    """As a paper has it: two readings withheld, and the number rated on one base."""
    out = nine.assign(status="released", note="")
    hidden = [1, 8, 9]
    out.loc[hidden, ["n", "estimate", "conf_low", "conf_high"]] = NAN
    out.loc[hidden, "status"] = "withheld"
    out.loc[hidden, "note"] = "a group of under 5 would show"
    return out


def bars(ax, label):
    return [bar.patches[0] for bar in ax.containers if bar.get_label() == label]


def test_nine_dots_and_grey_bars_for_the_unrated(nine, texts, assert_tidy_layout):
    ax = progress_readings(nine)
    dots = next(line for line in ax.lines if line.get_label() == "interval")
    drawn = nine[nine["measure"] != "rated"].sort_values("measure", kind="stable")
    np.testing.assert_array_equal(dots.get_xdata(), drawn["estimate"])
    grey = bars(ax, "unknown")
    assert len(grey) == 3
    assert grey[0].get_x() == pytest.approx(46 / 58)
    assert grey[0].get_width() == pytest.approx(6 / 58)
    labels = [text.get_text() for text in texts(ax.figure, "label")]
    assert labels[:3] == list(DEFINITIONS.values())[1:]
    assert labels.count("Starters") == 3
    values = [text.get_text() for text in texts(ax.figure, "value")]
    assert "46 of 58" in values
    assert_tidy_layout(ax.figure)


def test_withheld_readings_are_said_and_not_drawn(partly, texts, assert_tidy_layout):
    ax = progress_readings(partly)
    dots = next(line for line in ax.lines if line.get_label() == "interval")
    assert len(dots.get_xdata()) == 7
    assert bars(ax, "unknown") == []
    values = [text.get_text() for text in texts(ax.figure, "value")]
    assert values.count("withheld") == 2
    assert "of 30" in values
    note = " ".join(texts(ax.figure, "note")[0].get_text().split())
    assert "there is no grey bar: starters" in note
    assert "Withheld: a group of under 5 would show." in note
    assert_tidy_layout(ax.figure)


def test_rounded_counts_are_bands_without_a_dot(nine, texts, assert_tidy_layout):
    """A dot at the share of rounded counts could stand in the wrong order."""
    out = nine.assign(told_low=nine["estimate"] - 0.05, told_high=nine["estimate"] + 0.03)
    exact = out["measure"] == "any_goal"
    out.loc[exact, ["told_low", "told_high"]] = out.loc[exact, ["estimate", "estimate"]].to_numpy()
    out.loc[out["measure"] == "rated", ["told_low", "told_high"]] = [[0.85, 0.95]] * 3
    ax = progress_readings(out)
    bands = bars(ax, "rounding")
    assert len(bands) == 6
    assert bands[0].get_width() == pytest.approx(0.08)
    dots = next(line for line in ax.lines if line.get_label() == "interval")
    assert len(dots.get_xdata()) == 3
    first = out[out["measure"] == "goal_mean"].iloc[0]
    grey = [bar for bar in bars(ax, "unknown") if bar.get_x() == pytest.approx(first["told_high"])]
    assert grey[0].get_width() == pytest.approx(0.15)
    values = [text.get_text() for text in texts(ax.figure, "value")]
    assert "55% to 63% (50% to 70%)" in values
    note = " ".join(texts(ax.figure, "note")[0].get_text().split())
    assert note.startswith("Thick bar: every share that fits the rounded counts.")
    assert_tidy_layout(ax.figure)


@pytest.fixture
def answers():
    rows = []
    for item, (asked, given, agree, neither) in {
        "question_1": (36, 30, 30, 0),
        "question_2": (36, 28, 20, 6),
    }.items():
        rows.append({"item": item, "answer": "answered", **row(given, asked)})
        for answer, n in (("agree", agree), ("neither", neither)):
            rows.append({"item": item, "answer": answer, **row(n, given)})
        rows.append({"item": item, "answer": "disagree", **row(given - agree - neither, given)})
    return pd.DataFrame(rows).assign(base_label="completers")


def test_answers_are_stacked_with_bounds(answers, texts, assert_tidy_layout):
    ax = answer_bars(answers)
    (first, second) = bars(ax, "unknown")
    assert (first.get_x(), first.get_width()) == (pytest.approx(30 / 36), pytest.approx(6 / 36))
    assert (second.get_x(), second.get_width()) == (pytest.approx(20 / 36), pytest.approx(8 / 36))
    values = [text.get_text() for text in texts(ax.figure, "value")]
    assert values[0].startswith("100% (at least 90%)")
    assert "83% to 100% of all" in values[0]
    assert "30 of 36" in values
    assert_tidy_layout(ax.figure)


def test_a_withheld_question_has_no_bar_and_a_withheld_part_is_named(answers, texts):
    out = answers.assign(status="released", note="")
    out.loc[3, [*NUMBERS[:1], *NUMBERS[2:]]] = NAN
    out.loc[[5, 6, 7], [*NUMBERS[:1], *NUMBERS[2:]]] = NAN
    out.loc[[3, 5, 6, 7], "status"] = "withheld"
    ax = answer_bars(out)
    assert len(bars(ax, "unknown")) == 1
    assert [text.get_text() for text in texts(ax.figure, "withheld")] == ["withheld"]
    note = " ".join(texts(ax.figure, "note")[0].get_text().split())
    assert "not drawn: Question 1, disagree" in note
    assert "Question 2" not in note


def test_an_answer_nearly_all_gave_has_a_least_share(answers, texts, assert_tidy_layout):
    """Of the first question 30 of 36 answered; under 5 of 28 or more did not agree."""
    out = answers.assign(status="released", note="", told_low=NAN, told_high=NAN)
    out.loc[[1, 2, 3], [*NUMBERS[:1], *NUMBERS[2:]]] = NAN
    out.loc[[1, 2, 3], "status"] = "withheld"
    out.loc[1, ["told_low", "told_high"]] = 0.85, 1.0
    out.loc[[0, 4, 5], ["told_low", "told_high"]] = [(0.8, 0.86), (0.7, 0.8), (0.65, 0.75)]
    ax = answer_bars(out)
    sure, paler = bars(ax, "nearly all")
    assert (sure.get_width(), paler.get_x()) == (pytest.approx(0.85), pytest.approx(0.85))
    assert paler.get_alpha() < 1.0
    assert texts(ax.figure, "withheld") == []
    values = [text.get_text() for text in texts(ax.figure, "value")]
    assert values[0] == "85% or more\n68% to 100% of all"
    assert values[1].startswith("65% to 75% (61% to 81%)")
    note = " ".join(texts(ax.figure, "note")[0].get_text().split())
    assert "their number may not be told" in note
    assert "Line on a bar" in note
    assert "Withheld and so not drawn" not in note
    assert_tidy_layout(ax.figure)


@pytest.fixture
def classes():
    labels = ["Both up 1 or more", "One of the two up 1 or more", "Neither", "Not both rated since"]
    rows = [{"change": c, **row(n, 58)} for c, n in zip(labels, (12, 1, 40, 5), strict=True)]
    return pd.DataFrame(rows).assign(base_label="couples both of whom started")


def test_classes_are_bars_and_the_unrated_are_grey(classes, texts, assert_tidy_layout):
    ax = change_bars(classes)
    widths = [patch.get_width() for patch in ax.patches]
    np.testing.assert_allclose(widths, classes["estimate"])
    colours = [patch.get_facecolor() for patch in ax.patches]
    assert colours[0] == colours[2] != colours[3]
    assert_tidy_layout(ax.figure)


def test_a_withheld_class_is_said_and_not_drawn_as_zero(classes, texts):
    out = classes.assign(status="released", note="")
    out.loc[1, ["n", "estimate", "conf_low", "conf_high"]] = NAN
    out.loc[1, "status"] = "withheld"
    ax = change_bars(out)
    assert len(ax.patches) == 3
    assert texts(ax.figure, "value")[1].get_text() == "withheld"


def test_a_bar_of_a_rounded_share_is_paler_where_it_is_open(classes, texts, assert_tidy_layout):
    out = classes.assign(told_low=classes["estimate"] - 0.02, told_high=classes["estimate"] + 0.04)
    out.loc[1, ["told_low", "told_high"]] = out.loc[1, ["estimate", "estimate"]].to_numpy()
    ax = change_bars(out)
    paler = bars(ax, "rounding")
    assert [bar.get_width() for bar in paler] == pytest.approx([0.06] * 3)
    assert texts(ax.figure, "value")[0].get_text().startswith("19% to 25% (")
    assert "Paler" in texts(ax.figure, "note")[0].get_text()
    assert_tidy_layout(ax.figure)


def test_couples_at_one_place_make_one_numbered_dot(texts, assert_tidy_layout):
    frame = pd.DataFrame({"first": [2.0, 2.0, 0.0, -1.5], "second": [1.0, 1.0, 3.0, 0.0]})
    ax = couple_dots(frame)
    assert len(ax.collections[0].get_offsets()) == 3
    assert [text.get_text() for text in texts(ax.figure, "number")] == ["2"]
    counts = texts(ax.figure, "counts")[0].get_text()
    assert counts.startswith("4 couples\n2 both up 1 or more\n1 one of the two\n1 neither")
    assert_tidy_layout(ax.figure)


def test_draw_takes_the_chart_by_the_columns(nine, answers, classes, texts):
    for frame, gid in ((nine, "value"), (answers, "legend"), (classes, "value")):
        figure = draw("counts", frame, watermark="NOT FOR RELEASE")
        assert texts(figure, gid)
        assert texts(figure, "watermark")


def test_own_axes_are_taken(nine):
    from matplotlib.figure import Figure

    ax = Figure(figsize=(8, 6)).add_axes((0.4, 0.2, 0.2, 0.6))
    assert progress_readings(nine, ax=ax) is ax


@pytest.mark.parametrize("chart", [progress_readings, answer_bars, change_bars, couple_dots])
def test_a_frame_of_another_kind_is_refused(chart, forest_frame):
    with pytest.raises(DataError, match=f"{chart.__name__} needs the columns"):
        chart(forest_frame)
