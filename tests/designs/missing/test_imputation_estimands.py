"""Estimands by imputation, and the tipping point, by hand on small frames."""

import warnings

import numpy as np
import pytest

from rpcstats._vocabulary import ESTIMANDS
from rpcstats.designs.missing import (
    Departure,
    estimands_by_imputation,
    impute_goals,
    pool,
    tipping_point,
)
from rpcstats.designs.missing._cluster_means import cluster_means
from rpcstats.errors import ConvergenceWarning, DataError, ParameterError
from rpcstats.simulate.goal_frames import draw_goal_frame
from rpcstats.simulate.truth import Truth


@pytest.fixture(scope="module")
def frame():
    return draw_goal_frame(Truth(), n=240, seed=11)


@pytest.fixture(scope="module")
def imputed(frame):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        return impute_goals(frame, m=6, seed=2, chains=2, burn_in=40, thin=10)


def test_rows_are_pooled_means_of_completed_frames(frame, imputed):
    found = estimands_by_imputation(imputed, estimand="E5b")
    assert tuple(found.frame.columns) == ESTIMANDS
    assert found.frame["measure"].tolist() == ["mean change", "progress"]
    clusters = frame.drop_duplicates("episode_id")["cluster_id"].to_numpy()
    means, variances, shares = [], [], []
    for k in range(6):
        one = imputed.completed(k, estimand="E5b")
        change = one.assign(change=one["end"] - one["start"]).groupby("episode_id", sort=False)
        change = change["change"].mean().to_numpy()
        mean, variance = cluster_means(change[None], clusters)
        means.append(mean[0])
        variances.append(variance[0])
        shares.append((change >= 1.0 - 1e-9).mean())
    by_hand = pool(means, variances, df_complete=29.0)
    row = found.frame.iloc[0]
    for name in ("estimate", "std_error", "df", "conf_low", "conf_high"):
        assert row[name] == pytest.approx(getattr(by_hand, name))
    assert found.frame.loc[1, "estimate"] == pytest.approx(np.mean(shares))


def test_counts_and_words(frame, imputed):
    found = estimands_by_imputation(imputed)
    answered = frame.groupby("episode_id")["answered"].first()
    assert (found.n_obs, found.n_missing) == (240, int((~answered).sum()))
    assert found.n_group == 30
    assert found.span == 10.0
    assert "kept the level" in found.assumption
    told = str(found.summary())
    assert "Missing ratings take" in told
    assert ".." not in told


def test_parents_whose_course_is_open_are_in_no_base(frame, imputed):
    taken = frame.copy()
    is_open = taken["episode_id"].isin(taken["episode_id"].unique()[:60])
    taken["is_due"] = ~is_open
    taken["reached"] = taken["reached"].where(~is_open)
    taken.attrs = frame.attrs
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        found = estimands_by_imputation(taken, m=4, seed=2, chains=2, burn_in=40, thin=10)
    assert found.n_obs == 180
    assert np.isfinite(found.frame["estimate"]).all()


def test_a_share_of_one_has_exact_limits(imputed):
    found = estimands_by_imputation(imputed, threshold=-10.0)
    row = found.frame.iloc[1]
    assert (row["estimate"], row["conf_high"]) == (1.0, 1.0)
    assert row["conf_low"] == pytest.approx(0.025 ** (1 / 30))


def test_worse_assumptions_give_worse_estimates(imputed):
    estimates = [
        estimands_by_imputation(imputed, departure=Departure(delta_leavers=delta)).frame["estimate"]
        for delta in (-2.0, -1.0, 0.0)
    ]
    assert (estimates[0] < estimates[1]).all()
    assert (estimates[1] < estimates[2]).all()


def test_options_that_do_not_fit(frame, imputed):
    with pytest.raises(ParameterError, match="imputed already"):
        estimands_by_imputation(imputed, seed=1)
    with pytest.raises(ParameterError, match="seed is missing"):
        estimands_by_imputation(frame)
    with pytest.raises(ParameterError, match="threshold"):
        estimands_by_imputation(imputed, threshold="much")
    with pytest.raises(ParameterError, match="E5a or E5b"):
        estimands_by_imputation(imputed, estimand="E5c")
    one = frame.assign(cluster_id="all")
    one.attrs = frame.attrs
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        with pytest.raises(DataError, match="two clusters"):
            estimands_by_imputation(one, m=2, seed=1, chains=1, burn_in=5, thin=4)


def test_the_grid_is_what_departures_give(imputed):
    found = tipping_point(
        imputed, null=1.0, deltas_leavers=[-2.0, -1.0], deltas_unanswered=[-1.5, 1.0]
    )
    assert len(found.frame) == 9
    for _, row in found.frame.iterrows():
        departure = Departure(
            delta_leavers=row["delta_leavers"], delta_unanswered=row["delta_unanswered"]
        )
        direct = estimands_by_imputation(imputed, departure=departure).frame.iloc[0]
        for name in ("estimate", "std_error", "conf_low", "conf_high"):
            assert row[name] == pytest.approx(direct[name])
        assert row["includes_null"] == (row["conf_low"] <= 1.0 <= row["conf_high"])


@pytest.mark.parametrize(("measure", "null"), [("mean change", 1.2), ("progress", 0.55)])
def test_the_interval_just_includes_the_null_at_a_tip(imputed, measure, null):
    found = tipping_point(imputed, null=null, measure=measure)
    place = 0 if measure == "mean change" else 1
    kinds = (("delta_leavers",), ("delta_unanswered",), ("delta_leavers", "delta_unanswered"))
    tipped = 0
    for names, (_, tip) in zip(kinds, found.tips.iterrows(), strict=True):
        if not np.isfinite(tip["delta"]):
            continue
        tipped += 1
        assert tip["delta"] < 0.0

        def low(delta, names=names):
            departure = Departure(**dict.fromkeys(names, delta))
            result = estimands_by_imputation(imputed, departure=departure)
            return result.frame.loc[place, "conf_low"]

        assert low(tip["delta"]) <= null < low(tip["delta"] + 0.02)
        assert f"{-tip['delta']:.1f} points worse" in tip["words"]
    assert tipped >= 2


def test_marks_stand_where_their_assumption_adds_as_much(imputed):
    found = tipping_point(imputed, null=1.0).marks.set_index("label")
    assert found.loc["level kept", "delta_leavers"] == 0.0
    there = found.loc["gone on as the others", "delta_leavers"]
    on = Departure(leavers="missing_at_random")
    near = Departure(delta_leavers=there)
    # Ratings are printed after a delta is added, so an even shift is not quite the same.
    means = [imputed.changes("E5a", d).mean() for d in (on, near)]
    assert means[0] == pytest.approx(means[1], abs=0.05)


def test_where_nothing_tips(imputed):
    kept = tipping_point(imputed, null=-9.0)
    assert kept.tips["delta"].isna().all()
    assert "still not include -9" in kept.tips.loc[0, "words"]
    middle = float(estimands_by_imputation(imputed).frame.loc[0, "estimate"])
    at_once = tipping_point(imputed, null=middle)
    assert (at_once.tips["delta"] == 0.0).all()
    assert "without any departure" in at_once.tips.loc[0, "words"]
    below = tipping_point(imputed, null=middle + 0.5)
    assert (below.tips["delta"].dropna() > 0.0).all()
    assert "better" in below.tips.loc[0, "words"]
    assert below.glance().loc[0, "n_obs"] == 240
    assert "E6" in str(below.summary())


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"null": None}, "null is no number"),
        ({"null": 1.5, "measure": "progress"}, "no share"),
        ({"null": 1.0, "measure": "median"}, "measure is unknown"),
        ({"null": 1.0, "deltas_leavers": [0.0]}, "no grid"),
        ({"null": 1.0, "deltas_unanswered": ["a"]}, "no grid"),
        ({"null": 1.0, "departure": Departure(delta_leavers=-1.0)}, "has deltas"),
        ({"null": 1.0, "conf_level": 2.0}, "conf_level"),
    ],
)
def test_a_tipping_point_that_can_not_be_looked_for(imputed, options, told):
    with pytest.raises(ParameterError, match=told):
        tipping_point(imputed, **options)
