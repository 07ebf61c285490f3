import numpy as np
import pytest

from rpcstats.errors import DataError, ParameterError
from rpcstats.goals import clinical_change, cut_off_between, progress, reliable_change
from rpcstats.goals.reliable import reliable_threshold

NAN = float("nan")


def test_the_worked_example_of_jacobson_and_truax():
    """Jacobson and Truax (1991), hypothetical data: a clinical mean of 40 and a general mean of 60,
    both with standard deviation 7.5, reliability 0.80, from 32.5 to 47.5. The standard error of a
    difference is 4.74 and the index 15 / 4.74 = 3.16; criteria a, b and c are 55, 45 and 50."""
    threshold = reliable_threshold(7.5, 0.80)
    error = threshold / 1.96
    assert round(error, 2) == 4.74
    assert round((47.5 - 32.5) / error, 2) == 3.16
    norms = {"clinical": (40.0, 7.5), "general": (60.0, 7.5)}
    assert cut_off_between(**norms, criterion="a") == 55.0
    assert cut_off_between(**norms, criterion="b") == 45.0
    assert cut_off_between(**norms) == 50.0


def test_cut_off_c_lies_where_both_are_as_likely():
    """(s0 M1 + s1 M0) / (s0 + s1) = (5 * 20 + 10 * 8) / 15 = 12, one general sd of 5 below 20 is
    0.8: (20 - 12) / 10 = (12 - 8) / 5 = 0.8."""
    found = cut_off_between((20.0, 10.0), (8.0, 5.0))
    assert found == 12.0
    assert (20.0 - found) / 10.0 == (found - 8.0) / 5.0


@pytest.mark.parametrize("norms", [((1, 0), (2, 1)), ((1, 1), (1, 2)), ((1, 1), ("a", 2))])
def test_norms_have_to_differ_and_vary(norms):
    with pytest.raises(ParameterError, match="cut-off"):
        cut_off_between(*norms)
    with pytest.raises(ParameterError, match="criterion"):
        cut_off_between((1, 1), (2, 1), criterion="d")


def test_counts_by_hand(eight):
    found = reliable_change(eight, threshold=1.0)
    assert found.tidy()["n"].tolist() == [4, 1, 0, 2]
    assert found.tidy()["base"].tolist() == [7] * 4
    strict = reliable_change(eight, threshold=2.45, base="answered", to="end")
    assert strict.tidy()["n"].tolist() == [1, 2, 0, 0]


def test_worse_is_counted_as_worse(parent, frame):
    goals = frame(parent("a", [[6, 5, 5, 3]]), parent("b", [[3, 3, 3, 6]]))
    assert reliable_change(goals, threshold=3).tidy()["n"].tolist() == [1, 0, 1, 0]


def test_sd0_and_reliability_are_always_told(eight):
    starts = [3.0, 0.5, 5.0, 3.0, 6.0, 2.0, 2.0, 1.0]
    for option in ({}, {"threshold": 2.0}):
        found = reliable_change(eight, reliability=0.7, **option)
        row = found.glance().iloc[0]
        assert row["sd0"] == pytest.approx(np.std(starts, ddof=1))
        assert (row["n_sd0"], row["reliability"]) == (8, 0.7)
        text = str(found.summary())
        assert f"{row['sd0']:.2f}" in text
        assert "reliability 0.70" in text
    assert reliable_change(eight).threshold == pytest.approx(
        1.96 * np.sqrt(2) * np.std(starts, ddof=1) * np.sqrt(0.2)
    )


def test_one_threshold_gives_one_count_in_progress_and_here(eight):
    found = progress(eight).tidy().set_index(["measure", "base_label"])
    here = reliable_change(eight, threshold=2.45).tidy().set_index("change")
    assert found.loc[("reliable_change", "starters"), "n"] == here.loc["Improved", "n"]


def test_starts_that_do_not_vary_are_no_yardstick(parent, frame):
    goals = frame(parent("a", [[3, 3, 3, 6]]), parent("b", [[3, 3, 3, 4]]))
    with pytest.raises(DataError, match="do not vary"):
        reliable_change(goals)
    assert reliable_change(goals, threshold=2).tidy()["n"].tolist() == [1, 1, 0, 0]


@pytest.mark.parametrize("option", [{"reliability": 1.0}, {"reliability": -0.1}, {"threshold": 0}])
def test_options_out_of_range(eight, option):
    with pytest.raises(ParameterError, match="out of range"):
        reliable_change(eight, **option)


@pytest.fixture
def difficulties(parent, frame):
    """Totals of the SDQ, where 17 and more is clinical and a lower score is better."""
    scores = {
        "a": (22, 10),
        "b": (22, 18),
        "c": (17, 16),
        "d": (12, 25),
        "e": (20, 30),
        "f": (10, 3),
    }
    rows = [parent(name, [[start, NAN, NAN, end]]) for name, (start, end) in scores.items()]
    rows.append(parent("g", [[20, NAN, NAN, NAN]]))
    return frame(*rows, direction="down", maximum=40.0, instrument="sdq")


def test_clinical_change_by_hand(difficulties):
    """Reliable from 5 points: the first recovered, the last improved, the next two unchanged (4 and
    1 points), then two deteriorated; one was not rated since the start."""
    found = clinical_change(difficulties, threshold=5)
    assert found.cut_off == 17.0
    assert found.tidy()["n"].tolist() == [1, 1, 2, 2, 1]
    crossing = found.crossing().tidy()
    assert crossing["n"].tolist() == [2, 2, 1, 1, 1]
    assert "17.00 or worse" in str(found.summary())


def test_crossing_alone_is_no_recovery(difficulties):
    found = clinical_change(difficulties, threshold=1)
    assert found.tidy()["n"].tolist() == [2, 2, 0, 2, 1]


def test_the_registry_gives_cut_off_and_reliability(difficulties):
    found = clinical_change(difficulties)
    row = found.glance().iloc[0]
    assert (row["reliability"], row["is_given"]) == (0.82, False)
    assert row["threshold"] == pytest.approx(reliable_threshold(row["sd0"], 0.82))
    low_mood = difficulties.copy()
    low_mood.attrs = difficulties.attrs | {"instrument": "phq9"}
    mood = clinical_change(low_mood).glance().iloc[0]
    assert (mood["cut_off"], mood["threshold"], mood["is_given"]) == (10.0, 6.0, True)


def test_what_nobody_gives_is_asked_for(eight):
    with pytest.raises(ParameterError, match="cut_off="):
        clinical_change(eight)
    other = eight.copy()
    other.attrs = eight.attrs | {"instrument": "kps"}
    with pytest.raises(ParameterError, match="reliability="):
        clinical_change(other, cut_off=5)
    with pytest.raises(ParameterError, match="no number"):
        clinical_change(eight, cut_off="low")


def test_up_is_better_puts_the_clinical_side_below(parent, frame):
    goals = frame(parent("a", [[2, 3, 3, 8]]), parent("b", [[7, 7, 7, 3]]))
    found = clinical_change(goals, cut_off=4, threshold=2)
    assert found.tidy()["n"].tolist() == [1, 0, 0, 1, 0]
    assert found.crossing().tidy()["n"].tolist() == [1, 0, 1, 0, 0]
