"""Draws of a growth model that completed data sets are made from."""

from dataclasses import dataclass

from rpcstats.designs.missing.ratings import Floats


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Draws:
    """Independent draws, one a completed data set.

    Attributes
    ----------
    beta : ndarray of shape (m, 2, q)
        Fixed effects on start and slope.
    line : ndarray of shape (m, 2, N)
        Start and slope of each parent, group effects included.
    goal : ndarray of shape (m, J)
        Deviation of each goal from its parent's start.
    start, noise : ndarray of shape (m, J)
        Rating at the start, drawn where there is none; error of the rating at the end.
    rating_sd : ndarray of shape (m,)
        Standard deviation of a rating.
    """

    beta: Floats
    line: Floats
    goal: Floats
    start: Floats
    noise: Floats
    rating_sd: Floats
