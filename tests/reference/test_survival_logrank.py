"""Robust, weighted, trend, largest and pairwise log-rank tests against R."""

import numpy as np
import pandas as pd
import pytest

from rpcstats.survival import logrank
from rpcstats.survival.nonparametric.logrank_trend import logrank_trend
from rpcstats.survival.nonparametric.max_combo import max_combo
from rpcstats.survival.nonparametric.pairwise_logrank import pairwise_logrank

# Sums in another order; seen: 2e-13.
RELATIVE = 1e-9
# A covariance entry is 0 where two groups are never at risk together.
ABSOLUTE = 1e-10
# pmvnorm's p-values carry an error of 1e-7 or so.
INTEGRAL = 1e-6

SEX, CELL = "Surv(time, event) ~ sex", "Surv(time, status) ~ celltype"
WEEKS, HEART = "Surv(weeks, event) ~ ", "Surv(start, stop, event) ~ surgery"

TESTS = {
    "robust_lung": ("lung", "Surv(time, event) ~ ecog", {"robust": True}),
    "robust_veteran": ("veteran", f"{CELL} + strata(trt)", {"robust": True}),
    "robust_weights": ("lung", SEX, {"robust": True, "weights": "w"}),
    "cluster_lung": ("lung", f"{SEX} + cluster(inst)", {}),
    "cluster_weights_strata": (
        "lung",
        f"{WEEKS}ecog + strata(sex) + cluster(inst)",
        {"weights": "w"},
    ),
    "cluster_rats": ("rats", "Surv(time, status) ~ rx + cluster(litter)", {}),
    "cluster_heart": ("heart", f"{HEART} + cluster(id)", {}),
    "weights_lung": ("lung", SEX, {"weights": "k"}),
    "weights_lung_strata_rho1": (
        "lung",
        f"{WEEKS}sex + strata(ecog)",
        {"weights": "k", "rho": 1},
    ),
    **{
        f"{kind.replace('-', '_')}_{name}": (name, formula, {"weighting": kind})
        for kind in ("gehan", "tarone-ware", "peto-peto")
        for name, formula in (("lung", SEX), ("veteran", f"{CELL} + strata(trt)"))
    },
    "gehan_heart": ("heart", HEART, {"weighting": "gehan"}),
}
TRENDS = {
    "trend_lung": ("lung", "Surv(time, event) ~ ecog", {}),
    "trend_lung_strata": ("lung", "Surv(time, event) ~ ecog + strata(sex)", {}),
    "trend_lung_rho1": ("lung", "Surv(time, event) ~ ecog", {"rho": 1}),
    "trend_veteran": ("veteran", CELL, {}),
    "trend_two_groups": ("lung", SEX, {}),
}
COMBOS = {
    "combo_lung": ("lung", SEX, {}),
    "combo_lung_strata": ("lung", f"{SEX} + strata(ecog)", {}),
    "combo_veteran": ("veteran", "Surv(time, status) ~ trt", {}),
    "combo_heart": ("heart", HEART, {}),
    "combo_two": (
        "veteran",
        "Surv(time, status) ~ trt + strata(celltype)",
        {"exponents": [(0, 0), (0, 1)]},
    ),
}
PAIRS = {
    "pairs_veteran": ("veteran", CELL),
    "pairs_veteran_strata": ("veteran", f"{CELL} + strata(trt)"),
}


@pytest.fixture(scope="module")
def data(survival_data):
    def read(name):
        frame = survival_data("lung_w" if name == "lung" else name)
        if name == "lung":
            frame["event"] = frame["status"] - 1
            frame["weeks"] = np.ceil(frame["time"] / 30)
            frame["ecog"] = frame["ph.ecog"]
            frame["k"] = 1 + np.arange(1, len(frame) + 1) % 3
        elif name == "veteran":
            cells = ["squamous", "smallcell", "adeno", "large"]
            frame["celltype"] = pd.Categorical(frame["celltype"], categories=cells)
        return frame

    return read


def close(ours, theirs, rtol=RELATIVE):
    np.testing.assert_allclose(ours, np.squeeze(theirs), rtol=rtol, atol=ABSOLUTE)


def test_every_case_of_the_file_is_compared(pinned):
    assert set(pinned("survival/logrank")) == {*TESTS, *TRENDS, *COMBOS, *PAIRS}


@pytest.mark.parametrize("name", TESTS)
def test_tests_of_groups(name, data, pinned):
    which, formula, options = TESTS[name]
    test, case = logrank(formula, data(which), **options), pinned("survival/logrank")[name]
    close(test.statistic, case["statistic"])
    close(test.p_value, case["p_value"])
    assert [test.df] == case["df"]
    if "observed" in case:
        close(test.observed, case["observed"])
        close(test.expected, case["expected"])
    if "score" in case:
        close(test.observed - test.expected, case["score"])
    if "variance" in case:
        close(test.V, case["variance"])


@pytest.mark.parametrize("name", TRENDS)
def test_trends(name, data, pinned):
    which, formula, options = TRENDS[name]
    case = pinned("survival/logrank")[name]
    test = logrank_trend(formula, data(which), scores=case["scores"], **options)
    close(test.statistic, case["statistic"])
    close(test.p_value, case["p_value"])


@pytest.mark.parametrize("name", COMBOS)
def test_largest_of_several(name, data, pinned):
    which, formula, options = COMBOS[name]
    test, case = max_combo(formula, data(which), **options), pinned("survival/logrank")[name]
    close(test.z, case["z"])
    close(test.correlation, case["correlation"])
    close(test.statistic, case["statistic"])
    np.testing.assert_allclose(test.p_value, case["p_value"][0], atol=INTEGRAL)


@pytest.mark.parametrize("name", PAIRS)
def test_pairs(name, data, pinned):
    which, formula = PAIRS[name]
    case = pinned("survival/logrank")[name]
    for adjust in ("holm", "bonferroni", "hommel", "fdr_bh"):
        frame = pairwise_logrank(formula, data(which), adjust=adjust).tidy()
        close(frame["p_value"], case["p_value"])
        close(frame["p_adjusted"], case[adjust])
