"""Laplace fits with several factors reach R's polished optimum."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from rpcstats.mixed.general.choose import general_problem
from rpcstats.mixed.general.families import make_family
from rpcstats.mixed.general.ordinal import make_ordinal
from rpcstats.mixed.general.search import fit_general
from rpcstats.mixed.general.starts import find_start
from rpcstats.mixed.structure.build import model_frame

REFERENCE = Path(__file__).parents[2] / "reference"
KIND = {"binomial": "binomial", "poisson": "count", "nbinom2": "count"}
NAME = {"nbinom2": "negative binomial"}
# R's optima are polished to gradients below 1e-7: the deviance is theirs to rounding; estimates
# have their nine digits, those of clmm's quadratic approximation about six
DEVIANCE = 1e-7
ESTIMATE = {"glmm": 1e-6, "clmm": 1e-5}
# R estimates the log of a standard deviation, which never gets to zero
ZERO = 1e-5


def _case(file, name):
    text = (REFERENCE / "values" / "mixed" / f"{file}.json").read_text(encoding="utf-8")
    return json.loads(text)["cases"][name]


def _data(name, case):
    folder = REFERENCE / "data" / "mixed"
    path = folder / f"{name}.csv"
    frame = pd.read_csv(path if path.exists() else folder / f"{name}.csv.gz")
    if name == "grouseticks":
        frame["YEAR"] = frame["YEAR"].astype(str)
    if name == "goalprogress":
        frame["arm"] = pd.Categorical(frame["arm"], categories=["usual", "programme"])
    response = case["formula"].split(" ~ ")[0]
    if "family" not in case:
        source = response.removesuffix("F")
        codes = sorted(frame[source].unique())
        frame[response] = pd.Categorical(frame[source], categories=codes, ordered=True)
    return frame


def _fit(case):
    ordinal = "family" not in case
    kind = "ordinal" if ordinal else KIND[case["family"]]
    frame = model_frame(case["formula"], _data(case["data"], case), response=kind)
    if ordinal:
        likelihood = make_ordinal(len(frame.categories), case["link"])
    else:
        likelihood = make_family(NAME.get(case["family"], case["family"]), case["link"]).rows
    arrays = (frame.X, frame.y, frame.blocks, likelihood)
    known = {"weights": frame.weights, "offset": frame.offset}
    problem = general_problem(*arrays, **known)
    start = find_start(*arrays, **known)
    return problem, fit_general(problem, start, information=problem.information(start))


def _compare_sizes(case, problem, optimum, tolerance):
    """Standard deviations by size: R's names of nested factors differ, and it leaves out zeros."""
    sizes = np.sort(problem.split(optimum.parameters)[1])[::-1]
    expected = sorted((term["sd"][0] for term in case["re"]), reverse=True)
    expected += [0.0] * (len(sizes) - len(expected))
    assert sizes == pytest.approx(expected, rel=tolerance, abs=ZERO)


@pytest.mark.parametrize(
    "name",
    [
        "attend_nested",
        "attend_crossed",
        "yesno_nested",
        "rates_poisson",
        "rates_nb_crossed",
        "ticks",
    ],
)
def test_generalised_models(name):
    case = _case("glmm", name)
    problem, optimum = _fit(case)
    tolerance = ESTIMATE["glmm"]
    assert optimum.optimum.converged
    assert optimum.evaluation.deviance == pytest.approx(-2.0 * case["logLik"], abs=DEVIANCE)
    beta, _, extra = problem.split(optimum.parameters)
    assert beta == pytest.approx(list(case["cond"]["est"].values()), rel=tolerance)
    se = np.sqrt(np.diag(optimum.cov))[: problem.p]
    assert se == pytest.approx(list(case["cond"]["se"].values()), rel=1e-5)
    _compare_sizes(case, problem, optimum, tolerance)
    if len(extra):
        assert extra[0] == pytest.approx(case["dispersion_log"], rel=tolerance)


@pytest.mark.parametrize("name", ["judge_bottle", "judge_bottle_temp", "yesno_answer_nested"])
def test_cumulative_link_models(name):
    case = _case("clmm", name)
    problem, optimum = _fit(case)
    tolerance = ESTIMATE["clmm"]
    assert optimum.optimum.converged
    assert optimum.evaluation.deviance == pytest.approx(-2.0 * case["logLik"], abs=DEVIANCE)
    beta, _, extra = problem.split(optimum.parameters)
    thresholds = problem.likelihood.alpha(extra)
    found = dict(zip(case["coef"], [*thresholds, *beta], strict=True))
    assert found == pytest.approx(case["coef"], rel=tolerance, abs=ZERO)
    _compare_sizes(case, problem, optimum, tolerance)
