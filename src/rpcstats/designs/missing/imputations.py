"""Imputed ratings: draws of what parents without a rating would have given."""

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, ClassVar, Final, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from rpcstats.designs.missing._printed_ratings import print_ratings
from rpcstats.designs.missing.departures import Departure
from rpcstats.designs.missing.imputation_draws import Draws
from rpcstats.designs.missing.parent_covariates import ParentCovariates
from rpcstats.designs.missing.ratings import Floats, Ratings
from rpcstats.errors import ParameterError
from rpcstats.tables.summary import Summarised, Summary, counted

Estimand = Literal["E5a", "E5b"]
Rounding = Literal["printed", "after", "none"]

PLAIN: Final[dict[Estimand, Departure]] = {
    "E5a": Departure(leavers="frozen"),
    "E5b": Departure(leavers="missing_at_random"),
}
"""What an estimand takes of those who left, unless another departure is named."""

if TYPE_CHECKING:
    from matplotlib.axes import Axes


@dataclass(frozen=True, slots=True, eq=False, kw_only=True, repr=False)
class Imputations(Summarised):
    """Completed ratings of the end, m times, under any departure from missing at random.

    Attributes
    ----------
    ratings : Ratings
        What was seen.
    covariates : ParentCovariates
        Of the model.
    draws : Draws
        Parameters, effects and errors; every departure uses the same ones.
    rounding : {"printed", "after", "none"}
        How whole points are handled.
    convergence : DataFrame
        A row a parameter: term, estimate, std_error (of the posterior), r_hat, effective_size.
    remarks : tuple of str
        What a reader has to know.
    seed : int
        Seed.
    """

    never_released: ClassVar[str] = (
        "It holds single parents and stays in the office: disclose estimands_by_imputation(...)."
    )

    ratings: Ratings
    covariates: ParentCovariates
    draws: Draws
    rounding: Rounding
    convergence: pd.DataFrame
    remarks: tuple[str, ...]
    seed: int

    @property
    def m(self) -> int:
        """Number of imputations."""
        return len(self.draws.rating_sd)

    def ends(self, estimand: Estimand, departure: Departure | None = None) -> Floats:
        """Give the rating of every goal at the end, drawn where there is none.

        Parameters
        ----------
        estimand : {"E5a", "E5b"}
            Treatment policy, where ratings after leaving count; hypothetical, where they don't.
        departure : Departure, optional
            By default those who left keep their level (E5a) or go on at random (E5b).

        Returns
        -------
        ndarray of shape (m, J)
            Ratings.

        Raises
        ------
        ParameterError
            If the estimand is unknown, or a reference is nobody's.
        """
        if estimand not in PLAIN:
            raise ParameterError("estimand is unknown", ["choose E5a or E5b"])
        drawn = self._latent_ends(departure or PLAIN[estimand])
        if self.rounding != "none":
            drawn = print_ratings(drawn, self.ratings.minimum, self.ratings.maximum)
        seen = self.ratings.end
        if estimand == "E5a":
            seen = np.where(np.isnan(seen), self.ratings.after, seen)
        return np.where(np.isnan(seen), drawn, seen)

    def changes(self, estimand: Estimand, departure: Departure | None = None) -> Floats:
        """Give the mean change of every parent's goals.

        Parameters
        ----------
        estimand : {"E5a", "E5b"}
            Treatment policy or hypothetical.
        departure : Departure, optional
            As for `ends`.

        Returns
        -------
        ndarray of shape (m, N)
            Points, better positive; parents whose course is not over included.
        """
        change = self.ratings.sign * (self.ends(estimand, departure) - self.draws.start)
        return self.ratings.parent_means(change)

    def _latent_ends(self, departure: Departure) -> Floats:
        ratings, draws = self.ratings, self.draws
        left = ratings.left
        reached = np.where(left, ratings.reached, 1.0)
        level = draws.line[:, 0] + draws.line[:, 1]
        if departure.leavers == "frozen":
            level = draws.line[:, 0] + draws.line[:, 1] * reached
        elif departure.leavers != "missing_at_random":
            level = level + np.where(left, self._moved(departure, reached), 0.0)
        share = 1.0 - reached if departure.per_share else 1.0
        delta = np.where(left, departure.delta_leavers * share, departure.delta_unanswered)
        level = level + ratings.sign * delta
        return np.asarray(level[:, ratings.parent] + draws.goal + draws.noise)

    def _moved(self, departure: Departure, reached: Floats) -> Floats:
        """Give how far the mean of those who left moves from their own at the end, (m, N)."""
        start, slope = np.moveaxis(self.draws.beta @ self.covariates.X.T, 1, 0)
        other_start, other_slope = start, np.zeros_like(slope)
        if departure.reference:
            X = self.covariates.at_reference(departure.reference)
            other_start, other_slope = np.moveaxis(self.draws.beta @ X.T, 1, 0)
        if departure.leavers == "jump_to_reference":
            return np.asarray(other_start + other_slope - start - slope)
        gained = other_slope if departure.leavers == "copy_increments" else np.zeros_like(slope)
        return np.asarray((gained - slope) * (1.0 - reached))

    def take(self, k: int) -> "Imputations":
        """Keep the first k imputations.

        Parameters
        ----------
        k : int
            At least 2.

        Returns
        -------
        Imputations
            The same draws, fewer of them.

        Raises
        ------
        ParameterError
            If there are not so many.
        """
        if not 2 <= k <= self.m:
            raise ParameterError("k is out of range", [f"give a whole number from 2 to {self.m}"])
        names = ("beta", "line", "goal", "start", "noise", "rating_sd")
        return replace(self, draws=Draws(**{n: getattr(self.draws, n)[:k] for n in names}))

    def completed(
        self, k: int, *, estimand: Estimand = "E5a", departure: Departure | None = None
    ) -> pd.DataFrame:
        """Give one completed data set.

        Parameters
        ----------
        k : int
            Which one, from 0.
        estimand : {"E5a", "E5b"}
            Treatment policy or hypothetical.
        departure : Departure, optional
            As for `ends`.

        Returns
        -------
        DataFrame
            A row a goal: episode_id, item, start, end, whether each was imputed, is_due.

        Raises
        ------
        ParameterError
            If there is no such imputation.
        """
        if not 0 <= k < self.m:
            raise ParameterError(
                "k is out of range", [f"give a whole number from 0 to {self.m - 1}"]
            )
        ratings, one = self.ratings, self.draws
        seen = ratings.end
        if estimand == "E5a":
            seen = np.where(np.isnan(seen), ratings.after, seen)
        return pd.DataFrame({
            "episode_id": ratings.parents["episode_id"].to_numpy()[ratings.parent],
            "item": ratings.item,
            "start": one.start[k],
            "end": self.ends(estimand, departure)[k],
            "start_imputed": np.isnan(ratings.start),
            "end_imputed": np.isnan(seen),
            "is_due": ratings.is_due[ratings.parent],
        })  # fmt: skip

    def sessions(self, k: int) -> NDArray[np.float64]:
        """Give every rating of the course, missed ones drawn as missing at random.

        Parameters
        ----------
        k : int
            Which imputation, from 0.

        Returns
        -------
        ndarray of shape (T, J)
            Sessions by goals, in the order of `ratings`; those after leaving are what the
            parent would have given. The first and the last row agree with `completed` under
            E5b.

        Raises
        ------
        ParameterError
            If there is no such imputation.
        """
        if not 0 <= k < self.m:
            raise ParameterError("k is out of range", [f"give 0 or a number up to {self.m - 1}"])
        ratings, draws = self.ratings, self.draws
        rng = np.random.default_rng([self.seed, k])
        start, slope = draws.line[k][:, ratings.parent]
        drawn = start + draws.goal[k] + slope * ratings.stage
        drawn += draws.rating_sd[k] * rng.standard_normal(drawn.shape)
        if self.rounding != "none":
            drawn = print_ratings(drawn, ratings.minimum, ratings.maximum)
        filled = np.where(np.isnan(ratings.score), drawn, ratings.score)
        filled[0] = draws.start[k]
        return np.where(ratings.stage == 1.0, self.ends("E5b")[k], filled)

    def tidy(self) -> pd.DataFrame:
        """Give the parameters of the imputation model.

        Returns
        -------
        DataFrame
            As `convergence`.
        """
        return self.convergence.copy()

    def glance(self) -> pd.DataFrame:
        """Give one row about the imputations.

        Returns
        -------
        DataFrame
            Numbers of imputations, parents, goals and groups, the worst R-hat and the least
            effective size.
        """
        return pd.DataFrame([{
            "m": self.m,
            "n_obs": len(self.ratings.first),
            "n_goal": len(self.ratings.item),
            "n_group": self.ratings.n_group,
            "r_hat": self.convergence["r_hat"].max(),
            "effective_size": self.convergence["effective_size"].min(),
        }])  # fmt: skip

    def plot(self, ax: "Axes | None" = None) -> "Axes":
        """Draw ratings of the end as seen, and as imputed had all finished.

        Parameters
        ----------
        ax : matplotlib Axes, optional
            Where to draw; a new figure if not given.

        Returns
        -------
        matplotlib Axes
            The axes drawn on.
        """
        from rpcstats.designs.missing.pictures import draw_imputed

        return draw_imputed(self.ratings.end, self.ends("E5b"), ax)

    def summary(self) -> Summary:
        """Give a readable account.

        Returns
        -------
        Summary
            Prints as text, shows as HTML in a notebook.
        """
        said = counted(len(self.ratings.first), "parent") + f", seed {self.seed}."
        return Summary(
            f"{self.m} imputations of goal ratings",
            (self.convergence, self.glance()),
            " ".join([said, *self.remarks]),
        )
