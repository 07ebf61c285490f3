"""Words of the axes follow the frame."""

import matplotlib as mpl
import pandas as pd
import pytest

from rpcstats.survival.competing.cumulative_incidence import cumulative_incidence
from rpcstats.survival.course_words import course_words
from rpcstats.survival.nonparametric.kaplan_meier import kaplan_meier
from rpcstats.survival.nonparametric.nelson_aalen import nelson_aalen

mpl.use("Agg")
ALONE = "Surv(time, event) ~ 1"


@pytest.fixture
def frame():
    return pd.DataFrame({"time": [1, 2, 3, 4], "event": [1, 0, 1, 1], "cause": [1, 0, 2, 1]})


def words_of(ax):
    return ax.get_xlabel(), " ".join(text.get_text() for text in ax.figure.findobj(mpl.text.Text))


def test_plain_words_for_a_plain_frame(frame):
    plots = (kaplan_meier(ALONE, frame).plot(), kaplan_meier(ALONE, frame).bands().plot())
    for ax in plots:
        xlabel, words = words_of(ax)
        assert xlabel == "Time"
        assert "Survival" in words
        assert "attending" not in words
    assert nelson_aalen(ALONE, frame).plot().get_xlabel() == "Time"
    incidence = cumulative_incidence("Surv(time, cause) ~ 1", frame).plot()
    assert "No event yet" in words_of(incidence)[1]
    assert "Session" not in words_of(incidence)[1]


def test_a_course_has_its_own_words(frame):
    frame.attrs = {"unit": "session", "event": "dropout"}
    xlabel, words = words_of(kaplan_meier(ALONE, frame).plot())
    assert xlabel == "Session"
    assert "Still attending" in words
    incidence = cumulative_incidence("Surv(time, cause) ~ 1", frame).plot()
    assert "Still attending" in words_of(incidence)[1]


def test_a_clock_of_days_is_told(frame):
    frame.attrs = {"unit": "day", "event": "start"}
    found = course_words(frame)
    assert (found.clock, found.survival) == ("Days", "Not yet started")


@pytest.mark.parametrize("attrs", [{}, {"unit": ["session"]}, {"event": None, "unit": 3}])
def test_what_is_not_understood_is_left_plain(frame, attrs):
    frame.attrs = attrs
    assert course_words(frame).clock == "Time"
    assert course_words([1, 2]).survival == "Survival"
