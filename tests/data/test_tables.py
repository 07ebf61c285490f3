import re

import pytest

from rpcstats.data.tables import GSS_PATTERN, TABLES

KEYS = {
    "referrals": ("referral_id",),
    "episodes": ("episode_id",),
    "sessions": ("episode_id", "session_no"),
    "scores": ("subject_id", "instrument", "item", "occasion", "session_no", "respondent"),
    "groups": ("group_id",),
    "practitioners": ("practitioner_id",),
    "areas": ("area_id",),
    "area_periods": ("area_id", "period", "measure"),
}
SENSITIVE = {
    "referrals.decision_reason",
    "referrals.ethnicity",
    "referrals.send_child",
    "episodes.reason",
}


def test_eight_tables_with_their_keys():
    assert {name: table.key for name, table in TABLES.items()} == KEYS


@pytest.mark.parametrize("name", KEYS)
def test_every_column_is_described_once(name):
    table = TABLES[name]
    assert len(set(table.names())) == len(table.columns)
    assert set(table.key) <= set(table.names())
    for column in table.columns:
        assert column.description.endswith("."), column.name
        assert (column.kind == "code") == bool(column.codes or column.registry), column.name


@pytest.mark.parametrize("name", KEYS)
def test_references_point_at_keys(name):
    for column in TABLES[name].columns:
        for path in column.references:
            table, _, key = path.partition(".")
            assert TABLES[table].key == (key,)


def test_sensitive_columns_are_marked():
    marked = {
        f"{name}.{column.name}"
        for name, table in TABLES.items()
        for column in table.columns
        if column.sensitive
    }
    assert marked == SENSITIVE


def test_codes_are_in_the_order_of_the_field():
    outcome = TABLES["episodes"].column("outcome").codes
    assert outcome[:3] == ("completed", "not_completed", "dropped_out")
    occasion = TABLES["scores"].column("occasion").codes
    assert occasion == ("baseline", "session", "end", "m3", "m6", "m12")


@pytest.mark.parametrize("code", ["E06000057", "W06000001", "S12000036", "N09000001"])
def test_area_codes_fit(code):
    assert re.fullmatch(GSS_PATTERN, code)


@pytest.mark.parametrize("code", ["E0600005", "06000057E", "E060000578", "e06000057"])
def test_other_codes_do_not(code):
    assert re.fullmatch(GSS_PATTERN, code) is None
