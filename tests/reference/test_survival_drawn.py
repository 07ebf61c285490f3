"""Synthetic samples in combinations no published data set has, against R: drawn.json."""

import numpy as np
import pandas as pd
import pytest

from rpcstats.survival.discrete.discrete_hazard import discrete_hazard
from rpcstats.survival.parametric.cure_model import cure_model
from rpcstats.survival.parametric.royston_parmar import royston_parmar
from rpcstats.survival.parametric.survreg import survreg
from rpcstats.survival.states.mean_cumulative import mean_cumulative
from rpcstats.survival.states.multistate import multistate
from rpcstats.survival.states.transition_cox import transition_cox

# Sums in another order; fits iterated to 1e-12 in R; derivatives by Richardson's extrapolation.
CLOSED, FITTED, DERIVED = 1e-10, 1e-9, 1e-6

STATES = ["a", "b", "c", "end"]
EVERY = "Surv(entry, time, state) ~ "
INTERVALS = "Surv(lower, upper, type='interval2') ~ x"


@pytest.fixture(scope="module")
def cases(pinned):
    return pinned("survival/drawn")


@pytest.fixture(scope="module")
def graph(cases):
    frame = pd.DataFrame(cases["graph"]["data"])
    frame["state"] = pd.Categorical(frame["state"], ["none", *STATES])
    return frame.rename(columns={"from": "held"})


@pytest.fixture(scope="module")
def seen(cases):
    return pd.DataFrame(cases["intervals"]["data"]).astype(float)


def test_every_case_is_compared(cases):
    states = {"graph", "transitions", "predicted", "recurrent", "sessions"}
    assert set(cases) == states | {"intervals", "weibull", "loglogistic", "spline", "cure"}


def test_a_graph_with_returns_weights_and_clusters(graph, cases):
    case = cases["graph"]
    fit = multistate(graph, EVERY + "cluster(team)", state_from="held", weights="w")
    assert list(fit.states) == case["states"] == STATES
    curve = fit.curves[0]
    place = np.searchsorted(case["time"], curve.time)
    np.testing.assert_array_equal(np.array(case["time"])[place], curve.time)
    np.testing.assert_allclose(curve.at_start, case["p0"], rtol=CLOSED)
    np.testing.assert_allclose(curve.at_start_error, case["se0"], rtol=CLOSED, atol=1e-15)
    for ours, theirs in ((curve.estimate, "pstate"), (curve.std_error, "se")):
        wanted = np.array(case[theirs], float).T[place]
        np.testing.assert_allclose(ours, wanted, rtol=CLOSED, atol=1e-15)


def test_its_transitions(graph, cases):
    case = cases["transitions"]
    right = "x + strata(half) + offset(known)"
    fit = transition_cox(EVERY + right, graph, start="a", state_from="held", weights="w")
    pairs = [(one.from_state, one.to_state) for one in fit.transitions]
    assert pairs == list(zip(case["from"], case["to"], strict=True))
    np.testing.assert_allclose([one.beta[0] for one in fit.fits], case["coef"], rtol=FITTED)
    np.testing.assert_allclose([one.std_error[0] for one in fit.fits], case["se"], rtol=FITTED)


def test_predicted_occupation_and_its_errors(graph, cases):
    case = cases["predicted"]
    fit = transition_cox(EVERY + "x", graph, start="a", state_from="held")
    found = fit.predict(pd.DataFrame({"x": [0.5]}))
    np.testing.assert_array_equal(found.time, case["time"])
    np.testing.assert_allclose(found.estimate[0].T, np.array(case["pstate"]), rtol=FITTED)
    np.testing.assert_allclose(found.std_error[0].T, np.array(case["se"]), rtol=DERIVED)


def test_repeated_events_in_large_units_with_gaps(cases):
    case = cases["recurrent"]
    frame = pd.DataFrame(case["data"])
    formula = "Surv(entry, time, event) ~ arm + cluster(team)"
    found = mean_cumulative(formula, frame, id="id", weights="w").tidy()
    arm, time = found["strata"].str.removeprefix("arm=").astype(int), found["time"]
    theirs = pd.DataFrame({key: case[key] for key in ("arm", "time", "mcf", "se")}).astype(float)
    wanted = theirs.set_index(["arm", "time"]).loc[list(zip(arm, time, strict=True))]
    np.testing.assert_allclose(found["estimate"], wanted["mcf"], rtol=CLOSED)
    np.testing.assert_allclose(found["std_error"], wanted["se"], rtol=CLOSED)


def test_six_weighted_groups_with_an_offset(cases):
    case = cases["sessions"]
    fit = discrete_hazard(
        "event ~ session * x + offset(known) + cluster(team)",
        pd.DataFrame(case["data"]),
        link="cloglog",
        weights="w",
        small_sample="CR2",
    )
    np.testing.assert_allclose(fit.beta, case["coef"], rtol=1e-7)  # where Fisher's scoring ends
    np.testing.assert_allclose(fit.std_error, case["CR2"], rtol=1e-7)
    np.testing.assert_allclose(fit.df, case["df"], rtol=1e-7)


@pytest.mark.parametrize("dist", ["weibull", "loglogistic"])
def test_weighted_clusters_of_intervals(dist, seen, cases):
    # R's survreg leaves weights out of its robust errors, and differs in log sigma's.
    _agree(survreg(INTERVALS + " + cluster(team)", seen, dist=dist, weights="w"), cases[dist])


def test_a_spline_of_intervals_with_a_changing_effect(seen, cases):
    fit = royston_parmar(INTERVALS + " + z", seen, df=2, scale="odds", time_varying=["z"])
    np.testing.assert_allclose(fit.layout.knots, cases["spline"]["knots"], rtol=1e-13)
    _agree(fit, cases["spline"])


def test_a_cured_fraction_with_late_entry(cases):
    frame = pd.DataFrame(cases["cure"]["data"])
    formula = "Surv(entry, time, event) ~ x"
    fit = cure_model(formula, frame, cure="~ z", dist="lognormal", weights="w")
    _agree(fit, cases["cure"])


def _agree(fit, case):
    assert fit.converged
    assert fit.log_lik == pytest.approx(case["loglik"][0], rel=1e-11)
    np.testing.assert_allclose(fit.coef, case["coef"], rtol=1e-6, atol=1e-7)
    np.testing.assert_allclose(fit.std_error, case["se"], rtol=DERIVED)
