"""One world, many figures: what a programme reaches by definition and base, from many draws."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from rpcstats.simulate.goals import MOST_GOALS, PROGRESS, draw_end, mean_change
from rpcstats.simulate.starters import RELIABLE, Starters, draw_starters
from rpcstats.simulate.truth import Truth

Floats = NDArray[np.float64]
Booleans = NDArray[np.bool_]

CHUNK: Final = 50_000
"""Starters drawn at once, so that a million need no more memory than these."""


@dataclass(slots=True)
class _Mean:
    n: int = 0
    total: float = 0.0
    squares: float = 0.0

    def add(self, values: Floats | Booleans) -> None:
        numbers = np.asarray(values, dtype=np.float64)
        self.n += len(numbers)
        self.total += float(numbers.sum())
        self.squares += float(numbers @ numbers)

    @property
    def row(self) -> tuple[float, float, int]:
        if self.n == 0:
            return float("nan"), float("nan"), 0
        mean = self.total / self.n
        variance = max(self.squares / self.n - mean**2, 0.0)
        return mean, float(np.sqrt(variance / self.n)), self.n


@dataclass(slots=True)
class _Means:
    found: dict[str, _Mean] = field(default_factory=dict)

    def add(self, values: Mapping[str, Floats | Booleans]) -> None:
        for name, of_each in values.items():
            self.found.setdefault(name, _Mean()).add(of_each)


def population_values(
    truth: Truth, *, n: int, seed: int, minimum_attended: int = 4, chunk: int = CHUNK
) -> pd.DataFrame:
    """Draw starters and give what they reach, with its Monte Carlo error.

    Parameters
    ----------
    truth : Truth
        True parameters.
    n : int
        Number of starters; nobody waits and nobody is censored.
    seed : int
        Seed.
    minimum_attended : int, default 4
        Sessions a person must attend to complete.
    chunk : int, default 50000
        Starters drawn at once.

    Returns
    -------
    DataFrame
        A row a figure: `figure`, `estimate`, `std_error` (of the draw), `n`. Retention:
        share in after each session, completed, mean sessions attended, dropout by mode.
        Goals, in points: change of completers, of starters at the level they left with
        (treatment policy) and had all of them finished (hypothetical). Shares: mean change of
        at least 1 of completers who answered, completers and starters; any goal up by 1,
        and mean change of at least 2.45, of completers.
    """
    means = _Means()
    seeds = np.random.SeedSequence(seed).generate_state(-(-n // chunk))
    left = n
    for number in seeds.tolist():
        size = min(chunk, left)
        left -= size
        drawn = draw_starters(truth, n=size, seed=number, minimum_attended=minimum_attended)
        means.add(dict(_retention(drawn)))
        means.add(dict(_goals(drawn, truth, number)))
    rows = [(name, *mean.row) for name, mean in means.found.items()]
    return pd.DataFrame(rows, columns=["figure", "estimate", "std_error", "n"])


def _retention(drawn: Starters) -> Iterator[tuple[str, Floats | Booleans]]:
    course, online = drawn.course, drawn.x.online
    for k in range(1, course.attended.shape[1]):
        yield f"in after session {k}", ~course.dropped | (course.last > k)
    yield "completed", drawn.completed
    yield "sessions attended", course.n_attended.astype(np.float64)
    yield "dropout, online", course.dropped[online]
    yield "dropout, in person", course.dropped[~online]


def _goals(drawn: Starters, truth: Truth, seed: int) -> Iterator[tuple[str, Floats | Booleans]]:
    completed, answered = drawn.completed, drawn.completed & drawn.answered
    rng = np.random.default_rng([seed, 1])
    everyone = np.ones(len(completed))
    finished = mean_change(drawn.goals, draw_end(rng, truth, drawn.goals, everyone))
    progress = drawn.change >= PROGRESS
    is_set = np.arange(MOST_GOALS) < drawn.goals.n_goals[:, None]
    up = np.any((drawn.end - drawn.goals.ratings[:, :, 0] >= PROGRESS) & is_set, axis=1)
    yield "change, completers", drawn.change[completed]
    yield "change, completers who answered", drawn.change[answered]
    yield "change, starters at the last level", drawn.change
    yield "change, starters had all finished", finished
    yield "progress, completers who answered", progress[answered]
    yield "progress, completers", progress[completed]
    yield "progress, starters at the last level", progress
    yield "any goal up, completers", np.asarray(up)[completed]
    yield "reliable change, completers", (drawn.change >= RELIABLE)[completed]
