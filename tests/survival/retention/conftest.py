"""Starters of a made-up course of six sessions; synthetic."""

import numpy as np
import pandas as pd
import pytest

SESSIONS = 6


@pytest.fixture(scope="session")
def retention():
    """A frame as `followup` gives it: 240 starters in 40 groups, online parents leave sooner."""
    rng = np.random.default_rng(11)
    n, n_group = 240, 40
    group = np.arange(n) % n_group
    online = group % 2 == 1
    lone = rng.random(n) < 0.3
    eta = -2.4 + 0.9 * online + 0.5 * lone + rng.normal(0, 0.4, n_group)[group]
    leaves = rng.random((n, SESSIONS - 1)) < (1 / (1 + np.exp(-eta)))[:, None]
    event = leaves.any(axis=1)
    time = np.where(event, leaves.argmax(axis=1) + 1, SESSIONS)
    frame = pd.DataFrame(
        {
            "episode_id": [f"e{k:03d}" for k in range(n)],
            "group_id": [f"g{k:02d}" for k in group],
            "entry": 0,
            "time": time,
            "event": event.astype(int),
            "cause": pd.Categorical(
                np.where(event, "practical", "completed"), ["practical", "completed", "open"]
            ),
            "mode": pd.Categorical(
                np.where(online, "online", "in_person"), ["in_person", "online", "hybrid"]
            ),
            "resident": pd.Categorical(np.where(lone, "non_resident", "resident")),
            "programme": pd.Categorical(["Course"] * n),
        }
    )
    frame.insert(2, "cluster_id", frame["group_id"])
    frame.attrs = {"event": "dropout", "unit": "session", "censored": ("completed",)}
    return frame
