"""The jackknife of occupation where case weights differ by many powers of ten."""

from fractions import Fraction

import numpy as np
import pandas as pd
import pytest

from rpcstats.survival.states import _followed_clusters, state_curves
from rpcstats.survival.states.multistate import multistate

STATES = ("well", "ill", "dead")
# Weights of 1e9 and 1 leave seven digits of the lighter ones in sums of doubles.
LOST = 1e-6
# Two ways of adding up the same influences.
SAME = 1e-10


def rows(weight):
    """Four persons; the heavy one is nearly all of every risk set until it moves at 3."""
    frame = pd.DataFrame(
        [
            ("a", 0, 1, "ill", 1.0),
            ("a", 1, 5, "dead", 1.0),
            ("b", 0, 3, "ill", weight),
            ("b", 3, 4, "well", weight),
            ("b", 4, 7, "dead", weight),
            ("c", 0, 2, "dead", 2.5),
            ("d", 0, 3, "ill", 0.75),
            ("d", 3, 6, "none", 0.75),
            ("e", 0, 8, "ill", 3.0),
        ],
        columns=["id", "entry", "time", "state", "w"],
    )
    frame["state"] = pd.Categorical(frame["state"], categories=["none", *STATES])
    return frame


def zeros(*shape):
    return np.full(shape, Fraction(0), dtype=object)


def generator(flows):
    """Put what leaves each state on the diagonal, taken off."""
    return flows - np.diag(flows.sum(axis=1))


def states_held(frame):
    held, found = {}, []
    for row in frame.itertuples():
        found.append(held.get(row.id, 0))
        if row.state != "none":
            held[row.id] = STATES.index(row.state)
    return found


def exact_variance(frame):
    """Square the influence of each person in rational arithmetic, the recursion written out."""
    people = sorted(set(frame["id"]))
    frame = frame.assign(w=[Fraction(x) for x in frame["w"]], origin=states_held(frame))
    p, U, found = zeros(3), zeros(len(people), 3), []
    p[0] = Fraction(1)
    for t in sorted(set(frame["time"])):
        R, N = zeros(len(people), 3), zeros(len(people), 3, 3)
        for row in frame[(frame["entry"] < t) & (frame["time"] >= t)].itertuples():
            who = people.index(row.id)
            R[who, row.origin] += row.w
            if row.time == t and row.state != "none":
                N[who, row.origin, STATES.index(row.state)] += row.w
        Y = np.array([y or Fraction(1) for y in R.sum(axis=0)])
        hazard = N.sum(axis=0) / Y[:, None]
        own = [(N[c] - R[c][:, None] * hazard) / Y[:, None] for c in range(len(people))]
        U = np.array(
            [u + u @ generator(hazard) + p @ generator(o) for u, o in zip(U, own, strict=True)]
        )
        p = p + p @ generator(hazard)
        found.append((U**2).sum(axis=0).astype(float))
    return np.array(found)


@pytest.mark.parametrize("weight", [1.5, 1e3, 1e5, 1e7, 1e9])
def test_errors_agree_with_rational_arithmetic(weight):
    frame = rows(weight)
    fit = multistate(frame, start="well", weights="w")
    assert fit.states == STATES
    exact = np.sqrt(exact_variance(frame))
    np.testing.assert_allclose(fit.curves[0].std_error, exact, rtol=LOST)


def test_sums_of_squares_alone_would_lose_them(monkeypatch):
    """What the other way of adding up gives, so that the case is known to be a hard one."""
    monkeypatch.setattr(state_curves, "are_far_apart", lambda stays: False)
    frame = rows(1e9)
    fit = multistate(frame, start="well", weights="w")
    exact = np.sqrt(exact_variance(frame))
    assert not np.allclose(fit.curves[0].std_error, exact, rtol=0.1, atol=0)


def histories(seed, n=30):
    """Random walks between three states, some seen late, in teams of unequal weight."""
    rng = np.random.default_rng(seed)
    found = []
    for person in range(n):
        time, state = int(rng.integers(0, 3)), int(rng.integers(0, 2))
        for _ in range(int(rng.integers(1, 5))):
            end, to = time + int(rng.integers(1, 4)), int((state + rng.integers(1, 3)) % 3)
            to = to if rng.random() < 0.8 else -1
            found.append((person, time, end, "none" if to < 0 else f"s{to}", f"s{state}"))
            state, time = (state if to < 0 else to), end
    frame = pd.DataFrame(found, columns=["id", "entry", "time", "state", "begun"])
    frame["state"] = pd.Categorical(frame["state"], categories=["none", "s0", "s1", "s2"])
    return frame.assign(w=rng.uniform(0.5, 2, len(frame)), team=frame["id"] % 5)


@pytest.mark.parametrize("seed", [1, 2, 3])
@pytest.mark.parametrize("start", [None, "s0"])
@pytest.mark.parametrize("right", ["1", "cluster(team)"])
def test_both_ways_of_adding_up_agree(monkeypatch, seed, start, right):
    frame = histories(seed)
    asked = f"Surv(entry, time, state) ~ {right}"
    options = {"state_from": "begun", "start": start, "weights": "w"}
    squared = multistate(frame, asked, **options).curves[0]
    monkeypatch.setattr(state_curves, "are_far_apart", lambda stays: True)
    followed = multistate(frame, asked, **options).curves[0]
    np.testing.assert_allclose(followed.std_error, squared.std_error, rtol=SAME, atol=SAME)
    np.testing.assert_allclose(followed.at_start_error, squared.at_start_error, atol=SAME)


def test_what_doubles_can_not_hold_is_said(monkeypatch):
    def said(weight):
        return any(
            "powers of ten" in text
            for text in multistate(rows(weight), start="well", weights="w").remarks
        )

    assert not said(1e9)
    assert said(1e12)
    monkeypatch.setattr(_followed_clusters, "_MOST_WORK", 0)
    assert said(1e7)
    assert not said(1e5)
