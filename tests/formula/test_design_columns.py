"""Columns of a design that are made when they are asked for."""

import numpy as np
import pandas as pd
import pytest

from rpcstats.errors import DataError
from rpcstats.formula import design
from rpcstats.formula.columns import read_columns
from rpcstats.formula.design_columns import ChosenColumns

N = 40
RNG = np.random.default_rng(5)
FRAME = pd.DataFrame(
    {
        "age": RNG.normal(size=N),
        "weeks": RNG.integers(0, 9, N),
        "seen": RNG.random(N) < 0.5,
        "mode": RNG.choice(["a", "b", "c"], N),
    }
)
TERMS = ("1", "age + weeks + seen", "mode * age + weeks", "0 + mode", "mode:seen", "C(weeks)")


@pytest.mark.parametrize("terms", TERMS)
def test_lines_and_rows_are_those_of_the_matrix(terms):
    lazy = design(f"y ~ {terms}", FRAME, lazily=True).columns
    X = design(f"y ~ {terms}", FRAME).X
    assert not lazy.is_made
    assert lazy.shape == X.shape
    for j in range(X.shape[1]):
        np.testing.assert_array_equal(lazy.line(j), X[:, j])
    np.testing.assert_array_equal(lazy.rows(slice(5, 12)), X[5:12])
    np.testing.assert_allclose(lazy.means(), X.mean(axis=0), rtol=1e-12, atol=1e-15)
    assert (lazy.largest() == np.abs(X).max(axis=0)).all()
    np.testing.assert_array_equal(lazy.matrix(), X)
    assert lazy.is_made


def test_a_matrix_that_was_made_does_not_follow_the_data():
    frame = FRAME.copy()
    built = design("y ~ age + weeks", frame, lazily=True)
    chosen = ChosenColumns(built.columns, [2, 1]).chosen([1, 0])
    before = chosen.matrix().copy()
    frame.loc[:, "age"] = 9.0
    np.testing.assert_array_equal(chosen.matrix(), before)
    assert not chosen.matrix().flags.writeable


def test_a_value_that_is_not_finite_is_found_before_the_matrix_is_made():
    frame = FRAME.assign(age=np.where(np.arange(N) == 3, np.inf, FRAME["age"]))
    with pytest.raises(DataError, match="not finite"):
        design("y ~ age", frame, lazily=True)


def test_columns_as_they_stand_are_those_of_a_copy():
    frame = FRAME.set_index(np.repeat([4, 7], N // 2))
    frame.attrs["censored"] = ["a"]
    wanted = ["mode", "age", "seen"]
    seen, copied = read_columns(frame, wanted, copy=False), read_columns(frame, wanted)
    pd.testing.assert_frame_equal(seen, copied)
    assert seen.attrs == copied.attrs
    assert np.shares_memory(seen["age"].to_numpy(), frame["age"].to_numpy())
