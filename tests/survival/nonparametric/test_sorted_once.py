"""Rows that are sorted or counted once, with their ends, tell what rows in their places tell."""

import pickle

import numpy as np
import pandas as pd
import pytest

from rpcstats.survival import _packed_times, _product_limit, kaplan_meier, logrank
from rpcstats.survival.competing.cumulative_incidence import cumulative_incidence
from rpcstats.survival.nonparametric import _streamed_scores, _time_counts

ROUNDING = 1e-11
"""Sums of some hundred terms in another order."""

COUNTS = ("start", "time", "n_risk", "n_event", "n_censor", "group_size", "group_events")


@pytest.fixture
def spells(monkeypatch):
    """Synthetic exits, some tied exactly and some but for rounding, cut into small portions."""
    for module, name in (
        (_packed_times, "_PACKED_FROM"),
        (_product_limit, "BLOCK"),
        (_time_counts, "BLOCK"),
        (_streamed_scores, "_ROWS"),
    ):
        monkeypatch.setattr(module, name, 7)
    rng = np.random.default_rng(11)
    n = 300
    time = rng.integers(1, 90, n) / 10
    time[::3] = time[::3] * 3 / 3 + 0.1 - 0.1
    time[1::3] += rng.random(len(time[1::3]))
    return pd.DataFrame(
        {
            "time": time,
            "week": np.ceil(time),
            "event": rng.integers(0, 2, n),
            "cause": rng.integers(0, 3, n),
            "arm": rng.choice(["a", "b", "c"], n),
            "site": rng.integers(0, 3, n),
            "one": 1.0,
        }
    )


@pytest.mark.parametrize("time", ["time", "week"])
@pytest.mark.parametrize("by", ["1", "arm"])
def test_curves(spells, time, by):
    _same_curves(f"Surv({time}, event) ~ {by}", spells)


def test_a_curve_of_times_all_different(spells):
    spells["time"] = np.random.default_rng(1).permutation(len(spells)) + 0.5
    _same_curves("Surv(time, event) ~ 1", spells)
    assert len(kaplan_meier("Surv(time, event) ~ 1", spells).time) == len(spells)


def _same_curves(formula, spells):
    found, want = kaplan_meier(formula, spells), kaplan_meier(formula, spells, weights="one")
    for name in COUNTS:
        np.testing.assert_array_equal(getattr(found, name), getattr(want, name))
    for name in ("estimate", "std_error_log", "conf_low"):
        np.testing.assert_allclose(getattr(found, name), getattr(want, name), rtol=ROUNDING)
    assert found.remarks == want.remarks != ()
    assert {found.counts.event.dtype, found.counts.censor.dtype} == {np.dtype(np.uint8)}


def test_counts_can_be_kept_but_not_changed(spells):
    fit = kaplan_meier("Surv(time, event) ~ arm", spells)
    kept = pickle.loads(pickle.dumps(fit))
    for name in COUNTS:
        np.testing.assert_array_equal(getattr(kept, name), getattr(fit, name))
        with pytest.raises(ValueError, match="read-only"):
            getattr(fit, name)[0] = 7
    assert fit.n_risk[fit.start[:-1]].tolist() == fit.group_size.tolist()


@pytest.mark.parametrize("time", ["time", "week"])
@pytest.mark.parametrize("strata", ["", " + strata(site)"])
def test_scores(spells, time, strata):
    formula = f"Surv({time}, event) ~ arm{strata}"
    found, want = logrank(formula, spells), logrank(formula, spells, weights="one")
    np.testing.assert_array_equal(found.observed, want.observed)
    np.testing.assert_allclose(found.expected, want.expected, rtol=ROUNDING)
    np.testing.assert_allclose(found.V, want.V, rtol=ROUNDING)
    assert found.df == want.df == 2


@pytest.mark.parametrize("time", ["time", "week"])
@pytest.mark.parametrize("by", ["1", "arm"])
@pytest.mark.parametrize("variance", ["delta", "aalen"])
def test_incidences(spells, time, by, variance):
    formula = f"Surv({time}, cause) ~ {by}"
    found = cumulative_incidence(formula, spells, variance=variance)
    want = cumulative_incidence(formula, spells, variance=variance, weights="one")
    for name in COUNTS:
        np.testing.assert_array_equal(getattr(found, name), getattr(want, name))
    for name in ("estimate", "std_error", "event_free"):
        np.testing.assert_allclose(
            getattr(found, name), getattr(want, name), rtol=ROUNDING, atol=1e-15
        )


def test_what_is_asked_later_does_not_see_later_changes_of_the_frame(spells):
    want = cumulative_incidence("Surv(time, cause) ~ 1", spells)
    found = cumulative_incidence("Surv(time, cause) ~ 1", given := spells.copy())
    robust = kaplan_meier("Surv(time, event) ~ cluster(site)", given)
    given.loc[:, ["time", "cause", "event"]] = 1
    np.testing.assert_array_equal(found.rows.counts.sets.position, want.rows.counts.sets.position)
    np.testing.assert_array_equal(found.rows.sample.time, spells["time"])
    unchanged = kaplan_meier("Surv(time, event) ~ cluster(site)", spells)
    pd.testing.assert_frame_equal(robust.rmst(5.0).tidy(), unchanged.rmst(5.0).tidy())


def test_grays_test_of_curves_ties_times_that_are_equal_but_for_rounding(spells):
    formula = "Surv(time, cause) ~ arm"
    spells["rounded"] = cumulative_incidence(formula, spells).rows.sample.with_ties().time
    assert (spells["rounded"] != spells["time"]).any()
    one = cumulative_incidence(formula, spells).gray_test()
    other = cumulative_incidence("Surv(rounded, cause) ~ arm", spells).gray_test()
    np.testing.assert_array_equal(one.statistic, other.statistic)
