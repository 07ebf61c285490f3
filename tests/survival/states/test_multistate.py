"""Occupation of states: a hand-worked cycle with ties, and what each method promises."""

import numpy as np
import pandas as pd
import pytest

from rpcstats.errors import DataError, FormulaError, ParameterError
from rpcstats.survival import kaplan_meier
from rpcstats.survival.states.multistate import multistate

# Sums of a few fractions.
EXACT = 1e-14


def wide(fit, column="estimate"):
    return fit.tidy().pivot_table(index="time", columns="state", values=column)


def test_hand_worked_probabilities(four):
    fit = multistate(four, start="well")
    assert fit.states == ("well", "ill", "dead")
    found = wide(fit)[["well", "ill", "dead"]].to_numpy()
    by_hand = [[1 / 2, 1 / 4, 1 / 4], [1 / 4, 1 / 2, 1 / 4], [1 / 2, 0, 1 / 2], [1 / 2, 0, 1 / 2]]
    np.testing.assert_allclose(found, by_hand, atol=EXACT)
    n_risk = wide(fit, "n_risk")
    assert n_risk["well"].tolist() == [4, 2, 1, 2]
    assert n_risk["ill"].tolist() == [0, 1, 2, 0]
    assert wide(fit, "n_event")["dead"].tolist() == [1, 0, 1, 0]
    assert wide(fit, "n_censor")["well"].tolist() == [0, 0, 0, 2]


def test_hand_worked_errors(four):
    error = multistate(four, start="well").at([0, 1])
    first = error[error["time"] == 1].set_index("state")["std_error"]
    # Four of four at risk: the errors of shares.
    assert first["well"] == pytest.approx(np.sqrt(0.5 * 0.5 / 4))
    assert first["dead"] == pytest.approx(np.sqrt(0.25 * 0.75 / 4))
    assert (error[error["time"] == 0]["std_error"] == 0).all()


def test_hand_worked_transitions_and_time(four):
    fit = multistate(four, start="well")
    table = fit.transitions().set_index(["from_state", "to_state"])
    assert table["n_event"].to_dict() == {
        ("well", "ill"): 2,
        ("well", "dead"): 1,
        ("ill", "well"): 1,
        ("ill", "dead"): 1,
    }
    assert table.loc[("well", "ill"), "time_at_risk"] == 9
    assert table.loc[("ill", "dead"), "rate"] == pytest.approx(1 / 3)
    times = fit.expected_time(4).tidy().set_index("state")["estimate"]
    assert times.to_dict() == pytest.approx({"well": 2.25, "ill": 0.75, "dead": 1.0})
    hazards = fit.cumulative_hazards().tidy()
    ill = hazards[(hazards["from_state"] == "well") & (hazards["to_state"] == "ill")]
    np.testing.assert_allclose(ill["estimate"].iloc[[0, 1]], [1 / 4, 3 / 4])


def test_glance_and_summary(four):
    fit = multistate(four, start="well")
    row = fit.glance().iloc[0]
    assert (row["n_obs"], row["n_id"], row["n_event"], row["n_state"]) == (7, 4, 5, 3)
    text = str(fit.summary())
    assert "Fewer than 10 are followed" in text
    assert "from_state" in text


def test_probabilities_from_a_state(four):
    fit = multistate(four, start="well")
    found = fit.transition_probabilities(1).at(3).set_index(["from_state", "state"])["estimate"]
    assert found["ill", "dead"] == pytest.approx(1 / 2)
    assert found["well", "well"] == pytest.approx(1 / 2 + 1 / 4)
    landmark = fit.transition_probabilities(1, method="landmark").at(3)
    # The one who is ill at 1 dies; those who are well then are followed alone.
    rows = landmark.set_index(["from_state", "state"])["estimate"]
    assert rows["ill", "dead"] == 1
    assert rows["well", "well"] == 1
    assert "Markov" in " ".join(fit.transition_probabilities(1).remarks)


def test_two_states_are_kaplan_meier(six):
    curves = kaplan_meier("Surv(entry, time, event) ~ mode", six, conf_type="log", robust=True)
    frame = six.assign(state=six["event"], person=np.arange(6))
    formula = "Surv(entry, time, state) ~ mode"
    fit = multistate(frame, formula, id="person", start="in", conf_type="log")
    ours = fit.tidy()
    ours = ours[ours["state"] == "in"].reset_index(drop=True)
    theirs = curves.tidy()
    for column in ("time", "n_risk", "n_censor", "estimate"):
        np.testing.assert_allclose(ours[column], theirs[column], atol=EXACT)
    inside = theirs["estimate"] > 0
    np.testing.assert_allclose(ours["std_error"][inside], theirs["std_error"][inside], atol=EXACT)


def test_one_minus_kaplan_meier_is_too_high_with_a_competing_state(four):
    fit = multistate(four, start="well")
    first = four[four["entry"] == 0].assign(ill=lambda f: (f["state"] == "ill").astype(int))
    alone = kaplan_meier("Surv(time, ill) ~ 1", first).tidy()["estimate"].iloc[-1]
    assert 1 - alone > fit.transitions()["n_event"].iloc[0] / 4


def test_unknown_after_the_last_time(four):
    fit = multistate(four, start="well")
    assert fit.at(5)["estimate"].isna().all()
    dead = four[four["id"] == 2]
    settled = multistate(dead, start="well").at(9).set_index("state")["estimate"]
    assert settled.to_dict() == {"well": 0, "dead": 1}
    with pytest.raises(ParameterError, match="beyond the end"):
        fit.expected_time(9)


@pytest.mark.parametrize("wrong", ["soon", None, [[1, 2]], ["1"], -1, np.nan])
def test_times_that_are_none(wrong, four):
    fit = multistate(four, start="well")
    for read in (fit.at, fit.expected_time, fit.transition_probabilities):
        with pytest.raises(ParameterError, match="0"):
            read(wrong)


def test_weights_are_counts(four):
    doubled = pd.concat([four, four.assign(id=four["id"] + 10)])
    twice = multistate(four.assign(w=2.0), start="well", weights="w")
    again = multistate(doubled, start="well")
    np.testing.assert_allclose(wide(twice), wide(again), atol=EXACT)
    # Twice the weight is not twice the information: the error is robust.
    once = multistate(four, start="well")
    np.testing.assert_allclose(wide(twice, "std_error"), wide(once, "std_error"), atol=EXACT)


def test_time_zero_counts_without_entry():
    frame = pd.DataFrame({"time": [0, 1, 2], "state": [1, 0, 2]})
    fit = multistate(frame, "Surv(time, state) ~ 1", id=None)
    assert wide(fit).loc[0, "1"] == pytest.approx(1 / 3)


def test_a_state_already_held_and_gaps_are_said(four):
    visit = four.copy()
    visit.loc[len(visit)] = [4, 4, 5, "well", "b", 1.0]
    visit.loc[len(visit)] = [4, 6, 7, "none", "b", 1.0]
    fit = multistate(visit, start="well")
    assert any("already held" in remark for remark in fit.remarks)
    assert any("gap" in remark for remark in fit.remarks)
    assert (
        fit.at(4)["estimate"].tolist() == multistate(four, start="well").at(4)["estimate"].tolist()
    )


def test_missing_values_leave_out_the_person(four):
    four.loc[4, "mode"] = None
    fit = multistate(four, "Surv(entry, time, state) ~ mode", start="well")
    assert fit.n_missing == 3
    assert any("2 complete rows" in remark for remark in fit.remarks)
    assert fit.glance()["n_id"].iloc[0] == 3


def test_overlaps_and_teleports_are_told_together(four):
    four.loc[1, "entry"] = 0
    begun = ["well", "ill", "well", "well", "ill", "ill", "well"]
    with pytest.raises(DataError, match=r"begins? before") as fault:
        multistate(four.assign(begun=begun), state_from="begun")
    assert "another state" in str(fault.value)


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"conf_type": "loglog"}, ParameterError, "conf_type"),
        ({"conf_level": 2}, ParameterError, "conf_level"),
        ({"start": ""}, ParameterError, "start"),
        ({"id": "who"}, FormulaError, "who"),
        ({"formula": "Surv(entry, time, state) ~ strata(mode)"}, FormulaError, "strata"),
    ],
)
def test_bad_options(options, error, message, four):
    with pytest.raises(error, match=message):
        multistate(four, **options)


@pytest.mark.parametrize(
    ("column", "value", "message"),
    [("time", -1.0, "negative"), ("time", np.inf, "infinite"), ("entry", 9.0, "before exit")],
)
def test_bad_times(column, value, message, four):
    four = four.astype({"entry": float, "time": float})
    four.loc[6, column] = value
    with pytest.raises(DataError, match=message):
        multistate(four, start="well")


def test_one_cluster_of_everybody_has_no_errors(four):
    fit = multistate(four.assign(g=1), "Surv(entry, time, state) ~ cluster(g)", start="well")
    assert fit.tidy()["std_error"].isna().all()
    assert fit.expected_time(4).tidy()["std_error"].isna().all()
    assert fit.cumulative_hazards().tidy()["std_error"].isna().all()
    assert any("1 cluster of g" in remark for remark in fit.remarks)


def test_one_person_tells_nothing_of_variation():
    one = pd.DataFrame({"id": [1], "entry": [0], "time": [3], "state": ["ill"]})
    one["state"] = pd.Categorical(one["state"], categories=["none", "ill"])
    fit = multistate(one, start="well")
    assert fit.tidy()["estimate"].tolist() == [0, 1]
    hazards = fit.cumulative_hazards().tidy()
    for table in (fit.tidy(), hazards, fit.expected_time(2).tidy()):
        assert table[["std_error", "conf_low", "conf_high"]].isna().all(axis=None)
    assert any("tells nothing of variation" in remark for remark in fit.remarks)


def test_a_state_of_one_person_has_no_error_of_its_hazard(six):
    alone = pd.DataFrame({"entry": [3], "time": [9], "held": ["ill"], "state": ["dead"]})
    well = six.assign(entry=0, held="well", state=np.where(six["event"] == 1, "dead", "none"))
    frame = pd.concat([well[alone.columns], alone], ignore_index=True)
    frame["id"] = np.arange(len(frame))
    frame["state"] = pd.Categorical(frame["state"], categories=["none", "dead"])
    fit = multistate(frame, state_from="held", start="well")
    error = fit.cumulative_hazards().tidy().groupby("from_state")["std_error"]
    assert error.apply(lambda part: part.isna().all()).to_dict() == {"ill": True, "well": False}
    assert fit.tidy()["std_error"].notna().all()


def test_nothing_happened(four):
    with pytest.raises(DataError, match="censored"):
        multistate(four[four["id"] == 4], start="well")


def test_the_frame_is_left_alone(four):
    before = four.copy()
    multistate(four, start="well")
    pd.testing.assert_frame_equal(four, before)


def test_plots(four):
    fit = multistate(four, start="well")
    assert fit.plot().get_ylim() == (0, 1)
    assert fit.cumulative_hazards().plot() is not None
    assert fit.transition_probabilities(1).plot(from_state="ill") is not None
    assert fit.expected_time(4).plot() is not None
    groups = multistate(four, "Surv(entry, time, state) ~ mode", start="well")
    panels = groups.plot().figure.axes
    assert len(panels) == len(groups.strata)
    assert len({panel.get_xlim() for panel in panels}) == 1
    alone = groups.plot(group="mode=a")
    assert len(alone.figure.axes) == 1
    assert groups.plot(alone.figure.add_subplot(), group="mode=a") is not None
    with pytest.raises(ParameterError, match="one axes"):
        groups.plot(alone)
    with pytest.raises(ParameterError, match="group= is one of mode=a"):
        groups.plot(group="mode=z")
