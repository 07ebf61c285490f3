"""What a mixed model says of itself in plain words, with what to do."""

import warnings
from collections.abc import Sequence
from typing import Final

import numpy as np

from rpcstats._numerics.optimise import OptSummary
from rpcstats.errors import ConvergenceWarning
from rpcstats.mixed.structure.model_frame import Block, FloatArray, ModelFrame, split_theta
from rpcstats.mixed.structure.remarks import plain_effect
from rpcstats.tables.summary import counted

# A diagonal of Λ below this, on the scale free of the covariates' units, is on its boundary:
# lme4 takes the same figure.
SINGULAR: Final = 1e-4

_KEEP: Final = "Estimates of the fixed effects hold, but consider leaving the term out."


def is_singular(blocks: tuple[Block, ...], theta: FloatArray, theta_scale: FloatArray) -> bool:
    """Tell whether the covariance of some random effects is on the boundary.

    Parameters
    ----------
    blocks : tuple of Block
        Random effects.
    theta, theta_scale : ndarray of shape (k,)
        Covariance parameters and what frees them of units.

    Returns
    -------
    bool
        True if a variance is 0 or effects are perfectly correlated.
    """
    scaled = split_theta(blocks, theta * theta_scale)
    return any(
        bool((np.abs(part[block.on_diagonal]) < SINGULAR).any())
        for block, part in zip(blocks, scaled, strict=True)
    )


def singular_remarks(
    blocks: tuple[Block, ...], theta: FloatArray, theta_scale: FloatArray
) -> tuple[str, ...]:
    """Say which random effects the data do not support.

    Parameters
    ----------
    blocks : tuple of Block
        Random effects.
    theta, theta_scale : ndarray of shape (k,)
        Covariance parameters and what frees them of units.

    Returns
    -------
    tuple of str
        A remark for each factor on the boundary; none if no factor is.
    """
    remarks = []
    for block, part in zip(blocks, split_theta(blocks, theta * theta_scale), strict=True):
        if (np.abs(part[block.on_diagonal]) >= SINGULAR).all():
            continue
        sd = np.sqrt((block.factor(part) ** 2).sum(axis=1))
        zero = list(
            dict.fromkeys(
                _plain_effect(name)
                for name, size in zip(block.effects, sd, strict=True)
                if size < SINGULAR
            )
        )
        if zero:
            remarks.append(_zero_variance(zero, block.group))
        else:
            remarks.append(
                f"The random effects of {block.group} are perfectly correlated (a correlation is"
                " ±1, or one effect follows from the others): the data don't support a"
                f" covariance that free. {_KEEP[:-1]}, or write || so that the effects are"
                " uncorrelated."
            )
    return tuple(remarks)


def _zero_variance(effects: list[str], group: str) -> str:
    what = " and ".join(effects)
    return (
        f"The estimated variance of {what} between levels of {group} is zero: the data don't"
        f" support that random effect. {_KEEP}"
    )


def _plain_effect(name: str) -> str:
    """Leave out the level in brackets: a level is a value of the data."""
    return "the intercept" if name == "Intercept" else plain_effect(name)


def convergence_remarks(optimum: OptSummary) -> tuple[str, ...]:
    """Say that the search for the optimum did not end well, if so.

    Parameters
    ----------
    optimum : OptSummary
        Record of the search.

    Returns
    -------
    tuple of str
        One remark, or none.
    """
    if optimum.converged:
        return ()
    return (
        "The search for the optimum stopped before its conditions held"
        f" ({optimum.status.rstrip('.')}): estimates and standard errors may be wrong. Bring"
        " the predictors to similar sizes, simplify the random effects, and check that no"
        " predictor tells the outcome apart completely.",
    )


def separation_remark(message: str) -> str:
    """Say that the fixed effects tell outcomes apart, so that there is no finite estimate.

    Columns of the fixed effects are named as in the table of coefficients, levels of factors
    included: they are what the reader has to mend.

    Parameters
    ----------
    message : str
        What was found and what to do.

    Returns
    -------
    str
        One sentence.
    """
    return f"The model has no finite estimate: {message.rstrip('.')}."


def warn_of(remarks: Sequence[str]) -> None:
    """Warn of what makes a fit unfit for use; points at the caller of the public function.

    Parameters
    ----------
    remarks : sequence of str
        One warning each.
    """
    for remark in remarks:
        # This function, the public function, then the line of the user.
        warnings.warn(remark, ConvergenceWarning, stacklevel=3)


def group_sizes(blocks: tuple[Block, ...]) -> str:
    """Say how many levels each grouping factor has.

    Parameters
    ----------
    blocks : tuple of Block
        Random effects.

    Returns
    -------
    str
        Such as "group_id 72, council 12".
    """
    return ", ".join(f"{block.group} {block.n_level:,}" for block in blocks)


def missing_remark(frame: ModelFrame) -> str:
    """Say how many rows were left out.

    Parameters
    ----------
    frame : ModelFrame
        The model frame.

    Returns
    -------
    str
        One sentence.
    """
    return f"{counted(frame.n_missing, 'row')} with missing values left out."


def quadrature_words(nagq: int) -> str:
    """Say how the random effects were integrated out.

    Parameters
    ----------
    nagq : int
        Quadrature nodes an effect; 1 for the Laplace approximation.

    Returns
    -------
    str
        A phrase.
    """
    if nagq == 1:
        return "the Laplace approximation"
    return f"adaptive quadrature with {nagq} nodes"
