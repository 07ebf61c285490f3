"""Exact comparison and pooling of the three digital courses."""

from math import comb
from pathlib import Path

import pytest

from rpcstats._vocabulary import EXACT_TESTS
from rpcstats.published.comparisons import exact_tests
from rpcstats.published.facts import read_facts
from rpcstats.published.proportions import published_figures

PERCENT_DECIMAL = 5e-4
"""Pooled shares and limits are given in per cent with one decimal."""

EXACT = 1e-9
"""Two ways of summing the same probabilities."""

POOLED = {
    "started of enrolled": (68, 81, 0.840, 0.745, 0.904),
    "retained of started": (61, 68, 0.897, 0.802, 0.949),
    "milestones of started": (55, 68, 0.809, 0.700, 0.885),
    "milestones of retained": (55, 61, 0.902, 0.802, 0.954),
}


@pytest.fixture(scope="module")
def facts():
    return read_facts(Path(__file__).parents[2] / "data" / "published")


@pytest.fixture(scope="module")
def tests_of_northumberland(facts):
    return exact_tests(published_figures("northumberland", facts=facts))


def test_one_row_per_measure_of_two_programmes_or_more(tests_of_northumberland):
    frame = tests_of_northumberland.tidy()
    assert tuple(frame.columns) == EXACT_TESTS
    assert set(frame["measure"]) == set(POOLED)
    assert (frame["n_programmes"] == 3).all()
    assert set(frame["source"]) == {"northumberland-2024"}
    assert tests_of_northumberland.release_kind == "published"


@pytest.mark.parametrize("measure", POOLED)
def test_pooled_share_and_wilson_limits(tests_of_northumberland, measure):
    row = tests_of_northumberland.tidy().set_index("measure").loc[measure]
    n, base, *shares = POOLED[measure]
    assert (row["n"], row["base"]) == (n, base)
    found = row[["estimate", "conf_low", "conf_high"]].tolist()
    assert found == pytest.approx(shares, abs=PERCENT_DECIMAL)


def test_retention_cannot_rank_the_courses(tests_of_northumberland):
    p_value = tests_of_northumberland.tidy().set_index("measure").loc["retained of started"]
    assert round(p_value["p_value"], 2) == 0.19
    # by enumeration: 7 who left, spread over 34, 24 and 10 starters
    bases = (34, 24, 10)
    tables = [(a, b, 7 - a - b) for a in range(8) for b in range(8 - a)]
    ways = {t: comb(bases[0], t[0]) * comb(bases[1], t[1]) * comb(bases[2], t[2]) for t in tables}
    extreme = sum(w for w in ways.values() if w <= ways[6, 1, 0])
    assert p_value["p_value"] == pytest.approx(extreme / comb(68, 7), abs=EXACT)


def test_one_programme_is_no_comparison(facts):
    figures = published_figures("northumberland", programmes=["arguing_better"], facts=facts)
    frame = exact_tests(figures).tidy()
    assert len(frame) == 0
    assert tuple(frame.columns) == EXACT_TESTS


def test_two_programmes_give_fishers_test(facts):
    pair = ["arguing_better", "me_you_and_baby_too"]
    frame = exact_tests(published_figures("northumberland", programmes=pair, facts=facts)).tidy()
    row = frame.set_index("measure").loc["retained of started"]
    # 6 of 34 left and 0 of 10: hypergeometric probabilities no larger than that of the table
    ways = [comb(34, k) * comb(10, 6 - k) for k in range(7)]
    expected = sum(w for w in ways if w <= ways[6]) / comb(44, 6)
    assert row["p_value"] == pytest.approx(expected, abs=EXACT)
    assert row["n_programmes"] == 2


def test_tidy_is_a_copy(tests_of_northumberland):
    handed_out = tests_of_northumberland.tidy()
    handed_out["p_value"] = 0.0
    assert (tests_of_northumberland.tidy()["p_value"] > 0).all()
