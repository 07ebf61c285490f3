"""Fitted Cox models of transitions and what can be asked of them."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from rpcstats._numerics.intervals import ConfType
from rpcstats._vocabulary import CONF_HIGH, CONF_LOW, ESTIMATE, FROM_STATE, N_EVENT, TERM, TO_STATE
from rpcstats.formula import Formula
from rpcstats.mixed.coefficients import coefficient_table
from rpcstats.survival.states._state_counts import Graph
from rpcstats.survival.states.transition_design import StackedDesign
from rpcstats.tables.summary import Summarised, Summary

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from rpcstats.survival.cox_fit import CoxFit
    from rpcstats.survival.states.state_prediction import StatePrediction

FloatArray = NDArray[np.float64]

ANY = "any"


class Transition(NamedTuple):
    """One transition and its model.

    Attributes
    ----------
    label : str
        "well to ill".
    from_state, to_state : str
        The states.
    fit : int
        Which of the fits it belongs to.
    n_event : int
        How often it happened.
    """

    label: str
    from_state: str
    to_state: str
    fit: int
    n_event: int


@dataclass(frozen=True, slots=True, eq=False, kw_only=True, repr=False)
class TransitionCox(Summarised):
    """Cox models of the transitions between states.

    Attributes
    ----------
    formula : Formula
        The formula.
    states : tuple of str
        Names of the states.
    graph : Graph
        Transitions by number of state.
    transitions : tuple of Transition
        The transitions, in the order of `graph`.
    fits : tuple of CoxFit
        One for each transition; one for all where coefficients are common.
    stacked : StackedDesign or None
        Encoding of the one model for all.
    start : int or None
        State in which everybody begins; None where it varies.
    cluster : tuple of str
        Columns by which errors are robust.
    conf_level : float
        Level of the intervals.
    n_obs, n_person, n_missing : int
        Rows used, persons, rows left out for a missing value.
    remarks : tuple of str
        What a reader has to know.
    """

    formula: Formula
    states: tuple[str, ...]
    graph: Graph
    transitions: tuple[Transition, ...]
    fits: "tuple[CoxFit, ...]"
    stacked: StackedDesign | None
    start: int | None
    cluster: tuple[str, ...]
    conf_level: float
    n_obs: int
    n_person: int
    n_missing: int
    remarks: tuple[str, ...]

    def tidy(self, *, exponentiate: bool = False, conf_level: float | None = None) -> pd.DataFrame:
        """Give one row per transition and coefficient.

        Parameters
        ----------
        exponentiate : bool
            Whether to give hazard ratios and their limits; the standard error stays that of
            the logarithm.
        conf_level : float, optional
            Level of the intervals; that of the fit if not given.

        Returns
        -------
        pandas.DataFrame
            Columns from_state, to_state ("any" for a coefficient common to all), term,
            estimate, std_error, statistic, df, p_value, conf_low, conf_high.
        """
        level = self.conf_level if conf_level is None else conf_level
        frames = []
        for place, fit in enumerate(self.fits):
            ends, names = self._terms(place, fit)
            table = coefficient_table(
                names, fit.beta, fit.std_error, conf_level=level, exponentiate=exponentiate
            )
            table.insert(0, TO_STATE, [end[1] for end in ends])
            table.insert(0, FROM_STATE, [end[0] for end in ends])
            frames.append(table)
        return pd.concat(frames, ignore_index=True)

    def _terms(self, place: int, fit: "CoxFit") -> tuple[list[tuple[str, str]], list[str]]:
        if self.stacked is None:
            own = self.transitions[place]
            return [(own.from_state, own.to_state)] * len(fit.names), list(fit.names)
        terms = self.stacked.terms
        chosen = [terms[int(name.removeprefix("x"))] for name in fit.names]
        ends = [
            (ANY, ANY) if k < 0 else (self.transitions[k].from_state, self.transitions[k].to_state)
            for _, k in chosen
        ]
        return ends, [name for name, _ in chosen]

    def glance(self) -> pd.DataFrame:
        """Give one row on all models.

        Returns
        -------
        pandas.DataFrame
            Columns n_obs, n_id, n_event, n_state, n_transition, log_lik, df, aic, converged,
            n_missing; likelihoods of the transitions added up.
        """
        log_lik = sum(fit.log_lik for fit in self.fits)
        df = sum(fit.df for fit in self.fits)
        row = {
            "n_obs": self.n_obs,
            "n_id": self.n_person,
            N_EVENT: sum(transition.n_event for transition in self.transitions),
            "n_state": len(self.states),
            "n_transition": len(self.transitions),
            "log_lik": log_lik,
            "df": df,
            "aic": 2 * df - 2 * log_lik,
            "converged": all(fit.converged for fit in self.fits),
            "n_missing": self.n_missing,
        }
        return pd.DataFrame([row])

    def predict(
        self,
        newdata: Any,
        times: ArrayLike | None = None,
        *,
        start: str | None = None,
        since: float = 0.0,
        conf_type: ConfType = "log-log",
        conf_level: float | None = None,
    ) -> "StatePrediction":
        """Predict the occupation of the states for new rows.

        Parameters
        ----------
        newdata : frame
            A row a covariate pattern, which does not change over time.
        times : array_like, optional
            Times after `since`; every time of a transition if not given.
        start : str, optional
            State held at `since`; the state in which everybody begins if not given.
        since : float
            Time from which to predict.
        conf_type : {"log-log", "log", "plain", "logit", "arcsine"}
            Scale on which the limits are symmetric.
        conf_level : float, optional
            Level of the intervals; that of the fit if not given.

        Returns
        -------
        StatePrediction
            Probabilities with standard errors and limits.

        Raises
        ------
        FormulaError
            If a column is not there.
        DataError
            If a value is missing, or a category was not among those of the fit.
        ParameterError
            If an option is out of range.
        """
        from rpcstats.survival.states.predict_states import predict_states

        return predict_states(
            self,
            newdata,
            times,
            start=start,
            since=since,
            conf_type=conf_type,
            conf_level=self.conf_level if conf_level is None else conf_level,
        )

    def vcov(self) -> FloatArray:
        """Give the covariance of all coefficients, in the order of `tidy`.

        Returns
        -------
        ndarray of shape (q, q)
            Robust errors connect transitions through persons who are at risk of several.
        """
        from rpcstats.survival.states.transition_covariance import joint_covariance

        return joint_covariance(self.fits, is_robust=bool(self.cluster))

    def summary(self, *, exponentiate: bool = True) -> Summary:
        """Give a readable account.

        Parameters
        ----------
        exponentiate : bool
            Whether to show hazard ratios.

        Returns
        -------
        Summary
            Prints as text, shows as HTML in a notebook.
        """
        counts = pd.DataFrame(
            {
                FROM_STATE: [transition.from_state for transition in self.transitions],
                TO_STATE: [transition.to_state for transition in self.transitions],
                N_EVENT: [transition.n_event for transition in self.transitions],
            }
        )
        what = "Hazard ratios; errors are those of their logarithms." if exponentiate else ""
        by = f"Errors robust by {' and '.join(self.cluster)}." if self.cluster else ""
        tables = (self.tidy(exponentiate=exponentiate), counts)
        heading = f"Cox models of transitions: {self.formula.text}"
        return Summary(
            heading, tables, " ".join(part for part in (what, by, *self.remarks) if part)
        )

    def plot(self, ax: "Axes | None" = None) -> "Axes":
        """Draw the hazard ratios with their intervals, transition by transition.

        Parameters
        ----------
        ax : matplotlib Axes, optional
            Where to draw, narrowed to make room for the names; a new figure if not given.

        Returns
        -------
        matplotlib Axes
            The axes drawn on.
        """
        from rpcstats.figures.forest import forest_axes

        frame = self.tidy(exponentiate=True)
        frame["transition"] = frame[FROM_STATE] + " to " + frame[TO_STATE]
        columns = ["transition", TERM, ESTIMATE, CONF_LOW, CONF_HIGH]
        return forest_axes(
            frame[columns],
            ax=ax,
            label=TERM,
            group="transition",
            percent=False,
            ratio=True,
            reference=1.0,
            value_label=f"Hazard ratio ({self.conf_level:.0%} interval)",
        )
