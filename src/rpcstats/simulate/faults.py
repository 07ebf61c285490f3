"""Printed tables that are true, and the same with one known reporting fault."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final, Literal

import numpy as np
import pandas as pd

from rpcstats.simulate.counts import printed_percent

Fault = Literal[
    "none", "base_switch", "completers_as_base", "truncation", "digit_slip", "wrong_total"
]
Row = dict[str, str]

FAULTS: Final[Mapping[Fault, str]] = MappingProxyType(
    {
        "none": "every figure true",
        "base_switch": "a percentage of another base than the one printed with it",
        "completers_as_base": "a percentage of those who answered, said to be of completers",
        "truncation": "a percentage cut off where it should have been rounded",
        "digit_slip": "a percentage with one wrong digit",
        "wrong_total": "a total that is not the sum of its parts",
    }
)
"""What each fault is, in words."""

STAGES: Final = ("referrals", "enrolled", "started", "retained", "completed", "answered")
PASSING: Final = (0.76, 0.85, 0.80, 0.90, 0.80)
"""Chance of each stage given the one before: assumed, near those of published services."""

SHARES: Final[Mapping[str, tuple[str, float]]] = MappingProxyType(
    {
        "online": ("referrals", 0.85),
        "resident": ("referrals", 0.72),
        "milestones": ("started", 0.75),
        "goal_progress": ("answered", 0.80),
        "agree_well_led": ("answered", 0.97),
    }
)
"""Measure, the stage it is a share of, and its chance: assumed."""

FEWEST: Final = 40
MOST: Final = 160


@dataclass(frozen=True, slots=True, eq=False)
class FaultyTables:
    """Synthetic printed tables, some with one fault each.

    Attributes
    ----------
    facts : DataFrame
        Printed figures, every column text; `source` numbers the table.
    injected : DataFrame
        One row a table: source, fault, fact_id of the figure at fault (empty for none).
    """

    facts: pd.DataFrame
    injected: pd.DataFrame


def faulty_tables(n: int, *, seed: int) -> FaultyTables:
    """Draw printed tables, n true ones and n with each fault.

    Parameters
    ----------
    n : int
        Tables of each kind.
    seed : int
        Seed.

    Returns
    -------
    FaultyTables
        Synthetic. A fault always changes what is printed: a table in which it would not, for
        example because nothing is lost by cutting off, is drawn again.
    """
    rng = np.random.default_rng(seed)
    rows: list[Row] = []
    injected = []
    for fault in FAULTS:
        for i in range(n):
            source = f"{fault} {i}"
            table, fact_id = _table_with(rng, fault)
            for row in table:
                rows.append(row | {"source": source, "fact_id": f"{source} {row['fact_id']}"})
            name = f"{source} {fact_id}" if fact_id else ""
            injected.append({"source": source, "fault": fault, "fact_id": name})
    facts = pd.DataFrame(rows, dtype="str").fillna("")
    return FaultyTables(facts, pd.DataFrame(injected))


def _table_with(rng: np.random.Generator, fault: Fault) -> tuple[list[Row], str]:
    while True:
        table = _true_table(rng)
        if fault == "none":
            return table, ""
        fact_id = _INJECT[fault](rng, table)
        if fact_id:
            return table, fact_id


def _true_table(rng: np.random.Generator) -> list[Row]:
    counts = {"referrals": int(rng.integers(FEWEST, MOST + 1))}
    for before, stage, p in zip(STAGES, STAGES[1:], PASSING, strict=False):
        counts[stage] = max(1, int(rng.binomial(counts[before], p)))
    rows = [_count(stage, counts[stage]) for stage in STAGES]
    women = int(rng.binomial(counts["referrals"], 0.64))
    for level, part in (("female", women), ("male", counts["referrals"] - women)):
        rows.append(_count("referrals", part, f"sex={level}"))
    for measure, (stage, p) in SHARES.items():
        base = counts[stage]
        rows.append(_share(measure, int(rng.binomial(base, p)), base))
    return rows


def _count(measure: str, count: int, breakdown: str = "") -> Row:
    return {
        "fact_id": f"{measure} {breakdown}".strip(), "measure": measure, "value": str(count),
        "unit": "count", "population": "parents", "breakdown": breakdown, "denominator": "",
        "numerator": "",
    }  # fmt: skip


def _share(measure: str, k: int, base: int) -> Row:
    """Print a share with its base; its numerator is kept aside in the note."""
    return {
        "fact_id": measure, "measure": measure, "value": _rounded(k, base), "unit": "percent",
        "population": "parents", "breakdown": "", "denominator": str(base), "numerator": "",
        "note": str(k),
    }  # fmt: skip


def _rounded(k: int, base: int) -> str:
    return str(printed_percent(k, base))


def _by_id(table: list[Row], fact_id: str) -> Row:
    return next(row for row in table if row["fact_id"] == fact_id)


def _any_share(rng: np.random.Generator, table: list[Row]) -> Row:
    shares = [row for row in table if row["unit"] == "percent"]
    return shares[int(rng.integers(len(shares)))]


def _print(row: Row, value: str) -> str:
    """Print another value; give the figure at fault, or nothing if it reads the same."""
    if value == row["value"] or not 0 <= int(value) <= 100:
        return ""
    row["value"] = value
    return row["fact_id"]


def _base_switch(rng: np.random.Generator, table: list[Row]) -> str:
    row = _any_share(rng, table)
    k = int(row["note"])
    bases = [int(_by_id(table, stage)["value"]) for stage in STAGES]
    others = [base for base in bases if base >= k and str(base) != row["denominator"]]
    return _print(row, _rounded(k, others[int(rng.integers(len(others)))])) if others else ""


def _completers_as_base(_rng: np.random.Generator, table: list[Row]) -> str:
    row = _by_id(table, "goal_progress")
    completed = _by_id(table, "completed")["value"]
    if completed == row["denominator"]:
        return ""
    row["denominator"] = completed
    return row["fact_id"]


def _truncation(rng: np.random.Generator, table: list[Row]) -> str:
    row = _any_share(rng, table)
    return _print(row, str(100 * int(row["note"]) // int(row["denominator"])))


def _digit_slip(rng: np.random.Generator, table: list[Row]) -> str:
    row = _any_share(rng, table)
    place = int(rng.integers(len(row["value"])))
    digit = str(int(rng.integers(10)))
    return _print(row, f"{row['value'][:place]}{digit}{row['value'][place + 1 :]}")


def _wrong_total(rng: np.random.Generator, table: list[Row]) -> str:
    row = _by_id(table, "referrals")
    slip = int(rng.integers(1, 10)) * (1 if rng.random() < 0.5 else -1)
    if int(row["value"]) + slip < int(_by_id(table, "enrolled")["value"]):
        return ""
    row["value"] = str(int(row["value"]) + slip)
    return row["fact_id"]


_INJECT: Final[Mapping[Fault, Callable[[np.random.Generator, list[Row]], str]]] = MappingProxyType(
    {
        "base_switch": _base_switch,
        "completers_as_base": _completers_as_base,
        "truncation": _truncation,
        "digit_slip": _digit_slip,
        "wrong_total": _wrong_total,
    }
)
