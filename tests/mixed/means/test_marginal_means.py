"""Marginal means of designs that can be worked by hand, and what they refuse."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rpcstats.errors import ParameterError
from rpcstats.mixed import glmm, lmm, marginal_means, slopes

# Averages of a balanced design, from a fit whose estimates have about ten digits.
SAME = 1e-8
# Standard errors rest on variances that a search finds.
VARIANCE = 1e-6


def two_way(n_block=6, seed=0):
    """Lay out a balanced table: two factors crossed within blocks."""
    rng = np.random.default_rng(seed)
    levels = pd.MultiIndex.from_product(
        [["in", "out"], ["p", "q", "r"], [f"b{k}" for k in range(n_block)]],
        names=["mode", "dose", "block"],
    )
    frame = levels.to_frame(index=False)
    block = dict(zip(frame["block"].unique(), rng.normal(size=n_block), strict=True))
    effect = 2.0 * (frame["mode"] == "out") + frame["dose"].map({"p": 0.0, "q": 1.0, "r": 3.0})
    frame["y"] = 10.0 + effect + frame["block"].map(block) + rng.normal(size=len(frame))
    return frame


@pytest.fixture(scope="module")
def table():
    return two_way()


@pytest.fixture(scope="module")
def saturated(table):
    return lmm("y ~ mode * dose + (1 | block)", table)


def test_saturated_balanced_design_gives_cell_means(table, saturated):
    found = saturated.marginal_means(["mode", "dose"]).tidy()
    cells = table.groupby(["mode", "dose"])["y"].mean()
    for mode, dose, estimate in zip(found["mode"], found["dose"], found["estimate"], strict=True):
        np.testing.assert_allclose(estimate, cells[mode, dose], rtol=SAME)
    assert list(found["mode"]) == ["in", "out"] * 3
    assert list(found["dose"]) == ["p", "p", "q", "q", "r", "r"]


def test_balanced_two_way_table_by_hand(table, saturated):
    """Means of rows, the error of their difference from the analysis of variance."""
    means = saturated.marginal_means("mode")
    np.testing.assert_allclose(
        means.tidy()["estimate"], table.groupby("mode")["y"].mean(), rtol=SAME
    )
    cells = table.groupby(["mode", "dose"])["y"].transform("mean")
    blocks = table.groupby("block")["y"].transform("mean")
    residual = table["y"] - cells - blocks + table["y"].mean()
    df = (6 - 1) * (6 - 1)
    error = np.sqrt((residual**2).sum() / df * 2 / 18)
    (row,) = means.contrasts(adjust="none").tidy().to_dict("records")
    assert row["contrast"] == "in - out"
    np.testing.assert_allclose(row["std_error"], error, rtol=VARIANCE)
    np.testing.assert_allclose(row["df"], df, rtol=VARIANCE)


def test_grand_mean_is_the_mean_of_all(table, saturated):
    found = saturated.marginal_means().tidy()
    assert list(found.columns) == ["estimate", "std_error", "df", "conf_low", "conf_high"]
    np.testing.assert_allclose(found["estimate"], [table["y"].mean()], rtol=SAME)


def test_by_leaves_the_means_and_splits_the_comparisons(saturated):
    apart = saturated.marginal_means("mode", by="dose")
    together = saturated.marginal_means(["mode", "dose"])
    np.testing.assert_array_equal(apart.tidy()["estimate"], together.tidy()["estimate"])
    found = apart.contrasts().tidy()
    assert list(found["dose"]) == ["p", "q", "r"]
    assert list(found["contrast"]) == ["in - out"] * 3
    assert len(together.contrasts().tidy()) == 15
    assert len(apart.contrasts(by=[]).tidy()) == 15


def test_proportional_weights_give_the_observed_mean(table):
    short = table.drop(index=[0, 1, 7, 20]).reset_index(drop=True)
    fit = lmm("y ~ mode + dose + (1 | block)", short)
    found = fit.marginal_means(weights="proportional").estimate
    by_hand = (fit.frame.X @ fit.beta).mean()
    shares = short["mode"].value_counts() / len(short)
    by_mode = fit.marginal_means("mode", weights="proportional").tidy().set_index("mode")
    # Additive effects: the joint shares average to the mean of the fitted rows.
    np.testing.assert_allclose(found, by_hand, rtol=SAME)
    differs = by_mode["estimate"] @ shares - by_hand
    np.testing.assert_allclose(differs, 0.0, atol=SAME * abs(by_hand))


@pytest.mark.parametrize("coding", ["mode", "C(mode, contr.sum)", "C(mode, contr.helmert)"])
def test_coding_of_the_factor_changes_nothing(coding, table, saturated):
    other = lmm(f"y ~ {coding} * dose + (1 | block)", table)
    for weights in ("equal", "proportional"):
        mine = saturated.marginal_means("mode", weights=weights).tidy()
        theirs = other.marginal_means("mode", weights=weights).tidy()
        columns = ["estimate", "std_error", "df", "conf_low", "conf_high"]
        np.testing.assert_allclose(mine[columns], theirs[columns], rtol=VARIANCE)


def test_values_given_by_at(sleepstudy):
    found = sleepstudy.marginal_means("Days", at={"Days": [0, 3]}).tidy()
    intercept, slope = sleepstudy.beta
    np.testing.assert_allclose(found["estimate"], [intercept, intercept + 3 * slope], rtol=1e-12)
    row = sleepstudy.tidy().iloc[0]
    for name in ("std_error", "df", "conf_low", "conf_high"):
        np.testing.assert_allclose(found[name].iloc[0], row[name], rtol=1e-9)
    # Without at= the covariate is at its mean, which is 4.5.
    (middle,) = sleepstudy.marginal_means().estimate
    np.testing.assert_allclose(middle, intercept + 4.5 * slope, rtol=1e-12)


def test_one_level_of_a_factor_may_be_asked_for(saturated):
    found = saturated.marginal_means("mode", at={"dose": "r"}).tidy()
    cells = saturated.marginal_means(["mode", "dose"]).tidy()
    np.testing.assert_allclose(
        found["estimate"], cells.loc[cells["dose"] == "r", "estimate"], rtol=1e-12
    )


def test_true_and_false_are_two_levels(table):
    frame = table.assign(out=table["mode"] == "out")
    fit = lmm("y ~ out + dose + (1 | block)", frame)
    found = fit.marginal_means("out").tidy()
    np.testing.assert_allclose(found["estimate"], table.groupby("mode")["y"].mean(), rtol=SAME)


def test_offset_of_a_linear_model_counts(table):
    frame = table.assign(known=np.linspace(-1.0, 1.0, len(table)))
    fit = lmm("y ~ mode + offset(known) + (1 | block)", frame)
    given = lmm("y ~ mode + (1 | block)", frame, offset=frame["known"].to_numpy() + 2.0)
    np.testing.assert_allclose(
        given.marginal_means("mode").estimate, fit.marginal_means("mode").estimate, rtol=SAME
    )
    bare = fit.marginal_means("mode", offset=0.5).estimate
    np.testing.assert_allclose(bare - fit.marginal_means("mode").estimate, 0.5, rtol=SAME)


def test_response_scale_is_the_inverse_link(cbpp):
    link, response = (cbpp.marginal_means("period", type=t).tidy() for t in ("link", "response"))
    for name in ("estimate", "conf_low", "conf_high"):
        np.testing.assert_allclose(response[name], 1 / (1 + np.exp(-link[name])), rtol=1e-12)
    p = response["estimate"]
    np.testing.assert_allclose(response["std_error"], p * (1 - p) * link["std_error"], rtol=1e-12)


def test_probabilities_of_categories_sum_to_one(wine):
    found = wine.marginal_means(["temp", "contact"], type="response")
    sums = found.tidy().groupby(["temp", "contact"])["estimate"].sum()
    np.testing.assert_allclose(sums, 1.0, rtol=1e-12)
    assert found.tidy()["conf_low"].between(0, 1).all()
    # What is gained by some categories is lost by others.
    lost = found.contrasts({"warm": [-1, 1, 0, 0]}).tidy()
    np.testing.assert_allclose(lost["estimate"].sum(), 0.0, atol=1e-12)
    mean = wine.marginal_means(["temp", "contact"], type="mean_class").estimate
    table = found.tidy()
    number = table["category"].astype(float) * table["estimate"]
    by_hand = number.to_numpy().reshape(4, 5).sum(axis=1)
    np.testing.assert_allclose(mean, by_hand, rtol=1e-12)


def test_slope_of_a_line_is_its_coefficient(sleepstudy):
    (found,) = slopes(sleepstudy, "Days").tidy().to_dict("records")
    row = sleepstudy.tidy().iloc[1]
    for name in ("estimate", "std_error", "statistic", "df", "p_value", "conf_low", "conf_high"):
        np.testing.assert_allclose(found[name], row[name], rtol=1e-8)


def test_slopes_of_a_curve_at_its_ends(mixed_data):
    """Inside, and at the very ends, where a spline is not known any further."""
    frame = mixed_data("sleepstudy")
    at = {"Days": [0.0, 4.0, 9.0]}
    square = lmm("Reaction ~ Days + I(Days**2) + (1 | Subject)", frame)
    found = slopes(square, "Days", by="Days", at=at).tidy()
    by_hand = square.beta[1] + 2.0 * np.array(at["Days"]) * square.beta[2]
    np.testing.assert_allclose(found["estimate"], by_hand, rtol=1e-8)
    spline = lmm("Reaction ~ bs(Days, df=3, degree=2) + (1 | Subject)", frame)
    assert slopes(spline, "Days", by="Days", at=at).tidy()["std_error"].notna().all()
    averaged = slopes(square, "Days", at=at).estimate
    np.testing.assert_allclose(averaged, [by_hand.mean()], rtol=1e-8)


@settings(max_examples=15, deadline=None)
@given(
    scale=st.floats(1e-3, 1e3),
    shift=st.floats(-100.0, 100.0),
    seed=st.integers(0, 10_000),
)
def test_means_follow_scale_and_shift(scale, shift, seed):
    frame = two_way(4, seed)
    moved = frame.assign(y=shift + scale * frame["y"])
    mine, theirs = (
        lmm("y ~ mode * dose + (1 | block)", each).marginal_means("dose") for each in (frame, moved)
    )
    np.testing.assert_allclose(
        theirs.estimate, shift + scale * mine.estimate, rtol=1e-6, atol=1e-6 * scale
    )
    one, other = (each.contrasts(adjust="holm").tidy() for each in (mine, theirs))
    np.testing.assert_allclose(other["std_error"], scale * one["std_error"], rtol=1e-4)
    np.testing.assert_allclose(other["p_value"], one["p_value"], rtol=1e-3, atol=1e-9)


def test_columns_the_data_determine_are_missing_not_made_up(table):
    frame = table.assign(twin=(table["mode"] == "out").map({True: "b", False: "a"}))
    fit = lmm("y ~ mode + twin + (1 | block)", frame)
    assert fit.marginal_means("mode").tidy()["estimate"].isna().all()
    both = fit.marginal_means(["mode", "twin"]).tidy().set_index(["mode", "twin"])["estimate"]
    np.testing.assert_allclose(both["in", "a"], table["y"][table["mode"] == "in"].mean(), rtol=SAME)
    assert both.isna().sum() == 2


def test_equal_by_construction_is_no_evidence():
    """Differences that are 0 in every coefficient have no test, whatever the rounding."""
    frame = two_way().assign(x=lambda d: np.arange(len(d)) % 5 + 2010.0)
    parallel = slopes(lmm("y ~ x + dose + (1 | block)", frame), "x", by="dose")
    met = lmm("y ~ x + x:dose + (1 | block)", frame.assign(x=frame["x"] - 2010.0))
    for means in (parallel, met.marginal_means("dose", at={"x": 0.0})):
        for method in ("pairwise", "eff"):
            found = means.contrasts(method)
            assert (found.tidy()["estimate"] == 0.0).all()
            assert found.tidy()["p_value"].isna().all()
            assert list(found.joint_test()["num_df"]) == [0]


def test_summary_tells_what_was_averaged_and_held(sleepstudy, saturated):
    text = str(saturated.marginal_means("mode").summary())
    assert "Averaged over dose (3 values), equally." in text
    assert "Satterthwaite" in text
    assert "At Days = 4.5." in str(sleepstudy.marginal_means().summary())
    assert "<table" in saturated.marginal_means("mode")._repr_html_()


def test_plots_have_a_dot_a_mean(saturated):
    import matplotlib.pyplot as plt

    for each in (
        saturated.marginal_means("mode", by="dose"),
        saturated.marginal_means("dose").contrasts(),
    ):
        figure = each.plot()
        assert figure.axes
        plt.close(figure)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"specs": "mod"}, 'did you mean "mode"'),
        ({"specs": "block"}, "not among the fixed effects"),
        ({"specs": "mode", "at": {"dose": ["z"]}}, "level"),
        ({"specs": "mode", "at": {"dose": []}}, "no value"),
        ({"specs": "mode", "by": "mode"}, "named twice"),
        ({"specs": "mode", "weights": "cells"}, "weights is unknown"),
        ({"specs": "mode", "type": "latent"}, "type is unknown"),
        ({"specs": "mode", "type": "mean_class"}, "no categories"),
        ({"specs": "mode", "df": "between"}, "df is unknown"),
    ],
)
def test_bad_requests_are_told(options, message, saturated):
    with pytest.raises(ParameterError, match=message):
        marginal_means(saturated, **options)


def test_other_bad_requests(saturated, sleepstudy, cbpp):
    with pytest.raises(ParameterError, match="not a mixed model"):
        marginal_means("fit", "mode")
    with pytest.raises(ParameterError, match="linear"):
        cbpp.marginal_means("period", df="kenward-roger")
    with pytest.raises(ParameterError, match="finite numbers"):
        sleepstudy.marginal_means(at={"Days": ["first"]})
    with pytest.raises(ParameterError, match="no slope"):
        slopes(saturated, "mode")
    with pytest.raises(ParameterError, match="conf_level"):
        saturated.marginal_means("mode", conf_level=1.5).tidy()


def test_a_grid_too_large_is_refused(sleepstudy, monkeypatch):
    monkeypatch.setattr("rpcstats.mixed.means.reference_grid._MOST_CELLS", 10)
    with pytest.raises(ParameterError, match="too large"):
        sleepstudy.marginal_means("Days", at={"Days": range(6)})


def test_levels_a_design_does_not_tell_are_refused():
    frame = two_way().assign(x=lambda d: np.arange(len(d)) % 5)
    fit = lmm("y ~ x + x:mode + (1 | block)", frame)
    with pytest.raises(ParameterError, match='level of "mode"'):
        fit.marginal_means(weights="proportional")
    first, second = fit.marginal_means("mode", at={"x": 0}).estimate
    assert first == second


def test_trouble_of_the_fit_is_passed_on(mixed_data):
    from rpcstats.errors import ConvergenceWarning

    frame = mixed_data("separation")
    with pytest.warns(ConvergenceWarning):
        fit = glmm("y ~ x + (1 | g)", frame)
    assert fit.trouble[0] in str(fit.marginal_means().summary())
