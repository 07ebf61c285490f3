"""Small groups with ties, late entry and strata."""

import numpy as np
import pandas as pd
import pytest


@pytest.fixture(scope="session")
def sample():
    """Draw rows in groups whose hazards differ."""

    def draw(n=120, n_group=9, *, seed=1, late=False, strata=0, weeks=12, sd=0.6):
        rng = np.random.default_rng(seed)
        group = rng.integers(0, n_group, n)
        x, z = rng.normal(size=(2, n))
        hazard = 0.15 * np.exp(0.5 * x + rng.normal(scale=sd, size=n_group)[group])
        exact = rng.exponential(1.0 / hazard)
        time = np.minimum(np.ceil(exact), weeks)
        entry = np.minimum(rng.integers(0, 4, n), time - 1.0) if late else np.zeros(n)
        return pd.DataFrame(
            {
                "entry": entry,
                "time": time,
                "event": (exact <= weeks) * 1,
                "x": x,
                "z": z,
                "g": group,
                "f": rng.integers(0, 4, n),
                "s": rng.integers(0, max(strata, 1), n),
                "w": rng.uniform(0.5, 2.0, n),
            }
        )

    return draw
