"""Rows of a censored sample: the columns a formula names, and who belongs to which group."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

import pandas as pd

from rpcstats.errors import DataError
from rpcstats.formula.columns import complete_rows, read_columns
from rpcstats.formula.groups import cluster_groups, group_columns, make_groups
from rpcstats.formula.parse import Formula, Surv, parse_formula
from rpcstats.formula.responses import read_weights
from rpcstats.formula.specials import censored_response, refuse_specials


@dataclass(frozen=True, slots=True, eq=False)
class SampleRows:
    """Columns of a sample, before its response is read.

    Attributes
    ----------
    formula : Formula
        The formula taken apart.
    response : Surv
        Its left side.
    whole : pandas.DataFrame
        Every row given.
    frame : pandas.DataFrame
        Rows without a missing value.
    by : tuple of str
        Columns whose combinations are the groups.
    weights : str or None
        Column of case weights.
    """

    formula: Formula
    response: Surv
    whole: pd.DataFrame
    frame: pd.DataFrame
    by: tuple[str, ...]
    weights: str | None

    def members(self) -> dict[str, Any]:
        """Read what every sample of groups holds beside its response.

        Returns
        -------
        dict
            weights, groups, strata, clusters, cluster_names and n_missing.

        Raises
        ------
        DataError
            If weights are no finite numbers above 0, or every row is in one cluster.
        """
        frame, names = self.frame, tuple(dict.fromkeys(self.formula.cluster))
        return {
            "weights": None if self.weights is None else read_weights(frame[self.weights]),
            "groups": make_groups(frame, self.by),
            "strata": make_groups(frame, self.formula.strata),
            "clusters": tuple(groups.codes for groups in cluster_groups(frame, names)),
            "cluster_names": names,
            "n_missing": len(self.whole) - len(frame),
        }


def sample_rows(
    formula: str | Formula, data: Any, *, weights: str | None, allow: Collection[str]
) -> SampleRows:
    """Take the columns of a sample, rows with missing values left out.

    Parameters
    ----------
    formula : str or Formula
        ``Surv(…) ~ columns``.
    data : frame
        pandas, or any frame narwhals reads.
    weights : str or None
        Column of case weights.
    allow : collection of {"strata", "cluster"}
        Special terms the estimator understands; the others are refused.

    Returns
    -------
    SampleRows
        The rows.

    Raises
    ------
    FormulaError
        If the formula can't be read, or names a column that is not there.
    DataError
        If no complete row is left.
    """
    parsed = formula if isinstance(formula, Formula) else parse_formula(formula)
    response = censored_response(parsed)
    refuse_specials(parsed, allow)
    by = group_columns(parsed)
    extra = () if weights is None else (weights,)
    wanted = (*response.columns, *by, *parsed.strata, *parsed.cluster, *extra)
    whole = read_columns(data, wanted, copy=False)  # every array that is kept is made from these
    complete = complete_rows(whole)
    frame = whole if complete.all() else whole[complete]
    if len(frame) == 0:
        raise DataError("Every row has a missing value in a column of the formula.")
    return SampleRows(parsed, response, whole, frame, by, weights)
