"""Options that are no option at all, and clusters that tell nothing."""

import numpy as np
import pandas as pd
import pytest

from rpcstats import errors
from rpcstats.survival import (
    cause_specific,
    compare_distributions,
    concordance_index,
    cox,
    cumulative_incidence,
    cure_model,
    fine_gray,
    gray_test,
    kaplan_meier,
    nelson_aalen,
    royston_parmar,
    survreg,
)

PLAIN = "Surv(time, event) ~ x"
GROUPS = "Surv(time, event) ~ mode"


@pytest.fixture(scope="module")
def frame():
    rng = np.random.default_rng(2)
    n = 40
    return pd.DataFrame(
        {
            "time": np.ceil(rng.exponential(9, n)),
            "event": rng.integers(0, 2, n),
            "x": rng.normal(size=n),
            "mode": rng.choice(["online", "venue"], n),
            "one": 1,
        }
    )


CALLS = {
    "cox ties": lambda d, a: cox(PLAIN, d, ties=a),
    "cox robust": lambda d, a: cox(PLAIN, d, robust=a),
    "cox firth": lambda d, a: cox(PLAIN, d, firth=a),
    "residuals": lambda d, a: cox(PLAIN, d).residuals(a),
    "transform": lambda d, a: cox(PLAIN, d).proportional_hazards(a),
    "predict kind": lambda d, a: cox(PLAIN, d).predict(kind=a),
    "predict reference": lambda d, a: cox(PLAIN, d).predict(reference=a),
    "survival": lambda d, a: cox(PLAIN, d).survival(d.head(1), conf_type=a),
    "confint": lambda d, a: cox(PLAIN, d).confint(a),
    "concordance": lambda d, a: cox(PLAIN, d).concordance(pair_weights=a),
    "concordance_index": lambda d, a: concordance_index(PLAIN, d, high_score=a),
    "standardise": lambda d, a: cox(GROUPS, d).standardise(d, "mode", times=[1], variance=a),
    "incidence variance": lambda d, a: cumulative_incidence(GROUPS, d, variance=a),
    "incidence scale": lambda d, a: cumulative_incidence(GROUPS, d, conf_type=a),
    "incidence robust": lambda d, a: cumulative_incidence(GROUPS, d, robust=a),
    "incidence at": lambda d, a: cumulative_incidence(GROUPS, d).at(a),
    "incidence difference": lambda d, a: cumulative_incidence(GROUPS, d).difference(a),
    "incidence time lost": lambda d, a: cumulative_incidence(GROUPS, d).time_lost(a),
    "incidence plot": lambda d, a: cumulative_incidence(GROUPS, d).plot(kind=a),
    "gray": lambda d, a: gray_test(GROUPS, d, rho=a),
    "fine_gray variance": lambda d, a: fine_gray(PLAIN, d, cause="1", variance=a),
    "fine_gray censoring": lambda d, a: fine_gray(PLAIN, d, cause="1", censoring_by=a),
    "cause_specific": lambda d, a: cause_specific(PLAIN, d, ties=a),
    "survreg": lambda d, a: survreg(PLAIN, d, dist=a),
    "survreg robust": lambda d, a: survreg(PLAIN, d, robust=a),
    "parameterisation": lambda d, a: survreg(PLAIN, d, parameterisation=a),
    "survreg kind": lambda d, a: survreg(PLAIN, d).predict(kind=a),
    "compare": lambda d, a: compare_distributions(PLAIN, d, dists=a),
    "royston_parmar": lambda d, a: royston_parmar(PLAIN, d, scale=a),
    "cure_model": lambda d, a: cure_model(PLAIN, d, dist=a),
    "kaplan_meier": lambda d, a: kaplan_meier(PLAIN, d, conf_type=a),
}


@pytest.mark.parametrize("given", [np.zeros((2, 2)), object()], ids=["array", "object"])
@pytest.mark.parametrize("name", CALLS)
def test_an_option_of_another_kind_is_refused(name, given, frame):
    with pytest.raises(errors.ParameterError):
        CALLS[name](frame, given)


@pytest.mark.parametrize("estimator", [cox, survreg, royston_parmar, cure_model, concordance_index])
def test_one_cluster_is_refused(estimator, frame):
    with pytest.raises(errors.DataError, match="Every row is in one cluster of one"):
        estimator(f"{PLAIN} + cluster(one)", frame)


@pytest.mark.parametrize("estimator", [kaplan_meier, nelson_aalen, cumulative_incidence])
def test_one_cluster_is_refused_by_curves(estimator, frame):
    with pytest.raises(errors.DataError, match="Every row is in one cluster of one"):
        estimator(f"{GROUPS} + cluster(one)", frame)


def test_no_more_clusters_than_coefficients_is_said(frame):
    frame = frame.assign(g=np.arange(40) % 2, y=frame["x"] ** 2)
    fit = cox("Surv(time, event) ~ x + y + cluster(g)", frame)
    assert any("g has no more clusters than there are coefficients" in r for r in fit.remarks)


def test_texts_among_numbers_are_refused(frame):
    for cells in (frame["x"].astype(object), frame["x"].astype(str)):
        mixed = cells.copy()
        mixed.iloc[3] = "Ms Doe"
        with pytest.raises(errors.DataError) as fault:
            cox(PLAIN, frame.assign(x=mixed))
        assert "Doe" not in str(fault.value)
        assert "C()" in str(fault.value)
    codes = frame.assign(x=np.where(frame["x"] > 0, "1", "2"))
    assert cox("Surv(time, event) ~ C(x)", codes).names == ("C(x)[T.2]",)


def test_strata_that_compare_nothing(frame):
    """Every row a stratum of its own: no coefficient, and no test."""
    alone = frame.assign(s=np.arange(40), g=np.arange(40) % 9)
    fit = fine_gray(f"{PLAIN} + strata(s) + cluster(g)", alone, cause="1")
    assert fit.names == ()
    test = gray_test(f"{GROUPS} + strata(s)", alone)
    assert np.isnan(test.statistic).all()
    assert "can't be tested" in test.remarks[-1]
