"""Cluster-robust errors against clubSandwich."""

import functools

import numpy as np
import pytest

import rpcstats
from rpcstats.mixed.inference.cluster_robust import cluster_robust
from rpcstats.mixed.structure.build import model_frame

# Both sandwiches are taken at the optimum, ours and R's, which agree to 1e-7 in theta.
ERRORS = 1e-6
# A covariance of the sandwich may be the small rest of large terms; of its largest entry.
COVARIANCE = 1e-6
DF = 1e-4

GOAL = "goal ~ session * arm + sep"
KINDS = ("CR0", "CR1", "CR2")
MODELS = {
    "sleepstudy": ("sleepstudy", "Reaction ~ Days + (Days | Subject)", "Subject"),
    "goal_lmer_family": ("goalprogress", f"{GOAL} + (session | family)", "family"),
    "orthodont": ("Orthodont", "distance ~ age * Sex + (1 | Subject)", "Subject"),
    "missed": ("synthetic_missed", "y ~ session * arm + (session | family)", "family"),
}
ROBUST = [(name, kind) for name in (*MODELS, "goal_lm_council") for kind in KINDS]


def close(ours, theirs, relative, absolute=0.0):
    np.testing.assert_allclose(ours, theirs, rtol=relative, atol=absolute)


@pytest.fixture(scope="module")
def fitted(mixed_data):
    @functools.cache
    def fit(name):
        data, formula, _ = MODELS[name]
        return rpcstats.lmm(formula, mixed_data(data))

    return fit


def robust(name, kind, fitted, mixed_data):
    """Give covariance, errors and degrees of freedom."""
    if name != "goal_lm_council":
        table = fitted(name).robust(MODELS[name][2], kind=kind)
        rows = table.tidy()
        return table.cov, rows["std_error"], rows["df"]
    data = mixed_data("goalprogress")
    frame = model_frame(f"{GOAL} + (1 | council)", data, response="gaussian")
    cluster = frame.blocks[0].codes
    found = cluster_robust(frame.X, frame.y, cluster=cluster, kind=kind)
    return found.cov, found.std_error, found.df_of(np.eye(frame.X.shape[1]))


def test_every_sandwich_of_the_file_is_compared(pinned):
    held = set(pinned("mixed/other")["clubSandwich"])
    assert held == {f"{name}_{kind}" for name, kind in ROBUST}


@pytest.mark.parametrize(("name", "kind"), ROBUST)
def test_cluster_robust(name, kind, pinned, fitted, mixed_data):
    case = pinned("mixed/other")["clubSandwich"][f"{name}_{kind}"]
    cov, std_error, df = robust(name, kind, fitted, mixed_data)
    theirs = np.array(case[f"vcov_{kind}"])
    close(cov, theirs, 0.0, COVARIANCE * np.abs(theirs).max())
    close(std_error, case["SE"], ERRORS)
    close(df, case["df"], DF)
