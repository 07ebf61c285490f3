"""Who is referred and screened."""

import numpy as np
import pytest

from rpcstats.simulate.people import draw_people
from rpcstats.simulate.truth import INAPPROPRIATE, Truth

N = 40_000
SE_LIMIT = 4.0


def share_error(p, n=N):
    return SE_LIMIT * np.sqrt(p * (1 - p) / n)


def test_plain_draws_have_the_true_shares():
    truth = Truth()
    people = draw_people(np.random.default_rng(1), truth, N, None, screened=True)
    x = people.x
    assert abs(x.male.mean() - truth.p_male) < share_error(truth.p_male)
    assert abs(x.online.mean() - truth.p_online) < share_error(truth.p_online)
    assert abs(x.resident[x.male].mean() - 0.49) < share_error(0.49, x.male.sum())
    assert abs(x.resident[~x.male].mean() - 0.85) < share_error(0.85, (~x.male).sum())
    assert set(np.unique(x.imd)) == set(range(1, 11))
    # Referrals of one referrer are alike, so that the error is a little above binomial.
    assert abs(people.inappropriate.mean() - 0.1795) < 1.5 * share_error(0.18)


def test_every_refusal_and_no_other_has_a_reason():
    people = draw_people(np.random.default_rng(2), Truth(), N, None, screened=True)
    assert ((people.refusal >= 0) == people.inappropriate).all()
    violent = people.refusal[people.inappropriate] == INAPPROPRIATE.index("domestic_abuse")
    assert abs(violent.mean() - 0.70) < share_error(0.70, people.inappropriate.sum())


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_totals_are_met(seed):
    totals = {"male": 44, "resident": 88, "online": 105, "send": 35, "inappropriate": 22}
    people = draw_people(np.random.default_rng(seed), Truth(), 123, totals, screened=True)
    x = people.x
    drawn = (x.male, x.resident, x.online, x.send, people.inappropriate)
    assert [column.sum() for column in drawn] == list(totals.values())


def test_without_screening_nobody_is_refused():
    people = draw_people(np.random.default_rng(4), Truth(), 81, {}, screened=False)
    assert not people.inappropriate.any()
