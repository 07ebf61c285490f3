import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rpcstats._numerics.intervals import wilson
from rpcstats.disclosure import disclose, disclosure_policy
from rpcstats.disclosure._rounding import possible_counts, round_counts
from rpcstats.disclosure.counts import protect_proportions
from rpcstats.errors import DisclosureError

PRESETS = ("council", "tre", "opensafely")


def shown(frame, row):
    return tuple(frame.loc[row, ["n", "base"]])


def test_northumberland_under_council_by_hand(northumberland):
    frame = disclose(northumberland, "council").frame
    assert shown(frame, 0) == (35, 40)
    assert shown(frame, 1) == (30, 35)
    assert shown(frame, 2) == (20, 30)
    assert frame["status"].tolist()[:3] == ["released"] * 3
    assert frame["estimate"].tolist()[:3] == [0.88, 0.86, 0.67]
    fewest_of_most, _ = wilson(33, 42)
    _, most_with_five_left_out = wilson(37, 42)
    assert frame.loc[0, "conf_low"] == np.round(fewest_of_most, 2)
    assert frame.loc[0, "conf_high"] == np.round(most_with_five_left_out, 2)
    assert frame.loc[0, "told_low"] == np.round(33 / 42, 2)
    assert frame.loc[0, "told_high"] == np.round(37 / 42, 2)


@given(st.integers(20, 300), st.floats(0, 1))
def test_the_interval_holds_that_of_the_true_counts(base, share):
    n = int(share * base)
    frame = pd.DataFrame({"n": [n], "base": [base], "estimate": 0.0, "conf_low": 0, "conf_high": 0})
    row = disclose(frame, "council").frame.iloc[0]
    low, high = wilson(n, base)
    half_a_percent = 0.0051
    if np.isfinite(row["conf_low"]):
        assert row["conf_low"] <= low + half_a_percent
        assert row["conf_high"] >= high - half_a_percent


def test_northumberland_small_differences_are_gone(northumberland):
    """Of 7, 3, 3 and 6, 1, 0 the 3, 3 and 1 must not be differences of shown counts."""
    frame = disclose(northumberland, "council").frame
    assert np.isnan(frame.loc[[3, 4, 6], "n"]).all()
    assert np.isnan(frame.loc[[4, 5, 7], "base"]).all()
    assert (frame.loc[[3, 4, 6], "status"] == "withheld").all()
    assert (frame.loc[[3, 4, 6], "note"] == "a group of under 5 would show").all()
    assert np.isnan(frame.loc[[3, 4, 6], "estimate"]).all()


@pytest.mark.parametrize(
    ("preset", "enrolled"), [("tre", [40, 30, 10]), ("opensafely", [39, 27, 15])]
)
def test_northumberland_where_none_is_disclosive_too(northumberland, preset, enrolled):
    """7, 3, 3, 6, 1, 0 and 6, 0, 0 are all under 8 or 10: only the enrolled may be shown."""
    safe = disclose(northumberland, preset)
    assert safe.status == "withheld"
    assert safe.frame["n"].isna().all()
    assert safe.frame["base"].dropna().tolist() == enrolled


def test_internal_is_untouched(northumberland):
    safe = disclose(northumberland, "internal")
    pd.testing.assert_frame_equal(
        safe.frame.drop(columns=["status", "note"]), northumberland, check_dtype=False
    )
    assert safe.watermark == "NOT FOR RELEASE"


def test_percentage_needs_a_base_that_is_surely_large(make_funnel):
    frame = disclose(make_funnel({"all": (12, 6)}), "council").frame
    assert shown(frame, 0) == (5, 10)
    assert np.isnan(frame.loc[0, "estimate"])
    assert "may be under 10" in frame.loc[0, "note"]


def test_a_first_stage_on_itself_is_no_class_disclosure():
    frame = pd.DataFrame(
        {"stage": ["referred", "started"], "base_label": ["referred"] * 2, "n": [60, 30],
         "base": [60, 60], "estimate": np.nan, "conf_low": np.nan, "conf_high": np.nan}
    )  # fmt: skip
    assert disclose(frame, "tre").frame["n"].tolist() == [60, 30]


def test_a_missing_base_stays_missing():
    frame = pd.DataFrame(
        {"stage": ["referred", "started"], "base_label": ["", "referred"], "n": [61, 32],
         "base": pd.array([pd.NA, 61], dtype="Int64"), "estimate": np.nan, "conf_low": np.nan,
         "conf_high": np.nan}
    )  # fmt: skip
    out = disclose(frame, "council").frame
    assert np.isnan(out.loc[0, "base"])
    assert out["status"].tolist() == ["released", "released"]
    assert shown(out, 1) == (30, 60)


def test_one_small_part_takes_a_second_one_with_it_where_rounding_is_too_fine():
    """55 + 43 + 1 = 99: at least 55 and 43, and at most 102, would leave the 1 within 0 to 4, too
    narrow for a threshold of 8, so the next smallest part goes as well."""
    frame = pd.DataFrame(
        {"measure": ["a", "b", "c"], "n": [55, 43, 1], "base": 99, "estimate": np.nan,
         "conf_low": np.nan, "conf_high": np.nan}
    )  # fmt: skip
    out = disclose(frame, "opensafely").frame
    assert out["n"].isna().tolist() == [False, True, True]


@pytest.mark.parametrize("preset", PRESETS)
def test_groups_are_guarded_against_the_table_without_groups(make_funnel, preset):
    """The reader has the ungrouped funnel: the small group must not follow by subtraction."""
    policy = disclosure_policy(preset)
    t = policy.threshold
    grouped = make_funnel({"big": (100, 60), "small": (40, t - 1)})
    whole = make_funnel({"all": (140, 60 + t - 1)})
    total = disclose(whole, policy).frame.loc[0, "n"]
    out = disclose(grouped, policy).frame
    assert np.isnan(out.loc[1, "n"])
    rest = out.loc[0, "n"]
    if not np.isnan(rest):
        rule = (policy.round_to, policy.rounding)
        low, high = possible_counts(rest, *rule)
        big = np.arange(int(low), int(high) + 1)
        possible = [n for n in range(t) if total in round_counts(n + big, *rule)]
        assert set(range(1, t)) <= set(possible)


def test_columns_that_no_rule_protects_are_refused(northumberland):
    with pytest.raises(DisclosureError, match="mean_age"):
        disclose(northumberland.assign(mean_age=31.2), "council")


def test_a_numeric_group_has_to_be_named(northumberland):
    codes = northumberland["programme"].astype("category").cat.codes.to_numpy()
    frame = northumberland.drop(columns="programme").assign(imd_decile=codes)
    with pytest.raises(DisclosureError, match="imd_decile"):
        disclose(frame, "council")
    assert len(disclose(frame, "council", by="imd_decile").frame) == len(frame)


@pytest.mark.parametrize("bad", [12.5, -3, np.nan, 400])
def test_counts_have_to_be_counts(northumberland, bad):
    counts = northumberland["n"].astype(float)
    with pytest.raises(DisclosureError):
        disclose(northumberland.assign(n=counts.where(counts != 34, bad)), "council")


def test_flow_shows_exclusions_as_differences_of_rounded_counts():
    flow = pd.DataFrame(
        {"stage": ["in_extract", "pending", "not_started", "followed_up"], "n": [123, 121, 90, 90],
         "n_excluded": [0, 2, 31, 0], "definition": "d"}
    )  # fmt: skip
    safe = disclose(flow, "council")
    assert safe.frame["n"].tolist()[2:] == [90, 90]
    assert np.isnan(safe.frame["n"].tolist()[1])
    assert np.isnan(safe.frame["n_excluded"].tolist()[1])
    assert safe.frame["n_excluded"].tolist()[3] == 0
    assert safe.kind == "counts"


chains = st.lists(st.integers(0, 60), min_size=2, max_size=4).map(
    lambda x: tuple(sorted(x, reverse=True))
)


@settings(max_examples=20, deadline=None)
@given(groups=st.lists(chains.filter(lambda c: c[0] > 0), min_size=1, max_size=3))
@pytest.mark.parametrize("preset", PRESETS)
def test_no_small_count_and_no_small_remainder_is_shown(make_funnel, preset, groups):
    length = min(map(len, groups))
    frame = make_funnel({f"g{i}": chain[:length] for i, chain in enumerate(groups)})
    policy = disclosure_policy(preset)
    out = protect_proportions(frame, policy).frame
    smallest = 0 if policy.zeros_disclosive else 1
    for column, true in (("n", frame["n"]), ("base", frame["base"])):
        kept = out[column].notna()
        assert not true[kept].between(smallest, policy.threshold - 1).any()
        rounded = round_counts(true[kept], policy.round_to, policy.rounding)
        assert out.loc[kept, column].tolist() == rounded.tolist()
    kept = out["n"].notna()
    assert not (frame["base"] - frame["n"])[kept].between(smallest, policy.threshold - 1).any()


@settings(max_examples=20, deadline=None)
@given(data=st.data())
def test_release_is_a_function_of_protected_counts(make_funnel, data):
    """Moving every count within its rounding class, no group small, changes nothing at all."""
    centres = (100, 75, 50, 25)
    moved = tuple(centre + data.draw(st.integers(-2, 2)) for centre in centres)
    first = disclose(make_funnel({"all": centres}), "council")
    second = disclose(make_funnel({"all": moved}), "council")
    pd.testing.assert_frame_equal(first.frame, second.frame)
    assert first.entry.to_record() == second.entry.to_record()
