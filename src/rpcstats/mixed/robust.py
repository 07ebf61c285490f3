"""Fixed effects of a linear mixed model with cluster-robust standard errors."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from rpcstats.errors import ParameterError
from rpcstats.mixed.coefficients import coefficient_table
from rpcstats.mixed.inference.cluster_robust import ClusterRobust, RobustKind, cluster_robust
from rpcstats.mixed.structure.model_frame import FloatArray, IntArray, ModelFrame
from rpcstats.tables.summary import Summary, counted

if TYPE_CHECKING:
    from rpcstats.mixed.linear_estimates import LinearEstimates


@dataclass(frozen=True, slots=True, eq=False)
class RobustEstimates:
    """Fixed effects whose standard errors do not trust the model's covariance.

    Attributes
    ----------
    names : tuple of str
        Names of the fixed effects.
    found : ClusterRobust
        Covariance and degrees of freedom.
    """

    names: tuple[str, ...]
    found: ClusterRobust

    @property
    def cov(self) -> FloatArray:
        """Cluster-robust covariance of the fixed effects, of shape (p, p)."""
        return self.found.cov.copy()

    def tidy(self, *, conf_level: float = 0.95, exponentiate: bool = False) -> pd.DataFrame:
        """Give one row per fixed effect.

        Parameters
        ----------
        conf_level : float
            Level of the intervals.
        exponentiate : bool
            Whether to give e to the power of estimates and limits.

        Returns
        -------
        pandas.DataFrame
            Columns term, estimate, std_error, statistic, df, p_value, conf_low, conf_high.

        Raises
        ------
        ParameterError
            If the level is outside (0, 1).
        """
        return coefficient_table(
            self.names,
            self.found.beta,
            self.found.std_error,
            df=self.found.df_of(np.eye(len(self.names))),
            conf_level=conf_level,
            exponentiate=exponentiate,
        )

    def summary(self) -> Summary:
        """Give a readable account.

        Returns
        -------
        Summary
            Prints as text, shows as HTML in a notebook.
        """
        heading = (
            f"Cluster-robust standard errors ({self.found.kind}, "
            f"{counted(self.found.n_cluster, 'cluster')})"
        )
        remark = "Degrees of freedom by Satterthwaite; few or unequal clusters make them small."
        return Summary(heading, (self.tidy(),), remark)

    def __repr__(self) -> str:
        """Give the table as text."""
        return str(self.summary())

    def _repr_html_(self) -> str:
        return self.summary()._repr_html_()


def robust_estimates(fit: "LinearEstimates", cluster: Any, kind: RobustKind) -> RobustEstimates:
    """Estimate cluster-robust standard errors of a fit.

    Parameters
    ----------
    fit : LinearMixedFit
        The model.
    cluster : str, array_like or None
        Name of a grouping factor of the model, or the cluster of each row of the data; the
        factor with fewest levels if None.
    kind : {"CR0", "CR1", "CR1S", "CR2"}
        The small-sample correction.

    Returns
    -------
    RobustEstimates
        The fixed effects.

    Raises
    ------
    ParameterError
        If `kind` or the cluster is unknown.
    DataError
        If a level of a grouping factor is in two clusters, or there are too few clusters.
    """
    rows = fit.independent_rows()
    found = cluster_robust(
        rows.X,
        rows.y,
        cluster=_cluster_codes(fit.frame, cluster),
        blocks=rows.blocks,
        theta=fit.theta,
        weights=rows.weights,
        kind=kind,
    )
    return RobustEstimates(fit.names, found)


def _cluster_codes(frame: ModelFrame, cluster: Any) -> IntArray | None:
    if cluster is None:
        return None
    if isinstance(cluster, str):
        known = {block.group: block.codes for block in frame.blocks}
        if cluster not in known:
            raise ParameterError(
                "The cluster is no grouping factor of the model",
                [f"choose one of {', '.join(known)}, or give the cluster of each row"],
            )
        return known[cluster]
    values = np.atleast_1d(np.asarray(cluster))
    if len(values) != len(frame.y):
        if len(values) <= frame.kept.max():
            raise ParameterError(
                "The clusters do not fit the rows", ["give one value for each row of the data"]
            )
        values = values[frame.kept]
    codes, _ = pd.factorize(values)
    if (codes < 0).any():
        raise ParameterError("A cluster is missing", ["give one for each row, or leave it out"])
    return np.asarray(codes, dtype=np.int64)
