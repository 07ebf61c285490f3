"""Probabilities of the states at t for those in each state at s."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from rpcstats._numerics.arguments import as_number, as_word
from rpcstats._numerics.intervals import ConfType
from rpcstats._vocabulary import FROM_STATE
from rpcstats.errors import ParameterError
from rpcstats.survival.states._state_counts import Graph, Stays
from rpcstats.survival.states.curve_frames import curve_frame, reading_frame
from rpcstats.survival.states.group_frames import by_group, wanted_times
from rpcstats.survival.states.history import BEFORE
from rpcstats.survival.states.state_curves import StateCurve, estimate_curve
from rpcstats.survival.states.state_occupation import MultiState
from rpcstats.tables.summary import Summarised, Summary

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Method = Literal["aalen-johansen", "landmark"]


@dataclass(frozen=True, slots=True, eq=False, kw_only=True, repr=False)
class TransitionProbabilities(Summarised):
    """P(s, t): curves from each state held at s, by group.

    Attributes
    ----------
    states : tuple of str
        Names of the states.
    since : float
        The time s.
    method : {"aalen-johansen", "landmark"}
        Whose rows are used.
    strata, origins : tuple of str
        Group and starting state of each curve.
    curves : tuple of StateCurve
        The curves.
    conf_type, conf_level : str, float
        Scale and level of the limits.
    is_weighted : bool
        Whether counts are sums of weights.
    n_missing : int
        Rows left out because the person had a missing value.
    remarks : tuple of str
        What a reader has to know.
    """

    states: tuple[str, ...]
    since: float
    method: Method
    strata: tuple[str, ...]
    origins: tuple[str, ...]
    curves: tuple[StateCurve, ...]
    conf_type: ConfType
    conf_level: float
    is_weighted: bool
    n_missing: int
    remarks: tuple[str, ...]

    def tidy(self) -> pd.DataFrame:
        """Give one row per group, starting state, state and distinct time after s.

        Returns
        -------
        pandas.DataFrame
            Columns strata, from_state, state, time, n_risk, n_event, n_censor, estimate,
            std_error, conf_low, conf_high.
        """
        frames = [
            curve_frame(
                curve,
                self.states,
                conf_type=self.conf_type,
                conf_level=self.conf_level,
                is_weighted=self.is_weighted,
            )
            for curve in self.curves
        ]
        return self._labelled(frames)

    def glance(self) -> pd.DataFrame:
        """Give one row on the whole.

        Returns
        -------
        pandas.DataFrame
            Columns since, method, n_state, n_group, n_missing, conf_level.
        """
        row = {
            "since": self.since,
            "method": self.method,
            "n_state": len(self.states),
            "n_group": len(set(self.strata)),
            "n_missing": self.n_missing,
            "conf_level": self.conf_level,
        }
        return pd.DataFrame([row])

    def at(self, times: ArrayLike) -> pd.DataFrame:
        """Read the probabilities at given times.

        Parameters
        ----------
        times : array_like
            Times from s up.

        Returns
        -------
        pandas.DataFrame
            Columns strata, from_state, state, time, n_risk, estimate, std_error, conf_low,
            conf_high; NaN before s and where nothing is known.

        Raises
        ------
        ParameterError
            If a time is negative or not a number.
        """
        wanted = wanted_times(times)
        frames = [
            reading_frame(
                curve,
                self.states,
                wanted,
                conf_type=self.conf_type,
                conf_level=self.conf_level,
            )
            for curve in self.curves
        ]
        return self._labelled(frames)

    def summary(self) -> Summary:
        """Give a readable account.

        Returns
        -------
        Summary
            Prints as text, shows as HTML in a notebook.
        """
        ends = [
            reading_frame(
                curve,
                self.states,
                curve.time[-1:],
                conf_type=self.conf_type,
                conf_level=self.conf_level,
            )
            for curve in self.curves
        ]
        heading = f"Transition probabilities from {self.since:g}, {self.method}"
        return Summary(heading, (self._labelled(ends),), " ".join(self.remarks))

    def plot(
        self, ax: "Axes | None" = None, *, from_state: str | None = None, group: str | None = None
    ) -> "Axes":
        """Draw the probabilities from one state, stacked on each other.

        Parameters
        ----------
        ax : matplotlib Axes, optional
            Where to draw; a new figure if not given.
        from_state, group : str, optional
            Which curves; the first if not given.

        Returns
        -------
        matplotlib Axes
            The axes drawn on.

        Raises
        ------
        ParameterError
            If there are no such curves.
        """
        from rpcstats.figures.occupation import state_occupation

        chosen = [
            place
            for place, (label, origin) in enumerate(zip(self.strata, self.origins, strict=True))
            if (group is None or label == group) and (from_state is None or origin == from_state)
        ]
        if not chosen:
            raise ParameterError(
                "There are no such curves",
                [f"from_state= is one of {', '.join(dict.fromkeys(self.origins))}"],
            )
        frame = curve_frame(
            self.curves[chosen[0]],
            self.states,
            conf_type=self.conf_type,
            conf_level=self.conf_level,
            is_weighted=self.is_weighted,
        )
        axes: Axes = state_occupation(frame, ax=ax, start=self.since)
        return axes

    def _labelled(self, frames: list[pd.DataFrame]) -> pd.DataFrame:
        for frame, origin in zip(frames, self.origins, strict=True):
            frame.insert(0, FROM_STATE, origin)
        return by_group(self.strata, frames)


def transition_probabilities(
    fit: MultiState, since: float = 0.0, *, method: Method = "aalen-johansen"
) -> TransitionProbabilities:
    """Estimate P(s, t) from each state that somebody is in just after s.

    Parameters
    ----------
    fit : MultiState
        Estimated occupation.
    since : float
        The time s, 0 or more.
    method : {"aalen-johansen", "landmark"}
        Aalen-Johansen uses everybody at risk after s and needs a Markov process: the way into
        a state must not matter. Landmark uses only those who are in the state at s.

    Returns
    -------
    TransitionProbabilities
        One set of curves for each group and state.

    Raises
    ------
    ParameterError
        If s is out of range, or the method unknown.

    Notes
    -----
    Aalen and Johansen (1978); landmark by Putter and Spitoni (2018), right without the Markov
    assumption but on fewer people. Where both agree the assumption is supported.
    """
    _check(since, method)
    found, remarks = [], list(fit.remarks)
    for group, label in enumerate(fit.strata):
        curves = _curves_from(fit.stays_of(group), fit.history.graph, float(since), method)
        found += [(label, fit.states[state], curve) for state, curve in curves]
        if not curves:
            remarks.append(f"{label}: nobody is followed after {since:g}.")
    if not found:
        raise ParameterError(
            f"since = {since:g} is beyond the end of follow-up", ["give an earlier time"]
        )
    if method == "aalen-johansen":
        remarks.append("These probabilities rest on a Markov process; compare method='landmark'.")
    return TransitionProbabilities(
        states=fit.states,
        since=float(since),
        method=method,
        strata=tuple(one[0] for one in found),
        origins=tuple(one[1] for one in found),
        curves=tuple(one[2] for one in found),
        conf_type=fit.conf_type,
        conf_level=fit.conf_level,
        is_weighted=fit.history.stays.weights is not None,
        n_missing=fit.n_missing,
        remarks=tuple(remarks),
    )


def _curves_from(
    stays: Stays, graph: Graph, since: float, method: Method
) -> list[tuple[int, StateCurve]]:
    """Estimate the curves of one group from each state held after a time."""
    ahead = stays.taken(stays.time > since)
    entry = np.maximum(ahead.entry, since if since > 0 else BEFORE)
    ahead = ahead._replace(entry=entry)
    is_there, origin = entry <= since, ahead.origin
    curves = []
    for state in np.unique(origin[is_there] if method == "landmark" else origin):
        rows = ahead
        if method == "landmark":
            who = ahead.person[is_there & (origin == state)]
            rows = ahead.taken(np.isin(ahead.person, who))
        curves.append((int(state), estimate_curve(rows, graph, int(state), since=since)))
    return curves


def _check(since: float, method: str) -> None:
    faults = []
    if not (np.isfinite(as_number(since)) and since >= 0):
        faults.append("since must be a finite time of 0 or more")
    if as_word(method) not in ("aalen-johansen", "landmark"):
        faults.append("method must be 'aalen-johansen' or 'landmark'")
    if faults:
        raise ParameterError("Transition probabilities can't be estimated", faults)
