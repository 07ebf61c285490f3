"""Pinned answers of R, and the data sets they were computed from."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

HERE = Path(__file__).parent


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
