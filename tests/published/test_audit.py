"""The audit of the real published figures, against answers worked by hand."""

import pytest

from rpcstats.errors import ParameterError, SchemaError
from rpcstats.published import audit, read_facts

# Figure, base, counts that print as it, verdict for that base: worked by hand.
SHARES = [
    ("S0-05", 123, "104 or 105", "possible"), ("S0-05", 36, "none", "impossible"),
    ("S0-06", 123, "88 or 89", "possible"), ("S0-06", 36, "26", "possible"),
    ("S0-11", 36, "none", "impossible"), ("S0-11", 123, "98 or 99", "possible"),
    ("S0-08", 36, "36", "unverifiable"), ("S0-08", 123, "123", "unverifiable"),
    ("S1-16", 34, "28", "possible"), ("S1-23", 24, "23", "possible"),
    ("S1-30", 10, "10", "possible"), ("S1-18", 28, "22", "possible"),
    ("S1-18", 34, "27", "impossible"), ("S1-25", 24, "23", "possible"),
    ("S1-25", 23, "22", "impossible"), ("S1-32", 10, "10", "possible"),
    ("S2-06", 82, "33", "possible"), ("S2-07", 82, "58", "possible"),
    ("S4-35", 140, "112", "possible"), ("S4-36", 140, "28", "possible"),
]  # fmt: skip


@pytest.fixture(scope="module")
def published():
    return audit(read_facts())


def message(found, check, fact_id):
    rows = found.of_check(check)
    (text,) = rows.loc[rows["fact_id"] == fact_id, "message"]
    return text


@pytest.mark.parametrize(("fact_id", "base", "feasible", "verdict"), SHARES)
def test_each_percentage_against_each_base(published, fact_id, base, feasible, verdict):
    rows = published.of_check("grim")
    (row,) = rows[(rows["fact_id"] == fact_id) & (rows["base"] == base)].to_dict("records")
    assert (row["feasible"], row["verdict"]) == (feasible, verdict)


def test_eighty_per_cent_of_36_is_explained(published):
    rows = published.of_check("grim")
    (row,) = rows[(rows["fact_id"] == "S0-11") & (rows["base"] == 36)].to_dict("records")
    assert "28 of 36 is 77.8% and 29 of 36 is 80.6%" in row["message"]
    assert "cut off (29)" in row["message"]
    assert "35 (28 of 35)" in row["repair"]


def test_goals_in_place_of_people_are_told(published):
    rows = published.of_check("grim")
    (text,) = rows.loc[(rows["fact_id"] == "S0-11") & (rows["base"] == 36), "message"]
    assert "none of 72 (2 each), 86 of 108 (3 each), 115 of 144 (4 each)" in text


@pytest.mark.parametrize(
    ("fact_id", "feasible", "verdict"),
    [("S2-08", "74 or more", "possible"), ("S4-91", "161 or more", "unverifiable"),
     ("S1-09", "", "unverifiable")],
)  # fmt: skip
def test_bounds_have_the_counts_they_allow(published, fact_id, feasible, verdict):
    rows = published.of_check("grim")
    (row,) = rows[rows["fact_id"] == fact_id].to_dict("records")
    assert (row["feasible"], row["verdict"]) == (feasible, verdict)


def test_the_smallest_numbers_that_allow_eighteen_per_cent(published):
    assert "11, 17, 22, 28, 33 and 34" in message(published, "grim", "S1-11")


def test_the_power_is_told_with_the_figure(published):
    rows = published.of_check("grim")
    (text,) = rows.loc[(rows["fact_id"] == "S0-06") & (rows["base"] == 36), "message"]
    assert "only 37 of 101 whole percentages" in text
    assert "63% of wrong ones" in text
    (text,) = rows.loc[(rows["fact_id"] == "S0-06") & (rows["base"] == 123), "message"]
    assert "could not have failed" in text


def test_percentages_without_a_count_are_unverifiable(published):
    verdicts = published.verdicts().set_index("fact_id")["verdict"]
    assert verdicts[["S4-09", "S0-08", "S0-09", "S0-10"]].tolist() == ["unverifiable"] * 4


def test_the_smallest_joint_base_is_46(published):
    rows = published.of_check("joint_base")
    assert rows["fact_id"].tolist() == ["S0-05", "S0-06", "S0-11"]
    assert rows["base"].tolist() == [46] * 3


def test_the_milestones_column_switches_its_base(published):
    rows = published.of_check("base_search").set_index("fact_id")
    assert rows["feasible"].to_dict() == {
        "S1-18": "65% to 79%", "S1-25": "96% to 100%", "S1-32": "100%"
    }  # fmt: skip
    assert rows.loc["S1-18", "base_label"] == "retained"
    assert rows.loc["S1-25", "base_label"] == "started"
    repair = rows.loc["S1-18", "repair"]
    assert "started, 1 to change (Arguing Better: print 65%, or the count 27 for 79%)" in repair
    assert (
        "retained, 1 to change (Getting it Right for Children: print 100%, or the count 22"
        in repair
    )


def test_five_of_36_is_not_eighteen_per_cent(published):
    text = message(published, "agreement", "S1-11")
    assert "5 of 36 (13.9%; exact interval 4.7 to 29.5%)" in text
    assert "No count of 36 gives 18%" in text
    assert "p = 0.67" in text


def test_nine_of_36_are_unaccounted_for(published):
    text = message(published, "closure", "S1-40")
    assert "9 are unaccounted for" in text
    assert "61% of all 36, and 71% of the 31" in text


def test_sums_that_close(published):
    assert "79 + 44 = 123" in message(published, "closure", "S0-01")
    assert "80% + 20% = 100%" in message(published, "closure", "S4-35")
    assert "3 + 3 = 6" in message(published, "closure", "S4-54")
    assert "6 + 3 = 9" in message(published, "closure", "S4-27")
    assert "120 + 80 = 200" in message(published, "closure", "S4-88")


def test_a_sum_printed_again_is_no_evidence(published):
    assert "It repeats 80% + 20% = 100%" in message(published, "closure", "S4-34")


def test_the_cost_of_each_person_is_worked_out(published):
    assert "about \u00a31,250 each" in message(published, "closure", "S4-90")


def test_families_of_people_have_bounds_only(published):
    text = message(published, "unit", "S0-07")
    assert "28.5%" in text
    assert "44.3%" in text


def test_completers_over_referrals_are_no_rate(published):
    text = message(published, "censoring", "S0-04")
    assert "29%" in text
    assert "275 days" in text
    assert "36 days" in text
    assert "93 days" in message(published, "censoring", "S1-40")


def test_all_of_an_unknown_number_has_a_one_sided_bound(published):
    text = message(published, "interval", "S0-08")
    assert "92% if it was 36, at least 90% if it was 30 and at least 74% if it was 10" in text


def test_one_parent_is_disclosed_by_subtraction(published):
    rows = published.of_check("disclosure")
    assert "one person" in message(published, "disclosure", "S1-22")
    small = rows[rows["message"].str.contains("less")]
    assert small["fact_id"].tolist() == ["S1-21", "S1-22", "S1-28"]
    zeros = rows[rows["message"].str.contains("whoever")]
    assert zeros["fact_id"].tolist() == ["S1-24", "S1-29", "S1-31"]
    assert "domestic abuse" in message(published, "disclosure", "S1-39")


def test_under_a_threshold_of_ten_all_nine_differences_fail():
    rows = audit(read_facts(), policy="tre").of_check("disclosure")
    differences = rows[rows["message"].str.contains("less|whoever")]
    assert len(differences) == 9
    assert (differences["severity"] != "note").all()


def test_the_real_figures_hold_no_error_of_arithmetic_but_many_doubts(published):
    glance = published.glance().iloc[0]
    assert (glance["impossible"], published.is_impossible) == (0, False)
    assert glance["ambiguous"] == 9
    assert glance["n_facts"] == len(published.verdicts())


def test_unknown_options_are_refused():
    with pytest.raises(ParameterError, match="choose one of half_up"):
        audit(read_facts(), rounding="up")
    with pytest.raises(ParameterError):
        audit(read_facts(), policy="none")
    with pytest.raises(SchemaError, match="is not there"):
        audit("nowhere.csv")
