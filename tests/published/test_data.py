"""The published facts themselves: complete, sourced, and closed where they must close."""

from pathlib import Path

import pytest

from rpcstats.data.locate import find_published
from rpcstats.published.facts import read_facts

FOLDER = Path(__file__).parents[2] / "data" / "published"
N_FACTS = {"S0": 13, "S1": 42, "S2": 12, "S3": 14, "S4": 92}


@pytest.fixture(scope="module")
def facts():
    return read_facts(FOLDER).frame.set_index("fact_id")


def value(facts, fact_id):
    return int(facts.loc[fact_id, "value"])


def test_found_by_default():
    assert find_published().resolve() == FOLDER.resolve()
    assert len(read_facts().frame) == sum(N_FACTS.values())


def test_every_fact_of_every_document_is_there(facts):
    for document, n in N_FACTS.items():
        expected = [f"{document}-{k:02}" for k in range(1, n + 1)]
        assert [key for key in facts.index if key.startswith(document)] == expected


def test_ids_are_unique_and_documents_used(facts):
    assert facts.index.is_unique
    assert set(facts["source"]) == set(read_facts(FOLDER).sources["source"])
    assert facts.groupby(facts.index.str[:2])["source"].nunique().eq(1).all()


@pytest.mark.parametrize(
    ("total", "parts"),
    [
        ("S0-01", ["S0-02", "S0-03"]),  # 123 = 79 women + 44 men
        ("S4-78", ["S4-88", "S4-89"]),  # about 200 = 120 in groups + 80 one to one
        ("S4-27", ["S4-28", "S4-29"]),  # 9 sessions = 6 before and 3 after birth
        ("S4-54", ["S4-55", "S4-56"]),  # 6 kinds of seminar = 3 + 3
    ],
)
def test_parts_sum_to_their_total(facts, total, parts):
    assert sum(value(facts, part) for part in parts) == value(facts, total)


@pytest.mark.parametrize("first", [13, 20, 27])
def test_stages_of_the_digital_courses_narrow(facts, first):
    enrolled, started, retained = (value(facts, f"S1-{first + k}") for k in range(3))
    milestones = value(facts, f"S1-{first + 4}")
    assert milestones <= retained <= started <= enrolled
    assert int(facts.loc[f"S1-{first + 1}", "denominator"]) == enrolled
    assert int(facts.loc[f"S1-{first + 2}", "denominator"]) == started


def test_printed_pairs_agree_with_the_printed_percentage(facts):
    pairs = facts[(facts["numerator"] != "") & (facts["denominator"] != "")]
    percents = pairs[pairs["unit"] == "percent"]
    shares = 100 * percents["numerator"].astype(int) / percents["denominator"].astype(int)
    assert len(percents) == 3
    assert ((shares - percents["value"].astype(float)).abs() <= 0.5).all()


def test_five_of_thirty_six_is_not_eighteen_percent(facts):
    assert (value(facts, "S1-39"), value(facts, "S1-38"), value(facts, "S1-11")) == (5, 36, 18)
    assert all(round(100 * k / 36) != 18 for k in range(37))
    assert facts.loc["S1-11", "denominator"] == ""


def test_notes_are_short_and_whole_sentences(facts):
    notes = facts.loc[facts["note"] != "", "note"]
    assert notes.str.endswith(".").all()
    assert notes.str.len().max() <= 120
