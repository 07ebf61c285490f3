"""Analysis frames of goal ratings drawn straight from a truth, for studies of many draws."""

from collections.abc import Sequence
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from rpcstats._vocabulary import GOAL_SCORES, SCORE_STATES
from rpcstats.simulate.covariates import Covariates
from rpcstats.simulate.goals import MOST_GOALS
from rpcstats.simulate.starters import Starters, draw_grouped_starters
from rpcstats.simulate.truth import Truth

Integers = NDArray[np.int64]
RATED, AFTER, MISSED, LEFT = range(4)
OCCASIONS: Final = ("baseline", "session", "end", "m3", "m6", "m12")


def draw_goal_frame(
    truth: Truth, *, n: int, seed: int, minimum_attended: int = 4, group_size: int = 8
) -> pd.DataFrame:
    """Draw starters in groups, nobody waiting or censored, as the frame of their ratings.

    Parameters
    ----------
    truth : Truth
        True parameters.
    n : int
        Number of starters.
    seed : int
        Seed.
    minimum_attended : int
        Sessions a person must attend to complete.
    group_size : int
        Parents in a group; a group is online or in person as a whole, with a facilitator of
        its own.

    Returns
    -------
    DataFrame
        Columns `GOAL_SCORES`, as from an extract: a row for each starter, goal set, and
        planned occasion. Synthetic.
    """
    starters, group = draw_grouped_starters(
        truth, n=n, seed=seed, minimum_attended=minimum_attended, group_size=group_size
    )
    return frame_of_starters(starters, group)


def frame_of_starters(starters: Starters, group: Integers) -> pd.DataFrame:
    """Lay out the ratings of starters as a frame.

    Parameters
    ----------
    starters : Starters
        Drawn starters.
    group : ndarray of int, shape (n,)
        Group of each.

    Returns
    -------
    DataFrame
        Columns `GOAL_SCORES`.
    """
    n, _, K_less = starters.goals.ratings.shape
    K = K_less + 1
    person, goal = np.nonzero(np.arange(MOST_GOALS) < starters.goals.n_goals[:, None])
    values = np.concatenate([starters.goals.ratings, starters.end[:, :, None]], axis=2)
    state = _states(starters, K)[person]
    score = np.where(state <= AFTER, values[person, goal], np.nan)
    person, goal = np.repeat(person, K), np.repeat(goal, K)
    session = np.tile(np.arange(1, K + 1), len(state))
    occasion = np.where(session == 1, 0, np.where(session == K, 2, 1))
    items = [f"goal_{j + 1}" for j in range(MOST_GOALS)]
    columns = {
        **_identifiers(n, group, person),
        "item": _coded(goal, items),
        "occasion": _coded(occasion, OCCASIONS, ordered=True),
        "session": session,
        "stage": (session - 1.0) / (K - 1.0),
        "score": score.ravel(),
        "state": _coded(state.ravel(), SCORE_STATES),
        **_endings(starters, K, person),
        "weight": 1.0,
        "programme": "Synthetic course",
        **_covariates(starters.x, person),
    }
    frame = pd.DataFrame(columns).reindex(columns=list(GOAL_SCORES))
    frame.attrs = {"instrument": "gbo", "minimum": 0.0, "maximum": 10.0, "direction": "up",
                   "sessions": K, "synthetic": True}  # fmt: skip
    return frame


def _identifiers(n: int, group: Integers, person: Integers) -> dict[str, object]:
    width = len(str(n))
    names = np.array([f"e{i:0{width}d}" for i in range(n)], dtype=object)[person]
    groups = np.array([f"g{i:0{width}d}" for i in range(int(group.max()) + 1)], dtype=object)
    of_person = groups[group][person]
    return {
        "episode_id": names,
        "person_id": names,
        "couple_id": None,
        "group_id": of_person,
        "cluster_id": of_person,
    }


def _endings(starters: Starters, K: int, person: Integers) -> dict[str, object]:
    dropped, last = starters.course.dropped, starters.course.last
    status = np.where(dropped, "dropped_out", "not_completed")
    status = np.where(starters.completed, "completed", status)
    return {
        "status": pd.Categorical(status[person]),
        "is_due": True,
        "completed": starters.completed[person],
        "answered": starters.answered[person],
        "reached": np.where(dropped, (last - 1.0) / (K - 1.0), 1.0)[person],
        "last": last[person],
    }


def _states(starters: Starters, K: int) -> Integers:
    """Give the state of each starter's rating at sessions 1 to K, as a code of `SCORE_STATES`."""
    course = starters.course
    k = np.arange(1, K + 1)
    state = np.where(course.attended, RATED, MISSED)
    state = np.where(k <= course.last[:, None], state, LEFT)
    at_end = np.where(starters.answered, RATED, MISSED)
    after = np.where(starters.answered, AFTER, LEFT)
    state[:, K - 1] = np.where(course.dropped, after, at_end)
    return np.asarray(state, dtype=np.int64)


def _coded(codes: Integers, names: Sequence[str], *, ordered: bool = False) -> pd.Categorical:
    dtype = pd.CategoricalDtype(list(names), ordered=ordered)
    return pd.Categorical.from_codes(codes.tolist(), dtype=dtype)


def _covariates(x: Covariates, person: Integers) -> dict[str, object]:
    def coded(is_first: NDArray[np.bool_], first: str, other: str) -> pd.Categorical:
        return _coded(np.where(is_first[person], 0, 1), (first, other))

    return {
        "mode": coded(x.online, "online", "in_person"),
        "sex": coded(~x.male, "female", "male"),
        "resident": coded(x.resident, "resident", "non_resident"),
        "send_child": coded(x.send, "yes", "no"),
        "imd_decile": x.imd[person],
    }
