"""Sub-distribution models in chunks of rows give what they give row by row."""

import numpy as np
import pandas as pd
import pytest

from rpcstats.survival._multiway import clustered_covariance
from rpcstats.survival.competing import _pool_chunks
from rpcstats.survival.competing._censoring import censoring
from rpcstats.survival.competing._plain_order import plain_order
from rpcstats.survival.competing._subdistribution_likelihood import ChunkedPoint, likelihood_of
from rpcstats.survival.competing.fine_gray_regression import fine_gray
from rpcstats.survival.partial import chunks

XY = "Surv(time, cause) ~ x + y"
ROUNDING = 1e-9
"""The same sums in another order, carried through a search."""
LAST_STEP = 1e-7
"""The covariance is that of the last point evaluated, a negligible step from the estimates."""


@pytest.fixture(params=["continuous", "tied", "whole"])
def course(request):
    rng = np.random.default_rng(5)
    n = 300
    time = rng.exponential(size=n) + 0.01
    if request.param == "tied":
        time = np.ceil(time * 8) / 8
    elif request.param == "whole":
        time = np.ceil(time * 8)
    cause = rng.integers(0, 3, n)
    # Before the first event of cause 1 rows are censored, or join the pool alone.
    cause[(time <= np.quantile(time, 0.1)) & (cause == 1)] = 2
    return pd.DataFrame(
        {
            "time": time,
            "cause": cause,
            "x": rng.normal(size=n),
            "y": rng.normal(size=n) * (time > 0.5),
            "w": rng.uniform(0.5, 2.0, n),
            "one": 1.0,
            "s": rng.integers(0, 3, n),
            "k": rng.integers(0, 40, n),
            "j": rng.integers(0, 12, n),
        }
    )


def _cut_into(monkeypatch, n_row):
    monkeypatch.setattr(chunks, "ROWS", n_row)
    monkeypatch.setattr(_pool_chunks, "_ROWS", 2 * n_row)


@pytest.mark.parametrize("variance", ["fine-gray", "jackknife", "known-weights"])
@pytest.mark.parametrize("weights", [None, "w"])
@pytest.mark.parametrize("clusters", ["", " + cluster(k)", " + cluster(k) + cluster(j)"])
def test_the_streamed_covariance_is_that_of_the_rows(
    course, monkeypatch, variance, weights, clusters
):
    _cut_into(monkeypatch, 16)
    fit = fine_gray(XY + clusters, course, cause="1", variance=variance, weights=weights)
    by_row = clustered_covariance(fit.score_rows, [g.codes for g in fit.frame.clusters])
    expected = fit.cov_model @ by_row @ fit.cov_model
    np.testing.assert_allclose(fit.cov, expected, rtol=LAST_STEP)


@pytest.mark.parametrize(
    ("terms", "options"),
    [
        ("", {}),
        (" + strata(s)", {}),
        ("", {"censoring_by": "s", "weights": "w"}),
        (" + strata(s)", {"censoring_by": "k", "variance": "jackknife"}),
    ],
)
def test_the_size_of_chunks_does_not_matter(course, monkeypatch, terms, options):
    whole = fine_gray(XY + terms, course, cause="1", **options)
    _cut_into(monkeypatch, 7)
    found = fine_gray(XY + terms, course, cause="1", **options)
    np.testing.assert_allclose(found.beta, whole.beta, rtol=ROUNDING)
    np.testing.assert_allclose(found.cov, whole.cov, rtol=ROUNDING)
    assert found.log_lik == pytest.approx(whole.log_lik, rel=ROUNDING)
    assert found.log_lik_null == pytest.approx(whole.log_lik_null, rel=ROUNDING)


@pytest.mark.parametrize("terms", ["", " + strata(s)"])
def test_chunks_have_the_derivatives_of_whole_vectors(course, monkeypatch, terms):
    _cut_into(monkeypatch, 16)
    fit = fine_gray(XY + terms, course, cause="1")
    given, beta = fit.found.likelihood, np.array([0.3, -0.2])
    point, terms_there = given.at(beta), given.terms(beta)
    assert isinstance(point, ChunkedPoint)
    np.testing.assert_allclose(point.S0, terms_there.S0, rtol=ROUNDING)
    assert point.log_lik == pytest.approx(terms_there.log_lik, rel=ROUNDING)
    step = 1e-5
    ups, downs = ([given.at(beta + sign * move) for move in step * np.eye(2)] for sign in (1, -1))
    pairs = list(zip(ups, downs, strict=True))
    slopes = [(up.log_lik - down.log_lik) / (2 * step) for up, down in pairs]
    np.testing.assert_allclose(point.gradient, slopes, rtol=1e-6, atol=1e-6)
    bends = [(down.gradient - up.gradient) / (2 * step) for up, down in pairs]
    np.testing.assert_allclose(point.information, bends, rtol=1e-6)
    left = given.order.event_weights - point.expected
    np.testing.assert_allclose(given.X @ left, point.gradient, atol=1e-9)


def test_a_predictor_too_large_for_an_exponent_is_shifted(course):
    plain = fine_gray(XY, course, cause="1")
    far = fine_gray(XY + " + offset(high)", course.assign(high=150.0), cause="1")
    given = likelihood_of(far.order, far.found.likelihood.X, far.frame.offset)
    assert not isinstance(given.at(far.found.scaled_beta), ChunkedPoint)
    np.testing.assert_allclose(far.beta, plain.beta, rtol=ROUNDING)
    np.testing.assert_allclose(far.cov, plain.cov, rtol=ROUNDING)


def test_one_sort_gives_the_order_that_weights_of_one_give(course):
    plain = fine_gray(XY, course, cause="1")
    weighted = fine_gray(XY, course, cause="1", weights="one")
    found = plain_order(plain.frame.time, plain.frame.cause, 1)
    assert (found is None) == (course["time"] % 1 == 0).all()
    np.testing.assert_allclose(plain.beta, weighted.beta, rtol=ROUNDING)
    np.testing.assert_allclose(plain.cov, weighted.cov, rtol=ROUNDING)
    for name in ("begin", "n_tied", "is_event", "extra", "time"):
        np.testing.assert_array_equal(getattr(plain.order, name), getattr(weighted.order, name))
    np.testing.assert_allclose(plain.order.pool.level, weighted.order.pool.level, rtol=ROUNDING)
    pools = []
    for order in (plain.order, weighted.order):
        own = order.rows[order.pool.places]
        by_row = np.argsort(own)
        pools.append(np.array([own, order.pool.join, order.pool.inverse])[:, by_row])
    np.testing.assert_allclose(*pools, rtol=ROUNDING)


def test_counted_steps_are_those_of_the_risk_sets(course):
    time, is_censored = course["time"].to_numpy(), course["cause"].to_numpy() == 0
    nobody = np.zeros(len(time), dtype=np.int64)
    ways = [
        censoring(time, is_censored, nobody, 1, None, None, by_row=by_row)
        for by_row in (True, False)
    ]
    np.testing.assert_array_equal(*(way.last for way in ways))
    for name in ("start", "time", "n_risk", "n_event", "chance"):
        np.testing.assert_allclose(*(getattr(way.steps, name) for way in ways), rtol=1e-15)


def test_the_fit_does_without_the_data(course, monkeypatch):
    from rpcstats.survival.structure import build

    monkeypatch.setattr(build, "MANY_ROWS", 10)
    fit = fine_gray(XY, course, cause="1")
    before = fit.residuals("score"), fit.proportional_hazards().statistic
    course.loc[:, ["x", "y"]] = 1.0
    pd.testing.assert_frame_equal(fit.residuals("score"), before[0])
    np.testing.assert_array_equal(fit.proportional_hazards().statistic, before[1])
    assert fit.residuals("score")["row"].dtype == np.int64
