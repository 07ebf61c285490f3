"""Adjusted p-values, the studentised range and the largest of correlated t statistics."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import special, stats

from rpcstats.errors import ParameterError
from rpcstats.mixed.inference.tails import t_p
from rpcstats.mixed.means.contrast_rows import contrast_rows
from rpcstats.mixed.means.max_t import MaxT
from rpcstats.mixed.means.multiplicity import Comparisons, adjusted
from rpcstats.mixed.means.studentised_range import studentised_range_p

# scipy's own quadrature of the studentised range.
SCIPY_RANGE = 1e-9
EXACT = 1e-10
P_VALUES = st.lists(st.floats(1e-6, 6.0), min_size=2, max_size=8)


def comparisons(t, df=20.0, n_mean=4, cov=None):
    t = np.asarray(t, dtype=float)
    return Comparisons(t, np.full(len(t), df), np.eye(len(t)) if cov is None else cov, n_mean)


def pairs_of(n_mean, cov=None):
    K = contrast_rows("pairwise", [str(k) for k in range(n_mean)]).rows
    return K @ (np.eye(n_mean) if cov is None else cov) @ K.T


def correlation(cov):
    spread = np.sqrt(np.diag(cov))
    return cov / np.outer(spread, spread)


def test_adjustments_by_hand():
    """Four p-values: 0.01, 0.02, 0.03, 0.04."""
    p = np.array([0.01, 0.04, 0.02, 0.03])
    t = -special.ndtri(p / 2)
    found = {
        method: adjusted(comparisons(t, np.inf), method, conf_level=0.95).p_value
        for method in ("none", "bonferroni", "holm", "sidak", "fdr")
    }
    np.testing.assert_allclose(found["none"], p, rtol=EXACT)
    np.testing.assert_allclose(found["bonferroni"], 4 * p, rtol=EXACT)
    np.testing.assert_allclose(found["holm"], [0.04, 0.06, 0.06, 0.06], rtol=EXACT)
    np.testing.assert_allclose(found["sidak"], 1 - (1 - p) ** 4, rtol=EXACT)
    np.testing.assert_allclose(found["fdr"], [0.04, 0.04, 0.04, 0.04], rtol=EXACT)


@given(t=P_VALUES, df=st.floats(2.0, 200.0))
def test_order_of_the_adjustments(t, df):
    p = {
        method: adjusted(comparisons(t, df), method, conf_level=0.9).p_value
        for method in ("none", "fdr", "holm", "sidak", "bonferroni")
    }
    slack = 1.0 + 1e-12
    assert (p["none"] <= p["fdr"] * slack).all()
    assert (p["fdr"] <= p["holm"] * slack).all()
    assert (p["holm"] <= p["bonferroni"] * slack).all()
    assert (p["sidak"] <= p["bonferroni"] * slack).all()
    assert (p["bonferroni"] <= 1.0).all()


@pytest.mark.parametrize(("n_mean", "df", "q"), [(3, 10.0, 5.0), (4, 3.5, 2.0), (6, 45.0, 3.4)])
def test_studentised_range_is_scipys(n_mean, df, q):
    found = studentised_range_p(np.array([q]), n_mean, df)
    np.testing.assert_allclose(found, stats.studentized_range.sf(q, n_mean, df), rtol=SCIPY_RANGE)


def test_range_of_two_means_is_a_t_statistic():
    t = np.array([0.1, 1.0, 5.0, 40.0])
    for df in (1.0, 2.5, 7.0, 300.0, np.inf):
        found = studentised_range_p(np.sqrt(2.0) * t, 2, df)
        np.testing.assert_allclose(found, t_p(t, df), rtol=EXACT)


def test_range_at_the_ends():
    found = studentised_range_p(np.array([0.0, np.inf, np.nan]), 4, 9.0)
    np.testing.assert_array_equal(found, [1.0, 0.0, np.nan])


@pytest.mark.parametrize("df", [3.0, 17.5, np.inf])
def test_largest_of_three_balanced_pairs_is_tukeys(df):
    largest = MaxT(correlation(pairs_of(3)))
    assert largest.is_exact
    for t in (0.2, 1.0, 2.5, 6.0):
        tukey = studentised_range_p(np.array([np.sqrt(2.0) * t]), 3, df)[0]
        np.testing.assert_allclose(largest.tail(t, df).p, tukey, rtol=EXACT)


def test_quasi_random_points_know_how_far_they_are_off():
    largest = MaxT(correlation(pairs_of(5)))
    assert not largest.is_exact
    for t in (1.0, 2.5, 4.0):
        tukey = studentised_range_p(np.array([np.sqrt(2.0) * t]), 5, 12.0)[0]
        found = largest.tail(t, 12.0)
        assert found.error < 2e-4
        # Five standard errors of eight sets: one in two thousand.
        assert abs(found.p - tukey) < 5.0 * found.error


def test_independent_statistics_multiply():
    """With the normal distribution the tails of independent statistics are known."""
    largest = MaxT(np.eye(4))
    assert largest.is_exact
    for t in (0.5, 2.0, 5.0):
        one = float(t_p(t, np.inf))
        expected = -np.expm1(4 * np.log1p(-one))
        np.testing.assert_allclose(largest.tail(t, np.inf).p, expected, rtol=EXACT)


@pytest.mark.parametrize("loadings", [[0.7, 0.7, 0.7], [0.9, -0.4, 0.6, 0.8]])
def test_product_correlation_agrees_with_the_multivariate_normal(loadings):
    loadings = np.array(loadings)
    R = np.outer(loadings, loadings)
    np.fill_diagonal(R, 1.0)
    largest = MaxT(R)
    assert largest.is_exact
    t, m = 2.2, len(R)
    box = stats.multivariate_normal(np.zeros(m), R, seed=1, abseps=1e-7, maxpts=10**6)
    inside = box.cdf(np.full(m, t), lower_limit=np.full(m, -t))
    # What the quasi-random cdf of scipy is asked for.
    np.testing.assert_allclose(largest.tail(t, np.inf).p, 1.0 - inside, atol=1e-6)


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 10_000), rank=st.integers(1, 3), df=st.sampled_from([4.0, 30.0, np.inf]))
def test_largest_lies_between_one_and_bonferroni(seed, rank, df):
    rows = np.random.default_rng(seed).normal(size=(4, rank))
    largest = MaxT(correlation(rows @ rows.T))
    tails = [largest.tail(t, df).p for t in (0.5, 1.5, 3.0)]
    ones = t_p(np.array([0.5, 1.5, 3.0]), df)
    assert (np.array(tails) >= ones * (1 - 1e-12)).all()
    assert (np.array(tails) <= np.minimum(1.0, 4 * ones) * (1 + 1e-12)).all()
    assert tails == sorted(tails, reverse=True)


@pytest.mark.parametrize("method", ["tukey", "mvt", "sidak", "bonferroni"])
def test_limits_touch_zero_where_p_is_the_level(method):
    """A statistic equal to the critical value has a p-value of 5%."""
    cov = pairs_of(3, np.diag([1.0, 2.0, 0.5]))
    critical = adjusted(comparisons([1.0, 1.0, 1.0], 9.0, 3, cov), method, conf_level=0.95)
    again = adjusted(comparisons(critical.quantile, 9.0, 3, cov), method, conf_level=0.95)
    np.testing.assert_allclose(again.p_value, 0.05, rtol=1e-9)


def test_what_cannot_be_compared_does_not_count():
    t = np.array([2.0, np.nan, 1.0])
    found = adjusted(comparisons(t), "bonferroni", conf_level=0.95)
    np.testing.assert_allclose(found.p_value, [2 * t_p(2.0, 20.0), np.nan, 2 * t_p(1.0, 20.0)])
    nothing = adjusted(comparisons([np.nan]), "tukey", conf_level=0.95)
    assert np.isnan(nothing.p_value).all()


@pytest.mark.parametrize("method", ["pairwise", "reference", "polynomial", "eff"])
@pytest.mark.parametrize("k", [2, 3, 5, 8])
def test_coefficients_sum_to_zero(method, k):
    names, rows = contrast_rows(method, [f"level {i}" for i in range(k)])
    assert len(names) == len(rows)
    np.testing.assert_allclose(rows.sum(axis=1), 0.0, atol=1e-12)


def test_coefficients_by_hand():
    labels = ["a", "b", "c", "d"]
    np.testing.assert_array_equal(
        contrast_rows("polynomial", labels).rows, [[-3, -1, 1, 3], [1, -1, -1, 1], [-1, 3, -3, 1]]
    )
    names, rows = contrast_rows("reference", labels[:3], reference=1)
    assert names == ("a - b", "c - b")
    np.testing.assert_array_equal(rows, [[1, -1, 0], [0, -1, 1]])
    assert contrast_rows("pairwise", ["a - b", "c"]).names == ("(a - b) - c",)
    assert len(contrast_rows("pairwise", labels).names) == 6


def test_polynomials_know_unequal_positions():
    rows = contrast_rows("polynomial", ["0", "1", "3"], scores=np.array([0.0, 1.0, 3.0])).rows
    np.testing.assert_array_equal(rows, [[-4, -1, 5], [2, -3, 1]])


@pytest.mark.parametrize(
    ("method", "message"),
    [("all", "method is unknown"), ({"a": [1, -1]}, "3 finite numbers"), ({}, "no comparison")],
)
def test_bad_contrasts_are_told(method, message):
    with pytest.raises(ParameterError, match=message):
        contrast_rows(method, ["a", "b", "c"])


@pytest.mark.parametrize(
    ("method", "options", "message"),
    [
        ("eff", {"adjust": "tukey"}, "all pairs"),
        ("pairwise", {"adjust": "dunnett"}, "one reference"),
        ("pairwise", {"adjust": "duncan"}, "adjust is unknown"),
        ("pairwise", {"by": "herd"}, "without means"),
        ("reference", {"reference": "9"}, "no mean"),
        ({"first": [1, 0, 0, 0]}, {"exponentiate": True}, "sum to 0"),
    ],
)
def test_comparisons_that_do_not_go_together(method, options, message, cbpp):
    with pytest.raises(ParameterError, match=message):
        cbpp.marginal_means("period", type="response").contrasts(method, **options)


def test_random_points_give_one_answer(cbpp):
    means = cbpp.marginal_means("period")
    first, second = (means.contrasts(adjust="mvt", seed=3).tidy() for _ in range(2))
    np.testing.assert_array_equal(first["p_value"], second["p_value"])
    assert "off by about" in str(means.contrasts(adjust="mvt").summary())
    tukey = means.contrasts(adjust="tukey").tidy()
    # Unequal errors: Tukey's rule is a little wider than need be.
    assert (first["p_value"] <= tukey["p_value"] + 1e-3).all()
