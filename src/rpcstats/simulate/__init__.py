"""Synthetic extracts with known truth, whose margins can equal published figures."""

from rpcstats.simulate.counts import count_margins, feasible_counts
from rpcstats.simulate.marginal import (
    GoalTruth,
    RetentionTruth,
    goal_truth,
    retention_truth,
    satisfaction_truth,
    solve_hazard_shift,
    solve_screening_intercept,
)
from rpcstats.simulate.margins import (
    conditional_bernoulli,
    conditional_means,
    log_symmetric,
    permuted_margin,
)
from rpcstats.simulate.population import population_values
from rpcstats.simulate.presets import Preset, Printed, list_presets, make_preset, preset, presets
from rpcstats.simulate.simulation import Simulation, simulate_extract
from rpcstats.simulate.starters import Starters, draw_starters, progress_values
from rpcstats.simulate.truth import Parameter, Truth
from rpcstats.simulate.write import write_simulation

__all__ = [
    "GoalTruth",
    "Parameter",
    "Preset",
    "Printed",
    "RetentionTruth",
    "Simulation",
    "Starters",
    "Truth",
    "conditional_bernoulli",
    "conditional_means",
    "count_margins",
    "draw_starters",
    "feasible_counts",
    "goal_truth",
    "list_presets",
    "log_symmetric",
    "make_preset",
    "permuted_margin",
    "population_values",
    "preset",
    "presets",
    "progress_values",
    "retention_truth",
    "satisfaction_truth",
    "simulate_extract",
    "solve_hazard_shift",
    "solve_screening_intercept",
    "write_simulation",
]
