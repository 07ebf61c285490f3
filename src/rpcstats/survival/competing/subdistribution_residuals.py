"""Residuals of a sub-distribution regression."""

from typing import TYPE_CHECKING, Literal, get_args

import numpy as np
import pandas as pd

from rpcstats._numerics.arguments import as_word
from rpcstats._vocabulary import TIME
from rpcstats.errors import ParameterError
from rpcstats.survival.competing._subdistribution_likelihood import risk_sums

if TYPE_CHECKING:
    from rpcstats.survival.competing.fine_gray_fit import FineGrayFit

ResidualKind = Literal["schoenfeld", "score", "dfbeta"]


def subdistribution_residuals(fit: "FineGrayFit", kind: ResidualKind) -> pd.DataFrame:
    """Give residuals of a sub-distribution regression.

    Parameters
    ----------
    fit : FineGrayFit
        The fit.
    kind : {"schoenfeld", "score", "dfbeta"}
        Covariates of each event less their weighted mean at risk; the influence of each row on
        the score, and on the coefficients.

    Returns
    -------
    pandas.DataFrame
        Columns row (place in the data given) and one a coefficient, and time for the first
        kind, whose rows are the events of the cause by time.

    Raises
    ------
    ParameterError
        If the kind is unknown.

    Notes
    -----
    The influence is that of one more unit of case weight times the weight, as the variance
    counts it; estimated censoring weights are in it unless the variance takes them as known.
    """
    if as_word(kind) not in get_args(ResidualKind):
        raise ParameterError(
            "kind is unknown", [f"choose one of {', '.join(get_args(ResidualKind))}"]
        )
    names = list(fit.names)
    if kind == "schoenfeld":
        return _schoenfeld(fit, names)
    values = fit.score_rows if kind == "score" else fit.score_rows @ fit.cov_model
    frame = pd.DataFrame(np.array(values), columns=names)
    frame.insert(0, "row", fit.frame.kept.astype(np.int64))
    return frame


def _schoenfeld(fit: "FineGrayFit", names: list[str]) -> pd.DataFrame:
    order, found = fit.order, fit.found
    given = found.likelihood
    terms = given.terms(found.scaled_beta)
    means = risk_sums(given, terms) / terms.S0
    events = order.events
    residual = given.X[:, events] - np.repeat(means, order.n_tied, axis=1)
    frame = pd.DataFrame(residual.T * found.scaling.scale, columns=names)
    frame.insert(0, "row", fit.frame.kept[order.rows[events]].astype(np.int64))
    frame.insert(1, TIME, np.repeat(order.time, order.n_tied))
    return frame
