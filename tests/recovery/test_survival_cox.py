"""Cox models on data whose truth is known."""

import warnings

import numpy as np
import pandas as pd
import pytest

from rpcstats.errors import ConvergenceWarning
from rpcstats.survival.cox_regression import cox

pytestmark = pytest.mark.slow

# Of 400 studies a 95 % interval misses 20 give or take 4.4; three of those are allowed.
STUDIES = 400
COVERS = (0.917, 0.983)
# Three standard errors of a mean over the studies, and of the error's own bias.
BIAS = 3.0 / np.sqrt(STUDIES)
# Without the clusters, intervals of a covariate of the cluster miss far more often.
UNDER_COVERS = 0.85
TRUTH = np.array([0.5, -0.3])


def _studied(draw, fit, names):
    """Fit each study; give errors in standard errors, and whether intervals cover."""
    errors, covered = [], []
    for seed in range(STUDIES):
        table = fit(draw(np.random.default_rng(seed))).tidy().set_index("term").loc[names]
        errors.append((table["estimate"] - TRUTH[: len(names)]) / table["std_error"])
        truth = TRUTH[: len(names)]
        covered.append((table["conf_low"] <= truth) & (truth <= table["conf_high"]))
    return np.array(errors), np.array(covered).mean(axis=0)


def _late_weekly(rng, n=300):
    """Weekly times, two councils with hazards of their own, late entry, censoring."""
    x, z = rng.normal(size=n), (rng.random(n) < 0.5).astype(float)
    council = rng.integers(0, 2, n)
    hazard = 0.04 * np.where(council == 1, 2.0, 1.0) * np.exp(0.5 * x - 0.3 * z)
    time = np.ceil(rng.exponential(size=n) / hazard)
    end, start = rng.integers(10, 60, n), np.maximum(rng.integers(-15, 15, n), 0)
    rows = pd.DataFrame({"x": x, "z": z, "council": council, "start": start})
    rows["time"], rows["event"] = np.minimum(time, end), (time <= end).astype(int)
    return rows[rows["time"] > rows["start"]]


def test_late_entry_strata_and_weekly_ties():
    formula = "Surv(start, time, event) ~ x + z + strata(council)"
    errors, coverage = _studied(_late_weekly, lambda rows: cox(formula, rows), ["x", "z"])
    assert (np.abs(errors.mean(axis=0)) < BIAS + 0.1).all()
    assert ((coverage > COVERS[0]) & (coverage < COVERS[1])).all()


def _clustered(rng, n_cluster=250, size=5):
    """The covariate belongs to the cluster, whose members share a small random hazard."""
    x = np.repeat(rng.normal(size=n_cluster), size)
    shared = np.repeat(rng.gamma(2.0, 0.5, n_cluster), size)
    time = rng.exponential(size=len(x)) / (shared * np.exp(0.5 * x))
    end = rng.exponential(3.0, len(x))
    group = np.repeat(np.arange(n_cluster), size)
    return pd.DataFrame(
        {"x": x, "time": np.minimum(time, end), "event": (time <= end) * 1, "g": group}
    )


def test_clusters_left_out_under_cover_and_robust_errors_mend_it():
    """The marginal ratio is nearer 1 than the conditional one; errors are judged about it."""
    plain, robust, estimates = [], [], []
    for seed in range(STUDIES):
        rows = _clustered(np.random.default_rng(seed))
        fit = cox("Surv(time, event) ~ x + cluster(g)", rows)
        estimates.append(fit.beta[0])
        plain.append(np.sqrt(fit.cov_model[0, 0]))
        robust.append(fit.std_error[0])
    estimates = np.array(estimates)
    off = np.abs(estimates - estimates.mean())
    assert np.mean(off < 1.96 * np.array(plain)) < UNDER_COVERS
    assert np.mean(off < 1.96 * np.array(robust)) > COVERS[0] - 0.02
    assert np.mean(robust) == pytest.approx(estimates.std(), rel=0.12)


def _few_events(rng, n=40):
    x = (rng.random(n) < 0.5).astype(float)
    time = rng.exponential(size=n) / np.exp(1.5 * x)
    end = rng.exponential(0.25, n)
    return pd.DataFrame({"x": x, "time": np.minimum(time, end), "event": (time <= end) * 1})


def test_firth_takes_off_the_bias_of_few_events():
    """Some studies separate; there Firth's estimate is finite and its profile covers."""
    firth, plain, covered = [], [], []
    for seed in range(STUDIES):
        rows = _few_events(np.random.default_rng(seed))
        if rows["event"].sum() < 2 or rows["x"].nunique() < 2:
            continue
        fit = cox("Surv(time, event) ~ x", rows, firth=True)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)
            plain.append(cox("Surv(time, event) ~ x", rows).beta[0])
        firth.append(fit.beta[0])
        limits = fit.confint("profile")
        covered.append(limits.loc[0, "conf_low"] <= 1.5 <= limits.loc[0, "conf_high"])
    assert abs(np.mean(firth) - 1.5) < 0.15
    assert np.mean(plain) - 1.5 > 2.0 * abs(np.mean(firth) - 1.5)
    assert COVERS[0] < np.mean(covered) < COVERS[1]


def test_ignoring_late_entry_is_wrong():
    """Counted as at risk from 0, those who enter late seem to live long."""
    ignored = []
    for seed in range(60):
        rng = np.random.default_rng(seed)
        n = 400
        x = rng.normal(size=n)
        time, start = rng.exponential(size=n) / np.exp(0.5 * x), 0.6 * (x > 0) * rng.random(n)
        rows = pd.DataFrame({"x": x, "time": time, "start": start, "event": 1})
        ignored.append(cox("Surv(time, event) ~ x", rows[time > start]).beta[0])
    assert np.mean(ignored) < 0.45
