"""Causes in numbers, numbered from 1 up."""

import numpy as np
import pandas as pd
import pytest

from rpcstats.errors import DataError
from rpcstats.formula.responses import read_causes


@pytest.mark.parametrize("kind", ["int64", "uint8", "float64", "Int64", "Float64"])
@pytest.mark.parametrize(
    ("given", "codes", "labels"),
    [
        ([0, 2, 1, 0], [0, 2, 1, 0], ("1", "2")),
        ([2, 1, 2], [2, 1, 2], ("1", "2")),
        ([0, 4, 2, 4], [0, 2, 1, 2], ("2", "4")),
        ([7, 7], [1, 1], ("7",)),
    ],
)
def test_only_causes_that_happened_have_a_number(kind, given, codes, labels):
    found = read_causes(pd.Series(given, dtype=kind))
    assert found.codes.tolist() == codes
    assert found.codes.dtype == np.int64
    assert found.labels == labels


def test_large_numbers_are_looked_up():
    assert read_causes(pd.Series([0, 10**9, 5])).labels == ("5", "1000000000")


def test_codes_are_not_those_of_the_frame():
    given = pd.Series([0, 1, 1])
    found = read_causes(given).codes
    given[:] = 0
    assert found.tolist() == [0, 1, 1]
    assert not found.flags.writeable


def test_others_may_count_as_censored():
    found = read_causes(pd.Series([0, 1, 3, 3]), ["0", "3"])
    assert found.codes.tolist() == [0, 1, 0, 0]
    assert found.labels == ("1",)


@pytest.mark.parametrize("given", [[0.5, 1.0], [np.inf, 1.0]])
def test_what_is_not_whole_is_refused(given):
    with pytest.raises(DataError, match="whole ones"):
        read_causes(pd.Series(given))


def test_censoring_alone_is_refused():
    with pytest.raises(DataError, match="no cause"):
        read_causes(pd.Series([0, 0]))
