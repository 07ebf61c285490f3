"""Population values: hand calculation without random effects, then pinned values."""

from dataclasses import replace

import numpy as np
import pytest
from numpy.testing import assert_allclose

from rpcstats.errors import ParameterError
from rpcstats.simulate import (
    Truth,
    goal_truth,
    preset,
    retention_truth,
    solve_hazard_shift,
    solve_screening_intercept,
)

EXACT = 1e-9
"""Quadrature with one node in use."""
PINNED = 0.0015
"""Pinned values were printed to three decimals from a million draws of another program."""
ATTENDED = 0.03
"""That program let a parent miss the session they leave after; here it is always attended."""

PLAIN = Truth(
    beta_non_resident=0.0, beta_online=0.0, beta_send=0.0, beta_male=0.0, beta_imd=0.0,
    sd_group=0.0, sd_facilitator=0.0,
)  # fmt: skip
SHIFTS = {
    0.0: ((0.889, 0.821, 0.777, 0.744, 0.721), 0.710, 4.48, 0.269, 0.337),
    0.69: ((0.805, 0.696, 0.630, 0.581, 0.549), 0.541, 3.87, 0.438, 0.524),
    -1.04: ((0.957, 0.929, 0.910, 0.895, 0.884), 0.872, 5.03, 0.111, 0.144),
}


def test_survival_is_the_product_of_the_hazards_when_nobody_differs():
    truth = retention_truth(PLAIN, minimum_attended=4)
    by_hand = np.cumprod([0.90, 0.93, 0.95, 0.96, 0.97])
    assert_allclose(truth.survival, by_hand, rtol=EXACT)
    # Of five sessions after the first at least three: 1 less three binomial terms.
    few = 0.12**5 + 5 * 0.88 * 0.12**4 + 10 * 0.88**2 * 0.12**3
    assert_allclose(truth.completed, by_hand[-1] * (1 - few), rtol=EXACT)
    assert_allclose(truth.dropout_online, truth.dropout_in_person, rtol=EXACT)


def test_mean_attended_by_hand_for_two_sessions():
    # One in ten leaves after session 1, which all attend; the rest attend 1.88 on average.
    truth = retention_truth(replace(PLAIN, hazards=(0.1,)), minimum_attended=2)
    assert_allclose(truth.mean_attended, 0.1 * 1.0 + 0.9 * 1.88, rtol=EXACT)


@pytest.mark.parametrize("shift", SHIFTS)
def test_retention_agrees_with_another_program(shift):
    survival, completed, attended, online, in_person = SHIFTS[shift]
    truth = retention_truth(Truth(hazard_shift=shift), minimum_attended=4)
    assert_allclose(truth.survival, survival, atol=PINNED)
    assert_allclose(truth.completed, completed, atol=PINNED)
    assert_allclose(truth.mean_attended, attended, atol=ATTENDED)
    assert_allclose(truth.dropout_online, online, atol=PINNED)
    assert_allclose(truth.dropout_in_person, in_person, atol=0.002)


@pytest.mark.parametrize(
    ("shift", "last", "stayed"), [(0.0, 1.63, 2.07), (0.69, 1.35, 2.08), (-1.04, 1.89, 2.06)]
)
def test_goal_means_agree_with_another_program(shift, last, stayed):
    truth = goal_truth(Truth(hazard_shift=shift))
    two_decimals = 0.006
    assert_allclose(truth.starters_last_level, last, atol=two_decimals)
    assert_allclose(truth.starters_had_all_finished, 2.06, atol=two_decimals)
    assert_allclose(truth.stayed, stayed, atol=two_decimals)


def test_retained_share_is_solved_with_random_effects_on():
    solved = solve_hazard_shift(Truth(), retained=61 / 68)
    assert_allclose(retention_truth(solved, minimum_attended=4).retained, 61 / 68, atol=EXACT)
    # The shift of a typical parent (log odds alone) would leave too few retained.
    assert solved.hazard_shift < -1.04


def test_northumberland_is_solved_for_the_published_share():
    truth = preset("northumberland_digital").truth
    assert_allclose(retention_truth(truth, minimum_attended=4).retained, 61 / 68, atol=EXACT)


def test_screening_intercept_gives_the_published_share_over_referrers():
    truth = Truth()
    intercept = solve_screening_intercept(truth)
    effects = np.random.default_rng(3).normal(0.0, truth.sd_referrer, 400_000)
    share = (1.0 / (1.0 + np.exp(-intercept - effects))).mean()
    assert_allclose(share, 1.0 / (1.0 + np.exp(-truth.eta0 - truth.eta1)), atol=0.0005)
    assert solve_screening_intercept(replace(truth, sd_referrer=0.0)) == pytest.approx(-1.52)


def test_what_has_no_closed_form_is_refused():
    with pytest.raises(ParameterError, match="draw_starters"):
        retention_truth(Truth(psi=-0.15), minimum_attended=4)
    with pytest.raises(ParameterError, match="phi and psi"):
        goal_truth(Truth(phi=-0.25))
    with pytest.raises(ParameterError, match="between 0 and 1"):
        solve_hazard_shift(Truth(), retained=1.0)
