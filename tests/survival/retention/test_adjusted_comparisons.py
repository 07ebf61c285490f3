"""Adjusted comparisons of starters."""

import numpy as np
import pandas as pd
import pytest

from rpcstats.data import person_period
from rpcstats.disclosure import disclose
from rpcstats.errors import DataError, ParameterError
from rpcstats.survival.discrete.discrete_hazard import discrete_hazard
from rpcstats.survival.retention.adjusted_comparisons import adjusted_comparisons
from rpcstats.survival.retention.comparison_result import DIFFERENCE, ODDS_RATIO

BY = ["mode", "resident", "programme"]
NUMBERS = ["estimate", "conf_low", "conf_high"]


@pytest.fixture(scope="module")
def compared(retention):
    """All three columns compared."""
    return adjusted_comparisons(retention, by=BY, tau=6)


def picked(compared, column, measure):
    frame = compared.tidy()
    return frame[(frame["variable"] == column) & (frame["measure"] == measure)]


def test_numbers_are_those_of_the_models_named(retention, compared):
    rows = retention.assign(mode=retention["mode"].cat.remove_unused_categories())
    periods = person_period(rows)
    within = discrete_hazard("event ~ session + mode + resident + (1 | group_id)", periods, nagq=9)
    table = within.tidy(exponentiate=True).set_index("term")
    odds = picked(compared, "mode", ODDS_RATIO)
    np.testing.assert_allclose(odds[NUMBERS].iloc[0], table.loc["mode[T.online]", NUMBERS])
    overall = discrete_hazard("event ~ session + mode + resident + cluster(group_id)", periods)
    stays = overall.standardise("mode", sessions=range(1, 7)).contrasts().iloc[-1]
    left = picked(compared, "mode", DIFFERENCE).iloc[0]
    assert left["estimate"] == pytest.approx(-stays["estimate"])
    assert left["conf_low"] == pytest.approx(-stays["conf_high"])


def test_each_column_is_adjusted_for_the_others_that_vary(compared):
    assert set(picked(compared, "mode", ODDS_RATIO)["adjusted_for"]) == {"resident"}
    assert set(picked(compared, "resident", ODDS_RATIO)["adjusted_for"]) == {"mode"}


def test_with_few_leavers_nothing_is_adjusted_for(retention):
    few = retention.copy()
    leavers = few.index[few["event"] == 1]
    few.loc[leavers[12:], ["event", "time"]] = [0, 6]
    found = adjusted_comparisons(few, by=["mode", "resident"], tau=6).tidy()
    assert set(found["adjusted_for"]) == {"nothing"}


def test_one_group_is_said_to_be_one(compared):
    rows = picked(compared, "programme", DIFFERENCE)
    assert rows["estimate"].isna().all()
    assert rows["note"].tolist() == ["all starters were in one group"]


def test_nobody_left_in_a_group(retention):
    safe = retention.copy()
    stayed = safe["mode"] == "in_person"
    safe.loc[stayed, ["event", "time"]] = [0, 6]
    found = adjusted_comparisons(safe, by=["mode"], tau=6)
    assert found.tidy()["estimate"].isna().all()
    assert found.tidy()["note"].str.contains("nobody left").all()
    told = disclose(found, "council").frame
    assert set(told["note"]) == {"a group of under 5 would show"}


def test_counts_are_those_of_the_two_groups(retention, compared):
    cells = compared.cells().set_index("term").loc["mode: Online against in person"]
    by_mode = retention.groupby("mode", observed=True)["event"]
    assert cells["n_obs"].tolist() == by_mode.size().tolist()
    assert cells["n_event"].tolist() == by_mode.sum().tolist()


def test_unknown_values_are_left_out_and_counted(retention):
    gaps = retention.copy()
    gaps.loc[:4, "resident"] = np.nan
    found = adjusted_comparisons(gaps, by=["mode", "resident"], tau=6)
    assert found.n_missing == 5
    assert found.glance()["n_obs"].iloc[0] == len(gaps) - 5


def test_what_is_released_is_coarser_than_what_is_known(compared):
    safe = disclose(compared, "council").frame
    true = compared.tidy()
    shown = safe["conf_low"].notna()
    assert shown.any()
    assert (safe.loc[shown, "conf_low"] <= true.loc[shown, "conf_low"] + 1e-12).all()
    assert (safe.loc[shown, "conf_high"] >= true.loc[shown, "conf_high"] - 1e-12).all()


def test_rows_in_another_order_change_nothing(retention, compared):
    shuffled = retention.sample(frac=1, random_state=2).reset_index(drop=True)
    shuffled.attrs = retention.attrs
    again = adjusted_comparisons(shuffled, by=BY, tau=6).tidy()
    pd.testing.assert_frame_equal(again, compared.tidy(), rtol=1e-6)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"by": []}, "name a column"),
        ({"by": ["age"]}, "no age"),
        ({"by": ["entry"]}, "cut it into bands"),
        ({"tau": 0}, "tau"),
        ({"tau": 2.5}, "whole number"),
    ],
)
def test_what_cannot_be_compared_is_said(retention, options, message):
    with pytest.raises(ParameterError, match=message):
        adjusted_comparisons(retention, **{"by": ["mode"], "tau": 6, **options})


def test_truth_values_are_groups(retention, compared):
    away = retention.assign(mode=retention["mode"] == "online")
    away.attrs = retention.attrs
    found = adjusted_comparisons(away, by=BY, tau=6).tidy()
    rows = found[(found["variable"] == "mode") & (found["measure"] == ODDS_RATIO)]
    np.testing.assert_allclose(
        rows[NUMBERS], picked(compared, "mode", ODDS_RATIO)[NUMBERS], rtol=1e-6
    )


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda d: d.to_numpy(), "pandas frame"),
        (lambda d: d.assign(event="yes"), "recode it"),
        (lambda d: d.assign(time=d["time"] * 10**9), "no numbers of sessions"),
        (lambda d: pd.concat([d, d[["mode"]]], axis=1), "called mode"),
    ],
)
def test_a_frame_that_is_none_of_followup_is_refused(retention, change, message):
    with pytest.raises(DataError, match=message):
        adjusted_comparisons(change(retention), by=["mode"], tau=6)
