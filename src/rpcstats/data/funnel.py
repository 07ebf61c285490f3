"""From referral to milestone: how many reached each stage, of how many who could have."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import pandas as pd

from rpcstats._vocabulary import FUNNEL
from rpcstats.data.course_ends import course_ends
from rpcstats.data.data_cut import STANDINGS, Seen, filled, seen_by
from rpcstats.data.proportions import with_limits
from rpcstats.errors import ParameterError, SchemaError

if TYPE_CHECKING:
    from datetime import date

    from rpcstats.data.extract import Extract

BY: Final = (
    "programme",
    "area_id",
    "source",
    "preference",
    "sex",
    "age_band",
    "ethnicity",
    "resident",
    "send_child",
    "imd_decile",
)
"""Columns known at referral, by which a funnel can be split."""

NOT_RECORDED: Final = "not recorded"

_DUE: Final = "starters whose course was due to end by the data cut and whose outcome is known"
_DEFINITIONS: Final = {
    "referred": "Referrals made by the data cut, repeats counted once.",
    "appropriate": "Referrals the service decided were appropriate; those pending are left out.",
    "enrolled": "Referrals with a place on a course by the data cut.",
    "started": "Enrolled referrals with a first session attended by the data cut.",
    "retained": "Starters who were still in at the last session, however many they attended.",
    "completed": "Starters who stayed to the last session and met the programme's attendance rule.",
    "milestone": (
        "Starters who reached the milestone as the provider defines it; "
        "a blank counts as not reached."
    ),
}
_BASE_LABELS: Final = {
    "referred": "referrals",
    "appropriate": "appropriate referrals",
    "enrolled": "enrolled referrals",
}


def funnel(
    extract: Extract,
    *,
    data_cut: date | str | None = None,
    by: str | None = None,
    conf_level: float = 0.95,
) -> pd.DataFrame:
    """Count how many reached each stage, of how many who could have by the data cut.

    Parameters
    ----------
    extract : Extract
        A council's extract.
    data_cut : date or str, optional
        Last day seen; by default the extract's own.
    by : str, optional
        A column known at referral, such as ``"programme"``; one funnel for each value.
    conf_level : float, default 0.95
        Level of the intervals.

    Returns
    -------
    DataFrame
        A row per stage: `stage`, `n`, `base`, `base_label`, `estimate` (n / base),
        `conf_low`, `conf_high` (Wilson 1927) and `definition`; the column `by` comes first
        if given. A stage that the extract does not record is left out.

    Raises
    ------
    ParameterError
        If `by` is not a column known at referral.
    SchemaError
        If a starter's course has no planned end.

    Notes
    -----
    Every base holds only those who could have reached the stage and whose outcome is known:
    referrals decided; starters whose course was due to end by the data cut and is closed.
    An extract whose `council.yml` says ``first_stage: enrolled`` has no earlier stage.
    A course is due at the group's first session plus its planned sessions, or that many
    sessions after the parent's own start if there is no group. A parent who was transferred
    stays in the base. A course that nobody has closed, but left by two successive absences,
    counts as left.
    """
    seen = seen_by(extract, data_cut)
    _check_by(by, seen)
    due = _due(seen) if "started" in seen.recorded else seen.courses.iloc[:0]
    first = extract.council.first_stage
    if by is None:
        rows = _from_first(_stages(seen.courses, due, seen.recorded), first)
    else:
        levels = _levels(seen.referrals[by])
        of_course, of_due = (filled(frame[by], NOT_RECORDED) for frame in (seen.courses, due))
        rows = [
            {by: level, **row}
            for level in levels
            for row in _from_first(
                _stages(seen.courses[of_course == level], due[of_due == level], seen.recorded),
                first,
            )
        ]
    return with_limits(rows, [*([] if by is None else [by]), *FUNNEL], conf_level)


def _check_by(by: str | None, seen: Seen) -> None:
    if by is None:
        return
    there = [name for name in BY if name in seen.referrals]
    if by not in there:
        raise ParameterError(
            "funnel can't be split by that column",
            [f"use one known at referral: {', '.join(there)}"],
        )


def _levels(values: pd.Series) -> list[object]:
    present = list(values.dropna().unique())
    if isinstance(values.dtype, pd.CategoricalDtype):
        levels = [level for level in values.cat.categories if level in present]
    else:
        levels = sorted(present)
    return [*levels, NOT_RECORDED] if values.isna().any() else levels


def _due(seen: Seen) -> pd.DataFrame:
    """Give the starters whose course was due to end by the cut and whose end is known."""
    courses = course_ends(seen)
    undated = int(courses["due_on"].isna().sum())
    if undated:
        raise SchemaError(
            "A course needs a planned end to say who was retained",
            [
                f"{undated} started episodes have no registered programme: "
                "add it to programme_rules in council.yml, with sessions and interval_days"
            ],
        )
    return courses[(courses["due_on"] <= seen.data_cut) & (courses["cause"] != "open")]


def _from_first(rows: list[dict[str, object]], first: str) -> list[dict[str, object]]:
    """Leave out the stages before the first that the extract records in full."""
    stages = [row["stage"] for row in rows]
    rows = rows[stages.index(first) :] if first in stages else rows
    return [rows[0] | {"base": None, "base_label": ""}, *rows[1:]]


def _stages(
    courses: pd.DataFrame, due: pd.DataFrame, recorded: frozenset[str]
) -> list[dict[str, object]]:
    standing = courses["standing"].cat.codes.groupby(courses["referral_id"]).max()

    def reached(standing_name: str) -> int:
        return int((standing >= STANDINGS.index(standing_name)).sum())

    rows = [_row("referred", reached("inappropriate"), None, "")]
    last = ("referred", reached("inappropriate"))
    if "decision" in recorded:
        n_pending = int((standing == STANDINGS.index("pending")).sum())
        appropriate = reached("not_enrolled")
        rows.append(_row("appropriate", appropriate, last[1] - n_pending, "referrals decided"))
        last = ("appropriate", appropriate)
    for stage, reached_from in (("enrolled", "not_started"), ("started", "started")):
        if stage in recorded:
            n = reached(reached_from)
            rows.append(_row(stage, n, last[1], _BASE_LABELS[last[0]]))
            last = (stage, n)
    return rows + (_ends(due) if "started" in recorded else [])


def _ends(due: pd.DataFrame) -> list[dict[str, object]]:
    counts = {
        "retained": due["cause"].isin(["completed", "not_completed"]),
        "completed": due["cause"] == "completed",
    }
    if due["milestone"].notna().any():
        counts["milestone"] = due["milestone"] == "yes"
    return [_row(stage, int(hit.sum()), len(due), _DUE) for stage, hit in counts.items()]


def _row(stage: str, n: int, base: int | None, base_label: str) -> dict[str, object]:
    return {
        "stage": stage,
        "n": n,
        "base": base,
        "base_label": base_label,
        "definition": _DEFINITIONS[stage],
    }
