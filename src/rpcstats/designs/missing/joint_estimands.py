"""Change of all starters by the joint model: at the level reached, and had all finished."""

from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from rpcstats._numerics.arguments import as_number
from rpcstats._vocabulary import ESTIMANDS
from rpcstats.designs.missing.joint_engines import engine_of
from rpcstats.designs.missing.joint_fit import JointModelFit
from rpcstats.designs.missing.joint_outcome import Outcomes
from rpcstats.designs.missing.joint_parameters import Model
from rpcstats.errors import ParameterError
from rpcstats.goals.estimand import Estimand, EstimandResult
from rpcstats.mixed.coefficients import quantile

FloatArray = NDArray[np.float64]

STEP: Final = 1e-2
"""Steps of derivatives, in standard errors of the parameters."""

NARROW: Final = 0.1
"""The same at most for a threshold, in distances to the next one."""

SHARED_WORDS: Final = {
    "slope": "their own slope",
    "intercept": "their own level at the start",
    "both": "their own level at the start and their own slope",
    "level": "the level they have reached",
    "none": "nothing that was not seen",
}

OUTCOME_WORDS: Final = {
    "linear": ("Joint model", "Linear mixed model", "ratings are near enough to normal"),
    "ordinal": (
        "Ordinal joint model",
        "Cumulative probit mixed model",
        "ratings are cut from a normal variable at the same thresholds for all",
    ),
}
"""The model with dropout and without, and its law of a rating."""


def joint_estimands(
    fit: JointModelFit, *, threshold: float = 1.0
) -> tuple[EstimandResult, EstimandResult]:
    """Estimate the change of all starters due under the joint model (E5a and E5b).

    Parameters
    ----------
    fit : JointModelFit
        A joint model; of share "none" for what it gives with ratings missing at random.
    threshold : float
        Mean change of a parent's goals that counts as progress, in points.

    Returns
    -------
    tuple of EstimandResult
        E5a, at the level reached by those who left and at the end by those who stayed; E5b, at
        the end by all. Rows ``mean change`` and ``progress``.

    Raises
    ------
    ParameterError
        If the threshold is no finite number.

    Notes
    -----
    Where a parent's end was rated, that change counts: of stayers the end form, for E5a of
    leavers the form sent after leaving. Elsewhere the change is expected given all the parent's
    ratings and how long the parent stayed: the model's line and the goal's own level, less the
    start as rated. Progress is the chance that the printed mean change reaches the threshold.
    An ordinal outcome is expected as the sum over categories of points times probability.
    Standard errors add up, by cluster, what each parent contributes to the mean and, through the
    parameters, to the estimate (stacked estimating equations; Stefanski and Boos 2002).
    """
    if not np.isfinite(as_number(threshold)):
        raise ParameterError("threshold is no number", ["give points, such as threshold=1.0"])
    wanted = [outcomes_of(fit, estimand, float(threshold)) for estimand in ("E5a", "E5b")]
    engine = engine_of(fit.model)
    fine = fit.model._replace(n_node=max(fit.model.n_node, engine.nodes))
    g = engine.changes(fine, fit.theta, wanted)
    due = fit.model.data.ratings.is_due[fit.model.data.order]
    error = _errors(fit, g, _slopes(fit, wanted, due), due)
    first = _result(fit, "E5a", wanted[0], g[0][:, due].mean(axis=1), error[0])
    return first, _result(fit, "E5b", wanted[1], g[1][:, due].mean(axis=1), error[1])


def outcomes_of(fit: JointModelFit, estimand: str, threshold: float) -> Outcomes:
    """Say what is known and wanted of each parent's change.

    Parameters
    ----------
    fit : JointModelFit
        The fit.
    estimand : {"E5a", "E5b"}
        At the level reached, or at the end.
    threshold : float
        Mean change that counts as progress.

    Returns
    -------
    Outcomes
        Goals count whose start was rated; of a parent who rated none, all.
    """
    data = fit.model.data
    r = data.ratings
    at_leaving = estimand == "E5a"
    stage = r.reached if at_leaving else np.ones_like(r.reached)
    of_leavers = r.after if at_leaving else np.full_like(r.after, np.nan)
    has_start = ~np.isnan(r.start)
    has_any = np.bincount(r.parent, has_start, minlength=data.n) > 0
    seen = r.score[np.isfinite(r.score)]
    return Outcomes(
        parent=np.argsort(data.order)[r.parent],
        counts=has_start | ~has_any[r.parent],
        start=r.start,
        end=np.where(r.left[r.parent], of_leavers, r.end),
        sums=data.goal_sums,
        stage=np.where(np.isnan(stage), 1.0, stage)[data.order],
        low=r.minimum,
        high=r.maximum,
        sign=r.sign,
        is_whole=bool((seen == np.round(seen)).all()),
        threshold=threshold,
    )


def _slopes(fit: JointModelFit, wanted: list[Outcomes], due: NDArray[np.bool_]) -> FloatArray:
    """Differentiate the means over parents due by the parameters, shape (estimands, 2, P)."""
    engine = engine_of(fit.model)
    model = fit.model._replace(n_node=engine.rough_nodes)
    size = _steps(fit.model, fit.theta, np.sqrt(np.maximum(np.diag(fit.cov_model), 0.0)))
    slopes = np.zeros((len(wanted), 2, len(size)))
    for j in np.flatnonzero(size > 0.0):
        move = np.zeros(len(size))
        move[j] = size[j]
        up, down = (
            engine.changes(model, fit.theta + sign * move, wanted)[..., due] for sign in (1.0, -1.0)
        )
        slopes[..., j] = (up - down).mean(axis=-1) / (2.0 * size[j])
    return slopes


def _steps(model: Model, theta: FloatArray, error: FloatArray) -> FloatArray:
    """Give steps of differences that leave thresholds in order; 0 for what can't matter."""
    size = STEP * error
    if model.share == "none":
        size[sum(model.sizes[:3]) :] = 0.0  # dropout tells nothing of ratings
    cuts = theta[: model.n_cut]
    if len(cuts) > 1:
        gap = np.diff(cuts)
        nearest = np.minimum(np.append(gap, np.inf), np.insert(gap, 0, np.inf))
        size[: len(cuts)] = np.minimum(size[: len(cuts)], NARROW * nearest)
    return size


def _errors(
    fit: JointModelFit, g: FloatArray, slopes: FloatArray, due: NDArray[np.bool_]
) -> FloatArray:
    """Add up by cluster what parents contribute to the means and through the parameters."""
    m = len(fit.influence)
    apart = np.where(due, g - g[..., due].mean(axis=-1, keepdims=True), 0.0) / due.sum()
    errors = np.empty(g.shape[:2])
    for place in np.ndindex(errors.shape):
        own = np.bincount(fit.model.data.cluster, apart[place], minlength=m)
        moved = own + fit.influence @ slopes[place]
        errors[place] = np.sqrt(m / (m - 1.0) * (moved**2).sum())
    return errors


def _words(model: Model) -> tuple[str, str]:
    """Name the method, and say what it assumes."""
    shared, (joint, apart, law) = SHARED_WORDS[model.share], OUTCOME_WORDS[model.outcome]
    if model.share == "none":
        return f"{apart}, dropout left aside", (
            "Ratings are missing at random: whether one is there depends on covariates and on the"
            f" ratings that are seen; {law}"
        )
    return f"{joint} of ratings and dropout, sharing {shared}", (
        f"Dropout depends on covariates and on {shared}, in the form of the model; whether a"
        " parent rates a session attended, or returns an end form, does not depend on what the"
        f" rating would be; {law}"
    )


def _result(
    fit: JointModelFit,
    estimand: Estimand,
    outcomes: Outcomes,
    estimate: FloatArray,
    error: FloatArray,
) -> EstimandResult:
    data = fit.model.data
    due = data.ratings.is_due[data.order]
    unseen = outcomes.counts & np.isnan(outcomes.end - outcomes.start)
    no_end = np.bincount(outcomes.parent[unseen], minlength=data.n) > 0
    n_obs, n_missing = int(due.sum()), int((no_end & due).sum())
    method, assumption = _words(fit.model)
    m = len(fit.influence)
    half = quantile(np.full(2, m - 1.0), fit.conf_level) * error
    low, high = estimate - half, estimate + half
    low[1], high[1] = max(low[1], 0.0), min(high[1], 1.0)
    columns = (estimand, method, ["mean change", "progress"], estimate, error, m - 1.0, low, high,
               n_obs, n_missing, assumption)  # fmt: skip
    return EstimandResult(
        estimand=estimand,
        method=method,
        assumption=assumption,
        frame=pd.DataFrame(dict(zip(ESTIMANDS, columns, strict=True))),
        n_obs=n_obs,
        n_missing=n_missing,
        n_group=m,
        conf_level=fit.conf_level,
        span=fit.model.data.ratings.span,
        remarks=fit.remarks,
    )
