"""Each starter's change given the starter's ratings: by dense algebra, and by hand."""

import numpy as np
import pandas as pd
import pytest
from scipy.stats import multivariate_normal

from rpcstats.designs.missing import treatment_policy_change
from rpcstats.designs.missing._conditional_change import ClusterSums, conditional
from rpcstats.designs.missing._influence import Stacked, stacked_influence
from rpcstats.designs.missing.linear_change import linear_policy_change
from rpcstats.designs.missing.own_outcomes import own_outcomes
from rpcstats.errors import DataError
from rpcstats.goals.trajectory_rows import trajectory_rows
from rpcstats.simulate.goal_frames import draw_goal_frame
from rpcstats.simulate.truth import Truth

# Central differences of a log-likelihood of order ten.
DIFFERENCE = 1e-6
TRUTH = Truth(psi=-0.15, rho1=0.0)


def _one_cluster(seed=2, n=7):
    """One level of a start and a slope; the last rating was not seen and is wanted."""
    rng = np.random.default_rng(seed)
    stage = np.linspace(0.0, 1.0, n)
    X = np.column_stack([np.ones(n), stage])
    y = rng.normal(2.0 + stage, 1.0)
    sums = ClusterSums(
        n=np.array([float(n)]),
        ZZ=(X.T @ X)[None],
        ZX=(X.T @ X)[None],
        Zy=(X.T @ y)[None],
        XX=(X.T @ X)[None],
        Xy=(X.T @ y)[None],
        yy=np.array([y @ y]),
        places=tuple((np.array([0]), np.array([r]), np.array([c])) for r, c in _PLACES),
        TZ=np.array([[[1.0, 0.6]]]),
        TX=np.array([[[1.0, 0.6]]]),
        known=np.array([[-1.5]]),
        noise=np.array([[1.0]]),
    )
    return sums, X, y


_PLACES = ((0, 0), (1, 0), (1, 1))
BETA, THETA, LOG_SIGMA = np.array([2.1, 0.8]), np.array([0.9, -0.4, 0.7]), 0.1


def _covariance(X, theta, log_sigma):
    Lambda = np.array([[theta[0], 0.0], [theta[1], theta[2]]])
    s2 = np.exp(2 * log_sigma)
    return s2 * (X @ Lambda @ Lambda.T @ X.T + np.eye(len(X))), s2 * Lambda @ Lambda.T


def test_means_and_variances_are_those_of_the_joint_normal():
    sums, X, y = _one_cluster()
    V, G = _covariance(X, THETA, LOG_SIGMA)
    z = np.array([1.0, 0.6])
    weights = np.linalg.solve(V, X @ G @ z)
    found = conditional(sums, BETA, THETA, LOG_SIGMA)
    assert found.mean.item() == pytest.approx(-1.5 + z @ BETA + weights @ (y - X @ BETA))
    expected = z @ G @ z - weights @ X @ G @ z + np.exp(2 * LOG_SIGMA)
    assert found.variance.item() == pytest.approx(expected)


def test_scores_are_the_slopes_of_the_log_likelihood():
    sums, X, y = _one_cluster()

    def log_lik(at):
        return multivariate_normal(X @ at[:2], _covariance(X, at[2:5], at[5])[0]).logpdf(y)

    at = np.concatenate([BETA, THETA, [LOG_SIGMA]])
    steps = 1e-5 * np.eye(6)
    numeric = [(log_lik(at + step) - log_lik(at - step)) / 2e-5 for step in steps]
    found = conditional(sums, BETA, THETA, LOG_SIGMA).score[0]
    np.testing.assert_allclose(found, numeric, atol=DIFFERENCE)


def test_a_mean_of_outcomes_alone_has_the_error_of_cluster_sums():
    outcome, n = np.array([[3.0], [1.0], [5.0]]), np.array([2.0, 1.0, 3.0])

    def evaluate(at):
        return Stacked(np.column_stack([np.array([1.0, -2.0, 1.0]) - at[0]]), outcome)

    found = stacked_influence(
        evaluate, np.zeros(1), n_parents=n, is_free=np.array([True]), n_fixed=1
    )
    own = (outcome[:, 0] - 1.5 * n) / 6.0
    assert found.mean.item() == pytest.approx(1.5)
    assert found.std_error.item() == pytest.approx(np.sqrt((own**2).sum() * 3 / 2))
    assert found.is_curved


def test_known_and_wanted_ratings_by_hand(written):
    """A stayed and did not answer; b left after 2 of 3 and answered later; c left after 2."""
    frame = written(
        [[[2, 4, None]], [[1, 3, 5], [0, None, 6]], [[None, 6, None], [4, None, None]]],
        left=[0, 2, 2],
    )
    rows = trajectory_rows(frame, caller="test", adjust=(), after_leaving=True)
    found = own_outcomes(frame, rows)
    np.testing.assert_allclose(found.known, [-2.0, (4 + 6) / 2, -4 / 2])
    cells = sorted(zip(found.starter, found.goal, found.stage, found.weight, strict=True))
    assert cells == [(0, 0, 1.0, 1.0), (2, 3, 0.0, -0.5), (2, 3, 0.5, 0.5), (2, 4, 0.5, 0.5)]
    assert found.n_missing == 2
    late = rows.rows[rows.rows["episode"] == 1]
    assert sorted(late["stage"]) == [0.0, 0.0, 0.5, 0.5, 0.5]


def test_with_nothing_missing_it_is_the_mean_over_parents_with_errors_by_cluster(written):
    rng = np.random.default_rng(4)
    ratings = rng.integers(0, 11, (12, 2, 3)).tolist()
    frame = written(ratings)
    frame["cluster_id"] = frame["group_id"] = "g" + (
        frame["episode_id"].str[1:].astype(int) % 4
    ).astype(str)
    change = np.array(ratings, dtype=float)[:, :, 2] - np.array(ratings, dtype=float)[:, :, 0]
    change = change.mean(axis=1)
    found = linear_policy_change(frame, adjust=())
    table = found.frame.set_index("measure")
    sums = np.bincount(np.arange(12) % 4, change - change.mean()) / 12
    assert table.loc["mean change", "estimate"] == pytest.approx(change.mean())
    error = np.sqrt((sums**2).sum() * 4 / 3)
    assert table.loc["mean change", "std_error"] == pytest.approx(error)
    assert table.loc["progress", "estimate"] == pytest.approx((change >= 1.0).mean())
    assert found.n_missing == 0


def test_the_order_of_rows_and_names_of_clusters_do_not_matter():
    frame = draw_goal_frame(TRUTH, n=60, seed=2)
    found = linear_policy_change(frame).frame
    mixed = frame.sample(frac=1.0, random_state=1)
    mixed["cluster_id"] = mixed["group_id"] = "z" + mixed["group_id"].str[::-1]
    mixed.attrs = frame.attrs
    again = linear_policy_change(mixed).frame
    np.testing.assert_allclose(found["estimate"], again["estimate"], rtol=1e-6)
    np.testing.assert_allclose(found["std_error"], again["std_error"], rtol=1e-5)


def test_groups_and_parents_alone_go_together():
    frame = draw_goal_frame(TRUTH, n=120, seed=3)
    alone = frame["episode_id"].isin(sorted(frame["episode_id"].unique())[80:])
    frame["group_id"] = frame["group_id"].where(~alone)
    frame["cluster_id"] = frame["cluster_id"].where(~alone, frame["episode_id"])
    found = linear_policy_change(frame)
    assert found.n_group == 50
    assert (found.frame["df"] == 49).all()
    assert 0.05 < found.frame["std_error"].iloc[0] < 0.5


def test_a_parent_without_any_rating_is_counted_with_the_mean_of_the_others():
    frame = draw_goal_frame(TRUTH, n=80, seed=5)
    silent = frame["episode_id"] == frame["episode_id"].iloc[0]
    without = frame.copy()
    rated = silent & frame["state"].isin(["rated", "rated_after_leaving"])
    without.loc[silent, "score"] = np.nan
    without.loc[rated, "state"] = "missed"
    found = linear_policy_change(without)
    assert found.n_obs == 80
    assert np.isfinite(found.frame["estimate"]).all()


def test_one_cluster_gives_no_error(written):
    frame = written([[[2, 4, 5]], [[1, 3, 5]]])
    frame["cluster_id"] = "all"
    with pytest.raises(DataError, match="two clusters"):
        linear_policy_change(frame, adjust=())


def test_a_group_in_two_clusters_is_refused(written):
    frame = written([[[2, 4, 5]], [[1, 3, 5]], [[1, 4, 5]]])
    frame["group_id"] = "g"
    with pytest.raises(DataError, match="group reaches across clusters"):
        linear_policy_change(frame, adjust=())


def test_it_is_the_default_of_the_treatment_policy():
    frame = draw_goal_frame(TRUTH, n=60, seed=2)
    pair = [treatment_policy_change(frame).frame, linear_policy_change(frame).frame]
    pd.testing.assert_frame_equal(*pair)
