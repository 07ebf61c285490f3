"""Rows of a censored sample: the columns a formula names, and who belongs to which group."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from rpcstats.errors import DataError
from rpcstats.formula.columns import missing_cells, named_columns
from rpcstats.formula.groups import Groups, coded_clusters, coded_groups, group_columns
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
    whole : mapping of str to pandas.Series
        The columns, with every row given.
    columns : mapping of str to pandas.Series
        The columns, with the rows without a missing value.
    by : tuple of str
        Columns whose combinations are the groups.
    weights : str or None
        Column of case weights.
    """

    formula: Formula
    response: Surv
    whole: Mapping[str, pd.Series]
    columns: Mapping[str, pd.Series]
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
        columns, names = self.columns, tuple(dict.fromkeys(self.formula.cluster))
        clusters = coded_clusters(names, [columns[name] for name in names])
        groups = self._groups(self.by)
        is_same = self.by == self.formula.strata
        return {
            "weights": None if self.weights is None else read_weights(columns[self.weights]),
            "groups": groups,
            "strata": groups if is_same else self._groups(self.formula.strata),
            "clusters": tuple(groups.codes for groups in clusters),
            "cluster_names": names,
            "n_missing": len(self.whole[self.response.time]) - len(columns[self.response.time]),
        }

    def _groups(self, names: tuple[str, ...]) -> Groups:
        columns = [self.columns[name] for name in names]
        return coded_groups(names, columns, len(self.columns[self.response.time]))


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
    whole = named_columns(data, wanted)  # every array that is kept is made from these
    columns = _complete(whole)
    if len(columns[response.time]) == 0:
        raise DataError("Every row has a missing value in a column of the formula.")
    return SampleRows(parsed, response, whole, columns, by, weights)


def _complete(whole: Mapping[str, pd.Series]) -> Mapping[str, pd.Series]:
    """Leave out rows with a missing value."""
    found = [missing for column in whole.values() if (missing := missing_cells(column)) is not None]
    if not found:
        return whole
    kept = ~np.logical_or.reduce(found)
    return {name: column[kept] for name, column in whole.items()}
