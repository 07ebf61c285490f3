"""The counting kernel against a loop over rows."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rpcstats.survival._risk_sets import risk_sets

# Weights are quarters, so their sums are exact.
QUARTERS = st.integers(1, 20).map(lambda k: k / 4)


@st.composite
def rows(draw):
    n = draw(st.integers(1, 30))
    sized = {"min_size": n, "max_size": n}
    time = np.array(draw(st.lists(st.integers(1, 9), **sized)), dtype=float)
    stratum = np.array(draw(st.lists(st.integers(0, 3), **sized)))
    stratum = np.unique(stratum, return_inverse=True)[1].astype(np.int64)
    early = np.array(draw(st.lists(st.integers(0, 8), **sized)), dtype=float)
    return {
        "time": time,
        "event": np.array(draw(st.lists(st.booleans(), **sized))),
        "stratum": stratum,
        "n_stratum": int(stratum.max()) + 1,
        "entry": np.minimum(early, time - 1) if draw(st.booleans()) else None,
        "weights": np.array(draw(st.lists(QUARTERS, **sized))) if draw(st.booleans()) else None,
    }


def by_loop(time, event, stratum, n_stratum, entry, weights):
    entry = np.full(len(time), -1.0) if entry is None else entry
    w = np.ones(len(time)) if weights is None else weights
    found = []
    for s in range(n_stratum):
        for t in np.unique(time[stratum == s]):
            inside = (stratum == s) & (entry < t) & (t <= time)
            leaves = (stratum == s) & (time == t)
            risk, failed = w[inside].sum(), w[leaves & event].sum()
            found.append((t, risk, failed, w[leaves].sum() - failed))
    return np.array(found).T


@settings(deadline=None)
@given(rows())
def test_counts_equal_those_of_a_loop(given_rows):
    counts = risk_sets(**given_rows)
    found = np.array([counts.time, counts.n_risk, counts.n_event, counts.n_censor])
    np.testing.assert_array_equal(found, by_loop(**given_rows))


@settings(deadline=None)
@given(rows())
def test_counting_whole_numbers_equals_sorting(given_rows):
    scale = np.sqrt(2)
    entry = given_rows["entry"]
    scaled = {
        **given_rows,
        "time": given_rows["time"] * scale,
        "entry": None if entry is None else entry * scale,
    }
    counted, ordered = risk_sets(**given_rows), risk_sets(**scaled)
    assert counted.order is None
    assert ordered.order is not None
    for name in ("start", "n_risk", "n_event", "n_censor"):
        np.testing.assert_array_equal(getattr(counted, name), getattr(ordered, name))
    np.testing.assert_array_equal(counted.position[ordered.order], ordered.position)
    if entry is not None:
        np.testing.assert_array_equal(counted.entry_position[ordered.order], ordered.entry_position)


@pytest.mark.parametrize("n_stratum", [200, 300, 70_000])
def test_strata_keep_their_numbers_in_every_width_of_code(n_stratum):
    stratum = np.arange(n_stratum)[::-1].astype(np.int64)
    counts = risk_sets(
        stratum + 0.5, np.ones(n_stratum, dtype=bool), stratum=stratum, n_stratum=n_stratum
    )
    np.testing.assert_array_equal(counts.time, np.arange(n_stratum) + 0.5)
    np.testing.assert_array_equal(counts.start, np.arange(n_stratum + 1))
    np.testing.assert_array_equal(counts.n_risk, np.ones(n_stratum))


@pytest.mark.parametrize("unit", [1.0, 1 / 7])
def test_a_risk_set_that_fails_as_a_whole_leaves_nobody_whatever_the_weights(unit):
    # Everybody at risk at time 1 fails before the others come in: S is 0, not 1e-16.
    rng = np.random.default_rng(3)
    late = np.arange(500) % 2
    counts = risk_sets(
        (1 + late * rng.integers(1, 9, 500)) * unit,
        np.ones(500, dtype=bool),
        entry=late * unit,
        weights=rng.uniform(0.1, 3, 500),
    )
    assert counts.n_risk[0] == counts.n_event[0]
    assert counts.n_risk[-1] == counts.n_event[-1]
    assert (counts.n_censor == 0).all()
