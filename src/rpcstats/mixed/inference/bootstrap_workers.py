"""Refits shared out between processes; the results do not depend on how many there are."""

import pickle
from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from rpcstats.errors import ParameterError
from rpcstats.mixed.inference.bootstrap_refits import (
    BATCH,
    FEW,
    Refitted,
    Statistic,
    draw_responses,
    is_batched,
    join_refitted,
    refit_all,
)

if TYPE_CHECKING:
    from rpcstats.mixed.mixed_fit import MixedFit


class Task(NamedTuple):
    """What is done to every data set drawn.

    Attributes
    ----------
    source : MixedFit
        The fit data are drawn from.
    models : tuple of MixedFit
        The models fitted to them.
    statistic : callable or None
        Numbers wanted of each refit.
    n_statistic : int
        How many they are.
    """

    source: "MixedFit"
    models: tuple["MixedFit", ...]
    statistic: Statistic | None = None
    n_statistic: int = 0


def run_refits(task: Task, n: int, seed: int, workers: int) -> tuple[Refitted, ...]:
    """Draw data sets and fit models to them.

    Parameters
    ----------
    task : Task
        What is drawn and fitted.
    n : int
        Number of data sets.
    seed : int
        Seed of the random numbers; each data set has its own stream of it.
    workers : int
        Processes; 1 for this one alone.

    Returns
    -------
    tuple of Refitted
        The refits of each model.

    Raises
    ------
    ParameterError
        If n, the seed or the number of workers is out of range, or the statistic can't be sent
        to other processes.
    """
    for name, value, least in (("n", n, 2), ("seed", seed, 0), ("workers", workers, 1)):
        if isinstance(value, bool) or not isinstance(value, int | np.integer) or value < least:
            raise ParameterError(
                f"{name} is out of range", [f"give a whole number of {least} or more"]
            )
    streams = np.random.SeedSequence(seed).spawn(n)
    batched = all(is_batched(model, task.statistic) for model in task.models)
    width = BATCH if batched else FEW
    chunks = [streams[first : first + width] for first in range(0, n, width)]
    if workers == 1 or len(chunks) == 1:
        done = [_work(task, chunk) for chunk in chunks]
    else:
        done = _share_out(task, chunks, min(workers, len(chunks)))
    return tuple(join_refitted(parts) for parts in zip(*done, strict=True))


def _work(task: Task, seeds: Sequence[np.random.SeedSequence]) -> tuple[Refitted, ...]:
    Y = draw_responses(task.source, seeds)
    return tuple(refit_all(model, Y, task.statistic, task.n_statistic) for model in task.models)


_received: list[Task] = []


def _receive(parcel: bytes) -> None:
    _received[:] = [pickle.loads(parcel)]


def _work_received(seeds: Sequence[np.random.SeedSequence]) -> tuple[Refitted, ...]:
    return _work(_received[0], seeds)


def _share_out(
    task: Task, chunks: list[list[np.random.SeedSequence]], workers: int
) -> list[tuple[Refitted, ...]]:
    from concurrent.futures import ProcessPoolExecutor
    from multiprocessing import get_context

    try:
        parcel = pickle.dumps(task, protocol=pickle.HIGHEST_PROTOCOL)
    except (pickle.PicklingError, AttributeError, TypeError) as error:
        raise ParameterError(
            "statistic can't be sent to other processes",
            ["define it with def at the top of a module, or take workers=1"],
        ) from error
    with ProcessPoolExecutor(
        workers, mp_context=get_context("spawn"), initializer=_receive, initargs=(parcel,)
    ) as pool:
        return list(pool.map(_work_received, chunks))
