"""Ratings and dropout in one model, so that dropout may depend on what was never seen."""

from collections.abc import Sequence
from typing import Any, Final, get_args

import numpy as np
from numpy.typing import NDArray

from rpcstats._numerics.intervals import check_conf_level
from rpcstats.designs.missing._joint_dropout import Link
from rpcstats.designs.missing.joint_data import JointData, joint_data
from rpcstats.designs.missing.joint_engines import engine_of
from rpcstats.designs.missing.joint_fit import JointModelFit
from rpcstats.designs.missing.joint_ordered_data import ordered_ratings
from rpcstats.designs.missing.joint_ordinal_start import ordinal_start
from rpcstats.designs.missing.joint_parameters import N_SHARED, Model, Outcome, Share
from rpcstats.designs.missing.joint_search import NEAR, Optimum, maximise, start
from rpcstats.errors import DataError, ParameterError
from rpcstats.mixed.wording import warn_of

FloatArray = NDArray[np.float64]

NODES: Final = 9
FEWER_NODES: Final = 5
"""Quadrature nodes to begin with in one direction; in each where there are several."""

COARSE_NODES: Final = 3
"""Nodes in each of three directions that lead the search near to its end at little cost."""

MOST_NODES: Final = 50
MOST_GROWN: Final[dict[Outcome, int]] = {"linear": MOST_NODES, "ordinal": 11}
"""Nodes in each direction at most, as given and as found; more than 11³ for each goal and parent
are for those who ask."""

FINE: Final[dict[Outcome, float]] = {"linear": 1e-4, "ordinal": 1e-2}
"""Change of the log-likelihood with more nodes that is too small to matter: a hundredth moves no
estimate by a tenth of its standard error, and nodes in three directions are dear."""

FEW_CLUSTERS: Final = 20
"""Clusters below which sandwich errors are known to be too small (Cameron, Gelbach and Miller
2008)."""

ROUGH: Final = 0.01
"""Change that is worth a word."""


def joint_model(
    goals: Any,
    *,
    adjust: Sequence[str] = ("mode", "resident", "send_child"),
    dropout_adjust: Sequence[str] = ("mode", "resident", "send_child"),
    outcome: Outcome = "linear",
    share: Share = "slope",
    link: Link = "logit",
    nagq: int | None = None,
    conf_level: float = 0.95,
) -> JointModelFit:
    """Estimate trajectories of goal ratings together with the hazard of dropout.

    Parameters
    ----------
    goals : DataFrame
        Columns `GOAL_SCORES`, as `goal_scores` gives them. An end form sent after leaving counts
        as a rating at the stage reached; ratings at follow-up are left out.
    adjust : sequence of str
        Covariates of the rating at the start and of its slope over the course.
    dropout_adjust : sequence of str
        Covariates of the hazard of dropout.
    outcome : {"linear", "ordinal"}
        Ratings as normal, or as ordered categories: a normal variable cut at thresholds.
    share : {"slope", "intercept", "both", "level", "none"}
        What of a parent's own trajectory dropout depends on: the deviation of the slope, of the
        start, both; the current level, mean and deviation; or nothing, which is to take the
        ratings as missing at random.
    link : {"logit", "cloglog"}
        Link of the hazard after each session.
    nagq : int, optional
        Nodes of adaptive Gauss-Hermite quadrature in each direction. By default 9 (5 for "level",
        which takes two directions), and twice as many again until that changes the
        log-likelihood by less than 0.0001; for an ordinal outcome, which takes two directions
        and within them one for each goal, 5, and two more until that changes it by less than
        0.01.
    conf_level : float
        Level of the limits.

    Returns
    -------
    JointModelFit
        The fit.

    Raises
    ------
    DataError
        If the frame can't be read, nobody dropped out, no goal was rated twice, there are not
        two clusters, or ratings of an ordinal outcome are not 2 to 25 whole numbers.
    ParameterError
        If an option is unknown or out of range.

    Warns
    -----
    ConvergenceWarning
        If the search did not end at a maximum, or a coefficient has no finite estimate.

    Notes
    -----
    Rating of goal j of parent i at stage s: z_i'a + u_i + w_ij + s (z_i'b + v_i) + e. Dropout
    after session k, of those still in: link(h) = α_k + x_i'g + φ v_i (Wu and Carroll 1988;
    Henderson, Diggle and Dobson 2000; Rizopoulos 2012). Given the ratings u and v are normal in
    closed form, so that one integral over a normal variable is left of the likelihood.

    Standard errors are by cluster, since parents of a group share what the model has not; the
    model has no effects of groups, and an association of dropout with the slopes of parents is
    then estimated nearer to 0 than it is. It allows dropout to depend on the unseen slope. It does
    not allow answering, of those who are in or of those asked after leaving, to depend on the
    rating that would be given. Ratings are taken as normal, not as cut to whole points of a scale:
    in synthetic ratings of 0 to 10 by the defaults of the simulation that moves the mean change,
    had all finished, by about -0.01 points, and the association away from 0 by a tenth.

    An ordinal outcome is cumulative probit: a rating is in category c or below with chance
    Φ(α_c - rating above), e having standard deviation 1, which is the unit of all coefficients
    of the ratings; the association is per unit of it too. The probit and not the logit, since
    cutting the normal rating of the linear model gives it, and since its means over normal
    effects are normal chances again. Categories are the values that were given. One integral
    over u and v is left of the likelihood, and within it one over each goal's w (Hedeker and
    Gibbons 1994; Pinheiro and Bates 1995).
    """
    _check_options(outcome, share, link, nagq, conf_level)
    data = joint_data(goals, adjust, dropout_adjust)
    if data.cluster.min() < 0 or data.n_cluster < 2:
        raise DataError(
            "Standard errors need two clusters or more: cluster_id must be filled in, with more"
            " than one value."
        )
    n_node = NODES if outcome == "linear" and share != "level" else FEWER_NODES
    model = Model(data, share, link, n_node if nagq is None else nagq)
    theta = start(data, 0)
    if outcome == "ordinal":
        ordered = ordered_ratings(data)
        model, theta = model._replace(ordered=ordered), ordinal_start(data, ordered, theta)
    apart, separate, error = _search(model._replace(share="none"), theta, grow=nagq is None)
    fit = _fit(apart, separate, None, error, conf_level)
    if share != "none":
        theta = np.concatenate([separate.theta, np.zeros(N_SHARED[share])])
        model, best, error = _search(model, theta, grow=nagq is None)
        fit = _fit(model, best, fit, error, conf_level)
    warn_of(fit.trouble)
    return fit


def _check_options(
    outcome: object, share: object, link: object, nagq: object, conf_level: float
) -> None:
    faults = []
    known = (("outcome", outcome, Outcome), ("share", share, Share), ("link", link, Link))
    for name, value, kind in known:
        if value not in get_args(kind):
            faults.append(f"{name}: choose one of {', '.join(get_args(kind))}")
    if nagq is not None and (not isinstance(nagq, int) or not 3 <= nagq <= MOST_NODES):
        faults.append(f"nagq: give a whole number from 3 to {MOST_NODES}")
    if faults:
        raise ParameterError("An option is unknown", faults)
    check_conf_level(conf_level)


def _search(model: Model, theta: FloatArray, *, grow: bool) -> tuple[Model, Optimum, float]:
    """Climb, with more nodes until they are enough; give the error of the last ones too."""
    if model.outcome == "linear" and model.share == "none":
        return model, maximise(model, theta), 0.0
    if model.outcome == "ordinal" and model.n_node > COARSE_NODES:
        coarse = model._replace(n_node=COARSE_NODES)
        theta = maximise(coarse, theta, target=NEAR).theta
    while True:
        best = maximise(model, theta)
        finer = model._replace(n_node=_more(model))
        error = abs(float(engine_of(finer).log_lik(finer, best.theta).sum()) - best.log_lik)
        if not grow or error <= FINE[model.outcome] or finer.n_node > MOST_GROWN[model.outcome]:
            return model, best, error
        model, theta = finer, best.theta


def _more(model: Model) -> int:
    """Give the next number of nodes."""
    return model.n_node + 2 if model.outcome == "ordinal" else 2 * model.n_node + 1


def _fit(
    model: Model,
    best: Optimum,
    separate: JointModelFit | None,
    error: float,
    conf_level: float,
) -> JointModelFit:
    data = model.data
    theta = _oriented(model, best.theta)
    turned = np.sign(np.where(theta * best.theta < 0.0, -1.0, 1.0))
    cov = _inverse(best.information) * np.outer(turned, turned)
    trouble = (*data.trouble, *_search_words(best))
    fit = JointModelFit(
        model=model,
        theta=theta,
        influence=_influence(data, best) * turned,
        cov_model=cov,
        log_lik=best.log_lik,
        separate=separate,
        optimum=best.summary,
        quadrature_error=error,
        remarks=(
            *data.remarks,
            *trouble,
            *_quadrature_words(error, model),
            *_cluster_words(data.n_cluster),
        ),
        trouble=trouble,
        conf_level=conf_level,
    )
    for array in (fit.theta, fit.influence, fit.cov_model):
        array.setflags(write=False)
    return fit


def _oriented(model: Model, theta: FloatArray) -> FloatArray:
    """Turn the columns of Λ so that standard deviations are not negative."""
    first = sum(model.sizes[:2])
    turned = theta.copy()
    if turned[first] < 0.0:
        turned[first : first + 2] *= -1.0
    diagonal = [first + 2, *([first + 3] if model.data.has_goals else [])]
    turned[diagonal] = np.abs(turned[diagonal])
    return turned


def _inverse(information: FloatArray) -> FloatArray:
    """Invert the information in its own scale."""
    scale = 1.0 / np.sqrt(np.maximum(np.abs(np.diag(information)), 1e-300))
    inverse = np.linalg.pinv(information * np.outer(scale, scale), hermitian=True)
    return np.asarray(inverse * np.outer(scale, scale))


def _influence(data: JointData, best: Optimum) -> FloatArray:
    """Give how far each cluster moved the estimates."""
    m = int(data.cluster.max()) + 1
    sums = np.stack([np.bincount(data.cluster, row, minlength=m) for row in best.scores], axis=1)
    return np.asarray(sums @ _inverse(best.information))


def _search_words(best: Optimum) -> tuple[str, ...]:
    if best.summary.converged:
        return ()
    return (
        "The search for the optimum stopped before its conditions held"
        f" ({best.summary.status}): estimates and standard errors may be wrong. A simpler share,"
        " or fewer covariates, may help.",
    )


def _cluster_words(n_cluster: int) -> tuple[str, ...]:
    if n_cluster >= FEW_CLUSTERS:
        return ()
    return (
        f"With {n_cluster} clusters, cluster-robust standard errors tend to be too small; they"
        f" want {FEW_CLUSTERS} or more.",
    )


def _quadrature_words(error: float, model: Model) -> tuple[str, ...]:
    if error <= ROUGH:
        return ()
    return (
        f"More quadrature nodes change the log-likelihood by {error:.2g}: give nagq ="
        f" {_more(model)}.",
    )
