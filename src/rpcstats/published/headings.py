"""Headings as people write them, and the columns of facts they stand for."""

import re
from collections.abc import Sequence
from typing import Final

from rpcstats.published.facts import FACT_COLUMNS

OPTIONAL: Final = ("items", "scale_min", "scale_max")
NEEDED: Final = ("measure", "value")
COLUMNS: Final = (*FACT_COLUMNS, *OPTIONAL)
PERCENT: Final = "percent"
"""Stands for `value` where the heading says that it is a percentage."""

_OTHER_NAMES: Final = {
    "fact_id": ("id", "fact", "ref", "reference"),
    "source": ("document", "report"),
    "council": ("authority", "local_authority"),
    "programme": ("program", "course", "service"),
    "period_start": ("from", "start", "start_date"),
    "period_end": ("to", "until", "end", "end_date"),
    "population": ("who", "among"),
    "measure": ("indicator", "outcome", "what", "what_was_measured", "description", "question"),
    "value": ("figure", "printed", "printed_value", "printed_figure", "result"),
    PERCENT: ("percentage", "per_cent", "pct", "%"),
    "unit": ("units",),
    "denominator": ("base", "of", "out_of", "sample_size", "respondents", "total"),
    "numerator": ("count", "number", "k"),
    "breakdown": ("subgroup", "group"),
    "note": ("notes", "comment", "comments", "remarks"),
    "scale_min": ("lowest",),
    "scale_max": ("highest",),
}
_BY_NAME: Final = {
    name: column for column, names in _OTHER_NAMES.items() for name in names
} | {PERCENT: PERCENT}  # fmt: skip


def columns_of(headings: Sequence[str]) -> list[str]:
    """Tell which column each heading stands for.

    Parameters
    ----------
    headings : sequence of str
        As written.

    Returns
    -------
    list of str
        A name of `COLUMNS` or `PERCENT`; empty where a heading is unknown, or stands for a column
        that an earlier one, or one of its own name, gives already. The heading "n" is the base,
        and the numerator where there is a base besides; a count without a value is the value.
    """
    keys = [_key(text) for text in headings]
    found = [key if key in COLUMNS else _BY_NAME.get(key, "") for key in keys]
    has_base = "denominator" in found
    found = [
        ("numerator" if has_base else "denominator") if key == "n" else name
        for key, name in zip(keys, found, strict=True)
    ]
    if "value" not in found and PERCENT not in found:
        found = ["value" if name == "numerator" else name for name in found]
    given = set(keys) & set(COLUMNS)
    kept: list[str] = []
    for key, name in zip(keys, found, strict=True):
        column = "value" if name == PERCENT else name
        is_again = name in kept or (column == "value" and {"value", PERCENT} & {*kept})
        kept.append("" if is_again or (column in given and key != column) else name)
    return kept


def repeated(headings: Sequence[str]) -> int:
    """Count the headings that stand more than once.

    Parameters
    ----------
    headings : sequence of str
        As written.

    Returns
    -------
    int
        The second and later times, of those that are no blank.
    """
    keys = [key for key in map(_key, headings) if key]
    return len(keys) - len(set(keys))


def _key(text: str) -> str:
    text = text.strip().casefold()
    return "%" if text == "%" else re.sub(r"[^a-z0-9]+", "_", text).strip("_")
