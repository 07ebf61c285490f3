"""Rubin's rules and weights against R's numbers, imputation against R's in distribution."""

import json
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from rpcstats.designs.missing import impute_goals, pool
from rpcstats.designs.missing._response_model import fit_response, weighted_mean
from rpcstats.errors import ConvergenceWarning

HERE = Path(__file__).parent
PINNED = json.loads((HERE / "values" / "goals" / "imputation.json").read_text(encoding="utf-8"))

# Closed forms.
EXACT = 1e-12
# Posterior mean of the change: Monte Carlo errors of both, and priors that differ (jomo's is
# inverse-Wishart), which moves it by a small part of a posterior standard deviation.
IN_SD = 0.2
SPREAD = 0.12
"""Ratio of posterior standard deviations less 1; 1,000 draws tell it to 0.03 and priors add."""


def test_every_case_is_compared():
    assert set(PINNED) == {"source", "pool", "jomo", "weights"}
    assert len(PINNED["pool"]) == 3


@pytest.mark.parametrize("case", PINNED["pool"])
def test_pooling_is_that_of_mice(case):
    complete = np.inf if case["dfcom"] is None else case["dfcom"]
    found = pool(case["q"], case["u"], df_complete=complete)
    assert found.estimate == pytest.approx(case["qbar"], rel=EXACT)
    assert found.within == pytest.approx(case["ubar"], rel=EXACT)
    assert found.between == pytest.approx(case["b"], rel=EXACT)
    assert found.std_error**2 == pytest.approx(case["t"], rel=EXACT)
    assert found.df == pytest.approx(case["df"], rel=EXACT)
    assert found.missing_information == pytest.approx(case["fmi"], rel=EXACT)


def test_weighted_means_and_their_error_are_those_written_out_in_r():
    case = {k: np.array(v, dtype=float) for k, v in PINNED["weights"].items()}
    Z = np.column_stack([np.ones(len(case["x"])), case["x"], case["z"]])
    answered = case["answered"] > 0
    fit = fit_response(Z, answered)
    np.testing.assert_allclose(fit.alpha, case["alpha"], rtol=1e-9)
    every = np.ones(len(Z), dtype=bool)
    mean, influence = weighted_mean(case["outcome"], 1 / fit.chance, answered, Z, fit, every)
    sums = np.bincount(case["group"].astype(int) - 1, influence)
    C = len(sums)
    assert mean == pytest.approx(float(case["mean"]), rel=1e-9)
    assert np.sqrt(sums @ sums * C / (C - 1)) == pytest.approx(float(case["std_error"]), rel=1e-9)


def _dropout():
    long = pd.read_csv(HERE / "data" / "goals" / "dropout.csv")
    name = long["parent"].astype(str)
    unseen = long["score"].isna()
    frame = pd.DataFrame({
        "episode_id": name, "cluster_id": name, "group_id": None, "item": "goal_1",
        "session": long["session"], "stage": (long["session"] - 1) / 5, "score": long["score"],
        "occasion": np.select([long["session"] == 1, long["session"] == 6], ["baseline", "end"],
                              "session"),
        "state": np.where(unseen, "left", "rated"), "is_due": True,
    })  # fmt: skip
    last = long["session"].where(~unseen).groupby(long["parent"]).transform("max")
    frame["reached"] = (last - 1) / 5
    frame["completed"] = frame["answered"] = last == 6
    # No ends of a scale: the half-t priors then take their length from the ratings.
    frame.attrs = {"direction": "up"}
    return frame


@pytest.mark.slow
def test_imputation_is_that_of_jomo_in_distribution():
    with warnings.catch_warnings():
        warnings.simplefilter("error", ConvergenceWarning)
        imputed = impute_goals(_dropout(), m=1000, seed=4, adjust=(), rounding="none", burn_in=200)
    means = imputed.changes("E5b").mean(axis=1)
    theirs = PINNED["jomo"]
    assert abs(means.mean() - theirs["mean"]) < IN_SD * theirs["sd"]
    assert means.std() / theirs["sd"] == pytest.approx(1.0, abs=SPREAD)
