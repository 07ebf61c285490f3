"""Small courses, worked by hand or drawn."""

import numpy as np
import pandas as pd
import pytest

from rpcstats.survival.discrete.expand_sessions import expand_sessions


def _draw_course(seed, n_group=30, size=8, n_session=5, sd=0.5):
    """Persons in groups whose mode, and whose hazard, they share."""
    rng = np.random.default_rng(seed)
    group = np.repeat(np.arange(n_group), size)
    mode = rng.integers(0, 2, n_group)[group]
    far = rng.integers(0, 2, len(group))
    log_odds = -1.8 + 0.4 * far - 0.3 * mode + rng.normal(0, sd, n_group)[group]
    leaves = rng.random((len(group), n_session)) < 1 / (1 + np.exp(-log_odds))[:, None]
    event = leaves.any(axis=1)
    time = np.where(event, leaves.argmax(axis=1) + 1, n_session)
    cause = np.where(event, rng.choice(["practical", "lost"], len(group)), "open")
    return pd.DataFrame(
        {
            "id": np.arange(len(group)),
            "group_id": group,
            "mode": np.where(mode == 1, "online", "in_person"),
            "far": far,
            "time": time,
            "event": event.astype(int),
            "cause": pd.Categorical(cause, ["open", "practical", "lost"]),
            "w": rng.integers(1, 4, len(group)),
        }
    )


@pytest.fixture(scope="session")
def draw_course():
    """Draw persons in groups from a seed."""
    return _draw_course


@pytest.fixture(scope="session")
def course():
    """240 persons in 30 groups, one row each."""
    return _draw_course(3)


@pytest.fixture(scope="session")
def sessions(course):
    """The same, one row a person and session."""
    return expand_sessions(course, id="id").drop(columns="cause")


@pytest.fixture
def ten():
    """Ten starters: 2 leave at session 1, 3 of 8 at 2, one is censored after 2, 2 of 4 at 3."""
    return pd.DataFrame(
        {
            "time": [1, 1, 2, 2, 2, 2, 3, 3, 3, 3],
            "event": [1, 1, 1, 1, 1, 0, 1, 1, 0, 0],
            "mode": list("ababababab"),
            "g": [1, 2, 3, 4, 5, 1, 2, 3, 4, 5],
        }
    )
