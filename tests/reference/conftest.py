"""Pinned answers of R, and the data sets they were computed from."""

import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from rpcstats._vocabulary import GOAL_SCORES

HERE = Path(__file__).parent

# Columns that R's scripts turn into factors, with the order of their levels.
LEVELS = {
    "goalprogress": {"arm": ["usual", "programme"]},
    "Salamanders": {"mined": ["no", "yes"]},
    "cbpp": {"period": None},
    "BodyWeight": {"Diet": None},
    "grouseticks": {"YEAR": None},
}


def _cases(name: str) -> dict[str, Any]:
    text = (HERE / "values" / f"{name}.json").read_text(encoding="utf-8")
    return dict(json.loads(text)["cases"])


@pytest.fixture(scope="session")
def pinned():
    """Answers of R by file name."""
    return _cases


@pytest.fixture(scope="session")
def dataset():
    """Data sets by name, with the event as 0 and 1 in column `event`."""

    def read(name: str) -> pd.DataFrame:
        frame = pd.read_csv(HERE / "data" / f"{name}.csv")
        if name == "lung":
            frame["event"] = frame["status"] - 1
            frame["w"] = 1 + (np.arange(1, len(frame) + 1) % 5) / 4
        elif name == "veteran":
            cells = ["squamous", "smallcell", "adeno", "large"]
            frame["celltype"] = pd.Categorical(frame["celltype"], categories=cells)
        return frame

    return read


def _add_columns(name: str, frame: pd.DataFrame) -> pd.DataFrame:
    if name == "sleepstudy":
        weights = pd.read_csv(HERE / "data" / "mixed" / "sleepstudy_weights.csv")
        return frame.assign(w=weights["w"])
    if name == "goalprogress":
        rating = pd.Categorical(frame["rating"], ordered=True)
        return frame.assign(pos=np.exp((frame["goal"] - 5) / 4), ratingF=rating)
    if name == "cbpp":
        return frame.assign(
            prop=frame["incidence"] / frame["size"], row=np.arange(1, len(frame) + 1)
        )
    if name == "wine":
        return frame.assign(rating=pd.Categorical(frame["rating"], ordered=True))
    if name == "synthetic_yesno":
        return frame.assign(answerF=pd.Categorical(frame["answer"], ordered=True))
    if name == "Oats":
        return frame.assign(nitroF=pd.Categorical(frame["nitro"]))
    return frame


@pytest.fixture(scope="session")
def mixed_data():
    """Data sets of the mixed models by name, as R's scripts prepare them."""

    def read(name: str) -> pd.DataFrame:
        path = HERE / "data" / "mixed" / f"{name}.csv"
        frame = pd.read_csv(path if path.exists() else path.with_suffix(".csv.gz"))
        for column, levels in LEVELS.get(name, {}).items():
            frame[column] = pd.Categorical(frame[column], categories=levels)
        return _add_columns(name, frame)

    return read


class NamesOfR:
    """Our names as R writes them, and R's tables keyed so that ours can be looked up."""

    @staticmethod
    def term(name: str) -> str:
        """Write the name of a column as R does."""
        name = re.sub(r"\bIntercept\b", "(Intercept)", name)
        name = re.sub(r"C\((\w+)\)", r"factor(\1)", name)
        return re.sub(r"\[(?:T\.)?(.*?)\]", r"\1", name)

    @classmethod
    def terms(cls, names) -> list[str]:
        """Write the names of columns as R does."""
        return [cls.term(name) for name in names]

    @staticmethod
    def group(name: str) -> frozenset[str]:
        """Name a grouping factor whatever the order of its parts."""
        return frozenset(re.sub(r"\.\d+$", "", name).split(":"))

    @classmethod
    def level(cls, group: str, level: str) -> frozenset[tuple[str, str]]:
        """Name a level whatever the order of its parts."""
        return frozenset(zip(group.split(":"), level.split(":"), strict=True))

    @classmethod
    def covariances(cls, fit) -> dict[Any, float]:
        """Give our covariances by factor and pair of effects; the residual variance too."""
        table = fit.varcorr()
        found = {}
        for group, effects, G in zip(table.groups, table.effects, table.covariances, strict=True):
            names = cls.terms(effects)
            for i, first in enumerate(names):
                for j, second in enumerate(names[: i + 1]):
                    found[cls.group(group), frozenset((first, second))] = G[i, j]
        if table.sigma is not None:
            found[cls.group("Residual"), frozenset()] = table.sigma**2
        return found

    @classmethod
    def modes(cls, fit) -> dict[Any, tuple[float, float]]:
        """Give our modes and their standard errors by factor, level and effect."""
        rows = fit.conditional_modes().tidy()
        columns = ("group", "level", "term", "estimate", "std_error")
        return {
            (cls.level(group, str(level)), cls.term(term)): (mode, error)
            for group, level, term, mode, error in zip(*(rows[c] for c in columns), strict=True)
        }

    @classmethod
    def modes_of(cls, group: str, block: dict[str, Any]) -> dict[Any, tuple[float, float]]:
        """Read R's modes of one factor likewise."""
        group = re.sub(r"\.\d+$", "", group)
        modes, errors = (np.array(block[key]) for key in ("mode", "cond_sd"))
        return {
            (cls.level(group, level), effect): (modes[i, j], errors[i, j])
            for i, level in enumerate(block["levels"])
            for j, effect in enumerate(block["effects"])
        }


@pytest.fixture(scope="session")
def in_r():
    """Names as R writes them."""
    return NamesOfR


@pytest.fixture(scope="session")
def survival_data():
    """Data sets of the survival models by name, gaps as NaN."""

    def read(name: str) -> pd.DataFrame:
        return pd.read_csv(HERE / "data" / "survival" / f"{name}.csv")

    return read


@pytest.fixture(scope="session")
def checked_data(survival_data):
    """Data sets of the checks of Cox models, as survival_checks.R prepares them."""

    def read(name: str) -> pd.DataFrame:
        if name == "tiny":
            columns = {
                "time": [1, 1, 2, 2, 2, 3, 4, 4],
                "status": [1, 0, 1, 1, 0, 1, 1, 0],
                "x": [2, 0, 1, 3, 1, 0, 1, 2],
            }
            return pd.DataFrame(columns)
        frame = survival_data(name)
        place = np.arange(1, len(frame) + 1)
        if name.startswith("lung"):
            frame["status"] -= 1
            frame["months"] = np.ceil(frame["time"] / 100)
        if name == "lung":
            frame["w"] = 1 + (place % 5) / 4
        elif name == "heart":
            frame["w"] = 1 + (place % 3) / 2
        elif name == "veteran":
            cells = ["squamous", "smallcell", "adeno", "large"]
            frame["z"] = np.where(frame["celltype"] == "large", 0, frame["trt"] - 1)
            frame["celltype"] = pd.Categorical(frame["celltype"], categories=cells)
            frame["w"] = np.resize([1, 2.5, 0.7], len(frame))
        return frame

    return read


@pytest.fixture(scope="session")
def courses():
    """Ratings and courses that the joint models were fitted to in R."""
    return pd.read_csv(HERE / "data" / "goals" / "joint.csv")


def _goals_of(d: pd.DataFrame) -> pd.DataFrame:
    left = d["last"] < 4
    inside = d["session"] <= d["last"]
    state = np.where(d["score"].notna(), "rated", np.where(inside, "missed", "left"))
    frame = pd.DataFrame(
        {
            "episode_id": d["id"].astype(str),
            "cluster_id": d["id"].astype(str),
            "group_id": None,
            "item": "goal_" + d["item"].astype(str),
            "occasion": np.where(d["session"] == 1, "baseline", "session"),
            "session": d["session"],
            "stage": d["stage"],
            "score": d["score"],
            "state": state,
            "status": np.where(left, "dropped_out", "completed"),
            "is_due": True,
            "completed": ~left,
            "answered": False,
            "reached": np.where(left, (d["last"] - 1) / 3, 1.0),
            "last": d["last"],
            "weight": 1.0,
            "source": np.where(d["x"] == 1, "school", "self"),
        }
    ).reindex(columns=list(GOAL_SCORES))
    frame.attrs = {"instrument": "gbo", "minimum": 0.0, "maximum": 10.0, "direction": "up"}
    return frame


@pytest.fixture(scope="session")
def as_goals():
    """Lay such ratings out as the frame of an extract."""
    return _goals_of
