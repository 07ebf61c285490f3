"""Checks across rows and tables: rules, references and the grid of areas and months."""

from typing import Final

import numpy as np
import pandas as pd

from rpcstats.data.faults import Fault, fault_in_rows
from rpcstats.data.rules import Rule, Tables
from rpcstats.data.rules_attendance import ATTENDANCE_RULES
from rpcstats.data.rules_other import OTHER_RULES
from rpcstats.data.rules_pathway import PATHWAY_RULES
from rpcstats.data.rules_scores import SCORE_RULES
from rpcstats.data.schema import Column, TableSchema
from rpcstats.data.tables import TABLES

RULES: Final[tuple[Rule, ...]] = (
    *PATHWAY_RULES,
    *ATTENDANCE_RULES,
    *SCORE_RULES,
    *OTHER_RULES,
)


def check_tables(tables: Tables) -> list[Fault]:
    """Check typed tables against each other.

    Parameters
    ----------
    tables : Tables
        The typed tables of an extract.

    Returns
    -------
    list of Fault
        Dangling ids, broken rules and gaps.
    """
    faults: list[Fault] = []
    for name, table in TABLES.items():
        for column in table.columns:
            if column.references and tables.has(f"{name}.{column.name}"):
                faults += _dangling(tables, table, column)
    faults += [fault for rule in RULES if (fault := rule.run(tables)) is not None]
    return faults + _gaps(tables)


def _dangling(tables: Tables, table: TableSchema, column: Column) -> list[Fault]:
    targets = [path for path in column.references if tables.has(path)]
    if not targets:
        return []
    frame = tables[table.name]
    ids = frame[column.name]
    known: set[str] = set()
    for path in targets:
        target, _, key = path.partition(".")
        known |= set(tables[target][key].dropna())
    dangling = ids.notna() & ~ids.isin(known)
    absent = [path for path in column.references if path not in targets]
    if "episodes.episode_id" in absent:
        return []  # most ids are those of episodes: none can be judged
    if absent and "respondent" in frame:
        dangling &= (frame["respondent"] != "practitioner").fillna(value=True)
    broken = np.asarray(dangling, dtype=bool)
    if not broken.any():
        return []
    named = " or ".join(targets)
    rule = f"an id that {named} does not hold"
    hint = f"add the row to {named.partition('.')[0]}, or mend the id"
    rows = frame.index.to_numpy()[broken]
    return [fault_in_rows((table.name, column.name), rule, rows, hint)]


def _gaps(tables: Tables) -> list[Fault]:
    """Count the months an area lacks for a measure that other areas have."""
    needed = ("area_periods.area_id", "area_periods.period", "area_periods.measure")
    if not all(tables.has(path) for path in needed):
        return []
    frame = tables["area_periods"].dropna(subset=["area_id", "period", "measure"])
    missing = 0
    for _, part in frame.groupby("measure", observed=True):
        months = pd.PeriodIndex(part["period"], freq="M")
        span = (months.max() - months.min()).n + 1
        there = part[["area_id", "period"]].drop_duplicates()
        missing += span * part["area_id"].nunique() - len(there)
    if not missing:
        return []
    rule = "months are missing from the grid of areas and months"
    hint = "add a row for each, with 0 events where there were none"
    return [Fault("area_periods", "period", rule, missing, (), hint, "warning")]
