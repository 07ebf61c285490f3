"""Printed percentages and their bases."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rpcstats.errors import ParameterError
from rpcstats.simulate import count_margins, feasible_counts, preset, simulate_extract
from rpcstats.simulate.counts import check_printed, printed_percent


@pytest.mark.parametrize(
    ("count", "base", "printed"), [(28, 36, 78), (29, 36, 81), (1, 8, 13), (1, 200, 1), (0, 9, 0)]
)
def test_percentages_are_rounded_half_up(count, base, printed):
    assert printed_percent(count, base) == printed


@given(st.integers(1, 300), st.integers(0, 100))
def test_feasible_counts_are_those_within_half_a_point(base, percent):
    counts = np.arange(base + 1)
    near = (200 * counts >= (2 * percent - 1) * base) & (200 * counts < (2 * percent + 1) * base)
    assert feasible_counts(percent, base) == tuple(counts[near])


def test_the_literal_base_is_refused_with_the_declared_one_named():
    with pytest.raises(ParameterError) as caught:
        simulate_extract("herts_pws", bases={"goal progress": "completed"})
    (fault,) = caught.value.faults
    assert "80% is no share of 36 completed (28 is 78% and 29 is 81%)" in fault
    assert "use the declared base `answered` (24 of 30)" in fault


@pytest.mark.parametrize(
    ("figure", "base", "count"),
    [("arguing better milestones", "started", 22), ("getting it right milestones", "retained", 23)],
)
def test_a_base_that_does_not_fit_the_count_is_refused(figure, base, count):
    with pytest.raises(ParameterError, match=f"{count} of .* is not|is no share"):
        check_printed(preset("northumberland_digital"), {figure: base})


def test_a_base_that_fits_as_well_is_taken():
    check_printed(preset("northumberland_digital"), {"me you and baby too milestones": "started"})


@pytest.mark.parametrize("bases", [{"goal progres": "answered"}, {"goal progress": "answerd"}])
def test_unknown_figures_and_bases_name_the_nearest(bases):
    with pytest.raises(ParameterError, match=r"did you mean (goal progress|answered)"):
        check_printed(preset("herts_pws"), bases)


def test_margins_are_counted_from_the_tables_alone():
    simulation = simulate_extract("herts_pws", mode="expectation", seed=5)
    tables = simulation.tables
    before = count_margins(tables)["parenting_when_separated"]
    episodes = tables["episodes"]
    first = episodes.index[episodes["outcome"] == "completed"][0]
    episodes.loc[first, "outcome"] = "not_completed"
    after = count_margins(tables)["parenting_when_separated"]
    assert after["completed"] == before["completed"] - 1
    assert after["retained"] == before["retained"]
