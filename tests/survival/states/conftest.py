"""Four histories with ties of different transitions and a return, worked by hand in the tests."""

import pandas as pd
import pytest


@pytest.fixture
def four():
    """At 1 one falls ill and one dies; at 3 one of the ill dies and one is well again."""
    rows = [
        (1, 0, 1, "ill"),
        (1, 1, 3, "dead"),
        (2, 0, 1, "dead"),
        (3, 0, 2, "ill"),
        (3, 2, 3, "well"),
        (3, 3, 4, "none"),
        (4, 0, 4, "none"),
    ]
    frame = pd.DataFrame(rows, columns=["id", "entry", "time", "state"])
    frame["state"] = pd.Categorical(frame["state"], categories=["none", "well", "ill", "dead"])
    return frame.assign(mode=frame["id"].map({1: "a", 2: "b", 3: "a", 4: "b"}), w=1.0)
