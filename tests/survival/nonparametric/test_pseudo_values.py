"""Pseudo-values by hand and by leaving rows out, and regression on them."""

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rpcstats import _vocabulary as v
from rpcstats.errors import ConvergenceWarning, FormulaError, ParameterError
from rpcstats.survival import kaplan_meier
from rpcstats.survival.nonparametric.pseudo_regression import pseudo_regression
from rpcstats.survival.nonparametric.pseudo_values import pseudo_values

ALL, LATE = "Surv(time, event) ~ 1", "Surv(entry, time, event) ~ 1"
EXACT = {"jackknife": "leave-one-out"}
quick = settings(max_examples=8, deadline=None)


def test_six_starters_left_out_by_hand(six):
    # Nobody is censored before 3: there they are 1 and 0. At 4 the curve is 1/4; without the row
    # censored at 3 it is 1/5, without the event at 4 2/5, without the row censored at 4 it is 0.
    found = pseudo_values(ALL, six, at=[2, 4], **EXACT)
    np.testing.assert_allclose(found.values[:, 0], [0, 0, 0, 1, 1, 1], atol=1e-14)
    np.testing.assert_allclose(found.values[:, 1], [0, 0, 0, 1 / 2, -1 / 2, 3 / 2], atol=1e-14)
    frame = found.tidy()
    assert tuple(frame.columns) == v.PSEUDO_VALUES
    assert frame["row"].tolist()[:4] == [0, 0, 1, 1]


def test_the_derivative_by_hand(six):
    # 1/4 + 6 * 1/4 * (sum of d / (n (n - d)) while at risk - 1 / (n - d) at the event).
    terms = np.cumsum([1 / 30, 2 / 15, 0, 1 / 2])
    influence = [
        terms[0] - 1 / 5,
        terms[1] - 1 / 3,
        terms[1] - 1 / 3,
        terms[2],
        terms[3] - 1,
        terms[3],
    ]
    found = pseudo_values(ALL, six, at=4).values[:, 0]
    np.testing.assert_allclose(found, 1 / 4 + 6 / 4 * np.array(influence), rtol=1e-12)


def test_missing_rows_are_left_out_and_places_kept(six):
    six.loc[1, "time"] = None
    found = pseudo_values(ALL, six, at=2)
    assert found.kept.tolist() == [0, 2, 3, 4, 5]
    assert found.glance()["n_missing"][0] == 1
    assert "1 row with missing" in str(found.summary())


@st.composite
def frames(draw, top=2):
    n = draw(st.integers(4, 18))
    sized = {"min_size": n, "max_size": n}
    entry = np.array(draw(st.lists(st.integers(0, 3), **sized)))
    time = np.array(draw(st.lists(st.integers(1, 6), **sized)))
    time[0] = 8
    return pd.DataFrame(
        {
            "time": time,
            "entry": np.minimum(entry, time - 1),
            "event": draw(st.lists(st.integers(0, top - 1), **sized)),
            "g": [
                "a",
                "a",
                "b",
                "b",
                *draw(st.lists(st.sampled_from("ab"), min_size=n - 4, max_size=n - 4)),
            ],
        }
    )


def survival_of(frame, t, formula=ALL):
    fit = kaplan_meier(formula, frame)
    until = int(np.searchsorted(fit.time, t, side="right"))
    return fit.estimate[until - 1] if until else 1.0


def area_of(frame, t):
    fit = kaplan_meier(ALL, frame)
    inside = fit.time <= t
    edges = np.concatenate([[0.0], fit.time[inside], [t]])
    return float(np.diff(edges) @ np.concatenate([[1.0], fit.estimate[inside]]))


def incidence_of(frame, t):
    S, total = 1.0, 0.0
    for u in np.unique(frame["time"][frame["time"] <= t]):
        n = (frame["time"] >= u).sum()
        now = frame["event"][frame["time"] == u]
        total += S * (now == 1).sum() / n
        S *= 1 - (now > 0).sum() / n
    return total


def left_out(frame, estimate):
    n = len(frame)
    whole = estimate(frame)
    return [n * whole - (n - 1) * estimate(frame.drop(index=i)) for i in frame.index]


@quick
@given(frames(), st.sampled_from([1, 3.5, 6, 8]))
def test_one_sweep_is_leaving_out_each_row_in_turn(frame, t):
    found = pseudo_values(ALL, frame, at=t, **EXACT).values[:, 0]
    np.testing.assert_allclose(found, left_out(frame, lambda f: survival_of(f, t)), atol=1e-11)
    found = pseudo_values(ALL, frame, at=t, of="rmst", **EXACT).values[:, 0]
    np.testing.assert_allclose(found, left_out(frame, lambda f: area_of(f, t)), atol=1e-11)
    found = pseudo_values(LATE, frame, at=t, **EXACT).values[:, 0]
    expected = left_out(frame, lambda f: survival_of(f, t, LATE))
    np.testing.assert_allclose(found, expected, atol=1e-11)


@quick
@given(frames(top=3), st.sampled_from([2, 5.5, 8]))
def test_incidences_are_left_out_in_one_sweep(frame, t):
    frame.loc[1, "event"] = 1
    options = {"of": "cumulative_incidence", "cause": 1}
    found = pseudo_values(ALL, frame, at=t, **options, **EXACT).values[:, 0]
    np.testing.assert_allclose(found, left_out(frame, lambda f: incidence_of(f, t)), atol=1e-11)


@quick
@given(frames(), st.sampled_from(["survival", "rmst"]))
def test_pseudo_values_average_to_the_estimate(frame, of):
    found = pseudo_values("Surv(entry, time, event) ~ 1", frame, at=6, of=of).values.mean()
    if of == "survival":
        np.testing.assert_allclose(found, survival_of(frame, 6, LATE), atol=1e-10)
    else:
        fit = kaplan_meier(LATE, frame).rmst(6)
        np.testing.assert_allclose(found, fit.estimate[0], atol=1e-10)


@quick
@given(frames())
def test_strata_are_worked_out_apart(frame):
    t = float(frame.groupby("g")["time"].max().min())
    together = pseudo_values("Surv(time, event) ~ strata(g)", frame, at=t, of="rmst")
    for g in "ab":
        own = frame["g"] == g
        alone = pseudo_values(ALL, frame[own], at=t, of="rmst")
        np.testing.assert_allclose(together.values[own], alone.values, atol=1e-10)


@pytest.fixture
def starters():
    rng = np.random.default_rng(2)
    n = 120
    mode, age = rng.integers(0, 2, n), rng.normal(size=n)
    time = rng.exponential(np.exp(0.3 * mode + 0.2 * age))
    censor = rng.exponential(3, n)
    return pd.DataFrame(
        {
            "time": np.minimum(time, censor),
            "event": (time <= censor).astype(int),
            "mode": np.where(mode, "hall", "online"),
            "age": age,
            "site": np.arange(n) % 12,
        }
    )


def test_a_saturated_regression_is_the_pseudo_values_mean(starters):
    values = pseudo_values(ALL, starters, at=1).values[:, 0]
    hall = (starters["mode"] == "hall").to_numpy()
    for link, g in (
        ("identity", lambda p: p),
        ("log", np.log),
        ("logit", lambda p: np.log(p / (1 - p))),
        ("cloglog", lambda p: np.log(-np.log(p))),
    ):
        fit = pseudo_regression("Surv(time, event) ~ mode", starters, at=1, link=link)
        first, second = values[hall].mean(), values[~hall].mean()
        np.testing.assert_allclose(fit.beta, [g(first), g(second) - g(first)], rtol=1e-8)


def test_errors_by_cluster_are_the_sandwich(starters):
    formula = "Surv(time, event) ~ mode + age + cluster(site)"
    fit = pseudo_regression(formula, starters, at=1, of="rmst")
    y = pseudo_values(ALL, starters, at=1, of="rmst").values[:, 0]
    X = np.column_stack([np.ones(120), starters["mode"] == "online", starters["age"]])
    bread = np.linalg.inv(X.T @ X)
    residual = y - X @ bread @ X.T @ y
    sums = pd.DataFrame(X * residual[:, None]).groupby(starters["site"]).sum().to_numpy()
    np.testing.assert_allclose(fit.cov, bread @ sums.T @ sums @ bread, rtol=1e-9)
    assert any("12 clusters of site" in remark for remark in fit.remarks)


def test_the_regression_reads_and_draws(starters):
    formula = "Surv(time, event) ~ mode + age"
    fit = pseudo_regression(formula, starters, at=[0.5, 1], link="cloglog")
    frame = fit.tidy(exponentiate=True)
    assert tuple(frame.columns) == v.TIDY
    assert frame["term"].tolist()[:2] == ["Intercept[0.5]", "Intercept[1]"]
    assert fit.glance()["converged"][0]
    assert "cloglog" in str(fit.summary())
    assert fit.vcov().shape == (4, 4)
    with mpl.rc_context({"backend": "agg"}):
        assert fit.plot().has_data()


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"at": []}, ParameterError, "above 0"),
        ({"at": [-1]}, ParameterError, "above 0"),
        ({"at": 99}, ParameterError, "99 is beyond"),
        ({"at": 2, "of": "median"}, ParameterError, "of is unknown"),
        ({"at": 2, "jackknife": "grouped"}, ParameterError, "jackknife is unknown"),
        ({"at": 2, "cause": "moved"}, ParameterError, "cause= goes with"),
        ({"at": 2, "of": "rmst", "formula": LATE, **EXACT}, ParameterError, "late entry"),
        ({"at": 2, "formula": "Surv(time, event) ~ mode"}, FormulaError, "no covariates"),
    ],
)
def test_faulty_calls_are_refused(six, options, error, message):
    with pytest.raises(error, match=message):
        pseudo_values(options.pop("formula", ALL), six, **options)


def test_a_mean_that_runs_away_is_said():
    frame = pd.DataFrame(
        {"time": [1, 1, 1, 3, 3, 3], "event": [1, 1, 1, 0, 0, 0], "g": list("aaabbb")}
    )
    with pytest.warns(ConvergenceWarning, match="not solved"):
        fit = pseudo_regression("Surv(time, event) ~ g", frame, at=2, link="logit")
    assert not fit.converged
    assert any("not solved" in remark for remark in fit.remarks)


def test_links_that_do_not_fit_are_refused(six):
    for options, message in (
        ({"of": "rmst", "link": "logit"}, "link does not fit"),
        ({"of": "mean"}, "of is unknown"),
    ):
        with pytest.raises(ParameterError, match=message):
            pseudo_regression("Surv(time, event) ~ mode", six, at=2, **options)
    fit = pseudo_regression("Surv(time, event) ~ mode", six, at=2)
    with pytest.raises(ParameterError, match="no ratios"):
        fit.tidy(exponentiate=True)
    with pytest.raises(ParameterError, match="nothing to draw"):
        pseudo_regression(ALL, six, at=2).plot()
