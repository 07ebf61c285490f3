"""Samples with several causes."""

import numpy as np
import pandas as pd
import pytest


@pytest.fixture
def six():
    """Six starters: two causes tie at 2, a cause and a censoring tie at 4."""
    return pd.DataFrame(
        {
            "time": [1, 2, 2, 3, 4, 4],
            "cause": [1, 1, 2, 0, 2, 0],
            "x": [0.0, 1.0, 0.0, 1.0, 1.0, 0.0],
            "g": ["a", "a", "b", "b", "b", "a"],
        }
    )


@pytest.fixture
def course():
    """Sixty starters of a course with ties, two reasons for leaving and late entry."""
    rng = np.random.default_rng(4)
    n = 60
    time = rng.integers(1, 9, n)
    frame = pd.DataFrame(
        {
            "time": time.astype(float),
            "cause": rng.choice(["open", "moved", "unhappy"], n),
            "x": rng.normal(size=n),
            "z": rng.integers(0, 2, n),
            "site": rng.integers(0, 9, n),
            "council": rng.choice(list("ab"), n),
            "w": rng.uniform(0.5, 2.0, n),
        }
    )
    frame["cause"] = pd.Categorical(frame["cause"], categories=["open", "moved", "unhappy"])
    entry = np.minimum(rng.integers(0, 4, n), time - 1)
    return frame.assign(entry=np.where(rng.random(n) < 0.5, entry, 0))
