"""The partial likelihood by its definition, one event at a time, and data to compare it on."""

from dataclasses import dataclass

import numpy as np
import pytest
from hypothesis import strategies as st


@dataclass
class Rows:
    """Small data sets with ties, strata, late entry and weights."""

    time: np.ndarray
    event: np.ndarray
    entry: np.ndarray
    stratum: np.ndarray
    weights: np.ndarray
    X: np.ndarray

    def shares(self, beta, ties):
        """Yield each tied event's part: weight, events, share of each row, log of their sum."""
        score = self.weights * np.exp(self.X @ beta)
        for s in np.unique(self.stratum):
            inside = self.stratum == s
            for t in np.unique(self.time[inside & self.event]):
                at_risk = inside & (self.entry < t) & (self.time >= t)
                dying = inside & self.event & (self.time == t)
                d = int(dying.sum())
                for k in range(d):
                    thinned = k / d if ties == "efron" else 0.0
                    r = score * (at_risk - thinned * dying)
                    yield self.weights[dying].mean(), dying, r / r.sum(), np.log(r.sum())

    def log_lik(self, beta, ties):
        dead = float((self.weights * self.event) @ (self.X @ beta))
        return dead - sum(w * log for w, _, _, log in self.shares(beta, ties))

    def score_residuals(self, beta, ties):
        found = np.zeros_like(self.X)
        eta_risk = np.exp(self.X @ beta)
        for w, dying, share, log in self.shares(beta, ties):
            mean = share @ self.X
            d = dying.sum()
            found[dying] += self.weights[dying, None] * (self.X[dying] - mean) / d
            found -= w * share[:, None] * (self.X - mean)
            assert np.isfinite(log)
        assert np.isfinite(eta_risk).all()
        return found

    def expected(self, beta, ties):
        return sum(w * share for w, _, share, _ in self.shares(beta, ties))

    def information(self, beta, ties):
        total = np.zeros((self.X.shape[1],) * 2)
        for w, _, share, _ in self.shares(beta, ties):
            centred = self.X - share @ self.X
            total += w * (centred * share[:, None]).T @ centred
        return total


def _draw(seed, n, n_time, n_stratum, *, late, weighted):
    rng = np.random.default_rng(seed)
    time = rng.integers(1, n_time + 1, n).astype(float)
    entry = np.floor(time * rng.random(n)) if late else np.full(n, -1.0)
    event = rng.random(n) < 0.6
    event[0] = True
    stratum = rng.permutation(np.arange(n) % n_stratum)
    weights = rng.choice([0.5, 1.0, 2.0, 3.25], n) if weighted else np.ones(n)
    return Rows(time, event, entry, stratum, weights, rng.normal(size=(n, 3)))


@pytest.fixture(scope="session")
def drawn():
    """Draw a data set; the same arguments give the same rows."""
    return _draw


@pytest.fixture(scope="session")
def shapes():
    """Arguments of `drawn` for hypothesis."""
    return st.fixed_dictionaries(
        {
            "seed": st.integers(0, 10_000),
            "n": st.integers(2, 40),
            "n_time": st.sampled_from([1, 3, 10, 1000]),
            "n_stratum": st.sampled_from([1, 2]),
            "late": st.booleans(),
            "weighted": st.booleans(),
        }
    )


@pytest.fixture(scope="session")
def test1():
    """Six rows: an event at 1, an event and another tied at 6, the last event at 9."""
    time = np.array([9.0, 1.0, 1.0, 6.0, 6.0, 8.0])
    event = np.array([1, 1, 0, 1, 1, 0], dtype=bool)
    x = np.array([0.0, 1.0, 1.0, 1.0, 0.0, 0.0])
    return time, event, x


@pytest.fixture(scope="session")
def test2():
    """Ten rows (entry, time] with an event tied at 9 and boundaries that touch."""
    entry = np.array([1, 2, 5, 2, 1, 7, 3, 4, 8, 8], dtype=float)
    time = np.array([2, 3, 6, 7, 8, 9, 9, 9, 14, 17], dtype=float)
    event = np.array([1, 1, 1, 1, 1, 1, 1, 0, 0, 0], dtype=bool)
    x = np.array([1, 0, 0, 1, 0, 1, 1, 1, 0, 0], dtype=float)
    return entry, time, event, x
