"""Imputations of ratings: what they keep, what departures do, what is refused."""

import warnings

import numpy as np
import pytest

from rpcstats.designs.missing import Departure, Imputations, impute_goals
from rpcstats.disclosure import disclose
from rpcstats.errors import ConvergenceWarning, DataError, DisclosureError, ParameterError
from rpcstats.simulate.goal_frames import draw_goal_frame
from rpcstats.simulate.truth import Truth

SHORT = {"m": 4, "seed": 3, "chains": 2, "burn_in": 40, "thin": 10}


def _impute(frame, **options):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        return impute_goals(frame, **{**SHORT, **options})


@pytest.fixture(scope="module")
def frame():
    return draw_goal_frame(Truth(), n=160, seed=5)


@pytest.fixture(scope="module")
def imputed(frame):
    return _impute(frame)


@pytest.fixture(scope="module")
def plain(frame):
    return _impute(frame, rounding="none")


def test_ratings_that_were_made_are_kept(imputed):
    ratings = imputed.ratings
    for estimand, seen in (
        ("E5b", ratings.end),
        ("E5a", np.where(np.isnan(ratings.end), ratings.after, ratings.end)),
    ):
        known = ~np.isnan(seen)
        ends = imputed.ends(estimand)
        np.testing.assert_array_equal(ends[:, known], np.tile(seen[known], (4, 1)))
        assert (ends[:, ~known].std(axis=0) > 0).any()
    known = ~np.isnan(ratings.start)
    np.testing.assert_array_equal(imputed.draws.start[0, known], ratings.start[known])
    assert np.isfinite(imputed.draws.start).all()


def test_printed_ratings_are_whole_points_on_the_scale(imputed, plain):
    ends = imputed.ends("E5b")
    assert set(np.unique(ends)) <= set(range(11))
    assert (plain.ends("E5b") % 1 != 0).any()


def test_nothing_missing_gives_the_data_and_no_variance_between():
    rng = np.random.default_rng(2)
    frame = draw_goal_frame(Truth(), n=80, seed=6)
    inside = frame.assign(score=rng.integers(0, 11, len(frame)).astype(float), state="rated",
                          reached=1.0, answered=True)  # fmt: skip
    inside.attrs = frame.attrs
    found = _impute(inside)
    for estimand in ("E5a", "E5b"):
        changes = found.changes(estimand)
        np.testing.assert_array_equal(changes, np.tile(changes[0], (4, 1)))
    wide = inside.pivot_table("score", ["episode_id", "item"], "session", observed=True)
    by_hand = (wide[6] - wide[1]).groupby("episode_id").mean()
    np.testing.assert_allclose(changes[0], by_hand.loc[found.ratings.parents["episode_id"]])


def test_the_same_seed_gives_the_same_draws_with_any_number_of_workers(frame, imputed):
    again = _impute(frame, workers=2)
    np.testing.assert_array_equal(again.ends("E5a"), imputed.ends("E5a"))
    other = _impute(frame, seed=4)
    assert (other.ends("E5a") != imputed.ends("E5a")).any()


def test_a_shift_of_all_ratings_moves_levels_and_no_change(frame, plain):
    moved = frame.assign(score=frame["score"] + 3.0)
    moved.attrs = {**frame.attrs, "minimum": 3.0, "maximum": 13.0}
    found = _impute(moved, rounding="none")
    np.testing.assert_allclose(found.ends("E5b"), plain.ends("E5b") + 3.0, atol=1e-7)
    np.testing.assert_allclose(found.changes("E5a"), plain.changes("E5a"), atol=1e-7)


def test_a_scale_where_lower_is_better_turns_changes_round(frame, plain):
    turned = frame.copy()
    turned.attrs = {**frame.attrs, "direction": "down"}
    found = _impute(turned, rounding="none")
    np.testing.assert_allclose(found.changes("E5a"), -plain.changes("E5a"))
    worse = Departure(delta_leavers=-1.0, delta_unanswered=-1.0)
    assert (found.changes("E5a", worse) <= found.changes("E5a") + 1e-12).all()


def test_no_delta_is_no_departure(plain):
    for estimand, leavers in (("E5a", "frozen"), ("E5b", "missing_at_random")):
        np.testing.assert_array_equal(
            plain.ends(estimand), plain.ends(estimand, Departure(leavers=leavers))
        )


def test_departures_by_hand(plain):
    """Each assumption as its definition says, for a parent who left and one who did not answer."""
    ratings, draws, X = plain.ratings, plain.draws, plain.covariates.X
    unseen = np.isnan(ratings.end) & np.isnan(ratings.after)
    gone = ratings.left[ratings.parent]
    for j in (np.flatnonzero(unseen & gone)[0], np.flatnonzero(unseen & ~gone)[0]):
        i, r = ratings.parent[j], min(ratings.reached[ratings.parent[j]], 1.0)
        start, slope = draws.beta[0] @ X[i]
        mean, own = start + slope, draws.line[0, :, i].sum()
        rest = own - mean + draws.goal[0, j] + draws.noise[0, j]
        online = "in_person" if "mode=in_person" in plain.covariates.names else "online"
        face = X[i].copy()
        face[plain.covariates.names.index(f"mode={online}")] = 1.0
        other_start, other_slope = draws.beta[0] @ face
        by_hand = {
            "frozen": draws.line[0, 0, i] + r * draws.line[0, 1, i] - own + mean,
            "missing_at_random": mean,
            "last_mean": start + r * slope,
            "copy_increments": start + r * slope + (1 - r) * other_slope,
            "jump_to_reference": other_start + other_slope if r < 1 else mean,
        }
        for leavers, level in by_hand.items():
            referred = leavers in ("copy_increments", "jump_to_reference")
            departure = Departure(
                leavers=leavers,
                delta_leavers=-2.0,
                delta_unanswered=-0.5,
                per_share=True,
                reference={"mode": online} if referred else {},
            )
            delta = -2.0 * (1 - r) if r < 1 else -0.5
            assert plain.ends("E5a", departure)[0, j] == pytest.approx(level + rest + delta)


def test_without_a_reference_nothing_more_is_gained(plain):
    copied = plain.changes("E5a", Departure(leavers="copy_increments"))
    np.testing.assert_allclose(copied, plain.changes("E5a", Departure(leavers="last_mean")))


def test_completed_frames_and_sessions(imputed):
    one = imputed.completed(1)
    assert one["end"].notna().all()
    assert (
        one["end_imputed"].sum()
        == (np.isnan(imputed.ratings.end) & np.isnan(imputed.ratings.after)).sum()
    )
    filled, ratings = imputed.sessions(1), imputed.ratings
    seen = ~np.isnan(ratings.score)
    np.testing.assert_array_equal(filled[seen], ratings.score[seen])
    np.testing.assert_array_equal(filled[-1], imputed.ends("E5b")[1])
    np.testing.assert_array_equal(filled, imputed.sessions(1))
    assert imputed.take(2).m == 2
    for call in (imputed.completed, imputed.sessions, imputed.take):
        with pytest.raises(ParameterError, match="k is out of range"):
            call(99)


def test_what_is_told(imputed):
    terms = imputed.tidy()["term"].tolist()
    assert terms[:2] == ["(Intercept)", "mode=in_person"]
    assert terms[-3:] == ["sd group slope", "sd goal", "sd rating"]
    assert imputed.glance().loc[0, "m"] == 4
    assert "160 parents, seed 3" in str(imputed.summary())


def test_parents_without_group_or_rating_are_imputed(frame):
    alone = frame.copy()
    alone["group_id"] = alone["group_id"].where(alone["group_id"] > "g10")
    first = alone["episode_id"] == alone["episode_id"].iloc[0]
    alone.loc[first, "score"] = np.nan
    alone.loc[first, "state"] = "missed"
    alone.attrs = frame.attrs
    found = _impute(alone)
    assert np.isfinite(found.changes("E5a")).all()
    assert np.isnan(found.ratings.start[0])


def test_one_goal_and_few_groups_are_said(frame):
    one = frame[frame["item"] == "goal_1"].copy()
    one["group_id"] = np.where(one["group_id"] > "g10", "a", "b")
    one["mode"] = "online"
    one.attrs = frame.attrs
    found = _impute(one)
    told = " ".join(found.remarks)
    assert "fewer than three groups" in told
    assert "one goal" in told
    assert "mode is the same" in told
    assert "sd goal" not in found.tidy()["term"].tolist()


def test_start_and_slope_may_differ_between_groups(frame):
    found = _impute(frame, groups="start_and_slope")
    assert {"sd group start", "sd group slope"} <= set(found.tidy()["term"])


def test_chains_that_are_too_short_are_said(frame):
    with pytest.warns(ConvergenceWarning, match="raise burn_in and thin"):
        impute_goals(frame, m=4, seed=1, chains=2, burn_in=0, thin=2)


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"m": 1}, "m: give a whole number of 2"),
        ({"chains": 9}, "no more chains than"),
        ({"burn_in": -1, "thin": 0}, "thin"),
        ({"groups": "all", "rounding": "up"}, "rounding: choose"),
        ({"seed": -1}, "seed"),
        ({"workers": 0}, "workers"),
        ({"m": 2, "thin": 1}, "raise it"),
    ],
)
def test_options_out_of_range(frame, options, told):
    with pytest.raises(ParameterError, match=told):
        impute_goals(frame, **{**SHORT, **options})


def test_ratings_between_points_and_unknown_columns(frame):
    halves = frame.assign(score=frame["score"] * 0.95)
    halves.attrs = frame.attrs
    with pytest.raises(ParameterError, match="whole points"):
        impute_goals(halves, **SHORT)
    assert isinstance(_impute(halves, rounding="none"), Imputations)
    with pytest.raises(DataError, match="colour"):
        impute_goals(frame, **SHORT, adjust=("colour",))


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"leavers": "gone"}, "leavers is unknown"),
        ({"delta_leavers": np.nan, "delta_unanswered": "x"}, "delta_unanswered is no number"),
        ({"per_share": "yes"}, "per_share"),
        ({"reference": {"mode": "online"}}, "no use"),
        ({"leavers": "last_mean", "reference": "online"}, "no mapping"),
    ],
)
def test_departures_that_can_not_be_read(options, told):
    with pytest.raises(ParameterError, match=told):
        Departure(**options)


@pytest.mark.parametrize("policy", ["council", "internal"])
def test_rows_of_single_parents_are_never_released(imputed, policy):
    with pytest.raises(DisclosureError, match=r"stays in the office.*estimands_by_imputation"):
        disclose(imputed, policy)
    assert not hasattr(imputed, "release_kind")


def test_unknown_estimand(imputed):
    with pytest.raises(ParameterError, match="E5a or E5b"):
        imputed.ends("E5c")
