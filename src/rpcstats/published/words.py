"""Published facts in plain words: the printed figure, its measure, its period."""

import re
from datetime import date
from functools import lru_cache
from typing import Final

from rpcstats.published.checks._rounding import feasible_share
from rpcstats.published.checks.spread import parse_figure
from rpcstats.published.facts import Fact

_BEFORE: Final = {
    "approx": "about ",
    "more_than": "more than ",
    "less_than": "less than ",
    "at_least": "at least ",
    "at_most": "at most ",
}
_WITHOUT_VALUE: Final = {"nearly_all": "nearly all", "not_stated": "not stated"}
_GROUPED: Final = ("count", "gbp")
_MEASURES: Final = {
    "agree_course_well_led": "agreed that the course was well led",
    "agree_course_well_organised": "agreed that the course was well organised",
    "agree_facilitators_included_everyone": "agreed that the facilitators included everyone",
    "child_age_max": "oldest age of child",
    "child_age_min": "youngest age of child",
    "childrens_centres": "children's centres",
    "families_send": "families with a child with SEND",
    "requests_online_delivery": "asked for online delivery",
}


@lru_cache(maxsize=4096)
def slug(text: str) -> str:
    """Give the key a name stands for: lower case, words joined by underscores.

    Parameters
    ----------
    text : str
        A name, such as "Me, You and Baby Too".

    Returns
    -------
    str
        Its key, such as ``me_you_and_baby_too``.
    """
    return re.sub(r"[^a-z0-9]+", "_", text.casefold()).strip("_")


def printed(fact: Fact) -> str:
    """Give the printed figure with its unit.

    Parameters
    ----------
    fact : dict
        One fact.

    Returns
    -------
    str
        For example "82%", "123" or "more than £40,000".
    """
    value, unit = fact["value"], fact["unit"]
    if not value:
        return _WITHOUT_VALUE[fact["qualifier"]]
    if unit in _GROUPED:
        whole, point, decimals = value.partition(".")
        value = f"{int(whole):,}{point}{decimals}"
    forms = {
        "percent": f"{value}%",
        "gbp": f"£{value}",
        "count": value,
        "rate": value,
        "ratio": f"{value} times",
        "rank": f"rank {value}",
    }
    return _BEFORE.get(fact["qualifier"], "") + forms.get(unit, f"{value} {unit}")


def measure(fact: Fact, base_measure: str | None = None) -> str:
    """Give what was measured, with the base it is a share of.

    Parameters
    ----------
    fact : dict
        One fact.
    base_measure : str or None
        Measure of the base, if the same table prints it.

    Returns
    -------
    str
        For example "retained of started" or "referrals (sex: female)".
    """
    label = _MEASURES.get(fact["measure"], fact["measure"].replace("_", " "))
    if base_measure is not None:
        label += f" of {base_measure.replace('_', ' ')}"
    if fact["breakdown"]:
        name, _, level = fact["breakdown"].partition("=")
        label += f" ({name.replace('_', ' ')}: {level.replace('_', ' ')})"
    return label


def period(fact: Fact) -> str:
    """Give the period in words.

    Parameters
    ----------
    fact : dict
        One fact.

    Returns
    -------
    str
        For example "October 2021 to 27 February 2024"; empty if none was published.
    """
    start, end = (day(fact[name]) for name in ("period_start", "period_end"))
    if start == end or not end:
        return start if start == end else f"from {start}"
    return f"{start} to {end}" if start else f"to {end}"


def day(text: str) -> str:
    """Give a date in words.

    Parameters
    ----------
    text : str
        YYYY, YYYY-MM or YYYY-MM-DD.

    Returns
    -------
    str
        For example "27 February 2024".
    """
    if len(text) == 4 or not text:
        return text
    parts = [int(part) for part in text.split("-")]
    month = date(parts[0], parts[1], 1).strftime("%B")
    number = f"{parts[2]} " if len(parts) == 3 else ""
    return f"{number}{month} {parts[0]}"


def prints_as(n: int, base: int, value: str) -> bool:
    """Tell whether a share prints as a percentage, halves rounded up.

    Parameters
    ----------
    n, base : int
        Numerator and base.
    value : str
        The percentage as printed; its decimals count.

    Returns
    -------
    bool
        True if 100 n / base rounds to it.
    """
    first, last = feasible_share(*parse_figure(value), base)
    return first <= n <= last
