"""Sums over tied events, by their definition, however the events are taken together."""

import numpy as np
import pytest

from rpcstats.survival.partial import tied_events
from rpcstats.survival.partial.arrange import arrange

ROUNDING = {"rtol": 1e-12, "atol": 0.0}
"""A few dozen terms are added, in another order."""


def _by_definition(order, r, S0, k):
    d = int(order.n_tied[k])
    D0 = r[int(order.begin[k]) : int(order.begin[k]) + d].sum()
    f = np.arange(d) / d
    phi = S0[k] - f * D0
    terms = (np.log(phi), 1 / phi, f / phi, phi**-2.0, f * phi**-2.0, f**2 * phi**-2.0)
    return [term.sum() for term in terms]


@pytest.mark.parametrize("long", [1, 4, 1_000])
@pytest.mark.parametrize("at_once", [5, 1_000])
def test_sums_are_those_of_each_event(drawn, monkeypatch, long, at_once):
    monkeypatch.setattr(tied_events, "LONG", long)
    monkeypatch.setattr(tied_events, "_EVENTS_AT_ONCE", at_once)
    rows = drawn(7, 60, 9, 2, late=False, weighted=True)
    order = arrange(rows.time, rows.event, stratum=rows.stratum, n_stratum=2, weights=rows.weights)
    for seed in (1, 2):  # a second time, with what the first has kept
        r = np.random.default_rng(seed).gamma(2.0, size=len(order.rows))
        S0 = order.at_risk(r)
        found = np.array(tied_events.tied_sums(order, r, S0, order.tied))
        wanted = np.transpose([_by_definition(order, r, S0, k) for k in order.tied])
        np.testing.assert_allclose(found, wanted, **ROUNDING)


def test_a_pair_that_dies_last_by_hand():
    order = arrange(np.array([3.0, 3.0]), np.array([True, True]))
    found = tied_events.tied_sums(order, np.array([1.0, 3.0]), np.array([4.0]), order.tied)
    # φ is 4, then half of it.
    np.testing.assert_allclose(found.logs, np.log(8.0), **ROUNDING)
    assert np.concatenate(found[1:]).tolist() == [0.75, 0.25, 0.3125, 0.125, 0.0625]


def test_no_ties_no_sums():
    order = arrange(np.array([1.0, 2.0]), np.array([True, True]))
    found = tied_events.tied_sums(order, np.ones(2), np.array([2.0, 1.0]), order.tied)
    assert [len(part) for part in found] == [0] * 6
