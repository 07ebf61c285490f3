"""The order of the tests, and a small extract written out by hand, for tests of frames."""

import pandas as pd
import pytest

from rpcstats.data.council_file import CouncilFile
from rpcstats.data.extract import Extract
from rpcstats.data.registries import programme
from rpcstats.data.tables import TABLES

GROUPS = {
    "g1": ("2024-01-08", "in_person"),
    "g2": ("2024-02-05", "online"),
    "g3": ("2024-03-04", "online"),
}
REGISTERS = {
    # y attended, n absent, e excused, c cancelled; e11's course goes on
    "e01": ("g1", "yyyyyy"),
    "e02": ("g1", "yynnny"),
    "e03": ("g1", "yyn"),
    "e04": ("g1", "y"),
    "e05": ("g2", "yynn"),
    "e06": ("g2", "ynen"),
    "e07": ("g2", "yycn"),
    "e08": ("g2", "yncn"),
    "e09": ("g1", "yyy"),
    "e10": ("g2", "yyyy"),
    "e11": ("g3", "yyy"),
    "e13": ("g1", "ny"),
}
ATTENDED = {"y": "yes", "n": "no", "e": "excused", "c": "cancelled"}


def pytest_collection_modifyitems(items):
    """Put files that start kernels first: side by side, the end must not wait for a long one."""
    long = {item.path for item in items if item.get_closest_marker("notebook")}
    items.sort(key=lambda item: item.path not in long)


class HandMade(Extract):
    """An extract whose tables can be changed."""

    @classmethod
    def of(cls, tables, data_cut):
        day = pd.Timestamp(data_cut).date()
        council = CouncilFile(
            slug="northmere",
            name="Northmere",
            gss_code=None,
            programmes=("arguing_better",),
            period_start=pd.Timestamp("2024-01-01").date(),
            period_end=day,
            data_cut=day,
        )
        return cls(council, {}, {"arguing_better": programme("arguing_better")}, tables)

    @property
    def tables(self):
        return dict(self._frames)

    def changed(self, **tables):
        """Give the same extract with some tables replaced; None takes one out."""
        merged = {k: v for k, v in {**self.tables, **tables}.items() if v is not None}
        return HandMade.of(merged, self.council.data_cut)


def typed(name, rows):
    """Give a frame with the dtypes of the schema."""
    frame = pd.DataFrame(rows)
    for column in TABLES[name].columns:
        if column.name not in frame:
            continue
        if column.kind == "date":
            frame[column.name] = pd.to_datetime(frame[column.name])
        elif column.codes:
            frame[column.name] = pd.Categorical(frame[column.name], categories=column.codes)
        elif column.kind == "integer":
            frame[column.name] = frame[column.name].astype("Int64")
    return frame


def referral(number, *, person=None, on="2024-01-02", decision="appropriate"):
    return {
        "referral_id": f"r{number:02}",
        "person_id": f"p{person or number:02}",
        "family_id": f"f{person or number:02}",
        "programme": "arguing_better",
        "referred_on": on,
        "source": "school" if number % 2 else "self",
        "preference": "online",
        "screened_on": None if decision == "pending" else on,
        "decision": decision,
        "sex": "female" if number % 3 else "male",
        "resident": "resident",
        "send_child": "unknown",
        "imd_decile": number % 10 + 1,
    }


def episode(number, outcome, *, reason=None, ended=None, group=None, started=True, milestone=None):
    group = group or REGISTERS[f"e{number:02}"][0]
    return {
        "episode_id": f"e{number:02}",
        "referral_id": f"r{number:02}",
        "group_id": group,
        "enrolled_on": "2024-01-05",
        "started_on": GROUPS[group][0] if started else None,
        "ended_on": ended,
        "outcome": outcome,
        "reason": reason,
        "milestone": milestone,
    }


def register():
    """Give the register: weekly sessions from the first day of the group."""
    return [
        {
            "episode_id": episode_id,
            "session_no": k,
            "held_on": pd.Timestamp(GROUPS[group][0]) + pd.Timedelta(weeks=k - 1),
            "attended": ATTENDED[mark],
            "mode": GROUPS[group][1],
        }
        for episode_id, (group, marks) in REGISTERS.items()
        for k, mark in enumerate(marks, start=1)
    ]


@pytest.fixture(scope="session")
def hand_made():
    """Nineteen referrals and fourteen episodes, cut on 31 March 2024."""
    referrals = [referral(k) for k in range(1, 15)]
    referrals += [
        referral(15, decision="inappropriate"),
        referral(16, decision="pending"),
        referral(17),
        referral(18, person=17, on="2024-01-20"),
        referral(19, on="2024-03-10"),
    ]
    episodes = [
        episode(1, "completed", ended="2024-02-12", milestone="yes"),
        episode(2, "not_completed", ended="2024-02-12", milestone="no"),
        episode(3, "dropped_out", reason="practical", ended="2024-01-24"),
        episode(4, "dropped_out", ended="2024-01-20"),
        episode(5, "open"),
        episode(6, "open"),
        episode(7, "open"),
        episode(8, "open"),
        episode(9, "transferred", ended="2024-01-25"),
        episode(10, "dropped_out", reason="other_support", ended="2024-03-05"),
        episode(11, "open"),
        episode(12, "not_started", ended="2024-02-01", group="g1", started=False),
        episode(13, "dropped_out", ended="2024-01-22"),
        episode(14, "open", group="g3", started=False),
    ]
    groups = [
        {
            "group_id": name,
            "programme": "arguing_better",
            "mode": mode,
            "starts_on": starts_on,
            "sessions_planned": 6,
        }
        for name, (starts_on, mode) in GROUPS.items()
    ]
    tables = {
        "referrals": typed("referrals", referrals),
        "episodes": typed("episodes", episodes),
        "sessions": typed("sessions", register()),
        "groups": typed("groups", groups),
    }
    return HandMade.of(tables, "2024-03-31")
