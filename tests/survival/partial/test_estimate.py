"""The maximum: where the score vanishes, in the units of the covariates."""

import numpy as np
import pytest

from rpcstats.survival.partial.arrange import arrange
from rpcstats.survival.partial.estimate import LARGE, Columns, estimate
from rpcstats.survival.partial.likelihood import PartialLikelihood
from rpcstats.survival.partial.newton import maximise
from rpcstats.survival.partial.profile import profile_limit

# What is left of the score after the last step, per event.
NOTHING = 1e-9


def _columns(X, ties="efron", **options):
    given = {"offset": None, "ridge": 0.0, "scale_ridge": True, "is_firth": False} | options
    return Columns(X=X, ties=ties, **given)


def test_roots_by_hand(test1):
    """Breslow: r² - 3r - 6 = 0 from 2 = r / (r + 1) + 2r / (r + 3)."""
    time, event, x = test1
    order, X = arrange(time, event), x[:, None]
    breslow = estimate(order, _columns(X, "breslow"))
    assert breslow.beta[0] == pytest.approx(np.log((3 + np.sqrt(33)) / 2), abs=1e-12)
    r = np.exp(estimate(order, _columns(X)).beta[0])
    assert r / (r + 1) + r / (r + 3) + r / (r + 5) == pytest.approx(2.0, abs=1e-12)


def test_score_vanishes_and_information_is_inverted(drawn):
    rows = drawn(3, 40, 10, 2, late=True, weighted=True)
    order = arrange(
        rows.time,
        rows.event,
        entry=rows.entry,
        stratum=rows.stratum,
        n_stratum=2,
        weights=rows.weights,
    )
    found = estimate(order, _columns(rows.X))
    score = rows.score_residuals(found.beta, "efron").sum(axis=0)
    np.testing.assert_allclose(score, 0.0, atol=NOTHING)
    info = rows.information(found.beta, "efron")
    np.testing.assert_allclose(found.cov, np.linalg.inv(info), rtol=1e-8)
    assert found.maximum.log_lik == pytest.approx(rows.log_lik(found.beta, "efron"))


def test_columns_flat_within_risk_sets_are_left_out():
    rng = np.random.default_rng(1)
    stratum = np.repeat([0, 1], 30)
    z = rng.normal(size=60)
    X = np.column_stack([stratum + 5.0, z, 2 * z + 3 * stratum])
    time = rng.exponential(size=60)
    order = arrange(time, np.ones(60, bool), stratum=stratum, n_stratum=2)
    found = estimate(order, _columns(X))
    alone = estimate(order, _columns(z[:, None]))
    assert found.kept.tolist() == [1]
    np.testing.assert_allclose(found.beta, alone.beta, rtol=1e-10)


def test_no_columns():
    order = arrange(np.array([1.0, 2.0, 3.0]), np.array([True, True, False]))
    found = estimate(order, _columns(np.empty((3, 0))))
    assert found.maximum.converged
    assert found.maximum.log_lik == pytest.approx(-np.log(3) - np.log(2))


@pytest.mark.parametrize("late", [False, True])
def test_a_start_from_part_of_the_rows_leads_to_the_same_maximum(late):
    rng = np.random.default_rng(5)
    n = LARGE + 1000
    X = rng.normal(size=(n, 2))
    time = rng.exponential(size=n) * np.exp(-X @ [0.5, -0.2])
    entry = time * rng.random(n) if late else None
    order = arrange(time, rng.random(n) < 0.5, entry=entry)
    found = estimate(order, _columns(X))
    assert np.any(found.start)
    likelihood = found.likelihood
    plain = maximise(likelihood, np.zeros(2), n_event=int(order.n_tied.sum()))
    np.testing.assert_allclose(found.maximum.beta, plain.beta, rtol=1e-9)
    assert found.maximum.log_lik == pytest.approx(plain.log_lik, rel=1e-13)


@pytest.mark.parametrize("ties", ["efron", "breslow"])
def test_firth_slope_is_that_of_the_log_determinant(drawn, ties):
    rows = drawn(11, 30, 5, 1, late=True, weighted=True)
    order = arrange(rows.time, rows.event, entry=rows.entry, weights=rows.weights)
    X = np.ascontiguousarray(order.take(rows.X).T)
    likelihood = PartialLikelihood(order, X, None, ties, None, True)
    beta, step = np.array([0.3, -0.2, 0.4]), 1e-5
    differences = [
        (likelihood.at(beta + h).value - likelihood.at(beta - h).value) / (2 * step)
        for h in step * np.eye(3)
    ]
    np.testing.assert_allclose(likelihood.at(beta).gradient, differences, atol=1e-7)


def test_profile_limit_is_where_the_likelihood_has_fallen_by_half_z_squared(test1):
    """With one coefficient the profile is the likelihood itself."""
    time, event, x = test1
    order = arrange(time, event)
    likelihood = PartialLikelihood(order, order.take(x)[None])
    best = maximise(likelihood, np.zeros(1), n_event=4)
    for z in (-1.0, -0.5, 0.5):
        limit = profile_limit(likelihood, best, 0, z, n_event=4)
        fall = best.value - likelihood.at(np.array([limit])).value
        assert fall == pytest.approx(z**2 / 2, abs=1e-8)
        assert np.sign(limit - best.beta[0]) == np.sign(z)
