"""Cumulative hazard of each transition."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from rpcstats._numerics.intervals import normal_quantile
from rpcstats._vocabulary import (
    CONF_HIGH,
    CONF_LOW,
    ESTIMATE,
    FROM_STATE,
    N_EVENT,
    N_RISK,
    STD_ERROR,
    STRATA,
    TIME,
    TO_STATE,
)
from rpcstats.survival._risk_sets import risk_sets
from rpcstats.survival.nonparametric._hazard_sums import cumulative_hazard
from rpcstats.survival.nonparametric._jackknife import robust_variance
from rpcstats.survival.states._state_counts import Stays
from rpcstats.survival.states.group_frames import by_group
from rpcstats.survival.states.history import BEFORE
from rpcstats.survival.states.state_curves import is_one_cluster
from rpcstats.tables.summary import Summarised, Summary

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from rpcstats.survival.states.state_occupation import MultiState

FloatArray = NDArray[np.float64]


class HazardCurve(NamedTuple):
    """Cumulative hazard of one transition in one group.

    Attributes
    ----------
    strata, from_state, to_state : str
        Group and transition.
    time, n_risk, n_event, estimate, std_error : ndarray of shape (m,)
        At the distinct times at which somebody in the state leaves it or observation.
    """

    strata: str
    from_state: str
    to_state: str
    time: FloatArray
    n_risk: FloatArray
    n_event: FloatArray
    estimate: FloatArray
    std_error: FloatArray


@dataclass(frozen=True, slots=True, eq=False, kw_only=True, repr=False)
class TransitionHazards(Summarised):
    """Nelson-Aalen estimates of the transitions, with infinitesimal-jackknife errors.

    Attributes
    ----------
    curves : tuple of HazardCurve
        One for each transition and group.
    is_weighted : bool
        Whether counts are sums of weights.
    conf_level : float
        Level of the limits.
    n_missing : int
        Rows left out because the person had a missing value.
    remarks : tuple of str
        What a reader has to know.
    """

    curves: tuple[HazardCurve, ...]
    is_weighted: bool
    conf_level: float
    n_missing: int
    remarks: tuple[str, ...]

    def tidy(self) -> pd.DataFrame:
        """Give one row per group, transition and time.

        Returns
        -------
        pandas.DataFrame
            Columns strata, from_state, to_state, time, n_risk, n_event, estimate, std_error,
            conf_low, conf_high; limits on the log scale.
        """
        z = normal_quantile(self.conf_level)
        kind = np.float64 if self.is_weighted else np.int64
        frames = []
        for curve in self.curves:
            with np.errstate(divide="ignore", invalid="ignore"):
                ratio = np.exp(z * curve.std_error / curve.estimate)
                low, high = curve.estimate / ratio, curve.estimate * ratio
            frames.append(
                pd.DataFrame(
                    {
                        STRATA: curve.strata,
                        FROM_STATE: curve.from_state,
                        TO_STATE: curve.to_state,
                        TIME: curve.time,
                        N_RISK: curve.n_risk.astype(kind),
                        N_EVENT: curve.n_event.astype(kind),
                        ESTIMATE: curve.estimate,
                        STD_ERROR: curve.std_error,
                        CONF_LOW: low,
                        CONF_HIGH: high,
                    }
                )
            )
        return pd.concat(frames, ignore_index=True)

    def glance(self) -> pd.DataFrame:
        """Give one row on the whole.

        Returns
        -------
        pandas.DataFrame
            Columns n_event, n_transition, n_group, n_missing, conf_level.
        """
        row = {
            N_EVENT: sum(float(curve.n_event.sum()) for curve in self.curves),
            "n_transition": len({(curve.from_state, curve.to_state) for curve in self.curves}),
            "n_group": len({curve.strata for curve in self.curves}),
            "n_missing": self.n_missing,
            "conf_level": self.conf_level,
        }
        return pd.DataFrame([row])

    def summary(self) -> Summary:
        """Give a readable account.

        Returns
        -------
        Summary
            Prints as text, shows as HTML in a notebook.
        """
        last = self.tidy().groupby([STRATA, FROM_STATE, TO_STATE], sort=False).tail(1)
        return Summary("Cumulative hazards at the last time", (last,), " ".join(self.remarks))

    def plot(self, ax: "Axes | None" = None) -> "Axes":
        """Draw the cumulative hazards.

        Parameters
        ----------
        ax : matplotlib Axes, optional
            Where to draw; a new figure if not given.

        Returns
        -------
        matplotlib Axes
            The axes drawn on.
        """
        from rpcstats.figures.cumulative_hazards import cumulative_hazards

        frame = self.tidy()
        name = frame[FROM_STATE] + " to " + frame[TO_STATE]
        many = len({curve.strata for curve in self.curves}) > 1
        frame[STRATA] = frame[STRATA] + ": " + name if many else name
        return cumulative_hazards(frame, ax=ax, xlabel="Time")


def transition_hazards(fit: "MultiState") -> TransitionHazards:
    """Estimate the cumulative hazard of each transition.

    Parameters
    ----------
    fit : MultiState
        Estimated occupation.

    Returns
    -------
    TransitionHazards
        Nelson (1972) and Aalen (1978), each group and transition that somebody was at risk of.
    """
    graph, curves = fit.history.graph, []
    for group, label in enumerate(fit.strata):
        stays = fit.stays_of(group)
        for k, (h, j) in enumerate(zip(graph.origin, graph.target, strict=True)):
            rows = stays.origin == h
            if rows.any():
                found = _one_transition(stays.taken(rows), k)
                curves.append(HazardCurve(label, fit.states[h], fit.states[j], *found))
    return TransitionHazards(
        curves=tuple(curves),
        is_weighted=fit.history.stays.weights is not None,
        conf_level=fit.conf_level,
        n_missing=fit.n_missing,
        remarks=fit.remarks,
    )


def count_transitions(fit: "MultiState") -> pd.DataFrame:
    """Count the transitions and the time during which each could happen.

    Parameters
    ----------
    fit : MultiState
        Estimated occupation.

    Returns
    -------
    pandas.DataFrame
        Columns strata, from_state, to_state, n_event, time_at_risk, rate.
    """
    graph, tables = fit.history.graph, []
    for group in range(len(fit.strata)):
        stays = fit.stays_of(group)
        n_event = np.bincount(stays.move + 1, stays.weights, len(graph.origin) + 1)[1:]
        length = stays.time - np.maximum(stays.entry, 0.0)
        weighted = length if stays.weights is None else length * stays.weights
        exposure = np.bincount(stays.origin, weighted, graph.n_state)[graph.origin]
        with np.errstate(divide="ignore", invalid="ignore"):
            rate = n_event / exposure
        table = pd.DataFrame(
            {
                FROM_STATE: [fit.states[place] for place in graph.origin],
                TO_STATE: [fit.states[place] for place in graph.target],
                N_EVENT: n_event if stays.weights is not None else n_event.astype(np.int64),
                "time_at_risk": exposure,
                "rate": rate,
            }
        )
        tables.append(table)
    return by_group(fit.strata, tables)


def _one_transition(stays: Stays, move: int) -> tuple[FloatArray, ...]:
    moved = np.asarray(stays.move == move)
    entry = None if (stays.entry <= BEFORE).all() else stays.entry
    counts = risk_sets(stays.time, moved, entry=entry, weights=stays.weights)
    tied = np.bincount(counts.position[counts.arranged(moved)], minlength=len(counts.time))
    sums = cumulative_hazard(counts, tied, "breslow")
    variance = robust_variance(counts, sums.steps, moved, stays.weights, stays.clusters)
    if is_one_cluster(stays.clusters):
        variance = np.full_like(variance, np.nan)
    found = (counts.time, counts.n_risk, counts.n_event, sums.H, np.sqrt(variance))
    for values in found:
        values.setflags(write=False)
    return found
