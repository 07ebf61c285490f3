"""Cox regressions with frailties and random effects against R's survival and coxme."""

import numpy as np
import pytest

from rpcstats.survival.cox_regression import cox
from rpcstats.survival.frailties._gaussian_fit import gaussian_problem

# R's fits at a given variance are iterated to 1e-13; sums of a few hundred terms differ by less.
AT_THETA = 1e-8
# R's coefficients at its optimum move with θ, of which a search by values knows half the digits.
SEARCHED = 2e-5
# R's EM stops when the likelihood changes by 1e-8 of itself.
COARSE = 5e-5
# Log-likelihoods at the same variance.
LOG_LIK = 1e-9
# At an optimum an error of θ enters squared.
NOT_BELOW = 1e-8
# coxme ends its search at a relative change of the likelihood of 1e-5 or smaller.
COXME = 1e-4

GAMMA = {
    "kidney": ("kidney", "age + sex + frailty(id)"),
    "kidney_breslow": ("kidney", "age + sex + frailty(id)"),
    "kidney_disease_theta_0.001": ("kidney", "age + sex + disease + frailty(id)"),
    "kidney_alone": ("kidney", "frailty(id)"),
    "rats": ("female", "rx + frailty(litter)"),
    "rats_breslow": ("female", "rx + frailty(litter)"),
    "rats_strata": ("rats", "rx + strata(sex) + frailty(litter)"),
    "cgd_episodes": ("cgd", "treated + age + linked + frailty(id)"),
    "cgd_offset": ("cgd", "treated + offset(weight / 50) + frailty(id)"),
    "course_late": ("course_late", "online + nonres + imd + frailty(group_id)"),
    "course_facilitator": ("course", "online + strata(nonres) + frailty(facilitator)"),
    "course_repeated": ("course_repeated", "online + nonres + frailty(group_id)"),
    "kidney_theta_0.5": ("kidney", "age + sex + frailty(id)"),
    "rats_theta_2": ("female", "rx + frailty(litter)"),
    "lung_theta_0.01": ("lung", "age + sex + frailty(inst)"),
    "course_weights_theta_0.4": ("course", "online + imd + frailty(group_id)"),
}
LAPLACE = {
    "kidney": ("kidney", "age + sex + (1 | id)"),
    "kidney_breslow": ("kidney", "age + sex + (1 | id)"),
    "rats": ("female", "rx + (1 | litter)"),
    "course_group": ("course", "online + nonres + (1 | group_id)"),
    "course_late": ("course_late", "online + imd + (1 | group_id)"),
    "course_strata": ("course", "online + strata(nonres) + (1 | facilitator)"),
    "course_weights": ("course", "online + imd + (1 | group_id)"),
    "course_offset": ("course", "online + offset(known) + (1 | facilitator)"),
    "course_crossed": ("course", "online + (1 | facilitator) + (1 | group_id)"),
    "course_slope": ("course", "nonres + (1 + known | facilitator)"),
}
COARSELY = {
    "kidney_gamma": ("kidney", "age + sex + frailty(id)", None),
    "rats_gamma": ("female", "rx + frailty(litter)", None),
    "rats_gamma_breslow": ("female", "rx + frailty(litter)", None),
    "lung_gamma_inst": ("lung", "age + sex + frailty(inst)", None),
    "kidney_gamma_fixed_theta0.5": ("kidney", "age + sex + frailty(id)", 0.5),
}
REML = {
    "kidney_gaussian_reml": ("kidney", "age + sex + (1 | id)"),
    "rats_gaussian_reml": ("female", "rx + (1 | litter)"),
}
FROM_COXME = {
    "rats": ("female", "rx + (1 | litter)"),
    "rats_breslow": ("female", "rx + (1 | litter)"),
    "lung_inst": ("lung", "age + sex + ecog + (1 | inst)"),
}
RESPONSE = {
    "cgd": "Surv(tstart, tstop, status)",
    "course": "Surv(time, event)",
    "course_repeated": "Surv(time, event)",
    "course_late": "Surv(entry, time, event)",
}


@pytest.fixture(scope="module")
def rows(survival_data):
    """The data sets as the script prepares them."""
    rats, lung, cgd, course = (survival_data(n) for n in ("rats", "lung", "cgd", "course"))
    lung = lung.rename(columns={"ph.ecog": "ecog"}).assign(status=lung["status"] - 1)
    cgd["linked"] = (cgd["inherit"] == "X-linked") * 1.0
    cgd["treated"] = (cgd["treat"] == "rIFN-g") * 1.0
    course["online"] = (course["mode"] == "online") * 1.0
    repeated = course.loc[course.index.repeat(1 + course["id"] % 3)].reset_index(drop=True)
    return {
        "kidney": survival_data("kidney"),
        "rats": rats,
        "female": rats[rats["sex"] == "f"].reset_index(drop=True),
        "lung": lung,
        "cgd": cgd,
        "course": course,
        "course_late": course,
        "course_repeated": repeated,
    }


@pytest.fixture(scope="module")
def fit_of(rows):
    """Fits by data set and right side, kept."""
    kept = {}

    def fit(name, data, right):
        ties = "breslow" if "breslow" in name or "repeated" in name else "efron"
        weights = "w" if "weights" in name else None
        key = (data, right, ties, weights)
        if key not in kept:
            response = RESPONSE.get(data, "Surv(time, status)")
            kept[key] = cox(f"{response} ~ {right}", rows[data], ties=ties, weights=weights)
        return kept[key]

    return fit


def close(ours, theirs, tolerance):
    np.testing.assert_allclose(
        ours, np.asarray(theirs, dtype=float), rtol=tolerance, atol=tolerance
    )


@pytest.mark.parametrize("name", GAMMA)
def test_a_gamma_frailty_at_a_given_variance(name, pinned, fit_of):
    case = pinned("survival/frailty_gamma")[name]
    fit = fit_of(name, *GAMMA[name]).refit(theta=case["theta"][0])
    assert fit.log_lik_null == pytest.approx(case["loglik_null"][0], rel=LOG_LIK)
    assert fit.log_lik_partial == pytest.approx(case["loglik_partial"][0], rel=AT_THETA)
    if fit.frame.weights is None:
        assert fit.log_lik == pytest.approx(case["i_loglik"][0], rel=LOG_LIK)
    close(fit.conditional_estimates()[0][:, 0], case["frail"], AT_THETA)
    assert (fit.n_obs, fit.n_event) == (case["n"][0], case["nevent"][0])
    if case["coef"] is None:
        return
    close(fit.beta, case["coef"], AT_THETA)
    close(fit.refit(theta=fit.theta[0], curvature="full").std_error, case["se_full"], AT_THETA)
    # R's errors with weights and its sparse curvature are not those of rows repeated; see README
    if fit.frame.weights is None:
        close(fit.std_error, case["se"], AT_THETA)
        close(np.sqrt(np.diag(fit.cov_fixed)), case["se2"], AT_THETA)
        close(sum(fit.degrees_of_freedom), sum(case["df"]), AT_THETA)


@pytest.mark.parametrize("name", [n for n in GAMMA if "theta" not in n])
def test_the_variance_of_a_gamma_frailty(name, pinned, fit_of):
    case = pinned("survival/frailty_gamma")[name]
    fit = fit_of(name, *GAMMA[name])
    close(fit.theta, case["theta"], SEARCHED)
    assert fit.log_lik > case["i_loglik"][0] - NOT_BELOW
    if case["coef"] is not None:
        close(fit.beta, case["coef"], SEARCHED)


def test_a_frailty_that_is_not_there(fit_of):
    fit = fit_of("kidney_disease", "kidney", "age + sex + disease + frailty(id)")
    assert fit.theta[0] == 0.0
    # The same sums in another order.
    assert fit.log_lik == pytest.approx(fit.log_lik_plain, rel=1e-13)


@pytest.mark.parametrize("name", COARSELY)
def test_a_gamma_frailty_as_r_stops(name, pinned, fit_of):
    data, right, theta = COARSELY[name]
    case = pinned("survival/frailty")[name]
    fit = fit_of(name, data, right)
    fit = fit if theta is None else fit.refit(theta=theta)
    close(fit.theta, case["theta"], COARSE)
    close(fit.beta, case["coef"], COARSE)
    close(fit.std_error, case["se"], COARSE)
    assert fit.log_lik > np.ravel(case["i_loglik"])[0] - 1e-5
    close(fit.conditional_estimates()[0][:, 0], case["frail"], 1e-4)


@pytest.mark.parametrize("name", LAPLACE)
def test_laplace_at_given_covariance_parameters(name, pinned, fit_of):
    case = pinned("survival/frailty_laplace")[name]
    fit = fit_of(name, *LAPLACE[name])
    columns, theta = fit.estimation.columns, np.array(case["theta"])
    problem = gaussian_problem(columns, fit.blocks, np.zeros(columns.p), full=True)
    modes = problem.find(theta)
    assert fit.log_lik_null == pytest.approx(case["loglik_null"][0], rel=LOG_LIK)
    assert modes.penalised == pytest.approx(case["loglik_penalised"][0], rel=LOG_LIK)
    integrated = -0.5 * problem.evaluate(theta, order=0).deviance
    assert integrated == pytest.approx(case["loglik_integrated"][0], rel=LOG_LIK)
    close(modes.beta / columns.scale, case["coef"], AT_THETA)
    effects = [part.T.ravel() for part in columns.split(modes.u)]
    close(np.concatenate(effects), case["u"], AT_THETA)


@pytest.mark.parametrize("name", LAPLACE)
def test_the_optimum_of_laplace(name, pinned, fit_of):
    case = pinned("survival/frailty_laplace")[name]
    fit = fit_of(name, *LAPLACE[name]).refit(curvature="full")
    close(np.abs(fit.theta), np.abs(case["theta"]), SEARCHED)
    assert fit.log_lik > case["loglik_integrated"][0] - NOT_BELOW
    close(fit.beta, case["coef"], SEARCHED)
    close(fit.std_error, case["se"], SEARCHED)


@pytest.mark.parametrize("name", [n for n in LAPLACE if n.startswith(("rats", "course_group"))])
def test_laplace_without_what_levels_share(name, pinned, fit_of):
    case = pinned("survival/frailty_laplace")[name]
    fit = fit_of(name, *LAPLACE[name])
    assert fit.estimation.plan.alone.all()
    columns = fit.estimation.columns
    problem = gaussian_problem(columns, fit.blocks, np.zeros(columns.p), full=False)
    integrated = -0.5 * problem.evaluate(np.array(case["theta"]), order=0).deviance
    assert integrated == pytest.approx(case["loglik_diagonal"][0], rel=LOG_LIK)


@pytest.mark.parametrize("name", REML)
def test_penalised_fit_at_the_variance_of_reml(name, pinned, fit_of):
    case = pinned("survival/frailty")[name]
    fit = fit_of(name, *REML[name])
    columns = fit.estimation.columns
    problem = gaussian_problem(columns, fit.blocks, np.zeros(columns.p), full=False)
    theta = np.sqrt(np.array(case["theta"]))
    modes = problem.find(theta)
    close(modes.beta / columns.scale, case["coef"], COARSE)
    close(modes.u * theta, case["frail"], COARSE)


@pytest.mark.parametrize("name", FROM_COXME)
def test_coxme(name, pinned, fit_of):
    case = pinned("survival/coxme")[name]
    fit = fit_of(name, *FROM_COXME[name])
    (group,) = case["varcorr"]
    variance = np.ravel(case["varcorr"][group])
    close(fit.varcorr().covariance(group).ravel(), variance, COXME)
    close(fit.beta, case["coef"], COXME)
    close(fit.std_error, case["se"], COXME)
    close([fit.log_lik_null, fit.log_lik], [case["loglik_null"], case["loglik_integrated"]], 1e-8)
    assert fit.log_lik > case["loglik_integrated"] - NOT_BELOW
    close(fit.log_lik_penalised, case["loglik_penalised"], COXME)
    row = fit.glance().iloc[0]
    close([row["df"], row["df_penalised"]], case["df"], COXME)
    modes = fit.conditional_modes().tidy().set_index("level")["estimate"]
    theirs = case["ranef"][group]
    close([modes[level] for level in theirs], list(theirs.values()), COXME)
    at_theirs = gaussian_problem(
        fit.estimation.columns, fit.blocks, fit.estimation.modes.beta, full=False
    ).evaluate(np.sqrt(variance), order=0)
    assert -0.5 * at_theirs.deviance == pytest.approx(case["loglik_integrated"], rel=1e-10)


def test_every_pinned_case_is_held_against_us(pinned):
    assert set(pinned("survival/frailty_gamma")) == set(GAMMA)
    assert set(pinned("survival/frailty_laplace")) == set(LAPLACE)
    assert set(pinned("survival/frailty")) == set(COARSELY) | set(REML)
    assert set(pinned("survival/coxme")) == set(FROM_COXME)
