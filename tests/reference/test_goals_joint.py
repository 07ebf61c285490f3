"""The joint model against a likelihood written out in R, and against lme4 and glm without it."""

import numpy as np
import pytest

from rpcstats.designs.missing import joint_model
from rpcstats.designs.missing.joint_data import joint_data
from rpcstats.designs.missing.joint_likelihood import evaluate
from rpcstats.designs.missing.joint_parameters import Model

LIKELIHOOD = 1e-7  # R's product rule of 40 nodes does not adapt
OPTIMUM = 2e-4  # R's last Newton step is by differences of a rule of 28 nodes
SEPARATE = 1e-5
SHARES = ("slope", "intercept", "both", "level", "none")
LINKS = ("logit", "cloglog")
AT = [f"at_{share}_{link}" for link in LINKS for share in SHARES]
ALONE = ["slope_logit", "none_logit"]


@pytest.fixture(scope="module")
def goals(courses, as_goals):
    return as_goals(courses)


def test_every_case_of_the_file_is_compared(pinned):
    assert sorted(pinned("goals/joint")) == sorted([*AT, *ALONE])


def in_our_terms(theta, share, centre):
    """Count ratings from their mean, as the model does; of a shared level too."""
    theta = np.array(theta, dtype=float)
    theta[0] -= centre
    if share == "level":
        theta[9:12] += theta[13] * centre
    return theta


@pytest.mark.parametrize("case", AT)
def test_likelihood(pinned, goals, case):
    _, share, link = case.split("_")
    found = pinned("goals/joint")[case]
    data = joint_data(goals, ("source",), ("source",))
    assert data.z_names == ("(Intercept)", "source=school")
    theta = in_our_terms(found["theta"], share, data.centre)
    log_lik = evaluate(Model(data, share, link, 21), theta).log_lik.sum()
    assert log_lik == pytest.approx(found["log_lik"][0], abs=LIKELIHOOD)


def test_maximum(pinned, goals):
    found = pinned("goals/joint")["slope_logit"]
    fit = joint_model(goals, adjust=("source",), dropout_adjust=("source",), nagq=21)
    theta = in_our_terms(found["theta"], "slope", fit.model.data.centre)
    np.testing.assert_allclose(fit.theta, theta, atol=OPTIMUM)
    assert fit.log_lik == pytest.approx(found["log_lik"][0], abs=1e-5)
    np.testing.assert_allclose(np.sqrt(np.diag(fit.cov_model)), found["se"], rtol=1e-3)


def test_without_association(pinned, goals):
    found = pinned("goals/joint")["none_logit"]
    fit = joint_model(goals, adjust=("source",), dropout_adjust=("source",), share="none")
    both = found["log_lik_ratings"][0] + found["log_lik_dropout"][0]
    assert fit.log_lik == pytest.approx(both, abs=1e-6)
    estimates = fit.tidy().set_index("component")["estimate"]
    intercept, stage, x, stage_x = found["fixed"]
    np.testing.assert_allclose(
        estimates["trajectory"], [intercept, x, stage, stage_x], atol=SEPARATE
    )
    np.testing.assert_allclose(estimates["dropout"], found["hazard"], atol=SEPARATE)
