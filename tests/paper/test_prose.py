"""Templates of prose."""

import pytest

from rpcstats.errors import ParameterError
from rpcstats.paper.prose import fill

TEXTS = {"share": "62%", "mean": "withheld", "ci": "withheld (interval withheld)"}


@pytest.mark.parametrize(
    ("template", "filled"),
    [
        (["{share} stay", "too few"], "62% stay"),
        (["{mean} sessions", "too few"], "too few"),
        (["{share}, {ci}", "{share} only"], "62% only"),
        (["{mean}", "{ci}"], "withheld (interval withheld)"),
        ("{mean} sessions", "withheld sessions"),
    ],
)
def test_the_first_text_that_may_be_told_is_used(template, filled):
    assert fill(template, TEXTS, where="the passage") == filled


def test_an_unknown_name_is_a_fault_in_any_of_the_texts():
    with pytest.raises(ParameterError, match="shrae"):
        fill(["{share}", "{shrae}"], TEXTS, where="the passage")
