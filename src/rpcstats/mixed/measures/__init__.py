"""How variance is shared: intraclass correlation, design effect, R squared."""

from rpcstats.mixed.measures.design_effect import DesignEffect, design_effect
from rpcstats.mixed.measures.intraclass import IntraclassCorrelation, icc
from rpcstats.mixed.measures.r_squared import RSquared, r_squared
from rpcstats.mixed.measures.variance_partition import VariancePartition, variance_partition

__all__ = [
    "DesignEffect",
    "IntraclassCorrelation",
    "RSquared",
    "VariancePartition",
    "design_effect",
    "icc",
    "r_squared",
    "variance_partition",
]
