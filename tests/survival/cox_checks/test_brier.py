"""Brier scores: worked by hand with ties, then what must hold in any data."""

import numpy as np
import pandas as pd
import pytest

from rpcstats import _vocabulary as v
from rpcstats.errors import DataError, ParameterError
from rpcstats.survival.cox_checks._brier_sums import CensoredLosses
from rpcstats.survival.cox_checks._censoring_curve import CensoringCurve
from rpcstats.survival.cox_checks.brier import brier_score
from rpcstats.survival.cox_regression import cox

# Sums of some hundred terms.
CLOSE = 1e-10
# A derivative by central differences of step 1e-5.
SLOPE = 1e-7

FORMULA = "Surv(time, event) ~ x + z"


def losses(time, event, w=None):
    time, event = np.array(time, dtype=float), np.array(event, dtype=bool)
    curve = CensoringCurve.of(time, event, weights=w)
    return CensoredLosses(time, event, w, curve.before[curve.position], curve), curve


class TestByHand:
    def test_censoring_comes_after_events_at_one_time(self):
        """At 2 one fails and one of the three left is censored; at 3 one of two fails."""
        _, curve = losses([1, 2, 2, 3, 4], [1, 1, 0, 1, 0])
        assert curve.before.tolist() == pytest.approx([1, 1, 2 / 3, 2 / 3])
        assert curve.G.tolist() == pytest.approx([1, 2 / 3, 2 / 3, 0])

    def test_score(self):
        """At 3, predictions of 1/2: events weigh 1, 1 and 3/2, the one still in 3/2."""
        rows, curve = losses([1, 2, 2, 3, 4], [1, 1, 0, 1, 0])
        found = rows.at(3.0, 0.5, float(curve.at(np.array([3.0]))[0]))
        assert found.mean == pytest.approx((1 + 1 + 0 + 3 / 2 + 3 / 2) / 5 / 4)

    def test_without_censoring_it_is_the_mean_square(self, drawn):
        data = drawn.assign(event=1)
        fit = cox(FORMULA, data)
        S = fit.survival(data, [4.0]).tidy()["estimate"].to_numpy()
        found = brier_score(fit, [4.0])
        expected = np.mean(((data["time"] > 4) - S) ** 2)
        assert found.estimate[0, 0] == pytest.approx(expected)

    def test_kaplan_meier_alone(self, drawn):
        """Without covariates the model is, but for exp(-H) instead of the product, the curve."""
        found = brier_score(cox("Surv(time, event) ~ 1", drawn), [6.0])
        assert found.estimate[0, 2] == pytest.approx(0, abs=1e-3)


class TestInfluence:
    @pytest.mark.parametrize("place", [0, 3, 7])
    def test_it_is_the_slope_in_the_weight(self, place):
        time = [1, 2, 2, 3, 4, 4, 5, 6, 6, 7]
        event = [1, 1, 0, 1, 0, 1, 0, 1, 0, 1]
        S = np.linspace(0.2, 0.8, 10)

        def score(step):
            w = np.linspace(0.5, 1.5, 10)
            w[place] *= 1 + step
            rows, curve = losses(time, event, w)
            found = rows.at(5.0, S, float(curve.at(np.array([5.0]))[0]))
            return found.mean, rows.influence(found)[place]

        slope = (score(1e-5)[0] - score(-1e-5)[0]) / 2e-5
        assert score(0.0)[1] == pytest.approx(slope, abs=SLOPE)


class TestInvariants:
    def test_order_and_unit_do_not_matter(self, drawn):
        moved = drawn.sample(frac=1.0, random_state=1).assign(time=lambda d: 7 * d.time)
        first = brier_score(cox(FORMULA, drawn), [5, 10])
        second = brier_score(cox(FORMULA, moved), [35, 70])
        np.testing.assert_allclose(first.estimate, second.estimate, rtol=1e-8)
        np.testing.assert_allclose(first.std_error, second.std_error, rtol=1e-8)
        np.testing.assert_allclose(first.integrated, second.integrated, rtol=1e-8)

    def test_weight_two_is_the_row_twice(self, drawn):
        doubled = drawn.assign(two=np.where(drawn.index % 4, 1, 2))
        twice = drawn.loc[np.repeat(drawn.index, doubled["two"])]
        fit = cox(FORMULA, drawn)
        first = brier_score(fit, [5, 10], doubled, weights="two")
        second = brier_score(fit, [5, 10], twice)
        np.testing.assert_allclose(first.estimate, second.estimate, rtol=CLOSE)

    def test_own_rows_as_new_rows(self, drawn):
        fit = cox(f"{FORMULA} + strata(site)", drawn)
        own, new = brier_score(fit, [5, 10]), brier_score(fit, [5, 10], drawn)
        np.testing.assert_allclose(own.estimate, new.estimate, rtol=CLOSE)

    def test_the_integral_is_over_its_steps(self, drawn):
        found = brier_score(cox(FORMULA, drawn))
        width = np.diff(found.grid, append=found.grid[-1])
        expected = found.grid_score @ width / found.grid[-1]
        assert found.integrated[0] == pytest.approx(expected)
        at_last = brier_score(cox(FORMULA, drawn), [found.grid[-1]])
        np.testing.assert_allclose(at_last.integrated, found.integrated, rtol=CLOSE)
        np.testing.assert_allclose(at_last.integrated_error, found.integrated_error, rtol=CLOSE)

    def test_families_are_not_independent(self, drawn):
        apart = brier_score(cox(FORMULA, drawn), [8])
        together = brier_score(cox(f"{FORMULA} + cluster(family)", drawn), [8])
        assert apart.estimate.tolist() == together.estimate.tolist()
        assert apart.std_error[0, 0] != together.std_error[0, 0]

    def test_weights_from_covariates_that_tell_nothing(self, drawn):
        """A censoring model with slope 0 is the Nelson-Aalen form of the same curve."""
        fit = cox(FORMULA, drawn)
        km, model = (brier_score(fit, [8], censoring=c).estimate[0] for c in ("km", "cox"))
        np.testing.assert_allclose(km[:3], model[:3], atol=0.02)

    def test_many_times_are_thinned_and_said(self):
        rng = np.random.default_rng(5)
        data = pd.DataFrame(
            {"time": rng.exponential(size=400), "event": 1, "x": rng.normal(size=400)}
        )
        found = brier_score(cox("Surv(time, event) ~ x", data))
        assert len(found.grid) == 200
        assert "200" in found.remarks[-1]


class TestFrames:
    def test_frames(self, drawn):
        found = brier_score(cox(FORMULA, drawn), [10, 5])
        assert list(found.tidy()) == list(v.BRIER)
        assert found.time.tolist() == [5, 10]
        assert len(found.integrated_table()) == 4
        assert found.glance()["brier"][0] == found.integrated[0]
        assert "integrated" in str(found.summary())

    def test_missing_rows_are_counted(self, drawn):
        new = drawn.assign(x=drawn["x"].where(drawn.index > 4))
        assert brier_score(cox(FORMULA, drawn), [5], new).n_missing == 5


class TestRefusals:
    def test_late_entry(self, drawn):
        with pytest.raises(DataError, match="no agreed weight"):
            brier_score(cox("Surv(entry, time, event) ~ x", drawn), [5])

    @pytest.mark.parametrize("times", [[], [0.0], [-1.0], [np.nan], [1e9]])
    def test_times(self, drawn, times):
        with pytest.raises(ParameterError, match="times above 0"):
            brier_score(cox(FORMULA, drawn), times)

    def test_censoring(self, drawn):
        with pytest.raises(ParameterError, match="km or cox"):
            brier_score(cox(FORMULA, drawn), [5], censoring="none")

    def test_exact_ties(self, drawn):
        with pytest.raises(ParameterError, match="efron"):
            brier_score(cox(FORMULA, drawn, ties="exact"), [5])

    def test_a_stratum_unknown(self, drawn):
        fit = cox(f"{FORMULA} + strata(site)", drawn)
        with pytest.raises(DataError, match="strata"):
            brier_score(fit, [5], drawn.assign(site="east"))
