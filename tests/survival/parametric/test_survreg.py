"""Parametric regressions on samples small enough to work by hand."""

import numpy as np
import pandas as pd
import pytest
from scipy import optimize, stats

from rpcstats._vocabulary import QUANTILE_PREDICTION, TIME_EFFECTS, TIME_PREDICTION
from rpcstats.errors import ConvergenceWarning, DataError, FormulaError, ParameterError
from rpcstats.survival.parametric.survreg import survreg

# Six starters; two events tie at 2, an event and a censoring at 4: four events in 16 weeks.
SIX = pd.DataFrame(
    {
        "time": [1.0, 2, 2, 3, 4, 4],
        "event": [1, 1, 1, 0, 1, 0],
        "entry": [0.0, 1, 0, 2, 1, 3],
        "mode": list("aabbba"),
    }
)
EXACT = 1e-9
EVERY_DIST = [
    "weibull",
    "exponential",
    "lognormal",
    "loglogistic",
    "gaussian",
    "logistic",
    "gamma",
    "generalised_gamma",
    "gompertz",
]


def test_exponential_rate_is_events_over_time():
    fit = survreg("Surv(time, event) ~ 1", SIX, dist="exponential")
    assert fit.coef[0] == pytest.approx(np.log(16 / 4), abs=EXACT)
    assert fit.std_error[0] == pytest.approx(1 / np.sqrt(4), abs=EXACT)
    assert fit.log_lik == pytest.approx(4 * np.log(4 / 16) - 4, abs=EXACT)
    assert fit.aic == pytest.approx(-2 * fit.log_lik + 2, abs=EXACT)
    assert fit.scale.tolist() == [1.0]


def test_exponential_rate_of_each_mode():
    fit = survreg("Surv(time, event) ~ mode", SIX, dist="exponential", parameterisation="ph")
    # Mode a: 2 events in 7 weeks; mode b: 2 in 9.
    np.testing.assert_allclose(fit.coef, [np.log(2 / 7), np.log((2 / 9) / (2 / 7))], rtol=EXACT)
    tidy = fit.tidy(exponentiate=True)
    assert tidy["measure"].tolist() == ["hazard", "hazard ratio"]
    np.testing.assert_allclose(tidy["estimate"], [2 / 7, 7 / 9], rtol=EXACT)


def test_late_entry_takes_its_time_off():
    fit = survreg("Surv(entry, time, event) ~ 1", SIX, dist="exponential")
    assert fit.coef[0] == pytest.approx(np.log((16 - 7) / 4), abs=EXACT)


def test_exponential_seen_at_one_visit():
    # Of ten seen once at week 5, seven had left: the rate is -log(3/10) / 5.
    seen = pd.DataFrame({"lower": [np.nan] * 7 + [5.0] * 3, "upper": [5.0] * 7 + [np.nan] * 3})
    fit = survreg("Surv(lower, upper, type='interval2') ~ 1", seen, dist="exponential")
    rate = -np.log(0.3) / 5
    assert np.exp(-fit.coef[0]) == pytest.approx(rate, rel=EXACT)
    assert fit.log_lik == pytest.approx(7 * np.log(0.7) + 3 * np.log(0.3), abs=EXACT)
    assert fit.n_event == 7


def test_weibull_on_tiny_data_by_direct_maximisation():
    time, event = SIX["time"].to_numpy(), SIX["event"].to_numpy() == 1

    def loss(theta):
        shape, scale = np.exp(theta)
        log_f = stats.weibull_min.logpdf(time, shape, scale=scale)
        log_s = stats.weibull_min.logsf(time, shape, scale=scale)
        return -np.where(event, log_f, log_s).sum()

    found = optimize.minimize(loss, [0.0, 1.0], method="Nelder-Mead", options={"xatol": 1e-9})
    fit = survreg("Surv(time, event) ~ 1", SIX)
    np.testing.assert_allclose([-fit.coef[1], fit.coef[0]], found.x, atol=1e-6)
    assert fit.log_lik == pytest.approx(-found.fun, abs=1e-9)


def test_weibull_hazard_ratios_are_minus_time_effects_over_scale(spells):
    aft = survreg("Surv(time, event) ~ x + online", spells)
    ph = survreg("Surv(time, event) ~ x + online", spells, parameterisation="ph")
    np.testing.assert_allclose(ph.coef[:3], -aft.coef[:3] / aft.scale[0], rtol=1e-12)
    assert ph.coef[3] == pytest.approx(-aft.coef[3])
    assert ph.names[3] == "Log(shape)"
    assert ph.log_lik == aft.log_lik
    # The model can also be fitted in the other parameters by rescaling the covariate's effect.
    J = np.zeros((4, 4))
    np.fill_diagonal(J, [-1 / aft.scale[0]] * 3 + [-1])
    J[:3, 3] = aft.coef[:3] / aft.scale[0]
    np.testing.assert_allclose(ph.cov, J @ aft.cov @ J.T, rtol=1e-12)


def test_special_cases_of_the_generalised_gamma(spells):
    free = survreg("Surv(time, event) ~ x", spells, dist="generalised_gamma")
    for dist in ("weibull", "lognormal", "gamma", "exponential"):
        assert free.log_lik >= survreg("Surv(time, event) ~ x", spells, dist=dist).log_lik - 1e-9


def test_gaussian_without_censoring_is_least_squares(spells):
    fit = survreg("Surv(time, one) ~ x", spells.assign(one=1), dist="gaussian")
    X = np.column_stack([np.ones(len(spells)), spells["x"]])
    beta, rss = np.linalg.lstsq(X, spells["time"], rcond=None)[:2]
    np.testing.assert_allclose(fit.coef[:2], beta, rtol=1e-9)
    assert fit.scale[0] == pytest.approx(np.sqrt(rss[0] / len(spells)), rel=1e-9)


def test_a_lower_limit_of_0_is_not_the_same_as_none_for_a_model_of_time():
    seen = pd.DataFrame({"lower": [np.nan, 2.0, 4.0, 1.0], "upper": [3.0, 2.0, np.nan, 6.0]})
    form = "Surv(lower, upper, type='interval2') ~ 1"
    left = survreg(form, seen, dist="gaussian")
    inside = survreg(form, seen.fillna({"lower": 0.0}), dist="gaussian")
    assert left.log_lik > inside.log_lik
    same = [survreg(form, d) for d in (seen, seen.fillna({"lower": 0.0}))]
    assert same[0].log_lik == same[1].log_lik


def test_an_interval_of_no_width_is_an_exact_time(spells):
    form = "Surv(lower, upper, type='interval2') ~ x"
    times = spells.assign(
        lower=spells["time"], upper=spells["time"].where(spells["event"] == 1, np.inf)
    )
    for dist in ("weibull", "gompertz", "gaussian"):
        exact = survreg("Surv(time, event) ~ x", spells, dist=dist)
        interval = survreg(form, times, dist=dist)
        np.testing.assert_allclose(interval.coef, exact.coef, rtol=1e-9)
        assert interval.log_lik == pytest.approx(exact.log_lik)
        narrow = survreg(
            form, times.assign(lower=times["lower"] * (1 - 5e-7 * spells["event"])), dist=dist
        )
        np.testing.assert_allclose(narrow.coef, exact.coef, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("dist", EVERY_DIST)
def test_a_result_tells_of_itself(spells, dist):
    fit = survreg("Surv(time, event) ~ x + online", spells, dist=dist, conf_level=0.9)
    assert fit.converged
    assert fit.tidy()["term"].tolist() == list(fit.names)
    assert tuple(fit.tidy().columns) == TIME_EFFECTS
    assert tuple(fit.predict(times=1.0).columns) == TIME_PREDICTION
    assert tuple(fit.predict(kind="quantile").columns) == QUANTILE_PREDICTION
    glance = fit.glance()
    assert glance.loc[0, ["n_obs", "df", "conf_level"]].tolist() == [60, len(fit.coef), 0.9]
    assert "60 rows" in str(fit.summary())
    assert "60 rows" in repr(fit)
    assert fit._repr_html_().startswith("<p>")
    assert fit.vcov().shape == (len(fit.coef),) * 2
    assert fit.confint(0.5)["conf_low"].gt(fit.confint(0.99)["conf_low"]).all()
    assert fit.log_lik_null() <= fit.log_lik
    ax = fit.plot()
    assert len(ax.lines) == 2


def test_robust_errors_of_two_clusters_ways(spells):
    one = survreg("Surv(time, event) ~ x + cluster(site)", spells)
    two = survreg("Surv(time, event) ~ x + cluster(site) + cluster(online)", spells)
    both = spells.assign(cell=spells["site"] + spells["online"].astype(str))
    cell = survreg("Surv(time, event) ~ x + cluster(cell)", both)
    other = survreg("Surv(time, event) ~ x + cluster(online)", spells)
    np.testing.assert_allclose(two.cov, one.cov + other.cov - cell.cov, atol=1e-12)
    assert two.is_robust
    np.testing.assert_array_equal(two.cov_model, one.cov_model)
    assert any("Robust errors rest on 3 clusters" in remark for remark in one.remarks)


def test_strata_have_scales_of_their_own(spells):
    fit = survreg("Surv(time, event) ~ x + strata(site)", spells)
    assert fit.names[-1] == "Log(scale)[site=c]"
    assert len(fit.scale) == 3
    new = pd.DataFrame({"x": [0.0, 0.0], "site": ["c", "a"]})
    found = fit.predict(new, kind="quantile", probs=0.3)["estimate"]
    expected = np.exp(fit.coef[0] + fit.scale[[2, 0]] * np.log(-np.log(0.7)))
    np.testing.assert_allclose(found, expected)
    with pytest.raises(DataError, match="has not seen"):
        fit.predict(new.assign(site="z"))


def test_missing_values_are_counted(spells):
    fit = survreg("Surv(time, event) ~ x", spells.assign(x=spells["x"].where(spells.index > 4)))
    assert (fit.n_missing, fit.n_obs) == (5, 55)
    assert "5 rows with missing values left out." in fit.remarks


def test_a_group_without_events_has_no_estimate(spells):
    none = spells.assign(event=spells["event"] * (spells["site"] != "b"))
    for dist in ("weibull", "lognormal", "gompertz", "gamma"):
        with pytest.warns(ConvergenceWarning, match=r"site\[T.b\], which has no finite"):
            fit = survreg("Surv(time, event) ~ site", none, dist=dist)
        assert not fit.converged


def test_times_told_without_error_have_no_scale():
    same = pd.DataFrame({"time": [5.0] * 8, "event": 1})
    with pytest.warns(ConvergenceWarning, match=r"Log\(scale\) runs off"):
        survreg("Surv(time, event) ~ 1", same)
    with pytest.warns(ConvergenceWarning, match="Q runs off"):
        survreg(
            "Surv(time, event) ~ 1",
            same.iloc[:3].assign(time=[1, 1, 2.0], event=[1, 0, 0]),
            dist="generalised_gamma",
        )


def test_huge_and_tiny_units_are_no_trouble(spells):
    for dist in EVERY_DIST:
        plain = survreg("Surv(time, event) ~ x", spells, dist=dist)
        for unit in (1e9, 1e-9):
            scaled = survreg(
                "Surv(time, event) ~ x", spells.assign(time=spells["time"] * unit), dist=dist
            )
            assert scaled.converged
            shift = plain.n_event * np.log(unit)
            assert scaled.log_lik + shift == pytest.approx(plain.log_lik, abs=1e-7)


BAD = {
    "zero": ({"time": 0.0}, {}, DataError, "60 rows have a time of 0"),
    "negative": ({"time": -1.0}, {}, DataError, "negative in 60"),
    "event": ({"event": 2}, {}, DataError, "must hold 1"),
    "no event": ({"event": 0}, {}, DataError, "None of the 60 rows"),
    "weights": ({"w": -1.0}, {"weights": "w"}, DataError, "above 0"),
    "dist": ({}, {"dist": "normal"}, ParameterError, "dist is unknown"),
    "form": ({}, {"parameterisation": "po"}, ParameterError, "aft or ph"),
    "ph": ({}, {"parameterisation": "ph", "dist": "gamma"}, ParameterError, "Only the Weibull"),
    "level": ({}, {"conf_level": 1.2}, ParameterError, "out of range"),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_input_is_refused(spells, name):
    change, options, error, message = BAD[name]
    with pytest.raises(error, match=message):
        survreg("Surv(time, event) ~ x", spells.assign(**change), **options)


@pytest.mark.parametrize(
    ("form", "options", "error", "message"),
    [
        ("Surv(time, event) ~ nobody", {}, FormulaError, "nobody"),
        ("Surv(time, event) ~ x + frailty(site)", {}, FormulaError, "takes no"),
        ("Surv(time, event) ~ x + (1 | site)", {}, FormulaError, "takes no"),
        ("time ~ x", {}, FormulaError, "left side must be Surv"),
        ("Surv(time, entry, event) ~ x", {}, DataError, "Entry must come before"),
        ("Surv(upper, lower, type='interval2') ~ x", {}, DataError, "must be in order"),
        ("Surv(time, event) ~ x + strata(site)", {"dist": "exponential"}, ParameterError, "none"),
        ("Surv(time, event) ~ strata(site)", {"parameterisation": "ph"}, ParameterError, "shape"),
    ],
)
def test_bad_formulas_are_refused(spells, form, options, error, message):
    with pytest.raises(error, match=message):
        survreg(form, spells.assign(upper=spells["upper"].fillna(99.0)), **options)


def test_samples_that_tell_nothing(spells):
    with pytest.raises(DataError, match="One row"):
        survreg("Surv(time, event) ~ 1", spells.iloc[:1])
    left = spells.assign(lower=np.nan, upper=spells["time"])
    with pytest.raises(DataError, match="All of the 60 rows are left-censored"):
        survreg("Surv(lower, upper, type='interval2') ~ 1", left)


def test_constant_columns_are_left_out_and_said(spells):
    fit = survreg("Surv(time, event) ~ flat + x", spells.assign(flat=2.0))
    assert fit.names == ("Intercept", "x", "Log(scale)")
    assert any("constant or determined" in remark for remark in fit.remarks)
    with pytest.raises(ParameterError, match="exponentiate"):
        survreg("Surv(time, event) ~ x", spells, dist="gaussian").tidy(exponentiate=True)
