"""Totals that follow from several stages."""

import numpy as np
import pytest

from rpcstats.errors import ParameterError
from rpcstats.simulate import cohort, preset
from rpcstats.simulate.simulation import plan_of

COURSE = "parenting_when_separated"


def plan():
    entry = preset("herts_pws")
    return plan_of(entry, entry.truth, COURSE, 123)


def test_totals_that_never_come_together_are_refused(monkeypatch):
    monkeypatch.setattr(cohort, "MOST_ATTEMPTS", 5)
    with pytest.raises(ParameterError, match="none of 5 draws"):
        cohort.draw_cohort(np.random.default_rng(1), plan(), {"started": 58, "open": 57})


def test_milestones_are_reached_only_by_those_who_stay():
    entry = preset("northumberland_digital")
    digital = plan_of(entry, entry.truth, "arguing_better", 4_100)
    drawn = cohort.draw_cohort(np.random.default_rng(2), digital)
    stays = ~drawn.course.dropped & ~drawn.course.is_open
    assert not drawn.milestone[~stays].any()
    p, n = entry.truth.p_milestone, stays.sum()
    assert abs(drawn.milestone[stays].mean() - p) < 4.0 * np.sqrt(p * (1 - p) / n)


def test_retention_of_many_projects_is_the_published_share():
    entry = preset("northumberland_digital")
    digital = plan_of(entry, entry.truth, "arguing_better", 8_200)
    drawn = cohort.draw_cohort(np.random.default_rng(3), digital)
    stays = 1.0 - drawn.course.dropped.mean()
    # Binomial error of some 6,900 starters, and the shared effects of 1,000 facilitators.
    assert abs(stays - 61 / 68) < 4.0 * 1.3 * np.sqrt(0.897 * 0.103 / len(drawn.starters))
