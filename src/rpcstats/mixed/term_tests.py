"""Tests of the terms of a formula: F tests of linear models, Wald tests of others."""

from functools import partial
from typing import TYPE_CHECKING, Literal

import pandas as pd

from rpcstats._vocabulary import F_TESTS, P_VALUE, STATISTIC, TERM, WALD_TESTS
from rpcstats.errors import ParameterError
from rpcstats.formula import Design
from rpcstats.mixed.inference.f_tests import f_tests, wald_test
from rpcstats.mixed.inference.kenward_roger import kenward_roger
from rpcstats.mixed.inference.satterthwaite import satterthwaite
from rpcstats.mixed.inference.term_hypotheses import Hypothesis, TestType, term_hypotheses
from rpcstats.mixed.linear.residual_refusal import refuse_structure

if TYPE_CHECKING:
    from rpcstats.mixed.general_estimates import GeneralEstimates
    from rpcstats.mixed.linear_estimates import LinearEstimates

DenominatorDf = Literal["satterthwaite", "kenward-roger"]


def linear_term_tests(
    fit: "LinearEstimates", *, df: DenominatorDf, test_type: TestType
) -> pd.DataFrame:
    """Test each term of a linear mixed model by F.

    Parameters
    ----------
    fit : LinearEstimates
        The fit.
    df : {"satterthwaite", "kenward-roger"}
        How the denominator's degrees of freedom are found.
    test_type : {"III", "I"}
        Each term given all others, or given those before it.

    Returns
    -------
    pandas.DataFrame
        Columns term, sum_sq, num_df, den_df, statistic, p_value.

    Raises
    ------
    ParameterError
        If an option is unknown, or Kenward-Roger is asked of an ML fit.
    """
    refuse_structure(fit.residual, "An F test", 'compare fits by likelihood, method="ml"')
    hypotheses = _hypotheses(fit.frame.design, fit.names, test_type)
    if df == "satterthwaite":
        test = satterthwaite(fit.curved_evaluation()).f_test
    elif df == "kenward-roger":
        test = kenward_roger(fit.problem, fit.evaluation).f_test
    else:
        raise ParameterError("df is unknown", ["choose satterthwaite or kenward-roger"])
    return f_tests(hypotheses, test, sigma2=fit.evaluation.sigma2)[list(F_TESTS)]


def general_term_tests(fit: "GeneralEstimates", *, test_type: TestType) -> pd.DataFrame:
    """Test each term of a generalised or cumulative link mixed model by Wald's chi-square.

    Parameters
    ----------
    fit : GeneralEstimates
        The fit.
    test_type : {"III", "I"}
        Each term given all others, or given those before it.

    Returns
    -------
    pandas.DataFrame
        Columns term, statistic, df, p_value.

    Raises
    ------
    ParameterError
        If the type is unknown.
    """
    names = fit.names
    ordered = fit.response.ordered is not None
    if ordered:
        # Thresholds stand in for the intercept, which no hypothesis of a term involves.
        hypotheses = tuple(
            each._replace(L=each.L[:, 1:])
            for each in _hypotheses(fit.frame.design, ("Intercept", *names), test_type)
        )
    else:
        hypotheses = _hypotheses(fit.frame.design, names, test_type)
    tests = f_tests(hypotheses, partial(wald_test, fit.beta, fit.cov))
    columns = (
        tests[TERM],
        tests[STATISTIC] * tests["num_df"],
        tests["num_df"],
        tests[P_VALUE],
    )
    return pd.DataFrame(dict(zip(WALD_TESTS, columns, strict=True)))


def _hypotheses(
    design: Design, names: tuple[str, ...], test_type: TestType
) -> tuple[Hypothesis, ...]:
    if test_type not in ("III", "I"):
        raise ParameterError("test_type is unknown", ['choose "III" or "I"'])
    return term_hypotheses(design, names, test_type)
