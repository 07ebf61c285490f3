"""A formula computes what is on a closed list, and runs no other Python."""

import numpy as np
import pandas as pd
import pytest

from rpcstats.errors import DataError, FormulaError
from rpcstats.formula import design, parse_formula
from rpcstats.formula.allowed_terms import read_expression
from rpcstats.formula.design import fixed_terms
from rpcstats.mixed import lmm
from rpcstats.survival import kaplan_meier

N = 60
SECRET = "Zzyx"
RNG = np.random.default_rng(5)
FRAME = pd.DataFrame(
    {
        "y": RNG.normal(size=N),
        "x": RNG.uniform(1.0, 5.0, N),
        "k": np.arange(N) % 7 + 1,
        "f": [f"{SECRET}{place % 3}" for place in range(N)],
        "g": np.arange(N) // 6,
        "a b": RNG.uniform(1.0, 5.0, N),
        "when": pd.Timestamp("2020-01-01") + pd.to_timedelta(np.arange(N) % 5, unit="D"),
        "listed": [[1, 2]] * N,
        "stored": pd.Series(np.arange(N) * 1.5, dtype=object),
    }
)

CALL = "__import__('pathlib').Path({path!r}).touch()"
WRAPPED = [
    "{call}",
    "I({call})",
    "I(x + {call})",
    "I(x > {call})",
    "poly({call}, 2)",
    "poly(x, {call})",
    "poly(x, degree={call})",
    "bs(x, df={call})",
    "bs(x, knots=[{call}])",
    "bs(x, knots=[2, *[{call}]])",
    "cr(x, df=4, constraints={call})",
    "C(f, {call})",
    "C(f, contr.treatment({call}))",
    "C(f, contr.custom([[{call}]]))",
    "C(f, levels=[{call}])",
    "C({call})",
    "center(log(I({call})))",
    "log(x, out={call})",
    "scale(x, **{call})",
    "scale(*{call})",
    "I((lambda: {call})())",
    "I([{call} for _ in 'a'])",
    "I([x][{call}])",
    "I(x if {call} else x)",
    "I(x and {call})",
    "I((z := {call}))",
    "{{{call}}}",
    "{{x + {call}}}",
    "x:I({call})",
    "(x + I({call}))**2",
    "I(f'{{{call}}}' == f)",
    "I(f == ')') + I({call})",
    "I(`a b` + {call})",
    "I(f == '`' + str({call}) + '`')",
    "I(`a'` + {call} + `b'`)",
]


@pytest.mark.parametrize("wrapped", WRAPPED)
def test_no_code_in_a_formula_is_run(wrapped, tmp_path):
    flag = tmp_path / "run"
    term = wrapped.format(call=CALL.format(path=str(flag)))
    for door in (
        lambda: design(f"y ~ {term}", FRAME),
        lambda: lmm(f"y ~ {term} + (1 | g)", FRAME),
        lambda: lmm(f"y ~ x + (0 + {term} | g)", FRAME),
        lambda: fixed_terms(parse_formula(f"~ {term}")),
        lambda: kaplan_meier(f"Surv(x, k) ~ {term}", FRAME),
    ):
        with pytest.raises(FormulaError) as caught:
            door()
        assert "\n" not in str(caught.value)
    assert not flag.exists()


@pytest.mark.parametrize(
    "term",
    [
        "exec('1')",
        "eval('x')",
        "I(exec)",
        "I(x.__class__)",
        "I(x.values)",
        "I(x.sum())",
        "x.sum()",
        "np.log(x)",
        "contr.sum",
        "I(contr.sum)",
        "C(f, contr.__class__)",
        "C(f, contr.mro)",
        "C(f, contr.sum.mro())",
        "C(f, x.sum)",
        "C(f, contr.sum(x))",
        "log(x)(x)",
        "log(x)[0]",
        "I(x[0])",
        "I(not x)",
        "I(~x)",
        "I(x @ x)",
        "I(x << 2)",
        "I(x in x)",
        "I(x is x)",
        "I(1 < x < 3)",
        "I({1: 2})",
        "I({1, 2})",
        "I(b'a' == f)",
        "I(f + 'a')",
        "I('a' * 9)",
        "I(x * 1j)",
        "I(...)",
        "I(x; x)",
        "I(x, x)",
        "I(x, _state={})",
        "poly(x, 2, _state={})",
        "scale(x, _context=1)",
        "Q('x')",
        "hashed(f, levels=10)",
        "bs(x, df=10**3)",
        "I(await x)",
        "I(`lambda` x: x)",
        "__builtins__",
        "__FORMULAIC_STATE__",
        "I(__FORMULAIC_CONTEXT__)",
        "I(\"\\d\" == f) + exec('1')",
    ],
)
def test_what_is_not_on_the_list_is_refused(term):
    with pytest.raises(FormulaError) as caught:
        design(f"y ~ {term}", FRAME)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "right",
    [
        "I(9**9**9**9*x)",
        "I(x * 9**9**9)",
        "I((9**9)**9 * x)",
        "I(x**(2**2**2**2**2**2))",
        "I(9**99999999 * x)",
        "poly(x, 10**9)",
        "poly(x, 1000000000)",
        "bs(x, df=1000000000)",
        "bs(x, degree=1000000000)",
        "bs(x, 3, [1, 2], 1000000000)",
        "bs(x, knots=[" + "2," * 5000 + "3])",
        "x**1000000000",
        "(x + k + f)**99",
        "*".join(f"v{place}" for place in range(25)),
        "(" + " + ".join(f"v{place}" for place in range(25)) + ")**20",
        " * ".join(f"log(v{place})" for place in range(25)),
        ":".join(f"v{place}" for place in range(25)),
        ":".join(f"C(v{place}, contr.sum)" for place in range(25)),
        " + ".join(f"v{place}" for place in range(30_000)),
        " + ".join(f"log(v{place})" for place in range(30_000)),
        " + ".join(f"v{place}" for place in range(1_900)),
        "I(" * 5_000 + "x" + ")" * 5_000,
        "(" * 5_000 + "x" + ")" * 5_000,
        "I(" * 35 + "z" + ")" * 35,
        "I(" + "-" * 900 + "z)",
        "I(" + "-" * 9_000 + "x)",
        "I(x" + "+1" * 9_000 + ")",
        "I((((",
    ],
)
def test_what_would_take_for_ever_is_refused(right):
    with pytest.raises(FormulaError) as caught:
        design(f"y ~ {right}", FRAME)
    assert len(str(caught.value)) < len(right) + 500


def test_unknown_columns_are_counted_and_the_first_few_named():
    with pytest.raises(FormulaError, match=r"\(nor .* and 1,896 more\)") as caught:
        design("y ~ " + " + ".join(f"unknown{place}" for place in range(1_900)), FRAME)
    assert len(str(caught.value)) < 200


@pytest.mark.parametrize(
    ("term", "expected"),
    [
        ("I(x**2 + 3*k // 2 - k % 2 / 4)", lambda d: d.x**2 + 3 * d.k // 2 - d.k % 2 / 4),
        ("I(2**x)", lambda d: 2**d.x),
        ("I(x**(1/3))", lambda d: d.x ** (1 / 3)),
        ("I(-k**-2)", lambda d: -(d.k**-2.0)),
        ("I(10**2 * x)", lambda d: 100 * d.x),
        ("I(k**30)", lambda d: d.k.astype(float) ** 30),
        ("I(f == 'Zzyx1')", lambda d: d.f == "Zzyx1"),
        ("I(x > 2)", lambda d: d.x > 2),
        ("sqrt(abs(-x))", lambda d: np.sqrt(d.x)),
        ("log(`a b`)", lambda d: np.log(d["a b"])),
        ("I(`a b` * x)", lambda d: d["a b"] * d.x),
        ("center(log10(x))", lambda d: np.log10(d.x) - np.log10(d.x).mean()),
    ],
)
def test_arithmetic_on_columns_is_computed(term, expected):
    built = design(f"y ~ 0 + {term}", FRAME)
    np.testing.assert_allclose(built.X[:, 0], expected(FRAME).astype(float), rtol=1e-12, atol=1e-12)
    np.testing.assert_array_equal(built.encode(FRAME.iloc[3:5]), built.X[3:5])


@pytest.mark.parametrize(
    ("term", "n_column"),
    [
        ("poly(x, 2)", 2),
        ("poly(log(x), degree=3, raw=True)", 3),
        ("bs(x, df=5, extrapolation='clip')", 5),
        ("bs(x, knots=[2, 3], degree=2)", 4),
        ("cr(x, df=4)", 4),
        ("cc(x, df=4)", 4),
        ("scale(x, center=False, ddof=0)", 1),
        ("standardize(x)", 1),
        ("C(f, contr.sum)", 2),
        ("C(f, contr.treatment('Zzyx1'))", 2),
        ("C(f, contr.custom([[1, 0], [0, 1], [-1, -1]]))", 2),
        ("C(f, Treatment(reference='Zzyx1'))", 2),
        ("C(f, levels=['Zzyx2', 'Zzyx1', 'Zzyx0'])", 2),
        ("C(k, contr.poly)", 6),
        ("C(when)", 4),
        ("C(stored)", N - 1),
    ],
)
def test_transforms_keep_working(term, n_column):
    assert design(f"y ~ {term}", FRAME).X.shape == (N, 1 + n_column)


@pytest.mark.parametrize(
    ("right", "error", "message"),
    [
        ("when", DataError, "holds dates or times"),
        ("log(when)", DataError, "holds dates or times"),
        ("listed", DataError, "holds lists"),
        ("C(listed)", DataError, "holds lists"),
        ("stored", DataError, "numbers stored as objects"),
        ("log(stored)", DataError, "numbers stored as objects"),
        ("log(f)", FormulaError, '"f" holds no numbers'),
        ("I(f * 1000000000)", FormulaError, '"f" holds no numbers'),
        ("C(f, contr.treatment(0))", FormulaError, "levels written in the term"),
        ("C(f, contr.custom([[1, 2]]))", FormulaError, "levels written in the term"),
        ("C(f, levels=['Zzyx1'])", DataError, "not seen"),
        ("(f + x)**2 + bs(x, df=1)", FormulaError, "can't be computed: bs"),
    ],
)
def test_columns_that_do_not_suit_a_term(right, error, message):
    with pytest.raises(error, match=message) as caught:
        design(f"y ~ {right}", FRAME)
    assert SECRET not in str(caught.value).replace(right, "")


def test_new_rows_outside_a_spline_are_refused_without_a_cell():
    built = design("y ~ bs(x, df=4) + f", FRAME)
    with pytest.raises(DataError, match="inside their range"):
        built.encode(FRAME.assign(x=987654.0))
    with pytest.raises(DataError, match="holds dates"):
        built.encode(FRAME.assign(x=FRAME["when"]))


def test_an_expression_tells_its_columns_and_how_they_are_used():
    found = read_expression("poly(log(x) + `a b`, 3)")
    assert found == ({"x", "a b"}, {"x", "a b"}, set(), 3)
    assert read_expression("C(f, contr.sum)") == ({"f"}, set(), {"f"}, 1)
    assert read_expression("I(f == 'a')") == ({"f"}, set(), set(), 1)
