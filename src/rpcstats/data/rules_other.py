"""Rules of groups, practitioners and areas."""

from collections.abc import Sequence
from typing import Final

import pandas as pd

from rpcstats.data.rules import Breaks, Rule, Tables, latest_of

_CAREER: Final = ("trained_on", "first_delivered_on", "last_delivered_on", "left_on")


def _other_length(tables: Tables) -> "pd.Series[bool]":
    groups = tables["groups"]
    lengths = {key: entry.sessions for key, entry in tables.programmes.items()}
    usual = pd.to_numeric(groups["programme"].astype(object).map(lengths))
    return usual.notna() & (groups["sessions_planned"] != usual)


def _leads_alone(tables: Tables) -> "pd.Series[bool]":
    groups = tables["groups"]
    return groups["lead_id"].notna() & (groups["lead_id"] == groups["co_id"])


def _before(column: str, earlier: Sequence[str]) -> Breaks:
    def breaks(tables: Tables) -> "pd.Series[bool]":
        frame = tables["practitioners"]
        return frame[column] < latest_of(frame, earlier)

    return breaks


def _inside_itself(tables: Tables) -> "pd.Series[bool]":
    areas = tables["areas"]
    return areas["parent_id"].notna() & (areas["parent_id"] == areas["area_id"])


def _more_events(tables: Tables) -> "pd.Series[bool]":
    frame = tables["area_periods"]
    return frame["events"] > frame["population"]


OTHER_RULES: Final = (
    Rule(
        "groups.sessions_planned",
        "differs from the programme's",
        "check it; set the programme's under programme_rules in council.yml",
        ("groups.programme",),
        _other_length,
        "warning",
    ),
    Rule(
        "groups.co_id",
        "the same practitioner leads and assists",
        "check it, or empty it",
        ("groups.lead_id",),
        _leads_alone,
        "warning",
    ),
    *(
        Rule(
            f"practitioners.{column}",
            "earlier than a date that comes before it",
            "mend one of the dates: " + " <= ".join(_CAREER),
            (),
            _before(column, _CAREER[:place]),
        )
        for place, column in enumerate(_CAREER)
        if place
    ),
    Rule(
        "areas.parent_id",
        "an area that is part of itself",
        "name the larger area, or empty it",
        ("areas.area_id",),
        _inside_itself,
    ),
    Rule(
        "area_periods.events",
        "more events than population",
        "check both",
        ("area_periods.population",),
        _more_events,
        "warning",
    ),
)
