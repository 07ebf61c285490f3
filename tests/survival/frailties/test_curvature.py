"""The ways of holding the curvature against the matrix written out."""

import numpy as np
import pytest

from rpcstats.survival.frailties._columns import LevelColumns, MixedColumns
from rpcstats.survival.frailties._curvature import CurvaturePlan, small_levels, whole_curvature
from rpcstats.survival.frailties._point import point_at
from rpcstats.survival.frailties._row_sums import shared_by_rows
from rpcstats.survival.frailties._shares import level_steps
from rpcstats.survival.partial.arrange import arrange

# Sums of a few hundred numbers of order one.
EXACT = 1e-10

CASES = [
    (late, strata, weighted, ties)
    for late, strata, weighted in ((False, 1, False), (True, 1, True), (True, 3, False))
    for ties in ("efron", "breslow")
]
FACTORS = [np.array([[0.7]]), np.array([[0.5, 0.0], [0.2, 0.3]])]


@pytest.fixture(params=CASES, ids=str)
def written_out(request, sample):
    """A point with two factors, its arranged columns, and Z'WZ row by row."""
    late, strata, weighted, ties = request.param
    data = sample(late=late, strata=strata)
    order = arrange(
        data["time"].to_numpy(),
        data["event"].to_numpy() == 1,
        entry=data["entry"].to_numpy() if late else None,
        stratum=data["s"].to_numpy() if strata > 1 else None,
        n_stratum=strata,
        weights=data["w"].to_numpy() if weighted else None,
    )
    one = np.ones(len(order.rows))
    slopes = np.array([one, order.take(data["z"].to_numpy())])
    levels = (
        LevelColumns(order.take(data["g"].to_numpy()), None, 9, 1),
        LevelColumns(order.take(data["f"].to_numpy()), slopes, 4, 2),
    )
    X = order.take(data["x"].to_numpy())[None]
    columns = MixedColumns(order, ties, X, np.ones(1), None, levels)
    point = point_at(columns, 0.8 * X[0] + 0.3 * slopes[1])
    lines = [
        (part.codes == level) * (one if part.Z is None else part.Z[j])
        for part in levels
        for level in range(part.n_level)
        for j in range(part.n_effect)
    ]
    Z = np.array(lines).T
    return columns, point, Z, Z.T @ _curvature(columns, point, data, late, strata) @ Z


def _curvature(columns, point, data, late, strata):
    """Sum over the tied events of diag(y) - y y', y being shares, as the definition says."""
    order = columns.order
    time, event = (order.take(data[c].to_numpy()) for c in ("time", "event"))
    entry = order.take(data["entry"].to_numpy()) if late else np.full(len(time), -1.0)
    stratum = order.take(data["s"].to_numpy()) if strata > 1 else np.zeros(len(time))
    r, W = point.terms.r, 0.0
    for t, s in sorted(set(zip(time[event == 1], stratum[event == 1], strict=True))):
        at_risk = (entry < t) & (time >= t) & (stratum == s)
        tied = (time == t) & (event == 1) & (stratum == s)
        weight = 1.0 if order.weights is None else order.weights[tied].mean()
        for j in range(int(tied.sum())):
            part = j / tied.sum() if columns.ties == "efron" else 0.0
            y = r * at_risk - part * r * tied
            y = y / y.sum()
            W = W + weight * (np.diag(y) - np.outer(y, y))
    return W


def _whole(H):
    B = np.zeros((17, 17))
    B[:9, :9] = 0.7 * np.eye(9)
    for level in range(4):
        at = slice(9 + 2 * level, 11 + 2 * level)
        B[at, at] = FACTORS[1]
    return B, B.T @ H @ B + np.eye(17)


def test_columns_of_the_curvature(written_out):
    _, point, Z, H = written_out
    border = np.array([2, 5, 14, 16])
    np.testing.assert_allclose(whole_curvature(point, border), H[:, border], atol=EXACT)
    shared = Z.T @ np.diag(point.expected) @ Z - H
    np.testing.assert_allclose(shared_by_rows(point, border), shared[:, border], atol=EXACT)


def test_squared_shares(written_out):
    columns, point, Z, H = written_out
    steps = level_steps(columns.order, columns.levels[0].codes, 9)
    shared = Z.T @ np.diag(point.expected) @ Z - H
    np.testing.assert_allclose(steps.squared_shares(point), np.diag(shared)[:9], atol=EXACT)


@pytest.mark.parametrize("kind", ["full", "low rank", "first apart", "some apart", "mixed apart"])
def test_determinant_and_inverse(written_out, kind):
    columns, point, _, H = written_out
    alone = np.zeros(17, dtype=bool)
    if kind == "mixed apart":
        alone[9::2] = True
    elif kind.endswith("apart"):
        alone[:9] = kind == "first apart"
        alone[[0, 1, 3, 8]] = True
    which = int(kind == "mixed apart")
    part = columns.levels[which]
    steps = level_steps(columns.order, part.codes, part.n_level)
    plan = CurvaturePlan(columns, alone, which, steps, kind == "low rank")
    masked = H.copy()
    masked[np.ix_(alone, alone)] = np.diag(np.diag(H)[alone])
    _, whole = _whole(masked)
    factor = plan.factor(point, FACTORS, np.ones(17))
    assert factor.log_det == pytest.approx(np.linalg.slogdet(whole)[1], rel=EXACT)
    B = np.random.default_rng(0).normal(size=(17, 3))
    np.testing.assert_allclose(factor.solve(B), np.linalg.solve(whole, B), atol=EXACT)
    inverse = np.linalg.inv(whole)
    first, second = factor.inverse_blocks(plan.sizes)
    np.testing.assert_allclose(first[:, 0, 0], np.diag(inverse)[:9], atol=EXACT)
    for level in range(4):
        at = slice(9 + 2 * level, 11 + 2 * level)
        np.testing.assert_allclose(second[level], inverse[at, at], atol=EXACT)


def test_levels_that_coxme_takes_as_sparse():
    assert not small_levels(np.ones(49), nested=False).any()
    assert small_levels(np.ones(50), nested=False).all()
    assert not small_levels(np.ones(50), nested=True).any()
    sizes = np.append(np.ones(60), 40)
    assert small_levels(sizes, nested=True).tolist() == [True] * 60 + [False]
