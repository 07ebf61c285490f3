"""Files that are empty, broken, or not what their name says."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl import Workbook

from rpcstats.data import check_extract
from rpcstats.data.raw import raw_column, raw_table
from rpcstats.data.reading import cell_text

SECRET = "Zqxwv77"
COUNCIL = """
council: northumberland
programmes: [parenting_when_separated, arguing_better]
period: {start: 2023-01-01, end: 2023-12-31}
data_cut: 2023-12-31
"""
HEADER = "area_id,area_name,level\n"


@pytest.fixture
def fault_of_areas(tmp_path, write_extract):
    def check(content: bytes | str, name: str = "areas.csv"):
        folder = write_extract(tmp_path, areas=None)
        data = content.encode() if isinstance(content, str) else content
        (folder / name).write_bytes(data)
        (fault,) = check_extract(folder, tables=["areas"])
        assert (fault.table, fault.severity) == ("areas", "error")
        assert SECRET not in str(fault)
        return fault

    return check


@pytest.mark.parametrize(
    ("content", "rule", "hint"),
    [
        ("", "empty file", "fill it"),
        ("\n\n , ,\n", "empty file", "fill it"),
        (HEADER, "no row below the header", "fill it"),
        (HEADER + "\n,,\n", "no row below the header", "fill it"),
        (HEADER.encode() + "A-1,Zürich,council".encode("latin-1"), "not UTF-8", "CSV UTF-8"),
        ((HEADER + f"A-1,{SECRET},council").encode("utf-16"), "not UTF-8", "CSV UTF-8"),
        (HEADER + f'A-1,"{SECRET},council', "a quotation mark is not closed", "export"),
        (b"PK\x03\x04" + SECRET.encode(), "a workbook with the name of a CSV", "rename it"),
    ],
)
def test_csv(fault_of_areas, content, rule, hint):
    fault = fault_of_areas(content)
    assert fault.rule.startswith(rule)
    assert hint in fault.hint


@pytest.mark.parametrize(
    ("name", "rule"),
    [
        ("areas.xlsx", "not a readable workbook"),
        ("areas.parquet", "not a readable Parquet file"),
    ],
)
def test_corrupt_files(fault_of_areas, name, rule):
    assert fault_of_areas(SECRET * 100, name).rule == rule
    assert fault_of_areas(b"PK\x03\x04" + SECRET.encode() * 100, name).rule == rule


def test_a_workbook_of_several_sheets_must_be_told_which(tmp_path, write_extract, tables):
    book = Workbook()
    book.create_sheet(SECRET)
    folder = write_extract(tmp_path, areas=None)
    book.save(folder / "areas.xlsx")
    (fault,) = check_extract(folder, tables=["areas"])
    assert fault.rule == "a workbook of several sheets"
    folder = write_extract(tmp_path, {"tables": {"areas": {"sheet": "Nowhere"}}}, areas=None)
    (fault,) = check_extract(folder, tables=["areas"])
    assert (fault.rule, SECRET in str(fault)) == ("missing sheet", False)


def test_missing_files_and_sheets(tmp_path, write_extract, tables):
    folder = write_extract(tmp_path, areas=None)
    (fault,) = check_extract(folder, tables=["areas"])
    assert str(fault).startswith("areas: missing table: add areas.csv, or name the file under")
    folder = write_extract(tmp_path, {"tables": {"areas": {"file": "A.csv"}}}, areas=None)
    (fault,) = check_extract(folder, tables=["areas"])
    assert (fault.rule, "tables.areas.file" in fault.hint) == ("missing file", True)
    folder = write_extract(tmp_path, {"workbook": "all.xlsx"}, areas=None)
    (fault,) = check_extract(folder, tables=["areas"])
    assert (fault.where, fault.rule) == ("council.yml.workbook", "missing file")
    Workbook().save(folder / "all.xlsx")
    entry = {"workbook": "all.xlsx", "tables": {"areas": {"sheet": "Places"}}}
    (fault,) = check_extract(write_extract(tmp_path, entry), tables=["areas"])
    assert (fault.rule, "tables.areas.sheet" in fault.hint) == ("missing sheet", True)
    (folder / "all.xlsx").write_bytes(b"broken")
    (fault,) = check_extract(folder, tables=["areas"])
    assert (fault.where, fault.rule) == ("council.yml.workbook", "not a readable workbook")


def test_no_table_at_all(tmp_path, write_extract, tables):
    (fault,) = check_extract(write_extract(tmp_path, **dict.fromkeys(tables)))
    assert fault.rule == "no table found"


def test_two_files_of_one_table(tmp_path, write_extract, tables):
    folder = write_extract(tmp_path)
    pd.DataFrame(tables["areas"]).to_parquet(folder / "areas.parquet")
    (fault,) = check_extract(folder, tables=["areas"])
    assert fault.rule == "several files of one table"


def test_an_unknown_kind_of_file(tmp_path, write_extract):
    folder = write_extract(tmp_path, {"tables": {"areas": {"file": "areas.ods"}}})
    (folder / "areas.ods").write_text("x")
    (fault,) = check_extract(folder, tables=["areas"])
    assert fault.rule == "unknown kind of file"


def test_missing_columns_are_told_with_a_guess(faults_of, tables):
    rows = [
        {"Session number" if key == "session_no" else key: cell for key, cell in row.items()}
        for row in tables["sessions"]
    ]
    told = [str(fault) for fault in faults_of(sessions=rows)]
    assert told == [
        "sessions.session_no: missing column: did you mean `Session number`? name the council's "
        "column under tables.sessions.columns.session_no in council.yml",
        "warning: sessions.`Session number`: ignored column: map it to session_no in council.yml, "
        "or delete it",
    ]


def test_a_file_without_a_header_row_shows_none_of_its_cells(tmp_path, write_extract):
    folder = write_extract(tmp_path, areas=None)
    (folder / "areas.csv").write_text(f"A-77,{SECRET},council\nA-78,Alnwick,council\n")
    told = "\n".join(map(str, check_extract(folder, tables=["areas"])))
    assert "is the first row of the file its header?" in told
    assert "areas.column A: ignored column" in told
    for cell in ("A-77", SECRET, "`council`"):
        assert cell not in told


def test_ragged_rows(tmp_path, write_extract):
    folder = write_extract(tmp_path, areas=None)
    (folder / "areas.csv").write_text(HEADER + f"A-1,Alnwick,council,{SECRET}\nA-2,Amble\n")
    told = [str(fault) for fault in check_extract(folder, tables=["areas"])]
    assert told == [
        "areas.level: empty cell (row 3): fill the cells, or leave the rows out",
        "warning: areas.column D: ignored column without a header: it is not read",
    ]


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, None),
        (" a ", " a "),
        (True, "true"),
        (np.False_, "false"),
        (123.0, "123"),
        (np.float64(2.5), "2.5"),
        (float("nan"), None),
        (7, "7"),
        (pd.NA, None),
        (pd.NaT, None),
        (pd.Timestamp("2023-01-02"), "2023-01-02"),
        (pd.Timestamp("2023-01-02 10:30"), "2023-01-02 10:30:00"),
        (pd.Timestamp("2023-01-02").date(), "2023-01-02"),
    ],
)
def test_cell_text(value, text):
    assert cell_text(value) == text


def test_empty_words_and_blanks():
    column = raw_column(0, " A  b ", ["x ", "\u00a0x", "", None, " n/a ", "NULL", "y"])
    assert column.header == "A b"
    assert column.texts == ("x", "y")
    assert column.codes.tolist() == [0, 0, -1, -1, -1, -1, 1]


@pytest.mark.parametrize(("position", "letter"), [(0, "A"), (25, "Z"), (26, "AA"), (701, "ZZ")])
def test_letters(position, letter):
    assert raw_column(position, "", []).letter == f"column {letter}"


@given(st.lists(st.one_of(st.none(), st.text(max_size=4)), max_size=30))
def test_every_cell_keeps_its_row(cells):
    raw = raw_table(["h"], [cells], np.arange(len(cells)) + 2)
    (column,) = raw.columns
    for row, code in zip(raw.rows, column.codes, strict=True):
        assert column.texts[code] == str(cells[row - 2]).replace("\u00a0", " ").strip()
    assert len(set(column.texts)) == len(column.texts)


@settings(max_examples=40, deadline=None)
@given(content=st.one_of(st.binary(max_size=200), st.text(max_size=200).map(str.encode)))
def test_whatever_a_file_holds_it_is_a_list_of_faults(tmp_path_factory, content):
    folder = tmp_path_factory.mktemp("any")
    (folder / "council.yml").write_text(COUNCIL)
    for name in ("areas.csv", "groups.parquet", "scores.xlsx"):
        (folder / name).write_bytes(content)
    faults = check_extract(folder)
    assert {fault.table for fault in faults if fault.severity == "error"} == {
        "areas",
        "groups",
        "scores",
    }


@settings(max_examples=60, deadline=None)
@given(data=st.data(), noise=st.text(max_size=20), header=st.booleans())
def test_no_message_shows_a_cell(tmp_path_factory, data, noise, header, all_tables):
    name = data.draw(st.sampled_from(sorted(all_tables)))
    rows = all_tables[name]
    column = data.draw(st.sampled_from(sorted(rows[0])))
    cell = noise + SECRET
    rows = [{**rows[0], column: cell, **({cell: cell} if header else {})}, *rows[1:]]
    folder = tmp_path_factory.mktemp("cell")
    (folder / "council.yml").write_text(COUNCIL)
    pd.DataFrame(rows).to_csv(folder / f"{name}.csv", index=False)
    told = "\n".join(map(str, check_extract(folder)))
    assert SECRET.casefold() not in told.casefold()
