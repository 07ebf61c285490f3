"""What a fit with random effects tells, refuses and remarks."""

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest

from rpcstats._vocabulary import COX_MIXED_GLANCE, MODES, TIDY
from rpcstats.errors import ConvergenceWarning, DataError, ParameterError
from rpcstats.survival.cox_regression import cox
from rpcstats.survival.frailties.fit import fit_mixed_cox
from rpcstats.survival.structure.build import hazard_frame

mpl.use("Agg")

SAME = 1e-8
ALL = ("strata", "cluster", "offset", "frailty", "random")


@pytest.fixture(scope="module")
def data(sample):
    return sample(200, 20, seed=4, sd=0.8)


@pytest.fixture(scope="module")
def gamma(data):
    return cox("Surv(time, event) ~ x + frailty(g)", data)


@pytest.fixture(scope="module")
def normal(data):
    return cox("Surv(time, event) ~ x + (1 + z | g) + (1 | f)", data)


def test_frames(gamma, normal):
    for fit in (gamma, normal):
        assert list(fit.tidy().columns) == list(TIDY)
        assert list(fit.glance().columns) == list(COX_MIXED_GLANCE)
        assert len(fit.glance()) == 1
        assert list(fit.frailties().columns) == list(MODES)
        assert list(fit.conditional_modes().tidy().columns) == list(MODES)
        assert fit.vcov().shape == (1, 1)
        assert fit.confint()["conf_low"][0] == fit.tidy()["conf_low"][0]
        assert "random" in str(fit.summary()) or "frailties" in str(fit.summary())
        assert repr(fit) == str(fit.summary())
        assert "<table" in fit._repr_html_()
        assert fit.plot().get_figure() is not None
        assert fit.conditional_modes().plot() is not None
    mpl.pyplot.close("all")


def test_ratios_are_the_exponentials(gamma):
    log, ratio = gamma.tidy(), gamma.tidy(exponentiate=True)
    for column in ("estimate", "conf_low", "conf_high"):
        assert ratio[column].to_numpy() == pytest.approx(np.exp(log[column]))
    assert ratio["std_error"].equals(log["std_error"])


def test_arrays_are_read_only(gamma):
    for values in (gamma.beta, gamma.cov, gamma.theta):
        with pytest.raises(ValueError, match="read-only"):
            values[...] = 0.0


def test_predictions(data, gamma, normal):
    for fit in (gamma, normal):
        again = fit.predict(data.drop(columns=["time", "event"]))
        pd.testing.assert_frame_equal(fit.predict(), again)
        population = fit.predict(level="population")
        assert population["estimate"].to_numpy() == pytest.approx(fit.beta[0] * data["x"])
        assert population["std_error"].to_numpy() == pytest.approx(
            fit.std_error[0] * np.abs(data["x"])
        )
        unknown = data.head(3).assign(g=999, f=999)
        assert fit.predict(unknown)["estimate"].to_numpy() == pytest.approx(
            fit.beta[0] * unknown["x"]
        )
        ratio = fit.predict(exponentiate=True)["estimate"]
        assert ratio.to_numpy() == pytest.approx(np.exp(fit.predict()["estimate"]))
    without = gamma.predict(data.head(2)[["x"]])
    assert without["estimate"].to_numpy() == pytest.approx(gamma.beta[0] * data["x"].head(2))


@pytest.mark.parametrize("term", ["frailty(g)", "(1 + z | g) + (1 | f)"])
def test_the_baseline_hazard_adds_up_to_the_events(data, term):
    fit = cox(f"Surv(time, event) ~ x + {term}", data, ties="breslow")
    base = fit.baseline_hazard()
    at = np.searchsorted(base["time"], data["time"], side="right") - 1
    total = np.where(at >= 0, base["estimate"].to_numpy()[at], 0.0)
    expected = np.exp(fit.predict()["estimate"]) * total
    assert expected.sum() == pytest.approx(data["event"].sum(), rel=SAME)


def test_gamma_frailties_have_mean_one_and_are_the_means_given_the_data(data, gamma):
    table = gamma.frailties()
    assert table["estimate"].mean() == pytest.approx(1.0, rel=SAME)
    modes = gamma.conditional_modes().tidy()
    assert np.log(table["estimate"]).to_numpy() == pytest.approx(modes["estimate"], abs=1e-7)
    assert (table["conf_low"] < table["estimate"]).all()
    assert (table["conf_high"] > table["estimate"]).all()


def test_the_test_of_the_random_effects(gamma, normal):
    test = gamma.random_effects_test()
    assert test.statistic == pytest.approx(2.0 * (gamma.log_lik - gamma.log_lik_plain))
    assert test.p_mixture == pytest.approx(test.p_value / 2.0)
    assert list(test.tidy().columns) == ["statistic", "df", "p_value", "p_mixture"]
    assert "Half" in str(test.summary())
    several = normal.random_effects_test()
    assert several.df == 4
    assert np.isnan(several.p_mixture)


def test_two_variances_are_tested_with_binomial_weights(data):
    fit = cox("Surv(time, event) ~ x + (1 | g) + (1 | f)", data)
    test = fit.random_effects_test()
    assert test.df == 2
    assert test.p_mixture < test.p_value


def test_profile_limits_are_where_the_likelihood_has_fallen(data, gamma):
    limits = gamma.variance_intervals(conf_level=0.9).iloc[0]
    fall = 2.705543454095404 / 2.0
    for bound in (limits["conf_low"], limits["conf_high"]):
        assert gamma.log_lik - gamma.refit(theta=bound).log_lik == pytest.approx(fall, abs=1e-5)
    one = cox("Surv(time, event) ~ x + (1 | g)", data)
    limits = one.variance_intervals().iloc[0]
    assert limits["term"] == "sd_Intercept|g"
    assert limits["conf_low"] < one.theta[0] < limits["conf_high"]


def test_profile_limits_of_several_variances(data):
    fit = cox("Surv(time, event) ~ x + (1 + z | f)", data)
    table = fit.variance_intervals().set_index("term")
    assert list(table.index) == ["sd_Intercept|f", "sd_z|f"]
    sd = fit.varcorr().tidy().query("measure == 'std_dev'")["estimate"].to_numpy()
    assert table["estimate"].to_numpy() == pytest.approx(sd)
    assert (table["conf_low"] <= table["estimate"] + SAME).all()
    assert (table["conf_high"] > table["estimate"]).all()


@pytest.mark.parametrize(
    ("formula", "options", "words"),
    [
        ("x + frailty(g) + cluster(f)", {}, "dependent rows"),
        ("x + frailty(g) + (1 | f)", {}, "can't be had together"),
        ("x + frailty(g)", {"ties": "exact"}, "exact likelihood"),
        ("x + (1 | g)", {"theta": 0.5}, "theta is for frailty"),
        ("x + frailty(g)", {"theta": -1.0}, "variance between 0"),
        ("x + frailty(g)", {"theta": True}, "variance between 0"),
        ("x + frailty(g)", {"curvature": "none"}, "curvature is one of"),
        ("x", {}, "no random effect"),
    ],
)
def test_what_does_not_go_together_is_refused(data, formula, options, words):
    frame = hazard_frame(f"Surv(time, event) ~ {formula}", data, allow=ALL)
    with pytest.raises(ParameterError, match=words):
        fit_mixed_cox(frame, **options)


def test_questions_without_an_answer_are_refused(data, gamma):
    fixed = gamma.refit(theta=0.5)
    assert fixed.n_parameter == 1
    for ask in (fixed.random_effects_test, fixed.variance_intervals):
        with pytest.raises(ParameterError):
            ask()
    assert fixed.heterogeneity()["conf_low"].isna().all()
    with pytest.raises(ParameterError, match="level"):
        gamma.predict(level="group")
    with pytest.raises(ParameterError):
        gamma.tidy(conf_level=1.5)
    with pytest.raises(DataError):
        gamma.predict(data.head(2).assign(x=np.nan))
    alone = cox("Surv(time, event) ~ frailty(g)", data)
    assert alone.tidy().empty
    with pytest.raises(ParameterError, match="no coefficient"):
        alone.plot()


def test_bad_data(data):
    none = data.assign(event=0)
    with pytest.raises(DataError, match="is an event"):
        cox("Surv(time, event) ~ x + (1 | g)", none)
    with pytest.raises(DataError, match="One row"):
        cox("Surv(time, event) ~ x + frailty(g)", data.head(1))
    for term in ("frailty(h)", "(1 | h)"):
        with pytest.raises(DataError, match="one level"):
            cox(f"Surv(time, event) ~ x + {term}", data.assign(h=1))
    gaps = data.assign(g=data["g"].where(data.index > 4))
    fit = cox("Surv(time, event) ~ x + frailty(g)", gaps)
    assert fit.n_missing == 5
    assert any("5 rows with missing" in remark for remark in fit.remarks)


@pytest.mark.parametrize("term", ["frailty(g)", "(1 | g)"])
def test_groups_that_do_not_differ_are_said_to(sample, term):
    data = sample(300, 6, seed=11, sd=0.0)
    fit = cox(f"Surv(time, event) ~ x + {term}", data)
    plain = cox("Surv(time, event) ~ x", data)
    assert fit.is_singular
    assert fit.converged
    assert fit.log_lik == pytest.approx(plain.log_lik, abs=SAME)
    assert fit.beta == pytest.approx(plain.beta, abs=SAME)
    assert any("variance of" in remark and "is zero" in remark for remark in fit.remarks)
    assert any("6 groups of g" in remark for remark in fit.remarks)
    assert fit.random_effects_test().p_mixture == 1.0
    assert fit.variance_intervals()["conf_low"].iloc[0] == 0.0
    assert (fit.conditional_modes().tidy()["estimate"] == 0.0).all()
    assert (fit.frailties()["estimate"] == 1.0).all()
    assert fit.glance()["df_penalised"].iloc[0] == pytest.approx(1.0)


def test_remarks_on_groups(data):
    fit = cox("Surv(time, event) ~ x + frailty(row)", data.assign(row=range(len(data))))
    assert any("a group of row of its own" in remark for remark in fit.remarks)
    some = data.assign(h=np.where(data.index < 150, data.index, 1000 + data.index // 10))
    fit = cox("Surv(time, event) ~ x + (1 | h)", some)
    assert any("have one row" in remark for remark in fit.remarks)
    level = data.assign(v=data["g"] * 0.1)
    fit = cox("Surv(time, event) ~ x + (1 + v | g)", level)
    assert any('"v" never varies' in remark for remark in fit.remarks)
    weighted = cox("Surv(time, event) ~ x + frailty(g)", data, weights="w")
    assert any("repeated rows" in remark for remark in weighted.remarks)


def test_a_covariate_that_tells_events_apart_is_warned_of(data):
    data = data.assign(apart=data["event"])
    with pytest.warns(ConvergenceWarning, match="tell apart"):
        fit = cox("Surv(time, event) ~ apart + frailty(g)", data)
    assert not fit.converged


def test_a_constant_column_is_left_out(data):
    fit = cox("Surv(time, event) ~ x + one + frailty(g)", data.assign(one=1.0))
    assert fit.names == ("x",)
    assert fit.frame.dropped == ("one",)


@pytest.mark.filterwarnings("ignore::rpcstats.errors.ConvergenceWarning")
def test_a_likelihood_that_cannot_be_followed_is_said():
    frame = pd.DataFrame({"t": np.arange(1.0, 41.0), "e": 1, "g": np.arange(40) % 8})
    frame["x"] = -frame["t"]
    with pytest.raises(DataError, match="tell apart who has the event"):
        cox("Surv(t, e) ~ x + (1 | g)", frame)


def test_cox_takes_the_options_of_mixed_models(data, gamma):
    given = cox("Surv(time, event) ~ x + frailty(g)", data, theta=0.5)
    np.testing.assert_array_equal(given.beta, gamma.refit(theta=0.5).beta)
    assert given.is_theta_given
    full = cox("Surv(time, event) ~ x + (1 | g)", data, curvature="full")
    assert full.curvature == "full"
    again = cox("Surv(time, event) ~ x + (1 | g)", data).refit(curvature="full")
    assert full.log_lik == again.log_lik


@pytest.mark.parametrize("options", [{"theta": 0.5}, {"curvature": "full"}])
def test_cox_refuses_the_options_of_mixed_models_where_there_is_none(data, options):
    with pytest.raises(ParameterError, match="leave it out"):
        cox("Surv(time, event) ~ x", data, **options)
    with pytest.raises(ParameterError, match="theta is for frailty"):
        cox("Surv(time, event) ~ x + (1 | g)", data, theta=0.5)
