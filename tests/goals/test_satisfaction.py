import numpy as np
import pytest
from scipy import stats

from rpcstats.disclosure import disclose
from rpcstats.errors import DataError, ParameterError
from rpcstats.goals import satisfaction
from rpcstats.goals.agreement import rule_of_three

NAN = float("nan")
# Quantiles of the beta distribution by two routes.
LIMITS = 1e-10


@pytest.fixture
def answers(parent, frame):
    """12 completers, of whom 10 answered question 1 and 8 question 2; one left, one is open."""
    first = [5, 5, 5, 4, 4, 4, 4, 4, 4, 4, NAN, NAN]
    second = [5, 4, 4, 4, 3, 2, 1, 3, NAN, NAN, NAN, NAN]
    rows = [
        parent(f"p{i:02d}", [[NAN, NAN, NAN, x], [NAN, NAN, NAN, y]])
        for i, (x, y) in enumerate(zip(first, second, strict=True))
    ]
    rows.append(parent("left", [[NAN, NAN, NAN, 1]], status="dropped_out", last=2))
    rows.append(parent("open", [[NAN, NAN, NAN, NAN]], status="open", last=2))
    return frame(*rows, minimum=1.0, maximum=5.0, instrument="likert5")


def test_counts_by_hand(answers):
    found = satisfaction(answers)
    rows = found.tidy().pivot(index="item", columns="answer", values="n")
    assert rows.loc["goal_1", ["answered", "agree", "neither", "disagree"]].tolist() == [
        10,
        10,
        0,
        0,
    ]
    assert rows.loc["goal_2", ["answered", "agree", "neither", "disagree"]].tolist() == [8, 4, 2, 2]
    assert found.glance().iloc[0].to_dict() == {
        "instrument": "likert5", "asked": "completers", "n_obs": 12, "n_not_due": 1, "n_items": 2,
        "conf_level": 0.95,
    }  # fmt: skip


def test_limits_are_exact_and_bounds_are_worst_cases(answers):
    rows = satisfaction(answers, conf_level=0.9).bounds().set_index("item")
    half = rows.loc["goal_2"]
    exact = stats.beta.ppf([0.05, 0.95], [4, 5], [5, 4])
    np.testing.assert_allclose(half[["conf_low", "conf_high"]].astype(float), exact, rtol=LIMITS)
    assert (half["estimate"], half["lowest"], half["highest"]) == (0.5, 4 / 12, 8 / 12)
    assert "4 of 12 completers gave no answer, so between 33% and 67%" in half["words"]


def test_everybody_agreeing_is_no_certainty(answers):
    words = satisfaction(answers).bounds()["words"].iloc[0]
    assert "10 of 10 who answered agreed" in words
    assert "rule of three at least 70%" in words
    assert "between 83% and 100% of all agree" in words


@pytest.mark.parametrize("n", [4, 7, 10, 30, 36, 100, 1000])
def test_the_rule_of_three_never_promises_more_than_the_exact_limit(n):
    said = int(rule_of_three(n).split("at least ")[1].split("%")[0])
    exact = 100 * 0.05 ** (1 / n)
    assert said <= exact
    assert said > 100 * (1 - 3 / n) - 1
    assert "too few" in rule_of_three(3)


def test_who_was_asked_is_the_callers(answers):
    everybody = satisfaction(answers, asked="starters").bounds()
    assert everybody["n_asked"].tolist() == [13, 13]
    assert everybody["n_agree"].tolist() == [10, 4]
    assert everybody["n_answered"].tolist() == [11, 8]
    with pytest.raises(ParameterError, match="asked"):
        satisfaction(answers, asked="friends")


def test_a_scale_where_lower_is_better_agrees_below_its_middle(answers):
    turned = answers.assign(score=6.0 - answers["score"])
    turned.attrs = answers.attrs | {"direction": "down"}
    assert satisfaction(turned).tidy().equals(satisfaction(answers).tidy())


def test_a_scale_of_four_has_no_middle(parent, frame):
    rows = [parent(f"p{i}", [[NAN, NAN, NAN, x]]) for i, x in enumerate([1, 2, 3, 4])]
    found = satisfaction(frame(*rows, minimum=1, maximum=4, instrument="rating4"), "rating4")
    assert found.tidy()["n"].tolist() == [4, 2, 0, 2]


def test_another_instrument_is_refused(answers, eight):
    with pytest.raises(DataError, match="another instrument"):
        satisfaction(eight)
    bare = answers.copy()
    bare.attrs = {"instrument": "likert5", "direction": "up"}
    with pytest.raises(DataError, match="range of the answers"):
        satisfaction(bare)


def test_a_frame_without_answers_of_those_asked_is_refused(parent, frame):
    rows = parent("left", [[NAN, NAN, NAN, 4]], status="dropped_out", last=2)
    goals = frame(rows, minimum=1, maximum=5, instrument="likert5")
    with pytest.raises(DataError, match="nobody who was asked"):
        satisfaction(goals)


def test_a_small_council_releases_what_it_may(answers):
    safe = disclose(satisfaction(answers), "council").frame.set_index(["item", "answer"])
    assert safe.loc[("goal_1", "agree"), "n"] == 10
    for answer in ("agree", "neither", "disagree"):
        assert np.isnan(safe.loc[("goal_2", answer), "n"])
