"""Cox regression with random effects: from a checked frame to a fit."""

from dataclasses import replace
from numbers import Real
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

from rpcstats._numerics.arguments import as_word
from rpcstats._numerics.intervals import check_conf_level
from rpcstats.errors import DataError, ParameterError
from rpcstats.mixed.structure.model_frame import Block
from rpcstats.survival.cox_estimation import estimate_cox
from rpcstats.survival.cox_fit import CoxFit
from rpcstats.survival.frailties._columns import MixedColumns, mixed_columns
from rpcstats.survival.frailties._gamma_fit import Estimated, fit_gamma
from rpcstats.survival.frailties._gaussian_fit import fit_gaussian
from rpcstats.survival.frailties._wording import fit_remarks, fit_trouble
from rpcstats.survival.frailties.cox_mixed_fit import CoxMixedFit
from rpcstats.survival.frailties.mixed_estimates import Curvature, Distribution
from rpcstats.survival.partial.event_terms import Ties
from rpcstats.survival.structure.build import refuse_empty
from rpcstats.survival.structure.hazard_frame import HazardFrame
from rpcstats.survival.structure.remarks import warn_of

FloatArray = NDArray[np.float64]


def fit_mixed_cox(
    frame: HazardFrame,
    *,
    ties: Literal["efron", "breslow", "exact"] = "efron",
    conf_level: float = 0.95,
    curvature: Curvature = "sparse",
    theta: float | None = None,
) -> CoxMixedFit:
    """Estimate a Cox regression whose rows share gamma frailties or normal random effects.

    Parameters
    ----------
    frame : HazardFrame
        Checked data with ``frailty(g)``, or with random effects ``(… | g)``.
    ties : {"efron", "breslow"}
        How tied events are treated.
    conf_level : float
        Level of the intervals.
    curvature : {"sparse", "full"}
        With many small groups, whether the curvature they share with each other through the risk
        sets is left out, as R's coxph and coxme leave it out; else the whole is taken.
    theta : float, optional
        Variance of a gamma frailty, 0 or more; it is estimated if not given.

    Returns
    -------
    CoxMixedFit
        The fit.

    Raises
    ------
    ParameterError
        If an option is unknown, out of range or does not go with the formula.
    DataError
        If there is one row, no event, or a grouping factor of one level; or if covariates that
        separate leave no likelihood to follow.

    Warns
    -----
    ConvergenceWarning
        If a search ended where no maximum is.

    Notes
    -----
    Gamma: the frailties are integrated out, with the baseline hazard and β at their maximum, by
    way of the penalised partial likelihood that has the same maximum (Therneau, Grambsch and
    Pankratz 2003). Normal: Laplace's approximation of the integrated partial likelihood (Ripatti
    and Palmgren 2000), β being maximised with the effects as in coxme. Case weights count as
    repeated rows.
    """
    _check(frame, ties, curvature, theta)
    check_conf_level(conf_level)
    refuse_empty(frame)
    blocks = frame.blocks or (_frailty_block(frame),)
    _refuse_one_level(blocks)
    used: Ties = "breslow" if ties == "breslow" else "efron"
    plain = estimate_cox(replace(frame, clusters=(), cluster_names=()), ties=used)
    frame = plain.frame
    columns = mixed_columns(frame, used, blocks)
    if plain.optimum.converged:
        fit = _estimated(plain, blocks, columns, used, curvature, theta)
    else:
        fit = _estimated_without_maximum(plain, blocks, columns, used, curvature, theta)
    fit = replace(fit, conf_level=conf_level)
    warn_of(fit.trouble, stacklevel=4)
    return fit


def _estimated_without_maximum(
    plain: CoxFit,
    blocks: tuple[Block, ...],
    columns: MixedColumns,
    ties: Ties,
    curvature: Curvature,
    theta: float | None,
) -> CoxMixedFit:
    """Follow a likelihood that has no maximum as far as numbers go."""
    try:
        with np.errstate(all="ignore"):
            return _estimated(plain, blocks, columns, ties, curvature, theta)
    except (ValueError, DataError):  # LinAlgError is a ValueError
        raise DataError(f"The model can't be fitted. {' '.join(plain.trouble)}") from None


def _estimated(
    plain: CoxFit,
    blocks: tuple[Block, ...],
    columns: MixedColumns,
    ties: Ties,
    curvature: Curvature,
    theta: float | None,
) -> CoxMixedFit:
    start = np.where(np.isfinite(plain.beta), plain.beta, 0.0) * columns.scale
    full = curvature == "full"
    if plain.frame.frailty is not None:
        distribution: Distribution = "gamma"
        found = fit_gamma(columns, start, full=full, theta=theta)
    else:
        distribution = "gaussian"
        found = fit_gaussian(columns, blocks, start, full=full)
    return _assembled(plain, blocks, columns, found, distribution, ties, curvature, theta)


def _assembled(
    plain: CoxFit,
    blocks: tuple[Block, ...],
    columns: MixedColumns,
    found: Estimated,
    distribution: Distribution,
    ties: Ties,
    curvature: Curvature,
    theta: float | None,
) -> CoxMixedFit:
    cov, cov_fixed = found.estimation.covariances()
    beta = found.estimation.beta
    trouble = fit_trouble(plain, found)
    for values in (beta, cov, cov_fixed, found.theta, found.theta_cov):
        values.setflags(write=False)
    return CoxMixedFit(
        frame=plain.frame,
        blocks=blocks,
        distribution=distribution,
        ties=ties,
        curvature=curvature,
        is_theta_given=theta is not None,
        beta=beta,
        cov=cov,
        cov_fixed=cov_fixed,
        theta=found.theta,
        theta_cov=found.theta_cov,
        log_lik=found.log_lik,
        log_lik_penalised=found.estimation.modes.penalised,
        log_lik_partial=found.estimation.modes.point.log_lik,
        log_lik_plain=plain.log_lik,
        log_lik_null=plain.log_lik_null,
        estimation=found.estimation,
        optimum=found.optimum,
        conf_level=plain.conf_level,
        trouble=trouble,
        remarks=(*fit_remarks(plain, blocks, columns, found, distribution), *trouble),
    )


def _check(frame: HazardFrame, ties: str, curvature: str, theta: float | None) -> None:
    faults = []
    if as_word(ties) not in get_args(Ties):
        faults.append("ties is efron or breslow: the exact likelihood has no random effects")
    if as_word(curvature) not in get_args(Curvature):
        faults.append(f"curvature is one of {', '.join(get_args(Curvature))}")
    if frame.clusters:
        faults.append(
            "cluster() and random effects both stand for dependent rows: leave out one of them"
        )
    if frame.blocks and frame.frailty is not None:
        faults.append("frailty() and (… | g) can't be had together: leave out one of them")
    if not frame.blocks and frame.frailty is None:
        faults.append("the formula has no random effect: write frailty(g) or (1 | g)")
    if theta is not None:
        given: object = theta
        is_number = isinstance(given, Real) and not isinstance(given, bool)
        if not is_number or not 0.0 <= theta <= _LARGEST:
            faults.append("theta is a variance between 0 and 10,000, such as theta=0.5")
        if frame.frailty is None:
            faults.append("theta is for frailty(g): variances of (… | g) are estimated")
    if faults:
        raise ParameterError("The mixed Cox model can't be fitted", faults)


_LARGEST = 1e4


def _refuse_one_level(blocks: tuple[Block, ...]) -> None:
    for block in blocks:
        if block.n_level < 2:
            raise DataError(
                f"{block.group} has one level: a random effect needs two groups or more. Leave the"
                " term out, or name another column."
            )


def _frailty_block(frame: HazardFrame) -> Block:
    """Write the groups of a frailty as a random intercept."""
    assert frame.frailty is not None
    ones = np.ones((frame.n_obs, 1))
    place = np.zeros(1, dtype=np.int64)
    for values in (ones, place):
        values.setflags(write=False)
    return Block(
        group=frame.frailty_name.replace(", ", ":"),
        levels=tuple(":".join(level) for level in frame.frailty.levels),
        codes=frame.frailty.codes,
        Z=ones,
        effects=("Intercept",),
        rows=place,
        cols=place,
        terms=(f"frailty({frame.frailty_name})",),
    )
