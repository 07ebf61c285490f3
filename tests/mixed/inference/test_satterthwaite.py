"""Satterthwaite degrees of freedom: by hand, by differences of a dense V, and against lmerTest."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rpcstats.mixed.inference.satterthwaite import pooled_df, satterthwaite, satterthwaite_df

# lmerTest differentiates the deviance by differences, good to eight digits or so.
OF_R = 2e-6

CASES = {
    "sleepstudy_slope": ("sleepstudy", "Reaction ~ Days + (Days | Subject)"),
    "sleepstudy_uncorr": ("sleepstudy", "Reaction ~ Days + (Days || Subject)"),
    "sleepstudy_int": ("sleepstudy", "Reaction ~ Days + (1 | Subject)"),
    "dyestuff": ("Dyestuff", "Yield ~ 1 + (1 | Batch)"),
    "dyestuff2_singular": ("Dyestuff2", "Yield ~ 1 + (1 | Batch)"),
    "pastes_nested": ("Pastes", "strength ~ 1 + (1 | batch/cask)"),
    "penicillin_crossed": ("Penicillin", "diameter ~ 1 + (1 | plate) + (1 | sample)"),
    "machines": ("Machines", "score ~ Machine + (1 | Worker) + (1 | Worker:Machine)"),
    "machines_factor_slope": ("Machines", "score ~ Machine + (Machine | Worker)"),
    "singular_zero": ("singular_zero", "y ~ x + (x | g)"),
    "oats": ("Oats", "yield ~ nitro + Variety + (1 | Block/Variety)"),
    "orthodont_slope": ("Orthodont", "distance ~ age * Sex + (age | Subject)"),
    "crossed_two_slopes": ("synthetic_crossed", "y ~ x + (x | school) + (x | rater)"),
    "one_huge_group": ("synthetic_huge", "y ~ x + (x | g)"),
    "nested_slopes": ("synthetic_nested", "y ~ t + (t | council/group)"),
    "singular_plus_one": ("synthetic_alongside", "plus ~ t + (t | g)"),
    "singular_one_idle": ("synthetic_idle", "y ~ 1 + (1 | a) + (1 | b)"),
}


@pytest.fixture
def unbalanced():
    rng = np.random.default_rng(5)
    g = np.repeat(np.arange(9), [3, 4, 5, 6, 7, 3, 4, 5, 6])
    h = rng.integers(6, size=len(g))
    x = rng.normal(size=len(g))
    y = 1 + x + rng.normal(size=9)[g] + (0.7 * rng.normal(size=9))[g] * x
    y = y + rng.normal(size=6)[h] + 0.8 * rng.normal(size=len(g))
    weights = rng.uniform(0.5, 2, size=len(g))
    return pd.DataFrame({"y": y, "x": x, "g": g.astype(str), "h": h.astype(str), "w": weights})


@pytest.mark.parametrize(("n_group", "size"), [(3, 2), (5, 4), (8, 3)])
def test_balanced_layout_has_groups_minus_one(fitted, n_group, size):
    # The variance of the mean is a multiple of the mean square between groups.
    rng = np.random.default_rng(n_group)
    g = np.repeat(np.arange(n_group), size)
    data = pd.DataFrame({"y": 3.0 * g + rng.normal(size=len(g)), "g": g.astype(str)})
    found = satterthwaite_df(fitted("y ~ 1 + (1 | g)", data).evaluation, [1.0])
    np.testing.assert_allclose(found, n_group - 1, rtol=1e-6)


def test_two_stage_means_by_hand(fitted):
    # Two arms of four groups of three: the difference of arms has 8 - 2 degrees of freedom,
    # the slope within groups, orthogonal to them, 24 - 8 - 1.
    rng = np.random.default_rng(1)
    g = np.repeat(np.arange(8), 3)
    t = np.tile([-1.0, 0, 1], 8)
    y = 2.0 * rng.normal(size=8)[g] + t + rng.normal(size=24)
    data = pd.DataFrame({"y": y, "g": g.astype(str), "t": t, "arm": g // 4})
    fit = fitted("y ~ arm + t + (1 | g)", data)
    np.testing.assert_allclose(satterthwaite_df(fit.evaluation, fit.each)[1:], [6, 15], rtol=1e-6)


@pytest.mark.parametrize(
    ("name", "formula", "n_free"),
    [("Dyestuff2", "Yield ~ 1 + (1 | Batch)", 29), ("singular_zero", "y ~ x + (x | g)", 30)],
)
def test_zero_variance_is_least_squares(fitted, mixed_data, name, formula, n_free):
    fit = fitted(formula, mixed_data(name))
    np.testing.assert_allclose(fit.evaluation.theta, 0, atol=1e-5)
    np.testing.assert_allclose(satterthwaite_df(fit.evaluation, fit.each), n_free, rtol=1e-6)


@pytest.mark.parametrize("case", CASES)
def test_lmertest(fitted, mixed_data, mixed_values, case):
    name, formula = CASES[case]
    expected = mixed_values("lmm")[case]["reml"]["satterthwaite"]
    fit = fitted(formula, mixed_data(name))
    found = satterthwaite(fit.evaluation)
    assert found.n_downhill == 0
    np.testing.assert_allclose(found.df_of(fit.each), list(expected["df"].values()), rtol=OF_R)


@pytest.mark.parametrize(
    ("formula", "weights"),
    [("y ~ x + (x | g)", None), ("y ~ x + (1 | g) + (1 | h)", "w"), ("y ~ x + (x || g)", "w")],
)
@pytest.mark.parametrize("reml", [True, False])
def test_differences_of_dense_v(fitted, textbook, unbalanced, formula, weights, reml):
    fit = fitted(formula, unbalanced, weights=weights, reml=reml)
    dense = textbook(fit.frame)
    theta, sigma = fit.evaluation.theta, np.sqrt(fit.evaluation.sigma2)
    at = np.append(theta, sigma)

    def deviance(point):
        return dense.deviance(point[:-1], point[-1], reml=reml)

    def variance(point):
        return np.diag(dense.cov(point[:-1], point[-1]))

    hessian, slope = _hessian(deviance, at, 1e-3), _slope(variance, at, 1e-4)
    spread = np.einsum("ki,kl,li->i", slope, 2 * np.linalg.inv(hessian), slope)
    expected = 2 * variance(at) ** 2 / spread
    # Fourth-order differences with these steps are good to seven digits.
    found = satterthwaite_df(fit.evaluation, fit.each)
    np.testing.assert_allclose(found, expected, rtol=2e-6)


def test_lmertest_of_families(fitted, goals, mixed_values):
    expected = mixed_values("lmm")["goal_slope"]["reml"]["satterthwaite"]
    fit = fitted("goal ~ session * arm + sep + (session | family)", goals)
    found = satterthwaite_df(fit.evaluation, fit.each)
    np.testing.assert_allclose(found, list(expected["df"].values()), rtol=OF_R)


def _slope(f, at, step):
    rows = []
    for each in step * np.eye(len(at)):
        near, far = f(at + each) - f(at - each), f(at + 2 * each) - f(at - 2 * each)
        rows.append((8 * near - far) / (12 * step))
    return np.array(rows)


def _hessian(f, at, step):
    return _slope(lambda point: _slope(lambda p: np.array([f(p)]), point, step)[:, 0], at, step)


@settings(max_examples=15, deadline=None)
@given(factor=st.floats(1e-3, 1e3), unit=st.floats(1e-3, 1e3), seed=st.integers(0, 2**16))
def test_units_and_order_do_not_matter(fitted, mixed_data, factor, unit, seed):
    data = mixed_data("sleepstudy").iloc[:97]
    other = data.sample(frac=1, random_state=seed)
    other = other.assign(Reaction=factor * other["Reaction"], Days=unit * other["Days"])
    formula = "Reaction ~ Days + (Days | Subject)"
    one, two = fitted(formula, data), fitted(formula, other)
    found = satterthwaite_df(two.evaluation, [[1, 0], [0, 1], [1, 3 * unit]])
    expected = satterthwaite_df(one.evaluation, [[1, 0], [0, 1], [1, 3]])
    # The searches end within a hundred thousandth of a standard error of the optimum.
    np.testing.assert_allclose(found, expected, rtol=1e-5)


def test_origin_of_a_covariate_does_not_matter(fitted, mixed_data):
    data = mixed_data("sleepstudy").iloc[:97]
    formula = "Reaction ~ Days + (Days | Subject)"
    slope = satterthwaite_df(fitted(formula, data).evaluation, [0, 1])
    late = data.assign(Days=data["Days"] + 2015.0)
    np.testing.assert_allclose(
        satterthwaite_df(fitted(formula, late).evaluation, [0, 1]), slope, rtol=1e-5
    )


def test_f_test_of_one_row_is_the_square_of_t(fitted, unbalanced):
    fit = fitted("y ~ x + (x | g)", unbalanced)
    found = satterthwaite(fit.evaluation)
    row = np.array([1.0, 2])
    test = found.f_test(row)
    t = row @ found.beta / np.sqrt(row @ found.cov @ row)
    assert test.statistic == pytest.approx(t**2, rel=1e-12)
    assert (test.num_df, test.den_df) == (1, pytest.approx(found.df_of(row)[0], rel=1e-12))


def test_rows_that_others_determine_count_once(fitted, unbalanced):
    found = satterthwaite(fitted("y ~ x + (x | g)", unbalanced).evaluation)
    twice, once = found.f_test([[0, 1], [0, 2]]), found.f_test([0, 1])
    assert twice.num_df == 1
    assert twice.statistic == pytest.approx(once.statistic, rel=1e-10)
    assert found.f_test([0, 0]).num_df == 0
    assert np.isnan(found.f_test([0, 0]).p_value)
    assert np.isnan(found.df_of([0, 0])[0])


@pytest.mark.parametrize(
    ("df", "expected"),
    [
        ([7.0], 7.0),
        ([1.5, 1.5], 1.5),
        # E = 4/2 + 8/6 = 10/3, and 2 E / (E - 2) = 5.
        ([4.0, 8.0], 5.0),
        ([2.0, 9.0], 2.0),
        # An infinite one has a mean of 1: E = 3, and 2 E / (E - 2) = 6.
        ([4.0, np.inf], 6.0),
        ([np.inf, np.inf], np.inf),
    ],
)
def test_pooled_df_by_hand(df, expected):
    assert pooled_df(np.array(df)) == pytest.approx(expected, rel=1e-12)


def test_away_from_the_minimum_is_told(fitted, mixed_data):
    # At zero variances the deviance of sleepstudy falls in every direction.
    formula = "Reaction ~ Days + (Days || Subject)"
    fit = fitted(formula, mixed_data("sleepstudy"), theta=[0.0, 0.0])
    assert satterthwaite(fit.evaluation).n_downhill == 2


def test_second_derivatives_are_needed(fitted, mixed_data):
    fit = fitted("Yield ~ 1 + (1 | Batch)", mixed_data("Dyestuff"))
    bare = fit.problem.evaluate(fit.evaluation.theta, reml=True, order=1)
    with pytest.raises(ValueError, match="second derivatives"):
        satterthwaite(bare)


def test_rows_of_another_length_are_refused(fitted, mixed_data):
    fit = fitted("Yield ~ 1 + (1 | Batch)", mixed_data("Dyestuff"))
    with pytest.raises(ValueError, match="rows of 1 numbers"):
        satterthwaite_df(fit.evaluation, [1.0, 0])
