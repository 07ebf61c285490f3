"""Cox regression: a formula and a frame to a fit."""

from numbers import Real
from typing import TYPE_CHECKING, Any, get_args

from rpcstats._numerics.arguments import as_word, check_flags
from rpcstats._numerics.intervals import check_conf_level
from rpcstats.errors import ParameterError
from rpcstats.survival.cox_estimation import estimate_cox
from rpcstats.survival.cox_fit import CoxFit
from rpcstats.survival.partial.likelihood import TieMethod
from rpcstats.survival.structure.build import hazard_frame
from rpcstats.survival.structure.hazard_frame import HazardFrame
from rpcstats.survival.structure.remarks import warn_of

if TYPE_CHECKING:
    from rpcstats.survival.frailties.cox_mixed_fit import CoxMixedFit
    from rpcstats.survival.frailties.mixed_estimates import Curvature


def cox(
    formula: str,
    data: Any,
    *,
    ties: TieMethod = "efron",
    weights: str | None = None,
    robust: bool = False,
    penalty: float = 0.0,
    scale_penalty: bool = True,
    firth: bool = False,
    curvature: "Curvature | None" = None,
    theta: float | None = None,
    conf_level: float = 0.95,
) -> "CoxFit | CoxMixedFit":
    """Estimate hazard ratios by Cox's proportional-hazards model.

    Parameters
    ----------
    formula : str
        ``"Surv(time, event) ~ mode + age"``, or ``Surv(entry, time, event)`` for late entry and
        for persons in several rows. ``strata(council)`` gives each council a baseline hazard of
        its own, ``cluster(group_id)`` makes standard errors robust to clustering (two columns:
        in both ways), ``offset(x)`` has coefficient 1, ``(1 | group_id)`` is a random effect and
        ``frailty(group_id)`` a gamma frailty.
    data : frame
        pandas, or any frame narwhals reads. Rows with a missing value are left out and counted.
    ties : {"efron", "breslow", "exact"}
        How events at the same time are treated: Efron's or Breslow's approximation, or the
        exact likelihood of discrete time, which counts every set of as many rows at risk.
    weights : str, optional
        Column of case weights above 0: a row of weight 2 counts as two people.
    robust : bool
        Whether standard errors are robust, each row by itself, where there is no cluster().
    penalty : float
        Ridge penalty θ: θ/2 times the sum of squared coefficients is taken off.
    scale_penalty : bool
        Whether those are coefficients of the covariates divided by their standard deviations.
    firth : bool
        Whether to add Firth's penalty, half the log determinant of the information, which keeps
        estimates finite under separation and takes off small-sample bias.
    curvature : {"sparse", "full"}, optional
        With random effects or a frailty of many small groups, whether the curvature they share
        through the risk sets is left out, as R's coxph and coxme leave it out, or the whole is
        taken; "sparse" if not given.
    theta : float, optional
        Variance of a gamma frailty, from 0 to 10,000; estimated if not given.
    conf_level : float
        Level of the intervals.

    Returns
    -------
    CoxFit or CoxMixedFit
        The fit; the second if the formula has random effects or a frailty.

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
        If the likelihood has no maximum because the covariates tell apart who has the event, or
        the search for it failed.

    Notes
    -----
    Cox (1972); Efron (1977) and Breslow (1974) for ties, case weights as in R's survival package:
    under Efron's method tied events share their mean weight, so that weight 2 is not quite the
    same as the row given twice. Robust errors: Lin and Wei (1989); two ways: Cameron, Gelbach
    and Miller (2011). Firth's penalty: Heinze and Schemper (2001).

    Examples
    --------
    >>> import pandas as pd
    >>> from rpcstats.survival.cox_regression import cox
    >>> rows = {"time": [1, 3, 4, 6, 7, 9], "event": [1, 1, 0, 1, 1, 0], "x": [1, 0, 1, 1, 0, 0]}
    >>> fit = cox("Surv(time, event) ~ x", pd.DataFrame(rows))
    >>> fit.tidy(exponentiate=True)["estimate"].round(3).tolist()
    [2.924]
    """
    check_flags(robust=robust, scale_penalty=scale_penalty, firth=firth)
    _check_options(ties, penalty, firth=firth, robust=robust, is_weighted=weights is not None)
    check_conf_level(conf_level)
    frame = hazard_frame(
        formula,
        data,
        allow=("strata", "cluster", "offset", "frailty", "random"),
        weights=weights,
        lazily=True,
    )
    _check_against_formula(frame, ties, penalty, firth, robust)
    _check_mixed_options(frame, curvature, theta)
    if frame.blocks or frame.frailty is not None:
        from rpcstats.survival.frailties.fit import fit_mixed_cox

        return fit_mixed_cox(
            frame,
            ties=ties,
            conf_level=conf_level,
            curvature="sparse" if curvature is None else curvature,
            theta=theta,
        )
    fit = estimate_cox(
        frame,
        ties=ties,
        robust=robust,
        penalty=float(penalty),
        scale_penalty=scale_penalty,
        firth=firth,
        conf_level=conf_level,
    )
    # The arranged copy of the covariates is gone: now the fit gets its own, in the data's order.
    fit.frame.covariates.matrix()
    warn_of(fit.trouble)
    return fit


def _check_options(
    ties: str, penalty: object, *, firth: bool, robust: bool, is_weighted: bool
) -> None:
    faults = []
    if as_word(ties) not in get_args(TieMethod):
        faults.append(f"ties is one of {', '.join(get_args(TieMethod))}")
    if (
        isinstance(penalty, bool)
        or not isinstance(penalty, Real)
        or not 0.0 <= float(penalty) < 1e100
    ):
        faults.append("penalty is a number of 0 or more, such as penalty=1.0")
    elif float(penalty) > 0.0 and firth:
        faults.append("penalty and firth=True are two penalties: choose one")
    if as_word(ties) == "exact":
        unfit = {"weights": is_weighted, "robust=True": robust, "firth=True": firth}
        faults += [
            f'{name} can\'t be had with ties="exact": choose ties="efron"'
            for name, is_asked in unfit.items()
            if is_asked
        ]
    if faults:
        raise ParameterError("cox() can't do what was asked", faults)


def _check_against_formula(
    frame: HazardFrame, ties: str, penalty: float, firth: bool, robust: bool
) -> None:
    faults = []
    if ties == "exact" and frame.clusters:
        faults.append('cluster() can\'t be had with ties="exact": choose ties="efron"')
    if len(frame.clusters) > 2:
        faults.append("cluster() takes one column or two")
    if frame.blocks or frame.frailty is not None:
        asked = {
            "penalty": penalty > 0.0,
            "firth=True": firth,
            "robust=True": robust,
            "cluster()": bool(frame.clusters),
            'ties="exact"': ties == "exact",
        }
        faults += [
            f"{name} can't be had with random effects or a frailty: leave out one or the other"
            for name, is_asked in asked.items()
            if is_asked
        ]
    if frame.blocks and frame.frailty is not None:
        faults.append("random effects and a frailty can't be had together: leave out one of them")
    if faults:
        raise ParameterError("cox() can't do what was asked", faults)


def _check_mixed_options(frame: HazardFrame, curvature: object, theta: object) -> None:
    """Refuse options of mixed models where the formula has no random effect and no frailty."""
    if frame.blocks or frame.frailty is not None:
        return
    faults = [
        f"{name} is for formulas with (1 | g) or frailty(g): leave it out"
        for name, value in (("curvature", curvature), ("theta", theta))
        if value is not None
    ]
    if faults:
        raise ParameterError("cox() can't do what was asked", faults)
