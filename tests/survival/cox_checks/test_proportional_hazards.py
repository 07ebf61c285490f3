"""Tests of proportional hazards: sums over risk sets written out, then invariants."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rpcstats import _vocabulary as v
from rpcstats.errors import ParameterError
from rpcstats.survival.cox_checks.proportional_hazards import proportional_hazards
from rpcstats.survival.cox_regression import cox

# Sums in another order, and a system of equations.
CLOSE = 1e-8

FORMULA = "Surv(entry, time, event) ~ x + z + strata(site)"


def written_out(fit, g, *, robust=None):
    """Score and information of (beta, theta) over single risk sets, Efron's steps one by one."""
    frame = fit.frame
    n, p = frame.X.shape
    w = np.ones(n) if frame.weights is None else frame.weights
    entry = np.full(n, -1.0) if frame.entry is None else frame.entry
    r = w * np.exp(frame.X @ fit.beta)
    U, information, rows = np.zeros(2 * p), np.zeros((2 * p, 2 * p)), np.zeros((n, 2 * p))
    for s in range(len(frame.strata.labels)):
        mine = frame.strata.codes == s
        for t in np.unique(frame.time[mine & frame.event]):
            at_risk = mine & (entry < t) & (frame.time >= t)
            tied = mine & frame.event & (frame.time == t)
            gt = g[tied][0]
            Z = np.column_stack([frame.X, gt * frame.X])
            U += w[tied] @ Z[tied]
            rows[tied] += w[tied, None] * Z[tied]
            d = int(tied.sum())
            for step in range(d):
                share = step / d if fit.ties == "efron" else 0.0
                part = r * at_risk * (1 - share * tied)
                weight = part / part.sum()
                mean = weight @ Z
                centred = Z - mean
                U -= w[tied].mean() * mean
                information += w[tied].mean() * (centred * weight[:, None]).T @ centred
                rows -= w[tied].mean() * weight[:, None] * centred
                rows[tied] -= (w[tied] / d)[:, None] * mean
    free = rows[:, p:] - rows[:, :p] @ np.linalg.solve(information[:p, :p], information[:p, p:])
    return U, information, free


def statistics(U, information, p, chosen):
    kept = [*range(p), *(p + j for j in chosen)]
    u = np.concatenate([np.zeros(p), U[p:][chosen]])
    return float(u @ np.linalg.solve(information[np.ix_(kept, kept)], u))


class TestByHand:
    def test_six_rows_at_their_estimate(self, six):
        """Breslow: r = exp(beta), means (3r)/(3r+3) at 1, r/(r+3) at 2, 0 at 4; g is time."""
        fit = cox("Surv(time, event) ~ x", six, ties="breslow")
        r = np.exp(fit.beta[0])
        first, second = r / (r + 1), r / (r + 3)
        V = np.array([first * (1 - first), 2 * second * (1 - second), 0.0])
        g = np.array([1.0, 2.0, 4.0])
        U = g @ np.array([1 - first, 1 - 2 * second, 0.0])
        expected = U**2 / (V @ g**2 - (V @ g) ** 2 / V.sum())
        found = proportional_hazards(fit, transform="identity")
        assert found.statistic.tolist() == pytest.approx([expected, expected], rel=CLOSE)

    @pytest.mark.parametrize(
        ("transform", "g"),
        [
            ("rank", [1.5, 3.5, 3.5, 6.0]),
            ("km", [0.0, 1 / 6, 1 / 6, 1 - 5 / 6 * 2 / 4]),
            ("identity", [1.0, 2.0, 2.0, 4.0]),
            ("log", np.log([1.0, 2.0, 2.0, 4.0])),
            (np.sqrt, np.sqrt([1.0, 2.0, 2.0, 4.0])),
        ],
    )
    def test_functions_of_time(self, six, transform, g):
        found = proportional_hazards(cox("Surv(time, event) ~ x", six), transform=transform)
        assert found.g.tolist() == pytest.approx(list(g))


class TestWrittenOut:
    @settings(max_examples=6, deadline=None)
    @given(
        ties=st.sampled_from(["efron", "breslow"]),
        weights=st.sampled_from([None, "w"]),
        transform=st.sampled_from(["km", "rank", "identity"]),
    )
    def test_statistics(self, drawn, ties, weights, transform):
        fit = cox(FORMULA, drawn, ties=ties, weights=weights)
        found = proportional_hazards(fit, transform=transform)
        g = np.zeros(len(drawn))
        g[fit.frame.event] = np.interp(
            fit.frame.time[fit.frame.event], *map(np.asarray, unique_pairs(found))
        )
        U, information, _ = written_out(fit, g)
        wanted = [statistics(U, information, 2, chosen) for chosen in ([0], [1], [0, 1])]
        assert found.statistic.tolist() == pytest.approx(wanted, rel=1e-6)

    @pytest.mark.parametrize("ties", ["efron", "breslow"])
    def test_robust_statistics(self, drawn, ties):
        fit = cox(f"{FORMULA} + cluster(family)", drawn, ties=ties, weights="w")
        found = proportional_hazards(fit, transform="identity", robust=True)
        g = fit.frame.time - fit.frame.time[fit.frame.event].mean()
        U, _, free = written_out(fit, g)
        sums = free.reshape(60, 3, 2).sum(axis=1)
        wanted = [
            U[2:][j] @ np.linalg.solve(sums[:, j].T @ sums[:, j], U[2:][j])
            for j in ([0], [1], [0, 1])
        ]
        assert found.statistic.tolist() == pytest.approx(wanted, rel=1e-6)
        assert found.is_robust


def unique_pairs(found):
    time, first = np.unique(found.time, return_index=True)
    return time, found.g[first]


class TestInvariants:
    @pytest.mark.parametrize("transform", ["km", "rank", "identity"])
    def test_order_and_unit_do_not_matter(self, drawn, transform):
        moved = drawn.sample(frac=1.0, random_state=3).assign(
            time=lambda d: d.time * 30, entry=lambda d: d.entry * 30, x=lambda d: 5 * d.x + 1e3
        )
        first, second = (
            proportional_hazards(cox(FORMULA, data), transform=transform).statistic
            for data in (drawn, moved)
        )
        np.testing.assert_allclose(first, second, rtol=1e-6)

    def test_residuals_average_the_coefficient_and_weigh_by_nothing(self, drawn):
        """Schoenfeld residuals sum to 0, so the scaled ones average the coefficient."""
        fit = cox("Surv(time, event) ~ x + z", drawn)
        found = proportional_hazards(fit)
        np.testing.assert_allclose(found.residual.mean(axis=0), fit.beta, atol=1e-7)
        smooth = found.smooth(df=2)
        # A straight line through them passes through their mean.
        middle = [
            np.interp(found.g.mean(), part["g"], part["estimate"])
            for _, part in smooth.groupby("term", sort=False)
        ]
        np.testing.assert_allclose(middle, fit.beta, atol=1e-7)

    def test_a_factor_is_one_term(self, drawn):
        data = drawn.assign(source=np.array(["self", "school", "court"])[drawn.index % 3])
        fit = cox("Surv(time, event) ~ x + source", data)
        together = proportional_hazards(fit)
        apart = proportional_hazards(fit, terms=False)
        assert together.names == ("x", "source")
        assert together.df.tolist() == [1, 2, 3]
        assert apart.names == fit.names
        assert together.statistic[-1] == pytest.approx(apart.statistic[-1])


class TestFrames:
    def test_frames(self, drawn):
        found = proportional_hazards(cox(FORMULA, drawn))
        assert list(found.tidy()) == list(v.WALD_TESTS)
        assert list(found.residuals()) == list(v.SCHOENFELD)
        assert list(found.smooth()) == list(v.SCHOENFELD_SMOOTH)
        assert found.tidy()["term"].tolist() == ["x", "z", "GLOBAL"]
        assert found.glance()["p_value"][0] == found.p_value[-1]
        assert "GLOBAL" in str(found.summary())

    def test_a_stratum_where_a_term_is_constant_has_no_residuals(self, drawn):
        data = drawn.assign(z=drawn["z"].where(drawn["site"] == "south", 0))
        found = proportional_hazards(cox(FORMULA, data))
        frame = found.residuals()
        assert set(frame.loc[frame["term"] == "z", "strata"]) == {"site=south"}

    def test_clusters_are_spoken_of(self, drawn):
        fit = cox(f"{FORMULA} + cluster(family)", drawn)
        assert "robust=True" in proportional_hazards(fit).remarks[0]
        assert proportional_hazards(fit, robust=True).remarks == ()

    def test_one_event_time_can_tell_nothing(self):
        data = pd.DataFrame(
            {"time": [1, 1, 2, 2, 2], "event": [1, 1, 0, 0, 0], "x": [1, 0, 1, 2, 0]}
        )
        found = proportional_hazards(cox("Surv(time, event) ~ x", data))
        assert np.isnan(found.statistic).all()
        assert "can't be tested" in found.remarks[0]
        assert found.smooth().empty


class TestRefusals:
    def test_options(self, six):
        fit = cox("Surv(time, event) ~ x", six)
        with pytest.raises(ParameterError, match="km, rank"):
            proportional_hazards(fit, transform="sqrt")
        with pytest.raises(ParameterError, match="one number a row"):
            proportional_hazards(fit, transform=np.sum)
        with pytest.raises(ParameterError, match="finite"):
            proportional_hazards(fit, transform=lambda t: np.log(t - 1))

    def test_an_event_at_time_zero_has_no_logarithm(self, six):
        fit = cox("Surv(time, event) ~ x", six.assign(time=six["time"] - 1))
        with pytest.raises(ParameterError, match="log"):
            proportional_hazards(fit, transform="log")
        assert np.isfinite(proportional_hazards(fit).statistic).all()

    @pytest.mark.parametrize("options", [{"penalty": 1.0}, {"firth": True}, {"ties": "exact"}])
    def test_fits_without_a_plain_score(self, drawn, options):
        with pytest.raises(ParameterError, match="refit"):
            proportional_hazards(cox("Surv(time, event) ~ x", drawn, **options))

    def test_no_covariate(self, six):
        with pytest.raises(ParameterError, match="no covariate"):
            proportional_hazards(cox("Surv(time, event) ~ 1", six))

    def test_a_straight_line_at_least(self, drawn):
        with pytest.raises(ParameterError, match="2 or more"):
            proportional_hazards(cox(FORMULA, drawn)).smooth(df=1)
