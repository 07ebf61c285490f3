"""Predictions and residuals against closed forms, integrals and differences."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from rpcstats.errors import DataError, ParameterError
from rpcstats.survival.parametric._gamma_density import gamma_density
from rpcstats.survival.parametric._generalised_gamma import GeneralisedGamma
from rpcstats.survival.parametric.survreg import survreg

NEW = pd.DataFrame({"x": [0.0, 1.0], "online": [0, 1]})
FORM = "Surv(time, event) ~ x + online"
DISTS = [
    "weibull",
    "exponential",
    "lognormal",
    "loglogistic",
    "gamma",
    "generalised_gamma",
    "gompertz",
]


@pytest.fixture(scope="module")
def fits(spells):
    return {dist: survreg(FORM, spells, dist=dist) for dist in (*DISTS, "gaussian", "logistic")}


def test_weibull_in_closed_form(fits):
    fit = fits["weibull"]
    scale = fit.scale[0]
    eta = fit.coef[:3] @ np.array([[1.0, 0, 0], [1, 1, 1]]).T
    t = 3.0
    H = (t / np.exp(eta)) ** (1 / scale)

    def found(kind, **options):
        return fit.predict(NEW, kind=kind, **options)["estimate"].to_numpy()

    np.testing.assert_allclose(found("survival", times=t), np.exp(-H))
    np.testing.assert_allclose(found("cumulative_hazard", times=t), H)
    np.testing.assert_allclose(found("hazard", times=t), H / scale / t)
    np.testing.assert_allclose(found("lp"), eta)
    frozen = stats.weibull_min(1 / scale, scale=np.exp(eta))
    np.testing.assert_allclose(found("mean"), frozen.mean())
    np.testing.assert_allclose(found("quantile", probs=0.2), frozen.ppf(0.2))


@pytest.mark.parametrize("dist", [*DISTS, "gaussian", "logistic"])
def test_means_are_areas(fits, dist):
    fit = fits[dist]

    nodes, weights = np.polynomial.legendre.leggauss(40)
    edges = 6.0 * 2.0 ** -np.arange(12.0, -1.0, -1.0)
    edges[0] = 0.0
    middle, half = (edges[1:] + edges[:-1]) / 2, np.diff(edges) / 2
    times = (middle[:, None] + half[:, None] * nodes).ravel()
    survival = fit.predict(NEW.iloc[[0]], times=times)["estimate"].to_numpy()
    area = (half[:, None] * weights).ravel() @ survival
    found = fit.predict(NEW.iloc[[0]], kind="rmst", tau=6.0)["estimate"].iloc[0]
    assert found == pytest.approx(area, rel=1e-8)
    mean = fit.predict(NEW.iloc[[0]], kind="mean")["estimate"].iloc[0]
    if dist in DISTS:
        # The rest is a long tail: up to a horizon the mean can only be larger.
        assert mean >= fit.predict(NEW.iloc[[0]], kind="rmst", tau=40.0)["estimate"].iloc[0] - 1e-9
    else:
        assert mean == pytest.approx(fit.coef[0])


def test_mean_of_the_generalised_gamma_and_the_gompertz(spells):
    for dist, tau in (("generalised_gamma", 1e3), ("gompertz", 1e3)):
        fit = survreg("Surv(time, event) ~ 1", spells, dist=dist)
        one = pd.DataFrame({"x": [0.0]})
        mean = fit.predict(one, kind="mean").iloc[0]
        far = fit.predict(one, kind="rmst", tau=tau).iloc[0]
        if np.isfinite(mean["estimate"]):
            assert mean["estimate"] == pytest.approx(far["estimate"], rel=1e-4)
            assert mean["std_error"] == pytest.approx(far["std_error"], rel=1e-2)
        else:
            assert fit.coef[-1] < 0


@pytest.mark.parametrize("dist", [*DISTS, "gaussian", "logistic"])
@pytest.mark.parametrize("kind", ["survival", "hazard", "quantile", "mean", "rmst"])
def test_standard_errors_are_those_of_the_delta_method(fits, dist, kind):
    fit = fits[dist]
    options = {"times": 2.5} if kind in ("survival", "hazard") else {}
    options |= {"tau": 5.0} if kind == "rmst" else {}
    found = fit.predict(NEW, kind=kind, **options)
    gradient = []
    for j in range(len(fit.theta)):
        ends = []
        for sign in (1, -1):
            theta = fit.theta.copy()
            h = 1e-6 * max(1.0, abs(theta[j]))
            theta[j] += sign * h
            ends.append(_moved(fit, theta).predict(NEW, kind=kind, **options)["estimate"] / h)
        gradient.append((ends[0] - ends[1]) / 2)
    G = np.array(gradient).T
    error = np.sqrt(np.einsum("ij,jk,ik->i", G, fit.theta_cov, G))
    finite = np.isfinite(found["estimate"].to_numpy())
    np.testing.assert_allclose(found["std_error"][finite], error[finite], rtol=2e-5)
    assert (found["conf_low"] <= found["estimate"])[finite].all()
    assert (found["conf_high"] >= found["estimate"])[finite].all()


def _moved(fit, theta):
    from dataclasses import replace

    return replace(fit, theta=theta)


def test_quantiles_turn_survival_round(fits):
    for dist, fit in fits.items():
        median = fit.predict(NEW, kind="quantile")["estimate"].to_numpy()
        survival = fit.predict(NEW, times=median)["estimate"].to_numpy().reshape(2, 2)
        np.testing.assert_allclose(np.diag(survival), 0.5, rtol=1e-9, err_msg=dist)


def test_a_falling_gompertz_never_reaches_some_quantiles():
    rng = np.random.default_rng(1)
    time = rng.exponential(1.0, 300)
    stay = rng.random(300) < 0.6
    d = pd.DataFrame({"time": np.where(stay, 10.0, np.minimum(time, 10)), "event": ~stay})
    fit = survreg("Surv(time, event) ~ 1", d, dist="gompertz")
    assert fit.coef[-1] < 0
    table = fit.predict(d.iloc[:1], kind="quantile", probs=[0.2, 0.9])
    assert np.isfinite(table["estimate"]).tolist() == [True, False]
    mean = fit.predict(d.iloc[:1], kind="mean")
    assert mean["estimate"].iloc[0] == np.inf
    assert np.isnan(mean["std_error"].iloc[0])


def test_time_0_and_default_times(fits):
    start = fits["weibull"].predict(NEW, times=[0.0])
    assert (
        start[["estimate", "std_error", "conf_low", "conf_high"]].to_numpy().tolist()
        == [[1.0, 0.0, 1.0, 1.0]] * 2
    )
    assert fits["weibull"].predict(NEW, kind="cumulative_hazard", times=0)["estimate"].eq(0).all()
    assert fits["weibull"].predict(NEW, kind="hazard", times=0)["estimate"].isna().all()
    assert len(fits["weibull"].predict(NEW)) == 50
    assert len(fits["weibull"].predict(times=1.0)) == 60


def test_offsets_of_new_rows(spells):
    fit = survreg("Surv(time, event) ~ x + offset(online / 2)", spells)
    lp = fit.predict(NEW, kind="lp")["estimate"]
    np.testing.assert_allclose(lp, [fit.coef[0], fit.coef[0] + fit.coef[1] + 0.5])


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"kind": "odds"}, "kind is unknown"),
        ({"times": [-1.0]}, "times are out"),
        ({"times": "soon"}, "times are out"),
        ({"times": []}, "times are out"),
        ({"kind": "quantile", "probs": [0.0]}, "probs are out"),
        ({"kind": "quantile", "probs": []}, "probs are out"),
        ({"kind": "quantile", "probs": "half"}, "probs are out"),
        ({"kind": "rmst", "tau": 0.0}, "tau is out"),
        ({"kind": "rmst", "tau": "late"}, "tau is out"),
        ({"conf_level": 0.0}, "conf_level"),
    ],
)
def test_bad_options_are_refused(fits, options, message):
    with pytest.raises(ParameterError, match=message):
        fits["weibull"].predict(NEW, **options)


def test_new_rows_lacking_a_column(fits):
    with pytest.raises((DataError, Exception), match="online"):
        fits["weibull"].predict(NEW[["x"]])


@pytest.mark.parametrize("dist", [*DISTS, "gaussian"])
def test_cox_snell_residuals_are_cumulative_hazards(fits, spells, dist):
    fit = fits[dist]
    H = [
        fit.predict(spells.iloc[[i]], kind="cumulative_hazard", times=spells["time"].iloc[i])
        for i in range(10)
    ]
    found = fit.residuals("cox_snell")[:10]
    np.testing.assert_allclose(found, [table["estimate"].iloc[0] for table in H], rtol=1e-12)
    if dist != "gaussian":
        # Events and the sum of cumulative hazards agree where the model has a free rate.
        share = fit.residuals("cox_snell").sum() / spells["event"].sum()
        assert share == pytest.approx(1.0, abs=0.15)


def test_cox_snell_residuals_of_intervals_and_late_entry(spells):
    late = survreg("Surv(entry, time, event) ~ x", spells, dist="exponential")
    rate = np.exp(-late.coef[0] - late.coef[1] * spells["x"])
    np.testing.assert_allclose(
        late.residuals("cox_snell"), rate * (spells["time"] - spells["entry"])
    )
    seen = pd.DataFrame({"lower": [0.0, 1.0, 2.0], "upper": [1.0, 3.0, np.inf]})
    fit = survreg("Surv(lower, upper, type='interval2') ~ 1", seen, dist="exponential")
    rate = np.exp(-fit.coef[0])
    low, high = rate * seen["lower"][:2], rate * seen["upper"][:2]
    mass = np.exp(-low) - np.exp(-high)
    mean = ((low + 1) * np.exp(-low) - (high + 1) * np.exp(-high)) / mass
    np.testing.assert_allclose(fit.residuals("cox_snell"), [*mean, 2 * rate])
    with pytest.raises(ParameterError, match="late entry"):
        late.residuals("deviance")
    with pytest.raises(ParameterError, match="kind is unknown"):
        fit.residuals("martingale")


@pytest.mark.parametrize("dist", [*DISTS, "gaussian"])
def test_deviance_residuals_of_every_family(spells, dist):
    form = "Surv(lower, upper, type='interval2') ~ x"
    for fit in (survreg(FORM, spells, dist=dist), survreg(form, spells, dist=dist)):
        residual = fit.residuals("deviance")
        assert np.isfinite(residual).all()
        assert np.isfinite(fit.residuals("response")).all()
        # Longer than expected is above 0.
        median = fit.predict(kind="quantile", probs=0.9)["estimate"].to_numpy()
        long = spells["time"].to_numpy() > median
        assert (residual[long] > 0).all()


def test_pictures_tell_patterns_of_covariates_apart(spells):
    plain = survreg("Surv(time, event) ~ online", spells)
    assert len(plain.plot().lines) == 4
    strata = survreg("Surv(time, event) ~ 1 + strata(online)", spells)
    labels = [text.get_text() for text in strata.plot().get_legend().get_texts()]
    assert labels == ["Online: 0", "Online: 1"]
    seen = survreg("Surv(lower, upper, type='interval2') ~ online", spells, weights="w")
    assert len(seen.plot().lines) == 4
    late = survreg("Surv(entry, time, event) ~ site + x", spells)
    assert len(late.plot().lines) == 2


@pytest.mark.parametrize("q", [0.7, 0.05, 5e-4, -5e-4, -0.3])
def test_moments_of_the_generalised_gamma_are_integrals(q):
    family, scale = GeneralisedGamma(), 0.6
    w, step = np.linspace(-14.0, 40.0, 200_001, retstep=True)
    density = np.exp(gamma_density(w, q).value + scale * w)
    found, first = family.log_mean(np.zeros(1), (np.log([scale]), np.array([q])))
    assert found[0] == pytest.approx(np.log(density.sum() * step), rel=1e-8)
    h = 1e-5
    moved = [
        family.log_mean(np.zeros(1), (np.log([scale]) + a, np.array([q + b])))[0][0]
        for a, b in ((h, 0), (-h, 0), (0, h), (0, -h))
    ]
    assert first[1, 0] == pytest.approx((moved[0] - moved[1]) / (2 * h), rel=1e-5)
    assert first[2, 0] == pytest.approx((moved[2] - moved[3]) / (2 * h), rel=1e-4)


def test_heavy_tails_have_no_mean(spells):
    family = GeneralisedGamma()
    value, first = family.log_mean(np.zeros(1), (np.log([2.0]), np.array([-1.0])))
    assert value[0] == np.inf
    assert np.isnan(first[1:]).all()
    heavy = survreg(
        "Surv(time, event) ~ 1", spells.assign(time=spells["time"] ** 4), dist="loglogistic"
    )
    assert heavy.scale[0] > 1
    assert heavy.predict(NEW, kind="mean")["estimate"].eq(np.inf).all()


@pytest.mark.parametrize("dist", ["weibull", "lognormal", "loglogistic", "gaussian"])
@pytest.mark.parametrize("far", [1e4, 1e6, 1e8])
def test_errors_of_predictions_stand_far_from_zero(dist, far, spells):
    """A shift keeps 16 digits less those of the shift; the errors lose no more."""
    near = spells.assign(x=spells["x"].round(4))
    shifted = near.assign(x=near["x"] + far)
    first, second = (
        survreg("Surv(time, event) ~ x", rows, dist=dist).predict(kind="lp")["std_error"]
        for rows in (near, shifted)
    )
    np.testing.assert_allclose(second, first, rtol=1e-15 * far + 1e-9)
