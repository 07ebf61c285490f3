"""The order of released shares: told only if it holds over all counts that fit."""

from itertools import product

import numpy as np
import pandas as pd
import pytest

from rpcstats.disclosure import disclose, disclosure_policy, order_of_shares
from rpcstats.disclosure.order import CERTAIN, EXACT, OPEN
from rpcstats.disclosure.shares import possible_pairs
from rpcstats.errors import ParameterError

BASES = ("completers who answered", "completers", "starters")


def readings(counts, policy="council"):
    rows = [
        {"measure": "goal_mean", "definition": "up", "base_label": label, "n": n, "base": base}
        for label, (n, base) in zip(BASES, counts, strict=True)
    ]
    frame = pd.DataFrame(rows).assign(estimate=lambda f: f["n"] / f["base"])
    return disclose(frame.assign(conf_low=np.nan, conf_high=np.nan), policy)


def order(counts, policy="council"):
    safe = order_of_shares(readings(counts, policy), where={"measure": "goal_mean"})
    return safe.frame.iloc[0]


def test_an_order_that_rounding_reverses_is_not_told():
    """True shares 80%, 78% and 70%; the rounded counts give 83%, 86% and 70%."""
    row = order([(24, 30), (28, 36), (35, 50)])
    assert row["span"] == "63% to 86%"
    assert row["order"] == OPEN
    assert pd.isna(row["apart"])


def test_the_part_of_an_order_that_holds_over_all_counts_is_told():
    row = order([(25, 40), (25, 50), (25, 60)])
    assert row["apart"] == "55% to 71% or 37% to 47%"
    assert "the share of completers who answered was higher than that of starters" in row["order"]
    assert "than that of completers" not in row["order"].replace("than that of completers who", "")


def test_an_order_that_is_certain_is_told():
    row = order([(90, 100), (90, 150), (90, 300)])
    assert row["order"] == CERTAIN
    assert row["apart"].count("to") == 3


def test_exact_shares_stay_exact():
    row = order([(24, 30), (28, 36), (35, 50)], "internal")
    assert row["apart"] == "80%, 78% or 70%"
    assert row["span"] == "70% to 80%"
    assert row["order"] == EXACT


def test_a_withheld_share_withholds_the_order():
    safe = order_of_shares(readings([(28, 30), (30, 36), (35, 50)]), where={"measure": "goal_mean"})
    assert safe.status == "withheld"
    assert safe.frame[["span", "apart", "order"]].isna().all(axis=None)


def test_of_one_base_the_larger_rounded_count_is_the_larger_share():
    frame = pd.DataFrame(
        {"measure": ["any", "mean"], "definition": ["any", "mean"], "base_label": "starters",
         "n": [35, 30], "base": 50, "estimate": np.nan, "conf_low": np.nan, "conf_high": np.nan}
    )  # fmt: skip
    safe = order_of_shares(
        disclose(frame, "council"), where={"base_label": "starters"}, along="definition"
    )
    assert safe.frame["apart"].iloc[0] == "63% to 77% or 54% to 67%"


@pytest.mark.parametrize("first", [(23, 32), (27, 40), (33, 50)])
def test_what_is_told_holds_over_every_pair_of_counts(first):
    """A pair is said to be in order only if all counts with the same release are in that order."""
    policy = disclosure_policy("council")
    for second in product(range(20, 40, 3), range(45, 60, 4)):
        counts = [first, second, (45, 90)]
        if any(m - n < 5 for n, m in counts):
            continue
        safe = readings(counts)
        said = order_of_shares(safe, where={"measure": "goal_mean"}).frame["order"].iloc[0]
        shares = []
        for _, row in safe.frame.iterrows():
            k, m, fits = possible_pairs(np.array([row["n"]]), np.array([row["base"]]), policy)
            shares.append(k[fits] / m[fits])
        always = shares[0].min() > shares[1].max()
        if said == CERTAIN or f"of {BASES[0]} was higher than that of {BASES[1]}" in said:
            assert always or shares[1].min() > shares[0].max()
        if said == OPEN:
            assert shares[0].min() <= shares[1].max() + 0.01


def test_rows_that_cannot_be_compared_are_refused():
    safe = readings([(24, 30), (28, 36), (35, 50)])
    with pytest.raises(ParameterError, match="leaves 0 rows"):
        order_of_shares(safe, where={"measure": "nothing"})
    with pytest.raises(ParameterError, match="no column 'council'"):
        order_of_shares(safe, where={"council": "x"})
