import numpy as np
import pandas as pd
import pytest

from rpcstats._numerics.intervals import wilson
from rpcstats.errors import DataError, ParameterError
from rpcstats.goals import progress
from rpcstats.goals.bases import design_effect
from rpcstats.simulate.goal_frames import frame_of_starters
from rpcstats.simulate.starters import draw_grouped_starters
from rpcstats.simulate.truth import Truth

NAN = float("nan")
BASES = ["completers who answered", "completers", "starters"]
N_DRAWN = 200_000
# Four standard errors of a share of 100,000.
SHARE = 4 * 0.5 / np.sqrt(100_000)
PUBLISHED_TO = 0.005


def table(found, column="n"):
    rows = found.tidy()
    return rows.set_index(["measure", "base_label"])[column].unstack()[BASES]  # noqa: PD010


def test_nine_readings_by_hand(eight):
    found = progress(eight)
    counts = table(found)
    assert counts.loc["rated"].tolist() == [3, 4, 5]
    assert counts.loc["any_goal"].tolist() == [2, 3, 4]
    assert counts.loc["goal_mean"].tolist() == [2, 3, 4]
    assert counts.loc["reliable_change"].tolist() == [1, 1, 2]
    assert table(found, "base").iloc[0].tolist() == [3, 5, 7]
    assert found.glance()["n_not_due"].iloc[0] == 1


def test_bounds_by_hand(eight):
    rows = progress(eight).readings().set_index(["measure", "base_label"])
    assert len(rows) == 9
    started = rows.loc[("goal_mean", "starters")]
    assert started["n_unrated"] == 2
    assert started["estimate"] == started["lowest"] == 4 / 7
    assert started["highest"] == 6 / 7
    assert "4 of 7 starters, 57%" in started["words"]
    assert "2 were never rated since the start: between 57% and 86%" in started["words"]
    completers = rows.loc[("goal_mean", "completers")]
    assert "1 was never rated" in completers["words"]
    answered = rows.loc[("goal_mean", "completers who answered")]
    assert answered["lowest"] == answered["estimate"] == answered["highest"] == 2 / 3
    assert "never rated" not in answered["words"]


def test_any_goal_counts_a_parent_whose_mean_does_not(parent, frame):
    goals = frame(parent("a", [[2, 2, 2, 3], [4, 4, 4, 3]]), parent("b", [[1, 1, 1, 1]]))
    counts = table(progress(goals))["completers who answered"]
    assert (counts["any_goal"], counts["goal_mean"]) == (1, 0)


def test_limits_are_wilsons_with_the_design_effect(eight):
    found = progress(eight, conf_level=0.9)
    effect = found.design_effect
    row = found.readings().iloc[-2]
    low, high = wilson(row["n"] / effect, row["base"] / effect, conf_level=0.9)
    assert (row["conf_low"], row["conf_high"]) == (low, high)


def test_design_effect_by_hand():
    """Two clusters of 3: sums of y - p are 1.5 and -1.5, so 2 * (2.25 + 2.25) / (6 / 4) = 6."""
    hit = np.array([True] * 3 + [False] * 3)
    assert design_effect(hit, pd.Series(list("aaabbb"))) == pytest.approx(6.0)
    assert design_effect(hit, pd.Series(list("abcabc"))) == 1.0
    assert design_effect(hit, pd.Series(["a"] * 6)) == 1.0
    assert design_effect(np.ones(6, dtype=bool), pd.Series(list("aaabbb"))) == 1.0


def test_reliable_change_may_be_worked_out(eight):
    starts = [3.0, 0.5, 5.0, 3.0, 6.0, 2.0, 2.0, 1.0]
    found = progress(eight, reliable=None, reliability=0.9)
    assert found.sd0 == pytest.approx(np.std(starts, ddof=1))
    assert found.reliable == pytest.approx(1.96 * np.sqrt(0.2) * np.std(starts, ddof=1))
    assert "by more than noise" in found.tidy()["definition"].iloc[3]
    assert "reliability of 0.90" in str(found.summary())
    with pytest.raises(ParameterError, match="reliability"):
        progress(eight, reliable=None, reliability=1.0)


def test_a_base_without_parents_is_said(parent, frame):
    goals = frame(parent("a", [[2, 5, NAN, NAN]], status="dropped_out", last=2))
    rows = progress(goals).readings()
    assert rows["estimate"].isna().tolist() == [True] * 6 + [False] * 3
    assert rows["words"].iloc[0] == "No completers who answered to count."


@pytest.mark.parametrize("option", [{"threshold": 0}, {"reliable": -1}, {"threshold": "one"}])
def test_thresholds_have_to_be_points(eight, option):
    with pytest.raises(ParameterError, match="above 0"):
        progress(eight, **option)


def test_one_start_alone_tells_no_spread(parent, frame):
    goals = frame(parent("a", [[2, 3, 4, 5]]))
    with pytest.raises(DataError, match="reliable="):
        progress(goals, reliable=None)
    assert table(progress(goals)).loc["any_goal"].tolist() == [1, 1, 1]


@pytest.fixture(scope="module")
def many():
    starters, group = draw_grouped_starters(
        Truth(), n=N_DRAWN, seed=20261122, minimum_attended=4, group_size=8
    )
    return starters, frame_of_starters(starters, group)


@pytest.mark.slow
def test_readings_are_those_of_the_arrays_behind_the_frame(many):
    """Worked out goal by goal from the drawn arrays, without the frame."""
    starters, frame = many
    found = progress(frame)
    mean, best = _last_changes(starters)
    bases = {
        BASES[0]: starters.completed & starters.answered,
        BASES[1]: starters.completed,
        BASES[2]: np.ones(N_DRAWN, dtype=bool),
    }
    hits = {"rated": ~np.isnan(mean), "any_goal": best >= 1, "goal_mean": mean >= 1 - 1e-9,
            "reliable_change": mean >= 2.45}  # fmt: skip
    for base, inside in bases.items():
        for measure, hit in hits.items():
            assert table(found).loc[measure, base] == (hit & inside).sum()
            assert table(found, "base").loc[measure, base] == inside.sum()


@pytest.mark.slow
def test_the_answered_share_is_the_published_truth_and_the_bounds_hold_the_others(many):
    starters, frame = many
    rows = progress(frame).readings().set_index(["measure", "base_label"])
    assert rows.loc[("goal_mean", BASES[0]), "estimate"] == pytest.approx(0.803, abs=PUBLISHED_TO)
    # The level at leaving, of those too whom nobody asked: between none and all of the unrated.
    truth = (starters.change >= 1.0).mean()
    started = rows.loc[("goal_mean", BASES[2])]
    assert truth == pytest.approx(0.671, abs=PUBLISHED_TO)
    assert started["lowest"] - SHARE < truth < started["highest"] + SHARE


def _last_changes(starters):
    """Give mean and best change of each starter, to the end form or else the last rating."""
    ratings, course = starters.goals.ratings, starters.course
    _, n_goal, K_less = ratings.shape
    k = np.arange(1, K_less + 1)
    seen = course.attended[:, :K_less] & (k <= course.last[:, None]) & (k > 1)
    place = np.where(seen.any(axis=1), K_less - 1 - np.argmax(seen[:, ::-1], axis=1), 0)
    last = np.take_along_axis(ratings, place[:, None, None], axis=2)[:, :, 0]
    finish = np.where(starters.answered[:, None], starters.end, last)
    known = starters.answered | seen.any(axis=1)
    is_set = np.arange(n_goal) < starters.goals.n_goals[:, None]
    change = np.where(is_set, finish - ratings[:, :, 0], 0.0)
    mean = change.sum(axis=1) / starters.goals.n_goals
    best = np.where(is_set, finish - ratings[:, :, 0], -np.inf).max(axis=1)
    return np.where(known, mean, np.nan), np.where(known, best, -np.inf)
