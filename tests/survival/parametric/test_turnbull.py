"""Masses of innermost intervals by hand, against Kaplan-Meier, and against their conditions."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rpcstats.errors import DataError, FormulaError, ParameterError
from rpcstats.survival.nonparametric.kaplan_meier import kaplan_meier
from rpcstats.survival.parametric import _turnbull
from rpcstats.survival.parametric._innermost import effective_at_risk, innermost
from rpcstats.survival.parametric._turnbull import estimate_mass
from rpcstats.survival.parametric.turnbull import turnbull

FORM = "Surv(lower, upper, type='interval2') ~ "


def test_three_overlapping_intervals_by_hand():
    # (0, 2], (1, 3], (2, 4]: innermost (1, 2] and (2, 3]; the middle row covers both, so the
    # likelihood is p (p + q) q with p + q = 1, largest at one half each.
    d = pd.DataFrame({"lower": [0.0, 1, 2], "upper": [2.0, 3, 4]})
    fit = turnbull(FORM + "1", d)
    assert fit.tidy()[["lower", "upper", "estimate"]].to_numpy().tolist() == [
        [1.0, 2.0, pytest.approx(0.5)],
        [2.0, 3.0, pytest.approx(0.5)],
    ]
    assert fit.log_lik[0] == pytest.approx(2 * np.log(0.5))
    table = fit.at([0.5, 1.5, 2.0, 2.5, 9.0])
    np.testing.assert_allclose(table["lowest"], [1, 0.5, 0.5, 0, 0], atol=1e-12)
    np.testing.assert_allclose(table["highest"], [1, 1, 0.5, 0.5, 0], atol=1e-12)


def test_a_visit_splits_those_before_from_those_after():
    # Seven of ten had left by week 5.
    d = pd.DataFrame({"lower": [np.nan] * 7 + [5.0] * 3, "upper": [5.0] * 7 + [np.nan] * 3})
    fit = turnbull(FORM + "1", d)
    assert fit.tidy()["estimate"].tolist() == pytest.approx([0.7, 0.3])
    assert fit.tidy()["upper"].tolist() == [5.0, np.inf]
    assert fit.curve()["estimate"].tolist() == pytest.approx([0.3])
    assert fit.median()[["lower", "upper"]].to_numpy().tolist() == [[0.0, 5.0]]


def test_an_exact_time_is_not_in_an_interval_that_begins_there():
    d = pd.DataFrame({"lower": [2.0, 2.0, 0.0], "upper": [2.0, 4.0, 2.0]})
    fit = turnbull(FORM + "1", d)
    # The point 2 is covered by the first and the last row, (2, 4] by the second.
    assert fit.tidy()["lower"].tolist() == [2.0, 2.0]
    assert fit.tidy()["upper"].tolist() == [2.0, 4.0]
    assert fit.tidy()["estimate"].tolist() == pytest.approx([2 / 3, 1 / 3])


def test_right_censored_times_give_kaplan_meier(spells):
    d = spells.assign(time=np.ceil(spells["time"] * 2) / 2)
    for weights in (None, "w"):
        fit = turnbull("Surv(time, event) ~ site", d, weights=weights)
        curve = kaplan_meier("Surv(time, event) ~ site", d, weights=weights).tidy()
        falls = curve[curve["n_event"] > 0]
        assert fit.curve()["time"].tolist() == falls["time"].tolist()
        np.testing.assert_allclose(fit.curve()["estimate"], falls["estimate"], atol=1e-12)
        assert fit.converged


@st.composite
def visits(draw):
    rng = np.random.default_rng(draw(st.integers(0, 100_000)))
    n = draw(st.integers(2, 40))
    grid = draw(st.booleans())
    lower = rng.uniform(0, 10, n)
    width = rng.exponential(2.0, n)
    if grid:
        lower, width = np.floor(lower), np.floor(width)
    upper = np.where(rng.random(n) < 0.2, np.inf, lower + width)
    upper[upper == 0] = 1.0
    return pd.DataFrame({"lower": lower, "upper": upper, "w": rng.integers(1, 4, n) * 1.0})


@settings(max_examples=40, deadline=None)
@given(visits())
def test_the_conditions_of_the_largest_likelihood_hold(d):
    if not np.isfinite(d["upper"]).any():
        return
    fit = turnbull(FORM + "1", d, weights="w")
    assert fit.mass.sum() == pytest.approx(1.0)
    assert fit.mass.min() >= 0.0
    assert fit.excess[0] < 1e-9
    # No mixture with mass at one interval has a larger likelihood.
    cells = innermost(d["lower"].to_numpy(), d["upper"].to_numpy(), d["w"].to_numpy())
    rng = np.random.default_rng(0)
    for _ in range(5):
        other = 0.9 * fit.mass + 0.1 * rng.dirichlet(np.full(len(fit.mass), 0.3))
        total = np.concatenate([[0.0], np.cumsum(other)])
        pi = total[cells.last + 1] - total[cells.first]
        assert cells.weight @ np.log(pi) <= fit.log_lik[0] + 1e-9
    repeated = d.loc[d.index.repeat(d["w"].astype(int))]
    assert turnbull(FORM + "1", repeated).log_lik[0] == pytest.approx(fit.log_lik[0], abs=1e-9)


def test_large_supports_are_left_to_the_slower_search(monkeypatch):
    rng = np.random.default_rng(3)
    lower = rng.uniform(0, 10, 200)
    upper = lower + rng.exponential(2.0, 200)
    cells = innermost(lower, upper, None)
    polished = estimate_mass(cells)
    monkeypatch.setattr(_turnbull, "_MOST_POINTS", 1)
    slower = estimate_mass(cells)
    assert slower.excess <= _turnbull.OPTIMAL
    assert slower.log_lik == pytest.approx(polished.log_lik, abs=1e-6)


@pytest.mark.parametrize("wrong", ["soon", -1, [[1, 2]], None])
def test_times_that_are_none(wrong, spells):
    with pytest.raises(ParameterError, match="numbers from 0 up"):
        turnbull(FORM + "1", spells).at(wrong)


def test_masses_that_are_not_unique_are_said():
    # One row covers two innermost intervals that nothing tells apart.
    d = pd.DataFrame({"lower": [0.0, 2.0, 0.0, 2.0], "upper": [1.0, 3.0, 3.0, 3.0]})
    assert turnbull(FORM + "1", d).unique[0]
    lower, upper = np.array([0.0, 0, 2, 2]), np.array([1.0, 3, 3, 5])
    wide = pd.DataFrame({"lower": lower, "upper": upper})
    assert turnbull(FORM + "1", wide).converged


def test_a_result_tells_of_itself(spells):
    fit = turnbull(FORM + "online", spells)
    assert fit.strata == ("online=0", "online=1")
    assert fit.glance().loc[0, "n_obs"] == 60
    assert "2 groups" in str(fit)
    assert fit._repr_html_().startswith("<p>")
    assert len(fit.plot().lines) == 2
    both = spells["upper"].isna() & (spells.index < 5)
    gaps = turnbull(FORM + "1", spells.assign(lower=spells["lower"].where(~both)))
    assert gaps.n_missing == int(both.sum())


@pytest.mark.parametrize(
    ("form", "error", "message"),
    [
        ("Surv(entry, time, event) ~ 1", FormulaError, "no late entry"),
        ("Surv(upper, lower, type='interval2') ~ 1", DataError, "must be in order"),
        ("Surv(time, none) ~ 1", DataError, "None of the rows"),
        (FORM + "1 + strata(site)", FormulaError, "takes no"),
        (FORM + "nobody", FormulaError, "nobody"),
    ],
)
def test_bad_input_is_refused(spells, form, error, message):
    d = spells.assign(none=0, upper=spells["upper"].fillna(99.0))
    with pytest.raises(error, match=message):
        turnbull(form, d)


def few(fit):
    return [text for text in fit.remarks if text.startswith("Fewer than 10 at risk")]


def test_rows_on_which_intervals_rest_by_hand():
    # Innermost (1, 2] and (2, 3] with half each. (1, 3] is in either: half a row. The last row is
    # followed through the first interval only.
    lower, upper = np.array([0.0, 1, 2, 2]), np.array([2.0, 3, 4, np.inf])
    cells = innermost(lower, upper, None)
    mass = np.array([0.25, 0.75])
    assert cells.upper.tolist() == [2.0, 3.0]
    found = effective_at_risk(cells, mass, lower, upper, None)
    # First: 1 + 1 + 1 + 1; second: 0 + 0.75 + 1, the last no longer followed.
    np.testing.assert_allclose(found, [4.0, 1.75])


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**31))
def test_with_exact_times_they_are_those_at_risk(seed):
    rng = np.random.default_rng(seed)
    time, event = rng.integers(1, 9, 25).astype(float), rng.random(25) < 0.6
    event[0] = True
    upper = np.where(event, time, np.inf)
    cells = innermost(time, upper, None)
    found = effective_at_risk(cells, estimate_mass(cells).mass, time, upper, None)
    bounded = np.isfinite(cells.upper)
    wanted = [(time >= t).sum() for t in cells.upper[bounded]]
    np.testing.assert_allclose(found[bounded], wanted, rtol=1e-9)


def test_few_at_risk_are_said():
    time = np.arange(1.0, 31.0)
    exact = pd.DataFrame({"time": time, "event": 1})
    alike = kaplan_meier("Surv(time, event) ~ 1", exact).remarks
    assert "from 22 on" in few(turnbull("Surv(time, event) ~ 1", exact))[0]
    assert any("from 22 on" in text for text in alike)
    visits = pd.DataFrame(
        {
            "lower": np.repeat([0.0, 5, 10], [40, 20, 6]),
            "upper": np.repeat([5.0, 10, 15], [40, 20, 6]),
        }
    )
    assert "from 10 on" in few(turnbull(FORM + "1", visits))[0]
    assert not few(turnbull(FORM + "1", visits[visits["lower"] < 10]))
    assert "throughout" in few(turnbull(FORM + "1", visits.tail(8)))[0]
    both = pd.concat([visits.assign(arm="a"), visits.head(40).assign(arm="b")])
    said = few(turnbull(FORM + "arm", both))[0]
    assert "arm=a: from 10 on" in said
    assert "arm=b" not in said
