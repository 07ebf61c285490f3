"""People along their sessions: linear predictors, survival and its gradient."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from rpcstats.errors import ParameterError
from rpcstats.formula import Design
from rpcstats.formula.design import fixed_columns
from rpcstats.mixed.structure.arithmetic import columns_used
from rpcstats.survival.discrete._paths import Curves, Paths, survival_curves
from rpcstats.survival.structure.hazard_frame import total_offset

if TYPE_CHECKING:
    from rpcstats.survival.discrete.hazard_fit import DiscreteHazardFit

FloatArray = NDArray[np.float64]

KINDS: Final = ("hazard", "survival", "completion")
AVERAGES: Final = ("conditional", "population")


def paths_of(fit: "DiscreteHazardFit", rows: pd.DataFrame, n_person: int) -> Paths:
    """Encode persons along their sessions.

    Parameters
    ----------
    fit : DiscreteHazardFit
        The fit.
    rows : pandas.DataFrame
        Covariates and clock, person by person, K rows each.
    n_person : int
        Persons, m.

    Returns
    -------
    Paths
        Linear predictors with what they are made of.
    """
    X = fit.sample.encoding.encode(rows)
    eta = X @ fit.beta
    offset = fit.sample.formula.offset
    if offset:
        eta = eta + total_offset(offset, rows)
    shape = (n_person, len(rows) // n_person)
    Z: tuple[FloatArray, ...] = ()
    if fit.mixed is not None:
        blocks = fit.mixed.frame.blocks
        Z = tuple(
            _effects(block.encoding.designs, rows, shape) for block in blocks if block.encoding
        )
    return Paths(eta.reshape(shape), X.reshape(*shape, X.shape[1]), Z)


def curves_of(fit: "DiscreteHazardFit", paths: Paths, *, average: str) -> Curves:
    """Give survival along paths, random effects 0 or averaged over.

    Parameters
    ----------
    fit : DiscreteHazardFit
        The fit.
    paths : Paths
        Linear predictors.
    average : {"conditional", "population"}
        Which.

    Returns
    -------
    Curves
        Survival and its gradient by β, and by θ where averaged.
    """
    if fit.mixed is None or average == "conditional":
        return survival_curves(paths, fit.link)
    return survival_curves(paths, fit.link, fit.mixed.frame.blocks, fit.mixed.theta)


def parameter_cov(fit: "DiscreteHazardFit", n: int) -> FloatArray:
    """Give the covariance of the first n parameters, β and then θ.

    Parameters
    ----------
    fit : DiscreteHazardFit
        The fit.
    n : int
        How many a gradient has.

    Returns
    -------
    ndarray of shape (n, n)
        The covariance; 0 for a variance at its boundary.
    """
    p = len(fit.beta)
    if fit.mixed is None or n == p:
        return fit.cov
    places = np.concatenate([np.flatnonzero(fit.finite), np.arange(p, n)])
    found = np.zeros((n, n))
    found[np.ix_(places, places)] = fit.mixed.delta_cov
    return found


def new_rows(
    sample_columns: Sequence[str], clock: str, persons: pd.DataFrame, sessions: FloatArray
) -> pd.DataFrame:
    """Repeat the covariates of persons for each session.

    Parameters
    ----------
    sample_columns : sequence of str
        Covariates wanted.
    clock : str
        Name of the clock.
    persons : pandas.DataFrame
        One row a person.
    sessions : ndarray of shape (K,)
        The sessions.

    Returns
    -------
    pandas.DataFrame
        K rows a person.
    """
    row = np.repeat(np.arange(len(persons)), len(sessions))
    frame = persons[list(sample_columns)].iloc[row].reset_index(drop=True)
    return frame.assign(**{clock: np.tile(sessions, len(persons))})


def covariate_columns(fit: Any) -> list[str]:
    """List the covariates a prediction needs beside the clock.

    Parameters
    ----------
    fit : DiscreteHazardFit or DiscreteCompetingFit
        The fit.

    Returns
    -------
    list of str
        Column names.
    """
    sample = fit.sample
    used = [*fixed_columns(sample.formula)]
    used += [name for text in sample.formula.offset for name in columns_used(text)]
    if getattr(fit, "mixed", None) is not None:
        designs = [d for b in fit.mixed.frame.blocks if b.encoding for d in b.encoding.designs]
        used += [name for one in designs for name in fixed_columns(one.formula)]
    return [name for name in dict.fromkeys(used) if name != sample.encoding.clock]


def given_sessions(
    fit: Any, sessions: Sequence[float] | None, *, from_first: bool = True
) -> FloatArray:
    """Check the sessions asked for.

    Parameters
    ----------
    fit : DiscreteHazardFit or DiscreteCompetingFit
        The fit.
    sessions : sequence of float or None
        Sessions in order; those of the fit if None.
    from_first : bool
        Whether they have to be the first ones without a gap, as survival needs.

    Returns
    -------
    ndarray of shape (K,)
        The sessions.

    Raises
    ------
    ParameterError
        If they are not in order, not all among those of the fit, or leave some out.
    """
    known = fit.sample.rows.sessions.to_numpy()
    if sessions is None:
        return np.asarray(known)
    wanted = np.atleast_1d(np.asarray(sessions))
    if len(wanted) == 0 or not np.isin(wanted, known).all() or (np.diff(wanted) <= 0).any():
        raise ParameterError(
            "sessions are unknown",
            ["give sessions of the fit in increasing order"],
        )
    if from_first and (wanted != known[: len(wanted)]).any():
        raise ParameterError(
            "sessions leave some out",
            ["give all from the first on: nobody gets to one but through those before it"],
        )
    return wanted.astype(known.dtype)


def _effects(designs: tuple[Design, ...], rows: pd.DataFrame, shape: tuple[int, int]) -> FloatArray:
    Z: FloatArray = np.hstack([one.encode(rows) for one in designs])
    return Z.reshape(*shape, Z.shape[1])
