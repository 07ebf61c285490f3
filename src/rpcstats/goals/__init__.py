"""Goals: scoring, change, progress, and what each figure about it estimates."""

from rpcstats.goals.estimand import EstimandResult

__all__ = ["EstimandResult"]
