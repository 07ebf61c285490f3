"""A fitted trajectory of goal ratings and what can be asked of it."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Final, Literal

import numpy as np
import pandas as pd
from scipy import special

from rpcstats._numerics.intervals import normal_quantile
from rpcstats._vocabulary import STAGE, TRAJECTORY, ReleaseKind
from rpcstats.errors import ParameterError
from rpcstats.goals.estimand import EstimandResult
from rpcstats.goals.goal_ratings import FloatArray
from rpcstats.goals.observed_means import observed_means
from rpcstats.goals.population_means import (
    Fit,
    PopulationMeans,
    mean_coefficients,
    population_means,
)
from rpcstats.goals.trajectory_progress import chance_of_progress
from rpcstats.goals.trajectory_rows import TrajectoryRows
from rpcstats.goals.trajectory_spreads import TrajectorySpreads, spread_words, trajectory_spreads
from rpcstats.mixed.linear_fit import LinearMixedFit
from rpcstats.tables.summary import Summarised, Summary, counted

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Errors = Literal["model", "robust"]

COURSE: Final = np.array([0.0, 1.0])
MOST_STAGES: Final = 25
MODEL: Final = "model"
HEADINGS: Final = {
    "ordinal": "Cumulative probit mixed model of every rating made while in the course",
    "linear": "Linear mixed model of every rating made while in the course",
}


@dataclass(frozen=True, slots=True, eq=False, kw_only=True, repr=False)
class GoalTrajectory(Summarised):
    """Mean course of goal ratings by a mixed model.

    Attributes
    ----------
    model : {"ordinal", "linear"}
        Cumulative probit or linear mixed model.
    fit : LinearMixedFit or GeneralMixedFit
        The model; `fit.conditional_modes` and the rows behind it tell of single parents and
        stay in the office.
    linear : LinearMixedFit
        Linear model of the same rows and effects with one residual variance, which degrees of
        freedom are taken from; `fit` itself if that is one.
    rows : TrajectoryRows
        What it was fitted to, and the starters the means are about.
    conf_level : float
        Level of the limits.
    """

    release_kind: ClassVar[ReleaseKind] = "estimates"

    model: Literal["ordinal", "linear"]
    fit: Fit
    linear: LinearMixedFit
    rows: TrajectoryRows
    conf_level: float

    @property
    def span(self) -> float:
        """Length of the scale in points."""
        return self.rows.span

    @property
    def n_without_end(self) -> int:
        """Starters without a rating of the end made while they were in."""
        at_end = self.rows.rows[self.rows.rows[STAGE] == 1.0]
        return int((~self.rows.starters["parent"].isin(at_end["episode"])).sum())

    @property
    def remarks(self) -> tuple[str, ...]:
        """What a reader should know of the rows and of the fit, in plain sentences."""
        return (*self.rows.remarks, *spread_words(self.fit), *self.fit.trouble)

    def tidy(self) -> pd.DataFrame:
        """Give the mean rating along the course, by the model and as observed.

        Returns
        -------
        pandas.DataFrame
            Columns `TRAJECTORY`: series ("model": all starters, had all been in at each stage;
            "stayed", "left": means of the ratings seen, of those who stayed to the end and of
            those who left), stage, n_obs (parents), estimate, std_error, conf_low, conf_high
            (none for means observed), in points as printed.
        """
        seen = observed_means(self.rows)
        stages = np.unique(self.rows.rows[STAGE].to_numpy(dtype=np.float64).round(6))
        if len(stages) > MOST_STAGES:
            stages = np.linspace(0.0, 1.0, MOST_STAGES)
        stages = np.union1d(stages, COURSE)
        found = population_means(self.fit, self.rows, stages, linear=self.linear)
        low, high = self._limits(found)
        curve = pd.DataFrame(
            {
                "series": MODEL,
                STAGE: stages,
                "n_obs": len(self.rows.starters),
                "estimate": found.estimate,
                "std_error": found.std_error,
                "conf_low": low,
                "conf_high": high,
            }
        )
        return pd.concat([curve, seen], ignore_index=True)[list(TRAJECTORY)]

    def change(self, *, errors: Errors = "model") -> pd.DataFrame:
        """Give the mean change over the whole course, had all starters finished.

        Parameters
        ----------
        errors : {"model", "robust"}
            Standard error of the model; or, for a linear model, one that only takes clusters
            as independent (CR2: Bell and McCaffrey 2002).

        Returns
        -------
        pandas.DataFrame
            One row: estimate (points, better positive), std_error, df, conf_low, conf_high.

        Raises
        ------
        ParameterError
            If robust errors are asked of an ordered model.
        """
        sign = self.rows.ratings.sign
        contrast = sign * np.array([[-1.0, 1.0]])
        found = population_means(self.fit, self.rows, COURSE, contrast, linear=self.linear)
        if errors == "robust":
            if not isinstance(self.fit, LinearMixedFit):
                raise ParameterError(
                    "errors can't be robust",
                    ['an ordered model has its own only; fit model="linear" as well'],
                )
            found = self._robust(self.fit, found, contrast[0])
        low, high = self._limits(found)
        df = np.where(np.isfinite(found.df), found.df, np.nan)
        return pd.DataFrame(
            {
                "estimate": found.estimate,
                "std_error": found.std_error,
                "df": df,
                "conf_low": low,
                "conf_high": high,
            }
        )

    def progress(self, *, threshold: float = 1.0) -> pd.DataFrame:
        """Give the share of starters who would have made progress, had all finished.

        Parameters
        ----------
        threshold : float
            Mean change of a parent's goals that counts as progress, in points.

        Returns
        -------
        pandas.DataFrame
            One row: estimate, std_error, df (that of the mean change, t on the logit scale),
            conf_low, conf_high.
        """
        found = chance_of_progress(self.fit, self.rows, threshold)
        p = found.estimate
        df = float(self.change()["df"].iloc[0])
        half = self._quantile(np.array([df]))[0] * found.std_error / (p * (1.0 - p))
        low, high = special.expit(special.logit(p) + half * np.array([-1.0, 1.0]))
        columns = {"estimate": p, "std_error": found.std_error, "df": df}
        return pd.DataFrame([columns | {"conf_low": float(low), "conf_high": float(high)}])

    def hypothetical(self, *, threshold: float = 1.0, errors: Errors = "model") -> EstimandResult:
        """Give estimand E5b: the change of all starters, had all finished.

        Parameters
        ----------
        threshold : float
            Mean change of a parent's goals that counts as progress, in points.
        errors : {"model", "robust"}
            As in `change`; the share has those of the model.

        Returns
        -------
        EstimandResult
            Rows ``mean change`` and ``progress``.

        Raises
        ------
        ParameterError
            If robust errors are asked of an ordered model.
        """
        from rpcstats.goals.trajectory_estimand import hypothetical_result

        return hypothetical_result(self, threshold=threshold, errors=errors)

    def spreads(self) -> TrajectorySpreads:
        """Give the spreads between parents, goals and groups, and the share of change by group.

        Returns
        -------
        TrajectorySpreads
            Standard deviations and correlations, in points for a linear model and in standard
            deviations of a rating's noise for an ordered one.
        """
        return trajectory_spreads(self.fit, self.rows, self.conf_level)

    def glance(self) -> pd.DataFrame:
        """Give one row about the fit as a whole.

        Returns
        -------
        pandas.DataFrame
            Columns model, n_obs (starters the means are about), n_missing (of them without a
            rating of the end), n_rated (parents with ratings), n_rating, n_group, log_lik,
            converged, is_singular, conf_level.
        """
        return pd.DataFrame(
            [
                {
                    "model": self.model,
                    "n_obs": len(self.rows.starters),
                    "n_missing": self.n_without_end,
                    "n_rated": int(self.rows.rows["episode"].nunique()),
                    "n_rating": len(self.rows.rows),
                    "n_group": self.rows.n_groups,
                    "log_lik": self.fit.log_lik,
                    "converged": self.fit.converged,
                    "is_singular": self.fit.is_singular,
                    "conf_level": self.conf_level,
                }
            ]
        )

    def summary(self) -> Summary:
        """Give a readable account.

        Returns
        -------
        Summary
            Prints as text, shows as HTML in a notebook.
        """
        curve = self.tidy()
        curve = curve[curve["series"] == MODEL].drop(columns=["series", "n_obs"])
        about = (
            f"Mean rating of {counted(len(self.rows.starters), 'starter')}, had all been in at"
            f" each stage; {self.n_without_end} have no rating of the end."
        )
        change = self.change().assign(measure="mean change over the course")
        return Summary(HEADINGS[self.model], (curve, change), " ".join([about, *self.remarks]))

    def plot(self, ax: "Axes | None" = None, **options: Any) -> "Axes":
        """Draw the mean course with its band, and the means seen of those who stayed and left.

        Parameters
        ----------
        ax : matplotlib.axes.Axes, optional
            Where to draw; a new figure if not given.
        **options
            As `rpcstats.figures.rating_curves.rating_curves` takes them: ylabel, watermark.

        Returns
        -------
        matplotlib.axes.Axes
            The axes, ``.figure`` being the picture; no parent and no group has a line of its own.
        """
        from rpcstats.figures.rating_curves import rating_curves

        figure = rating_curves(self.tidy(), ax=ax, **options)
        return figure.axes[0] if ax is None else ax

    def _limits(self, found: PopulationMeans) -> tuple[FloatArray, FloatArray]:
        half = self._quantile(found.df) * found.std_error
        return found.estimate - half, found.estimate + half

    def _quantile(self, df: FloatArray) -> FloatArray:
        normal = normal_quantile(self.conf_level)
        t = special.stdtrit(np.where(np.isfinite(df), df, 1.0), 0.5 + self.conf_level / 2.0)
        return np.where(np.isfinite(df), t, normal)

    def _robust(
        self, fit: LinearMixedFit, found: PopulationMeans, contrast: FloatArray
    ) -> PopulationMeans:
        own = fit.robust(self.rows.rows["cluster"].to_numpy()).found
        row = mean_coefficients(fit, self.rows, COURSE, contrast[None, :])[0]
        sampled = found.std_error**2 - row @ fit.cov @ row
        return PopulationMeans(
            found.estimate, np.sqrt(row @ own.cov @ row + sampled), own.df_of(row)
        )
