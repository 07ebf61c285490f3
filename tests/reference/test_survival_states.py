"""Several states against R's survfit: every case of states.json, and the illness-death curves."""

import numpy as np
import pandas as pd
import pytest

from rpcstats.survival.states.merge_covariates import merge_covariates
from rpcstats.survival.states.multistate import multistate

# Sums in another order; seen: 4e-15 of probabilities, 4e-13 of standard errors.
RELATIVE = 1e-10
ABSOLUTE = 1e-12

STATES = ["mgus", "pcm", "death"]
WHOLE = "Surv(tstart, tstop, state) ~ 1"


def close(ours, theirs):
    theirs = np.array(theirs, dtype=float)
    np.testing.assert_allclose(np.asarray(ours, float), theirs, rtol=RELATIVE, atol=ABSOLUTE)


def columns(values):
    """R's matrices are lists of columns; ours go state by state too."""
    return np.concatenate([np.array(column, dtype=float) for column in values])


@pytest.fixture(scope="module")
def rows(survival_data):
    frame = survival_data("mgus2_ms")
    frame["state"] = pd.Categorical(frame["state"], categories=["censor", "pcm", "death"])
    return frame.assign(w=1 + (frame["id"] % 5) / 4)


@pytest.fixture(scope="module")
def cases(pinned):
    return pinned("survival/states")


@pytest.fixture(scope="module")
def held(rows):
    """Rows with the state in which each begins."""
    begun = pd.Categorical(np.where(rows["enum"] == 2, "pcm", "mgus"), categories=STATES[:2])
    return rows.assign(begun=begun)


def truncated(frame, at):
    frame = frame.assign(tstart=np.maximum(frame["tstart"], at))
    return frame[frame["tstop"] > frame["tstart"]]


def read(fit, case, *, risk=True):
    """Compare what `at` gives with R's summary at times."""
    found = fit.at(sorted(set(np.array(case["time"], dtype=float))))
    names = {"estimate": "pstate", "std_error": "se", "conf_low": "lower", "conf_high": "upper"}
    order = found.sort_values(["state", "strata", "time"], key=_places(fit), kind="stable")
    for ours, theirs in names.items():
        close(order[ours], columns(case[theirs]))
    if risk:
        close(order["n_risk"], columns(case["n_risk"]))


def _places(fit):
    levels = {name: k for k, name in enumerate([*fit.states, *fit.strata])}
    return lambda column: column.map(lambda value: levels.get(value, value))


def test_the_table_of_cases_is_complete(cases):
    conf = {"all_plain", "all_log-log", "all_logit"}
    named = {"by_sex", "weighted", "cluster_age", "expected", "cumhaz", "late_entry", "myeloid"}
    others = {"late_entry_expected", "staggered", "cycle"}
    since = {"from_pcm", "from_mgus", "landmark_mgus"}
    assert set(cases) == conf | named | others | since


def test_illness_death_at_every_time(rows, pinned):
    reference = pinned("survival/aalen_johansen")["mgus2_illness_death"]
    tidy = multistate(rows, WHOLE, start="mgus", conf_type="log").tidy()
    names = {
        "time": None,
        "n_risk": "n_risk",
        "n_event": "n_event",
        "estimate": "pstate",
        "std_error": "se",
        "conf_low": "lower",
        "conf_high": "upper",
    }
    close(tidy["time"], np.tile(reference["time"], 3))
    for ours, theirs in names.items():
        if theirs:
            close(tidy[ours], columns(reference[theirs]))


def test_competing_risks_at_every_time(survival_data, pinned):
    reference = pinned("survival/aalen_johansen")["mgus2_all"]
    frame = survival_data("mgus2_cr")
    frame["event"] = pd.Categorical(frame["event"], categories=["censor", "pcm", "death"])
    fit = multistate(frame, "Surv(etime, event) ~ 1", id=None, start="mgus", conf_type="log")
    close(fit.tidy()["estimate"], columns(reference["pstate"]))
    close(fit.tidy()["std_error"], columns(reference["se"]))


def test_groups(rows, cases):
    read(
        multistate(rows, "Surv(tstart, tstop, state) ~ sex", start="mgus", conf_type="log"),
        cases["by_sex"],
    )


@pytest.mark.parametrize("scale", ["plain", "log-log", "logit"])
def test_scales_of_the_limits(scale, rows, cases):
    fit = multistate(rows, WHOLE, start="mgus", conf_type=scale, conf_level=0.9)
    case = cases[f"all_{scale}"]
    found = fit.at(case["time"])
    # The plain limits of a state that nobody has reached are 0 in R; no scale has any here.
    reached = found["estimate"] > 0
    for ours, theirs in {"conf_low": "lower", "conf_high": "upper"}.items():
        close(found[ours][reached], columns(case[theirs])[reached])


def test_weights(rows, cases):
    # R counts rows at risk in several states, whatever their weights; sums of weights here.
    fit = multistate(rows, WHOLE, start="mgus", conf_type="log", weights="w")
    read(fit, cases["weighted"], risk=False)


def test_clusters(rows, cases):
    formula = "Surv(tstart, tstop, state) ~ cluster(age)"
    found = multistate(rows, formula, start="mgus").at(cases["cluster_age"]["time"])
    close(found["std_error"], columns(cases["cluster_age"]["se"]))


def test_expected_time(rows, cases):
    fit = multistate(rows, WHOLE, start="mgus")
    for case in cases["expected"]:
        found = fit.expected_time(case["tau"][0])
        close(found.tidy()["estimate"], case["mean"])
        close(found.tidy()["std_error"], case["se"])
        close(found.covariance[0], np.array(case["cov"]))


def test_cumulative_hazards(rows, cases):
    case = cases["cumhaz"]
    table = multistate(rows, WHOLE, start="mgus").cumulative_hazards().tidy()
    for (_, part), theirs in zip(
        table.groupby(["from_state", "to_state"], sort=False), case["cumhaz"], strict=True
    ):
        place = np.searchsorted(part["time"], case["time"], side="right") - 1
        values = np.append(part["estimate"], 0.0)  # -1 reads the value before the first time
        close(values[place], theirs)


def test_late_entry_with_estimated_shares(held, cases):
    case = cases["late_entry"]
    fit = multistate(truncated(held, 24), WHOLE, state_from="begun")
    assert list(fit.states) == case["states"] == STATES
    close(fit.curves[0].at_start, case["p0"])
    after = np.array(case["time"]) >= 24
    found = fit.at(np.array(case["time"])[after])
    close(found["estimate"], columns([np.array(c)[after] for c in case["pstate"]]))
    close(found["std_error"], columns([np.array(c)[after] for c in case["se"]]))
    expected = fit.expected_time(240).tidy()
    close(expected["estimate"], cases["late_entry_expected"]["mean"])
    close(expected["std_error"], cases["late_entry_expected"]["se"])


def test_staggered_entry(held, cases):
    frame = truncated(held, held["id"] % 40)
    fit = multistate(
        frame,
        "Surv(tstart, tstop, state) ~ sex",
        start="mgus",
        state_from="begun",
        conf_type="log",
    )
    assert list(fit.states) == cases["staggered"]["states"] == STATES
    read(fit, cases["staggered"])


@pytest.mark.parametrize(
    ("case", "state", "method"),
    [
        ("from_pcm", "pcm", "aalen-johansen"),
        ("from_mgus", "mgus", "aalen-johansen"),
        ("landmark_mgus", "mgus", "landmark"),
    ],
)
def test_transition_probabilities(case, state, method, rows, cases):
    fit = multistate(rows, WHOLE, start="mgus", conf_type="log")
    found = fit.transition_probabilities(60, method=method).at(cases[case]["time"])
    found = found[found["from_state"] == state]
    close(found["estimate"], columns(cases[case]["pstate"]))
    close(found["std_error"], columns(cases[case]["se"]))
    close(found["n_risk"], columns(cases[case]["n_risk"]))


def test_a_cycle_with_ties(cases):
    case = cases["cycle"]
    frame = pd.DataFrame(case["data"])
    frame["state"] = pd.Categorical(frame["state"], categories=["none", *case["states"]])
    fit = multistate(frame, start="well", conf_type="log")
    assert list(fit.states) == case["states"]
    tidy = fit.tidy()
    close(tidy["time"], np.tile(case["time"], 3))
    close(tidy["estimate"], columns(case["pstate"]))
    close(tidy["std_error"], columns(case["se"]))
    close(tidy["n_risk"], columns(case["n_risk"]))
    expected = fit.expected_time(7)
    close(expected.tidy()["estimate"], case["expected"]["mean"])
    close(expected.tidy()["std_error"], case["expected"]["se"])


def test_myeloid_built_by_our_merge(survival_data, cases):
    case = cases["myeloid"]
    people = survival_data("myeloid")
    long = people.melt("id", ["txtime", "crtime", "rltime"], "what", "day").dropna()
    for k, name in enumerate(["crtime", "txtime", "rltime"]):
        long[name] = np.where(long["what"] == name, 1 << k, np.nan)
    summed = long.groupby(["id", "day"], as_index=False)[["crtime", "txtime", "rltime"]].sum()
    summed["code"] = summed[["crtime", "txtime", "rltime"]].sum(axis=1).astype(int)
    spells = people[["id", "trt", "futime", "death"]]
    frame = merge_covariates(
        spells, summed, id="id", changed_at="day", events=["code"], time="futime", event="death"
    )
    names = {0: "none", 1: "cr", 2: "sct", 3: "cr_sct", 4: "relapse", 6: "sct_relapse", 8: "death"}
    frame["state"] = pd.Categorical(
        (frame["code"] + 8 * frame["death"]).map(names), categories=list(names.values())
    )
    fit = multistate(frame, "Surv(entry, futime, state) ~ trt", start="(s0)", conf_type="log")
    assert list(fit.states) == case["states"]
    read(fit, case)
    table = fit.transitions().groupby(["from_state", "to_state"])["n_event"].sum()
    theirs = case["transitions"]
    for to, counts in zip(theirs["to"], theirs["n"], strict=True):
        if to == "(censored)":
            continue
        for source, n in zip(theirs["from"], counts, strict=True):
            assert table.get((source, to), 0) == n
