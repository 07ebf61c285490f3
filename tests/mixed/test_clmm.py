"""Cumulative link mixed models: against ordinal, and what they say."""

import numpy as np
import pandas as pd
import pytest

from rpcstats import _vocabulary as v
from rpcstats.errors import ParameterError
from rpcstats.mixed import clmm

# ordinal stops at a gradient of about 1e-5.
OF_R = 2e-4
LIKELIHOOD_OF_R = 1e-7

CASES = {
    "clmm_judge_laplace": {},
    "clmm_judge_agq10": {"nagq": 10},
    "judge_probit_agq10": {"nagq": 10, "link": "probit"},
    "judge_cloglog": {"link": "cloglog"},
    "judge_equidistant": {"thresholds": "equidistant"},
}


@pytest.mark.parametrize("case", CASES)
def test_agrees_with_ordinal(case, mixed_data, mixed_values):
    r = mixed_values("clmm")[case]
    fit = clmm("rating ~ temp + contact + (1 | judge)", mixed_data("wine"), **CASES[case])
    row = fit.glance().iloc[0]
    assert row["log_lik"] == pytest.approx(r["logLik"], rel=LIKELIHOOD_OF_R)
    assert row["aic"] == pytest.approx(r["AIC"], rel=LIKELIHOOD_OF_R)
    there = {name: (r["coef"][name], r["se"][name]) for name in r["coef"]}
    slopes = {"temp[T.warm]": "tempwarm", "contact[T.yes]": "contactyes"}
    for line in fit.tidy().itertuples():
        name = slopes.get(line.term, line.term)
        if name not in there:
            continue
        estimate, std_error = there[name]
        assert line.estimate == pytest.approx(estimate, rel=OF_R)
        assert line.std_error == pytest.approx(std_error, rel=OF_R)


def test_thresholds_come_first_and_stay_as_they_are(wine):
    plain, ratio = wine.tidy(), wine.tidy(exponentiate=True)
    assert tuple(plain.columns) == (v.COMPONENT, *v.TIDY)
    assert plain["component"].tolist() == ["threshold"] * 4 + ["location"] * 2
    assert plain["term"].tolist()[:4] == ["1|2", "2|3", "3|4", "4|5"]
    pd.testing.assert_frame_equal(plain.head(4), ratio.head(4))
    np.testing.assert_allclose(ratio["estimate"][4:], np.exp(wine.beta), rtol=1e-14)
    np.testing.assert_allclose(plain["estimate"][:4], wine.thresholds, rtol=1e-14)


def test_equal_steps_are_equal(mixed_data):
    fit = clmm("rating ~ temp + (1 | judge)", mixed_data("wine"), thresholds="equidistant")
    steps = np.diff(fit.thresholds)
    np.testing.assert_allclose(steps, steps[0], rtol=1e-12)
    assert fit.n_parameter == 4


def test_wald_tests_leave_the_thresholds_alone(wine):
    frame = wine.wald_tests()
    z = wine.tidy()["statistic"].to_numpy()[4:]
    assert frame["term"].tolist() == ["temp", "contact"]
    np.testing.assert_allclose(frame["statistic"], z**2, rtol=1e-10)


def test_fitted_is_the_mean_category(wine):
    frame = wine.augment()
    p = wine.predict()["estimate"].to_numpy().reshape(72, 5)
    np.testing.assert_allclose(p.sum(axis=1), 1, rtol=1e-12)
    np.testing.assert_allclose(frame["fitted"], p @ np.arange(1.0, 6), rtol=1e-12)
    np.testing.assert_allclose(frame["observed"], wine.frame.y + 1)
    spread = p @ np.arange(1.0, 6) ** 2 - (p @ np.arange(1.0, 6)) ** 2
    pearson = frame["residual"] / np.sqrt(spread)
    np.testing.assert_allclose(frame["residual_standardised"], pearson, rtol=1e-9)
    assert wine.dispersion().empty


def test_turning_the_categories_round_turns_the_signs(wine, mixed_data):
    data = mixed_data("wine").assign(rating=lambda d: 6 - d["rating"])
    turned = clmm("rating ~ temp + contact + (1 | judge)", data)
    np.testing.assert_allclose(turned.beta, -wine.beta, rtol=1e-6)
    np.testing.assert_allclose(turned.thresholds, -wine.thresholds[::-1], rtol=1e-6)


def test_summary_names_the_model(wine):
    text = str(wine.summary())
    assert "Cumulative link mixed model by the Laplace approximation (logit link)" in text
    assert "threshold" in text


@pytest.mark.parametrize("change", [{"link": "cauchit"}, {"thresholds": "free"}])
def test_wrong_arguments_are_named(change, mixed_data):
    with pytest.raises(ParameterError):
        clmm("rating ~ temp + (1 | judge)", mixed_data("wine"), **change)
