"""The grammar of random terms."""

import pytest

from rpcstats.errors import FormulaError
from rpcstats.formula import parse_formula
from rpcstats.mixed.structure.random_terms import read_random_terms


def read(right):
    return [
        (term.expression.fixed, term.columns)
        for term in read_random_terms(parse_formula(f"y ~ 1 + {right}"))
    ]


@pytest.mark.parametrize(
    ("right", "expected"),
    [
        ("(1 | g)", [("1", ("g",))]),
        ("(t | g)", [("t", ("g",))]),
        ("(t - 1 | g)", [("t - 1", ("g",))]),
        ("(1 | a/b)", [("1", ("a",)), ("1", ("a", "b"))]),
        ("(1 | a/b/c)", [("1", ("a",)), ("1", ("a", "b")), ("1", ("a", "b", "c"))]),
        ("(1 | a:b)", [("1", ("a", "b"))]),
        ("(1 | a/b:c)", [("1", ("a",)), ("1", ("a", "b", "c"))]),
        ("(1 | a/a)", [("1", ("a",))]),
        ("(1 | `my group` / b)", [("1", ("my group",)), ("1", ("my group", "b"))]),
        ("(1 | a) + (0 + x | b)", [("1", ("a",)), ("0 + x", ("b",))]),
        ("(1 + t || g)", [("1", ("g",)), ("0 + t", ("g",))]),
        ("(t || g)", [("1", ("g",)), ("0 + t", ("g",))]),
        ("(0 + t || g)", [("0 + t", ("g",))]),
        ("(t*f || g)", [(e, ("g",)) for e in ("1", "0 + t", "0 + f", "0 + t:f")]),
        ("(log(t) + `a b` || g)", [(e, ("g",)) for e in ("1", "0 + log(t)", "0 + `a b`")]),
        ("(t || a/b)", [(e, g) for g in (("a",), ("a", "b")) for e in ("1", "0 + t")]),
    ],
)
def test_terms_are_written_out(right, expected):
    assert read(right) == expected


def test_the_text_of_a_term_is_kept():
    terms = read_random_terms(parse_formula("y ~ (1 + t||a/b)"))
    assert {term.text for term in terms} == {"1 + t || a/b"}


@pytest.mark.parametrize(
    ("right", "message"),
    [
        ("x", "no random term .* statsmodels"),
        ("(1 | a + b)", "Write crossed factors"),
        ("(1 | a*b)", "can't be read"),
        ("(1 | factor(a))", "can't be read"),
        ("(1 | a//b)", "can't be read"),
        ("(0 | g)", "has no effect"),
        ("(0 || g)", "has no effect"),
        ("((1 | a) | b)", "columns and functions of them only"),
        ("(strata(a) | b)", "columns and functions of them only"),
        ("(1 ||| g)", "A random term is written"),
        ("(1 | | g)", "A random term is written"),
        ("(|| g)", "A random term is written"),
    ],
)
def test_what_cannot_be_read_is_said_in_one_line(right, message):
    with pytest.raises(FormulaError, match=message) as caught:
        read(right)
    assert "\n" not in str(caught.value)
