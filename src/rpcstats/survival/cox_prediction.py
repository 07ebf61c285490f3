"""What a fitted Cox model predicts: baseline hazards, events expected, survival curves."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pandas as pd

from rpcstats._numerics.intervals import ConfType
from rpcstats.survival.cox_account import CoxAccount

if TYPE_CHECKING:
    from rpcstats.survival.prediction.curves import PredictedCurves
    from rpcstats.survival.prediction.linear_predictor import PredictionKind, Reference


@dataclass(frozen=True, slots=True, eq=False, kw_only=True, repr=False)
class CoxPrediction(CoxAccount):
    """Estimates of a Cox model with what they say of rows and times.

    Attributes
    ----------
    frame : HazardFrame
        Checked arrays of the data.
    beta, cov : ndarray
        Log hazard ratios and their covariance; the others as in `CoxEstimates`.
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
