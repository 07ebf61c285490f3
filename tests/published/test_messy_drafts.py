"""Drafts as spreadsheets and people leave them: nothing breaks, and nothing is guessed."""

import datetime

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rpcstats.errors import RpcstatsError
from rpcstats.published import audit
from rpcstats.published.audit_page import audit_page


def one(value, **more):
    found = audit(pd.DataFrame([{"measure": "share", "value": value} | more]))
    assert found.faults == (), found.faults
    return found.verdicts()["printed"].iloc[0]


@pytest.mark.parametrize(
    ("value", "printed"),
    [
        ("80 %", "80%"), ("80.0%", "80.0%"), ("80 per cent", "80%"), ("80\u00a0%", "80%"),
        ("c. 80%", "about 80%"), ("~80%", "about 80%"), ("over 80%", "more than 80%"),
        (">80%", "more than 80%"), ("at least 80%", "at least 80%"), ("\u226580%", "at least 80%"),
        ("up to 80%", "at most 80%"), ("fewer than 5", "less than 5"), ("200+", "at least 200"),
        ("1,230", "1,230"), ("1\u202f230", "1,230"), ("\ufeff36", "36"), ("80%*", "80%"),
        ("28 of 34 (82%)", "82%"), ("82% (28/34)", "82%"), ("28/34", "28"), (".5%", "0.5%"),
        ("about \u00a3250,000", "about \u00a3250,000"), ("t(28) = 2.20, p = .036", None),
    ],
)  # fmt: skip
def test_words_and_signs_are_read(value, printed):
    assert printed is None or one(value) == printed
    assert one(value, unit="test") is not None if printed is None else True


@pytest.mark.parametrize(
    ("value", "fault"),
    [
        ("80-85%", "a range"), ("80% to 85%", "a range"), ("between 80% and 85%", "a range"),
        ("eighty", "text where a number belongs"), ("8\u00b2", "text where a number belongs"),
        ("\u0668\u0660%", "text where a number belongs"), ("80,5%", "text where a number"),
        ("9" * 1_000_000, "more than 15 digits"), ("33.3333333%", "more than 6 decimals"),
        ("\u22125%", "between 0 and 100"), ("1/0", "denominator is 0"), ("", "value is empty"),
        ("n/a", "text where a number belongs"), ("#DIV/0!", "text where a number belongs"),
    ],
)  # fmt: skip
def test_what_is_no_figure_is_one_line(value, fault):
    rows = [{"measure": "referrals", "value": "36"}, {"measure": "share", "value": value}]
    found = audit(pd.DataFrame(rows))
    (line,) = found.faults
    assert fault in line
    assert "row 3" in line
    assert not value or value not in line
    assert len(found.verdicts()) == 1


def test_counts_in_brackets_are_used():
    found = audit(pd.DataFrame([{"measure": "share", "value": "80% (28 of 34)"}]))
    assert "28 of 34 (stated base) is 82.4%, not 80%" in found.tidy()["message"].iloc[0]


def test_numbers_in_a_frame_lose_only_noughts():
    frame = pd.DataFrame(
        {"measure": ["referrals", "completed"], "value": [123.0, 36.0],
         "denominator": [float("nan"), 123.0]}
    )  # fmt: skip
    assert audit(frame).verdicts()["printed"].tolist() == ["123", "36"]


HEADINGS = [
    ("Measure,Figure,Of", "progress,80%,36"),
    ("INDICATOR;PRINTED VALUE;BASE", "progress;80%;36"),
    ("What was measured\tResult\tn", "progress\t80%\t36"),
    ("measure,%,n", "progress,80,36"),
    ("Table 1: what we found,,\n,,\nmeasure,value,out of", "progress,80%,36"),
]


@pytest.mark.parametrize(("heading", "row"), HEADINGS)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16"])
def test_headings_delimiters_and_encodings(tmp_path, heading, row, encoding):
    path = tmp_path / "draft.CSV"
    path.write_text(f"{heading}\n\n{row}\n", encoding=encoding)
    found = audit(path)
    assert found.faults == ()
    assert found.verdicts()["verdict"].astype("str").tolist() == ["impossible"]


def test_a_pound_of_windows_is_read(tmp_path):
    path = tmp_path / "draft.csv"
    path.write_bytes("measure,value\nannual cost,\u00a3250\n".encode("cp1252"))
    assert audit(path).verdicts()["printed"].tolist() == ["\u00a3250"]


def test_columns_that_come_twice_and_rows_too_long_are_named(tmp_path):
    path = tmp_path / "draft.csv"
    path.write_text("measure,value,value,colour\na,1,2,red\nb,1,230,red,blue\nc,3,,\n")
    found = audit(path)
    assert len(found.faults) == 3
    assert "1 repeated column" in found.faults[0]
    assert "1 unknown column" in found.faults[1]
    assert "row 3" in found.faults[2]
    assert "more cells" in found.faults[2]
    assert "red" not in " ".join(found.faults)
    assert found.verdicts()["printed"].tolist() == ["1", "3"]


def test_a_yaml_number_keeps_its_noughts(tmp_path):
    path = tmp_path / "draft.yaml"
    path.write_text(
        "- {measure: a, value: 80.0, unit: percent, denominator: 36}\n"
        "- {measure: b, value: 80, unit: percent, base: 35}\n- {measure: c, value: [1, 2]}\n"
        "- {measure: d, value: 80.60%, base: 36, note: ~}\n"
    )
    found = audit(path)
    assert found.verdicts()["printed"].tolist() == ["80.0%", "80%", "80.60%"]
    (line,) = found.faults
    assert "entry 3" in line


@pytest.mark.parametrize(
    ("name", "content"),
    [("a.csv", b""), ("a.csv", b"\n\n"), ("a.csv", b"\x00\x01\xff"), ("a.csv", b"PK\x03\x04rest"),
     ("a.xlsx", b"not a workbook"), ("a.yml", b"a: [1"), ("a.yml", b"\xff\xfe\x00"),
     ("a.yml", b"[]"), ("a.yml", b"[1, 2]"), ("a.xlsx", b"")],
)  # fmt: skip
def test_a_broken_file_is_refused_in_a_line(tmp_path, name, content):
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(RpcstatsError):
        audit(path)


def workbook(path, rows, formats=(), merged=()):
    from openpyxl import Workbook

    book = Workbook()
    sheet = book.active
    for row in rows:
        sheet.append(row)
    for cell, number_format in formats:
        sheet[cell].number_format = number_format
    for cells in merged:
        sheet.merge_cells(cells)
    book.save(path)
    return path


def test_cells_of_a_workbook_read_as_they_are_shown(tmp_path):
    rows = [["measure", "value", "unit", "from", "of"], ["a", 0.8, None, None, 36],
            ["b", 0.805, None, datetime.date(2023, 4, 1), 36.0], ["c", 80.0, "percent", None, 36],
            ["d", 0.8, "percent", datetime.datetime(2023, 4, 1), 36],
            ["e", 1230, None, None, None], ["f", 0.125, None, None, 8],
            ["g", 33.333333333333336, "percent", None, None],
            ["h", 250000, None, None, None]]  # fmt: skip
    formats = [("B2", "0%"), ("B3", "0.0%"), ("B6", "#,##0"), ("B7", "0%"), ("B8", "0.0"),
               ("B4", "0.0"), ("D5", "mmm-yy"), ("B9", '"\u00a3"#,##0')]  # fmt: skip
    found = audit(workbook(tmp_path / "draft.xlsx", rows, formats))
    assert found.faults == ()
    printed = ["80%", "80.5%", "80.0%", "0.8%", "1,230", "13%", "33.3%", "\u00a3250,000"]
    assert found.verdicts()["printed"].tolist() == printed


def test_merged_cells_hold_for_every_row(tmp_path):
    rows = [["Report", None, None], ["programme", "measure", "value"], ["A", "referrals", 36],
            [None, "progress", "80%"], [None, None, None], ["B", "referrals", 35]]  # fmt: skip
    path = workbook(tmp_path / "draft.xlsx", rows, merged=["A1:C1", "A3:A4"])
    found = audit(path)
    assert found.verdicts()["programme"].tolist() == ["A", "A", "B"]
    assert found.is_impossible


CELLS = st.one_of(
    st.sampled_from(
        ["", "80%", "80.0", "36", "0", "100%", "c. 5%", "over 66.67%", "1e5", "-5", "999999999999",
         "t(28) = 2.20, p = .036", "F(0, 0) = 1, p = .5", "28 of 34 (82%)", "0.000001%", "x",
         "2023-02-31", "sex=female", "sex=male", "=", "referrals", "completed", "percent", "mean",
         "sd", "test", "gbp", "weeks", "at_least", "families", "nearly_all", "goal", "9" * 5000]
    ),
    st.text(max_size=12),
)  # fmt: skip
NAMES = ["measure", "value", "unit", "numerator", "denominator", "breakdown", "qualifier", "items",
         "scale_min", "period_start", "period_end", "population", "programme"]  # fmt: skip


@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.fixed_dictionaries({name: CELLS for name in NAMES}), min_size=1, max_size=6))
def test_no_draft_breaks_the_audit(rows):
    try:
        found = audit(pd.DataFrame(rows))
    except RpcstatsError:
        return
    assert len(found.faults) + len(found.verdicts()) == len(
        [row for row in rows if any(text.strip() for text in row.values())]
    )
    audit_page(found, "draft")
    found.summary()
    found.doubts()
    found.findings("grim")
