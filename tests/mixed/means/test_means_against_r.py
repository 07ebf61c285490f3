"""Weights, empty cells, ordered responses and other contrasts against R's emmeans."""

import numpy as np
import pytest

from rpcstats.mixed import clmm, glmm, lmm, marginal_means, slopes

# Both sides stand at the polished optimum; glmmTMB's own optimiser stops a little before it.
ESTIMATES = 1e-6
GENERAL = 3e-5
# R differences the deviance numerically for Satterthwaite's degrees of freedom.
DF = 1e-4
P_VALUES = 1e-5
# ordinal::clmm stops with gradients of 1e-5 and differences its Hessian.
ORDINAL = 1e-4
# R's ptukey is right to about 1e-10, which is much of a p-value of 1e-8.
TUKEY_FLOOR = 1e-9
# Error bound asked of mvtnorm.
MULTIVARIATE = 2e-6

LIMITS = {"conf_low": ("lower.CL", "asymp.LCL"), "conf_high": ("upper.CL", "asymp.UCL")}
OATS = "yield ~ nitroF * Variety + (1 | Block/Variety)"


@pytest.fixture(scope="module")
def prepared(mixed_data):
    """Give the trial of oats with nitrogen as a factor too."""
    frame = mixed_data("Oats")
    return frame.assign(nitroF=frame["nitro"].map("{:g}".format))


@pytest.fixture(scope="module")
def oats(prepared):
    return lmm(OATS, prepared)


def column(rows, *names):
    """Read a column of R's, under whichever of the names it has."""
    name = next(each for each in names if each in rows[0])
    return np.array([np.nan if row[name] is None else row[name] for row in rows], dtype=float)


def agree(found, rows, *, rtol=ESTIMATES, limits=True):
    """Compare estimates, standard errors, degrees of freedom and limits."""
    names = ("emmean", "estimate", "prob", "odds.ratio", "mean.class")
    trend = [name for name in rows[0] if name.endswith(".trend")]
    expected = column(rows, *names, *trend)
    scale = np.nanmax(np.abs(expected))
    np.testing.assert_allclose(found["estimate"], expected, rtol=rtol, atol=rtol * scale)
    np.testing.assert_allclose(found["std_error"], column(rows, "SE"), rtol=rtol)
    np.testing.assert_allclose(found["df"], column(rows, "df"), rtol=DF)
    if limits:
        for ours, theirs in LIMITS.items():
            want = column(rows, *theirs)
            np.testing.assert_allclose(found[ours], want, rtol=10 * rtol, atol=10 * rtol * scale)


def p_values_agree(found, rows):
    expected = column(rows, "p.value")
    np.testing.assert_allclose(found["p_value"], expected, rtol=P_VALUES, atol=TUKEY_FLOOR)


def agree_normal(found, rows, *, rtol=GENERAL, limits=True):
    assert found["df"].isna().all()
    agree(found.assign(df=np.nan), rows, rtol=rtol, limits=limits)


def test_probit_contrasts_stay_on_the_scale_of_the_link(mixed_data, mixed_values):
    case = mixed_values("means")["probit"]
    formula = "cbind(incidence, size - incidence) ~ period + (1 | herd)"
    means = marginal_means(
        glmm(formula, mixed_data("cbpp"), link="probit"), "period", type="response"
    )
    agree_normal(means.tidy(), case["emm"])
    agree_normal(means.contrasts().tidy(), case["pairs"], limits=False)


def test_weights_by_share(prepared, mixed_values):
    case = mixed_values("means")["shares"]
    frame = prepared.drop(index=[0, 1, 2, 3, 4, 5, 8, 20])
    fit = lmm("yield ~ nitroF + Variety + (1 | Block/Variety)", frame)
    for weights in ("equal", "proportional"):
        means = fit.marginal_means("Variety", weights=weights, df="kenward-roger")
        agree(means.tidy(), case[weights])
    overall = fit.marginal_means(weights="proportional", df="kenward-roger")
    agree(overall.tidy(), case["all"])


def test_cells_without_rows_are_missing(prepared, mixed_values):
    case = mixed_values("means")["holed"]
    empty = (prepared["nitroF"] == "0.2") & (prepared["Variety"] == "Victory")
    fit = lmm(OATS, prepared[~empty])
    means = fit.marginal_means(["nitroF", "Variety"], df="kenward-roger")
    agree(means.tidy(), case["cells"])
    assert means.tidy()["estimate"].isna().sum() == 1
    assert "1 mean can't be estimated" in str(means.summary())
    margin = fit.marginal_means("Variety", df="kenward-roger")
    agree(margin.tidy(), case["margin"])
    agree(margin.contrasts().tidy(), case["pairs"], limits=False)


def test_a_covariate_of_two_values_counts_as_a_factor(prepared, mixed_values):
    case = mixed_values("means")["two_values"]
    fit = lmm("yield ~ nitro * Variety + (1 | Block)", prepared[prepared["nitro"].isin([0.0, 0.6])])
    agree(fit.marginal_means("nitro", df="kenward-roger").tidy(), case["by"])
    agree(fit.marginal_means("Variety", df="kenward-roger").tidy(), case["over"])
    shares = fit.marginal_means("Variety", weights="proportional", df="kenward-roger")
    agree(shares.tidy(), case["shares"])


@pytest.mark.parametrize(
    ("key", "method", "options"),
    [
        ("poly", "polynomial", {}),
        ("eff", "eff", {}),
        ("reference", "reference", {"reference": "0.2", "adjust": "none"}),
        ("limits", "pairwise", {}),
        ("sidak", "pairwise", {"adjust": "sidak"}),
        ("fdr", "pairwise", {"adjust": "fdr"}),
    ],
)
def test_other_contrasts(key, method, options, oats, mixed_values):
    rows = mixed_values("means")["contrasts"][key]
    found = oats.marginal_means("nitroF", df="kenward-roger").contrasts(method, **options).tidy()
    agree(found, rows, limits="lower.CL" in rows[0])
    p_values_agree(found, rows)


def test_dunnett_against_the_multivariate_t(oats, mixed_values):
    expected = mixed_values("means")["contrasts"]["dunnett"]
    found = oats.marginal_means("nitroF", df="kenward-roger").contrasts("reference").tidy()
    np.testing.assert_allclose(found["p_value"], expected, atol=MULTIVARIATE)


def test_joint_test(oats, mixed_values):
    (row,) = mixed_values("means")["contrasts"]["joint"]
    (found,) = (
        oats.marginal_means("nitroF", df="kenward-roger")
        .contrasts()
        .joint_test()
        .to_dict("records")
    )
    assert found["num_df"] == row["df1"]
    np.testing.assert_allclose(found["den_df"], row["df2"], rtol=DF)
    # emmeans rounds F to three decimals.
    np.testing.assert_allclose(found["statistic"], row["F.ratio"], atol=5e-4)
    np.testing.assert_allclose(found["p_value"], row["p.value"], rtol=P_VALUES)


def test_slopes_of_a_curve(prepared, mixed_values):
    rows = mixed_values("means")["curve"]
    fit = lmm("yield ~ poly(nitro, 2) + Variety + (1 | Block/Variety)", prepared)
    found = slopes(fit, "nitro", by="nitro", at={"nitro": [0.2, 0.3]}, df="kenward-roger").tidy()
    # R takes a forward difference of step 6e-8, which leaves seven digits.
    agree(found, rows)


def test_ordered_response(wine, mixed_values):
    case = mixed_values("means")["wine"]
    agree_normal(wine.marginal_means("contact").tidy(), case["latent"], rtol=ORDINAL)
    means = wine.marginal_means("contact", type="mean_class").tidy()
    agree_normal(means, case["mean"], rtol=ORDINAL)
    # Our limits of probabilities stay inside (0, 1); R's may not.
    found = wine.marginal_means("contact", type="response").tidy()
    agree_normal(found, case["prob"], rtol=ORDINAL, limits=False)
    assert list(found["category"]) == [row["rating"] for row in case["prob"]]
    pairs = wine.marginal_means(["temp", "contact"]).contrasts().tidy()
    agree_normal(pairs, case["pairs"], rtol=ORDINAL, limits=False)
    assert list(pairs["contrast"]) == [row["contrast"] for row in case["pairs"]]


def test_odds_ratios_of_an_ordered_response_are_those_of_tidy(mixed_data):
    frame = mixed_data("wine")
    fit = clmm("rating ~ temp + contact + (1 | judge)", frame)
    ratio = fit.marginal_means("temp").contrasts("reference", exponentiate=True).tidy().iloc[0]
    row = fit.tidy(exponentiate=True).set_index("term").loc["temp[T.warm]"]
    for name in ("estimate", "conf_low", "conf_high", "p_value"):
        np.testing.assert_allclose(ratio[name], row[name], rtol=1e-10)
    assert ratio["contrast"] == "warm / cold"
