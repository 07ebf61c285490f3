"""Cumulative links: category probabilities, derivatives and thresholds."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import special

from rpcstats.errors import ParameterError
from rpcstats.mixed.general.ordinal import make_ordinal
from rpcstats.mixed.general.ordinal_rows import OrdinalRows

LINKS = ["logit", "probit", "cloglog", "loglog"]
STRUCTURES = [
    ("flexible", [-1.0, 0.3, -0.4]),
    ("equidistant", [-1.0, 0.2]),
    ("symmetric", [0.1, 0.3]),
]
CODES, WEIGHTS = np.array([0.0, 1.0, 2.0, 3.0]), np.array([1.0, 1.0, 2.0, 3.0])
STEP, DIFFERENCE = 1e-5, 2e-7


def _close(found, expected):
    size = np.abs(expected) + np.abs(expected).max() * 1e-3 + 1.0
    assert np.abs((found - expected) / size).max() < DIFFERENCE


def test_probabilities_worked_by_hand():
    likelihood = make_ordinal(3)
    extra = np.array([-np.log(3.0), np.log(np.log(9.0))])
    assert likelihood.alpha(extra) == pytest.approx([-np.log(3.0), np.log(3.0)])
    found = likelihood.category_probabilities(np.zeros(1), extra)
    assert found == pytest.approx(np.array([[0.25, 0.5, 0.25]]))


@pytest.mark.parametrize("link", LINKS)
@given(st.floats(-8.0, 8.0))
def test_probabilities_add_up_and_are_differences(link, eta):
    likelihood = make_ordinal(4, link)
    extra = np.array([-1.0, 0.3, -0.4])
    found = likelihood.category_probabilities(np.array([eta]), extra)[0]
    edges = likelihood.link.inverse(likelihood.alpha(extra) - eta)
    assert found == pytest.approx(np.diff(edges, prepend=0.0, append=1.0), abs=1e-14)


@pytest.mark.parametrize("link", LINKS)
@pytest.mark.parametrize(("structure", "extra"), STRUCTURES)
@given(st.lists(st.floats(-5.0, 5.0), min_size=8, max_size=8))
def test_derivatives(link, structure, extra, values):
    likelihood = make_ordinal(4, link, structure)
    rows, phi = likelihood.rows(CODES, WEIGHTS), np.array(extra)
    eta = np.array(values).reshape(2, 4)
    at = likelihood.terms(eta, rows, phi, 3)
    by_extra = likelihood.extra_terms(eta, rows, phi)
    up, down = (likelihood.terms(eta + s, rows, phi, 2) for s in (STEP, -STEP))
    for order in range(3):
        _close((up[order] - down[order]) / (2.0 * STEP), at[order + 1])
    for j in range(len(phi)):
        step = np.zeros(len(phi))
        step[j] = STEP
        up, down = (likelihood.terms(eta, rows, phi + s * step, 2) for s in (1.0, -1.0))
        for order in range(3):
            _close((up[order] - down[order]) / (2.0 * STEP), by_extra[order][j])
    for found, expected in zip(likelihood.slopes(eta, rows, phi), at[1:], strict=True):
        assert found == pytest.approx(expected, rel=1e-11, abs=1e-11)


@pytest.mark.parametrize("weights", [np.ones(4), WEIGHTS])
def test_the_fast_logit_is_the_general_one(weights):
    fast, general = make_ordinal(4), OrdinalRows(4, "logit", "flexible")
    extra = np.array([-1.0, 0.3, -0.4])
    eta = np.linspace(-6.0, 6.0, 12).reshape(3, 4, 1)
    y, w = CODES[:, None], weights[:, None]
    nodes = [
        likelihood.node_terms(eta, likelihood.rows(y, w), extra, parts=True)
        for likelihood in (fast, general)
    ]
    assert nodes[0].value == pytest.approx(nodes[1].value, rel=1e-13)
    assert nodes[0].d1 == pytest.approx(nodes[1].d1, rel=1e-12, abs=1e-14)
    rows = fast.rows(y, w)
    finished = fast.finish_parts(nodes[0].d1, nodes[0].parts, rows, extra)
    for found, expected in zip(finished, nodes[1].parts, strict=True):
        assert found == pytest.approx(expected, rel=1e-12, abs=1e-13)
    for found, expected in zip(
        fast.extra_terms(eta, rows, extra), general.extra_terms(eta, rows, extra), strict=True
    ):
        assert found == pytest.approx(expected, rel=1e-11, abs=1e-12)


@given(st.floats(-6.0, 6.0))
def test_the_log_log_link_is_the_complementary_one_turned_round(eta):
    extra = np.array([-1.0, 0.3, -0.4])
    alpha = make_ordinal(4).alpha(extra)
    steps = np.diff(alpha)[::-1]
    turned = np.concatenate([[-alpha[-1]], np.log(steps)])
    one = make_ordinal(4, "loglog").category_probabilities(np.array([eta]), extra)
    other = make_ordinal(4, "cloglog").category_probabilities(np.array([-eta]), turned)
    assert one == pytest.approx(other[:, ::-1], rel=1e-12)


@pytest.mark.parametrize("link", LINKS)
def test_tails_stay_finite(link):
    likelihood = make_ordinal(4, link)
    rows = likelihood.rows(CODES, WEIGHTS)
    eta = np.repeat([-300.0, -40.0, 40.0, 300.0], 4).reshape(4, 4)
    for term in likelihood.terms(eta, rows, np.array([-1.0, 0.3, -0.4]), 3):
        assert np.all(np.isfinite(term))


def test_a_narrow_category_far_out_keeps_its_digits():
    likelihood = make_ordinal(3)
    rows = likelihood.rows(np.array([1.0]), np.ones(1))
    value = likelihood.terms(np.array([60.0]), rows, np.array([0.0, np.log(1e-3)]), 0).l
    # P = e^(a - η) - e^(b - η) to 26 digits, with a = 0.001 and b = 0
    assert value == pytest.approx([np.log(np.expm1(1e-3)) - 60.0], rel=1e-13)


@pytest.mark.parametrize(("structure", "extra"), STRUCTURES)
def test_thresholds_have_their_structure_and_jacobian(structure, extra):
    likelihood, phi = make_ordinal(4, "logit", structure), np.array(extra)
    alpha = likelihood.alpha(phi)
    steps = np.diff(alpha)
    assert np.all(steps > 0.0)
    if structure != "flexible":
        assert steps[0] == pytest.approx(steps[-1])
    jacobian = likelihood.alpha_jacobian(phi)
    for j in range(len(phi)):
        step = np.zeros(len(phi))
        step[j] = STEP
        slope = (likelihood.alpha(phi + step) - likelihood.alpha(phi - step)) / (2.0 * STEP)
        assert jacobian[:, j] == pytest.approx(slope, abs=1e-8)


@pytest.mark.parametrize("n", [2, 3, 4, 5, 6])
@pytest.mark.parametrize("structure", ["flexible", "equidistant", "symmetric"])
def test_starts_have_the_number_of_parameters(n, structure):
    likelihood = make_ordinal(n, "logit", structure)
    y = np.arange(n, dtype=np.float64)
    extra = likelihood.start_extra(y, np.ones(n))
    assert len(extra) == len(likelihood.extra_names)
    # equal shares: the thresholds lie symmetrically
    assert likelihood.alpha(extra) == pytest.approx(-likelihood.alpha(extra)[::-1], abs=1e-9)
    if structure == "flexible":
        shares = np.cumsum(np.ones(n))[:-1] / n
        assert special.expit(likelihood.alpha(extra)) == pytest.approx(shares, abs=1e-12)


def test_unknown_names_are_named():
    with pytest.raises(ParameterError, match="unknown link"):
        make_ordinal(3, "log")
    with pytest.raises(ParameterError, match="unknown thresholds"):
        make_ordinal(3, "logit", "even")
    with pytest.raises(ParameterError, match="two categories"):
        make_ordinal(1)
