"""A fitted Cox model and what can be asked of it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import pandas as pd

from rpcstats._numerics.intervals import ConfType
from rpcstats.survival.cox_account import CoxAccount

if TYPE_CHECKING:
    from rpcstats.survival.cox_checks.brier_result import BrierScore
    from rpcstats.survival.cox_checks.calibration_result import Calibration
    from rpcstats.survival.cox_checks.concordance_result import Concordance
    from rpcstats.survival.cox_checks.proportional_hazards_test import ProportionalHazardsTest
    from rpcstats.survival.cox_checks.residuals import ResidualKind
    from rpcstats.survival.prediction.curves import PredictedCurves
    from rpcstats.survival.prediction.linear_predictor import PredictionKind, Reference
    from rpcstats.survival.prediction.standardised import StandardisedSurvival


@dataclass(frozen=True, slots=True, eq=False, kw_only=True, repr=False)
class CoxFit(CoxAccount):
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

    def baseline_hazard(self, *, centred: bool = False) -> pd.DataFrame:
        """Give the cumulative baseline hazard of each stratum.

        Parameters
        ----------
        centred : bool
            Whether covariates are at their means rather than at 0; columns of no other values
            than -1, 0 and 1 are at 0 in any case.

        Returns
        -------
        pandas.DataFrame
            Columns strata, time, n_event, hazard (the step), estimate (their sum), std_error,
            one row for each time of an event.

        Raises
        ------
        ParameterError
            If the fit has exact ties, whose likelihood has no baseline hazard.
        """
        from rpcstats.survival.cox_report import baseline_of

        return baseline_of(self, centred=centred)

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
        transform: "Literal['km', 'rank', 'identity', 'log'] | Callable[..., Any]" = "km",
        **options: Any,
    ) -> "ProportionalHazardsTest":
        """Test whether the hazard ratios stay the same over time.

        Parameters
        ----------
        transform : {"km", "rank", "identity", "log"} or callable
            Function of time along which a coefficient may drift.
        **options : object
            As in `rpcstats.survival.cox_checks.proportional_hazards.proportional_hazards`.

        Returns
        -------
        ProportionalHazardsTest
            One test a term, and one of all.
        """
        from rpcstats.survival.cox_checks.proportional_hazards import proportional_hazards

        return proportional_hazards(self, transform=transform, **options)

    def concordance(self, newdata: Any = None, **options: Any) -> "Concordance":
        """Estimate how well the linear predictor orders the times.

        Parameters
        ----------
        newdata : frame, optional
            New rows, times and events included; those of the fit if not given.
        **options : object
            As in `rpcstats.survival.cox_checks.concordance.concordance`.

        Returns
        -------
        Concordance
            Share of pairs in the right order, with its standard error.
        """
        from rpcstats.survival.cox_checks.concordance import concordance

        return concordance(self, newdata, **options)

    def predict(
        self,
        newdata: Any = None,
        *,
        kind: "PredictionKind" = "lp",
        reference: "Reference" = "sample",
        conf_level: float | None = None,
    ) -> pd.DataFrame:
        """Predict for new rows, or for those of the fit.

        Parameters
        ----------
        newdata : frame, optional
            New rows; those of the fit if not given.
        kind : {"lp", "risk", "expected", "survival"}
            Linear predictor, hazard ratio, number of events expected, probability of none.
        reference : {"sample", "strata", "zero"}
            What the first two are relative to.
        conf_level : float, optional
            Level of the intervals; that of the fit if not given.

        Returns
        -------
        pandas.DataFrame
            Columns estimate, std_error, conf_low, conf_high.
        """
        from rpcstats.survival.prediction.linear_predictor import predict

        return predict(self, newdata, kind=kind, reference=reference, conf_level=conf_level)

    def survival(
        self,
        newdata: Any,
        times: Sequence[float] | None = None,
        *,
        conf_type: ConfType = "log",
        conf_level: float | None = None,
    ) -> "PredictedCurves":
        """Predict survival curves for new rows.

        Parameters
        ----------
        newdata : frame
            The columns of the covariates.
        times : sequence of float, optional
            Times wanted; the event times if not given.
        conf_type : {"log", "log-log", "plain", "logit", "arcsine"}
            Scale on which the limits are symmetric.
        conf_level : float, optional
            Level of the intervals; that of the fit if not given.

        Returns
        -------
        PredictedCurves
            One curve a row.
        """
        from rpcstats.survival.prediction.curves import survival_curves

        return survival_curves(
            self, newdata, times=times, conf_type=conf_type, conf_level=conf_level
        )

    def standardise(self, data: Any, exposure: str, **options: Any) -> "StandardisedSurvival":
        """Estimate survival if everybody had one level of an exposure, and the contrasts.

        Parameters
        ----------
        data : frame
            The data of the fit.
        exposure : str
            A covariate.
        **options : object
            As in `rpcstats.survival.prediction.standardise.standardise`: times, levels,
            variance, n_boot, seed, conf_level.

        Returns
        -------
        StandardisedSurvival
            Survival under each level, differences and ratios of risk.
        """
        from rpcstats.survival.prediction.standardise import standardise

        return standardise(self, data, exposure, **options)

    def brier(
        self, times: Sequence[float] | None = None, newdata: Any = None, **options: Any
    ) -> "BrierScore":
        """Score predicted survival against what happened.

        Parameters
        ----------
        times : sequence of float, optional
            Times at which to score.
        newdata : frame, optional
            New rows, times and events included; those of the fit if not given.
        **options : object
            As in `rpcstats.survival.cox_checks.brier.brier_score`.

        Returns
        -------
        BrierScore
            Scores by time, and the integrated one.
        """
        from rpcstats.survival.cox_checks.brier import brier_score

        return brier_score(self, times, newdata, **options)

    def calibration(self, time: float, **options: Any) -> "Calibration":
        """Compare predicted survival with what was seen, by groups of prediction.

        Parameters
        ----------
        time : float
            Time at which to compare.
        **options : object
            As in `rpcstats.survival.cox_checks.calibration.calibration`.

        Returns
        -------
        Calibration
            Predicted and observed survival by group.
        """
        from rpcstats.survival.cox_checks.calibration import calibration

        return calibration(self, time, **options)
