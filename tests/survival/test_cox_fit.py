"""A fitted Cox model: its tables, tests, limits and picture."""

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest

from rpcstats._vocabulary import COX_GLANCE, TIDY
from rpcstats.errors import ParameterError
from rpcstats.survival.cox_regression import cox

mpl.use("Agg")


@pytest.fixture(scope="module")
def data():
    rng = np.random.default_rng(8)
    n = 120
    x, mode = rng.normal(size=n), rng.choice(["online", "venue"], n)
    time = rng.exponential(size=n) * np.exp(-0.6 * x)
    return pd.DataFrame(
        {
            "time": np.ceil(6 * time),
            "event": (rng.random(n) < 0.8) * 1,
            "x": x,
            "mode": mode,
            "group": np.arange(n) % 45,
        }
    )


@pytest.fixture(scope="module")
def fit(data):
    return cox("Surv(time, event) ~ x + mode + cluster(group)", data)


def test_tidy(fit):
    table = fit.tidy()
    assert tuple(table.columns) == TIDY
    assert table["term"].tolist() == ["x", "mode[T.venue]"]
    ratios = fit.tidy(exponentiate=True)
    np.testing.assert_allclose(np.log(ratios["estimate"]), table["estimate"])
    np.testing.assert_allclose(ratios["std_error"], table["std_error"])
    wider = fit.tidy(conf_level=0.99)
    assert (wider["conf_low"] < table["conf_low"]).all()


def test_glance(fit):
    row = fit.glance()
    assert tuple(row.columns) == COX_GLANCE
    assert row.loc[0, "n_cluster"] == 45
    assert row.loc[0, "aic"] == pytest.approx(-2 * fit.log_lik + 4)
    assert row.loc[0, "bic"] == pytest.approx(-2 * fit.log_lik + 2 * np.log(fit.n_event))
    assert row.loc[0, "statistic"] == pytest.approx(2 * (fit.log_lik - fit.log_lik_null))


def test_no_clusters_are_missing_in_the_glance(data):
    assert pd.isna(cox("Surv(time, event) ~ x", data).glance().loc[0, "n_cluster"])


def test_tests_of_all_coefficients(fit):
    table = fit.tests()
    assert table["test"].tolist() == ["likelihood_ratio", "wald", "score", "robust_score"]
    assert table.loc[1, "statistic"] == pytest.approx(fit.beta @ np.linalg.inv(fit.cov) @ fit.beta)
    assert (table["p_value"] < 0.05).all()


def test_penalised_fits_have_no_score_test(data):
    for options in ({"penalty": 1.0}, {"firth": True}):
        table = cox("Surv(time, event) ~ x", data, **options).tests()
        assert table["test"].tolist() == ["likelihood_ratio", "wald"]
        assert table.loc[0, "statistic"] > 0


def test_covariance(fit):
    found = fit.vcov()
    assert found.index.tolist() == list(fit.names)
    np.testing.assert_allclose(np.sqrt(np.diag(found)), fit.std_error)
    found.iloc[0, 0] = 7.0
    assert fit.cov[0, 0] != 7.0


def test_wald_limits(fit):
    table, tidy = fit.confint(), fit.tidy()
    np.testing.assert_allclose(table["conf_low"], tidy["conf_low"])
    ratio = fit.confint(parm="x", exponentiate=True)
    assert ratio.loc[0, "conf_high"] == pytest.approx(np.exp(tidy.loc[0, "conf_high"]))


@pytest.mark.parametrize("ties", ["efron", "exact"])
def test_profile_limits_cut_the_likelihood_ratio_test(data, ties):
    """At a limit twice the fall is the 95 % quantile of chi-square with 1 degree of freedom."""
    fit = cox("Surv(time, event) ~ x + mode", data, ties=ties)
    table = fit.confint("profile", parm="x")
    for end in ("conf_low", "conf_high"):
        fixed = data.assign(known=table.loc[0, end] * data["x"])
        held = cox("Surv(time, event) ~ mode + offset(known)", fixed, ties=ties)
        assert 2 * (fit.log_lik - held.log_lik) == pytest.approx(3.841458820694124, abs=1e-7)


@pytest.mark.parametrize(
    ("arguments", "words"), [(("bootstrap",), "wald, profile"), (("wald", "y"), "no term y")]
)
def test_limits_that_can_not_be_had(fit, arguments, words):
    with pytest.raises(ParameterError, match=words):
        fit.confint(*arguments)


def test_baseline_hazard_by_hand():
    data = pd.DataFrame(
        {
            "time": [9, 1, 1, 6, 6, 8],
            "event": [1, 1, 0, 1, 1, 0],
            "x": [0, 1, 1, 1, 0, 0],
        }
    )
    fit = cox("Surv(time, event) ~ x", data)
    r = np.exp(fit.beta[0])
    steps = [1 / (3 * r + 3), 1 / (r + 3) + 2 / (r + 5), 1.0]
    table = fit.baseline_hazard()
    np.testing.assert_allclose(table["hazard"], steps)
    np.testing.assert_allclose(table["estimate"], np.cumsum(steps))
    # An indicator stays at 0; a column of 0 and 2 is taken at its mean.
    np.testing.assert_allclose(fit.baseline_hazard(centred=True)["hazard"], steps)
    doubled = cox("Surv(time, event) ~ x", data.assign(x=2 * data["x"]))
    centred = doubled.baseline_hazard(centred=True)
    np.testing.assert_allclose(centred["hazard"], np.array(steps) * np.sqrt(r))


def test_baseline_hazards_start_afresh_in_each_stratum(data):
    table = cox("Surv(time, event) ~ x + strata(mode)", data).baseline_hazard()
    assert table["strata"].unique().tolist() == ["mode=online", "mode=venue"]
    first = table.groupby("strata").head(1)
    np.testing.assert_allclose(first["hazard"], first["estimate"])


def test_summary_and_repr(fit):
    text = str(fit.summary())
    assert repr(fit) == text
    assert "robust to clustering by group" in text
    assert "Efron's ties" in text
    assert "<table" in fit._repr_html_()
    assert "Logarithms" in str(fit.summary(exponentiate=False))


def test_plot_shows_the_ratios(fit):
    ax = fit.plot()
    assert ax.get_xscale() == "log"
    assert fit.plot(exponentiate=False).get_xscale() == "linear"


def test_arrays_are_read_only(fit):
    for values in (fit.beta, fit.cov, fit.cov_model, fit.information):
        assert not values.flags.writeable


def test_effective_number_of_coefficients_under_a_ridge_penalty(data):
    free, held = (cox("Surv(time, event) ~ x", data, penalty=p) for p in (0.0, 50.0))
    assert held.df < free.df == 1.0
    assert abs(held.beta[0]) < abs(free.beta[0])
    assert held.log_lik < free.log_lik


def test_a_baseline_too_far_from_the_data_is_said():
    rng = np.random.default_rng(2)
    x = rng.normal(size=60)
    far = pd.DataFrame({"t": rng.exponential(np.exp(-x)), "e": 1, "x": x + 1e6})
    fit = cox("Surv(t, e) ~ x", far)
    with pytest.raises(ParameterError, match="centred=True"):
        fit.baseline_hazard()
    assert np.isfinite(fit.baseline_hazard(centred=True)["estimate"]).all()
