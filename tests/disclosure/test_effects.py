"""Ratios and differences that tell no more than rounded counts would."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
import pytest

from rpcstats.disclosure import disclose
from rpcstats.errors import DisclosureError


@dataclass(frozen=True)
class Effects:
    """A result with effects, as a model gives them."""

    frame: pd.DataFrame
    counts: pd.DataFrame
    release_kind: str = "effects"

    def tidy(self):
        return self.frame.copy()

    def cells(self):
        return self.counts.copy()


def ratios(estimate=1.7, low=0.8, high=3.6, term="mode[T.online]", scale="ratio"):
    return pd.DataFrame(
        {
            "term": [term],
            "scale": [scale],
            "estimate": [estimate],
            "std_error": [0.38],
            "p_value": [0.17],
            "conf_low": [low],
            "conf_high": [high],
        }
    )


def groups(*pairs, term="mode[T.online]"):
    return pd.DataFrame(
        {"term": term, "n_obs": [n for n, _ in pairs], "n_event": [d for _, d in pairs]}
    )


def test_a_ratio_is_told_on_the_grid_of_its_smallest_count():
    safe = disclose(Effects(ratios(), groups((160, 60), (90, 25))), "council")
    # Five people in twenty-five: steps of a fifth on the logarithmic scale.
    row = safe.frame.iloc[0]
    np.testing.assert_allclose(
        np.log(row[["estimate", "conf_low", "conf_high"]].astype(float)), [0.6, -0.4, 1.4]
    )
    assert safe.status == "released"
    assert not {"std_error", "p_value"} & set(safe.frame.columns)


def test_a_difference_is_told_on_the_grid_of_its_smallest_group():
    frame = ratios(0.071, -0.11, 0.25, scale="difference")
    row = disclose(Effects(frame, groups((60, 20), (50, 10))), "council").frame.iloc[0]
    np.testing.assert_allclose(
        row[["estimate", "conf_low", "conf_high"]].astype(float), [0.1, -0.2, 0.3]
    )


def test_of_a_coarse_grid_only_the_limits_are_told():
    row = disclose(Effects(ratios(), groups((60, 20), (40, 10))), "council").frame.iloc[0]
    assert np.isnan(row["estimate"])
    np.testing.assert_allclose(np.log(row[["conf_low", "conf_high"]].astype(float)), [-0.5, 1.5])
    assert "interval" in row["note"]


def test_what_could_not_be_estimated_says_why():
    frame = ratios(np.nan, np.nan, np.nan).assign(note="all were in one group")
    safe = disclose(Effects(frame, groups(term="none")), "council")
    assert safe.frame["note"].tolist() == ["all were in one group"]
    assert safe.status == "released"
    inside = disclose(Effects(frame, groups(term="none")), "internal")
    assert inside.frame["note"].tolist() == ["all were in one group"]


def test_limits_move_outward_only():
    rng = np.random.default_rng(1)
    for _ in range(50):
        mid, half = rng.normal(), rng.uniform(0.1, 2)
        low, estimate, high = np.exp([mid - half, mid, mid + half])
        row = disclose(
            Effects(ratios(estimate, low, high), groups((90, 30), (70, 25))), "council"
        ).frame.iloc[0]
        assert row["conf_low"] <= low * (1 + 1e-9)
        assert row["conf_high"] >= high * (1 - 1e-9)


@pytest.mark.parametrize("pairs", [((60, 20), (40, 4)), ((60, 20), (40, 36)), ((60, 20), (8, 4))])
def test_too_few_with_or_without_the_event(pairs):
    safe = disclose(Effects(ratios(), groups(*pairs)), "council")
    assert safe.status == "withheld"
    assert safe.frame[["estimate", "conf_low", "conf_high"]].isna().all(axis=None)
    assert "under 5" in safe.frame["note"].iloc[0]


def test_no_event_is_too_few_under_every_rule():
    for policy in ("council", "tre", "opensafely"):
        assert disclose(Effects(ratios(), groups((60, 20), (40, 0))), policy).status == "withheld"


def test_terms_are_judged_one_by_one():
    frame = pd.concat([ratios(), ratios(term="sex[T.male]")])
    cells = pd.concat([groups((60, 20), (40, 12)), groups((60, 30), (40, 2), term="sex[T.male]")])
    safe = disclose(Effects(frame, cells), "council")
    assert safe.frame["status"].tolist() == ["released", "withheld"]


def test_equal_inputs_up_to_the_grid_are_told_alike():
    """Nobody can tell 1.70 from 1.95: what is released is one of a few numbers."""
    cells = groups((160, 60), (90, 25))
    told = {
        disclose(Effects(ratios(estimate), cells), "council").frame["estimate"].iloc[0]
        for estimate in np.linspace(1.66, 2.0, 30)
    }
    assert len(told) == 1


def test_inside_the_house_nothing_is_changed():
    safe = disclose(Effects(ratios(), groups((6, 2), (4, 1))), "internal")
    assert safe.frame["estimate"].tolist() == [1.7]


@pytest.mark.parametrize(
    ("frame", "cells", "message"),
    [
        (ratios(), groups((60, 20), term="other"), "without counts"),
        (ratios(scale="odds"), groups((60, 20)), "'ratio' or 'difference'"),
        (ratios().drop(columns="conf_low"), groups((60, 20)), "conf_low"),
        (ratios().assign(kappa=0.3), groups((60, 20)), "kappa"),
    ],
)
def test_what_cannot_be_checked_is_refused(frame, cells, message):
    with pytest.raises(DisclosureError, match=message):
        disclose(Effects(frame, cells), "council")


def test_a_bare_frame_has_no_cells():
    with pytest.raises(DisclosureError, match="cells"):
        disclose(ratios(), "council", kind="effects")
