"""What a paper about goals asks: always an answer, a number only where the data allow it."""

from pathlib import Path

import numpy as np
import pytest

import rpcstats as rp
from rpcstats.designs.goal_paper.estimands import (
    AGREE,
    DISAGREE,
    IMPUTED,
    JOINT,
    LINEAR,
    ONE,
    ORDINAL,
    ORDINAL_JOINT,
)
from rpcstats.goals import completers_change, progress
from rpcstats.simulate.goal_frames import draw_goal_frame
from rpcstats.simulate.truth import Truth

COUNCILS = Path(__file__).parents[3] / "data" / "councils"


@pytest.fixture(scope="module")
def goals():
    return draw_goal_frame(Truth(), n=240, seed=7)


@pytest.fixture(scope="module")
def estimands(goals):
    return rp.goal_estimands(goals, seed=1, m=10)


@pytest.fixture(scope="module")
def unrated():
    return rp.goal_scores(rp.read_extract(COUNCILS / "nottinghamshire"))


def test_every_estimand_has_every_method(estimands):
    frame = estimands.tidy()
    methods = frame[frame["measure"] == "mean change"].groupby("estimand")["method"].apply(list)
    assert methods["E5c"] == ["Mean of the forms returned"]
    assert methods["E5a"] == [LINEAR, IMPUTED, JOINT, ORDINAL_JOINT]
    assert methods["E5b"] == [LINEAR, ORDINAL, IMPUTED, JOINT, ORDINAL_JOINT]
    assert frame["estimate"].notna().all()
    assert estimands.agreement in (AGREE, DISAGREE)


def test_the_estimates_are_the_estimators_own(goals, estimands):
    mine = estimands.tidy().set_index("estimand").loc[["E5c"]]
    own = completers_change(goals).tidy().set_index("measure")
    assert mine["measure"].tolist() == ["mean change"]
    assert mine["estimate"].item() == pytest.approx(own.loc["mean change", "estimate"], rel=1e-12)


def test_a_share_among_the_readings_is_not_told_by_a_second_rule(estimands):
    rows = estimands.tidy().set_index("estimand")
    assert set(rows.loc["E5a", "measure"]) == {"mean change", "progress"}
    assert "progress" not in rows.loc[["E5c"], "measure"].tolist()


def test_readings_are_those_of_progress(goals):
    mine, own = rp.goal_readings(goals), progress(goals)
    assert mine.tidy().equals(own.tidy())
    assert mine.design_effect == own.design_effect
    assert mine.shown() is mine


def test_the_tipping_grid_moves_as_many_as_are_missing(goals, estimands):
    frame = rp.goal_tipping(estimands, null=0.0).tidy()
    at = frame.set_index(["delta_leavers", "delta_unanswered"])["estimate"]
    left = frame["n_left"].iloc[0] / frame["n_obs"].iloc[0]
    # One point less for each who left lowers the mean by their share, as far as the scale allows.
    assert at[0.0, 0.0] - at[-1.0, 0.0] == pytest.approx(left, abs=0.05)
    assert frame["n_missing"].iloc[0] >= frame["n_left"].iloc[0]


def test_a_council_without_goals_gets_rows_without_numbers(unrated):
    found = rp.goal_estimands(unrated, seed=1)
    assert found.agreement == ONE
    assert found.tidy()["estimate"].isna().all()
    assert (found.tidy()["n_obs"] == 0).all()
    assert found.shown().tidy().empty
    assert rp.goal_course(unrated).tidy().empty
    assert rp.goal_tipping(found, null=0.0).tidy().empty
    readings = rp.goal_readings(unrated)
    assert (readings.tidy()["base"] == 0).all()
    assert readings.shown().tidy().empty
    assert rp.goal_couples(unrated).tidy().empty


def test_families_are_counted_at_their_first_visit():
    answers = rp.goal_answers(rp.read_extract(COUNCILS / "nottinghamshire"))
    frame = answers.tidy().set_index("answer")
    assert frame.loc["agree", ["n", "base"]].tolist() == [140, 140]
    assert "rating" in answers.words.casefold()


def test_couples_are_found_where_both_parents_took_part():
    goals = rp.goal_scores(rp.read_extract(COUNCILS / "northumberland_getting_on_better"))
    frame = rp.goal_couples(goals).tidy()
    assert frame["n"].sum() == frame["base"].iloc[0] == 30


def test_a_handful_of_parents_gives_notes_and_no_error():
    few = draw_goal_frame(Truth(), n=6, seed=3)
    frame = rp.goal_estimands(few, seed=1, m=4).tidy()
    assert set(frame["n_obs"]) <= {few["episode_id"].nunique(), *range(7)}
    assert frame.loc[frame["estimate"].isna(), "assumption"].eq("").all()
    safe = rp.disclose(rp.goal_estimands(few, seed=1, m=4), "council")
    assert np.isnan(safe.frame["estimate"].to_numpy(dtype=float)).all()
