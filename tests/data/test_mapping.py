import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rpcstats.data.mapping import match_columns, plain, resolve_codes, suggest_columns
from rpcstats.data.raw import raw_table
from rpcstats.data.table_mapping import TableMapping
from rpcstats.data.tables import TABLES

SESSIONS = TABLES["sessions"]
YES_NO = ("yes", "no", "unknown")


def raw_of(*headers):
    return raw_table(headers, [["x"]] * len(headers), np.array([2]))


@pytest.mark.parametrize(
    ("written", "wanted"),
    [
        ("In person", "in_person"),
        (" one-to-one ", "one_to_one"),
        ("20\u201329", "20_29"),
        ("50+", "50_plus"),
        ("Me, You and Baby Too", "me_you_and_baby_too"),
        ("NON_RESIDENT", "non_resident"),
    ],
)
def test_plain_forms(written, wanted):
    assert plain(written) == wanted


@given(st.text())
def test_plain_twice_is_plain_once(text):
    assert plain(plain(text)) == plain(text)


def test_headers_match_by_our_name_and_by_theirs():
    mapping = TableMapping(columns={"held_on": "Date of session"})
    raw = raw_of(" Episode ID ", "SESSION_NO", "date  of Session", "attended", "Room")
    matched, faults = match_columns(SESSIONS, raw, mapping)
    assert faults == []
    assert {name: column.position for name, column in matched.columns.items()} == {
        "episode_id": 0,
        "session_no": 1,
        "held_on": 2,
        "attended": 3,
    }
    assert [column.header for column in matched.ignored] == ["Room"]


def test_a_mapped_column_is_not_taken_by_our_name():
    mapping = TableMapping(columns={"held_on": "Other day"})
    matched, _ = match_columns(SESSIONS, raw_of("held_on", "Other day"), mapping)
    assert matched.columns["held_on"].position == 1
    assert [column.header for column in matched.ignored] == ["held_on"]


def test_a_named_column_that_is_not_there():
    mapping = TableMapping(columns={"held_on": "Zqx"})
    _, faults = match_columns(SESSIONS, raw_of("episode_id"), mapping)
    assert [str(fault) for fault in faults] == [
        "sessions.held_on: the column named in council.yml is not in the file: "
        "mend tables.sessions.columns.held_on in council.yml"
    ]


def test_a_column_there_twice():
    matched, faults = match_columns(SESSIONS, raw_of("mode", "Mode"), TableMapping())
    assert matched.columns["mode"].position == 0
    assert [fault.rule for fault in faults] == ["a column is there twice"]


def test_suggestions():
    headers = ["Episode Id", "Session number", "date held", "Attended", "Zebra"]
    assert suggest_columns(headers, SESSIONS) == {
        "episode_id": "Episode Id",
        "session_no": "Session number",
        "attended": "Attended",
        "held_on": "date held",
    }


def test_codes_by_name_by_mapping_and_by_neither():
    own = {"f": "female", "Not  stated": "unknown", "-": None}
    texts = ["F", "MALE", "not stated", "-", "Zqx"]
    found = resolve_codes(texts, ("female", "male", "unknown"), own, {})
    assert found == ["female", "male", "unknown", "", None]


def test_a_mapping_wins_over_our_own_name():
    assert resolve_codes(["other"], ("other", "unknown"), {"other": "unknown"}, {}) == ["unknown"]


def test_names_of_registry_entries():
    names = {plain("Arguing Better"): "arguing_better"}
    assert resolve_codes(["Arguing better"], ("arguing_better",), {}, names) == ["arguing_better"]


@pytest.mark.parametrize(
    ("texts", "wanted"),
    [
        (["Yes", "NO"], ["yes", "no"]),
        (["TRUE", "False"], ["yes", "no"]),
        (["1", "0"], ["yes", "no"]),
        (["1", "0", "unknown"], ["yes", "no", "unknown"]),
        (["Y", "n", "unknown"], ["yes", "no", "unknown"]),
        (["1", "2"], [None, None]),
        (["1", "0", "9"], [None, None, None]),
        (["yes", "1", "maybe"], ["yes", None, None]),
    ],
)
def test_truth_values_only_where_unambiguous(texts, wanted):
    assert resolve_codes(texts, YES_NO, {}, {}) == wanted


def test_truth_values_are_for_yes_and_no_only():
    assert resolve_codes(["1", "true"], ("female", "male"), {}, {}) == [None, None]


@given(st.lists(st.sampled_from(TABLES["referrals"].column("source").codes), min_size=1))
def test_every_spelling_of_a_code_is_the_code(codes):
    texts = [code.replace("_", " ").title() for code in codes]
    own = TABLES["referrals"].column("source").codes
    assert resolve_codes(texts, own, {}, {}) == codes
