from dataclasses import FrozenInstanceError
from datetime import date
from itertools import pairwise

import pytest

from rpcstats.data import registries
from rpcstats.data.registries import (
    council,
    councils,
    instrument,
    instruments,
    make_programme,
    programme,
    programmes,
)
from rpcstats.errors import ParameterError, SchemaError

GOOD = {
    "name": "Course",
    "sessions": 4,
    "interval_days": 7,
    "minimum_attended": 3,
    "source": "Assumed.",
}


def test_parenting_when_separated_as_published():
    entry = programme("parenting_when_separated")
    assert (entry.sessions, entry.interval_days, entry.capacity) == (6, 7, 12)
    assert (entry.minimum_attended, entry.unit) == (4, "session")


@pytest.mark.parametrize(
    "key", ["arguing_better", "getting_it_right_for_children", "me_you_and_baby_too"]
)
def test_digital_courses_say_what_is_assumed(key):
    entry = programme(key)
    assert (entry.sessions, entry.interval_days, entry.unit) == (6, 7, "module")
    assert "Assumed: 6 modules" in entry.source


def test_every_programme_names_its_source():
    for key, entry in programmes().items():
        assert entry.key == key
        assert entry.source
        assert 1 <= entry.minimum_attended <= entry.sessions


def test_instrument_ranges():
    goal = instrument("gbo")
    assert (goal.minimum, goal.maximum, goal.direction, goal.scored) == (0, 10, "up", "item")
    sdq = instrument("sdq")
    assert (sdq.minimum, sdq.maximum, sdq.direction, sdq.scored) == (0, 40, "down", "total")
    unknown = instrument("parents_plus_goals")
    assert unknown.minimum is None
    assert not unknown.verified
    for entry in instruments().values():
        assert (entry.minimum is None) == (entry.maximum is None)
        assert entry.minimum is None or entry.minimum < entry.maximum


def test_sheffield_changed_its_code():
    sheffield = council("sheffield")
    assert sheffield.gss_code_on(date(2025, 3, 31)) == "E08000019"
    assert sheffield.gss_code_on(date(2025, 4, 1)) == "E08000039"


@pytest.mark.parametrize(
    ("key", "code"),
    [
        ("hertfordshire", "E10000015"),
        ("essex", "E10000012"),
        ("nottinghamshire", "E10000024"),
        ("northumberland", "E06000057"),
        ("cheshire_east", "E06000049"),
        ("blackpool", "E06000009"),
        ("southwark", "E09000028"),
    ],
)
def test_council_codes(key, code):
    assert councils()[key].gss_code_on(date(2024, 1, 1)) == code


@pytest.mark.parametrize(
    ("look_up", "typed", "meant"),
    [
        (programme, "arguing_beter", "arguing_better"),
        (instrument, "wemwb", "wemwbs"),
        (council, "northumberlnd", "northumberland"),
    ],
)
def test_a_slip_of_the_keyboard_is_told(look_up, typed, meant):
    with pytest.raises(ParameterError, match=f"did you mean .*{meant}"):
        look_up(typed)


def test_a_word_like_none_lists_them_all():
    with pytest.raises(ParameterError, match=r"use one of parenting_when_separated, .*sfsc"):
        programme("zzz")


def test_registries_are_read_once_and_can_not_be_changed():
    assert programmes() is programmes()
    with pytest.raises(TypeError):
        programmes()["mine"] = None
    with pytest.raises(FrozenInstanceError):
        programme("sfsc").sessions = 1


def test_a_programme_lists_all_its_faults():
    entry, faults = make_programme("x", {"sessions": 0, "unit": "day", "sesions": 3})
    assert entry is None
    told = "\n".join(faults)
    for part in ("`name` is missing", "`sessions` must be at least 1", "`unit` must be one of"):
        assert part in told
    assert "unknown key `sesions`: did you mean sessions" in told
    assert make_programme("x", ["list"])[1] == [
        "write a mapping of name, provider, sessions, interval_days, capacity, minimum_attended,"
        " unit, source, published_as"
    ]


def test_a_rule_can_not_ask_for_more_than_there_is():
    assert make_programme("x", GOOD)[1] == []
    _, faults = make_programme("x", {**GOOD, "minimum_attended": 5})
    assert faults == ["`minimum_attended` is more than `sessions`: lower it"]


def test_truth_values_are_no_numbers():
    _, faults = make_programme("x", {**GOOD, "sessions": True})
    assert faults == ["`sessions` must be a whole number"]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("- a list", "write one mapping"),
        ("one: {name: Course}\ntwo: {name: 3}", "two: `name` must be text"),
    ],
)
def test_a_faulty_registry_is_refused(monkeypatch, tmp_path, text, told):
    (tmp_path / "registry").mkdir()
    (tmp_path / "registry" / "programmes.yml").write_text(text)
    monkeypatch.setattr(registries, "files", lambda _package: tmp_path)
    programmes.cache_clear()
    try:
        with pytest.raises(SchemaError, match=told):
            programmes()
    finally:
        programmes.cache_clear()


def test_instruments_of_goals_are_marked():
    marked = {key for key, entry in instruments().items() if entry.goals}
    assert marked == {"gbo", "gas", "parents_plus_goals"}


def test_rules_of_scoring_say_where_they_come_from_and_are_not_called_verified():
    for key, entry in instruments().items():
        told = (entry.reliability, entry.reliable_change, entry.item_missing, *entry.cut_offs)
        assert bool(entry.scoring_source) == any(value is not None for value in told), key
        assert not entry.scoring_verified, key
        assert entry.reliability is None or 0.0 < entry.reliability < 1.0, key


def test_bands_cover_the_range_without_gaps():
    for key, entry in instruments().items():
        bands = entry.cut_offs
        if not bands:
            continue
        assert (bands[0].lowest, bands[-1].highest) == (entry.minimum, entry.maximum), key
        assert all(b.lowest == a.highest + 1 for a, b in pairwise(bands)), key
        # Cases lie together at the worse end.
        is_case = [band.clinical for band in bands]
        assert sorted(is_case, reverse=entry.direction == "up") == is_case, key
        assert {True, False} == set(is_case), key


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ("reliability: 1.2", "at most 1"),
        ("reliability: 0.8", "`scoring_source` is missing"),
        ("cut_offs: [{name: a, lowest: 0, highest: 4, clinical: false}, "
         "{name: b, lowest: 3, highest: 9, clinical: true}]", "without overlap"),
        ("cut_offs: [{name: a}]", "`lowest` is missing"),
        ("item_missing: most", "`item_missing` must be one of all, half"),
    ],
)  # fmt: skip
def test_faulty_rules_of_scoring_are_refused(monkeypatch, tmp_path, change, told):
    (tmp_path / "registry").mkdir()
    entry = (
        "mine:\n  name: Mine\n  construct: x\n  minimum: 0\n  maximum: 9\n  direction: up\n"
        "  items: 3\n  scored: total\n  verified: false\n  source: x\n"
    )
    (tmp_path / "registry" / "instruments.yml").write_text(f"{entry}  {change}\n")
    monkeypatch.setattr(registries, "files", lambda _package: tmp_path)
    instruments.cache_clear()
    try:
        with pytest.raises(SchemaError, match=told):
            instruments()
    finally:
        instruments.cache_clear()
