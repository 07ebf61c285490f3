"""Concordance: pairs counted by hand and by brute force, then invariants."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rpcstats import _vocabulary as v
from rpcstats.errors import DataError, FormulaError, ParameterError
from rpcstats.survival.cox_checks import _concordant_pairs
from rpcstats.survival.cox_checks._concordant_pairs import count_pairs
from rpcstats.survival.cox_checks.concordance import concordance, concordance_index
from rpcstats.survival.cox_regression import cox

# Sums of products of weights.
CLOSE = 1e-9
# A derivative by central differences of step 1e-4.
SLOPE = 1e-6


def brute_force(time, event, score, entry, w, stratum, v):
    """Count every pair."""
    n = len(time)
    counts, influence = np.zeros((stratum.max() + 1, 5)), np.zeros((n, 5))
    for i, j in ((i, j) for i in range(n) for j in range(n)):
        if i == j or stratum[i] != stratum[j] or not event[i]:
            continue
        if event[j] and time[j] == time[i]:
            if j < i:
                continue
            kind = 4 if score[i] == score[j] else 3
        elif entry[j] < time[i] <= time[j]:
            kind = 2 if score[i] == score[j] else int(score[i] < score[j])
        else:
            continue
        counts[stratum[i], kind] += w[i] * w[j] * v[i]
        influence[i, kind] += w[j] * v[i]
        influence[j, kind] += w[i] * v[i]
    return counts, influence


class TestByHand:
    def test_six_rows(self, six):
        """Event 1 meets 5 rows, events 2 and 2 two each beside their own tie, event 4 nobody."""
        found = concordance_index("Surv(time, event) ~ x", six)
        # x: 1 meets 1, 1, 0, 0, 0; the events at 2 (1 and 0) meet 0, 0.
        assert found.counts[0].tolist() == [5, 0, 4, 1, 0]
        assert found.estimate[0] == pytest.approx((5 + 4 / 2) / 9)

    def test_who_is_censored_at_the_time_of_an_event_is_at_risk(self):
        data = pd.DataFrame({"time": [1, 1], "event": [1, 0], "x": [3, 2]})
        assert concordance_index("Surv(time, event) ~ x", data).estimate[0] == 1.0

    def test_late_entry(self):
        data = pd.DataFrame(
            {"entry": [0, 1, 0], "time": [1, 2, 2], "event": [1, 0, 0], "x": [1, 0, 2]}
        )
        found = concordance_index("Surv(entry, time, event) ~ x", data)
        assert found.counts[0].tolist() == [0, 1, 0, 0, 0]

    def test_uno_weights(self):
        """One of two at risk is censored at 2, so that the pair at 3 counts (1 - 1/3)^-2."""
        data = pd.DataFrame({"time": [1, 2, 3, 4], "event": [1, 0, 1, 0], "x": [4, 3, 2, 5]})
        found = concordance_index("Surv(time, event) ~ x", data, pair_weights="uno")
        assert found.counts[0, :2].tolist() == pytest.approx([2, 1 + 9 / 4])


class TestPairs:
    @settings(max_examples=25, deadline=None)
    @given(seed=st.integers(0, 10**9), compiled=st.booleans(), late=st.booleans())
    def test_brute_force(self, seed, compiled, late):
        rng = np.random.default_rng(seed)
        n = int(rng.integers(2, 30))
        time = rng.integers(1, 8, n).astype(float)
        event, score = rng.random(n) < 0.6, rng.integers(0, 6, n)
        entry = np.minimum(rng.integers(0, 5, n), time - 1.0) if late else None
        w = rng.random(n) + 0.5
        stratum = np.unique(rng.integers(0, 3, n), return_inverse=True)[1]
        weight = (time + 2 * stratum) / 3
        with pytest.MonkeyPatch.context() as patch:
            if compiled:
                patch.setattr(_concordant_pairs, "_COMPILED_FROM", 0)
            found = count_pairs(
                time, event, score, entry=entry, weights=w, stratum=stratum,
                n_stratum=int(stratum.max()) + 1, time_weight=weight,
            )  # fmt: skip
        began = np.full(n, -1.0) if entry is None else entry
        counts, influence = brute_force(time, event, score, began, w, stratum, weight)
        np.testing.assert_allclose(found.counts, counts, atol=CLOSE)
        np.testing.assert_allclose(found.influence, influence, atol=CLOSE)


class TestInvariants:
    @settings(max_examples=8, deadline=None)
    @given(seed=st.integers(0, 10**6), weights=st.sampled_from([None, "w"]))
    def test_reversed_scores_order_and_unit(self, drawn, seed, weights):
        formula = "Surv(entry, time, event) ~ x + strata(site)"
        found = concordance_index(formula, drawn, weights=weights)
        moved = drawn.sample(frac=1.0, random_state=seed).assign(
            time=lambda d: 3 * d.time, entry=lambda d: 3 * d.entry, x=lambda d: d.x**3
        )
        again = concordance_index(formula, moved, weights=weights)
        opposite = concordance_index(formula, drawn, weights=weights, high_score="late")
        assert again.estimate[0] == pytest.approx(found.estimate[0], rel=CLOSE)
        assert again.std_error[0] == pytest.approx(found.std_error[0], rel=CLOSE)
        assert opposite.estimate[0] == pytest.approx(1 - found.estimate[0], rel=CLOSE)
        assert opposite.std_error[0] == pytest.approx(found.std_error[0], rel=CLOSE)

    def test_weight_two_is_the_row_twice(self, drawn):
        doubled = drawn.assign(two=np.where(drawn.index % 4, 1, 2))
        twice = drawn.loc[np.repeat(drawn.index, doubled["two"])]
        found = concordance_index("Surv(time, event) ~ x", doubled, weights="two")
        again = concordance_index("Surv(time, event) ~ x", twice)
        # Of a row with itself only the copies make a pair: they tie.
        assert again.counts[0, :2].tolist() == pytest.approx(found.counts[0, :2].tolist())

    @pytest.mark.parametrize("censoring", ["known", "estimated"])
    def test_standard_error_of_uno_is_the_slope_in_the_weights(self, drawn, censoring):
        """Known: the censoring weights are held; estimated: they move with the row."""
        drawn = drawn.head(50)
        formula = "Surv(time, event) ~ x"
        options = {"pair_weights": "uno", "tau": 15, "weights": "w"}
        found = concordance_index(formula, drawn, censoring=censoring, **options)
        if censoring == "known":
            assert found.std_error[0] > 0
            return
        slopes = []
        for row in range(len(drawn)):
            pair = []
            for step in (-1e-4, 1e-4):
                w = drawn["w"].copy()
                w[row] *= 1 + step
                moved = concordance_index(formula, drawn.assign(w=w), **options)
                pair.append(moved.estimate[0])
            slopes.append((pair[1] - pair[0]) / 2e-4)
        assert found.std_error[0] == pytest.approx(np.sqrt(np.sum(np.square(slopes))), rel=SLOPE)

    def test_ties_of_equal_rows_survive_rounding(self, drawn):
        """Equal covariates give equal predictors, however the products were summed."""
        data = pd.concat([drawn, drawn.iloc[::-1]], ignore_index=True)
        fit = cox("Surv(time, event) ~ x + z", data)
        ranks = concordance(fit).counts[0]
        score = data["x"].rank(method="dense")
        exact = concordance_index(
            "Surv(time, event) ~ s", data.assign(s=np.round(fit.predict()["estimate"], 9))
        )
        assert score.nunique() < len(data)
        np.testing.assert_allclose(ranks, exact.counts[0])

    def test_a_robust_fit_sums_clusters(self, drawn):
        apart = concordance(cox("Surv(time, event) ~ x", drawn))
        together = concordance(cox("Surv(time, event) ~ x + cluster(family)", drawn))
        two = concordance(cox("Surv(time, event) ~ x + cluster(family, site)", drawn))
        assert together.estimate[0] == apart.estimate[0]
        assert together.n_cluster == 60
        assert len({apart.std_error[0], together.std_error[0], two.std_error[0]}) == 3


class TestFrames:
    def test_tidy(self, drawn):
        found = concordance_index("Surv(time, event) ~ x + z", drawn)
        assert list(found.tidy()) == list(v.CONCORDANCE)
        assert list(found.differences()) == [
            "contrast", "estimate", "std_error", "statistic", "p_value", "conf_low", "conf_high",
        ]  # fmt: skip
        assert len(found.glance()) == 1
        assert "z - x" in str(found.summary())

    def test_new_rows(self, drawn):
        fit = cox("Surv(time, event) ~ x + z + strata(site)", drawn.iloc[:90])
        found = concordance(fit, drawn.iloc[90:].drop(columns="family"))
        assert found.n_obs == 90
        assert 0.5 < found.estimate[0] < 1

    def test_missing_scores_are_counted(self, drawn):
        data = drawn.assign(x=drawn["x"].where(drawn.index > 2))
        found = concordance_index("Surv(time, event) ~ x", data)
        assert found.n_missing == 3
        assert "3 rows" in found.remarks[0]

    def test_no_pair_is_told(self):
        data = pd.DataFrame({"time": [1, 1], "event": [1, 1], "x": [1, 2]})
        found = concordance_index("Surv(time, event) ~ x", data)
        assert np.isnan(found.estimate[0])
        assert "No pair" in found.remarks[-1]

    def test_limits_stay_inside(self, drawn):
        data = drawn.assign(x=-drawn["time"] - 0.01 * drawn["z"])
        frame = concordance_index("Surv(time, event) ~ x", data).tidy()
        assert (frame["conf_high"].isna() | (frame["conf_high"] <= 1)).all()


class TestRefusals:
    def test_options(self, six):
        with pytest.raises(ParameterError) as fault:
            concordance_index("Surv(time, event) ~ x", six, pair_weights="n", tau=-1)
        assert len(fault.value.faults) == 2

    def test_direction(self, six):
        with pytest.raises(ParameterError, match="early or late"):
            concordance_index("Surv(time, event) ~ x", six, high_score="up")

    def test_no_score(self, six):
        with pytest.raises(FormulaError, match="score"):
            concordance_index("Surv(time, event) ~ 1", six)

    def test_words_are_no_score(self, six):
        with pytest.raises(DataError, match="score"):
            concordance_index("Surv(time, event) ~ x", six.assign(x=list("abcdef")))

    def test_no_event(self, six):
        with pytest.raises(DataError, match="event"):
            concordance_index("Surv(time, event) ~ x", six.assign(event=0))

    def test_uno_with_late_entry(self, drawn):
        with pytest.raises(DataError, match="harrell"):
            concordance_index("Surv(entry, time, event) ~ x", drawn, pair_weights="uno")
