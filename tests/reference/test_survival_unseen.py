"""Weights, late entry, ties, strata and clusters at once against R, and where R is wrong."""

import numpy as np
import pandas as pd
import pytest

from rpcstats.survival.cox_checks.concordance import concordance_index
from rpcstats.survival.cox_regression import cox
from rpcstats.survival.frailties._gaussian_fit import gaussian_problem
from rpcstats.survival.nonparametric.kaplan_meier import kaplan_meier
from rpcstats.survival.nonparametric.logrank import logrank
from rpcstats.survival.nonparametric.nelson_aalen import nelson_aalen
from rpcstats.survival.nonparametric.pseudo_values import pseudo_values

# The same sums in another order.
EXACT = 1e-10
# R iterates its fit to 1e-12.
ITERATED = 1e-8
# optim stops where the penalised likelihood is flat to its rounding.
SEARCHED = 1e-8

RIGHT = "Surv(entry, time, event)"


@pytest.fixture(scope="module")
def rows():
    """The rows of survival_unseen.R, by the same rule."""
    i = np.arange(1, 61)
    time = (i * 37) % 11 + 1.0
    return pd.DataFrame(
        {
            "time": time,
            "event": ((i * 5) % 7 < 4) * 1,
            "w": 0.4 + ((i * 17) % 23) / 10,
            "g": (i * 7) % 3,
            "s": i % 2,
            "cl": (i * 11) % 9,
            "x": ((i * 29) % 31) / 10 - 1.5,
            "z": (i * 13) % 4,
            "entry": np.where(i % 3 == 0, np.floor(time / 2), 0.0),
            "pair": 2 * (i % 2) + (i // 2) % 2,
        }
    )


@pytest.fixture(scope="module")
def wanted(pinned):
    """R's answers."""
    return pinned("survival/unseen")


@pytest.fixture(scope="module")
def fit(rows):
    """A Cox model with everything at once."""
    return cox(f"{RIGHT} ~ x + z + strata(s)", rows, weights="w")


def numbers(values):
    return np.array([np.nan if value is None else value for value in values], dtype=float)


def close(ours, theirs, tolerance=EXACT):
    np.testing.assert_allclose(ours, numbers(np.ravel(theirs)), rtol=tolerance, atol=tolerance)


def test_every_case_is_compared(wanted):
    named = "km hazard near logrank residuals zph concordance penalised pseudo"
    assert set(wanted) == set(named.split())


def test_curves(rows, wanted):
    case = wanted["km"]
    found = kaplan_meier(f"{RIGHT} ~ g + cluster(cl)", rows, weights="w")
    alive = found.estimate > 0
    for ours, theirs in (
        (found.n_risk, "n_risk"),
        (found.estimate, "surv"),
        (found.std_error_log, "se_log"),
        (found.conf_low, "lower"),
        (found.conf_high, "upper"),
    ):
        close(ours[alive], numbers(case[theirs])[alive])
    close(found.quantile([0.25, 0.5, 0.75])["estimate"], case["quantile"])


def test_hazards_with_ties_in_turn(rows, wanted):
    formula, case = f"{RIGHT} ~ g + cluster(cl)", wanted["hazard"]
    found = nelson_aalen(formula, rows, ties="fleming-harrington", weights="w")
    close(found.estimate, case["H"])
    close(found.std_error, case["se"])


def test_times_that_differ_by_rounding(wanted):
    case = wanted["near"]
    time = [0.1 + 0.2, 0.3, 3 * 0.1, 0.7, 0.1 * 7, 1.1, 1.2, 1.3]
    frame = pd.DataFrame({"time": time, "event": [1, 0, 1, 1, 1, 0, 1, 1]})
    found = kaplan_meier("Surv(time, event) ~ 1", frame, conf_type="log")
    close(found.time, case["time"])
    close(found.n_risk, case["n_risk"])
    close(found.estimate, case["surv"])
    close(found.conf_low[:-1], case["lower"][:-1])
    close(found.median()["estimate"], case["median"])


def test_tests_of_groups(rows, wanted):
    case = wanted["logrank"]
    found = logrank(f"{RIGHT} ~ g + strata(s) + cluster(cl)", rows, weights="w")
    close(found.statistic, case["statistic"])
    assert found.df == case["df"][0]


def test_groups_that_no_stratum_brings_together(rows, wanted):
    found = logrank("Surv(time, event) ~ pair + strata(s)", rows, rho=0.5)
    close(found.statistic, wanted["logrank"]["chained"])
    assert found.df == 2


def test_residuals(fit, wanted):
    for kind, case in wanted["residuals"].items():
        found = fit.residuals(kind)
        columns = [c for c in found if c in ("residual", *fit.names)]
        ours = found[columns].to_numpy()
        theirs = np.atleast_2d(np.array(case, dtype=float)).T
        if "schoenfeld" in kind:  # R has events of one time in another order
            ours, theirs = np.sort(ours, axis=0), np.sort(theirs, axis=0)
        np.testing.assert_allclose(ours, theirs, rtol=ITERATED, atol=ITERATED, err_msg=kind)


def test_proportional_hazards(fit, wanted):
    for transform, case in wanted["zph"].items():
        close(fit.proportional_hazards(transform=transform).statistic, case, ITERATED)


def test_concordance(rows, wanted):
    case = wanted["concordance"]
    found = concordance_index(f"{RIGHT} ~ x + strata(s) + cluster(cl)", rows, weights="w")
    close(found.estimate, case["estimate"])
    close(np.diag(found.cov), case["variance"])


def test_modes_where_penalised_fits_of_r_are_wrong(rows, wanted):
    mixed = cox(f"{RIGHT} ~ x + z + (1 | cl)", rows, weights="w")
    columns = mixed.estimation.columns
    problem = gaussian_problem(columns, mixed.blocks, np.zeros(columns.p), full=True)
    value = wanted["penalised"]["value"][0]
    assert problem.find(np.array([0.5])).penalised == pytest.approx(value, rel=SEARCHED)


def test_pseudo_values_beside_a_time_before_the_first_event(wanted):
    case = wanted["pseudo"]
    time = [1.2, 3.5, 3, 2.8, 0.4, 12.2, 0.3, 1.5]
    frame = pd.DataFrame({"time": time, "event": [1, 1, 0, 0, 0, 0, 0, 0]})
    found = pseudo_values("Surv(time, event) ~ 1", frame, at=[1, 2.84], of="rmst").values[:, 1]
    close(found, case["alone"])
    # The row that fails at 1.2 has the area 1.2 + 1.64 * 5 / 6, and 8 * 1.64 * 5 / 36 less.
    assert found[0] == pytest.approx(1.2 + 1.64 * 5 / 6 - 8 * 1.64 * 5 / 36, rel=EXACT)
    assert abs(found[0] - case["beside"][0]) > 0.2
