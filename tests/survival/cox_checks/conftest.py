"""Data for the checks of Cox models."""

import numpy as np
import pandas as pd
import pytest


@pytest.fixture(scope="session")
def six():
    """Six rows with tied events (Therneau and Grambsch 2000, appendix E)."""
    return pd.DataFrame(
        {"time": [1, 1, 2, 2, 3, 4], "event": [1, 0, 1, 1, 0, 1], "x": [1, 1, 1, 0, 0, 0]}
    )


@pytest.fixture(scope="session")
def drawn():
    """Sixty families of three with weekly times, strata, late entry and weights."""
    rng = np.random.default_rng(20261122)
    n = 180
    family = np.repeat(np.arange(60), 3)
    x, z = rng.normal(size=n), rng.integers(0, 2, n)
    hazard = 0.1 * np.exp(0.7 * x - 0.4 * z + 0.4 * rng.normal(size=60)[family])
    time = np.ceil(rng.exponential(1 / hazard))
    end = rng.integers(3, 25, n)
    return pd.DataFrame(
        {
            "time": np.minimum(time, end),
            "event": (time <= end).astype(int),
            "entry": rng.integers(0, 3, n) * (np.minimum(time, end) > 3),
            "x": x,
            "z": z,
            "site": np.where(family % 3 == 0, "north", "south"),
            "family": family,
            "w": rng.uniform(0.5, 2.0, n),
        }
    )
