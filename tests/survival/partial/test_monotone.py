"""Directions in which the likelihood rises without end."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rpcstats.errors import ConvergenceWarning
from rpcstats.survival.cox_regression import cox
from rpcstats.survival.partial.arrange import arrange
from rpcstats.survival.partial.estimate import Columns, estimate
from rpcstats.survival.partial.monotone import any_recession, recession, risk_set_max


def test_a_covariate_in_the_order_of_the_events_has_no_estimate():
    time, event = np.array([1.0, 2.0, 3.0, 4.0]), np.array([True, True, True, False])
    order = arrange(time, event)
    X = np.array([[4.0, 3.0, 2.0, 1.0], [1.0, 0.0, 1.0, 0.0]])
    np.testing.assert_allclose(recession(order, X, np.array([2.0, 0.0])), [1.0, 0.0])
    assert recession(order, X, np.array([-1.0, 0.0])) is None
    assert recession(order, X, np.array([0.0, 1.0])) is None
    assert recession(order, X, np.zeros(2)) is None


def test_equal_values_in_every_risk_set_are_no_direction():
    time, event = np.array([1.0, 2.0, 3.0, 4.0]), np.array([True, False, True, False])
    stratum = np.array([0, 0, 1, 1])
    order = arrange(time, event, stratum=stratum, n_stratum=2)
    assert recession(order, order.take(stratum.astype(float))[None], np.array([1.0])) is None


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 10_000), late=st.booleans(), n_time=st.sampled_from([3, 40]))
def test_maxima_of_risk_sets_by_definition(drawn, seed, late, n_time):
    rows = drawn(seed, 30, n_time, 2, late=late, weighted=False)
    order = arrange(rows.time, rows.event, entry=rows.entry, stratum=rows.stratum, n_stratum=2)
    v = rows.X[:, 0]
    expected = [
        v[(rows.stratum == s) & (rows.entry < t) & (rows.time >= t)].max()
        for s, t in zip(order.stratum, order.time, strict=True)
    ]
    assert risk_set_max(order, order.take(v)).tolist() == expected


@pytest.mark.parametrize("size", [20, 300])
def test_nobody_exposed_fails(size):
    rng = np.random.default_rng(size)
    x, z = (rng.random(size) < 0.3).astype(float), rng.normal(size=size)
    event = (rng.random(size) < 0.7) & (x == 0)
    order = arrange(rng.exponential(size=size), event)
    given_ = Columns(np.column_stack([z, x]), None, "efron", 0.0, True, False)
    found = estimate(order, given_)
    assert not found.maximum.converged
    assert found.endless.tolist() == [1]
    assert found.beta[1] < -3


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 10_000), n=st.integers(4, 14), late=st.booleans())
def test_found_if_and_only_if_a_linear_program_finds_one(drawn, seed, n, late):
    """Events weakly above all at risk with them, one strictly: the sum of margins is above 0."""
    from scipy.optimize import linprog

    rows = drawn(seed, n, 1000, 1, late=late, weighted=False)
    margins = [
        rows.X[i] - rows.X[j]
        for i in np.flatnonzero(rows.event)
        for j in range(n)
        if rows.entry[j] < rows.time[i] <= rows.time[j] and i != j
    ]
    order = arrange(rows.time, rows.event, entry=rows.entry)
    given_ = Columns(rows.X, None, "breslow", 0.0, True, False)
    found = estimate(order, given_)
    if len(found.kept) < 3:
        return
    M = np.array(margins)
    program = linprog(-M.sum(axis=0), A_ub=-M, b_ub=np.zeros(len(M)), bounds=(-1, 1))
    assert (found.maximum.monotone is not None) == (-program.fun > 1e-6)
    assert found.maximum.converged == (found.maximum.monotone is None)


def test_exact_ties_need_a_lead_over_the_others_only():
    """The one row of z fails, tied with a row without: R's coxph warns of an infinite z too."""
    frame = pd.DataFrame(
        {
            "time": [1, 1, 2, 3, 4, 5, 6, 7, 8, 9],
            "event": [1, 1, 1, 0, 1, 1, 0, 1, 1, 0],
            "z": [1] + [0] * 9,
            "x": [0.3, -1.0, 0.2, 0.5, -0.4, 1.0, 0.2, -0.6, 0.9, 0.1],
        }
    )
    order = arrange(frame["time"].to_numpy(float), frame["event"].to_numpy(bool))
    X, z = order.take(frame["z"].to_numpy(float))[None], np.array([1.0])
    assert recession(order, X, z) is None
    assert recession(order, X, z, is_exact=True) is not None
    assert any_recession(order, X) is None
    assert any_recession(order, X, is_exact=True) is not None
    with pytest.warns(ConvergenceWarning, match='z has no finite estimate.*needs ties="efron"'):
        exact = cox("Surv(time, event) ~ z + x", frame, ties="exact")
    np.testing.assert_allclose(exact.beta[1], -0.7456, atol=1e-4)
    assert cox("Surv(time, event) ~ z + x", frame).converged
