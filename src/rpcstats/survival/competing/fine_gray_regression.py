"""Regression of the sub-distribution hazard: a formula and a frame to a fit."""

from collections.abc import Iterable, Sequence
from typing import Any, get_args

from rpcstats._numerics.arguments import as_word
from rpcstats._numerics.intervals import check_conf_level
from rpcstats.errors import ParameterError
from rpcstats.formula import Groups, make_groups, read_columns
from rpcstats.survival.competing._censoring_weights import WeightVariance
from rpcstats.survival.competing.fine_gray_estimation import estimate_fine_gray
from rpcstats.survival.competing.fine_gray_fit import FineGrayFit
from rpcstats.survival.competing.small_codes import with_small_codes, with_small_places
from rpcstats.survival.structure.build import hazard_frame, no_groups
from rpcstats.survival.structure.hazard_frame import HazardFrame
from rpcstats.survival.structure.remarks import warn_of


def fine_gray(
    formula: str,
    data: Any,
    *,
    cause: str,
    censored: Sequence[str] | None = None,
    variance: WeightVariance = "fine-gray",
    censoring_by: str | Sequence[str] | None = None,
    weights: str | None = None,
    conf_level: float = 0.95,
) -> FineGrayFit:
    """Estimate ratios of the sub-distribution hazard of one cause.

    Parameters
    ----------
    formula : str
        ``"Surv(time, cause) ~ mode + age"``, or ``Surv(entry, time, cause)`` for late entry.
        ``strata(council)`` gives each council a baseline of its own, ``cluster(group_id)``
        makes standard errors robust to clustering (two columns: in both ways), ``offset(x)``
        has coefficient 1.
    data : frame
        pandas, or any frame narwhals reads; what `followup` gives is understood as it is. Rows
        with a missing value are left out and counted.
    cause : str
        The cause of interest; the others compete with it.
    censored : sequence of str, optional
        Causes that count as censored; if not given, those the frame declares
        (``data.attrs["censored"]``), else the first category.
    variance : {"fine-gray", "jackknife", "known-weights"}
        Fine and Gray's, which counts in that the censoring weights are estimated (R's crr); the
        infinitesimal jackknife, which is the same but exact where times tie; or the sandwich
        that takes the weights as known (R's coxph on finegray rows).
    censoring_by : str or sequence of str, optional
        Columns whose combinations have a censoring distribution each; one for all if not given.
    weights : str, optional
        Column of case weights above 0; errors are right for sampling weights.
    conf_level : float
        Level of the intervals.

    Returns
    -------
    FineGrayFit
        The fit.

    Raises
    ------
    FormulaError
        If the formula can't be read, or names a column that is not there.
    DataError
        If the data can't be fitted; every fault found is told.
    ParameterError
        If `cause` is none of those that happened, or an option is unknown or out of range.

    Warns
    -----
    ConvergenceWarning
        If the likelihood has no maximum because the covariates tell apart who has the event, or
        the search for it failed.

    Notes
    -----
    Fine and Gray (1999), ties by Breslow's method. A row with a competing event stays in the
    risk sets after it, with the chance of not yet being censored as its weight, G(t-) / G(T-);
    at a tie censoring comes after events. With late entry the chance of having entered is a
    factor too (Geskus 2011). Clusters: Zhou, Fine, Latouche and Labopin (2012); strata: Zhou,
    Latouche, Rocha and Fine (2011). A ratio above 1 means a higher incidence of the cause at
    every time, for whatever reason, fewer competing events included; `cause_specific` tells the
    reasons apart.
    """
    if as_word(variance) not in get_args(WeightVariance):
        raise ParameterError(
            "variance is unknown", [f"choose one of {', '.join(get_args(WeightVariance))}"]
        )
    check_conf_level(conf_level)
    columns = _named(censoring_by)
    frame = hazard_frame(
        formula,
        data,
        response="cause",
        weights=weights,
        censored=censored,
        beside=columns,
        lazily=True,
    )
    frame = with_small_places(with_small_codes(frame))
    if len(frame.clusters) > 2:
        raise ParameterError("cluster() takes one column or two", ["leave out the others"])
    fit = estimate_fine_gray(
        frame,
        cause=cause,
        groups=_censoring_groups(frame, data, columns),
        variance=variance,
        conf_level=conf_level,
    )
    warn_of(fit.trouble)
    return fit


def _named(censoring_by: str | Sequence[str] | None) -> tuple[str, ...]:
    if censoring_by is None:
        return ()
    if isinstance(censoring_by, str):
        return (censoring_by,)
    found = tuple(censoring_by) if isinstance(censoring_by, Iterable) else (censoring_by,)
    if not all(isinstance(name, str) for name in found):
        raise ParameterError(
            "censoring_by names no column", ["give a name or names, such as censoring_by='council'"]
        )
    return found


def _censoring_groups(frame: HazardFrame, data: Any, columns: tuple[str, ...]) -> Groups:
    if not columns:
        return no_groups(frame.n_obs)
    read = read_columns(data, columns).iloc[frame.kept].reset_index(drop=True)
    return make_groups(read, columns)
