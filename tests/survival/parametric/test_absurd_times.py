"""Predictions so far from the data that only the limit is left."""

import numpy as np
import pandas as pd
import pytest

from rpcstats.errors import ParameterError
from rpcstats.survival.parametric.cure_model import cure_model
from rpcstats.survival.parametric.families import FAMILIES
from rpcstats.survival.parametric.royston_parmar import royston_parmar
from rpcstats.survival.parametric.survreg import survreg

ROWS = pd.DataFrame({"x": [0.0, 1.0]})
SOON, LATE = 1e-300, 1e100


@pytest.fixture(scope="module")
def courses():
    rng = np.random.default_rng(1)
    x = rng.normal(size=300)
    time, end = 5 * rng.weibull(1.3, 300) * np.exp(-0.3 * x), rng.uniform(0, 12, 300)
    return pd.DataFrame({"x": x, "time": np.minimum(time, end), "event": time <= end})


def fitted(courses):
    yield from (survreg("Surv(time, event) ~ x", courses, dist=dist) for dist in FAMILIES)
    for scale in ("hazard", "odds", "normal"):
        yield royston_parmar("Surv(time, event) ~ x", courses, df=3, scale=scale)


def test_survival_goes_to_its_limits(courses):
    for fit in fitted(courses):
        soon, late = (fit.predict(ROWS, times=[time]) for time in (SOON, LATE))
        for found in (soon, late):
            values = found[["estimate", "std_error", "conf_low", "conf_high"]].to_numpy()
            assert np.isfinite(values).all()
            assert ((values >= 0) & (values <= 1)).all()
        if getattr(fit, "dist", "") not in ("gaussian", "logistic"):  # whose times may be negative
            np.testing.assert_allclose(soon["estimate"], 1.0)
        np.testing.assert_allclose(late["estimate"], 0.0, atol=1e-12)


def test_cumulative_hazards_begin_at_0(courses):
    for fit in fitted(courses):
        if getattr(fit, "dist", "") in ("gaussian", "logistic"):
            continue
        found = fit.predict(ROWS, kind="cumulative_hazard", times=[SOON])
        values = found[["estimate", "std_error", "conf_low", "conf_high"]].to_numpy()
        np.testing.assert_allclose(values, 0.0, atol=1e-12)


def test_a_cured_share_stays(courses):
    fit = cure_model("Surv(time, event) ~ x", courses)
    late = fit.predict(ROWS, times=[LATE])
    assert np.isfinite(late.to_numpy()).all()
    np.testing.assert_allclose(late["estimate"], fit.predict(ROWS, times=[1e6])["estimate"])


@pytest.mark.parametrize("kind", ["survival", "hazard", "cumulative_hazard"])
def test_times_no_number_holds_squared_are_refused(courses, kind):
    for fit in fitted(courses):
        with pytest.raises(ParameterError, match="past 1e"):
            fit.predict(ROWS, kind=kind, times=[1.0, 1e200])


def test_a_hazard_beyond_computing_is_refused(courses):
    fit = survreg("Surv(time, event) ~ x", courses, dist="gompertz")
    with pytest.raises(ParameterError, match="too far from the data"):
        fit.predict(ROWS, kind="hazard", times=[1e50])
