"""Times sorted with a small code in one sort, or counted with it in a table."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from rpcstats.formula.tied_times import same_times
from rpcstats.survival import _packed_times
from rpcstats.survival._counted_times import CountedTimes, counted_times
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


@given(ROWS)
def test_times_equal_but_for_rounding_become_one_while_they_are_sorted(rows):
    time, code, _ = _columns(rows)
    time = np.concatenate([time, time * (1 + 1e-13), [0.1 + 0.2, 0.3]])
    code = np.concatenate([code, 2 - code, [1, 1]])
    found = packed_times(time, code, 3, tied=False)
    want = risk_sets(same_times(time, None)[0], KINDS[code])
    np.testing.assert_array_equal(found.time, want.time)
    np.testing.assert_array_equal(found.at_risk(), want.n_risk)
    np.testing.assert_array_equal(found.of_codes(KINDS), want.n_event)


def test_strata_have_their_ties_found_together_or_not_at_all():
    time, code = np.array([0.3, 0.1 + 0.2]), np.array([1, 1])
    assert packed_times(time, code, 2, stratum=code - [1, 0], n_stratum=2, tied=False) is None


def test_places_of_rows_know_the_ties_found_while_sorting(monkeypatch):
    monkeypatch.setattr(_packed_times, "_PACKED_FROM", 1)
    counts, _ = risk_counts(np.array([0.1 + 0.2, 0.3, 1.5]), np.array([0, 1, 1]), KINDS, tied=False)
    assert counts.time.tolist() == [0.3, 1.5]
    assert sorted(counts.position.tolist()) == [0, 0, 1]


def test_whole_times_are_counted_not_sorted():
    time, code = np.array([4.0, 2.0, 4.0, 0.0]), np.array([2, 0, 1, 2])
    found = counted_times(time, code, 3)
    assert found.time.tolist() == [0, 2, 4]
    assert found.start.tolist() == [0, 3]
    assert found.table.tolist() == [[0, 0, 1], [1, 0, 0], [0, 1, 1]]
    assert found.leaving().tolist() == [1, 1, 2]
    assert found.at_risk().tolist() == [4, 3, 2]
    assert counted_times(np.append(time, 0.5), np.append(code, 0), 3) is None
    assert counted_times(np.append(time, 1e6), np.append(code, 0), 3) is None
    late = np.append(np.zeros(64), 0.5)  # past the first times that are looked at
    assert counted_times(late, np.zeros(65, dtype=np.int64), 3) is None


@given(st.lists(st.tuples(st.integers(0, 60), st.integers(0, 2), st.integers(0, 3)), min_size=1))
def test_a_table_counts_what_rows_in_order_count(rows):
    time, code, stratum = _columns([(float(t), c, s) for t, c, s in rows])
    n_stratum = int(stratum.max()) + 1
    counts, found = risk_counts(time, code, KINDS, stratum=stratum, n_stratum=n_stratum)
    assert isinstance(found, CountedTimes)
    want = risk_sets(time, KINDS[code], stratum=stratum, n_stratum=n_stratum)
    for name in ("time", "start", "n_risk", "n_event", "n_censor", "position"):
        np.testing.assert_array_equal(getattr(counts, name), getattr(want, name))


@given(ROWS, st.integers(1, 400))
def test_counts_in_few_bits_hold_the_most_rows_of_a_time(rows, n_tied):
    time, code, _ = _columns(rows)
    time = np.concatenate([time, np.arange(len(time) * 9) + 2e3, np.full(n_tied, 5e3)])
    code = np.concatenate([code, np.ones(len(time) - len(code), dtype=np.int64)])
    found = packed_times(time, code, 3)
    for k in range(3):
        counts = found.counted_in_bits(found.code == k)
        np.testing.assert_array_equal(counts, found.of_codes(np.arange(3) == k))
        assert counts.dtype.itemsize <= 2
