"""Data sets and R's values for the mixed models' tests, and fits that several tests read."""

import json
from pathlib import Path

import pandas as pd
import pytest

from rpcstats.mixed import clmm, glmm, lmm

REFERENCE = Path(__file__).parents[1] / "reference"


def read_data(name):
    frame = pd.read_csv(REFERENCE / "data" / "mixed" / f"{name}.csv")
    if name == "cbpp":
        frame["period"] = frame["period"].astype(str)
    return frame


@pytest.fixture(scope="session")
def mixed_data():
    """Data sets by name; a fresh copy each time."""
    return read_data


@pytest.fixture(scope="session")
def mixed_values():
    """R's values by file name."""

    def read(name):
        text = (REFERENCE / "values" / "mixed" / f"{name}.json").read_text(encoding="utf-8")
        return json.loads(text)["cases"]

    return read


@pytest.fixture(scope="session")
def sleepstudy():
    return lmm("Reaction ~ Days + (Days | Subject)", read_data("sleepstudy"))


@pytest.fixture(scope="session")
def penicillin():
    return lmm("diameter ~ 1 + (1 | plate) + (1 | sample)", read_data("Penicillin"))


@pytest.fixture(scope="session")
def cbpp():
    formula = "cbind(incidence, size - incidence) ~ period + (1 | herd)"
    return glmm(formula, read_data("cbpp"))


@pytest.fixture(scope="session")
def wine():
    return clmm("rating ~ temp + contact + (1 | judge)", read_data("wine"))
