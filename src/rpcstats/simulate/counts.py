"""Margins counted from the tables of an extract, and percentages as a source prints them."""

import math
from collections.abc import Mapping
from types import MappingProxyType

import pandas as pd

from rpcstats.data.records import did_you_mean
from rpcstats.data.registries import instrument
from rpcstats.errors import ParameterError
from rpcstats.simulate.goals import PROGRESS
from rpcstats.simulate.presets import Preset, Printed
from rpcstats.simulate.satisfaction import margin_name
from rpcstats.simulate.score_tables import INSTRUMENT


def count_margins(tables: Mapping[str, pd.DataFrame]) -> Mapping[str, Mapping[str, int]]:
    """Count the margins of each programme from the tables alone.

    Parameters
    ----------
    tables : mapping of str to DataFrame
        At least referrals, episodes and groups.

    Returns
    -------
    mapping of str to mapping
        Of each programme, its counts; read-only.
    """
    referrals = tables["referrals"]
    of_person = referrals[["referral_id", "person_id", "programme"]]
    courses = tables["episodes"].merge(of_person, on="referral_id")
    scores = tables.get("scores")
    change, answers = _changes(scores), _answers(scores, courses)
    counts = {}
    there = set(referrals["programme"].unique())
    for programme in [key for key in referrals["programme"].cat.categories if key in there]:
        of_referrals = referrals[referrals["programme"] == programme]
        of_courses = courses[courses["programme"] == programme]
        n_groups = int((tables["groups"]["programme"] == programme).sum())
        both = _referral_counts(of_referrals) | _course_counts(of_courses, change)
        rated = _answer_counts(answers[answers["programme"] == programme])
        counts[programme] = MappingProxyType(both | {"groups": n_groups} | rated)
    return MappingProxyType(counts)


def _referral_counts(referrals: pd.DataFrame) -> dict[str, int]:
    hits = {
        "male": referrals["sex"] == "male",
        "resident": referrals["resident"] == "resident",
        "online": referrals["preference"] == "online",
        "send": referrals["send_child"] == "yes",
        "inappropriate": referrals["decision"] == "inappropriate",
    }
    sizes = {"referred": len(referrals), "families": int(referrals["family_id"].nunique())}
    return sizes | {name: int(hit.sum()) for name, hit in hits.items()}


def _course_counts(courses: pd.DataFrame, change: pd.Series) -> dict[str, int]:
    outcome, started = courses["outcome"], courses["started_on"].notna()
    completed = courses.loc[outcome == "completed", "episode_id"]
    of_completed = change[change.index.isin(completed)]
    counts = {
        "enrolled": int(courses["enrolled_on"].notna().sum()),
        "started": int(started.sum()),
        "retained": int(outcome.isin(["completed", "not_completed"]).sum()),
        "open": int((started & (outcome == "open")).sum()),
        "answered": len(of_completed),
        "progressed": int((of_completed >= PROGRESS).sum()),
    }
    for name in ("completed", "not_completed", "dropped_out"):
        counts[name] = int((outcome == name).sum())
    if "milestone" in courses:
        counts["milestone"] = int((courses["milestone"] == "yes").sum())
    return counts


def _changes(scores: pd.DataFrame | None) -> pd.Series:
    """Give the mean change of each episode that has an end form."""
    if scores is None:
        return pd.Series(dtype="float64")
    scores = scores[scores["instrument"] == INSTRUMENT]
    key = ["subject_id", "item"]
    start, end = (
        scores[scores["occasion"] == occasion].set_index(key)["value"]
        for occasion in ("baseline", "end")
    )
    change: pd.Series = (end - start.reindex(end.index)).groupby("subject_id").mean()
    return change


def _answers(scores: pd.DataFrame | None, courses: pd.DataFrame) -> pd.DataFrame:
    """Give the first answer of each person to each item of satisfaction."""
    known = courses[["episode_id", "person_id", "programme", "started_on"]]
    if scores is None:
        return known.iloc[:0].assign(item="", instrument="", value=0.0)
    rows = scores[(scores["occasion"] == "end") & (scores["instrument"] != INSTRUMENT)]
    rows = rows.merge(known, left_on="subject_id", right_on="episode_id").sort_values("started_on")
    return rows.drop_duplicates(["person_id", "item"])


def _answer_counts(answers: pd.DataFrame) -> dict[str, int]:
    """Count the two best answers of each item, each with what is better."""
    counts = {}
    for (key, item), values in answers.groupby(["instrument", "item"], observed=True)["value"]:
        best = int(instrument(str(key)).maximum or 0)
        for answer in (best - 1, best):
            counts[margin_name(str(item), answer)] = int((values >= answer).sum())
    return counts


def feasible_counts(percent: int, base: int) -> tuple[int, ...]:
    """List the counts of a base that are printed as a whole percentage, rounded half up.

    Parameters
    ----------
    percent : int
        As printed.
    base : int
        Size of the base.

    Returns
    -------
    tuple of int
        None where no count gives it.
    """
    return tuple(k for k in range(base + 1) if printed_percent(k, base) == percent)


def printed_percent(count: int, base: int) -> int:
    """Round a share half up to a whole percentage.

    Parameters
    ----------
    count, base : int
        Numerator and denominator.

    Returns
    -------
    int
        The percentage as a source would print it.
    """
    return (200 * count + base) // (2 * base)


def check_printed(preset: Preset, bases: Mapping[str, str] | None = None) -> None:
    """Refuse a printed percentage that its base can't give.

    Parameters
    ----------
    preset : Preset
        Margins and printed percentages.
    bases : mapping of str to str, optional
        Of a figure, the base to use in place of the declared one.

    Raises
    ------
    ParameterError
        If a figure or base is unknown, or a percentage is impossible with its base; the
        declared base is named.
    """
    asked = dict(bases or {})
    known = [printed.figure for printed in preset.printed]
    faults = [
        f"unknown figure `{figure}`{did_you_mean(figure, known)}"
        for figure in asked
        if figure not in known
    ]
    for printed in preset.printed:
        fault = _printed_fault(preset, printed, asked.get(printed.figure, printed.base))
        faults += [fault] if fault else []
    if faults:
        raise ParameterError(f"{preset.key} can't be drawn as printed", faults)


def _printed_fault(preset: Preset, printed: Printed, base: str) -> str | None:
    programme = printed.programme or next(iter(preset.margins))
    margins = preset.margins[programme]
    if base not in margins:
        return f"{printed.figure}: unknown base `{base}`{did_you_mean(base, margins)}"
    n = margins[base]
    count, declared = margins[printed.count], margins[printed.base]
    if printed_percent(count, n) == printed.percent:
        return None
    use = f"use the declared base `{printed.base}` ({count} of {declared})"
    if feasible_counts(printed.percent, n):
        return f"{printed.figure}: {count} of {n} {base} is not {printed.percent}%: {use}"
    below = math.floor(printed.percent * n / 100)
    near = " and ".join(f"{k} is {printed_percent(k, n)}%" for k in (below, below + 1) if k <= n)
    return f"{printed.figure}: {printed.percent}% is no share of {n} {base} ({near}): {use}"
