"""Concordance against R, counts and standard errors."""

import numpy as np
import pytest

from rpcstats.survival.cox_checks.concordance import concordance, concordance_index
from rpcstats.survival.cox_regression import cox

# Sums in another order; the models enter only through the ranks they give.
RELATIVE = 1e-9
# Pairs are sums of products of weights.
COUNT = 1e-10

LUNG = "Surv(time, status) ~ age + sex + `ph.ecog`"
HEART = "Surv(start, stop, event) ~ age + year"
MODELS = {
    "lung": ("lung", LUNG, {}, {}),
    "lung_months": ("lung", "Surv(months, status) ~ sex + `ph.ecog`", {}, {}),
    "lung_weighted": ("lung_w", LUNG, {"weights": "w"}, {}),
    "veteran_strata": ("veteran", "Surv(time, status) ~ karno + trt + strata(celltype)", {}, {}),
    "heart": ("heart", f"{HEART} + surgery + transplant", {}, {}),
    "heart_strata_weighted": ("heart", f"{HEART} + strata(surgery)", {"weights": "w"}, {}),
    "rats_cluster": ("rats", "Surv(time, status) ~ rx + C(sex) + cluster(litter)", {}, {}),
    "uno_fit": ("lung", LUNG, {}, {"pair_weights": "uno", "tau": 600}),
}
UNO = {"pair_weights": "uno"}
SCORES = {
    "score_late": ("veteran", "Surv(time, status) ~ karno", {"high_score": "late"}),
    "score_early": ("veteran", "Surv(time, status) ~ age", {}),
    "score_strata": (
        "veteran",
        "Surv(time, status) ~ karno + strata(celltype)",
        {"high_score": "late"},
    ),
    "score_cluster": (
        "rats",
        "Surv(time, status) ~ rx + cluster(litter)",
        {"high_score": "late"},
    ),
    "score_weighted_entry": ("heart", "Surv(start, stop, event) ~ age", {"weights": "w"}),
    "score_tau": ("veteran", "Surv(time, status) ~ karno", {"high_score": "late", "tau": 100}),
    "uno": ("lung", "Surv(time, status) ~ age", UNO),
    "uno_tau": ("lung", "Surv(time, status) ~ age", {**UNO, "tau": 500}),
    "uno_months_weighted": ("lung", "Surv(months, status) ~ age", {**UNO, "weights": "w"}),
    "uno_strata": ("lung", "Surv(time, status) ~ age + strata(sex)", UNO),
    "tiny": ("tiny", "Surv(time, status) ~ x", {}),
}


def test_every_case_is_compared(pinned):
    assert set(pinned("survival/concordance")) == {*MODELS, *SCORES, "two_models"}


def agree(found, wanted):
    np.testing.assert_allclose(found.estimate, wanted["C"], rtol=RELATIVE)
    np.testing.assert_allclose(found.std_error, wanted["se"], rtol=RELATIVE)
    np.testing.assert_allclose(found.counts[0], wanted["counts"], rtol=COUNT)


@pytest.mark.parametrize("case", MODELS)
def test_models(case, pinned, checked_data):
    data, formula, options, asked = MODELS[case]
    found = concordance(cox(formula, checked_data(data), **options), **asked)
    agree(found, pinned("survival/concordance")[case])


@pytest.mark.parametrize("case", SCORES)
def test_scores(case, pinned, checked_data):
    data, formula, options = SCORES[case]
    wanted = pinned("survival/concordance")[case]
    agree(concordance_index(formula, checked_data(data), **options), wanted)


def test_two_models_share_a_covariance(pinned, checked_data):
    wanted = pinned("survival/concordance")["two_models"]
    lung = checked_data("lung").dropna(subset=["ph.ecog"])
    lung["first"] = cox(LUNG, lung).predict()["estimate"].to_numpy()
    lung["second"] = cox("Surv(time, status) ~ sex", lung).predict()["estimate"].to_numpy()
    found = concordance_index("Surv(time, status) ~ first + second", lung)
    np.testing.assert_allclose(found.estimate, wanted["C"], rtol=RELATIVE)
    np.testing.assert_allclose(found.cov, np.array(wanted["var"]), rtol=RELATIVE)
