"""Who was left out of a follow-up, and why: every exclusion counted."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from rpcstats._vocabulary import FLOW
from rpcstats.data.course_ends import course_ends, observation_start, on_register
from rpcstats.data.data_cut import DUPLICATE_DAYS, STANDINGS, Seen, seen_by
from rpcstats.data.followup import Unit, followup

if TYPE_CHECKING:
    from datetime import date

    from rpcstats.data.extract import Extract

_DEFINITIONS: Final = {
    "in_extract": "Referrals in the extract; one that led to several courses counts once for each.",
    "referred_after_cut": "Left out: referred after the data cut.",
    "duplicate": (
        "Left out: repeats a referral of the same person to the same programme within "
        f"{DUPLICATE_DAYS} days."
    ),
    "inappropriate": "Left out: the service decided that the referral was not appropriate.",
    "pending": "Left out: no decision on the referral by the data cut.",
    "not_enrolled": "Left out: appropriate, but not enrolled on a course by the data cut.",
    "not_started": "Left out: enrolled, but the episode was closed before a first session.",
    "started_after_cut": "Left out: enrolled, and started after the data cut.",
    "open": "Left out: enrolled and still waiting to start at the data cut.",
    "no_session_record": "Left out: started, but the register does not show session 1 as attended.",
    "left_before_observation": "Left out: the course was over before observation began.",
    "followed_up": "Followed up: attended session 1 by the data cut.",
}


def flow(
    extract: Extract,
    *,
    data_cut: date | str | None = None,
    observed_from: date | str | None = None,
) -> pd.DataFrame:
    """Count who was left out on the way from the extract to the follow-up, and why.

    Parameters
    ----------
    extract : Extract
        A council's extract.
    data_cut : date or str, optional
        Last day seen; by default the extract's own.
    observed_from : date or str, optional
        Day observation began, as in `followup`.

    Returns
    -------
    DataFrame
        `stage`, `n` left after the stage, `n_excluded` at it, `definition`. The last row
        is what `followup` gives. A step that the extract does not record is left out.

    Raises
    ------
    ParameterError
        If the days contradict each other.
    SchemaError
        If the extract has no episodes, or lacks a date an earlier cut needs.
    """
    extract.table("episodes")
    seen = seen_by(extract, data_cut)
    later = len(extract.table("referrals")) - len(seen.referrals)
    n = len(seen.courses) + later
    excluded = {"in_extract": 0, "referred_after_cut": later, **_by_standing(seen)}
    if seen.sessions is not None:
        observed = observation_start(observed_from, seen.data_cut)
        shown = on_register(course_ends(seen), seen, observed)
        excluded["no_session_record"] = _started(seen) - len(shown)
    if observed_from is not None:
        unit: Unit = "day" if seen.sessions is None else "session"
        left = followup(extract, unit=unit, data_cut=data_cut, observed_from=observed_from)
        excluded["left_before_observation"] = n - sum(excluded.values()) - len(left)
    excluded["followed_up"] = 0
    n_excluded = np.array(list(excluded.values()), dtype=np.int64)
    columns = {
        "stage": list(excluded),
        "n": n - np.cumsum(n_excluded),
        "n_excluded": n_excluded,
        "definition": [_DEFINITIONS[stage] for stage in excluded],
    }
    return pd.DataFrame(columns)[list(FLOW)]


def _started(seen: Seen) -> int:
    return int((seen.courses["standing"] == "started").sum())


def _by_standing(seen: Seen) -> dict[str, int]:
    counts = seen.courses["standing"].value_counts()
    stages = [name for name in STANDINGS if name != "started"]
    if "decision" not in seen.recorded:
        stages = [name for name in stages if name not in ("inappropriate", "pending")]
    return {name: int(counts[name]) for name in stages}
