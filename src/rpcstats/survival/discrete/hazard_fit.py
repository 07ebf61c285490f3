"""A fitted hazard by session."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from rpcstats.survival.discrete.hazard_estimates import DiscreteHazardEstimates
from rpcstats.tables.summary import Summary

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from rpcstats.mixed.varcorr import VarCorr
    from rpcstats.survival.discrete.standardised import Contrast, Method
    from rpcstats.survival.discrete.standardised_result import StandardisedBySession

FloatArray = NDArray[np.float64]
PredictionKind = Literal["hazard", "survival", "completion"]
Average = Literal["conditional", "population"]

MEASURES: Final = {"logit": "odds ratio", "cloglog": "hazard ratio"}
"""What e to the power of a coefficient is."""


@dataclass(frozen=True, slots=True, eq=False, kw_only=True, repr=False)
class DiscreteHazardFit(DiscreteHazardEstimates):
    """Hazard by session, fitted by maximum likelihood.

    Attributes
    ----------
    sample : DiscreteSample
        Cells, encodings and rows.
    link : {"logit", "cloglog"}
        Scale on which covariates add up.
    beta : ndarray of shape (p,)
        Coefficients; fixed effects where there are random ones.
    cov : ndarray of shape (p, p)
        Their covariance, cluster-robust where the formula has cluster().
    cov_model : ndarray of shape (p, p)
        Their covariance if the model is right.
    df : ndarray of shape (p,)
        Degrees of freedom of each; infinite for the normal distribution.
    parts : tuple of Influence
        Influences of the clusters; none without cluster().
    errors : str
        "model", "CR0", "CR1", "CR1S" or "CR2".
    log_lik : float
        Log-likelihood of the person-sessions.
    optimum : OptSummary
        How it was searched for.
    firth : bool
        Whether the score was adjusted for bias.
    conf_level : float
        Level of the intervals.
    remarks : tuple of str
        What a reader should know, in plain sentences.
    trouble : tuple of str
        Why the estimates are not to be relied on, if so; among the remarks too.
    finite : ndarray of shape (p,), bool
        Whether each coefficient has a finite estimate; that of a session without an event has
        none, and counts as a hazard of 0.
    mixed : GeneralMixedFit or None
        The mixed model, where the formula has random terms.
    """

    def predict(
        self,
        newdata: Any = None,
        *,
        kind: PredictionKind = "hazard",
        sessions: Sequence[float] | None = None,
        average: Average = "conditional",
        conf_level: float | None = None,
    ) -> pd.DataFrame:
        """Predict hazards, survival by session, or completion of given people.

        Parameters
        ----------
        newdata : frame, optional
            One row a person with the covariates, which then hold at every session; or one row a
            person and session if it has the clock, persons in the column of the fit's `id`. May be
            left out if the model has no covariates.
        kind : {"hazard", "survival", "completion"}
            Chance to leave at a session of those still there; chance to be there after it; or that
            of the last session only.
        sessions : sequence of float, optional
            Sessions, from the first on; those of the fit if not given.
        average : {"conditional", "population"}
            With random effects: those of a group whose effects are 0; or averaged over groups. A
            population hazard is that of those still there, in whom groups with high hazards are
            rarer.
        conf_level : float, optional
            Level of the intervals; that of the fit if not given.

        Returns
        -------
        pandas.DataFrame
            Columns row, session, estimate, std_error, conf_low, conf_high.

        Raises
        ------
        ParameterError
            If an option is unknown or out of range.
        DataError
            If a covariate is missing, or a category was not among those of the fit.

        Notes
        -----
        Limits by the delta method, symmetric on the link of the hazard, and on the scale of
        log(-log S) for survival; population averages by Gauss-Hermite quadrature.
        """
        from rpcstats.survival.discrete.prediction import predict_discrete

        level = self.conf_level if conf_level is None else conf_level
        return predict_discrete(
            self, newdata, kind=kind, sessions=sessions, average=average, conf_level=level
        )

    def standardise(
        self,
        exposure: str,
        at: Sequence[Any] | None = None,
        *,
        contrast: "Contrast" = "difference",
        sessions: Sequence[float] | None = None,
        method: "Method" = "influence",
        n_boot: int = 1000,
        seed: int = 1,
        conf_level: float | None = None,
    ) -> "StandardisedBySession":
        """Average survival by session over the people of the sample at each level of a column.

        Parameters
        ----------
        exposure : str
            Column set to each level.
        at : sequence, optional
            The levels, the first the reference; all levels of a factor if not given.
        contrast : {"difference", "ratio"}
            Each level against the first.
        sessions : sequence of float, optional
            Sessions, from the first on; those of the fit if not given.
        method : {"influence", "bootstrap"}
            Standard errors from the influence of each cluster, or intervals from refits to
            clusters drawn with replacement.
        n_boot, seed : int
            Refits, and the seed of the draws.
        conf_level : float, optional
            Level of the intervals; that of the fit if not given.

        Returns
        -------
        StandardisedBySession
            Levels and contrasts; conditions and sources as in
            `rpcstats.survival.discrete.standardised.standardised_survival`.
        """
        from rpcstats.survival.discrete.standardised import standardised_survival

        return standardised_survival(
            self,
            exposure=exposure,
            at=at,
            contrast=contrast,
            sessions=sessions,
            method=method,
            n_boot=n_boot,
            seed=seed,
            conf_level=conf_level,
        )

    def varcorr(self) -> "VarCorr | None":
        """Give standard deviations and correlations of the random effects.

        Returns
        -------
        VarCorr or None
            None where there are none.
        """
        return None if self.mixed is None else self.mixed.varcorr()

    def summary(self) -> Summary:
        """Give a readable account.

        Returns
        -------
        Summary
            Prints as text, shows as HTML in a notebook.
        """
        from rpcstats.survival.discrete.hazard_report import summary_of

        return summary_of(self)

    def plot(
        self,
        ax: "Axes | None" = None,
        *,
        by: str | None = None,
        names: Mapping[str, str] | None = None,
    ) -> "Axes":
        """Draw the hazard by session with its interval.

        Parameters
        ----------
        ax : matplotlib.axes.Axes, optional
            Where to draw; a new figure if not given.
        by : str, optional
            Column of the model whose levels are drawn side by side; other covariates are as in
            the sample.
        names : mapping of str to str, optional
            Words for the levels.

        Returns
        -------
        matplotlib.axes.Axes
            The axes.
        """
        from rpcstats.survival.discrete.hazard_report import draw_hazard

        return draw_hazard(self, ax, by=by, names=names)

    def __repr__(self) -> str:
        return str(self.summary())

    def _repr_html_(self) -> str:
        return self.summary()._repr_html_()
