"""Registries: programmes, instruments and councils, read from YAML and frozen."""

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from functools import cache
from importlib.resources import files
from types import MappingProxyType
from typing import TypeVar

from rpcstats.data.plain_yaml import load_yaml
from rpcstats.data.records import Field, check_record, did_you_mean
from rpcstats.data.registry_entries import (
    Band,
    Council,
    GssCode,
    Instrument,
    Programme,
)
from rpcstats.errors import ParameterError, SchemaError

__all__ = [
    "PROGRAMME_FIELDS",
    "Band",
    "Council",
    "GssCode",
    "Instrument",
    "Programme",
    "council",
    "councils",
    "instrument",
    "instruments",
    "make_programme",
    "programme",
    "programmes",
]

Entry = TypeVar("Entry")


PROGRAMME_FIELDS: Mapping[str, Field] = MappingProxyType(
    {
        "name": Field((str,)),
        "provider": Field((str,), default=""),
        "sessions": Field((int,), minimum=1),
        "interval_days": Field((int,), minimum=1),
        "capacity": Field((int, type(None)), default=None, minimum=1),
        "minimum_attended": Field((int,), minimum=1),
        "unit": Field((str,), choices=("session", "module"), default="session"),
        "source": Field((str,)),
        "published_as": Field((str,), default=""),
    }
)
_INSTRUMENT_FIELDS: Mapping[str, Field] = MappingProxyType(
    {
        "name": Field((str,)),
        "construct": Field((str,)),
        "minimum": Field((int, float, type(None))),
        "maximum": Field((int, float, type(None))),
        "direction": Field((str,), choices=("up", "down", "as_scored", "split")),
        "items": Field((int, type(None)), minimum=1),
        "scored": Field((str,), choices=("item", "total")),
        "verified": Field((bool,)),
        "source": Field((str,)),
        "goals": Field((bool,), default=False),
        "reliability": Field((float, type(None)), default=None, minimum=0.0),
        "reliable_change": Field((int, float, type(None)), default=None, minimum=0.0),
        "cut_offs": Field((list,), default=[]),
        "item_missing": Field((str, type(None)), choices=("all", "half"), default=None),
        "scoring_verified": Field((bool,), default=False),
        "scoring_source": Field((str,), default=""),
    }
)
_BAND_FIELDS: Mapping[str, Field] = MappingProxyType(
    {
        "name": Field((str,)),
        "lowest": Field((int, float)),
        "highest": Field((int, float)),
        "clinical": Field((bool,)),
    }
)
_COUNCIL_FIELDS: Mapping[str, Field] = MappingProxyType(
    {"name": Field((str,)), "kind": Field((str,)), "gss_codes": Field((list,))}
)
_GSS_FIELDS: Mapping[str, Field] = MappingProxyType(
    {
        "code": Field((str,)),
        "start": Field((date, type(None))),
        "end": Field((date, type(None))),
    }
)


def make_programme(key: str, given: object) -> tuple[Programme | None, list[str]]:
    """Make a programme of the fields of a registry entry.

    Parameters
    ----------
    key : str
        Key of the programme.
    given : object
        Mapping of fields, as read from YAML.

    Returns
    -------
    programme : Programme or None
        None where a field is at fault.
    faults : list of str
        One sentence a fault.
    """
    record, faults = check_record(given, PROGRAMME_FIELDS)
    if not faults and record["minimum_attended"] > record["sessions"]:
        faults.append("`minimum_attended` is more than `sessions`: lower it")
    return (None if faults else Programme(key=key, **record)), faults


def _make_instrument(key: str, given: object) -> tuple[Instrument | None, list[str]]:
    record, faults = check_record(given, _INSTRUMENT_FIELDS)
    bands, wrong = _make_bands(record.get("cut_offs", ()))
    faults += wrong
    told = [record.get(name) for name in ("reliability", "reliable_change", "item_missing")]
    if (bands or any(value is not None for value in told)) and not record.get("scoring_source"):
        faults.append("`scoring_source` is missing: say where the rules of scoring come from")
    if (record.get("reliability") or 0.0) > 1.0:
        faults.append("`reliability` must be at most 1")
    return (None if faults else Instrument(key=key, **record | {"cut_offs": bands})), faults


def _make_bands(given: Sequence[object]) -> tuple[tuple[Band, ...], list[str]]:
    bands: list[Band] = []
    faults: list[str] = []
    for entry in given:
        fields, wrong = check_record(entry, _BAND_FIELDS)
        faults += wrong
        if not wrong:
            bands.append(Band(**fields))
    edges = [edge for band in bands for edge in (band.lowest, band.highest)]
    if edges != sorted(edges):
        faults.append("`cut_offs` must rise from band to band without overlap")
    return tuple(bands), faults


def _make_council(key: str, given: object) -> tuple[Council | None, list[str]]:
    record, faults = check_record(given, _COUNCIL_FIELDS)
    codes = []
    for entry in record.get("gss_codes", ()):
        fields, wrong = check_record(entry, _GSS_FIELDS)
        faults += wrong
        if not wrong:
            codes.append(GssCode(**fields))
    if faults:
        return None, faults
    return Council(key, record["name"], record["kind"], tuple(codes)), []


def _load(
    name: str, make: Callable[[str, object], tuple[Entry | None, list[str]]]
) -> Mapping[str, Entry]:
    text = files("rpcstats.data").joinpath("registry", f"{name}.yml").read_text("utf-8")
    given = load_yaml(text)
    if not isinstance(given, dict):
        raise SchemaError(f"registry {name}.yml", ["write one mapping of keys to entries"])
    entries: dict[str, Entry] = {}
    faults: list[str] = []
    for key, fields in given.items():
        entry, wrong = make(key, fields)
        faults += [f"{key}: {text}" for text in wrong]
        if entry is not None:
            entries[key] = entry
    if faults:
        raise SchemaError(f"registry {name}.yml has {len(faults)} fault(s)", faults)
    return MappingProxyType(entries)


def _look_up(entries: Mapping[str, Entry], key: str, noun: str) -> Entry:
    if key not in entries:
        raise ParameterError(f"unknown {noun}", [f"`{key}`{did_you_mean(key, entries)}"])
    return entries[key]


@cache
def programmes() -> Mapping[str, Programme]:
    """Read the registry of programmes.

    Returns
    -------
    mapping of str to Programme
        In the order of the registry; read-only.
    """
    return _load("programmes", make_programme)


@cache
def instruments() -> Mapping[str, Instrument]:
    """Read the registry of instruments.

    Returns
    -------
    mapping of str to Instrument
        In the order of the registry; read-only.
    """
    return _load("instruments", _make_instrument)


@cache
def councils() -> Mapping[str, Council]:
    """Read the registry of councils.

    Returns
    -------
    mapping of str to Council
        In the order of the registry; read-only.
    """
    return _load("councils", _make_council)


def programme(key: str) -> Programme:
    """Look up a programme.

    Parameters
    ----------
    key : str
        Key of the registry.

    Returns
    -------
    Programme
        The entry.

    Raises
    ------
    ParameterError
        If there is no such key; it names the nearest ones.
    """
    return _look_up(programmes(), key, "programme")


def instrument(key: str) -> Instrument:
    """Look up an instrument.

    Parameters
    ----------
    key : str
        Key of the registry.

    Returns
    -------
    Instrument
        The entry.

    Raises
    ------
    ParameterError
        If there is no such key; it names the nearest ones.
    """
    return _look_up(instruments(), key, "instrument")


def council(key: str) -> Council:
    """Look up a council.

    Parameters
    ----------
    key : str
        Key of the registry.

    Returns
    -------
    Council
        The entry.

    Raises
    ------
    ParameterError
        If there is no such key; it names the nearest ones.
    """
    return _look_up(councils(), key, "council")
