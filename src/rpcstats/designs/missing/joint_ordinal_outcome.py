"""Mean change and chance of progress of each parent by the ordinal joint model."""

import numpy as np
from numpy.typing import NDArray

from rpcstats.designs.missing._joint_arrays import quadrature_rule
from rpcstats.designs.missing._joint_ordered_change import (
    CLOSE,
    NO_END,
    NO_START,
    SEEN,
    Wanted,
    changes,
)
from rpcstats.designs.missing.joint_ordinal import ordered_of, place_parameters
from rpcstats.designs.missing.joint_outcome import Outcomes
from rpcstats.designs.missing.joint_parameters import Model

FloatArray = NDArray[np.float64]


def ordered_changes(model: Model, theta: FloatArray, outcomes: Outcomes) -> FloatArray:
    """Give each parent's mean change, and the chance that it reaches the threshold.

    Parameters
    ----------
    model : Model
        The model.
    theta : ndarray of shape (P,)
        Its parameters.
    outcomes : Outcomes
        What is known and wanted.

    Returns
    -------
    ndarray of shape (2, n)
        Points, better positive: as seen, or expected given ratings and course; chances, 1 or 0
        where every goal's change was seen.

    Notes
    -----
    An expected rating is the sum over categories of points times probability, so that it stays
    on the scale. A start that was rated is taken as rated.
    """
    ordered, n = ordered_of(model), model.data.n
    seen_change = outcomes.sign * (outcomes.end - outcomes.start)
    unseen = outcomes.counts & np.isnan(seen_change)
    seen = outcomes.counts & ~unseen
    count = np.bincount(outcomes.parent[outcomes.counts], minlength=n)
    done = np.bincount(outcomes.parent[seen], seen_change[seen], minlength=n)
    need = np.asarray(outcomes.threshold * count - done, dtype=np.float64)
    blind = np.isnan(outcomes.start)
    kind = np.where(unseen, np.where(blind, NO_START, NO_END), SEEN)[ordered.goal]
    wanted = Wanted(
        kind=kind,
        start=np.where(blind, 0.0, outcomes.start)[ordered.goal].astype(np.int64),
        stage=np.ascontiguousarray(outcomes.stage),
        need=need,
        points=ordered.values.astype(np.int64),
        sign=int(outcomes.sign),
    )
    mean, chance = np.zeros(n), np.where(need <= CLOSE, 1.0, 0.0)
    rule = quadrature_rule(model.n_node, with_goals=model.data.has_goals)
    changes(ordered.cells, place_parameters(model, theta), rule, wanted, mean, chance)
    return np.stack([(done + mean) / count, np.clip(chance, 0.0, 1.0)])
