"""Groups whose rows lie in one cluster, which tells nothing of variation."""

import numpy as np
import pandas as pd
import pytest

from rpcstats.survival.competing.cumulative_incidence import cumulative_incidence
from rpcstats.survival.nonparametric.kaplan_meier import kaplan_meier
from rpcstats.survival.nonparametric.nelson_aalen import nelson_aalen
from rpcstats.survival.nonparametric.pairwise_logrank import pairwise_logrank
from rpcstats.survival.nonparametric.rmst import rmst_difference
from rpcstats.survival.states.mean_cumulative import mean_cumulative

SAID = "All rows in one cluster, which tells nothing of variation, so no robust error: mode=a"
CLUSTERED = "mode + cluster(council)"


@pytest.fixture
def rows():
    """Mode a in one council; the others in three."""
    i = np.arange(24)
    event = (i * 5 % 7 < 4) * 1
    return pd.DataFrame(
        {
            "id": i,
            "time": i * 7 % 9 + 1.0,
            "event": event,
            "cause": np.where(event == 0, "censored", np.where(i % 2 == 0, "left", "moved")),
            "mode": np.repeat(["a", "b", "c"], 8),
            "council": np.where(i < 8, 0, i % 3),
            "year": i % 4,
        }
    )


def told_apart(frame, remarks, *, error="std_error"):
    alone = frame["strata"] == "mode=a"
    assert frame.loc[alone, error].isna().all()
    assert frame.loc[~alone & (frame["estimate"] > 0), error].notna().all()
    assert (frame.loc[~alone, error] > 0).any()
    assert sum(remark.startswith(SAID) for remark in remarks) == 1


def test_curves_have_no_error(rows):
    found = kaplan_meier(f"Surv(time, event) ~ {CLUSTERED}", rows)
    told_apart(found.tidy(), found.remarks)
    alone = found.tidy().query("strata == 'mode=a'")
    assert alone["conf_low"].isna().all()
    assert found.quantile(0.5)["conf_low"].isna().tolist()[0]
    told_apart(found.at([2, 4]), found.remarks)


def test_the_estimates_are_those_without_clusters(rows):
    found = kaplan_meier(f"Surv(time, event) ~ {CLUSTERED}", rows)
    plain = kaplan_meier("Surv(time, event) ~ mode", rows)
    np.testing.assert_array_equal(found.estimate, plain.estimate)
    assert not any(remark.startswith(SAID) for remark in plain.remarks)


def test_one_dimension_of_two_is_enough(rows):
    found = kaplan_meier("Surv(time, event) ~ mode + cluster(council, year)", rows)
    assert np.isnan(found.tidy().query("strata == 'mode=a'")["std_error"]).all()
    assert sum(remark.startswith(SAID) for remark in found.remarks) == 1


def test_one_row_alone(rows):
    lone = rows.iloc[[0, *range(8, 24)]]
    found = kaplan_meier("Surv(time, event) ~ mode", lone, robust=True)
    told_apart(found.tidy(), found.remarks)


def test_hazards_have_no_error(rows):
    found = nelson_aalen(f"Surv(time, event) ~ {CLUSTERED}", rows)
    told_apart(found.tidy(), found.remarks)


def test_restricted_means_and_their_differences_have_no_error(rows):
    found = rmst_difference(f"Surv(time, event) ~ {CLUSTERED}", rows, tau=6)
    told_apart(found.means.tidy(), found.means.remarks)
    contrasts = found.tidy()
    assert contrasts["estimate"].notna().all()
    assert contrasts["std_error"].isna().all()  # each is against mode a
    assert np.isfinite(found.means.cov[1:, 1:]).all()


def test_incidences_and_time_lost_have_no_error(rows):
    formula = f"Surv(time, cause) ~ {CLUSTERED}"
    found = cumulative_incidence(formula, rows, censored=["censored"])
    told_apart(found.tidy(), found.remarks)
    told_apart(found.time_lost(6).tidy(), found.remarks)
    assert found.event_free_curve().query("strata == 'mode=a'")["std_error"].isna().all()


def test_mean_functions_have_no_error(rows):
    formula = f"Surv(time, event) ~ {CLUSTERED}"
    found = mean_cumulative(formula, rows, id="id")
    told_apart(found.tidy(), found.remarks)


def test_a_pair_in_one_cluster_is_not_tested(rows):
    # A single cluster makes the statistic 1, whatever the data.
    rows["council"] = np.where(rows["mode"] == "c", 1 + rows["council"], 0)
    found = pairwise_logrank(f"Surv(time, event) ~ {CLUSTERED}", rows)
    table = found.tidy()
    assert table["statistic"].isna().tolist() == [True, False, False]
    assert table["df"].tolist() == [0, 1, 1]
    assert table["p_adjusted"].isna().tolist() == [True, False, False]
    assert any("mode=a and mode=b" in remark for remark in found.remarks)
