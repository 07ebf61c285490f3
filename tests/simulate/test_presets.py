"""The registry of presets."""

import pytest

from rpcstats.errors import ParameterError, SchemaError
from rpcstats.simulate import feasible_counts, list_presets, make_preset, preset


def test_presets_are_listed():
    assert list_presets() == (
        "herts_pws",
        "northumberland_digital",
        "northumberland_getting_on_better",
        "nottinghamshire_family_days",
    )
    assert all(preset(key).description for key in list_presets())


def test_an_unknown_preset_names_the_nearest():
    with pytest.raises(ParameterError, match="did you mean herts_pws"):
        preset("herts_pw")


def test_hertfordshire_outcomes_add_up():
    margins = preset("herts_pws").margins["parenting_when_separated"]
    ends = ("completed", "dropped_out", "not_completed", "open")
    assert sum(margins[name] for name in ends) == margins["started"]


@pytest.mark.parametrize("key", list_presets())
def test_every_printed_percentage_fits_its_declared_base(key):
    entry = preset(key)
    for printed in entry.printed:
        margins = entry.margins[printed.programme or next(iter(entry.margins))]
        counts = feasible_counts(printed.percent, margins[printed.base])
        assert margins[printed.count] in counts, printed.figure


def test_eighty_per_cent_is_no_share_of_36():
    assert feasible_counts(80, 36) == ()
    assert feasible_counts(80, 30) == (24,)
    assert feasible_counts(85, 123) == (104, 105)
    assert feasible_counts(72, 123) == (88, 89)


def test_margins_can_not_be_changed():
    with pytest.raises(TypeError):
        preset("herts_pws").margins["parenting_when_separated"]["started"] = 1


def test_a_faulty_entry_lists_its_faults():
    with pytest.raises(SchemaError) as caught:
        make_preset("mine", {"name": "Mine", "pathway": "drift"})
    assert len(caught.value.faults) > 5
