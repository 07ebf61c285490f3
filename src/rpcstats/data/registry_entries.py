"""Entries of the registries: a programme, an instrument, a council."""

from dataclasses import dataclass
from datetime import date
from typing import Literal

Unit = Literal["session", "module"]
Direction = Literal["up", "down", "as_scored", "split"]


@dataclass(frozen=True, slots=True)
class Programme:
    """A programme and its completion rule.

    Attributes
    ----------
    key : str
        Key of the registry.
    name : str
        Name as printed.
    provider : str
        Who provides it.
    sessions : int
        Sessions (or modules) of one course.
    interval_days : int
        Days between two sessions.
    capacity : int or None
        Places in one group; None where there is no limit.
    minimum_attended : int
        Sessions a person must attend to complete.
    unit : {"session", "module"}
        What a course is counted in.
    source : str
        Where the figures come from, and which are assumed.
    published_as : str
        Name under which its published figures stand, where that is another.
    """

    key: str
    name: str
    provider: str
    sessions: int
    interval_days: int
    capacity: int | None
    minimum_attended: int
    unit: Unit
    source: str
    published_as: str = ""


@dataclass(frozen=True, slots=True)
class Band:
    """A band of scores that an instrument names.

    Attributes
    ----------
    name : str
        What the instrument calls it.
    lowest, highest : float
        Least and largest score of the band.
    clinical : bool
        Whether a score in it counts as a case.
    """

    name: str
    lowest: float
    highest: float
    clinical: bool


@dataclass(frozen=True, slots=True)
class Instrument:
    """What is known of an instrument; never the text of an item.

    Attributes
    ----------
    key : str
        Key of the registry.
    name : str
        Name as printed.
    construct : str
        What it measures.
    minimum, maximum : float or None
        Range of a score; None where it is not known.
    direction : {"up", "down", "as_scored", "split"}
        Which way is better.
    items : int or None
        Number of items.
    scored : {"item", "total"}
        Whether the range holds for each rating or for the total.
    verified : bool
        Whether the range was checked against a named source.
    source : str
        Where it comes from.
    goals : bool
        Whether its items are goals that each parent sets.
    reliability : float or None
        Reliability of a score, as Jacobson and Truax (1991) use it; None where it is not known.
    reliable_change : float or None
        Least change that is quoted as more than error of measurement.
    cut_offs : tuple of Band
        Bands of scores, from the lowest up; empty where none are known.
    item_missing : {"all", "half"} or None
        How many items have to be answered for a total; None where there is no rule.
    scoring_verified : bool
        Whether reliability, reliable change, bands and rule were checked against a named source.
    scoring_source : str
        Where they come from; empty where there are none.
    """

    key: str
    name: str
    construct: str
    minimum: float | None
    maximum: float | None
    direction: Direction
    items: int | None
    scored: Literal["item", "total"]
    verified: bool
    source: str
    goals: bool = False
    reliability: float | None = None
    reliable_change: float | None = None
    cut_offs: tuple[Band, ...] = ()
    item_missing: Literal["all", "half"] | None = None
    scoring_verified: bool = False
    scoring_source: str = ""


@dataclass(frozen=True, slots=True)
class GssCode:
    """A code of the Government Statistical Service and the days it holds.

    Attributes
    ----------
    code : str
        Nine characters.
    start, end : date or None
        First and last day; None where it is open.
    """

    code: str
    start: date | None
    end: date | None

    def holds_on(self, day: date) -> bool:
        """Tell whether the code holds on a day.

        Parameters
        ----------
        day : date
            The day.

        Returns
        -------
        bool
            True on the first and on the last day too.
        """
        return (self.start is None or self.start <= day) and (self.end is None or day <= self.end)


@dataclass(frozen=True, slots=True)
class Council:
    """A council and its codes.

    Attributes
    ----------
    key : str
        Key of the registry.
    name : str
        Name as printed.
    kind : str
        Kind of authority.
    gss_codes : tuple of GssCode
        In the order of time.
    """

    key: str
    name: str
    kind: str
    gss_codes: tuple[GssCode, ...]

    def gss_code_on(self, day: date) -> str | None:
        """Give the code that holds on a day, or None.

        Parameters
        ----------
        day : date
            The day.

        Returns
        -------
        str or None
            Nine characters.
        """
        return next((entry.code for entry in self.gss_codes if entry.holds_on(day)), None)
