"""Tests of terms: hypotheses by hand, codings, empty cells, and lmerTest's tables."""

from functools import partial

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from rpcstats._vocabulary import F_TESTS
from rpcstats.errors import FormulaError
from rpcstats.formula import design
from rpcstats.mixed.inference.f_tests import f_tests, wald_test
from rpcstats.mixed.inference.indicator_coding import indicator_coding
from rpcstats.mixed.inference.kenward_roger import kenward_roger
from rpcstats.mixed.inference.satterthwaite import satterthwaite
from rpcstats.mixed.inference.tails import f_p, t_p
from rpcstats.mixed.inference.term_columns import term_columns
from rpcstats.mixed.inference.term_hypotheses import Hypothesis, term_hypotheses

# R's values belong to its own optimum and, for Satterthwaite, to differences.
OF_R = 2e-6

CASES = {
    "sleepstudy_slope": ("sleepstudy", "Reaction ~ Days + (Days | Subject)"),
    "machines": ("Machines", "score ~ Machine + (1 | Worker) + (1 | Worker:Machine)"),
    "machines_factor_slope": ("Machines", "score ~ Machine + (Machine | Worker)"),
    "oats": ("Oats", "yield ~ nitro + Variety + (1 | Block/Variety)"),
    "oats_cells": ("Oats", "yield ~ C(nitro) * Variety + (1 | Block/Variety)"),
    "orthodont_slope": ("Orthodont", "distance ~ age * Sex + (age | Subject)"),
    "crossed_unbalanced": ("synthetic_crossed", "y ~ x + arm + (1 | school) + (1 | rater)"),
    "missed_slope": ("synthetic_missed", "y ~ session * arm + (session | family)"),
    "bodyweight_slope": ("BodyWeight", "weight ~ Time * C(Diet) + (Time | Rat)"),
}


@pytest.fixture(scope="module")
def cells():
    """Two factors and two covariates, every cell filled unevenly."""
    rng = np.random.default_rng(2)
    n = 60
    return pd.DataFrame(
        {
            "y": rng.normal(size=n),
            "a": rng.permutation(np.repeat(list("pq"), n // 2)),
            "b": rng.permutation(np.repeat(list("uvw"), n // 3)),
            "x": rng.normal(size=n) + 1,
            "w": rng.uniform(size=n),
        }
    )


def hypotheses(formula, data, kind="III", kept=None):
    built = design(formula, data)
    names = built.names if kept is None else tuple(built.names[at] for at in kept)
    return {each.term: each.L for each in term_hypotheses(built, names, kind)}


def same_rows(found, expected):
    """Whether rows span the same hypothesis."""
    found, expected = np.atleast_2d(found), np.atleast_2d(expected)
    rank = np.linalg.matrix_rank
    together = rank(np.vstack([found, expected]))
    return together == rank(found) == rank(expected)


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("method", ["satterthwaite", "kenward_roger"])
def test_tables_of_r(fitted, mixed_data, mixed_values, case, method):
    name, formula = CASES[case]
    values = mixed_values("lmm")[case]["reml"]
    fit = fitted(formula, mixed_data(name))
    if method == "satterthwaite":
        test = satterthwaite(fit.evaluation).f_test
    else:
        test = kenward_roger(fit.problem, fit.evaluation).f_test
    terms = term_hypotheses(fit.frame.design, fit.frame.names)
    found = f_tests(terms, test, sigma2=fit.evaluation.sigma2)
    expected = pd.DataFrame(values[method]["anova"])
    assert tuple(found.columns) == F_TESTS
    of_r = ["Sum Sq", "NumDF", "DenDF", "F value"]
    np.testing.assert_allclose(found[list(F_TESTS[1:5])], expected[of_r], rtol=OF_R)
    # An error in F grows with the distance into the tail.
    np.testing.assert_allclose(np.log(found["p_value"]), np.log(expected["Pr(>F)"]), rtol=OF_R)


def test_columns_of_terms(cells):
    found = term_columns(design("y ~ a * x + b", cells))
    assert [each.term for each in found] == ["1", "a", "x", "b", "a:x"]
    assert [list(each.columns) for each in found] == [[0], [1], [2], [3, 4], [5]]


def test_main_effect_by_hand(cells):
    # Columns Intercept, a[q], b[v], b[w], a[q]:b[v], a[q]:b[w]: the mean of the cells of q
    # minus that of p is a[q] plus a third of both interactions.
    found = hypotheses("y ~ a * b", cells)
    assert same_rows(found["a"], [0, 1, 0, 0, 1 / 3, 1 / 3])
    assert same_rows(found["b"], [[0, 0, 1, 0, 1 / 2, 0], [0, 0, 0, 1, 0, 1 / 2]])
    assert same_rows(found["a:b"], np.eye(6)[4:])


def test_covariates_stay_at_zero(cells):
    # A slope is averaged over the categories it interacts with; a category is not averaged
    # over a covariate.
    found = hypotheses("y ~ a * x", cells)
    assert same_rows(found["x"], [0, 0, 1, 1 / 2])
    assert same_rows(found["a"], [0, 1, 0, 0])


def test_three_factors_by_hand(cells):
    data = cells.assign(c=np.tile(["i", "j"], len(cells) // 2))
    built = design("y ~ a * c * x", data)
    found = hypotheses("y ~ a * c * x", data)
    at = {name: place for place, name in enumerate(built.names)}
    wanted = np.zeros(len(at))
    wanted[at["x"]] = 1
    wanted[at["a[T.q]:x"]] = wanted[at["c[T.j]:x"]] = 1 / 2
    wanted[at["a[T.q]:c[T.j]:x"]] = 1 / 4
    assert same_rows(found["x"], wanted)


@pytest.mark.parametrize(
    "other",
    ["C(a, contr.sum) * C(b, contr.helmert) + x", "C(a, contr.SAS) * C(b, contr.poly) + x"],
)
def test_coding_does_not_matter(cells, other):
    def table(right):
        built = design(f"y ~ {right}", cells)
        X, y = built.X, cells["y"].to_numpy()
        beta = np.linalg.lstsq(X, y, rcond=None)[0]
        test = partial(wald_test, beta, np.linalg.inv(X.T @ X))
        return f_tests(term_hypotheses(built, built.names), test)[["num_df", "statistic"]]

    np.testing.assert_allclose(table(other), table("a * b + x"), rtol=1e-9)


@pytest.mark.parametrize(
    ("formula", "sizes"),
    [
        ("y ~ a:b + x", {"a:b": 5, "x": 1}),
        ("y ~ b / x", {"b": 2, "b:x": 3}),
        ("y ~ poly(x, 2) * a + bs(w, df=4)", {"poly(x, 2)": 2, "a": 1, "bs(w, df=4)": 4}),
        ("y ~ poly(x, 2):poly(w, 2):b", {"poly(x, 2):poly(w, 2):b": 12}),
        ("y ~ 0 + b", {"b": 3}),
    ],
)
def test_sizes_of_hypotheses(cells, formula, sizes):
    found = hypotheses(formula, cells)
    for term, size in sizes.items():
        assert np.linalg.matrix_rank(found[term]) == size


def test_empty_cell_by_hand(cells):
    # Without the cell (q, w): a is tested over u and v alone (Goodnight 1978).
    data = cells[(cells["a"] != "q") | (cells["b"] != "w")]
    built = design("y ~ a * b", data)
    found = hypotheses("y ~ a * b", data, kept=range(5))
    means = pd.DataFrame({"y": 0.0, "a": list("ppqq"), "b": list("uvuv")})
    each = built.encode(means)[:, :5]
    assert same_rows(found["a"], each[2] + each[3] - each[0] - each[1])
    assert same_rows(found["a:b"], each[3] - each[2] - each[1] + each[0])
    assert len(found["b"]) == 2


def test_a_term_the_data_cannot_tell(cells):
    data = cells.assign(twice=2 * cells["x"])
    found = hypotheses("y ~ a + x + twice", data, kept=[0, 1, 2])
    assert found["twice"].shape == (0, 3)
    assert same_rows(found["x"], [0, 0, 1])
    assert same_rows(found["a"], [0, 1, 0])
    named = [Hypothesis(term, L) for term, L in found.items()]
    table = f_tests(named, partial(wald_test, np.ones(3), np.eye(3)))
    assert list(table["num_df"]) == [1, 1, 0]
    assert np.isnan(table["statistic"][2])


def test_no_terms_no_rows(cells):
    for formula in ("y ~ 1", "y ~ 0"):
        for kind in ("III", "I"):
            assert hypotheses(formula, cells, kind) == {}
    table = f_tests((), partial(wald_test, np.zeros(0), np.eye(0)), sigma2=1.0)
    assert tuple(table.columns) == F_TESTS
    assert len(table) == 0


def test_type_one_is_the_sequence_of_least_squares(cells):
    # In least squares the sums of squares of type I add up, each term after those before.
    formula, y = "y ~ b + x + a + b:x", cells["y"].to_numpy()
    built = design(formula, cells)
    beta = np.linalg.lstsq(built.X, y, rcond=None)[0]
    test = partial(wald_test, beta, np.linalg.inv(built.X.T @ built.X))
    found = f_tests(term_hypotheses(built, built.names, "I"), test, sigma2=1.0)
    left = []
    for columns in (range(1), range(3), range(4), range(5), range(7)):
        X = built.X[:, columns]
        left.append(np.sum((y - X @ np.linalg.lstsq(X, y, rcond=None)[0]) ** 2))
    np.testing.assert_allclose(found["sum_sq"], -np.diff(left), rtol=1e-9)


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 2**16))
def test_order_of_rows_does_not_matter(cells, seed):
    formula = "y ~ a * b + x"
    one = hypotheses(formula, cells)
    two = hypotheses(formula, cells.sample(frac=1, random_state=seed))
    assert all(same_rows(one[term], two[term]) for term in one)


def test_wald_by_hand():
    # Two independent estimates of variance 4: (2² + 6²) / 4 / 2 = 5.
    test = wald_test(np.array([2.0, 6.0]), 4 * np.eye(2), np.eye(2))
    assert test.statistic == pytest.approx(5, rel=1e-12)
    assert test.num_df == 2
    assert test.den_df == np.inf
    assert test.p_value == pytest.approx(np.exp(-5), rel=1e-12)


def test_overlapping_terms_are_refused(cells):
    built = design("y ~ a + b", cells)
    broken = [each._replace(products=each.products * 2) for each in term_columns(built)]
    with pytest.raises(FormulaError, match="overlap"):
        indicator_coding(broken)


@pytest.mark.parametrize("df", [1.5, 10.0, 261.7, 1e5])
@pytest.mark.parametrize("t", [1e-9, 0.3, 2.0, 12.0])
def test_tails_of_t(t, df):
    assert t_p(t, df) == pytest.approx(2 * stats.t.sf(t, df), rel=1e-12)
    assert t_p(-t, df) == t_p(t, df)


def test_far_tails_keep_their_digits():
    # Two degrees of freedom have a closed form: 1 - t / sqrt(2 + t²).
    t = 1e8
    assert t_p(t, 2.0) == pytest.approx(2 / (2 + t**2) / (1 + t / np.sqrt(2 + t**2)), rel=1e-10)
    # And F with two numerator degrees of freedom: (1 + 2 F / d)^(-d / 2).
    assert f_p(400.0, 2, 300.0) == pytest.approx((1 + 800 / 300) ** -150, rel=1e-12)
    assert f_p(1e-14, 2, 300.0) == pytest.approx(1 - 1e-14, rel=1e-15)
    assert t_p(30.0, np.inf) == pytest.approx(2 * stats.norm.sf(30), rel=1e-10)


def test_an_infinite_statistic_has_p_0_and_no_warning():
    assert f_p(np.inf, 1, 7) == 0.0
    np.testing.assert_array_equal(t_p([np.inf, -np.inf, 0.0], [3.0, np.inf, 3.0]), [0, 0, 1])
