"""Coefficients of models of couples: told no more finely than one couple moves them."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rpcstats.disclosure import disclose, disclosure_policy
from rpcstats.disclosure.slopes import LADDER, TOO_COARSE, protect_slopes
from rpcstats.errors import DisclosureError
from rpcstats.goals._couple_moves import couple_moves


@dataclass
class Model:
    frame: pd.DataFrame
    counts: dict
    release_kind: str = "estimates"

    def tidy(self):
        return self.frame

    def glance(self):
        return pd.DataFrame([self.counts | {"outcome": "change", "sigma": 1.234, "n_obs": 80}])


def rows(moved=0.08, estimate=-0.334, couples=40):
    return pd.DataFrame(
        {"term": ["own"], "estimate": [estimate], "std_error": [0.1], "statistic": [-3.3],
         "df": [60.0], "p_value": [0.002], "conf_low": [estimate - 0.2],
         "conf_high": [estimate + 0.2], "n_couple": [couples], "most_moved": [moved]}
    )  # fmt: skip


COUNTS = {"n_couple": 41, "n_single": 12, "n_unrated": 3}


def test_a_coefficient_by_hand():
    """Steps of 0.1: -0.334 is told as -0.3, its limits as 0.3 either way."""
    safe = disclose(Model(rows(), COUNTS), "council")
    row = safe.frame.iloc[0]
    assert row[["estimate", "conf_low", "conf_high", "n_couple"]].tolist() == [-0.3, -0.6, 0.0, 40]
    assert set(safe.frame.columns) == {
        "term", "estimate", "conf_low", "conf_high", "n_couple", "status", "note",
    }  # fmt: skip
    glance = safe.glance.iloc[0]
    assert (glance["n_couple"], glance["n_single"], glance["outcome"]) == (40, 10, "change")
    assert np.isnan(glance["n_unrated"])
    assert not {"sigma", "n_obs"} & set(safe.glance.columns)


@pytest.mark.parametrize(("moved", "step"), [(0.0, 0.05), (0.05, 0.05), (0.051, 0.1), (0.5, 0.5)])
def test_steps_are_those_of_the_ladder(moved, step):
    released = {
        protect_slopes(rows(moved, b), disclosure_policy("council")).frame["estimate"].iloc[0]
        for b in np.arange(-1.0, 1.0, 0.01)
    }
    assert np.diff(sorted(released)).min() == pytest.approx(step)


def test_what_one_couple_moves_far_is_withheld():
    safe = disclose(Model(rows(moved=0.6), COUNTS), "council")
    assert safe.status == "withheld"
    assert safe.frame["note"].tolist() == [TOO_COARSE]


@pytest.mark.parametrize(("preset", "couples"), [("council", 9), ("tre", 9), ("opensafely", 9)])
def test_few_couples_are_withheld(preset, couples):
    frame = disclose(Model(rows(couples=couples), COUNTS), preset).frame
    assert frame[["estimate", "conf_low", "conf_high"]].isna().all(axis=None)


def test_unprotected_coefficients_stay_as_they_are():
    frame = disclose(Model(rows(), COUNTS), "internal").frame
    assert frame["estimate"].tolist() == [-0.334]


def test_coefficients_without_their_moves_are_refused():
    with pytest.raises(DisclosureError, match="how far one couple"):
        disclose(Model(rows(moved=np.nan), COUNTS), "council")
    with pytest.raises(DisclosureError, match="mean_age"):
        disclose(Model(rows().assign(mean_age=31.2), COUNTS), "council")


def fixed_variances(X, y, between, rating):
    """Generalised least squares, written out: V is block diagonal, a block a couple."""
    n = len(y)
    same = np.arange(n)[:, None] // 2 == np.arange(n) // 2
    V = between * same + np.diag(rating)
    inverse = np.linalg.inv(V)
    return np.linalg.solve(X.T @ inverse @ X, X.T @ inverse @ y)


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 10_000), couple=st.integers(0, 11))
def test_no_couple_moves_a_coefficient_by_more_than_is_said(seed, couple):
    rng = np.random.default_rng(seed)
    X = np.column_stack([np.ones(24), rng.normal(size=(24, 2))])
    y = rng.normal(size=24)
    rating = np.tile([1.0, 1.7], 12)
    span = 10.0
    told = span * couple_moves(X, 0.6, rating)
    other = y.copy()
    other[2 * couple : 2 * couple + 2] += rng.uniform(-span, span, 2)
    moved = fixed_variances(X, other, 0.6, rating) - fixed_variances(X, y, 0.6, rating)
    assert (np.abs(moved) <= told + 1e-9).all()


def test_the_bound_is_reached():
    rng = np.random.default_rng(1)
    X = np.column_stack([np.ones(16), rng.normal(size=16)])
    rating = np.full(16, 2.0)
    told = couple_moves(X, 0.5, rating)
    y = np.zeros(16)
    reached = []
    for couple in range(8):
        for sign in (1.0, -1.0):
            moved = y.copy()
            moved[2 * couple : 2 * couple + 2] = [1.0, sign]
            reached.append(np.abs(fixed_variances(X, moved, 0.5, rating)))
    np.testing.assert_allclose(np.max(reached, axis=0), told)


def test_the_ladder_ends_where_a_coefficient_would_tell_nothing():
    assert max(LADDER) == 0.5
