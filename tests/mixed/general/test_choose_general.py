"""Each structure goes to the engine for it."""

import numpy as np
import pytest

from rpcstats.errors import DataError, ParameterError
from rpcstats.mixed.general.choose import general_problem
from rpcstats.mixed.general.crossed import CrossedGeneral
from rpcstats.mixed.general.families import make_family
from rpcstats.mixed.general.one_factor import OneFactorGeneral
from rpcstats.mixed.structure.model_frame import Block

ROWS = 24
X = np.ones((ROWS, 1))
Y = np.tile([0.0, 1.0, 1.0], 8)
LIKELIHOOD = make_family("binomial").rows


def _block(codes, name="g"):
    n_level = int(codes.max()) + 1
    zero = np.zeros(1, dtype=np.int64)
    levels = tuple(map(str, range(n_level)))
    return Block(name, levels, codes, np.ones((ROWS, 1)), ("Intercept",), zero, zero, ("1 | g",))


FAMILY = _block(np.arange(ROWS) // 4, "family")
GROUP = _block(np.arange(ROWS) // 12, "group")


@pytest.mark.parametrize("nagq", [1, 7])
def test_one_factor_goes_to_the_engine_by_group(nagq):
    problem = general_problem(X, Y, (FAMILY,), LIKELIHOOD, nagq=nagq)
    other = OneFactorGeneral(X, Y, FAMILY, LIKELIHOOD, nagq=nagq)
    assert isinstance(problem, OneFactorGeneral)
    at = np.array([0.4, 0.8])
    assert problem.evaluate(at).deviance == other.evaluate(at).deviance


def test_several_factors_go_to_the_engine_by_elimination():
    weights, offset = np.full(ROWS, 2.0), np.linspace(-0.2, 0.2, ROWS)
    problem = general_problem(X, Y, (FAMILY, GROUP), LIKELIHOOD, weights=weights, offset=offset)
    assert isinstance(problem, CrossedGeneral)
    assert (problem.n, problem.p, problem.n_theta) == (ROWS, 1, 2)
    # without the second factor's variance it is the model with the first alone
    one = OneFactorGeneral(X, Y, FAMILY, LIKELIHOOD, weights=weights, offset=offset)
    both = problem.evaluate(np.array([0.4, 0.8, 0.0])).deviance
    assert both == pytest.approx(one.evaluate(np.array([0.4, 0.8])).deviance, abs=1e-9)


def test_quadrature_with_several_factors_is_refused():
    with pytest.raises(ParameterError, match=r"nagq = 7 needs one grouping factor.*nagq=1"):
        general_problem(X, Y, (FAMILY, GROUP), LIKELIHOOD, nagq=7)


@pytest.mark.parametrize("nagq", [0, -1])
@pytest.mark.parametrize("blocks", [(FAMILY,), (FAMILY, GROUP)])
def test_no_nodes_are_refused(nagq, blocks):
    with pytest.raises(ParameterError, match="no number of nodes"):
        general_problem(X, Y, blocks, LIKELIHOOD, nagq=nagq)


def test_no_random_effects_are_refused():
    with pytest.raises(DataError, match="no random effects"):
        general_problem(X, Y, (), LIKELIHOOD)
