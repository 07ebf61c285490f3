"""Multi-state estimates: what was estimated and how it is read."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import pandas as pd
from numpy.typing import ArrayLike

from rpcstats._numerics.intervals import ConfType
from rpcstats._vocabulary import N_EVENT, STRATA
from rpcstats.errors import ParameterError
from rpcstats.survival.states._state_counts import Stays
from rpcstats.survival.states.curve_frames import curve_frame, reading_frame
from rpcstats.survival.states.group_frames import by_group, wanted_times
from rpcstats.survival.states.history import StateHistory
from rpcstats.survival.states.state_curves import StateCurve
from rpcstats.tables.summary import Summarised, Summary

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from rpcstats.survival.states.expected_time import ExpectedTime
    from rpcstats.survival.states.transition_hazards import TransitionHazards
    from rpcstats.survival.states.transition_probabilities import TransitionProbabilities


@dataclass(frozen=True, slots=True, eq=False, kw_only=True, repr=False)
class MultiState(Summarised):
    """Probabilities of being in each state over time, by group.

    Attributes
    ----------
    states : tuple of str
        Names of the s states.
    strata : tuple of str
        Label of each group; "all" if there is one.
    curves : tuple of StateCurve
        Times, counts and estimates of each group.
    history : StateHistory
        The rows they were estimated from.
    start : int or None
        State in which everybody begins; None where the shares were estimated.
    conf_type, conf_level : str, float
        Scale and level of the limits.
    n_missing : int
        Rows left out because the person had a missing value.
    remarks : tuple of str
        What a reader has to know.
    """

    states: tuple[str, ...]
    strata: tuple[str, ...]
    curves: tuple[StateCurve, ...]
    history: StateHistory
    start: int | None
    conf_type: ConfType
    conf_level: float
    n_missing: int
    remarks: tuple[str, ...]

    def tidy(self) -> pd.DataFrame:
        """Give one row per group, state and distinct time.

        Returns
        -------
        pandas.DataFrame
            Columns strata, state, time, n_risk (in the state just before), n_event (entering
            it then), n_censor (last seen in it), estimate, std_error, conf_low, conf_high.
        """
        return self._by_group(
            [
                curve_frame(
                    curve,
                    self.states,
                    conf_type=self.conf_type,
                    conf_level=self.conf_level,
                    is_weighted=self.history.stays.weights is not None,
                )
                for curve in self.curves
            ]
        )

    def glance(self) -> pd.DataFrame:
        """Give one row on the whole.

        Returns
        -------
        pandas.DataFrame
            Columns n_obs, n_id, n_event (transitions), n_state, n_group, n_missing, conf_level.
        """
        row = {
            "n_obs": self.history.n_obs,
            "n_id": self.history.n_person,
            N_EVENT: int((self.history.stays.move >= 0).sum()),
            "n_state": len(self.states),
            "n_group": len(self.strata),
            "n_missing": self.n_missing,
            "conf_level": self.conf_level,
        }
        return pd.DataFrame([row])

    def at(self, times: ArrayLike) -> pd.DataFrame:
        """Read the probabilities at given times.

        Parameters
        ----------
        times : array_like
            Times, 0 or more.

        Returns
        -------
        pandas.DataFrame
            Columns strata, state, time, n_risk, estimate, std_error, conf_low, conf_high. After
            the last time of a group nothing is known, NaN, unless nobody could move any more.

        Raises
        ------
        ParameterError
            If a time is negative or not a number.
        """
        wanted = wanted_times(times)
        return self._by_group(
            [
                reading_frame(
                    curve,
                    self.states,
                    wanted,
                    conf_type=self.conf_type,
                    conf_level=self.conf_level,
                )
                for curve in self.curves
            ]
        )

    def transitions(self) -> pd.DataFrame:
        """Count the transitions and the time during which each could happen.

        Returns
        -------
        pandas.DataFrame
            Columns strata, from_state, to_state, n_event, time_at_risk (in from_state), rate
            (the first divided by the second); sums of weights where there are weights.
        """
        from rpcstats.survival.states.transition_hazards import count_transitions

        return count_transitions(self)

    def cumulative_hazards(self) -> "TransitionHazards":
        """Give the cumulative hazard of each transition, with jackknife errors.

        Returns
        -------
        TransitionHazards
            Nelson-Aalen estimates.
        """
        from rpcstats.survival.states.transition_hazards import transition_hazards

        return transition_hazards(self)

    def transition_probabilities(
        self,
        since: float = 0.0,
        *,
        method: Literal["aalen-johansen", "landmark"] = "aalen-johansen",
    ) -> "TransitionProbabilities":
        """Give P(s, t): the probability of each state at t for those in each state at s.

        Parameters
        ----------
        since : float
            The time s.
        method : {"aalen-johansen", "landmark"}
            Aalen-Johansen takes everybody at risk after s and so needs a Markov process;
            landmark takes only those who are in the state at s, and does not.

        Returns
        -------
        TransitionProbabilities
            One set of curves for each state that somebody is in after s.

        Raises
        ------
        ParameterError
            If s is out of range, or the method unknown.
        """
        from rpcstats.survival.states.transition_probabilities import transition_probabilities

        return transition_probabilities(self, since, method=method)

    def expected_time(self, tau: float) -> "ExpectedTime":
        """Give the mean time spent in each state up to tau.

        Parameters
        ----------
        tau : float
            Horizon, above 0, in the unit of time.

        Returns
        -------
        ExpectedTime
            One row per group and state.

        Raises
        ------
        ParameterError
            If tau is out of range, or no group was followed so long.
        """
        from rpcstats.survival.states.expected_time import expected_time

        return expected_time(self, tau)

    def summary(self) -> Summary:
        """Give a readable account.

        Returns
        -------
        Summary
            Prints as text, shows as HTML in a notebook.
        """
        ends = self._by_group(
            [
                reading_frame(
                    curve,
                    self.states,
                    curve.time[-1:],
                    conf_type=self.conf_type,
                    conf_level=self.conf_level,
                )
                for curve in self.curves
            ]
        )
        note = f"{self.conf_level:.0%} intervals on the {self.conf_type} scale, at the last time."
        return Summary(
            "Multi-state occupation", (self.transitions(), ends), " ".join((note, *self.remarks))
        )

    def plot(self, ax: "Axes | None" = None, *, group: str | None = None) -> "Axes":
        """Draw the probabilities stacked on each other, a panel a group.

        Parameters
        ----------
        ax : matplotlib Axes, optional
            Where to draw one group; a new figure if not given.
        group : str, optional
            Label of the only group to draw; all if not given.

        Returns
        -------
        matplotlib Axes
            The axes drawn on, the first of several; ``.figure`` is the picture.

        Raises
        ------
        ParameterError
            If there is no such group, or axes are given for several, or more than fit on a page.
        """
        from rpcstats.figures.occupation_panels import occupation_panels

        frame = self.tidy()
        if group is not None:
            if group not in self.strata:
                raise ParameterError(
                    "There is no such group", [f"group= is one of {', '.join(self.strata)}"]
                )
            frame = frame[frame[STRATA] == group]
        return occupation_panels(frame, ax=ax)

    def stays_of(self, group: int) -> Stays:
        """Take the rows of one group.

        Parameters
        ----------
        group : int
            Number of the group.

        Returns
        -------
        Stays
            Its rows.
        """
        if len(self.strata) == 1:
            return self.history.stays
        return self.history.stays.taken(self.history.groups.codes == group)

    def _by_group(self, frames: list[pd.DataFrame]) -> pd.DataFrame:
        return by_group(self.strata, frames)
