"""True tables of the kinds that reports hold: nothing in them is called an error."""

import numpy as np
import pandas as pd
import pytest

from rpcstats.published import audit

COLUMNS = ("measure", "value", "numerator", "denominator", "breakdown", "period_start",
           "population", "programme")  # fmt: skip


def table(*rows):
    frame = pd.DataFrame([dict(zip(COLUMNS, row, strict=False)) for row in rows])
    return audit(frame.fillna(""))


def errors(found):
    frame = found.tidy()
    return frame.loc[(frame["severity"] == "error") & (frame["check"] != "disclosure"), "message"]


def verdict(found, measure):
    frame = found.verdicts()
    return str(frame.loc[frame["measure"] == measure, "verdict"].iloc[0])


TRUE = {
    "a half rounded to the even number": [("satisfied", "12%", "1", "8")],
    "a share that is part of a breakdown": [
        ("referrals", "124"), ("completed", "36"), ("referrals", "65%", "", "", "sex=female"),
    ],
    "percentages within groups": [
        ("completed", "60%", "", "", "sex=female"), ("completed", "70%", "", "", "sex=male"),
    ],
    "percentages of groups, bases printed": [
        ("completed", "60%", "12", "20", "sex=female"), ("completed", "70%", "7", "10", "sex=male"),
    ],
    "a later period": [
        ("completed", "20", "", "", "", "2022-04-01"),
        ("completed", "30", "", "", "", "2023-04-01"),
        ("referrals", "36", "", "", "", "2022-04-01"),
        ("satisfied", "80%", "", "", "", "2022-04-01"),
    ],
    "subtotals inside subtotals": [
        ("referrals", "100"), ("referrals", "40", "", "", "age=under_25"),
        ("referrals", "60", "", "", "age=25_and_over"), ("referrals", "35", "", "", "age=25_to_34"),
        ("referrals", "25", "", "", "age=35_and_over"), ("referrals", "15", "", "", "age=under_20"),
        ("referrals", "25", "", "", "age=20_to_24"),
    ],
    "groups that overlap": [
        ("referrals", "50"), ("referrals", "40", "", "", "need=housing"),
        ("referrals", "30", "", "", "need=health"),
    ],
    "several answers allowed": [
        ("wanted", "60%", "", "50", "reason=work"), ("wanted", "70%", "", "50", "reason=health"),
    ],
    "some came over from the year before": [("started", "40"), ("completed", "50")],
    "who left can answer": [("started", "60"), ("completed", "30"), ("answered", "45")],
    "milestones without an answer": [("started", "60"), ("answered", "20"), ("milestones", "45")],
    "families of two offers": [
        ("completed", "27"), ("families_took_part", "140", "", "", "", "", "families"),
    ],
    "two kinds of whole": [
        ("referrals", "123"), ("referrals", "80", "", "", "", "", "families"),
        ("referrals", "79", "", "", "sex=female"), ("referrals", "44", "", "", "sex=male"),
    ],
    "a column whose base is not printed": [
        ("milestones", "50%", "5", "", "", "", "", "A"), ("started", "20", "", "", "", "", "", "A"),
        ("milestones", "40%", "4", "", "", "", "", "B"), ("started", "10", "", "", "", "", "", "B"),
        ("referrals", "10", "", "", "", "", "", "A"),
    ],
    "a base of another part": [
        ("referrals", "30"), ("referrals", "10", "", "", "sex=male"),
        ("fathers_satisfied", "15%", "", "", "", "", ""), ("attended", "13", "", "", "site=a"),
    ],
}  # fmt: skip


@pytest.mark.parametrize("rows", TRUE.values(), ids=TRUE)
def test_a_true_table_has_no_error(rows):
    assert errors(table(*rows)).tolist() == []


def test_a_half_may_go_either_way_and_says_so():
    found = table(("satisfied", "12%", "1", "8"))
    assert verdict(found, "satisfied") == "ambiguous"
    assert "halves to the even number" in found.of_check("grim")["message"].iloc[0]
    assert verdict(table(("satisfied", "11%", "1", "8")), "satisfied") == "impossible"


def test_many_multiples_of_five_are_taken_as_rounded_to_five():
    shares = [(f"share {k}", f"{5 * round(20 * k / 36)}%", "", "36") for k in (7, 11, 20, 28)]
    assert errors(table(*shares)).empty
    assert "nearest 5" in table(*shares).of_check("grim")["message"].str.cat()
    assert not errors(table(*shares[-1:])).empty
    assert not errors(table(*shares, ("other", "81%", "", "37"))).empty


def test_a_mean_with_a_half_may_go_either_way():
    row = {"measure": "rating", "value": "2.12", "unit": "mean", "denominator": "8"}
    assert str(audit(pd.DataFrame([row])).verdicts()["verdict"].iloc[0]) == "ambiguous"


@pytest.mark.parametrize("rounding", ["half_up", "half_even", "floor", "nearest5", "nearest10"])
def test_tables_rounded_in_a_known_way_have_no_error(rounding):
    rng = np.random.default_rng(20261122)
    n = rng.integers(1, 200, 400)
    k = rng.binomial(n, 0.6)
    printed = {
        "half_up": (200 * k + n) // (2 * n),
        "half_even": np.array([round(100 * a / b) for a, b in zip(k, n, strict=True)]),
        "floor": 100 * k // n,
        "nearest5": 5 * ((40 * k + n) // (2 * n)),
        "nearest10": 10 * ((20 * k + n) // (2 * n)),
    }[rounding]
    frame = pd.DataFrame(
        {"measure": [f"m{i}" for i in range(400)], "value": [f"{p}%" for p in printed],
         "numerator": k.astype(str), "denominator": n.astype(str)}
    )  # fmt: skip
    assert errors(audit(frame, rounding=rounding)).empty


FALSE = {
    "parts by sex above the whole": (
        [("referrals", "100"), ("referrals", "60", "", "", "sex=female"),
         ("referrals", "50", "", "", "sex=male")],
        "60 + 50 = 110, more than the whole of 100",
    ),
    "ratings above all": (
        [("rated", "80%", "", "50", "rating=good"), ("rated", "40%", "", "50", "rating=poor")],
        "more than 100%",
    ),
    "two counts of one thing": ([("completed", "36"), ("completed", "40")], "both printed"),
    "a bound that the count breaks": ([("improved", "over 80%", "28", "36")], "29 or more"),
    "a count that no printed base allows": (
        [("referrals", "41"), ("started", "34"), ("milestones", "79%", "22")],
        "22 of 34 (started) is 64.7%",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("rows", "reason"), FALSE.values(), ids=FALSE)
def test_a_table_that_cannot_be_true_has_an_error(rows, reason):
    assert reason in errors(table(*rows)).str.cat(sep=" ")


def test_a_missing_base_is_worked_out_from_the_count():
    found = table(("referrals", "41"), ("started", "34"), ("milestones", "79%", "22"))
    assert "22 would be 79% of 28" in found.of_check("grim")["repair"].iloc[0]


@pytest.mark.parametrize(
    ("weeks", "severity"), [("2", "note"), ("20", "warning"), ("60", "warning")]
)
def test_a_long_course_in_a_short_period_is_no_rate(weeks, severity):
    common = {"period_start": "2023-04-01", "period_end": "2024-03-31"}
    rows = [
        {"measure": "referrals", "value": "100"}, {"measure": "completed", "value": "60"},
        {"measure": "course_length", "value": weeks, "unit": "weeks"},
    ]  # fmt: skip
    found = audit(pd.DataFrame([row | common for row in rows]).fillna(""))
    (row,) = found.of_check("censoring").to_dict("records")
    assert row["severity"] == severity
    assert f"{7 * int(weeks)} days" in row["message"]
    assert ("Nobody who came in the period" in row["message"]) is (weeks == "60")
