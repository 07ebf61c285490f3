"""Ratings by one instrument and one respondent, and which of them had to be left out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from rpcstats.data.records import did_you_mean
from rpcstats.data.registries import Instrument, instrument, instruments
from rpcstats.data.tables import TABLES
from rpcstats.errors import DataError, ParameterError

if TYPE_CHECKING:
    from collections.abc import Collection

    from rpcstats.data.extract import Extract

RESPONDENTS: Final = TABLES["scores"].column("respondent").codes
FOLLOW_UP_MONTHS: Final = {"m3": 3, "m6": 6, "m12": 12}
"""Months after the last session planned at which a follow-up is due."""

_KEY: Final = ["episode_id", "item", "occasion", "session"]


@dataclass(frozen=True, slots=True, eq=False)
class Ratings:
    """Ratings that belong to a starter, a goal and an occasion.

    Attributes
    ----------
    frame : DataFrame
        `episode_id`, `item`, `occasion`, `session` (1 at the baseline, the last at the end,
        0 at a follow-up), `score`, `weight`.
    n : int
        Rows of the instrument in the extract.
    excluded : tuple of (str, int)
        Why ratings were left out, and how many.
    """

    frame: pd.DataFrame
    n: int
    excluded: tuple[tuple[str, int], ...]


def chosen_instrument(extract: Extract, given: str | None) -> Instrument | None:
    """Find the instrument whose ratings are asked for.

    Parameters
    ----------
    extract : Extract
        A council's extract.
    given : str or None
        Key of the registry; None for the only instrument of goals in the extract.

    Returns
    -------
    Instrument or None
        None where no goals were rated.

    Raises
    ------
    ParameterError
        If the key is unknown, or several instruments of goals were used and none is named.
    """
    if given is not None:
        return instrument(given)
    if not extract.has("scores"):
        return None
    used = set(extract.table("scores")["instrument"].dropna().unique())
    goals = [key for key, entry in instruments().items() if entry.goals and key in used]
    if len(goals) > 1:
        raise ParameterError(
            "goals were rated with several instruments",
            [f"name one: instrument={' or instrument='.join(map(repr, goals))}"],
        )
    return instrument(goals[0]) if goals else None


def check_respondent(respondent: str) -> None:
    """Refuse a respondent whom the schema does not know.

    Parameters
    ----------
    respondent : str
        Who rated.

    Raises
    ------
    ParameterError
        If it is none of the schema's codes.
    """
    if respondent not in RESPONDENTS:
        hint = f"`{respondent}`{did_you_mean(str(respondent), RESPONDENTS)}"
        raise ParameterError("unknown respondent", [hint])


def read_ratings(
    scores: pd.DataFrame,
    entry: Instrument,
    planned: pd.Series,
    *,
    later: Collection[str],
    respondent: str,
    cut: pd.Timestamp,
) -> Ratings:
    """Keep the ratings that can be placed, and count the others by reason.

    Parameters
    ----------
    scores : DataFrame
        The table.
    entry : Instrument
        Whose ratings.
    planned : Series
        Planned number of sessions, by id of the episode, of every starter.
    later : collection of str
        Episodes left out because they are a later course of the same person.
    respondent : str
        Who rated.
    cut : Timestamp
        Last day seen.

    Returns
    -------
    Ratings
        One row a goal and occasion.

    Raises
    ------
    DataError
        If a goal was rated twice on one occasion, or outside the range of the instrument.
    """
    rows = scores[scores["instrument"] == entry.key].rename(
        columns={"subject_id": "episode_id", "value": "score"}
    )
    n = len(rows)
    if "weight" not in rows:
        rows["weight"] = np.nan
    if "session_no" not in rows:
        rows["session_no"] = pd.array([pd.NA] * n, dtype="Int64")
    excluded: list[tuple[str, int]] = []
    others = [other for other in RESPONDENTS if other != respondent]
    steps = [
        ("of a later course of the same person", rows["episode_id"].isin(later)),
        ("of somebody who is not among the starters", ~rows["episode_id"].isin(planned.index)),
        *((f"given by another: {other}", rows["respondent"] == other) for other in others),
        ("without a respondent", rows["respondent"].isna()),
        ("dated after the data cut", rows["rated_on"] > cut),
        ("without a value", rows["score"].isna()),
    ]  # fmt: skip
    for words, is_out in steps:
        rows = _left(rows, words, is_out.reindex(rows.index), excluded)
    rows = _with_session(rows, planned, excluded)
    _check_values(rows, entry)
    return Ratings(rows[[*_KEY, "score", "weight"]], n, tuple(excluded))


def _left(
    rows: pd.DataFrame, words: str, is_out: pd.Series, excluded: list[tuple[str, int]]
) -> pd.DataFrame:
    out = is_out.to_numpy(dtype=bool, na_value=False)
    if out.any():
        excluded.append((words, int(out.sum())))
    return rows[~out]


def _with_session(
    rows: pd.DataFrame, planned: pd.Series, excluded: list[tuple[str, int]]
) -> pd.DataFrame:
    """Place each rating: at session 1 it is the baseline, at the last session the end."""
    rows = rows.assign(
        occasion=rows["occasion"].astype("object"), last=rows["episode_id"].map(planned)
    )
    during = rows["occasion"] == "session"
    number = rows["session_no"].astype("Float64").to_numpy(dtype=np.float64, na_value=np.nan)
    last = rows["last"].to_numpy(dtype=np.float64)
    nowhere = during & ~((number >= 1) & (number <= last))
    rows = rows.assign(number=number)
    rows = _left(rows, "at a session that the course does not have", nowhere, excluded)
    for occasion in ("baseline", "end"):
        session = np.where(occasion == "baseline", 1.0, rows["last"].to_numpy(dtype=np.float64))
        named = rows[rows["occasion"] == occasion].set_index(["episode_id", "item"]).index
        here = (rows["occasion"] == "session") & (rows["number"] == session)
        beside = here & rows.set_index(["episode_id", "item"]).index.isin(named)
        rows = rows.assign(occasion=rows["occasion"].mask(here, occasion))
        words = f"at the {'first' if occasion == 'baseline' else 'last'} session, beside a form of"
        rows = _left(rows, f"{words} the {occasion}", beside, excluded)
    places = rows["number"].where(rows["occasion"] == "session", 0.0)
    places = places.mask(rows["occasion"] == "end", rows["last"].astype("float64"))
    places = places.mask(rows["occasion"] == "baseline", 1.0)
    return rows.assign(session=places.astype(np.int64))


def _check_values(rows: pd.DataFrame, entry: Instrument) -> None:
    faults = []
    twice = int(rows.duplicated(_KEY).sum())
    if twice:
        faults.append(f"{twice} ratings repeat a goal and occasion that was rated already")
    low = -np.inf if entry.minimum is None else entry.minimum
    high = np.inf if entry.maximum is None else entry.maximum
    outside_range = ~rows["score"].between(low, high)
    if entry.scored == "total":
        outside_range &= rows["item"].astype("object").str.casefold() == "total"
    outside = int(outside_range.sum())
    if outside:
        faults.append(f"{outside} ratings lie outside {low:g} to {high:g}")
    if faults:
        raise DataError(
            "; ".join([f"ratings by {entry.name} can't be used: {faults[0]}", *faults[1:]])
            + "; run `rpcstats check`, which names their rows"
        )
