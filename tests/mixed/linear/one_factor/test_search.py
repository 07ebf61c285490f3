"""The search for the minimum: closed forms, R's optima, traps and edges."""

import dataclasses

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rpcstats.errors import ParameterError
from rpcstats.mixed.linear.one_factor import OneFactorProblem
from rpcstats.mixed.linear.search import fit_linear

# One large group and three small ones: the ML deviance has a minimum at zero (88.9013), a
# ridge (89.43 at 0.3) and a lower minimum inside (88.7805 at 1.268).
TWO_MINIMA = """-2.0 -0.7 -1.1 1.3 -0.8 -1.1 -3.1 -0.2 -0.4 -0.9 -1.9 -1.5 -1.7 -2.5 -1.0 0.7 0.3
 -1.2 -2.0 3.3 -2.1 -1.3 -1.4 -1.1 -0.4 -2.0 -1.0"""

# The same groups: a minimum inside (69.0629 at 0.933) and a lower one at zero (68.7687).
LOWER_AT_ZERO = """-1.0 -0.3 0.3 -1.3 -0.7 -1.2 -0.1 0.1 -0.7 0.3 -1.8 -0.5 -1.2 -1.8 0.2 -1.9 -0.2
 -0.9 -0.8 2.2 -0.4 -0.6 -1.8 -0.9 -0.5 -1.7 -0.1"""


def problem_of(X, y, block, weights=None):
    return OneFactorProblem.from_columns(X, y, (block,), weights)


def test_balanced_groups_have_a_closed_form(make_block):
    # Group means 2, 4, 9 about 5: mean square between 4 * 26 / 2 = 52; within 30 / 9.
    y = np.array([1.0, 3.0, 1.0, 3.0, 2.0, 6.0, 2.0, 6.0, 8.0, 10.0, 7.0, 11.0])
    codes = np.repeat(np.arange(3), 4)
    means = np.array([2.0, 4.0, 9.0])
    between = 4.0 * ((means - 5.0) ** 2).sum() / 2.0
    within = ((y - means[codes]) ** 2).sum() / 9.0
    assert (between, within) == (52.0, 30.0 / 9.0)
    found, summary = fit_linear(
        problem_of(np.ones((12, 1)), y, make_block(codes, np.ones((12, 1)))), True
    )
    assert found.sigma2 == pytest.approx(within, rel=1e-9)
    assert found.theta[0] ** 2 * found.sigma2 == pytest.approx((between - within) / 4.0, rel=1e-9)
    assert found.cov[0, 0] == pytest.approx(between / 12.0, rel=1e-9)
    assert summary.converged
    assert summary.gradient_norm < 1e-6


def test_groups_more_alike_than_chance_end_at_zero(make_block):
    y = np.array([0.0, 4.0, 1.0, 3.0, 0.0, 4.0])
    block = make_block([0, 0, 1, 1, 2, 2], np.ones((6, 1)))
    found, summary = fit_linear(problem_of(np.ones((6, 1)), y, block), True)
    np.testing.assert_array_equal(found.theta, [0.0])
    assert found.sigma2 == pytest.approx(y.var(ddof=1))
    assert summary.converged
    assert "one standard deviation is zero" in summary.status


def slope_columns(frame, name):
    return np.column_stack([np.ones(len(frame)), frame[name]])


def design_of(case, frame):
    """Give X, Z and the template of a case by hand."""
    ones = np.ones((len(frame), 1))
    days = slope_columns(frame, "Days") if "Days" in frame else ones
    if case == "sleepstudy_uncorr":
        return days, days, "diagonal"
    if case == "sleepstudy_int":
        return days, ones, "full"
    if case == "machines_cell_slope":
        cells = np.column_stack([frame["Machine"] == name for name in "ABC"]).astype(float)
        return np.column_stack([ones, cells[:, 1:]]), cells, "full"
    if case.startswith("singular_") or case == "one_huge_group":
        columns = slope_columns(frame, "x" if "x" in frame else "t")
        return columns, columns, "full"
    if case.startswith(("pairs", "many")):
        return slope_columns(frame, "x"), ones, "full"
    return days, days, "full"


CASES = {
    "sleepstudy_slope": ("Reaction", "Subject"),
    "sleepstudy_uncorr": ("Reaction", "Subject"),
    "sleepstudy_int": ("Reaction", "Subject"),
    "sleepstudy_weighted": ("Reaction", "Subject"),
    "dyestuff": ("Yield", "Batch"),
    "dyestuff2_singular": ("Yield", "Batch"),
    "machines_cell_slope": ("score", "Worker"),
    "singular_zero": ("y", "g"),
    "singular_plus_one": ("plus", "g"),
    "singular_minus_one": ("minus", "g"),
    "pairs_alike": ("alike", "g"),
    "pairs_unlike_singular": ("unlike", "g"),
    "one_huge_group": ("y", "g"),
    "many_levels_few_rows": ("y", "g"),
}


@pytest.mark.parametrize("kind", ["reml", "ml"])
@pytest.mark.parametrize("case", CASES)
def test_minimum_of_r(mixed_data, mixed_values, make_block, case, kind):
    values = mixed_values("lmm")[case]
    frame = mixed_data(values["data"])
    response, group = CASES[case]
    X, Z, template = design_of(case, frame)
    weights = None
    if case == "sleepstudy_weighted":
        weights = mixed_data("sleepstudy_weights")["w"].to_numpy(float)
    block = make_block(frame[group].to_numpy(), Z, template)
    y = frame[response].to_numpy(float)
    found, summary = fit_linear(problem_of(X, y, block, weights), kind == "reml")
    expected = values[kind]
    # 15 digits are printed; a deviance above R's by more than rounding is a failure of ours.
    assert found.deviance <= expected["objective"] + 1e-9 * abs(expected["objective"])
    assert found.deviance == pytest.approx(expected["objective"], rel=1e-9)
    np.testing.assert_allclose(found.theta, np.atleast_1d(expected["theta"]), rtol=1e-6, atol=1e-6)
    np.testing.assert_allclose(found.beta, list(expected["fixef"].values()), rtol=1e-6, atol=1e-8)
    np.testing.assert_allclose(found.sigma2**0.5, expected["sigma"], rtol=1e-7)
    assert summary.converged


def family_data(n_family=1000, seed=2):
    """Growth over 12 sessions: goal ~ session * arm + sep + (1 + session | family)."""
    rng = np.random.default_rng(seed)
    codes = np.repeat(np.arange(n_family), 12)
    session = np.tile(np.arange(12.0), n_family)
    arm, sep = (rng.integers(0, 2, n_family)[codes].astype(float) for _ in range(2))
    effects = rng.normal(size=(n_family, 2)) * [1.5, 0.2]
    X = np.column_stack([np.ones(len(codes)), session, arm, session * arm, sep])
    y = X @ [4.0, 0.2, 0.3, 0.1, -0.5] + effects[codes, 0] + effects[codes, 1] * session
    return X, y + 0.9 * rng.normal(size=len(codes)), codes


@pytest.mark.parametrize("start", [[0.0, 0.0, 0.0], [1.5, 0.0, 0.0], [0.0, 0.0, 0.2]])
@pytest.mark.parametrize("reml", [True, False])
def test_zero_is_a_stationary_trap_and_is_left(make_block, start, reml):
    X, y, codes = family_data()
    problem = problem_of(X, y, make_block(codes, X[:, :2]))
    trap = problem.evaluate(np.array(start), reml=reml, order=1)
    edge = np.flatnonzero(np.array(start) == 0.0)[-1 if start[2] == 0.0 else 0]
    assert abs(trap.gradient[edge]) < 1e-8 * abs(trap.deviance)
    found, summary = fit_linear(problem, reml, np.array(start))
    expected, _ = fit_linear(problem, reml)
    assert found.deviance < trap.deviance - 100.0
    assert found.deviance == pytest.approx(expected.deviance, rel=1e-12)
    np.testing.assert_allclose(found.theta, expected.theta, rtol=1e-7)
    assert summary.converged


def two_minima(make_block, text=TWO_MINIMA):
    y = np.array([float(value) for value in text.split()])
    codes = np.repeat(np.arange(6), [18, 1, 1, 1, 3, 3])
    return problem_of(np.ones((27, 1)), y, make_block(codes, np.ones((27, 1))))


def test_a_minimum_at_the_edge_is_not_taken_for_the_lowest(make_block):
    problem = two_minima(make_block)
    at_zero = problem.evaluate(np.zeros(1), reml=False, order=2)
    assert at_zero.gradient[0] == 0.0
    assert at_zero.hessian[0, 0] > 0.0
    found, summary = fit_linear(problem, False, np.zeros(1))
    assert found.deviance < at_zero.deviance - 0.1
    assert found.theta[0] == pytest.approx(1.2683325, abs=1e-6)
    assert summary.converged


def test_a_minimum_inside_is_not_taken_for_the_lowest(make_block):
    problem = two_minima(make_block, LOWER_AT_ZERO)
    inside = problem.evaluate(np.array([0.93275899]), reml=False, order=2)
    assert abs(inside.gradient[0]) < 1e-5
    assert inside.hessian[0, 0] > 0.0
    for start in (None, np.array([0.93])):
        found, summary = fit_linear(problem, False, start)
        np.testing.assert_array_equal(found.theta, [0.0])
        assert found.deviance < inside.deviance - 0.1
        assert summary.converged


def test_the_lower_of_two_minima_of_slopes(make_block):
    # Starts at the identity end at 136.7297 (REML) and 137.6192 (ML); a correlation of one,
    # with slopes three times as varied, is 2.8 and 3.3 lower.
    x = "0.69 0.29 0.1 -0.03 1.05 -0.48 0.22 0.47 -1.98 1.18 -2.2 -1.02 -1.45 -0.58 1.29 -0.74 0.06"
    x += (
        " 1.55 -0.48 -1.49 -0.61 0.29 -0.73 -0.81 0.39 0.1 0.61 0.61 0.82 0.21 -1.24 1.34 0.52 2.06"
    )
    y = "4.13 1.2 0.54 1.38 0.93 -1.07 0.51 -0.91 -0.87 2.12 -0.16 -4.04 -4.63 0.31 -1.1 -0.22"
    y += " -1.23 -1.99 -1.0 2.58 -1.48 0.29 -1.74 -1.37 -2.58 -0.8 -3.96 -6.96 -3.71 -0.82 0.62"
    y += " 1.38 0.86 -1.33"
    X = np.column_stack([np.ones(34), np.array(x.split(), dtype=float)])
    block = make_block(np.repeat(np.arange(12), [1, 4, 5, 1, 2, 3, 4, 3, 1, 3, 2, 5]), X)
    problem = problem_of(X, np.array(y.split(), dtype=float), block)
    for reml, lowest in ((True, 133.912983), (False, 134.340224)):
        found, summary = fit_linear(problem, reml)
        assert found.deviance == pytest.approx(lowest, abs=1e-6)
        assert found.theta[2] == 0.0
        assert summary.converged


def test_signs_are_settled(draw):
    X, y, block = draw(21, q=3, n_level=40)
    problem = problem_of(X, y, block)
    expected, _ = fit_linear(problem, True)
    assert np.all(expected.theta[block.on_diagonal] >= 0.0)
    turned = expected.theta * np.where(block.cols == 0, -1.0, 1.0)
    found, _ = fit_linear(problem, True, turned)
    np.testing.assert_allclose(found.theta, expected.theta, rtol=1e-6, atol=1e-8)


@settings(max_examples=15, deadline=None)
@given(
    seed=st.integers(0, 10_000),
    reml=st.booleans(),
    scale=st.sampled_from([1e-5, 1e6]),
    shift=st.sampled_from([-50.0, 1e3]),
)
def test_scale_and_shift(draw, make_block, seed, reml, scale, shift):
    X, y, block = draw(seed, q=2, n_level=20)
    expected, _ = fit_linear(problem_of(X, y, block), reml)
    moved = X * [1.0, 1e-5] + [0.0, 1e3]
    other = make_block(block.codes, np.column_stack([X[:, 0], X[:, 1] * 1e-5]))
    found, summary = fit_linear(problem_of(moved, y * scale + shift * scale, other), reml)
    n, p = X.shape
    df = n - p if reml else n
    # y moves the deviance by 2 df log(scale); X'X by log|T'T| of the change of columns.
    change = df * 2.0 * np.log(scale) + (2.0 * np.log(1e-5) if reml else 0.0)
    # The moved column keeps 16 - 8 digits of the old one; the deviance moves with their square.
    assert found.deviance == pytest.approx(expected.deviance + change, rel=1e-8, abs=1e-6)
    assert found.sigma2**0.5 == pytest.approx(expected.sigma2**0.5 * scale, rel=1e-5)
    units = np.array([1.0, 1e5, 1e5])
    np.testing.assert_allclose(found.theta / units, expected.theta, rtol=1e-3, atol=1e-3)
    assert summary.converged


def test_deviance_falls_when_an_effect_is_added(draw, make_block):
    X, y, block = draw(31, q=2, n_level=25)
    smaller = make_block(block.codes, block.Z[:, :1])
    diagonal = make_block(block.codes, block.Z, "diagonal")
    deviances = [
        fit_linear(problem_of(X, y, b), False)[0].deviance for b in (smaller, diagonal, block)
    ]
    assert deviances[0] >= deviances[1] - 1e-9
    assert deviances[1] >= deviances[2] - 1e-9


class Approximate:
    """The same model by an engine that has no Hessian, only an average information."""

    cheap_hessian = False

    def __init__(self, problem):
        self.problem = problem

    def __getattr__(self, name):
        return getattr(self.problem, name)

    def evaluate(self, theta, *, reml, order=1):
        found = self.problem.evaluate(theta, reml=reml, order=2)
        rough = np.diag(np.abs(np.diag(found.hessian)) * 1.7 + 1e-3)
        plain = dict.fromkeys(("d2_criterion", "d2_r2", "d_XtVX"))
        return dataclasses.replace(found, information=rough, **plain)


@pytest.mark.parametrize("reml", [True, False])
def test_rough_information_reaches_the_same_minimum(draw, reml):
    for seed in (1, 2, 3):
        X, y, block = draw(seed, q=2, n_level=40)
        problem = problem_of(X, y, block)
        expected, _ = fit_linear(problem, reml)
        found, summary = fit_linear(Approximate(problem), reml)
        assert found.deviance == pytest.approx(expected.deviance, rel=1e-11)
        np.testing.assert_allclose(found.theta, expected.theta, rtol=1e-5, atol=1e-5)
        assert summary.converged
        assert found.information is not None


def test_no_variation_within_groups_is_no_convergence(make_block):
    codes = np.repeat(np.arange(8), 3)
    y = np.random.default_rng(5).normal(size=8)[codes]
    block = make_block(codes, np.ones((24, 1)))
    _, summary = fit_linear(problem_of(np.ones((24, 1)), y, block), True)
    assert not summary.converged


@pytest.mark.parametrize("ratio", [1e-3, 1e3])
def test_variances_of_very_unlike_size(make_block, ratio):
    # The closed form of balanced groups holds for any ratio of the standard deviations.
    rng = np.random.default_rng(7)
    codes = np.repeat(np.arange(20), 5)
    y = rng.normal(size=20)[codes] * ratio + rng.normal(size=100)
    means = np.bincount(codes, y) / 5.0
    between = 5.0 * means.var(ddof=1)
    within = ((y - means[codes]) ** 2).sum() / 80.0
    block = make_block(codes, np.ones((100, 1)))
    found, summary = fit_linear(problem_of(np.ones((100, 1)), y, block), True)
    expected = np.sqrt(max(between - within, 0.0) / 5.0 / within)
    assert found.theta[0] == pytest.approx(expected, rel=1e-7, abs=1e-9)
    assert summary.converged


def test_a_search_cut_short_says_so(draw, monkeypatch):
    monkeypatch.setattr("rpcstats.mixed.linear.search._MAX_STEP", 1)
    X, y, block = draw(21, q=3, n_level=40)
    _, summary = fit_linear(problem_of(X, y, block), True)
    assert not summary.converged
    assert "not converged" in summary.status
    assert "limit of 1 steps" in summary.status


def test_start_without_a_finite_deviance(draw):
    X, y, block = draw(21, q=1)
    with pytest.raises(ParameterError, match="singular at the starting values"):
        fit_linear(problem_of(X, y, block), True, np.array([1e200]))
