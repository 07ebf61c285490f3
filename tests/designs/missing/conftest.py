"""Small frames of goal ratings, written out."""

import numpy as np
import pandas as pd
import pytest


def _written(ratings, **columns):
    """Lay out ratings: `ratings[parent][goal]` is a list over sessions, None where there is none.

    `columns` give one value a parent; `left` is the last session of those who left, 0 for others.
    """
    rows = []
    left = columns.pop("left", [0] * len(ratings))
    for i, goals in enumerate(ratings):
        K = len(goals[0])
        reached = (left[i] - 1) / (K - 1) if left[i] else 1.0
        for j, scores in enumerate(goals):
            for k, score in enumerate(scores, 1):
                gone = bool(left[i]) and k > left[i]
                seen = "rated_after_leaving" if gone else "rated"
                rows.append({
                    "episode_id": f"e{i}", "cluster_id": f"c{i}", "group_id": None,
                    "item": f"goal_{j + 1}", "session": k, "stage": (k - 1) / (K - 1),
                    "occasion": "baseline" if k == 1 else "end" if k == K else "session",
                    "score": np.nan if score is None else float(score),
                    "state": seen if score is not None else "left" if gone else "missed",
                    "is_due": True, "completed": not left[i], "answered": scores[-1] is not None,
                    "reached": reached, "last": left[i] or K,
                    **{name: values[i] for name, values in columns.items()},
                })  # fmt: skip
    frame = pd.DataFrame(rows)
    frame["answered"] = frame.groupby("episode_id")["answered"].transform("any")
    frame.attrs = {"instrument": "gbo", "minimum": 0.0, "maximum": 10.0, "direction": "up"}
    return frame


@pytest.fixture(scope="session")
def written():
    """Make a frame of ratings that are written out."""
    return _written
