"""Who a prediction is held against: censored times, in the rows of a fit or in new ones."""

from dataclasses import dataclass, replace
from typing import Any, Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from rpcstats.errors import DataError
from rpcstats.formula import Formula, Groups, make_groups
from rpcstats.formula.columns import complete_rows, read_columns
from rpcstats.formula.groups import cluster_groups
from rpcstats.formula.responses import read_event, read_times, read_weights
from rpcstats.formula.specials import censored_response
from rpcstats.mixed.structure.faults import Faults
from rpcstats.survival.structure.hazard_frame import HazardFrame

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class EvaluationSample:
    """Checked arrays of censored times, strata and clusters.

    Attributes
    ----------
    time : ndarray of shape (n,)
        Times of exit.
    event : ndarray of shape (n,), bool
        Whether the exit was the event.
    entry, weights : ndarray of shape (n,) or None
        Times of entry, and case weights.
    strata : Groups
        Strata; one called "all" where there are none.
    clusters : tuple of Groups
        One for each column inside cluster().
    cluster_names : tuple of str
        Those columns.
    n_missing : int
        Rows left out because a value was missing.
    """

    time: FloatArray
    event: NDArray[np.bool_]
    entry: FloatArray | None
    weights: FloatArray | None
    strata: Groups
    clusters: tuple[Groups, ...]
    cluster_names: tuple[str, ...]
    n_missing: int

    def take(self, order: IntArray) -> Self:
        """Put the rows in another order.

        Parameters
        ----------
        order : ndarray of shape (n,), int
            Places of the rows.

        Returns
        -------
        EvaluationSample
            The same rows.
        """
        return replace(
            self,
            time=self.time[order],
            event=self.event[order],
            entry=None if self.entry is None else self.entry[order],
            weights=None if self.weights is None else self.weights[order],
            strata=replace(self.strata, codes=self.strata.codes[order]),
            clusters=tuple(replace(each, codes=each.codes[order]) for each in self.clusters),
        )

    @property
    def stratum(self) -> IntArray | None:
        """Stratum of each row; None where there is one."""
        return self.strata.codes if len(self.strata.labels) > 1 else None


def sample_of(frame: HazardFrame) -> EvaluationSample:
    """Take the sample a model was fitted to.

    Parameters
    ----------
    frame : HazardFrame
        What the model read.

    Returns
    -------
    EvaluationSample
        The same arrays.
    """
    return EvaluationSample(
        time=frame.time,
        event=frame.event,
        entry=frame.entry,
        weights=frame.weights,
        strata=frame.strata,
        clusters=frame.clusters,
        cluster_names=frame.cluster_names,
        n_missing=frame.n_missing,
    )


def read_sample(
    formula: Formula, data: Any, *, columns: tuple[str, ...] = (), weights: str | None = None
) -> tuple[EvaluationSample, pd.DataFrame]:
    """Read and check censored times with what stands beside them.

    Parameters
    ----------
    formula : Formula
        A formula with Surv() on the left; strata() and cluster() are read.
    data : frame
        pandas, or any frame narwhals reads.
    columns : tuple of str
        Columns to hand back; rows where one is missing are left out too.
    weights : str, optional
        Column of case weights.

    Returns
    -------
    sample : EvaluationSample
        The times.
    frame : pandas.DataFrame
        `columns` of the same rows.

    Raises
    ------
    FormulaError
        If the left side is not Surv(), or a column is not there.
    DataError
        If the data break their conditions; every fault found is told.
    """
    surv = censored_response(formula)
    extra = () if weights is None else (weights,)
    wanted = (*surv.columns, *formula.strata, *formula.cluster, *columns, *extra)
    frame = read_columns(data, wanted)
    complete = complete_rows(frame)
    if not complete.any():
        raise DataError("Every row has a missing value in a column that is needed.")
    n_missing = len(frame) - int(complete.sum())
    if n_missing:
        frame = frame[complete].reset_index(drop=True)
    faults = Faults()
    times = faults.attempt(lambda: read_times(frame, surv))
    event = faults.attempt(lambda: read_event(frame[surv.event]))
    prior = faults.attempt(lambda: None if weights is None else read_weights(frame[weights]))
    faults.raise_any()
    if times is None or event is None:
        raise AssertionError("a step without a result is a fault")
    names = tuple(dict.fromkeys(formula.cluster))
    sample = EvaluationSample(
        time=times[0],
        event=event,
        entry=times[1],
        weights=prior,
        strata=make_groups(frame, formula.strata),
        clusters=cluster_groups(frame, names),
        cluster_names=names,
        n_missing=n_missing,
    )
    return sample, frame[list(dict.fromkeys(columns))]
