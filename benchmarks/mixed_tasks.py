"""Tasks of the mixed-model benchmark: data, formulas, sizes.

All data but InstEval and sleepstudy (test fixtures from R's lme4) are synthetic, drawn here with
a fixed seed. Families of twelve sessions: families sit in groups of ten, groups in councils of
twenty groups, and facilitators (one per 500 rows, 2,000 at most) cross them all.

- a: `goal ~ session * arm + sep + (1 + session | family)`, by families.
- a30: the same with three sessions in ten missed at random, so that few families are alike.
- b: four random intercepts: council, group, family, facilitator, by rows.
- c: InstEval, `y ~ service + (1 | s) + (1 | d) + (1 | dept:service)`, 73,421 rows.
- d, d7: attended or not, a random intercept, Laplace and adaptive quadrature with 7 nodes.
- d7x: the same with a covariate that no two rows share, so that no families are alike.
- e, e7: an answer in five ordered categories, Laplace and 7 nodes.
- boot: 1,000 parametric bootstrap replicates of sleepstudy with its correlated slope.
- first: the first fit (sleepstudy) in a fresh process that has read the data: import of the
  engine and the fit.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

SEED = 20_261_122
SESSIONS = 12
DATA = Path(__file__).parents[1] / "tests" / "reference" / "data" / "mixed"
REPLICATES = 1_000
MISSED = 0.3
WARM_UP = {"families": 500, "rows": 6_000}

FIXED = "session * arm + sep"
SIMPLE = "session + arm + sep"


@dataclass(frozen=True)
class Task:
    """What is fitted: a model, its kind, the sizes it is timed at.

    Attributes
    ----------
    title : str
        Heading of its table.
    formula : str
        The model.
    kind : str
        "linear", "binary" or "ordinal"; "boot" and "first" for those two tasks.
    unit : str
        What a size counts.
    sizes : tuple of int
        Sizes of the full run.
    quick : tuple of int
        Sizes of `--quick`.
    nodes : int
        Nodes of the quadrature, 1 for Laplace.
    check : str
        What an engine's number is; the lowest deviance is the right one.
    """

    title: str
    formula: str
    kind: str
    unit: str
    sizes: tuple[int, ...]
    quick: tuple[int, ...]
    nodes: int = 1
    check: str = "deviance"

    @property
    def for_r(self) -> tuple[str, ...]:
        """What R's script has to know."""
        return self.formula, self.kind, str(self.nodes), str(REPLICATES)


TENS = tuple(10**k for k in range(7))
TASKS = {
    "a": Task(
        "Random slopes",
        f"goal ~ {FIXED} + (1 + session | family)",
        "linear",
        "families",
        TENS[3:6],
        TENS[3:4],
    ),
    "a30": Task(
        "Random slopes, sessions missed",
        f"goal ~ {FIXED} + (1 + session | family)",
        "linear",
        "families",
        TENS[3:6],
        (),
    ),
    "b": Task(
        "Nested and crossed",
        f"goal ~ {FIXED} + (1 | council) + (1 | group) + (1 | family) + (1 | facilitator)",
        "linear",
        "rows",
        TENS[4:7],
        TENS[4:5],
    ),
    "c": Task(
        "InstEval",
        "y ~ service + (1 | s) + (1 | d) + (1 | dept:service)",
        "linear",
        "rows",
        (73_421,),
        (),
    ),
    "d": Task(
        "Attended or not, Laplace",
        f"attend ~ {SIMPLE} + (1 | family)",
        "binary",
        "rows",
        TENS[4:7],
        TENS[4:5],
    ),
    "d7": Task(
        "Attended or not, 7 nodes",
        f"attend ~ {SIMPLE} + (1 | family)",
        "binary",
        "rows",
        TENS[4:7],
        TENS[4:5],
        nodes=7,
    ),
    "d7x": Task(
        "Attended or not, 7 nodes, no families alike",
        f"attend ~ {SIMPLE} + age + (1 | family)",
        "binary",
        "rows",
        TENS[4:7],
        (),
        nodes=7,
    ),
    "e": Task(
        "Ordered answer, Laplace",
        f"rating ~ {SIMPLE} + (1 | family)",
        "ordinal",
        "rows",
        TENS[4:6],
        (),
    ),
    "e7": Task(
        "Ordered answer, 7 nodes",
        f"rating ~ {SIMPLE} + (1 | family)",
        "ordinal",
        "rows",
        TENS[4:6],
        TENS[4:5],
        nodes=7,
    ),
    "boot": Task(
        "Parametric bootstrap of sleepstudy",
        "Reaction ~ Days + (1 + Days | Subject)",
        "boot",
        "replicates",
        (REPLICATES,),
        (),
    ),
    "first": Task(
        "First fit in a fresh process",
        "Reaction ~ Days + (1 + Days | Subject)",
        "first",
        "rows",
        (180,),
        (180,),
    ),
}


def make_frame(name: str, size: int) -> pd.DataFrame:
    """Draw or read the data of one task at one size."""
    task = TASKS[name]
    if name == "c":
        return pd.read_csv(DATA / "InstEval.csv.gz")
    if task.kind in ("boot", "first"):
        return pd.read_csv(DATA / "sleepstudy.csv")
    rng = np.random.default_rng([SEED, size])
    n_family = size if task.unit == "families" else -(-size // SESSIONS)
    frame = draw_families(rng, n_family)
    if task.unit == "rows":
        frame = frame.iloc[:size]
    frame = add_outcome(rng, frame, task.kind, slope=name in ("a", "a30"))
    if name == "a30":
        frame = frame[rng.random(len(frame)) > MISSED]
    if name == "d7x":
        frame = frame.assign(age=rng.normal(size=len(frame)))
    return frame.reset_index(drop=True)


def make_warm_up(name: str) -> pd.DataFrame:
    """Give a small data set of the same kind, to load and compile everything with."""
    if name == "c":
        return pd.read_csv(DATA / "insteval_part.csv")
    return make_frame(name, WARM_UP.get(TASKS[name].unit, 0))


def draw_families(rng: np.random.Generator, n_family: int) -> pd.DataFrame:
    """Lay out families in groups in councils, sessions, arms and facilitators."""
    family = np.arange(n_family)
    group = family // 10
    council = group // 20
    n = n_family * SESSIONS
    n_facilitator = int(np.clip(n // 500, 20, 2_000))
    arm = rng.permuted(np.arange(group[-1] + 1) % 2)[group]
    return pd.DataFrame(
        {
            "family": np.repeat(family, SESSIONS),
            "group": np.repeat(group, SESSIONS),
            "council": np.repeat(council, SESSIONS),
            "facilitator": rng.integers(0, n_facilitator, n),
            "session": np.tile(np.arange(SESSIONS, dtype=np.float64), n_family),
            "programme": np.repeat(arm, SESSIONS),
            "sep": np.repeat((rng.random(n_family) < 0.4).astype(np.float64), SESSIONS),
        }
    )


def add_outcome(
    rng: np.random.Generator, frame: pd.DataFrame, kind: str, *, slope: bool
) -> pd.DataFrame:
    """Draw the outcome of one task from the model it is fitted with."""

    def effect(factor: str, sd: float) -> np.ndarray:
        codes = frame[factor].to_numpy()
        return rng.normal(0.0, sd, codes.max() + 1)[codes]

    session, arm, sep = (frame[c].to_numpy() for c in ("session", "programme", "sep"))
    mean = 0.15 * session + 0.35 * arm + 0.1 * session * arm - 0.35 * sep
    if kind == "linear":
        drawn = effect("family", 1.3)
        if slope:
            drawn = drawn + session * effect("family", 0.15)
        else:
            drawn = drawn + effect("group", 0.5) + effect("council", 0.4)
            drawn = drawn + effect("facilitator", 0.3)
        outcome = {"goal": 4.0 + mean + drawn + rng.normal(0.0, 0.9, len(frame))}
    elif kind == "binary":
        eta = 1.0 - 0.1 * session + 0.5 * arm - 0.5 * sep + effect("family", 1.0)
        outcome = {"attend": (rng.random(len(frame)) < 1 / (1 + np.exp(-eta))).astype(np.int64)}
    else:
        latent = mean + effect("family", 1.1) + rng.logistic(size=len(frame))
        outcome = {"rating": 1 + np.searchsorted([-1.5, -0.3, 0.9, 2.2], latent)}
    return frame.assign(**outcome)
