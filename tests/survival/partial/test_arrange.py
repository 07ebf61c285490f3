"""Rows in the order in which they are at risk."""

import numpy as np

from rpcstats.survival.partial.arrange import arrange


def test_rows_stand_by_last_event_time_events_first(test1):
    time, event, _ = test1
    order = arrange(time, event)
    assert order.time.tolist() == [1.0, 6.0, 9.0]
    assert order.n_tied.tolist() == [1, 2, 1]
    # Row 1 dies at 1 beside row 2; rows 3 and 4 die at 6, after which row 5 leaves; row 0 is last.
    assert order.rows.tolist() == [1, 2, 3, 4, 5, 0]
    assert order.last.tolist() == [0, 0, 1, 1, 1, 2]
    assert order.is_event.tolist() == [True, False, True, True, False, True]
    assert order.begin.tolist() == [0, 2, 5, 6]
    assert order.at_risk(np.ones(6)).tolist() == [6.0, 4.0, 1.0]
    assert order.so_far(np.array([1.0, 10.0, 100.0])).tolist() == [1, 1, 11, 11, 11, 111]


def test_late_entry_counts_from_the_first_event_time_after_it(test2):
    entry, time, event, _ = test2
    order = arrange(time, event, entry=entry)
    assert order.time.tolist() == [2, 3, 6, 7, 8, 9]
    # Rows 0 and 4 at 2; 1, 3, 4 at 3; and so on: entry at t is not at risk at t.
    assert order.at_risk(np.ones(len(order.rows))).tolist() == [2, 3, 5, 4, 4, 5]
    assert order.put(order.so_far(np.ones(6))).tolist() == [1, 1, 1, 3, 5, 2, 4, 4, 1, 1]


def test_rows_at_risk_at_no_event_time_are_left_out():
    time = np.array([1.0, 2.0, 3.0, 5.0, 9.0])
    event = np.array([False, True, False, True, False])
    entry = np.array([0.0, 0.0, 2.0, 0.0, 6.0])
    order = arrange(time, event, entry=entry)
    # The first leaves before any event, the third is seen between events, the last enters late.
    assert sorted(order.rows.tolist()) == [1, 3]
    assert order.put(np.ones(2)).tolist() == [0, 1, 0, 1, 0]


def test_strata_without_events_have_no_event_times():
    time = np.array([1.0, 2.0, 1.0, 2.0])
    event = np.array([False, False, True, False])
    order = arrange(time, event, stratum=np.array([0, 0, 1, 1]), n_stratum=2)
    assert order.start.tolist() == [0, 0, 1]
    assert order.rows.tolist() == [2, 3]


def test_times_beyond_whole_numbers_are_sorted_alike():
    time = np.array([4.0, 1.0, 3.0, 1.0, 4.0])
    event = np.array([False, False, True, True, True])
    counted, sorted_ = arrange(time, event), arrange(time + 0.5, event)
    assert counted.begin.tolist() == sorted_.begin.tolist() == [0, 2, 3, 5]
    assert counted.is_event.tolist() == sorted_.is_event.tolist()
    assert counted.rows[[0, 1]].tolist() == sorted_.rows[[0, 1]].tolist() == [3, 1]


def test_weights_go_with_their_rows():
    time, event = np.array([2.0, 1.0, 2.0]), np.array([True, True, True])
    order = arrange(time, event, weights=np.array([3.0, 5.0, 4.0]))
    assert order.weight_tied.tolist() == [5.0, 7.0]
    assert order.event_weights.tolist() == [5.0, 3.0, 4.0]
