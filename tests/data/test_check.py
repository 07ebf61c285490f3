"""Every rule, with a fault planted: how often, in which rows, and nothing of the cells."""

import pytest

from rpcstats.data.check import RULES

SECRET = "Zqxwv77"


def only(faults, rule):
    (fault,) = [found for found in faults if found.rule == rule]
    return fault


def change(rows, place, **cells):
    return [{**row, **cells} if at == place else row for at, row in enumerate(rows)]


CELLS = [
    (
        "referrals",
        {"sex": SECRET},
        "sex",
        "unknown code",
        "map them under tables.referrals.codes.sex",
    ),
    ("referrals", {"sex": None}, "sex", "empty cell", "fill the cells"),
    (
        "referrals",
        {"referred_on": SECRET},
        "referred_on",
        "not a date",
        "write dates as YYYY-MM-DD",
    ),
    ("referrals", {"referred_on": "2023-02-30"}, "referred_on", "not a date", "YYYY-MM-DD"),
    (
        "referrals",
        {"referred_on": "13/01/2023"},
        "referred_on",
        "not a date",
        "dates look like day/month/year: set `date_format: day/month/year` in council.yml",
    ),
    (
        "referrals",
        {"referred_on": "01/13/2023"},
        "referred_on",
        "not a date",
        "set `date_format: month/day/year` in council.yml",
    ),
    (
        "referrals",
        {"referred_on": "01/02/2023"},
        "referred_on",
        "not a date",
        "set `date_format: day/month/year` or `date_format: month/day/year`",
    ),
    (
        "referrals",
        {"referred_on": "44930"},
        "referred_on",
        "not a date",
        "format the column as a date",
    ),
    ("referrals", {"referred_on": "05/01/23"}, "referred_on", "not a date", "four digits"),
    ("referrals", {"imd_decile": 11}, "imd_decile", "out of range", "at least 1 and at most 10"),
    ("referrals", {"imd_decile": 2.5}, "imd_decile", "not a whole number", "digits only"),
    ("referrals", {"programme": SECRET}, "programme", "unknown code", "under `programmes`"),
    ("referrals", {"programme": "sfsc"}, "programme", "unknown code", "under `programmes`"),
    ("referrals", {"family_id": "1.23E+11"}, "family_id", "id in scientific notation", "as text"),
    ("referrals", {"family_id": "#N/A"}, "family_id", "error value of a spreadsheet", "formula"),
    ("referrals", {"family_id": "#REF!"}, "family_id", "error value of a spreadsheet", "formula"),
    ("scores", {"instrument": SECRET}, "instrument", "unknown code", "instruments registry"),
    ("scores", {"value": SECRET}, "value", "not a number", "digits only"),
    ("scores", {"respondent": SECRET}, "respondent", "unknown code", "self, partner"),
    ("scores", {"respondent": None}, "respondent", "empty cell", "fill the cells"),
    ("scores", {"value": "3,5"}, "value", "not a number", "write decimals with a point"),
    ("area_periods", {"population": "1,900"}, "population", "not a whole number", "commas"),
    ("area_periods", {"period": SECRET}, "period", "not a month", "YYYY-MM"),
    (
        "areas",
        {"gss_code": "X99"},
        "gss_code",
        "not a code of the Government Statistical Service",
        "eight digits",
    ),
    ("sessions", {"session_no": 0}, "session_no", "out of range", "at least 1"),
]


@pytest.mark.parametrize(("table", "cells", "column", "rule", "hint"), CELLS)
def test_cells(faults_alone, tables, table, cells, column, rule, hint):
    faults = faults_alone(**{table: change(tables[table], 0, **cells)})
    fault = only(faults, rule)
    assert (fault.table, fault.column, fault.n, fault.rows) == (table, column, 1, (2,))
    assert fault.severity == "error"
    assert hint in fault.hint
    for value in cells.values():
        assert value is None or str(value) not in str(fault).replace("2024-01-02", "")


ACROSS = [
    ("referrals", 1, {"screened_on": "2022-12-31"}, "screened_on", "earlier than referred_on"),
    (
        "referrals",
        2,
        {"decision_reason": "other"},
        "decision_reason",
        "a reason though the referral was not found inappropriate",
    ),
    (
        "episodes",
        0,
        {"enrolled_on": "2023-01-02"},
        "enrolled_on",
        "earlier than the referral or the screening",
    ),
    (
        "episodes",
        1,
        {"started_on": "2023-01-19"},
        "started_on",
        "earlier than the referral, the screening or the enrolment",
    ),
    (
        "episodes",
        1,
        {"ended_on": "2023-01-31"},
        "ended_on",
        "earlier than the referral, the screening, the enrolment or the start",
    ),
    ("episodes", 3, {"outcome": "open"}, "outcome", "`open` though the episode has ended"),
    ("episodes", 3, {"ended_on": None}, "ended_on", "empty though the outcome is not `open`"),
    ("episodes", 3, {"started_on": "2023-01-30"}, "started_on", "does not agree with the outcome"),
    ("episodes", 0, {"started_on": None}, "started_on", "does not agree with the outcome"),
    (
        "episodes",
        0,
        {"reason": "other"},
        "reason",
        "a reason though the outcome is not `dropped_out`",
    ),
    (
        "episodes",
        0,
        {"outcome": "not_completed"},
        "outcome",
        "`not_completed` though enough sessions were attended for the programme's rule",
    ),
    (
        "episodes",
        1,
        {"outcome": "completed"},
        "outcome",
        "`completed` though too few sessions were attended for the programme's rule",
    ),
    (
        "episodes",
        0,
        {"referral_id": SECRET},
        "referral_id",
        "an id that referrals.referral_id does not hold",
    ),
    ("episodes", 0, {"group_id": SECRET}, "group_id", "an id that groups.group_id does not hold"),
    ("sessions", 5, {"session_no": 7}, "session_no", "more than the sessions planned"),
    ("sessions", 5, {"held_on": "2023-03-09"}, "held_on", "attended after the episode ended"),
    ("sessions", 0, {"held_on": "2023-01-31"}, "held_on", "attended before the episode started"),
    (
        "scores",
        1,
        {"subject_id": SECRET},
        "subject_id",
        "an id that episodes.episode_id or practitioners.practitioner_id does not hold",
    ),
    ("scores", 1, {"value": 10.5}, "value", "outside the range of the instrument"),
    ("scores", 1, {"value": -1}, "value", "outside the range of the instrument"),
    ("scores", 1, {"session_no": None}, "occasion", "`session` without a number of the session"),
    ("scores", 1, {"rated_on": None}, "rated_on", "empty though there is a rating"),
    (
        "scores",
        2,
        {"occasion": "baseline", "session_no": 1},
        "occasion",
        "a second baseline, end form or follow-up of the same item",
    ),
    (
        "scores",
        1,
        {"rated_on": "2023-01-31"},
        "rated_on",
        "a goal rated before it was set: earlier than its baseline",
    ),
    (
        "scores",
        0,
        {"occasion": "m3", "rated_on": "2023-01-31"},
        "rated_on",
        "rated before the course began",
    ),
    (
        "scores",
        0,
        {"rated_on": "2022-12-31"},
        "rated_on",
        "a baseline earlier than the referral",
    ),
    ("scores", 1, {"session_no": 7}, "session_no", "more than the sessions planned"),
    (
        "practitioners",
        1,
        {"first_delivered_on": "2022-04-30"},
        "first_delivered_on",
        "earlier than a date that comes before it",
    ),
    (
        "practitioners",
        1,
        {"last_delivered_on": "2022-08-31"},
        "last_delivered_on",
        "earlier than a date that comes before it",
    ),
    (
        "practitioners",
        1,
        {"left_on": "2022-04-30"},
        "left_on",
        "earlier than a date that comes before it",
    ),
    ("areas", 0, {"parent_id": "A-1"}, "parent_id", "an area that is part of itself"),
    ("areas", 0, {"parent_id": SECRET}, "parent_id", "an id that areas.area_id does not hold"),
    (
        "groups",
        0,
        {"lead_id": SECRET},
        "lead_id",
        "an id that practitioners.practitioner_id does not hold",
    ),
    ("area_periods", 1, {"area_id": SECRET}, "area_id", "an id that areas.area_id does not hold"),
]
WARNED = [
    ("referrals", 1, {"referred_on": "2022-12-30"}, "referred_on", "outside the period"),
    ("referrals", 1, {"person_id": "P-0001"}, "person_id", "referred again within 28 days"),
    ("sessions", 2, {"held_on": "2023-02-07"}, "held_on", "earlier than the session before it"),
    ("groups", 0, {"sessions_planned": 7}, "sessions_planned", "differs from the programme's"),
    ("groups", 0, {"co_id": "W-1"}, "co_id", "the same practitioner leads and assists"),
    ("area_periods", 2, {"events": 901}, "events", "more events than population"),
    (
        "episodes",
        0,
        {"referral_id": "R-0005"},
        "referral_id",
        "the referral was not found appropriate",
    ),
]


@pytest.mark.parametrize(
    ("severity", "table", "place", "cells", "column", "rule"),
    [("error", *case) for case in ACROSS] + [("warning", *case) for case in WARNED],
)
def test_rows_and_tables(faults_of, tables, severity, table, place, cells, column, rule):
    faults = faults_of(**{table: change(tables[table], place, **cells)})
    fault = only(faults, rule)
    assert (fault.table, fault.column, fault.n) == (table, column, 1)
    assert fault.rows == (place + 2,)
    assert fault.severity == severity
    assert fault.hint
    assert SECRET not in "\n".join(map(str, faults))


def test_another_programme_than_the_referral(faults_of, tables):
    rows = change(tables["referrals"], 0, programme="arguing_better")
    rule = "the group follows another programme than the referral names"
    fault = only(faults_of(referrals=rows), rule)
    assert (fault.severity, fault.rows) == ("warning", (2,))


def test_a_couple_of_three(faults_of, tables):
    rows = [{**row, "couple_id": "C-1"} for row in tables["referrals"][:3]]
    fault = only(
        faults_of(referrals=rows + tables["referrals"][3:]), "a couple of more than two persons"
    )
    assert (fault.n, fault.rows) == (3, (2, 3, 4))
    two = [{**row, "couple_id": "C-1"} for row in tables["referrals"][:2]]
    assert faults_of(referrals=two + tables["referrals"][2:]) == []


def test_duplicate_keys(faults_of, tables):
    faults = faults_of(areas=tables["areas"] * 3)
    fault = only(faults, "the same area_id as an earlier row")
    assert (fault.n, fault.rows) == (2, (3, 4))
    scores = tables["scores"] + tables["scores"][:1]
    (fault,) = faults_of(scores=scores)
    assert fault.rule.startswith("the same subject_id + instrument + item + occasion + session_no")
    assert fault.rows == (5,)


def test_many_rows_are_counted_and_the_first_shown(faults_of, tables):
    rows = [{**row, "mode": SECRET} for row in tables["sessions"]]
    fault = only(faults_of(sessions=rows), "unknown code")
    assert (fault.n, fault.rows) == (14, (2, 3, 4, 5, 6))
    assert "(14 rows, first 2, 3, 4, 5, 6)" in str(fault)
    assert SECRET not in str(fault)


def test_gaps_in_the_grid(faults_of, tables):
    rows = [tables["area_periods"][0], {**tables["area_periods"][2], "period": "2023-05"}]
    (fault,) = faults_of(area_periods=rows)
    assert (fault.n, fault.rows, fault.severity) == (3, (), "warning")
    assert "(3 times)" in str(fault)


def test_a_practitioner_may_be_the_subject(faults_of, tables):
    rated = {"session_no": None, "occasion": "end", "respondent": "practitioner"}
    known = change(tables["scores"], 1, subject_id="W-1", **rated)
    assert faults_of(scores=known[:2]) == []
    unknown = change(tables["scores"], 1, subject_id="W-9", **rated)
    assert faults_of(scores=unknown[:2], practitioners=None, groups=None) == []
    assert faults_of(scores=unknown[:2]) != []


def test_totals_have_ranges_where_totals_are_scored(faults_of, tables):
    rows = [{**row, "instrument": "wemwbs", "value": 3} for row in tables["scores"]]
    assert faults_of(scores=rows) == []
    fault = only(
        faults_of(scores=change(rows, 0, item="Total")), "outside the range of the instrument"
    )
    assert fault.rows == (2,)


def test_the_programmes_rule_can_be_the_councils(faults_of, tables):
    rows = change(tables["episodes"], 1, outcome="completed")
    rules = {"programme_rules": {"parenting_when_separated": {"minimum_attended": 3}}}
    assert faults_of(rules, episodes=rows) == []


def test_a_shorter_group_asks_for_no_more_than_it_has(faults_of, tables):
    sessions = [row for row in tables["sessions"] if row["session_no"] <= 3]
    groups = change(tables["groups"], 0, sessions_planned=3)
    faults = faults_of(groups=groups, sessions=sessions)
    assert [fault.severity for fault in faults] == ["warning"]


def test_faults_hide_no_other_faults(faults_of, tables):
    faults = faults_of(
        referrals=change(tables["referrals"], 0, sex=SECRET, source=SECRET, referred_on=SECRET),
        sessions=change(tables["sessions"], 0, attended=SECRET, session_no=SECRET),
        areas=tables["areas"] * 2,
        scores=change(tables["scores"], 0, value=99),
    )
    where = {(fault.where, fault.rule) for fault in faults if fault.severity == "error"}
    assert where >= {
        ("referrals.sex", "unknown code"),
        ("referrals.source", "unknown code"),
        ("referrals.referred_on", "not a date"),
        ("sessions.attended", "unknown code"),
        ("sessions.session_no", "not a whole number"),
        ("areas.area_id", "the same area_id as an earlier row"),
        ("scores.value", "outside the range of the instrument"),
    }
    assert SECRET not in "\n".join(map(str, faults))


def test_every_rule_is_planted_here():
    planted = {(f"{table}.{column}", rule) for table, _, _, column, rule in (*ACROSS, *WARNED)}
    planted |= {
        ("referrals.couple_id", "a couple of more than two persons"),
        ("episodes.group_id", "the group follows another programme than the referral names"),
    }
    assert {(rule.where, rule.text) for rule in RULES} <= planted
