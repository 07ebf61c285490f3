"""Times sorted with a small code in one sort."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from rpcstats.survival import _packed_times
from rpcstats.survival._packed_times import packed_times
from rpcstats.survival._risk_sets import risk_counts, risk_sets

KINDS = np.array([False, True, True])
ROWS = st.lists(
    st.tuples(
        st.one_of(st.sampled_from([0.0, 0.5, 1.0, 2.25]), st.floats(1e-3, 1e3)),
        st.integers(0, 2),
        st.integers(0, 2),
    ),
    min_size=1,
    max_size=60,
)


def _columns(rows):
    time, code, stratum = (np.array(column) for column in zip(*rows, strict=True))
    return time, code, np.unique(stratum, return_inverse=True)[1]


def test_four_rows_by_hand():
    found = packed_times(np.array([2.5, -0.0, 2.5, 1.5]), np.array([1, 0, 2, 2]), 3)
    assert found.time.tolist() == [0.0, 1.5, 2.5]
    assert found.code.tolist() == [0, 2, 1, 2]
    assert found.at_risk().tolist() == [4, 3, 2]
    assert found.leaving().tolist() == [1, 1, 2]
    assert found.counted(found.code == 2).tolist() == [0, 1, 1]


def test_times_of_zero_alone_are_one_time():
    found = packed_times(np.zeros(3), np.array([True, False, True]), 2)
    assert found.time.tolist() == [0.0]
    assert found.code.tolist() == [0, 1, 1]


def test_a_range_that_leaves_no_bits_is_left_to_another_sort():
    time = np.array([1e-300, 1e100])
    assert (
        packed_times(time, np.array([0, 200]), 256, stratum=np.array([0, 1]), n_stratum=2) is None
    )


@given(ROWS)
def test_counts_are_those_of_the_rows_in_order(rows):
    time, code, stratum = _columns(rows)
    n_stratum = int(stratum.max()) + 1
    found = packed_times(time, code, 3, stratum=stratum, n_stratum=n_stratum)
    want = risk_sets(time, KINDS[code], stratum=stratum, n_stratum=n_stratum)
    np.testing.assert_array_equal(found.time, want.time)
    np.testing.assert_array_equal(found.start, want.start)
    np.testing.assert_array_equal(found.at_risk(), want.n_risk)
    np.testing.assert_array_equal(found.counted(KINDS[found.code]), want.n_event)


def test_rows_can_still_be_put_in_order(monkeypatch):
    monkeypatch.setattr(_packed_times, "_PACKED_FROM", 1)
    rng = np.random.default_rng(3)
    time, code = rng.choice([0.5, 1.5, 2.5, 7.25], 50), rng.integers(0, 3, 50)
    counts, _ = risk_counts(time, code, KINDS)
    want = risk_sets(time, KINDS[code])
    np.testing.assert_array_equal(counts.n_censor, want.n_censor)
    np.testing.assert_array_equal(counts.time[counts.position], counts.arranged(time))


def test_whole_times_are_counted_not_sorted(monkeypatch):
    monkeypatch.setattr(_packed_times, "_PACKED_FROM", 1)
    assert risk_counts(np.array([1.0, 2.0]), np.array([0, 1]), KINDS) is None
