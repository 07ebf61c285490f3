"""Log-likelihood, scores and information of the ordinal joint model."""

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from rpcstats.designs.missing._joint_arrays import (
    N_LINE,
    N_SHARED,
    At,
    padded,
    quadrature_rule,
)
from rpcstats.designs.missing._joint_cells import CLOGLOG, LOGIT
from rpcstats.designs.missing._joint_nested import nested_terms
from rpcstats.designs.missing.joint_ordered_data import OrderedRatings
from rpcstats.designs.missing.joint_parameters import Model, loadings, unpack

FloatArray = NDArray[np.float64]

LINKS: Final = {"logit": LOGIT, "cloglog": CLOGLOG}

SHARED_PLACES: Final[dict[str, tuple[int, ...]]] = {
    "slope": (1,),
    "intercept": (0,),
    "both": (0, 1),
    "level": (2,),
    "none": (),
}
"""Which of the coefficients of intercept, slope and level are parameters."""

CHUNK: Final = 2048
"""Parents whose information is turned into that on the parameters at a time."""


class OrdinalTerms(NamedTuple):
    """Likelihood of the parents at one value of the parameters.

    Attributes
    ----------
    log_lik : ndarray of shape (n,)
        Log-likelihood of each parent.
    scores : ndarray of shape (P, n)
        Its derivatives; of no rows at order 0.
    information : ndarray of shape (P, P)
        Minus the second derivatives of the sum; of no rows below order 2.
    """

    log_lik: FloatArray
    scores: FloatArray
    information: FloatArray


def ordered_of(model: Model) -> OrderedRatings:
    """Give the categories of an ordinal model.

    Parameters
    ----------
    model : Model
        The model.

    Returns
    -------
    OrderedRatings
        Its ratings.
    """
    assert model.ordered is not None, "the outcome of the model is ordinal"
    return model.ordered


def place_parameters(model: Model, theta: FloatArray) -> At:
    """Give the parameters as the kernels want them.

    Parameters
    ----------
    model : Model
        The model.
    theta : ndarray of shape (P,)
        Its parameters.

    Returns
    -------
    At
        Expected lines, Λ and τ, thresholds, hazards, association.
    """
    data, found = model.data, unpack(model, theta)
    n_cut = ordered_of(model).n_category - 1
    start = data.Z[:, 1:] @ found.intercept[n_cut:]
    mean = np.stack([start, data.Z @ found.slope], axis=1)
    base = found.session + (data.X @ found.covariate)[:, None]
    level = float(found.shared[0]) if model.share == "level" else 0.0
    return At(
        mean=mean,
        root=np.array(found.spread[:4]),
        alpha=padded(found.intercept[:n_cut]),
        base=np.ascontiguousarray(base),
        shared=np.array([*loadings(model, found.shared), level]),
        link=LINKS[model.link],
    )


def ordinal_terms(model: Model, theta: FloatArray, order: int) -> OrdinalTerms:
    """Evaluate the log-likelihood of ordered ratings and dropout.

    Parameters
    ----------
    model : Model
        The model.
    theta : ndarray of shape (P,)
        Parameters.
    order : int
        0 for the value, 1 for scores too, 2 for the information too.

    Returns
    -------
    OrdinalTerms
        The terms; NaN where thresholds are out of order.
    """
    at, n, P = place_parameters(model, theta), model.data.n, model.n_parameter
    D = N_LINE + len(at.alpha) + at.base.shape[1] + N_SHARED
    log_lik = np.full(n, np.nan)
    scores = np.full((P if order > 0 else 0, n), np.nan)
    information = np.zeros((P, P) if order > 1 else (0, 0))
    if not (np.diff(at.alpha) > 0.0).all() or not np.isfinite(theta).all():
        return OrdinalTerms(log_lik, scores, information)
    cells = ordered_of(model).cells
    rule = quadrature_rule(model.n_node, with_goals=model.data.has_goals)
    for first in range(0, n, CHUNK):
        rows = slice(first, min(first + CHUNK, n))
        m = rows.stop - first
        score = np.empty((m, D if order > 0 else 0))
        own = np.empty((m, D, D) if order > 1 else (m, 0, 0))
        nested_terms(cells, at, rule, first, log_lik[rows], score, own, order)
        if order == 0:
            continue
        J = _jacobian(model, rows, D)
        scores[:, rows] = np.einsum("npd,nd->pn", J, score)
        if order > 1:
            information += np.tensordot(J @ own, J, ((0, 2), (0, 2)))
    return OrdinalTerms(log_lik, scores, information)


def _jacobian(model: Model, rows: slice, D: int) -> FloatArray:
    """Differentiate what the kernels know by the parameters, shape (n, P, D), parent by parent."""
    Z, X = model.data.Z[rows], model.data.X[rows]
    n_cut, n_session = ordered_of(model).n_category - 1, len(model.data.sessions)
    p, m = Z.shape[1], X.shape[1]
    J = np.zeros((len(Z), model.n_parameter, D))
    cuts = np.arange(n_cut)
    J[:, cuts, N_LINE + 1 + cuts] = 1.0
    J[:, n_cut : n_cut + p - 1, 0] = Z[:, 1:]
    at = n_cut + p - 1
    J[:, at : at + p, 1] = Z
    at += p
    spread = np.arange(4 if model.data.has_goals else 3)
    J[:, at + spread, 2 + spread] = 1.0
    at += len(spread)
    sessions = np.arange(n_session)
    hazards = N_LINE + n_cut + 2 + sessions
    J[:, at + sessions, hazards] = 1.0
    at += n_session
    J[:, at : at + m, hazards[0] : hazards[-1] + 1] = X[:, :, None]
    at += m
    shared = np.array(SHARED_PLACES[model.share], dtype=np.int64)
    J[:, at + np.arange(len(shared)), D - N_SHARED + shared] = 1.0
    return J
