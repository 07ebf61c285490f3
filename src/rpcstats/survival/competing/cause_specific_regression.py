"""Cox regression of every cause: a formula and a frame to one fit a cause."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, get_args

from rpcstats._numerics.arguments import as_word, check_flags
from rpcstats._numerics.intervals import check_conf_level
from rpcstats.errors import ParameterError
from rpcstats.survival.competing.cause_specific_fit import CauseSpecificFit
from rpcstats.survival.competing.small_codes import with_small_codes
from rpcstats.survival.cox_estimation import estimate_cox
from rpcstats.survival.partial.likelihood import TieMethod
from rpcstats.survival.structure.build import hazard_frame, refuse_empty
from rpcstats.survival.structure.hazard_frame import HazardFrame
from rpcstats.survival.structure.remarks import warn_of


def cause_specific(
    formula: str,
    data: Any,
    *,
    censored: Sequence[str] | None = None,
    ties: TieMethod = "efron",
    weights: str | None = None,
    robust: bool = False,
    firth: bool = False,
    conf_level: float = 0.95,
) -> CauseSpecificFit:
    """Estimate the hazard ratios of every cause by Cox's model, the other causes censored.

    Parameters
    ----------
    formula : str
        ``"Surv(time, cause) ~ mode + age"``, or ``Surv(entry, time, cause)`` for late entry.
        ``strata(council)`` gives each council a baseline hazard of its own,
        ``cluster(group_id)`` makes standard errors robust to clustering (two columns: in both
        ways), ``offset(x)`` has coefficient 1.
    data : frame
        pandas, or any frame narwhals reads; what `followup` gives is understood as it is. Rows
        with a missing value are left out and counted.
    censored : sequence of str, optional
        Causes that count as censored; if not given, those the frame declares
        (``data.attrs["censored"]``), else the first category.
    ties : {"efron", "breslow", "exact"}
        How events at the same time are treated.
    weights : str, optional
        Column of case weights above 0: a row of weight 2 counts as two people.
    robust : bool
        Whether standard errors are robust, each row by itself, where there is no cluster().
    firth : bool
        Whether to add Firth's penalty, which keeps estimates finite under separation.
    conf_level : float
        Level of the intervals.

    Returns
    -------
    CauseSpecificFit
        One Cox fit a cause, read together.

    Raises
    ------
    FormulaError
        If the formula can't be read, or names a column that is not there.
    DataError
        If the data can't be fitted; every fault found is told.
    ParameterError
        If an option is unknown, out of range, or does not go with another.

    Warns
    -----
    ConvergenceWarning
        If the likelihood of a cause has no maximum, or the search for it failed.

    Notes
    -----
    Prentice and others (1978). A hazard ratio says how a covariate acts on those still there; how
    many leave for the cause in the end depends on the hazards of all causes, which `predict`
    puts together.
    """
    check_flags(robust=robust, firth=firth)
    _check_options(ties, weights, robust, firth)
    check_conf_level(conf_level)
    frame = with_small_codes(
        hazard_frame(
            formula, data, response="cause", weights=weights, censored=censored, lazily=True
        )
    )
    if ties == "exact" and frame.clusters:
        raise ParameterError(
            "cause_specific() can't do what was asked",
            ['cluster() can\'t be had with ties="exact": choose ties="efron"'],
        )
    if len(frame.clusters) > 2:
        raise ParameterError("cluster() takes one column or two", ["leave out the others"])
    refuse_empty(frame)
    fits = tuple(
        estimate_cox(part, ties=ties, robust=robust, firth=firth, conf_level=conf_level)
        for part in _one_cause_each(frame)
    )
    frame.covariates.matrix()  # from here on the fits, which share it, do without the data
    fit = CauseSpecificFit(frame=frame, fits=fits, conf_level=conf_level)
    warn_of(fit.trouble)
    return fit


def _one_cause_each(frame: HazardFrame) -> list[HazardFrame]:
    """Give the frame of each cause, the others censored; covariates are shared."""
    if frame.cause is None:
        raise AssertionError("the frame was read without causes")
    parts = []
    for code in range(1, len(frame.causes) + 1):
        event = frame.cause == code
        event.setflags(write=False)
        parts.append(replace(frame, event=event, cause=None, causes=(), remarks=()))
    return parts


def _check_options(ties: object, weights: object, robust: bool, firth: bool) -> None:
    faults = []
    if as_word(ties) not in get_args(TieMethod):
        faults.append(f"ties is one of {', '.join(get_args(TieMethod))}")
    if as_word(ties) == "exact":
        unfit = {"weights": weights is not None, "robust=True": robust, "firth=True": firth}
        faults += [
            f'{name} can\'t be had with ties="exact": choose ties="efron"'
            for name, is_asked in unfit.items()
            if is_asked
        ]
    if faults:
        raise ParameterError("cause_specific() can't do what was asked", faults)
