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


# Printed results of scrutiny, data set pigs5: mean, standard deviation, people, fault.
PIGS_5 = [
    ("7.22", "5.30", 38, "mean"), ("4.74", "6.55", 31, ""), ("5.23", "2.55", 35, "parity"),
    ("2.57", "2.57", 30, ""), ("6.77", "2.18", 33, "mean"), ("2.68", "2.59", 34, ""),
    ("7.01", "6.68", 35, "mean"), ("7.38", "3.65", 32, ""), ("3.14", "5.32", 33, "mean"),
    ("6.89", "4.18", 37, ""), ("5.00", "2.18", 31, ""), ("0.24", "6.43", 34, ""),
]  # fmt: skip
# Inputs of its GRIMMER article; what is possible is worked out below by trying all answers.
FLYING_PIGS = [
    ("8.9", "2.81", 25), ("2.6", "2.05", 25), ("7.2", "2.89", 25), ("3.6", "3.11", 25),
    ("9.2", "7.13", 25), ("10.4", "2.53", 25), ("7.3", "3.14", 25), ("7.3", "2.51", 12),
]  # fmt: skip
HIGHEST = 40
LARGEST_TOTAL = 290


@pytest.mark.parametrize(("mean", "sd", "n", "fault"), PIGS_5)
def test_standard_deviations_of_a_published_example(mean, sd, n, fault):
    assert granular_mean_sd(mean, sd, n).fault == fault


@pytest.fixture(scope="module")
def squares():
    """For each number of people and total: the sums of squares of answers 0 to 40, as bits."""
    found = [[0] * (LARGEST_TOTAL + 1) for _ in range(39)]
    found[0][0] = 1
    for n in range(1, 39):
        for total in range(LARGEST_TOTAL + 1):
            bits = 0
            for answer in range(min(HIGHEST, total) + 1):
                bits |= found[n - 1][total - answer] << (answer * answer)
            found[n][total] = bits
    return found


def exists(squares, mean, sd, n):
    for total in range(LARGEST_TOTAL + 1):
        if printed(Decimal(total) / n, len(mean.partition(".")[2])) != mean:
            continue
        bits, q = squares[n][total], 0
        while bits >> q:
            variance = (Decimal(q) - Decimal(total * total) / n) / (n - 1)
            if bits >> q & 1 and printed(max(variance, Decimal(0)).sqrt(), 2) == sd:
                return True
            q += 1
    return False


@pytest.mark.parametrize(("mean", "sd", "n"), FLYING_PIGS)
def test_what_no_answers_give_is_what_is_found(squares, mean, sd, n):
    assert (granular_mean_sd(mean, sd, n).fault == "") is exists(squares, mean, sd, n)


@pytest.mark.parametrize(("mean", "sd", "n", "fault"), PIGS_5[:-1])
def test_the_published_example_agrees_with_trying_all_answers(squares, mean, sd, n, fault):
    assert (fault == "") is exists(squares, mean, sd, n)


def test_a_published_mean_that_only_negative_answers_give(squares):
    mean, sd, n, fault = PIGS_5[-1]
    assert fault == ""
    assert not exists(squares, mean, sd, n)
    assert granular_mean_sd(mean, sd, n, scale=(0, HIGHEST)).fault == "spread"


# Inputs of its GRIM article, people with one to three answers each.
ITEMS = [("6.92", 1), ("3.48", 1), ("1.59", 2), ("2.61", 2), ("4.04", 3), ("4.50", 3),
         ("5.90", 3), ("5.71", 3), ("3.82", 1), ("5.24", 1)]  # fmt: skip


@pytest.mark.parametrize("n", [30, 40])
@pytest.mark.parametrize(("mean", "items"), ITEMS)
def test_items_agree_with_trying_all_totals(mean, items, n):
    parts = n * items
    some = any(printed(Decimal(k) / parts, 2) == mean for k in range(8 * parts))
    assert (granular_mean_sd(mean, None, n, items=items).fault == "") is some
