"""The frame of ratings as arrays."""

import numpy as np
import pytest

from rpcstats.designs.missing.parent_covariates import parent_covariates
from rpcstats.designs.missing.ratings import read_ratings
from rpcstats.errors import DataError, ParameterError


def test_a_written_frame_by_hand(written):
    frame = written(
        [[[3, 4, 6], [2, None, 5]], [[5, None, 7]], [[None, 4, None]]],
        left=[0, 1, 2],
        group_id=["g", None, "g"],
    )
    found = read_ratings(frame)
    np.testing.assert_array_equal(found.parent, [0, 0, 1, 2])
    np.testing.assert_array_equal(found.first, [0, 2, 3])
    np.testing.assert_array_equal(found.start, [3, 2, 5, np.nan])
    np.testing.assert_array_equal(found.end, [6, 5, np.nan, np.nan])
    np.testing.assert_array_equal(found.after, [np.nan, np.nan, 7, np.nan])
    np.testing.assert_array_equal(found.score[:, 2], [5, np.nan, np.nan])
    np.testing.assert_array_equal(found.stage[:, 0], [0, 0.5, 1])
    np.testing.assert_array_equal(found.reached, [1, 0, 0.5])
    np.testing.assert_array_equal(found.left, [False, True, True])
    np.testing.assert_array_equal(found.group, [0, -1, 0])
    assert (found.n_group, found.span, found.sign) == (1, 10.0, 1.0)
    np.testing.assert_array_equal(found.parent_means(np.array([1.0, 2, 3, 4])), [1.5, 3, 4])


def test_every_fault_is_listed_at_once(written):
    frame = written([[[3, 4, 6]], [[5, None, 7]]])
    frame["reached"] = np.nan
    frame["stage"] = 2.0
    with pytest.raises(DataError) as refused:
        read_ratings(frame)
    assert "stage is the share" in str(refused.value)
    assert "reached is missing" in str(refused.value)


@pytest.mark.parametrize(
    ("spoil", "told"),
    [
        (lambda f: f.assign(score=f["score"] + 5.0), "outside 0 to 10"),
        (lambda f: f.drop(columns=["reached", "score"]), "reached"),
        (lambda f: f.drop(columns="stage"), "stage"),
        (lambda f: f[f["session"] == 1], "later than at the start"),
        (lambda f: f.assign(state="here"), "state"),
        (lambda f: f.assign(score=np.nan, state="missed"), "no score"),
        (lambda f: f.assign(session=f["session"] - 1), "from 1"),
        (lambda f: f.assign(session=2, occasion=list("abc") * 2), "two rows"),
        (lambda f: f[f["episode_id"] == "none"], "no rows"),
    ],
)
def test_a_frame_that_can_not_be_used(written, spoil, told):
    frame = written([[[3, 4, 6]], [[5, 6, 7]]])
    spoilt = spoil(frame)
    spoilt.attrs = frame.attrs
    with pytest.raises(DataError, match=told):
        read_ratings(spoilt)


def test_covariates_and_their_reference(written):
    frame = written(
        [[[3, 4, 6]]] * 4,
        mode=["online", "online", "face", None],
        age=[1.0, 2, 3, 6],
        flat=["a"] * 4,
    )
    parents = read_ratings(frame, ("mode", "age", "flat")).parents
    found = parent_covariates(parents, ("mode", "age", "flat"))
    assert found.left_out == ("flat",)
    assert found.levels["mode"][0] == "online"
    columns = dict(zip(found.names, found.X.T, strict=True))
    np.testing.assert_array_equal(columns["age"], [-2, -1, 0, 3])
    np.testing.assert_array_equal(columns["mode=face"], [0, 0, 1, 0])
    np.testing.assert_array_equal(columns["mode=not known"], [0, 0, 0, 1])
    at = found.at_reference({"mode": "face"})
    np.testing.assert_array_equal(at[:, found.names.index("mode=face")], 1.0)
    np.testing.assert_array_equal(at[:, found.names.index("mode=not known")], 0.0)
    with pytest.raises(ParameterError, match="levels online"):
        found.at_reference({"mode": "by post"})
    with pytest.raises(ParameterError, match="age: no categorical"):
        found.at_reference({"age": "3"})


def test_covariates_that_can_not_be_used(written):
    frame = written(
        [[[3, 4, 6]]] * 4, mode=list("abab"), same=list("xyxy"), age=[1.0, 2, 3, np.nan]
    )
    parents = read_ratings(frame, ("mode", "same", "age")).parents
    with pytest.raises(DataError, match="age is missing for 1"):
        parent_covariates(parents, ("mode", "age"))
    with pytest.raises(DataError, match="tell the same"):
        parent_covariates(parents, ("mode", "same"))
