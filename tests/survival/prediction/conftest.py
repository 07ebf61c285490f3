"""Synthetic spells in groups, and fits to them."""

import numpy as np
import pandas as pd
import pytest

from rpcstats.survival.cox_regression import cox


@pytest.fixture(scope="session")
def spells():
    """Eighty parents in twenty groups; weeks, so that many leave together."""
    rng = np.random.default_rng(5)
    n = 80
    group = np.arange(n) // 4
    mode = pd.Categorical(np.where(group % 2, "online", "in_person"), ["in_person", "online"])
    age = rng.normal(35, 8, n).round()
    shared = rng.normal(0, 0.5, 20)[group]
    pull = shared - 0.4 * (group % 2) + 0.03 * (age - 35)
    time = np.ceil(rng.exponential(9 * np.exp(-pull)))
    seen = np.minimum(time, 12)
    return pd.DataFrame(
        {
            "time": seen,
            "entry": np.where(rng.random(n) < 0.2, np.minimum(1, seen - 1), 0),
            "event": (time <= 12).astype(int),
            "mode": mode,
            "age": age,
            "group": group,
            "council": np.where(group < 10, "north", "south"),
            "w": rng.integers(1, 4, n).astype(float),
        }
    )


@pytest.fixture(scope="session")
def fit(spells):
    """A plain fit with Efron's ties."""
    return cox("Surv(time, event) ~ mode + age", spells)
