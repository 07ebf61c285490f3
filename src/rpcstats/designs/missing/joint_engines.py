"""What the search and the estimands ask of a joint model, whatever the law of its ratings."""

from collections.abc import Callable
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from rpcstats.designs.missing.joint_likelihood import evaluate
from rpcstats.designs.missing.joint_ordinal import ordinal_terms
from rpcstats.designs.missing.joint_ordinal_outcome import ordered_changes
from rpcstats.designs.missing.joint_outcome import (
    Outcomes,
    chance_of_progress,
    expected_change,
)
from rpcstats.designs.missing.joint_parameters import Model, Outcome
from rpcstats.designs.missing.joint_scores import scores

FloatArray = NDArray[np.float64]


N_REST: Final = 5
"""Most nodes for what dropout does not depend on, over which chances by the linear model go."""


class Engine(NamedTuple):
    """The likelihood of one kind of outcome.

    Attributes
    ----------
    log_lik : callable
        Of model and parameters: log-likelihood of each parent, shape (n,).
    with_scores : callable
        The same with scores, shapes (n,) and (P, n).
    information : callable or None
        Minus the second derivatives of the sum, shape (P, P); None where differences of the
        score are as good.
    slack : float
        What a step may lose of the log-likelihood: nodes move with the parameters, so that value
        and score agree only as far as the quadrature is exact.
    changes : callable
        Of model, parameters and what is wanted of a list of changes: each parent's mean change
        and chance of progress, shape (length of the list, 2, n).
    nodes, rough_nodes : int
        Quadrature nodes in each direction for changes, and for their derivatives, of which
        standard errors need two digits.
    """

    log_lik: Callable[[Model, FloatArray], FloatArray]
    with_scores: Callable[[Model, FloatArray], tuple[FloatArray, FloatArray]]
    information: Callable[[Model, FloatArray], FloatArray] | None
    slack: float
    changes: Callable[[Model, FloatArray, list[Outcomes]], FloatArray]
    nodes: int
    rough_nodes: int


def engine_of(model: Model) -> Engine:
    """Give the likelihood of a model.

    Parameters
    ----------
    model : Model
        The model.

    Returns
    -------
    Engine
        That of its outcome.
    """
    return ENGINES[model.outcome]


def _linear(model: Model, theta: FloatArray) -> FloatArray:
    return evaluate(model, theta).log_lik


def _linear_scores(model: Model, theta: FloatArray) -> tuple[FloatArray, FloatArray]:
    state = evaluate(model, theta)
    return state.log_lik, scores(model, theta, state)


def _linear_changes(model: Model, theta: FloatArray, wanted: list[Outcomes]) -> FloatArray:
    state = evaluate(model, theta, keep_nodes=True)
    n_rest = min(N_REST, model.n_node)
    return np.stack(
        [
            [
                expected_change(model, theta, state, outcomes),
                chance_of_progress(model, theta, state, outcomes, n_rest),
            ]
            for outcomes in wanted
        ]
    )


def _ordinal(model: Model, theta: FloatArray) -> FloatArray:
    return ordinal_terms(model, theta, 0).log_lik


def _ordinal_scores(model: Model, theta: FloatArray) -> tuple[FloatArray, FloatArray]:
    found = ordinal_terms(model, theta, 1)
    return found.log_lik, found.scores


def _ordinal_information(model: Model, theta: FloatArray) -> FloatArray:
    return ordinal_terms(model, theta, 2).information


def _ordinal_changes(model: Model, theta: FloatArray, wanted: list[Outcomes]) -> FloatArray:
    return np.stack([ordered_changes(model, theta, outcomes) for outcomes in wanted])


ENGINES: Final[dict[Outcome, Engine]] = {
    "linear": Engine(_linear, _linear_scores, None, 0.0, _linear_changes, 9, 3),
    "ordinal": Engine(
        _ordinal, _ordinal_scores, _ordinal_information, 1e-4, _ordinal_changes, 7, 3
    ),
}
