"""Reasons for leaving, made of protected counts."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
import pytest

from rpcstats.disclosure import disclose, disclosure_policy
from rpcstats.errors import DisclosureError


def incidence(events, n=100, strata="all"):
    """Write the incidence of each cause, from events per session and cause."""
    causes = list(events)
    left = np.array([events[cause] for cause in causes])
    n_risk = n - np.append(0, np.cumsum(left.sum(axis=0)))[:-1]
    before = np.append(1.0, np.cumprod(1 - left.sum(axis=0) / n_risk))[:-1]
    parts = [
        pd.DataFrame(
            {
                "strata": strata,
                "state": cause,
                "time": np.arange(1.0, left.shape[1] + 1),
                "n_risk": n_risk,
                "n_event": left[k],
                "estimate": np.cumsum(before * left[k] / n_risk),
            }
        )
        for k, cause in enumerate(causes)
    ]
    return pd.concat(parts, ignore_index=True)


@dataclass(frozen=True)
class Incidence:
    """A result with incidences."""

    frame: pd.DataFrame
    design_effect: float = 1.0
    release_kind: str = "incidence"

    def tidy(self):
        return self.frame.copy()


LEAVERS = {"practical": [8, 4, 2, 1], "lost contact": [6, 3, 2, 1], "moved": [1, 0, 1, 0]}


def test_causes_of_few_are_shown_together():
    safe = disclose(Incidence(incidence(LEAVERS)), "council")
    # Two moved: too few, so they join those who were lost, the smaller of the other two causes.
    assert safe.frame["state"].unique().tolist() == ["practical", "other_reasons"]
    assert any("other reasons" in action for action in safe.actions)


def test_incidence_is_a_share_of_the_protected_curve():
    frame = incidence(LEAVERS)
    rule = disclosure_policy("council")
    safe = disclose(Incidence(frame), rule).frame
    together = safe.groupby("time", observed=True)["estimate"].sum(min_count=1).dropna()
    counts = frame.groupby("time").agg(n_risk=("n_risk", "first"), n_event=("n_event", "sum"))
    curve = counts.reset_index().assign(
        estimate=lambda x: np.cumprod(1 - x["n_event"] / x["n_risk"])
    )
    protected = disclose(curve, rule).frame.set_index("time")["estimate"].dropna()
    np.testing.assert_allclose(together, 1 - protected[together.index], atol=1e-12)
    # Fifteen and fourteen leavers both round to fifteen.
    last = safe[safe["time"] == safe["time"].max()].set_index("state")["estimate"]
    assert last["practical"] == pytest.approx(last["other_reasons"])


def test_one_leaver_more_or_less_changes_nothing_that_is_told():
    other = {**LEAVERS, "practical": [8, 4, 2, 2], "lost contact": [6, 3, 2, 0]}
    one, two = (disclose(Incidence(incidence(x)), "council").frame for x in (LEAVERS, other))
    pd.testing.assert_frame_equal(one, two)


def test_if_no_cause_can_be_told_all_are_one():
    safe = disclose(
        Incidence(incidence({"a": [4, 0, 0], "b": [3, 1, 0], "c": [4, 0, 0]})), "council"
    )
    assert set(safe.frame["state"]) == {"any_reason"}


def test_too_few_leavers_for_a_curve():
    safe = disclose(Incidence(incidence({"a": [2, 0], "b": [1, 0]})), "council")
    assert safe.status == "withheld"
    assert safe.frame["estimate"].isna().all()


def test_clustering_widens_the_intervals():
    narrow, wide = (
        disclose(Incidence(incidence(LEAVERS), deff), "council").frame for deff in (1.0, 1.6)
    )
    spread = [(x["conf_high"] - x["conf_low"]).iloc[-1] for x in (narrow, wide)]
    np.testing.assert_allclose(spread[1] / spread[0], np.sqrt(2), rtol=0.02)
    np.testing.assert_array_equal(narrow["estimate"], wide["estimate"])


def test_inside_the_house_nothing_is_changed():
    frame = incidence(LEAVERS)
    safe = disclose(Incidence(frame), "internal").frame
    np.testing.assert_array_equal(safe["estimate"], frame["estimate"])


def test_estimates_must_be_those_of_the_counts():
    frame = incidence(LEAVERS)
    frame["estimate"] *= 1.01
    with pytest.raises(DisclosureError, match="do not add up"):
        disclose(Incidence(frame), "council")


def test_weighted_counts_are_refused():
    with pytest.raises(DisclosureError, match="whole counts"):
        disclose(Incidence(incidence({"a": [2.5, 9.0], "b": [6.0, 5.0]})), "council")


def test_parts_that_do_not_add_up_to_the_whole_are_put_together():
    """Seven, seven and four: 5 and 10 beside a whole of 20 would leave 4 or 7 for the third."""
    safe = disclose(Incidence(incidence({"a": [4, 0], "b": [4, 3], "c": [5, 2]})), "council")
    assert safe.frame["state"].unique().tolist() == ["any_reason"]


@pytest.mark.parametrize("policy", ["tre", "opensafely"])
def test_a_reason_nobody_gave_looks_like_one_of_few(policy):
    """Where none is disclosive, some reasons always stand together."""
    told = disclose(Incidence(incidence({"a": [15, 15], "b": [14, 16], "c": [16, 14]})), policy)
    assert told.frame["state"].unique().tolist()[-1] in ("other_reasons", "any_reason")
