"""The council file: whose extract it is, how far it reaches, and how its tables are named."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final, Literal

from rpcstats.data.faults import Fault, file_fault
from rpcstats.data.plain_yaml import load_yaml
from rpcstats.data.records import Field, check_record, did_you_mean
from rpcstats.data.registries import (
    PROGRAMME_FIELDS,
    Programme,
    councils,
    make_programme,
    programmes,
)
from rpcstats.data.table_mapping import TableMapping, is_inside, read_table_mappings

DateFormat = Literal["iso", "day/month/year", "month/day/year"]
COUNCIL_FILE: Final = "council.yml"
FirstStage = Literal["referred", "enrolled"]
FIRST_STAGES: Final = ("referred", "enrolled")
DATE_FORMATS: Final = ("iso", "day/month/year", "month/day/year")
_NEAR_NAMES: Final = frozenset({"council.yml", "council.yaml", "council.yml.txt"})
_HOW_TO_ADD: Final = (
    "add it to the council's folder, with `council`, `programmes`, `period` and `data_cut`"
)
_NOTHING: Final[Mapping[str, Any]] = MappingProxyType({})

_FIELDS: Final[Mapping[str, Field]] = MappingProxyType(
    {
        "council": Field((str,)),
        "name": Field((str, type(None)), default=None),
        "gss_code": Field((str, type(None)), default=None),
        "programmes": Field((list,)),
        "period": Field((dict,)),
        "data_cut": Field((date,)),
        "first_stage": Field((str,), default="referred", choices=FIRST_STAGES),
        "date_format": Field((str,), default="iso", choices=DATE_FORMATS),
        "synthetic": Field((dict, type(None)), default=None),
        "workbook": Field((str, type(None)), default=None),
        "tables": Field((dict, type(None)), default=None),
        "papers": Field((dict, type(None)), default=None),
        "programme_rules": Field((dict, type(None)), default=None),
    }
)
_PERIOD: Final[Mapping[str, Field]] = MappingProxyType(
    {"start": Field((date,)), "end": Field((date,))}
)
_SYNTHETIC: Final[Mapping[str, Field]] = MappingProxyType(
    {
        "note": Field((str,)),
        "preset": Field((str, type(None)), default=None),
        "mode": Field((str, type(None)), default=None),
        "seed": Field((int, type(None)), default=None),
    }
)


@dataclass(frozen=True, slots=True, eq=False)
class CouncilFile:
    """The content of `council.yml`.

    Attributes
    ----------
    slug : str
        Key of the councils registry, or one of the council's own.
    name : str
        Name as printed.
    gss_code : str or None
        Code of the Government Statistical Service.
    programmes : tuple of str
        Keys of the programmes the extract is about.
    period_start, period_end : date
        First and last day of the period reported on.
    data_cut : date
        What is open on this day is censored.
    first_stage : {"referred", "enrolled"}
        The first stage that the extract records in full.
    date_format : str
        How dates are written in text files.
    synthetic : str or None
        The note that says that no row is a real person; None for real data.
    synthetic_source : mapping
        Preset, mode and seed; empty for real data.
    workbook : str or None
        Workbook that holds every table.
    tables : mapping of str to TableMapping
        How the council names its tables.
    papers : mapping
        Parameters of this council's papers.
    programme_rules : mapping
        Changes to the programmes registry.
    """

    slug: str
    name: str
    gss_code: str | None
    programmes: tuple[str, ...]
    period_start: date
    period_end: date
    data_cut: date
    first_stage: FirstStage = "referred"
    date_format: DateFormat = "iso"
    synthetic: str | None = None
    synthetic_source: Mapping[str, object] = field(default_factory=lambda: _NOTHING)
    workbook: str | None = None
    tables: Mapping[str, TableMapping] = field(default_factory=lambda: _NOTHING)
    papers: Mapping[str, Mapping[str, object]] = field(default_factory=lambda: _NOTHING)
    programme_rules: Mapping[str, Mapping[str, object]] = field(default_factory=lambda: _NOTHING)

    def mapping(self, table: str) -> TableMapping:
        """Give how the council names a table.

        Parameters
        ----------
        table : str
            Our name of the table.

        Returns
        -------
        TableMapping
            Empty where the council uses our names.
        """
        return self.tables.get(table, TableMapping())


def read_council_file(folder: Path) -> tuple[CouncilFile | None, list[Fault]]:
    """Read `council.yml` of a folder, and list its faults.

    Parameters
    ----------
    folder : Path
        The council's folder.

    Returns
    -------
    council : CouncilFile or None
        None where the file can't be used.
    faults : list of Fault
        Every fault found.
    """
    path = folder / COUNCIL_FILE
    if not path.is_file():
        near = [path.name for path in folder.iterdir() if path.name.casefold() in _NEAR_NAMES]
        hint = f"rename {near[0]} to {COUNCIL_FILE}" if near else _HOW_TO_ADD
        return None, [file_fault(COUNCIL_FILE, "missing file", hint)]
    try:
        given = load_yaml(path.read_text("utf-8-sig"))
    except UnicodeDecodeError:
        return None, [file_fault(COUNCIL_FILE, "not UTF-8", "save the file as UTF-8")]
    except ValueError as error:
        return None, [file_fault(COUNCIL_FILE, "malformed YAML", f"{error}: mend the line")]
    return _make_council_file(given)


def programmes_of(council: CouncilFile) -> dict[str, Programme]:
    """Give the programmes of a council, with its own rules.

    Parameters
    ----------
    council : CouncilFile
        A council file without faults.

    Returns
    -------
    dict of str to Programme
        In the order of `council.programmes`.
    """
    known, _ = _known_programmes(council.programme_rules)
    return {key: known[key] for key in council.programmes}


def _known_programmes(
    rules: Mapping[str, Mapping[str, object]],
) -> tuple[dict[str, Programme], list[str]]:
    known = dict(programmes())
    faults: list[str] = []
    for key, changes in rules.items():
        base = programmes().get(key)
        fields: dict[str, object] = (
            {name: getattr(base, name) for name in PROGRAMME_FIELDS} if base else {}
        )
        if not isinstance(changes, dict):
            faults.append(f"`{key}`: write a mapping of {', '.join(PROGRAMME_FIELDS)}")
            continue
        made, wrong = make_programme(str(key), fields | changes)
        faults += [f"`{key}`: {text}" for text in wrong]
        if made:
            known[str(key)] = made
    return known, faults


def _make_council_file(given: object) -> tuple[CouncilFile | None, list[Fault]]:
    record, faults = check_record(given, _FIELDS)
    texts: list[tuple[str | None, str]] = [(None, text) for text in faults]
    period, wrong = check_record(record["period"], _PERIOD) if "period" in record else ({}, [])
    texts += [("period", text) for text in wrong]
    texts += _period_faults(period, record)
    known, wrong = _known_programmes(record.get("programme_rules") or {})
    texts += [("programme_rules", text) for text in wrong]
    texts += [("programmes", text) for text in _programme_faults(record, known)]
    synthetic: dict[str, Any] = {}
    if record.get("synthetic") is not None:
        synthetic, wrong = check_record(record["synthetic"], _SYNTHETIC)
        texts += [("synthetic", text) for text in wrong]
    tables, wrong = read_table_mappings(record.get("tables") or {})
    texts += [("tables", text) for text in wrong]
    texts += _other_faults(record)
    if texts:
        return None, [
            file_fault(COUNCIL_FILE, "wrong entry", text, column) for column, text in texts
        ]
    return _assemble(record, period, synthetic, tables), []


def _period_faults(
    period: Mapping[str, date], record: Mapping[str, Any]
) -> list[tuple[str | None, str]]:
    faults: list[tuple[str | None, str]] = []
    if {"start", "end"} <= period.keys() and period["end"] < period["start"]:
        faults.append(("period", "`end` lies before `start`: swap them"))
    if "start" in period and "data_cut" in record and record["data_cut"] < period["start"]:
        faults.append(("data_cut", "lies before the period starts: give a later day"))
    return faults


def _programme_faults(record: Mapping[str, Any], known: Mapping[str, Programme]) -> list[str]:
    named = record.get("programmes")
    if named is None:
        return []
    faults = [
        f"unknown programme `{key}`{did_you_mean(str(key), known)}"
        for key in named
        if not isinstance(key, str) or key not in known
    ]
    if not named:
        faults.append("name at least one programme")
    if len({str(key) for key in named}) < len(named):
        faults.append("a programme is named twice: delete one")
    return faults


def _other_faults(record: Mapping[str, Any]) -> list[tuple[str | None, str]]:
    faults: list[tuple[str | None, str]] = []
    papers = record.get("papers") or {}
    faults += [
        ("papers", f"`{name}`: write a mapping of parameters")
        for name, entry in papers.items()
        if not isinstance(entry, dict)
    ]
    if record.get("workbook") and not is_inside(record["workbook"]):
        faults.append(("workbook", "must lie in the council's folder"))
    if not _is_known_code(record.get("council"), record.get("gss_code")):
        faults.append(("gss_code", "is not a code of this council: delete it or mend it"))
    return faults


def _is_known_code(slug: str | None, code: str | None) -> bool:
    entry = councils().get(slug or "")
    return entry is None or code is None or code in {known.code for known in entry.gss_codes}


def _assemble(
    record: Mapping[str, Any],
    period: Mapping[str, date],
    synthetic: Mapping[str, Any],
    tables: Mapping[str, TableMapping],
) -> CouncilFile:
    slug = record["council"]
    entry = councils().get(slug)
    code = record["gss_code"] or (entry.gss_code_on(record["data_cut"]) if entry else None)
    return CouncilFile(
        slug=slug,
        name=record["name"] or (entry.name if entry else slug),
        gss_code=code,
        programmes=tuple(record["programmes"]),
        period_start=period["start"],
        period_end=period["end"],
        data_cut=record["data_cut"],
        first_stage=record["first_stage"],
        date_format=record["date_format"],
        synthetic=synthetic.get("note"),
        synthetic_source=MappingProxyType(
            {key: value for key, value in synthetic.items() if key != "note"}
        ),
        workbook=record["workbook"],
        tables=MappingProxyType(dict(tables)),
        papers=MappingProxyType(
            {
                name: MappingProxyType(dict(entry))
                for name, entry in (record["papers"] or {}).items()
            }
        ),
        programme_rules=MappingProxyType(dict(record["programme_rules"] or {})),
    )
