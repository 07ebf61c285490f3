"""Rows cut at times and at changes: a table by hand, kinds of columns, faults."""

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from rpcstats.errors import DataError, FormulaError, ParameterError
from rpcstats.survival.states.change_table import count_changes
from rpcstats.survival.states.merge_covariates import merge_covariates
from rpcstats.survival.states.split_episodes import split_episodes


@pytest.fixture
def people():
    return pd.DataFrame(
        {"id": ["p", "q", "r"], "time": [10, 6, 4], "event": [1, 0, 1], "sex": ["f", "m", "f"]}
    )


@pytest.fixture
def scores():
    """In disorder; q is measured when followed for 0 and at the end; s is not followed."""
    return pd.DataFrame(
        {
            "id": ["p", "q", "p", "q", "s", "p", "r"],
            "day": [4, 6, 0, 0, 1, 4, 9],
            "score": [2.0, 7.0, 1.0, 5.0, 9.0, 3.0, 8.0],
        }
    )


MERGE = {"id": "id", "changed_at": "day"}


def test_cut_by_hand(people):
    found = split_episodes(people, at=[6, 4], id="id")
    assert found[["id", "entry", "time", "event", "interval"]].to_numpy().tolist() == [
        ["p", 0, 4, 0, 1],
        ["p", 4, 6, 0, 2],
        ["p", 6, 10, 1, 3],
        ["q", 0, 4, 0, 1],
        ["q", 4, 6, 0, 2],
        ["r", 0, 4, 1, 1],
    ]
    assert found["sex"].tolist() == list("fffmmf")
    assert list(found.columns) == ["id", "entry", "time", "event", "sex", "interval"]


def test_kinds_of_event_columns(people):
    levels = pd.Categorical(["left", "in", "left"], categories=["in", "left"])
    found = split_episodes(people.assign(event=levels), at=[5])
    assert found["event"].tolist() == ["in", "left", "in", "in", "left"]
    assert isinstance(found["event"].dtype, pd.CategoricalDtype)
    flags = split_episodes(people.assign(event=[True, False, True]), at=[5])
    assert flags["event"].dtype == bool
    texts = people.assign(event=["left", "in", "left"])
    with pytest.raises(ParameterError, match="censored="):
        split_episodes(texts, at=[5])
    assert split_episodes(texts, at=[5], censored="in")["event"].tolist()[0] == "in"


def test_a_row_without_time_stays_whole(people):
    people["time"] = [10.0, np.nan, 4.0]
    found = split_episodes(people, at=[5])
    assert found["interval"].isna().sum() == 1
    assert len(found) == 4


def test_other_frames_are_read(people):
    found = split_episodes(pa.Table.from_pandas(people), at=[5])
    assert len(found) == 5


@pytest.mark.parametrize(
    ("change", "options", "error", "message"),
    [
        ({"time": [10, -6, 4]}, {}, DataError, "negative"),
        ({"time": [10, 0, 4]}, {}, DataError, "1 row must end after"),
        ({"time": [10, np.inf, 4]}, {}, DataError, "infinite"),
        ({"time": ["a", "b", "c"]}, {}, DataError, "numbers"),
        ({}, {"at": [np.nan]}, ParameterError, "no time"),
        ({}, {"at": ["x"]}, ParameterError, "no time"),
        ({}, {"event": "evnt"}, FormulaError, "event"),
        ({"interval": 1, "entry": 0}, {}, ParameterError, "interval"),
        ({"id": ["p", "p", "q"]}, {"id": "id"}, DataError, "earlier row"),
        ({"id": ["p", None, "q"]}, {"id": "id"}, DataError, "missing"),
    ],
)
def test_faults_of_a_cut(change, options, error, message, people):
    with pytest.raises(error, match=message):
        split_episodes(people.assign(**change), **{"at": [5], **options})


def test_merge_by_hand(people, scores):
    before = people.copy(), scores.copy()
    found = merge_covariates(people, scores, covariates=["score"], **MERGE)
    assert found[["id", "entry", "time", "event"]].to_numpy().tolist() == [
        ["p", 0, 4, 0],
        ["p", 4, 10, 1],
        ["q", 0, 6, 0],
        ["r", 0, 4, 1],
    ]
    # Of two values at one time the last row counts; a value at the end explains nothing.
    np.testing.assert_array_equal(found["score"], [1, 3, 5, np.nan])
    pd.testing.assert_frame_equal(people, before[0])
    pd.testing.assert_frame_equal(scores, before[1])


def test_sums_and_first_values(people, scores):
    found = merge_covariates(people, scores, cumulative=["score"], initial={"score": 10.0}, **MERGE)
    np.testing.assert_array_equal(found["score"], [11, 16, 15, 10])
    known = people.assign(score=[100.0, 200.0, 300.0])
    held = merge_covariates(known, scores, covariates=["score"], **MERGE)
    np.testing.assert_array_equal(held["score"], [1, 3, 5, 300])


def test_texts_and_categories(people, scores):
    words = scores["score"].map(lambda x: "high" if x > 4 else "low")
    levels = pd.Categorical(words, categories=["low", "high"])
    frame = scores.assign(text=words, level=levels)
    found = merge_covariates(
        people, frame, covariates=["text", "level"], initial={"level": "none yet"}, **MERGE
    )
    assert found["text"].tolist()[:3] == ["low", "low", "high"]
    assert found["text"].isna().tolist() == [False, False, False, True]
    assert found["level"].tolist() == ["low", "low", "high", "none yet"]


def test_events_end_their_piece(people, scores):
    found = merge_covariates(people, scores.assign(seen=1), events=["seen"], **MERGE)
    assert found["seen"].tolist() == [1, 0, 1, 0]


@pytest.mark.parametrize("day", [99, np.nan])
def test_events_that_never_happen_to_anybody(day, people, scores):
    found = merge_covariates(people, scores.assign(seen=1, day=day), events=["seen"], **MERGE)
    assert found["seen"].tolist() == [0] * len(people)


def test_gaps_and_late_entry(scores):
    rows = pd.DataFrame({"id": ["p", "p"], "entry": [2, 5], "time": [3, 8], "event": [0, 1]})
    found = merge_covariates(rows, scores, covariates=["score"], entry="entry", **MERGE)
    np.testing.assert_array_equal(found["score"], [1, 3])
    tally = count_changes(rows, scores, columns=["score"], entry="entry", **MERGE).iloc[0]
    assert (tally["early"], tally["gap"], tally["tied"], tally["unknown_id"]) == (1, 2, 1, 4)


def test_counts_by_hand(people, scores):
    tally = count_changes(people, scores, columns=["score"], **MERGE).iloc[0]
    assert tally.to_dict() == {
        "term": "score",
        "early": 0,
        "late": 1,
        "gap": 0,
        "within": 2,
        "boundary": 0,
        "leading": 2,
        "trailing": 1,
        "tied": 1,
        "unknown_id": 1,
        "missing": 0,
    }


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({}, ParameterError, "list of columns"),
        ({"covariates": ["score", "score"]}, ParameterError, "once"),
        ({"covariates": ["scores"]}, FormulaError, "score"),
        ({"covariates": ["score"], "delay": -1}, ParameterError, "delay"),
        ({"covariates": ["score"], "delay": "two"}, ParameterError, "delay"),
        ({"events": ["score"], "delay": 1}, ParameterError, "without delay"),
        ({"events": ["sex"]}, FormulaError, "sex"),
        ({"cumulative": ["word"]}, DataError, "add up"),
    ],
)
def test_faults_of_a_merge(options, error, message, people, scores):
    with pytest.raises(error, match=message):
        merge_covariates(people, scores.assign(word="x"), **MERGE, **options)


def test_faults_of_the_tables(people, scores):
    with pytest.raises(DataError, match="negative"):
        merge_covariates(people, scores.assign(day=-1), covariates=["score"], **MERGE)
    with pytest.raises(DataError, match="gaps"):
        merge_covariates(people, scores.assign(id=None), covariates=["score"], **MERGE)
    with pytest.raises(DataError, match="earlier row"):
        merge_covariates(people.assign(id="p"), scores, covariates=["score"], **MERGE)
    with pytest.raises(ParameterError, match="rename"):
        merge_covariates(people, scores.rename(columns={"score": "sex"}), events=["sex"], **MERGE)


def test_changes_of_nobody_followed(people, scores):
    strangers = scores.assign(id=["s"] * len(scores))
    found = merge_covariates(people, strangers, covariates=["score"], **MERGE)
    assert len(found) == len(people)
    assert found["score"].isna().all()


def test_nobody_with_a_time(people, scores):
    nobody = people.assign(time=np.nan)
    assert len(merge_covariates(nobody, scores, covariates=["score"], **MERGE)) == 0


def test_identifiers_in_lists_and_complex_times_are_refused(people, scores):
    lists = people.assign(id=[[1]] * 3)
    with pytest.raises(DataError, match="lists"):
        split_episodes(lists, at=[4], id="id")
    with pytest.raises(DataError, match="lists"):
        merge_covariates(
            people, scores.assign(id=[[1]] * len(scores)), covariates=["score"], **MERGE
        )
    with pytest.raises(DataError, match="numbers"):
        split_episodes(people.assign(time=people["time"] + 0j), at=[4])


def test_events_in_words_need_a_word_for_none(people, scores):
    told = scores.assign(visit=["gp", "nurse"] * (len(scores) // 2) + ["gp"] * (len(scores) % 2))
    with pytest.raises(DataError, match='"visit" holds texts: declare categories') as caught:
        merge_covariates(people, told, events=["visit"], **MERGE)
    assert "censored=" not in str(caught.value)
    words = pd.Categorical(told["visit"], categories=["none", "gp", "nurse"])
    found = merge_covariates(people, told.assign(visit=words), events=["visit"], **MERGE)
    assert found["visit"].ne("none").tolist() == [True, False, True, False]
