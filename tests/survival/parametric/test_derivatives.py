"""Row terms against differences, and against distributions of scipy."""

import numpy as np
import pytest
from scipy import special, stats

from rpcstats.survival.parametric._censored_rows import CensoredRows, row_terms
from rpcstats.survival.parametric._gamma_density import gamma_density
from rpcstats.survival.parametric._gamma_family import Gamma
from rpcstats.survival.parametric._generalised_gamma import (
    GeneralisedGamma,
    gamma_quantile,
    gamma_survival,
)
from rpcstats.survival.parametric._gompertz import Gompertz, scaled_integral
from rpcstats.survival.parametric._location_scale import LocationScale
from rpcstats.survival.parametric._mixture import Mixture

STEP = 1e-5
# Central differences of terms of order one, with rounding over the step.
DIFFERENCES = 5e-8
# Log probabilities keep their relative accuracy in both tails.
TAILS = 2e-13

FAMILIES = {
    "weibull": (LocationScale("extreme"), [0.3]),
    "exponential": (LocationScale("extreme", True, False), []),
    "lognormal": (LocationScale("normal"), [-0.2]),
    "loglogistic": (LocationScale("logistic"), [-0.4]),
    "gamma": (Gamma(), [0.4]),
    "wide gamma": (Gamma(), [-1.1]),
    "prentice 1.3": (GeneralisedGamma(), [-0.2, 1.3]),
    "prentice 0": (GeneralisedGamma(), [-0.2, 0.0]),
    "prentice -0.8": (GeneralisedGamma(), [-0.2, -0.8]),
    "gompertz": (Gompertz(), [0.3]),
    "falling gompertz": (Gompertz(), [-0.4]),
    "constant gompertz": (Gompertz(), [0.0]),
    "cure": (Mixture(LocationScale("extreme")), [0.8, -0.3]),
    "prentice cure": (Mixture(GeneralisedGamma()), [0.8, -0.3, 0.5]),
}


@pytest.mark.parametrize("name", FAMILIES)
def test_terms_of_every_kind_of_row_have_their_derivatives(name):
    family, extras = FAMILIES[name]
    rng = np.random.default_rng(7)
    m = 24
    kind = np.arange(m).astype(np.int8) % 4
    y = rng.uniform(0.2, 1.6, m)
    rows = CensoredRows(kind, y, y + rng.uniform(0.1, 2.0, m), np.where(kind == 1, y / 2, -np.inf))
    local = [rng.normal(0.3, 0.4, m), *(np.full(m, e) for e in extras)]
    shared = isinstance(family, GeneralisedGamma) or name == "prentice cure"
    local = [v if not (shared and j == len(extras)) else v[:1] for j, v in enumerate(local)]

    def at(j, h):
        moved = [v + h * (i == j) for i, v in enumerate(local)]
        return row_terms(family, rows, moved[0], tuple(moved[1:]))

    here = at(0, 0.0)
    for j in range(len(local)):
        up, down = at(j, STEP), at(j, -STEP)
        slope = (up.value - down.value) / (2 * STEP)
        np.testing.assert_allclose(here.first[j], slope, rtol=DIFFERENCES, atol=DIFFERENCES)
        bend = (up.first - down.first) / (2 * STEP)
        np.testing.assert_allclose(here.second[j], bend, rtol=DIFFERENCES, atol=DIFFERENCES)


@pytest.mark.parametrize("q", [2.5, 1.0, 0.4, -0.3, -1.5])
def test_generalised_gamma_against_scipy(q):
    w = np.linspace(-2.5, 1.5, 41)
    k = q**-2
    x = k * np.exp(q * w)
    tail = special.gammaincc(k, x) if q > 0 else special.gammainc(k, x)
    np.testing.assert_allclose(gamma_survival(w, q).value, np.log(tail), rtol=1e-11, atol=1e-13)
    log_f = np.log(abs(q)) + stats.gamma.logpdf(x, k) + np.log(x)
    np.testing.assert_allclose(gamma_density(w, q).value, log_f, rtol=1e-11, atol=1e-12)
    shares = np.array([0.01, 0.3, 0.5, 0.9, 0.999])
    found = gamma_quantile(np.log(shares), q)
    np.testing.assert_allclose(np.exp(gamma_survival(found, q).value), shares, rtol=1e-12)


def test_generalised_gamma_and_its_derivatives_to_forty_digits():
    # log S with its first and second derivative to Q, by mpmath with 50 digits.
    known = {
        (-6.0, 0.5): (-5.5917554344167035e-5, -0.000650326296805833, -0.00623570487925),
        (4.0, 0.5): (-21.086000830059459, -34.6600022812045, -77.67564674559),
        (2.5, 0.25): (-6.1843267361156523, -5.00351848090135, -5.305858915297),
        (-2.0, 0.125): (-0.030689673790639807, -0.06779635618398, -0.105490136926),
        (3.0, -0.75): (-3.5941030331160047, -2.58896066874953, -2.736774475676),
        (-1.5, -2.0): (-0.00048040005417463754, -0.00208245533186369, -0.007514423204748),
    }
    for (w, q), (value, slope, bend) in known.items():
        found = gamma_survival(np.array([w]), q)
        assert found.value[0] == pytest.approx(value, rel=TAILS)
        assert found.q[0] == pytest.approx(slope, rel=TAILS)
        assert found.qq[0] == pytest.approx(bend, rel=1e-11)


def test_generalised_gamma_of_shape_0_and_1():
    w = np.linspace(-9.0, 3.0, 25)
    np.testing.assert_allclose(gamma_survival(w, 1.0).value, -np.exp(w), rtol=TAILS)
    w = np.linspace(-9.0, 30.0, 40)
    np.testing.assert_allclose(gamma_survival(w, 0.0).value, special.log_ndtr(-w), rtol=TAILS)
    near, zero = gamma_survival(w[:20], 1e-7), gamma_survival(w[:20], 0.0)
    np.testing.assert_allclose(near.value, zero.value + 1e-7 * zero.q, rtol=1e-9)


def test_shapes_too_extreme_have_no_likelihood():
    assert np.isnan(gamma_survival(np.zeros(2), 25.0).value).all()
    assert gamma_survival(np.array([60.0]), 1.0).value[0] == -np.inf


def test_exponential_integral_without_its_decay():
    u = np.array([1e-3, 1.0, 49.0, 51.0, 1e4])
    near = np.exp(u[:3]) * special.exp1(u[:3])
    np.testing.assert_allclose(scaled_integral(u)[:3], near, rtol=1e-13)
    far = 1 / u[3:] * (1 - 1 / u[3:] + 2 / u[3:] ** 2 - 6 / u[3:] ** 3 + 24 / u[3:] ** 4)
    np.testing.assert_allclose(scaled_integral(u)[3:], far, rtol=1e-6)


@pytest.mark.parametrize("name", ["weibull", "loglogistic", "lognormal", "gamma", "prentice 1.3"])
def test_the_best_location_is_a_maximum(name):
    family, extras = FAMILIES[name]
    extra = tuple(np.array([e]) for e in extras)
    low, high = np.array([0.2, 1.0]), np.array([0.9, 1.1])
    best = family.best_location(low, high, extra)
    rows = CensoredRows(np.full(2, 3, np.int8), low, high, None)
    np.testing.assert_allclose(row_terms(family, rows, best, extra).first[0], 0.0, atol=1e-9)
    exact = CensoredRows(np.ones(2, np.int8), low, None, None)
    values = [row_terms(family, exact, np.full(2, e), extra).value for e in np.linspace(-2, 3, 501)]
    top = np.max(values, axis=0)
    np.testing.assert_allclose(family.best_density(extra, low), top, atol=1e-4)
