"""A Cox model of rows that have been prepared, its warnings left to the caller."""

from typing import TYPE_CHECKING, Final, Literal

import pandas as pd

from rpcstats._numerics.arguments import as_word
from rpcstats._numerics.intervals import check_conf_level
from rpcstats.errors import ParameterError
from rpcstats.formula import Formula
from rpcstats.survival.structure.build import hazard_frame

if TYPE_CHECKING:
    from rpcstats.survival.cox_fit import CoxFit

SmoothTies = Literal["efron", "breslow"]
_TIES: Final = ("efron", "breslow")


def check_cox_options(ties: str, conf_level: float) -> None:
    """Refuse ways of treating ties, and levels, that are none.

    Parameters
    ----------
    ties : str
        How events at the same time are treated.
    conf_level : float
        Level of the intervals.

    Raises
    ------
    ParameterError
        If one is out of range.
    """
    check_conf_level(conf_level)
    if as_word(ties) not in _TIES:
        raise ParameterError("ties is unknown", [f"choose one of {', '.join(_TIES)}"])


def plain_cox(
    formula: Formula,
    table: pd.DataFrame,
    *,
    ties: SmoothTies,
    weights: str | None,
    conf_level: float,
) -> "CoxFit":
    """Fit a Cox model without random effects.

    Parameters
    ----------
    formula : Formula
        Response, terms, strata, clusters and offset.
    table : pandas.DataFrame
        The rows.
    ties : {"efron", "breslow"}
        How events at the same time are treated.
    weights : str or None
        Column of case weights.
    conf_level : float
        Level of the intervals.

    Returns
    -------
    CoxFit
        The fit; `trouble` says why it is not to be relied on, if so.

    Raises
    ------
    FormulaError
        If the formula names a column that is not there.
    DataError
        If the data can't be fitted.
    """
    from rpcstats.survival.cox_estimation import estimate_cox

    frame = hazard_frame(formula, table, weights=weights)
    return estimate_cox(
        frame,
        ties=ties,
        robust=False,
        penalty=0.0,
        scale_penalty=True,
        firth=False,
        conf_level=conf_level,
    )
