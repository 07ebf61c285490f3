"""Fits with one grouping factor reach R's optimum: glmmTMB, lme4 and ordinal, polished."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from rpcstats.mixed.general.families import make_family
from rpcstats.mixed.general.one_factor import OneFactorGeneral
from rpcstats.mixed.general.ordinal import make_ordinal
from rpcstats.mixed.general.search import fit_general
from rpcstats.mixed.general.starts import find_start
from rpcstats.mixed.structure.build import model_frame

REFERENCE = Path(__file__).parents[2] / "reference"
KIND = {
    "binomial": "binomial",
    "poisson": "count",
    "nbinom2": "count",
    "Gamma": "positive",
    "beta": "unit",
}
NAME = {"nbinom2": "negative binomial", "Gamma": "gamma"}
# R's optima have gradients below 1e-7, so that the deviance is theirs to rounding
DEVIANCE = 1e-7
# lme4's inner iterations leave a few 1e-8 in the deviance of quadrature
QUADRATURE = 2e-7
ESTIMATE, ERROR = 1e-6, 1e-5


def _case(file, name):
    text = (REFERENCE / "values" / "mixed" / f"{file}.json").read_text(encoding="utf-8")
    return json.loads(text)["cases"][name]


def _data(name, case):
    folder = REFERENCE / "data" / "mixed"
    path = folder / f"{name}.csv"
    frame = pd.read_csv(path if path.exists() else folder / f"{name}.csv.gz")
    if name == "cbpp":
        frame["period"] = frame["period"].astype(str)
        frame["prop"] = frame["incidence"] / frame["size"]
    if name == "goalprogress":
        frame["arm"] = pd.Categorical(frame["arm"], categories=["usual", "programme"])
        frame["pos"] = np.exp((frame["goal"] - 5.0) / 4.0)
    if name == "Salamanders":
        frame["mined"] = pd.Categorical(frame["mined"], categories=["no", "yes"])
    response = case["formula"].split(" ~ ")[0]
    if "family" not in case:
        source = response.removesuffix("F")
        codes = sorted(frame[source].unique())
        frame[response] = pd.Categorical(frame[source], categories=codes, ordered=True)
    return frame


def _fit(case, nagq=1, grid="product"):
    ordinal = "family" not in case
    kind = "ordinal" if ordinal else KIND[case["family"]]
    data = _data(case["data"], case)
    frame = model_frame(case["formula"], data, response=kind, weights=case.get("weights"))
    if ordinal:
        structure = case.get("threshold", "flexible")
        likelihood = make_ordinal(len(frame.categories), case["link"], structure)
    else:
        likelihood = make_family(NAME.get(case["family"], case["family"]), case["link"]).rows
    known = {"weights": frame.weights, "offset": frame.offset}
    (block,) = frame.blocks
    problem = OneFactorGeneral(frame.X, frame.y, block, likelihood, nagq=nagq, grid=grid, **known)
    start = find_start(frame.X, frame.y, frame.blocks, likelihood, **known)
    optimum = fit_general(problem, start)
    assert optimum.optimum.converged
    assert optimum.evaluation.deviance == optimum.optimum.value
    return problem, optimum


def _sizes(problem, optimum):
    block = problem.blocks[0]
    Lambda = block.factor(problem.split(optimum.parameters)[1])
    return np.sqrt((Lambda**2).sum(axis=1))


@pytest.mark.parametrize(
    "name",
    [
        "cbpp_tmb",
        "cbpp_weights",
        "cbpp_probit",
        "cbpp_cloglog",
        "attend_family",
        "sessions_slope",
        "sessions_uncorr",
        "sessions_probit",
        "sessions_counts",
        "yesno_int",
        "yesno_slope",
        "yesno_probit",
        "yesno_cloglog",
        "rates_one",
        "rates_nb",
        "salamanders_nb2",
        "salamanders_poisson",
        "gamma_log",
        "gamma_small",
        "gamma_slope",
        "beta_small",
    ],
)
def test_laplace(name):
    case = _case("glmm", name)
    problem, optimum = _fit(case)
    beta, _, extra = problem.split(optimum.parameters)
    assert optimum.evaluation.deviance == pytest.approx(-2.0 * case["logLik"], abs=DEVIANCE)
    assert beta == pytest.approx(list(case["cond"]["est"].values()), rel=ESTIMATE, abs=1e-7)
    se = np.sqrt(np.diag(optimum.cov))[: problem.p]
    assert se == pytest.approx(list(case["cond"]["se"].values()), rel=ERROR)
    expected = [sd for term in case["re"] for sd in term["sd"]]
    assert _sizes(problem, optimum) == pytest.approx(expected, rel=1e-5)
    if len(extra):
        assert extra[0] == pytest.approx(case["dispersion_log"], rel=ESTIMATE)


@pytest.mark.parametrize(
    "name",
    [
        "cbpp_agq5",
        "cbpp_agq7",
        "cbpp_agq9",
        "cbpp_agq11",
        "cbpp_agq25",
        "cbpp_probit_agq9",
        "attend_family_agq7",
        "attend_family_agq15",
        "sessions_agq7",
        "yesno_agq3",
        "yesno_agq15",
        "yesno_agq25",
        "rates_agq3",
        "rates_agq15",
    ],
)
def test_quadrature(name):
    case = _case("glmm", name)
    problem, optimum = _fit(case, case["nAGQ"])
    beta, theta, _ = problem.split(optimum.parameters)
    assert optimum.evaluation.deviance == pytest.approx(case["deviance_full"], abs=QUADRATURE)
    # lme4 stops with gradients of about 1e-6: estimates far below their errors have fewer digits
    assert beta == pytest.approx(list(case["fixef"].values()), rel=ESTIMATE, abs=1e-6)
    assert theta[0] == pytest.approx(case["theta"], rel=ESTIMATE)
    se = np.sqrt(np.diag(optimum.cov))
    assert se[: problem.p] == pytest.approx(list(case["se_hessian"].values()), rel=ERROR)
    assert se[problem.p] == pytest.approx(case["se_theta_hessian"], rel=ERROR)


@pytest.mark.parametrize(
    # the script turns its grid otherwise, and where the sizes are larger has 4e-5 to go with 31
    # nodes; ours with 31 and with 61 agree to 1e-9 there
    ("name", "deviance", "estimate"),
    [("yesno_integral31", DEVIANCE, ESTIMATE), ("sessions_integral31", 1e-4, 1e-4)],
)
def test_quadrature_in_two_dimensions(name, deviance, estimate):
    case = _case("glmm", name)
    problem, optimum = _fit(case, case["nodes"])
    beta, theta, _ = problem.split(optimum.parameters)
    assert optimum.evaluation.deviance == pytest.approx(case["deviance"], abs=deviance)
    assert beta == pytest.approx(list(case["fixef"].values()), rel=estimate)
    assert theta == pytest.approx(case["theta"], rel=10.0 * estimate)
    se = np.sqrt(np.diag(optimum.cov))[: problem.p]
    assert se == pytest.approx(list(case["se"].values()), rel=10.0 * estimate)


def test_a_sparse_grid_nears_the_integral_as_its_level_grows():
    case = _case("glmm", "yesno_integral31")
    gaps = []
    for level in (7, 15, 26):
        _, optimum = _fit(case, level, "sparse")
        gaps.append(abs(optimum.evaluation.deviance - case["deviance"]))
    assert gaps[2] < gaps[1] < gaps[0]
    assert gaps[2] < DEVIANCE


@pytest.mark.parametrize(
    "name",
    [
        "clmm_judge_laplace",
        "clmm_judge_agq10",
        "clmm_judge_probit",
        "judge_agq5",
        "judge_agq25",
        "judge_probit_agq10",
        "judge_cloglog",
        "judge_equidistant",
        "judge_equidistant_probit",
        "judge_interaction",
        "yesno_answer",
        "yesno_answer_agq9",
        "yesno_answer_slope",
    ],
)
def test_cumulative_links(name):
    case = _case("clmm", name)
    problem, optimum = _fit(case, case["nAGQ"])
    beta, _, extra = problem.split(optimum.parameters)
    assert optimum.evaluation.deviance == pytest.approx(-2.0 * case["logLik"], abs=DEVIANCE)
    alpha = problem.likelihood.alpha(extra)
    if case["threshold"] == "equidistant":
        alpha = np.array([alpha[0], alpha[1] - alpha[0]])
    found = [*alpha, *beta]
    assert found == pytest.approx(list(case["coef"].values()), rel=ESTIMATE, abs=1e-7)
    se = np.sqrt(np.diag(optimum.cov))[: problem.p]
    assert se == pytest.approx(list(case["se"].values())[len(alpha) :], rel=ERROR)
    expected = [sd for term in case["re"] for sd in term["sd"]]
    assert _sizes(problem, optimum) == pytest.approx(expected, rel=1e-5)


def test_a_slope_at_the_edge_is_no_worse_than_r():
    case = _case("clmm", "judge_slope")
    _, optimum = _fit(case, 1)
    assert optimum.evaluation.deviance <= -2.0 * case["logLik"] + DEVIANCE
