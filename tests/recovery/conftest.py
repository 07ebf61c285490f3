"""What the recovery studies share."""

from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from rpcstats.simulate.starters import draw_grouped_starters

DRAWS = 30
STARTERS = 100_000
STAYING = -60.0  # log odds added to every hazard: nobody leaves


@cache
def values_in(world):
    """Average over three million starters, with a Monte Carlo error of 0.001 points."""
    changes = [
        draw_grouped_starters(
            world, n=STARTERS, seed=9000 + k, minimum_attended=4, group_size=8
        )[0].change
        for k in range(DRAWS)
    ]  # fmt: skip
    found = np.concatenate(changes)
    return {"mean change": found.mean(), "progress": (found >= 1.0).mean()}


@cache
def true_changes(world):
    """Give the true values of E5a and E5b: where parents left, and if nobody leaves."""
    return {
        (estimand, measure): value
        for estimand, shift in (("E5a", 0.0), ("E5b", STAYING))
        for measure, value in values_in(replace(world, hazard_shift=shift)).items()
    }


@pytest.fixture(scope="session")
def true_change():
    """Give the function of a truth that gives the true change of its starters."""
    return true_changes
