"""Residuals of Cox models against R, every kind."""

import numpy as np
import pandas as pd
import pytest

from rpcstats.survival.cox_checks.residuals import cox_residuals
from rpcstats.survival.cox_regression import cox

# R iterates its fits to 1e-12; residuals of heart, where two risk sets are small, keep 12 digits.
RELATIVE = 1e-9

LUNG = "Surv(time, status) ~ age + sex + `ph.ecog`"
HEART = "Surv(start, stop, event) ~ age + year + surgery + transplant"
RATS = "Surv(time, status) ~ rx + C(sex) + cluster(litter)"
FITS = {
    "lung": ("lung", LUNG, {}),
    "lung_breslow": ("lung", LUNG, {"ties": "breslow"}),
    "heart": ("heart", HEART, {}),
    "lung_weighted": ("lung_w", LUNG, {"weights": "w"}),
    "lung_months": ("lung", "Surv(months, status) ~ age + sex", {}),
    "lung_months_weighted": ("lung", "Surv(months, status) ~ sex", {"weights": "w"}),
    "lung_offset": ("lung", "Surv(time, status) ~ age + offset(0.3 * sex)", {}),
    "veteran_strata": ("veteran", "Surv(time, status) ~ karno + trt + strata(celltype)", {}),
    "veteran_factor": ("veteran", "Surv(time, status) ~ karno + celltype", {}),
    "heart_strata_weighted": (
        "heart",
        "Surv(start, stop, event) ~ age + year + strata(surgery)",
        {"weights": "w"},
    ),
    "heart_breslow": (
        "heart",
        "Surv(start, stop, event) ~ age + transplant",
        {"ties": "breslow"},
    ),
    "rats_robust": ("rats", RATS, {}),
    "tiny": ("tiny", "Surv(time, status) ~ x", {}),
    "rats_by_litter": ("rats", RATS, {}),
    "heart_by_id": ("heart", f"{HEART} + cluster(id)", {}),
}
OURS = {"scaledsch": "scaled_schoenfeld"}


@pytest.fixture(scope="module")
def fits(checked_data):
    """Fits by case."""
    return {
        name: cox(formula, checked_data(data), **options)
        for name, (data, formula, options) in FITS.items()
    }


def values_of(frame: pd.DataFrame) -> np.ndarray:
    kept = frame.drop(columns=["row", "cluster", "strata", "time"], errors="ignore")
    return kept["residual"].to_numpy() if "residual" in kept else kept.to_numpy()


def theirs(values) -> np.ndarray:
    return np.array(values, dtype=float).T


def test_every_case_is_compared(pinned):
    assert set(pinned("survival/cox_residuals")) == set(FITS)


@pytest.mark.parametrize("case", FITS)
def test_residuals(case, fits, pinned):
    summed = case in ("rats_by_litter", "heart_by_id")
    for kind, values in pinned("survival/cox_residuals")[case].items():
        if (case, kind) == ("rats_by_litter", "deviance"):
            continue
        found = values_of(cox_residuals(fits[case], OURS.get(kind, kind), by_cluster=summed))
        wanted = theirs(values)
        scale = np.abs(wanted).max()
        np.testing.assert_allclose(found, wanted, rtol=0, atol=RELATIVE * scale, err_msg=kind)


def test_deviance_of_clusters_with_one_event_at_most(fits, pinned):
    """R drops a term for clusters of several events, which gives NaN in some."""
    values = np.array(pinned("survival/cox_residuals")["rats_by_litter"]["deviance"], dtype=float)
    fit = fits["rats_by_litter"]
    events = np.bincount(fit.frame.clusters[0].codes, weights=fit.frame.event)
    found = cox_residuals(fit, "deviance", by_cluster=True)["residual"].to_numpy()
    assert np.isnan(values[events > 1]).any()
    assert np.isfinite(found).all()
    np.testing.assert_allclose(found[events <= 1], values[events <= 1], rtol=RELATIVE)
