"""Satisfaction, follow-ups, couples and visits: known truth, and totals that hold."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from rpcstats.data import goal_scores
from rpcstats.errors import ParameterError, SchemaError
from rpcstats.simulate import Truth, make_preset, preset, satisfaction_truth, simulate_extract
from rpcstats.simulate.cohort import draw_cohort
from rpcstats.simulate.goals import draw_followup, draw_goals
from rpcstats.simulate.marginal import goal_truth
from rpcstats.simulate.satisfaction import draw_satisfaction
from rpcstats.simulate.simulation import plan_of
from rpcstats.simulate.visits import draw_visits

N = 40_000
SE_LIMIT = 4.0


def test_two_in_a_hundred_do_not_agree():
    shares = satisfaction_truth(Truth())
    assert abs(shares[2] - 0.98) < 0.0001
    assert list(shares) == sorted(shares, reverse=True)


def test_answers_have_their_population_shares():
    rng, truth = np.random.default_rng(1), Truth()
    v = truth.sd_v * rng.standard_normal(N)
    answer = draw_satisfaction(rng, truth, v, np.ones(N, dtype=bool), {})
    assert set(answer) == {1, 2, 3, 4, 5}
    for least, share in enumerate(satisfaction_truth(truth), start=2):
        error = np.sqrt(share * (1 - share) / N)
        assert abs((answer >= least).mean() - share) < SE_LIMIT * error, least


def test_parents_who_gained_more_are_more_satisfied():
    rng, truth = np.random.default_rng(2), Truth()
    v = np.repeat([-1.3, 1.3], N // 2)
    top = draw_satisfaction(rng, truth, v, np.ones(N, dtype=bool), {}) == 5
    from scipy.stats import norm

    for level, values in ((-1.3, top[: N // 2]), (1.3, top[N // 2 :])):
        share = norm.sf(truth.satisfaction_cuts[-1] - 2.5 - 0.3 * level)
        assert abs(values.mean() - share) < SE_LIMIT * np.sqrt(share * (1 - share) / (N / 2))


def test_totals_hold_and_those_who_did_not_answer_have_none():
    rng = np.random.default_rng(3)
    answered = np.arange(100) < 40
    answer = draw_satisfaction(rng, Truth(), np.zeros(100), answered, {4: 30, 5: 12})
    assert (answer[~answered] == 0).all()
    assert (answer >= 4).sum() == 30
    assert (answer == 5).sum() == 12
    with pytest.raises(ParameterError):
        draw_satisfaction(rng, Truth(), np.zeros(100), answered, {4: 41})


def test_a_total_leaves_the_law_of_the_other_answers():
    """Of many draws with as many above a cut as expected, the rest is as without a total."""
    rng, truth, n = np.random.default_rng(13), Truth(), 200
    shares = satisfaction_truth(truth)
    total = round(n * shares[2])
    drawn = np.stack(
        [
            draw_satisfaction(
                rng, truth, truth.sd_v * rng.standard_normal(n), np.ones(n, dtype=bool), {4: total}
            )
            for _ in range(400)
        ]
    )
    assert ((drawn >= 4).sum(axis=1) == total).all()
    for cut, base in ((5, total), (3, n - total), (2, n - total)):
        below = cut < 4
        given = (1 - shares[cut - 2]) / (1 - shares[2]) if below else shares[3] / shares[2]
        hit = (drawn < cut) if below else (drawn >= cut)
        error = np.sqrt(given * (1 - given) / (400 * base))
        assert abs(hit.sum() / (400 * base) - given) < SE_LIMIT * error, cut


def test_levels_fade_after_the_course_as_the_truth_says():
    truth = Truth(gamma_non_resident=0.0, gamma_online=0.0, gamma_send=0.0)
    rng = np.random.default_rng(4)
    goals = draw_goals(rng, truth, truth.sd_d * rng.standard_normal(N), 6)
    exact = goal_truth(truth)
    first = goals.ratings[:, 0, 0]
    for fade, mean in ((truth.fade_m6, exact.stayed_m6), (truth.fade_m12, exact.stayed_m12)):
        change = draw_followup(rng, truth, goals, fade)[:, 0] - first
        assert abs(change.mean() - mean) < SE_LIMIT * change.std() / np.sqrt(N)
    assert exact.stayed_m12 < exact.stayed_m6 < exact.stayed


def test_completers_answer_at_six_months_and_some_of_them_at_twelve():
    long = replace_period(preset("herts_pws"), years=3)
    drawn = simulate_extract(long, mode="expectation", n=4_000, seed=5)
    frame = goal_scores(drawn.extract)
    people = frame[frame["completed"]].groupby("episode_id")["occasion"].agg(set)
    m6 = people.map(lambda seen: "m6" in seen)
    m12 = people.map(lambda seen: "m12" in seen)
    assert not (m12 & ~m6).any()
    due = dict(frame.attrs["followups"])
    assert due["m6"] == due["m12"] == len(people)
    for hit, base, p in ((m6, len(people), 0.326), (m12, m6.sum(), 0.426)):
        assert abs(hit.sum() / base - p) < SE_LIMIT * np.sqrt(p * (1 - p) / base)


def replace_period(entry, years):
    """Give the preset with a later data cut, so that every follow-up has come."""
    cut = (pd.Timestamp(entry.data_cut) + pd.DateOffset(years=years)).date()
    return replace(entry, data_cut=cut)


def couples(truth, n, seed):
    entry = preset("northumberland_getting_on_better")
    plan = plan_of(entry, truth, "getting_on_better", n)
    return draw_cohort(np.random.default_rng(seed), plan)


def test_couples_are_alike_as_the_truth_says():
    base = preset("northumberland_getting_on_better").truth
    truth = replace(base, sd_d=0.0, gamma_send=0.0, p_start=1.0)
    drawn = couples(truth, 12_000, seed=6)
    v = drawn.goals.v.reshape(-1, 2)
    n = len(v)
    r = truth.corr_couple
    assert abs(np.corrcoef(v.T)[0, 1] - r) < SE_LIMIT * (1 - r**2) / np.sqrt(n)
    assert abs(v.std() - truth.sd_v) < SE_LIMIT * truth.sd_v / np.sqrt(2 * n)
    # Given the own start, the partner's says nothing of the change.
    start = drawn.goals.start.mean(axis=1).reshape(-1, 2)
    assert np.corrcoef(start.T)[0, 1] > 0.2


def test_couples_take_the_same_way_to_the_course():
    drawn = couples(preset("northumberland_getting_on_better").truth, 601, seed=7)
    placement = drawn.placement
    assert len(placement.group) == 600
    for values in (placement.group, placement.started, placement.referred_day):
        pairs = values.reshape(-1, 2)
        assert (pairs[:, 0] == pairs[:, 1]).all()
    male = drawn.people.x.male.reshape(-1, 2)
    assert (male.sum(axis=1) == 1).all()
    assert np.bincount(placement.group).max() <= 12


def test_couples_leave_together_more_often_than_by_chance():
    truth = replace(preset("northumberland_getting_on_better").truth, p_start=1.0, sd_couple=2.0)
    dropped = couples(truth, 12_000, seed=8).course.dropped.reshape(-1, 2)
    both, one = dropped.all(axis=1).mean(), dropped.mean()
    assert both > 1.5 * one**2


def test_families_come_again_on_other_days():
    entry = preset("nottinghamshire_family_days")
    drawn = draw_visits(np.random.default_rng(9), plan_of(entry, entry.truth, "family_days", 3_000))
    n_visits = np.bincount(drawn.family)
    shares = np.bincount(n_visits, minlength=4)[1:] / 3_000
    np.testing.assert_allclose(shares, entry.truth.p_visits, atol=SE_LIMIT * np.sqrt(0.25 / 3_000))
    days = pd.DataFrame({"family": drawn.family, "day": drawn.placement.group})
    assert not days.duplicated().any()
    assert drawn.answered[drawn.is_first].all()
    again = drawn.answered[~drawn.is_first]
    assert abs(again.mean() - 0.7) < SE_LIMIT * np.sqrt(0.21 / len(again))


def test_a_service_without_goals_has_no_goal_scores():
    extract = simulate_extract("nottinghamshire_family_days", seed=2).extract
    assert goal_scores(extract).empty
    rated = goal_scores(extract, instrument="rating4")
    assert rated.loc[rated["occasion"] == "end", "score"].between(1, 4).sum() > 140


@pytest.mark.parametrize(
    "satisfaction",
    [{"instrument": "rating4", "items": ["a"]}, {"instrument": "unknown", "items": ["a"]}, {}],
)
def test_items_need_an_instrument_with_as_many_answers(satisfaction):
    given = {
        "name": "Mine", "description": "Mine.", "council": "essex", "pathway": "queue",
        "period": {"start": "2024-01-01", "end": "2024-12-31"}, "data_cut": "2024-12-31",
        "seed": 1, "tool_used": True, "goals": True, "practitioners": {}, "truth": {},
        "margins": {"parenting_when_separated": {"referred": 10}}, "printed": [],
        "assumptions": [], "satisfaction": satisfaction,
    }  # fmt: skip
    with pytest.raises(SchemaError, match="satisfaction"):
        make_preset("mine", given)


@pytest.mark.parametrize(
    ("values", "hint"),
    [
        ({"corr_couple": 1.5}, "corr_couple"),
        ({"satisfaction_cuts": (0.0, 0.0)}, "must rise"),
        ({"sd_couple": -1.0}, "sd_couple"),
    ],
)
def test_unusable_truths_are_refused(values, hint):
    with pytest.raises(ParameterError, match=hint):
        Truth(**values)
