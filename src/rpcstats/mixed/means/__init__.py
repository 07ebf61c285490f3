"""Marginal means, their contrasts, and slopes."""

from rpcstats.mixed.means.contrasts import Contrasts
from rpcstats.mixed.means.marginal_means import marginal_means
from rpcstats.mixed.means.mean_table import MarginalMeans
from rpcstats.mixed.means.slopes import slopes

__all__ = ["Contrasts", "MarginalMeans", "marginal_means", "slopes"]
