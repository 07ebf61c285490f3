"""Actor-partner models against lme4 and nlme, means by cluster against clubSandwich."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from rpcstats.goals import actor_partner, completers_change

# lme4 stops within its optimiser's tolerance of the optimum, nlme a little further from it.
ESTIMATES = 1e-6
DF = 1e-4
NLME = 1e-5
# Closed forms.
MEANS = 1e-9

EXCHANGEABLE = [(outcome, method) for outcome in ("change", "finish") for method in ("reml", "ml")]
CASES = {
    *(f"exchangeable_{outcome}_{method}" for outcome, method in EXCHANGEABLE),
    "distinguishable_change_reml",
    "mean_change",
    "mean_progress",
}


@pytest.fixture(scope="module")
def couples():
    """The couples as a frame of ratings: one goal a parent, everybody at the end."""
    path = Path(__file__).parent / "data" / "goals" / "couples.csv"
    table = pd.read_csv(path)
    n = len(table)
    shared = pd.DataFrame(
        {
            "episode_id": [f"e{i:02d}" for i in range(n)],
            "couple_id": table["couple"],
            "cluster_id": table["group"],
            "sex": table["sex"],
            "item": "goal_1",
            "state": "rated",
            "is_due": True,
            "completed": True,
            "answered": True,
        }
    )
    ends = [
        shared.assign(occasion="baseline", session=1, score=table["start"]),
        shared.assign(occasion="end", session=6, score=table["finish"]),
    ]
    frame = pd.concat(ends, ignore_index=True)
    frame.attrs = {"instrument": "gbo", "direction": "up"}
    return frame


def test_every_case_of_the_file_is_compared(pinned):
    assert set(pinned("goals/dyads")) == CASES


@pytest.mark.parametrize(("outcome", "method"), EXCHANGEABLE)
def test_exchangeable_partners(outcome, method, pinned, couples):
    case = pinned("goals/dyads")[f"exchangeable_{outcome}_{method}"]
    found = actor_partner(couples, outcome=outcome, method=method)
    rows = found.tidy()
    assert rows["term"].tolist() == ["Intercept", "own", "partner"]
    np.testing.assert_allclose(rows["estimate"], case["estimate"], rtol=ESTIMATES)
    np.testing.assert_allclose(rows["std_error"], case["std_error"], rtol=ESTIMATES)
    np.testing.assert_allclose(rows["df"], case["df"], rtol=DF)
    glance = found.glance().iloc[0]
    assert glance["log_lik"] == pytest.approx(case["logLik"], rel=ESTIMATES)
    between = case["sd_couple"] ** 2
    assert glance["icc"] == pytest.approx(between / (between + case["sigma"] ** 2), rel=ESTIMATES)
    assert (glance["n_couple"], glance["n_single"], glance["n_unrated"]) == (36, 0, 0)


def test_partners_told_apart_by_sex(pinned, couples):
    case = pinned("goals/dyads")["distinguishable_change_reml"]
    found = actor_partner(couples, distinguish="sex")
    names = ["Intercept", "sex[T.male]", "own", "partner", "sex[T.male]:own", "sex[T.male]:partner"]
    rows = found.tidy().set_index("term").loc[names]
    np.testing.assert_allclose(rows["estimate"], case["estimate"], rtol=NLME)
    np.testing.assert_allclose(rows["std_error"], case["std_error"], rtol=NLME)
    assert found.glance()["log_lik"].iloc[0] == pytest.approx(case["logLik"], rel=NLME)
    assert found.fit.sigma == pytest.approx(case["sigma"], rel=NLME)


def test_means_by_cluster(pinned, couples):
    cases = pinned("goals/dyads")
    rows = completers_change(couples).tidy().set_index("measure")
    for measure, name in (("mean change", "mean_change"), ("progress", "mean_progress")):
        for column in ("estimate", "std_error", "df"):
            assert rows.loc[measure, column] == pytest.approx(cases[name][column], rel=MEANS)
