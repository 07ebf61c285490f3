"""Times that differ by rounding only."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rpcstats.errors import DataError
from rpcstats.formula import tied_times
from rpcstats.formula.tied_times import TOLERANCE, same_times
from rpcstats.survival.cox_regression import cox
from rpcstats.survival.nonparametric.kaplan_meier import kaplan_meier


def test_sums_of_tenths_are_one_time():
    time = np.array([0.3, 0.1 + 0.2, 1.0])
    found, entry = same_times(time, None)
    assert entry is None
    assert found.tolist() == [0.3, 0.3, 1.0]
    frame = pd.DataFrame({"time": time, "event": [1, 1, 0]})
    assert kaplan_meier("Surv(time, event) ~ 1", frame).time.tolist() == [0.3, 1.0]


def test_a_run_becomes_its_first_time():
    step = TOLERANCE * 0.8
    found, _ = same_times(np.array([1 + 2 * step, 1.0, 1 + step, 0.5]), None)
    assert found.tolist() == [1.0, 1.0, 1.0, 0.5]


def test_a_gap_above_the_tolerance_stays():
    time = np.array([0.5, 0.5 + 1.1 * TOLERANCE])
    assert same_times(time, None)[0] is time


def test_the_mean_of_the_distinct_times_is_the_measure_of_long_ones():
    """Seconds since 1970: with R's rule, moments less than some twenty apart are one."""
    time = 1.6e9 + np.array([0.0, 20.0, 60.0])
    assert same_times(time, None)[0].tolist() == [1.6e9, 1.6e9, 1.6e9 + 60]
    weeks = np.array([1.0, 2.0, 6e7])
    assert same_times(weeks, None)[0] is weeks


def test_the_unit_makes_no_difference():
    rng = np.random.default_rng(1)
    time = np.append(rng.exponential(size=20), [0.3, 0.1 + 0.2])
    found, _ = same_times(time, None)
    assert len(np.unique(found)) == 21
    for unit in (2.0**-40, 2.0**40):
        np.testing.assert_array_equal(same_times(time * unit, None)[0], found * unit)


def test_entries_are_tied_to_exits():
    time, entry = np.array([0.3, 0.9]), np.array([0.0, 0.1 + 0.2])
    found, entered = same_times(time, entry)
    assert entered.tolist() == [0.0, 0.3]
    assert found.tolist() == [0.3, 0.9]
    with pytest.raises(DataError, match="same but for rounding in 1 row: leave out"):
        same_times(np.array([0.1 + 0.2, 1.0]), np.array([0.3, 0.0]))


def test_a_model_does_not_depend_on_the_rounding():
    rng = np.random.default_rng(4)
    n = 60
    tenths = np.ceil(rng.exponential(20, n))
    frame = pd.DataFrame({"time": tenths / 10, "event": rng.integers(0, 2, n), "x": tenths % 7})
    noisy = frame.assign(time=frame["time"] + rng.choice([0.0, 3e-9, 9e-9], n))
    one, other = (cox("Surv(time, event) ~ x", each) for each in (frame, noisy))
    np.testing.assert_allclose(other.beta, one.beta, rtol=1e-12)
    np.testing.assert_allclose(other.log_lik, one.log_lik, rtol=1e-12)


def _by_the_rule(time):
    """Apply the rule of `same_times` one distinct time after the other."""
    distinct = np.unique(time)
    first, firsts = distinct[0], {}
    for before, after in zip(np.append(np.nan, distinct), distinct, strict=False):
        if not after - before <= TOLERANCE * distinct.mean():
            first = after
        firsts[after] = first
    return np.array([firsts[value] for value in time])


@given(
    st.lists(
        st.tuples(st.integers(0, 6), st.sampled_from([0.0, 1e-9, 2e-9, 1e-8, 4e-8, 0.3])),
        min_size=1,
        max_size=40,
    ),
    st.sampled_from([1.0, 1e9, 1e-150, 0.7]),
)
def test_any_times_follow_the_rule_portion_by_portion(parts, unit):
    time = np.array([whole + rest for whole, rest in parts]) * unit
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tied_times, "_BLOCK", 3)
        patch.setattr(tied_times, "_CELLS_AT_LEAST", 2)
        found, _ = same_times(time, None)
    np.testing.assert_array_equal(found, _by_the_rule(time))
