"""Log-rank tests worked by hand."""

import numpy as np
import pandas as pd
import pytest

from rpcstats import _vocabulary as v
from rpcstats.errors import FormulaError, ParameterError
from rpcstats.survival import logrank

BY_MODE = "Surv(time, event) ~ mode"


def test_six_starters_by_hand(six):
    # At 1, 2, 4: expected in a 1/2, 4/5, 1/2; variance 1/4, 9/25, 1/4.
    test = logrank(BY_MODE, six)
    frame = test.tidy()
    assert tuple(frame.columns) == v.OBSERVED_EXPECTED
    assert frame["strata"].tolist() == ["mode=a", "mode=b"]
    assert frame["observed"].tolist() == [2, 2]
    np.testing.assert_allclose(frame["expected"], [9 / 5, 11 / 5], rtol=1e-14)
    np.testing.assert_allclose(test.V, np.array([[1, -1], [-1, 1]]) * 43 / 50, rtol=1e-14)
    row = test.glance().iloc[0]
    assert row["statistic"] == pytest.approx(2 / 43, rel=1e-12)
    assert (row["df"], row["n_obs"], row["n_event"], row["n_group"]) == (1, 6, 4, 2)
    assert test.release_kind == "test"


@pytest.mark.parametrize(
    ("rho", "gamma", "statistic"), [(1, 0, 25 / 81), (0, 1, 169 / 261), (0, 0, 2 / 43)]
)
def test_weights_use_the_curve_just_before_each_time(six, rho, gamma, statistic):
    test = logrank(BY_MODE, six, rho=rho, gamma=gamma)
    assert test.statistic == pytest.approx(statistic, rel=1e-12)


def test_late_entry_by_hand(six):
    # At risk in a of all at 1, 2, 4: 1 of 2, 1 of 3, 1 of 2; events 1, 2, 1.
    test = logrank("Surv(entry, time, event) ~ mode", six)
    np.testing.assert_allclose(test.expected[0], 1 / 2 + 2 / 3 + 1 / 2, rtol=1e-14)
    np.testing.assert_allclose(test.V[0, 0], 1 / 4 + 2 * 1 / 2 * 2 / 9 + 1 / 4, rtol=1e-14)


def test_strata_add_up(six):
    twice = pd.concat([six.assign(site="x"), six.iloc[:5].assign(site="y")])
    together = logrank("Surv(time, event) ~ mode + strata(site)", twice)
    apart = [logrank(BY_MODE, part) for _, part in twice.groupby("site")]
    for name in ("observed", "expected", "V"):
        total = sum(getattr(test, name) for test in apart)
        np.testing.assert_allclose(getattr(together, name), total, rtol=1e-13)


def test_groups_that_never_meet_lose_a_degree_of_freedom():
    frame = pd.DataFrame(
        {
            "time": [1, 2, 3, 1, 2, 3, 4, 5],
            "event": 1,
            "g": list("ababcdcd"),
            "site": list("xxxxyyyy"),
        }
    )
    test = logrank("Surv(time, event) ~ g + strata(site)", frame)
    apart = [
        logrank("Surv(time, event) ~ g", frame[frame["site"] == site]).statistic for site in "xy"
    ]
    assert test.df == 2
    assert test.statistic == pytest.approx(sum(apart), rel=1e-10)


def test_without_an_event_there_is_nothing_to_test(six):
    row = logrank(BY_MODE, six.assign(event=0)).glance().iloc[0]
    assert row["df"] == 0
    assert np.isnan(row["statistic"])
    assert np.isnan(row["p_value"])


def test_arrays_are_read_only_and_the_summary_names_the_weight(six):
    test = logrank(BY_MODE, six, rho=1)
    with pytest.raises(ValueError, match="read-only"):
        test.V[0, 0] = 1
    assert "rho 1, gamma 0" in str(test.summary())


def test_faulty_calls_are_refused(six):
    for right in ("1", "one"):
        with pytest.raises(FormulaError, match="two groups or more"):
            logrank(f"Surv(time, event) ~ {right}", six.assign(one=1))
    for options in ({"rho": -1}, {"gamma": np.inf}):
        with pytest.raises(ParameterError, match="rho or gamma"):
            logrank(BY_MODE, six, **options)
