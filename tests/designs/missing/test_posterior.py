"""The posterior of the growth model against restricted maximum likelihood on much data."""

import pytest

from rpcstats.designs.missing import impute_goals
from rpcstats.mixed import lmm
from rpcstats.simulate.goal_frames import draw_goal_frame
from rpcstats.simulate.truth import Truth

pytestmark = pytest.mark.slow

# Fixed effects have flat priors, so means differ by Monte Carlo error: of 2,000 draws 0.022 of a
# posterior standard deviation, and four of these are allowed.
FIXED = 0.1
# Priors of variances move them by less than a tenth of a posterior standard deviation here; slow
# mixing leaves a Monte Carlo error of some 0.06.
SPREADS = 0.35
ERRORS = 0.1


NAMES = {
    "(Intercept)": "Intercept",
    "mode=in_person": "face",
    "resident=non_resident": "away",
    "send_child=yes": "send",
    "stage": "stage",
    "stage:mode=in_person": "stage:face",
    "stage:resident=non_resident": "stage:away",
    "stage:send_child=yes": "stage:send",
}


def test_posterior_means_are_the_estimates_of_a_linear_mixed_model():
    frame = draw_goal_frame(Truth(), n=1600, seed=31)
    rows = frame[frame["state"] == "rated"].assign(
        goal=frame["episode_id"].astype(str) + frame["item"].astype(str),
        face=frame["mode"] == "in_person",
        away=frame["resident"] == "non_resident",
        send=frame["send_child"] == "yes",
    )
    rows = rows.astype({"face": float, "away": float, "send": float})
    imputed = impute_goals(frame, m=20, seed=1, rounding="none", burn_in=150, thin=100)
    found = imputed.tidy().set_index("term")
    fit = lmm(
        "score ~ stage * (face + away + send) + (1 + stage | episode_id)"
        " + (1 | goal) + (0 + stage | group_id)",
        rows,
    )
    theirs = fit.tidy().set_index("term")
    for name, term in NAMES.items():
        off = found.loc[name, "estimate"] - theirs.loc[term, "estimate"]
        assert abs(off) < FIXED * theirs.loc[term, "std_error"]
        ratio = found.loc[name, "std_error"] / theirs.loc[term, "std_error"]
        assert ratio == pytest.approx(1.0, abs=ERRORS)
    table = fit.varcorr().tidy().fillna("")
    spreads = table.set_index(["group", "term", "measure"])["estimate"]
    rows = {
        "sd parent start": ("episode_id", "Intercept", "std_dev"),
        "sd parent slope": ("episode_id", "stage", "std_dev"),
        "correlation of parent start and slope": ("episode_id", "Intercept", "correlation"),
        "sd group slope": ("group_id", "stage", "std_dev"),
        "sd goal": ("goal", "Intercept", "std_dev"),
    }
    for name, row in rows.items():
        off = found.loc[name, "estimate"] - spreads.loc[row]
        assert abs(off) < SPREADS * found.loc[name, "std_error"]
    assert abs(found.loc["sd rating", "estimate"] - fit.sigma) < SPREADS * 0.01
