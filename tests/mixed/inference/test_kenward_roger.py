"""Kenward-Roger inference: by hand, by n by n matrices, and against pbkrtest."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rpcstats.errors import DataError, ParameterError
from rpcstats.mixed.inference import kenward_roger_dense
from rpcstats.mixed.inference.kenward_roger import expected_parameter_cov, kenward_roger
from rpcstats.mixed.inference.satterthwaite import satterthwaite_df
from rpcstats.mixed.linear.dense import DenseProblem

# R's values belong to its own optimum, equal to ours to seven digits or so of theta.
OF_R = 1e-6

CASES = {
    "sleepstudy_slope": ("sleepstudy", "Reaction ~ Days + (Days | Subject)"),
    "sleepstudy_uncorr": ("sleepstudy", "Reaction ~ Days + (Days || Subject)"),
    "sleepstudy_int": ("sleepstudy", "Reaction ~ Days + (1 | Subject)"),
    "dyestuff": ("Dyestuff", "Yield ~ 1 + (1 | Batch)"),
    "pastes_nested": ("Pastes", "strength ~ 1 + (1 | batch/cask)"),
    "penicillin_crossed": ("Penicillin", "diameter ~ 1 + (1 | plate) + (1 | sample)"),
    "machines": ("Machines", "score ~ Machine + (1 | Worker) + (1 | Worker:Machine)"),
    "machines_factor_slope": ("Machines", "score ~ Machine + (Machine | Worker)"),
    "machines_cell_slope": ("Machines", "score ~ Machine + (0 + Machine | Worker)"),
    "oats": ("Oats", "yield ~ nitro + Variety + (1 | Block/Variety)"),
    "orthodont_slope": ("Orthodont", "distance ~ age * Sex + (age | Subject)"),
    "crossed_one_slope": ("synthetic_crossed", "y ~ x + (x | school) + (1 | rater)"),
    "crossed_two_uncorr": ("synthetic_crossed", "y ~ x + (x || school) + (x || rater)"),
    "crossed_offset": (
        "synthetic_crossed",
        "y ~ x + offset(known) + (1 | school) + (1 | rater)",
    ),
    "pairs_alike": ("synthetic_pairs", "alike ~ x + (1 | g)"),
    "one_huge_group": ("synthetic_huge", "y ~ x + (x | g)"),
    "nested_slopes": ("synthetic_nested", "y ~ t + (t | council/group)"),
}


@pytest.fixture
def unbalanced():
    rng = np.random.default_rng(8)
    g = np.repeat(np.arange(8), [3, 4, 5, 6, 7, 3, 4, 5])
    h = rng.integers(5, size=len(g))
    x = rng.normal(size=len(g)) + 3
    y = 1 + x + rng.normal(size=8)[g] + (0.7 * rng.normal(size=8))[g] * x
    y = y + rng.normal(size=5)[h] + 0.8 * rng.normal(size=len(g))
    k = np.array(list("uvw"))[rng.integers(3, size=len(g))]
    weights = rng.uniform(0.5, 2, size=len(g))
    columns = {"y": y, "x": x, "g": g.astype(str), "h": h.astype(str), "k": k, "w": weights}
    return pd.DataFrame(columns)


def by_the_book(dense, evaluation, L):
    """Kenward and Roger (1997), section 2 and the appendix, on n by n matrices."""
    V = evaluation.sigma2 * dense.working(evaluation.theta)
    X, inverse = dense.X, np.linalg.inv(V)
    Phi = np.linalg.inv(X.T @ inverse @ X)
    G = dense.directions()
    P = [-X.T @ inverse @ one @ inverse @ X for one in G]
    Q = [[X.T @ inverse @ one @ inverse @ two @ inverse @ X for two in G] for one in G]
    information = np.array(
        [
            [
                np.trace(inverse @ G[i] @ inverse @ G[j]) / 2
                - np.trace(Phi @ Q[i][j])
                + np.trace(Phi @ P[i] @ Phi @ P[j]) / 2
                for j in range(len(G))
            ]
            for i in range(len(G))
        ]
    )
    W = np.linalg.inv(information)
    pairs = [(i, j) for i in range(len(G)) for j in range(len(G))]
    middle = sum(W[i, j] * (Q[i][j] - P[i] @ Phi @ P[j]) for i, j in pairs)
    adjusted = Phi + 2 * Phi @ middle @ Phi
    rank = len(L)
    Theta = L.T @ np.linalg.solve(L @ Phi @ L.T, L)
    bent = [Theta @ Phi @ one @ Phi for one in P]
    A1 = sum(W[i, j] * np.trace(bent[i]) * np.trace(bent[j]) for i, j in pairs)
    A2 = sum(W[i, j] * np.trace(bent[i] @ bent[j]) for i, j in pairs)
    B = (A1 + 6 * A2) / (2 * rank)
    g = ((rank + 1) * A1 - (rank + 4) * A2) / ((rank + 2) * A2)
    below = 3 * rank + 2 * (1 - g)
    c = np.array([g, rank - g, rank + 2 - g]) / below
    mean = 1 / (1 - A2 / rank)
    variance = 2 / rank * (1 + c[0] * B) / ((1 - c[1] * B) ** 2 * (1 - c[2] * B))
    rho = variance / (2 * mean**2)
    df = 4 + (rank + 2) / (rank * rho - 1)
    scaling = df / (mean * (df - 2))
    left = L @ evaluation.beta
    F = scaling / rank * left @ np.linalg.solve(L @ adjusted @ L.T, left)
    return adjusted, F, df, scaling


@pytest.mark.parametrize(
    ("formula", "weights"),
    [
        ("y ~ x + k + (x | g)", None),
        ("y ~ x + k + (x || g)", "w"),
        ("y ~ x + k + (1 | g)", "w"),
        ("y ~ x + k + (x | g) + (1 | h)", None),
        ("y ~ x + k + (1 | g) + (x || h)", "w"),
    ],
)
def test_n_by_n_matrices(fitted, textbook, unbalanced, formula, weights):
    fit = fitted(formula, unbalanced, weights=weights)
    found = kenward_roger(fit.problem, fit.evaluation)
    dense = textbook(fit.frame)
    for L in (fit.each[1:], fit.each[2:], np.array([[1.0, 2, 0, 0], [0, 0, 1, -1]])):
        cov, F, df, scaling = by_the_book(dense, fit.evaluation, L)
        np.testing.assert_allclose(found.cov, cov, rtol=1e-8, atol=1e-10)
        test = found.f_test(L)
        np.testing.assert_allclose(test[:4], [F, len(L), df, test.p_value], rtol=1e-8)
        assert test.scaling == pytest.approx(scaling, rel=1e-8)


def test_one_row_by_the_book(fitted, textbook, unbalanced):
    # With one row the general formulas have 0 / 0 nowhere but at df = 2 and scale by 1.
    fit = fitted("y ~ x + k + (x | g)", unbalanced)
    found = kenward_roger(fit.problem, fit.evaluation)
    for row in fit.each:
        F, df, scaling = by_the_book(textbook(fit.frame), fit.evaluation, row[None])[1:]
        assert scaling == pytest.approx(1, rel=1e-9)
        assert found.df_of(row)[0] == pytest.approx(df, rel=1e-8)
        assert found.f_test(row).statistic == pytest.approx(F, rel=1e-8)


@pytest.mark.parametrize(("n_group", "size"), [(3, 2), (5, 4), (8, 3)])
def test_balanced_layout_by_hand(fitted, n_group, size):
    # Groups minus one degrees of freedom, and a variance that needs no adjustment.
    rng = np.random.default_rng(n_group)
    g = np.repeat(np.arange(n_group), size)
    data = pd.DataFrame({"y": 3.0 * g + rng.normal(size=len(g)), "g": g.astype(str)})
    fit = fitted("y ~ 1 + (1 | g)", data)
    found = kenward_roger(fit.problem, fit.evaluation)
    assert found.df_of([1.0])[0] == pytest.approx(n_group - 1, rel=1e-10)
    between = size * data.groupby("g")["y"].mean().var()
    assert found.cov[0, 0] == pytest.approx(between / len(g), rel=1e-7)


@pytest.mark.parametrize(
    ("name", "formula", "df"),
    [("Dyestuff2", "Yield ~ 1 + (1 | Batch)", 5), ("singular_zero", "y ~ x + (x | g)", 7)],
)
def test_zero_variance_keeps_the_degrees_of_the_design(fitted, mixed_data, name, formula, df):
    # Balanced data, groups minus one: unlike Satterthwaite's, the expected information is
    # taken by variances, which are free to grow from zero.
    fit = fitted(formula, mixed_data(name))
    found = kenward_roger(fit.problem, fit.evaluation)
    np.testing.assert_allclose(found.df_of(fit.each), df, rtol=1e-8)
    np.testing.assert_allclose(found.cov, fit.evaluation.cov, rtol=1e-6)


@pytest.mark.parametrize("case", CASES)
def test_pbkrtest(fitted, mixed_data, mixed_values, case):
    name, formula = CASES[case]
    expected = mixed_values("lmm")[case]["reml"]["kenward_roger"]
    fit = fitted(formula, mixed_data(name))
    found = kenward_roger(fit.problem, fit.evaluation)
    np.testing.assert_allclose(found.df_of(fit.each), list(expected["df"].values()), rtol=OF_R)
    std_error = np.sqrt(np.diag(found.cov))
    np.testing.assert_allclose(std_error, list(expected["se"].values()), rtol=OF_R)
    largest = np.abs(found.cov).max()
    np.testing.assert_allclose(found.cov, expected["vcov_adj"], rtol=OF_R, atol=OF_R * largest)


def test_pbkrtest_scaled_f(fitted, mixed_data, mixed_values):
    expected = mixed_values("lrt")["oats_KRmodcomp_Variety"]
    fit = fitted("yield ~ nitro + Variety + (1 | Block/Variety)", mixed_data("Oats"))
    test = kenward_roger(fit.problem, fit.evaluation).f_test(fit.each[2:])
    wanted = [expected[name] for name in ("Fstat", "ndf", "ddf", "p.value", "F.scaling")]
    np.testing.assert_allclose(test, wanted, rtol=OF_R)


def test_marginal_means_of_emmeans(fitted, mixed_data, mixed_values):
    expected = pd.DataFrame(mixed_values("lmm")["machines"]["emmeans_kenward-roger"]["emm"])
    formula = "score ~ Machine + (1 | Worker) + (1 | Worker:Machine)"
    fit = fitted(formula, mixed_data("Machines"))
    found = kenward_roger(fit.problem, fit.evaluation)
    L = np.array([[1.0, 0, 0], [1, 1, 0], [1, 0, 1]])
    np.testing.assert_allclose(L @ found.beta, expected["emmean"], rtol=OF_R)
    np.testing.assert_allclose(found.df_of(L), expected["df"], rtol=OF_R)
    spread = np.sqrt(np.diag(L @ found.cov @ L.T))
    np.testing.assert_allclose(spread, expected["SE"], rtol=OF_R)


def test_balanced_split_plot_agrees_with_satterthwaite(fitted, mixed_data):
    # In a balanced design observed and expected information agree for contrasts of strata.
    fit = fitted("yield ~ nitro + Variety + (1 | Block/Variety)", mixed_data("Oats"))
    found = kenward_roger(fit.problem, fit.evaluation)
    rows = fit.each[1:]
    expected = satterthwaite_df(fit.evaluation, rows)
    np.testing.assert_allclose(found.df_of(rows), expected, rtol=1e-6)
    np.testing.assert_allclose(found.cov, fit.evaluation.cov, rtol=1e-7, atol=1e-9)


@settings(max_examples=15, deadline=None)
@given(factor=st.floats(1e-3, 1e3), unit=st.floats(1e-3, 1e3), seed=st.integers(0, 2**16))
def test_units_and_order_do_not_matter(fitted, mixed_data, factor, unit, seed):
    data = mixed_data("sleepstudy").iloc[:97]
    other = data.sample(frac=1, random_state=seed)
    other = other.assign(Reaction=factor * other["Reaction"], Days=unit * other["Days"])
    formula = "Reaction ~ Days + (Days | Subject)"
    one, two = (fitted(formula, rows) for rows in (data, other))
    found = kenward_roger(two.problem, two.evaluation)
    expected = kenward_roger(one.problem, one.evaluation)
    np.testing.assert_allclose(found.df_of(two.each), expected.df_of(one.each), rtol=1e-5)
    rescaled = factor**2 * expected.cov / np.outer([1, unit], [1, unit])
    np.testing.assert_allclose(found.cov, rescaled, rtol=1e-5)
    np.testing.assert_allclose(
        found.f_test(two.each).statistic, expected.f_test(one.each).statistic, rtol=1e-5
    )


def test_origin_of_a_covariate_does_not_matter(fitted, mixed_data):
    data = mixed_data("sleepstudy").iloc[:97]
    found = []
    for origin in (0.0, 2015.0):
        moved = data.assign(Days=data["Days"] + origin)
        fit = fitted("Reaction ~ Days + (Days | Subject)", moved)
        result = kenward_roger(fit.problem, fit.evaluation)
        found.append([*result.df_of([0, 1]), result.cov[1, 1]])
    np.testing.assert_allclose(found[1], found[0], rtol=1e-5)


def test_engines_agree(fitted, mixed_data):
    # One factor by sums over groups, and by dense algebra over all effects.
    fit = fitted("Reaction ~ Days + (Days | Subject)", mixed_data("sleepstudy").iloc[:131])
    frame = fit.frame
    dense = DenseProblem.from_columns(frame.X, frame.y, frame.blocks)
    one = kenward_roger(fit.problem, fit.evaluation)
    traces = kenward_roger_dense.dense_traces(dense, fit.evaluation)
    cov = traces.to_formula @ np.linalg.inv(traces.products) @ traces.to_formula.T
    ml = fit.problem.evaluate(fit.evaluation.theta, reml=False)
    np.testing.assert_allclose(2 * cov, expected_parameter_cov(fit.problem, ml), rtol=1e-9)
    assert one.slopes.shape == traces.slopes.shape


def test_rows_that_others_determine_count_once(fitted, mixed_data):
    fit = fitted("Reaction ~ Days + (Days | Subject)", mixed_data("sleepstudy"))
    found = kenward_roger(fit.problem, fit.evaluation)
    twice, once = found.f_test([[0, 1], [0, 2]]), found.f_test([0, 1])
    np.testing.assert_allclose(twice, once, rtol=1e-10)
    assert found.f_test([0, 0]).num_df == 0
    assert np.isnan(found.df_of([0, 0])[0])


def test_ml_is_refused(fitted, mixed_data):
    fit = fitted("Yield ~ 1 + (1 | Batch)", mixed_data("Dyestuff"), reml=False)
    with pytest.raises(ParameterError, match="restricted maximum likelihood"):
        kenward_roger(fit.problem, fit.evaluation)


def test_too_many_effects_are_refused(fitted, mixed_data, monkeypatch):
    fit = fitted("diameter ~ 1 + (1 | plate) + (1 | sample)", mixed_data("Penicillin"))
    monkeypatch.setattr(kenward_roger_dense, "MOST_EFFECTS", 29)
    with pytest.raises(DataError, match="this model has 30; choose Satterthwaite"):
        kenward_roger(fit.problem, fit.evaluation)
