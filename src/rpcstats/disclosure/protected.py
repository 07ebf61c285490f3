"""What a rule hands back before it is sealed: protected frames and what was done to them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd

from rpcstats._vocabulary import NOTE, STATUS
from rpcstats.disclosure.policy import DisclosurePolicy
from rpcstats.errors import DisclosureError

RELEASED: Final = "released"
WITHHELD: Final = "withheld"

OUTCOMES: Final = frozenset({"entry", "time", "event", "cause"})
PERSON_COLUMNS: Final = frozenset(
    {
        "person_id",
        "referral_id",
        "episode_id",
        "family_id",
        "couple_id",
        "subject_id",
        "practitioner_id",
        "lead_id",
        "co_id",
        "cluster_id",
    }
)


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Protected:
    """A protected frame and the bookkeeping of its protection."""

    frame: pd.DataFrame
    actions: tuple[str, ...]
    n_cells: int
    n_withheld: int
    n_rounded: int
    glance: pd.DataFrame | None = None


def withheld_note(policy: DisclosurePolicy) -> str:
    """Give the one reason shown for every withheld number.

    Parameters
    ----------
    policy : DisclosurePolicy
        The rules.

    Returns
    -------
    str
        The same words whether a number is small itself or guards another one.
    """
    return f"a group of under {policy.threshold} would show"


def unchanged(frame: pd.DataFrame, glance: pd.DataFrame | None = None) -> Protected:
    """Pass a frame on as it is, with the status columns added.

    Parameters
    ----------
    frame : DataFrame
        Any frame.
    glance : DataFrame, optional
        The one-row summary that goes with it.

    Returns
    -------
    Protected
        Nothing withheld, nothing rounded.
    """
    out = frame.copy()
    out[STATUS], out[NOTE] = RELEASED, frame.get(NOTE, "")
    numbers = int(out.select_dtypes("number").size)
    return Protected(
        frame=out,
        actions=("Nothing was changed.",),
        n_cells=numbers,
        n_withheld=0,
        n_rounded=0,
        glance=None if glance is None else glance.copy(),
    )


def label_columns(
    frame: pd.DataFrame, numbers: Sequence[str], by: str | None = None
) -> tuple[str, ...]:
    """Name the columns that only label rows; refuse any other.

    Parameters
    ----------
    frame : DataFrame
        The frame to publish.
    numbers : sequence of str
        Columns whose numbers will be protected.
    by : str, optional
        A label column that may hold numbers.

    Returns
    -------
    tuple of str
        Label columns in the frame's order.

    Raises
    ------
    DisclosureError
        If a column holds numbers or dates that no rule protects.
    """
    rest = [str(c) for c in frame.columns if c not in {*numbers, STATUS, NOTE}]
    free = [c for c in rest if c != by and not _is_text(frame[c])]
    if free:
        raise DisclosureError(
            f"No disclosure rule protects column(s) {', '.join(sorted(free))}: leave them out"
            " (a column of group labels may be named by by=)."
        )
    return tuple(rest)


def refuse_person_columns(frame: pd.DataFrame) -> None:
    """Refuse frames that name people, families or staff.

    Parameters
    ----------
    frame : DataFrame
        The frame to publish.

    Raises
    ------
    DisclosureError
        If one of them identifies persons.
    """
    found = sorted(PERSON_COLUMNS.intersection(map(str, frame.columns)))
    if found:
        raise DisclosureError(
            f"Rows about single people can't be released (column {', '.join(found)}):"
            " hand over counts, a curve, a test or a mean instead."
        )


def refuse_person_groups(frame: pd.DataFrame) -> None:
    """Refuse groups that are single people, or are made of the outcome itself.

    Parameters
    ----------
    frame : DataFrame
        The frame to publish; its column `variable`, if any, says what groups are made of.

    Raises
    ------
    DisclosureError
        If a variable identifies persons or is an outcome.
    """
    named = set(frame["variable"].astype(str)) if "variable" in frame else set()
    bad = sorted(name for name in named if name.endswith("_id") or name in OUTCOMES)
    if bad:
        raise DisclosureError(
            f"Groups of {', '.join(bad)} are single people or outcomes: compare groups known at"
            " referral."
        )


def whole_counts(values: pd.Series, name: str) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    """Read a column of counts.

    Parameters
    ----------
    values : Series
        The column.
    name : str
        Its name, for the message.

    Returns
    -------
    ndarray of int
        The counts.

    Raises
    ------
    DisclosureError
        If a value is missing, negative or not whole.
    """
    x = pd.to_numeric(values, errors="coerce").to_numpy(dtype=np.float64, na_value=np.nan)
    if np.isnan(x).any() or (x < 0).any() or (x != np.round(x)).any():
        raise DisclosureError(
            f"Column {name} has to hold whole counts of people: thresholds mean nothing on"
            " weighted or missing counts, so use the unweighted result."
        )
    return x.astype(np.int64)


def _is_text(column: pd.Series) -> bool:
    if isinstance(column.dtype, pd.CategoricalDtype):
        return _is_text(column.cat.categories.to_series())
    return not (
        pd.api.types.is_numeric_dtype(column.dtype)
        or pd.api.types.is_datetime64_any_dtype(column.dtype)
        or pd.api.types.is_timedelta64_dtype(column.dtype)
    ) and all(isinstance(v, str) or pd.isna(v) for v in column)
