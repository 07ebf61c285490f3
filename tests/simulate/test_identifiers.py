"""Opaque identifiers."""

import re

import numpy as np

from rpcstats.simulate.identifiers import Register


def test_no_identifier_is_given_twice():
    register = Register(np.random.default_rng(1))
    taken = [*register.take("r", 30_000), *register.take("r", 30_000)]
    assert len(set(taken)) == 60_000
    assert all(re.fullmatch(r"r\d{7}", name) for name in taken)


def test_identifiers_tell_nothing_of_the_order():
    taken = Register(np.random.default_rng(2)).take("e", 2_000)
    ranks = np.argsort(np.argsort(taken))
    assert abs(np.corrcoef(ranks, np.arange(2_000))[0, 1]) < 4.0 / np.sqrt(2_000)
