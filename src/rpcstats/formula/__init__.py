"""Formulas: R's notation to checked arrays and design matrices."""

from rpcstats.formula.censored import CensoredSample, censored_sample
from rpcstats.formula.columns import read_columns
from rpcstats.formula.design import Design, design
from rpcstats.formula.groups import Groups, group_columns, make_groups
from rpcstats.formula.parse import Formula, RandomTerm, Surv, parse_formula

__all__ = [
    "CensoredSample",
    "Design",
    "Formula",
    "Groups",
    "RandomTerm",
    "Surv",
    "censored_sample",
    "design",
    "group_columns",
    "make_groups",
    "parse_formula",
    "read_columns",
]
