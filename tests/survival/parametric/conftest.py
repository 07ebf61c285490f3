"""Small samples that the parametric models are tried on."""

import numpy as np
import pandas as pd
import pytest


@pytest.fixture(scope="session")
def spells():
    """Sixty spells with two covariates, late entry, visits, weights and groups."""
    rng = np.random.default_rng(5)
    n = 60
    x, online = rng.normal(size=n), np.tile([0, 1], n // 2)
    log_time = 1.5 + 0.4 * x - 0.5 * online + 0.6 * np.log(rng.exponential(size=n))
    left = rng.uniform(2.0, 12.0, n)
    time = np.minimum(np.exp(log_time), left)
    event = (np.exp(log_time) <= left).astype(int)
    return pd.DataFrame(
        {
            "time": time,
            "event": event,
            "entry": time * rng.uniform(0.0, 0.6, n) * (rng.random(n) < 0.5),
            "lower": np.where(event == 1, np.floor(time), time),
            "upper": np.where(event == 1, np.floor(time) + 1.0, np.nan),
            "x": x,
            "online": online,
            "site": np.repeat(list("abc"), n // 3),
            "w": rng.integers(1, 4, n).astype(float),
        }
    )
