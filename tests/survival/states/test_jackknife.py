"""The jackknife of occupation against derivatives by weight, taken numerically."""

import numpy as np
import pytest

from rpcstats.survival.states._scan import products_between, scan, scan_back, scan_both
from rpcstats.survival.states.multistate import multistate

# Central differences of step 1e-5 in numbers near 1.
NUMERIC = 1e-8
# Products of some hundred matrices in another order.
EXACT = 1e-13
STEP = 1e-5


def histories(rng, n=14, n_state=4):
    """Random walks between states with ties, late entry and gaps."""
    import pandas as pd

    rows = []
    for person in range(n):
        time, state = int(rng.integers(0, 4)), int(rng.integers(0, 2))
        for _ in range(int(rng.integers(1, 6))):
            end = time + int(rng.integers(1, 4))
            to = int(rng.choice([k for k in range(n_state) if k != state]))
            to = to if rng.random() < 0.75 else -1
            rows.append((person, time, end, "none" if to < 0 else f"s{to}", f"s{state}"))
            state = state if to < 0 else to
            time = end + int(rng.random() < 0.15)
            if state == n_state - 1:
                break
    frame = pd.DataFrame(rows, columns=["id", "entry", "time", "state", "begun"])
    levels = ["none", *(f"s{k}" for k in range(n_state))]
    frame["state"] = pd.Categorical(frame["state"], categories=levels)
    return frame.assign(w=rng.uniform(0.5, 2, len(frame)), team=frame["id"] % 6)


def influences(frame, ids, value, **options):
    """Derivatives of the estimate by the weight of everyone in a cluster, times the weight."""
    found = []
    for code in np.unique(ids):
        sides = []
        for sign in (1, -1):
            w = frame["w"] * np.where(ids == code, 1 + sign * STEP, 1.0)
            sides.append(value(multistate(frame.assign(w=w), weights="w", **options)))
        found.append((sides[0] - sides[1]) / (2 * STEP))
    return np.array(found)


@pytest.mark.parametrize("seed", [1, 2])
@pytest.mark.parametrize("cluster", [None, "team"])
def test_errors_are_sums_of_squared_derivatives(seed, cluster):
    frame = histories(np.random.default_rng(seed))
    formula = "Surv(entry, time, state) ~ " + (f"cluster({cluster})" if cluster else "1")
    options = {"formula": formula, "state_from": "begun", "start": "s0"}
    ids = frame[cluster or "id"].to_numpy()
    fit = multistate(frame, weights="w", **options)
    U = influences(frame, ids, lambda f: f.tidy()["estimate"].to_numpy(), **options)
    numeric = np.sqrt((U**2).sum(axis=0))
    np.testing.assert_allclose(fit.tidy()["std_error"], numeric, atol=NUMERIC)


def test_errors_with_estimated_shares():
    frame = histories(np.random.default_rng(5))
    first = ~frame["id"].duplicated() & (frame["id"] % 3 > 0)
    frame["entry"] = frame["entry"].mask(first, 0)
    options = {"state_from": "begun"}
    fit = multistate(frame, weights="w", **options)
    assert fit.curves[0].at_start_error.max() > 0
    ids = frame["id"].to_numpy()
    U = influences(frame, ids, lambda f: f.tidy()["estimate"].to_numpy(), **options)
    np.testing.assert_allclose(fit.tidy()["std_error"], np.sqrt((U**2).sum(axis=0)), atol=NUMERIC)
    T = influences(frame, ids, lambda f: f.expected_time(6).estimate[0], **options)
    np.testing.assert_allclose(fit.expected_time(6).covariance[0], T.T @ T, atol=NUMERIC)


def test_two_ways_of_clustering():
    frame = histories(np.random.default_rng(7))
    frame["half"] = frame["id"] % 4
    options = {"state_from": "begun", "start": "s0"}

    def variance(columns):
        formula = f"Surv(entry, time, state) ~ cluster({columns})"
        return multistate(frame, formula, **options).tidy()["std_error"] ** 2

    frame["both"] = frame["team"] * 10 + frame["half"]
    total = variance("team") + variance("half") - variance("both")
    both = variance("team, half")
    known = both.notna()
    np.testing.assert_allclose(both[known], np.maximum(total[known], 0), atol=1e-12)


@pytest.mark.parametrize("m", [1, 2, 63, 65, 200])
def test_scans_are_loops(m):
    rng = np.random.default_rng(m)
    M, b = rng.uniform(-0.6, 0.6, (m, 3, 3)), rng.normal(size=(m, 2, 3))
    square = rng.normal(size=(m, 3, 3))
    x, X, found, around = np.ones((2, 3)), np.eye(3), [], []
    for t in range(m):
        x = x @ M[t] + b[t]
        X = M[t].T @ X @ M[t] + square[t]
        found.append(x)
        around.append(X)
    np.testing.assert_allclose(scan(M, np.ones((2, 3)), b), found, atol=EXACT)
    np.testing.assert_allclose(scan_both(M, square, np.eye(3)), around, atol=EXACT)
    y, back = square[-1], [square[-1]]
    for t in range(m - 2, -1, -1):
        y = square[t] + M[t + 1] @ y
        back.append(y)
    np.testing.assert_allclose(scan_back(M, square), back[::-1], atol=EXACT)


def test_products_of_stretches():
    rng = np.random.default_rng(4)
    M = rng.uniform(0, 0.6, (37, 2, 2))
    ends = np.sort(rng.integers(0, 37, (200, 2)), axis=1)
    found = products_between(M, ends[:, 0], ends[:, 1])
    for product, (a, b) in zip(found, ends, strict=True):
        wanted = np.eye(2)
        for t in range(a, b + 1):
            wanted = wanted @ M[t]
        np.testing.assert_allclose(product, wanted, atol=EXACT)
    np.testing.assert_array_equal(products_between(M, np.array([5]), np.array([4]))[0], np.eye(2))
