"""Data that lead searches astray: many trials, no finite optimum, certain outcomes."""

import numpy as np
import pandas as pd
import pytest
from scipy import special

from rpcstats.errors import ConvergenceWarning, ParameterError
from rpcstats.mixed import clmm, design_effect, glmm, icc, lmm
from rpcstats.mixed.general.families import make_family
from rpcstats.mixed.general.links import make_link
from rpcstats.mixed.linear._trust_region import trust_region_step

N = 200


def make_data():
    rng = np.random.default_rng(1)
    g, x = rng.integers(0, 20, N), rng.normal(size=N)
    return pd.DataFrame({"x": x, "g": g, "h": np.arange(N) % 7, "z": (x > 0.0) * 1, "three": 3})


def fit_warned(fit_model, *arguments, **options):
    with pytest.warns(ConvergenceWarning):
        return fit_model(*arguments, **options)


@pytest.mark.parametrize("trials", [1e5, 1e6, 1e9])
def test_many_trials_are_a_normal_model_of_the_logits(trials):
    rng = np.random.default_rng(4)
    data = make_data()
    eta = 0.3 + 0.5 * data["x"] + rng.normal(size=20)[data["g"]]
    data["share"] = rng.binomial(int(trials), special.expit(eta)) / trials
    data["trials"] = trials
    fit = glmm("share ~ x + (1 | g)", data, weights="trials")
    assert fit.optimum.converged
    # shares of so many trials show the logits, and with them the effect of every level
    logit = special.logit(data["share"]) - fit.beta[1] * data["x"]
    effects = logit.groupby(data["g"]).mean()
    assert fit.beta[1] == pytest.approx(0.5, abs=0.01)
    assert fit.beta[0] == pytest.approx(effects.mean(), abs=1e-3)
    assert fit.theta[0] == pytest.approx(effects.std(ddof=0), rel=1e-3)


@pytest.mark.parametrize("random", ["(1 | g)", "(1 | g) + (1 | h)"])
@pytest.mark.parametrize("link", ["logit", "probit", "cloglog"])
def test_a_separated_fit_answers_without_numbers_that_overflow(link, random):
    fit = fit_warned(glmm, f"z ~ x + {random}", make_data(), link=link)
    assert "complete separation" in fit.trouble[0]
    assert not np.isnan(fit.residuals("pearson")).any()
    for level in ("conditional", "population", "new_group"):
        table = fit.predict(level=level, interval="confidence")
        assert table["estimate"].between(0.0, 1.0).all()
    assert icc(fit).tidy()["estimate"].between(0.0, 1.0).all()


def test_a_separated_ordered_fit_answers():
    data = make_data()
    data["o"] = np.digitize(data["x"], [-1.0, 0.5, 2.0])
    fit = fit_warned(clmm, "o ~ x + (1 | g)", data)
    assert not np.isnan(fit.residuals("pearson")).any()
    assert icc(fit).tidy()["estimate"].between(0.0, 1.0).all()


@pytest.mark.parametrize("random", ["(1 | g)", "(1 | g) + (1 | h)"])
def test_a_size_that_runs_away_is_named_soon(random):
    # counts that do not vary at all have the size of a Poisson distribution, which is infinite
    fit = fit_warned(glmm, f"three ~ x + {random}", make_data(), family="negative_binomial")
    assert "log_size grows without end" in fit.trouble[0]
    poisson = glmm(f"three ~ x + {random}", make_data(), family="poisson")
    assert fit.deviance == pytest.approx(poisson.deviance, abs=1e-6)
    assert fit.optimum.n_evaluation < 160
    assert (fit.dispersion()["conf_high"] > 1e6).all()


@pytest.mark.parametrize("name", ["cloglog", "loglog", "log", "logit", "probit"])
def test_links_reach_their_ends_without_a_warning(name):
    link = make_link(name)
    ends = link.forward(np.array([0.0, 1.0]))
    assert np.isinf(ends[0])
    assert link.inverse(ends).tolist() == pytest.approx([0.0, 1.0])


def test_a_step_that_nothing_bounds():
    step = trust_region_step(np.array([1.0, 1.0]), np.diag([-1.0, 2.0]), np.inf)
    assert step.gain == np.inf
    # by hand: 1² / |-1| + 1² / 2
    assert step.decrement == pytest.approx(np.sqrt(1.5))


def test_lines_without_residuals():
    g, x = np.repeat(np.arange(10), 8), np.tile(np.arange(8.0), 10)
    data = pd.DataFrame({"y": 1e6 * (g + x * g), "x": x, "g": g})
    fit = fit_warned(lmm, "y ~ x + (x | g)", data)
    assert not fit.optimum.converged


@pytest.mark.parametrize(
    "call",
    [
        lambda fit: fit.tidy(conf_level="a"),
        lambda fit: fit.tidy(conf_level=[0.9]),
        lambda fit: fit.simulate("a", seed=1),
        lambda fit: fit.simulate(np.nan, seed=1),
        lambda fit: fit.simulate(2, seed=-1),
        lambda fit: fit.simulate(2, seed="a"),
        lambda fit: design_effect(fit, n_per_group="a"),
        lambda fit: design_effect(fit, n_per_group=np.nan),
        lambda _: glmm("z ~ x + (1 | g)", make_data(), link=["logit"]),
        lambda _: glmm("z ~ x + (1 | g)", make_data(), family=["binomial"]),
        lambda _: glmm("z ~ x + (1 | g)", make_data(), quadrature=["product"]),
        lambda _: clmm(
            "o ~ x + (1 | g)",
            make_data().assign(o=np.arange(N) % 3),
            link=np.array(["logit", "probit"]),
        ),
        lambda _: make_family(["binomial"]),
        lambda _: make_link(["logit"]),
    ],
)
def test_options_of_a_wrong_type_are_refused(call):
    data = make_data().assign(z=np.arange(N) % 2)
    with pytest.raises(ParameterError):
        call(glmm("z ~ x + (1 | g)", data))
