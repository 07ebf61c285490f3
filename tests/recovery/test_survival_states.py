"""States and repeated events drawn from a known truth: bias and coverage."""

import numpy as np
import pandas as pd
import pytest
from scipy.linalg import expm

from rpcstats.survival.states.mean_cumulative import mean_cumulative
from rpcstats.survival.states.multistate import multistate
from rpcstats.survival.states.transition_cox import transition_cox

pytestmark = pytest.mark.slow

RUNS = 400
COVERAGE = (0.92, 0.975)  # of 95% intervals; three Monte Carlo errors of 400 runs are 0.033
PREDICTED_RUNS, PREDICTED_COVERAGE = 200, (0.90, 0.985)
BIAS_ERRORS = 3.5  # mean of the estimates against the truth, in Monte Carlo errors
UNDER = 0.90  # errors that take the events of a person for independent cover less than this
AT = np.array([4.0, 10.0])

# Well, ill and gone, with recovery: hazards a unit of time.
WELL_ILL, WELL_GONE, ILL_WELL, ILL_GONE = 0.12, 0.05, 0.10, 0.15
EFFECT = {("well", "ill"): 0.7, ("ill", "gone"): 0.4}


def generator(x=0.0):
    a, d = WELL_ILL * np.exp(0.7 * x), ILL_GONE * np.exp(0.4 * x)
    return np.array([[-a - WELL_GONE, a, WELL_GONE], [ILL_WELL, -ILL_WELL - d, d], [0.0, 0.0, 0.0]])


def histories(rng, n, effect=False):
    names, rows = ("well", "ill", "gone"), []
    for person in range(n):
        x = float(person % 2) if effect else 0.0
        Q, time, state = generator(x), 0.0, 0
        stop = rng.uniform(6, 20)
        while state < 2:
            end = time + rng.exponential(-1 / Q[state, state])
            if end > stop:
                rows.append((person, time, stop, "none", x))
                break
            rates = np.where(np.arange(3) == state, 0.0, Q[state])
            state = int(rng.choice(3, p=rates / rates.sum()))
            rows.append((person, time, end, names[state], x))
            time = end
    frame = pd.DataFrame(rows, columns=["id", "entry", "time", "state", "x"])
    return frame.assign(state=pd.Categorical(frame["state"], categories=["none", *names]))


def check(estimates, lows, highs, truth, limits):
    estimates = np.array(estimates)
    covered = ((np.array(lows) <= truth) & (np.array(highs) >= truth)).mean(axis=0)
    error = estimates.std(axis=0, ddof=1) / np.sqrt(len(estimates))
    assert (np.abs(estimates.mean(axis=0) - truth) < BIAS_ERRORS * error).all()
    assert (covered > limits[0]).all()
    assert (covered < limits[1]).all()


def test_occupation_and_time_in_states():
    rng = np.random.default_rng(11)
    truth = np.array([expm(generator() * t)[0] for t in AT]).T.ravel()
    grid = np.linspace(0, 10, 2001)
    path = np.array([expm(generator() * t)[0] for t in grid])
    means = np.trapezoid(path, grid, axis=0)
    found, times = [], []
    for _ in range(RUNS):
        fit = multistate(histories(rng, 120), start="well")
        found.append(fit.at(AT)[["estimate", "conf_low", "conf_high"]].to_numpy())
        times.append(fit.expected_time(10).tidy()[["estimate", "conf_low", "conf_high"]].to_numpy())
    for draws, wanted in ((np.array(found), truth), (np.array(times), means)):
        check(draws[..., 0], draws[..., 1], draws[..., 2], wanted, COVERAGE)


def test_predicted_occupation():
    rng = np.random.default_rng(12)
    truth = np.array([expm(generator(1.0) * t)[0] for t in AT]).T.ravel()
    found = []
    for _ in range(PREDICTED_RUNS):
        fit = transition_cox(
            "Surv(entry, time, state) ~ x", histories(rng, 200, effect=True), start="well"
        )
        rows = fit.predict(pd.DataFrame({"x": [1.0]}), AT).tidy()
        found.append(rows[["estimate", "conf_low", "conf_high"]].to_numpy())
    draws = np.array(found)
    check(draws[..., 0], draws[..., 1], draws[..., 2], truth, PREDICTED_COVERAGE)


def repeated(rng, n):
    """Events at rate 0.3, times a frailty of variance 1."""
    rows = []
    for person in range(n):
        rate, time, stop = 0.3 * rng.gamma(1.0), 0.0, rng.uniform(5, 12)
        while True:
            end = time + rng.exponential(1 / rate)
            rows.append((person, time, min(end, stop), int(end <= stop)))
            if end > stop:
                break
            time = end
    return pd.DataFrame(rows, columns=["id", "entry", "time", "event"])


def test_mean_functions_of_dependent_events():
    rng = np.random.default_rng(13)
    truth, robust, naive = 0.3 * AT, [], []
    formula = "Surv(entry, time, event) ~ 1"
    for _ in range(RUNS):
        frame = repeated(rng, 150)
        columns = ["estimate", "conf_low", "conf_high"]
        robust.append(mean_cumulative(formula, frame, id="id").at(AT)[columns].to_numpy())
        frame["row"] = np.arange(len(frame))
        naive.append(mean_cumulative(formula, frame, id="row").at(AT)[columns].to_numpy())
    draws, wrong = np.array(robust), np.array(naive)
    check(draws[..., 0], draws[..., 1], draws[..., 2], truth, COVERAGE)
    covered = ((wrong[..., 1] <= truth) & (wrong[..., 2] >= truth)).mean(axis=0)
    assert (covered < UNDER).all()


def test_landmark_without_the_markov_assumption():
    """Those ill early stay ill for long: only the landmark estimate is right from state ill."""
    rng = np.random.default_rng(14)
    since, later, frames = 2.0, 4.0, []
    n = 6000
    fall_ill = rng.exponential(2.0, n)
    lasting = rng.exponential(np.where(fall_ill < 1.0, 10.0, 0.5), n)
    for person in range(n):
        end = fall_ill[person] + lasting[person]
        frames.append((person, 0.0, fall_ill[person], "ill"))
        frames.append((person, fall_ill[person], end, "well again"))
    frame = pd.DataFrame(frames, columns=["id", "entry", "time", "state"])
    levels = ["none", "well", "ill", "well again"]
    frame["state"] = pd.Categorical(frame["state"], categories=levels)
    ill_then = (fall_ill <= since) & (fall_ill + lasting > since)
    truth = (fall_ill + lasting > later)[ill_then].mean()
    fit = multistate(frame, start="well")
    found = {}
    for method in ("aalen-johansen", "landmark"):
        rows = fit.transition_probabilities(since, method=method).at(later)
        chosen = rows[(rows["from_state"] == "ill") & (rows["state"] == "ill")]
        found[method] = chosen["estimate"].iloc[0]
    assert found["landmark"] == pytest.approx(truth, abs=1e-12)  # nobody is censored
    assert found["aalen-johansen"] < truth - 0.1
