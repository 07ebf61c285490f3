"""Sums of squares of the products of a nested and crossed model."""

import numpy as np
from numpy.typing import NDArray

from rpcstats.mixed.linear.blocks_system import System
from rpcstats.mixed.linear.blocks_vectors import inner_products, times_products
from rpcstats.mixed.linear.moment_start import Moments
from rpcstats.mixed.linear.rows import Rows
from rpcstats.mixed.structure.model_frame import FloatArray

Int64Array = NDArray[np.int64]

# A mean of ones over the fixed columns below this is rounding: they hold no constant.
_NO_MEAN = 1e-8


def block_moments(rows: Rows, system: System) -> Moments:
    """Sum the squares of the products of columns.

    Parameters
    ----------
    rows : Rows
        Columns in working coordinates.
    system : System
        Their products in the order of elimination.

    Returns
    -------
    Moments
        Sums for every pair of effects.
    """
    first = np.cumsum([0, *(block.n_effect for block in rows.blocks)])
    squares, observed = _raw_moments(rows, system, first)
    weights = rows.X.sum(axis=0)
    size = float(np.linalg.norm(weights))
    if size > _NO_MEAN * np.sqrt(rows.n):
        order = (*system.plan.chain, *system.plan.rest)
        effects = [first[b] + a for b in order for a in range(rows.blocks[b].n_effect)]
        means = _level_means(rows, system, weights / size)
        vectors = [np.zeros((*part.shape, first[-1])) for part in means]
        number = 0
        for part, vector in zip(means, vectors, strict=True):
            for a in range(part.shape[1]):
                vector[:, a, effects[number]] = part[:, a]
                number += 1
        crossed = inner_products(*times_products(system, vectors))
        lengths = np.diag(inner_products(vectors, vectors))
        squares += np.outer(lengths, lengths) - crossed - crossed.T
    else:
        lengths = np.zeros(len(squares))
    sizes = np.concatenate([np.einsum("ia,ia->a", Z, Z) for Z in rows.Z]) - lengths
    return Moments(squares, observed, sizes, rows.n - float(lengths.any()))


def _level_means(rows: Rows, system: System, weights: FloatArray) -> list[FloatArray]:
    """Give c'Z for the unit vector c = X̃ weights, blocks in the order of the plan."""
    p = rows.p
    result = [
        stage.front[:, :, stage.front.shape[2] - p - 1 : -1] @ weights for stage in system.stages
    ]
    for b, first in zip(system.plan.rest, system.rest.first, strict=True):
        columns = first[:, None] + np.arange(rows.blocks[b].n_effect)
        result.append(system.rest.border[columns, :p] @ weights)
    return result


def _raw_moments(rows: Rows, system: System, first: Int64Array) -> tuple[FloatArray, FloatArray]:
    """Give ‖Z_a'Z_b‖² and ‖Z_a'e‖²."""
    plan, rest = system.plan, system.rest
    n_effect = int(first[-1])
    squares, observed = np.zeros((n_effect, n_effect)), np.zeros(n_effect)
    effect_of = np.zeros(len(rest.corner), dtype=np.int64)
    for b, columns in zip(plan.rest, rest.first, strict=True):
        for a in range(rows.blocks[b].n_effect):
            effect_of[columns + a] = first[b] + a
    for number, stage in enumerate(system.stages):
        own = [first[stage.block] + a for a in range(stage.front.shape[1])]
        chain = [first[b] + a for b in plan.chain[number:] for a in range(rows.blocks[b].n_effect)]
        for a, effect in enumerate(own):
            observed[effect] = np.sum(stage.front[:, a, -1] ** 2)
            for c, other in enumerate(chain):
                squares[effect, other] = np.sum(stage.front[:, a, c] ** 2)
                squares[other, effect] = squares[effect, other]
            dense = np.bincount(
                effect_of[stage.columns], stage.values[:, a] ** 2, minlength=n_effect
            )
            squares[effect] += dense
            squares[:, effect] += dense
    _add_dense(squares, effect_of[rest.rows], effect_of[rest.columns], rest.values)
    observed += np.bincount(effect_of, rest.border[:, -1] ** 2, minlength=n_effect)
    return squares, observed


def _add_dense(
    squares: FloatArray, left: Int64Array, right: Int64Array, values: FloatArray
) -> None:
    n_effect = len(squares)
    sums = np.bincount(left * n_effect + right, values**2, minlength=n_effect**2)
    table = sums.reshape(n_effect, n_effect)
    squares += table + table.T - np.diag(np.diag(table))
