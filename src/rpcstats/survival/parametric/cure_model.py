"""Mixture cure models: people who never have the event among people who do."""

from typing import Any, Final, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from rpcstats._numerics.arguments import as_word, check_flags
from rpcstats._numerics.intervals import check_conf_level
from rpcstats.errors import FormulaError, ParameterError
from rpcstats.formula import Design, Formula, design, parse_formula
from rpcstats.formula.columns import read_columns
from rpcstats.formula.design import fixed_columns
from rpcstats.formula.specials import refuse_specials
from rpcstats.mixed.structure.rank import find_rank
from rpcstats.survival.parametric.cure_fit import CureFit
from rpcstats.survival.parametric.estimate_cure import estimate_cure
from rpcstats.survival.parametric.families import Distribution
from rpcstats.survival.parametric.read_sample import Sample, read_sample
from rpcstats.survival.parametric.survreg import check_strata
from rpcstats.survival.structure.remarks import warn_of

FloatArray = NDArray[np.float64]

LATENCIES: Final[tuple[Distribution, ...]] = (
    "weibull",
    "exponential",
    "lognormal",
    "loglogistic",
    "gamma",
    "generalised_gamma",
)


class Incidence(NamedTuple):
    """Covariates of the cured fraction.

    Attributes
    ----------
    design : Design
        Their encoding.
    Z : ndarray of shape (n, q)
        Columns of full rank.
    names : tuple of str
        Their names.
    columns : ndarray of shape (q,), int
        Where they stand in the design.
    """

    design: Design
    Z: FloatArray
    names: tuple[str, ...]
    columns: NDArray[np.int64]


def cure_model(
    formula: str | Formula,
    data: Any,
    *,
    cure: str = "~ 1",
    dist: Distribution = "weibull",
    weights: str | None = None,
    robust: bool = False,
    conf_level: float = 0.95,
) -> CureFit:
    """Fit a mixture cure model by maximum likelihood.

    Parameters
    ----------
    formula : str or Formula
        Times of those who have the event, as in `survreg`: right, left and interval censoring,
        late entry, strata(), cluster() and offset().
    data : frame
        pandas, or any frame narwhals reads; it is not changed.
    cure : str
        Right side of the log odds of never having the event, such as "~ mode".
    dist : {"weibull", "exponential", "lognormal", "loglogistic", "gamma", "generalised_gamma"}
        Distribution of the times of those who have it.
    weights : str, optional
        Column of case weights above 0: a weight of 2 counts as two rows.
    robust : bool
        Whether to take the sandwich covariance with each row a cluster; cluster() does so anyway.
    conf_level : float
        Level of the intervals.

    Returns
    -------
    CureFit
        The fit.

    Raises
    ------
    FormulaError
        If a formula can't be read, or names a column that is not there.
    DataError
        If times, events or weights break their conditions, or no row is an event.
    ParameterError
        If an option is unknown or out of range.

    Warns
    -----
    ConvergenceWarning
        If the search did not end at a maximum, or the cured fraction is estimated as 0.

    Notes
    -----
    Survival is c + (1 − c) S(t), log(c / (1 − c)) = z'g and S that of `survreg` (Boag 1949;
    Farewell 1982). The share c is told from a long tail of S only where people were followed
    past the time by which nearly all who would have had the event have had it; Maller and Zhou's
    (1994) check is among the remarks.
    """
    check_flags(robust=robust)
    check_conf_level(conf_level)
    if as_word(dist) not in LATENCIES:
        raise ParameterError("dist is unknown", [f"choose one of {', '.join(LATENCIES)}"])
    right = _parse_cure(cure)
    sample = read_sample(formula, data, weights=weights, beside=fixed_columns(right))
    check_strata(sample.has_strata, dist, "aft")
    fit = estimate_cure(
        sample.frame, _incidence(right, data, sample), dist, robust=robust, conf_level=conf_level
    )
    warn_of(fit.trouble)
    return fit


def _parse_cure(cure: str) -> Formula:
    text = cure.strip() if isinstance(cure, str) else ""
    if not text.startswith("~"):
        raise FormulaError('cure is the right side of a formula, such as "~ mode" or "~ 1".')
    parsed = parse_formula(text)
    refuse_specials(parsed, ())
    return parsed


def _incidence(right: Formula, data: Any, sample: Sample) -> Incidence:
    columns = fixed_columns(right)
    kept = sample.frame.kept
    if columns:
        table = read_columns(data, columns).iloc[kept].reset_index(drop=True)
    else:
        table = pd.DataFrame(index=pd.RangeIndex(len(kept)))
    built = design(right, table)
    places = find_rank(built.X).kept
    Z = np.ascontiguousarray(built.X[:, places])
    return Incidence(built, Z, tuple(built.names[place] for place in places), places)
