"""Small frames of goal ratings for the joint model, and its likelihood by brute force."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from rpcstats._vocabulary import GOAL_SCORES

K = 4
STAGES = np.arange(K) / (K - 1.0)


def course(episode, goals, *, last=K, status="completed", after=None, **more):
    """Give the rows of one parent: ratings of each goal by session, None where there is none."""
    rows = []
    for j, scores in enumerate(goals):
        for k in range(1, K + 1):
            value = scores[k - 1] if k <= last else None
            state = "rated" if value is not None else ("missed" if k <= last else "left")
            if after is not None and k == K and after[j] is not None:
                value, state = after[j], "rated_after_leaving"
            rows.append(
                {
                    "episode_id": episode,
                    "person_id": episode,
                    "item": f"goal_{j + 1}",
                    "occasion": "baseline" if k == 1 else ("end" if k == K else "session"),
                    "session": k,
                    "stage": (k - 1) / (K - 1),
                    "score": np.nan if value is None else float(value),
                    "state": state,
                    "status": status,
                    "last": last,
                    "reached": (last - 1) / (K - 1) if status == "dropped_out" else 1.0,
                }
            )
    frame = pd.DataFrame(rows)
    filled = {"cluster_id": episode, "group_id": None, "is_due": True, "completed": last == K,
              "answered": False, "weight": 1.0, "mode": "online"}  # fmt: skip
    return frame.assign(**{**filled, **more})


def together(*courses, **attrs):
    """Put courses together as a frame of goal ratings."""
    frame = pd.concat(courses, ignore_index=True).reindex(columns=list(GOAL_SCORES))
    scale = {"instrument": "gbo", "minimum": 0.0, "maximum": 10.0, "direction": "up"}
    frame.attrs = {**scale, "sessions": K, "synthetic": True, **attrs}
    return frame


def hand_made():
    """Five parents, three of whom leave, one of whom answers after leaving."""
    return together(
        course("e1", [[3, 4, 6, 7], [2, None, 4, 6]], mode="online"),
        course("e2", [[4, 3, None, None]], last=2, status="dropped_out", mode="in_person"),
        course("e3", [[1, 2], [5, 5]], last=2, status="dropped_out", after=[4, None]),
        course("e4", [[2, 3, 3, 5], [3, 5, 5, 8]], mode="in_person"),
        course("e5", [[6]], last=1, status="dropped_out", mode="in_person"),
    )


PHI = {"slope": (-0.6,), "intercept": (0.5,), "both": (0.4, -0.7), "level": (-0.3,), "none": ()}


class Truth:
    """Parameters to evaluate at, by name."""

    a, b = np.array([3.1, -0.3]), np.array([2.0, 0.4])
    l1, l2, l3, tau, sigma = 1.1, -0.3, 1.2, 0.8, 1.05
    session = np.array([-0.9, -0.6])
    covariate = np.array([0.35])

    @classmethod
    def theta(cls, share, centre):
        """Lay the parameters out as the model does."""
        a = cls.a - np.array([centre, 0.0])
        spread = [cls.l1, cls.l2, cls.l3, cls.tau, np.log(cls.sigma)]
        return np.concatenate([a, cls.b, spread, cls.session, cls.covariate, PHI[share]])


def density_of_ratings(goals, stages, u, v, at):
    """Integrate the goal's own effect out of the density of its ratings, goal by goal.

    The trapezium rule over ±9 standard deviations: for smooth functions that vanish at both ends
    its error falls faster than any power of the step.
    """
    w = np.linspace(-9.0, 9.0, 121) * Truth.tau
    weight = np.exp(-0.5 * (w / Truth.tau) ** 2) * (w[1] - w[0]) / (Truth.tau * np.sqrt(2 * np.pi))
    total = np.ones(np.shape(u))
    for y, s in zip(goals, stages, strict=True):
        inside = np.ones((*np.shape(u), len(w)))
        for one, stage in zip(y, s, strict=True):
            mean = (at[0] + u + stage * (at[1] + v))[..., None] + w
            inside *= np.exp(-0.5 * ((one - mean) / Truth.sigma) ** 2)
            inside /= Truth.sigma * np.sqrt(2 * np.pi)
        total = total * (inside * weight).sum(axis=-1)
    return total


def chance_of_course(n_risk, event, x, u, v, at, share, link, centre):
    """Give the probability of staying and leaving session by session."""
    phi = (*PHI[share], 0.0, 0.0)
    total = np.ones(np.shape(u))
    for k in range(n_risk):
        s = k / (K - 1.0)
        extra = {
            "slope": phi[0] * v,
            "intercept": phi[0] * u,
            "both": phi[0] * u + phi[1] * v,
            "level": phi[0] * (at[0] - centre + u + s * (at[1] + v)),
            "none": 0.0 * u,
        }[share]
        eta = Truth.session[k] + x * Truth.covariate[0] + extra
        hazard = 1 / (1 + np.exp(-eta)) if link == "logit" else 1 - np.exp(-np.exp(eta))
        total = total * (hazard if k == event else 1.0 - hazard)
    return total


@pytest.fixture(scope="session")
def joint():
    """What the tests of the joint model share."""
    return SimpleNamespace(
        K=K,
        stages=STAGES,
        course=course,
        together=together,
        hand_made=hand_made,
        truth=Truth,
        density_of_ratings=density_of_ratings,
        chance_of_course=chance_of_course,
    )
