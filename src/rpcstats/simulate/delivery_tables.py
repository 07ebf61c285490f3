"""Groups and practitioners of a drawn cohort, as columns of tables."""

from typing import Final

import numpy as np

from rpcstats.data.registries import Programme
from rpcstats.simulate._draws import categories, integers
from rpcstats.simulate.cohort import Cohort
from rpcstats.simulate.columns import Columns, Place, either, named, same
from rpcstats.simulate.identifiers import Identifiers

TRAINED_DAYS: Final = (30, 400)
"""Least and most days from training to the first session of the period."""

AGENCIES: Final = ("early help", "health visiting", "voluntary sector")


def group_columns(cohort: Cohort, ids: Identifiers, programme: Programme, place: Place) -> Columns:
    """Write the groups of a cohort.

    Parameters
    ----------
    cohort : Cohort
        One programme's referrals.
    ids : Identifiers
        Of the same cohort.
    programme : Programme
        The programme.
    place : Place
        Where and when.

    Returns
    -------
    dict of str to array
        Columns of the table.
    """
    groups = cohort.placement.groups
    n = len(groups.start_day)
    return {
        "group_id": ids.group,
        "area_id": same(place.area_id, n),
        "programme": same(programme.key, n),
        "mode": either(groups.online, "online", "in_person"),
        "lead_id": ids.practitioner[groups.lead],
        "co_id": ids.practitioner[groups.co],
        "starts_on": place.dates(groups.start_day),
        "sessions_planned": np.full(n, programme.sessions),
        "capacity": same(programme.capacity, n),
    }


def practitioner_columns(
    rng: np.random.Generator, cohort: Cohort, ids: Identifiers, programme: Programme, place: Place
) -> Columns:
    """Write the workers who could lead the groups of a cohort.

    Parameters
    ----------
    rng : Generator
        Source of randomness, for agencies and days of training.
    cohort : Cohort
        One programme's referrals.
    ids : Identifiers
        Of the same cohort.
    programme : Programme
        The programme.
    place : Place
        Where and when.

    Returns
    -------
    dict of str to array
        Columns of the table.
    """
    groups, n = cohort.placement.groups, len(ids.practitioner)
    first, last = np.full(n, place.last_day + 1), np.full(n, -1)
    later = np.minimum(
        (place.last_day - groups.start_day) // programme.interval_days, programme.sessions - 1
    )
    for role in (groups.lead, groups.co):
        np.minimum.at(first, role, groups.start_day)
        np.maximum.at(last, role, groups.start_day + later * programme.interval_days)
    trained = np.minimum(first, place.last_day) - integers(rng, *TRAINED_DAYS, n)
    return {
        "practitioner_id": ids.practitioner,
        "area_id": same(place.area_id, n),
        "agency": named(AGENCIES, categories(rng, (1.0,) * len(AGENCIES), n)),
        "programme": same(programme.key, n),
        "trained_on": place.dates(trained),
        "first_delivered_on": place.dates(first, last >= 0),
        "last_delivered_on": place.dates(last, last >= 0),
    }
