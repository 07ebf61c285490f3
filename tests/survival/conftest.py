"""Six starters with ties, worked by hand in the tests."""

import pandas as pd
import pytest


@pytest.fixture
def six():
    """Two groups; two events tie at 2, an event and a censoring tie at 4."""
    return pd.DataFrame(
        {
            "time": [1, 2, 2, 3, 4, 4],
            "event": [1, 1, 1, 0, 1, 0],
            "entry": [0, 1, 0, 2, 1, 3],
            "w": [2.0, 1.0, 1.0, 1.0, 1.0, 2.0],
            "mode": ["a", "a", "b", "b", "b", "a"],
        }
    )
