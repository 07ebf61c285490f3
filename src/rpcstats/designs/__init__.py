"""What a design can tell: precision and power before a study, and after one."""

from rpcstats.designs.power import PrecisionPlan, precision_and_power

__all__ = ["PrecisionPlan", "precision_and_power"]
