"""Simulation presets: published services with their margins, read from the registry."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from importlib.resources import files
from types import MappingProxyType
from typing import Any, Literal

from rpcstats.data.plain_yaml import load_yaml
from rpcstats.data.records import Field, check_record, did_you_mean
from rpcstats.data.registries import instruments, programme
from rpcstats.errors import ParameterError, SchemaError
from rpcstats.simulate.marginal import solve_hazard_shift
from rpcstats.simulate.truth import Truth

Pathway = Literal["queue", "projects", "visits"]
Margins = Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Satisfaction:
    """What is asked of satisfaction on the end form.

    Attributes
    ----------
    instrument : str
        Key of the instruments registry.
    items : tuple of str
        Short keys of what is asked, never the wording.
    """

    instrument: str
    items: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Printed:
    """A percentage a source prints.

    Attributes
    ----------
    figure : str
        What it is called.
    percent : int
        As printed.
    count, base : str
        Margins whose ratio a draw reproduces.
    literal_base : str
        Margin a reader would take for the base.
    programme : str or None
        Programme it belongs to; None if there is only one.
    """

    figure: str
    percent: int
    count: str
    base: str
    literal_base: str
    programme: str | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Preset:
    """A published service that can be simulated.

    Attributes
    ----------
    key, name, description : str
        Key of the registry, name as printed, and one sentence.
    council : str
        Key of the councils registry.
    pathway : {"queue", "projects", "visits"}
        Waiting for the next group with a place, enrolment straight into a project, or
        families that come for a day and may come again.
    period_start, period_end, data_cut : date
        The period reported on, and the last day seen.
    seed : int
        Seed of the shipped extract.
    margins : mapping of str to mapping
        Of each programme, its counts.
    printed : tuple of Printed
        Percentages of the source.
    practitioners : mapping of str to int
        Of each programme, the number of workers.
    truth : Truth
        True parameters.
    origins : mapping
        Value, origin and basis of the parameters that differ from the defaults.
    stored_truth : mapping
        Population values without a closed form.
    assumptions : tuple of str
        What is assumed, in sentences.
    tool_used, goals, couples : bool
        Whether referrals are screened with the tool; whether goals are rated; whether both
        parents of a couple take part.
    satisfaction : Satisfaction or None
        What is asked of satisfaction; None where nothing is.
    """

    key: str
    name: str
    description: str
    council: str
    pathway: Pathway
    period_start: date
    period_end: date
    data_cut: date
    seed: int
    margins: Mapping[str, Margins]
    printed: tuple[Printed, ...]
    practitioners: Mapping[str, int]
    truth: Truth
    origins: Mapping[str, Mapping[str, Any]]
    stored_truth: Mapping[str, Any]
    assumptions: tuple[str, ...]
    tool_used: bool
    goals: bool
    couples: bool
    satisfaction: Satisfaction | None


_FIELDS: Mapping[str, Field] = MappingProxyType(
    {
        "name": Field((str,)),
        "description": Field((str,)),
        "council": Field((str,)),
        "pathway": Field((str,), choices=("queue", "projects", "visits")),
        "period": Field((dict,)),
        "data_cut": Field((date,)),
        "seed": Field((int,), minimum=0),
        "tool_used": Field((bool,)),
        "goals": Field((bool,)),
        "couples": Field((bool,), default=False),
        "satisfaction": Field((dict, type(None)), default=None),
        "practitioners": Field((dict,)),
        "retained_target": Field((dict, type(None)), default=None),
        "truth": Field((dict,)),
        "margins": Field((dict,)),
        "printed": Field((list,)),
        "assumptions": Field((list,)),
        "stored_truth": Field((dict,), default={}),
    }
)
_SATISFACTION: Mapping[str, Field] = MappingProxyType(
    {"instrument": Field((str,)), "items": Field((list,))}
)


def list_presets() -> tuple[str, ...]:
    """List the keys of the presets.

    Returns
    -------
    tuple of str
        In the order of the registry.
    """
    return tuple(presets())


def preset(key: str) -> Preset:
    """Look up a preset.

    Parameters
    ----------
    key : str
        Key of the registry.

    Returns
    -------
    Preset
        The entry.

    Raises
    ------
    ParameterError
        If there is no such key; it names the nearest ones.
    """
    entries = presets()
    if key not in entries:
        raise ParameterError("unknown preset", [f"`{key}`{did_you_mean(key, entries)}"])
    return entries[key]


@cache
def presets() -> Mapping[str, Preset]:
    """Read the registry of presets.

    Returns
    -------
    mapping of str to Preset
        In the order of the registry; read-only.

    Raises
    ------
    SchemaError
        If an entry is at fault.
    """
    text = files("rpcstats.data").joinpath("registry", "presets.yml").read_text("utf-8")
    given = load_yaml(text)
    if not isinstance(given, dict):
        raise SchemaError("registry presets.yml", ["write one mapping of keys to entries"])
    return MappingProxyType({key: make_preset(key, entry) for key, entry in given.items()})


def make_preset(key: str, given: object) -> Preset:
    """Make a preset of the fields of a registry entry.

    Parameters
    ----------
    key : str
        Key of the preset.
    given : object
        Mapping of fields, as read from YAML.

    Returns
    -------
    Preset
        The preset, with its hazards solved for the share retained if one is given.

    Raises
    ------
    SchemaError
        If a field is at fault.
    """
    record, faults = check_record(given, _FIELDS)
    if faults:
        raise SchemaError(f"preset {key} has {len(faults)} fault(s)", faults)
    truth, origins = _read_truth(record["truth"], record["retained_target"])
    sessions = {name: programme(name).sessions for name in record["margins"]}
    if set(sessions.values()) != {len(truth.hazards) + 1}:
        raise SchemaError(
            f"preset {key} has hazards of another number of sessions",
            ["give one hazard fewer than the programme has sessions"],
        )
    return Preset(
        key=key,
        name=record["name"],
        description=record["description"],
        council=record["council"],
        pathway=record["pathway"],
        period_start=record["period"]["start"],
        period_end=record["period"]["end"],
        data_cut=record["data_cut"],
        seed=record["seed"],
        margins=_frozen(record["margins"]),
        printed=tuple(Printed(**entry) for entry in record["printed"]),
        practitioners=MappingProxyType(dict(record["practitioners"])),
        truth=truth,
        origins=_frozen(origins),
        stored_truth=MappingProxyType(dict(record["stored_truth"])),
        assumptions=tuple(record["assumptions"]),
        tool_used=record["tool_used"],
        goals=record["goals"],
        couples=record["couples"],
        satisfaction=_read_satisfaction(key, record["satisfaction"], truth),
    )


def _read_satisfaction(
    key: str, given: Mapping[str, Any] | None, truth: Truth
) -> Satisfaction | None:
    if given is None:
        return None
    record, faults = check_record(given, _SATISFACTION)
    entry = instruments().get(record.get("instrument", ""))
    if entry is None or entry.minimum != 1 or entry.maximum != len(truth.satisfaction_cuts) + 1:
        faults.append("`instrument` must have one answer more than `satisfaction_cuts`, from 1")
    if faults:
        raise SchemaError(f"preset {key}: satisfaction", faults)
    return Satisfaction(record["instrument"], tuple(record["items"]))


def _read_truth(
    given: Mapping[str, Mapping[str, Any]], target: Mapping[str, Any] | None
) -> tuple[Truth, dict[str, Mapping[str, Any]]]:
    origins = dict(given)
    values: dict[str, Any] = {name: entry["value"] for name, entry in given.items()}
    lists = {name: tuple(value) for name, value in values.items() if isinstance(value, list)}
    truth = Truth(**(values | lists))
    if target is not None:
        truth = solve_hazard_shift(truth, retained=target["value"])
        basis = f"solved for the marginal share retained: {target['basis']}"
        origins["hazard_shift"] = {
            "value": truth.hazard_shift,
            "origin": "derived",
            "basis": basis,
        }
    return truth, origins


def _frozen(given: Mapping[str, Mapping[str, Any]]) -> Mapping[str, Mapping[str, Any]]:
    return MappingProxyType({key: MappingProxyType(dict(entry)) for key, entry in given.items()})
