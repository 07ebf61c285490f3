"""Row likelihoods: density, derivatives and tails."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from rpcstats.errors import ParameterError
from rpcstats.mixed.general.families import make_family
from rpcstats.mixed.general.links import make_link

FAMILIES = [
    ("binomial", "logit", []),
    ("binomial", "probit", []),
    ("binomial", "cloglog", []),
    ("poisson", "log", []),
    ("negative binomial", "log", [0.4]),
    ("negative binomial", "log", [8.0]),
    ("gamma", "log", [0.4]),
    ("gamma", "log", [7.5]),
    ("beta", "logit", [0.4]),
    ("beta", "logit", [3.0]),
]
RESPONSES = {
    "binomial": [0.5, 0.0, 1.0, 0.25],
    "poisson": [3.0, 0.0, 1.0, 20.0],
    "negative binomial": [3.0, 0.0, 1.0, 20.0],
    "gamma": [1.0, 0.2, 3.0, 40.0],
    "beta": [0.1, 0.9, 0.5, 0.99],
}
TRIALS = np.array([4.0, 1.0, 2.0, 8.0])
# central differences with steps of 1e-5 are good to about 1e-9 of the size of the function
DIFFERENCE, STEP = 2e-7, 1e-5


def _rows(family, link):
    return make_family(family, link).likelihood(np.array(RESPONSES[family]), TRIALS)


def _close(found, expected):
    size = np.abs(expected) + np.abs(expected).max() * 1e-3 + 1.0
    assert np.abs((found - expected) / size).max() < DIFFERENCE


@pytest.mark.parametrize(("family", "link", "extra"), FAMILIES)
@given(st.lists(st.floats(-6.0, 6.0), min_size=8, max_size=8))
def test_derivatives_by_eta_are_those_of_the_log_density(family, link, extra, values):
    likelihood, rows = _rows(family, link)
    eta, phi = np.array(values).reshape(2, 4), np.array(extra)
    at = likelihood.terms(eta, rows, phi, 3)
    up, down = (likelihood.terms(eta + s, rows, phi, 2) for s in (STEP, -STEP))
    for order in range(3):
        _close((up[order] - down[order]) / (2.0 * STEP), at[order + 1])
    for found, expected in zip(likelihood.slopes(eta, rows, phi), at[1:], strict=True):
        assert found == pytest.approx(expected, rel=1e-12, abs=1e-12)


@pytest.mark.parametrize(("family", "link", "extra"), [case for case in FAMILIES if case[2]])
@given(st.lists(st.floats(-3.0, 3.0), min_size=8, max_size=8))
def test_derivatives_by_extra_parameters(family, link, extra, values):
    likelihood, rows = _rows(family, link)
    eta, phi = np.array(values).reshape(2, 4), np.array(extra)
    at = likelihood.extra_terms(eta, rows, phi)
    up, down = (likelihood.terms(eta, rows, phi + s, 2) for s in (STEP, -STEP))
    for order in range(3):
        assert at[order].shape == (1, 2, 4)
        _close((up[order] - down[order]) / (2.0 * STEP), at[order][0])


@pytest.mark.parametrize(("family", "link", "extra"), FAMILIES)
def test_lower_orders_are_the_same_numbers(family, link, extra):
    likelihood, rows = _rows(family, link)
    eta, phi = np.linspace(-3.0, 3.0, 8).reshape(2, 4), np.array(extra)
    full = likelihood.terms(eta, rows, phi, 3)
    for order in range(3):
        part = likelihood.terms(eta, rows, phi, order)
        for found, expected in zip(part[: order + 1], full, strict=False):
            np.testing.assert_array_equal(found, expected)
        assert part[order + 1] is None


def test_densities_are_those_of_scipy_with_every_constant():
    eta = np.array([-0.3, 0.2, 0.7, 1.1])
    one = np.ones(4)
    for link in ("logit", "probit", "cloglog"):
        likelihood, rows = _rows("binomial", link)
        mu = make_link(link).inverse(eta)
        expected = stats.binom.logpmf(np.array(RESPONSES["binomial"]) * TRIALS, TRIALS, mu)
        assert likelihood.terms(eta, rows, np.zeros(0), 0).l == pytest.approx(expected, rel=1e-12)
    mu = np.exp(eta)
    k = np.array(RESPONSES["poisson"])
    expected = {
        "poisson": stats.poisson.logpmf(k, mu),
        "negative binomial": stats.nbinom.logpmf(k, 1.7, 1.7 / (1.7 + mu)),
        "gamma": stats.gamma.logpdf(RESPONSES["gamma"], 1.7, scale=mu / 1.7),
    }
    m = make_link("logit").inverse(eta)
    expected["beta"] = stats.beta.logpdf(RESPONSES["beta"], 1.7 * m, 1.7 * (1.0 - m))
    for family, value in expected.items():
        likelihood, rows = make_family(family).likelihood(np.array(RESPONSES[family]), one)
        extra = np.full(len(likelihood.extra_names), np.log(1.7))
        assert likelihood.terms(eta, rows, extra, 0).l == pytest.approx(value, rel=1e-11)


def test_probability_of_one_trial_worked_by_hand():
    likelihood, rows = make_family("binomial").likelihood(np.array([1.0, 0.0]))
    terms = likelihood.terms(np.log([3.0, 3.0]), rows, np.zeros(0), 3)
    assert np.exp(terms.l) == pytest.approx([0.75, 0.25])
    assert terms.d1 == pytest.approx([0.25, -0.75])
    assert terms.d2 == pytest.approx([-3 / 16, -3 / 16])
    assert terms.d3 == pytest.approx([3 / 32, 3 / 32])


@pytest.mark.parametrize(("family", "link", "extra"), FAMILIES)
def test_tails_stay_finite(family, link, extra):
    likelihood, rows = _rows(family, link)
    eta = np.repeat([-5000.0, -600.0, -40.0, 40.0, 600.0, 5000.0], 4).reshape(6, 4)
    for term in likelihood.terms(eta, rows, np.array(extra), 3):
        assert np.all(np.isfinite(term))


def test_small_probabilities_keep_their_digits():
    eta = np.array([-40.0, 40.0])
    for link in ("logit", "probit", "cloglog"):
        likelihood, rows = make_family("binomial", link).likelihood(np.array([1.0, 0.0]))
        terms = likelihood.terms(eta, rows, np.zeros(0), 3)
        if link == "logit":
            assert terms.l == pytest.approx([-40.0, -40.0], rel=1e-14)
            assert terms.d2 == pytest.approx(-np.exp([-40.0, -40.0]), rel=1e-13)
        if link == "probit":
            assert terms.l == pytest.approx(stats.norm.logcdf([-40.0, -40.0]), rel=1e-13)
            assert terms.d1 == pytest.approx([40.0249688, -40.0249688], rel=1e-8)
            # first terms of the asymptotic series of the derivatives of log Φ
            assert terms.d2 == pytest.approx(np.full(2, -1.0 + 40.0**-2), abs=1e-5)
            assert terms.d3 == pytest.approx([2 * 40.0**-3, -2 * 40.0**-3], rel=1e-2)
        if link == "cloglog":
            assert terms.l == pytest.approx([-40.0, -np.exp(40.0)], rel=1e-14)


def test_normal_tail_derivatives_join_where_the_series_begins():
    likelihood, rows = make_family("binomial", "probit").likelihood(np.array([1.0, 1.0]))
    terms = likelihood.terms(np.array([-30.0 + 1e-7, -30.0 - 1e-7]), rows, np.zeros(0), 3)
    for term in terms[1:]:
        # the third derivative, 2 / t³, changes by 3 / t of itself times 2e-7; its closed form has
        # lost 8 digits there, which in its size of 7e-5 leaves more than enough
        assert term[0] == pytest.approx(term[1], rel=1e-7, abs=1e-11)


def test_negative_binomial_goes_over_into_poisson():
    y, eta = np.array([0.0, 3.0, 50.0]), np.array([0.1, 1.0, 3.5])
    poisson, rows = make_family("poisson").likelihood(y)
    expected = poisson.terms(eta, rows, np.zeros(0), 3)
    likelihood, rows = make_family("negative binomial").likelihood(y)
    found = likelihood.terms(eta, rows, np.array([30.0]), 3)
    for a, b in zip(found, expected, strict=True):
        assert a == pytest.approx(b, rel=1e-9)


@pytest.mark.parametrize(("family", "link", "extra"), FAMILIES)
def test_a_weight_counts_equal_rows(family, link, extra):
    likelihood = make_family(family, link).rows
    eta, phi = np.array([0.4]), np.array(extra)
    y = np.array([1.0 if family == "binomial" else 0.5 if family == "beta" else 3.0])
    once = likelihood.terms(eta, likelihood.rows(y, np.ones(1)), phi, 3)
    thrice = likelihood.terms(eta, likelihood.rows(y, np.full(1, 3.0)), phi, 3)
    never = likelihood.terms(eta, likelihood.rows(y, np.zeros(1)), phi, 3)
    for a, b, c in zip(once, thrice, never, strict=True):
        assert b == pytest.approx(3.0 * a, rel=1e-12)
        assert c == pytest.approx(0.0, abs=1e-300)


def test_columns_of_many_rows_do_not_overflow():
    likelihood = make_family("binomial").rows
    y = np.ones((64, 1))
    eta = np.full((64, 1), -40.0)
    found = likelihood.node_terms(eta, likelihood.rows(y, y), np.zeros(0), parts=False)
    assert found.value == pytest.approx([-64 * 40.0], rel=1e-12)


def test_unknown_names_are_named():
    with pytest.raises(ParameterError, match="unknown family 'normal'"):
        make_family("normal")
    with pytest.raises(ParameterError, match="has no link 'log'"):
        make_family("binomial", "log")
    with pytest.raises(ParameterError, match="unknown link"):
        make_link("cauchit")


@pytest.mark.parametrize("name", ["logit", "probit", "cloglog", "loglog", "log", "identity"])
@given(st.floats(0.05, 0.95))
def test_links_invert_and_have_their_slope(name, mu):
    link = make_link(name)
    value = np.array([mu])
    eta = link.forward(value)
    assert link.inverse(eta) == pytest.approx(value, rel=1e-12)
    slope = (link.inverse(eta + STEP) - link.inverse(eta - STEP)) / (2.0 * STEP)
    assert link.derivative(eta) == pytest.approx(slope, rel=1e-8)


def test_variances():
    mu = np.array([0.3])
    assert make_family("binomial").variance(mu, np.zeros(0)) == pytest.approx([0.21])
    assert make_family("poisson").variance(mu, np.zeros(0)) == pytest.approx([0.3])
    extra = np.log([2.0])
    assert make_family("negative binomial").variance(mu, extra) == pytest.approx([0.345])
    assert make_family("gamma").variance(mu, extra) == pytest.approx([0.045])
    assert make_family("beta").variance(mu, extra) == pytest.approx([0.07])


@pytest.mark.parametrize("eta", [-5000.0, -800.0, 800.0, 5000.0])
def test_a_logit_chance_is_at_most_one_however_far_out(eta):
    family = make_family("binomial")
    rows, data = family.likelihood(np.array([0.0, 0.25, 1.0]), np.array([1.0, 4.0, 1.0]))
    value = rows.terms(np.full(3, eta), data, np.zeros(0), 0).l
    failures, successes = np.array([1.0, 3.0, 0.0]), np.array([0.0, 1.0, 1.0])
    log_constant = np.array([0.0, np.log(4.0), 0.0])
    expected = np.where(eta > 0, -failures * eta, successes * eta) + log_constant
    np.testing.assert_allclose(value, expected, rtol=1e-12)
