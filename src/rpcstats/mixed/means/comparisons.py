"""From means to the comparisons among them."""

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
import pandas as pd

from rpcstats.errors import ParameterError
from rpcstats.mixed.means.contrast_rows import Method, contrast_rows
from rpcstats.mixed.means.contrasts import Contrasts
from rpcstats.mixed.means.linear_functions import LinearFunctions
from rpcstats.mixed.means.multiplicity import Adjust, check_adjust
from rpcstats.mixed.structure.model_frame import FloatArray, IntArray

_DEFAULTS: Final[dict[str, Adjust]] = {
    "pairwise": "tukey",
    "reference": "dunnett",
    "eff": "fdr",
    "polynomial": "none",
}
# Coefficients whose sum is below this, relatively, sum to zero.
_ZERO_SUM: Final = 1e-12


def compare_means(
    cells: pd.DataFrame,
    functions: LinearFunctions,
    method: Method,
    *,
    by: tuple[str, ...],
    adjust: Adjust | None,
    reference: Any,
    ratio: str,
    note: str,
    conf_level: float,
    seed: int,
) -> Contrasts:
    """Compare means within families.

    Parameters
    ----------
    cells : pandas.DataFrame
        Values of the variables, one row a mean.
    functions : LinearFunctions
        The means.
    method : str or mapping
        Which comparisons.
    by : tuple of str
        Variables within whose values means are compared.
    adjust : str or None
        How p-values and limits are adjusted; by the method if None.
    reference : object
        Level of the reference; the first if None.
    ratio : str
        What exponentiated differences are; empty for differences.
    note : str
        What a reader should know besides.
    conf_level : float
        Level of the intervals.
    seed : int
        Seed of quasi-random points.

    Returns
    -------
    Contrasts
        The comparisons.

    Raises
    ------
    ParameterError
        If an option is unknown, or options don't go together.
    """
    unknown = [name for name in by if name not in cells.columns]
    if unknown:
        raise ParameterError("by names a variable without means", ["name it in specs first"])
    named = method if isinstance(method, str) else "named"
    chosen = adjust if adjust is not None else _DEFAULTS.get(named, "none")
    check_adjust(chosen, method)
    within = [name for name in cells.columns if name in by]
    compared = [name for name in cells.columns if name not in by]
    families = _families(cells, within)
    parts = [
        _compare_family(cells[compared], places, method, reference, joiner="/" if ratio else "-")
        for places in families
    ]
    weights = np.vstack([part[1] for part in parts])
    if ratio and not _sums_to_zero(weights):
        raise ParameterError(
            "Only comparisons whose coefficients sum to 0 are ratios", ["give exponentiate=False"]
        )
    sizes = [len(part[0]) for part in parts]
    n_mean = [int(functions.chosen(places).is_estimable.sum()) for places in families]
    firsts = np.repeat([int(places[0]) for places in families], sizes)
    return Contrasts(
        cells=cells.iloc[firsts][within].reset_index(drop=True),
        names=tuple(name for part in parts for name in part[0]),
        functions=functions.combined(weights),
        family=np.repeat(np.arange(len(parts), dtype=np.int64), sizes),
        n_mean=np.repeat(np.array(n_mean, dtype=np.int64), sizes),
        adjust=chosen,
        ratio=ratio,
        note=note,
        conf_level=conf_level,
        seed=seed,
    )


def _compare_family(
    cells: pd.DataFrame, places: IntArray, method: Method, reference: Any, *, joiner: str
) -> tuple[tuple[str, ...], FloatArray]:
    """Give the names of the comparisons of one family, and their weights over all means."""
    means = cells.iloc[places].reset_index(drop=True)
    names, rows = contrast_rows(
        method,
        _labels(means),
        scores=_scores(means),
        reference=_place_of(means, reference),
        joiner=joiner,
    )
    weights = np.zeros((len(rows), len(cells)))
    weights[:, places] = rows
    return names, weights


def _sums_to_zero(weights: FloatArray) -> bool:
    size = np.abs(weights).sum(axis=1)
    return bool((np.abs(weights.sum(axis=1)) <= _ZERO_SUM * len(weights.T) * size).all())


def _families(cells: pd.DataFrame, within: list[str]) -> list[IntArray]:
    """List the rows of each combination of the variables within which means are compared."""
    if not within:
        return [np.arange(len(cells), dtype=np.int64)]
    number = cells.groupby(within, sort=False, observed=True).ngroup().to_numpy()
    return [np.flatnonzero(number == k) for k in range(int(number.max()) + 1)]


def _labels(means: pd.DataFrame) -> list[str]:
    return [" ".join(_shown(value) for value in row) for row in _records(means)]


def _records(means: pd.DataFrame) -> list[tuple[Any, ...]]:
    return list(zip(*(means[name] for name in means.columns), strict=True)) or [()] * len(means)


def _shown(value: Any) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)


def _scores(means: pd.DataFrame) -> FloatArray | None:
    """Give the positions of means that differ in one variable of numbers."""
    if len(means.columns) != 1:
        return None
    values = means.iloc[:, 0]
    if not pd.api.types.is_numeric_dtype(values.dtype):
        return None
    return values.to_numpy(dtype=np.float64)


def _place_of(means: pd.DataFrame, reference: Any) -> int:
    if reference is None:
        return 0
    wanted: Sequence[Any] = reference if isinstance(reference, tuple) else (reference,)
    found = [place for place, row in enumerate(_records(means)) if row == tuple(wanted)]
    if not found:
        raise ParameterError("There is no mean of that reference", ["give one of the levels"])
    return found[0]
