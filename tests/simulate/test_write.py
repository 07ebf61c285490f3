"""The shipped extracts: drawn again byte for byte, with every published margin."""

import csv
from collections import Counter, defaultdict
from pathlib import Path

import pandas as pd
import pytest
import yaml

from rpcstats.data import check_extract, read_extract
from rpcstats.errors import ParameterError
from rpcstats.simulate import simulate_extract, write_simulation

COUNCILS = Path(__file__).parents[2] / "data" / "councils"
SHIPPED = {
    "hertfordshire": "herts_pws",
    "northumberland": "northumberland_digital",
    "northumberland_getting_on_better": "northumberland_getting_on_better",
    "nottinghamshire": "nottinghamshire_family_days",
}
RULES = {
    # sessions planned, and the least attended of those who completed
    "hertfordshire": (6, 4),
    "northumberland": (6, 4),
    "northumberland_getting_on_better": (2, 2),
    "nottinghamshire": (1, 1),
}
DIGITAL = {
    "arguing_better": (41, 34, 28, 22, 13),
    "getting_it_right_for_children": (27, 24, 23, 23, 11),
    "me_you_and_baby_too": (13, 10, 10, 10, 5),
}


def rows(council, table):
    with (COUNCILS / council / f"{table}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def registers(council):
    by_episode = defaultdict(dict)
    for row in rows(council, "sessions"):
        by_episode[row["episode_id"]][int(row["session_no"])] = row
    return by_episode


@pytest.mark.parametrize("council", SHIPPED)
def test_shipped_extract_is_drawn_again_byte_for_byte(council, tmp_path):
    write_simulation(simulate_extract(SHIPPED[council]), tmp_path)
    names = sorted(path.name for path in tmp_path.iterdir())
    assert names == sorted(path.name for path in (COUNCILS / council).iterdir())
    for name in names:
        assert (tmp_path / name).read_bytes() == (COUNCILS / council / name).read_bytes(), name


@pytest.mark.parametrize("council", SHIPPED)
def test_shipped_extract_has_no_fault_and_says_it_is_synthetic(council):
    assert check_extract(COUNCILS / council) == []
    extract = read_extract(COUNCILS / council)
    assert "no row is a real person" in extract.council.synthetic
    assert extract.council.synthetic_source["preset"] == SHIPPED[council]
    text = (COUNCILS / council / "council.yml").read_text(encoding="utf-8")
    assert text.startswith("# Synthetic data")
    assert "No row is a real person" in (COUNCILS / council / "README.txt").read_text("utf-8")


@pytest.mark.parametrize("council", SHIPPED)
def test_what_is_written_reads_back_as_it_was_drawn(council):
    extract, simulation = read_extract(COUNCILS / council), simulate_extract(SHIPPED[council])
    for name, frame in simulation.tables.items():
        pd.testing.assert_frame_equal(extract.table(name), frame)


def test_hertfordshire_referrals_have_the_published_margins():
    referrals = rows("hertfordshire", "referrals")
    assert len(referrals) == 123
    assert Counter(row["sex"] for row in referrals) == {"female": 79, "male": 44}
    assert sum(row["resident"] == "resident" for row in referrals) == 88
    assert sum(row["preference"] == "online" for row in referrals) == 105
    assert sum(row["send_child"] == "yes" for row in referrals) == 35
    assert sum(row["decision"] == "inappropriate" for row in referrals) == 22


def test_hertfordshire_courses_have_the_declared_margins():
    episodes = rows("hertfordshire", "episodes")
    started = [row for row in episodes if row["started_on"]]
    assert (len(episodes), len(started)) == (77, 58)
    ends = {"completed": 36, "dropped_out": 16, "not_completed": 1, "open": 5}
    assert Counter(row["outcome"] for row in started) == ends


def test_hertfordshire_progress_is_24_of_30():
    completed = {
        row["episode_id"]
        for row in rows("hertfordshire", "episodes")
        if row["outcome"] == "completed"
    }
    ratings = defaultdict(dict)
    for row in rows("hertfordshire", "scores"):
        if row["instrument"] != "gbo":
            continue
        ratings[row["subject_id"], row["item"]][row["occasion"]] = int(row["value"])
    changes = defaultdict(list)
    for (subject, _), rating in ratings.items():
        if "end" in rating:
            changes[subject].append(rating["end"] - rating["baseline"])
    assert set(changes) <= completed
    assert len(changes) == 30
    assert sum(sum(values) >= len(values) for values in changes.values()) == 24


def test_hertfordshire_items_are_agreed_by_all_30_who_answered():
    answers = defaultdict(list)
    for row in rows("hertfordshire", "scores"):
        if row["instrument"] == "likert5":
            answers[row["item"]].append(int(row["value"]))
    assert set(answers) == {"well_organised", "well_led", "included_everyone"}
    for values in answers.values():
        assert len(values) == 30
        assert min(values) >= 4


def test_follow_ups_are_there_where_six_months_have_passed():
    ended = {row["episode_id"]: row for row in rows("hertfordshire", "episodes")}
    later = [row for row in rows("hertfordshire", "scores") if row["occasion"] in ("m6", "m12")]
    assert {row["occasion"] for row in later} == {"m6"}
    for row in later:
        episode = ended[row["subject_id"]]
        assert episode["outcome"] == "completed"
        day = pd.Timestamp(row["rated_on"])
        assert day - pd.Timestamp(episode["ended_on"]) == pd.Timedelta(days=184)
        assert day <= pd.Timestamp("2023-12-31")


def test_the_workshop_takes_couples_together():
    referrals = rows("northumberland_getting_on_better", "referrals")
    couples = defaultdict(list)
    for row in referrals:
        couples[row["couple_id"]].append(row)
    assert len(couples) == 36
    for pair in couples.values():
        assert sorted(row["sex"] for row in pair) == ["female", "male"]
        assert len({row["family_id"] for row in pair}) == 1
        assert len({row["referred_on"] for row in pair}) == 1
    text = (COUNCILS / "northumberland_getting_on_better" / "README.txt").read_text("utf-8")
    assert "are assumed: no figure is published" in text


def test_family_days_are_rated_excellent_by_112_of_140_families():
    family = {row["referral_id"]: row["family_id"] for row in rows("nottinghamshire", "referrals")}
    visits = defaultdict(list)
    for row in rows("nottinghamshire", "episodes"):
        visits[family[row["referral_id"]]].append((row["started_on"], row["episode_id"]))
    ratings = {row["subject_id"]: int(row["value"]) for row in rows("nottinghamshire", "scores")}
    first = [ratings[min(days)[1]] for days in visits.values()]
    assert Counter(first) == {4: 112, 3: 28}
    assert {row["instrument"] for row in rows("nottinghamshire", "scores")} == {"rating4"}
    assert sum(len(days) > 1 for days in visits.values()) > 20
    assert len(ratings) < sum(map(len, visits.values()))  # later visits are not all rated


@pytest.mark.parametrize("programme", DIGITAL)
def test_northumberland_courses_have_the_published_margins(programme):
    enrolled, started, retained, milestones, projects = DIGITAL[programme]
    of = {row["referral_id"]: row["programme"] for row in rows("northumberland", "referrals")}
    episodes = [
        row for row in rows("northumberland", "episodes") if of[row["referral_id"]] == programme
    ]
    register = registers("northumberland")
    starters = [row for row in episodes if register[row["episode_id"]].get(1)]
    assert len(episodes) == enrolled
    assert len(starters) == started
    assert all(register[row["episode_id"]][1]["attended"] == "yes" for row in starters)
    assert sum(6 in register[row["episode_id"]] for row in starters) == retained
    assert sum(row["milestone"] == "yes" for row in episodes) == milestones
    assert not [row for row in episodes if row["outcome"] == "open"]
    groups = {row["group_id"] for row in rows("northumberland", "groups")} & {
        row["group_id"] for row in starters
    }
    assert len(groups) == projects


@pytest.mark.parametrize("council", SHIPPED)
def test_outcomes_follow_the_rule_from_the_register(council):
    register = registers(council)
    planned, least = RULES[council]
    for episode in rows(council, "episodes"):
        sessions = register[episode["episode_id"]]
        attended = [k for k, row in sessions.items() if row["attended"] == "yes"]
        outcome = episode["outcome"]
        assert (outcome == "completed") == (planned in sessions and len(attended) >= least)
        if outcome == "dropped_out":
            assert max(attended) == max(sessions) < planned
            assert episode["reason"]
        assert bool(episode["ended_on"]) == (outcome != "open")


def test_truth_holds_parameters_margins_and_true_values():
    truth = yaml.safe_load((COUNCILS / "hertfordshire" / "truth.yml").read_text("utf-8"))
    assert truth["true_values"]["survival_after_session"][0] == pytest.approx(0.889, abs=0.0005)
    assert truth["true_values"]["simulated"]["n"] == 400_000
    assert truth["margins"]["parenting_when_separated"]["completed"] == 36
    assert {"value", "unit", "origin", "basis"} == set(truth["parameters"]["beta_online"])
    assert any("80%" in sentence for sentence in truth["assumptions"])


def test_a_synthetic_extract_is_replaced_without_leftovers(tmp_path):
    write_simulation(simulate_extract("herts_pws", mode="expectation"), tmp_path)
    assert (tmp_path / "scores.csv").exists()
    write_simulation(simulate_extract("northumberland_digital", mode="expectation"), tmp_path)
    assert not (tmp_path / "scores.csv").exists()
    assert check_extract(tmp_path) == []


@pytest.mark.parametrize("name", ["referrals.csv", "council.yml"])
def test_data_that_may_be_real_are_never_replaced(name, tmp_path):
    path = tmp_path / name
    path.write_text("kept\n", encoding="utf-8")
    with pytest.raises(ParameterError, match="nothing was written"):
        write_simulation(simulate_extract("northumberland_digital"), tmp_path)
    assert path.read_text(encoding="utf-8") == "kept\n"
    assert len(list(tmp_path.iterdir())) == 1
