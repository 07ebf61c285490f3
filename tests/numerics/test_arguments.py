"""Arguments that should be numbers."""

import numpy as np
import pandas as pd
import pytest

from rpcstats._numerics.arguments import as_number, as_numbers, check_seed
from rpcstats.errors import ParameterError

NO_NUMBERS = ["soon", None, "5", [1.0], {"a": 1}, pd.Timestamp("2024-01-01"), 1 + 2j]


@pytest.mark.parametrize("value", NO_NUMBERS)
def test_what_is_no_number_fails_every_range(value):
    assert np.isnan(as_number(value))
    assert not 0 <= as_number(value) < np.inf


@pytest.mark.parametrize("value", [3, 3.0, np.int64(3), np.float32(3)])
def test_a_number_is_itself(value):
    assert as_number(value) == 3.0
    assert as_numbers(value).tolist() == 3.0


@pytest.mark.parametrize("values", [["soon", 1], [None], "soon", [[1, 2]], [[1], [1, 2]], None])
def test_a_list_with_something_else_holds_nan(values):
    assert np.isnan(as_numbers(values)).any()


@pytest.mark.parametrize("values", [[1, 2], (1.0, 2), pd.array([1, 2], dtype="Int64")])
def test_lists_of_numbers(values):
    assert as_numbers(values).tolist() == [1.0, 2.0]


@pytest.mark.parametrize("seed", ["x", -1, 1.5, None, [None]])
def test_seeds_are_whole_numbers(seed):
    with pytest.raises(ParameterError, match="seed is no seed"):
        check_seed(seed)
