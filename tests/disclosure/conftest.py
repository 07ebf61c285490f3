"""Frames the tests of this room share: funnels and Kaplan-Meier curves worked out in plain code."""

import numpy as np
import pandas as pd
import pytest

from rpcstats.disclosure import DisclosurePolicy

STAGES = ("enrolled", "started", "retained", "milestone", "after three months")


@pytest.fixture(scope="session")
def make_funnel():
    """Counts of nested stages by group to a frame of proportions; each stage's base is the last."""

    def build(groups, by="programme"):
        rows = [
            {by: group, "stage": STAGES[k], "n": counts[k], "base": counts[k - 1],
             "base_label": STAGES[k - 1], "estimate": np.nan, "conf_low": np.nan,
             "conf_high": np.nan, "definition": "as the provider counts it"}
            for group, counts in groups.items()
            for k in range(1, len(counts))
        ]  # fmt: skip
        frame = pd.DataFrame(rows)
        return frame if len(groups) > 1 else frame.drop(columns=by)

    return build


@pytest.fixture(scope="session")
def northumberland(make_funnel):
    """The published table of three digital courses."""
    return make_funnel(
        {
            "arguing_better": (41, 34, 28, 22),
            "getting_it_right_for_children": (27, 24, 23, 23),
            "me_you_and_baby_too": (13, 10, 10, 10),
        }
    )


@pytest.fixture(scope="session")
def kaplan_meier():
    """Times, events and (optional) entries to a tidy curve, by the textbook."""

    def build(time, event, entry=None):
        time, event = np.asarray(time, dtype=float), np.asarray(event)
        entry = np.zeros_like(time) if entry is None else np.asarray(entry, dtype=float)
        rows, S = [], 1.0
        for t in np.unique(time):
            at_risk = int(((entry < t) & (time >= t)).sum())
            d = int(((time == t) & (event == 1)).sum())
            S *= 1 - d / at_risk
            rows.append((t, at_risk, d, int((time == t).sum()) - d, S))
        columns = ["time", "n_risk", "n_event", "n_censor", "estimate"]
        return pd.DataFrame(rows, columns=columns)

    return build


@pytest.fixture(scope="session")
def toy_policy():
    """Threshold 3, rounding to 3: small enough to enumerate every table an attacker may suspect."""
    return DisclosurePolicy(
        name="toy",
        threshold=3,
        round_to=3,
        rounding="nearest",
        percent_base=4,
        zeros_disclosive=False,
        survival_threshold=3,
    )
