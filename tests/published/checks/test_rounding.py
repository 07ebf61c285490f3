"""Counts that print as a percentage, by whole-number arithmetic."""

from decimal import ROUND_FLOOR, ROUND_HALF_EVEN, ROUND_HALF_UP, Decimal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rpcstats.published.checks._rounding import ROUNDINGS, feasible_shares, reachable
from rpcstats.published.checks.spread import parse_figure

RULES = {"half_up": ROUND_HALF_UP, "half_even": ROUND_HALF_EVEN, "floor": ROUND_FLOOR}
STEPS = {"nearest5": 5, "nearest10": 10}


def feasible(printed: str, base: int, rule: str = "half_up") -> list[int]:
    digits, decimals = parse_figure(printed)
    first, last = feasible_shares(np.array([digits]), np.array([decimals]), np.array([base]), rule)
    return list(range(int(first[0]), int(last[0]) + 1))


def printed_as(count: int, base: int, decimals: int, rule: str) -> str:
    share = Decimal(100 * count) / Decimal(base)
    if rule in STEPS:
        whole = (share / STEPS[rule]).quantize(Decimal(1), ROUND_HALF_UP) * STEPS[rule]
        return str(whole.quantize(Decimal(1).scaleb(-decimals)))
    return str(share.quantize(Decimal(1).scaleb(-decimals), RULES[rule]))


PUBLISHED = [
    ("85", 123, [104, 105]), ("85", 36, []), ("72", 123, [88, 89]), ("72", 36, [26]),
    ("80", 36, []), ("80", 123, [98, 99]), ("80", 35, [28]), ("80", 30, [24]), ("18", 36, []),
    ("82", 34, [28]), ("96", 24, [23]), ("100", 10, [10]), ("79", 28, [22]), ("79", 34, [27]),
    ("96", 23, [22]), ("40", 82, [33]), ("71", 82, [58]), ("80", 140, [112]), ("20", 140, [28]),
    ("80", 72, []), ("80", 108, [86]), ("80", 144, [115]),
]  # fmt: skip


@pytest.mark.parametrize(("printed", "base", "counts"), PUBLISHED)
def test_published_percentages_have_the_counts_worked_by_hand(printed, base, counts):
    assert feasible(printed, base) == counts


def test_a_figure_cut_off_or_rounded_to_five_allows_more():
    assert feasible("80", 36, "floor") == [29]
    assert feasible("80", 36, "nearest5") == [28, 29]
    assert feasible("83", 36, "nearest5") == []


@pytest.mark.parametrize(("base", "number"), [(36, 37), (123, 101), (10, 11), (1, 2)])
def test_reachable_whole_percentages(base, number):
    assert reachable(base, 0) == number


@given(
    base=st.integers(1, 400),
    share=st.floats(0, 1),
    decimals=st.integers(0, 2),
    rule=st.sampled_from(ROUNDINGS),
)
def test_the_true_count_is_always_feasible(base, share, decimals, rule):
    count = round(share * base)
    assert count in feasible(printed_as(count, base, decimals, rule), base, rule)


@given(base=st.integers(1, 120), percent=st.integers(0, 100), rule=st.sampled_from(ROUNDINGS))
def test_feasible_counts_are_those_that_print_so(base, percent, rule):
    counts = [k for k in range(base + 1) if printed_as(k, base, 0, rule) == str(percent)]
    assert feasible(str(percent), base, rule) == counts


@given(
    base=st.integers(1, 200), percent=st.integers(0, 100), factor=st.integers(2, 9),
    rule=st.sampled_from(ROUNDINGS),
)  # fmt: skip
def test_more_people_never_make_a_possible_figure_impossible(base, percent, factor, rule):
    few, many = feasible(str(percent), base, rule), feasible(str(percent), factor * base, rule)
    assert {factor * count for count in few} <= set(many)
