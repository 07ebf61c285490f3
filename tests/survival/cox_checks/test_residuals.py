"""Residuals of a Cox model: six rows worked by hand, then what must hold in any data."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rpcstats import _vocabulary as v
from rpcstats.errors import ParameterError
from rpcstats.survival.cox_checks.residuals import augment_cox, cox_residuals
from rpcstats.survival.cox_regression import cox

# Sums of some hundred terms.
CLOSE = 1e-9
# A derivative by central differences of step 1e-4, of estimates converged to 1e-12.
SLOPE = 1e-5

FORMULA = "Surv(entry, time, event) ~ x + z + strata(site) + cluster(family)"


def at_zero(fit):
    return replace(fit, beta=np.zeros(len(fit.beta)))


class TestByHand:
    @pytest.mark.parametrize(
        ("ties", "expected"),
        [
            ("breslow", [5 / 6, -1 / 6, 1 / 3, 1 / 3, -2 / 3, -2 / 3]),
            ("efron", [5 / 6, -1 / 6, 5 / 12, 5 / 12, -3 / 4, -3 / 4]),
        ],
    )
    def test_martingale_at_zero(self, six, ties, expected):
        fit = at_zero(cox("Surv(time, event) ~ x", six, ties=ties))
        found = cox_residuals(fit, "martingale")
        np.testing.assert_allclose(found["residual"], expected, rtol=CLOSE)

    @pytest.mark.parametrize(
        ("ties", "expected"),
        [("breslow", [1 / 2, 3 / 4, -1 / 4, 0]), ("efron", [1 / 2, 19 / 24, -5 / 24, 0])],
    )
    def test_schoenfeld_at_zero(self, six, ties, expected):
        fit = at_zero(cox("Surv(time, event) ~ x", six, ties=ties))
        found = cox_residuals(fit, "schoenfeld")
        assert found["time"].tolist() == [1, 2, 2, 4]
        assert found["row"].tolist() == [0, 2, 3, 5]
        np.testing.assert_allclose(found["x"], expected, atol=CLOSE)

    def test_score_at_zero(self, six):
        """Row 3: (x - mean) dM at times 1 and 2, Breslow: -1/2 · 1/6 + 3/4 · 1/2."""
        fit = at_zero(cox("Surv(time, event) ~ x", six, ties="breslow"))
        found = cox_residuals(fit, "score")["x"]
        assert found[2] == pytest.approx(-1 / 12 + 3 / 8)
        assert found.sum() == pytest.approx(1 / 2 + 3 / 4 - 1 / 4)

    def test_deviance_of_an_event_and_of_a_censored_row(self, six):
        fit = at_zero(cox("Surv(time, event) ~ x", six, ties="breslow"))
        found = cox_residuals(fit, "deviance")["residual"]
        assert found[0] == pytest.approx(np.sqrt(-2 * (5 / 6 + np.log(1 / 6))))
        assert found[1] == pytest.approx(-np.sqrt(2 / 6))


class TestInvariants:
    @settings(max_examples=10, deadline=None)
    @given(
        ties=st.sampled_from(["efron", "breslow"]),
        weights=st.sampled_from([None, "w"]),
        entry=st.booleans(),
        strata=st.booleans(),
        seed=st.integers(0, 10**6),
    )
    def test_sums_are_zero_and_order_and_unit_do_not_matter(
        self, drawn, ties, weights, entry, strata, seed
    ):
        formula = f"Surv({'entry, ' * entry}time, event) ~ x + z{' + strata(site)' * strata}"
        fit = cox(formula, drawn, ties=ties, weights=weights)
        w = 1.0 if weights is None else drawn["w"].to_numpy()
        martingale = cox_residuals(fit)["residual"].to_numpy()
        score = cox_residuals(fit, "score")[["x", "z"]].to_numpy()
        dfbeta = cox_residuals(fit, "dfbeta")[["x", "z"]].to_numpy()
        assert (w * martingale).sum() == pytest.approx(0, abs=CLOSE * len(drawn))
        np.testing.assert_allclose((np.transpose(score) * w).sum(axis=1), 0, atol=1e-7)
        np.testing.assert_allclose(dfbeta.sum(axis=0), 0, atol=1e-7)

        order = np.random.default_rng(seed).permutation(len(drawn))
        moved = drawn.iloc[order].assign(time=lambda d: d.time * 7, entry=lambda d: d.entry * 7)
        again = cox(formula, moved, ties=ties, weights=weights)
        np.testing.assert_allclose(cox_residuals(again)["residual"], martingale[order], atol=1e-7)
        np.testing.assert_allclose(
            cox_residuals(again, "dfbeta")[["x", "z"]], dfbeta[order], atol=1e-7
        )

    def test_dfbeta_is_the_slope_of_the_estimate_in_the_weight(self, drawn):
        data = drawn.assign(w=drawn["w"])
        fit = cox("Surv(entry, time, event) ~ x + z", data, ties="breslow", weights="w")
        dfbeta = cox_residuals(fit, "dfbeta")[["x", "z"]].to_numpy()
        for row in (0, 17, 101):
            betas = []
            for step in (-1e-4, 1e-4):
                w = data["w"].copy()
                w[row] *= 1 + step
                betas.append(
                    cox("Surv(entry, time, event) ~ x + z", data.assign(w=w), ties="breslow",
                        weights="w").beta
                )  # fmt: skip
            slope = (betas[1] - betas[0]) / 2e-4
            np.testing.assert_allclose(dfbeta[row], slope, atol=SLOPE * np.abs(dfbeta).max())

    def test_sums_by_cluster(self, drawn):
        fit = cox(FORMULA, drawn)
        for kind in ("martingale", "score", "dfbeta", "dfbetas"):
            rows = cox_residuals(fit, kind).drop(columns="row").to_numpy()
            clusters = cox_residuals(fit, kind, by_cluster=True)
            assert clusters["cluster"].tolist() == [str(k) for k in range(60)]
            summed = rows.reshape(60, 3, -1).sum(axis=1)
            np.testing.assert_allclose(clusters.drop(columns="cluster"), summed, atol=CLOSE)

    def test_robust_covariance_is_the_sum_of_squared_dfbeta_of_clusters(self, drawn):
        fit = cox(FORMULA, drawn)
        dfbeta = cox_residuals(fit, "dfbeta", by_cluster=True)[list(fit.names)].to_numpy()
        np.testing.assert_allclose(fit.cov, dfbeta.T @ dfbeta, rtol=CLOSE)

    def test_adding_a_constant_to_a_covariate_changes_nothing(self, drawn):
        first, second = (cox(FORMULA, drawn.assign(x=drawn["x"] + shift)) for shift in (0.0, 1e4))
        for kind in ("martingale", "score", "schoenfeld", "dfbeta"):
            columns = ["residual"] if kind == "martingale" else ["x", "z"]
            a, b = (cox_residuals(fit, kind)[columns] for fit in (first, second))
            np.testing.assert_allclose(a, b, atol=1e-7)


class TestFrames:
    def test_rows_are_named_by_their_place(self, drawn):
        data = drawn.assign(x=drawn["x"].where(drawn.index != 4))
        fit = cox("Surv(time, event) ~ x", data)
        assert 4 not in cox_residuals(fit)["row"].tolist()
        assert len(cox_residuals(fit)) == len(data) - 1

    def test_augment(self, drawn):
        fit = cox(FORMULA, drawn)
        frame = augment_cox(fit)
        assert list(frame) == list(v.HAZARD_AUGMENT)
        np.testing.assert_allclose(frame["event"] - frame["expected"], frame["martingale"])
        np.testing.assert_allclose(frame["linear_predictor"], fit.predict()["estimate"])

    def test_rows_never_at_risk_expect_nothing(self, six):
        data = six.assign(time=six["time"].where(six.index != 1, 0.5))
        fit = cox("Surv(time, event) ~ x", data)
        assert cox_residuals(fit)["residual"][1] == 0.0

    def test_a_model_without_covariates(self, six):
        fit = cox("Surv(time, event) ~ 1", six)
        assert cox_residuals(fit)["residual"].sum() == pytest.approx(0)
        assert cox_residuals(fit, "schoenfeld").columns.tolist() == ["row", "strata", "time"]


class TestRefusals:
    def test_unknown_kind(self, six):
        with pytest.raises(ParameterError, match="martingale"):
            cox_residuals(cox("Surv(time, event) ~ x", six), "pearson")

    def test_clusters_are_needed(self, six):
        fit = cox("Surv(time, event) ~ x", six)
        with pytest.raises(ParameterError, match=r"cluster\(column\)"):
            cox_residuals(fit, "dfbeta", by_cluster=True)

    def test_events_cannot_be_summed(self, drawn):
        with pytest.raises(ParameterError, match="by_cluster"):
            cox_residuals(cox(FORMULA, drawn), "schoenfeld", by_cluster=True)

    def test_exact_ties_have_no_score_residuals(self, drawn):
        fit = cox("Surv(time, event) ~ x", drawn, ties="exact")
        assert np.isfinite(cox_residuals(fit)["residual"]).all()
        with pytest.raises(ParameterError, match="efron"):
            cox_residuals(fit, "score")
