"""Tables: a tidy frame in, a frozen table out; and the words for numbers in prose."""

from rpcstats._wording import (
    count,
    decimals_for,
    estimate_interval,
    interval,
    number,
    p_value,
    percent,
    points,
)
from rpcstats.tables.summary import Summary
from rpcstats.tables.table import Table
from rpcstats.tables.tabulate import tabulate

__all__ = [
    "Summary",
    "Table",
    "count",
    "decimals_for",
    "estimate_interval",
    "interval",
    "number",
    "p_value",
    "percent",
    "points",
    "tabulate",
]
