"""What a printed figure says: its number, its unit, how exact it is, and counts beside it."""

import re
import unicodedata
from typing import Final

from rpcstats.published.facts import Fact

RANGE: Final = (
    "value is a range: give its ends as two figures, with the breakdowns bound=lower and"
    " bound=upper"
)
OTHER_UNIT: Final = "value has another sign behind or before it than its unit says"

_BEFORE: Final = (
    ("approx", r"c\.|ca\.?|circa|about|around|roughly|approximately|approx\.?|some|nearly|almost"
     r"|~|\u2248"),
    ("at_least", r"at least|not less than|no fewer than|minimum|min\.|>=|\u2265"),
    ("at_most", r"at most|up to|no more than|not more than|maximum|max\.|<=|\u2264"),
    ("more_than", r"just over|over|more than|above|upwards of|in excess of|>"),
    ("less_than", r"just under|under|fewer than|less than|below|<"),
)  # fmt: skip
_AFTER: Final = (
    ("at_least", r"\+|or more|or over"),
    ("at_most", r"or less|or fewer|or under"),
    ("approx", r"approx\.?|or so"),
)
_NUMBER: Final = r"-?(?:\d{1,3}(?:[, ]\d{3})+|\d+)?(?:\.\d+)?"
_PERCENT: Final = r"(?:%|per ?cent|pct|pc)"
_FIGURE: Final = re.compile(rf"(\u00a3)? ?({_NUMBER}) ?({_PERCENT})?", re.ASCII | re.IGNORECASE)
_OF: Final = re.compile(r"(\d[\d,]*) ?(?:/|of|out of) ?(\d[\d,]*)", re.ASCII | re.IGNORECASE)
_BESIDE: Final = re.compile(r"([^()]+?) ?\(([^()]+)\)")
_IS_RANGE: Final = re.compile(
    rf"{_NUMBER} ?{_PERCENT}? ?(?:-|\u2013|\u2014|to|and) ?{_NUMBER} ?{_PERCENT}?",
    re.ASCII | re.IGNORECASE,
)
_BETWEEN: Final = re.compile(r"(?:between|from) ", re.IGNORECASE)
_WHOLE: Final = re.compile(r"\d{1,3}(?:[, ]\d{3})+|\d+", re.ASCII)


def plain(text: str) -> str:
    """Write a cell with plain spaces and signs.

    Parameters
    ----------
    text : str
        As it stands.

    Returns
    -------
    str
        One space for any blank, no control or zero-width characters, a hyphen for a minus.
    """
    kept = "".join(" " if c.isspace() else c for c in text)
    if not kept.isascii():
        kept = "".join(c for c in kept if unicodedata.category(c) not in ("Cf", "Cc", "Co", "Cs"))
        kept = kept.replace("\u2212", "-").replace("\ufe63", "-").replace("\uff05", "%")
    elif not kept.isprintable():
        kept = "".join(c for c in kept if c.isprintable())
    return " ".join(kept.split())


def whole_number(text: str) -> str:
    """Write a whole number without commas, and without decimals of nought.

    Parameters
    ----------
    text : str
        For example "1,230", "n = 36" or "36.0".

    Returns
    -------
    str
        "1230" or "36"; the text itself where it is no whole number.
    """
    if text.isdigit():
        return text
    kept = re.sub(r"^n ?= ?", "", text, flags=re.IGNORECASE)
    kept = re.sub(r"\.0+$", "", kept)
    return re.sub(r"[, ]", "", kept) if _WHOLE.fullmatch(kept) else text


def read_figure(fact: Fact) -> str:
    """Take a printed figure apart: the fact is completed in place.

    Parameters
    ----------
    fact : dict
        Its `value` as printed, such as "c. 80%", "28 of 34 (82%)" or "over 1,200".

    Returns
    -------
    str
        What is wrong, and how to mend it; empty if nothing is. A text that is no number is left
        as it is.
    """
    value = fact["value"]
    if value.isdigit() or fact["unit"] in ("test", "date", "direction"):
        return ""
    value = value.rstrip("*\u2020\u2021 ") or value
    beside = _BESIDE.fullmatch(value)
    if beside:
        return _two(fact, beside[1].strip(), beside[2].strip())
    share = _OF.fullmatch(value)
    if share:
        fact["denominator"] = fact["denominator"] or whole_number(share[2])
        return _one(fact, share[1])
    return _one(fact, value)


def _two(fact: Fact, first: str, second: str) -> str:
    """Read a percentage with its counts beside it, in either order."""
    percent, counts = (first, second) if "%" in first else (second, first)
    share = _OF.fullmatch(counts)
    is_base = re.fullmatch(r"n ?= ?\d[\d,]*", counts, re.ASCII | re.IGNORECASE)
    names = ("numerator", "denominator")
    if share:
        given = (whole_number(share[1]), whole_number(share[2]))
    elif is_base:
        given = ("", whole_number(counts))
    elif _WHOLE.fullmatch(counts):
        given = (whole_number(counts), "")
    else:
        return ""
    for name, text in zip(names, given, strict=True):
        fact[name] = fact[name] or text
    return _one(fact, percent)


def _one(fact: Fact, value: str) -> str:
    if _IS_RANGE.fullmatch(_BETWEEN.sub("", value)) and not _FIGURE.fullmatch(value):
        return RANGE
    qualifier, rest = _qualified(value)
    figure = _FIGURE.fullmatch(rest)
    if figure is None or not re.search(r"\d", figure[2]):
        return ""
    unit = {figure[1]: "gbp", figure[3]: "percent"}
    told = next((unit[sign] for sign in (figure[1], figure[3]) if sign), "")
    if told and fact["unit"] not in ("", told):
        return OTHER_UNIT
    number = re.sub(r"[, ]", "", figure[2])
    number = re.sub(r"^(-?)\.", r"\g<1>0.", number)
    fact["unit"] = fact["unit"] or told
    fact["value"] = re.sub(r"\.0+$", "", number) if fact["unit"] == "count" else number
    fact["qualifier"] = fact["qualifier"] or qualifier
    return ""


def _qualified(value: str) -> tuple[str, str]:
    """Split a figure from words such as "about", "over" and "or more"."""
    for qualifier, words in _BEFORE:
        found = re.match(rf"(?:{words}) ?(?=[-\u00a3.\d])", value, re.IGNORECASE)
        if found:
            return qualifier, value[found.end() :].strip()
    for qualifier, words in _AFTER:
        found = re.search(rf"(?<=[\d%t]) ?(?:{words})$", value, re.IGNORECASE)
        if found:
            return qualifier, value[: found.start()].strip()
    return "", value
