"""The account and the picture of a hazard by session."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from rpcstats._numerics.intervals import normal_quantile
from rpcstats._vocabulary import CONF_HIGH, CONF_LOW, ESTIMATE, STRATA, TIME
from rpcstats.errors import ParameterError
from rpcstats.formula import make_groups
from rpcstats.mixed.wording import quadrature_words
from rpcstats.survival.discrete._limits import hazard_limits
from rpcstats.survival.discrete._links import moments_of
from rpcstats.survival.discrete._robust import cluster_counts
from rpcstats.tables.summary import Summary, counted

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from rpcstats.survival.discrete.hazard_fit import DiscreteHazardFit

FloatArray = NDArray[np.float64]


def summary_of(fit: "DiscreteHazardFit") -> Summary:
    """Give a readable account of a fit.

    Parameters
    ----------
    fit : DiscreteHazardFit
        The fit.

    Returns
    -------
    Summary
        Coefficients, the whole, variances where there are any, and remarks.
    """
    how = f"{fit.link} link"
    if fit.mixed is not None:
        how += f", {quadrature_words(fit.mixed.nagq)}"
    if fit.firth:
        how += ", Firth's bias reduction"
    heading = f"Hazard by session ({how}): {fit.sample.formula.text}"
    frames = [fit.tidy(), fit.glance()]
    if fit.mixed is not None:
        frames.insert(1, fit.mixed.varcorr().tidy())
    sentences = [f"Estimates are logs of {fit.measure}s.", _errors_in_words(fit), *fit.remarks]
    return Summary(heading, tuple(frames), " ".join(sentences))


def _errors_in_words(fit: "DiscreteHazardFit") -> str:
    level = f"{fit.conf_level:.0%} intervals"
    if not fit.parts:
        return f"{level} from the model's standard errors."
    sizes = zip(cluster_counts(fit.parts), fit.sample.cluster_names, strict=True)
    clusters = " and ".join(f"{counted(n, 'cluster')} of {name}" for n, name in sizes)
    tail = "t intervals" if np.isfinite(fit.df).any() else "normal intervals"
    return f"{level} from cluster-robust standard errors ({fit.errors}, {clusters}; {tail})."


def draw_hazard(
    fit: "DiscreteHazardFit",
    ax: "Axes | None",
    *,
    by: str | None = None,
    names: Mapping[str, str] | None = None,
) -> "Axes":
    """Draw the fitted hazard by session, averaged over those at risk.

    Parameters
    ----------
    fit : DiscreteHazardFit
        The fit; random effects at 0.
    ax : matplotlib.axes.Axes or None
        Where to draw.
    by : str, optional
        Column whose levels are drawn side by side.
    names : mapping of str to str, optional
        Words for the levels.

    Returns
    -------
    matplotlib.axes.Axes
        The axes.
    """
    from rpcstats.figures.session_dots import session_dots

    return session_dots(
        hazard_rows(fit, by), ax=ax, names=names, ylabel="Chance to leave, of those still there"
    )


def hazard_rows(fit: "DiscreteHazardFit", by: str | None = None) -> pd.DataFrame:
    """Average the fitted hazard over those at risk at each session.

    Parameters
    ----------
    fit : DiscreteHazardFit
        The fit; random effects at 0.
    by : str, optional
        Column of the model that splits those at risk.

    Returns
    -------
    pandas.DataFrame
        Columns strata (where split), time, estimate, conf_low, conf_high.

    Raises
    ------
    ParameterError
        If `by` is no column of the model.
    """
    cells = fit.sample.cells
    group = np.zeros(cells.n_unit, dtype=np.int64)
    labels: tuple[str, ...] = ("",)
    if by is not None:
        if by not in fit.sample.covariates:
            known = ", ".join(str(name) for name in fit.sample.covariates)
            raise ParameterError("by is no covariate of the model", [f"choose one of {known}"])
        groups = make_groups(fit.sample.covariates, (by,))
        group, labels = groups.codes, tuple(level[0] for level in groups.levels)
    sessions = fit.sample.rows.sessions.to_numpy()
    moments = moments_of(cells.predictor(fit.beta), fit.link)
    n = np.ones(cells.n_cell) if cells.copies is None else cells.copies
    place = _session_of_cells(fit, len(sessions))
    key = cells.spread(group) * len(sessions) + place
    size = len(labels) * len(sessions)
    total = np.bincount(key, n, size)
    with np.errstate(invalid="ignore", divide="ignore"):
        hazard = np.bincount(key, n * moments.mu, size) / total
        gradient = np.zeros((size, cells.n_column))
        for _, at, X in cells.rows():
            np.add.at(gradient, key[at], X * (n * moments.slope)[at, None])
        gradient /= total[:, None]
    with np.errstate(invalid="ignore"):
        se = np.sqrt(np.einsum("sp,pq,sq->s", gradient, fit.cov, gradient))
    estimate, _, low, high = hazard_limits(hazard, se, normal_quantile(fit.conf_level), fit.link)
    frame = pd.DataFrame(
        {
            STRATA: np.repeat(labels, len(sessions)),
            TIME: np.tile(sessions, len(labels)).astype(np.float64),
            ESTIMATE: estimate,
            CONF_LOW: low,
            CONF_HIGH: high,
        }
    )[total > 0].reset_index(drop=True)
    return frame if by is not None else frame.drop(columns=STRATA)


def _session_of_cells(fit: "DiscreteHazardFit", n_session: int) -> NDArray[np.int64]:
    """Tell the session of each cell; where units hold the clock it is theirs."""
    cells, sample = fit.sample.cells, fit.sample
    if len(cells.S) == n_session and sample.encoding.clock not in sample.covariates:
        return np.repeat(np.arange(n_session), np.diff(cells.start))
    values = sample.covariates[sample.encoding.clock].to_numpy()
    places = np.searchsorted(sample.rows.sessions.to_numpy(), values)
    return cells.spread(places.astype(np.int64))
