"""Mean numbers of events: three persons by hand, and what each method promises."""

import numpy as np
import pandas as pd
import pytest

from rpcstats.errors import DataError, FormulaError, ParameterError
from rpcstats.survival.states.mean_cumulative import mean_cumulative

FORMULA = "Surv(entry, time, event) ~ 1"
EXACT = 1e-14


@pytest.fixture
def three():
    """Events of p at 1 and 3, of q at 3, none of r; p leaves at 4, q at 3, r at 2."""
    rows = [
        ("p", 0, 1, 1, "a"),
        ("p", 1, 3, 1, "a"),
        ("p", 3, 4, 0, "a"),
        ("q", 0, 3, 1, "b"),
        ("r", 0, 2, 0, "b"),
    ]
    return pd.DataFrame(rows, columns=["id", "entry", "time", "event", "mode"])


def test_by_hand(three):
    tidy = mean_cumulative(FORMULA, three, id="id").tidy()
    assert tidy["time"].tolist() == [1, 2, 3, 4]
    assert tidy["n_risk"].tolist() == [3, 3, 2, 1]
    np.testing.assert_allclose(tidy["estimate"], [1 / 3, 1 / 3, 4 / 3, 4 / 3], atol=EXACT)
    # Influence at 1: 2/9 of p, -1/9 of q and r; at 3 nothing is added: both at risk have one.
    np.testing.assert_allclose(tidy["std_error"], np.sqrt(6) / 9, atol=EXACT)


def test_reading_and_what_is_not_known(three):
    fit = mean_cumulative(FORMULA, three, id="id", conf_type="plain")
    found = fit.at([0, 2.5, 9])
    np.testing.assert_allclose(found["estimate"], [0, 1 / 3, np.nan])
    assert found["conf_low"].iloc[1] == 0
    row = fit.glance().iloc[0]
    assert (row["n_id"], row["n_event"], row["n_obs"]) == (3, 3, 5)
    assert "Fewer than 10" in str(fit.summary())


def test_a_difference_is_of_its_two_curves(three):
    fit = mean_cumulative("Surv(entry, time, event) ~ mode", three, id="id")
    found = fit.difference().tidy()
    assert found["term"].unique().tolist() == ["mode=b against mode=a"]
    assert found["time"].tolist() == [1, 3]
    np.testing.assert_allclose(found["estimate"], [0 - 1, 1 - 2], atol=EXACT)
    assert np.isnan(fit.difference([3.5]).tidy()["estimate"].iloc[0])
    assert "against" in str(fit.difference().summary())
    assert fit.difference().plot() is not None
    assert fit.plot() is not None


def test_one_event_a_person_is_the_usual_logrank(six):
    frame = six.assign(person=np.arange(6))
    formula = "Surv(time, event) ~ mode"
    test = mean_cumulative(formula, frame, id="person").test()
    assert test.df == 1
    assert test.tidy()["observed"].sum() == pytest.approx(test.tidy()["expected"].sum())
    # O - E by hand: at 1, 2 and 4 with 3, 2 and 1 of mode a among 6, 5 and 2 at risk.
    expected = 3 / 6 + 2 * 2 / 5 + 1 / 2
    assert test.tidy()["expected"].iloc[0] == pytest.approx(expected)
    assert "robust" in str(test.summary()).lower()


def test_a_group_without_events_is_said(three):
    fit = mean_cumulative("Surv(entry, time, event) ~ id", three, id="id")
    assert any("No event happened in: id=r" in remark for remark in fit.remarks)


def test_one_person_tells_nothing_of_variation(three):
    fit = mean_cumulative("Surv(entry, time, event) ~ mode", three[three["id"] != "r"], id="id")
    assert fit.tidy()["std_error"].isna().all()
    assert any("nothing of variation" in remark for remark in fit.remarks)


def test_scores_that_are_nothing_but_rounding():
    """Every person has as many events as expected: there is nothing to test, not 0 over 0."""
    entry, time = [0, 3, 5, 6, 0, 2, 6, 9, 10, 0], [3, 5, 6, 11, 2, 6, 9, 10, 14, 5]
    frame = pd.DataFrame({"id": [0] * 4 + [1] * 5 + [2], "entry": entry, "time": time})
    frame = frame.assign(event=[0, 1, 1, 1, 1, 1, 0, 1, 1, 1], g=[2] * 9 + [1])
    test = mean_cumulative("Surv(entry, time, event) ~ g", frame, id="id").test()
    np.testing.assert_allclose(test.observed, test.expected)
    assert (test.df, np.isnan(test.statistic), np.isnan(test.p_value)) == (0, True, True)


def test_missing_rows_are_counted(three):
    three.loc[4, "mode"] = None
    fit = mean_cumulative("Surv(entry, time, event) ~ mode", three, id="id")
    assert fit.n_missing == 1
    assert "1 row with missing values" in " ".join(fit.remarks)


@pytest.mark.parametrize(
    ("formula", "options", "error", "message"),
    [
        ("Surv(time, event) ~ 1", {}, DataError, "entry column"),
        ("Surv(entry, time, event) ~ strata(mode)", {}, FormulaError, "strata"),
        (FORMULA, {"conf_type": "log-log"}, ParameterError, "conf_type"),
        (FORMULA, {"conf_level": 1}, ParameterError, "conf_level"),
        ("Surv(entry, time, evnt) ~ 1", {}, FormulaError, "event"),
    ],
)
def test_faults(formula, options, error, message, three):
    with pytest.raises(error, match=message):
        mean_cumulative(formula, three, id="id", **options)


def test_one_group_has_nothing_to_compare_with(three):
    fit = mean_cumulative(FORMULA, three, id="id")
    with pytest.raises(FormulaError, match="two groups"):
        fit.difference()
    with pytest.raises(FormulaError, match="two groups"):
        fit.test()


def test_overlapping_rows(three):
    with pytest.raises(DataError, match="one row at a time"):
        mean_cumulative(FORMULA, three.assign(entry=0), id="id")
