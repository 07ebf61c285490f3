import numpy as np
import pytest

from rpcstats.disclosure._rounding import possible_counts, round_counts


def test_nearest_five_by_hand():
    assert round_counts([0, 2, 3, 7, 8, 12, 13], 5, "nearest").tolist() == [0, 0, 5, 5, 10, 10, 15]


def test_middle_of_six_by_hand():
    assert round_counts([0, 1, 6, 7, 12, 13], 6, "midpoint").tolist() == [0, 3, 3, 9, 9, 15]


def test_withheld_stays_withheld():
    assert np.isnan(round_counts([np.nan], 5, "nearest")).all()
    assert np.isnan(round_counts([np.nan], 6, "midpoint")).all()


def test_a_ratio_that_misses_a_boundary_by_noise_is_settled():
    assert round_counts([12.000000000001], 6, "midpoint").tolist() == [9]
    assert round_counts([14.999999999999], 10, "nearest").tolist() == [20]


@pytest.mark.parametrize(("width", "rule"), [(5, "nearest"), (10, "nearest"), (6, "midpoint")])
def test_classes_are_exactly_what_rounds_to_them(width, rule):
    counts = np.arange(200)
    rounded = round_counts(counts, width, rule)
    for value in np.unique(rounded[:150]):
        low, high = possible_counts(value, width, rule)
        assert counts[rounded == value].tolist() == list(range(int(low), int(high) + 1))
