"""Parameters carry their unit and origin, and impossible ones are refused."""

from dataclasses import fields

import pytest

from rpcstats.errors import ParameterError
from rpcstats.simulate import Truth, list_presets, preset


def test_every_parameter_has_unit_origin_and_basis():
    rows = Truth().parameters()
    assert [row.name for row in rows] == [entry.name for entry in fields(Truth)]
    assert all(row.unit and row.basis for row in rows)
    assert {row.origin for row in rows} == {"published", "derived", "assumed"}


def test_resident_share_is_the_printed_72_per_cent():
    assert round(100 * Truth().p_resident) == 72


def test_a_changed_parameter_is_said_to_be_the_callers():
    row = next(row for row in Truth(phi=-0.25).parameters() if row.name == "phi")
    assert (row.value, row.origin, row.basis) == (-0.25, "assumed", "set by the caller")


@pytest.mark.parametrize("key", list_presets())
def test_no_parameter_of_a_preset_is_said_to_be_the_callers(key):
    entry = preset(key)
    rows = entry.truth.parameters(entry.origins)
    assert not [row.name for row in rows if row.basis == "set by the caller"]


@pytest.mark.parametrize(
    ("wrong", "name"),
    [
        ({"p_male": 1.2}, "p_male"),
        ({"hazards": (0.1, 0.0)}, "hazards"),
        ({"sd_group": -0.1}, "sd_group"),
        ({"p_source": (0.5, 0.5)}, "p_source"),
        ({"corr_uv": 1.5}, "corr_uv"),
        ({"withdrawal": -1.0}, "withdrawal"),
    ],
)
def test_impossible_parameters_are_refused(wrong, name):
    with pytest.raises(ParameterError, match=name):
        Truth(**wrong)


def test_every_fault_is_listed_at_once():
    with pytest.raises(ParameterError) as caught:
        Truth(p_male=2.0, sd_u=-1.0)
    assert len(caught.value.faults) == 2
