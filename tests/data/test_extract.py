import hashlib
from datetime import date

import pandas as pd
import pytest
import yaml

from rpcstats.data import check_extract, read_extract
from rpcstats.data.tables import TABLES
from rpcstats.errors import ParameterError, SchemaError


def typed(name, rows):
    """Give a frame whose dates and numbers are real ones, as a spreadsheet holds them."""
    frame = pd.DataFrame(rows)
    for column in TABLES[name].columns:
        if column.name in frame and column.kind == "date":
            frame[column.name] = pd.to_datetime(frame[column.name])
    return frame


def write_workbook(path, tables):
    with pd.ExcelWriter(path, engine="openpyxl") as book:
        for name, rows in tables.items():
            typed(name, rows).to_excel(book, sheet_name=name, index=False)


def assert_same(one, other):
    assert dict(one.n_rows) == dict(other.n_rows)
    for name in one.n_rows:
        pd.testing.assert_frame_equal(one.table(name), other.table(name))


def test_a_good_extract_has_no_fault(extract_folder):
    assert check_extract(extract_folder) == []
    extract = read_extract(extract_folder)
    assert dict(extract.n_rows) == {
        "referrals": 5,
        "episodes": 4,
        "sessions": 14,
        "scores": 3,
        "groups": 1,
        "practitioners": 2,
        "areas": 1,
        "area_periods": 3,
    }
    assert extract.council.name == "Northumberland"
    assert list(extract.programmes) == ["parenting_when_separated", "arguing_better"]


def test_types(extract_folder):
    extract = read_extract(extract_folder)
    for name in extract.n_rows:
        frame = extract.table(name)
        order = [column for column in TABLES[name].names() if column in frame]
        assert list(frame.columns) == order
        for column in (TABLES[name].column(name_) for name_ in order):
            dtype = frame[column.name].dtype
            if column.kind == "date":
                assert pd.api.types.is_datetime64_dtype(dtype)
            elif column.kind == "code":
                assert isinstance(dtype, pd.CategoricalDtype)
                assert not column.codes or tuple(dtype.categories) == column.codes
            elif column.kind == "integer":
                assert dtype == ("Int64" if column.nullable else "int64")
            elif column.kind == "number":
                assert dtype == "float64"
            else:
                assert pd.api.types.is_string_dtype(frame[column.name].dropna())
    assert list(extract.table("referrals")["programme"].cat.categories) == [
        "parenting_when_separated",
        "arguing_better",
    ]
    assert extract.table("episodes")["started_on"].isna().tolist() == [False, False, False, True]


def test_tables_are_copies(extract_folder):
    extract = read_extract(extract_folder)
    frame = extract.table("areas")
    frame.loc[0, "area_id"] = "changed"
    assert extract.table("areas")["area_id"].tolist() == ["A-1"]


def test_files_and_their_hashes(extract_folder):
    files = read_extract(extract_folder).files
    assert sorted(files) == sorted(path.name for path in extract_folder.iterdir())
    content = (extract_folder / "sessions.csv").read_bytes()
    assert files["sessions.csv"] == hashlib.sha256(content).hexdigest()


def test_only_the_tables_asked_for(extract_folder):
    extract = read_extract(extract_folder, tables=["sessions", "episodes"])
    assert list(extract.n_rows) == ["episodes", "sessions"]
    assert extract.has("sessions")
    assert not extract.has("scores")
    assert sorted(extract.files) == ["council.yml", "episodes.csv", "sessions.csv"]
    with pytest.raises(SchemaError, match=r"has no table `scores`: add scores\.csv"):
        extract.table("scores")
    with pytest.raises(SchemaError, match=r"has no table `score`: did you mean scores"):
        extract.table("score")


def test_a_table_the_schema_does_not_have(extract_folder):
    with pytest.raises(ParameterError, match=r"`session`: did you mean sessions"):
        read_extract(extract_folder, tables=["session"])


def test_csv_parquet_and_workbook_are_the_same(tmp_path, write_extract, tables):
    from_csv = read_extract(write_extract(tmp_path / "csv"))
    nothing = dict.fromkeys(tables)
    parquet = write_extract(tmp_path / "parquet", **nothing)
    for name, rows in tables.items():
        typed(name, rows).to_parquet(parquet / f"{name}.parquet")
    assert_same(from_csv, read_extract(parquet))
    book = write_extract(tmp_path / "book", {"workbook": "all.xlsx"}, **nothing)
    write_workbook(book / "all.xlsx", tables)
    assert_same(from_csv, read_extract(book))
    assert sorted(read_extract(book).files) == ["all.xlsx", "council.yml"]
    apart = write_extract(tmp_path / "apart", **nothing)
    for name, rows in tables.items():
        write_workbook(apart / f"{name}.xlsx", {name: rows})
    assert_same(from_csv, read_extract(apart))


def test_a_typed_frame_written_to_parquet_comes_back(extract_folder, tmp_path, write_extract):
    first = read_extract(extract_folder)
    again = write_extract(tmp_path / "again", **dict.fromkeys(first.n_rows))
    for name in first.n_rows:
        first.table(name).to_parquet(again / f"{name}.parquet")
    assert_same(first, read_extract(again))


def test_the_mess_of_spreadsheets(tmp_path, write_extract, tables):
    clean = read_extract(write_extract(tmp_path / "clean"))
    folder = write_extract(tmp_path / "messy", sessions=None)
    lines = ["\ufeff Episode ID ;SESSION_NO;Held on;attended;Mode;;"]
    for row in tables["sessions"]:
        there = "TRUE" if row["attended"] == "yes" else "False"
        lines.append(
            f" {row['episode_id']};{row['session_no']}.0;{row['held_on']};{there};Online ;;"
        )
    lines += [";;;;;;", "", ";;;;;;"]
    (folder / "sessions.csv").write_bytes("\r\n".join(lines).encode("utf-8"))
    assert check_extract(folder) == []
    assert_same(clean, read_extract(folder))


def test_ids_read_as_numbers(tmp_path, write_extract, tables):
    rows = [{**row, "area_id": "101"} for row in tables["areas"]]
    other = {
        name: [{**row, "area_id": 101.0} for row in tables[name]]
        for name in ("referrals", "groups", "practitioners", "area_periods")
    }
    extract = read_extract(write_extract(tmp_path, areas=rows, **other))
    assert set(extract.table("referrals")["area_id"]) == {"101"}


def test_row_numbers_are_those_of_the_spreadsheet(tmp_path, write_extract):
    folder = write_extract(tmp_path, areas=None)
    (folder / "areas.csv").write_text(
        '\narea_id,area_name,level\n\nA-1,"Hex\nham",council\n\nA-2,Alnwick,zqx\n'
    )
    (fault,) = check_extract(folder, tables=["areas"])
    assert (fault.rule, fault.rows) == ("unknown code", (6,))


def test_their_names_files_dates_and_codes(tmp_path, write_extract, tables):
    clean = read_extract(write_extract(tmp_path / "clean"))
    names = {"episode_id": "Ref No", "session_no": "No.", "held_on": "Day", "attended": "There?"}
    rows = [
        {
            **{names.get(key, key): value for key, value in row.items()},
            "Day": pd.Timestamp(row["held_on"]).strftime("%d/%m/%Y"),
            "There?": {"yes": "A", "no": "-"}[row["attended"]],
        }
        for row in tables["sessions"]
    ]
    entry = {
        "file": "Register export.csv",
        "columns": names,
        "codes": {"attended": {"A": "yes", "-": "no"}},
    }
    council = {"date_format": "day/month/year", "tables": {"sessions": entry}}
    folder = write_extract(tmp_path / "theirs", council, sessions=None)
    pd.DataFrame(rows).to_csv(folder / "Register export.csv", index=False)
    assert_same(clean, read_extract(folder))


def test_the_council_file_stands_in_the_way(tmp_path, write_extract):
    folder = write_extract(tmp_path, {"programmes": ["zqx"], "extra": 1})
    with pytest.raises(SchemaError) as caught:
        read_extract(folder)
    assert len(caught.value.faults) == 2
    with pytest.raises(ParameterError, match="nowhere"):
        read_extract(tmp_path / "nowhere")


def test_a_council_is_read_by_its_name():
    assert read_extract("northumberland").council.name == "Northumberland"


def test_a_warning_does_not_refuse(tmp_path, write_extract, tables):
    rows = [{**row, "Colour": "red"} for row in tables["areas"]]
    folder = write_extract(tmp_path, areas=rows)
    assert [str(fault) for fault in check_extract(folder)] == [
        "warning: areas.`Colour`: ignored column: it is not read"
    ]
    assert "Colour" not in read_extract(folder).table("areas")


def test_errors_come_before_warnings(faults_of, tables):
    referrals = [{**row, "Colour": "red", "sex": "zqx"} for row in tables["referrals"]]
    assert [fault.severity for fault in faults_of(referrals=referrals)] == ["error", "warning"]


def test_rows_after_the_data_cut_are_no_fault(tmp_path, write_extract):
    folder = write_extract(tmp_path, {"data_cut": date(2023, 2, 10)})
    assert check_extract(folder) == []
    assert read_extract(folder).n_rows["sessions"] == 14


def test_absent_tables_and_columns_are_no_fault(tmp_path, write_extract, tables):
    rows = [{k: v for k, v in row.items() if k != "ethnicity"} for row in tables["referrals"]]
    kept = {"groups": None, "practitioners": None, "areas": None, "area_periods": None}
    folder = write_extract(tmp_path, referrals=rows, **kept)
    assert check_extract(folder) == []
    assert "ethnicity" not in read_extract(folder).table("referrals")


def test_yaml_written_by_hand(tmp_path, write_extract):
    folder = write_extract(tmp_path)
    text = yaml.safe_dump(yaml.safe_load((folder / "council.yml").read_text()))
    (folder / "council.yml").write_text(text + "synthetic:\n  note: Synthetic data.\n")
    assert read_extract(folder).council.synthetic == "Synthetic data."
