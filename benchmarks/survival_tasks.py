"""Tasks of the survival benchmark: data, sizes, what the answer is checked by.

All data are synthetic, drawn here with a fixed seed: exponential dropout that ten covariates
shift a little, censoring for a third, two causes of dropout, groups of ten. Whole weeks run from 1
to 52. Where groups matter, a group shifts the log hazard with standard deviation 0.7.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

SEED = 20_261_122
WEEKS = 52
SESSIONS = 12
GROUP_SIZE = 10
REPLICATES = 1_000
TAU = 0.8
WARM_UP = {"rows": 1_000, "groups": 20, "persons": 200}
TENS = tuple(10**k for k in range(7))


@dataclass(frozen=True)
class Task:
    """What is estimated, from what data, at which sizes.

    Attributes
    ----------
    title : str
        Heading of its table.
    formula : str
        The model, or the call in words.
    kind : str
        What the engines look at to know what to do.
    unit : str
        What a size counts.
    sizes, quick : tuple of int
        Sizes of the full run and of `--quick`.
    weeks : bool
        Whether times are whole weeks.
    check : str
        What the number is by which answers are compared.
    """

    title: str
    formula: str
    kind: str
    unit: str
    sizes: tuple[int, ...]
    quick: tuple[int, ...]
    weeks: bool = False
    check: str = "estimate"

    @property
    def for_r(self) -> tuple[str, ...]:
        """What R's script has to know."""
        return self.formula, self.kind, str(REPLICATES), str(TAU)


X10 = " + ".join(f"x{k}" for k in range(1, 11))
X3 = "x1 + x2 + x3"
ROWS, GROUPS = TENS[3:7], (100, 500, 1_000, 5_000)
IN_WEEKS = ", whole weeks"


def _pair(
    name: str, title: str, formula: str, kind: str, sizes: tuple[int, ...], check: str
) -> dict[str, Task]:
    """Make a task for continuous times and one for weeks."""
    unit = "groups" if sizes is GROUPS else "rows"
    made = {}
    for suffix, words, weeks in (("", "", False), ("-weeks", IN_WEEKS, True)):
        made[name + suffix] = Task(
            title + words, formula, kind, unit, sizes, sizes[:2], weeks, check
        )
    return made


TASKS = {
    **_pair("km", "Kaplan-Meier", "Surv(time, event) ~ 1", "km", ROWS, "S"),
    **_pair("lr", "Log-rank, two groups", "Surv(time, event) ~ arm", "lr", ROWS, "chi-square"),
    **_pair("cox", "Cox, Efron, p = 10", f"Surv(time, event) ~ {X10}", "cox", ROWS, "β"),
    **_pair(
        "cluster",
        "Cox, cluster-robust, groups of ten",
        f"Surv(time, event) ~ {X10} + cluster(group)",
        "cluster",
        ROWS,
        "robust error",
    ),
    **_pair(
        "gamma",
        "Gamma frailty, groups of ten",
        f"Surv(time, event) ~ {X3} + frailty(group)",
        "gamma",
        GROUPS,
        "θ",
    ),
    **_pair(
        "gauss",
        "Gaussian random intercept, groups of ten",
        f"Surv(time, event) ~ {X3} + (1 | group)",
        "gauss",
        GROUPS,
        "variance",
    ),
    **_pair("aj", "Aalen-Johansen with errors", "Surv(time, cause) ~ 1", "aj", ROWS, "F"),
    **_pair("gray", "Gray's test", "Surv(time, cause) ~ arm", "gray", ROWS, "chi-square"),
    **_pair("fg", "Fine-Gray, p = 3", f"Surv(time, cause) ~ {X3}", "fg", ROWS, "β"),
    "discrete": Task(
        "Discrete-time logit hazard, up to 12 sessions",
        f"event ~ C(session) + {X3}",
        "discrete",
        "persons",
        TENS[3:6],
        TENS[3:5],
        check="β",
    ),
    **_pair(
        "boot", "1,000 bootstrap restricted means", "Surv(time, event) ~ 1", "boot", TENS[3:5], "-"
    ),
    "first-km": Task("First curve of a fresh process", "Surv(time, event) ~ 1", "first",
                     "rows", (1_000,), (1_000,), check="S"),
    "first-cox": Task("First Cox model of a fresh process", f"Surv(time, event) ~ {X10}", "first",
                      "rows", (1_000,), (1_000,), check="β"),
}  # fmt: skip


def make_frame(name: str, size: int) -> pd.DataFrame:
    """Draw the data of one task at one size."""
    task = TASKS[name]
    rng = np.random.default_rng([SEED, size])
    n = size * GROUP_SIZE if task.unit == "groups" else size
    frame = _spells(rng, n, weeks=task.weeks, grouped=task.unit == "groups")
    return _sessions(frame) if task.kind == "discrete" else frame


def make_warm_up(name: str) -> pd.DataFrame:
    """Give a small data set of the same kind, to load and compile everything with."""
    return make_frame(name, WARM_UP[TASKS[name].unit])


def _spells(rng: np.random.Generator, n: int, *, weeks: bool, grouped: bool) -> pd.DataFrame:
    X = rng.normal(size=(n, 10))
    group = rng.permutation(n) // GROUP_SIZE
    arm = rng.integers(0, 2, n)
    eta = X[:, :3] @ [0.3, -0.2, 0.1] + 0.1 * arm
    if grouped:
        eta = eta + rng.normal(0, 0.7, group.max() + 1)[group]
    dropout, leaving = rng.exponential(size=n) * np.exp(-eta), rng.exponential(2.0, size=n)
    time = np.minimum(dropout, leaving)
    if weeks:
        time = np.clip(np.ceil(time * 20), 1, WEEKS)
    event = dropout <= leaving
    cause = np.where(event, 1 + (rng.random(n) < 0.4), 0)
    columns = {"time": time, "event": event.astype(np.int64), "cause": cause.astype(np.int64)}
    columns |= {"group": group, "arm": arm} | {f"x{k + 1}": X[:, k] for k in range(10)}
    return pd.DataFrame(columns)


def _sessions(frame: pd.DataFrame) -> pd.DataFrame:
    """Expand to a row per person and session at risk."""
    session = np.clip(np.ceil(frame["time"] * 6), 1, SESSIONS).astype(np.int64).to_numpy()
    person = np.repeat(np.arange(len(frame)), session)
    number = np.arange(len(person)) - np.repeat(np.cumsum(session) - session, session) + 1
    rows = frame.iloc[person].reset_index(drop=True)
    last = number == session[person]
    return rows.assign(session=number, event=(rows["event"] * last).astype(np.int64), person=person)
