"""Means and standard deviations of whole numbers."""

from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rpcstats.published.checks.spread import granular_mean_sd

# Printed results of the R package scrutiny (Jung), data set pigs1: mean, people, consistent.
PIGS = [
    ("7.22", 32, True), ("4.74", 25, False), ("5.23", 29, False), ("2.57", 24, False),
    ("6.77", 27, False), ("2.68", 28, True), ("7.01", 29, False), ("7.38", 26, True),
    ("3.14", 27, False), ("6.89", 31, False), ("5.00", 25, True), ("0.24", 28, False),
]  # fmt: skip


@pytest.mark.parametrize(("mean", "n", "is_consistent"), PIGS)
def test_means_of_a_published_example(mean, n, is_consistent):
    assert (granular_mean_sd(mean, None, n).fault == "") is is_consistent


def test_a_published_standard_deviation_that_cannot_be():
    assert granular_mean_sd("7.3", "2.51", 12).fault == "parity"


def test_six_answers_by_hand():
    # 1 2 2 3 4 6: total 18, mean 3, sum of squares 70, sd = sqrt((70 - 54) / 5) = 1.789.
    assert granular_mean_sd("3.00", "1.79", 6).fault == ""
    assert granular_mean_sd("3.00", "1.79", 6).totals == (18, 18)
    # 1.65 would need a sum of squares of 67.6.
    assert granular_mean_sd("3.00", "1.65", 6).fault == "spread"
    # 1.73 would need 69, which is odd while the total is even.
    assert granular_mean_sd("3.00", "1.73", 6).fault == "parity"


def test_the_scale_bounds_mean_and_spread():
    assert granular_mean_sd("5.50", None, 10, scale=(1, 5)).fault == "range"
    assert granular_mean_sd("3.0", "2.9", 10, scale=(1, 5)).fault == "spread"
    assert granular_mean_sd("3.0", "2.1", 10, scale=(1, 5)).fault == ""


def test_items_make_a_mean_finer():
    assert granular_mean_sd("5.71", None, 40).fault == "mean"
    assert granular_mean_sd("5.71", None, 40, items=3).fault == ""


def printed(value: Decimal, decimals: int) -> str:
    return str(value.quantize(Decimal(1).scaleb(-decimals), ROUND_HALF_UP))


def decimal(value: Fraction) -> Decimal:
    return Decimal(value.numerator) / Decimal(value.denominator)


@given(
    people=st.integers(2, 12).flatmap(
        lambda n: st.lists(
            st.lists(st.integers(0, 10), min_size=3, max_size=3), min_size=n, max_size=n
        )
    ),
    items=st.integers(1, 3),
    decimals=st.integers(0, 3),
)
def test_true_answers_never_fail(people, items, decimals):
    scores = [Fraction(sum(answers[:items]), items) for answers in people]
    n = len(scores)
    mean = sum(scores) / n
    variance = sum((score - mean) ** 2 for score in scores) / (n - 1)
    sd = printed(decimal(variance).sqrt(), decimals)
    found = granular_mean_sd(printed(decimal(mean), decimals), sd, n, items=items, scale=(0, 10))
    assert found.fault == ""
