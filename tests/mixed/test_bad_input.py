"""Data that break a model: one plain error, or a remark, and never a cell of the data in it."""

import warnings

import numpy as np
import pandas as pd
import pytest

from rpcstats.errors import ConvergenceWarning, DataError
from rpcstats.mixed import clmm, glmm, icc, lmm, r_squared

SECRET = "Zzyx"
N = 50


@pytest.fixture
def data():
    """Ten groups of five, with a name nobody may read in any level."""
    rng = np.random.default_rng(3)
    code = np.repeat(np.arange(10), 5)
    x = rng.normal(size=N)
    eta = 0.5 * x + rng.normal(size=10)[code]
    return pd.DataFrame(
        {
            "y": eta + rng.normal(size=N),
            "x": x,
            "t": np.tile(np.arange(5.0), 10),
            "g": [f"{SECRET}{k}" for k in code],
            "h": [f"{SECRET}{k}" for k in rng.integers(0, 6, N)],
            "f": [f"{SECRET}{k}" for k in rng.integers(0, 3, N)],
            "z": (eta + rng.logistic(size=N) > 0).astype(int),
            "c": rng.poisson(np.exp(0.5 + eta)),
            "o": np.digitize(eta + rng.logistic(size=N), [-1.0, 1.0]) + 1,
            "p": rng.gamma(2.0, np.exp(eta) / 2.0),
            "u": rng.beta(2.0, 2.0, N),
            "w": rng.uniform(0.5, 2.0, N),
        }
    )


def poisson(formula, data, **options):
    return glmm(formula, data, family="poisson", **options)


def negative_binomial(formula, data, **options):
    return glmm(formula, data, family="negative_binomial", **options)


def gamma(formula, data, **options):
    return glmm(formula, data, family="gamma", **options)


def beta(formula, data, **options):
    return glmm(formula, data, family="beta", **options)


MODELS = {
    "y": lmm,
    "z": glmm,
    "c": poisson,
    "o": clmm,
    "p": gamma,
    "u": beta,
}


def refused(error, fit_model, *arguments, **options):
    """Give the message of the one error, which tells no cell of the data."""
    before = arguments[1].copy()
    with pytest.raises(error) as found:
        fit_model(*arguments, **options)
    message = str(found.value)
    assert SECRET not in message
    assert message.rstrip()[-1] not in ":,"
    pd.testing.assert_frame_equal(arguments[1], before)
    return message


@pytest.mark.parametrize("response", MODELS)
def test_one_group_is_refused(data, response):
    message = refused(DataError, MODELS[response], f"{response} ~ x + (1 | g)", data.assign(g=1))
    assert '"g" has a single level' in message


def test_a_group_for_every_row_is_refused_where_the_residual_is_the_same(data):
    rows = data.assign(g=[f"{SECRET}{k}" for k in range(N)])
    assert "for every row" in refused(DataError, lmm, "y ~ x + (1 | g)", rows)


@pytest.mark.parametrize("response", ["z", "o", "p", "u"])
def test_a_group_for_every_row_is_remarked_on_elsewhere(data, response):
    rows = data.assign(g=[f"{SECRET}{k}" for k in range(N)])
    fit = MODELS[response](f"{response} ~ x + (1 | g)", rows)
    assert any("level of its own for every row" in remark for remark in fit.remarks)
    assert not any(SECRET in remark for remark in fit.remarks)


def test_counts_can_have_a_group_for_every_row(data):
    fit = poisson("c ~ x + (1 | row)", data.assign(row=range(N)))
    assert fit.converged
    assert np.isfinite(fit.deviance)


@pytest.mark.parametrize("formula", ["y ~ f + (1 | g)", "y ~ x + (f | g)"])
def test_a_factor_with_one_level(data, formula):
    assert '"f" has a single level' in refused(DataError, lmm, formula, data.assign(f=SECRET))


@pytest.mark.parametrize("response", ["y", "z", "o"])
def test_a_slope_that_never_varies_within_a_group_is_remarked_on(data, response):
    k = np.repeat(np.arange(10.0), 5)
    fit = MODELS[response](f"{response} ~ x + (1 + k || g)", data.assign(k=k))
    assert any('"k" never varies within' in remark for remark in fit.remarks)


@pytest.mark.parametrize(("value", "random"), [(3.0, "(1 + k | g)"), (0.0, "(0 + k | g)")])
def test_a_constant_slope(data, value, random):
    message = refused(DataError, lmm, f"y ~ x + {random}", data.assign(k=value))
    assert '"k" has one value in every row' in message


@pytest.mark.parametrize(
    ("response", "value", "words"),
    [
        ("y", 0, "one value in every row"),
        ("y", 1, "one value in every row"),
        ("z", 0, "failure in every row"),
        ("z", 1, "success in every row"),
        ("c", 0, "Every count is 0"),
        ("o", 1, "an ordinal model takes 2 to"),
        ("p", 0, "above 0"),
        ("p", 1, "one value in every row"),
        ("p", -1, "above 0"),
        ("u", 0, "between 0 and 1"),
        ("u", 1, "between 0 and 1"),
        ("u", 0.5, "one value in every row"),
        ("c", -2, "whole numbers from 0"),
        ("c", 1.5, "whole numbers from 0"),
        ("z", 0.3, "proportions needs the numbers of trials"),
        ("z", 2, "A binomial response holds"),
    ],
)
def test_a_response_that_cannot_be_modelled(data, response, value, words):
    changed = data.assign(**{response: value})
    assert words in refused(DataError, MODELS[response], f"{response} ~ x + (1 | g)", changed)


def test_constant_counts_have_no_variance_between_groups(data):
    fit = poisson("c ~ x + (1 | g)", data.assign(c=1))
    assert fit.is_singular
    np.testing.assert_allclose(fit.beta, 0.0, atol=1e-6)


@pytest.mark.parametrize(
    ("fit_model", "response"),
    [(glmm, "z"), (clmm, "z"), (clmm, "o")],
    ids=["binary", "two categories", "ordered"],
)
@pytest.mark.parametrize("random", ["(1 | g)", "(1 | g) + (1 | h)"])
def test_complete_separation_is_warned_of(data, fit_model, response, random):
    told_apart = np.digitize(data["x"], [0.0] if response == "z" else [-0.5, 0.5])
    with pytest.warns(ConvergenceWarning, match="no finite estimate.*complete separation"):
        fit = fit_model(f"{response} ~ x + {random}", data.assign(**{response: told_apart}))
    assert not fit.converged
    assert fit.trouble
    # Probabilities are at most 1.
    assert fit.deviance >= 0.0


@pytest.mark.parametrize("link", ["logit", "probit", "cloglog"])
@pytest.mark.parametrize("nagq", [1, 5])
def test_complete_separation_is_seen_through_every_link(data, link, nagq):
    apart = data.assign(z=(data["x"] > 0).astype(int))
    with pytest.warns(ConvergenceWarning, match="complete separation"):
        fit = glmm("z ~ x + (1 | g)", apart, link=link, nagq=nagq)
    assert not fit.glance().loc[0, "converged"]


def test_quasi_complete_separation_is_warned_of(data):
    steps = np.round(data["x"])
    mixed = np.where(steps == 0, data["z"], steps > 0).astype(int)
    with pytest.warns(ConvergenceWarning, match="quasi-complete separation"):
        fit = glmm("z ~ k + (1 | g)", data.assign(k=steps, z=mixed))
    assert not fit.converged


@pytest.mark.parametrize(("fit_model", "response"), [(glmm, "z"), (poisson, "c")])
def test_a_level_without_a_success_is_warned_of(data, fit_model, response):
    k = np.array([1, 2, 3])[data["f"].str[-1].astype(int)]
    empty = np.where(k == 2, 0, data[response])
    with pytest.warns(ConvergenceWarning, match="no finite estimate") as found:
        fit = fit_model(f"{response} ~ C(k) + (1 | g)", data.assign(k=k, **{response: empty}))
    assert len(found) == 1
    assert not fit.converged


@pytest.mark.parametrize("nagq", [1, 9])
def test_groups_that_tell_the_outcomes_apart_are_no_optimum(data, nagq):
    apart = data.assign(z=np.repeat([0, 1], N // 2))
    with pytest.warns(ConvergenceWarning):
        fit = glmm("z ~ 1 + (1 | g)", apart, nagq=nagq)
    assert not fit.converged


def test_an_empty_middle_category_is_left_out(data):
    o = pd.Categorical(data["o"].replace(2, 1), categories=[1, 2, 3], ordered=True)
    fit = clmm("o ~ x + (1 | g)", data.assign(o=o))
    assert fit.frame.categories == ("1", "3")
    assert fit.deviance == pytest.approx(glmm("o ~ x + (1 | g)", data.assign(o=o)).deviance)


@pytest.mark.parametrize("column", ["y", "x", "w", "g", "s"])
def test_missing_values_are_left_out_and_counted(data, column):
    data["s"] = 0.1
    holes = data.copy()
    holes.loc[[3, 17], column] = None
    formula = "y ~ x + offset(s) + (1 | g)"
    fit = lmm(formula, holes, weights="w")
    whole = lmm(formula, holes.drop(index=[3, 17]), weights="w")
    assert fit.frame.n_missing == 2
    assert "2 rows with missing values" in str(fit.summary())
    assert fit.deviance == whole.deviance


@pytest.mark.parametrize("value", [np.inf, -np.inf])
@pytest.mark.parametrize("column", ["y", "x", "w", "s", "c"])
def test_infinite_values_are_refused(data, column, value):
    data = data.assign(s=0.1).astype({"c": float})
    data.loc[3, column] = value
    response, fit_model = ("c", poisson) if column == "c" else ("y", lmm)
    formula = f"{response} ~ x + offset(s) + (1 | g)"
    assert "not finite" in refused(DataError, fit_model, formula, data, weights="w")


@pytest.mark.parametrize(
    ("change", "shift"),
    [
        ({"y": 1e12}, 48 * 2 * np.log(1e12)),
        ({"y": 1e-12}, 48 * 2 * np.log(1e-12)),
        ({"x": 1e-9}, 2 * np.log(1e-9)),
        ({"x": 1e12}, 2 * np.log(1e12)),
        ({"w": 1e10}, 0.0),
    ],
)
@pytest.mark.parametrize("random", ["(1 + x || g)", "(1 | g) + (1 | h)"])
def test_huge_and_tiny_units_change_nothing_but_the_unit(data, change, shift, random):
    formula = f"y ~ x + {random}"
    fit = lmm(formula, data, weights="w")
    (name, factor), *_ = change.items()
    other = lmm(formula, data.assign(**{name: data[name] * factor}), weights="w")
    assert other.converged
    assert other.deviance == pytest.approx(fit.deviance + shift, abs=1e-6)
    np.testing.assert_allclose(other.tidy()["statistic"], fit.tidy()["statistic"], rtol=1e-5)


@pytest.mark.parametrize("response", ["y", "z", "c"])
def test_a_predictor_far_from_zero(data, response):
    formula = f"{response} ~ x + (1 | g)"
    fit = MODELS[response](formula, data)
    far = MODELS[response](formula, data.assign(x=data["x"] + 1e8))
    assert far.converged
    # The predictor itself keeps eight digits only at 1e8.
    assert far.deviance == pytest.approx(fit.deviance, abs=1e-5)
    assert far.beta[1] == pytest.approx(fit.beta[1], rel=1e-5)


@pytest.mark.parametrize("factor", [1e150, 1e-150])
def test_numbers_beyond_computing_are_refused(data, factor):
    for column in ("y", "x"):
        changed = data.assign(**{column: data[column] * factor})
        assert "unit" in refused(DataError, lmm, "y ~ x + (1 | g)", changed)


@pytest.mark.parametrize("response", ["y", "z", "o"])
@pytest.mark.parametrize("formula", ["name + (1 | g)", "1 + (name | g)", "name * h + (1 | g)"])
def test_a_hundred_thousand_columns_are_refused_at_once(response, formula):
    n = 100_000
    wide = pd.DataFrame(
        {
            "y": np.linspace(0.0, 1.0, n),
            "z": np.arange(n) % 2,
            "o": np.arange(n) % 3,
            "g": np.arange(n) % 50,
            "h": np.arange(n) % 7,
            "name": [f"{SECRET}{k}" for k in range(n)],
        }
    )
    wide["h"] = wide["h"].astype(str)
    message = refused(DataError, MODELS[response], f"{response} ~ {formula}", wide)
    assert "columns" in message
    assert "random term" in message


@pytest.mark.parametrize("response", ["y", "z", "o"])
def test_columns_that_others_determine_are_left_out_and_said(data, response):
    formula = f"{response} ~ x + twice + (1 | g)"
    fit = MODELS[response](formula, data.assign(twice=2.0 * data["x"] + 1.0))
    plain = MODELS[response](f"{response} ~ x + (1 | g)", data)
    assert fit.frame.dropped == ("twice",)
    assert any(remark.startswith("twice is left out") for remark in fit.remarks)
    assert fit.deviance == pytest.approx(plain.deviance, abs=1e-9)


def test_one_huge_group_among_groups_of_one(data):
    alone = data.iloc[:7].assign(g=range(7))
    huge = pd.concat([data.assign(g=99), alone], ignore_index=True)
    for fit in (
        lmm("y ~ x + (1 | g)", huge),
        glmm("z ~ x + (1 | g)", huge, nagq=7),
        clmm("o ~ x + (1 | g)", huge),
    ):
        assert fit.converged
        assert np.isfinite(fit.std_error).all()


def test_more_effects_than_rows(data):
    formula = "y ~ x + (x + t + w + p + u | g)"
    assert "can't be told from the residual" in refused(DataError, lmm, formula, data)
    named = refused(DataError, lmm, "y ~ x + (f + t + w + p | g)", data)
    assert "can't be told from the residual" in named


@pytest.mark.parametrize("random", ["(1 | g)", "(x | g)", "(1 | g) + (1 | h)"])
def test_a_perfect_fit_is_refused(data, random):
    exact = data.assign(y=2.0 + 3.0 * data["x"])
    assert "exactly" in refused(DataError, lmm, f"y ~ x + {random}", exact)


@pytest.mark.parametrize("method", ["reml", "ml"])
@pytest.mark.parametrize("random", ["(1 | g)", "(1 | g) + (1 | h)"])
def test_a_response_that_never_varies_within_groups_has_no_optimum(data, method, random):
    flat = data.assign(y=np.repeat(np.arange(10.0) ** 2, 5))
    message = refused(DataError, lmm, f"y ~ 1 + {random}", flat, method=method)
    assert 'one value within every level of "g"' in message


@pytest.mark.parametrize("method", ["reml", "ml"])
@pytest.mark.parametrize(
    ("formula", "effect"),
    [
        ("y ~ g + (1 | g)", "Intercept"),
        ("y ~ 0 + g + x + (1 | h) + (1 | g)", "Intercept"),
        ("y ~ g + (1 + x | g)", "Intercept"),
        ("y ~ g:x + (0 + x | g)", "x"),
        ("y ~ C(g, contr.sum) + (1 | g)", "Intercept"),
        ("y ~ k + I(k**2) + (1 | three)", "Intercept"),
    ],
)
def test_a_factor_that_is_fixed_and_random(data, formula, effect, method):
    k = np.arange(N) % 3
    rows = data.assign(k=k + 2020.0, three=k)
    message = refused(DataError, lmm, formula, rows, method=method)
    assert f'the variance of "{effect}" between them' in message


@pytest.mark.parametrize("formula", ["y ~ half + (1 | g)", "y ~ k + (1 | three)"])
def test_fixed_effects_of_levels_that_leave_a_variance_between_them(data, formula):
    k = np.arange(N) % 3
    rows = data.assign(half=data["g"].str[-1] < "5", k=k, three=k)
    assert lmm(formula, rows).n_obs == N


@pytest.mark.parametrize("response", ["y", "z"])
def test_two_factors_that_split_the_rows_alike(data, response):
    twin = data.assign(k=data["g"] + "x")
    with warnings.catch_warnings():
        # The optimum is a ridge, which a search may but need not complain of.
        warnings.simplefilter("ignore", ConvergenceWarning)
        fit = MODELS[response](f"{response} ~ x + (1 | g) + (1 | k)", twin)
    alone = MODELS[response](f"{response} ~ x + (1 | g)", twin)
    assert any("split the rows alike" in remark for remark in fit.remarks)
    assert fit.deviance == pytest.approx(alone.deviance, abs=1e-6)


def test_measures_survive_a_fit_at_the_boundary(data):
    equal = data["y"] - data.groupby("g")["y"].transform("mean")
    fit = lmm("y ~ t + (1 | g)", data.assign(y=equal))
    assert fit.is_singular
    assert icc(fit).estimate[0, 0] == 0.0
    assert r_squared(fit).conditional == pytest.approx(r_squared(fit).marginal)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for table in (fit.tidy(df="kenward-roger"), fit.f_tests(), fit.robust().tidy()):
            assert np.isfinite(table["statistic"]).all()
        assert (fit.conditional_modes().tidy()["estimate"] == 0.0).all()
