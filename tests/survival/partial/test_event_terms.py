"""The log partial likelihood and its terms, by hand and by definition."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rpcstats.survival.partial import event_terms as module
from rpcstats.survival.partial.arrange import arrange
from rpcstats.survival.partial.event_terms import event_terms, expected_events
from rpcstats.survival.partial.information import information
from rpcstats.survival.partial.moments import (
    event_means,
    information_times,
    score_residuals,
)

# Sums of at most forty rows in another order.
ROUNDING = {"rtol": 1e-11, "atol": 1e-11}


@pytest.mark.parametrize("beta", [0.0, 0.7, -1.2])
def test_ties_by_hand(test1, beta):
    """At 1 the risk set sums to 3r + 3, at 6 to r + 3 with events r and 1, at 9 to 1."""
    time, event, x = test1
    r = np.exp(beta)
    order = arrange(time, event)
    eta = beta * order.take(x)
    breslow, efron = event_terms(order, eta, "breslow"), event_terms(order, eta, "efron")
    start = 2 * beta - np.log(3 * r + 3)
    assert breslow.log_lik == pytest.approx(start - 2 * np.log(r + 3))
    assert efron.log_lik == pytest.approx(start - np.log(r + 3) - np.log((r + 5) / 2))
    steps = [1 / (3 * r + 3), 1 / (r + 3) + 2 / (r + 5), 1.0]
    np.testing.assert_allclose(efron.e0, steps)
    np.testing.assert_allclose(breslow.e0, [steps[0], 2 / (r + 3), 1.0])


@pytest.mark.parametrize("beta", [0.0, 0.7])
def test_expected_events_by_hand(test1, beta):
    """Either of the two who die at 6 has half of the second step's hazard only."""
    time, event, x = test1
    r = np.exp(beta)
    order = arrange(time, event)
    terms = event_terms(order, beta * order.take(x), "efron")
    a, b, c = 1 / (3 * r + 3), 1 / (r + 3), 2 / (r + 5)
    own = [a + b + c + 1, a * r, a * r, r * (a + b + c / 2), a + b + c / 2, a + b + c]
    np.testing.assert_allclose(order.put(expected_events(order, terms)), own)


def test_derivatives_by_hand(test1):
    """Score 2 - Σ p, information Σ p (1 - p), p the share of x = 1 in each risk set."""
    time, event, x = test1
    beta, order = 0.4, arrange(time, event)
    r, X = np.exp(beta), order.take(x)[None]
    p = np.array([r / (r + 1), r / (r + 3), r / (r + 5)])
    terms = event_terms(order, beta * X[0], "efron")
    expected = expected_events(order, terms)
    assert (X @ (order.event_weights - expected))[0] == pytest.approx(2 - p.sum())
    assert information(order, X, terms, expected)[0, 0] == pytest.approx(np.sum(p * (1 - p)))
    means = event_means(order, X, terms)[0]
    np.testing.assert_allclose(means, [p[0], (p[1] + p[2]) / 2, 0.0], atol=1e-15)


def test_late_entry_by_hand(test2):
    """The risk sets sum to r + 1, r + 2, 3r + 2, 3r + 1 twice and 3r + 2."""
    entry, time, event, x = test2
    beta = 0.3
    r, order = np.exp(beta), arrange(time, event, entry=entry)
    sums = np.array([r + 1, r + 2, 3 * r + 2, 3 * r + 1, 3 * r + 1, 3 * r + 2])
    terms = event_terms(order, beta * order.take(x), "efron")
    np.testing.assert_allclose(terms.S0, sums)
    logs = np.log(sums).sum()
    assert terms.log_lik == pytest.approx(4 * beta - logs - np.log(2 * r + 2))
    breslow = event_terms(order, beta * order.take(x), "breslow").log_lik
    assert breslow == pytest.approx(4 * beta - logs - np.log(3 * r + 2))


def _both(rows, beta, ties):
    codes, stratum = np.unique(rows.stratum, return_inverse=True)
    order = arrange(
        rows.time,
        rows.event,
        entry=None if np.all(rows.entry < 0) else rows.entry,
        stratum=stratum,
        n_stratum=len(codes),
        weights=None if np.all(rows.weights == 1) else rows.weights,
    )
    X = np.ascontiguousarray(order.take(rows.X).T)
    terms = event_terms(order, beta @ X, ties)
    return order, X, terms, expected_events(order, terms)


@settings(max_examples=60, deadline=None)
@given(data=st.data(), ties=st.sampled_from(["efron", "breslow"]))
def test_everything_by_definition(drawn, shapes, data, ties):
    rows = drawn(**data.draw(shapes))
    beta = np.array([0.5, -0.3, 0.2])
    order, X, terms, expected = _both(rows, beta, ties)
    assert terms.log_lik == pytest.approx(rows.log_lik(beta, ties), rel=1e-11, abs=1e-11)
    np.testing.assert_allclose(order.put(expected), rows.expected(beta, ties), **ROUNDING)
    info = information(order, X, terms, expected)
    np.testing.assert_allclose(info, rows.information(beta, ties), **ROUNDING)
    residuals = order.put(score_residuals(order, X, terms, expected).T)
    np.testing.assert_allclose(residuals, rows.score_residuals(beta, ties), **ROUNDING)
    np.testing.assert_allclose(information_times(order, X, terms, expected) @ X.T, info, **ROUNDING)


def test_large_linear_predictors_are_shifted_within_strata(drawn):
    rows = drawn(1, 30, 10, 2, late=False, weighted=True)
    beta = np.array([0.5, -0.3, 0.2])
    order, X, plain, expected = _both(rows, beta, "efron")
    lifted = beta @ X + np.where(order.stratum[order.last] == 0, 900.0, -900.0)
    terms = event_terms(order, lifted, "efron")
    assert terms.log_lik == pytest.approx(plain.log_lik, rel=1e-11)
    np.testing.assert_allclose(expected_events(order, terms), expected, rtol=1e-11)
    np.testing.assert_allclose(
        information(order, X, terms, expected), information(order, X, plain, expected), rtol=1e-9
    )


@pytest.mark.parametrize("seed", [2, 3, 4])
def test_risk_sets_far_apart_in_size_keep_their_digits(drawn, seed):
    """Those with a huge risk enter late and leave; what is left is 1e-17 of what was there."""
    rows = drawn(seed, 40, 20, 1, late=True, weighted=True)
    beta = np.array([14.0, -9.0, 2.0])
    order, X, terms, expected = _both(rows, beta, "efron")
    assert terms.is_delicate
    assert terms.log_lik == pytest.approx(rows.log_lik(beta, "efron"), rel=1e-12)
    np.testing.assert_allclose(order.put(expected), rows.expected(beta, "efron"), rtol=1e-10)
    np.testing.assert_allclose(
        information(order, X, terms, expected),
        rows.information(beta, "efron"),
        rtol=1e-8,
        atol=1e-12,
    )


def test_expected_events_of_long_runs_are_those_of_short_ones(drawn, monkeypatch):
    rows = drawn(3, 40, 4, 1, late=False, weighted=True)
    order = arrange(rows.time, rows.event, weights=rows.weights)
    terms = event_terms(order, rows.X[order.rows, 0])
    expected = expected_events(order, terms)
    assert (order.n_tied > 2).any()
    monkeypatch.setattr(module, "LONG", 3)
    np.testing.assert_allclose(expected_events(order, terms), expected, rtol=1e-12)
