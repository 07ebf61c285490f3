"""Linear mixed models with residual structures: R's values, the textbook formula, invariants."""

import numpy as np
import pandas as pd
import pytest

from rpcstats.mixed import lmm

# nlme stops up to 2e-7 below the optimum of a log-likelihood of 8e3, in the phi to 2e-6.
LOG_LIK = 1e-7
ESTIMATE = 2e-5
# Its own searches leave this much in variances of the random effects.
VARIANCE = 1e-4

GOAL = "goal ~ session * arm + sep"
CASES = {
    "ar1_int_ml": ("goalprogress", f"{GOAL} + (1 | family)", "ml", {"ar1": "session | family"}),
    "ar1_int_reml": ("goalprogress", f"{GOAL} + (1 | family)", "reml", {"ar1": "session | family"}),
    "ar1_slope_reml": (
        "goalprogress",
        f"{GOAL} + (session | family)",
        "reml",
        {"ar1": "session | family"},
    ),
    "varident_reml": ("goalprogress", f"{GOAL} + (session | family)", "reml", {"by": "arm"}),
    "orthodont_varident_reml": (
        "Orthodont",
        "distance ~ age * Sex + (age | Subject)",
        "reml",
        {"by": "Sex"},
    ),
    "orthodont_varident_ml": (
        "Orthodont",
        "distance ~ age * Sex + (1 | Subject)",
        "ml",
        {"by": "Sex"},
    ),
    "missed_ar1_reml": (
        "synthetic_missed",
        "y ~ session * arm + (1 | family)",
        "reml",
        {"ar1": "session | family"},
    ),
    "bodyweight_car1_reml": (
        "BodyWeight",
        "weight ~ Time * Diet + (Time | Rat)",
        "reml",
        {"car1": "Time | Rat"},
    ),
}


@pytest.fixture(scope="module")
def structured(mixed_data, mixed_values):
    """Fit a case; gives the fit and R's values."""
    kept = {}

    def fit_of(name):
        if name not in kept:
            data, formula, method, asked = CASES[name]
            frame = (
                pd.read_csv("tests/reference/data/mixed/goalprogress.csv.gz")
                if data == "goalprogress"
                else mixed_data(data)
            )
            if data == "goalprogress":
                frame["arm"] = pd.Categorical(frame["arm"], ["usual", "programme"])
            if data == "BodyWeight":
                frame["Diet"] = frame["Diet"].astype(str)
            kind = next((k for k in asked if k != "by"), None)
            correlation = None if kind is None else f"{kind}({asked[kind]})"
            kept[name] = lmm(
                formula,
                frame,
                method=method,
                residual_variance=asked.get("by"),
                correlation=correlation,
            )
        return kept[name], mixed_values("other")["nlme"][name]

    return fit_of


@pytest.mark.parametrize("name", CASES)
def test_nlme(structured, name):
    fit, r = structured(name)
    assert fit.converged
    assert fit.log_lik == pytest.approx(r["logLik"], rel=LOG_LIK)
    assert fit.log_lik > r["logLik"] - 1e-9 * abs(r["logLik"])
    np.testing.assert_allclose(sorted(fit.beta), sorted(r["fixef"].values()), rtol=ESTIMATE)
    np.testing.assert_allclose(sorted(fit.std_error), sorted(r["se"].values()), rtol=ESTIMATE)
    assert fit.sigma == pytest.approx(r["sigma"], rel=ESTIMATE)
    np.testing.assert_allclose(
        fit.varcorr().covariances[0], r["re_covariance"], rtol=VARIANCE, atol=1e-6
    )
    estimate = fit.residual.phi if fit.residual.phi is not None else fit.residual.ratios[1]
    assert estimate == pytest.approx(next(iter(r["structure"].values())), rel=ESTIMATE)


@pytest.mark.parametrize("name", ["ar1_int_reml", "varident_reml", "bodyweight_car1_reml"])
def test_fitted_values_are_those_of_nlme(structured, name):
    fit, r = structured(name)
    np.testing.assert_allclose(fit.fitted()[:6], r["fitted_head"], rtol=1e-5)


def normal_deviance(V, r):
    """-2 log-density of a normal vector with mean 0."""
    fall = np.linalg.slogdet(V)[1] + r @ np.linalg.solve(V, r)
    return fall + len(r) * np.log(2.0 * np.pi)


def textbook_deviance(fit, phi, ratios, frame, *, reml):
    """-2 log-likelihood from the covariance written out."""
    t, g = frame["t"].to_numpy(), frame["g"].to_numpy()
    sd = fit.sigma * np.array(ratios)[fit.residual.rows.codes]
    V = np.where(g[:, None] == g, phi ** np.abs(t[:, None] - t), 0.0) * np.outer(sd, sd)
    V += (g[:, None] == g) * fit.varcorr().covariances[0][0, 0]
    X, r = fit.frame.X, fit.frame.y - fit.frame.X @ fit.beta
    deviance = normal_deviance(V, r)
    if not reml:
        return deviance
    inside = np.linalg.slogdet(X.T @ np.linalg.solve(V, X))[1]
    return deviance + inside - X.shape[1] * np.log(2.0 * np.pi)


def unbalanced(seed=3, n_group=25):
    rng = np.random.default_rng(seed)
    rows = [
        (g, t, "ab"[g % 2])
        for g in range(n_group)
        for t in sorted(rng.choice(12, rng.integers(3, 9), replace=False))
    ]
    frame = pd.DataFrame(rows, columns=["g", "t", "arm"])
    noise = np.zeros(len(frame))
    for g in range(n_group):
        here = np.flatnonzero(frame["g"] == g)
        t = frame["t"].to_numpy()[here]
        V = 0.6 ** np.abs(t[:, None] - t)
        noise[here] = np.linalg.cholesky(V) @ rng.standard_normal(len(here))
    noise *= np.where(frame["arm"] == "a", 1.0, 2.0)
    frame["y"] = 1.0 + 0.2 * frame["t"] + rng.standard_normal(n_group)[frame["g"]] + noise
    return frame.sample(frac=1.0, random_state=seed).reset_index(drop=True)


FORMULA = "y ~ t + arm + (1 | g)"
BOTH = {"residual_variance": "arm", "correlation": "ar1(t | g)"}


@pytest.fixture(scope="module")
def both():
    frame = unbalanced()
    return lmm(FORMULA, frame, **BOTH), frame


@pytest.mark.parametrize("method", ["ml", "reml"])
def test_deviance_is_the_textbook_formula(both, method):
    frame = both[1]
    fit = lmm(FORMULA, frame, method=method, **BOTH)
    residual = fit.residual
    expected = textbook_deviance(fit, residual.phi, residual.ratios, frame, reml=method == "reml")
    assert fit.deviance == pytest.approx(expected, rel=1e-10)


def test_no_other_structure_is_better(both):
    """The textbook deviance rises on both sides of each estimate."""
    fit, frame = both
    residual = fit.residual
    at = (residual.phi, *residual.ratios[1:])
    lowest = textbook_deviance(fit, at[0], (1.0, at[1]), frame, reml=True)
    for change in ((0.03, 0.0), (-0.03, 0.0), (0.0, 0.05), (0.0, -0.05)):
        phi, ratio = at[0] + change[0], at[1] + change[1]
        assert textbook_deviance(fit, phi, (1.0, ratio), frame, reml=True) > lowest


def test_standard_errors_are_those_of_the_hessian_written_out(both):
    """Inverse of half the Hessian of the textbook deviance over every variance parameter."""
    _, frame = both
    fit = lmm(FORMULA, frame, method="ml", **BOTH)
    X, y, g, t = fit.frame.X, fit.frame.y, frame["g"].to_numpy(), frame["t"].to_numpy()
    same, lag = g[:, None] == g, np.abs(t[:, None] - t)
    codes = fit.residual.rows.codes

    def deviance(v):
        sd = np.exp(v[2] + v[1] * codes)
        V = np.where(same, np.tanh(v[0]) ** lag, 0.0) * np.outer(sd, sd) + same * np.exp(2.0 * v[3])
        beta = np.linalg.solve(X.T @ np.linalg.solve(V, X), X.T @ np.linalg.solve(V, y))
        return normal_deviance(V, y - X @ beta)

    tau = np.sqrt(fit.varcorr().covariances[0][0, 0])
    at = np.array([*fit.residual.parameters, np.log(fit.sigma), np.log(tau)])
    h, H = 1e-3, np.empty((4, 4))
    E = h * np.eye(4)
    for i in range(4):
        for j in range(4):
            H[i, j] = (
                deviance(at + E[i] + E[j])
                - deviance(at + E[i] - E[j])
                - deviance(at - E[i] + E[j])
                + deviance(at - E[i] - E[j])
            ) / (4.0 * h * h)
    cov = 2.0 * np.linalg.inv(H)
    # Differences of second order in each: four digits.
    np.testing.assert_allclose(fit.residual.cov, cov[:3, :3], rtol=1e-3, atol=1e-6)


def test_order_of_rows_and_names_change_nothing(both):
    fit, frame = both
    turned = frame.sample(frac=1.0, random_state=8)
    turned["g"] = -turned["g"]
    again = lmm(FORMULA, turned, **BOTH)
    assert again.deviance == pytest.approx(fit.deviance, rel=1e-11)
    np.testing.assert_allclose(again.residual.parameters, fit.residual.parameters, rtol=1e-6)


def test_positions_may_start_anywhere_and_scale_with_the_response(both):
    fit, frame = both
    moved = frame.assign(when=frame["t"] - 2000, y=10.0 * frame["y"] + 3.0)
    again = lmm(FORMULA, moved, residual_variance="arm", correlation="ar1(when | g)")
    assert again.residual.phi == pytest.approx(fit.residual.phi, rel=1e-6)
    np.testing.assert_allclose(again.residual.std_dev, 10.0 * fit.residual.std_dev, rtol=1e-6)


def test_continuous_time_is_free_of_its_unit(both):
    frame = both[1].assign(days=lambda d: 7.0 * d["t"] + 0.25)
    weeks = lmm(FORMULA, frame, correlation="car1(t | g)")
    days = lmm(FORMULA, frame, correlation="car1(days | g)")
    integer = lmm(FORMULA, frame, correlation="ar1(t | g)")
    assert days.deviance == pytest.approx(weeks.deviance, rel=1e-11)
    assert days.residual.phi**7 == pytest.approx(weeks.residual.phi, rel=1e-6)
    assert integer.deviance == pytest.approx(weeks.deviance, rel=1e-11)
    assert integer.residual.phi == pytest.approx(weeks.residual.phi, rel=1e-6)


def test_several_factors_agree_with_the_textbook_formula():
    frame = unbalanced(seed=5)
    frame["h"] = frame["g"] % 5
    fit = lmm("y ~ t + (1 | g) + (1 | h)", frame, correlation="ar1(t | g)")
    g, h, t = (frame[name].to_numpy() for name in "ght")
    G = [float(cov[0, 0]) for cov in fit.varcorr().covariances]
    same = g[:, None] == g
    V = fit.sigma**2 * np.where(same, fit.residual.phi ** np.abs(t[:, None] - t), 0.0)
    V += G[0] * same + G[1] * (h[:, None] == h)
    X, r = fit.frame.X, fit.frame.y - fit.frame.X @ fit.beta
    expected = normal_deviance(V, r)
    expected += np.linalg.slogdet(X.T @ np.linalg.solve(V, X))[1] - 2.0 * np.log(2.0 * np.pi)
    assert fit.deviance == pytest.approx(expected, rel=1e-9)
