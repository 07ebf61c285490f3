"""Parametric regression on censored times."""

from typing import Any, get_args

from rpcstats._numerics.arguments import as_word, check_flags
from rpcstats._numerics.intervals import check_conf_level
from rpcstats.errors import ParameterError
from rpcstats.formula import Formula
from rpcstats.survival.parametric.estimate_survreg import fit_survreg
from rpcstats.survival.parametric.families import FAMILIES, Distribution
from rpcstats.survival.parametric.read_sample import read_sample
from rpcstats.survival.parametric.survreg_fit import Parameterisation, SurvregFit
from rpcstats.survival.structure.remarks import warn_of


def survreg(
    formula: str | Formula,
    data: Any,
    *,
    dist: Distribution = "weibull",
    parameterisation: Parameterisation = "aft",
    weights: str | None = None,
    robust: bool = False,
    conf_level: float = 0.95,
) -> SurvregFit:
    """Fit a parametric regression on censored times by maximum likelihood.

    Parameters
    ----------
    formula : str or Formula
        ``Surv(time, event) ~ x``; ``Surv(entry, time, event)`` for late entry;
        ``Surv(lower, upper, type='interval2')`` for times known to lie between limits, where a
        missing lower limit means left-censored and a missing upper one right-censored. strata()
        gives each stratum a scale (or first shape) of its own, cluster() of one or two columns
        robust errors, offset() a known part of the predictor.
    data : frame
        pandas, or any frame narwhals reads; it is not changed.
    dist : str
        "weibull", "exponential", "lognormal", "loglogistic", "gaussian", "logistic", "gamma",
        "generalised_gamma" or "gompertz".
    parameterisation : {"aft", "ph"}
        Coefficients of log time, or for the Weibull and the exponential of the log hazard.
    weights : str, optional
        Column of case weights above 0: a weight of 2 counts as two rows.
    robust : bool
        Whether to take the sandwich covariance with each row a cluster; cluster() does so anyway.
    conf_level : float
        Level of the intervals.

    Returns
    -------
    SurvregFit
        The fit.

    Raises
    ------
    FormulaError
        If the formula can't be read, or names a column that is not there.
    DataError
        If times, events or weights break their conditions, a time is 0 under a distribution of
        log time, or no row is an event.
    ParameterError
        If an option is unknown or out of range.

    Warns
    -----
    ConvergenceWarning
        If the search did not end at a maximum, or an estimate is not finite.

    Notes
    -----
    log T = x'β + σε with R survreg's parameters, β and log σ, where ε is a smallest extreme value
    (Weibull; σ = 1 for the exponential), normal or logistic; "gaussian" and "logistic" are models
    of T itself. The gamma has T = exp(x'β) G, G a gamma of shape k, estimated as log k. The
    generalised gamma is Prentice's (1974): x'β, log σ and Q; Q = 1 is the Weibull, 0 the
    log-normal. Its likelihood can rise once more far out, where Q gives the rows a sharp first or
    last time: the fit is the maximum reached from the log-normal or the Weibull, |Q| being 20 at
    most. The Gompertz has hazard exp(x'β + a t). Rows that enter late contribute given
    survival to their entry; an entry of 0 is no late entry. Standard errors are from the observed
    information. Censoring has to be independent of the event given the covariates. Kalbfleisch
    and Prentice (2002).
    """
    check_flags(robust=robust)
    check_options(dist, parameterisation, conf_level)
    sample = read_sample(formula, data, weights=weights, lazily=True)
    check_strata(sample.has_strata, dist, parameterisation)
    fit = fit_survreg(
        sample.frame,
        dist=dist,
        parameterisation=parameterisation,
        robust=robust,
        conf_level=conf_level,
        below=sample.below,
    )
    fit.frame.covariates.matrix()  # from here on the fit does without the data
    warn_of(fit.trouble)
    return fit


def check_options(
    dist: Distribution, parameterisation: Parameterisation, conf_level: float
) -> None:
    """Refuse options that are unknown or do not go together.

    Parameters
    ----------
    dist : str
        The distribution.
    parameterisation : {"aft", "ph"}
        Coefficients of log time or of the log hazard.
    conf_level : float
        Level of the intervals.

    Raises
    ------
    ParameterError
        If one is.
    """
    check_conf_level(conf_level)
    if as_word(dist) not in FAMILIES:
        raise ParameterError("dist is unknown", [f"choose one of {', '.join(FAMILIES)}"])
    if as_word(parameterisation) not in get_args(Parameterisation):
        raise ParameterError("parameterisation is unknown", ["choose aft or ph"])
    if parameterisation == "ph" and dist not in ("weibull", "exponential"):
        raise ParameterError(
            "Only the Weibull and the exponential are models of log time and of the log hazard",
            ["leave parameterisation out; the coefficients of a Gompertz are log hazard ratios"],
        )


def check_strata(has_strata: bool, dist: Distribution, parameterisation: Parameterisation) -> None:
    """Refuse strata where no parameter could differ between them.

    Parameters
    ----------
    has_strata : bool
        Whether the formula has strata().
    dist : str
        The distribution.
    parameterisation : {"aft", "ph"}
        Coefficients of log time or of the log hazard.

    Raises
    ------
    ParameterError
        If strata() can't be had.
    """
    if has_strata and dist == "exponential":
        raise ParameterError(
            "strata() gives each stratum a scale, and the exponential has none",
            ["make the column a covariate, or take dist='weibull'"],
        )
    if has_strata and parameterisation == "ph":
        raise ParameterError(
            "With a shape for each stratum hazards are not proportional",
            ["leave strata() out, or take parameterisation='aft'"],
        )
