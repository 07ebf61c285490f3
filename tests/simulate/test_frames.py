"""Typed frames and CSV text."""

import numpy as np
import pandas as pd

from rpcstats.simulate.frames import csv_text, typed_frame

BLOCK = {
    "episode_id": np.array(["e2", "e1"], dtype=object),
    "session_no": np.array([1, 1]),
    "held_on": np.array(["2024-01-08", "2024-01-09"], dtype="datetime64[s]"),
    "attended": np.array(["yes", "no"], dtype=object),
    "mode": np.array(["online", "online"], dtype=object),
}


def test_blocks_are_put_together_typed_and_sorted():
    more = {**BLOCK, "episode_id": np.array(["e0", "e1"], dtype=object), "session_no": [1, 2]}
    frame = typed_frame("sessions", [BLOCK, more], ("arguing_better",))
    assert frame["episode_id"].tolist() == ["e0", "e1", "e1", "e2"]
    assert frame["session_no"].tolist() == [1, 1, 2, 1]
    assert frame["attended"].cat.categories.tolist() == ["yes", "no", "excused", "cancelled"]


def test_an_optional_column_without_values_is_left_out():
    episodes = {
        "episode_id": np.array(["e1"], dtype=object),
        "referral_id": np.array(["r1"], dtype=object),
        "enrolled_on": np.array(["2024-01-08"], dtype="datetime64[s]"),
        "outcome": np.array(["open"], dtype=object),
        "milestone": np.array([None], dtype=object),
    }
    frame = typed_frame("episodes", [episodes], ("arguing_better",))
    assert frame.columns.tolist() == ["episode_id", "referral_id", "enrolled_on", "outcome"]


def test_csv_is_written_the_same_everywhere():
    frame = pd.DataFrame(
        {
            "day": pd.to_datetime(["2024-01-08", None]),
            "code": pd.Categorical(["a", None]),
            "whole": pd.array([3, None], dtype="Int64"),
            "value": [4.0, 0.125],
            "text": ["one, two", "x"],
        }
    )
    assert csv_text(frame) == (
        'day,code,whole,value,text\n2024-01-08,a,3,4,"one, two"\n,,,0.125,x\n'
    )
