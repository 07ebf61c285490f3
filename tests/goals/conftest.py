"""Small frames of ratings, written out by hand."""

import numpy as np
import pandas as pd
import pytest

NAN = float("nan")
SESSIONS = 4


def rows_of(episode, goals, *, status="completed", last=SESSIONS, cluster="g1", answered=None):
    """Lay out one parent: `goals` gives each goal's scores at the start, 2, 3 and at the end.

    A score after `last` is one rated after leaving, and can only be the end form.
    """
    due = status != "open"
    has_end = any(not np.isnan(scores[-1]) for scores in goals)
    rows = []
    for j, scores in enumerate(goals):
        for k, score in enumerate(scores, start=1):
            known = not np.isnan(score)
            state = "rated" if known else "missed"
            if k > last:
                state = "rated_after_leaving" if known else "left" if due else "not_due"
            rows.append(
                {
                    "episode_id": episode,
                    "person_id": episode,
                    "couple_id": None,
                    "group_id": cluster,
                    "cluster_id": cluster,
                    "item": f"goal_{j + 1}",
                    "occasion": "baseline" if k == 1 else "end" if k == SESSIONS else "session",
                    "session": k,
                    "stage": (k - 1) / (SESSIONS - 1),
                    "score": score,
                    "state": state,
                    "status": status,
                    "is_due": due,
                    "completed": status == "completed",
                    "answered": has_end if answered is None else answered,
                    "reached": 1.0 if last == SESSIONS else (last - 1) / (SESSIONS - 1),
                    "last": last,
                    "weight": 1.0,
                    "sex": "female",
                    "mode": "online",
                }
            )
    return rows


def frame_of(*parents, direction="up", minimum=0.0, maximum=10.0, instrument="gbo"):
    frame = pd.DataFrame([row for parent in parents for row in parent])
    frame.attrs = {
        "instrument": instrument,
        "direction": direction,
        "minimum": minimum,
        "maximum": maximum,
        "synthetic": True,
    }
    return frame


@pytest.fixture
def parent():
    """Rows of one parent."""
    return rows_of


@pytest.fixture
def frame():
    """A frame of parents' rows."""
    return frame_of


@pytest.fixture
def eight():
    """Eight parents in two groups, one of each kind that matters.

    a  completed, answered, goals up 3 and down 1: best 3, mean 1
    b  completed, answered, up 2 and up 4: mean 3
    c  completed, answered, no change
    d  completed, no end form, last rating up 1
    e  completed, no rating after the first
    f  left after session 2, where it stood 3 higher
    g  left after session 1, so nothing is known
    h  course still open, up 5: in no base
    """
    return frame_of(
        rows_of("a", [[2, 3, 4, 5], [4, NAN, 4, 3]], cluster="g1"),
        rows_of("b", [[1, 2, 2, 3], [0, 1, 2, 4]], cluster="g1"),
        rows_of("c", [[5, 6, 7, 5]], cluster="g1"),
        rows_of("d", [[3, 6, 4, NAN]], cluster="g2"),
        rows_of("e", [[6, NAN, NAN, NAN]], cluster="g2"),
        rows_of("f", [[2, 5, NAN, NAN]], status="dropped_out", last=2, cluster="g2"),
        rows_of("g", [[2, NAN, NAN, NAN]], status="dropped_out", last=1, cluster="g2"),
        rows_of("h", [[1, 6, NAN, NAN]], status="open", last=2, cluster="g2"),
    )
