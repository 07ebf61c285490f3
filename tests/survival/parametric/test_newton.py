"""Newton's search where there is no peak to be found."""

from itertools import count

import numpy as np

from rpcstats.survival.parametric._newton import maximise
from rpcstats.survival.parametric._row_model import Evaluation


def test_a_plateau_ends_the_search_and_is_not_a_maximum():
    """The second parameter does nothing, but for a slope of rounding that comes and goes."""
    turn = count()

    def function(theta):
        rounding = 3e-14 if next(turn) % 2 else 1e-15
        gradient = np.array([-theta[0], rounding])
        return Evaluation(-0.5 * theta[0] ** 2, gradient, np.diag([1.0, 0.0]))

    found = maximise(function, np.array([2.0, 0.0]), lambda step: 1.0)
    assert abs(found.theta[0]) < 1e-12
    assert not found.summary.converged
    assert found.summary.status == "the log-likelihood is flat in some direction"
    assert found.summary.n_evaluation < 20
