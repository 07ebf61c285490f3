"""Fits of many rows, whose covariates are taken column by column."""

import numpy as np
import pandas as pd
import pytest

from rpcstats.survival import cox, fine_gray
from rpcstats.survival.nonparametric import _cluster_squares
from rpcstats.survival.partial import estimate
from rpcstats.survival.states import _scan
from rpcstats.survival.states.mean_cumulative import mean_cumulative
from rpcstats.survival.structure import build

N = 400
TERMS = "x + weeks + mode + twice"
ROUNDING = 1e-9
"""Sums of the same numbers in another order, carried through a search."""


@pytest.fixture
def frame():
    rng = np.random.default_rng(11)
    x = rng.normal(50.0, 2.0, N)
    return pd.DataFrame(
        {
            "id": rng.integers(0, 150, N),
            "time": rng.exponential(size=N) * np.exp(-0.1 * (x - 50.0)),
            "event": rng.integers(0, 2, N),
            "cause": rng.integers(0, 3, N),
            "x": x,
            "twice": 2.0 * x,
            "weeks": rng.integers(0, 9, N),
            "mode": rng.choice(["a", "b", "c"], N),
        }
    )


def _same(first, second):
    assert first.names == second.names
    np.testing.assert_allclose(first.beta, second.beta, rtol=ROUNDING)
    np.testing.assert_allclose(first.cov, second.cov, rtol=ROUNDING)
    np.testing.assert_array_equal(first.frame.X, second.frame.X)
    assert first.frame.covariates.is_made


@pytest.mark.parametrize("options", [{}, {"robust": True}, {"penalty": 2.0}, {"ties": "breslow"}])
def test_a_cox_fit_is_the_same(frame, monkeypatch, options):
    whole = cox(f"Surv(time, event) ~ {TERMS}", frame, **options)
    monkeypatch.setattr(build, "MANY_ROWS", 10)
    _same(cox(f"Surv(time, event) ~ {TERMS}", frame, **options), whole)
    monkeypatch.setattr(estimate, "LARGE", 10)
    _same(cox(f"Surv(time, event) ~ {TERMS}", frame, **options), whole)


def test_a_fine_gray_fit_is_the_same(frame, monkeypatch):
    whole = fine_gray(f"Surv(time, cause) ~ {TERMS}", frame, cause="1")
    monkeypatch.setattr(build, "MANY_ROWS", 10)
    _same(fine_gray(f"Surv(time, cause) ~ {TERMS}", frame, cause="1"), whole)


def test_a_fit_does_not_follow_its_data(frame, monkeypatch):
    monkeypatch.setattr(build, "MANY_ROWS", 10)
    fit = cox("Surv(time, event) ~ x + weeks", frame)
    before = fit.predict(kind="lp")
    frame.loc[:, ["time", "x", "weeks"]] = 1.0
    pd.testing.assert_frame_equal(fit.predict(kind="lp"), before)


def test_products_of_many_blocks(monkeypatch):
    rng = np.random.default_rng(2)
    M = rng.dirichlet(np.ones(3), size=(77, 3))
    ends = np.sort(rng.integers(0, 77, (200, 2)), axis=1)
    whole = _scan.products_between(M, ends[:, 0], ends[:, 1])
    monkeypatch.setattr(_scan, "_BLOCK", 8)
    found = _scan.products_between(M, ends[:, 0], ends[:, 1])
    np.testing.assert_allclose(found, whole, rtol=ROUNDING)


def test_a_scan_in_portions(monkeypatch):
    rng = np.random.default_rng(4)
    M, b = rng.dirichlet(np.ones(3), size=(300, 3)), rng.normal(size=(300, 2, 3))
    whole = _scan.scan(M, np.ones((2, 3)), b)
    monkeypatch.setattr(_scan, "_MANY_STEPS", 90)
    np.testing.assert_allclose(_scan.scan(M, np.ones((2, 3)), b), whole, rtol=ROUNDING)


def test_clusters_in_portions(frame, monkeypatch):
    rows = frame.sort_values(["id", "time"], ignore_index=True)
    rows["entry"] = rows.groupby("id")["time"].shift(fill_value=0.0)
    formula = "Surv(entry, time, event) ~ 1"
    whole = mean_cumulative(formula, rows, id="id").tidy()
    monkeypatch.setattr(_cluster_squares, "_PORTION", 20)
    found = mean_cumulative(formula, rows, id="id").tidy()
    pd.testing.assert_frame_equal(found, whole, rtol=ROUNDING)
