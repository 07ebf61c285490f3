"""Mixture cure models by brute force, in closed form, and at their boundary."""

import numpy as np
import pandas as pd
import pytest
from scipy import optimize, special

from rpcstats.errors import ConvergenceWarning, DataError, FormulaError, ParameterError
from rpcstats.survival.parametric.cure_model import cure_model
from rpcstats.survival.parametric.follow_up import follow_up
from rpcstats.survival.parametric.survreg import survreg

# Four leave at once and six are followed for ever: the cured fraction is 6/10.
TINY = pd.DataFrame({"time": [1.0, 2, 3, 4] + [60.0] * 6, "event": [1] * 4 + [0] * 6})


@pytest.fixture(scope="module")
def stayers():
    rng = np.random.default_rng(11)
    n = 400
    x, online = rng.normal(size=n), np.tile([0, 1], n // 2)
    never = rng.random(n) < special.expit(-0.8 + 0.9 * online)
    time = np.exp(1 + 0.4 * x + 0.6 * np.log(rng.exponential(size=n)))
    left = rng.uniform(5, 25, n)
    event = ~never & (time <= left)
    return pd.DataFrame(
        {
            "time": np.where(event, time, left),
            "event": event.astype(int),
            "x": x,
            "online": online,
            "never": never,
        }
    )


def test_a_long_follow_up_counts_the_cured():
    fit = cure_model("Surv(time, event) ~ 1", TINY, dist="exponential")
    assert special.expit(fit.coef[0]) == pytest.approx(0.6, abs=1e-6)
    assert np.exp(fit.coef[1]) == pytest.approx(2.5, rel=1e-5)
    table = fit.cured_fraction()
    assert table.loc[0, ["n", "row"]].tolist() == [10, 0]
    assert table.loc[0, "std_error"] == pytest.approx(np.sqrt(0.6 * 0.4 / 10), rel=1e-4)


def test_weibull_latency_by_direct_maximisation():
    d = TINY.assign(time=[1.0, 2, 2, 4, 3, 5, 6, 7, 9, 9])
    time, event = d["time"].to_numpy(), d["event"].to_numpy() == 1

    def loss(theta):
        c, z = special.expit(theta[0]), (np.log(time) - theta[1]) / np.exp(theta[2])
        log_f = np.log1p(-c) + z - np.exp(z) - theta[2] - np.log(time)
        return -np.where(event, log_f, np.log(c + (1 - c) * np.exp(-np.exp(z)))).sum()

    starts = ([0.0, 1.0, -0.5], [-1.0, 1.5, 0.0])
    options = {"xatol": 1e-9, "fatol": 1e-12, "maxiter": 5000}
    found = [optimize.minimize(loss, s, method="Nelder-Mead", options=options) for s in starts]
    best = min(found, key=lambda end: end.fun)
    fit = cure_model("Surv(time, event) ~ 1", d)
    np.testing.assert_allclose(fit.coef, best.x, atol=1e-5)
    assert fit.log_lik == pytest.approx(-best.fun, abs=1e-8)


def test_cured_fraction_by_pattern(stayers):
    fit = cure_model("Surv(time, event) ~ x", stayers, cure="~ online")
    assert fit.names[:2] == ("cure: Intercept", "cure: online")
    table = fit.cured_fraction()
    assert table["n"].tolist() == [200, 200]
    assert table["online"].tolist() == [0.0, 1.0]
    truth = stayers.groupby("online")["never"].mean().to_numpy()
    inside = (table["conf_low"] < truth) & (truth < table["conf_high"])
    assert inside.all()
    np.testing.assert_allclose(table["estimate"], special.expit(fit.coef[0] + [0, fit.coef[1]]))
    gradient = table["estimate"] * (1 - table["estimate"])
    error = np.sqrt([fit.cov[0, 0], fit.cov[:2, :2].sum()])
    np.testing.assert_allclose(table["std_error"], gradient * error)
    new = fit.cured_fraction(pd.DataFrame({"online": [1]}))
    assert new["estimate"].iloc[0] == table["estimate"].iloc[1]
    assert not any("too short" in remark for remark in fit.remarks)


def test_predictions_join_both_parts(stayers):
    fit = cure_model("Surv(time, event) ~ x", stayers, cure="~ online")
    new = pd.DataFrame({"x": [0.5], "online": [1]})
    c = fit.cured_fraction(new)["estimate"].iloc[0]
    S, inner, chance = (
        fit.predict(new, kind=kind, times=3.0)["estimate"].iloc[0]
        for kind in ("survival", "latency", "cured")
    )
    assert pytest.approx(c + (1 - c) * inner) == S
    assert chance == pytest.approx(c / S)
    start = fit.predict(new, kind="cured", times=0.0)
    assert start["estimate"].iloc[0] == pytest.approx(c)
    assert fit.predict(new, times=0.0)["estimate"].iloc[0] == 1.0
    assert len(fit.plot().lines) == 2
    assert "400 rows" in str(fit.summary())
    with pytest.raises(ParameterError, match="kind is unknown"):
        fit.predict(new, kind="hazard")


@pytest.mark.parametrize("kind", ["survival", "latency", "cured"])
def test_standard_errors_are_those_of_the_delta_method(stayers, kind):
    from dataclasses import replace

    fit = cure_model("Surv(time, event) ~ x", stayers, cure="~ online")
    new = pd.DataFrame({"x": [0.5], "online": [1]})
    gradient = []
    for j in range(len(fit.coef)):
        ends = [
            replace(fit, coef=fit.coef + sign * 1e-6 * (np.arange(len(fit.coef)) == j))
            for sign in (1, -1)
        ]
        up, down = (end.predict(new, kind=kind, times=2.0)["estimate"].iloc[0] for end in ends)
        gradient.append((up - down) / 2e-6)
    G = np.array(gradient)
    error = fit.predict(new, kind=kind, times=2.0)["std_error"].iloc[0]
    assert error == pytest.approx(np.sqrt(G @ fit.cov @ G), rel=1e-6)


def test_intervals_weights_and_clusters(stayers):
    d = stayers.assign(
        lower=np.where(stayers["event"] == 1, stayers["time"] * 0.999, stayers["time"]),
        upper=np.where(stayers["event"] == 1, stayers["time"] * 1.001, np.inf),
        id=np.arange(len(stayers)),
        w=2.0,
    )
    exact = cure_model("Surv(time, event) ~ x", d)
    near = cure_model("Surv(lower, upper, type='interval2') ~ x", d)
    np.testing.assert_allclose(near.coef, exact.coef, atol=1e-4)
    assert near.follow_up is None
    double = cure_model("Surv(time, event) ~ x", d, weights="w")
    np.testing.assert_allclose(double.cov, exact.cov / 2, rtol=1e-6)
    robust = cure_model("Surv(time, event) ~ x + cluster(id)", d)
    np.testing.assert_allclose(robust.std_error, exact.std_error, rtol=0.3)


def test_nobody_cured_is_said(spells):
    everyone = spells.assign(event=1)
    with pytest.warns(ConvergenceWarning, match="cured fraction is estimated as 0"):
        fit = cure_model("Surv(time, event) ~ x", everyone)
    assert fit.is_boundary
    plain = survreg("Surv(time, event) ~ x", everyone)
    assert fit.log_lik == pytest.approx(plain.log_lik, abs=1e-5)
    np.testing.assert_allclose(fit.coef[1:], plain.coef, atol=1e-4)


def test_follow_up_check_by_hand():
    # Last event 4, last time 60: all four events lie in (-52, 4], alpha = 0.6 ** 10.
    long = follow_up(TINY["time"].to_numpy(), TINY["event"].to_numpy() == 1)
    assert (long.n_late, long.n_plateau, long.last_event) == (4, 6, 4.0)
    assert long.alpha == pytest.approx(0.6**10)
    assert long.is_sufficient
    short = follow_up(np.array([1.0, 2, 3, 4, 5]), np.array([1, 1, 1, 1, 0]) == 1)
    # (3, 4] holds one event of five.
    assert short.alpha == pytest.approx(0.8**5)
    assert not short.is_sufficient


def test_a_short_follow_up_is_said(stayers):
    short = stayers.assign(
        time=stayers["time"].clip(upper=2.5),
        event=stayers["event"] * (stayers["time"] <= 2.5),
    )
    fit = cure_model("Surv(time, event) ~ x", short)
    assert fit.follow_up.alpha > 0.05
    assert any("follow-up may be too short" in remark for remark in fit.remarks)


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"cure": "online"}, FormulaError, "right side"),
        ({"cure": "~ nobody"}, FormulaError, "nobody"),
        ({"cure": "~ online + strata(x)"}, FormulaError, "takes no"),
        ({"dist": "gaussian"}, ParameterError, "dist is unknown"),
    ],
)
def test_bad_options_are_refused(stayers, options, error, message):
    with pytest.raises(error, match=message):
        cure_model("Surv(time, event) ~ x", stayers, **options)


def test_no_event_is_refused(stayers):
    with pytest.raises(DataError, match="is an event"):
        cure_model("Surv(time, event) ~ 1", stayers.assign(event=0))
