"""From a tidy frame to a table, formats chosen by the names of the columns."""

import itertools
from collections.abc import Mapping, Sequence
from typing import Final, Literal, get_args

import pandas as pd

from rpcstats._vocabulary import (
    BASE,
    CONF_HIGH,
    CONF_LOW,
    ESTIMATE,
    N_RISK,
    NOTE,
    SCALE,
    STATUS,
    STD_ERROR,
    ReleaseKind,
)
from rpcstats._wording import (
    MISSING,
    WITHHELD,
    WITHHELD_SYMBOL,
    decimals_for,
    estimate_interval,
    words,
)
from rpcstats.errors import ParameterError
from rpcstats.tables.columns import (
    LABELS,
    Format,
    Writer,
    as_float,
    is_number,
    named_writer,
    writer,
)
from rpcstats.tables.table import Align, Table

_BOUNDS: Final = (CONF_LOW, CONF_HIGH)
_PERCENT_KINDS: Final = ("counts", "curve", "incidence", "published")


def tabulate(
    frame: pd.DataFrame,
    *,
    labels: Mapping[str, str] | None = None,
    columns: Sequence[str] | None = None,
    formats: Mapping[str, Format] | None = None,
    names: Mapping[str, Mapping[str, str]] | None = None,
    kind: ReleaseKind | None = None,
    withheld: Literal["word", "symbol"] = "word",
    conf_level: float = 0.95,
    caption: str = "",
) -> Table:
    """Make a table of a tidy frame.

    Parameters
    ----------
    frame : pandas.DataFrame
        A tidy frame; where its `status` says "withheld", missing numbers are shown as such.
    labels : mapping of str to str, optional
        Headings by column name; the merged column is called by the name of its estimate.
    columns : sequence of str, optional
        Which columns, in which order; by default all but status, note, and the standard
        error where an interval is shown.
    formats : mapping of str to str, optional
        How to write a column, where its name does not tell it: "count", "percent", "points"
        (of percentage), "number", "p_value" or "text".
    names : mapping of str to mapping of str to str, optional
        Words for the codes of a column, by column and code.
    kind : {"counts", "curve", "effects", "incidence", "mean", "published", "test"}, optional
        What the frame holds, which decides whether estimates are percentages; by default
        they are if the frame has a base or a risk set.
    withheld : {"word", "symbol"}
        Whether a withheld cell says "withheld" or "[c]" with a note.
    conf_level : float
        Level of the intervals, for the heading.
    caption : str
        What the table says.

    Returns
    -------
    Table
        Estimate and bounds are merged into one column; the data keep all of them.

    Raises
    ------
    ParameterError
        If a column or format is unknown, or two columns get the same heading.
    """
    chosen = _choose(frame, columns)
    _check_formats(frame, formats or {})
    _check_names(frame, names or {})
    as_percent = _as_percent(frame, kind)
    merged = {ESTIMATE, *_BOUNDS} <= set(chosen)
    shown = [name for name in chosen if not (merged and name in _BOUNDS)]
    hidden = _hidden_rows(frame)
    mark = WITHHELD if withheld == "word" else WITHHELD_SYMBOL
    cells: list[list[str]] = []
    for name in shown:
        if merged and name == ESTIMATE:
            cells.append(_merged_cells(frame, hidden, mark, as_percent=as_percent))
        else:
            named = (formats or {}).get(name)
            write = named_writer(named) if named else None
            write = write or writer(name, frame[name], as_percent=as_percent)
            write = _naming(write, (names or {}).get(name, {}))
            cells.append(_cells(frame[name], write, hidden, mark))
    headings = dict(LABELS)
    headings[ESTIMATE] = _estimate_label(as_percent, conf_level if merged else None)
    headings |= dict(labels or {})
    align: list[Align] = ["right" if is_number(frame[name]) else "left" for name in shown]
    return Table(
        columns=[headings.get(name, words(name)) for name in shown],
        align=align,
        rows=list(zip(*cells, strict=True)),
        data=frame[chosen],
        caption=caption,
        note=_note(frame, hidden, cells, mark, told=NOTE in shown),
    )


def _choose(frame: pd.DataFrame, columns: Sequence[str] | None) -> list[str]:
    if columns is None:
        left_out = {STATUS, NOTE}
        if {ESTIMATE, *_BOUNDS} <= set(frame.columns):
            left_out.add(STD_ERROR)
        return [str(name) for name in frame.columns if name not in left_out]
    unknown = [name for name in columns if name not in frame.columns]
    if unknown:
        known = ", ".join(map(str, frame.columns))
        raise ParameterError(
            "The table asks for columns that are not there",
            [f"{name}: use one of {known}" for name in unknown],
        )
    return list(columns)


def _check_formats(frame: pd.DataFrame, formats: Mapping[str, Format]) -> None:
    known = get_args(Format)
    faults = [
        f"format {chosen!r} of {name}: use one of {', '.join(known)}"
        for name, chosen in formats.items()
        if chosen not in known
    ]
    faults += [f"{name}: no such column" for name in formats if name not in frame.columns]
    if faults:
        raise ParameterError("The formats of a table are wrong", faults)


def _check_names(frame: pd.DataFrame, names: Mapping[str, Mapping[str, str]]) -> None:
    faults = [f"{name}: no such column" for name in names if name not in frame.columns]
    if faults:
        raise ParameterError("The names of a table are wrong", faults)


def _as_percent(frame: pd.DataFrame, kind: ReleaseKind | None) -> bool:
    if kind is None:
        return BASE in frame.columns or N_RISK in frame.columns
    if kind == "effects":
        return bool((frame[SCALE] == "difference").all())
    return kind in _PERCENT_KINDS


def _hidden_rows(frame: pd.DataFrame) -> list[bool]:
    if STATUS not in frame.columns:
        return [False] * len(frame)
    return [not pd.isna(status) and str(status) == WITHHELD for status in frame[STATUS]]


def _naming(write: Writer, names: Mapping[str, str]) -> Writer:
    return lambda value: names[str(value)] if str(value) in names else write(value)


def _cells(series: pd.Series, write: Writer, hidden: Sequence[bool], mark: str) -> list[str]:
    gap = mark if is_number(series) else MISSING
    return [
        (gap if secret else MISSING) if pd.isna(value) else write(value)
        for value, secret in zip(series, hidden, strict=True)
    ]


def _merged_cells(
    frame: pd.DataFrame, hidden: Sequence[bool], mark: str, *, as_percent: bool
) -> list[str]:
    numbers = [[as_float(cell) for cell in frame[name]] for name in (ESTIMATE, *_BOUNDS)]
    decimals = 0 if as_percent else decimals_for(itertools.chain(*numbers))
    texts = [
        estimate_interval(*three, as_percent=as_percent, decimals=decimals)
        for three in zip(*numbers, strict=True)
    ]
    return [
        mark if secret and text == MISSING else text
        for text, secret in zip(texts, hidden, strict=True)
    ]


def _estimate_label(as_percent: bool, level: float | None) -> str:
    name = "Percentage" if as_percent else "Estimate"
    return name if level is None else f"{name} ({100 * level:g}% interval)"


def _note(
    frame: pd.DataFrame,
    hidden: Sequence[bool],
    cells: Sequence[Sequence[str]],
    mark: str,
    *,
    told: bool,
) -> str:
    if not any(mark in column for column in cells):
        return ""
    reasons: list[str] = []
    if NOTE in frame.columns and not told:
        given = [
            str(text)
            for text, secret in zip(frame[NOTE], hidden, strict=True)
            if secret and not pd.isna(text) and str(text).strip()
        ]
        reasons = [text.removeprefix(f"{WITHHELD}: ").rstrip(".") for text in dict.fromkeys(given)]
    lead = f"{mark} = withheld to protect people's privacy" if mark == WITHHELD_SYMBOL else ""
    if lead:
        return lead + (f": {'; '.join(reasons)}." if reasons else ".")
    return f"Withheld: {'; '.join(reasons)}." if reasons else ""
