"""Rows cut into episodes against R's survSplit and tmerge: every case of episodes.json."""

import numpy as np
import pandas as pd
import pytest

from rpcstats.survival.states.change_table import count_changes
from rpcstats.survival.states.merge_covariates import merge_covariates
from rpcstats.survival.states.split_episodes import split_episodes

MERGED = {
    "covariate": {"covariates": ["score"]},
    "cumulative": {"cumulative": ["score"]},
    "happening": {"events": ["score"]},
    "delayed": {"covariates": ["score"], "delay": 2, "initial": {"score": -1}},
}
TALLY = {"missid": "unknown_id"}


@pytest.fixture(scope="module")
def cases(pinned):
    return pinned("survival/episodes")


def frame(columns):
    return pd.DataFrame({name: np.array(values, float) for name, values in columns.items()})


def test_the_table_of_cases_is_complete(cases):
    splits, inputs = {"split_lung", "split_heart"}, {"base", "changes", "two"}
    assert set(cases) == splits | inputs | set(MERGED) | {"gaps"}


@pytest.mark.parametrize(
    ("data", "names"),
    [
        ("lung", {"time": "time", "event": "event"}),
        ("heart", {"entry": "start", "time": "stop", "event": "event"}),
    ],
)
def test_split(data, names, survival_data, cases):
    case = cases[f"split_{data}"]
    rows = survival_data(data)
    rows["row"] = np.arange(1, len(rows) + 1)
    if data == "lung":
        rows["event"] = rows["status"] - 1
    found = split_episodes(rows, at=case["cut"], **names)
    theirs = frame(case["rows"])
    for name in theirs.columns:
        np.testing.assert_array_equal(found[name], theirs[name])


def compare(found, theirs, names):
    assert len(found) == len(theirs)
    for ours, column in names.items():
        np.testing.assert_array_equal(found[ours].astype(float), theirs[column])


@pytest.mark.parametrize("name", MERGED)
def test_merge(name, cases):
    base, changes = frame(cases["base"]), frame(cases["changes"])
    found = merge_covariates(
        base,
        changes,
        id="id",
        changed_at="day",
        time="futime",
        event="status",
        **MERGED[name],
    )
    theirs = frame(cases[name]["rows"])
    names = {"id": "id", "entry": "tstart", "futime": "tstop", "status": "event", "score": "score"}
    compare(found, theirs, names)


def compare_tally(found, tcount):
    theirs = {TALLY.get(name, name): int(n[0]) for name, n in tcount.items()}
    for name, n in theirs.items():
        assert int(found[name].iloc[0]) == n, name


def test_counts_of_changes(cases):
    found = count_changes(
        frame(cases["base"]),
        frame(cases["changes"]),
        id="id",
        changed_at="day",
        columns=["score"],
        time="futime",
    )
    # R counts persons without follow-up whatever their values; gaps are counted apart here.
    tcount = {k: v for k, v in cases["covariate"]["tcount"].items() if k != "missid"}
    compare_tally(found, tcount)


def test_late_entry_and_gaps(cases):
    two, changes = frame(cases["two"]), frame(cases["changes"])
    options = {"id": "id", "changed_at": "day", "entry": "from", "time": "to"}
    found = merge_covariates(two, changes, covariates=["score"], event="ev", **options)
    theirs = frame(cases["gaps"]["rows"])
    compare(found, theirs, {"id": "id", "from": "tstart", "to": "tstop", "score": "score"})
    tally = count_changes(two, changes, columns=["score"], **options)
    tcount = {k: v for k, v in cases["gaps"]["tcount"].items() if k != "missid"}
    compare_tally(tally, tcount)
    assert tally["gap"].iloc[0] > 0
