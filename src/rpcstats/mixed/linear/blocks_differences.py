"""Second derivatives by central differences of exact first ones."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from rpcstats.mixed.linear.evaluation import Evaluation
from rpcstats.mixed.structure.model_frame import FloatArray

# Step in θ free of units, relative to θ but for a small one. The error of a central difference
# is step² / 6 of a fourth derivative, about 1e-8 of the Hessian; rounding of the gradient adds
# 1e-9 of it.
STEP = 1e-4
SMALLEST_STEP_AT = 0.1


def second_derivatives(
    at: Evaluation, scale: FloatArray, first: Callable[[FloatArray], Evaluation]
) -> Evaluation:
    """Add the second derivatives to an evaluation.

    Parameters
    ----------
    at : Evaluation
        With first derivatives.
    scale : ndarray of shape (k,)
        θ times this is free of units.
    first : callable
        Evaluates with first derivatives at another θ.

    Returns
    -------
    Evaluation
        With the Hessian and the derivative of X'V₀⁻¹X.
    """
    if at.d_criterion is None or at.d_r2 is None:
        raise ValueError("evaluated without derivatives")
    k, p = len(at.theta), len(at.beta)
    d2_criterion, d2_r2, d_XtVX = np.empty((k, k)), np.empty((k, k)), np.empty((k, p, p))
    for j in range(k):
        step = STEP * max(abs(at.theta[j] * scale[j]), SMALLEST_STEP_AT) / scale[j]
        moved = np.zeros(k)
        moved[j] = step
        above, below = first(at.theta + moved), first(at.theta - moved)
        d2_criterion[j] = _difference(above.d_criterion, below.d_criterion, step)
        d2_r2[j] = _difference(above.d_r2, below.d_r2, step)
        d_XtVX[j] = (above.XtVX - below.XtVX) / (2.0 * step)
    return replace(
        at,
        d2_criterion=(d2_criterion + d2_criterion.T) / 2.0,
        d2_r2=(d2_r2 + d2_r2.T) / 2.0,
        d_XtVX=d_XtVX,
    )


def _difference(above: FloatArray | None, below: FloatArray | None, step: float) -> FloatArray:
    if above is None or below is None:
        raise ValueError("evaluated without derivatives")
    return (above - below) / (2.0 * step)
