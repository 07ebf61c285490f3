"""Distributions side by side."""

import numpy as np
import pytest

from rpcstats.errors import ParameterError
from rpcstats.survival.parametric.compare_distributions import compare_distributions
from rpcstats.survival.parametric.survreg import survreg


def test_rows_are_those_of_the_fits_and_in_order(spells):
    found = compare_distributions("Surv(time, event) ~ x", spells)
    table = found.tidy()
    assert len(table) == 7
    assert table["aic"].is_monotonic_increasing
    assert table.loc[0, "delta_aic"] == 0.0
    assert table["weight"].sum() == pytest.approx(1.0)
    for _, row in table.iterrows():
        fit = survreg("Surv(time, event) ~ x", spells, dist=row["distribution"])
        assert row["log_lik"] == fit.log_lik
        assert row["aic"] == pytest.approx(-2 * fit.log_lik + 2 * len(fit.coef))
    assert found.best().dist == table.loc[0, "distribution"]
    assert found.glance().loc[0, "n_fit"] == 7
    assert "Distributions compared" in str(found)
    assert found._repr_html_().startswith("<p>")
    # One step curve and the four best.
    assert len(found.plot().lines) == 5


def test_a_fit_without_an_optimum_comes_last(spells):
    none = spells.assign(event=spells["event"] * (spells["site"] != "b"))
    found = compare_distributions("Surv(time, event) ~ site", none, dists=["weibull", "gompertz"])
    assert not found.tidy()["converged"].any()
    assert np.isnan(found.tidy()["weight"]).all()
    assert any(remark.startswith("Weibull:") for remark in found.remarks)


def test_strata_leave_the_exponential_out(spells):
    found = compare_distributions("Surv(time, event) ~ x + strata(online)", spells)
    assert "exponential" not in found.tidy()["distribution"].tolist()


def test_unknown_distributions_are_refused(spells):
    with pytest.raises(ParameterError, match="dist is unknown"):
        compare_distributions("Surv(time, event) ~ x", spells, dists=["normal"])
    with pytest.raises(ParameterError, match="empty"):
        compare_distributions("Surv(time, event) ~ x", spells, dists=[])
