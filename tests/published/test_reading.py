"""Drafts as people keep them: every fault named, the rest audited."""

import pandas as pd
import pytest

from rpcstats.errors import SchemaError
from rpcstats.published import audit

DRAFT = [
    ("referrals", "1,230", "", ""), ("completed", "36", "", ""),
    ("goal progress", "80%", "", "36"), ("retained", "82%", "28", "34"),
]  # fmt: skip
FAULTY = [
    (("share", "110%", "", ""), "between 0 and 100"),
    (("share", "50%", "40", "30"), "numerator is greater than denominator"),
    (("share", "eighty", "", ""), "text where a number belongs"),
    (("share", "50%", "few", "30"), "numerator is text where a whole number belongs"),
    (("", "50%", "", ""), "measure is empty"),
    (("share", "12", "", "0"), "denominator"),
    (("share", "50", "", "36"), "greater than its denominator"),
    (("share", "", "", ""), "value"),
    (("share", "0.5", "", ""), "no unit"),
]


def frame(rows):
    return pd.DataFrame(rows, columns=["measure", "value", "numerator", "denominator"])


def test_a_draft_needs_only_measure_and_value(tmp_path):
    path = tmp_path / "draft.csv"
    frame(DRAFT)[["measure", "value"]].to_csv(path, index=False)
    found = audit(path)
    assert found.faults == ()
    assert found.verdicts()["printed"].tolist() == ["1,230", "36", "80%", "82%"]


@pytest.mark.parametrize("suffix", [".csv", ".xlsx", ".yml"])
def test_csv_xlsx_and_yaml_say_the_same(tmp_path, suffix):
    path = tmp_path / f"draft{suffix}"
    rows = frame(DRAFT)
    if suffix == ".csv":
        rows.to_csv(path, index=False)
    elif suffix == ".xlsx":
        rows.to_excel(path, index=False)
    else:
        lines = [
            "- {" + ", ".join(f'{k}: "{v}"' for k, v in row.items()) + "}"
            for row in rows.to_dict("records")
        ]
        path.write_text("\n".join(lines))
    found = audit(path)
    assert found.verdicts()["verdict"].astype("str").tolist() == [
        "unverifiable", "possible", "impossible", "possible"
    ]  # fmt: skip
    assert found.is_impossible


@pytest.mark.parametrize(("row", "fault"), FAULTY)
def test_a_fault_is_one_line_and_the_rest_is_audited(row, fault):
    found = audit(frame([*DRAFT, row]))
    assert len(found.faults) == 1
    assert fault in found.faults[0]
    assert "row 6" in found.faults[0]
    assert len(found.verdicts()) == len(DRAFT)


def test_no_value_of_a_faulty_row_is_shown():
    (line,) = audit(frame([*DRAFT, ("share", "Jane Doe", "", "")])).faults
    assert "Jane" not in line


def test_decimals_count():
    rows = [("share", "80.0%", "", "36"), ("other share", "80.6%", "", "36")]
    verdicts = audit(frame(rows)).verdicts()["verdict"].astype("str").tolist()
    assert verdicts == ["impossible", "possible"]


def test_a_repeated_id_is_named():
    rows = frame(DRAFT).assign(fact_id=["a", "b", "b", "c"])
    (line,) = audit(rows).faults
    assert "b (row 4)" in line


def test_unknown_columns_are_counted():
    (line,) = audit(frame(DRAFT).assign(colour="red")).faults
    assert "1 unknown column" in line
    assert "red" not in line


@pytest.mark.parametrize(
    ("name", "text", "fault"),
    [("a.csv", "", "can't be read"), ("a.csv", "measure,value\n", "no rows"),
     ("a.csv", "name,n\na,1\n", "column measure is missing"), ("a.doc", "x", "give one of"),
     ("a.yml", "a: 1", "list of mappings")],
)  # fmt: skip
def test_a_file_that_is_no_table_is_refused(tmp_path, name, text, fault):
    path = tmp_path / name
    path.write_text(text)
    with pytest.raises(SchemaError, match=fault):
        audit(path)


def test_means_and_tests_are_checked():
    rows = pd.DataFrame(
        [
            ("rating", "5.27", "mean", "43"), ("rating", "1.20", "sd", "43"),
            ("change", "t(28) = 1.20, p = .03", "test", ""),
            ("well-being", "3.00", "mean", "6"), ("well-being", "1.73", "sd", "6"),
        ],
        columns=["measure", "value", "unit", "denominator"],
    )  # fmt: skip
    verdicts = audit(rows).verdicts().set_index("measure")["verdict"].astype("str")
    assert verdicts["rating"].tolist() == ["impossible", "unverifiable"]
    assert verdicts["change"] == "impossible"
    assert verdicts["well-being"].iloc[0] == "impossible"


def test_an_audit_without_doubts_can_be_told():
    found = audit(frame([("referrals", "36", "", "")]))
    assert found.doubts().tidy().empty
    assert found.percentages().tidy().empty
    assert found.findings("grim").tidy().empty
    assert "1 figure: 0 impossible" in found.summary().remark
