import pytest
from hypothesis import given
from hypothesis import strategies as st

from rpcstats._wording import words
from rpcstats.errors import ParameterError
from rpcstats.tables import count, estimate_interval, interval, number, p_value, percent

NAN = float("nan")
DASH = "\N{EN DASH}"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0, "0%"),
        (1.0, "100%"),
        (0.125, "13%"),
        (0.285, "29%"),  # 100 * 0.285 is 28.499999999999996 in floating point
        (0.004, "0%"),
        (-0.004, "0%"),
        (42 / 58, "72%"),
        (NAN, DASH),
    ],
)
def test_percentages_are_whole_and_round_half_up(value, text):
    assert percent(value) == text


def test_percentages_with_decimals():
    assert percent(0.12345, decimals=1) == "12.3%"


@pytest.mark.parametrize(
    ("value", "text"),
    [(0, "0"), (58, "58"), (1234.0, "1,234"), (1234567, "1,234,567"), (7.5, "7.5"), (NAN, DASH)],
)
def test_counts_have_a_thousands_separator(value, text):
    assert count(value) == text


@pytest.mark.parametrize(
    ("value", "decimals", "text"),
    [
        (4.305, 2, "4.31"),
        (-0.001, 2, "0.00"),
        (-1234.5, 1, "-1,234.5"),
        (2.5, 0, "3"),
        (float("inf"), 2, DASH),
    ],
)
def test_numbers_keep_their_decimals(value, decimals, text):
    assert number(value, decimals=decimals) == text


def test_intervals_name_both_bounds():
    assert interval(0.49, 0.74) == "49% to 74%"
    assert interval(3.91, 4.934, as_percent=False, decimals=2) == "3.91 to 4.93"
    assert interval(0.49, NAN) == DASH


def test_an_estimate_without_interval_stands_alone():
    assert estimate_interval(0.62, 0.49, 0.74) == "62% (49% to 74%)"
    assert estimate_interval(0.62, NAN, NAN) == "62%"
    assert estimate_interval(NAN, NAN, NAN) == DASH


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.19, "0.19"),
        (0.05, "0.05"),
        (0.0499, "0.05"),
        (0.0064, "0.006"),
        (0.001, "0.001"),
        (0.000999, "<0.001"),
        (0.0, "<0.001"),
        (0.995, ">0.99"),
        (1.0, ">0.99"),
        (NAN, DASH),
    ],
)
def test_p_values_are_never_zero_or_one(value, text):
    assert p_value(value) == text


@pytest.mark.parametrize("value", [-0.01, 1.01])
def test_a_p_value_is_a_probability(value):
    with pytest.raises(ParameterError, match="between 0 and 1"):
        p_value(value)


@given(st.floats(0, 1))
def test_a_printed_percentage_is_within_half_a_point(value):
    assert abs(float(percent(value).rstrip("%")) - 100 * value) <= 0.5 + 1e-9


@given(st.floats(0.001, 0.99))
def test_a_printed_p_value_is_close(value):
    half_a_digit = 0.0005 if value < 0.01 else 0.005
    assert abs(float(p_value(value)) - value) <= half_a_digit + 1e-12


def test_both_sides_of_a_contrast_are_words():
    assert words("mode=in_person against mode=online") == "In person against online"


def test_numbers_too_long_to_read_are_written_by_their_size():
    assert number(1.2345e40) == "1.23e+40"
    assert number(-2e30, decimals=0) == "-2e+30"
    assert number(123456.789) == "123,456.79"
