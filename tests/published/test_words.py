"""Published facts in plain words."""

import pytest

from rpcstats.published import words

FACT = {
    "value": "80",
    "unit": "percent",
    "qualifier": "rounded",
    "measure": "reported_goal_progress",
    "breakdown": "",
    "period_start": "",
    "period_end": "",
}


@pytest.mark.parametrize(
    ("change", "text"),
    [
        ({}, "80%"),
        ({"value": "80.0"}, "80.0%"),
        ({"value": "123", "unit": "count", "qualifier": "exact"}, "123"),
        ({"value": "1200", "unit": "count", "qualifier": "more_than"}, "more than 1,200"),
        ({"value": "40000", "unit": "gbp", "qualifier": "more_than"}, "more than £40,000"),
        ({"value": "6", "unit": "weeks", "qualifier": "exact"}, "6 weeks"),
        ({"value": "2", "unit": "ratio", "qualifier": "approx"}, "about 2 times"),
        ({"value": "1", "unit": "rank", "qualifier": "exact"}, "rank 1"),
        ({"value": "10", "unit": "rate", "qualifier": "less_than"}, "less than 10"),
        ({"value": "", "qualifier": "nearly_all"}, "nearly all"),
        ({"value": "", "qualifier": "not_stated"}, "not stated"),
    ],
)
def test_printed(change, text):
    assert words.printed(FACT | change) == text


@pytest.mark.parametrize(
    ("start", "end", "text"),
    [
        ("2021-10", "2024-02-27", "October 2021 to 27 February 2024"),
        ("2009", "2009", "2009"),
        ("2009", "", "from 2009"),
        ("", "2024-09", "to September 2024"),
        ("", "", ""),
    ],
)
def test_period(start, end, text):
    assert words.period(FACT | {"period_start": start, "period_end": end}) == text


def test_measure():
    assert words.measure(FACT) == "reported goal progress"
    assert words.measure(FACT | {"measure": "retained"}, "started") == "retained of started"
    split = {"measure": "referrals", "breakdown": "sex=female"}
    assert words.measure(FACT | split) == "referrals (sex: female)"


def test_slug_of_a_name_is_its_key():
    assert words.slug("Me, You and Baby Too") == "me_you_and_baby_too"
    assert words.slug("Cheshire East") == "cheshire_east"


@pytest.mark.parametrize(
    ("n", "base", "value", "expected"),
    [
        (22, 28, "79", True),  # 78.57
        (22, 34, "79", False),  # 64.71
        (1, 8, "13", True),  # 12.5 rounds up
        (1, 8, "12", False),
        (4, 5, "80.0", True),
        (29, 36, "80.6", True),  # 80.56
        (29, 36, "80.0", False),  # a printed decimal is binding
    ],
)
def test_prints_as_rounds_halves_up_at_the_printed_decimals(n, base, value, expected):
    assert words.prints_as(n, base, value) is expected
