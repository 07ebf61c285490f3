"""Counts are held in the narrowest whole numbers: none may be cut short."""

import numpy as np
import pandas as pd
import pytest

from rpcstats.survival.states.mean_cumulative import mean_cumulative
from rpcstats.survival.states.multistate import multistate

# More than a byte holds, and more than two bytes hold.
CROWDS = [300, 70_000]


def crowd(n):
    """Everybody moves at 1, half of them leave at 2 and the others are last seen then."""
    ids = np.arange(n)
    first = pd.DataFrame({"id": ids, "entry": 0, "time": 1, "state": "ill"})
    left = np.where(ids % 2, "dead", "none")
    second = pd.DataFrame({"id": ids, "entry": 1, "time": 2, "state": left})
    frame = pd.concat([first, second], ignore_index=True)
    frame["state"] = pd.Categorical(frame["state"], categories=["none", "well", "ill", "dead"])
    return frame.assign(event=(frame["state"] != "none").astype(int))


@pytest.mark.parametrize("n", CROWDS)
def test_states(n):
    curve = multistate(crowd(n), start="well").curves[0]
    assert curve.n_risk.tolist() == [[n, 0, 0], [0, n, 0]]
    assert curve.n_event.tolist() == [[0, n, 0], [0, 0, n // 2]]
    assert curve.n_censor.tolist() == [[0, 0, 0], [0, n // 2, 0]]
    assert curve.n_event.dtype == curve.n_censor.dtype == curve.n_risk.dtype
    np.testing.assert_allclose(curve.estimate, [[0, 1, 0], [0, 0.5, 0.5]])
    error = np.sqrt(0.25 / n)
    np.testing.assert_allclose(curve.std_error, [[0, 0, 0], [0, error, error]], atol=1e-12)


@pytest.mark.parametrize("n", CROWDS)
def test_mean_functions(n):
    fit = mean_cumulative("Surv(entry, time, event) ~ 1", crowd(n), id="id")
    assert fit.n_risk.tolist() == [n, n]
    assert fit.n_event.tolist() == [n, n // 2]
    assert fit.n_censor.tolist() == [0, n // 2]
    assert fit.estimate.tolist() == [1.0, 1.5]
    np.testing.assert_allclose(fit.std_error, [0, np.sqrt(0.25 / n)], atol=1e-12)


def test_times_without_a_transition_keep_the_estimate():
    frame = crowd(6)
    stay = frame[frame["id"] == 0].assign(id=99, time=[0.5, 0.75], entry=[0, 0.5], state="none")
    both = pd.concat([frame, stay], ignore_index=True)
    both["state"] = pd.Categorical(both["state"], categories=frame["state"].cat.categories)
    curve = multistate(both, start="well").curves[0]
    assert curve.time.tolist() == [0.75, 1.0, 2.0]
    assert curve.estimate.tolist() == [[1, 0, 0], [0, 1, 0], [0, 0.5, 0.5]]
    assert curve.std_error[0].tolist() == [0, 0, 0]
    n_risk, estimate, _ = curve.read(np.array([0.1, 0.8, 1.5]))
    assert n_risk.tolist() == [[7, 0, 0], [6, 0, 0], [0, 6, 0]]
    assert estimate.tolist() == [[1, 0, 0], [1, 0, 0], [0, 1, 0]]
    assert not curve.estimate.flags.writeable


def test_rows_of_many_portions_and_mixed_clusters():
    """Portions of rows must not change a variance: one by one, and by numpy on all."""
    rng = np.random.default_rng(3)
    n = 40_000
    time, w = rng.exponential(size=n), rng.uniform(0.5, 2, n)
    frame = pd.DataFrame({"time": time, "event": rng.random(n) < 0.6, "w": w})
    frame["team"] = rng.integers(0, 900, n)
    fit = mean_cumulative("Surv(time, event) ~ cluster(team)", frame, id=None, weights="w")
    order = np.argsort(time)
    own, event = w[order], frame["event"].to_numpy()[order]
    at_risk = own[::-1].cumsum()[::-1]
    grown = np.cumsum(own * event / at_risk**2)
    influence = own * (grown - event / at_risk)
    sums = np.bincount(frame["team"].to_numpy()[order], influence)
    assert fit.std_error[-1] == pytest.approx(np.sqrt((sums**2).sum()), rel=1e-8)
