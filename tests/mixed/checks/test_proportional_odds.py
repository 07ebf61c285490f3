"""Check of proportional odds: R's nominal tests, invariants, and power."""

import numpy as np
import pandas as pd
import pytest

from rpcstats import proportional_odds
from rpcstats.errors import DataError, ParameterError
from rpcstats.mixed import clmm
from rpcstats.mixed.checks.nominal_rows import NominalRows
from rpcstats.mixed.general.choose import general_problem

# ordinal::clmm2 (2022.11-16) with nominal = ~ contact and nominal = ~ temp, Laplace, against the
# model with neither: 2 (logLik - logLik), wine data, random = judge,
# control = clmm2.control(gradTol = 1e-9, maxIter = 200). At its default tolerance the
# statistic of contact differs by 3e-5.
CLMM2 = {
    "logit": (0.501379341606, 2.342155147285),
    "probit": (0.626167744915, 1.712014738255),
}
# ordinal::nominal_test of clm(rating ~ temp + contact + z), z = sin(0, 1, ..., 71).
CLM = {"temp": 3.003693423, "contact": 0.582504335, "z": 1.942385957}

# Each statistic is a difference of two deviances whose searches end within 1e-6.
RATIO = 2e-6
# A category is empty in the cold wines: the deviance falls to a limit, which nobody reaches.
LIMIT = 2e-5


@pytest.mark.parametrize("link", CLMM2)
def test_clmm2(mixed_data, link):
    fit = clmm("rating ~ temp + contact + (1 | judge)", mixed_data("wine"), link=link)
    table = proportional_odds(fit).tidy().set_index("term")
    contact, temp = CLMM2[link]
    assert table.loc["contact", "statistic"] == pytest.approx(contact, abs=RATIO)
    assert table.loc["temp", "statistic"] == pytest.approx(temp, abs=LIMIT)
    assert table["df"].tolist() == [3, 3]
    assert table.loc["contact", "converged"]
    assert not table.loc["temp", "converged"]


def test_clm_where_the_groups_play_no_part(mixed_data):
    frame = mixed_data("wine")
    frame["half"] = np.tile(np.arange(8), 9) % 3
    frame["z"] = np.sin(np.arange(72))
    fit = clmm("rating ~ temp + contact + z + (1 | half)", frame)
    assert fit.theta[0] == 0.0
    table = proportional_odds(fit).tidy().set_index("term")
    for term, expected in CLM.items():
        tolerance = LIMIT if term == "temp" else RATIO
        assert table.loc[term, "statistic"] == pytest.approx(expected, abs=tolerance)


@pytest.mark.parametrize("link", ["logit", "probit", "cloglog"])
@pytest.mark.parametrize("formula", ["y ~ x + (1 | g)", "y ~ x + (1 | g) + (1 | h)"])
def test_gradient_of_the_larger_model(link, formula):
    frame = ratings(7, 0.5, n_group=12, n_row=6)
    frame["h"] = np.arange(len(frame)) % 5
    fit = clmm(formula, frame, link=link)
    base, cell = fit.response.ordered, (frame["x"] > 0).to_numpy()
    rows = NominalRows(base, np.array([[-0.5], [0.5]]))
    y = fit.frame.y + base.n_category * cell
    problem = general_problem(fit.frame.X, y, fit.frame.blocks, rows)
    same = np.append(fit.evaluation.parameters, [0.0, 0.0])
    assert problem.evaluate(same).deviance == pytest.approx(fit.deviance, rel=1e-9)
    at = np.append(fit.evaluation.parameters + 0.1, [0.2, -0.1])
    gradient, h = problem.evaluate(at).gradient, 1e-4
    for j, step in enumerate(h * np.eye(len(at))):
        ends = [problem.evaluate(at + sign * step).deviance for sign in (1.0, -1.0)]
        # Central differences: h squared, times a third derivative of order ten.
        assert gradient[j] == pytest.approx((ends[0] - ends[1]) / (2.0 * h), abs=1e-5)


def ratings(seed, slope, n_group=60, n_row=10):
    """Ratings of 1 to 4 whose effect of x grows by `slope` at the second threshold."""
    rng = np.random.default_rng(seed)
    g = np.repeat(np.arange(n_group), n_row)
    x = rng.integers(0, 2, len(g)).astype(float)
    at = rng.standard_normal(n_group)[g] + 0.5 * x
    thresholds = np.array([-1.5, 0.0, 1.5]) - np.outer(x, [0.0, slope, slope])
    below = 1.0 / (1.0 + np.exp(-(thresholds - at[:, None])))
    y = (rng.random((len(g), 1)) > below).sum(axis=1) + 1
    return pd.DataFrame({"g": g, "x": x, "y": y, "arm": np.where(x > 0, "a", "b")})


def test_an_effect_at_some_thresholds_shows():
    fit = clmm("y ~ x + (1 | g)", ratings(1, 1.2))
    table = proportional_odds(fit).tidy()
    assert table["df"].tolist() == [2]
    assert table["p_value"].item() < 1e-3
    assert table["converged"].all()


def test_an_equal_effect_does_not():
    assert (
        proportional_odds(clmm("y ~ x + (1 | g)", ratings(2, 0.0))).tidy()["p_value"].item() > 0.01
    )


def test_coding_units_and_quadrature_agree():
    frame = ratings(3, 0.4)
    base = proportional_odds(clmm("y ~ x + (1 | g)", frame)).statistic[0]
    by_arm = proportional_odds(clmm("y ~ arm + (1 | g)", frame)).statistic[0]
    scaled = proportional_odds(clmm("y ~ x + (1 | g)", frame.assign(x=7 - 1e3 * frame["x"])))
    fine = proportional_odds(clmm("y ~ x + (1 | g)", frame, nagq=7)).statistic[0]
    assert by_arm == pytest.approx(base, abs=1e-6)
    assert scaled.statistic[0] == pytest.approx(base, abs=1e-6)
    assert fine == pytest.approx(base, rel=0.05)


def test_two_factors_and_equidistant_thresholds():
    frame = ratings(4, 0.8)
    frame["h"] = np.arange(len(frame)) % 7
    crossed = proportional_odds(clmm("y ~ x + (1 | g) + (1 | h)", frame))
    assert crossed.tidy()["p_value"].item() < 0.05
    fit = clmm("y ~ x + (1 | g)", frame, thresholds="equidistant")
    assert proportional_odds(fit).df.tolist() == [2]


def test_what_has_no_odds_is_refused(cbpp, mixed_data):
    with pytest.raises(ParameterError, match="ordered response"):
        proportional_odds(cbpp)
    with pytest.raises(DataError, match="no fixed effects"):
        proportional_odds(clmm("rating ~ 1 + (1 | judge)", mixed_data("wine")))
