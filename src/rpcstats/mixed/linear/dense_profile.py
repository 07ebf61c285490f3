"""From products of the fixed columns and the response to the profiled deviance."""

from dataclasses import dataclass

import numpy as np

from rpcstats.mixed.linear.evaluation import Evaluation
from rpcstats.mixed.linear.rows import Rows
from rpcstats.mixed.structure.model_frame import FloatArray


@dataclass(frozen=True, slots=True, eq=False)
class Products:
    """[X̃ ỹ]'V₀⁻¹[X̃ ỹ] and log|V₀| in working coordinates, with derivatives by θ.

    Attributes
    ----------
    log_det : float
        log|V₀| of the weighted rows.
    fixed : ndarray of shape (p + 1, p + 1)
        Products, the response last.
    d_log_det : ndarray of shape (k,) or None
        First derivatives.
    d_fixed : ndarray of shape (k, p + 1, p + 1) or None
        First derivatives.
    d2_log_det : ndarray of shape (k, k) or None
        Second derivatives.
    d2_fixed : ndarray of shape (k, k, p + 1, p + 1) or None
        Second derivatives.
    """

    log_det: float
    fixed: FloatArray
    d_log_det: FloatArray | None = None
    d_fixed: FloatArray | None = None
    d2_log_det: FloatArray | None = None
    d2_fixed: FloatArray | None = None


def profile(rows: Rows, theta: FloatArray, reml: bool, products: Products) -> Evaluation:
    """Profile the fixed effects out of the products.

    Parameters
    ----------
    rows : Rows
        Columns in working coordinates.
    theta : ndarray of shape (k,)
        Covariance parameters, in the coordinates of the formula.
    reml : bool
        Whether the criterion is the restricted one.
    products : Products
        The products and the derivatives that are to be turned into those of the deviance.

    Returns
    -------
    Evaluation
        With the derivatives whose ingredients were given.
    """
    p = rows.p
    Sxx, Sxy = products.fixed[:p, :p], products.fixed[:p, p]
    inverse: FloatArray = np.asarray(np.linalg.inv(Sxx), dtype=np.float64)
    beta = inverse @ Sxy
    criterion = products.log_det - rows.log_weights
    if reml:
        criterion += float(np.linalg.slogdet(Sxx)[1]) + 2.0 * rows.log_det_triangle
    first = _first_derivatives(products, inverse, np.append(-beta, 1.0), reml)
    second = _second_derivatives(products, inverse, np.append(-beta, 1.0), reml)
    d_XtVX = None
    if products.d2_fixed is not None and products.d_fixed is not None:
        d_XtVX = rows.fixed_products(products.d_fixed[:, :p, :p])
    return Evaluation(
        theta=theta,
        reml=reml,
        df=rows.n - p if reml else rows.n,
        criterion=float(criterion),
        r2=float(products.fixed[p, p] - Sxy @ beta),
        beta=rows.coefficients(beta),
        XtVX=rows.fixed_products(Sxx),
        d_criterion=first[0],
        d_r2=first[1],
        d2_criterion=second[0],
        d2_r2=second[1],
        d_XtVX=d_XtVX,
    )


def _first_derivatives(
    products: Products, inverse: FloatArray, v: FloatArray, reml: bool
) -> tuple[FloatArray | None, FloatArray | None]:
    if products.d_fixed is None or products.d_log_det is None:
        return None, None
    p = len(inverse)
    d_criterion = products.d_log_det
    if reml:
        d_criterion = d_criterion + np.einsum("xz,jzx->j", inverse, products.d_fixed[:, :p, :p])
    return d_criterion, np.einsum("jab,a,b->j", products.d_fixed, v, v)


def _second_derivatives(
    products: Products, inverse: FloatArray, v: FloatArray, reml: bool
) -> tuple[FloatArray | None, FloatArray | None]:
    if products.d_fixed is None or products.d2_fixed is None or products.d2_log_det is None:
        return None, None
    p = len(inverse)
    d2_criterion = products.d2_log_det
    if reml:
        turned = inverse @ products.d_fixed[:, :p, :p]
        d2_criterion = (
            d2_criterion
            + np.einsum("xz,jkzx->jk", inverse, products.d2_fixed[:, :, :p, :p])
            - np.einsum("jxz,kzx->jk", turned, turned)
        )
    slopes = products.d_fixed[:, :p, :] @ v
    d2_r2 = np.einsum("jkab,a,b->jk", products.d2_fixed, v, v) - 2.0 * slopes @ inverse @ slopes.T
    return d2_criterion, d2_r2
