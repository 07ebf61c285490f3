"""Linear mixed models: by hand, against lme4, and what they say."""

import dataclasses
import warnings

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from rpcstats import _vocabulary as v
from rpcstats.errors import ConvergenceWarning, DataError, FormulaError, ParameterError
from rpcstats.mixed import estimate_linear, lmm

# lme4's values were polished to a gradient of 1e-6 and printed with 15 digits.
OF_R = 2e-6
# The criterion is flat at its minimum: an error of 1e-6 in theta is one of 1e-12 in it.
CRITERION_OF_R = 1e-9
# lmerTest differentiates numerically.
DF_OF_R = 1e-5

SMALL_CASES = {
    "sleepstudy_slope": "Reaction ~ Days + (Days | Subject)",
    "sleepstudy_uncorr": "Reaction ~ Days + (Days || Subject)",
    "sleepstudy_int": "Reaction ~ Days + (1 | Subject)",
    "dyestuff": "Yield ~ 1 + (1 | Batch)",
    "dyestuff2_singular": "Yield ~ 1 + (1 | Batch)",
    "pastes_nested": "strength ~ 1 + (1 | batch/cask)",
    "penicillin_crossed": "diameter ~ 1 + (1 | plate) + (1 | sample)",
    "machines": "score ~ Machine + (1 | Worker) + (1 | Worker:Machine)",
}


@pytest.fixture
def three_pairs():
    """Groups with means 1, 4, 7 and a residual of ±1 about them."""
    return pd.DataFrame({"y": [0.0, 2, 3, 5, 6, 8], "g": list("aabbcc")})


def test_three_pairs_by_hand(three_pairs):
    # Mean squares 18 between and 2 within: variances 2 and (18 - 2) / 2 = 8; the mean has
    # variance 18 / 6 with 2 degrees of freedom; group means keep 1 - 2 / 18 of their distance.
    fit = lmm("y ~ 1 + (1 | g)", three_pairs)
    assert fit.sigma**2 == pytest.approx(2, rel=1e-8)
    assert fit.varcorr().covariance("g")[0, 0] == pytest.approx(8, rel=1e-7)
    row = fit.tidy().iloc[0]
    assert row["estimate"] == pytest.approx(4, rel=1e-12)
    assert row["std_error"] == pytest.approx(np.sqrt(3), rel=1e-7)
    assert row["df"] == pytest.approx(2, rel=1e-6)
    shrunk = 4 + np.repeat([-3, 0, 3], 2) * (1 - 2 / 18)
    np.testing.assert_allclose(fit.fitted(), shrunk, atol=1e-6)


def test_ml_by_hand(three_pairs):
    # ML divides the sum of squares between by 3 groups in place of 2: 36 / 3 = 12 = 2 + 2 * 5.
    fit = lmm("y ~ 1 + (1 | g)", three_pairs, method="ml")
    assert fit.sigma**2 == pytest.approx(2, rel=1e-7)
    assert fit.varcorr().covariance("g")[0, 0] == pytest.approx(5, rel=1e-6)
    within, between = 3 * np.log(2 * np.pi * 2), 3 * np.log(2 * np.pi * 12)
    assert fit.deviance == pytest.approx(within + between + 6, rel=1e-10)


@pytest.mark.parametrize("case", SMALL_CASES)
@pytest.mark.parametrize("method", ["reml", "ml"])
def test_agrees_with_lme4(case, method, mixed_data, mixed_values):
    entry = mixed_values("lmm")[case]
    r = entry[method]
    fit = lmm(SMALL_CASES[case], mixed_data(entry["data"]), method=method)
    row = fit.glance().iloc[0]
    assert row["deviance"] == pytest.approx(r["objective"], rel=CRITERION_OF_R)
    for name, there in {"log_lik": "logLik", "aic": "AIC", "bic": "BIC"}.items():
        assert row[name] == pytest.approx(r[there], rel=CRITERION_OF_R)
    assert (row["n_obs"], row["df"]) == (r["n"], r["npar"])
    assert row["is_singular"] == r["singular"]
    assert row["sigma"] == pytest.approx(r["sigma"], rel=OF_R)
    np.testing.assert_allclose(fit.beta, list(r["fixef"].values()), rtol=OF_R)
    np.testing.assert_allclose(fit.cov, np.atleast_2d(r["vcov"]), rtol=10 * OF_R, atol=1e-9)
    scale = np.abs(r["fitted_head"]).max()
    np.testing.assert_allclose(fit.fitted()[:6], r["fitted_head"], atol=OF_R * scale)
    marginal = fit.augment()["fitted_marginal"].to_numpy()[:6]
    np.testing.assert_allclose(marginal, r["predict_marginal_head"], rtol=OF_R)


def test_weights_agree_with_lme4(mixed_data, mixed_values):
    r = mixed_values("lmm")["sleepstudy_weighted"]["reml"]
    data = mixed_data("sleepstudy").assign(w=mixed_data("sleepstudy_weights")["w"])
    fit = lmm("Reaction ~ Days + (Days | Subject)", data, weights="w")
    assert fit.deviance == pytest.approx(r["objective"], rel=CRITERION_OF_R)
    np.testing.assert_allclose(fit.fitted()[:6], r["fitted_head"], rtol=OF_R)
    pearson = fit.residuals("pearson")
    np.testing.assert_allclose(pearson, np.sqrt(data["w"]) * fit.residuals(), rtol=1e-12)
    again = lmm("Reaction ~ Days + (Days | Subject)", data, weights=data["w"].to_numpy())
    assert again.deviance == fit.deviance


def test_degrees_of_freedom_agree_with_r(mixed_data, mixed_values):
    r = mixed_values("lmm")["machines"]["reml"]
    fit = lmm(SMALL_CASES["machines"], mixed_data("Machines"))
    frame = fit.tidy()
    assert tuple(frame.columns) == v.TIDY
    adjusted = fit.tidy(df="kenward-roger")
    kr = r["kenward_roger"]
    np.testing.assert_allclose(adjusted["std_error"], list(kr["se"].values()), rtol=DF_OF_R)
    for table, there in ((frame, r["satterthwaite"]), (adjusted, kr)):
        np.testing.assert_allclose(table["df"], list(there["df"].values()), rtol=DF_OF_R)
    np.testing.assert_allclose(
        frame["p_value"], list(r["satterthwaite"]["p"].values()), rtol=10 * DF_OF_R
    )
    for df, there in (("satterthwaite", r["satterthwaite"]), ("kenward-roger", kr)):
        (test,) = fit.f_tests(df=df).itertuples()
        (anova,) = there["anova"]
        assert test.term == "Machine"
        assert test.statistic == pytest.approx(anova["F value"], rel=DF_OF_R)
        assert test.den_df == pytest.approx(anova["DenDF"], rel=DF_OF_R)
        assert test.sum_sq == pytest.approx(anova["Sum Sq"], rel=DF_OF_R)
    assert (fit.tidy(df="residual")["df"] == 51).all()
    assert fit.tidy(df="normal")["df"].isna().all()


def test_f_tests_of_one_column_are_squared_t(sleepstudy):
    test, row = sleepstudy.f_tests().iloc[0], sleepstudy.tidy().iloc[1]
    assert tuple(sleepstudy.f_tests().columns) == v.F_TESTS
    assert test["statistic"] == pytest.approx(row["statistic"] ** 2, rel=1e-10)
    assert test["p_value"] == pytest.approx(row["p_value"], rel=1e-8)
    assert sleepstudy.f_tests(df="kenward-roger")["den_df"].iloc[0] == pytest.approx(17, rel=1e-6)


def test_fitted_and_residuals_add_up(sleepstudy):
    frame = sleepstudy.augment()
    assert tuple(frame.columns) == v.AUGMENT
    modes = sleepstudy.conditional_modes().estimate[0]
    block = sleepstudy.frame.blocks[0]
    by_hand = sleepstudy.frame.X @ sleepstudy.beta + (block.Z * modes[block.codes]).sum(axis=1)
    np.testing.assert_allclose(frame["fitted"], by_hand, rtol=1e-12)
    np.testing.assert_allclose(frame["fitted"] + frame["residual"], sleepstudy.frame.y, rtol=1e-13)
    marginal = sleepstudy.residuals("marginal")
    np.testing.assert_allclose(frame["fitted_marginal"] + marginal, sleepstudy.frame.y, rtol=1e-13)
    scaled = frame["residual"] / sleepstudy.sigma
    np.testing.assert_allclose(frame["residual_standardised"], scaled, rtol=1e-12)


def test_an_offset_moves_the_response(mixed_data):
    data = mixed_data("sleepstudy").assign(known=lambda d: 3 * d["Days"])
    with_offset = lmm("Reaction ~ Days + (1 | Subject)", data, offset="known")
    inside = lmm("Reaction ~ Days + offset(known) + (1 | Subject)", data)
    without = lmm("Reaction ~ Days + (1 | Subject)", data)
    np.testing.assert_allclose(with_offset.beta, without.beta - [0, 3], rtol=1e-9)
    np.testing.assert_allclose(inside.beta, with_offset.beta, rtol=1e-12)
    np.testing.assert_allclose(with_offset.fitted(), without.fitted(), rtol=1e-9)


def test_missing_rows_are_left_out_and_counted(mixed_data):
    data = mixed_data("sleepstudy")
    data.loc[[0, 7], "Reaction"] = np.nan
    data["Days"] = data["Days"].astype(float)
    data.loc[20, "Days"] = np.nan
    fit = lmm("Reaction ~ Days + (1 | Subject)", data)
    complete = lmm("Reaction ~ Days + (1 | Subject)", data.dropna())
    assert fit.glance()["n_missing"].iloc[0] == 3
    assert fit.deviance == pytest.approx(complete.deviance, rel=1e-12)
    assert fit.augment()["row"].tolist() == [i for i in range(180) if i not in (0, 7, 20)]
    assert "3 rows with missing values left out" in str(fit.summary())


def test_arrow_frames_come_in_and_the_data_are_not_changed(mixed_data, sleepstudy):
    data = mixed_data("sleepstudy")
    fit = lmm("Reaction ~ Days + (Days | Subject)", pa.Table.from_pandas(data))
    assert fit.deviance == pytest.approx(sleepstudy.deviance, rel=1e-12)
    pd.testing.assert_frame_equal(data, mixed_data("sleepstudy"))


def test_a_fit_is_frozen(sleepstudy):
    with pytest.raises(dataclasses.FrozenInstanceError):
        sleepstudy.method = "ml"
    for values in (sleepstudy.beta, sleepstudy.theta, sleepstudy.cov, sleepstudy.frame.y):
        with pytest.raises(ValueError, match="read-only"):
            values[0] = 1.0
    first = sleepstudy.tidy()
    first.loc[0, "estimate"] = 0.0
    assert sleepstudy.tidy()["estimate"].iloc[0] != 0.0


def test_a_start_changes_nothing(sleepstudy, mixed_data):
    formula = "Reaction ~ Days + (Days | Subject)"
    fit = lmm(formula, mixed_data("sleepstudy"), start=[2.0, 0.5, 0.1])
    assert fit.deviance == pytest.approx(sleepstudy.deviance, rel=1e-10)


def test_a_singular_fit_says_so_without_a_warning(mixed_data):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        fit = lmm("Yield ~ 1 + (1 | Batch)", mixed_data("Dyestuff2"))
    assert fit.is_singular
    assert fit.converged
    assert "variance of the intercept between levels of Batch is zero" in str(fit.summary())


def test_a_search_that_fails_warns_at_the_caller(monkeypatch, mixed_data):
    found = estimate_linear.fit_linear

    def stopped(*args):
        evaluation, optimum = found(*args)
        return evaluation, dataclasses.replace(optimum, converged=False, status="out of steps")

    monkeypatch.setattr(estimate_linear, "fit_linear", stopped)
    with pytest.warns(ConvergenceWarning, match="out of steps.*simplify the random eff") as seen:
        fit = lmm("Reaction ~ Days + (1 | Subject)", mixed_data("sleepstudy"))
    assert seen[0].filename == __file__
    assert not fit.glance()["converged"].iloc[0]
    assert "out of steps" in str(fit.summary())


def test_glance_confint_and_summary(sleepstudy):
    row = sleepstudy.glance()
    assert tuple(row.columns) == v.MIXED_GLANCE
    assert (row["n_group"].iloc[0], row["groups"].iloc[0]) == (18, "Subject 18")
    limits = sleepstudy.confint(conf_level=0.9)
    np.testing.assert_allclose(
        limits["conf_low"], sleepstudy.tidy(conf_level=0.9)["conf_low"], rtol=1e-14
    )
    text, html = str(sleepstudy.summary()), sleepstudy._repr_html_()
    for word in ("by REML", "Reaction ~ Days + (Days | Subject)", "correlation", "Residual"):
        assert word in text
        assert word in html
    assert repr(sleepstudy).startswith("LinearMixedFit(Reaction ~ Days + (Days | Subject), reml")


def test_exponentiated_estimates_keep_the_standard_error_of_the_log(mixed_data):
    data = mixed_data("sleepstudy").assign(y=lambda d: np.log(d["Reaction"]))
    fit = lmm("y ~ Days + (1 | Subject)", data)
    plain, ratio = fit.tidy(), fit.tidy(exponentiate=True)
    for name in ("estimate", "conf_low", "conf_high"):
        np.testing.assert_allclose(ratio[name], np.exp(plain[name]), rtol=1e-13)
    np.testing.assert_allclose(ratio["std_error"], plain["std_error"], rtol=1e-13)


@pytest.mark.parametrize(
    ("change", "error", "text"),
    [
        ({"method": "mle"}, ParameterError, "reml"),
        ({"start": [1.0]}, ParameterError, "3 finite numbers"),
        ({"formula": "Reaction ~ Dayz + (1 | Subject)"}, FormulaError, 'did you mean "Days"'),
        ({"formula": "Reaction ~ Days"}, FormulaError, "random"),
        ({"weights": "Days"}, DataError, "above 0"),
    ],
)
def test_wrong_arguments_are_named(change, error, text, mixed_data):
    options = {"formula": "Reaction ~ Days + (Days | Subject)", **change}
    with pytest.raises(error, match=text):
        lmm(options.pop("formula"), mixed_data("sleepstudy"), **options)


@pytest.mark.parametrize(
    "call",
    [
        lambda fit: fit.tidy(df="kenward"),
        lambda fit: fit.tidy(conf_level=1.0),
        lambda fit: fit.f_tests(df="normal"),
        lambda fit: fit.f_tests(test_type="II"),
        lambda fit: fit.residuals("deviance"),
        lambda fit: fit.confint("score"),
        lambda fit: fit.simulate(0, seed=1),
    ],
)
def test_wrong_options_of_a_fit_are_named(call, sleepstudy):
    with pytest.raises(ParameterError):
        call(sleepstudy)
