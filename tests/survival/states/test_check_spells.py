"""Faults between rows, listed all at once."""

import pandas as pd
import pytest

from rpcstats.errors import DataError
from rpcstats.survival.states.check_spells import check_spells


@pytest.fixture
def muddled():
    rows = [
        (1, 0, 2, "ill", "well"),
        (1, 1, 3, "dead", "ill"),  # overlaps
        (2, 0, 2, "ill", "well"),
        (2, 2, 4, "dead", "well"),  # ill was reached
        (3, 0, 2, "none", "well"),
        (3, 3, 4, "none", "well"),  # after a gap
        (4, 0, 2, "none", "well"),
        (4, 3, 5, "none", "ill"),  # jumps in the gap
        (5, 4, 4, "none", "well"),  # no time passes
        (6, 0, 1, "well", "well"),  # says nothing new
        (7, 0, 1, None, "well"),
    ]
    frame = pd.DataFrame(rows, columns=["id", "entry", "time", "state", "begun"])
    levels = ["none", "well", "ill", "dead"]
    return frame.assign(state=pd.Categorical(frame["state"], categories=levels))


def test_every_fault_is_counted(muddled):
    found = check_spells(muddled, state_from="begun").set_index("fault")
    assert found["n"].to_dict() == {
        "missing": 1,
        "backwards": 1,
        "overlap": 1,
        "gap": 1,
        "jump": 1,
        "teleport": 1,
        "same state": 1,
    }
    assert found["note"].str.len().min() > 10


def test_transitions_that_cannot_be(muddled):
    allowed = [("well", "ill")]
    found = check_spells(muddled, state_from="begun", allowed=allowed).set_index("fault")
    assert found.loc["ill to dead", "n"] == 1
    assert found.loc["well to dead", "n"] == 1
    assert "well to ill" not in found.index


def test_nothing_wrong(four):
    assert check_spells(four, start="well").empty


def test_states_are_carried_forward_without_a_column(four):
    found = check_spells(four, start="well", allowed=[("well", "ill"), ("ill", "dead")])
    assert set(found["fault"]) == {"well to dead", "ill to well"}


def test_nothing_to_read(four):
    with pytest.raises(DataError, match="missing value"):
        check_spells(four.assign(id=None))


def test_cells_with_lists_are_refused(four):
    with pytest.raises(DataError, match="lists"):
        check_spells(four.assign(id=[[1]] * len(four)), start="well")
    with pytest.raises(DataError, match="lists"):
        check_spells(four.assign(state=[["ill"]] * len(four)), start="well", censored=["none"])
