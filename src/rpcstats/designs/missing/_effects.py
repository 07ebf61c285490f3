"""Draws of all effects of the growth model at once, given its variances: arrays in, arrays out.

The mean of a rating is linear in the stage, and covariates belong to parents. So everything that
the ratings of a parent say is held in the information and the score of that parent's own line, two
by two, with the goals integrated out; fixed and group effects are then drawn with the parents
integrated out, and the rest follows downwards. Nothing is drawn given what depends on it.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from rpcstats.designs.missing._group_spread import draw_group_variance

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]


class Layout(NamedTuple):
    """What does not change from draw to draw.

    Attributes
    ----------
    X : ndarray of shape (N, q)
        Covariates of parents, with a column of ones.
    prior_precision : ndarray of shape (2 q,)
        Of the fixed effects: those of the start, then those of the slope.
    parent : ndarray of int, shape (J,)
        Parent of each goal; all N parents have one.
    n, s1, s2 : ndarray of shape (J,)
        Number of ratings of a goal, sum and sum of squares of their stages.
    members : sparse array of shape (G, N)
        Who is in which group; parents may be in none.
    group : ndarray of int, shape (N,)
        Group of each parent, G for those in none.
    by_group : tuple of int
        Which of start (0) and slope (1) vary between groups; ascending.
    has_goals : bool
        Whether goals of a parent differ.
    has_slope : bool
        Whether slopes differ between the parents of a group.
    """

    X: Floats
    prior_precision: Floats
    parent: Integers
    n: Floats
    s1: Floats
    s2: Floats
    members: sparse.csr_array
    group: Integers
    by_group: tuple[int, ...]
    has_goals: bool
    has_slope: bool = True


class Variances(NamedTuple):
    """Variances of the growth model.

    Attributes
    ----------
    parent : ndarray of shape (2, 2)
        Of a parent's start and slope; 0 for slopes that do not differ.
    group : ndarray of shape (Q, Q)
        Of a group's effects; Q is 0, 1 or 2.
    goal : float
        Of a goal about its parent's start; 0 if goals do not differ.
    rating : float
        Of a rating about its goal's line.
    """

    parent: Floats
    group: Floats
    goal: float
    rating: float


class Effects(NamedTuple):
    """One draw.

    Attributes
    ----------
    beta : ndarray of shape (2, q)
        Fixed effects on start and slope.
    group : ndarray of shape (G, Q)
        Effects of groups.
    omega : ndarray of shape (Q, Q)
        Variance the groups were drawn with.
    parent : ndarray of shape (2, N)
        Deviations of start and slope of parents from what fixed and group effects say.
    goal : ndarray of shape (J,)
        Deviations of goals.
    line : ndarray of shape (2, N)
        Start and slope of each parent, all effects together.
    """

    beta: Floats
    group: Floats
    omega: Floats
    parent: Floats
    goal: Floats
    line: Floats


def draw_effects(
    rng: np.random.Generator,
    layout: Layout,
    r0: Floats,
    r1: Floats,
    variances: Variances,
    *,
    scale: float | None = None,
) -> Effects:
    """Draw fixed, group, parent and goal effects from their joint posterior.

    Parameters
    ----------
    rng : Generator
        Source of randomness.
    layout : Layout
        Design.
    r0, r1 : ndarray of shape (J,)
        Sum of the ratings of each goal; sum of ratings times stage.
    variances : Variances
        Held fixed.
    scale : float, optional
        Scale of the half-t prior of the standard deviation between groups. If given, and one
        effect varies between groups, its variance is drawn anew before the groups.

    Returns
    -------
    Effects
        An exact draw; without `scale` it depends on no draw before.
    """
    A, b = _parent_information(layout, r0, r1, variances)
    M, m = _marginal(A, b, variances.parent)
    beta, group, omega = _draw_shared(rng, layout, M, m, variances.group, scale)
    line = beta @ layout.X.T
    for place, row in enumerate(layout.by_group):
        line[row] += np.append(group[:, place], 0.0)[layout.group]
    parent = _draw_parents(rng, A, b - _times(A, line), variances.parent)
    line = line + parent
    goal = np.zeros(len(r0))
    if layout.has_goals:
        spread = 1.0 / (1.0 / variances.goal + layout.n / variances.rating)
        rest = r0 - layout.n * line[0, layout.parent] - layout.s1 * line[1, layout.parent]
        goal = spread * rest / variances.rating
        goal += np.sqrt(spread) * rng.standard_normal(len(r0))
    return Effects(beta, group, omega, parent, goal, line)


def _parent_information(
    layout: Layout, r0: Floats, r1: Floats, variances: Variances
) -> tuple[Floats, Floats]:
    """Give information (3, N: 00, 01, 11) and score (2, N) of each parent's line."""
    n, s1, s2 = layout.n, layout.s1, layout.s2
    shrink = variances.goal / (variances.rating + n * variances.goal)
    kept = 1.0 - shrink * n
    rows = np.stack([n * kept, s1 * kept, s2 - shrink * s1 * s1, r0 * kept, r1 - shrink * s1 * r0])
    sums = np.stack([np.bincount(layout.parent, row) for row in rows]) / variances.rating
    return sums[:3], sums[3:]


def _marginal(A: Floats, b: Floats, psi: Floats) -> tuple[Floats, Floats]:
    """Integrate the parents out: (I + A psi)^-1 applied to A and b."""
    a00, a01, a11 = A
    c00 = 1.0 + a00 * psi[0, 0] + a01 * psi[0, 1]
    c01 = a00 * psi[0, 1] + a01 * psi[1, 1]
    c10 = a01 * psi[0, 0] + a11 * psi[0, 1]
    c11 = 1.0 + a01 * psi[0, 1] + a11 * psi[1, 1]
    det = c00 * c11 - c01 * c10
    M = np.stack([c11 * a00 - c01 * a01, c11 * a01 - c01 * a11, c00 * a11 - c10 * a01]) / det
    m = np.stack([c11 * b[0] - c01 * b[1], c00 * b[1] - c10 * b[0]]) / det
    return M, m


def _times(A: Floats, x: Floats) -> Floats:
    return np.stack([A[0] * x[0] + A[1] * x[1], A[1] * x[0] + A[2] * x[1]])


def _draw_shared(
    rng: np.random.Generator,
    layout: Layout,
    M: Floats,
    m: Floats,
    omega: Floats,
    scale: float | None,
) -> tuple[Floats, Floats, Floats]:
    """Draw fixed effects with the groups integrated out, then the groups."""
    X, q = layout.X, layout.X.shape[1]
    blocks = [(X * row[:, None]).T @ X for row in M]
    precision = np.block([[blocks[0], blocks[1]], [blocks[1], blocks[2]]])
    precision[np.diag_indices(2 * q)] += layout.prior_precision
    score = (m @ X).ravel()
    if not layout.by_group:
        return _draw_normal(rng, precision, score).reshape(2, q), np.zeros((0, 0)), omega
    h, H, k = _group_sums(layout, M, m)
    carried = np.linalg.inv(h + np.linalg.inv(omega)) @ H
    precision -= np.einsum("gap,gaq->pq", H, carried, optimize=True)
    beta = _draw_normal(rng, precision, score - np.einsum("gap,ga->p", carried, k))
    rest = k - H @ beta
    if scale is not None and len(layout.by_group) == 1:
        variance = float(omega[0, 0])
        omega = np.array([[draw_group_variance(rng, variance, h.ravel(), rest.ravel(), scale)]])
    spread = np.linalg.inv(h + np.linalg.inv(omega))
    noise = rng.standard_normal(rest.shape)
    group = np.einsum("gab,gb->ga", spread, rest)
    group += np.einsum("gab,gb->ga", np.linalg.cholesky(spread), noise)
    return beta.reshape(2, q), group, omega


_ENTRY = ((0, 1), (1, 2))


def _group_sums(layout: Layout, M: Floats, m: Floats) -> tuple[Floats, Floats, Floats]:
    """Sum over groups: information (G, Q, Q), its product with X (G, Q, 2 q), score (G, Q)."""
    rows, q = layout.by_group, layout.X.shape[1]
    Q = len(rows)
    parts = [M[[_ENTRY[a][b] for b in rows]].T for a in rows]
    parts += [M[_ENTRY[a][b]][:, None] * layout.X for a in rows for b in (0, 1)]
    sums = layout.members @ np.column_stack([*parts, m[list(rows)].T])
    h = sums[:, : Q * Q].reshape(-1, Q, Q)
    H = sums[:, Q * Q : Q * (Q + 2 * q)].reshape(-1, Q, 2 * q)
    return h, H, sums[:, Q * (Q + 2 * q) :]


def _draw_normal(rng: np.random.Generator, precision: Floats, score: Floats) -> Floats:
    """Draw from the normal distribution with a precision and its mean times the precision."""
    root = np.linalg.cholesky(precision)
    half = np.linalg.solve(root, score)
    return np.asarray(np.linalg.solve(root.T, half + rng.standard_normal(len(score))))


def _draw_parents(rng: np.random.Generator, A: Floats, b: Floats, psi: Floats) -> Floats:
    """Draw deviations of parents, (2, N), given their information and score."""
    if psi[1, 1] == 0.0:
        held = A[0] + 1.0 / psi[0, 0]
        start = b[0] / held + rng.standard_normal(len(held)) / np.sqrt(held)
        return np.stack([start, np.zeros_like(start)])
    prior = np.linalg.inv(psi)
    p00, p01, p11 = A[0] + prior[0, 0], A[1] + prior[0, 1], A[2] + prior[1, 1]
    det = p00 * p11 - p01 * p01
    slope = (p00 * b[1] - p01 * b[0]) / det
    z = rng.standard_normal(b.shape)
    slope += np.sqrt(p00 / det) * z[1]
    start = (b[0] - p01 * slope) / p00 + z[0] / np.sqrt(p00)
    return np.stack([start, slope])
