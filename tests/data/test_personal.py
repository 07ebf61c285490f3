"""Personal data are refused wherever they stand, and opaque ids never are."""

import uuid
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rpcstats.data.personal_headers import is_safe, personal_word
from rpcstats.data.personal_patterns import IN_PERSON_IDS, IN_UNMAPPED

PERSONAL = "personal data"


def add(rows, header, cells):
    return [{**row, header: cell} for row, cell in zip(rows, cells, strict=True)]


def personal(faults):
    return [fault for fault in faults if fault.rule == PERSONAL]


@pytest.mark.parametrize(
    ("header", "word"),
    [
        ("Name", "name"),
        ("Surname", "surname"),
        ("Forename(s)", "forename"),
        ("First Name", "name"),
        ("firstName", "name"),
        ("parent_name", "name"),
        ("DOB", "dob"),
        ("Date of Birth", "of birth"),
        ("child d.o.b.", "d o b"),
        ("Postcode", "postcode"),
        ("Post Code", "post code"),
        ("E-mail", "e mail"),
        ("Email Address", "address"),
        ("Mobile", "mobile"),
        ("Contact Number", "contact number"),
        ("Tel.", "tel"),
        ("NHS No.", "nhs no"),
        ("Address Line 1", "address"),
        ("Case Notes", "notes"),
        ("COMMENTS", "comments"),
        ("Area name", None),
        ("School name", None),
        ("Programme Name", None),
        ("Date of referral", None),
        ("Ref No", None),
        ("Instrument", None),
        ("held_on", None),
    ],
)
def test_headers(header, word):
    assert personal_word(header) == word


def test_a_header_is_refused_even_where_its_cells_are_empty_of_harm(faults_alone, tables):
    rows = add(tables["areas"], "Contact e-mail", ["x"])
    (fault,) = faults_alone(areas=rows)
    assert str(fault) == (
        "areas.column G: personal data: the header says `e mail`: delete the column from the file"
    )


CONTENTS = [
    ("zqx.parent@example.org", "e-mail addresses"),
    ("see zqx@example.org", "e-mail addresses"),
    ("NE61 2EF", "postcodes"),
    ("ne61  2ef", "postcodes"),
    ("07700 900123", "telephone numbers"),
    ("+44 7700 900123", "telephone numbers"),
    ("(01670) 500123", "telephone numbers"),
    ("07700900123", "telephone numbers"),
    ("943 476 5919", "NHS numbers"),
    ("943-476-5919", "NHS numbers"),
    ("9434765919", "NHS numbers"),
    ("Mrs Zqxley", "names"),
    ("dr. zqxley", "names"),
    ("Jane Zqxley", "names"),
    ("Zqxley, Jane", "names"),
    ("Mary-Ann O'Zqxley", "names"),
    ("Zo\u00eb Zqxley Jones", "names"),
    ("she asked to be called back on Monday", "free text"),
    ("two lines\nof zqx", "free text"),
]


@pytest.mark.parametrize(("cell", "kind"), CONTENTS)
@pytest.mark.parametrize("column", ["Extra", "person_id", "sex"])
def test_contents_of_unmapped_id_and_code_columns(faults_alone, tables, cell, kind, column):
    rows = tables["referrals"]
    usual = ["male"] * 5 if column == "sex" else [f"X-{place}" for place in range(5)]
    cells = [*usual[:2], cell, *usual[3:]]
    faults = faults_alone(referrals=add(rows, column, cells))
    found = [fault for fault in personal(faults) if f"cells look like {kind}:" in fault.hint]
    assert [(fault.n, fault.rows) for fault in found] == [(1, (4,))]
    assert found[0].column == ("column T" if column == "Extra" else column)
    assert found[0].hint.endswith("delete the column from the file")
    told = "\n".join(map(str, faults))
    assert cell not in told
    assert "zqx" not in told.casefold()


@pytest.mark.parametrize(
    ("table", "column", "cell", "kind"),
    [
        ("scores", "item", "Mrs Zqxley", "names"),
        ("scores", "item", "I want to shout less at bedtime", "free text"),
        ("scores", "value", "07700 900123", "telephone numbers"),
        ("sessions", "held_on", "zqx@example.org", "e-mail addresses"),
        ("practitioners", "agency", "zqx@example.org", "e-mail addresses"),
        ("areas", "area_name", "NE61 2EF", "postcodes"),
        ("area_periods", "measure", "zqx@example.org", "e-mail addresses"),
    ],
)
def test_contents_of_other_columns(faults_alone, tables, table, column, cell, kind):
    rows = [{**row, column: cell} if not at else row for at, row in enumerate(tables[table])]
    faults = personal(faults_alone(**{table: rows}))
    assert [(fault.column, fault.rows) for fault in faults] == [(column, (2,))]
    assert kind in faults[0].hint
    assert cell not in str(faults[0])


def test_places_and_organisations_have_names(faults_alone, tables):
    areas = [{**row, "area_name": "Dr Grey's Surgery, Hexham"} for row in tables["areas"]]
    workers = [{**row, "agency": "Jane Zqxley Trust"} for row in tables["practitioners"]]
    assert faults_alone(areas=areas, practitioners=workers) == []


def test_first_names_as_ids_of_workers(faults_alone, tables):
    rows = [
        {**row, "practitioner_id": name}
        for row, name in zip(tables["practitioners"], ["Zqxa", "Zqxb"], strict=True)
    ]
    faults = personal(faults_alone(practitioners=rows))
    assert [(fault.column, fault.n) for fault in faults] == [("practitioner_id", 2)]
    assert "first names or surnames" in faults[0].hint


@pytest.mark.parametrize("day", ["1985-06-14", "2004-12-31"])
def test_dates_of_birth_in_a_date_column(faults_alone, tables, day):
    rows = [{**row, "screened_on": day} for row in tables["referrals"][:1]]
    faults = personal(faults_alone(referrals=rows + tables["referrals"][1:]))
    assert [(fault.column, fault.rows) for fault in faults] == [("screened_on", (2,))]
    assert "dates of birth" in faults[0].hint
    assert day not in str(faults[0])


def test_training_may_lie_long_before(faults_alone, tables):
    early = [{**row, "trained_on": "1995-06-14"} for row in tables["practitioners"]]
    assert faults_alone(practitioners=early) == []
    born = [{**row, "trained_on": "1975-06-14"} for row in tables["practitioners"]]
    assert [fault.column for fault in personal(faults_alone(practitioners=born))] == ["trained_on"]


@pytest.mark.parametrize("form", ["%Y-%m-%d", "%d/%m/%Y", "%m-%d-%Y"])
def test_dates_of_birth_in_an_unmapped_column(faults_alone, tables, form):
    days = [date(1980 + year, 5, 20).strftime(form) for year in range(5)]
    (fault,) = personal(faults_alone(referrals=add(tables["referrals"], "When", days)))
    assert (fault.column, fault.n) == ("column T", 5)
    assert days[0] not in str(fault)


def test_recent_dates_in_an_unmapped_column_are_ignored(faults_alone, tables):
    days = [f"2023-03-0{day}" for day in range(1, 6)]
    (fault,) = faults_alone(referrals=add(tables["referrals"], "Date closed", days))
    assert (fault.rule, fault.severity) == ("ignored column", "warning")


def test_a_mobile_whose_zero_a_spreadsheet_took(faults_alone, tables):
    cells = [7700900120 + place for place in range(5)]
    (fault,) = personal(faults_alone(referrals=add(tables["referrals"], "Contact", cells)))
    assert "telephone numbers without the leading zero" in fault.hint


@pytest.mark.parametrize("column", ["Extra", "family_id"])
def test_a_column_of_postcodes_without_blanks(faults_alone, tables, column):
    cells = ["NE612EF", "NE11AA", "SW1A1AA", "S11AA", "W1A0AX"]
    faults = personal(faults_alone(referrals=add(tables["referrals"], column, cells)))
    assert [fault.n for fault in faults] == [5]


def test_a_header_that_is_a_cell_is_not_shown(faults_alone, tables):
    rows = add(tables["areas"], "zqx@example.org", ["1"])
    assert "zqx" not in "\n".join(map(str, faults_alone(areas=rows)))


@pytest.mark.parametrize(
    ("header", "safe"),
    [
        ("Date of referral", True),
        ("Ref No", True),
        ("sessionNo", True),
        ("Jane Zqxley", False),
        ("P-00123", False),
        ("in_person", False),
        ("2023-01-01", False),
        ("Smith family", False),
        ("", False),
    ],
)
def test_only_sure_headers_are_shown(header, safe):
    assert is_safe(header) is safe


def test_mapped_codes_are_vouched_for(faults_alone, tables):
    rows = [{**row, "sex": "Gender Fluid"} for row in tables["referrals"]]
    assert [fault.column for fault in personal(faults_alone(referrals=rows))] == ["sex"]
    entry = {"tables": {"referrals": {"codes": {"sex": {"Gender Fluid": "other"}}}}}
    assert faults_alone(entry, referrals=rows) == []


@pytest.mark.parametrize(
    "cell", ["Early Help", "White British", "Triple P", "Baby Steps", "Not Known", "In Person"]
)
def test_words_of_the_field_are_no_names(faults_alone, tables, cell):
    (fault,) = faults_alone(referrals=add(tables["referrals"], "Route", [cell] * 5))
    assert fault.rule == "ignored column"


prefixed = st.from_regex(r"[A-Z]{1,6}[-_/ ]?[0-9]{1,9}", fullmatch=True)
dated = st.from_regex(r"[A-Z]{2,6}-20[0-9]{2}-[0-9]{3}", fullmatch=True)
padded = st.integers(min_value=0, max_value=99_999_999).map("{:010d}".format)
numbers = st.integers(min_value=1, max_value=999_999_999).map(str)
uuids = st.uuids(version=4).map(str)
# A hash of nothing but digits may well be a telephone number.
hashes = st.binary(min_size=4, max_size=16).map(bytes.hex).filter(lambda text: not text.isdigit())
slugs = st.from_regex(r"[a-z]{1,8}[-_][0-9]{1,6}", fullmatch=True)


@pytest.mark.parametrize("detectors", [IN_PERSON_IDS, IN_UNMAPPED], ids=["ids", "unmapped"])
@given(
    st.one_of(
        *(
            st.lists(ids, min_size=1, max_size=30, unique=True)
            for ids in (prefixed, dated, padded, numbers, uuids, hashes, slugs)
        )
    )
)
def test_opaque_ids_raise_no_alarm(detectors, ids):
    for kind, detector in detectors.items():
        assert not any(detector(ids)), kind


@given(st.integers(min_value=1_000_000_000, max_value=9_900_000_000), st.integers(3, 200))
def test_running_numbers_of_ten_digits_raise_no_alarm(start, n):
    ids = [str(start + place) for place in range(n)]
    for kind, detector in IN_PERSON_IDS.items():
        assert not any(detector(ids)), kind


def test_real_looking_ids_read_without_a_fault(faults_alone, tables):
    ids = [str(uuid.UUID(int=place << 96 | 0x4000 << 64)) for place in range(5)]
    rows = add(tables["referrals"], "family_id", ids)
    assert faults_alone(referrals=rows) == []
