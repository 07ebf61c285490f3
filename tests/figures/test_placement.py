import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from rpcstats.figures.placement import Box, freest, meet, spread, step_boxes

ROUNDING = 1e-6  # heights are points; a millionth of one is not seen

heights = st.lists(st.floats(0, 200, allow_nan=False), min_size=1, max_size=6)


def test_two_that_meet_move_apart_by_the_same_amount():
    placed = spread(np.array([100.0, 104.0]), 14.0, low=0.0, high=200.0)
    np.testing.assert_allclose(placed, [95.0, 109.0])


def test_those_apart_stay_where_they_are():
    np.testing.assert_allclose(spread(np.array([90.0, 30.0]), 14.0, low=0.0, high=200.0), [90, 30])


@given(heights)
def test_labels_keep_their_distance_order_and_bounds(wanted):
    centres = np.array(wanted)
    placed = spread(centres, 14.0, low=7.0, high=200.0)
    order = np.argsort(centres, kind="stable")
    assert (np.diff(placed[order]) >= 14.0 - ROUNDING).all()
    assert placed.min() >= 7.0 - ROUNDING
    assert placed.max() <= 200.0 + ROUNDING


def test_a_step_path_falls_into_straight_pieces():
    pieces = step_boxes(np.array([0.0, 2.0, 3.0]), np.array([9.0, 5.0, np.nan]))
    assert pieces == [Box(0, 9, 2, 9), Box(2, 5, 2, 9), Box(2, 5, 3, 5)]


def test_touching_is_not_meeting_but_too_close_is():
    assert not meet(Box(0, 0, 1, 1), Box(1, 0, 2, 1))
    assert meet(Box(0, 0, 1, 1), Box(1.5, 0, 2, 1), gap=1.0)


def test_the_first_free_spot_wins_else_the_least_crowded():
    wall = [Box(0, 0, 10, 10), Box(4, 4, 6, 6)]
    spots = [Box(4, 4, 6, 6), Box(7, 7, 9, 9), Box(20, 0, 22, 2), Box(30, 0, 32, 2)]
    assert freest(spots, wall) == 2
    assert freest(spots[:2], wall, gap=0.5) == 1
