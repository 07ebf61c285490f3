"""Published shares with their intervals; the digital courses of Northumberland by hand."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from rpcstats._vocabulary import PUBLISHED
from rpcstats.errors import ParameterError
from rpcstats.published.facts import Facts, read_facts
from rpcstats.published.proportions import published_figures

PRINTED = 5e-4
"""Expected limits are given in per cent with one decimal."""

DIGITAL = ["arguing_better", "getting_it_right_for_children", "me_you_and_baby_too"]


@pytest.fixture(scope="module")
def facts():
    return read_facts(Path(__file__).parents[2] / "data" / "published")


@pytest.fixture(scope="module")
def digital(facts):
    return published_figures("northumberland", programmes=DIGITAL, facts=facts)


def shares(figures, measure):
    frame = figures.tidy()
    found = frame[frame["measure"] == measure]
    return dict(zip(found["programme"], zip(found["n"], found["base"], strict=True), strict=True))


def test_columns_and_kind(digital):
    frame = digital.tidy()
    assert tuple(frame.columns) == PUBLISHED
    assert digital.release_kind == "published"
    assert digital.council == "Northumberland"
    assert frame["n"].dtype == frame["base"].dtype == "Int64"


@pytest.mark.parametrize(
    ("measure", "expected"),
    [
        ("started of enrolled", [(34, 41), (24, 27), (10, 13)]),
        ("retained of started", [(28, 34), (23, 24), (10, 10)]),
        ("milestones of retained", [(22, 28), (23, 23), (10, 10)]),
        ("milestones of started", [(22, 34), (23, 24), (10, 10)]),
    ],
)
def test_counts_of_the_table_give_the_bases(digital, measure, expected):
    names = ["Arguing Better", "Getting it Right for Children", "Me, You and Baby Too"]
    assert shares(digital, measure) == dict(zip(names, expected, strict=True))


def test_retention_prints_with_wilson_limits(digital):
    row = digital.tidy().set_index("fact_id").loc["S1-16"]
    assert row["printed"] == "82%"
    assert row["estimate"] == 28 / 34
    # 28 of 34 by Wilson 1927, worked with z = 1.959964
    assert [row["conf_low"], row["conf_high"]] == pytest.approx([0.665, 0.917], abs=PRINTED)
    assert row["period"] == "October 2021 to 27 February 2024"


def test_a_column_that_switches_base_is_shown_on_both(digital):
    frame = digital.tidy()
    both = frame[frame["fact_id"] == "S1-18"].set_index("measure")
    assert set(both["printed"]) == {"79%"}
    assert "does not fit" not in both.loc["milestones of retained", "note"]
    assert "does not fit" in both.loc["milestones of started", "note"]
    other = frame[frame["fact_id"] == "S1-25"].set_index("measure")
    assert "does not fit" in other.loc["milestones of retained", "note"]
    assert "does not fit" not in other.loc["milestones of started", "note"]


def test_a_count_points_to_its_percentage(digital):
    row = digital.tidy().set_index("fact_id").loc["S1-15"]
    assert row["printed"] == "28"
    assert pd.isna(row["base"])
    assert "S1-16" in row["note"]


def test_without_a_base_there_is_no_interval(facts):
    frame = published_figures("Hertfordshire", facts=facts).tidy().set_index("fact_id")
    row = frame.loc["S0-11"]
    assert row["printed"] == "80%"
    assert row["estimate"] == 0.8
    assert row[["n", "base", "conf_low", "conf_high"]].isna().all()
    assert "No base was published" in row["note"]
    assert pd.isna(frame.loc["S0-01", "estimate"])  # a count is no share
    assert pd.isna(frame.loc["S2-08", "estimate"])  # "at least" is no estimate


def test_printed_pairs_get_an_interval(facts):
    frame = published_figures("Hertfordshire", facts=facts).tidy().set_index("fact_id")
    assert (frame.loc["S0-02", "n"], frame.loc["S0-02", "base"]) == (79, 123)
    assert frame.loc["S0-02", "measure"] == "referrals (sex: female)"
    pathway = published_figures("northumberland", facts=facts).tidy().set_index("fact_id")
    assert (pathway.loc["S1-39", "n"], pathway.loc["S1-39", "base"]) == (5, 36)


def test_approximate_counts_say_so(facts):
    frame = published_figures("southwark", facts=facts).tidy().set_index("fact_id")
    assert frame.loc["S4-88", "printed"] == "about 120"
    assert "approximate" in frame.loc["S4-88", "note"]


def test_shares_keep_only_rows_with_an_interval(digital):
    kept = digital.shares().tidy()
    assert len(kept) == 12
    assert kept["conf_low"].notna().all()
    assert (kept["conf_low"] <= kept["estimate"]).all()
    assert (kept["estimate"] <= kept["conf_high"]).all()


def test_a_wider_level_gives_a_wider_interval(facts, digital):
    wide = published_figures("northumberland", programmes=DIGITAL, conf_level=0.99, facts=facts)
    inner, outer = digital.shares().tidy(), wide.shares().tidy()
    assert (outer["conf_low"] < inner["conf_low"]).all()
    assert wide.conf_level == 0.99


def test_tidy_is_a_copy(digital):
    handed_out = digital.tidy()
    handed_out["n"] = 0
    assert digital.tidy()["n"].max() == 34


def test_sources_are_those_used(digital):
    assert list(digital.sources()["source"]) == ["northumberland-2024"]


def test_every_council_of_the_facts_can_be_shown(facts):
    for council in facts.frame["council"].unique():
        frame = published_figures(council, facts=facts).tidy()
        assert frame["printed"].str.len().gt(0).all()
        assert not np.isinf(frame["estimate"]).any()


def test_unknown_names_are_refused_with_a_suggestion(facts):
    with pytest.raises(ParameterError, match="northumberland"):
        published_figures("northumberlnd", facts=facts)
    with pytest.raises(ParameterError, match="arguing_better"):
        published_figures("northumberland", programmes=["arguing_bettr"], facts=facts)
    with pytest.raises(ParameterError, match="conf_level"):
        published_figures("northumberland", conf_level=95, facts=facts)


def test_a_denominator_the_table_contradicts_is_taken_as_printed(facts):
    frame = facts.frame
    frame.loc[frame["fact_id"] == "S1-16", "denominator"] = "33"
    figures = published_figures("northumberland", facts=Facts(frame, facts.sources))
    row = figures.tidy().set_index("fact_id").loc["S1-16"]
    assert (row["measure"], row["base"]) == ("retained", 33)
    assert "does not fit" in row["note"]


def test_compact_drops_counts_that_another_row_holds():
    figures = published_figures("hertfordshire", programmes=["parenting_when_separated"])
    printed = set(figures.tidy()["printed"]) - set(figures.compact().tidy()["printed"])
    assert printed == {"123"}
    assert "36" in set(figures.compact().tidy()["printed"])


def test_nothing_published_is_no_error_when_not_required():
    empty = published_figures("devon", required=False)
    assert empty.tidy().empty
    assert empty.compact().tidy().empty
    some = published_figures("essex", programmes=["parenting_when_separated"], required=False)
    assert some.tidy().empty
