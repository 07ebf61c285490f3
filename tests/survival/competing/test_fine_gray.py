import numpy as np
import pandas as pd
import pytest

from rpcstats.errors import ConvergenceWarning, DataError, ParameterError
from rpcstats.survival.competing._subdistribution_likelihood import risk_sums
from rpcstats.survival.competing.fine_gray_estimation import score_influence
from rpcstats.survival.competing.fine_gray_regression import fine_gray
from rpcstats.survival.competing.proportional_subhazards import (
    _scale_of_time,
    _weighted_information,
)
from rpcstats.survival.cox_regression import cox

# A central difference of a fit that is good to 1e-11.
DIFFERENCE = 1e-8
XZ = "Surv(time, cause) ~ x + z"
LATE = "Surv(entry, time, cause) ~ x + z"


def test_six_starters_by_hand(six):
    # Censored at 3 is one of three, so G(4-) = 2/3. At 2 the one who left at 1 for the other
    # reason still counts as one of six; at 4 both such count 2/3 each beside two at risk.
    fit = fine_gray("Surv(time, cause) ~ 1", six, cause="2")
    assert fit.log_lik == pytest.approx(-np.log(6) - np.log(2 + 4 / 3))
    hazard = np.cumsum([1 / 6, 3 / 10])
    curves = fit.predict(pd.DataFrame(index=[0]), [1, 2, 4])
    np.testing.assert_allclose(curves.estimate[0], [0, *(1 - np.exp(-hazard))])
    # With one covariate: the derivative of the log-likelihood, written out, is 0.
    fit = fine_gray("Surv(time, cause) ~ x", six.assign(x=[0, 1, 0.5, 1, 1, 0]), cause="2")
    r = np.exp(fit.beta[0])
    h = np.sqrt(r)
    first = 0.5 - (3 * r + 0.5 * h) / (2 + 3 * r + h)
    second = 1 - (r + 2 / 3 * r) / (1 + r + 2 / 3 * (1 + r))
    assert first + second == pytest.approx(0, abs=1e-10)


def test_frames(course):
    fit = fine_gray(XZ, course, cause="moved")
    table = fit.tidy(exponentiate=True)
    assert list(table["term"]) == ["x", "z"]
    np.testing.assert_allclose(table["estimate"], np.exp(fit.beta))
    np.testing.assert_allclose(table["std_error"], np.sqrt(np.diag(fit.cov)))
    row = fit.glance().iloc[0]
    assert row["n_event"] == (course["cause"] == "moved").sum()
    assert row["n_competing"] == (course["cause"] == "unhappy").sum()
    assert row["statistic"] == pytest.approx(2 * (fit.log_lik - fit.log_lik_null))
    assert row["converged"]
    assert list(fit.vcov().columns) == ["x", "z"]
    assert list(fit.confint()["term"]) == ["x", "z"]
    assert "moved" in str(fit.summary())
    assert any("events a coefficient" in remark for remark in fit.remarks) == (row["n_event"] < 20)
    scores = fit.residuals("score")
    np.testing.assert_allclose(scores[["x", "z"]].sum(), 0, atol=1e-10)
    spread = fit.residuals("dfbeta")[["x", "z"]].pow(2).sum()
    np.testing.assert_allclose(np.sqrt(spread), table["std_error"])
    assert len(fit.residuals("schoenfeld")) == row["n_event"]


@pytest.mark.parametrize(
    ("formula", "options"),
    [
        (XZ, {}),
        (XZ + " + strata(council)", {"censoring_by": "z"}),
        (LATE + " + strata(council)", {"censoring_by": ["council"]}),
    ],
)
def test_the_jackknife_is_the_derivative_by_weights(course, formula, options):
    course = course.iloc[:30].reset_index(drop=True)
    new = pd.DataFrame({"x": [0.0, 1.0], "z": [0, 1]})
    times = [2, 5]

    def fitted(frame):
        return fine_gray(
            formula, frame, cause="moved", weights="w", variance="jackknife", **options
        )

    fit = fitted(course)
    g = _scale_of_time(fit, "rank")

    def quantities(frame):
        moved = fitted(frame)
        raw = moved.residuals("schoenfeld")[["x", "z"]].to_numpy()
        weights = moved.order.weights[moved.order.events] * np.repeat(g, moved.order.n_tied)
        return moved.beta, moved.predict(new, times).estimate, weights @ raw

    step, parts = 1e-5, ([], [], [])
    for i in range(len(course)):
        ends = []
        for sign in (1, -1):
            frame = course.copy()
            frame.loc[i, "w"] *= 1 + sign * step
            ends.append(quantities(frame))
        for part, up, down in zip(parts, *ends, strict=True):
            part.append((up - down) / (2 * step))
    by_beta, by_curve, by_score = (np.array(part) for part in parts)
    np.testing.assert_allclose(fit.residuals("dfbeta")[["x", "z"]], by_beta, atol=DIFFERENCE)
    errors = np.sqrt((by_curve**2).sum(axis=0))
    np.testing.assert_allclose(fit.predict(new, times).std_error, errors, atol=DIFFERENCE)
    sums = risk_sums(fit.found.likelihood, fit.found.terms)
    own = score_influence(fit.found, fit.weighting, g)
    own = own - fit.score_rows @ (fit.cov_model @ _weighted_information(fit, sums, g))
    np.testing.assert_allclose(own, by_score, atol=1e-6)


def test_the_three_variances_are_near_each_other(course):
    errors = [
        fine_gray(XZ, course, cause="moved", variance=kind).tidy()["std_error"].to_numpy()
        for kind in ("fine-gray", "jackknife", "known-weights")
    ]
    np.testing.assert_allclose(errors[1], errors[0], rtol=0.05)
    np.testing.assert_allclose(errors[2], errors[0], rtol=0.2)


def test_without_other_causes_it_is_coxs_model(course):
    single = course.assign(cause=(course["cause"] == "moved") * 1)
    fit = fine_gray(LATE + " + strata(council)", single, cause="1")
    same = cox(LATE + " + strata(council)", single, ties="breslow", robust=True)
    np.testing.assert_allclose(fit.beta, same.beta, rtol=1e-9)
    np.testing.assert_allclose(fit.cov, same.cov, rtol=1e-8)
    assert any("No other cause" in remark for remark in fit.remarks)


def test_predicted_limits_hold_the_curve(course):
    fit = fine_gray(XZ + " + strata(council)", course, cause="unhappy")
    frame = fit.predict(pd.DataFrame({"x": [0.0], "z": [1]})).tidy()
    assert set(frame["strata"]) == {"council=a", "council=b"}
    assert (frame["conf_low"] <= frame["estimate"] + 1e-12).all()
    assert (frame["conf_high"] >= frame["estimate"] - 1e-12).all()
    assert frame["conf_low"].between(0, 1).all()
    assert frame["conf_high"].between(0, 1).all()
    some = fit.predict(pd.DataFrame({"x": [0.0], "z": [1], "council": ["b"]}), [3], conf_level=0.5)
    assert some.glance().iloc[0]["n_curve"] == 1
    assert "Predicted" in str(some.summary())
    with pytest.raises(ParameterError, match="from 0 up"):
        fit.predict(pd.DataFrame({"x": [0.0], "z": [1]}), [-1])


def test_proportional_subhazards_are_told_from_others():
    rng = np.random.default_rng(7)
    n = 2000
    x = rng.integers(0, 2, n)
    early, late = rng.exponential(1, n), rng.exponential(1, n)
    frame = pd.DataFrame({"x": x, "y": rng.normal(size=n)})
    # Half leave at once among those with x, the others slowly.
    frame["time"] = np.where(x == 1, early**2, late + 0.3)
    frame["cause"] = rng.choice([0, 1, 2], n, p=[0.2, 0.5, 0.3])
    for scale in ("rank", "identity", "log"):
        test = fine_gray("Surv(time, cause) ~ x + y", frame, cause="1").proportional_hazards(scale)
        assert test.p_value[0] < 0.05
        assert test.p_value[1] > 1e-3
        assert list(test.tidy()["term"]) == ["x", "y", "GLOBAL"]
        assert test.glance()["df"][0] == 2
    assert "proportional" in str(test.summary())


def test_a_constant_column_and_separation(course):
    fit = fine_gray(XZ + " + k", course.assign(k=1.0), cause="moved")
    assert fit.names == ("x", "z")
    assert any("k" in remark for remark in fit.remarks)
    apart = course.assign(q=(course["cause"] == "moved") * 1.0)
    with pytest.warns(ConvergenceWarning, match="q has no finite estimate"):
        fit = fine_gray("Surv(time, cause) ~ q", apart, cause="moved")
    assert not fit.glance()["converged"][0]


def test_refusals(course):
    with pytest.raises(ParameterError, match="choose one of moved, unhappy"):
        fine_gray(XZ, course, cause="bored")
    with pytest.raises(ParameterError, match="variance is unknown"):
        fine_gray(XZ, course, cause="moved", variance="crr")
    with pytest.raises(DataError, match="one cluster"):
        fine_gray(XZ + " + cluster(k)", course.assign(k=1), cause="moved")
    with pytest.raises(DataError, match="One row"):
        fine_gray(XZ, course[course["cause"] == "moved"].iloc[:1], cause="moved")
    with pytest.raises(DataError, match="no cause"):
        fine_gray(XZ, course[course["cause"] == "open"], cause="moved")
    fit = fine_gray(XZ, course, cause="moved")
    with pytest.raises(ParameterError, match="kind is unknown"):
        fit.residuals("martingale")
    with pytest.raises(ParameterError, match="transform"):
        fit.proportional_hazards("km")
    gap = pd.DataFrame(
        {"entry": [0, 0, 3, 3], "time": [1, 2, 4, 5], "cause": [2, 0, 1, 1], "x": [0, 1, 0, 1.0]}
    )
    with pytest.raises(DataError, match="can't be estimated"):
        fine_gray("Surv(entry, time, cause) ~ x", gap, cause="1")
