"""F tests of the terms of a formula."""

from collections.abc import Callable, Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.linalg import solve_triangular

from rpcstats._vocabulary import P_VALUE, STATISTIC, TERM
from rpcstats.mixed.inference.hypothesis_rows import as_rows, independent_rows
from rpcstats.mixed.inference.tails import NOTHING_TESTED, FTest, f_test_of
from rpcstats.mixed.inference.term_hypotheses import Hypothesis

FloatArray = NDArray[np.float64]


def f_tests(
    hypotheses: Sequence[Hypothesis],
    test: Callable[[FloatArray], FTest],
    *,
    sigma2: float | None = None,
) -> pd.DataFrame:
    """Test each term.

    Parameters
    ----------
    hypotheses : sequence of Hypothesis
        One a term.
    test : callable
        Tests rows of coefficients: the `f_test` of a `Satterthwaite` or a `KenwardRoger`, or
        `wald_test` with its estimates filled in.
    sigma2 : float, optional
        Residual variance, for the sums of squares of the unscaled statistics.

    Returns
    -------
    pandas.DataFrame
        Columns term, sum_sq (only with `sigma2`), num_df, den_df, statistic, p_value. A term
        the data can't test has 0 numerator degrees of freedom and no statistic.
    """
    tests = [test(each.L) if len(each.L) else NOTHING_TESTED for each in hypotheses]
    frame = pd.DataFrame(
        {
            TERM: pd.Series([each.term for each in hypotheses], dtype=object),
            "num_df": np.array([each.num_df for each in tests], dtype=np.int64),
            "den_df": np.array([each.den_df for each in tests], dtype=np.float64),
            STATISTIC: np.array([each.statistic for each in tests], dtype=np.float64),
            P_VALUE: np.array([each.p_value for each in tests], dtype=np.float64),
        }
    )
    if sigma2 is not None:
        scaling = np.array([each.scaling for each in tests])
        frame.insert(1, "sum_sq", sigma2 * frame["num_df"] * frame[STATISTIC] / scaling)
    return frame


def wald_test(beta: FloatArray, cov: FloatArray, L: FloatArray) -> FTest:
    """Test that linear functions are all zero, the estimates taken as normal.

    Parameters
    ----------
    beta : ndarray of shape (p,)
        Estimates.
    cov : ndarray of shape (p, p)
        Their covariance, positive definite.
    L : ndarray of shape (p,) or (r, p)
        Coefficients of each function; rows the others determine are counted once.

    Returns
    -------
    FTest
        The Wald chi-square divided by its degrees of freedom, the denominator's infinite.
    """
    root = np.linalg.cholesky(cov)
    axes = independent_rows(as_rows(L, len(beta)) @ root)
    if not len(axes):
        return NOTHING_TESTED
    estimate = axes @ solve_triangular(root, beta, lower=True)
    return f_test_of(float(estimate @ estimate) / len(axes), len(axes), np.inf)
