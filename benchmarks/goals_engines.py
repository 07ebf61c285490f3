"""Engines of the benchmark of goal ratings, each as a call that tells one number."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
from goals_tasks import IMPUTATIONS, STATES, YES_NO, Task

Fit = Callable[[], "float | None"]


class CannotError(Exception):
    """The engine has no such estimator."""


def as_frame(columns: pd.DataFrame, _: Task) -> pd.DataFrame:
    """Give the frame of goal ratings that the columns of numbers stand for."""
    named = {
        "episode_id": _named(columns["episode_id"], "e"),
        "group_id": _named(columns["group_id"], "g"),
        "item": _named(columns["item"], "goal_"),
        "state": _coded(columns["state"], STATES),
        **{name: _coded(columns[name], levels) for name, levels in YES_NO.items()},
    }
    session = columns["session"].astype(np.int64)
    last = session == session.max()
    frame = columns.assign(
        **named,
        session=session,
        occasion=np.where(session == 1, "baseline", np.where(last, "end", "session")),
        status=np.where(
            columns["reached"] < 1.0,
            "dropped_out",
            np.where(columns["completed"] > 0, "completed", "not_completed"),
        ),
        is_due=True,
        completed=columns["completed"] > 0,
        answered=columns["answered"] > 0,
    )
    frame["cluster_id"] = frame["group_id"]
    frame.attrs = {"minimum": 0.0, "maximum": 10.0, "direction": "up"}
    return frame


def _named(codes: pd.Series, letter: str) -> Any:
    names = np.array([f"{letter}{k}" for k in range(int(codes.max()) + 1)], dtype=object)
    return names[codes.to_numpy(dtype=np.int64)]


def _coded(codes: pd.Series, levels: tuple[str, ...]) -> Any:
    return pd.Categorical.from_codes(codes.to_numpy(dtype=np.int64), list(levels))


def ours(frame: pd.DataFrame, task: Task) -> Fit:
    """Time this package: read, impute or fit, estimate."""
    from rpcstats.designs.missing import (
        estimands_by_imputation,
        impute_goals,
        joint_estimands,
        joint_model,
    )

    def impute() -> float:
        imputed = impute_goals(frame, m=IMPUTATIONS, seed=1)
        rows = estimands_by_imputation(imputed, estimand="E5b").frame
        return float(rows["estimate"].iloc[0])

    def joint() -> float:
        _, finished = joint_estimands(joint_model(frame))
        return float(finished.frame["estimate"].iloc[0])

    def joint_ordinal() -> float:
        _, finished = joint_estimands(joint_model(frame, outcome="ordinal"))
        return float(finished.frame["estimate"].iloc[0])

    return {"impute": impute, "joint": joint, "joint_ordinal": joint_ordinal}[task.kind]


ENGINES: dict[str, Callable[[pd.DataFrame, Task], Fit]] = {"rpcstats": ours}
