"""Spline models against the distributions they hold, and against differences."""

import numpy as np
import pandas as pd
import pytest
from scipy import special

from rpcstats.errors import ConvergenceWarning, DataError, ParameterError
from rpcstats.survival.parametric._spline import spline_columns
from rpcstats.survival.parametric.royston_parmar import royston_parmar
from rpcstats.survival.parametric.survreg import survreg

FORM = "Surv(time, event) ~ x + online"
NEW = pd.DataFrame({"x": [0.0, 1.0], "online": [0, 1]})


@pytest.fixture(scope="module")
def flexible(spells):
    return royston_parmar(FORM, spells, df=3, time_varying=["online"])


def test_columns_of_the_spline_by_hand():
    # Knots 0, 1, 3: λ = 2/3. At 2 the column is 1 - (2/3) 8 - 0, at 4 it is 27 - 64 2/3 - 1/3.
    columns = spline_columns(np.array([-1.0, 0.5, 2.0, 4.0]), np.array([0.0, 1.0, 3.0]))
    expected = [0.0, -0.125 * 2 / 3, 1 - 16 / 3, 27 - 128 / 3 - 1 / 3]
    np.testing.assert_allclose(columns.value[1], expected)
    slopes = [0.0, -0.75 * 2 / 3, 3 - 8, 27 - 32 - 1]
    np.testing.assert_allclose(columns.slope[1], slopes)
    np.testing.assert_array_equal(columns.value[0], [-1, 0.5, 2, 4])


@pytest.mark.parametrize(
    ("scale", "dist"), [("hazard", "weibull"), ("odds", "loglogistic"), ("normal", "lognormal")]
)
@pytest.mark.parametrize(
    "left", ["time, event", "entry, time, event", "lower, upper, type='interval2'"]
)
def test_one_degree_of_freedom_is_a_distribution(spells, scale, dist, left):
    spline = royston_parmar(f"Surv({left}) ~ x", spells, df=1, scale=scale)
    plain = survreg(f"Surv({left}) ~ x", spells, dist=dist)
    s = plain.scale[0]
    expected = [-plain.coef[0] / s, 1 / s, -plain.coef[1] / s]
    np.testing.assert_allclose(spline.coef, expected, rtol=1e-7)
    assert spline.log_lik == pytest.approx(plain.log_lik, abs=1e-9)
    for kind in ("survival", "hazard", "cumulative_hazard"):
        ours, theirs = (fit.predict(NEW, kind=kind, times=[1, 3]) for fit in (spline, plain))
        np.testing.assert_allclose(ours["estimate"], theirs["estimate"], rtol=1e-7)
        np.testing.assert_allclose(ours["std_error"], theirs["std_error"], rtol=1e-6)
    for options in ({"kind": "quantile", "probs": [0.2, 0.7]}, {"kind": "rmst", "tau": 4.0}):
        ours, theirs = (fit.predict(NEW, **options) for fit in (spline, plain))
        np.testing.assert_allclose(ours["estimate"], theirs["estimate"], rtol=1e-7)
        np.testing.assert_allclose(ours["std_error"], theirs["std_error"], rtol=1e-6)


def test_more_knots_fit_no_worse(spells):
    # Splines whose knots include those of another hold it.
    few = royston_parmar(FORM, spells, knots=[2.0])
    more = royston_parmar(FORM, spells, knots=[3.0, 2.0])
    assert more.log_lik >= few.log_lik - 1e-9
    np.testing.assert_allclose(more.knots[1:-1], [2.0, 3.0])
    assert few.aic == pytest.approx(-2 * few.log_lik + 2 * 5)


def test_offset_weights_and_clusters(spells):
    known = royston_parmar("Surv(time, event) ~ x + offset(online / 2)", spells, df=2)
    free = royston_parmar(FORM, spells, df=2)
    assert free.log_lik > known.log_lik
    weighted = royston_parmar("Surv(time, event) ~ x", spells, weights="w")
    rows = spells.loc[spells.index.repeat(spells["w"].astype(int))]
    knots = weighted.knots[1:-1]
    twice = royston_parmar("Surv(time, event) ~ x", rows, knots=knots)
    np.testing.assert_allclose(weighted.coef, twice.coef, rtol=1e-7)
    robust = royston_parmar("Surv(time, event) ~ x + cluster(id)", spells.assign(id=range(60)))
    same = royston_parmar("Surv(time, event) ~ x", spells, robust=True)
    np.testing.assert_allclose(robust.cov, same.cov, rtol=1e-10)


def test_hazard_ratios_change_with_time(flexible):
    table = flexible.predict(
        NEW.assign(x=0.0).iloc[[1]],
        kind="hazard_ratio",
        reference=NEW.iloc[[0]],
        times=[1.0, 4.0],
    )
    parts = [
        flexible.predict(NEW.assign(x=0.0), kind="hazard", times=t)["estimate"].to_numpy()
        for t in (1.0, 4.0)
    ]
    np.testing.assert_allclose(table["estimate"], [b / a for a, b in parts])
    constant = royston_parmar(FORM, NEW_SPELLS(flexible), df=2)
    ratio = constant.predict(
        NEW.iloc[[1]].assign(x=0.0), kind="hazard_ratio", reference=NEW.iloc[[0]], times=[1, 4]
    )
    j = constant.names.index("online")
    np.testing.assert_allclose(ratio["estimate"], np.exp(constant.coef[j]))
    np.testing.assert_allclose(ratio["std_error"], np.exp(constant.coef[j]) * constant.std_error[j])


def NEW_SPELLS(fit):  # noqa: N802
    frame = fit.frame
    return pd.DataFrame(frame.X, columns=list(frame.names)).assign(
        time=frame.time, event=frame.event.astype(int)
    )


@pytest.mark.parametrize("kind", ["survival", "hazard", "quantile", "rmst"])
def test_standard_errors_are_those_of_the_delta_method(flexible, kind):
    from dataclasses import replace

    options = {"times": 2.5} if kind in ("survival", "hazard") else {}
    options |= {"tau": 5.0} if kind == "rmst" else {}
    found = flexible.predict(NEW, kind=kind, **options)
    gradient = []
    for j, value in enumerate(flexible.coef):
        h = 1e-6 * max(1.0, abs(value))
        ends = [
            replace(flexible, coef=flexible.coef + sign * h * (np.arange(len(flexible.coef)) == j))
            for sign in (1, -1)
        ]
        up, down = (fit.predict(NEW, kind=kind, **options)["estimate"] for fit in ends)
        gradient.append((up - down) / (2 * h))
    G = np.array(gradient).T
    error = np.sqrt(np.einsum("ij,jk,ik->i", G, flexible.cov, G))
    np.testing.assert_allclose(found["std_error"], error, rtol=1e-5)


def test_fitted_survival_that_rises_is_said():
    rng = np.random.default_rng(12)
    # Events early and late, none between: a spline with knots there bends down.
    time = np.concatenate([rng.uniform(1, 1.3, 40), rng.uniform(60, 61, 40)])
    d = pd.DataFrame({"time": time, "event": 1})
    with pytest.warns(ConvergenceWarning, match="Fitted survival rises"):
        fit = royston_parmar("Surv(time, event) ~ 1", d, knots=[1.25, 60.5])
    assert not fit.is_monotone
    assert fit.converged
    hazard = fit.predict(d.iloc[:1], kind="hazard", times=np.geomspace(1, 61, 80))
    assert hazard["estimate"].isna().any()


def test_a_result_tells_of_itself(flexible):
    assert flexible.names == (
        "gamma0",
        "gamma1",
        "gamma2",
        "gamma3",
        "x",
        "online",
        "online:gamma1",
    )
    assert flexible.is_monotone
    assert "df 3" in flexible.heading
    assert len(flexible.plot().lines) == 2
    tidy = flexible.tidy(exponentiate=True)
    assert tidy["measure"].tolist()[-2:] == ["hazard ratio", "change with log time"]
    S = flexible.predict(NEW, times=0.0)
    assert S["estimate"].eq(1).all()
    assert flexible.predict(NEW, kind="cumulative_hazard", times=0)["estimate"].eq(0).all()


def test_probit_scale_is_the_normal(spells):
    fit = royston_parmar("Surv(time, event) ~ 1", spells, df=2, scale="normal")
    S = fit.predict(spells.iloc[:1], times=[1, 2.0, 4.0])["estimate"].to_numpy()
    x = np.log([1.0, 2.0, 4.0])
    B = np.vstack([np.ones(3), spline_columns(x, fit.layout.knots).value])
    np.testing.assert_allclose(S, special.ndtr(-fit.coef @ B))


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"df": 0}, ParameterError, "whole number"),
        ({"df": 2, "knots": [2.0]}, ParameterError, "not both"),
        ({"scale": "log"}, ParameterError, "choose one of"),
        ({"knots": [1e9]}, ParameterError, "between the first"),
        ({"time_varying": ["nobody"]}, ParameterError, "does not have"),
    ],
)
def test_bad_options_are_refused(spells, options, error, message):
    with pytest.raises(error, match=message):
        royston_parmar(FORM, spells, **options)


def test_bad_data_are_refused(spells, flexible):
    with pytest.raises(DataError, match="Too few distinct"):
        royston_parmar(FORM, spells.assign(time=np.ceil(spells["time"] / 6)), df=5)
    with pytest.raises(DataError, match="time 0"):
        royston_parmar(FORM, spells.assign(time=0.0))
    with pytest.raises(ParameterError, match="compares two rows"):
        flexible.predict(NEW, kind="hazard_ratio")
    with pytest.raises(ParameterError, match="one row"):
        flexible.predict(NEW, kind="hazard_ratio", reference=pd.concat([NEW, NEW]))
    with pytest.raises(ParameterError, match="kind is unknown"):
        flexible.predict(NEW, kind="odds")
