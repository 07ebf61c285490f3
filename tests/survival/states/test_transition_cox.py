"""Cox models of transitions: what they are made of, and predicted occupation."""

import numpy as np
import pandas as pd
import pytest

from rpcstats.errors import DataError, ParameterError
from rpcstats.survival.cox_regression import cox
from rpcstats.survival.states.transition_cox import transition_cox

FORMULA = "Surv(entry, time, state) ~ x"
SAME = 1e-9
# Central differences of step 1e-5.
NUMERIC = 1e-7


@pytest.fixture(scope="module")
def walks():
    """Well, ill and dead with returns, ties, a covariate of two levels."""
    rng = np.random.default_rng(8)
    rows = []
    for person in range(150):
        time, state, x = 0, "well", person % 2
        for _ in range(rng.integers(2, 6)):
            end = time + int(rng.integers(1, 6))
            others = {"well": ["ill", "dead"], "ill": ["well", "dead"]}[state]
            to = str(rng.choice([*others, "none"], p=[0.5, 0.2 + 0.1 * x, 0.3 - 0.1 * x]))
            rows.append((person, time, end, to, x, "ab"[person % 3 == 0]))
            if to in ("dead", "none"):
                break
            state, time = to, end
    frame = pd.DataFrame(rows, columns=["id", "entry", "time", "state", "x", "site"])
    levels = ["none", "well", "ill", "dead"]
    return frame.assign(state=pd.Categorical(frame["state"], categories=levels))


def test_each_transition_is_a_cox_model(walks):
    fit = transition_cox(FORMULA, walks, start="well")
    held = walks.groupby("id")["state"].shift().astype(object).fillna("well")
    for place, row in fit.tidy().iterrows():
        rows = walks[held == row["from_state"]].assign(
            event=(walks["state"] == row["to_state"]).astype(int)
        )
        theirs = cox("Surv(entry, time, event) ~ x + cluster(id)", rows).tidy()
        assert row["estimate"] == pytest.approx(theirs["estimate"].iloc[0], rel=SAME)
        assert row["std_error"] == pytest.approx(theirs["std_error"].iloc[0], rel=SAME)
        assert fit.transitions[place].n_event == rows["event"].sum()
    assert fit.glance()["n_transition"].iloc[0] == 4


def test_common_coefficients_are_one_stratified_model(walks):
    fit = transition_cox(FORMULA, walks, start="well", common=True)
    assert fit.tidy()["from_state"].tolist() == ["any"]
    mixed = transition_cox(FORMULA + " + site", walks, start="well", common=["x"])
    assert len(mixed.tidy()) == 1 + 4
    separate = transition_cox(FORMULA, walks, start="well")
    assert fit.glance()["log_lik"].iloc[0] < separate.glance()["log_lik"].iloc[0]


def test_two_states_have_the_errors_of_a_survival_curve(walks):
    alive = walks.assign(dead=(walks["state"] == "dead").astype(int))
    states = alive.assign(state=np.where(alive["dead"] == 1, 1, 0))
    fit = transition_cox(FORMULA, states, start="in", robust=False)
    curve = cox("Surv(entry, time, dead) ~ x", alive).survival(pd.DataFrame({"x": [1]}), [4, 9])
    ours = fit.predict(pd.DataFrame({"x": [1]}), [4, 9])
    np.testing.assert_allclose(ours.estimate[0, :, 0], curve.tidy()["estimate"], rtol=SAME)
    np.testing.assert_allclose(ours.std_error[0, :, 0], curve.tidy()["std_error"], rtol=SAME)


def test_errors_of_predictions_follow_coefficients_and_steps(walks):
    """The delta method against numerical derivatives by each coefficient and each step."""
    from rpcstats.survival.states._hazard_path import follow_hazards, path_covariance
    from rpcstats.survival.states._state_counts import Graph

    rng = np.random.default_rng(2)
    graph = Graph(3, np.array([0, 0, 1, 1]), np.array([1, 2, 0, 2]))
    steps, spread = rng.uniform(0, 0.3, (6, 4)), rng.uniform(0, 0.01, (6, 4))
    steps[1, 2:] = 0.0  # times at which one state is left only, and at which both are
    moves = steps > 0
    spread = spread * moves
    slope = [rng.normal(size=(6, 2)) * moves[:, [k]] for k in range(4)]
    cov = np.diag([0.02, 0.03, 0.01, 0.05])
    p0 = np.array([1.0, 0, 0])

    def last(change):
        return follow_hazards(steps + change, graph, p0).p[-1]

    def derivative(direction):
        return (last(1e-5 * direction) - last(-1e-5 * direction)) / 2e-5

    variance = np.zeros(3)
    for t in range(6):
        for k in range(4):
            unit = np.zeros((6, 4))
            unit[t, k] = 1.0
            variance += derivative(unit) ** 2 * spread[t, k]
    blocks = [((0, 1), slope[:2]), ((2, 3), slope[2:])]
    gradient = []
    for transitions, parts in blocks:
        for q in range(2):
            direction = np.zeros((6, 4))
            for k, part in zip(transitions, parts, strict=True):
                direction[:, k] = part[:, q]
            gradient.append(derivative(direction))
    variance += np.einsum("qj,qr,rj->j", gradient, cov, gradient)
    path = follow_hazards(steps, graph, p0)
    np.testing.assert_allclose(
        path_covariance(path, spread, blocks, cov)[-1], variance, atol=NUMERIC
    )
    assert np.allclose(path.p.sum(axis=1), 1)


def test_without_covariates_hazards_are_those_counted(walks):
    from rpcstats.survival.states._hazard_path import follow_hazards
    from rpcstats.survival.states.multistate import multistate

    fit = transition_cox("Surv(entry, time, state) ~ 1", walks, start="well", ties="breslow")
    found = fit.predict(pd.DataFrame({"any": [0]}))
    table = multistate(walks, start="well").cumulative_hazards().tidy()
    steps = np.zeros((len(found.time), 4))
    for k, one in enumerate(fit.transitions):
        ends = (table["from_state"] == one.from_state) & (table["to_state"] == one.to_state)
        place = np.searchsorted(table["time"][ends], found.time, side="right") - 1
        H = np.append(table["estimate"][ends], 0.0)[place]
        steps[:, k] = np.diff(H, prepend=0.0)
    wanted = follow_hazards(steps, fit.graph, np.array([1.0, 0.0, 0.0])).p
    np.testing.assert_allclose(found.estimate[0], wanted, rtol=SAME, atol=1e-14)


def test_many_times_without_covariates():
    """Past a hundred steps the products are taken in blocks, here of no coefficients."""
    n = 150
    rows = {"id": np.arange(n), "entry": 0, "time": np.arange(1, n + 1), "state": "left"}
    frame = pd.DataFrame(rows)
    frame["state"] = pd.Categorical(frame["state"], categories=["none", "left"])
    fit = transition_cox("Surv(entry, time, state) ~ 1", frame, start="in", ties="breslow")
    found = fit.predict(pd.DataFrame({"any": [0]}))
    wanted = np.exp(-np.cumsum(1 / np.arange(n, 0, -1)))
    np.testing.assert_allclose(found.estimate[0, :, 0], wanted, rtol=SAME)
    spread = np.sqrt(np.cumsum(1 / np.arange(n, 0, -1.0) ** 2))
    np.testing.assert_allclose(found.std_error[0, :, 0], wanted * spread, rtol=SAME)


def test_predictions_start_where_asked(walks):
    fit = transition_cox(FORMULA, walks, start="well")
    new = pd.DataFrame({"x": [0, 1]})
    found = fit.predict(new, [3, 3.5, 6, 99], start="ill", since=3)
    first = found.estimate[:, 0]
    np.testing.assert_allclose(first, np.tile([0.0, 1.0, 0.0], (2, 1)))
    assert np.isnan(found.estimate[:, -1]).all()
    assert len(found.tidy()) == 2 * 3 * 4
    assert np.allclose(np.nansum(found.estimate, axis=2)[:, :3], 1)
    assert found.plot(row=1) is not None
    assert "from ill at 3" in str(found.summary())
    with pytest.raises(ParameterError, match="no such row"):
        found.plot(row=2)


def test_a_beginning_that_is_no_time(walks):
    fit = transition_cox("Surv(entry, time, state) ~ x", walks, start="well")
    with pytest.raises(ParameterError, match="since must be a finite time"):
        fit.predict(pd.DataFrame({"x": [0]}), since="soon")


def test_strata_are_read_from_new_rows(walks):
    fit = transition_cox(FORMULA + " + strata(site)", walks, start="well")
    both = fit.predict(pd.DataFrame({"x": [0, 0], "site": ["a", "b"]}), [8]).estimate
    assert not np.allclose(both[0], both[1])
    common = transition_cox(FORMULA + " + strata(site)", walks, start="well", common=True)
    assert common.predict(pd.DataFrame({"x": [0], "site": ["a"]}), [8]).estimate.shape == (1, 1, 3)


def test_missing_covariates_leave_the_history_whole(walks):
    some = walks.assign(x=walks["x"].astype(float))
    some.loc[0, "x"] = np.nan
    fit = transition_cox(FORMULA, some, start="well")
    assert fit.n_missing == 1
    assert fit.n_obs == len(walks) - 1


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        ({"common": "x"}, ParameterError, "one text"),
        ({"common": ["y"]}, ParameterError, "does not have"),
        ({"ties": "exact"}, ParameterError, "ties"),
        ({"formula": "Surv(entry, time, state) ~ x + flat"}, None, "flat"),
    ],
)
def test_faults(call, error, message, walks):
    options = {"formula": FORMULA, "data": walks.assign(flat=1.0), "start": "well", **call}
    if error is None:
        assert any(message in remark for remark in transition_cox(**options).remarks)
        return
    with pytest.raises(error, match=message):
        transition_cox(**options)


def test_bad_predictions(walks):
    fit = transition_cox(FORMULA, walks, start="well")
    with pytest.raises(ParameterError, match="start is one of"):
        fit.predict(pd.DataFrame({"x": [0]}), start="gone")
    with pytest.raises(ParameterError, match="beyond"):
        fit.predict(pd.DataFrame({"x": [0]}), since=1e6)
    with pytest.raises(DataError):
        fit.predict(pd.DataFrame({"x": [np.nan]}))


def test_report_and_picture(walks):
    fit = transition_cox(FORMULA, walks, start="well")
    assert "robust by id" in str(fit.summary())
    assert fit.plot() is not None
    V = fit.vcov()
    np.testing.assert_allclose(np.sqrt(np.diag(V)), fit.tidy()["std_error"], rtol=SAME)
    np.testing.assert_allclose(V, V.T)
