"""Spreads between parents, goals and groups, in words a reader can use."""

from dataclasses import dataclass
from typing import ClassVar, Final

import numpy as np
import pandas as pd
from scipy import special

from rpcstats._numerics.intervals import normal_quantile
from rpcstats._vocabulary import GROUP, SPREADS, STAGE, ReleaseKind
from rpcstats.goals.goal_ratings import FloatArray
from rpcstats.goals.population_means import Fit
from rpcstats.goals.trajectory_rows import EPISODE, GOAL, GROUPED, SINGLE, TrajectoryRows
from rpcstats.mixed.measures.variance_sources import parameters_of
from rpcstats.mixed.structure.model_frame import split_theta
from rpcstats.tables.summary import Summarised, Summary

ICC: Final = "share of change between groups"
FACTORS: Final = {EPISODE: "parents", GOAL: "goals of a parent", GROUP: "groups"}
EFFECTS: Final = {
    "Intercept": "start",
    STAGE: "change over the course",
    GROUPED: "start, in a group",
    f"{GROUPED}_stage": "change over the course, in a group",
    SINGLE: "start, alone",
    f"{SINGLE}_stage": "change over the course, alone",
}
STEP: Final = 1e-5
_ZERO: Final = 1e-6
_WHOLE: Final = 1.0 - 1e-6


@dataclass(frozen=True, slots=True, eq=False, kw_only=True, repr=False)
class TrajectorySpreads(Summarised):
    """Spreads of a trajectory's random effects.

    Attributes
    ----------
    frame : DataFrame
        Columns `SPREADS`.
    unit : str
        What standard deviations are measured in.
    n_obs, n_group : int
        Parents and groups with ratings.
    span : float
        Length of the scale in points.
    """

    release_kind: ClassVar[ReleaseKind] = "estimates"

    frame: pd.DataFrame
    unit: str
    n_obs: int
    n_group: int
    span: float

    def tidy(self) -> pd.DataFrame:
        """Give one row per spread.

        Returns
        -------
        pandas.DataFrame
            Columns `SPREADS`: group (between whom), term (of what), measure ("std_dev",
            "correlation" or the share of change between groups), estimate, conf_low, conf_high
            (of the share only), n_obs (parents), n_group (groups).
        """
        return self.frame.copy()

    def glance(self) -> pd.DataFrame:
        """Give one row on the whole.

        Returns
        -------
        pandas.DataFrame
            Columns n_obs, n_group, unit.
        """
        return pd.DataFrame([{"n_obs": self.n_obs, "n_group": self.n_group, "unit": self.unit}])

    def summary(self) -> Summary:
        """Give a readable account.

        Returns
        -------
        Summary
            Prints as text, shows as HTML in a notebook.
        """
        return Summary("Spreads", (self.frame,), f"Standard deviations in {self.unit}.")


def trajectory_spreads(fit: Fit, rows: TrajectoryRows, conf_level: float) -> TrajectorySpreads:
    """Read the spreads of a trajectory's model.

    Parameters
    ----------
    fit : LinearMixedFit or GeneralMixedFit
        The model.
    rows : TrajectoryRows
        What it was fitted to.
    conf_level : float
        Level of the limits of the share of change between groups.

    Returns
    -------
    TrajectorySpreads
        Standard deviations and correlations of the random effects and the residual, and which
        share of the variance of true change lies between groups.

    Notes
    -----
    The share is var(d) / (var(d) + var(v)) of group slopes d and slopes v of parents in a group;
    its limits are by the delta method on the logit scale, and missing where a variance is 0.
    """
    table = fit.varcorr().tidy()
    names = table["term"].map(lambda term: EFFECTS.get(term, term))
    other = table["with_term"].map(lambda term: EFFECTS.get(term, term))
    frame = pd.DataFrame(
        {
            GROUP: table["group"].map(lambda name: FACTORS.get(name, "ratings of a goal")),
            "term": [f"{b} with {a}" if b else a for a, b in zip(names, other, strict=True)],
            "measure": table["measure"],
            "estimate": table["estimate"],
        }
    )
    n_obs, n_group = int(rows.rows[EPISODE].nunique()), rows.n_groups
    frame = pd.concat([frame, _share_row(fit, conf_level)], ignore_index=True)
    frame = frame.assign(n_obs=n_obs, n_group=n_group).reindex(columns=list(SPREADS))
    unit = "points" if fit.sigma is not None else "standard deviations of a rating's noise"
    return TrajectorySpreads(frame=frame, unit=unit, n_obs=n_obs, n_group=n_group, span=rows.span)


def spread_words(fit: Fit) -> tuple[str, ...]:
    """Say which spreads lie at the edge of what is possible.

    Parameters
    ----------
    fit : LinearMixedFit or GeneralMixedFit
        The model.

    Returns
    -------
    tuple of str
        A sentence a spread; empty if none does.
    """
    said = []
    table = fit.varcorr().tidy()
    names = ("group", "term", "measure")
    columns = [*(table[name].astype(str) for name in names), table["estimate"].astype(float)]
    for group, term, measure, estimate in zip(*columns, strict=True):
        who, what = FACTORS.get(group, group), EFFECTS.get(term, term)
        if measure == "std_dev" and estimate < _ZERO:
            said.append(
                f"The spread of {what} between {who} is estimated as 0: these data can't tell it"
                " from none. The fit stands, with limits that count none."
            )
        elif measure == "correlation" and abs(estimate) > _WHOLE:
            said.append(
                f"Start and change of {who} are estimated to vary as one: these data can't tell"
                " them apart. The fit stands."
            )
    return tuple(said)


def _share_row(fit: Fit, conf_level: float) -> pd.DataFrame:
    factors = [block.group for block in fit.frame.blocks]
    slope = {STAGE, f"{GROUPED}_stage"}
    own = fit.frame.blocks[factors.index(EPISODE)]
    if GROUP not in factors or not slope.intersection(own.effects):
        return pd.DataFrame(columns=[GROUP, "term", "measure", "estimate"])
    first = 0 if fit.sigma is not None else len(fit.beta)
    parameters, cov = parameters_of(fit)

    def share(at: FloatArray) -> float:
        variance = {}
        parts = split_theta(fit.frame.blocks, at[first : first + fit.frame.n_theta])
        for block, part in zip(fit.frame.blocks, parts, strict=True):
            G = block.factor(part) @ block.factor(part).T
            found = [G[i, i] for i, name in enumerate(block.effects) if name in slope]
            variance[block.group] = found[0] if found else 0.0
        total = variance[GROUP] + variance[EPISODE]
        return float(variance[GROUP] / total) if total > 0.0 else np.nan

    estimate = share(parameters)
    units = STEP * np.eye(len(parameters))
    gradient = np.array(
        [(share(parameters + unit) - share(parameters - unit)) / (2.0 * STEP) for unit in units]
    )
    error = float(np.sqrt(gradient @ cov @ gradient))
    row = {GROUP: FACTORS[GROUP], "term": EFFECTS[STAGE], "measure": ICC, "estimate": estimate}
    if _ZERO < estimate < _WHOLE and error > 0.0:
        half = normal_quantile(conf_level) * error / (estimate * (1.0 - estimate))
        centre = special.logit(estimate)
        row |= {"conf_low": special.expit(centre - half), "conf_high": special.expit(centre + half)}
    return pd.DataFrame([row])
