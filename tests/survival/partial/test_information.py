"""The information in chunks, on data large enough to be cut in several ways."""

from itertools import pairwise

import numpy as np
import pytest

from rpcstats.survival.partial.arrange import arrange
from rpcstats.survival.partial.chunks import ROWS, chunks_of
from rpcstats.survival.partial.event_terms import event_terms, expected_events
from rpcstats.survival.partial.information import information
from rpcstats.survival.partial.moments import information_times

N = 3 * ROWS


def _case(kind):
    rng = np.random.default_rng(7)
    time, event = rng.exponential(size=N), rng.random(N) < 0.6
    options = {}
    if kind == "weeks":
        time = np.ceil(5 * time)
    elif kind == "days":
        time = np.ceil(200 * time)
    elif kind == "strata":
        options = {"stratum": np.sort(rng.integers(0, 9, N)), "n_stratum": 9}
    elif kind == "pairs":
        options = {"stratum": np.arange(N) // 3, "n_stratum": N // 3}
    elif kind == "late":
        options = {"entry": time * rng.random(N)}
    return arrange(time, event, **options), rng


@pytest.mark.parametrize("kind", ["continuous", "weeks", "days", "strata", "pairs", "late"])
def test_chunks_add_up_to_the_whole(kind):
    order, rng = _case(kind)
    X = rng.normal(size=(2, len(order.rows)))
    terms = event_terms(order, 0.5 * X[0] - 0.2 * X[1])
    expected = expected_events(order, terms)
    assert len(chunks_of(order)) > 1
    whole = information_times(order, X, terms, expected) @ X.T
    # Sums of about 25,000 terms in another order.
    np.testing.assert_allclose(information(order, X, terms, expected), whole, rtol=1e-10)


@pytest.mark.parametrize("kind", ["continuous", "weeks", "strata", "pairs"])
def test_chunks_cover_every_event_time_once(kind):
    order, _ = _case(kind)
    chunks = chunks_of(order)[::-1]
    assert chunks[0].times.start == 0
    assert chunks[-1].times.stop == order.n_time
    for before, after in pairwise(chunks):
        assert before.times.stop == after.times.start
        assert before.rows.stop == after.rows.start
        inside = order.stratum[before.times.stop - 1] == order.stratum[after.times.start]
        assert before.goes_on == inside
