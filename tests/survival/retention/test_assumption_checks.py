"""Checks of assumptions, and when they can't be made."""

import numpy as np
import pytest

from rpcstats.data import person_period
from rpcstats.disclosure import disclose
from rpcstats.errors import ParameterError
from rpcstats.survival.cox_regression import cox
from rpcstats.survival.discrete.discrete_hazard import discrete_hazard
from rpcstats.survival.retention.assumption_checks import (
    ALIKE,
    EVEN,
    STEADY,
    assumption_checks,
)


@pytest.fixture(scope="module")
def checks(retention):
    """All three checks."""
    return assumption_checks(retention, by=["mode", "resident"]).glance().set_index("check")


def test_an_even_course_against_one_hazard_a_session(retention, checks):
    rows = retention.assign(mode=retention["mode"].cat.remove_unused_categories())
    periods = person_period(rows)
    small = discrete_hazard("event ~ session + mode + resident", periods)
    seen = periods[periods["session"] < 6]
    large = discrete_hazard("event ~ C(session) + mode + resident", seen)
    row = checks.loc[EVEN]
    assert row["statistic"] == pytest.approx(2 * (large.log_lik - small.log_lik), rel=1e-8)
    assert row["df"] == 3


def test_half_the_p_of_a_variance_on_its_boundary(checks):
    row = checks.loc[ALIKE]
    assert row["df"] == 1
    assert 0 < row["p_value"] <= 0.5 or row["p_value"] == 1


def test_steady_differences_are_proportional_hazards(retention, checks):
    rows = retention.assign(mode=retention["mode"].cat.remove_unused_categories())
    fit = cox("Surv(entry, time, event) ~ mode + resident + cluster(group_id)", rows)
    whole = fit.proportional_hazards(transform="identity").tidy().iloc[-1]
    assert checks.loc[STEADY, "p_value"] == pytest.approx(whole["p_value"])


def test_a_hazard_that_bends_is_found(retention):
    bent = retention.copy()
    rng = np.random.default_rng(3)
    middle = rng.random(len(bent)) < 0.4
    bent["time"] = np.where(middle, 3, 6)
    bent["event"] = middle.astype(int)
    bent.loc[:3, ["time", "event"]] = [1, 1]
    bent.loc[4:7, ["time", "event"]] = [5, 1]
    found = assumption_checks(bent, by=["mode"]).glance().set_index("check")
    assert found.loc[EVEN, "p_value"] < 1e-6


def test_too_few_leavers_to_tell(retention):
    few = retention.copy()
    leavers = few.index[few["event"] == 1]
    few.loc[leavers[4:], ["event", "time"]] = [0, 6]
    found = assumption_checks(few, by=["mode"]).glance()
    assert found["p_value"].isna().all()
    assert set(found["note"]) == {"too few leavers"}


def test_only_the_side_of_the_mark_is_released(retention):
    safe = disclose(assumption_checks(retention, by=["mode", "resident"]), "council").glance
    assert "p_value" not in safe
    assert set(safe["result"]) <= {"p under 0.05", "p 0.05 or more"}
    assert safe["check"].tolist() == [EVEN, ALIKE, STEADY]


def test_other_columns_than_those_there(retention):
    with pytest.raises(ParameterError, match="no age"):
        assumption_checks(retention, by=["age"])
