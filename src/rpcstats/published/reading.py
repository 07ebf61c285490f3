"""Drafts of printed figures, as people keep them: read, completed, and each fault named."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pandas as pd

from rpcstats.data.plain_yaml import load_yaml
from rpcstats.errors import SchemaError
from rpcstats.published.facts import FACT_COLUMNS, Fact, fact_faults

OPTIONAL: Final = ("items", "scale_min", "scale_max")
NEEDED: Final = ("measure", "value")
SUFFIXES: Final = (".csv", ".xlsx", ".yml", ".yaml")
DRAFT: Final = "draft"

_UNITS: Final = ((r"%$", "percent"), (r"^\u00a3", "gbp"))
_NO_UNIT: Final = (
    "it has no unit: write percent, count, mean, sd or test, or put % behind the value"
)
_WHOLE: Final = re.compile(r"\d{1,3}(,\d{3})+|\d+")


def read_draft(path: Path) -> pd.DataFrame:
    """Read a table of printed figures, every cell as text.

    Parameters
    ----------
    path : Path
        A CSV, XLSX or YAML file (a list of mappings), or a folder with `facts.csv`.

    Returns
    -------
    DataFrame
        Every column text; an empty cell is an empty text.

    Raises
    ------
    SchemaError
        If the file is not there, is of another kind, is empty, or lacks `measure` or `value`.
    """
    found = path / "facts.csv" if path.is_dir() else path
    if not found.is_file():
        raise SchemaError("The figures can't be read", [f"{found.name} is not there"])
    if found.suffix not in SUFFIXES:
        raise SchemaError("The figures can't be read", [f"give one of {', '.join(SUFFIXES)}"])
    frame = _loaded(found)
    missing = [name for name in NEEDED if name not in frame]
    if missing:
        faults = [f"column {name} is missing" for name in missing]
        raise SchemaError(f"{found.name} is no table of figures", faults)
    if frame.empty:
        raise SchemaError(f"{found.name} is no table of figures", ["it has no rows"])
    return frame


def sound_facts(frame: pd.DataFrame) -> tuple[list[Fact], tuple[str, ...]]:
    """Complete the figures of a draft and leave out those with a fault.

    Parameters
    ----------
    frame : DataFrame
        Columns of `FACT_COLUMNS`, of which `measure` and `value` have to be there.

    Returns
    -------
    facts : list of dict
        Sound figures, every field text.
    faults : tuple of str
        A line a fault: the figure, what is wrong, and how to mend it.
    """
    known = [name for name in (*FACT_COLUMNS, *OPTIONAL) if name in frame]
    unknown = len([name for name in frame if name not in (*FACT_COLUMNS, *OPTIONAL)])
    faults = []
    if unknown:
        left_out = "column was" if unknown == 1 else "columns were"
        known_words = ", ".join(FACT_COLUMNS)
        faults.append(f"{unknown} unknown {left_out} left out; keep to {known_words}")
    facts: list[Fact] = []
    seen: set[str] = set()
    for row, given in enumerate(frame[known].to_dict("records"), start=2):
        fact = _completed({str(name): str(text).strip() for name, text in given.items()}, row)
        wrong = list(_faults(fact, seen))
        seen.add(fact["fact_id"])
        name = fact["fact_id"] if given.get("fact_id") else "no fact_id"
        faults += [f"{name} (row {row}): {fault}" for fault in wrong]
        if not wrong:
            facts.append(fact)
    return facts, tuple(faults)


def _loaded(path: Path) -> pd.DataFrame:
    try:
        if path.suffix == ".csv":
            return pd.read_csv(path, dtype="str", keep_default_na=False, encoding="utf-8-sig")
        if path.suffix == ".xlsx":
            return pd.read_excel(path, dtype="str", keep_default_na=False).fillna("")
    except (
        pd.errors.ParserError,
        pd.errors.EmptyDataError,
        UnicodeDecodeError,
        ValueError,
    ) as error:
        raise SchemaError(
            f"{path.name} can't be read", ["save it again as CSV in UTF-8, or as XLSX"]
        ) from error
    given = load_yaml(path.read_text("utf-8"))
    if not isinstance(given, list) or not all(isinstance(entry, dict) for entry in given):
        raise SchemaError(f"{path.name} is no table of figures", ["write a list of mappings"])
    texts = [{str(k): "" if v is None else str(v) for k, v in entry.items()} for entry in given]
    return pd.DataFrame(texts, dtype="str").fillna("")


def _completed(given: Fact, row: int) -> Fact:
    """Fill in what a draft need not say."""
    fact = dict.fromkeys(FACT_COLUMNS, "") | given
    value = fact["value"].replace("\u2212", "-")
    for pattern, unit in _UNITS:
        if re.search(pattern, value):
            fact["unit"] = fact["unit"] or unit
            value = re.sub(pattern, "", value).strip()
    if _WHOLE.fullmatch(value):
        value = value.replace(",", "")
    fact["value"] = value
    fact["unit"] = fact["unit"] or ("count" if value.isdigit() else "")
    exactness = "rounded" if fact["unit"] == "percent" else "exact"
    fact["qualifier"] = fact["qualifier"] or exactness
    fact["fact_id"] = fact["fact_id"] or f"row {row}"
    fact["source"] = fact["source"] or DRAFT
    fact["council"] = fact["council"] or DRAFT
    return fact


def _faults(fact: Fact, seen: set[str]) -> Iterator[str]:
    if fact["fact_id"] in seen:
        yield "its fact_id comes more than once: give each figure its own"
    if not fact["unit"]:
        is_number = re.fullmatch(r"-?\d+(\.\d+)?", fact["value"])
        yield _NO_UNIT if is_number else "value is text where a number belongs"
        return
    yield from fact_faults(fact)
    numbers = [fact.get(name, "") for name in OPTIONAL]
    if not all(re.fullmatch(r"-?\d*", text) for text in numbers):
        yield f"{', '.join(OPTIONAL)} must be whole numbers"
