"""Formulas, options, types of columns and new rows that break a call; and what a call leaves."""

import tracemalloc
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from rpcstats.errors import DataError, FormulaError, ParameterError
from rpcstats.mixed import clmm, design_effect, glmm, icc, lmm, r_squared, variance_partition

SECRET = "Zzyx"
N = 60


def make_data():
    rng = np.random.default_rng(11)
    code = np.repeat(np.arange(12), 5)
    x = rng.normal(size=N)
    latent = 0.5 * x + rng.normal(size=12)[code] + rng.logistic(size=N)
    return pd.DataFrame(
        {
            "y": latent + 3.0,
            "x": x,
            "z": (latent > 0).astype(int),
            "c": rng.poisson(np.exp(0.5 * x)),
            "o": np.digitize(latent, [-1.0, 1.0]) + 1,
            "g": [f"{SECRET}{k}" for k in code],
            "h": [f"{SECRET}{k}" for k in rng.integers(0, 5, N)],
            "f": [f"{SECRET}{k}" for k in rng.integers(0, 3, N)],
            "w": rng.uniform(0.5, 2.0, N),
        }
    )


@pytest.fixture
def data():
    return make_data()


@pytest.fixture(scope="module")
def fits():
    data = make_data()
    return {
        "lmm": lmm("y ~ x + f + (1 + x | g)", data),
        "glmm": glmm("z ~ x + f + (1 | g)", data),
        "clmm": clmm("o ~ x + f + (1 | g)", data),
    }


def refused(error, call, *arguments, **options):
    with pytest.raises(error) as found:
        call(*arguments, **options)
    assert SECRET not in str(found.value)
    return str(found.value)


@pytest.mark.parametrize(
    "formula",
    [
        "",
        "~",
        "y",
        "y ~ x",
        "~ x + (1 | g)",
        "y ~ x ~ z + (1 | g)",
        "y ~ x + (1 | g",
        "y ~ x + 1 | g)",
        "y ~ x + ( | g)",
        "y ~ x + (1 | )",
        "y ~ x + (1 | g | h)",
        "y ~ x + (1 | g + h)",
        "y ~ x + (1 | g * h)",
        "y ~ x + (1 | 1)",
        "y ~ x + (0 | g)",
        "y ~ x * (1 | g)",
        "y ~ x - (1 | g)",
        "y ~ x + (1 | g) +",
        "y ~ . + (1 | g)",
        "y ~ x + (1 | g) + (1 | g)",
        "y ~ x + (x | g) + (0 + x | g)",
        "y ~ x + (1 + (1 | h) | g)",
        "y ~ x + (offset(x) | g)",
        "y ~ x + strata(f) + (1 | g)",
        "Surv(y, z) ~ x + (1 | g)",
        "cbind(y) ~ x + (1 | g)",
        "nope ~ x + (1 | g)",
        "y ~ nope + (1 | g)",
        "y ~ x + (nope | g)",
        "y ~ x + (1 | nope)",
        "y ~ x + offset(nope) + (1 | g)",
        "\x00 ~ x + (1 | g)",
        None,
        3,
    ],
)
def test_a_formula_that_cannot_be_read(data, formula):
    refused(FormulaError, lmm, formula, data)


@pytest.mark.parametrize("place", ["{} ~ x + (1 | g)", "y ~ x + offset({}) + (1 | g)"])
@pytest.mark.parametrize("expression", ["__import__('pathlib').Path('{}').touch()", "y.__class__"])
def test_a_formula_runs_no_code(data, tmp_path, place, expression):
    mark = tmp_path / "touched"
    refused(FormulaError, lmm, place.format(expression.format(mark)), data)
    refused(FormulaError, lmm, "y ~ x + (1 | g)", data, weights=expression.format(mark))
    refused(FormulaError, lmm, f"y ~ x + (1 | {expression.format(mark)})", data)
    assert not Path(mark).exists()


@pytest.mark.parametrize(
    "left",
    ["9**9**9 + y", "y * 1" + "0" * 400, "+".join(["y"] * 20_000), "(" * 300 + "y" + ")" * 300],
)
def test_arithmetic_that_would_not_end_or_not_fit(data, left):
    refused((FormulaError, DataError), lmm, f"{left} ~ x + (1 | g)", data)


def test_a_formula_of_thousands_of_terms(data):
    long = lmm("y ~ " + " + ".join(["x"] * 5000) + " + (1 | g)", data)
    assert long.names == ("Intercept", "x")


@pytest.mark.parametrize("nagq", [0, -1, 2.5, "7", None, np.nan, [3], 10**9])
@pytest.mark.parametrize(("fit_model", "response"), [(glmm, "z"), (clmm, "o")])
def test_a_number_of_nodes_that_is_none(data, fit_model, response, nagq):
    refused(ParameterError, fit_model, f"{response} ~ x + (1 | g)", data, nagq=nagq)


def test_five_hundred_nodes_agree_with_fifty(data):
    fifty, many = (glmm("z ~ x + (1 | g)", data, nagq=nagq) for nagq in (50, 500))
    assert many.deviance == pytest.approx(fifty.deviance, abs=1e-7)


@pytest.mark.parametrize(
    ("fit_model", "formula", "options"),
    [
        (glmm, "z ~ x + (1 | g) + (1 | h)", {"nagq": 3}),
        (glmm, "z ~ x + (1 | h / g)", {"nagq": 3}),
        (glmm, "z ~ x + (1 | g)", {"family": "weird"}),
        (glmm, "z ~ x + (1 | g)", {"family": None}),
        (glmm, "z ~ x + (1 | g)", {"family": ["binomial"]}),
        (glmm, "z ~ x + (1 | g)", {"link": "weird"}),
        (glmm, "c ~ x + (1 | g)", {"family": "poisson", "link": "logit"}),
        (glmm, "z ~ x + (1 | g)", {"nagq": 3, "quadrature": "weird"}),
        (clmm, "o ~ x + (1 | g)", {"link": "log"}),
        (clmm, "o ~ x + (1 | g)", {"thresholds": "weird"}),
        (lmm, "y ~ x + (1 | g)", {"method": "weird"}),
        (lmm, "y ~ x + (1 | g)", {"method": ["reml"]}),
        (lmm, "y ~ x + (1 | g)", {"start": [1.0, 2.0]}),
        (lmm, "y ~ x + (1 | g)", {"start": [np.nan]}),
        (lmm, "y ~ x + (1 | g)", {"start": "weird"}),
    ],
)
def test_an_option_that_is_unknown_or_out_of_range(data, fit_model, formula, options):
    refused(ParameterError, fit_model, formula, data, **options)


@pytest.mark.parametrize(
    "weights",
    [[1.0], 2.0, ["a"] * N, np.ones((N, 1)), np.zeros(N), -np.ones(N), np.full(N, np.inf), "f"],
)
def test_weights_that_are_none(data, weights):
    refused(DataError, lmm, "y ~ x + (1 | g)", data, weights=weights)


@pytest.mark.parametrize("weights", ["nope", "__import__('os')", "w.mean()"])
def test_weights_that_cannot_be_read(data, weights):
    refused(FormulaError, lmm, "y ~ x + (1 | g)", data, weights=weights)


@pytest.mark.parametrize("value", [0.0, -1.0])
def test_one_weight_of_zero_or_less(data, value):
    data.loc[3, "w"] = value
    assert "1 row is not" in refused(DataError, lmm, "y ~ x + (1 | g)", data, weights="w")


def test_trials_that_are_not_whole(data):
    refused(DataError, glmm, "cbind(w, c) ~ x + (1 | g)", data)
    refused(DataError, glmm, "w / 2 ~ x + (1 | g)", data, weights="w")
    refused(DataError, glmm, "cbind(z, z) ~ x + (1 | g)", data)
    refused(FormulaError, lmm, "cbind(z, c) ~ x + (1 | g)", data)


@pytest.mark.parametrize(
    "rows",
    [None, [1, 2], {"y": [1.0]}, np.ones((3, 2)), pd.Series([1.0]), "y"],
)
def test_data_that_are_no_frame(rows):
    refused(DataError, lmm, "y ~ x + (1 | g)", rows)


def test_a_frame_without_rows_or_columns(data):
    refused(DataError, lmm, "y ~ x + (1 | g)", data.iloc[:0])
    refused(DataError, lmm, "y ~ x + (1 | g)", data.iloc[:1])
    refused(DataError, lmm, "y ~ x + (1 | g)", data.assign(y=np.nan))
    refused(FormulaError, lmm, "y ~ x + (1 | g)", pd.DataFrame())


@pytest.mark.parametrize("column", ["y", "x", "g"])
def test_two_columns_of_one_name(data, column):
    twice = pd.concat([data, data[[column]]], axis=1)
    assert "rename one" in refused(FormulaError, lmm, "y ~ x + (1 | g)", twice)
    unused = pd.concat([data, data[["h"]]], axis=1)
    assert lmm("y ~ x + (1 | g)", unused).converged


@pytest.mark.parametrize(
    "change",
    [
        {"f": pd.CategoricalDtype([f"{SECRET}{k}" for k in (0, 7, 1, 2)])},
        {"g": "category"},
        {"g": "string"},
        {"y": "Float64", "x": "Float64"},
        {"y": "double[pyarrow]", "x": "double[pyarrow]"},
        {"g": "object"},
    ],
    ids=["unused levels", "category", "string", "Float64", "arrow", "object group"],
)
def test_types_of_columns_make_no_difference(data, change):
    plain = lmm("y ~ x + f + (1 | g)", data)
    typed = lmm("y ~ x + f + (1 | g)", data.astype(change))
    assert typed.names == plain.names
    assert typed.deviance == pytest.approx(plain.deviance, abs=1e-9)


def test_an_arrow_table_is_a_frame(data):
    table = pa.Table.from_pandas(data)
    plain, typed = (lmm("y ~ x + f + (1 | g)", rows) for rows in (data, table))
    assert typed.deviance == pytest.approx(plain.deviance, abs=1e-9)


@pytest.mark.parametrize("kind", ["bool", "boolean", "Int64", "int8", "float32", "bool[pyarrow]"])
def test_types_of_a_binary_response_make_no_difference(data, kind):
    plain = glmm("z ~ x + (1 | g)", data)
    typed = glmm("z ~ x + (1 | g)", data.assign(z=data["z"].astype(bool).astype(kind)))
    assert typed.deviance == pytest.approx(plain.deviance, abs=1e-9)


@pytest.mark.parametrize("kind", ["Int64", "int64[pyarrow]", "float"])
def test_types_of_counts_and_categories_make_no_difference(data, kind):
    typed = data.astype({"c": kind, "o": kind})
    count, other = (glmm("c ~ x + (1 | g)", rows, family="poisson") for rows in (data, typed))
    assert other.deviance == pytest.approx(count.deviance, abs=1e-9)
    ordered, other = (clmm("o ~ x + (1 | g)", rows) for rows in (data, typed))
    assert other.deviance == pytest.approx(ordered.deviance, abs=1e-9)
    assert other.frame.categories == ordered.frame.categories


def test_texts_and_days_are_no_numbers(data):
    day = pd.Timestamp("2024-01-01") + pd.to_timedelta(np.arange(N), "D")
    for response in ("f", "day"):
        refused(DataError, lmm, f"{response} ~ x + (1 | g)", data.assign(day=day))
        refused(DataError, glmm, f"{response} ~ x + (1 | g)", data.assign(day=day))


@pytest.mark.parametrize("name", ["lmm", "glmm", "clmm"])
def test_new_rows_that_cannot_be_encoded(fits, data, name):
    fit, new = fits[name], data.iloc[:4]
    for changed in (
        new.drop(columns="x"),
        new.drop(columns="f"),
        new.assign(x=np.nan),
        new.assign(x=np.inf),
        new.assign(x=SECRET),
        new.assign(f=f"{SECRET}-new"),
        new.assign(f=None),
        new.assign(f=1),
        new.iloc[:0],
        [1, 2],
    ):
        refused(DataError, fit.predict, changed)
    plain = fit.predict(new, level="population")["estimate"]
    for unseen in (new.assign(g="new"), new.assign(g=None), new.drop(columns="g")):
        np.testing.assert_allclose(fit.predict(unseen)["estimate"], plain, rtol=1e-12)


@pytest.mark.parametrize("name", ["lmm", "glmm", "clmm"])
def test_methods_refuse_unknown_options(fits, name):
    fit = fits[name]
    for options in (
        {"level": "weird"},
        {"interval": "weird"},
        {"interval": "confidence", "conf_level": 95},
        {"interval": "confidence", "conf_level": 0.0},
    ):
        refused(ParameterError, fit.predict, **options)
    refused(ParameterError, fit.tidy, conf_level=1.0)
    refused(ParameterError, fit.residuals, "weird")
    refused(ParameterError, fit.varcorr().covariance, "weird")
    for n in (0, -1, 1.5):
        refused(ParameterError, fit.simulate, n, seed=1)
    if name == "lmm":
        for call in (fit.tidy, fit.f_tests):
            refused(ParameterError, call, df="weird")
        refused(ParameterError, fit.refit_ml().tidy, df="kenward-roger")
        for cluster in ("nope", 3, [1, 2], np.full(N, np.nan)):
            refused((ParameterError, DataError), fit.robust, cluster)
        refused(DataError, fit.robust, np.zeros(N))
        refused(DataError, fit.robust, np.arange(N))
        refused(ParameterError, fit.robust, kind="CR9")


@pytest.mark.parametrize("measure", [icc, r_squared, design_effect, variance_partition])
@pytest.mark.parametrize(
    "fit", [None, 3, "fit", pd.DataFrame()], ids=["none", "3", "text", "frame"]
)
def test_measures_refuse_what_is_no_fit(measure, fit):
    refused(ParameterError, measure, fit)


@pytest.mark.parametrize("name", ["lmm", "glmm", "clmm"])
def test_methods_change_neither_the_fit_nor_the_data(data, name):
    before = data.copy()
    call = {"lmm": lmm, "glmm": glmm, "clmm": clmm}[name]
    response = {"lmm": "y", "glmm": "z", "clmm": "o"}[name]
    fit = call(f"{response} ~ x + f + (1 | g)", data)
    first = [table.copy() for table in (fit.tidy(), fit.glance(), fit.varcorr().tidy())]
    fit.predict(data, level="new_group", interval="confidence")
    fit.simulate(3, seed=1)
    for table in (fit.augment(), fit.tidy(), fit.conditional_modes().tidy()):
        table[table.columns[-1]] = 0.0
    icc(fit)
    str(fit.summary())
    for array in (fit.beta, fit.theta, fit.frame.X, fit.frame.y, fit.frame.kept):
        with pytest.raises(ValueError, match="read-only"):
            array[...] = 0.0
    for table, again in zip(first, (fit.tidy(), fit.glance(), fit.varcorr().tidy()), strict=True):
        pd.testing.assert_frame_equal(table, again, check_exact=True)
    pd.testing.assert_frame_equal(data, before, check_exact=True)
    repeated = call(f"{response} ~ x + f + (1 | g)", data)
    assert repeated.deviance == fit.deviance
    np.testing.assert_array_equal(repeated.beta, fit.beta)


class Interrupt(BaseException):
    """Stands for the user's Ctrl-C."""


@pytest.mark.parametrize("random", ["(1 | g)", "(1 | g) + (1 | h)"])
def test_an_interrupted_fit_leaves_nothing_behind(data, monkeypatch, random):
    formula = f"z ~ x + {random}"
    plain = glmm(formula, data)
    errors = np.geterr()
    engine, calls = type(plain.problem), []
    evaluate = engine.evaluate

    def interrupt(self, *arguments, **options):
        calls.append(1)
        if len(calls) == 3:
            raise Interrupt
        return evaluate(self, *arguments, **options)

    with monkeypatch.context() as patch:
        patch.setattr(engine, "evaluate", interrupt)
        with pytest.raises(Interrupt):
            glmm(formula, data)
    assert glmm(formula, data).deviance == plain.deviance
    assert np.geterr() == errors


def test_a_hundred_thousand_columns_are_refused_before_they_are_made():
    n = 100_000
    wide = pd.DataFrame({"y": np.arange(n) * 1.0, "g": np.arange(n) % 9, "i": np.arange(n)})
    wide["i"] = wide["i"].astype(str)
    tracemalloc.start()
    try:
        refused(DataError, lmm, "y ~ i + (1 | g)", wide)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    # The matrix would take 80 GB; the names themselves take some 10 MB.
    assert peak < 200e6
