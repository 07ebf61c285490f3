"""Open a paper: read which council it is about, and register the texts every template may use."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

from rpcstats.errors import ParameterError, SchemaError
from rpcstats.paper.emit import PLAIN, mime, publish
from rpcstats.paper.outputs import Outputs

if TYPE_CHECKING:
    from rpcstats.data import CouncilFile, Extract
    from rpcstats.disclosure import DisclosurePolicy


@dataclass(frozen=True, slots=True)
class _Scope:
    """Whom and when a paper is about."""

    council: dict[str, str | None] | None
    programmes: tuple[str, ...]
    start: date | None
    end: date | None
    data_cut: date | None
    synthetic: str | None


def open_paper(
    paper: str,
    *,
    council: str | Path | Extract | CouncilFile | None = None,
    data_cut: str | date = "",
    policy: str | DisclosurePolicy = "council",
    title: str = "",
    subtitle: str = "",
    **texts: str | int | float | date,
) -> Outputs:
    """Start a paper: everything it will show goes through the object this returns.

    Parameters
    ----------
    paper : str
        Name of the paper, the same as its notebook's.
    council : str, Path, Extract or CouncilFile, optional
        The council: its slug, the folder of its extract, or what was read from there. None
        for a paper about published figures only.
    data_cut : str or date, optional
        ISO date after which nothing is seen; the council's own by default.
    policy : str or DisclosurePolicy, default "council"
        The disclosure policy that every output obeys.
    title : str, optional
        Title of the paper. By default the first heading of the notebook.
    subtitle : str, optional
        Subtitle. By default the council's name and the period.
    **texts : str, int, float or date
        More texts that templates may name in braces.

    Returns
    -------
    Outputs
        Takes figures, tables, values, prose and equations, in the order of the paper.

    Raises
    ------
    ParameterError
        If the council, the date or the policy is not known.

    Notes
    -----
    Templates may always use ``{council_name}``, ``{programmes}``, ``{period}``, ``{data_cut}``,
    ``{policy_name}`` and ``{synthetic_note}``.
    """
    from rpcstats.disclosure import disclosure_policy

    rule = disclosure_policy(policy) if isinstance(policy, str) else policy
    scope = _scope(council, _as_date(data_cut))
    record = {
        "paper": paper,
        "title": title,
        "subtitle": subtitle or _subtitle(scope),
        "council": scope.council,
        "programmes": list(scope.programmes),
        "period_start": scope.start.isoformat() if scope.start else None,
        "period_end": scope.end.isoformat() if scope.end else None,
        "data_cut": scope.data_cut.isoformat() if scope.data_cut else None,
        "policy": rule.name,
        "watermark": rule.watermark,
        "synthetic": scope.synthetic,
        "version": version("rpcstats"),
    }
    line = f"Paper {paper}" + (f": {record['subtitle']}" if record["subtitle"] else "")
    publish({PLAIN: line, mime("paper"): record})
    known = {**_texts(scope, rule.name), **{k: _text(v) for k, v in texts.items()}}
    return Outputs(known, rule)


def long_date(day: date) -> str:
    """Write a date the British way.

    Parameters
    ----------
    day : date
        The date.

    Returns
    -------
    str
        Such as ``27 February 2024``.
    """
    months = "January February March April May June July August September October November December"
    return f"{day.day} {months.split()[day.month - 1]} {day.year}"


def join_names(names: tuple[str, ...]) -> str:
    """Join names as prose does.

    Parameters
    ----------
    names : tuple of str
        The names.

    Returns
    -------
    str
        Such as ``A, B and C``.
    """
    return " and ".join(part for part in (", ".join(names[:-1]), *names[-1:]) if part)


def _as_date(value: str | date) -> date | None:
    if isinstance(value, date):
        return value
    try:
        return date.fromisoformat(value) if value else None
    except ValueError:
        faults = [f"write the date as year-month-day, such as 2024-02-27; got {value!r}"]
        raise ParameterError("data_cut is not a date", faults) from None


def _scope(council: str | Path | Extract | CouncilFile | None, data_cut: date | None) -> _Scope:
    from rpcstats.data import Extract
    from rpcstats.data.council_file import programmes_of

    if council is None:
        return _Scope(None, (), None, None, data_cut, None)
    if isinstance(council, str | Path):
        council = _read_council(council)
    source = council.council if isinstance(council, Extract) else council
    return _Scope(
        {"slug": source.slug, "name": source.name, "gss_code": source.gss_code},
        tuple(entry.name for entry in programmes_of(source).values()),
        source.period_start,
        source.period_end,
        data_cut or source.data_cut,
        source.synthetic,
    )


def _read_council(folder: str | Path) -> CouncilFile:
    from rpcstats.data import find_council
    from rpcstats.data.council_file import read_council_file

    found = find_council(folder)
    council, faults = read_council_file(found)
    if council is None:
        raise SchemaError(f"the council file of {found.name}", [str(fault) for fault in faults])
    return council


def _period(scope: _Scope) -> str:
    if scope.start is None or scope.end is None:
        return ""
    return f"{long_date(scope.start)} to {long_date(scope.end)}"


def _subtitle(scope: _Scope) -> str:
    name = str(scope.council["name"]) if scope.council else ""
    return ", ".join(part for part in (name, _period(scope)) if part)


def _texts(scope: _Scope, policy: str) -> dict[str, str]:
    return {
        "council_name": str(scope.council["name"]) if scope.council else "",
        "programmes": join_names(scope.programmes),
        "period": _period(scope),
        "data_cut": long_date(scope.data_cut) if scope.data_cut else "",
        "policy_name": policy,
        "synthetic_note": scope.synthetic or "",
    }


def _text(value: str | float | date) -> str:
    return long_date(value) if isinstance(value, date) else str(value)
