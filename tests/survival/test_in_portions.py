"""Working sums taken some times after the others give what they give at once."""

import numpy as np
import pandas as pd
import pytest

from rpcstats.survival import gray_test, logrank, multistate
from rpcstats.survival.competing import _gray_scores
from rpcstats.survival.nonparametric import _score_test
from rpcstats.survival.states import _occupation, _state_jackknife

# Sums of some hundred terms in another order.
ROUNDING = 1e-9
# The root of rounding around a variance of 0.
NEAR_0 = 1e-8
FORMULAS = ("Surv(entry, time, state) ~ 1", "Surv(entry, time, state) ~ arm + cluster(team)")


@pytest.fixture(scope="module")
def walks():
    """Random walks between three states, with gaps, ties and weights."""
    rng = np.random.default_rng(11)
    rows = []
    for person in range(60):
        time, state = float(rng.integers(0, 3)), int(rng.integers(0, 2))
        for _ in range(int(rng.integers(1, 5))):
            end = time + round(float(rng.exponential(4.0)) + 0.5, 1)
            to = int(rng.choice([k for k in range(3) if k != state]))
            to = to if rng.random() < 0.8 else -1
            rows.append((person, time, end, "none" if to < 0 else f"s{to}", f"s{state}"))
            state = state if to < 0 else to
            time = end + float(rng.random() < 0.2)
            if state == 2:
                break
    frame = pd.DataFrame(rows, columns=["id", "entry", "time", "state", "begun"])
    frame["state"] = pd.Categorical(frame["state"], ["none", "s0", "s1", "s2"])
    arm, team = frame["id"] % 2, frame["id"] % 7
    return frame.assign(arm=arm, team=team, w=1.0 + frame["id"] % 3)


@pytest.mark.parametrize("formula", FORMULAS)
@pytest.mark.parametrize("weights", [None, "w"])
@pytest.mark.parametrize("start", ["s0", None])
def test_occupation(walks, monkeypatch, formula, weights, start):
    def estimated():
        fit = multistate(walks, formula, state_from="begun", start=start, weights=weights)
        return fit.tidy()[["state", "time", "n_risk", "n_event", "estimate", "std_error"]]

    whole = estimated()
    monkeypatch.setattr(_occupation, "_CELLS", 9 * 7)
    monkeypatch.setattr(_state_jackknife, "_ROWS", 5)
    pd.testing.assert_frame_equal(estimated(), whole, rtol=ROUNDING, atol=NEAR_0)


@pytest.fixture(scope="module")
def exits():
    rng = np.random.default_rng(12)
    n = 400
    time = np.round(rng.exponential(size=n), 2) + 0.01
    return pd.DataFrame(
        {
            "time": time,
            "cause": rng.integers(0, 3, n),
            "event": rng.integers(0, 2, n),
            "arm": rng.integers(0, 3, n),
            "site": rng.integers(0, 2, n),
        }
    )


@pytest.mark.parametrize("rho", [0.0, 1.0])
@pytest.mark.parametrize("right", ["arm", "arm + strata(site)"])
def test_gray_scores(exits, monkeypatch, rho, right):
    formula = f"Surv(time, cause) ~ {right}"
    whole = gray_test(formula, exits, rho=rho)
    monkeypatch.setattr(_gray_scores, "_TIMES", 9)
    found = gray_test(formula, exits, rho=rho)
    np.testing.assert_allclose(found.scores, whole.scores, rtol=ROUNDING, atol=ROUNDING)
    np.testing.assert_allclose(found.V, whole.V, rtol=ROUNDING, atol=ROUNDING)


@pytest.mark.parametrize("rho", [0.0, 1.0])
def test_logrank_scores(exits, monkeypatch, rho):
    whole = logrank("Surv(time, event) ~ arm + strata(site)", exits, rho=rho)
    monkeypatch.setattr(_score_test, "_TIMES", 9)
    found = logrank("Surv(time, event) ~ arm + strata(site)", exits, rho=rho)
    np.testing.assert_allclose(found.expected, whole.expected, rtol=ROUNDING)
    np.testing.assert_allclose(found.V, whole.V, rtol=ROUNDING)


def test_many_rows_are_sorted_with_their_causes(exits, monkeypatch):
    from rpcstats.survival import _packed_times

    want = gray_test("Surv(time, cause) ~ arm + strata(site)", exits)
    monkeypatch.setattr(_packed_times, "_PACKED_FROM", 1)
    found = gray_test("Surv(time, cause) ~ arm + strata(site)", exits)
    np.testing.assert_array_equal(found.n_event, want.n_event)
    np.testing.assert_allclose(found.statistic, want.statistic, rtol=ROUNDING)
