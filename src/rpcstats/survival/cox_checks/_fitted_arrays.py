"""A fitted Cox model as the kernel's arrays, at its estimates."""

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from rpcstats.errors import ParameterError
from rpcstats.survival.partial.arrange import Arrangement, arrange
from rpcstats.survival.partial.event_terms import EventTerms, event_terms, expected_events

if TYPE_CHECKING:
    from rpcstats.survival.cox_fit import CoxFit

FloatArray = NDArray[np.float64]


class FittedArrays(NamedTuple):
    """The partial likelihood at the estimates.

    Attributes
    ----------
    order : Arrangement
        The rows in the order in which they are at risk.
    X : ndarray of shape (p, r)
        Covariates less their means, arranged, one line a covariate.
    mean : ndarray of shape (p,)
        Those means, over all rows.
    terms : EventTerms
        Terms of each event time; the baseline is at the means, with an offset of 0.
    expected : ndarray of shape (r,)
        Weighted events expected of each arranged row.
    """

    order: Arrangement
    X: FloatArray
    mean: FloatArray
    terms: EventTerms
    expected: FloatArray


def fitted_arrays(fit: "CoxFit") -> FittedArrays:
    """Work out the partial likelihood at the estimates.

    Parameters
    ----------
    fit : CoxFit
        The model; fits with exact ties are read as Breslow's.

    Returns
    -------
    FittedArrays
        The arrays.
    """
    frame = fit.frame
    order = arrange(
        frame.time,
        frame.event,
        entry=frame.entry,
        stratum=frame.strata.codes,
        n_stratum=len(frame.strata.labels),
        weights=frame.weights,
    )
    mean = frame.X.mean(axis=0)
    X = np.ascontiguousarray(order.take(frame.X).T)
    X -= mean[:, None]
    eta: FloatArray = fit.beta @ X
    if frame.offset is not None:
        eta = eta + order.take(frame.offset)
    terms = event_terms(order, eta, "efron" if fit.ties == "efron" else "breslow")
    return FittedArrays(order, X, mean, terms, expected_events(order, terms))


def refuse_exact(fit: "CoxFit", what: str) -> None:
    """Refuse what rests on sums that the exact partial likelihood does not have.

    Parameters
    ----------
    fit : CoxFit
        The model.
    what : str
        What was asked for, as the subject of a sentence.

    Raises
    ------
    ParameterError
        If ties are treated exactly.
    """
    if fit.ties == "exact":
        raise ParameterError(
            f"{what} can't be had of a fit with exact ties", ['refit with ties="efron"']
        )
