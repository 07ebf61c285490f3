import pandas as pd
import pytest
from matplotlib.axes import Axes

from rpcstats.errors import ParameterError
from rpcstats.survival.competing.cause_specific_regression import cause_specific
from rpcstats.survival.competing.cumulative_incidence import cumulative_incidence
from rpcstats.survival.competing.fine_gray_regression import fine_gray

XZ = "Surv(time, cause) ~ x + z"
NEW = pd.DataFrame({"x": [0.0, 1.0], "z": [0, 1]})


def test_curves_and_what_is_made_of_them(course):
    fit = cumulative_incidence("Surv(time, cause) ~ council", course)
    for ax in (fit.plot(), fit.plot(kind="curves", xlabel="Week"), fit.time_lost(5).plot()):
        assert isinstance(ax, Axes)
    assert isinstance(fit.difference(5).plot(), Axes)
    with pytest.raises(ParameterError, match="kind"):
        fit.plot(kind="pie")


def test_regressions(course):
    fit = fine_gray(XZ, course, cause="moved")
    assert isinstance(fit.plot(), Axes)
    assert isinstance(fit.predict(NEW).plot(), Axes)
    test = fit.proportional_hazards()
    assert isinstance(test.plot(), Axes)
    assert isinstance(test.plot(term="z"), Axes)
    with pytest.raises(ParameterError, match="no such term"):
        test.plot(term="k")
    joint = cause_specific(XZ, course)
    assert isinstance(joint.plot(), Axes)
    assert isinstance(joint.predict(NEW).plot(), Axes)
    with pytest.raises(ParameterError, match="no estimate"):
        cause_specific("Surv(time, cause) ~ 1", course).plot()
