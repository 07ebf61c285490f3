"""Formulas taken apart."""

import pytest

from rpcstats.errors import FormulaError
from rpcstats.formula import Formula, RandomTerm, Surv, parse_formula


def test_a_censored_response_and_plain_terms():
    parsed = parse_formula("Surv(time, event) ~ mode + sex")
    assert parsed.response == Surv("time", "event")
    assert parsed.terms == ("+ mode", "+ sex")
    assert parsed.fixed == "mode + sex"


def test_late_entry_names_three_columns():
    assert parse_formula("Surv(entry, time, event)~1").response == Surv("time", "event", "entry")


def test_special_terms_are_taken_out_and_the_rest_is_left():
    parsed = parse_formula(
        "Surv(time, event) ~ strata(council, year) + poly(age, 2) + cluster(group_id)"
        " + (1 + session | council/group_id) + offset(exposure) - 1"
    )
    assert parsed == Formula(
        text=parsed.text,
        response=Surv("time", "event"),
        terms=("+ poly(age, 2)", "- 1"),
        strata=("council", "year"),
        cluster=("group_id",),
        offset=("exposure",),
        random=(RandomTerm("1 + session", "council/group_id"),),
    )
    assert parsed.fixed == "poly(age, 2) - 1"


def test_two_bars_ask_for_independent_effects():
    one, two = parse_formula("y ~ (1 + t | g) + (1 + t || `a | b`)").random
    assert one == RandomTerm("1 + t", "g", correlated=True)
    assert two == RandomTerm("1 + t", "`a | b`", correlated=False)


def test_an_offset_may_be_computed():
    assert parse_formula("y ~ x + offset(log(`days at risk`))").offset == ("log(`days at risk`)",)


def test_times_known_only_between_limits():
    response = parse_formula("Surv(lo, hi, type = 'interval2') ~ 1").response
    assert response == Surv("lo", "hi", is_interval=True)
    assert parse_formula('Surv(a, b, c, type="counting") ~ 1').response == Surv("b", "c", "a")


def test_a_frailty_is_taken_out():
    found = parse_formula("Surv(time, event) ~ mode + frailty(group_id)")
    assert (found.terms, found.frailty) == (("+ mode",), ("group_id",))


def test_names_in_backticks_may_hold_anything():
    parsed = parse_formula("Surv(`Weeks (all)`, `left + early`) ~ `a ~ b`")
    assert parsed.response == Surv("Weeks (all)", "left + early")
    assert parsed.terms == ("+ `a ~ b`",)


def test_other_responses_pass_through():
    assert parse_formula("cbind(k, n - k) ~ x").response == "cbind(k, n - k)"
    assert parse_formula("~ x").response is None
    assert parse_formula("Surv(time, event)").terms == ()
    assert parse_formula("y ~ (a + b) * c").terms == ("+ (a + b) * c",)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "A formula is a text"),
        ("a ~ b ~ c", "one ~"),
        ("Surv(time) ~ 1", "two or three column names"),
        ("Surv(time, event == 1) ~ 1", "two or three column names"),
        ("Surv(time, event) + 1 ~ x", "stands alone"),
        ("Surv(time, event ~ x", r"closing \) is missing"),
        ("y ~ a)", r"closing \) has no partner"),
        ("y ~ `a", "closing ` is missing"),
        ("y ~", "write ~ 1"),
        ("y ~ a + + b", "A term is missing"),
        ("y ~ a +", "A term is missing"),
        ("y ~ strata(a) * b", "term of its own"),
        ("y ~ log(offset(a))", "term of its own"),
        ("y ~ a - strata(b)", "can't be subtracted"),
        ("y ~ strata(a + b)", "takes column names"),
        ("y ~ cluster()", "takes column names"),
        ("y ~ (1 |)", r"written \(1 \| group\)"),
        ("y ~ (1 | a | b)", r"written \(1 \| group\)"),
    ],
)
def test_what_cannot_be_read_is_said_in_one_line(text, message):
    with pytest.raises(FormulaError, match=message) as caught:
        parse_formula(text)
    assert "\n" not in str(caught.value)
