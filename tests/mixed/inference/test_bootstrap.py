"""Parametric bootstrap: replicates, limits, and tests on the boundary."""

from dataclasses import replace
from operator import attrgetter

import numpy as np
import pytest

from rpcstats.errors import DataError, ParameterError
from rpcstats.mixed import bootstrap_likelihood_ratio, glmm, lmm, parametric_bootstrap
from rpcstats.mixed.inference import bootstrap_refits
from rpcstats.mixed.inference.bootstrap_limits import limits, sample_quantile
from rpcstats.mixed.inference.bootstrap_refits import draw_responses, refit_all, refit_to

EVERYWHERE = (-np.inf, np.inf)


def same(one, two):
    return np.array_equal(one.replicates, two.replicates, equal_nan=True)


def test_quantile_of_nine_numbers():
    found = sample_quantile(np.arange(1.0, 10.0)[::-1], 0.25)
    assert found.value == 2.5
    assert 0 < found.error < 2


def test_error_of_a_quantile_of_uniform_numbers():
    rng = np.random.default_rng(1)
    found = [sample_quantile(rng.random(400), 0.1) for _ in range(300)]
    spread = np.std([one.value for one in found])
    # The spread of 300 draws is known to 4 %, and is itself near the square root of p(1 - p) / n.
    assert spread == pytest.approx(np.sqrt(0.1 * 0.9 / 400), rel=0.13)
    assert np.mean([one.error for one in found]) == pytest.approx(spread, rel=0.13)


def test_basic_limits_mirror_percentiles_and_stay_in_range():
    values = np.arange(1.0, 20.0)
    low, high = limits(values, 8.0, 0.8, "percentile", EVERYWHERE)
    mirrored = limits(values, 8.0, 0.8, "basic", EVERYWHERE)
    assert (low.value, high.value) == pytest.approx((2.0, 18.0))
    assert (mirrored[0].value, mirrored[1].value) == pytest.approx((-2.0, 14.0))
    assert limits(values, 8.0, 0.8, "basic", (0.0, np.inf))[0].value == 0.0


@pytest.mark.parametrize("model", ["sleepstudy", "cbpp", "wine"])
def test_workers_do_not_change_the_result(model, request):
    fit = request.getfixturevalue(model)
    n = 300 if model == "sleepstudy" else 14
    alone = parametric_bootstrap(fit, n, seed=4)
    assert same(alone, parametric_bootstrap(fit, n, seed=4, workers=2))
    assert not same(alone, parametric_bootstrap(fit, n, seed=5))
    assert np.array_equal(parametric_bootstrap(fit, 8, seed=4).estimate, alone.estimate)


def test_refits_side_by_side_are_refits(sleepstudy):
    Y = draw_responses(sleepstudy, np.random.SeedSequence(3).spawn(6))
    together = refit_all(sleepstudy, Y)
    one_by_one = [refit_to(sleepstudy, y) for y in Y.T]
    assert np.allclose(together.deviance, [fit.deviance for fit in one_by_one], rtol=1e-9)
    assert np.allclose(together.beta, [fit.beta for fit in one_by_one], rtol=1e-6)
    assert np.allclose(together.sigma, [fit.sigma for fit in one_by_one], rtol=1e-6)


def test_refit_to_its_own_response_is_the_fit(cbpp, wine, penicillin):
    for fit in (cbpp, wine, penicillin):
        again = refit_to(fit, fit.frame.y)
        assert again.deviance == pytest.approx(fit.deviance, abs=1e-7)
        assert again.tidy()["std_error"].to_numpy() == pytest.approx(
            fit.tidy()["std_error"].to_numpy(), rel=1e-4
        )


def test_offset_and_weights_are_kept(mixed_data):
    data = mixed_data("synthetic_crossed").assign(w=lambda d: 1 + d.index % 3)
    fit = lmm("y ~ x + offset(known) + (1 | school)", data, weights="w")
    found = parametric_bootstrap(fit, 200, seed=1).tidy().set_index("term")
    error = found["std_error"] / np.sqrt(200)
    assert (abs(found["bias"]).loc[["Intercept", "x"]] < 4 * error.loc[["Intercept", "x"]]).all()
    assert found.loc["sigma", "bias"] == pytest.approx(0, abs=5 * error["sigma"])


def test_spread_of_replicates_is_the_standard_error(sleepstudy):
    found = parametric_bootstrap(sleepstudy, 600, seed=2)
    table = found.tidy().set_index("term")
    # The standard deviation of 600 draws is known to 3 %.
    assert table.loc["Days", "std_error"] == pytest.approx(sleepstudy.std_error[1], rel=0.12)
    assert abs(table.loc["Days", "bias"]) < 4 * sleepstudy.std_error[1] / np.sqrt(600)
    assert (table["mc_error_low"] > 0).all()
    assert found.n_failed == 0
    assert 0 < found.n_singular < 60
    assert "variance of zero" in found.remarks[0]
    assert len(found.plot().axes) == len(table)


def test_statistic_of_the_refits(sleepstudy):
    found = parametric_bootstrap(
        sleepstudy, 12, seed=1, statistic=lambda fit: {"share": fit.theta[0], "D": fit.deviance}
    )
    assert found.terms[-2:] == ("share", "D")
    assert found.estimate[-1] == sleepstudy.deviance
    plain = parametric_bootstrap(sleepstudy, 12, seed=1)
    assert np.allclose(found.replicates[:, :2], plain.replicates[:, :2], rtol=1e-6)
    many = parametric_bootstrap(sleepstudy, 24, seed=1, statistic=attrgetter("beta"), workers=2)
    assert many.terms[-2:] == ("statistic_1", "statistic_2")
    assert np.array_equal(many.replicates[:, :2], many.replicates[:, -2:])


def test_failed_refits_are_counted(cbpp, monkeypatch):
    count = iter(range(100))

    def sometimes(fit, y):
        if next(count) % 4 == 0:
            raise DataError("no fit")
        return refit_to(fit, y)

    monkeypatch.setattr(bootstrap_refits, "refit_to", sometimes)
    found = parametric_bootstrap(cbpp, 12, seed=1)
    assert found.n_failed == 3
    assert (found.tidy()["n_used"] == 9).all()
    assert "3 refits of 12 did not end well" in found.remarks[0]

    def never(fit, y):
        raise DataError("no fit")

    monkeypatch.setattr(bootstrap_refits, "refit_to", never)
    with pytest.raises(DataError, match="No refit"):
        parametric_bootstrap(cbpp, 4, seed=1)


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"n": 1}, "n is out of range"),
        ({"n": 10.5}, "n is out of range"),
        ({"seed": -1}, "seed is out of range"),
        ({"workers": 0}, "workers is out of range"),
        ({"statistic": lambda fit: "x"}, "no numbers"),
        ({"statistic": lambda fit: 1.0, "workers": 2}, "other processes"),
    ],
)
def test_options_are_checked(sleepstudy, options, told):
    given = {"n": 20, "seed": 1, **options}
    with pytest.raises(ParameterError, match=told):
        parametric_bootstrap(sleepstudy, **given)


def test_kinds_and_levels_are_checked(sleepstudy):
    found = parametric_bootstrap(sleepstudy, 20, seed=1)
    with pytest.raises(ParameterError, match="kind"):
        found.tidy(kind="bca")
    with pytest.raises(ParameterError):
        found.tidy(conf_level=2)
    with pytest.raises(ParameterError, match="residuals"):
        parametric_bootstrap(replace(sleepstudy, residual="ar1"), 20, seed=1)
    with pytest.raises(ValueError, match="read-only"):
        found.replicates[0, 0] = 1


def test_slopes_that_are_there(sleepstudy, mixed_data):
    small = lmm("Reaction ~ Days + (1 | Subject)", mixed_data("sleepstudy"))
    found = bootstrap_likelihood_ratio(small, sleepstudy, 99, seed=1)
    assert found.criterion == "reml"
    assert found.statistic == pytest.approx(small.deviance - sleepstudy.deviance)
    assert found.p_value == 0.01
    assert found.tidy()["n_used"].tolist() == [99]


def test_variance_of_zero_is_no_evidence(mixed_data):
    data = mixed_data("synthetic_idle")
    small, big = (lmm(f"y ~ 1 + (1 | a){more}", data) for more in ("", " + (1 | b)"))
    found = bootstrap_likelihood_ratio(small, big, 40, seed=1)
    assert found.p_value == 1
    # Half the statistics or more are zero where a variance is tested that is zero.
    assert 0.35 < np.mean(found.replicates < 1e-6) < 0.95


def test_fixed_effects_are_compared_by_likelihood(mixed_data):
    data = mixed_data("sleepstudy")
    small, big = (lmm(f"Reaction ~ {x} + (1 | Subject)", data) for x in ("1", "Days"))
    found = bootstrap_likelihood_ratio(small, big, 60, seed=1)
    assert found.criterion == "ml"
    assert "maximum likelihood" in found.remarks[0]
    # The mean of a chi-square with 1 degree of freedom, known to 4 × 0.18.
    assert np.mean(found.replicates) == pytest.approx(1, abs=0.75)
    workers = bootstrap_likelihood_ratio(small, big, 60, seed=1, workers=2)
    assert np.array_equal(found.replicates, workers.replicates)


def test_general_models_are_compared(cbpp, mixed_data):
    small = glmm("cbind(incidence, size - incidence) ~ 1 + (1 | herd)", mixed_data("cbpp"))
    found = bootstrap_likelihood_ratio(small, cbpp, 19, seed=1)
    assert found.p_value == 0.05
    assert "LAPLACE" in str(found)


def test_models_that_do_not_go_together(sleepstudy, cbpp, mixed_data):
    small = lmm("Reaction ~ Days + (1 | Subject)", mixed_data("sleepstudy"))
    with pytest.raises(ParameterError, match="larger"):
        bootstrap_likelihood_ratio(sleepstudy, small, 20, seed=1)
    with pytest.raises(DataError, match="families"):
        bootstrap_likelihood_ratio(small, cbpp, 20, seed=1)
