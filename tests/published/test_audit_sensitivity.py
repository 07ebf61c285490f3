"""Known faults in synthetic tables: all that can be found are found, and nothing else."""

import pytest

from rpcstats.errors import ParameterError
from rpcstats.published import audit, audit_sensitivity
from rpcstats.simulate.faults import FAULTS, faulty_tables

SEED = 20261122


@pytest.fixture(scope="module")
def frame():
    return audit_sensitivity(100, seed=SEED).tidy().set_index("fault")


def test_true_tables_raise_no_alarm(frame):
    assert frame.loc["none", "n"] == 0


@pytest.mark.parametrize("fault", [fault for fault in FAULTS if fault != "none"])
def test_every_fault_that_can_be_found_is_found(frame, fault):
    row = frame.loc[fault]
    assert row["estimate"] == row["detectable"]
    assert 0.2 < row["estimate"] <= 1.0
    assert row["std_error"] == pytest.approx(
        (row["estimate"] * (1 - row["estimate"]) / row["base"]) ** 0.5
    )


def test_totals_are_found_by_their_parts_and_shares_by_granularity(frame):
    assert frame.loc["wrong_total", "checks"] == "closure"
    assert frame.loc["base_switch", "checks"] == "grim"


def test_a_seed_gives_the_same_tables():
    one, other = faulty_tables(5, seed=1), faulty_tables(5, seed=1)
    assert one.facts.equals(other.facts)
    assert not one.facts.equals(faulty_tables(5, seed=2).facts)


def test_a_fault_changes_one_figure_of_its_table():
    drawn = faulty_tables(20, seed=3)
    assert len(drawn.injected) == 20 * len(FAULTS)
    of_fault = drawn.injected[drawn.injected["fault"] != "none"]
    assert of_fault["fact_id"].isin(drawn.facts["fact_id"]).all()
    assert audit(drawn.facts).faults == ()


def test_no_tables_are_refused():
    with pytest.raises(ParameterError, match="1 or more"):
        audit_sensitivity(0)
