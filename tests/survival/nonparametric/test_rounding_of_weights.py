"""Real weights: sums in another order, and differences of large sums."""

from fractions import Fraction

import numpy as np
import pandas as pd
import pytest

from rpcstats.survival.nonparametric.kaplan_meier import kaplan_meier
from rpcstats.survival.nonparametric.life_table import life_table
from rpcstats.survival.nonparametric.logrank import logrank
from rpcstats.survival.nonparametric.max_combo import max_combo
from rpcstats.survival.nonparametric.nelson_aalen import nelson_aalen

# Late entry takes sums of weights off each other: 1e8 between them leaves half of 16 digits.
CANCELLED = 1e-8


def late_rows(seed, *, spread):
    rng = np.random.default_rng(seed)
    n = int(rng.integers(3, 40))
    time = rng.integers(1, 12, n).astype(float)
    entry = np.where(rng.random(n) < 0.4, 0.0, np.floor(time * rng.random(n)))
    event = (rng.random(n) < 0.8) * 1
    w = 10.0 ** rng.uniform(-spread, spread, n)
    return pd.DataFrame({"entry": entry, "time": time, "event": event, "w": w})


def product_of_fractions(rows, times):
    S, found = Fraction(1), []
    for t in times:
        inside = rows[(rows["entry"] < t) & (rows["time"] >= t)]
        failed = inside[(inside["time"] == t) & (inside["event"] == 1)]
        n, d = (sum(map(Fraction, part["w"].tolist())) for part in (inside, failed))
        S *= 1 - d / n
        found.append(float(S))
    return np.array(found)


@pytest.mark.parametrize("seed", [83, 293, 316, 361])
def test_a_curve_ends_at_0_and_not_below(seed):
    rows = late_rows(seed, spread=4)
    found = kaplan_meier("Surv(entry, time, event) ~ 1", rows, weights="w")
    exact = product_of_fractions(rows, found.time.tolist())
    np.testing.assert_allclose(found.estimate, exact, atol=CANCELLED)
    np.testing.assert_array_equal(found.estimate == 0, exact == 0)
    assert (found.estimate >= 0).all()


def test_a_hazard_that_cannot_vary_has_no_error():
    rows = pd.DataFrame({"time": [1.0, 2, 2], "event": [0, 1, 1], "w": [0.1, 0.6, 0.8]})
    found = nelson_aalen("Surv(time, event) ~ 1", rows, weights="w", robust=True)
    # All that are left fail at one time: H is 1 whatever the weights.
    assert found.std_error.tolist() == [0.0, 0.0]


def relabelled(rows, order):
    return rows.assign(mode=rows["mode"].map(dict(zip("abc", order, strict=True))))


@pytest.mark.parametrize("robust", [False, True])
@pytest.mark.parametrize("stratified", ["", " + strata(council)"])
def test_degrees_of_freedom_do_not_hang_on_the_names_of_groups(robust, stratified):
    for seed in range(30):
        rng = np.random.default_rng(seed)
        rows = late_rows(seed, spread=2)
        n = len(rows)
        rows = rows.assign(mode=rng.choice(list("abc"), n), council=rng.integers(0, 3, n))
        rows["time"] += np.where(rows["mode"] == "c", 20, 0)  # c is seldom beside the others
        rows["entry"] += np.where((rows["mode"] == "c") & (rows["council"] > 0), 12, 0)
        if rows["mode"].nunique() < 3:
            continue
        formula = "Surv(entry, time, event) ~ mode" + stratified
        found = [
            logrank(formula, relabelled(rows, order), weights="w", robust=robust)
            for order in ("abc", "cab", "bca")
        ]
        assert len({test.df for test in found}) == 1
        statistics = [test.statistic for test in found]
        np.testing.assert_allclose(statistics, statistics[0], rtol=1e-5)


@pytest.mark.parametrize("weights", [None, "w"])
@pytest.mark.parametrize("robust", [False, True])
def test_groups_that_are_never_beside_each_other(weights, robust):
    # Each council holds one mode; the sums of weights round.
    council = np.repeat([1, 2, 3], 7)
    rows = pd.DataFrame(
        {
            "time": np.tile([1.0, 2, 3, 4, 5, 6, 7], 3),
            "event": 1,
            "mode": np.array(list("abc"))[council - 1],
            "council": council,
            "w": 0.1 + np.arange(21) % 5 / 3,
        }
    )
    formula = "Surv(time, event) ~ mode + strata(council)"
    found = logrank(formula, rows, weights=weights, robust=robust)
    assert np.isnan(found.statistic)
    assert found.df == 0
    if weights is None and not robust:
        two = max_combo(formula, rows[rows["mode"] != "c"])
        assert np.isnan(two.p_value)


def test_a_weighted_life_table_ends_at_0():
    rows = pd.DataFrame(
        {"entry": [0.0, 1, 2], "time": [1.0, 2, 3], "event": 1, "w": [0.1, 0.1, 0.9]}
    )
    found = life_table("Surv(entry, time, event) ~ 1", rows, weights="w").tidy()
    assert found["hazard"].tolist() == [1.0, 1.0, 1.0]
    assert found["estimate"].tolist() == [0.0, 0.0, 0.0]
    assert found["hazard_std_error"].tolist() == [0.0, 0.0, 0.0]
    assert found["n_censor"].tolist() == [0.0, 0.0, 0.0]


def test_an_actuarial_hazard_is_at_most_1():
    # Two enter inside (2, 4] and fail, one enters and is censored: 3 - 4 / 2 = 1 counts at risk.
    rows = pd.DataFrame({"entry": [0.0, 3, 3, 3], "time": [1.0, 4, 4, 4], "event": [0, 1, 1, 0]})
    table = life_table("Surv(entry, time, event) ~ 1", rows, breaks=[0, 2, 4], actuarial=True)
    found = table.tidy()
    assert found["hazard"].tolist() == [0.0, 1.0]
    assert found["estimate"].tolist() == [1.0, 0.0]
    assert found["hazard_std_error"].tolist() == [0.0, 0.0]
    assert any("the hazard is put at 1" in remark for remark in table.remarks)
    whole = life_table("Surv(entry, time, event) ~ 1", rows, breaks=[0, 2, 4])
    np.testing.assert_allclose(whole.tidy()["hazard"], [0, 2 / 3])
    assert not any("put at 1" in remark for remark in whole.remarks)
