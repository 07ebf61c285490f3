"""The exact partial likelihood against every set of as many rows, listed one by one."""

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rpcstats.survival.partial.arrange import arrange
from rpcstats.survival.partial.exact import exact_terms
from rpcstats.survival.partial.power_series import product_of_rows

STEP = 1e-5  # of central differences, which are good to about nine digits with it


def _by_listing(rows, beta):
    eta = rows.X @ beta
    total = 0.0
    for s in np.unique(rows.stratum):
        inside = rows.stratum == s
        for t in np.unique(rows.time[inside & rows.event]):
            at_risk = np.flatnonzero(inside & (rows.entry < t) & (rows.time >= t))
            dying = inside & rows.event & (rows.time == t)
            sums = [eta[list(c)].sum() for c in combinations(at_risk, int(dying.sum()))]
            total += eta[dying].sum() - np.log(np.exp(sums).sum())
    return total


def _arranged(rows):
    codes, stratum = np.unique(rows.stratum, return_inverse=True)
    entry = None if np.all(rows.entry < 0) else rows.entry
    order = arrange(rows.time, rows.event, entry=entry, stratum=stratum, n_stratum=len(codes))
    return order, np.ascontiguousarray(order.take(rows.X).T)


def test_two_of_four_by_hand(test1):
    """The pair who die at 6 are one pair of six: r 1 of 3 pairs r and 3 pairs 1."""
    time, event, x = test1
    beta, order = 0.8, arrange(time, event)
    X, r = order.take(x)[None], np.exp(beta)
    found = exact_terms(order, X, beta * X[0])
    assert found.log_lik == pytest.approx(2 * (beta - np.log(3 * r + 3)))
    assert found.gradient[0] == pytest.approx(2 - 2 * r / (r + 1))
    assert found.information[0, 0] == pytest.approx(2 * r / (r + 1) ** 2)


@settings(max_examples=25, deadline=None)
@given(
    seed=st.integers(0, 1000),
    n=st.integers(2, 11),
    n_time=st.sampled_from([1, 3, 100]),
    late=st.booleans(),
)
def test_every_set_of_rows(drawn, seed, n, n_time, late):
    rows = drawn(seed, n, n_time, min(2, n), late=late, weighted=False)
    beta = np.array([0.5, -0.4, 0.3])
    order, X = _arranged(rows)
    found = exact_terms(order, X, beta @ X)
    assert found.log_lik == pytest.approx(_by_listing(rows, beta), rel=1e-10, abs=1e-10)
    differences = np.array(
        [_by_listing(rows, beta + h) - _by_listing(rows, beta - h) for h in STEP * np.eye(3)]
    )
    np.testing.assert_allclose(found.gradient, differences / (2 * STEP), atol=1e-7)
    slopes = [
        exact_terms(order, X, (beta - h) @ X).gradient
        - exact_terms(order, X, (beta + h) @ X).gradient
        for h in STEP * np.eye(3)
    ]
    np.testing.assert_allclose(found.information, np.array(slopes) / (2 * STEP), atol=1e-7)


def test_dozens_of_ties_among_thousands_stay_in_range():
    """At β = 0 every set is as likely: minus the log of a binomial coefficient."""
    from scipy.special import gammaln

    n, d = 5000, 60
    time, event = np.ones(n), np.arange(n) < d
    order = arrange(time, event)
    X = np.random.default_rng(0).normal(size=(2, n))
    found = exact_terms(order, X, np.zeros(n))
    log_sets = gammaln(n + 1) - gammaln(d + 1) - gammaln(n - d + 1)
    assert found.log_lik == pytest.approx(-log_sets, rel=1e-12)
    # Sampling d of n without replacement.
    spread = np.cov(X, bias=True) * d * (n - d) / (n - 1)
    np.testing.assert_allclose(found.information, spread, rtol=1e-9)


def test_product_of_rows_by_hand():
    """(1 + 2z)(1 + 3z)(1 + 5z) = 1 + 10z + 31z² + 30z³, cut at z²."""
    series = product_of_rows(np.array([2.0, 3.0, 5.0]), np.array([[1.0, 0.0, 0.0]]), 3)
    assert series.value.tolist() == [[1.0, 10.0, 31.0]]
    assert series.slope[0, :, 0].tolist() == [0.0, 2.0, 16.0]
