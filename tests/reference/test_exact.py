"""Freeman-Halton p-values against R's fisher.test."""

import pytest

from rpcstats._numerics.exact import freeman_halton

# R adds the probabilities in single steps of its network algorithm: 1e-11 seen.
RELATIVE = 1e-9

CASES = ("two_by_two", "two_by_three", "three_by_three", "four_by_two", "empty_row")


def test_every_case_of_the_file_is_compared(pinned):
    assert set(pinned("exact")) == set(CASES)


@pytest.mark.parametrize("name", CASES)
def test_p_value(name, pinned):
    case = pinned("exact")[name]
    assert freeman_halton(case["table"]) == pytest.approx(case["p_value"][0], rel=RELATIVE)
