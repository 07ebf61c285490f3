"""Imputation of goal ratings, and weights, on data whose truth is known."""

import functools
import warnings
from dataclasses import replace

import numpy as np
import pytest

from rpcstats.designs.missing import (
    Departure,
    estimands_by_imputation,
    impute_goals,
    response_weights,
)
from rpcstats.errors import ConvergenceWarning
from rpcstats.goals import completers_change
from rpcstats.simulate.goal_frames import draw_goal_frame, frame_of_starters
from rpcstats.simulate.goals import draw_end, mean_change
from rpcstats.simulate.starters import draw_grouped_starters
from rpcstats.simulate.truth import Truth

pytestmark = pytest.mark.slow

# A mean over studies may be off by three of its Monte Carlo standard errors.
MOST = 3.0
STUDIES = 200
COVERS = (0.925, 0.975)
# The limits of a share take in what single draws of one parent vary by, though a mean over draws
# varies less (Meng 1994): they cover too often, never too rarely.
SHARE_COVERS = (0.925, 1.0)
# Published table of the simulated world: E5c less E5a, in points and as a share.
OVERSTATED = (0.59, 0.132)
# Standard error of the difference at the size drawn, three times.
OVERSTATED_BY = (0.03, 0.012)
FEW_DRAWS = {"m": 10, "chains": 2, "burn_in": 50, "thin": 10}

# Leaving depends on the last rating seen, answering on nothing unseen: missing at random.
AT_RANDOM = replace(Truth(), rho1=0.0, psi=-0.15)


def _draw_world(truth, n, seed):
    """Give a frame, and every parent's mean change at leaving and had nobody left."""
    starters, group = draw_grouped_starters(truth, n=n, seed=seed, minimum_attended=4, group_size=8)
    rng = np.random.default_rng([seed, 1])
    full = mean_change(starters.goals, draw_end(rng, truth, starters.goals, np.ones(n)))
    return frame_of_starters(starters, group), starters.change, full


def _impute(frame, **options):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        return impute_goals(frame, **{**FEW_DRAWS, **options})


@functools.cache
def _studies():
    """Estimate, error and cover of E5a and E5b, mean and share: shape (studies, 2, 2, 3)."""
    _, at_leaving, full = _draw_world(AT_RANDOM, 400_000, 77)
    truths = {"E5a": at_leaving, "E5b": full}
    found = np.zeros((STUDIES, 2, 2, 3))
    for study in range(STUDIES):
        imputed = _impute(draw_goal_frame(AT_RANDOM, n=240, seed=9000 + study), seed=study)
        for place, (estimand, changes) in enumerate(truths.items()):
            rows = estimands_by_imputation(imputed, estimand=estimand).frame
            true = np.array([changes.mean(), (changes >= 1.0 - 1e-9).mean()])
            covers = (rows["conf_low"] <= true) & (true <= rows["conf_high"])
            off = rows["estimate"] - true
            found[study, place] = np.column_stack([off, rows["std_error"], covers])
    return found


@pytest.mark.parametrize("place", [0, 1], ids=["E5a", "E5b"])
def test_missing_at_random_is_unbiased_and_covers(place):
    found = _studies()[:, place]
    off = found[:, :, 0]
    monte_carlo = off.std(axis=0, ddof=1) / np.sqrt(STUDIES)
    assert (np.abs(off.mean(axis=0)) < MOST * monte_carlo).all()
    covers = found[:, :, 2].mean(axis=0)
    assert COVERS[0] <= covers[0] <= COVERS[1]
    assert SHARE_COVERS[0] <= covers[1] <= SHARE_COVERS[1]


def test_complete_cases_overstate():
    frame, at_leaving, _ = _draw_world(Truth(), 40_000, 5)
    rows = completers_change(frame).frame.set_index("measure")
    over = rows.loc["mean change", "estimate"] - at_leaving.mean()
    assert over == pytest.approx(OVERSTATED[0], abs=OVERSTATED_BY[0])
    over = rows.loc["progress", "estimate"] - (at_leaving >= 1.0 - 1e-9).mean()
    assert over == pytest.approx(OVERSTATED[1], abs=OVERSTATED_BY[1])


def _paired(truth, departure, n, studies, **options):
    """Give imputed less true mean change and share of the very parents drawn."""
    off = []
    for study in range(studies):
        frame, at_leaving, _ = _draw_world(truth, n, 300 + study)
        changes = _impute(frame, seed=study, **options).changes("E5a", departure)
        shares = [(c >= 1.0 - 1e-9).mean() for c in (changes, at_leaving)]
        off.append([changes.mean() - at_leaving.mean(), shares[0] - shares[1]])
    off = np.array(off)
    return off.mean(axis=0), off.std(axis=0, ddof=1) / np.sqrt(studies)


def test_the_true_delta_recovers_what_answers_by_outcome_hide():
    """Answering rises with the end itself; the true delta is taken from one large cohort."""
    frame, _, _ = _draw_world(Truth(), 12_000, 41)
    starters, _ = draw_grouped_starters(
        Truth(), n=12_000, seed=41, minimum_attended=4, group_size=8
    )
    imputed = _impute(frame, seed=1)
    unseen = ~starters.answered & ~starters.course.dropped
    delta = (starters.change - imputed.changes("E5a").mean(axis=0))[unseen].mean()
    assert delta < -0.2
    told = _paired(Truth(), Departure(delta_unanswered=delta), 3000, 12)
    plain = _paired(Truth(), None, 3000, 12)
    assert (np.abs(told[0]) < MOST * told[1]).all()
    assert (plain[0] > MOST * plain[1]).all()


def test_ratings_printed_as_people_print_them_leave_progress_unbiased():
    """A change of one whole point is any drawn one above a half, so unrounded draws fall short."""
    printed = _paired(AT_RANDOM, None, 3000, 10)
    assert (np.abs(printed[0]) < MOST * printed[1]).all()
    unrounded = _paired(AT_RANDOM, None, 3000, 10, rounding="none")
    assert unrounded[0][1] < -MOST * unrounded[1][1]


def test_weights_recover_treatment_policy_when_answers_are_at_random():
    off = []
    for study in range(60):
        frame, at_leaving, _ = _draw_world(AT_RANDOM, 3000, 700 + study)
        row = response_weights(frame).estimates().frame.iloc[0]
        off.append([row["estimate"] - at_leaving.mean(), row["std_error"]])
    off = np.array(off)
    assert abs(off[:, 0].mean()) < MOST * off[:, 0].std(ddof=1) / np.sqrt(len(off))
