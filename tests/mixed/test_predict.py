"""Predictions of linear mixed models."""

import numpy as np
import pandas as pd
import pytest
from scipy import linalg

from rpcstats import _vocabulary as v
from rpcstats.errors import DataError, ParameterError
from rpcstats.mixed import lmm

Z95 = 1.959963984540054


def henderson(fit, X, Z):
    """Variance of x'b + z'u about its target by the textbook's dense equations."""
    frame, sigma2 = fit.frame, fit.sigma**2
    columns, covariances = [], []
    for block in frame.blocks:
        G = fit.varcorr().covariance(block.group)
        indicator = np.eye(block.n_level)[block.codes]
        columns.append(np.einsum("nl,nq->nlq", indicator, block.Z).reshape(fit.n_obs, -1))
        covariances += [G] * block.n_level
    W = np.ones(fit.n_obs) if frame.weights is None else frame.weights
    T = np.hstack([frame.X, *columns])
    C = (T.T * W) @ T / sigma2
    p = frame.X.shape[1]
    C[p:, p:] += np.linalg.inv(linalg.block_diag(*covariances))
    row = np.hstack([X, Z])
    return row @ np.linalg.solve(C, row.T)


CROSSED = "y ~ x + (x | g) + (1 | h)"


@pytest.fixture(scope="module")
def crossed():
    rng = np.random.default_rng(5)
    g, h = np.repeat(np.arange(6), 8), np.tile(np.arange(4), 12)
    x = rng.normal(size=48)
    slope, shift = 1 + rng.normal(size=6), 2 * rng.normal(size=4)
    y = slope[g] * x + shift[h] + rng.normal(size=48) + 3 * rng.normal(size=6)[g]
    data = pd.DataFrame({"y": y, "x": x, "g": g.astype(str), "h": h.astype(str), "w": 1 + g % 3})
    return data


@pytest.mark.parametrize("weights", [None, "w"])
def test_conditional_error_is_hendersons(crossed, weights):
    fit = lmm(CROSSED, crossed, weights=weights)
    frame = fit.predict(interval="confidence")
    assert tuple(frame.columns) == v.PREDICTION
    np.testing.assert_allclose(frame["estimate"], fit.fitted(), rtol=1e-13)
    g, h = (block.codes for block in fit.frame.blocks)
    for i in (0, 9, 30):
        Z = np.zeros(12 + 4)
        Z[2 * g[i] : 2 * g[i] + 2] = fit.frame.blocks[0].Z[i]
        Z[12 + h[i]] = 1
        expected = henderson(fit, fit.frame.X[i], Z)
        assert frame["std_error"][i] ** 2 == pytest.approx(expected, rel=1e-8)


def test_one_factor_and_many_give_one_answer(mixed_data):
    data = mixed_data("sleepstudy").assign(Other=lambda d: d["Days"] % 2)
    fit = lmm("Reaction ~ Days + (Days | Subject)", data)
    frame = fit.predict(interval="confidence")
    for i in (0, 33):
        Z = np.zeros(36)
        level = fit.frame.blocks[0].codes[i]
        Z[2 * level : 2 * level + 2] = fit.frame.blocks[0].Z[i]
        expected = henderson(fit, fit.frame.X[i], Z)
        assert frame["std_error"][i] ** 2 == pytest.approx(expected, rel=1e-8)


def test_three_pairs_by_hand():
    # Variances 2 within and 8 between, mean 4 with variance 3.
    data = pd.DataFrame({"y": [0.0, 2, 3, 5, 6, 8], "g": list("aabbcc")})
    fit = lmm("y ~ 1 + (1 | g)", data)
    new = pd.DataFrame({"g": ["c", "other"]})
    frame = fit.predict(new, interval="confidence")
    np.testing.assert_allclose(frame["estimate"], [4 + 8 / 3, 4], rtol=1e-6)
    # 8 / 9 given the mean, whose error is carried by 1 / 9 of itself; 8 + 3 for a new group.
    np.testing.assert_allclose(frame["std_error"] ** 2, [8 / 9 + 3 / 81, 11], rtol=1e-6)
    value = fit.predict(new, interval="prediction")
    np.testing.assert_allclose(value["std_error"] ** 2, [8 / 9 + 3 / 81 + 2, 13], rtol=1e-6)
    for level, extra in {"population": 2, "new_group": 10}.items():
        mean = fit.predict(new, level=level, interval="confidence")
        np.testing.assert_allclose(mean["estimate"], 4, rtol=1e-12)
        np.testing.assert_allclose(mean["std_error"] ** 2, 3, rtol=1e-6)
        # A t quantile with 2 degrees of freedom.
        half = 4.302652729911275 * np.sqrt(3)
        np.testing.assert_allclose(mean["conf_high"], 4 + half, rtol=1e-6)
        single = fit.predict(new, level=level, interval="prediction")
        np.testing.assert_allclose(single["std_error"] ** 2, 3 + extra, rtol=1e-6)
        np.testing.assert_allclose(single["conf_low"], 4 - Z95 * np.sqrt(3 + extra), rtol=1e-6)


def test_levels_not_seen_have_no_mode(sleepstudy, mixed_data):
    new = mixed_data("sleepstudy").head(2).assign(Subject=[308, -1])
    frame = sleepstudy.predict(new)
    assert tuple(frame.columns) == (v.ESTIMATE,)
    population = sleepstudy.predict(new, level="population")["estimate"]
    assert frame["estimate"][1] == pytest.approx(population[1], rel=1e-13)
    assert frame["estimate"][0] == pytest.approx(sleepstudy.fitted()[0], rel=1e-13)
    wide = sleepstudy.predict(new, interval="confidence")["std_error"]
    assert wide[1] > 2 * wide[0]


def test_population_rows_need_no_group(sleepstudy):
    new = pd.DataFrame({"Days": [0.0, 5.0]})
    estimate = sleepstudy.predict(new, level="population")["estimate"]
    np.testing.assert_allclose(estimate, sleepstudy.beta[0] + sleepstudy.beta[1] * new["Days"])


def test_rows_of_the_fit_keep_their_weights(crossed):
    fit = lmm("y ~ x + (1 | g)", crossed, weights="w")
    inside = fit.predict(level="population", interval="prediction")["std_error"] ** 2
    outside = fit.predict(crossed, level="population", interval="prediction")["std_error"] ** 2
    np.testing.assert_allclose(outside - inside, fit.sigma**2 * (1 - 1 / crossed["w"]), atol=1e-9)


def test_an_offset_is_added(mixed_data):
    data = mixed_data("sleepstudy").assign(known=lambda d: 3.0 * d["Days"])
    fit = lmm("Reaction ~ 1 + offset(known) + (1 | Subject)", data)
    new = data.head(4)
    for level in ("population", "conditional"):
        moved = fit.predict(new.assign(known=new["known"] + 7), level=level)["estimate"]
        np.testing.assert_allclose(moved - fit.predict(new, level=level)["estimate"], 7)


def test_intervals_cover_new_values():
    rng = np.random.default_rng(2)
    g = np.repeat(np.arange(60), 5)

    def draw(b):
        return 2 + b[g] + rng.normal(size=300)

    b = rng.normal(size=60)
    data = pd.DataFrame({"y": draw(b), "g": g})
    fit = lmm("y ~ 1 + (1 | g)", data)
    again, other = draw(b), draw(rng.normal(size=60))
    for level, values in {"conditional": again, "new_group": other}.items():
        limits = fit.predict(data, level=level, interval="prediction")
        inside = values[(values > limits["conf_low"]) & (values < limits["conf_high"])]
        # 300 rows in 60 groups: the share inside has a standard error of at most 0.02.
        assert 0.89 < len(inside) / 300 < 0.99


@pytest.mark.parametrize("options", [{"level": "group"}, {"interval": "tolerance"}])
def test_unknown_options_are_named(options, sleepstudy):
    with pytest.raises(ParameterError):
        sleepstudy.predict(**options)


def test_a_missing_column_is_named(sleepstudy):
    with pytest.raises(DataError, match="Days"):
        sleepstudy.predict(pd.DataFrame({"Subject": [308]}))
