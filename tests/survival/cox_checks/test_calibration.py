"""Calibration: groups by hand, then what must hold in any data."""

import numpy as np
import pandas as pd
import pytest

from rpcstats import _vocabulary as v
from rpcstats.errors import DataError, ParameterError
from rpcstats.survival.cox_checks.calibration import calibration
from rpcstats.survival.cox_regression import cox

FORMULA = "Surv(time, event) ~ x + z"


@pytest.fixture
def fit(drawn):
    """A model of two covariates."""
    return cox(FORMULA, drawn)


class TestGroups:
    def test_two_groups_by_hand(self):
        """Of the low group one of four leaves by 2, of the high one all but one of four."""
        data = pd.DataFrame(
            {
                "time": [2, 3, 3, 4, 1, 1, 2, 4],
                "event": [1, 1, 0, 1, 1, 1, 1, 1],
                "x": [0, 0, 0, 0, 1, 1, 1, 1],
            }
        )
        found = calibration(cox("Surv(time, event) ~ x", data), 2, n_groups=2)
        assert found.group_size.tolist() == [4, 4]
        assert found.group_events.tolist() == [1, 3]
        assert found.observed.tolist() == [1 / 4, 3 / 4]
        assert found.observed_error.tolist() == pytest.approx([np.sqrt(3 / 64)] * 2)
        assert "straight line" in found.remarks[0]

    def test_groups_are_rows_of_similar_risk(self, fit):
        found = calibration(fit, 8, n_groups=6)
        assert found.group_size.sum() == found.n_obs
        assert (np.diff(found.predicted) > 0).all()
        assert found.group_size.min() >= 29

    def test_a_group_not_followed_so_long_is_unknown(self, drawn):
        data = drawn.assign(
            time=np.where(drawn["x"] > 1, np.minimum(drawn["time"], 5), drawn["time"]),
            event=np.where((drawn["x"] > 1) & (drawn["time"] >= 5), 0, drawn["event"]),
        )
        found = calibration(cox("Surv(time, event) ~ x", data), 12, n_groups=10)
        assert np.isnan(found.observed[-1])
        assert np.isfinite(found.glance()["statistic"][0])


class TestInvariants:
    def test_the_slope_in_the_rows_of_the_fit_is_one(self, fit):
        found = calibration(fit, 8)
        assert found.slope == pytest.approx(1.0, abs=1e-8)
        assert found.ratio == pytest.approx(1.0, abs=0.03)

    def test_predictions_off_scale_are_found(self, fit, drawn):
        new = drawn.assign(x=2 * drawn["x"], z=2 * drawn["z"])
        assert calibration(fit, 8, newdata=new).slope == pytest.approx(0.5, abs=1e-8)
        assert calibration(fit, 8, newdata=new).errors()["ici"] > 0.05

    def test_order_and_unit_do_not_matter(self, fit, drawn):
        moved = drawn.sample(frac=1.0, random_state=1).assign(time=lambda d: 7 * d.time)
        first, second = calibration(fit, 8), calibration(cox(FORMULA, moved), 56)
        for name, value in first.errors().items():
            assert second.errors()[name] == pytest.approx(value, rel=1e-6)
        np.testing.assert_allclose(first.observed, second.observed)

    def test_weight_two_is_the_row_twice(self, fit, drawn):
        doubled = drawn.assign(two=2.0)
        twice = pd.concat([drawn, drawn], ignore_index=True)
        first = calibration(fit, 8, newdata=doubled, weights="two")
        second = calibration(fit, 8, newdata=twice)
        np.testing.assert_allclose(first.observed, second.observed)
        np.testing.assert_allclose(first.observed_error, second.observed_error)


class TestFrames:
    def test_frames(self, fit):
        found = calibration(fit, 8)
        assert list(found.tidy()) == list(v.CALIBRATION)
        assert len(found.curve()) == 101
        assert found.measures()["measure"].tolist() == ["slope", "ratio"]
        assert len(found.glance()) == 1
        assert "time 8" in str(found.summary())
        low, high = found.tidy()["conf_low"], found.tidy()["conf_high"]
        assert (low <= found.observed).all()
        assert (high >= found.observed).all()

    def test_few_at_risk_are_spoken_of(self, fit):
        assert "at risk" in calibration(fit, 20).remarks[-1]

    def test_clusters_widen_the_slope(self, drawn):
        apart = calibration(cox(FORMULA, drawn), 8)
        together = calibration(cox(f"{FORMULA} + cluster(family)", drawn), 8)
        assert together.slope == pytest.approx(apart.slope)
        assert together.slope_error != apart.slope_error


class TestRefusals:
    def test_options(self, fit):
        with pytest.raises(ParameterError) as fault:
            calibration(fit, 8, n_groups=1, n_knots=7)
        assert len(fault.value.faults) == 2

    def test_time(self, fit):
        with pytest.raises(ParameterError, match="last time seen"):
            calibration(fit, 1e6)

    def test_late_entry(self, drawn):
        with pytest.raises(DataError, match="no agreed weight"):
            calibration(cox("Surv(entry, time, event) ~ x", drawn), 8)

    def test_no_event_among_new_rows(self, fit, drawn):
        with pytest.raises(DataError, match="event"):
            calibration(fit, 8, newdata=drawn.assign(event=0))
