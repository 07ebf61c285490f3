"""Intervals of a fitted mixed model by one of three methods."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import pandas as pd

from rpcstats._vocabulary import CONF_HIGH, CONF_LOW, ESTIMATE, TERM
from rpcstats.errors import ParameterError
from rpcstats.mixed.inference.profile_parameters import choose_parameters, parameters_of

if TYPE_CHECKING:
    from rpcstats.mixed.mixed_fit import IntervalMethod, MixedFit


def confidence_limits(
    fit: "MixedFit",
    method: "IntervalMethod",
    parm: str | Sequence[str] | None,
    *,
    conf_level: float,
    n: int,
    seed: int | None,
    workers: int,
) -> pd.DataFrame:
    """Give intervals of the parameters of a fit.

    Parameters
    ----------
    fit : MixedFit
        The fit.
    method : {"wald", "profile", "bootstrap"}
        How.
    parm : str or sequence of str or None
        Names of parameters; all the method has if None.
    conf_level : float
        Level of the intervals.
    n : int
        Data sets of a bootstrap.
    seed : int or None
        Its seed.
    workers : int
        Its processes.

    Returns
    -------
    pandas.DataFrame
        Columns term, estimate, conf_low, conf_high.

    Raises
    ------
    ParameterError
        If an option is unknown or out of range.
    """
    parameters = parameters_of(fit)
    if method == "wald":
        parameters = tuple(p for p in parameters if p.kind in ("threshold", "fixed"))
    chosen = [parameter.name for parameter in choose_parameters(parameters, parm)]
    if method == "wald":
        table = fit.tidy(conf_level=conf_level)
    elif method == "profile":
        from rpcstats.mixed.inference.profile import profile_likelihood

        table = profile_likelihood(fit, chosen, conf_level=conf_level, n_point=0).tidy()
    elif method == "bootstrap":
        from rpcstats.mixed.inference.bootstrap import parametric_bootstrap

        if seed is None:
            raise ParameterError("A bootstrap needs a seed", ["give seed=1, or another number"])
        found = parametric_bootstrap(fit, n, seed=seed, workers=workers)
        table = found.tidy(conf_level=conf_level)
    else:
        raise ParameterError(
            "method is unknown", ['choose method="wald", "profile" or "bootstrap"']
        )
    kept = table[TERM].isin(chosen)
    columns = [TERM, ESTIMATE, CONF_LOW, CONF_HIGH]
    return table.loc[kept, columns].reset_index(drop=True)
