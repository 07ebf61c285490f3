"""Rows of a linear model and outcomes wanted, summed cluster by cluster."""

from typing import Final, NamedTuple

import numpy as np
import pandas as pd

from rpcstats.designs.missing._conditional_change import ClusterSums, FloatArray, IntArray
from rpcstats.designs.missing.own_outcomes import OwnOutcomes
from rpcstats.errors import DataError
from rpcstats.goals.population_means import effect_columns
from rpcstats.goals.trajectory_rows import EPISODE, GOAL, TrajectoryRows
from rpcstats.mixed.linear_fit import LinearMixedFit
from rpcstats.mixed.structure.model_frame import Block

_START: Final = -1


class Bucket(NamedTuple):
    """Clusters of like size.

    Attributes
    ----------
    sums : ClusterSums
        Their sums.
    n_goals : ndarray of shape (C, t)
        Goals of each starter, 1 where there is none.
    is_parent : ndarray of shape (C, t)
        1 for a starter, 0 for padding.
    """

    sums: ClusterSums
    n_goals: FloatArray
    is_parent: FloatArray


class _Levels(NamedTuple):
    """Where the effects of each level of a block stand within its cluster."""

    block: Block
    home: IntArray
    column: IntArray


class _Entries(NamedTuple):
    """Rows as the few effects they have: position, columns within the cluster, values."""

    columns: IntArray
    values: FloatArray


def cluster_buckets(
    rows: TrajectoryRows, fit: LinearMixedFit, outcomes: OwnOutcomes
) -> list[Bucket]:
    """Sum what a linear model needs by cluster.

    Parameters
    ----------
    rows : TrajectoryRows
        What the model was fitted to.
    fit : LinearMixedFit
        The model.
    outcomes : OwnOutcomes
        What is wanted of the starters.

    Returns
    -------
    list of Bucket
        Every cluster with a rating or a starter once, those of like size together.

    Raises
    ------
    DataError
        If a group reaches across clusters.
    """
    cluster = pd.factorize(rows.ratings.people["cluster_id"])[0].astype(np.int64)
    levels, width = _place_levels(rows, fit, cluster)
    n_in = np.bincount(rows.starters["cluster"].to_numpy(), minlength=len(width))
    present = (n_in > 0) | (np.bincount(rows.rows["cluster"], minlength=len(width)) > 0)
    size = np.ceil(np.log2(np.maximum(width, 1))).astype(np.int64)
    buckets = []
    for power in np.unique(size[present]):
        members = np.flatnonzero(present & (size == power))
        place = np.full(len(width), _START)
        place[members] = np.arange(len(members))
        buckets.append(_bucket(rows, fit, outcomes, levels, place, int(width[members].max())))
    return buckets


def _place_levels(
    rows: TrajectoryRows, fit: LinearMixedFit, cluster: IntArray
) -> tuple[dict[str, _Levels], IntArray]:
    """Give each level columns of its cluster, one block's levels after the other's."""
    people = rows.ratings.people
    group = pd.factorize(_group_names(people))[0]
    homes = {EPISODE: cluster, GOAL: cluster[rows.ratings.owner]}
    pairs = pd.DataFrame({"group": group, "cluster": cluster}).drop_duplicates()
    if pairs["group"].duplicated().any():
        raise DataError("A group reaches across clusters: give cluster_id values that hold groups.")
    homes["group"] = pairs.sort_values("group")["cluster"].to_numpy()
    width = np.zeros(int(cluster.max()) + 1, dtype=np.int64)
    levels = {}
    for block in fit.frame.blocks:
        home = homes[block.group]
        order = np.argsort(home, kind="stable")
        counts = np.bincount(home, minlength=len(width))
        rank = np.empty(len(home), dtype=np.int64)
        rank[order] = np.arange(len(home)) - np.repeat(np.cumsum(counts) - counts, counts)
        levels[block.group] = _Levels(block, home, width[home] + rank * block.n_effect)
        width = width + counts * block.n_effect
    return levels, width


def _group_names(people: pd.DataFrame) -> pd.Series:
    alone = pd.Series(np.arange(len(people)), index=people.index).astype(str).radd("alone ")
    return people["group_id"].astype(object).where(people["group_id"].notna(), alone).astype(str)


def _entries(
    rows: TrajectoryRows,
    levels: dict[str, _Levels],
    *,
    parent: IntArray,
    goal: IntArray,
    stage: FloatArray,
) -> _Entries:
    people = rows.ratings.people
    in_group = people["group_id"].notna().to_numpy()
    grouped = in_group.astype(np.float64)[parent]
    group = pd.factorize(_group_names(people))[0][parent]
    codes = {EPISODE: parent, GOAL: goal, "group": group}
    columns, values = [], []
    for name, (block, _, first) in levels.items():
        columns.append(first[codes[name]][:, None] + np.arange(block.n_effect))
        values.append(effect_columns(block, grouped, stage))
    return _Entries(np.hstack(columns), np.hstack(values))


def _fixed(
    names: tuple[str, ...], rows: TrajectoryRows, source: pd.DataFrame, stage: FloatArray
) -> FloatArray:
    own = {name: source[name].to_numpy(dtype=np.float64) for name in rows.columns}
    known = {"Intercept": np.ones_like(stage), "stage": stage, **own}
    known |= {f"stage:{name}": stage * x for name, x in own.items()}
    return np.column_stack([known[name] for name in names])


def _bucket(
    rows: TrajectoryRows,
    fit: LinearMixedFit,
    outcomes: OwnOutcomes,
    levels: dict[str, _Levels],
    place: IntArray,
    k: int,
) -> Bucket:
    C = int(place.max()) + 1
    at = place[rows.rows["cluster"].to_numpy()]
    data = rows.rows[at >= 0]
    c = at[at >= 0]
    X, y = fit.frame.X[at >= 0], data["score"].to_numpy(dtype=np.float64)
    entries = _entries(
        rows,
        levels,
        parent=data[EPISODE].to_numpy(),
        goal=data[GOAL].to_numpy(),
        stage=data["stage"].to_numpy(),
    )
    targets = _targets(rows, fit, outcomes, levels, place, (C, k))
    p = X.shape[1]
    sums = ClusterSums(
        n=np.bincount(c, minlength=C).astype(np.float64),
        ZZ=_added((C, k, k), c, entries.columns, entries.values, entries),
        ZX=_added((C, k, p), c, entries.columns, entries.values, X),
        Zy=_added((C, k, 1), c, entries.columns, entries.values, y[:, None])[:, :, 0],
        XX=_by_cluster(np.einsum("np,nq->npq", X, X), c, C),
        Xy=_by_cluster(X * y[:, None], c, C),
        yy=_by_cluster(y**2, c, C),
        places=_theta_places(levels, place),
        **targets[0],
    )
    return Bucket(sums, targets[1], targets[2])


def _added(
    shape: tuple[int, int, int],
    c: IntArray,
    columns: IntArray,
    values: FloatArray,
    other: _Entries | FloatArray,
) -> FloatArray:
    """Sum products of the effects of rows with one another, or with columns."""
    out = np.zeros(shape)
    for j in range(columns.shape[1]):
        if isinstance(other, _Entries):
            for i in range(columns.shape[1]):
                product = values[:, j] * other.values[:, i]
                np.add.at(out, (c, columns[:, j], other.columns[:, i]), product)
        else:
            np.add.at(out, (c, columns[:, j]), values[:, j, None] * other)
    return out


def _by_cluster(values: FloatArray, c: IntArray, C: int) -> FloatArray:
    out = np.zeros((C, *values.shape[1:]))
    np.add.at(out, c, values)
    return out


def _theta_places(
    levels: dict[str, _Levels], place: IntArray
) -> tuple[tuple[IntArray, IntArray, IntArray], ...]:
    places = []
    for block, home, first in levels.values():
        inside = place[home] >= 0
        c, start = place[home[inside]], first[inside]
        for row, col in zip(block.rows, block.cols, strict=True):
            places.append((c, start + row, start + col))
    return tuple(places)


def _targets(
    rows: TrajectoryRows,
    fit: LinearMixedFit,
    outcomes: OwnOutcomes,
    levels: dict[str, _Levels],
    place: IntArray,
    shape: tuple[int, int],
) -> tuple[dict[str, FloatArray], FloatArray, FloatArray]:
    """Lay out the outcomes of the starters of a bucket's clusters."""
    (C, k), starters = shape, rows.starters
    home = place[starters["cluster"].to_numpy()]
    inside = np.flatnonzero(home >= 0)
    slot = pd.Series(home[inside]).groupby(home[inside]).cumcount().to_numpy()
    t = int(slot.max(initial=-1)) + 1
    slot_of = np.full(len(starters), _START)
    slot_of[inside] = slot
    known, n_goals, is_parent = np.zeros((C, t)), np.ones((C, t)), np.zeros((C, t))
    cell = (home[inside], slot)
    known[cell] = outcomes.known[inside]
    n_goals[cell] = starters["n_goals"].to_numpy()[inside]
    is_parent[cell] = 1.0
    wanted = np.flatnonzero(home[outcomes.starter] >= 0)
    who, stage = outcomes.starter[wanted], outcomes.stage[wanted]
    weight = outcomes.weight[wanted]
    entries = _entries(
        rows,
        levels,
        parent=starters["parent"].to_numpy()[who],
        goal=outcomes.goal[wanted],
        stage=stage,
    )
    X = _fixed(fit.names, rows, starters.iloc[who], stage)
    TZ, TX, noise = np.zeros((C, t, k)), np.zeros((C, t, X.shape[1])), np.zeros((C, t))
    for j in range(entries.columns.shape[1]):
        place_j = (home[who], slot_of[who], entries.columns[:, j])
        np.add.at(TZ, place_j, weight * entries.values[:, j])
    np.add.at(TX, (home[who], slot_of[who]), weight[:, None] * X)
    np.add.at(noise, (home[who], slot_of[who]), weight**2)
    return {"TZ": TZ, "TX": TX, "known": known, "noise": noise}, n_goals, is_parent
