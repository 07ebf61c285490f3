"""Tasks of the benchmark of goal ratings: data and sizes.

All data are synthetic, drawn by the package's own simulation with a fixed seed: parents with
three goals in groups of eight, six sessions, a quarter leaving, one session in eight missed, a
fifth of those who stay not answering the end form.

- impute: 20 imputations of the growth model with goals in parents in groups.
- joint: ratings and dropout in one model with a shared slope, fitted with and without the
  association, and the change of all starters from it (E5a and E5b). No other engine fits it: R's
  joint models are of continuous time.
- joint_ordinal: the same with ratings as eleven ordered categories.

No Python engine imputes ratings nested in goals in parents; statsmodels' MICE and miceforest treat
rows as independent, which is another task. R's jomo takes the goals as three responses of a parent
with a random start and slope each and no groups, and runs as many draws in one chain.
"""

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

SEED = 20_261_122
IMPUTATIONS = 20
BURN_IN, THIN = 400, 20
"""Draws of R's one chain: as many in all as ours in four."""

STATES = ("rated", "rated_after_leaving", "missed", "left", "not_due")
YES_NO = {
    "mode": ("online", "in_person"),
    "resident": ("resident", "non_resident"),
    "send_child": ("yes", "no"),
}


@dataclass(frozen=True)
class Task:
    """What is done, to how many parents.

    Attributes
    ----------
    title : str
        Heading of its table.
    formula : str
        The model in words.
    kind : str
        What the engines look at to know what to do.
    unit : str
        What a size counts.
    sizes, quick : tuple of int
        Sizes of the full run and of `--quick`.
    check : str
        What the number is by which answers are compared.
    """

    title: str
    formula: str
    kind: str
    unit: str
    sizes: tuple[int, ...]
    quick: tuple[int, ...]
    check: str

    @property
    def for_r(self) -> tuple[str, ...]:
        """What R's script has to know."""
        return self.formula, self.kind, str(IMPUTATIONS), str(BURN_IN), str(THIN)


TASKS = {
    "impute": Task(
        "20 imputations",
        "score ~ stage * (mode + resident + send_child), parents, goals, groups",
        "impute",
        "parents",
        (1_000, 10_000, 100_000),
        (1_000,),
        "mean change",
    ),
    "joint": Task(
        "Joint model of ratings and dropout",
        "score ~ stage * (mode + resident + send_child), parents, goals; dropout ~ slope",
        "joint",
        "parents",
        (1_000, 10_000, 100_000),
        (1_000,),
        "mean change",
    ),
    "joint_ordinal": Task(
        "Joint model of ordered ratings and dropout",
        "score in 11 categories ~ stage * (mode + resident + send_child), parents, goals;"
        " dropout ~ slope",
        "joint_ordinal",
        "parents",
        (1_000, 10_000),
        (1_000,),
        "mean change",
    ),
}


def make_frame(name: str, size: int) -> pd.DataFrame:
    """Draw the data of one task at one size, as columns of numbers."""
    from rpcstats.simulate.goal_frames import draw_goal_frame
    from rpcstats.simulate.truth import Truth

    phi = 0.0 if name == "impute" else -0.25
    truth = replace(Truth(), p_goals=(0.0, 0.0, 1.0), phi=phi)
    frame = draw_goal_frame(truth, n=size, seed=SEED)
    keys = ("episode_id", "group_id", "item")
    codes = {key: pd.factorize(frame[key])[0] for key in keys}
    codes |= {"state": _codes(frame["state"], STATES)}
    codes |= {key: _codes(frame[key], levels) for key, levels in YES_NO.items()}
    numbers = ("session", "stage", "score", "reached", "last")
    codes |= {key: frame[key].to_numpy(dtype=np.float64) for key in numbers}
    codes |= {key: frame[key].to_numpy() * 1 for key in ("completed", "answered")}
    return pd.DataFrame(codes)


def make_warm_up(name: str) -> pd.DataFrame:
    """Give a small data set of the same kind, to load everything with."""
    return make_frame(name, 200)


def _codes(column: pd.Series, levels: tuple[str, ...]) -> np.ndarray:
    return pd.Categorical(column, categories=list(levels)).codes.astype(np.int64)
