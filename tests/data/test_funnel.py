"""Each stage with the base that could have reached it."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rpcstats._vocabulary import FUNNEL
from rpcstats.data.followup import followup
from rpcstats.data.funnel import NOT_RECORDED, funnel
from rpcstats.errors import ParameterError, SchemaError

CUT = "2024-02-28"
# Wilson 1927 for 15 of 16, from its formula with z = 1.959964
WILSON_15_OF_16 = (0.716713, 0.988881)
PRINTED = 1e-6


def counts(frame):
    return {
        row["stage"]: (row["n"], None if pd.isna(row["base"]) else row["base"])
        for row in frame.to_dict("records")
    }


def test_by_hand_at_an_early_cut(hand_made):
    # r18 repeats r17, r19 comes later: 17 referrals, r16 pending, r15 inappropriate.
    # Only g1 was due to end (12 February): e01, e02, e03, e04, e09 and e13.
    assert counts(funnel(hand_made, data_cut=CUT)) == {
        "referred": (17, None),
        "appropriate": (15, 16),
        "enrolled": (14, 15),
        "started": (11, 14),
        "retained": (2, 6),
        "completed": (1, 6),
        "milestone": (1, 6),
    }


def test_by_hand_at_the_end(hand_made):
    # g2 was due on 11 March: e05, e08 and e10 left; e06 and e07 have no outcome, so no base.
    found = counts(funnel(hand_made))
    assert found["retained"] == (2, 9)
    assert found["referred"] == (18, None)
    assert found["started"] == (12, 14)


def test_columns_intervals_and_words(hand_made):
    frame = funnel(hand_made, data_cut=CUT)
    assert tuple(frame.columns) == FUNNEL
    row = frame.set_index("stage").loc["appropriate"]
    assert row["estimate"] == 15 / 16
    assert row[["conf_low", "conf_high"]].tolist() == pytest.approx(WILSON_15_OF_16, abs=PRINTED)
    referred = frame.set_index("stage").loc["referred"]
    assert np.isnan(referred[["estimate", "conf_low", "conf_high"]].astype(float)).all()
    assert frame["definition"].str.fullmatch(r"[A-Z].+\.").all()
    labels = frame.set_index("stage")["base_label"].to_dict()
    assert labels["started"] == "enrolled referrals"
    assert "due to end" in labels["completed"]


def test_narrower_intervals_at_a_lower_level(hand_made):
    wide, narrow = funnel(hand_made), funnel(hand_made, conf_level=0.8)
    has_base = wide["base"].notna()
    assert (narrow["conf_low"] > wide["conf_low"])[has_base & (wide["n"] > 0)].all()


def test_split_sums_to_the_whole(hand_made):
    whole = counts(funnel(hand_made))
    parts = funnel(hand_made, by="sex")
    assert parts.columns[0] == "sex"
    assert list(parts["sex"].unique()) == ["female", "male"]  # declared order, nobody else
    summed = parts.groupby("stage")[["n", "base"]].sum()
    for stage in ("appropriate", "enrolled", "started", "retained", "completed"):
        assert tuple(summed.loc[stage]) == whole[stage]
    # no man has a milestone recorded, so his funnel has no such stage
    assert set(parts.loc[parts["stage"] == "milestone", "sex"]) == {"female"}


def test_a_missing_value_is_a_level_of_its_own(hand_made):
    referrals = hand_made.table("referrals")
    referrals.loc[referrals["referral_id"] == "r17", "imd_decile"] = pd.NA
    parts = funnel(hand_made.changed(referrals=referrals), by="imd_decile")
    levels = list(dict.fromkeys(parts["imd_decile"]))
    assert levels[-1] == NOT_RECORDED
    assert levels[:-1] == sorted(levels[:-1])


@pytest.mark.parametrize("by", ["mode", "referral_id", "person_id", "nothing"])
def test_only_what_is_known_at_referral_can_split(hand_made, by):
    with pytest.raises(ParameterError, match="known at referral"):
        funnel(hand_made, by=by)


def test_a_stage_not_recorded_is_left_out_not_zero(hand_made):
    episodes, referrals = hand_made.table("episodes"), hand_made.table("referrals")
    bare = hand_made.changed(
        episodes=episodes.drop(columns=["milestone", "enrolled_on"]),
        referrals=referrals.drop(columns="decision"),
    )
    frame = funnel(bare, data_cut=CUT)
    assert list(frame["stage"]) == ["referred", "started", "retained", "completed"]
    row = frame.set_index("stage").loc["started"]
    assert (row["n"], row["base"], row["base_label"]) == (11, 17, "referrals")


def test_referrals_alone(hand_made):
    alone = hand_made.changed(episodes=None, sessions=None, groups=None)
    assert list(funnel(alone)["stage"]) == ["referred", "appropriate"]


def test_without_a_register_absence_is_not_known(hand_made):
    # e05 and e08 are then open, and leave the base
    found = counts(funnel(hand_made.changed(sessions=None)))
    assert found["retained"] == (2, 7)


def test_without_groups_the_programme_gives_the_due_date(hand_made):
    assert counts(funnel(hand_made.changed(groups=None))) == counts(funnel(hand_made))


def test_nobody_due_has_no_rate(hand_made):
    frame = funnel(hand_made, data_cut="2024-02-01").set_index("stage")
    assert tuple(frame.loc["completed", ["n", "base"]]) == (0, 0)
    assert np.isnan(frame.loc["completed", "estimate"])
    assert np.isnan(frame.loc["completed", "conf_high"])


def test_an_unknown_programme_has_no_planned_end(hand_made):
    referrals = hand_made.table("referrals")
    referrals["programme"] = "something_else"
    unknown = hand_made.changed(referrals=referrals, groups=None)
    with pytest.raises(SchemaError, match="programme_rules"):
        funnel(unknown)


DAYS = st.integers(0, 90).map(lambda d: (pd.Timestamp("2024-01-01") + pd.Timedelta(days=d)).date())
QUICK = settings(max_examples=8, deadline=None, suppress_health_check=list(HealthCheck))


@QUICK
@given(cut=DAYS)
def test_no_stage_exceeds_its_base(hand_made, cut):
    frame = funnel(hand_made, data_cut=cut)
    based = frame[frame["base"].notna()]
    assert (based["n"] <= based["base"]).all()
    rated = based[based["base"] > 0]
    assert (rated["conf_low"] <= rated["estimate"]).all()
    assert (rated["estimate"] <= rated["conf_high"]).all()


@QUICK
@given(cut=DAYS)
def test_due_starters_are_never_open_in_the_followup(hand_made, cut):
    base = funnel(hand_made, data_cut=cut).set_index("stage").loc["retained", "base"]
    frame = followup(hand_made, data_cut=cut)
    # e13, who is not on the register, is the one due starter the follow-up leaves out
    assert base <= (frame["cause"] != "open").sum() + 1


@QUICK
@given(seed=st.integers(0, 2**32 - 1))
def test_row_order_does_not_matter(hand_made, seed):
    tables = {
        name: table.sample(frac=1, random_state=seed).reset_index(drop=True)
        for name, table in hand_made.tables.items()
    }
    pd.testing.assert_frame_equal(
        funnel(hand_made.changed(**tables), by="sex"), funnel(hand_made, by="sex")
    )
