"""What a Cox regression with random effects says of itself in plain words."""

from typing import Final

import numpy as np

from rpcstats.mixed.structure.model_frame import Block, FloatArray
from rpcstats.mixed.structure.remarks import plain_effect, varies_within
from rpcstats.mixed.wording import singular_remarks
from rpcstats.survival.cox_fit import CoxFit
from rpcstats.survival.frailties._columns import MixedColumns
from rpcstats.survival.frailties._gamma_fit import Estimated
from rpcstats.survival.structure.remarks import convergence_remark
from rpcstats.tables.summary import counted

FEW_GROUPS: Final = 10
"""A variance between fewer groups is hardly told by the data (Austin 2010: ten or more)."""

_MOSTLY_ONE: Final = 0.5


def fit_trouble(plain: CoxFit, found: Estimated) -> tuple[str, ...]:
    """Say what makes a fit unfit for use.

    Parameters
    ----------
    plain : CoxFit
        The fit without random effects.
    found : Estimated
        What the search found.

    Returns
    -------
    tuple of str
        Sentences, none if all is well.
    """
    remarks = [*plain.trouble] if not plain.optimum.converged else []
    if found.optimum.converged and not found.estimation.modes.found:
        remarks.append(
            "The search for the effects of the groups did not end: estimates may be wrong. Bring"
            " the covariates to similar sizes, or leave out what has few events."
        )
    return (*remarks, *convergence_remark(found.optimum))


def fit_remarks(
    plain: CoxFit,
    blocks: tuple[Block, ...],
    columns: MixedColumns,
    found: Estimated,
    distribution: str,
) -> tuple[str, ...]:
    """Say what a reader should know of a fit.

    Parameters
    ----------
    plain : CoxFit
        The fit without random effects, with its remarks.
    blocks : tuple of Block
        Random effects.
    columns : MixedColumns
        The data arranged.
    found : Estimated
        What the search found.
    distribution : {"gamma", "gaussian"}
        Of the effects.

    Returns
    -------
    tuple of str
        Plain sentences.
    """
    remarks = [remark for remark in plain.remarks if remark not in plain.trouble]
    for block in blocks:
        remarks += _group_remarks(block, plain.frame.weights is None)
    if distribution == "gamma":
        remarks += _zero_frailty(blocks[0].group, found.theta)
    else:
        remarks += singular_remarks(blocks, found.theta, _sizes(blocks))
    if found.estimation.plan.alone.any() and distribution == "gaussian":
        remarks.append(
            "Laplace's term leaves out the curvature that small groups share with each other, as"
            ' coxme does; refit(curvature="full") keeps it.'
        )
    if plain.frame.weights is not None and columns.order.weights is not None:
        remarks.append("Case weights count as repeated rows in the likelihood of the groups too.")
    return tuple(dict.fromkeys(remarks))


def _group_remarks(block: Block, unweighted: bool) -> list[str]:
    rows = np.bincount(block.codes, minlength=block.n_level)
    remarks = []
    if block.n_level < FEW_GROUPS:
        remarks.append(
            f"{counted(block.n_level, 'group')} of {block.group}: under {FEW_GROUPS}, the data"
            " hardly tell how much groups differ."
        )
    single = float((rows == 1).mean())
    if single == 1.0 and unweighted:
        remarks.append(
            f"Every row is a group of {block.group} of its own: only the shape of the hazard tells"
            " the variance apart, not likeness within groups."
        )
    elif single > _MOSTLY_ONE:
        remarks.append(
            f"{single:.0%} of the groups of {block.group} have one row, which tells little of how"
            " alike members are."
        )
    remarks += [
        f'"{plain_effect(name)}" never varies within a group of {block.group}: its random effect'
        " rests on differences between groups alone."
        for name, column in zip(block.effects, block.Z.T, strict=True)
        if name != "Intercept" and not varies_within(column, block.codes, block.n_level)
    ]
    return remarks


def _zero_frailty(group: str, theta: FloatArray) -> list[str]:
    if theta[0] > 0.0:
        return []
    return [
        f"The estimated variance of the frailty between groups of {group} is zero: groups differ"
        " no more than chance makes them. The estimates are those of the model without it."
    ]


def _sizes(blocks: tuple[Block, ...]) -> FloatArray:
    """Give the root mean square of the column each covariance parameter loads."""
    sizes = [np.sqrt((block.Z**2).mean(axis=0))[block.rows] for block in blocks]
    return np.concatenate(sizes)
