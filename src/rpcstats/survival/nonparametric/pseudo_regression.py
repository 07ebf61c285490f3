"""Regression of survival, restricted means or incidences at chosen times on covariates."""

from collections.abc import Sequence
from typing import Any, Final, get_args

import numpy as np
from numpy.typing import ArrayLike, NDArray

from rpcstats._numerics.arguments import as_word
from rpcstats.errors import ParameterError
from rpcstats.survival._multiway import clustered_covariance
from rpcstats.survival.nonparametric._curve_rows import cluster_remarks
from rpcstats.survival.nonparametric._mean_model import MeanFit, MeanLink, fit_means
from rpcstats.survival.nonparametric._pseudo import PseudoKind
from rpcstats.survival.nonparametric.pseudo_regression_fit import PseudoRegression
from rpcstats.survival.nonparametric.pseudo_result import Jackknife
from rpcstats.survival.nonparametric.pseudo_values import checked_times, pseudo_of, response_of
from rpcstats.survival.structure.build import hazard_frame
from rpcstats.survival.structure.remarks import few_events_remark, warn_of

FloatArray = NDArray[np.float64]

_FITTING: Final[dict[str, tuple[str, ...]]] = {
    "survival": ("identity", "log", "logit", "cloglog"),
    "rmst": ("identity", "log"),
    "cumulative_incidence": ("identity", "log", "logit", "cloglog"),
}


def pseudo_regression(
    formula: str,
    data: Any,
    *,
    at: ArrayLike,
    of: PseudoKind = "survival",
    link: MeanLink = "identity",
    cause: str | int | None = None,
    censored: Sequence[str] | None = None,
    jackknife: Jackknife = "infinitesimal",
    conf_level: float = 0.95,
) -> PseudoRegression:
    """Regress survival, restricted means or incidences at chosen times on covariates.

    Parameters
    ----------
    formula : str
        ``"Surv(time, event) ~ mode + age"``; ``cluster(g)`` for errors robust to dependence
        within g, ``cluster(g, h)`` within either; ``strata(g)`` to take pseudo-values within g.
    data : frame
        pandas, or any frame narwhals reads.
    at : array_like
        Times; with several, each has an intercept and covariates act on all alike.
    of : {"survival", "rmst", "cumulative_incidence"}
        What is modelled.
    link : {"identity", "log", "logit", "cloglog"}
        Scale on which covariates add up: differences, ratios, odds ratios, or, with "cloglog",
        the log of the cumulative hazard (of the sub-distribution, for an incidence), so that
        coefficients above 0 mean earlier events. "identity" and "log" for restricted means.
    cause : str or int, optional
        As in `pseudo_values`.
    censored : sequence of str, optional
        As in `pseudo_values`.
    jackknife : str
        As in `pseudo_values`.
    conf_level : float
        Level of the intervals.

    Returns
    -------
    PseudoRegression
        Coefficients with robust errors.

    Raises
    ------
    FormulaError
        If the formula can't be read, or names a column that is not there.
    DataError
        If the data can't be fitted.
    ParameterError
        If a time is beyond follow-up, or an option is unknown or does not fit another.

    Notes
    -----
    Andersen, Klein and Rosthøj (2003), Andersen, Hansen and Klein (2004): generalised estimating
    equations with independence as working correlation and the sandwich variance, which takes the
    pseudo-values as given and is on the safe side (Jacobsen and Martinussen 2016). Censoring has
    to be independent of the covariates, or of those inside strata() given them.
    """
    check_link(of, link)
    frame = hazard_frame(
        formula,
        data,
        response=response_of(of),
        allow=("strata", "cluster"),
        censored=censored,
    )
    times = checked_times(at)
    Y = pseudo_of(frame, times, of=of, cause=cause, jackknife=jackknife)
    fit = regress(frame.X, Y, of, link)
    clusters = [groups.codes for groups in frame.clusters]
    names = [f"Intercept[{t:g}]" for t in times] if len(times) > 1 else ["Intercept"]
    warn_of(not_solved(fit))
    result = PseudoRegression(
        names=(*names, *frame.names),
        beta=fit.beta,
        cov=clustered_covariance(fit.influence, clusters),
        frame=frame,
        times=times,
        of=of,
        link=link,
        conf_level=conf_level,
        converged=fit.converged,
        remarks=(
            *frame.remarks,
            *few_events_remark(int(frame.event[frame.time <= times.max()].sum()), len(frame.names)),
            *cluster_remarks(clusters, frame.cluster_names),
            *not_solved(fit),
            *_certain_remark(fit),
        ),
    )
    for values in (times, result.beta, result.cov):
        values.setflags(write=False)
    return result


def regress(X: FloatArray, Y: FloatArray, of: PseudoKind, link: MeanLink) -> MeanFit:
    """Fit means of pseudo-values with an intercept for each time.

    Parameters
    ----------
    X : ndarray of shape (n, p)
        Covariates.
    Y : ndarray of shape (n, q)
        Pseudo-values.
    of, link : str
        As in `pseudo_regression`.

    Returns
    -------
    MeanFit
        Coefficients and influence.
    """
    # On the scale of the log cumulative hazard, what grows is 1 - S.
    response = 1 - Y if (of, link) == ("survival", "cloglog") else Y
    return fit_means(response, X, link, Y.shape[1])


def check_link(of: str, link: str) -> None:
    """Refuse a link that does not fit what is modelled.

    Parameters
    ----------
    of, link : str
        As in `pseudo_regression`.

    Raises
    ------
    ParameterError
        If one is unknown, or they don't go together.
    """
    if as_word(of) not in get_args(PseudoKind):
        raise ParameterError("of is unknown", [f"choose one of {', '.join(_FITTING)}"])
    if as_word(link) not in _FITTING[of]:
        raise ParameterError(
            f"link does not fit of={of!r}", [f"choose one of {', '.join(_FITTING[of])}"]
        )


def not_solved(fit: MeanFit) -> tuple[str, ...]:
    """Say that the equations were not solved, if so.

    Parameters
    ----------
    fit : MeanFit
        The fit.

    Returns
    -------
    tuple of str
        One remark, or none.
    """
    if fit.converged:
        return ()
    return (
        "The estimating equations were not solved: estimates and standard errors may be wrong. "
        'Try link="identity", or fewer covariates.',
    )


def _certain_remark(fit: MeanFit) -> tuple[str, ...]:
    if fit.influence.any(axis=0).all():
        return ()
    return ("What is estimated is certain by some time: a coefficient has no error and no test.",)
