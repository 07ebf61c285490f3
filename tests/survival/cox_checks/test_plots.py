"""Every result draws itself."""

import numpy as np
import pytest

from rpcstats.errors import ParameterError
from rpcstats.survival.cox_checks.concordance import concordance_index
from rpcstats.survival.cox_regression import cox


@pytest.fixture(scope="module")
def fit(drawn):
    """A model of two covariates."""
    return cox("Surv(time, event) ~ x + z", drawn)


def test_proportional_hazards(fit):
    found = fit.proportional_hazards()
    assert len(found.plot().figure.axes) == 2
    assert len(found.plot(term="z").figure.axes) == 1
    with pytest.raises(ParameterError, match="x, z"):
        found.plot(term="w")
    with pytest.raises(ParameterError, match="term="):
        found.plot(found.plot())


def test_concordance(drawn):
    ax = concordance_index("Surv(time, event) ~ x + z", drawn).plot()
    assert ax.get_xlim()[0] <= 0.5 <= ax.get_xlim()[1]


def test_brier(fit):
    found = fit.brier([5, 10])
    model = found.plot().get_lines()[0]
    np.testing.assert_allclose(model.get_ydata()[1:], found.grid_score)


def test_calibration(fit):
    found = fit.calibration(8, n_groups=4)
    assert found.plot().get_lines()[1].get_ydata().tolist() == found.observed.tolist()
