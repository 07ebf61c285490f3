"""Ratings at the start and the end only: what the model can tell apart, and how long it takes."""

import numpy as np
import pytest
from scipy import sparse

from rpcstats.designs.missing._effects import Layout, Variances, draw_effects
from rpcstats.designs.missing.impute import LONGER, THIN_SMALL, _usual_thin, impute_goals
from rpcstats.designs.missing.ratings import read_ratings

COVARIATES = {"mode": "in_person", "resident": "resident", "send_child": "no"}
DRAWS = 4_000
MOST = 4.5
"""Standard errors of the mean of so many draws that a right answer may be off by."""


def ratings(n, goals, written, *, occasions=2, seed=1):
    """Parents with a start and a slope of their own; every fourth end is missing."""
    rng = np.random.default_rng(seed)
    stage = np.linspace(0.0, 1.0, occasions)
    rated = []
    for i in range(n):
        start, slope = 3.0 + rng.normal(), 2.0 + 0.8 * rng.normal()
        scores = [
            np.clip(np.round(start + slope * stage + rng.normal(size=occasions)), 0, 10).tolist()
            for _ in range(goals)
        ]
        rated.append([[*row[:-1], None] if i % 4 == 0 else row for row in scores])
    same = {name: [value] * n for name, value in COVARIATES.items()}
    return written(rated, **same)


def test_one_goal_rated_twice_has_no_slope_of_its_parent(written):
    """The spread of changes is that of slopes and twice that of ratings: one number for both."""
    found = impute_goals(ratings(60, 1, written), m=8, seed=1)
    terms = found.convergence["term"].tolist()
    assert "sd parent slope" not in terms
    assert "sd parent start" in terms
    assert "sd rating" in terms
    assert any("Slopes do not vary between parents" in remark for remark in found.remarks)
    assert not any("do not agree" in remark for remark in found.remarks)
    assert (found.convergence["r_hat"].dropna() < 1.1).all()


@pytest.mark.filterwarnings("ignore::rpcstats.errors.ConvergenceWarning")
@pytest.mark.parametrize(("goals", "occasions"), [(2, 2), (1, 3)])
def test_two_goals_or_three_stages_tell_slopes_from_noise(written, goals, occasions):
    frame = ratings(40, goals, written, occasions=occasions)
    found = impute_goals(frame, m=4, seed=1, thin=10)
    assert "sd parent slope" in found.convergence["term"].tolist()
    assert not any("Slopes do not vary" in remark for remark in found.remarks)


def test_chains_are_longer_where_the_usual_goal_has_two_ratings(written):
    twice, often = (read_ratings(ratings(12, 2, written, occasions=k)) for k in (2, 4))
    assert _usual_thin(twice) == LONGER * THIN_SMALL
    assert _usual_thin(often) == THIN_SMALL


def test_without_slopes_starts_have_the_posterior_in_closed_form():
    """Goals integrated out by hand: one parent, two goals of two ratings, effects known to be 0."""
    psi, goal, rating = 1.5, 0.7, 1.1
    layout = Layout(
        X=np.ones((1, 1)), prior_precision=np.full(2, 1e12), parent=np.array([0, 0]),
        n=np.array([2.0, 2.0]), s1=np.array([1.0, 1.0]), s2=np.array([1.0, 1.0]),
        members=sparse.csr_array((0, 1)), group=np.array([0]), by_group=(), has_goals=True,
        has_slope=False,
    )  # fmt: skip
    r0, r1 = np.array([3.0, 1.0]), np.array([2.0, 0.5])
    variances = Variances(np.diag([psi, 0.0]), np.zeros((0, 0)), goal, rating)
    rng = np.random.default_rng(5)
    draws = [draw_effects(rng, layout, r0, r1, variances).parent[:, 0] for _ in range(DRAWS)]
    information = 2.0 / (goal + rating / 2.0)
    score = (r0 / 2.0).sum() / (goal + rating / 2.0)
    variance = 1.0 / (information + 1.0 / psi)
    start, slope = np.array(draws).T
    assert (slope == 0.0).all()
    assert abs(start.mean() - variance * score) < MOST * np.sqrt(variance / DRAWS)
    assert start.var() == pytest.approx(variance, rel=MOST * np.sqrt(2.0 / DRAWS))


@pytest.mark.slow
def test_usual_chains_agree_on_two_goals_rated_twice(written):
    for seed in range(6):
        found = impute_goals(ratings(60, 2, written, seed=seed), m=20, seed=seed)
        assert not any("do not agree" in remark for remark in found.remarks)
