"""A small valid extract, written afresh with whatever fault a test plants."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import yaml

from rpcstats.data import Fault, check_extract

Rows = list[dict[str, Any]]

COUNCIL: dict[str, Any] = {
    "council": "northumberland",
    "programmes": ["parenting_when_separated", "arguing_better"],
    "period": {"start": "2023-01-01", "end": "2023-12-31"},
    "data_cut": "2023-12-31",
}


def _referral(number: int, **changed: Any) -> dict[str, Any]:
    return {
        "referral_id": f"R-{number:04d}",
        "person_id": f"P-{number:04d}",
        "family_id": f"F-{number:04d}",
        "couple_id": None,
        "area_id": "A-1",
        "programme": "parenting_when_separated",
        "referred_on": f"2023-01-{number:02d}",
        "source": "early_help",
        "preference": "online",
        "screened_on": f"2023-01-{number + 2:02d}",
        "tool_used": "yes",
        "decision": "appropriate",
        "decision_reason": None,
        "sex": "female",
        "age_band": "30_39",
        "ethnicity": "unknown",
        "resident": "resident",
        "send_child": "no",
        "imd_decile": 3,
        **changed,
    }


def _episode(number: int, outcome: str, **changed: Any) -> dict[str, Any]:
    return {
        "episode_id": f"E-{number:04d}",
        "referral_id": f"R-{number:04d}",
        "group_id": "G-1",
        "enrolled_on": "2023-01-20",
        "started_on": "2023-02-01",
        "ended_on": "2023-03-08",
        "outcome": outcome,
        "reason": None,
        "milestone": "no",
        **changed,
    }


def _sessions(number: int, attended: str) -> Rows:
    days = ["2023-02-01", "2023-02-08", "2023-02-15", "2023-02-22", "2023-03-01", "2023-03-08"]
    return [
        {
            "episode_id": f"E-{number:04d}",
            "session_no": place + 1,
            "held_on": days[place],
            "attended": "yes" if there == "y" else "no",
            "mode": "online",
        }
        for place, there in enumerate(attended)
    ]


def make_tables() -> dict[str, Rows]:
    """Five referrals: completed, under the rule, dropped out, not started, inappropriate."""
    refused = {"decision": "inappropriate", "decision_reason": "domestic_abuse"}
    gone = {"reason": "practical", "ended_on": "2023-02-08"}
    never = {"started_on": None, "ended_on": "2023-02-01", "group_id": None}
    return {
        "referrals": [*(_referral(number) for number in range(1, 5)), _referral(5, **refused)],
        "episodes": [
            _episode(1, "completed"),
            _episode(2, "not_completed"),
            _episode(3, "dropped_out", **gone),
            _episode(4, "not_started", **never),
        ],
        "sessions": [*_sessions(1, "yyyyny"), *_sessions(2, "yynnyn"), *_sessions(3, "yy")],
        "scores": [
            {
                "subject_id": "E-0001",
                "instrument": "gbo",
                "item": "1",
                "occasion": occasion,
                "session_no": session,
                "rated_on": day,
                "respondent": "self",
                "value": value,
            }
            for occasion, session, day, value in (
                ("baseline", None, "2023-02-01", 3),
                ("session", 3, "2023-02-15", 4.5),
                ("end", None, "2023-03-08", 7),
            )
        ],
        "groups": [
            {
                "group_id": "G-1",
                "area_id": "A-1",
                "programme": "parenting_when_separated",
                "mode": "online",
                "lead_id": "W-1",
                "co_id": "W-2",
                "starts_on": "2023-02-01",
                "sessions_planned": 6,
                "capacity": 12,
            }
        ],
        "practitioners": [
            {
                "practitioner_id": f"W-{number}",
                "area_id": "A-1",
                "agency": "Early Help North",
                "programme": "parenting_when_separated",
                "trained_on": "2022-05-01",
                "first_delivered_on": "2022-09-01",
                "last_delivered_on": None,
                "left_on": None,
            }
            for number in (1, 2)
        ],
        "areas": [
            {
                "area_id": "A-1",
                "area_name": "Northumberland",
                "level": "council",
                "parent_id": None,
                "gss_code": "E06000057",
                "imd_decile": 5,
            }
        ],
        "area_periods": [
            {
                "area_id": "A-1",
                "period": period,
                "measure": "referrals",
                "events": 3,
                "population": 900,
            }
            for period in ("2023-01", "2023-02", "2023-03")
        ],
    }


def make_folder(
    folder: Path,
    tables: Mapping[str, Rows | pd.DataFrame | None] | None = None,
    council: Mapping[str, Any] | None = None,
) -> Path:
    """Write the extract as CSV, with some tables or council entries replaced."""
    folder.mkdir(parents=True, exist_ok=True)
    entries = {**COUNCIL, **(council or {})}
    kept = {key: value for key, value in entries.items() if value is not None}
    (folder / "council.yml").write_text(yaml.safe_dump(kept), encoding="utf-8")
    for name, rows in {**make_tables(), **(tables or {})}.items():
        (folder / f"{name}.csv").unlink(missing_ok=True)
        if rows is not None:
            pd.DataFrame(rows).to_csv(folder / f"{name}.csv", index=False)
    return folder


@pytest.fixture
def tables() -> dict[str, Rows]:
    return make_tables()


@pytest.fixture(scope="session")
def all_tables() -> dict[str, Rows]:
    return make_tables()


@pytest.fixture
def write_extract() -> Callable[..., Path]:
    """`write_extract(tmp_path, council={...}, referrals=rows)`; None leaves a table out."""

    def write(folder: Path, council: Mapping[str, Any] | None = None, **tables: Any) -> Path:
        return make_folder(folder, tables, council)

    return write


@pytest.fixture
def extract_folder(tmp_path: Path) -> Path:
    return make_folder(tmp_path / "extract")


@pytest.fixture
def faults_of(tmp_path: Path) -> Callable[..., list[Fault]]:
    """Write the extract with the tables replaced, and list its faults."""

    def check(council: Mapping[str, Any] | None = None, **tables: Any) -> list[Fault]:
        return check_extract(make_folder(tmp_path / "extract", tables, council))

    return check


@pytest.fixture
def faults_alone(tmp_path: Path) -> Callable[..., list[Fault]]:
    """Write one table and no other, and list its faults."""

    def check(council: Mapping[str, Any] | None = None, **tables: Any) -> list[Fault]:
        others = dict.fromkeys(make_tables())
        return check_extract(make_folder(tmp_path / "extract", {**others, **tables}, council))

    return check
