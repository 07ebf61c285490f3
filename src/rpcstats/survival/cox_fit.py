"""A fitted Cox model and what can be asked of it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pandas as pd

from rpcstats.survival.cox_prediction import CoxPrediction

if TYPE_CHECKING:
    from rpcstats.survival.cox_checks.brier_result import BrierScore, CensoringModel
    from rpcstats.survival.cox_checks.calibration_result import Calibration
    from rpcstats.survival.cox_checks.concordance import CensoringError
    from rpcstats.survival.cox_checks.concordance_result import Concordance, PairWeights
    from rpcstats.survival.cox_checks.proportional_hazards import TimeTransform
    from rpcstats.survival.cox_checks.proportional_hazards_test import ProportionalHazardsTest
    from rpcstats.survival.cox_checks.residuals import ResidualKind
    from rpcstats.survival.prediction.standardise import StandardisedVariance
    from rpcstats.survival.prediction.standardised import StandardisedSurvival


@dataclass(frozen=True, slots=True, eq=False, kw_only=True, repr=False)
class CoxFit(CoxPrediction):
    """Cox proportional-hazards model fitted by partial likelihood.

    Attributes
    ----------
    frame : HazardFrame
        Checked arrays of the data; columns without an estimate are left out.
    beta : ndarray of shape (p,)
        Log hazard ratios.
    cov : ndarray of shape (p, p)
        Their covariance; robust if `is_robust`.
    cov_model : ndarray of shape (p, p)
        Inverse of the information, with the ridge penalty in it.
    information : ndarray of shape (p, p)
        Minus the second derivatives of the log partial likelihood.
    log_lik, log_lik_null : float
        Log partial likelihood at the estimates and at 0, penalties left out.
    optimum : OptSummary
        How the maximum was searched for.
    ties : {"efron", "breslow", "exact"}
        How events at the same time are treated.
    penalty, scale_penalty, is_firth
        Penalties, as given to `cox`.
    is_robust : bool
        Whether `cov` is robust.
    conf_level : float
        Level of the intervals.
    remarks : tuple of str
        What a reader should know, in plain sentences.
    trouble : tuple of str
        Why the estimates are not to be relied on, if so; among the remarks too.
    """

    def residuals(
        self, kind: "ResidualKind" = "martingale", *, by_cluster: bool = False
    ) -> pd.DataFrame:
        """Give residuals of the rows used.

        Parameters
        ----------
        kind : str
            "martingale", "deviance", "score", "schoenfeld", "scaled_schoenfeld", "dfbeta",
            "dfbetas" or "partial".
        by_cluster : bool
            Whether to sum over clusters.

        Returns
        -------
        pandas.DataFrame
            As `rpcstats.survival.cox_checks.residuals.cox_residuals`.
        """
        from rpcstats.survival.cox_checks.residuals import cox_residuals

        return cox_residuals(self, kind, by_cluster=by_cluster)

    def augment(self) -> pd.DataFrame:
        """Give one row per row used, with what the model says of it.

        Returns
        -------
        pandas.DataFrame
            Columns row, time, event, linear_predictor, expected, martingale, deviance.
        """
        from rpcstats.survival.cox_checks.residuals import augment_cox

        return augment_cox(self)

    def proportional_hazards(
        self,
        transform: "TimeTransform" = "km",
        *,
        terms: bool = True,
        robust: bool = False,
        conf_level: float | None = None,
    ) -> "ProportionalHazardsTest":
        """Test whether the hazard ratios stay the same over time.

        Parameters
        ----------
        transform : {"km", "rank", "identity", "log"} or callable
            Function of time along which a coefficient may drift.
        terms : bool
            Whether the columns of a term are tested together.
        robust : bool
            Whether the tests are robust to clustering.
        conf_level : float, optional
            Level of the bands of the smooth; that of the fit if not given.

        Returns
        -------
        ProportionalHazardsTest
            One test a term, and one of all; conditions and sources as in
            `rpcstats.survival.cox_checks.proportional_hazards.proportional_hazards`.
        """
        from rpcstats.survival.cox_checks.proportional_hazards import proportional_hazards

        return proportional_hazards(
            self, transform=transform, terms=terms, robust=robust, conf_level=conf_level
        )

    def concordance(
        self,
        newdata: Any = None,
        *,
        pair_weights: "PairWeights" = "harrell",
        tau: float | None = None,
        censoring: "CensoringError" = "known",
        conf_level: float | None = None,
    ) -> "Concordance":
        """Estimate how well the linear predictor orders the times.

        Parameters
        ----------
        newdata : frame, optional
            New rows, times and events included; those of the fit if not given.
        pair_weights : {"harrell", "uno"}
            All pairs alike, or by the inverse of the chance squared of not being censored.
        tau : float, optional
            Only pairs whose first failure is no later count.
        censoring : {"known", "estimated"}
            How the standard error of Uno's estimate takes the censoring curve.
        conf_level : float, optional
            Level of the interval; that of the fit if not given.

        Returns
        -------
        Concordance
            Share of pairs in the right order, with its standard error; conditions and sources
            as in `rpcstats.survival.cox_checks.concordance.concordance`.
        """
        from rpcstats.survival.cox_checks.concordance import concordance

        return concordance(
            self,
            newdata,
            pair_weights=pair_weights,
            tau=tau,
            censoring=censoring,
            conf_level=conf_level,
        )

    def standardise(
        self,
        data: Any,
        exposure: str,
        *,
        times: Sequence[float],
        levels: Sequence[object] | None = None,
        variance: "StandardisedVariance" = "influence",
        n_boot: int = 500,
        seed: int = 0,
        conf_level: float | None = None,
    ) -> "StandardisedSurvival":
        """Estimate survival if everybody had one level of an exposure, and the contrasts.

        Parameters
        ----------
        data : frame
            The data of the fit.
        exposure : str
            A covariate: categories, or numbers with `levels` given.
        times : sequence of float
            Times at which survival is wanted.
        levels : sequence, optional
            Levels compared, the reference first; all categories if not given.
        variance : {"influence", "bootstrap"}
            Influence functions, or the variance over refits to resampled clusters.
        n_boot, seed : int
            Number of resamples, and what makes them come again.
        conf_level : float, optional
            Level of the intervals; that of the fit if not given.

        Returns
        -------
        StandardisedSurvival
            Survival under each level, differences and ratios of risk; conditions and sources as
            in `rpcstats.survival.prediction.standardise.standardise`.
        """
        from rpcstats.survival.prediction.standardise import standardise

        return standardise(
            self,
            data,
            exposure,
            times=times,
            levels=levels,
            variance=variance,
            n_boot=n_boot,
            seed=seed,
            conf_level=conf_level,
        )

    def brier(
        self,
        times: Sequence[float] | None = None,
        newdata: Any = None,
        *,
        weights: str | None = None,
        censoring: "CensoringModel" = "km",
        conf_level: float | None = None,
    ) -> "BrierScore":
        """Score predicted survival against what happened.

        Parameters
        ----------
        times : sequence of float, optional
            Times at which to score; at most 200 of the times of events if not given.
        newdata : frame, optional
            New rows, times and events included; those of the fit if not given.
        weights : str, optional
            Column of case weights of new rows.
        censoring : {"km", "cox"}
            Whether the chance of being censored is that of all rows, or depends on covariates.
        conf_level : float, optional
            Level of the intervals; that of the fit if not given.

        Returns
        -------
        BrierScore
            Scores by time, and the integrated one; conditions and sources as in
            `rpcstats.survival.cox_checks.brier.brier_score`.
        """
        from rpcstats.survival.cox_checks.brier import brier_score

        return brier_score(
            self, times, newdata, weights=weights, censoring=censoring, conf_level=conf_level
        )

    def calibration(
        self,
        time: float,
        *,
        newdata: Any = None,
        weights: str | None = None,
        n_groups: int = 10,
        n_knots: int = 3,
        conf_level: float | None = None,
    ) -> "Calibration":
        """Compare predicted risk with what was seen: groups, a smooth, slope and ratio.

        Parameters
        ----------
        time : float
            Time by which events count.
        newdata : frame, optional
            New rows, times and events included; those of the fit if not given.
        weights : str, optional
            Column of case weights of new rows.
        n_groups : int
            Groups of equal size by predicted risk, 2 or more.
        n_knots : {3, 4, 5}
            Knots of the natural spline in the smooth.
        conf_level : float, optional
            Level of the intervals; that of the fit if not given.

        Returns
        -------
        Calibration
            Predicted and observed risk; conditions and sources as in
            `rpcstats.survival.cox_checks.calibration.calibration`.
        """
        from rpcstats.survival.cox_checks.calibration import calibration

        return calibration(
            self,
            time,
            newdata=newdata,
            weights=weights,
            n_groups=n_groups,
            n_knots=n_knots,
            conf_level=conf_level,
        )
