"""Couples: two parents who are referred, placed and start together, and are alike."""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from rpcstats.simulate._draws import normals
from rpcstats.simulate.people import People, draw_people
from rpcstats.simulate.placement import Calendar, Placement, draw_projects
from rpcstats.simulate.truth import Truth

Floats = NDArray[np.float64]


def draw_couples(
    rng: np.random.Generator, truth: Truth, n: int, calendar: Calendar, totals: Mapping[str, int]
) -> tuple[People, Placement]:
    """Draw couples of a woman and a man, one after the other, and their way to a course.

    Parameters
    ----------
    rng : Generator
        Source of randomness.
    truth : Truth
        True parameters.
    n : int
        Number of parents; an odd one is left out.
    calendar : Calendar
        Time, and the number of projects.
    totals : mapping of str to int
        Totals of parents; `started` must be even, since couples start together.

    Returns
    -------
    people : People
        A couple shares preference, source, deprivation and the needs of the child.
    placement : Placement
        A couple shares every day and the group.
    """
    pairs = n // 2
    drawn = draw_people(rng, truth, 2 * pairs, {}, screened=False)
    first = np.repeat(np.arange(pairs) * 2, 2)
    x = replace(
        drawn.x,
        male=np.arange(2 * pairs) % 2 == 1,
        online=drawn.x.online[first],
        send=drawn.x.send[first],
        imd=drawn.x.imd[first],
    )
    started = {"started": totals["started"] // 2} if "started" in totals else {}
    seats = None if calendar.capacity is None else calendar.capacity // 2
    placed = draw_projects(rng, truth, pairs, replace(calendar, capacity=seats), started)
    both = np.repeat(np.arange(pairs), 2)
    placement = replace(
        placed,
        **{
            name: getattr(placed, name)[both]
            for name in (
                "referred_day", "screened_day", "enrolled_day", "enrolled", "started", "group",
                "withdrew_day",
            )
        },
    )  # fmt: skip
    return replace(drawn, x=x, source=drawn.source[first]), placement


def couple_effects(rng: np.random.Generator, truth: Truth, n: int, *, couples: bool) -> Floats:
    """Draw what the two parents of a couple share in dropout.

    Parameters
    ----------
    rng : Generator
        Source of randomness.
    truth : Truth
        True parameters.
    n : int
        Number of starters.
    couples : bool
        Whether each two in a row are a couple.

    Returns
    -------
    ndarray of shape (n,)
        Log odds; zero where parents take part alone.
    """
    if not couples:
        return np.zeros(n)
    return np.repeat(truth.sd_couple * normals(rng, n // 2), 2)
