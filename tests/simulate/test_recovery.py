"""Known truth comes back: population values from many persons, slopes from exact draws."""

from dataclasses import replace

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy.optimize import minimize, minimize_scalar
from scipy.special import expit, logit

from rpcstats.simulate import (
    Truth,
    draw_starters,
    log_symmetric,
    preset,
    progress_values,
    retention_truth,
)
from rpcstats.simulate.cohort import draw_cohort
from rpcstats.simulate.people import draw_covariates
from rpcstats.simulate.simulation import plan_of

pytestmark = pytest.mark.slow

N_PERSONS = 250_000
AGREEMENT = 0.005
"""Between a sample of 250,000, quadrature, and values printed to three decimals."""
SE_LIMIT = 3.0
N_DRAWS = 300
PRINTED = {
    0.0: ((0.889, 0.821, 0.777, 0.744, 0.721), 0.710, 0.269, 0.337),
    -1.04: ((0.957, 0.929, 0.910, 0.895, 0.884), 0.872, 0.111, 0.144),
}
STEP = 1e-3
"""For second differences of a log likelihood of order 1e3."""


@pytest.mark.parametrize("shift", PRINTED)
def test_many_starters_have_the_true_retention(shift):
    truth = Truth(hazard_shift=shift)
    s = draw_starters(truth, n=N_PERSONS, seed=20240301, minimum_attended=4)
    exact = retention_truth(truth, minimum_attended=4)
    survival = [(~s.course.dropped | (s.course.last > k)).mean() for k in range(1, 6)]
    online, in_person = (s.course.dropped[s.x.online == mode].mean() for mode in (True, False))
    drawn = [*survival, s.completed.mean(), online, in_person]
    computed = [
        *exact.survival, exact.completed, exact.dropout_online, exact.dropout_in_person
    ]  # fmt: skip
    printed_survival, *printed = PRINTED[shift]
    assert_allclose(drawn, computed, atol=AGREEMENT)
    assert_allclose(drawn, [*printed_survival, *printed], atol=AGREEMENT)
    # A sample of 250,000 has a standard error of 0.01 sessions at most.
    assert_allclose(s.course.n_attended.mean(), exact.mean_attended, atol=0.015)


def test_stored_truth_is_drawn_again():
    entry = preset("herts_pws")
    stored = dict(entry.stored_truth)
    n, seed, _ = (stored.pop(name) for name in ("n", "seed", "monte_carlo_error"))
    again = progress_values(draw_starters(entry.truth, n=n, seed=seed, minimum_attended=4))
    half_a_digit = 0.00051
    assert again.keys() == stored.keys()
    for name, value in stored.items():
        assert abs(again[name] - value) <= half_a_digit, name


def test_progress_depends_on_definition_and_base_as_printed():
    values = progress_values(draw_starters(Truth(), n=N_PERSONS, seed=20240302, minimum_attended=4))
    printed = {
        "progress_completers_who_answered": 0.803,
        "progress_completers": 0.773,
        "progress_starters_last_level": 0.671,
        "any_goal_up_completers": 0.891,
        "reliable_change_completers": 0.434,
    }
    for name, value in printed.items():
        assert abs(values[name] - value) <= AGREEMENT, name


def test_fixed_totals_keep_the_odds_ratio_of_residence_on_sex():
    truth = Truth()
    rng = np.random.default_rng(31)
    totals = {"male": 44, "resident": 88}
    both = 0
    for _ in range(N_DRAWS):
        x = draw_covariates(rng, truth, 123, totals)
        assert x.resident.sum() == 88
        both += int((x.resident & x.male).sum())
    male = np.arange(123) < 44

    def log_lik(beta):
        return beta * both - N_DRAWS * log_symmetric(beta * male, 88)

    fit = minimize_scalar(lambda beta: -log_lik(beta), bounds=(-5.0, 2.0), method="bounded")
    curvature = log_lik(fit.x + STEP) - 2 * log_lik(fit.x) + log_lik(fit.x - STEP)
    error = STEP / np.sqrt(-curvature)
    true = logit(truth.p_resident_male) - logit(truth.p_resident_female)
    assert abs(fit.x - true) <= SE_LIMIT * error
    assert abs(fit.x) > 10.0 * error


def exact_strata(truth, n_draws, seed):
    """Give who dropped out in each exact draw, apart for those whose course was cut short."""
    entry = preset("herts_pws")
    course = "parenting_when_separated"
    plan = plan_of(entry, truth, course, 123)
    totals = {
        name: value
        for name, value in entry.margins[course].items()
        if name not in ("answered", "progressed")
    }
    rng = np.random.default_rng(seed)
    strata = []
    for _ in range(n_draws):
        c = draw_cohort(rng, plan, totals)
        x = c.people.x.take(c.starters)
        start = c.placement.groups.start_day[c.placement.group[c.starters]]
        is_cut = start + 35 > plan.calendar.last_day
        for part in (is_cut, ~is_cut):
            covariates = np.column_stack(
                [~x.resident[part], x.online[part], x.send[part], x.male[part], x.imd[part]]
            ).astype(float)
            at_risk = 4 if part is is_cut else 5
            strata.append((covariates, c.course.dropped[part], at_risk))
    return strata


def test_fixed_totals_keep_the_slopes_of_dropout():
    truth = replace(Truth(), sd_group=0.0, sd_facilitator=0.0)
    strata = exact_strata(truth, N_DRAWS, seed=32)
    assert all(
        sum(dropped.sum() for _, dropped, _ in strata[2 * i : 2 * i + 2]) == 16
        for i in range(N_DRAWS)
    )
    known = np.array([0.0, 0.0, truth.beta_send, truth.beta_male, truth.beta_imd])
    centre = [1 - truth.p_resident, truth.p_online, truth.p_send, truth.p_male, 5.5]
    alpha = logit(np.array(truth.hazards))

    def log_lik(beta):
        slopes = known + np.array([*beta, 0.0, 0.0, 0.0])
        total = 0.0
        for covariates, dropped, at_risk in strata:
            eta = (covariates - centre) @ slopes
            log_stay = np.log(expit(-(eta[:, None] + alpha[:at_risk]))).sum(axis=1)
            log_odds = np.log(-np.expm1(log_stay)) - log_stay
            total += log_odds[dropped].sum() - log_symmetric(log_odds, int(dropped.sum()))
        return total

    fit = minimize(lambda beta: -log_lik(beta), [0.0, 0.0], method="Nelder-Mead")
    error = np.sqrt(np.diag(np.linalg.inv(-second_differences(log_lik, fit.x))))
    true = np.array([truth.beta_non_resident, truth.beta_online])
    assert (np.abs(fit.x - true) <= SE_LIMIT * error).all()
    assert (np.abs(fit.x) > SE_LIMIT * error).all()


def second_differences(function, at):
    moves = STEP * np.eye(len(at))
    return np.array(
        [
            [
                function(at + a + b) - function(at + a - b) - function(at - a + b)
                + function(at - a - b)
                for b in moves
            ]
            for a in moves
        ]
    ) / (4.0 * STEP**2)  # fmt: skip
