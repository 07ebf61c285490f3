"""Residual structures: what is asked for, what the rows must be, and the map that undoes them."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rpcstats.errors import DataError, FormulaError
from rpcstats.mixed import lmm
from rpcstats.mixed.linear.residual_structure import (
    read_correlation,
    read_residual_rows,
    residual_columns,
)
from rpcstats.mixed.linear.residual_whitening import make_whitening

# Products of a dozen numbers near one.
ROUNDING = 1e-12


def rows_of(frame, variance=None, correlation=None):
    term = None if correlation is None else read_correlation(correlation)
    columns = frame[list(dict.fromkeys(residual_columns(variance, term)))]
    return read_residual_rows(columns, (), variance, term)


def explicit_covariance(frame, phi, ratios):
    """Covariance over σ², written out pair by pair."""
    n = len(frame)
    V = np.zeros((n, n))
    for i in range(n):
        for j in range(n):
            if frame["s"][i] == frame["s"][j]:
                V[i, j] = phi ** abs(frame["t"][i] - frame["t"][j])
            V[i, j] *= ratios[frame["arm"][i]] * ratios[frame["arm"][j]]
    return V


SMALL = pd.DataFrame(
    {"s": list("bababba"), "t": [3, 0, 1, 4, 2, 7, 5], "arm": [0, 0, 1, 1, 0, 1, 1]}
)


def test_two_rows_by_hand():
    frame = pd.DataFrame({"s": ["a", "a"], "t": [0, 2], "arm": ["x", "x"]})
    rows = rows_of(frame, correlation="ar1(t | s)")
    white = make_whitening(rows, np.ones(1), 0.5, None)
    # ρ = 0.5² = 0.25; (4 - 0.25 · 2) / (1 - 0.0625)^(1/2)
    np.testing.assert_allclose(white.whiten(np.array([2.0, 4.0])), [2.0, 3.5 / np.sqrt(0.9375)])
    assert white.log_det == pytest.approx(np.log(0.9375), rel=ROUNDING)


@pytest.mark.parametrize("phi", [0.6, -0.4])
def test_map_undoes_the_covariance_written_out(phi):
    rows = rows_of(SMALL, "arm", "ar1(t | s)")
    ratios = np.array([1.0, 2.5])
    white = make_whitening(rows, ratios, phi, None)
    V = explicit_covariance(SMALL, phi, ratios)
    L = white.whiten(np.eye(len(SMALL)))
    np.testing.assert_allclose(L @ V @ L.T, np.eye(len(SMALL)), atol=ROUNDING)
    assert white.log_det == pytest.approx(np.linalg.slogdet(V)[1], rel=ROUNDING)


@given(
    phi=st.floats(-0.99, 0.99),
    ratio=st.floats(0.01, 100.0),
    order=st.permutations(range(len(SMALL))),
    weight=st.floats(0.1, 10.0),
)
def test_colouring_and_whitening_are_inverse(phi, ratio, order, weight):
    frame = SMALL.iloc[list(order)].reset_index(drop=True)
    rows = rows_of(frame, "arm", "ar1(t | s)")
    weights = np.linspace(1.0, weight, len(frame))
    white = make_whitening(rows, np.array([1.0, ratio]), phi, weights)
    values = np.arange(1.0, 8.0)
    np.testing.assert_allclose(white.whiten(white.colour(values)), values, rtol=1e-9)


def test_continuous_time_keeps_digits_of_tiny_gaps():
    frame = pd.DataFrame({"s": [1, 1], "t": [0.0, 1e-9]})
    white = make_whitening(rows_of(frame, correlation="car1(t | s)"), np.ones(1), 0.5, None)
    # 1 - ρ² = 2 · 1e-9 · log 2 to first order
    assert white.shrink[1] ** 2 == pytest.approx(2e-9 * np.log(2.0), rel=1e-8)


@pytest.mark.parametrize(
    ("text", "kind", "position", "series"),
    [
        ("ar1(session | family)", "ar1", "session", ("family",)),
        (" car1( time|council : `my family` ) ", "car1", "time", ("council", "my family")),
    ],
)
def test_terms_are_read(text, kind, position, series):
    term = read_correlation(text)
    assert (term.kind, term.position, term.series) == (kind, position, series)


@pytest.mark.parametrize(
    "text", ["ar1(session)", "ma1(t | g)", "ar1(t | a/b)", "ar1(t + 1 | g)", ""]
)
def test_other_terms_are_refused(text):
    with pytest.raises(FormulaError, match="write ar1"):
        read_correlation(text)


def test_even_gaps_have_no_sign():
    even = pd.DataFrame({"s": [1, 1, 1], "t": [0, 2, 6]})
    assert not rows_of(even, correlation="ar1(t | s)").may_be_negative
    assert rows_of(even.assign(t=[0, 2, 5]), correlation="ar1(t | s)").may_be_negative


def data(seed=1, n_group=12, n_session=5):
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame(
        {
            "g": np.repeat(np.arange(n_group), n_session),
            "t": np.tile(np.arange(n_session), n_group),
        }
    )
    frame["arm"] = np.where(frame["g"] % 2, "a", "b")
    frame["y"] = rng.standard_normal(len(frame)) + rng.standard_normal(n_group)[frame["g"]]
    return frame


def test_shared_positions_are_counted():
    frame = data()
    frame.loc[[1, 8], "t"] = [0, 4]
    with pytest.raises(DataError, match="2 rows share the position"):
        lmm("y ~ t + (1 | g)", frame, correlation="ar1(t | g)")


def test_broken_positions_are_counted():
    frame = data().assign(t=lambda d: d["t"] + 0.5 * (d["g"] == 3))
    with pytest.raises(DataError, match=r"5 positions.*car1"):
        lmm("y ~ t + (1 | g)", frame, correlation="ar1(t | g)")


def test_series_across_levels_are_counted():
    frame = data()
    frame["h"] = np.arange(len(frame)) % 7
    with pytest.raises(DataError, match='12 series have rows in more than one level of "h"'):
        lmm("y ~ t + (1 | g) + (1 | h)", frame, correlation="ar1(t | g)")


def test_series_of_one_row_are_refused():
    frame = data()
    frame["one"] = np.arange(len(frame))
    with pytest.raises(DataError, match="nothing to correlate"):
        lmm("y ~ t + (1 | g)", frame, correlation="ar1(t | one)")


@pytest.mark.parametrize(
    ("arm", "match"),
    [("a", "single level"), (["rare"] + ["a"] * 30 + ["b"] * 29, "1 level has a single row")],
)
def test_levels_without_a_variance_are_refused(arm, match):
    with pytest.raises(DataError, match=match):
        lmm("y ~ t + (1 | g)", data().assign(arm=arm), residual_variance="arm")


def test_unknown_columns_are_named():
    with pytest.raises(FormulaError, match="session"):
        lmm("y ~ t + (1 | g)", data(), correlation="ar1(session | g)")


def test_rows_without_a_position_are_left_out():
    frame = data().astype({"t": float})
    frame["when"] = frame["t"]
    frame.loc[[3, 17], "when"] = np.nan
    fit = lmm("y ~ t + (1 | g)", frame, correlation="ar1(when | g)", residual_variance="arm")
    assert fit.n_obs == 58
    assert fit.glance()["n_missing"].item() == 2
    again = lmm(
        "y ~ t + (1 | g)",
        frame.dropna(),
        correlation="ar1(when | g)",
        residual_variance="arm",
    )
    assert fit.deviance == pytest.approx(again.deviance, rel=1e-12)
